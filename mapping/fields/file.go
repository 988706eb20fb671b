package fields

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// File is what the fields command writes: the definitions of one account.
type File struct {
	Account string    `json:"account"`
	BaseURL string    `json:"base_url"` // normalised, or the word sandbox
	ReadAt  time.Time `json:"read_at"`
	Fields  []Field   `json:"fields"` // in the account's order
}

// Field is one custom field. Requests use its key, people see its name.
type Field struct {
	Key         string   `json:"key"`
	Name        string   `json:"name"`
	Kind        Kind     `json:"kind"`
	Description string   `json:"description"`
	Required    bool     `json:"required"` // before an agent can resolve a case; creating one does not need it
	Active      bool     `json:"active"`
	Options     []Option `json:"options,omitempty"`
}

// Option is one value that a field offers. Those of a dependent field may have
// options of the next level. A label may be empty, or not unique.
type Option struct {
	Code    string   `json:"code"`
	Label   string   `json:"label"`
	Options []Option `json:"options,omitempty"`
}

// JSON is the file's content.
func (f File) JSON() []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	f.ReadAt = f.ReadAt.UTC().Truncate(time.Second)
	if f.Fields == nil {
		f.Fields = []Field{}
	}
	_ = e.Encode(f) // texts and times always encode
	return b.Bytes()
}

// howToGet is what to do about a file that cannot be used.
const howToGet = `write it anew with "caseimport fields -o FILE"`

// Parse reads a file that JSON has written, perhaps edited since. A field is
// active unless the file says otherwise, and its kind is what its key says.
func Parse(data []byte) (File, error) {
	data = bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))
	if text := bytes.TrimSpace(data); len(text) == 0 {
		return File{}, errors.New("the file of field definitions is empty: " + howToGet)
	} else if text[0] == '[' {
		return File{}, errors.New("not a file of field definitions, but a bare list: " + howToGet)
	}
	var f File
	if err := json.Unmarshal(data, &f); err != nil {
		return File{}, fmt.Errorf("not a file of field definitions: %s: %s", plainly(data, err), howToGet)
	}
	if f.Fields == nil {
		return File{}, errors.New(`not a file of field definitions: it has no "fields": ` + howToGet)
	}
	seen := map[string]bool{}
	for i := range f.Fields {
		field := &f.Fields[i]
		switch key := spelling(field.Key); {
		case key == "":
			return File{}, fmt.Errorf(`"fields": number %d has no key`, i+1)
		case seen[key]:
			return File{}, fmt.Errorf(`"fields": duplicate key %q`, field.Key)
		default:
			seen[key] = true
		}
		field.Kind = KindOf(field.Key)
		if err := checkOptions(field.Options); err != nil {
			return File{}, fmt.Errorf("field %s: %w", field.Key, err)
		}
	}
	return f, nil
}

// checkOptions refuses what could not be sent.
func checkOptions(options []Option) error {
	for _, o := range options {
		if o.Code == "" {
			return fmt.Errorf("option %q has no code", o.Label)
		}
		if err := checkOptions(o.Options); err != nil {
			return err
		}
	}
	return nil
}

// UnmarshalJSON takes a field as active unless told otherwise.
func (f *Field) UnmarshalJSON(raw []byte) error {
	type plain Field
	p := plain{Active: true}
	err := json.Unmarshal(raw, &p)
	*f = Field(p)
	return err
}

// plainly rewords encoding/json's errors.
func plainly(data []byte, err error) string {
	line := func(offset int64) int { return 1 + bytes.Count(data[:min(int(offset), len(data))], []byte("\n")) }
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("line %d is not JSON", line(syntax.Offset))
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Sprintf("%q cannot be %s", wrong.Field, wrong.Value)
	}
	return err.Error() // of a time
}
