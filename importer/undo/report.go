package undo

import (
	"cmp"
	"iter"
	"slices"
	"strconv"
	"time"

	"caseimport/importer/exit"
	"caseimport/importer/results"
)

// Result is what becomes of a case, or is to become.
type Result string

// The results.
const (
	Planned Result = "planned"  // it would be moved to the Trash
	Undone  Result = "undone"   // it is in the Trash, by an undo
	Changed Result = "changed"  // kept: people have changed it since
	Kept    Result = "kept"     // kept for another reason
	Adopted Result = "adopted"  // kept: the import did not make it
	Gone    Result = "gone"     // people have deleted it
	InDoubt Result = "in doubt" // it is not known whether the row has a case
	Left    Result = "left"     // the undo stopped before it
)

// Report is what an undo came to. Cases is the sum of Planned (without --yes) or
// Undone and Left (with it), Changed, Kept, Gone and Adopted. Its JSON form is what
// undo --json prints.
type Report struct {
	Rows    int `json:"rows"`    // that the journal knows
	Cases   int `json:"cases"`   // of them, those that had a case when it began
	Planned int `json:"planned"` // that were to go
	Undone  int `json:"undone"`  // that went
	Changed int `json:"changed"`
	Kept    int `json:"kept"`
	Gone    int `json:"gone"`
	Adopted int `json:"adopted"`
	Left    int `json:"left"`     // that it did not come to
	InDoubt int `json:"in_doubt"` // rows
	Earlier int `json:"earlier"`  // rows that earlier undos have undone, and no run has made again

	Requests int     `json:"requests"`
	Seconds  float64 `json:"seconds"`
	Exit     int     `json:"exit"`
	Error    string  `json:"error,omitempty"`

	// Blind says why subcases cannot be seen, "" if they can.
	Blind string `json:"blind,omitempty"`

	lines []*item
}

func (u *undoing) report(stop *exit.Stop) *Report {
	r := &Report{Rows: u.stock.rows, Cases: len(u.stock.cases), Planned: u.planned, Requests: u.Reader.Requests,
		Seconds: time.Since(u.began).Seconds()}
	if u.blinded {
		r.Blind = u.now.blind
	}
	for _, it := range u.stock.cases {
		if it.result == "" || it.result == Planned && (u.Yes || stop != nil) {
			it.result = Left
		}
		count := map[Result]*int{Undone: &r.Undone, Changed: &r.Changed, Kept: &r.Kept, Gone: &r.Gone, Adopted: &r.Adopted, Left: &r.Left}[it.result]
		if count != nil {
			*count++
		}
	}
	for _, it := range u.stock.others {
		if it.result == InDoubt {
			r.InDoubt++
		} else {
			r.Earlier++
		}
	}
	r.lines = append(slices.Clone(u.stock.cases), u.stock.others...)
	slices.SortStableFunc(r.lines, func(a, b *item) int { return cmp.Compare(a.row, b.row) })
	switch {
	case stop != nil:
		r.Exit, r.Error = stop.Exit, stop.Err.Error()
	case u.Yes && r.Changed+r.Kept+r.Adopted+r.InDoubt > 0:
		r.Exit = exit.Faults
	}
	return r
}

// Line is a line of the undo file.
type Line struct {
	Row         int
	Key, CaseID string
	Result      Result
	Reason      string
}

// Lines are what becomes of every case, and which rows are in doubt, by their rows.
func (r *Report) Lines() iter.Seq[Line] {
	return func(yield func(Line) bool) {
		for _, it := range r.lines {
			if !yield(Line{it.row, it.key, it.caseID, it.result, it.reason}) {
				return
			}
		}
	}
}

// Columns are those of the undo file.
var Columns = []string{"row", "key", "case_id", "result", "reason"}

// Write writes the undo file, which replaces that of an earlier time.
func (r *Report) Write(path string) error {
	return results.WriteTable(path, Columns, r.Lines(), func(l Line) []string {
		return []string{strconv.Itoa(l.Row), l.Key, l.CaseID, string(l.Result), l.Reason}
	})
}
