package mapping

import "caseimport/mapping/words"

// What a row gives as an agent's address or as the key of another row stands for
// an id that the account or the run knows. Which it is, is found out before the
// row is sent; these say what is to be found out, without mapping the whole row.

// OwnersByAddress says whether owner_id takes the addresses of agents.
func (p *Program) OwnersByAddress() bool { return p.owner != nil }

// OwnerDefault is the id to take where an address has no active agent; "" leaves
// the case unassigned. It is not set where such an address is a fault of its row.
func (p *Program) OwnerDefault() (id string, set bool) { return p.owner.elseID() }

// Owner is Case.Owner of a row, without the rest of it; "" where there is none or
// the cell is at fault.
func (p *Program) Owner(row Row) string { return p.toLookUp(p.owner, row) }

// ParentsByKey says whether parent_id takes the keys of other rows.
func (p *Program) ParentsByKey() bool { return p.parent != nil }

// ParentDefault is the id to take for a parent that is nowhere: neither in the input nor
// among the rows of earlier runs. "" leaves the child without one. (A child whose parent
// has no case yet waits for it: it would be without for good.)
func (p *Program) ParentDefault() (id string, set bool) { return p.parent.elseID() }

// Parent is Case.Parent of a row, without the rest of it; "" where there is none
// or the cell is at fault.
func (p *Program) Parent(row Row) string { return p.toLookUp(p.parent, row) }

// Key is the key of a row, also of one that where leaves out; "" where it has none.
func (p *Program) Key(row Row) string {
	m := mapper{p: p, row: row}
	key, _ := m.key()
	return key
}

// OwnerFault is the fault of a row whose owner_id names this address, to no avail.
func (p *Program) OwnerFault(address, reason string) Fault { return p.owner.noID(address, reason) }

// ParentFault is the fault of a row whose parent_id names this key, to no avail.
func (p *Program) ParentFault(key, reason string) Fault { return p.parent.noID(key, reason) }

func (f *field) noID(value, reason string) Fault {
	fault := Fault{Column: f.column(), Field: f.name, Value: words.Shown(value), Reason: reason}
	if f.fallback == nil {
		fault.Fix = f.fix("default", `""`) + "  # without one, in such cases"
	}
	return fault
}

func (f *field) elseID() (id string, set bool) {
	if f == nil || f.fallback == nil {
		return "", false
	}
	return f.fallback.text, true
}

func (p *Program) toLookUp(f *field, row Row) string {
	if f == nil {
		return ""
	}
	m := mapper{p: p, row: row}
	if r, ok := m.scalar(f); ok && r.value == (toLookUp{}) {
		return r.text
	}
	return ""
}
