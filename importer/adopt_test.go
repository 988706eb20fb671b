package importer

import (
	"os"
	"strings"
	"testing"
	"time"

	"caseimport/importer/talkdesk"
)

func TestRefusedAdoptionLeavesTheResults(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 5)...)
		w.must(0, "in.csv")
		os.Remove(w.path("out.journal"))
		before := w.read("out.csv")
		w.api.read = func() (talkdesk.Answer, bool) {
			return talkdesk.Answer{Verdict: talkdesk.Halt, Status: 403, Denied: true, Message: "scope"}, true
		}
		sum, err := w.run("in.csv", func(c *Config) { c.Adopt = true })
		if sum.Exit != 1 {
			t.Fatal(sum, err)
		}
		if after := w.read("out.csv"); after != before {
			t.Errorf("exit 1, nothing sent, and the ids in the results file are gone:\n%s", after)
		}
	})
}

func TestInterruptedAdoptionLeavesTheResults(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 5)...)
		w.must(0, "in.csv")
		os.Remove(w.path("out.journal"))
		before := w.read("out.csv")
		drain := after(10 * time.Millisecond)
		w.run("in.csv", func(c *Config) { c.Adopt, c.Drain = true, drain })
		w.run("in.csv")
		if w.read("out.csv") != before {
			t.Errorf("the ids in the results file are gone:\n%s", w.read("out.csv"))
		}
	})
}

func TestKilledAdoptionLeavesTheResults(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 5)...)
		w.must(0, "in.csv")
		os.Remove(w.path("out.journal"))
		before := w.read("out.csv")
		drain := after(10 * time.Millisecond)
		w.run("in.csv", func(c *Config) { c.Adopt, c.Drain = true, drain })
		j := strings.SplitAfter(w.read("out.journal"), "\n")
		os.WriteFile(w.path("out.journal"), []byte(strings.Join(j[:2], "")), 0o600) // H and B
		w.run("in.csv")
		if w.read("out.csv") != before {
			t.Errorf("the ids in the results file are gone:\n%s", w.read("out.csv"))
		}
	})
}

func TestAdoptWithNothingLeftAsksNothing(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 5)...)
		w.must(0, "in.csv")
		sum := w.must(0, "in.csv", func(c *Config) { c.Adopt = true })
		if sum.Requests != 0 {
			t.Errorf("%+v", sum)
		}
	})
}

func TestEmptyJournalIsNone(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 5)...)
		w.must(0, "in.csv")
		os.Truncate(w.path("out.journal"), 0)
		before := w.read("out.csv")
		w.run("in.csv")
		if !w.has("out.csv") || w.read("out.csv") != before {
			t.Errorf("results file replaced from an empty journal")
		}
	})
}
