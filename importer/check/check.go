// Package check finds everything that a run would refuse, without a request:
// it is a command of its own beside the pipeline, not a part of it. It shares
// with a run what a row is (package identity) and how it becomes a case
// (package mapping), and must never write a file or use the network.
//
// The files in reading order: check.go (what is asked and answered; rows are
// mapped in parallel), collect.go (the answer is gathered row by row), family.go
// (do children have their parents?), after.go (what follows the creation),
// damage.go (what spreadsheets do to an export that was opened and saved), equal.go
// (rows without a key that are equal).
package check

import (
	"context"
	"encoding/json"
	"runtime"

	"golang.org/x/sync/errgroup"

	"caseimport/importer/identity"
	"caseimport/importer/journal"
	"caseimport/importer/results"
	"caseimport/importer/source"
	"caseimport/mapping"
)

// Config is one check.
type Config struct {
	Table   *source.Table
	Program *mapping.Program
	// Show is how many requests to put into the report as they would be sent.
	Show int
	// Valid, if set, is told of every row that can be sent, in their order.
	Valid func(row int, key string, c *mapping.Case)
}

// Report is what a check found. Its JSON form is what check --json prints.
type Report struct {
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
	StandIns []StandIn  `json:"stand_ins,omitempty"`
	// After counts the valid rows whose case needs an update once it is created.
	After int `json:"after"`
	// Requests are the first bodies as they would be sent, but for ids that are
	// still to be looked up: in their place stands in angle brackets what for.
	Requests []json.RawMessage `json:"requests,omitempty"`
	// Updates are the bodies of the updates that follow, one for each of Requests;
	// null where none does. Empty if none does at all.
	Updates []json.RawMessage `json:"updates,omitempty"`
}

// Empty is a report of nothing, whose lists are lists in JSON too.
func Empty() Report {
	return Report{Problems: []Problem{}, Groups: []Group{}, Coverage: []Coverage{}, Warnings: []string{}}
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
	First     []Place      `json:"first"`            // the same rows, as people find them
	Values    []ValueCount `json:"values"`           // the most frequent of the first maxValues different ones
	Different int          `json:"different_values"` // maxValues where there may be more
	// Fixes are lines of the mapping file that would fix it.
	Fixes []string `json:"fixes,omitempty"`
}

// Place is where a row stands: its number, the line of the file or the row of the
// sheet, and its key, "" without one.
type Place struct {
	Row  int    `json:"row"`
	Line int    `json:"line"`
	Key  string `json:"key,omitempty"`
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

// StandIn is what was put where nothing stood, and how many valid rows carry it.
type StandIn struct {
	Field string `json:"field"`
	Value string `json:"value"`
	Rows  int    `json:"rows"`
}

const batchRows = 256

// batch is some rows on their way. Batches are judged in parallel and collected
// in order.
type batch struct {
	rows     []*source.Row
	verdicts chan []verdict
}

// verdict is what can be said of a row without knowing the others.
type verdict struct {
	id        journal.ID // of its key
	key       string
	filtered  bool
	duplicate bool // a row of a failure report whose key is still another row's
	mapped    mapping.Case
	faults    []mapping.Fault
}

// Run maps every row and reports what a run would refuse. Where rows name their
// parents, it reads the input twice: a parent may stand behind its children.
func Run(ctx context.Context, cfg Config) (Report, error) {
	var family *family
	if cfg.Program.ParentsByKey() {
		family = newFamily(cfg.Program)
		if err := each(ctx, cfg, family.add); err != nil {
			return Report{}, err
		}
	}
	c := newCollector(cfg, family)
	if err := each(ctx, cfg, c.add); err != nil {
		return Report{}, err
	}
	return c.result(), nil
}

// each maps every row, in parallel, and hands the verdicts on in the rows' order.
func each(ctx context.Context, cfg Config, take func(*source.Row, *verdict) error) error {
	ids := results.ReportColumns(cfg.Table.Columns)
	group, ctx := errgroup.WithContext(ctx)
	ordered := make(chan batch, 2*runtime.GOMAXPROCS(0))
	pass := func(rows []*source.Row) error {
		b := batch{rows, make(chan []verdict, 1)}
		select {
		case ordered <- b:
		case <-ctx.Done():
			return ctx.Err()
		}
		group.Go(func() error {
			verdicts := make([]verdict, len(rows))
			for i, row := range rows {
				verdicts[i] = judge(cfg, ids, row)
			}
			b.verdicts <- verdicts
			return cfg.Program.Err()
		})
		return nil
	}
	group.Go(func() error {
		defer close(ordered)
		var rows []*source.Row
		err := cfg.Table.Each(ctx, func(row *source.Row) error {
			rows = append(rows, row)
			if len(rows) < batchRows {
				return nil
			}
			full := rows
			rows = make([]*source.Row, 0, batchRows)
			return pass(full)
		})
		if err != nil {
			return err
		}
		return pass(rows)
	})
	group.Go(func() error {
		for b := range ordered {
			verdicts := <-b.verdicts
			for i := range verdicts {
				if err := take(b.rows[i], &verdicts[i]); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return group.Wait()
}

func judge(cfg Config, ids results.Columns, row *source.Row) (v verdict) {
	if row.Fault != "" {
		v.faults = []mapping.Fault{{Reason: row.Fault}}
		return v
	}
	if ids.IsReport() && row.Fields() != nil && results.Uncorrected(cfg.Table.Header, row.Fields()) {
		v.faults = []mapping.Fault{{Reason: identity.NotCorrected}}
		return v
	}
	who := cfg.Program.Identify(row)
	if v.filtered = who.Filtered; v.filtered {
		cfg.Program.Claim(row)
		return v
	}
	if v.key = who.Key; v.key != "" {
		v.id = identity.Key(v.key)
	}
	kind, past, ok, fault := identity.Tie(ids.ID(row.Cell), v.key)
	v.duplicate = ok && kind == identity.OfDuplicate && past == v.id
	if v.mapped, v.faults = cfg.Program.MapKnown(row, who); fault != "" {
		v.faults = append([]mapping.Fault{{Field: "key", Value: v.key, Reason: fault}}, v.faults...)
	}
	return v
}
