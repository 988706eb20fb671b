package verify

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"caseimport/importer/identity"
	"caseimport/importer/journal"
	"caseimport/importer/results"
	"caseimport/importer/source"
	"caseimport/mapping"
)

// Row is a row of the input that has its case, by the journal.
type Row struct {
	Number      int
	Key, CaseID string
	At          time.Time // when its case was recorded, by the importer's clock
	Found       bool      // its case was looked up, so it may be older than that
	// Case is what the row maps to, its parent as an id. Open are the fields of which
	// that is not known: they are not set in it.
	Case  mapping.Case
	Open  []string
	Fault string // why Case is not what the row maps to, "" if it is
}

// Rows are the rows of an input.
type Rows struct {
	All      []Row // those with a case
	Total    int
	Filtered int
	Without  int // neither filtered nor with a case of their own
	Undone   int // of them, those whose case an undo has moved to the Trash

	// ownerElse is who owns a case whose address has no agent; set if there is such a
	// default, "" being nobody.
	ownerElse    string
	ownerElseSet bool
	// inTrash: the case was undone. Lists may show it all the same.
	inTrash func(caseID string) bool
}

// known is what the journal says of a row's case.
type known struct {
	id    string
	at    time.Time
	found bool
}

// ReadRows maps the rows of an input that have a case.
func ReadRows(ctx context.Context, table *source.Table, program *mapping.Program, j *journal.Journal) (rows Rows, err error) {
	rows.ownerElse, rows.ownerElseSet = program.OwnerDefault()
	cases := map[journal.ID]known{}
	rows.inTrash = j.InTrash
	err = j.Outcomes(func(o journal.Outcome) error {
		var line results.Line
		if err := json.Unmarshal(o.Line, &line); err != nil {
			return fmt.Errorf("what the journal says of row %d cannot be read: %w", o.Row, err)
		}
		if line.CaseID != "" {
			cases[o.ID] = known{line.CaseID, line.FinishedAt, line.HTTPStatus == 0 && o.Sent == 0}
		}
		return nil
	})
	if err != nil {
		return rows, err
	}
	in := identifier{program: program, columns: results.ReportColumns(table.Columns), met: map[journal.ID]bool{}, same: map[journal.ID]int{}}
	err = table.Each(ctx, func(row *source.Row) error {
		rows.Total++
		id, key, filtered := in.identify(row)
		if filtered {
			rows.Filtered++
			return nil
		}
		its, has := cases[id]
		if !has || in.met[id] { // a second row of the same identity has no case of its own
			rows.Without++
			if !has && j.State(id) == journal.Undone {
				rows.Undone++
			}
			return nil
		}
		in.met[id] = true
		r := Row{Number: row.Number, Key: key, CaseID: its.id, At: its.at, Found: its.found}
		var faults []mapping.Fault
		r.Case, faults = program.Map(row)
		if err := program.Err(); err != nil {
			return err
		}
		if len(faults) > 0 {
			r.Fault = "the row cannot be mapped today: " + faults[0].String()
		}
		if r.Case.Parent != "" {
			id := cases[identity.Key(r.Case.Parent)].id
			if other, set := program.ParentDefault(); id == "" && set {
				r.Case.Parent, r.Case.ParentID = "", other
			} else {
				r.resolve(&r.Case.Parent, &r.Case.ParentID, "parent_id", id)
			}
		}
		rows.All = append(rows.All, r)
		return nil
	})
	return rows, err
}

// resolve puts an id in the place of what the mapping gives: a row's key, or an
// agent's address. id is "" if it is not known.
func (r *Row) resolve(given, to *string, field, id string) {
	if *given, *to = "", id; id == "" {
		r.Open = append(r.Open, field)
	}
}

// identifier forms the identities of rows, as a run does.
type identifier struct {
	program *mapping.Program
	columns results.Columns
	met     map[journal.ID]bool
	same    map[journal.ID]int // rows with this content so far
}

// identify is the identity of a row; the zero ID, which no row has, where it has none.
func (in *identifier) identify(row *source.Row) (id journal.ID, key string, filtered bool) {
	if row.Fault != "" {
		return id, "", false
	}
	who := in.program.Identify(row)
	if who.Filtered {
		return id, "", true
	}
	if in.program.HasKey() {
		if who.Key != "" {
			id = identity.Key(who.Key)
		}
		return id, who.Key, false
	}
	if in.columns.IsReport() {
		_, id, _ = identity.Parse(in.columns.ID(row.Cell))
		return id, "", false
	}
	content := identity.Content(row)
	base := identity.Cells(content, 0)
	n := in.same[base]
	in.same[base] = n + 1
	return identity.Cells(content, n), "", false
}
