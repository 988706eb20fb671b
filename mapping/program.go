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
	c := run{p: p, row: row}
	if p.where != nil {
		take, ok := c.taken()
		switch {
		case !ok:
			return Identity{Fault: &c.faults[0]}
		case !take:
			return Identity{Filtered: true}
		}
	}
	key, ok := c.key()
	if !ok && p.key != nil {
		return Identity{Fault: &c.faults[0]}
	}
	return Identity{Key: key}
}

// taken evaluates where. ok is false after a fault.
func (c *run) taken() (take, ok bool) {
	v, column, ok := c.eval(c.p.where, "where")
	if !ok {
		return false, false
	}
	if v.Kind != Bool {
		c.fault(Fault{Column: column, Field: "where", Value: v.Text, Reason: "is not true or false, which where must give"})
		return false, false
	}
	return v.Text == "true", true
}

// key returns the trimmed key of the row. ok is false after a fault or without
// a key rule.
func (c *run) key() (string, bool) {
	if c.p.key == nil {
		return "", false
	}
	faults := len(c.faults)
	r, ok := c.scalar(c.p.key)
	key := strings.TrimSpace(r.text)
	switch {
	case len(c.faults) > faults:
		return "", false
	case !ok || key == "":
		c.fault(Fault{Column: c.p.key.column(), Field: "key", Reason: "is empty, but every row needs a key"})
		return "", false
	case words.Longer(key, MaxKey):
		c.fault(Fault{Column: c.p.key.column(), Field: "key", Value: key, Reason: "is longer than 200 characters, the limit for a key"})
		return "", false
	}
	return key, true
}

// Map makes the case of a row. It returns all faults of the row at once, those
// of where and key among them; with faults the case is incomplete and must not
// be sent. It does not leave rows out: Identify says which where does. Lists in
// the case may be the mapping's own: they must not be changed.
func (p *Program) Map(row Row) (Case, []Fault) {
	c := run{p: p, row: row}
	if p.where != nil {
		c.taken()
	}
	key, _ := c.key()
	return c.mapped(key)
}

// MapKnown is Map of a row of which Identify has told who it is: where and key need
// not be evaluated again, unless there are faults to report.
func (p *Program) MapKnown(row Row, who Identity) (Case, []Fault) {
	if who.Fault != nil || who.Filtered {
		return p.Map(row)
	}
	c := run{p: p, row: row}
	return c.mapped(who.Key)
}

func (c *run) mapped(key string) (out Case, _ []Fault) {
	c.standard(&out, key)
	c.customFields(&out, key)
	for _, n := range c.p.notes {
		if n.from != nil {
			out.Notes = c.relatedNotes(n, key, out.Notes)
			continue
		}
		out.Notes = c.notes(n, out.Notes)
	}
	return out, c.faults
}

// standard fills the standard fields and sees that the mandatory ones are
// there.
func (c *run) standard(out *Case, key string) {
	requester := (*field)(nil)
	faulty := false
	for i := range c.p.cases {
		f := &c.p.cases[i]
		target := out.standard(f.index)
		if target == &out.Resolution && out.Status != Resolved {
			continue // it is refused then
		}
		faults := len(c.faults)
		r, ok := c.scalar(f)
		failed := len(c.faults) > faults
		switch target {
		case &out.Title, &out.Description:
			if !ok && !failed {
				c.empty(f, "is empty, but a case needs a "+f.short)
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
			c.fault(Fault{Column: f.column(), Field: f.name, Value: key, Reason: "is the key of the row itself"})
		}
		if f.overflow {
			*target, out.Notes = overflow(r.text, f.limit, strings.ToUpper(f.short[:1])+f.short[1:], out.Notes)
		}
	}
	if out.RequesterName == "" && out.RequesterEmail == "" && !faulty && requester != nil {
		c.empty(requester, "is empty, but a case needs a requester's name or e-mail address")
	}
}

// customFields fills the custom fields; the one that carries the key always
// does.
func (c *run) customFields(out *Case, key string) {
	n := len(c.p.custom)
	if c.p.keyField != "" {
		n++
	}
	if n == 0 {
		return
	}
	fields := make(CustomFields, 0, n)
	carried := false
	for i := range c.p.custom {
		f := &c.p.custom[i]
		var r result
		var ok bool
		if f.kind.isList() {
			r, ok = c.list(f)
		} else {
			r, ok = c.scalar(f)
		}
		if key != "" && i == c.p.keyIndex && c.p.keyField != "" {
			carried = true
			if ok && strings.TrimSpace(r.text) != key {
				c.fault(Fault{Column: f.column(), Field: f.name, Value: r.text, Reason: "is not the row's key, which this field must hold"})
			}
			r, ok = result{text: key}, true
		}
		if ok {
			fields = append(fields, CustomField{f.short, r.custom()})
		}
	}
	if !carried && key != "" && c.p.keyField != "" {
		fields = append(fields, CustomField{c.p.keyField, key})
	}
	if len(fields) > 0 {
		out.CustomFields = fields
	}
}
