package importer

import (
	"strings"
	"testing"
	"time"

	"caseimport/importer/talkdesk"
)

// TestSameRefusalForEveryRow: a session is over, and every create is refused in the
// same words. A new token helps, or does not.
func TestSameRefusalForEveryRow(t *testing.T) {
	gone := fate{answer: talkdesk.Answer{Verdict: talkdesk.Rejected, Status: 400, Code: "SESSION_GONE", Message: "log on again"}}
	for _, helps := range []bool{true, false} {
		in(t, func(w *world) {
			w.input("in.csv", linesOf(1, 200)...)
			w.api.fate = func(n int) fate {
				if n >= 30 && (!helps || w.api.renewed() == 0) {
					return gone
				}
				return taken
			}
			sum, err := w.run("in.csv")
			switch {
			case helps && (sum.Exit != 0 || sum.Created != 200):
				t.Errorf("%v %+v", err, sum)
			case !helps && (sum.Exit != 4 || sum.Created != 30 || sum.Failed != 0 || !strings.Contains(err.Error(), "log on again")):
				t.Errorf("%v %+v", err, sum)
			}
			if w.api.renewed() != 1 {
				t.Errorf("%d new tokens", w.api.renewed())
			}
			w.api.fate = nil
			w.must(0, "in.csv")
			w.once(keys(1, 200)...)
		})
	}
}

// TestRowsThatAreRefusedAlike: many rows in a row share a fault of their own. The
// rows after them are taken.
func TestRowsThatAreRefusedAlike(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 100)...)
		w.api.alike = func(title string) bool {
			n := atoi(strings.TrimPrefix(title, "Subject "))
			return n > 20 && n <= 40
		}
		if sum := w.must(3, "in.csv"); sum.Created != 80 || sum.Failed != 20 || sum.Left != 0 {
			t.Errorf("%+v", sum)
		}
	})
}

// TestPagesInPlaceOfAnswers: nothing is created but one case now and then, no row is
// failed, and the run ends when it may wait no longer.
func TestPagesInPlaceOfAnswers(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 200)...)
		w.api.fate = func(n int) fate {
			if n >= 30 {
				return fate{answer: talkdesk.Answer{Status: 200, Code: "unreadable answer", Message: "Guest access", Page: true}}
			}
			return taken
		}
		sum, err := w.run("in.csv", func(c *Config) { c.OutagePatience = 2 * time.Minute; c.Settle = time.Second })
		if sum.Exit != 4 || sum.Failed+sum.Unknown != 0 || sum.Created != 30 || !strings.Contains(err.Error(), "Guest access") {
			t.Errorf("%v %+v", err, sum)
		}
		if w.api.creates > 30+4+3+15 {
			t.Errorf("%d creates were sent", w.api.creates)
		}
		w.api.fate = nil
		w.must(0, "in.csv")
		w.once(keys(1, 200)...)
	})
}

// TestTrialWhoseAnswerIsLost: a new token helps, and the one row that shows it gets no
// answer. Those that were refused before it are tried all the same.
func TestTrialWhoseAnswerIsLost(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 60)...)
		w.api.fate = func(n int) fate {
			switch {
			case w.api.renewals > 0 && n < 62:
				return cutAfter
			case w.api.renewals > 0 || n < 39:
				return taken
			}
			return fate{answer: talkdesk.Answer{Verdict: talkdesk.Rejected, Status: 400, Code: "SESSION_GONE", Message: "log on again"}}
		}
		if sum := w.must(0, "in.csv"); sum.Created != 60 {
			t.Errorf("%+v", sum)
		}
		w.once(keys(1, 60)...)
	})
}
