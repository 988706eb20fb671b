package check

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"caseimport/importer/identity"
	"caseimport/importer/journal"
	"caseimport/importer/source"
	"caseimport/mapping"
)

// What is kept of a file in which everything is wrong.
const (
	maxProblems  = 1000
	maxFirstRows = 5
	maxValues    = 1000
	shownValues  = 20
	maxFixes     = 20
	maxEntries   = 40
)

// collector gathers what the rows have to say, in their order.
type collector struct {
	cfg      Config
	report   Report
	seen     map[journal.ID]uint32 // key → first row with it
	family   *family               // nil where rows do not name their parents
	after    after
	groups   map[groupKey]*group
	standard [len(standardFields)]int // valid rows that fill each
	custom   map[string]int           // custom field, or notes → valid rows that fill it
	damage   *damage
	equal    equalRows
	at       Place  // of the row at hand
	standing [3]int // cases with each of standIns
}

type groupKey struct{ column, field, reason string }

type group struct {
	Group
	last   int // row that was counted last
	values map[string]int
	fixes  map[string][]string // fix → its entries
}

func newCollector(cfg Config, family *family) *collector {
	keyed := 0
	if cfg.Program.HasKey() && family == nil {
		keyed = cfg.Table.Rows
	}
	return &collector{cfg: cfg, family: family, report: Empty(), seen: make(map[journal.ID]uint32, keyed), groups: map[groupKey]*group{},
		custom: map[string]int{}, damage: newDamage(cfg.Table)}
}

func (c *collector) add(row *source.Row, v *verdict) error {
	r := &c.report
	r.Rows++
	c.at = Place{row.Number, row.Line, v.key}
	c.damage.look(row, v.key)
	if v.filtered {
		r.Filtered++
		return nil
	}
	if v.duplicate {
		r.Duplicate++
		c.fault(row, mapping.Fault{Field: "key", Value: v.key, Reason: identity.StillDuplicate}, identity.StillDuplicate)
		return nil
	}
	if v.key != "" {
		if first, again := c.earlier(v.id, row.Number); again {
			r.Duplicate++
			c.fault(row, mapping.Fault{Field: "key", Value: v.key, Reason: "an earlier row has the same key"}, fmt.Sprintf("row %d has the same key", first))
			return nil
		}
	}
	parent, detail := c.family.fault(row, v)
	if len(v.faults) > 0 || parent != nil {
		r.Invalid++
		for _, f := range v.faults {
			c.fault(row, f, f.Reason+f.Hint)
		}
		if parent != nil {
			c.fault(row, *parent, detail)
		}
		return nil
	}
	r.Valid++
	if !c.cfg.Program.HasKey() {
		c.equal.look(row)
	}
	c.cover(&v.mapped)
	c.after.look(row.Number, &v.mapped)
	c.standIns(&v.mapped)
	if c.cfg.Valid != nil {
		c.cfg.Valid(row.Number, v.key, &v.mapped)
	}
	if len(r.Requests) < c.cfg.Show {
		create, update, err := requests(v.mapped)
		if err != nil {
			return err
		}
		r.Requests, r.Updates = append(r.Requests, create), append(r.Updates, update)
	}
	return nil
}

// earlier finds a row before this one with its key.
func (c *collector) earlier(id journal.ID, row int) (first int, found bool) {
	if c.family != nil { // which knows the rows already
		first := int(c.family.rows[id].row)
		return first, first < row
	}
	if first, again := c.seen[id]; again {
		return int(first), true
	}
	c.seen[id] = uint32(row)
	return 0, false
}

// fault files one fault; reason may say more than the group's.
func (c *collector) fault(row *source.Row, f mapping.Fault, reason string) {
	if len(c.report.Problems) < maxProblems {
		c.report.Problems = append(c.report.Problems, Problem{Row: row.Number, Line: row.Line, Column: f.Column, Field: f.Field, Value: f.Value, Reason: reason})
	}
	key := groupKey{f.Column, f.Field, f.Reason}
	g := c.groups[key]
	if g == nil {
		g = &group{Group: Group{Column: f.Column, Field: f.Field, Reason: f.Reason, Values: []ValueCount{}}, values: map[string]int{}, fixes: map[string][]string{}}
		c.groups[key] = g
	}
	if g.last != row.Number { // a row may have the same fault several times
		g.last = row.Number
		g.Rows++
		if len(g.FirstRows) < maxFirstRows {
			g.FirstRows, g.First = append(g.FirstRows, row.Number), append(g.First, c.at)
		}
	}
	if _, known := g.values[f.Value]; known || len(g.values) < maxValues {
		g.values[strings.Clone(f.Value)]++
	}
	g.fix(f.Fix, f.Entry)
}

// fix notes a line of the mapping file that would fix a fault, and the entry of
// values that this row asks for in it.
func (g *group) fix(fix, entry string) {
	entries, known := g.fixes[fix]
	switch {
	case fix == "", !known && len(g.fixes) == maxFixes:
	case entry != "" && len(entries) < maxEntries && !slices.Contains(entries, entry):
		g.fixes[fix] = append(entries, strings.Clone(entry))
	case !known:
		g.fixes[fix] = nil
	}
}

var standardFields = [...]string{
	"title", "description", "priority", "requester_name", "requester_email", "requester_type",
	"owner_id", "parent_id", "status", "type", "group_id", "resolution",
}

// cover counts the fields that a case fills.
func (c *collector) cover(v *mapping.Case) {
	for i, value := range [len(standardFields)]string{
		v.Title, v.Description, v.Priority, v.RequesterName, v.RequesterEmail, v.RequesterType,
		cmp.Or(v.OwnerID, v.Owner), cmp.Or(v.ParentID, v.Parent), v.Status, v.Type, v.GroupID, v.Resolution,
	} {
		if value != "" {
			c.standard[i]++
		}
	}
	for i := range v.CustomFields {
		c.custom[v.CustomFields[i].Name]++
	}
	if len(v.Notes) > 0 {
		c.custom["notes"]++
	}
}

// covered is how many of the valid rows fill a field.
func (c *collector) covered(field string) int {
	if i := slices.Index(standardFields[:], field); i >= 0 {
		return c.standard[i]
	}
	return c.custom[strings.TrimPrefix(field, "custom_fields.")]
}

// standIns counts the cases that carry what was put where nothing stood.
func (c *collector) standIns(v *mapping.Case) {
	for i, value := range [...]string{v.Title, v.Description, v.RequesterName} {
		if value == standIns[i].value {
			c.standing[i]++
		}
	}
}

var standIns = [3]struct{ field, value string }{
	{"title", mapping.NoSubject}, {"description", mapping.NoDescription}, {"requester_name", mapping.NoRequester},
}

func (c *collector) result() Report {
	r := c.report
	for i, n := range c.standing {
		if n > 0 {
			r.StandIns = append(r.StandIns, StandIn{standIns[i].field, standIns[i].value, n})
		}
	}
	for _, field := range c.cfg.Program.Fields() {
		r.Coverage = append(r.Coverage, Coverage{Field: field, Rows: c.covered(field)})
	}
	for _, g := range c.groups {
		r.Groups = append(r.Groups, g.result())
	}
	slices.SortFunc(r.Groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.FirstRows[0], b.FirstRows[0]), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Field, b.Field))
	})
	if r.Rows > 0 && r.Filtered == r.Rows {
		r.Warnings = append(r.Warnings, "where leaves out every row: nothing would be imported")
	}
	if r.Valid > 0 && c.cfg.Program.KeyField() == "" {
		r.Warnings = append(r.Warnings, "the mapping names no key.custom_field: if an answer is lost, caseimport cannot tell whether the case was created. Add it, with the key of a text field of the account")
	}
	r.After = c.after.updates
	if r.After == 0 {
		r.Updates = nil
	}
	r.Warnings = append(r.Warnings, c.cfg.Program.Warnings()...)
	r.Warnings = append(r.Warnings, c.after.warnings(c.cfg.Program)...)
	r.Warnings = append(r.Warnings, c.family.warnings()...)
	r.Warnings = append(r.Warnings, c.damage.warnings()...)
	if warning := c.equal.warning(); warning != "" {
		r.Warnings = append(r.Warnings, warning)
	}
	return r
}

func (g *group) result() Group {
	for value, n := range g.values {
		if value != "" {
			g.Values = append(g.Values, ValueCount{value, n})
		}
	}
	slices.SortFunc(g.Values, func(a, b ValueCount) int {
		return cmp.Or(cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.Value, b.Value))
	})
	g.Different = len(g.Values)
	g.Values = g.Values[:min(len(g.Values), shownValues)]
	for _, fix := range slices.Sorted(maps.Keys(g.fixes)) {
		g.Fixes = append(g.Fixes, mapping.MergeFix(fix, g.fixes[fix]))
	}
	return g.Group
}
