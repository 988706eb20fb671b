package importer

import (
	"fmt"
	"strings"
	"testing"
)

// commented is a mapping whose notes stand in a second file.
const commented = `version: 1
key: {column: Id, custom_field: text_source_id}
case: {title: Subject, description: Body, requester_name: {const: Someone}}
notes:
  - {from: {file: comments.csv, key: ticket, sort: at}, note_title: {expr: 'parent["Subject"]'}, note_body: text}
`

const commentsHeader = "ticket,at,text"

// commented makes n tickets and a comment for each.
func (w *world) commented(n int) {
	w.t.Helper()
	w.mapping = commented
	tickets, comments := []string{"Id,Subject,Body"}, []string{commentsHeader}
	for i := range n {
		tickets = append(tickets, fmt.Sprintf("T-%d,S%d,x", i, i))
		comments = append(comments, fmt.Sprintf("T-%d,1,first of %d", i, i))
	}
	w.write("in.csv", tickets...)
	w.write("comments.csv", comments...)
}

func TestLaterCommentsAreNewNotes(t *testing.T) {
	in(t, func(w *world) {
		w.commented(2)
		w.must(0, "in.csv")
		if c := w.at("T-0"); !strings.Contains(c.body, `"notes":[{"note_title":"S0","note_body":"first of 0","public":false}]`) {
			t.Errorf("%s", c.body)
		}
		// The next night, two comments more; one of them is older.
		w.write("comments.csv", commentsHeader, "T-1,1,first of 1", "T-0,2,third of 0", "T-0,1,first of 0", "T-0,0,second of 0", "T-0,3, ", "T-9,1,nobody's")
		if sum := w.must(0, "in.csv"); sum.Already != 2 || sum.Updated != 0 {
			t.Errorf("without --update: %+v", sum)
		}
		for range 2 {
			w.must(0, "in.csv", updating)
		}
		c := w.at("T-0")
		if len(c.notes) != 2 || c.notes[0].Body != "second of 0" || c.notes[1].Body != "third of 0" || c.updates != 1 {
			t.Errorf("%d updates: %+v", c.updates, c.notes)
		}
		if c := w.at("T-1"); c.updates != 0 {
			t.Errorf("%+v", c)
		}
	})
}

// A second file that changes stops the run, and no row is charged with it.
func TestASecondFileThatChangesStopsTheRun(t *testing.T) {
	in(t, func(w *world) {
		const rows = 3000
		w.commented(rows)
		w.api.fate = func(n int) fate {
			if n == 0 {
				w.write("comments.csv", commentsHeader, "T-1,1,another")
			}
			return taken
		}
		sum, err := w.run("in.csv")
		if err == nil || !strings.Contains(err.Error(), "comments.csv: the file has changed since it was first read") {
			t.Errorf("%v", err)
		}
		if sum.Exit != 4 || sum.Created == 0 || sum.Created+sum.Left != rows {
			t.Errorf("%+v", sum)
		}
		w.api.fate = nil
		w.commented(rows)
		if sum := w.must(0, "in.csv"); sum.Created+sum.Already != rows || sum.Failed+sum.Invalid > 0 {
			t.Errorf("the next run: %+v", sum)
		}
	})
}
