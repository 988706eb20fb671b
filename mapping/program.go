package mapping

import (
	"strings"
	"sync/atomic"

	"caseimport/mapping/expression"
	"caseimport/mapping/fields"
	"caseimport/mapping/words"
)

// Program is a mapping bound to the columns of one input. It is safe for
// concurrent use.
type Program struct {
	file    string // whose columns they are, "" for the input
	columns []string
	byName  map[string][]int // folded
	open    bool
	absent  []string // see Absent
	account *fields.File

	where    *expression.Expression
	key      *field
	keyField string
	keyIndex int // of keyField in custom, -1 if no rule sets it
	keyRule  string
	cases    []field
	owner    *field // of cases, if it gives addresses
	parent   *field // of cases, if it gives keys
	custom   []field
	notes    []*noteFields

	broken atomic.Pointer[error] // see Err
}

// Identity is what decides about a row before it is mapped.
type Identity struct {
	// Filtered is set where `where` leaves the row out; nothing else is then.
	Filtered bool
	// Key is trimmed; "" without a key rule or on Fault.
	Key string
	// Fault says why where or key cannot be evaluated; Map reports it too.
	Fault *Fault
}

// HasKey says whether the mapping has a key rule.
func (p *Program) HasKey() bool { return p.key != nil }

// KeyField is the custom field that carries the key, "" if none does.
func (p *Program) KeyField() string { return p.keyField }

// KeyRule is the key rule in a form that is equal iff keys are formed in the
// same way; "" without one. Where the key is carried is no part of it.
func (p *Program) KeyRule() string { return p.keyRule }

// Identify evaluates where and key only.
func (p *Program) Identify(row Row) Identity {
	m := mapper{p: p, row: row}
	if p.where != nil {
		take, ok := m.taken()
		switch {
		case !ok:
			return Identity{Fault: &m.faults[0]}
		case !take:
			return Identity{Filtered: true}
		}
	}
	key, ok := m.key()
	if !ok && p.key != nil {
		return Identity{Fault: &m.faults[0]}
	}
	return Identity{Key: key}
}

// taken evaluates where. ok is false after a fault.
func (m *mapper) taken() (take, ok bool) {
	v, column, ok := m.eval(m.p.where, "where")
	if !ok {
		return false, false
	}
	if v.Kind != Bool {
		m.fault(Fault{Column: column, Field: "where", Value: v.Text, Reason: "is not true or false, which where must give"})
		return false, false
	}
	return v.Text == "true", true
}

// key returns the trimmed key of the row. ok is false after a fault or without
// a key rule.
func (m *mapper) key() (string, bool) {
	if m.p.key == nil {
		return "", false
	}
	faults := len(m.faults)
	r, ok := m.scalar(m.p.key)
	key := strings.TrimSpace(r.text)
	switch {
	case len(m.faults) > faults:
		return "", false
	case !ok || key == "":
		m.fault(Fault{Column: m.p.key.column(), Field: "key", Reason: "is empty, but every row needs a key"})
		return "", false
	case words.Longer(key, MaxKey):
		m.fault(Fault{Column: m.p.key.column(), Field: "key", Value: key, Reason: "is longer than 200 characters, the limit for a key"})
		return "", false
	}
	return key, true
}

// Map makes the case of a row. It returns all faults of the row at once, those
// of where and key among them; with faults the case is incomplete and must not
// be sent. It does not leave rows out: Identify says which where does. Lists in
// the case may be the mapping's own: they must not be changed.
func (p *Program) Map(row Row) (Case, []Fault) {
	m := mapper{p: p, row: row}
	if p.where != nil {
		m.taken()
	}
	key, _ := m.key()
	return m.mapped(key)
}

// MapKnown is Map of a row of which Identify has told who it is: where and key need
// not be evaluated again, unless there are faults to report.
func (p *Program) MapKnown(row Row, who Identity) (Case, []Fault) {
	if who.Fault != nil || who.Filtered {
		return p.Map(row)
	}
	m := mapper{p: p, row: row}
	return m.mapped(who.Key)
}

func (m *mapper) mapped(key string) (out Case, _ []Fault) {
	m.standard(&out, key)
	m.customFields(&out, key)
	for _, n := range m.p.notes {
		if n.from != nil {
			out.Notes = m.relatedNotes(n, key, out.Notes)
			continue
		}
		out.Notes = m.notes(n, out.Notes)
	}
	return out, m.faults
}

// standard fills the standard fields and sees that the mandatory ones are
// there.
func (m *mapper) standard(out *Case, key string) {
	requester := (*field)(nil)
	faulty := false
	for i := range m.p.cases {
		f := &m.p.cases[i]
		target := out.standard(f.index)
		if target == &out.Resolution && out.Status != Resolved {
			continue // it is refused then
		}
		faults := len(m.faults)
		r, ok := m.scalar(f)
		failed := len(m.faults) > faults
		switch target {
		case &out.Title, &out.Description:
			if !ok && !failed {
				m.empty(f, "is empty, but a case needs a "+f.short)
			}
		case &out.RequesterName, &out.RequesterEmail:
			if requester == nil {
				requester = f
			}
			faulty = faulty || failed
		}
		if !ok {
			continue
		}
		if r.value == (toLookUp{}) {
			if target = &out.Owner; f.kind == kindParent {
				target = &out.Parent
			}
		}
		*target = r.text
		if key != "" && out.Parent == key && f.kind == kindParent {
			m.fault(Fault{Column: f.column(), Field: f.name, Value: key, Reason: "is the key of the row itself"})
		}
		if f.overflow {
			*target, out.Notes = overflow(r.text, f.limit, strings.ToUpper(f.short[:1])+f.short[1:], out.Notes)
		}
	}
	if out.RequesterName == "" && out.RequesterEmail == "" && !faulty && requester != nil {
		m.empty(requester, "is empty, but a case needs a requester's name or e-mail address")
	}
}

// customFields fills the custom fields; the one that carries the key always
// does.
func (m *mapper) customFields(out *Case, key string) {
	n := len(m.p.custom)
	if m.p.keyField != "" {
		n++
	}
	if n == 0 {
		return
	}
	fields := make(CustomFields, 0, n)
	carried := false
	for i := range m.p.custom {
		f := &m.p.custom[i]
		var r result
		var ok bool
		if f.kind.isList() {
			r, ok = m.list(f)
		} else {
			r, ok = m.scalar(f)
		}
		if key != "" && i == m.p.keyIndex && m.p.keyField != "" {
			carried = true
			if ok && strings.TrimSpace(r.text) != key {
				m.fault(Fault{Column: f.column(), Field: f.name, Value: r.text, Reason: "is not the row's key, which this field must hold"})
			}
			r, ok = result{text: key}, true
		}
		if ok {
			fields = append(fields, CustomField{f.short, r.custom()})
		}
	}
	if !carried && key != "" && m.p.keyField != "" {
		fields = append(fields, CustomField{m.p.keyField, key})
	}
	if len(fields) > 0 {
		out.CustomFields = fields
	}
}
