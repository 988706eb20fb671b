package content

import (
	"crypto/sha256"

	"caseimport/mapping"
)

// Sum tells whether a row has changed, by what it maps to before agents and parents are
// looked up: the same row has the same sum whatever the account holds. It leaves the
// create request in scratch, memory that serves from row to row: right as long as no
// agent or parent is to be looked up. The error is about a value that is none of JSON.
func Sum(c *mapping.Case, scratch *[]byte) (sum [8]byte, err error) {
	body, err := c.AppendBody((*scratch)[:0])
	if err != nil {
		return sum, err
	}
	*scratch = body
	// What the request does not hold comes behind it, and nothing where there is
	// nothing: so the sums of older versions remain right.
	for _, part := range [...]struct{ name, value string }{
		{"owner", c.Owner}, {"parent", c.Parent}, {"status", c.Status}, {"type", c.Type}, {"group", c.GroupID}, {"resolution", c.Resolution},
	} {
		if part.value != "" {
			body = append(append(append(append(body, 0), part.name...), 0), part.value...)
		}
	}
	whole := sha256.Sum256(body)
	copy(sum[:], whole[:])
	return sum, nil
}
