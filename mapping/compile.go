package mapping

import (
	"caseimport/mapping/expression"
	"caseimport/mapping/words"
	"fmt"
	"slices"
	"strings"
)

// Compile binds the mapping to the columns of an input: names as the file
// writes them, each once (a repeated header is one column). They are matched
// without regard to case and blanks around; where two differ in that only, the
// mapping has to write the name exactly.
//
// Unknown columns are faults of the mapping file (*FileError), unless open is
// true, as for a JSON failure report, which holds only some of the members, or
// there are no columns: then an absent column is an empty one.
func (m *Mapping) Compile(columns []string, open bool) (*Program, error) {
	p := &Program{columns: columns, open: open || len(columns) == 0, byName: map[string][]int{}}
	for i, name := range columns {
		p.byName[fold(name)] = append(p.byName[fold(name)], i)
	}
	b := &binder{decoder: &decoder{lines: m.lines}, p: p}
	if m.where != nil {
		p.where = b.expression(m.where, false, true)
	}
	if m.key != nil {
		p.key = b.field(m.key)
		p.keyRule = canonicalKey(m.key.rule)
		p.keyField, p.keyIndex = m.keyTo, -1
	}
	for _, f := range m.cases {
		p.cases = append(p.cases, *b.field(f))
	}
	for i, f := range m.custom {
		p.custom = append(p.custom, *b.field(f))
		if f.short == m.keyTo {
			p.keyIndex = i
		}
	}
	for _, n := range m.notes {
		p.notes = append(p.notes, b.note(n))
	}
	if err := newFileError(m.name, b.faults); err != nil {
		return nil, err
	}
	return p, nil
}

// binder binds names to columns and notes the faults.
type binder struct {
	*decoder
	p *Program
}

func (b *binder) field(f *field) *field {
	bound := *f
	bound.cells = nil
	r := f.rule
	var names []*str
	if r.Column != nil {
		names = append(names, r.Column)
	}
	for i := range r.Columns {
		names = append(names, &r.Columns[i])
	}
	for _, name := range names {
		if f.inEach {
			bound.cells = append(bound.cells, cell{index: -1, name: name.text, path: strings.Split(name.text, ".")})
			continue
		}
		bound.cells = append(bound.cells, b.column(name))
	}
	if r.Expr != nil {
		bound.expr = b.expression(r.Expr, f.inEach, false)
	}
	bound.makeFixes()
	return &bound
}

// column binds one name; an unknown one is a fault at its place in the file.
func (b *binder) column(name *str) cell {
	i, err := b.p.columnNamed(name.text)
	if err != nil {
		b.fault(name.node, "%v", err)
	}
	if i < 0 {
		return cell{index: -1, name: name.text}
	}
	return cell{index: i, name: b.p.columns[i]}
}

func (b *binder) expression(s *str, inEach, condition bool) *expression.Expression {
	x, faults := expression.Compile(s.text, expression.Options{Column: b.p.columnNamed, Item: inEach, Condition: condition})
	b.exprFaults(s, faults)
	return x
}

func (b *binder) note(n *noteFields) *noteFields {
	bound := &noteFields{name: n.name, each: n.each, body: b.field(n.body)}
	if n.each != nil {
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
	found := p.byName[fold(name)]
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
		return -1, fmt.Errorf("column %q could be any of %s: write it exactly so", name, strings.Join(names, ", "))
	case p.open:
		return -1, nil
	}
	hint := words.DidYouMean(name, p.columns)
	if hint == "" {
		hint = "; the input has " + some(p.columns)
	}
	return -1, fmt.Errorf("unknown column %q%s", name, hint)
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
func canonicalKey(r *rule) string {
	if r.Column.set() {
		return "column " + fold(r.Column.text)
	}
	text, column := expression.Canonical(r.Expr.text, fold)
	if column != "" {
		return "column " + column
	}
	return "expr " + text
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
