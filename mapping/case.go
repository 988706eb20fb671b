package mapping

import (
	"bytes"
	"cmp"
	"encoding/json"
	"iter"
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
func (c Case) Body() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(c); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'}), nil
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
func (f CustomFields) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, c := range f {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(c.Name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(c.Value)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// Note is one note of a case. Public is always sent: the API's own default is
// not the same everywhere, and an internal note that customers have seen cannot
// be taken back.
type Note struct {
	Title  string `json:"note_title,omitempty"`
	Body   string `json:"note_body"`
	Public bool   `json:"public"`
}
