package content

import (
	"bytes"
	"crypto/sha256"

	"caseimport/mapping"
)

// Content is what a row maps to, before agents and parents are looked up: the same
// row has the same content whatever the account holds.
type Content struct {
	Case mapping.Case
	// Sum tells whether the row has changed.
	Sum [8]byte
}

// Of is the content of a mapped row. The error is about a value that is none of
// JSON. body is its create request, as long as no agent or parent is to be looked
// up. scratch is memory that serves from row to row.
func Of(c mapping.Case, scratch *[]byte) (content Content, body []byte, err error) {
	content.Case = c
	if content.Sum, err = Sum(&c, scratch); err != nil {
		return content, nil, err
	}
	return content, bytes.Clone(*scratch), nil
}

// Sum is that of Of, without the rest. It leaves the request in scratch.
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
