package mapping

import (
	"bytes"
	"cmp"
	"encoding/json"
	"iter"
	"strconv"
	"unicode/utf8"
)

// Case is one case as it is to be created. Its JSON form is the body of the
// API's create request ("Create a New Case"); members that are empty are left
// out.
type Case struct {
	Title          string       `json:"title,omitempty"`
	Description    string       `json:"description,omitempty"`
	Priority       string       `json:"priority,omitempty"`
	RequesterName  string       `json:"requester_name,omitempty"`
	RequesterEmail string       `json:"requester_email,omitempty"`
	RequesterType  string       `json:"requester_type,omitempty"`
	OwnerID        string       `json:"owner_id,omitempty"`
	ParentID       string       `json:"parent_id,omitempty"`
	CustomFields   CustomFields `json:"custom_fields,omitempty"`
	Notes          []Note       `json:"notes,omitempty"`

	// Owner is the address of an agent (trimmed, in lower case) whose id is to
	// become OwnerID; "" where the mapping gives ids.
	Owner string `json:"-"`
	// Parent is the key of another row, whose case's id is to become ParentID;
	// "" where the mapping gives ids.
	Parent string `json:"-"`

	// What a create cannot carry: sent in an update after it. Status and Type are
	// as the page spells them, or the account's own. Resolution is there only
	// beside the status Resolved.
	Status, Type, GroupID, Resolution string `json:"-"`
}

// Body is the create request of the case.
func (c *Case) Body() ([]byte, error) { return c.AppendBody(nil) }

// AppendBody appends it. It is as encoding/json would write it, HTML not escaped, but
// faster: every row of every night is written so, to see whether it has changed.
func (c *Case) AppendBody(b []byte) (_ []byte, err error) {
	begin := len(b)
	for i, s := range standardFields {
		if s.name == "status" { // from here on, an update carries them
			break
		}
		if value := *c.standard(i); value != "" {
			b = append(append(append(b, ',', '"'), s.name...), '"', ':')
			b = appendText(b, value, false)
		}
	}
	if len(c.CustomFields) > 0 {
		b = append(b, `,"custom_fields":`...)
		if b, err = c.CustomFields.append(b); err != nil {
			return nil, err
		}
	}
	for i, n := range c.Notes {
		b = append(b, [...]string{`,"notes":[{`, `,{`}[min(i, 1)]...)
		if n.Title != "" {
			b = append(appendText(append(b, `"note_title":`...), n.Title, false), ',')
		}
		b = appendText(append(b, `"note_body":`...), n.Body, false)
		b = append(strconv.AppendBool(append(b, `,"public":`...), n.Public), '}')
	}
	if len(c.Notes) > 0 {
		b = append(b, ']')
	}
	if len(b) == begin {
		return append(b, "{}"...), nil
	}
	b[begin] = '{' // in place of the first comma
	return append(b, '}'), nil
}

// appendText appends a text as JSON.
func appendText(b []byte, s string, html bool) []byte {
	begin := len(b)
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		var as byte
		switch {
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 || r == '\u2028' || r == '\u2029' {
				return appendRareText(b[:begin], s, html)
			}
			i += size
			continue
		case c == '"', c == '\\':
			as = c
		case c == '\n':
			as = 'n'
		case c == '\r':
			as = 'r'
		case c == '\t':
			as = 't'
		case c < ' ', html && (c == '<' || c == '>' || c == '&'):
			return appendRareText(b[:begin], s, html)
		default:
			i++
			continue
		}
		b = append(append(b, s[from:i]...), '\\', as)
		i++
		from = i
	}
	return append(append(b, s[from:]...), '"')
}

func appendRareText(b []byte, s string, html bool) []byte {
	w := bytes.NewBuffer(b)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(html)
	_ = e.Encode(s) // a text always can be
	return bytes.TrimSuffix(w.Bytes(), []byte{'\n'})
}

// standard is the i-th of standardFields.
func (c *Case) standard(i int) *string {
	return [...]*string{
		&c.Title, &c.Description, &c.Priority, &c.RequesterName, &c.RequesterEmail,
		&c.RequesterType, &c.OwnerID, &c.ParentID, &c.Status, &c.Type, &c.GroupID, &c.Resolution,
	}[i]
}

// Values yields what the row maps to, by the names of the mapping file in a fixed
// order: the standard fields, "owner_id" with the address and "parent_id" with the
// key where they are given so, then "custom_fields.…" with a string, a bool, a
// json.Number or a []string. What is not set is left out, and so are notes. The
// same row gives the same values whatever the account holds.
func (c *Case) Values() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		for i, s := range standardFields {
			value := *c.standard(i)
			switch s.kind {
			case kindOwner:
				value = cmp.Or(c.Owner, value)
			case kindParent:
				value = cmp.Or(c.Parent, value)
			}
			if value != "" && !yield(s.name, value) {
				return
			}
		}
		for _, f := range c.CustomFields {
			if !yield("custom_fields."+f.Name, f.Value) {
				return
			}
		}
	}
}

// CustomField is one prefixed field. Value is a string, a bool, a json.Number
// or a []string, as the prefix demands.
type CustomField struct {
	Name  string
	Value any
}

// CustomFields keeps the order of the mapping file; in JSON it is an object.
type CustomFields []CustomField

// Get returns the value of the field with that name, or nil.
func (f CustomFields) Get(name string) any {
	for _, c := range f {
		if c.Name == name {
			return c.Value
		}
	}
	return nil
}

// MarshalJSON writes the fields as one object in their order.
func (f CustomFields) MarshalJSON() ([]byte, error) { return f.append(nil) }

func (f CustomFields) append(b []byte) ([]byte, error) {
	b = append(b, '{')
	for i, c := range f {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, c.Name, true), ':')
		switch v := c.Value.(type) {
		case string:
			b = appendText(b, v, true)
		case bool:
			b = strconv.AppendBool(b, v)
		default:
			value, err := json.Marshal(v)
			if err != nil {
				return nil, err
			}
			b = append(b, value...)
		}
	}
	return append(b, '}'), nil
}

// Note is one note of a case. Public is always sent: the API's own default is
// not the same everywhere, and an internal note that customers have seen cannot
// be taken back.
type Note struct {
	Title  string `json:"note_title,omitempty"`
	Body   string `json:"note_body"`
	Public bool   `json:"public"`
}
