package mapping

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"caseimport/mapping/expression"
	"caseimport/mapping/words"
	"caseimport/mapping/yamlfile"
)

// FoldName is how the names of columns are compared: without regard to case, to
// blanks around them, to how a letter with an accent is put together, and to the
// kind of a blank (a non-breaking one looks like any other).
func FoldName(name string) string {
	for i := range len(name) {
		if name[i] >= utf8.RuneSelf {
			name = norm.NFC.String(strings.Map(plainBlank, name))
			break
		}
	}
	return fold(name)
}

func plainBlank(r rune) rune {
	switch {
	case r == '\u200b' || r == '\ufeff' || r == '\u2060' || r == '\u00ad': // nobody sees them
		return -1
	case unicode.Is(unicode.Zs, r):
		return ' '
	}
	return r
}

// Compile binds the mapping to the columns of an input: names as the file
// writes them, each once (a repeated header is one column). They are matched
// without regard to case and blanks around; where two differ in that only, the
// mapping has to write the name exactly.
//
// Unknown columns are faults of the mapping file (*FileError), unless open is
// true, as for JSON, in which what no object happens to have is missing, or there
// are no columns: then an absent column is an empty one (see Program.Absent).
func (m *Mapping) Compile(columns []string, open bool) (*Program, error) {
	return m.CompileWith(columns, open, nil)
}

// CompileWith is Compile for a mapping that takes notes from second files, which
// related opens by their path as written, and reads them through once all else is
// right.
func (m *Mapping) CompileWith(columns []string, open bool, related func(SecondFile) (Related, error)) (*Program, error) {
	p := newProgram(columns, open)
	p.account = m.account
	b := &binder{Reader: m.file.Again(), p: p}
	files := relatedFiles{open: related, had: map[SecondFile]Related{}}
	if m.where.Set() {
		p.where = b.expression(m.where, false, true)
	}
	if m.key != nil {
		p.key = b.field(m.key)
		p.keyRule = canonicalKey(m.key)
		p.keyField, p.keyIndex = m.keyTo, -1
	}
	for _, f := range m.cases {
		p.cases = append(p.cases, *b.field(f))
	}
	for i := range p.cases {
		switch f := &p.cases[i]; {
		case f.lookup && f.kind == kindOwner:
			p.owner = f
		case f.lookup && f.kind == kindParent:
			p.parent = f
		}
	}
	for i, f := range m.custom {
		p.custom = append(p.custom, *b.field(f))
		if f.short == m.keyTo {
			p.keyIndex = i
		}
	}
	for _, n := range m.notes {
		p.notes = append(p.notes, b.note(n, &files))
	}
	if b.Err(m.name) == nil {
		for _, index := range files.later {
			index()
		}
	}
	if err := b.Err(m.name); err != nil {
		return nil, err
	}
	return p, nil
}

func newProgram(columns []string, open bool) *Program {
	p := &Program{columns: columns, open: open || len(columns) == 0, byName: map[string][]int{}}
	for i, name := range columns {
		p.byName[FoldName(name)] = append(p.byName[FoldName(name)], i)
	}
	return p
}

// binder binds names to columns and notes the faults.
type binder struct {
	*yamlfile.Reader
	p      *Program
	parent *binder // of the input, where p is of a second file
}

func (b *binder) field(f *field) *field {
	bound := *f
	bound.cells = nil
	for _, name := range f.columns {
		if f.inEach {
			bound.cells = append(bound.cells, cell{index: -1, name: name.Text, path: strings.Split(name.Text, ".")})
			continue
		}
		bound.cells = append(bound.cells, b.column(name))
	}
	if f.source.Set() {
		bound.expr = b.expression(f.source, f.inEach, false)
	}
	bound.makeFixes()
	return &bound
}

// column binds one name; an unknown one is a fault at its place in the file.
func (b *binder) column(name yamlfile.Text) cell {
	i, err := b.named(name.Text)
	if err != nil {
		b.Fault(name.Node, "%v", err)
	}
	if i < 0 {
		return cell{index: -1, name: name.Text}
	}
	return cell{index: i, name: b.p.columns[i]}
}

// named finds a column, and notes one that is absent.
func (b *binder) named(name string) (int, error) {
	i, err := b.p.columnNamed(name)
	if i < 0 && err == nil && !slices.Contains(b.p.absent, name) {
		b.p.absent = append(b.p.absent, name)
	}
	return i, err
}

func (b *binder) expression(t yamlfile.Text, inEach, condition bool) *expression.Expression {
	o := expression.Options{Column: b.named, Item: inEach, Condition: condition}
	if b.parent != nil {
		o.Parent, o.ParentColumn = true, b.parent.named
	}
	x, faults := expression.Compile(t.Text, o)
	for _, f := range faults {
		b.FaultWithin(t, f.Offset, f.Message)
	}
	return x
}

func (b *binder) note(n *noteFields, files *relatedFiles) *noteFields {
	bound := &noteFields{name: n.name, each: n.each, from: n.from}
	if n.from != nil {
		if b = b.related(bound, files); b == nil {
			return bound
		}
	}
	bound.body = b.field(n.body)
	if n.each.Set() {
		bound.cell = b.column(n.each)
	}
	if n.title != nil {
		bound.title = b.field(n.title)
	}
	if n.public != nil {
		bound.public = b.field(n.public)
	}
	return bound
}

// columnNamed finds a column. It returns -1 for an absent one, with an error
// unless the program is open.
func (p *Program) columnNamed(name string) (int, error) {
	found := p.byName[FoldName(name)]
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		for _, i := range found {
			if p.columns[i] == name {
				return i, nil
			}
		}
		var names []string
		for _, i := range found {
			names = append(names, fmt.Sprintf("%q", p.columns[i]))
		}
		return -1, fmt.Errorf("ambiguous column %q: write exactly one of %s", name, strings.Join(names, ", "))
	case p.open:
		return -1, nil
	}
	hint := words.DidYouMean(name, p.columns)
	if hint == "" {
		hint = "; " + cmp.Or(p.file, "the input") + " has " + some(p.columns)
	}
	return -1, fmt.Errorf("unknown column %q%s", name, hint)
}

// Absent are the columns that the mapping names and the input does not have.
func (p *Program) Absent() []string { return p.absent }

// AbsentWarning says so, also of second files; "" if there are none.
func (p *Program) AbsentWarning() string {
	var all []string
	for _, n := range p.notes {
		if n.program != nil && n.program.AbsentWarning() != "" {
			all = append(all, n.program.AbsentWarning())
		}
	}
	if own := p.absentHere(); own != "" {
		all = append([]string{own}, all...)
	}
	return strings.Join(slices.Compact(all), "; ")
}

func (p *Program) absentHere() string {
	if len(p.absent) == 0 || len(p.columns) == 0 {
		return ""
	}
	all := make([]string, len(p.absent))
	for i, name := range p.absent {
		all[i] = fmt.Sprintf("%q", name)
		if near := words.Nearest(name, p.columns); near != "" {
			all[i] += fmt.Sprintf(" (did you mean %q?)", near)
		}
	}
	of := ""
	if p.file != "" {
		of = " of " + p.file
	}
	return "no row" + of + " has " + strings.Join(all, ", ") + ": read as an empty cell"
}

// some lists names, the first dozen of many.
func some(names []string) string {
	const enough = 12
	list := strings.Join(names[:min(len(names), enough)], ", ")
	if more := len(names) - enough; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return list
}

// canonicalKey writes the source of a key so that two rules give the same text
// iff they form the key in the same way: column names in lower case, and
// expressions without regard to blanks and quotes.
func canonicalKey(f *field) string {
	if len(f.columns) > 0 {
		return "column " + fold(f.columns[0].Text)
	}
	text, column := expression.Canonical(f.source.Text, fold)
	if column != "" {
		return "column " + column
	}
	return "expr " + text
}

// SetsAfterCreate says whether the mapping sets fields that a create cannot carry.
func (p *Program) SetsAfterCreate() bool {
	for _, f := range p.cases {
		switch standardFields[f.index].name {
		case "status", "type", "group_id":
			return true
		}
	}
	return false
}

// Fields names what the mapping fills, for counts of how many rows do: the
// standard fields, then custom_fields.…, then notes, each in the order of the
// file.
func (p *Program) Fields() []string {
	var names []string
	for i := range p.cases {
		names = append(names, p.cases[i].name)
	}
	for i := range p.custom {
		names = append(names, p.custom[i].name)
	}
	if p.keyField != "" && p.keyIndex < 0 {
		names = append(names, "custom_fields."+p.keyField)
	}
	if len(p.notes) > 0 || slices.ContainsFunc(p.cases, func(f field) bool { return f.overflow }) {
		names = append(names, "notes")
	}
	return names
}
