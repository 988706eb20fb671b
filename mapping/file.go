package mapping

import (
	"reflect"
	"strings"
)

// Mapping is a mapping file that has been read and found right in itself;
// whether the input has its columns, Compile knows.
type Mapping struct {
	name  string
	lines []string

	where  *str
	key    *field // nil without
	keyTo  string // custom field that carries the key, "" if none
	cases  []*field
	custom []*field
	notes  []*noteFields
}

// noteFields is one entry of notes.
type noteFields struct {
	name                string // notes[0]
	each                *str
	cell                cell   // of each, bound by Compile
	title, body, public *field // title and public may be nil
}

// Parse reads a mapping file. The name is for messages only. open reads a
// look-up table named by `values: {file: …}`, path as written: this package
// never opens files itself. The error is a *FileError that lists every fault.
func Parse(name string, src []byte, open func(path string) ([]byte, error)) (*Mapping, error) {
	d := &decoder{lines: strings.Split(strings.TrimPrefix(string(src), "\ufeff"), "\n")}
	var doc document
	if root := d.document(src); root != nil {
		d.fields(root, reflect.ValueOf(&doc).Elem(), "the mapping file")
	}
	// The content is checked even beside faults of form, so that all are
	// listed at once; what could not be decoded is passed over there.
	c := &checker{decoder: d, open: open}
	m := c.mapping(&doc)
	m.name, m.lines = name, d.lines
	if err := newFileError(name, d.faults); err != nil {
		return nil, err
	}
	return m, nil
}
