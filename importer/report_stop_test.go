package importer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"caseimport/importer/exit"
	"caseimport/importer/journal"
	"caseimport/importer/talkdesk"
	"caseimport/ratelimit"
)

func TestDoubtAfterTheStopKeepsItsReportRow(t *testing.T) {
	in(t, func(w *world) {
		w.api.fate = func(int) fate { return refusedBy }
		w.input("in.csv", linesOf(1, 5)...)
		w.must(3, "in.csv")
		before := w.read("out.failed.csv")
		w.api.latency = 2 * time.Second
		w.api.fate = func(n int) fate { return cutBefore }
		drain := after(time.Second)
		w.run("out.failed.csv", func(c *Config) { c.Drain = drain })
		after := ""
		if w.has("out.failed.csv") {
			after = w.read("out.failed.csv")
		}
		for _, k := range keys(1, 5) {
			if strings.Contains(before, k+",") && !strings.Contains(after, k+",") {
				t.Errorf("%s was in the report, has no case, and is gone: %s", k, after)
			}
		}
	})
}

func TestSecondSignalLeavesTheReport(t *testing.T) {
	in(t, func(w *world) {
		w.api.fate = func(n int) fate { return refusedBy }
		w.input("in.csv", linesOf(1, 40)...)
		w.must(3, "in.csv", func(c *Config) { c.MaxFailures = MaxFailures{Rows: 1000} })
		w.api.fate = nil
		w.api.latency = time.Second
		ctx, cancel := context.WithTimeout(context.Background(), 2500*time.Millisecond)
		defer cancel()
		sum, _ := w.runCtx(ctx, "out.failed.csv")
		after := ""
		if w.has("out.failed.csv") {
			after = w.read("out.failed.csv")
		}
		lost := 0
		for _, k := range keys(1, 40) {
			if w.api.counts()[k] == 0 && !strings.Contains(after, k+",") {
				lost++
			}
		}
		if lost > 0 {
			entries, _ := os.ReadDir(w.dir)
			t.Errorf("%d rows without a case are no longer in the input/report: %v kept %q", lost, entries, sum.Kept)
		}
		if w.has("out.failed.csv") {
			w.api.latency = 0
			if w.must(0, "out.failed.csv"); len(w.api.counts()) != 40 {
				t.Errorf("%d cases of 40", len(w.api.counts()))
			}
		}
	})
}

func TestInterruptedRunKeepsTheReport(t *testing.T) {
	in(t, func(w *world) {
		w.api.fate = func(int) fate { return refusedBy }
		w.input("in.csv", linesOf(1, 5)...)
		w.must(3, "in.csv")
		w.api.fate = nil
		drain := after(time.Second)
		w.run("in.csv", func(c *Config) { c.Drain = drain; c.Limiter = ratelimit.New(0.1) })
		if !w.has("out.failed.csv") {
			t.Errorf("results:\n%sand no failure report", w.read("out.csv"))
		}
	})
}

// Rows that were refused before are met long before they are handed on, behind all others:
// the report of those that the run does not come to stays.
func TestReportStaysOfWhatARunDoesNotComeTo(t *testing.T) {
	for name, c := range map[string]struct {
		rows int // of the input then
		stop func(*Config)
	}{
		"stopped among the new rows":          {400, func(c *Config) { c.Drain = after(15 * time.Second) }},
		"stopped among those that come later": {200, func(c *Config) { c.Drain = after(2 * time.Second) }},
		"a limit":                             {200, func(c *Config) { c.Limit = 5 }},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(w *world) {
				w.api.alike = func(title string) bool { return strings.HasSuffix(title, "0") || strings.HasSuffix(title, "5") }
				w.input("in.csv", linesOf(1, 200)...)
				w.must(3, "in.csv")
				w.api.alike = nil
				w.input("in.csv", linesOf(1, c.rows)...)
				w.must(4, "in.csv", func(cfg *Config) { cfg.Concurrency, cfg.Limiter = 2, ratelimit.New(10); c.stop(cfg) })
				if !strings.Contains(w.read("out.failed.csv"), "\nT-200,") {
					t.Error("row 200 has failed, and stands in no report")
				}
			})
		})
	}
}

func TestInterruptedBeforeItBegan(t *testing.T) {
	in(t, func(w *world) {
		w.api.fate = func(int) fate { return refusedBy }
		w.input("in.csv", linesOf(1, 5)...)
		w.must(3, "in.csv")
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_, err := w.runCtx(ctx, "out.failed.csv")
		var s *exit.Stop
		if errors.As(err, &s) && strings.Contains(s.Error(), "context canceled") {
			t.Errorf("no message for people: %v", err)
		}
	})
}

func TestDuplicateHandedBackStaysDuplicate(t *testing.T) {
	in(t, func(w *world) {
		w.api.fate = func(n int) fate {
			if n == 1 {
				return refusedBy
			}
			return taken
		}
		w.input("in.csv", line(1), line(2), "T-1,Another subject,Another body,open,low")
		w.must(3, "in.csv", func(c *Config) { c.Concurrency = 1 })
		drain := after(0)
		w.must(4, "out.failed.csv", func(c *Config) { c.Drain = drain })
		sum, _ := w.run("out.failed.csv")
		if sum.Duplicate != 1 || sum.Exit != 3 {
			t.Errorf("a duplicate with its key unchanged must stay duplicate: %+v report there: %v", sum, w.has("out.failed.csv"))
		}
	})
}

// A row in doubt that is handed back belongs to no other results file.
func TestUnknownHandedBackStaysTied(t *testing.T) {
	in(t, func(w *world) {
		w.api.read = func() (talkdesk.Answer, bool) {
			return talkdesk.Answer{Verdict: talkdesk.Halt, Status: 403, Denied: true}, true
		}
		w.api.fate = func(int) fate { return cutAfter }
		w.input("in.csv", line(1), line(2))
		w.must(3, "in.csv")
		w.api.fate = nil
		drain := after(0)
		w.must(4, "out.failed.csv", func(c *Config) { c.Drain = drain })
		sum, _ := w.run("out.failed.csv", func(c *Config) { c.Results = w.path("wrong.csv") })
		if d := w.api.doubles(); d > 0 || sum.Exit != 1 {
			t.Errorf("%d doubles; exit %d", d, sum.Exit)
		}
	})
}

func TestRowHandedBackKeepsItsError(t *testing.T) {
	in(t, func(w *world) {
		w.api.fate = func(int) fate { return refusedBy }
		w.input("in.csv", linesOf(1, 2)...)
		w.must(3, "in.csv")
		drain := after(0)
		w.run("out.failed.csv", func(c *Config) { c.Drain = drain })
		if !strings.Contains(w.read("out.failed.csv"), "400 no") {
			t.Errorf("why the rows failed is no longer said:\n%s", w.read("out.failed.csv"))
		}
	})
}

func TestLimitOnAReportRepeatedly(t *testing.T) {
	in(t, func(w *world) {
		w.api.fate = func(int) fate { return refusedBy }
		w.input("in.csv", append(linesOf(1, 20), "T-1,Again,Body,open,low", "T-50,,none,open,low", ",no key,b,open,low")...)
		w.must(3, "in.csv")
		w.api.fate = nil
		for range 8 {
			if !w.has("out.failed.csv") {
				break
			}
			w.run("out.failed.csv", func(c *Config) { c.Limit = 3 })
			checkReport(t, w, 20)
		}
		w.once(keys(1, 20)...)
	})
}

func TestReportUnderStops(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			in(t, func(w *world) {
				rnd := rand.New(rand.NewPCG(seed, 1))
				w.api.fate = func(n int) fate { return refusedBy }
				w.input("in.csv", linesOf(1, 40)...)
				w.must(3, "in.csv")
				w.api.latency = 200 * time.Millisecond
				w.api.fate = mix(seed, map[*fate]int{&refusedBy: 20, &cutAfter: 10, &cutBefore: 10, &throttle: 5, &unreached: 5})
				for run := range 4 {
					if !w.has("out.failed.csv") {
						break
					}
					drain := after(time.Duration(rnd.Int64N(int64(40 * time.Second))))
					sum, err := w.run("out.failed.csv", func(c *Config) { c.Drain = drain })
					if sum.Exit == 1 || sum.Exit == 2 {
						t.Fatalf("run %d: %+v %v", run, sum, err)
					}
					checkReport(t, w, 40)
				}
				if d := w.api.doubles(); d > 0 {
					t.Errorf("%d too many", d)
				}
			})
		})
	}
}

func TestFailingJournalLosesNoReportRow(t *testing.T) {
	for _, kind := range []string{"write", "sync"} {
		for n := int64(2); n < 12; n++ {
			t.Run(fmt.Sprint(kind, n), func(t *testing.T) {
				in(t, func(w *world) {
					w.api.fate = func(n int) fate { return refusedBy }
					w.input("in.csv", linesOf(1, 40)...)
					w.must(3, "in.csv")
					w.api.fate = func(n int) fate {
						switch n % 4 {
						case 0:
							return refusedBy
						case 1:
							return cutAfter
						}
						return taken
					}
					if kind == "write" {
						w.failJournal(n, 0)
					} else {
						w.failJournal(0, n)
					}
					_, err := w.run("out.failed.csv")
					w.wrap = nil
					if err != nil && strings.Count(err.Error(), "the journal:") > 1 {
						t.Errorf("said more than once: %q", err)
					}
					checkReport(t, w, 40)
				})
			})
		}
	}
}

// failing is a journal whose n-th write or sync fails.
type failing struct {
	*os.File
	writes, syncs       atomic.Int64
	failWrite, failSync int64
}

func (f *failing) Write(p []byte) (int, error) {
	if n := f.writes.Add(1); f.failWrite > 0 && n >= f.failWrite {
		k, _ := f.File.Write(p[:len(p)/2])
		return k, syscall.ENOSPC
	}
	return f.File.Write(p)
}

func (f *failing) Sync() error {
	if n := f.syncs.Add(1); f.failSync > 0 && n >= f.failSync {
		return syscall.EIO
	}
	return f.File.Sync()
}

func (w *world) failJournal(write, sync int64) {
	w.wrap = func(f *os.File, _ int64) journal.File { return &failing{File: f, failWrite: write, failSync: sync} }
}

// checkReport demands that every row without a case still stands in out.failed.csv.
func checkReport(t *testing.T, w *world, n int) {
	t.Helper()
	text := ""
	if w.has("out.failed.csv") {
		text = w.read("out.failed.csv")
	}
	for _, k := range keys(1, n) {
		if w.api.counts()[k] == 0 && !strings.Contains(text, "\n"+k+",") {
			t.Errorf("%s has no case and is not in the report", k)
			if others, _ := filepath.Glob(w.path("out.failed.*.csv")); len(others) > 0 {
				t.Logf("kept: %v", others)
			}
			return
		}
	}
}
