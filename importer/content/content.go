package content

import (
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
// up.
func Of(c mapping.Case) (content Content, body []byte, err error) {
	body, err = c.Body()
	content.Case = c
	if err != nil {
		return content, nil, err
	}
	h := sha256.New()
	h.Write(body)
	// What the request does not hold comes behind it, and nothing where there is
	// nothing: so the sums of older versions remain right.
	for _, part := range []struct{ name, value string }{
		{"owner", c.Owner}, {"parent", c.Parent}, {"status", c.Status}, {"type", c.Type}, {"group", c.GroupID}, {"resolution", c.Resolution},
	} {
		if part.value != "" {
			h.Write([]byte("\x00" + part.name + "\x00" + part.value))
		}
	}
	copy(content.Sum[:], h.Sum(nil))
	return content, body, nil
}
