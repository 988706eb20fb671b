package importer

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// damaged is a journal after damage, and what was done to it.
type damaged struct {
	what string
	text []byte
}

// damages does all that is simple to a journal: every byte flipped, every line
// removed, repeated, and moved to every place, and every length.
func damages(text []byte) (all []damaged) {
	add := func(what string, n int, parts ...[]byte) {
		all = append(all, damaged{fmt.Sprintf("%s %d", what, n), bytes.Join(parts, nil)})
	}
	for at := range text {
		flipped := bytes.Clone(text)
		flipped[at] ^= 1 << (at % 8)
		add("flipped byte", at, flipped)
		add("cut after byte", at, text[:at])
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	lines = lines[:len(lines)-1]
	join := func(l ...[][]byte) (text []byte) {
		for _, l := range l {
			text = append(text, bytes.Join(l, nil)...)
		}
		return text
	}
	for n, line := range lines {
		add("removed line", n+1, join(lines[:n], lines[n+1:]))
		add("repeated line", n+1, join(lines[:n+1], lines[n:]))
		add("removed up to line", n+1, join(lines[:1], lines[n+1:]))
		for to := range lines {
			if rest := append(append([][]byte{}, lines[:n]...), lines[n+1:]...); to != n {
				add(fmt.Sprintf("line %d moved to", n+1), to+1, join(rest[:to], [][]byte{line}, rest[to:]))
			}
			if to > n {
				add(fmt.Sprintf("line %d and all removed up to", n+1), to+1, join(lines[:n], lines[to+1:]))
			}
		}
	}
	return all
}

// history is a realistic journal of several runs: killed, with doubts, refusals,
// releases, and a row that was looked up.
func (w *world) history() (journal, results []byte, cases []stored) {
	w.input("in.csv", linesOf(1, 14)...)
	one := func(c *Config) { c.Concurrency = 2; c.MaxFailures.Rows = 0 }
	killed := func(after time.Duration) {
		ctx, cancel := context.WithTimeout(context.Background(), after)
		defer cancel()
		w.runCtx(ctx, "in.csv", one)
	}
	w.api.fate = func(n int) fate {
		switch n {
		case 1, 5, 15:
			return refusedBy
		case 3:
			return cutAfter
		}
		return taken
	}
	killed(90 * time.Millisecond)
	killed(40 * time.Second)
	killed(20 * time.Millisecond)
	w.run("in.csv", one)
	w.input("more.csv", linesOf(15, 18)...)
	w.api.fate = loses(2, cutAfter)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	w.runCtx(ctx, "more.csv", one)
	w.api.fate = nil
	return []byte(w.read("out.journal")), []byte(w.read("out.csv")), w.api.cases
}

// TestDamagedJournals damages a journal in all simple ways, and goes on with it:
// nothing is made twice, or it is refused and nothing is sent. In the short form
// a sample; all of them, which takes minutes, by
//
//	CASEIMPORT_LONG=1 go test ./importer -run DamagedJournals -v -timeout 1h
func TestDamagedJournals(t *testing.T) {
	var journal, results []byte
	var cases []stored
	in(t, func(w *world) { journal, results, cases = w.history() })
	all := damages(journal)
	every := 1
	if os.Getenv("CASEIMPORT_LONG") == "" {
		every = len(all) / 60
	}
	for _, beside := range []bool{false, true} {
		refused, whole, left, tried := 0, 0, 0, 0
		for n := rand.IntN(every); n < len(all); n += every {
			d := all[n]
			tried++
			synctest.Test(t, func(bubble *testing.T) {
				w := newWorld(bubble)
				w.api.cases = append([]stored(nil), cases...)
				for i := range w.api.cases {
					w.api.cases[i].shown = time.Now()
				}
				w.input("in.csv", linesOf(1, 20)...)
				if err := os.WriteFile(w.path("out.journal"), d.text, 0o600); err != nil {
					t.Fatal(err)
				}
				if beside {
					if err := os.WriteFile(w.path("out.csv"), results, 0o600); err != nil {
						t.Fatal(err)
					}
				}
				sum, err := w.run("in.csv")
				switch {
				case sum.Exit == 1:
					refused++
					if w.api.requests() > 0 {
						t.Errorf("%s, results %v: refused after %d creates", d.what, beside, w.api.requests())
					}
				case sum.Exit == 0:
					whole++
				default:
					left++
				}
				if n := w.api.doubles(); n > 0 {
					t.Errorf("%s, results %v: %d cases too many, exit %d: %v\n%s", d.what, beside, n, sum.Exit, err, w.logged())
				}
				if n := len(w.api.counts()); sum.Exit == 0 && n != 20 {
					t.Errorf("%s, results %v: exit 0, and %d of 20 rows have a case", d.what, beside, n)
				}
			})
		}
		t.Logf("results beside it %v: %d damaged journals; %d refused, %d came to their end, of %d rows stay unknown", beside, tried, refused, whole, left)
	}
}
