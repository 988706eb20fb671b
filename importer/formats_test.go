package importer

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// killed puts the files of a run there that the version before this one made, and
// that was killed: T-3 has its case and the answer was lost, T-6 was never stored,
// and T-8 was refused.
func (w *world) killed() {
	w.t.Helper()
	w.left("format1", 2, 1, 4, 3, 5, 7, 9, 10, 12, 11)
}

// left puts the files of a run there that an older version made, and the cases of
// these rows in the order of their ids.
func (w *world) left(format string, rows ...int) {
	w.t.Helper()
	for _, name := range []string{"journal", "csv"} {
		b, err := os.ReadFile("testdata/" + format + "/killed." + name)
		if err != nil {
			w.t.Fatal(err)
		}
		if err := os.WriteFile(w.path("out."+name), b, 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
	for _, n := range rows {
		w.api.store(fmt.Appendf(nil, `{"title":"Subject %d","custom_fields":{"text_source_id":"T-%d"}}`, n, n))
	}
	for _, line := range w.results() {
		if line.CaseID != "" && w.api.cases[atoi(line.CaseID)-1].key != line.Key {
			w.t.Fatalf("case %s is not of %s", line.CaseID, line.Key)
		}
	}
	w.input("in.csv", linesOf(1, 12)...)
	time.Sleep(time.Minute)
}

// noted notes a hash of the mapping in the killed run.
func (w *world) noted(mapping string) {
	w.rejournal(func(l string) string { return strings.Replace(l, "B {", `B {"mapping":"`+mapping+`",`, 1) })
}

func TestOldJournalIsGoneOnWith(t *testing.T) {
	in(t, func(w *world) {
		w.killed()
		w.noted("1")
		if sum := w.must(0, "in.csv", hash("1")); sum.Already != 10 || sum.Created != 2 {
			t.Errorf("%+v", sum)
		}
		w.once(keys(1, 12)...)
		if l := w.results()[3]; l.CaseID != "4" {
			t.Errorf("T-3: %+v", l)
		}
		old, now, _ := strings.Cut(w.read("out.journal"), " L 310ms\n") // the last line of the version before
		if !strings.Contains(old, ` H {"format":4,`) {
			t.Errorf("the header is %.60s", old)
		}
		for n, l := range strings.Split(strings.TrimSpace(now), "\n") {
			if !strings.HasPrefix(l[8:], fmt.Sprintf(" %d ", n+1)) {
				t.Errorf("new line %d is numbered otherwise: %s", n+1, l)
			}
		}
		if sum := w.must(0, "in.csv", hash("1")); sum.Already != 12 || sum.Requests != 0 {
			t.Errorf("%+v", sum)
		}
		// From here on a line that is moved is told.
		lines := strings.SplitAfter(w.read("out.journal"), "\n")
		last := len(lines) - 2
		lines[last], lines[last-1] = lines[last-1], lines[last]
		if err := os.WriteFile(w.path("out.journal"), []byte(strings.Join(lines, "")), 0o600); err != nil {
			t.Fatal(err)
		}
		w.refuses("in.csv", []string{"moved"}, hash("1"))
	})
}

// By which field the cases of an old journal can be found is known only where the
// mapping is the same.
func TestOldJournalOfAnotherMapping(t *testing.T) {
	for _, noted := range []string{"", "1"} {
		in(t, func(w *world) {
			w.killed()
			if noted != "" {
				w.noted(noted)
			}
			for range 2 {
				sum := w.must(3, "in.csv", hash("2"))
				if sum.Unknown != 2 || sum.Already+sum.Created != 10 {
					t.Errorf("%+v", sum)
				}
			}
			for key, n := range w.api.counts() {
				if n > 1 {
					t.Errorf("%s has %d cases", key, n)
				}
			}
			// A person looks, and says so.
			w.edit("out.failed.csv", "T-3,", "T-X,") // found: taken out of what is sent
			w.must(3, "out.failed.csv", hash("2"), resend)
			w.once(keys(1, 12)...)
		})
	}
}

// Damage to an old journal is refused, or costs a look-up.
func TestOldJournalDamaged(t *testing.T) {
	whole := ""
	in(t, func(w *world) { w.killed(); whole = w.read("out.journal") })
	lines := strings.SplitAfter(whole, "\n")
	refused, ran := 0, 0
	for n := range lines[:len(lines)-1] {
		in(t, func(w *world) {
			w.killed()
			w.noted("1")
			all := strings.SplitAfter(w.read("out.journal"), "\n")
			all[n] = all[n][:len(all[n])/2] + "?" + all[n][len(all[n])/2+1:]
			if err := os.WriteFile(w.path("out.journal"), []byte(strings.Join(all, "")), 0o600); err != nil {
				t.Fatal(err)
			}
			sum, _ := w.run("in.csv", hash("1"))
			if sum.Exit == 1 {
				refused++
			} else {
				ran++
			}
			if n := w.api.doubles(); n > 0 {
				t.Errorf("line %d damaged: %d cases too many", n, n)
			}
		})
	}
	t.Logf("%d refused, %d read past", refused, ran)
}

// TestJournalOfFormat2: two rows of a killed run have no outcome, T-2 and T-12. What
// the cases of the others hold is not known, so that what has changed in them is not
// carried over, but what changes from then on.
func TestJournalOfFormat2(t *testing.T) {
	in(t, func(w *world) {
		w.left("format2", 1, 3, 2, 4, 7, 5, 6, 9, 8, 10, 11, 12)
		if sum := w.must(0, "in.csv"); sum.Already != 12 || sum.Unmatched != 10 {
			t.Errorf("%+v", sum)
		}
		lines := linesOf(1, 12)
		lines[1], lines[3] = strings.Replace(lines[1], "Body", "Text", 1), strings.Replace(lines[3], "Body", "Text", 1)
		w.input("in.csv", lines...)
		sum := w.must(0, "in.csv", func(c *Config) { c.Update = true })
		if sum.Updated != 1 || sum.Assumed != 10 || sum.Unmatched+sum.Changed != 0 {
			t.Errorf("%+v", sum)
		}
		if c := w.api.cases[2]; c.set["description"] != "Text of 2" || c.updates != 1 {
			t.Errorf("%+v", c)
		}
		if sum := w.must(0, "in.csv", func(c *Config) { c.Update = true }); sum.Updated != 0 || sum.Requests != 0 || sum.Assumed != 0 {
			t.Errorf("%+v", sum)
		}
		lines[4] = strings.Replace(lines[4], "Body", "Text", 1)
		w.input("in.csv", lines...)
		if sum := w.must(0, "in.csv", func(c *Config) { c.Update = true }); sum.Updated != 1 {
			t.Errorf("what changed later: %+v", sum)
		}
	})
}
