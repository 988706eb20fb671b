package mapping

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"caseimport/mapping/convert"
	"caseimport/mapping/yamlfile"
)

// Related is a second file, whose rows belong to rows of the input.
type Related interface {
	// Columns are those of the file, as Compile takes them: open says that an absent
	// one is an empty cell.
	Columns() (names []string, open bool)
	// Index reads the file through. Its error is one of the file: it says where, and
	// what to do.
	Index(by By) (ByKey, error)
}

// By says how rows of a second file are found, and in which order.
type By struct {
	// Key is the trimmed key of the row that a row belongs to, "" for none. An error
	// is a fault of this row.
	Key func(Row) (string, error)
	// Sort is the column that they are ordered by, -1 for the order of the file.
	Sort int
	// Layouts are the ways in which the dates in it are written. Only their order
	// counts, so that one without a zone will do. Without any it is found out whether
	// there are dates, numbers or texts in it.
	Layouts []convert.Layout
}

// ByKey are the rows of a second file by the keys of the input's rows. It is safe
// for concurrent use.
type ByKey interface {
	// Rows are those with a key, in their order. The error means that the file
	// cannot be read any more, or has changed: what is left of it cannot be trusted.
	Rows(key string) ([]RelatedRow, error)
	// Claim says that there is a row of the input with this key; so does Rows.
	Claim(key string)
}

// RelatedRow is a row of a second file.
type RelatedRow interface {
	Row
	// Where names its file and line, for people.
	Where() string
}

// SecondFile is a second file as the mapping file names it. What is "" is detected.
type SecondFile struct{ Path, Encoding, Delimiter, Sheet string }

// related is what `from` says.
type related struct {
	node       *yaml.Node
	file, sort yamlfile.Text
	read       SecondFile
	key        *field
	layouts    []convert.Layout
}

// related reads `from`; nil without one.
func (r *reader) related(n *yaml.Node, name string) *related {
	if n == nil {
		return nil
	}
	keys := r.Map(n, "from", keysOf[fromKeys]())
	from := &related{node: n, file: keys.Text("file"), sort: keys.Text("sort")}
	from.read = SecondFile{from.file.Text, keys.Text("encoding").Text, keys.Text("delimiter").Text, keys.Text("sheet").Text}
	if n := keys.Value("key"); n != nil {
		from.key, _ = r.keyRule(n, name+".from.key", "from.key", "", keysOf[fromKeyKeys]())
	}
	if keys.Has("layout") && !keys.Has("sort") {
		r.Fault(n, "layout needs sort: it says how the dates in that column are written")
	}
	from.layouts = r.layouts(keys.Texts("layout", true, "layout"), true)
	return from
}

// relatedFiles are the second files of a mapping, each opened once.
type relatedFiles struct {
	open  func(SecondFile) (Related, error)
	had   map[SecondFile]Related
	later []func() // what reads them through
}

func (f *relatedFiles) file(read SecondFile) (Related, error) {
	if f.had[read] != nil {
		return f.had[read], nil
	}
	if f.open == nil {
		return nil, fmt.Errorf("%s: a second file is not available here", read.Path)
	}
	file, err := f.open(read)
	if err == nil {
		f.had[read] = file
	}
	return file, err
}

// related opens the second file that notes come from, and returns what binds rules
// to its columns; nil after a fault.
func (b *binder) related(n *noteFields, files *relatedFiles) *binder {
	from := n.from
	file, err := files.file(from.read)
	if err != nil {
		b.Fault(from.file.Node, "%v", err)
		return nil
	}
	n.program = newProgram(file.Columns())
	n.program.file = from.file.Text
	second := &binder{Reader: b.Reader, p: n.program, parent: b}
	by := By{Sort: -1, Layouts: from.layouts}
	if from.sort.Set() {
		by.Sort = second.column(from.sort).index
	}
	// Without the column of the key, no row would have its notes.
	keyed := newProgram(file.Columns())
	keyed.file, keyed.open = n.program.file, len(keyed.columns) == 0
	key := (&binder{Reader: b.Reader, p: keyed}).field(from.key)
	by.Key = func(row Row) (string, error) {
		m := mapper{p: keyed, row: row}
		r, _ := m.scalar(key)
		if len(m.faults) > 0 {
			return "", errors.New(m.faults[0].String())
		}
		return strings.TrimSpace(r.text), nil
	}
	files.later = append(files.later, func() {
		if n.rows, err = file.Index(by); err != nil {
			b.Fault(from.file.Node, "%v", err)
		}
	})
	return second
}

// relatedNotes appends a note for every row of the second file that has the key.
func (m *mapper) relatedNotes(n *noteFields, key string, out []Note) []Note {
	if key == "" {
		return out // the row has a fault
	}
	rows, err := n.rows.Rows(key)
	if err != nil {
		m.p.broken.CompareAndSwap(nil, &err)
		m.fault(Fault{Field: n.name, Reason: err.Error()})
		return out
	}
	for _, row := range rows {
		one := mapper{p: n.program, row: row, parent: m}
		out = one.note(n, out)
		for _, f := range one.faults {
			f.Hint += " (" + row.Where() + ")"
			m.faults = append(m.faults, f)
		}
	}
	return out
}

// Err says that a second file cannot be read any more. Rows that were mapped since
// are not to be used, and mapping on makes no sense.
func (p *Program) Err() error {
	if err := p.broken.Load(); err != nil {
		return *err
	}
	return nil
}

// Claim says that the input has this row, although it is not mapped: the second
// files' rows with its key belong to it.
func (p *Program) Claim(row Row) {
	for _, n := range p.notes {
		if n.rows != nil {
			n.rows.Claim(p.Key(row))
		}
	}
}
