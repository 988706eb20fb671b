package mapping

import (
	"errors"
	"strings"
	"sync"

	"caseimport/mapping/expression"
	"caseimport/mapping/htmltext"
	"caseimport/mapping/words"
)

// mapper maps one row.
type mapper struct {
	p      *Program
	row    Row
	item   *element
	parent *mapper // of the row that the row of a second file belongs to
	faults []Fault
}

func (m *mapper) fault(f Fault) {
	f.Value = words.Shown(f.Value)
	m.faults = append(m.faults, f)
}

// reading is how an expression reads the row. It remembers the column that was
// read last, to name it if the expression fails.
type reading struct {
	p      *Program
	row    Row
	item   *element
	parent *mapper
	last   int // -1 before the first
	value  string
}

var readings = sync.Pool{New: func() any { return new(reading) }}

func (r *reading) Cell(i int) any {
	if i < 0 {
		return nil
	}
	v := r.row.Cell(i)
	r.last, r.value = i, v.Text
	return v.any()
}

// Named reads a cell whose column the expression has calculated.
func (r *reading) Named(name string) (any, error) {
	i, err := r.p.columnNamed(name)
	if err != nil {
		return nil, errors.New("the input has no such column")
	}
	return r.Cell(i), nil
}

func (r *reading) Item() any {
	if r.item == nil {
		return nil
	}
	r.value = r.item.value.Text
	return r.item.any()
}

func (r *reading) Parent() expression.Row {
	return &reading{p: r.parent.p, row: r.parent.row}
}

// eval evaluates an expression. The column is the one that it read last.
func (m *mapper) eval(x *expression.Expression, field string) (v Value, column string, ok bool) {
	r := readings.Get().(*reading)
	*r = reading{p: m.p, row: m.row, item: m.item, parent: m.parent, last: -1}
	out, err := x.Eval(r)
	last, value := r.last, r.value
	*r = reading{}
	readings.Put(r)
	if last >= 0 {
		column = m.p.columns[last]
	} else if m.item != nil {
		column = m.item.column
	}
	if err != nil {
		reason := "makes the expression fail: "
		if column == "" {
			reason = "the expression fails: "
		}
		m.fault(Fault{Column: column, Field: field, Value: value, Reason: reason + err.Error()})
		return Value{}, column, false
	}
	return valueOf(out), column, true
}

// read returns the value of the rule's i-th source. ok is false after a fault.
func (m *mapper) read(f *field, i int) (v Value, column string, ok bool) {
	if f.expr != nil {
		return m.eval(f.expr, f.name)
	}
	from := &f.cells[i]
	if f.inEach {
		v, reason := m.item.member(from.path)
		if reason != "" {
			m.fault(Fault{Column: m.item.column, Field: f.name, Value: m.item.value.Text, Reason: reason, Fix: f.fixes.item})
			return Value{}, m.item.column, false
		}
		return v, m.item.column, true
	}
	if from.index < 0 {
		return Value{}, from.name, true
	}
	return m.row.Cell(from.index), from.name, true
}

// sourceCount is how often read can be called.
func (f *field) sourceCount() int {
	if f.expr != nil {
		return 1
	}
	return len(f.cells)
}

// outcome of one cell.
type outcome uint8

const (
	isEmpty outcome = iota // after trimming
	isFound
	isFault // reported
)

// one converts a value that is no list, and trims, looks up and converts on the
// way.
func (m *mapper) one(f *field, v *Value, column string) (result, outcome) {
	switch v.Kind {
	case None:
		return result{}, isEmpty
	case List, Object:
		reason := "is an object: name one of its members"
		if v.Kind == List {
			reason = "is a nested list"
		}
		m.fault(Fault{Column: column, Field: f.name, Reason: reason})
		return result{}, isFault
	}
	if f.html && v.Kind == String {
		v = &Value{Kind: String, Text: htmltext.Plain(v.Text)}
	}
	if blank(v.Text) {
		return result{}, isEmpty
	}
	if f.table != nil {
		r, listed := lookUp(f.table, v.Text)
		switch {
		case listed && r.value == emptyCell{}:
			return result{}, isEmpty
		case listed:
			return r, isFound
		case f.pass:
		case f.fallback != nil:
			return *f.fallback, isFound
		default:
			fix, entry := f.fixEntry(v.Text)
			m.fault(Fault{Column: column, Field: f.name, Value: v.Text, Reason: "is not in values", Fix: fix, Entry: entry})
			return result{}, isFault
		}
	}
	if f.kind.isText() { // nothing to convert
		return result{text: v.Text}, isFound
	}
	if f.options != nil && f.kind != kindDependent { // whose levels need each other
		return m.option(f, v.Text, column)
	}
	r, err := f.convert(v)
	if err != nil {
		fix, entry := f.fixValue(v.Text)
		m.fault(Fault{Column: column, Field: f.name, Value: v.Text, Reason: err.Error(), Fix: fix, Entry: entry})
		return result{}, isFault
	}
	return r, isFound
}

func blank(s string) bool {
	// Nearly every cell begins with a letter or digit.
	if s != "" && s[0] > ' ' && s[0] < 0x80 {
		return false
	}
	return strings.TrimSpace(s) == ""
}

// scalar is the value of a field that holds one. Of several columns it is the
// first that is not empty; with join, all values of all columns in one text.
// Without join a column must not have several values.
func (m *mapper) scalar(f *field) (result, bool) {
	if f.constant != nil {
		return *f.constant, true
	}
	var found result
	var column string
	have := false
	var parts []string // with join
	for i := range f.sourceCount() {
		v, from, ok := m.read(f, i)
		if !ok {
			return result{}, false
		}
		count := 0
		for j := range v.count() {
			v := v.at(j)
			r, what := m.one(f, v, from)
			if what == isFault {
				return result{}, false
			}
			if what == isEmpty {
				continue
			}
			if count++; count > 1 && !f.joined {
				m.fault(Fault{Column: from, Field: f.name, Value: v.Text, Reason: "is a second value, but the field holds one", Fix: f.fixes.several})
				return result{}, false
			}
			if f.joined {
				parts = append(parts, r.text)
			}
			found, column, have = r, from, true
		}
		if have && !f.joined {
			break
		}
	}
	if len(parts) > 1 {
		found = result{text: strings.Join(parts, f.join)}
	}
	if have {
		return m.fit(f, found, column)
	}
	if f.fallback != nil {
		return *f.fallback, true
	}
	if f.required {
		m.empty(f, "is empty, but required")
	}
	return result{}, false
}

// empty reports that a value is missing.
func (m *mapper) empty(f *field, reason string) {
	m.fault(Fault{Column: f.column(), Field: f.name, Reason: reason, Fix: f.fixes.empty})
}

// column names the rule's first column.
func (f *field) column() string {
	if len(f.cells) == 0 {
		return ""
	}
	return f.cells[0].name
}

// fit cuts a text as the rule says and refuses one that is too long still.
func (m *mapper) fit(f *field, r result, column string) (result, bool) {
	if f.truncate > 0 && words.Longer(r.text, f.truncate) {
		r = result{text: words.Cut(r.text, f.truncate)}
	}
	if f.limit > 0 && !f.overflow && words.Longer(r.text, f.limit) {
		m.fault(Fault{Column: column, Field: f.name, Value: r.text, Reason: f.fixes.tooLong, Fix: f.fixes.long})
		return result{}, false
	}
	return r, true
}

// list is the value of a field that holds several: all values of all columns,
// in order, repeats kept. Parts of split are trimmed, other texts are not.
func (m *mapper) list(f *field) (result, bool) {
	if f.constant != nil {
		return *f.constant, true
	}
	faults := len(m.faults)
	var out, from []string
	add := func(v *Value, column string) {
		r, what := m.one(f, v, column)
		if list, ok := r.value.([]string); ok { // from the mapping file
			out = append(out, list...)
		} else if what == isFound {
			out = append(out, r.text)
		}
		for len(from) < len(out) && f.options != nil {
			from = append(from, column)
		}
	}
	for i := range f.sourceCount() {
		v, column, ok := m.read(f, i)
		if !ok {
			return result{}, false
		}
		for j := range v.count() {
			v := v.at(j)
			if f.split == "" || v.Kind != String {
				add(v, column)
				continue
			}
			for part := range strings.SplitSeq(v.Text, f.split) {
				add(&Value{Kind: String, Text: strings.TrimSpace(part)}, column)
			}
		}
	}
	if len(m.faults) > faults {
		return result{}, false
	}
	if len(out) == 0 {
		if f.fallback != nil {
			return *f.fallback, true
		}
		if f.required {
			m.empty(f, "is empty, but required")
		}
		return result{}, false
	}
	r, err := f.listOf(out)
	if err != nil {
		m.fault(Fault{Column: f.column(), Field: f.name, Value: strings.Join(out, ", "), Reason: err.Error()})
		return result{}, false
	}
	if f.options != nil && f.kind == kindDependent {
		codes, fault := f.options.Codes(out)
		if fault != nil {
			m.fault(f.optionFault(fault, from[len(fault.Path)]))
			return result{}, false
		}
		r.value = codes
	}
	return r, true
}
