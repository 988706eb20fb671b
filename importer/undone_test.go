package importer

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"caseimport/importer/identity"
	"caseimport/importer/journal"
)

// undo has the journal note that the cases of these rows may be in the Trash, or are.
// The server lists them all the same. The undo is killed before its end.
func (w *world) undo(gone bool, keys ...string) {
	w.t.Helper()
	j, err := journal.OpenUndo(w.path("out.journal"), journal.Header{Account: "acme", BaseURL: "https://api.example"}, journal.Begin{At: time.Now()})
	if err != nil {
		w.t.Fatal(err)
	}
	defer j.Close()
	cases := map[string]string{}
	for _, line := range w.results() {
		cases[line.Key] = line.CaseID
	}
	for _, key := range keys {
		err := j.MayUndo(identity.Key(key), cases[key])
		if err == nil && gone {
			err = j.Undo(identity.Key(key), cases[key])
		}
		if err != nil {
			w.t.Fatal(err)
		}
	}
}

// TestUndoneCasesAreNoRowsCases makes undone rows again, in every way in which a run
// looks for cases, against a server that shows those in the Trash.
func TestUndoneCasesAreNoRowsCases(t *testing.T) {
	adopting := func(c *Config) { c.Adopt = true }
	for _, c := range []struct {
		name   string
		fate   func(n int) fate
		change func(*Config)
		before func(w *world)
	}{
		{"sent", nil, nil, nil},
		{"answers are lost", func(n int) fate {
			if n%2 == 0 {
				return cutAfter
			}
			return taken
		}, nil, nil},
		{"rows are looked up before they are sent", nil, adopting, nil},
		{"the results are an older copy, and answers are lost", func(n int) fate {
			if n < 3 {
				return cutAfter
			}
			return taken
		}, func(c *Config) { c.Drain = after(time.Second) }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			in(t, func(w *world) {
				w.input("in.csv", linesOf(1, 6)...)
				w.must(0, "in.csv")
				time.Sleep(time.Minute) // until the list shows them
				older := w.read("out.csv")
				w.undo(true, keys(1, 6)...)
				w.api.fate = func(n int) fate {
					if n -= 6; c.fate == nil || n < 0 {
						return taken
					}
					return c.fate(n)
				}
				if strings.HasPrefix(c.name, "the results are") {
					w.run("in.csv", c.change)
					w.write("out.csv", strings.TrimSuffix(older, "\n"))
					w.must(0, "in.csv")
				} else if c.change != nil {
					w.must(0, "in.csv", c.change)
				} else {
					w.must(0, "in.csv")
				}
				for key, n := range w.api.counts() {
					if n != 2 {
						t.Errorf("%s has %d cases, one of them in the Trash", key, n)
					}
				}
				for _, line := range w.results() {
					if len(line.CaseID) == 1 && line.CaseID <= "6" {
						t.Errorf("%s has the case %s, which is in the Trash", line.Key, line.CaseID)
					}
				}
				if len(w.results()) != 6 {
					t.Errorf("the results are %v", w.results())
				}
			})
		})
	}
}

// TestUndoOfParents: a child that is made again belongs to the parent that is.
func TestUndoOfParents(t *testing.T) {
	in(t, func(w *world) {
		w.tickets("T-1,Child,x,,,,T-2,", "T-2,Parent,x,,,,,")
		w.must(0, "in.csv")
		w.undo(true, "T-1", "T-2")
		w.must(0, "in.csv")
		parents := map[string]int{}
		for _, c := range w.api.cases {
			if _, id, child := strings.Cut(c.body, `"parent_id":"`); child {
				parents[id[:1]]++
			}
		}
		if fmt.Sprint(parents) != "map[1:1 3:1]" {
			t.Errorf("children by their parents: %v", parents)
		}
	})
}

// TestUndoThatDidNotFinish leaves its rows as they are, and says so.
func TestUndoThatDidNotFinish(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 3)...)
		w.must(0, "in.csv")
		time.Sleep(time.Minute)
		w.undo(false, "T-3", "T-2")
		for i := range w.api.cases {
			if c := &w.api.cases[i]; c.key != "T-1" {
				c.shown = time.Now().Add(time.Hour) // they are gone
			}
		}
		if sum := w.must(0, "in.csv"); sum.Already != 3 {
			t.Errorf("%+v", sum)
		}
		if want := "an undo did not finish, and 2 cases may be in the Trash: run undo again first"; !strings.Contains(w.logged(), want) {
			t.Errorf("it does not say %q: %s", want, w.logged())
		}
		// Neither is taken for a case that proves the search.
		w.input("more.csv", linesOf(1, 4)...)
		w.api.fate = func(n int) fate {
			if n == 3 {
				return cutAfter
			}
			return taken
		}
		w.must(0, "more.csv")
		w.once(keys(1, 4)...)
	})
}

// TestFoundCasesAreNotOurs: a case that was there before the import, of which a run
// could not tell whether it is a row's, and a later one can, is not the import's to undo.
func TestFoundCasesAreNotOurs(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", line(1), line(2))
		w.api.store([]byte(`{"title":"Another","custom_fields":{"text_source_id":"T-1"}}`))
		time.Sleep(time.Minute)
		w.must(3, "in.csv", func(c *Config) { c.Adopt = true })
		w.input("in.csv", strings.Replace(line(1), "Subject 1", "Another", 1), line(2))
		w.must(0, "in.csv")
		w.once(keys(1, 2)...)
		j, err := journal.PlanUndo(w.path("out.journal"), journal.Header{Account: "acme", BaseURL: "https://api.example"}, journal.Begin{At: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		defer j.Close()
		for key, want := range map[string]bool{"T-1": false, "T-2": true} {
			if got := j.MadeHere(identity.Key(key)); got != want {
				t.Errorf("%s was made here: %v", key, got)
			}
		}
	})
}
