package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func caseOf(n int) string { return fmt.Sprint(1000 + n) }

// imported is a journal of an import of n rows, all created, the last one latest.
func imported(t testing.TB, n int) *mem {
	t.Helper()
	m := newMem()
	j, err := OpenFile(m, 0, pin, Begin{Input: "in.csv", Field: "text1", Mapping: "sum", Results: "in.results.csv", At: time.Unix(1000, 0)})
	must(t, err)
	var claims []Claim
	for i := range n {
		claims = append(claims, claimOf(i))
	}
	must(t, j.Claim(claims))
	for i := range n {
		must(t, j.Record(Outcome{ID: idOf(i), State: Created, Row: i + 1, Sent: time.Duration(i + 1), Line: lineOf(i)}))
	}
	must(t, j.End(End{Left: 2, Size: 77, Time: time.Unix(2000, 0), Lived: time.Minute, Report: "its sum"}))
	return m
}

// begin opens it for another run.
func begin(t testing.TB, m *mem, b Begin) *Journal {
	t.Helper()
	j, err := OpenFile(m, int64(len(m.data)), pin, b)
	must(t, err)
	return j
}

func TestUndoneRowsMayBeSentAgain(t *testing.T) {
	m := imported(t, 4)
	undo := begin(t, m, Begin{Undo: true})
	must(t, undo.MayUndo(idOf(3), caseOf(3)))
	must(t, undo.Undo(idOf(3), caseOf(3)))
	must(t, undo.MayUndo(idOf(2), caseOf(2)))
	must(t, undo.MayUndo(idOf(0), caseOf(0)))
	must(t, undo.KeepAfterAll(idOf(0), caseOf(0)))

	check := func(j *Journal) {
		t.Helper()
		if s := []State{j.State(idOf(0)), j.State(idOf(1)), j.State(idOf(2)), j.State(idOf(3))}; !slices.Equal(s, []State{Created, Created, Created, Undone}) {
			t.Errorf("states %q", s)
		}
		if j.Undoing(idOf(0)) || !j.Undoing(idOf(2)) || j.Undoing(idOf(3)) || j.MayBeGone() != 1 {
			t.Errorf("%d may be gone", j.MayBeGone())
		}
		if !j.InTrash(caseOf(3)) || j.InTrash(caseOf(2)) || j.InTrash(caseOf(0)) {
			t.Error("the Trash is not as it was left")
		}
		var left []string
		must(t, j.Outcomes(func(o Outcome) error { left = append(left, string(o.Line)); return nil }))
		if want := []string{string(lineOf(0)), string(lineOf(1)), string(lineOf(2))}; !slices.Equal(left, want) {
			t.Errorf("the results have %v", left)
		}
	}
	check(undo)
	j := begin(t, m, Begin{Field: "text1"})
	check(j)
	if j.Changed() {
		t.Error("changed by being read")
	}
	// The newest case that is surely there stands in for the one that is not.
	if line, lived, _ := j.Newest(); string(line) != string(lineOf(1)) || lived != time.Minute || j.NewestRun() != -1 {
		t.Errorf("newest %s of run %d, %v ago", line, j.NewestRun(), lived)
	}

	// The row is sent again, and gets another case.
	must(t, j.Claim([]Claim{claimOf(3)}))
	if s := begin(t, &mem{data: bytes.Clone(m.data), room: -1, syncs: -1}, Begin{}).State(idOf(3)); s != Claimed {
		t.Errorf("sent again: %q", s)
	}
	must(t, j.Record(Outcome{ID: idOf(3), State: Created, Row: 4, Sent: 5, Line: []byte("again")}))
	must(t, j.End(End{}))
	j = begin(t, m, Begin{Field: "text1"})
	if line, _, _ := j.Newest(); string(line) != "again" || j.State(idOf(3)) != Created || !j.InTrash(caseOf(3)) {
		t.Errorf("%q, newest %s", j.State(idOf(3)), line)
	}
}

// The newest case proves the search as long as nobody may have moved it to the Trash.
func TestWhichUndoingsMatterToTheNewestCase(t *testing.T) {
	for _, tt := range []struct {
		name   string
		play   func(j *Journal) error
		newest int
		lived  time.Duration
	}{
		{"of another row", func(j *Journal) error {
			return errors.Join(j.MayUndo(idOf(0), caseOf(0)), j.Undo(idOf(0), caseOf(0)), j.MayUndo(idOf(1), caseOf(1)))
		}, 2, time.Minute - 3},
		{"another row's case is kept", func(j *Journal) error { return j.KeepAfterAll(idOf(0), caseOf(0)) }, 2, time.Minute - 3},
		{"it is kept", func(j *Journal) error { return j.KeepAfterAll(idOf(2), caseOf(2)) }, 2, time.Minute - 3},
		{"it may go", func(j *Journal) error { return j.MayUndo(idOf(2), caseOf(2)) }, 1, time.Minute},
		{"it is gone", func(j *Journal) error { return j.Undo(idOf(2), caseOf(2)) }, 1, time.Minute},
	} {
		m := imported(t, 3)
		must(t, tt.play(begin(t, m, Begin{Undo: true})))
		if line, lived, _ := begin(t, m, Begin{Field: "text1"}).Newest(); string(line) != string(lineOf(tt.newest)) || lived != tt.lived {
			t.Errorf("%s: newest %s, lived %v", tt.name, line, lived)
		}
	}
}

func TestNoCaseIsLeftToProveTheSearch(t *testing.T) {
	m := imported(t, 2)
	undo := begin(t, m, Begin{Undo: true})
	for i := range 2 {
		must(t, undo.MayUndo(idOf(i), caseOf(i)))
		must(t, undo.Undo(idOf(i), caseOf(i)))
	}
	if line, _, _ := begin(t, m, Begin{Field: "text1"}).Newest(); line != nil {
		t.Errorf("newest %s", line)
	}
}

// What an undo leaves of the last import: its input and mapping; and of its results,
// that they show too much, until the undo has come to its end.
func TestUndoIsARunBesideTheImport(t *testing.T) {
	m := imported(t, 2)
	undo := begin(t, m, Begin{Undo: true, Input: "none", At: time.Unix(5000, 0)})
	if last := undo.Last(); last.Input != "in.csv" || !last.Ended || last.Size != 77 {
		t.Errorf("it finds %+v", last)
	}
	must(t, undo.MayUndo(idOf(1), caseOf(1)))
	last := begin(t, m, Begin{}).Last()
	if last.Input != "in.csv" || last.Mapping != "sum" || !last.Ended || last.Size != 0 || last.Left != 2 || last.Report != "its sum" {
		t.Errorf("an undo that was killed leaves %+v", last)
	}

	m = imported(t, 2)
	undo = begin(t, m, Begin{Undo: true})
	must(t, undo.NoteLived(time.Hour))
	must(t, undo.End(End{Left: 3, Size: 55, Time: time.Unix(3000, 0), Lived: 2 * time.Hour}))
	j := begin(t, m, Begin{Field: "text1"})
	if last := j.Last(); last.Input != "in.csv" || !last.Ended || last.Size != 55 || last.Left != 3 || last.Report != "its sum" {
		t.Errorf("it leaves %+v", last)
	}
	// Requests of the import have had its time to arrive.
	if _, lived, _ := j.Newest(); lived < 2*time.Hour || !j.Began().Equal(time.Unix(1000, 0)) || !slices.Equal(j.Fields(), []string{"text1"}) {
		t.Errorf("lived %v since the newest case, began %v, fields %q", lived, j.Began(), j.Fields())
	}

	// Where the import had not come to its end, it has not by an undo.
	m = imported(t, 2)
	begin(t, m, Begin{Input: "killed.csv"})
	must(t, begin(t, m, Begin{Undo: true}).End(End{Size: 55}))
	if last := begin(t, m, Begin{}).Last(); last.Ended || last.Input != "killed.csv" {
		t.Errorf("a run that was killed: %+v", last)
	}
}

func TestWhichCasesWereMadeHere(t *testing.T) {
	outcome := func(n int, s State) Outcome { return Outcome{ID: idOf(n), State: s, Row: n + 1, Line: lineOf(n)} }
	for _, c := range []struct {
		name string
		play func(j *Journal)
		want bool
	}{
		{"sent", func(j *Journal) { j.Claim([]Claim{claimOf(0)}); j.Record(outcome(0, Created)) }, true},
		{"sent, lost, found", func(j *Journal) {
			j.Claim([]Claim{claimOf(0)})
			j.Record(outcome(0, Unknown))
			j.Record(outcome(0, Created))
		}, true},
		{"found", func(j *Journal) { j.Record(outcome(0, Created)) }, false},
		{"found, to be updated", func(j *Journal) { j.Record(outcome(0, Incomplete)); j.Record(outcome(0, Created)) }, false},
		{"found with another title, then taken", func(j *Journal) { j.Record(outcome(0, Unknown)); j.Record(outcome(0, Created)) }, false},
		{"claimed, not sent, then found", func(j *Journal) {
			j.Claim([]Claim{claimOf(0)})
			j.Release([]ID{idOf(0)})
			j.Record(outcome(0, Created))
		}, false},
		{"refused, then found", func(j *Journal) {
			j.Claim([]Claim{claimOf(0)})
			j.Record(outcome(0, Failed))
			j.Record(outcome(0, Created))
		}, false},
		{"refused, then sent again", func(j *Journal) {
			j.Claim([]Claim{claimOf(0)})
			j.Record(outcome(0, Failed))
			j.Claim([]Claim{claimOf(0)})
			j.Record(outcome(0, Created))
		}, true},
		{"undone, then another found", func(j *Journal) {
			j.Claim([]Claim{claimOf(0)})
			j.Record(outcome(0, Created))
			j.MayUndo(idOf(0), "1")
			j.Undo(idOf(0), "1")
			j.Record(outcome(0, Created))
		}, false},
		{"undone", func(j *Journal) {
			j.Claim([]Claim{claimOf(0)})
			j.Record(outcome(0, Created))
			j.MayUndo(idOf(0), "1")
			j.Undo(idOf(0), "1")
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMem()
			j := reopen(t, m)
			c.play(j)
			must(t, j.Flush())
			if j.MadeHere(idOf(0)) != c.want || reopen(t, m).MadeHere(idOf(0)) != c.want {
				t.Errorf("made here: %v, want %v", !c.want, c.want)
			}
		})
	}
}

// Whatever a crash leaves of the last line, a row that was undone has its case or is
// undone; and a row that is sent again is never held for one that has its old case.
func TestTornUndo(t *testing.T) {
	m := imported(t, 1)
	undo := begin(t, m, Begin{Undo: true})
	must(t, undo.MayUndo(idOf(0), caseOf(0)))
	synced := len(m.data)
	must(t, undo.Undo(idOf(0), caseOf(0)))
	for cut := synced; cut <= len(m.data); cut++ {
		torn := &mem{data: bytes.Clone(m.data[:cut]), room: -1, syncs: -1}
		j := begin(t, torn, Begin{Field: "text1"})
		if s := j.State(idOf(0)); s != Undone && !(s == Created && j.Undoing(idOf(0))) {
			t.Fatalf("cut at %d of %d: %q", cut, len(m.data), s)
		}
	}
	without(m, "\tgone\t", 1)
	j := begin(t, m, Begin{Field: "text1"})
	must(t, j.Claim([]Claim{claimOf(0)}))
	if s := begin(t, m, Begin{Field: "text1"}).State(idOf(0)); s != Claimed {
		t.Errorf("sent again behind a lost line: %q", s)
	}
}

func TestUndoOfFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "in.results.journal")
	if _, err := OpenUndo(path, Header{Account: "acme", BaseURL: "https://api.example"}, Begin{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a journal: %v", err)
	}
	j, err := Open(path, pin, Begin{Results: "in.results.csv"})
	must(t, err)
	var held *HeldError
	if _, err := PlanUndo(path, Header{Account: "acme", BaseURL: "https://api.example"}, Begin{}); !errors.As(err, &held) {
		t.Errorf("while a run goes on: %v", err)
	}
	must(t, j.Claim([]Claim{claimOf(0)}))
	must(t, j.Record(Outcome{ID: idOf(0), State: Created, Row: 1, Line: lineOf(0)}))
	must(t, j.Close())
	for account, results := range map[string]string{"other": "in.results.csv", "acme": "other.results.csv"} {
		var pinned *PinError
		if _, err := PlanUndo(path, Header{Account: account, BaseURL: "https://api.example"}, Begin{Results: results}); !errors.As(err, &pinned) {
			t.Errorf("%s, %s: %v", account, results, err)
		}
	}
	before := read(t, path)
	look, err := PlanUndo(path, Header{Account: "acme", BaseURL: "https://api.example"}, Begin{Results: "in.results.csv"})
	must(t, err)
	if !look.MadeHere(idOf(0)) {
		t.Error("it does not know the row")
	}
	if _, err := Open(path, pin, Begin{}); !errors.As(err, &held) {
		t.Errorf("a run while somebody looks: %v", err)
	}
	must(t, look.Close())
	if read(t, path) != before {
		t.Error("a look has changed the journal")
	}
	undo, err := OpenUndo(path, Header{Account: "acme", BaseURL: "https://api.example"}, Begin{Process: 4711})
	must(t, err)
	if _, err := Open(path, pin, Begin{}); err == nil || !strings.Contains(err.Error(), "an undo (process 4711") {
		t.Errorf("a run meanwhile: %v", err)
	}
	must(t, undo.MayUndo(idOf(0), caseOf(0)))
	must(t, undo.Undo(idOf(0), caseOf(0)))
	must(t, undo.Close())
	var steps []Undoing
	_, err = Walk(path, func(s Step) error {
		if s.Undoing != nil {
			steps = append(steps, *s.Undoing)
		}
		return nil
	})
	must(t, err)
	if want := []Undoing{{idOf(0), caseOf(0), May}, {idOf(0), caseOf(0), Gone}}; !slices.Equal(steps, want) {
		t.Errorf("its history is %v", steps)
	}
}

func TestFullDiskStopsAnUndo(t *testing.T) {
	m := imported(t, 1)
	j := begin(t, m, Begin{Undo: true})
	m.room = 10
	if err := j.MayUndo(idOf(0), caseOf(0)); !errors.Is(err, errDisk) || j.Undoing(idOf(0)) {
		t.Errorf("%v", err)
	}
	m.room = -1
	if j.Undo(idOf(0), caseOf(0)) == nil || j.State(idOf(0)) != Created {
		t.Error("it goes on after a failed write")
	}
}

func read(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	return string(text)
}
