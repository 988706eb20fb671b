package importer

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"caseimport/importer/identity"
	"caseimport/importer/journal"
	"caseimport/importer/results"
	"caseimport/importer/source"
	"caseimport/mapping"
)

// CheckConfig is one check: everything that a run would refuse, found without
// a request.
type CheckConfig struct {
	Table   *source.Table
	Program *mapping.Program
	// Show is how many requests to put into the report as they would be sent.
	Show int
}

// CheckReport is what a check found. Its JSON form is what check --json prints.
type CheckReport struct {
	Rows      int `json:"rows"`
	Valid     int `json:"valid"`
	Invalid   int `json:"invalid"`
	Duplicate int `json:"duplicate"`
	Filtered  int `json:"filtered"`
	// Problems are the first maxProblems.
	Problems []Problem  `json:"problems"`
	Groups   []Group    `json:"groups"`
	Coverage []Coverage `json:"coverage"`
	Warnings []string   `json:"warnings"`
	// Requests are the first bodies as they would be sent.
	Requests []json.RawMessage `json:"requests,omitempty"`
}

// Problem is one fault of one row.
type Problem struct {
	Row    int    `json:"row"`
	Line   int    `json:"line"`
	Column string `json:"column"`
	Field  string `json:"field"`
	Value  string `json:"value"`
	Reason string `json:"reason"`
}

// Group is the faults of the same column, field and reason.
type Group struct {
	Column    string       `json:"column"`
	Field     string       `json:"field"`
	Reason    string       `json:"reason"`
	Rows      int          `json:"rows"`
	FirstRows []int        `json:"first_rows"`
	Values    []ValueCount `json:"values"`           // the most frequent of the first maxValues different ones
	Different int          `json:"different_values"` // maxValues where there may be more
	// Fixes are lines of the mapping file that would mend it.
	Fixes []string `json:"fixes,omitempty"`
}

// ValueCount is a value at fault and how many rows hold it.
type ValueCount struct {
	Value string `json:"value"`
	Rows  int    `json:"rows"`
}

// Coverage is how many of the valid rows fill a field.
type Coverage struct {
	Field string `json:"field"`
	Rows  int    `json:"rows"`
}

const (
	maxProblems  = 1000
	maxFirstRows = 5
	maxValues    = 1000
	shownValues  = 20
	maxFixes     = 20
	maxEntries   = 40
	batchRows    = 256
)

// batch is some rows on their way through the check. Batches are mapped in
// parallel and looked at in order.
type batch struct {
	rows   []*source.Row
	judged []judged
	done   chan struct{}
}

type judged struct {
	id        journal.ID
	key       string
	filtered  bool
	duplicate bool // of a failure report: its key is still another row's
	c         mapping.Case
	faults    []mapping.Fault
}

// Check maps every row and reports what a run would refuse.
func Check(ctx context.Context, cfg CheckConfig) (CheckReport, error) {
	group, ctx := errgroup.WithContext(ctx)
	todo := make(chan *batch)
	ordered := make(chan *batch, 2*runtime.GOMAXPROCS(0))
	group.Go(func() error {
		defer close(todo)
		defer close(ordered)
		b := newBatch()
		pass := func() error {
			for _, to := range []chan<- *batch{ordered, todo} {
				select {
				case to <- b:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			b = newBatch()
			return nil
		}
		err := cfg.Table.Each(ctx, func(row *source.Row) error {
			if b.rows = append(b.rows, row); len(b.rows) < batchRows {
				return nil
			}
			return pass()
		})
		if err != nil {
			return err
		}
		return pass()
	})
	ids := results.ReportColumns(cfg.Table.Columns)
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() error {
			for b := range todo {
				for _, row := range b.rows {
					b.judged = append(b.judged, judge(cfg, ids, row))
				}
				close(b.done)
			}
			return nil
		})
	}
	c := newChecker(cfg)
	group.Go(func() error {
		for b := range ordered {
			select {
			case <-b.done:
			case <-ctx.Done():
				return ctx.Err()
			}
			for i, row := range b.rows {
				if err := c.add(row, &b.judged[i]); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err := group.Wait(); err != nil {
		return CheckReport{}, err
	}
	return c.report(), nil
}

func newBatch() *batch {
	return &batch{rows: make([]*source.Row, 0, batchRows), judged: make([]judged, 0, batchRows), done: make(chan struct{})}
}

func judge(cfg CheckConfig, ids results.Columns, row *source.Row) (v judged) {
	p := cfg.Program
	if row.Fault != "" {
		v.faults = []mapping.Fault{{Reason: row.Fault}}
		return v
	}
	if ids.Report() && row.Fields() != nil && results.Uncorrected(cfg.Table.Header, row.Fields()) {
		v.faults = []mapping.Fault{{Reason: identity.NotCorrected}}
		return v
	}
	who := p.Identify(row)
	if v.filtered = who.Filtered; v.filtered {
		return v
	}
	if v.key = who.Key; v.key != "" {
		v.id = identity.Key(v.key)
	}
	if kind, past, ok := identity.Parse(ids.ID(row.Cell)); ok && kind == identity.OfDuplicate && past == v.id {
		v.duplicate = true
	}
	v.c, v.faults = p.Map(row)
	return v
}

// checker gathers what the rows have to say, in their order.
type checker struct {
	cfg      CheckConfig
	sum      CheckReport
	seen     map[journal.ID]uint32 // key → first row with it
	groups   map[groupKey]*group
	coverage map[string]int // field → valid rows that fill it
	damage   *damage
}

type groupKey struct{ column, field, reason string }

type group struct {
	Group
	last   int // row that was counted last
	values map[string]int
	fixes  map[string][]string // fix → its entries
}

func newChecker(cfg CheckConfig) *checker {
	c := &checker{cfg: cfg, sum: CheckReport{Problems: []Problem{}, Groups: []Group{}, Coverage: []Coverage{}, Warnings: []string{}}, groups: map[groupKey]*group{}, coverage: map[string]int{}, damage: newDamage(cfg.Table)}
	if cfg.Program.HasKey() {
		c.seen = map[journal.ID]uint32{}
	}
	return c
}

func (c *checker) add(row *source.Row, v *judged) error {
	c.sum.Rows++
	c.damage.look(row, v.key)
	if v.filtered {
		c.sum.Filtered++
		return nil
	}
	if v.duplicate {
		c.sum.Duplicate++
		c.fault(row, mapping.Fault{Field: "key", Value: v.key, Reason: identity.StillDuplicate}, identity.StillDuplicate)
		return nil
	}
	if v.key != "" {
		if first, again := c.seen[v.id]; again {
			c.sum.Duplicate++
			c.fault(row, mapping.Fault{Field: "key", Value: v.key, Reason: "an earlier row has the same key"}, fmt.Sprintf("row %d has the same key", first))
			return nil
		}
		c.seen[v.id] = uint32(row.Number)
	}
	if len(v.faults) > 0 {
		c.sum.Invalid++
		for _, f := range v.faults {
			c.fault(row, f, f.Reason)
		}
		return nil
	}
	c.sum.Valid++
	c.cover(&v.c)
	if len(c.sum.Requests) < c.cfg.Show {
		body, err := v.c.Body()
		if err != nil {
			return err
		}
		c.sum.Requests = append(c.sum.Requests, body)
	}
	return nil
}

// fault files one fault; reason may say more than the group's.
func (c *checker) fault(row *source.Row, f mapping.Fault, reason string) {
	if len(c.sum.Problems) < maxProblems {
		c.sum.Problems = append(c.sum.Problems, Problem{Row: row.Number, Line: row.Line, Column: f.Column, Field: f.Field, Value: f.Value, Reason: reason})
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
			g.FirstRows = append(g.FirstRows, row.Number)
		}
	}
	if _, known := g.values[f.Value]; known || len(g.values) < maxValues {
		g.values[strings.Clone(f.Value)]++
	}
	if f.Fix == "" {
		return
	}
	entries, known := g.fixes[f.Fix]
	switch {
	case !known && len(g.fixes) == maxFixes:
	case f.Entry != "" && len(entries) < maxEntries && !slices.Contains(entries, f.Entry):
		g.fixes[f.Fix] = append(entries, strings.Clone(f.Entry))
	case !known:
		g.fixes[f.Fix] = nil
	}
}

// cover counts the fields that a case fills.
func (c *checker) cover(v *mapping.Case) {
	for _, f := range [...]struct{ name, value string }{
		{"title", v.Title}, {"description", v.Description}, {"priority", v.Priority},
		{"requester_name", v.RequesterName}, {"requester_email", v.RequesterEmail}, {"requester_type", v.RequesterType},
		{"owner_id", v.OwnerID}, {"parent_id", v.ParentID},
	} {
		if f.value != "" {
			c.coverage[f.name]++
		}
	}
	for i := range v.CustomFields {
		c.coverage[v.CustomFields[i].Name]++
	}
	if len(v.Notes) > 0 {
		c.coverage["notes"]++
	}
}

func (c *checker) report() CheckReport {
	s := c.sum
	for _, field := range c.cfg.Program.Fields() {
		s.Coverage = append(s.Coverage, Coverage{Field: field, Rows: c.coverage[strings.TrimPrefix(field, "custom_fields.")]})
	}
	for _, g := range c.groups {
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
		s.Groups = append(s.Groups, g.Group)
	}
	slices.SortFunc(s.Groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.FirstRows[0], b.FirstRows[0]), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Field, b.Field))
	})
	if s.Rows > 0 && s.Filtered == s.Rows {
		s.Warnings = append(s.Warnings, "where leaves out every row: nothing would be imported")
	}
	s.Warnings = append(s.Warnings, c.damage.warnings()...)
	return s
}
