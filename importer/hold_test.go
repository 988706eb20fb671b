package importer

import (
	"fmt"
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
		if n := w.api.renewed(); n != 1 {
			t.Errorf("%d new tokens: what was refused twice is refused", n)
		}
	})
}

// TestRefusalsThatNameAField are about their rows, however many there are.
func TestRefusalsThatNameAField(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 100)...)
		w.api.fate = func(n int) fate {
			if n >= 30 && n < 70 {
				return fate{answer: talkdesk.Answer{Verdict: talkdesk.Rejected, Status: 400, Code: "bad", Message: "not acceptable",
					Fields: []talkdesk.FieldError{{Name: "title", Description: "is taken"}}}}
			}
			return taken
		}
		if sum := w.must(3, "in.csv"); sum.Created != 60 || sum.Failed != 40 || w.api.renewed() != 0 {
			t.Errorf("%d new tokens, %+v", w.api.renewed(), sum)
		}
	})
}

// TestSessionThatEndsAgain: what a new token has put an end to once is known the next
// time by the first row that meets it, even if few are left.
func TestSessionThatEndsAgain(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 100)...)
		gone := fate{answer: talkdesk.Answer{Verdict: talkdesk.Rejected, Status: 400, Code: "SESSION_GONE", Message: "log on again"}}
		w.api.fate = func(int) fate {
			w.api.mu.Lock()
			stored := len(w.api.cases)
			w.api.mu.Unlock()
			if stored >= 40+55*w.api.renewed() {
				return gone
			}
			return taken
		}
		if sum := w.must(0, "in.csv"); sum.Created != 100 || w.api.renewed() != 2 {
			t.Errorf("%d new tokens, %+v", w.api.renewed(), sum)
		}
		w.once(keys(1, 100)...)
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
			case w.api.renewed() > 0 && n < 62:
				return cutAfter
			case w.api.renewed() > 0 || n < 39:
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

// TestTooManyFailuresAlike: rows that are kept back for being refused alike count for
// --max-failures.
func TestTooManyFailuresAlike(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 100)...)
		w.api.alike = func(title string) bool { return atoi(strings.TrimPrefix(title, "Subject ")) > 20 }
		sum, err := w.run("in.csv", func(c *Config) { c.Concurrency, c.MaxFailures = 1, MaxFailures{Rows: 5} })
		if sum.Exit != 4 || sum.Created != 20 || sum.Failed != 5 || !strings.Contains(err.Error(), "--max-failures") {
			t.Errorf("%v %+v", err, sum)
		}
	})
}

// TestPageThatGoes: the API answers again, if only to refuse rows.
func TestPageThatGoes(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 40)...)
		w.api.fate = func(n int) fate {
			switch {
			case n < 30:
				return taken
			case n < 37:
				return fate{answer: talkdesk.Answer{Status: 200, Code: "unreadable answer", Message: "Guest access", Page: true}}
			}
			return fate{answer: talkdesk.Answer{Verdict: talkdesk.Rejected, Status: 400, Code: "bad", Message: "not acceptable"}}
		}
		if sum := w.must(3, "in.csv"); sum.Created != 30 || sum.Failed != 10 {
			t.Errorf("%+v", sum)
		}
	})
}

// TestPageThatGoesFromUpdates: the same where only updates are left.
func TestPageThatGoesFromUpdates(t *testing.T) {
	in(t, func(w *world) {
		rows, changed := []string{}, []string{}
		for n := range 40 {
			rows = append(rows, fmt.Sprintf("T-%d,Subject %d,x,,,,,", n+1, n+1))
			changed = append(changed, fmt.Sprintf("T-%d,Changed %d,x,,,,,", n+1, n+1))
		}
		w.tickets(rows...)
		w.must(0, "in.csv")
		w.tickets(changed...)
		w.api.fateOfUpdate = func(n int) fate {
			if n < 5 {
				return fate{answer: talkdesk.Answer{Status: 200, Code: "unreadable answer", Message: "Guest access", Page: true}}
			}
			return fate{answer: talkdesk.Answer{Verdict: talkdesk.Rejected, Status: 400, Code: "bad", Message: "not acceptable", APIForm: true}}
		}
		if sum := w.must(3, "in.csv", updating, func(c *Config) { c.OutagePatience = time.Minute }); sum.Incomplete != 40 {
			t.Errorf("%+v", sum)
		}
	})
}
