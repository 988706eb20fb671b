package check

import (
	"fmt"
	"strings"

	"caseimport/importer/identity"
	"caseimport/importer/journal"
	"caseimport/importer/source"
	"caseimport/mapping"
	"caseimport/mapping/words"
)

// family is who is whose parent, by the identities of their keys.
type family struct {
	program *mapping.Program
	rows    map[journal.ID]relative
	parents map[journal.ID]journal.ID // of each child
	nowhere int                       // rows whose parent no row is
	orphans []string                  // the first of them, for people
}

// relative is the first row with a key.
type relative struct {
	row   uint32
	state relativeState
}

type relativeState uint8

const (
	sound relativeState = iota
	invalid
	filtered
)

func newFamily(p *mapping.Program) *family {
	return &family{program: p, rows: map[journal.ID]relative{}, parents: map[journal.ID]journal.ID{}}
}

// add takes a row, in a pass before the others are judged.
func (f *family) add(row *source.Row, v *verdict) error {
	id, key, state := v.id, v.key, sound
	switch {
	case v.duplicate:
		return nil
	case v.filtered:
		key, state = f.program.Key(row), filtered
		id = identity.Key(key)
	case len(v.faults) > 0:
		state = invalid
	}
	if had, again := f.rows[id]; key == "" || again && (had.state != filtered || state == filtered) {
		return nil
	}
	f.rows[id] = relative{uint32(row.Number), state}
	if parent := v.mapped.Parent; parent != "" && parent != key {
		f.parents[id] = identity.Key(parent)
	}
	return nil
}

// fault says what is wrong with the parent of a row, nil if nothing is; detail says
// it of this row alone.
func (f *family) fault(row *source.Row, v *verdict) (fault *mapping.Fault, detail string) {
	if f == nil || v.mapped.Parent == "" || v.mapped.Parent == v.key {
		return nil, ""
	}
	id := identity.Key(v.mapped.Parent)
	parent, known := f.rows[id]
	_, spared := f.program.ParentDefault()
	var reason string
	chain := false
	switch {
	case f.isChild(id, spared) && f.circle(v.id):
		reason, detail = "names a row that is below itself: parents go in a circle", fmt.Sprintf("names row %d, of which this row is itself a parent or an ancestor", parent.row)
	case f.isChild(id, spared):
		chain = true
		reason, detail = "names a row that has a parent itself: subcases go one level deep", fmt.Sprintf("names row %d, which has a parent itself: subcases go one level deep", parent.row)
	case !known, parent.state == filtered && spared:
		if f.nowhere++; len(f.orphans) < maxOrphans {
			f.orphans = append(f.orphans, fmt.Sprintf("row %d (%q)", row.Number, words.Shown(v.mapped.Parent)))
		}
		return nil, ""
	case parent.state == invalid:
		reason, detail = "names an invalid row, which will have no case", fmt.Sprintf("names row %d, which is invalid and will have no case", parent.row)
	case parent.state == filtered:
		reason, detail = `names a row that "where" leaves out: it will have no case`, fmt.Sprintf(`names row %d, which "where" leaves out: it will have no case`, parent.row)
	default:
		return nil, ""
	}
	out := f.program.ParentFault(v.mapped.Parent, reason)
	switch {
	case chain:
		out.Fix = f.oneLevel(out.Column)
	case f.isChild(id, spared) || parent.state == invalid:
		out.Fix = "" // no default would help
	}
	return &out, detail
}

// oneLevel is an example of a rule that leaves the rows of one level without a parent.
func (f *family) oneLevel(column string) string {
	if column == "" {
		column = "Parent"
	}
	otherwise := ""
	if id, set := f.program.ParentDefault(); set { // else it is a fault if a parent is nowhere, and stays one
		otherwise = fmt.Sprintf(", default: %q", id)
	}
	expression := fmt.Sprintf(`row["Type"] == "Sub-task" ? "" : row[%q]`, column)
	return fmt.Sprintf(`parent_id: {expr: '%s', key: true%s}  # in place of Type and "Sub-task", a column and a value by which one level is known: its rows then have no parent`,
		strings.ReplaceAll(expression, "'", "''"), otherwise)
}

const maxOrphans = 10

// isChild says whether a row has a parent, as far as this input shows. Where
// missing parents are spared, one whose parent is missing has none.
func (f *family) isChild(id journal.ID, spared bool) bool {
	parent, child := f.parents[id]
	_, known := f.rows[parent]
	return child && (known || !spared)
}

// maxCircle is how long a circle may be to be called one; the rows of a longer one
// are at fault all the same.
const maxCircle = 100

// circle says whether a row is its own ancestor.
func (f *family) circle(id journal.ID) bool {
	at := id
	for range maxCircle {
		parent, child := f.parents[at]
		if !child {
			return false
		}
		if at = parent; at == id {
			return true
		}
	}
	return false
}

func (f *family) warnings() []string {
	if f == nil || f.nowhere == 0 {
		return nil
	}
	list := strings.Join(f.orphans, ", ")
	if more := f.nowhere - len(f.orphans); more > 0 {
		list += fmt.Sprintf(" and %s more", words.Count(more))
	}
	if _, spared := f.program.ParentDefault(); spared {
		return []string{"parent_id names keys of no row that is imported: " + list + ". Unless earlier runs made those cases, the rows take its default"}
	}
	return []string{"parent_id names keys that no row of this input has: " + list +
		`. Unless earlier runs made those cases, the rows will fail; default: "" would leave them without a parent`}
}
