package importer

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"caseimport/importer/exit"
	"caseimport/importer/results"
	"caseimport/importer/talkdesk"
	"caseimport/ratelimit"
)

// in runs a test in a bubble with a world of its own.
func in(t *testing.T, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(newWorld(t)) })
}

func TestRunAgainDoesOnlyWhatIsLeft(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", append(linesOf(1, 20), "T-21,,no subject,open,low", "T-22,Spam,x,spam,low", line(3))...)
		sum := w.must(3, "in.csv")
		if sum.Created != 20 || sum.Invalid != 1 || sum.Filtered != 1 || sum.Duplicate != 1 {
			w.t.Errorf("%+v", sum)
		}
		if got := w.results(); len(got) != 22 || got[21].Status != results.Invalid || got[23].Status != results.Duplicate || !strings.Contains(got[23].ErrorMessage, "row 3") {
			w.t.Errorf("results: %+v", got)
		}
		again := w.must(3, "in.csv")
		if again.Already != 20 || again.Requests != 0 {
			w.t.Errorf("second run: %+v", again)
		}
		if got := w.results(); len(got) != 22 {
			w.t.Errorf("results after the second run: %d lines", len(got))
		}
		w.once(keys(1, 20)...)
	})
}

func TestResultsAreMadeAnewFromTheJournal(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 5)...)
		w.must(0, "in.csv")
		before := w.read("out.csv")
		for _, damage := range []func(){
			func() { os.Remove(w.path("out.csv")) },
			func() { os.Truncate(w.path("out.csv"), 100) },
		} {
			damage()
			w.must(0, "in.csv")
			if after := w.read("out.csv"); sorted(after) != sorted(before) {
				w.t.Errorf("before:\n%safter:\n%s", before, after)
			}
		}
	})
}

func sorted(text string) string {
	lines := strings.Split(text, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func TestResultsWithoutJournalAreNotReplaced(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 5)...)
		w.must(0, "in.csv")
		os.Remove(w.path("out.journal"))
		before := w.read("out.csv")
		_, err := w.run("in.csv")
		var stop *exit.Stop
		if !errors.As(err, &stop) || stop.Exit != 1 || !strings.Contains(stop.Hint, "--adopt") {
			w.t.Errorf("%v", err)
		}
		if w.read("out.csv") != before || w.has("out.journal") {
			w.t.Error("files were touched")
		}
		w.write("out.csv", "some other file")
		if sum, err := w.run("in.csv", func(c *Config) { c.Adopt = true }); sum.Exit != 1 {
			w.t.Errorf("a file that is not ours: %v", err)
		}
		if w.read("out.csv") != "some other file\n" {
			w.t.Error("a file that is not ours was replaced")
		}
	})
}

func TestAdoptRebuildsALostJournal(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 30)...)
		w.must(4, "in.csv", func(c *Config) { c.Limit = 20 })
		os.Remove(w.path("out.journal"))
		sum := w.must(0, "in.csv", func(c *Config) { c.Adopt = true })
		if sum.Already != 20 || sum.Created != 10 || sum.Lookups > 40 { // the list saves the look-ups of what it shows
			w.t.Errorf("%+v", sum)
		}
		w.once(keys(1, 30)...)
		if got := w.results(); len(got) != 30 || got[7].CaseID == "" {
			w.t.Errorf("results: %+v", got)
		}
	})
}

// TestAdoptRowByRow: the list is so long that looking each row up needs fewer
// requests.
func TestAdoptRowByRow(t *testing.T) {
	in(t, func(w *world) {
		for range 2000 {
			w.api.store([]byte(`{"title":"other","custom_fields":{"text_source_id":"other"}}`))
		}
		w.input("in.csv", linesOf(1, 3)...)
		w.must(4, "in.csv", func(c *Config) { c.Limit = 2 })
		time.Sleep(time.Second)
		os.Remove(w.path("out.journal"))
		sum := w.must(0, "in.csv", func(c *Config) { c.Adopt = true })
		if sum.Already != 2 || sum.Created != 1 || sum.Lookups != 4 { // the newest of the results, a page, a canary, one row
			w.t.Errorf("%+v", sum)
		}
		if n := w.api.counts(); n["T-1"] != 1 || n["T-2"] != 1 || n["T-3"] != 1 {
			w.t.Errorf("%v", n)
		}
	})
}

func TestSomebodyWasHereBefore(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 100)...)
		w.must(0, "in.csv")
		time.Sleep(time.Second)
		sum, err := w.run("in.csv", func(c *Config) { c.Results = w.path("other.csv") })
		if sum.Exit != 1 || sum.Requests != 20 || !strings.Contains(err.Error(), `"Subject 1"`) {
			w.t.Errorf("%+v: %v", sum, err)
		}
		if w.has("other.csv") || w.has("other.journal") {
			w.t.Error("files were left behind")
		}
		w.once(keys(1, 100)...)
	})
}

func TestNightly(t *testing.T) {
	in(t, func(w *world) {
		bad := "T-4,Subject 4,Body of 4,open,urgently"
		w.input("monday.csv", append(linesOf(1, 3), bad)...)
		w.must(3, "monday.csv")
		// Tuesday's export overlaps, in another order, and mends row 4.
		w.input("tuesday.csv", append(linesOf(3, 8), line(2))...)
		sum := w.must(0, "tuesday.csv")
		if sum.Already != 2 || sum.Created != 5 {
			w.t.Errorf("%+v", sum)
		}
		w.once(keys(1, 8)...)
		// Row numbers are those of the latest input: T-2 is its row 7.
		if got := w.results()[7]; got.Key != "T-2" {
			w.t.Errorf("row 7: %+v", got)
		}
	})
}

func TestDoubtsAreLookedUpWhateverTheInput(t *testing.T) {
	in(t, func(w *world) {
		w.input("monday.csv", linesOf(1, 3)...)
		w.api.fate = func(n int) fate {
			if n == 0 {
				return cutAfter
			}
			return taken
		}
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if sum, _ := w.runCtx(ctx, "monday.csv", func(c *Config) { c.Concurrency = 1 }); sum.Exit != 4 || sum.Left != 1 {
			w.t.Fatalf("%+v", sum)
		}
		w.input("tuesday.csv", line(9))
		w.must(0, "tuesday.csv")
		if log := w.logged(); !strings.Contains(log, "1 row left") || !strings.Contains(log, "monday.csv") {
			w.t.Errorf("nothing said about Monday: %s", log)
		}
		sum := w.must(0, "monday.csv")
		if sum.Already != 3 || sum.Requests != 0 {
			w.t.Errorf("%+v", sum)
		}
		w.once("T-1", "T-2", "T-3", "T-9")
	})
}

func TestOtherTitleIsNoMatch(t *testing.T) {
	in(t, func(w *world) {
		w.api.fate = func(int) fate { return cutBefore }
		w.input("in.csv", line(1))
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		w.runCtx(ctx, "in.csv")
		w.api.store([]byte(`{"title":"Quite another","custom_fields":{"text_source_id":"T-1"}}`))
		sum := w.must(3, "in.csv")
		got := w.results()[1]
		if sum.Unknown != 1 || !strings.Contains(got.ErrorMessage, "Quite another") || !strings.Contains(got.ErrorMessage, "Subject 1") {
			w.t.Errorf("%+v: %+v", sum, got)
		}
		// Only a person may send it all the same.
		w.api.fate = nil
		w.must(3, "in.csv")
		sum = w.must(0, "in.csv", func(c *Config) { c.ResendUnknown = true })
		if sum.Created != 1 {
			w.t.Errorf("%+v", sum)
		}
	})
}

func TestSeveralCasesOfOneKey(t *testing.T) {
	in(t, func(w *world) {
		w.api.fate = func(int) fate { return cutAfter }
		w.input("in.csv", line(1))
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		w.runCtx(ctx, "in.csv")
		w.api.store([]byte(`{"title":" Subject  1","custom_fields":{"text_source_id":"T-1"}}`))
		sum := w.must(3, "in.csv")
		got := w.results()[1]
		if sum.Already != 1 || got.Status != results.Created || got.CaseID != "1" || !strings.Contains(got.ErrorMessage, "2") {
			w.t.Errorf("%+v: %+v", sum, got)
		}
	})
}

func TestWithoutReadScope(t *testing.T) {
	in(t, func(w *world) {
		w.api.read = func() (talkdesk.Answer, bool) {
			return talkdesk.Answer{Verdict: talkdesk.Halt, Status: 403, Denied: true, Message: "scope missing: cases-public:read"}, true
		}
		w.api.fate = func(n int) fate {
			if n == 1 {
				return cutAfter
			}
			return taken
		}
		w.input("in.csv", linesOf(1, 4)...)
		sum := w.must(3, "in.csv")
		if sum.Created != 3 || sum.Unknown != 1 {
			w.t.Errorf("%+v", sum)
		}
		if report := w.read("out.failed.csv"); !strings.Contains(report, "cases-public:read") {
			w.t.Errorf("the scope is not named: %s", report)
		}
		if !strings.Contains(w.logged(), "cases-public:read") {
			w.t.Error("no warning before")
		}
		// With the scope the same command settles it.
		w.api.read = nil
		if sum = w.must(0, "in.csv"); sum.Already != 4 {
			w.t.Errorf("%+v", sum)
		}
		w.once(keys(1, 4)...)
	})
}

func TestBlindSearch(t *testing.T) {
	in(t, func(w *world) {
		w.api.lag = 1000 * time.Hour
		w.api.fate = func(n int) fate {
			if n == 2 {
				return cutAfter
			}
			return taken
		}
		w.input("in.csv", linesOf(1, 4)...)
		began := time.Now()
		sum := w.must(3, "in.csv")
		if sum.Unknown != 1 || sum.Created != 3 || time.Since(began) > 11*time.Minute {
			w.t.Errorf("%+v after %s", sum, time.Since(began))
		}
	})
}

func TestWithoutKeyDoubtsStayUnknown(t *testing.T) {
	in(t, func(w *world) {
		w.mapping = keyless
		w.api.fate = func(n int) fate {
			if n == 1 {
				return cutAfter
			}
			return taken
		}
		w.input("in.csv", line(1), line(2), line(1), line(1))
		sum := w.must(3, "in.csv", func(c *Config) { c.Concurrency = 1 })
		if sum.Created != 3 || sum.Unknown != 1 {
			w.t.Errorf("identical rows are rows of their own: %+v", sum)
		}
		if sum = w.must(3, "in.csv"); sum.Already != 3 || sum.Unknown != 1 || sum.Requests != 0 {
			w.t.Errorf("%+v", sum)
		}
		w.input("in.csv", line(1), line(2), line(1))
		if sum, err := w.run("in.csv"); sum.Exit != 1 {
			w.t.Errorf("another file on the same journal: %v", err)
		}
		// The report is the same file's.
		if sum = w.must(0, "out.failed.csv", func(c *Config) { c.ResendUnknown = true }); sum.Created != 1 || w.has("out.failed.csv") {
			w.t.Errorf("%+v", sum)
		}
	})
}

func TestOutageSpendsNoRow(t *testing.T) {
	for name, down := range map[string]talkdesk.Answer{"refusing": unreached.answer, "503": {Status: 503, Code: "http 503", Message: "503", Down: true}} {
		t.Run(name, func(t *testing.T) {
			in(t, func(w *world) {
				from, to := time.Now().Add(2*time.Second), time.Now().Add(62*time.Second)
				isDown := func() bool { return time.Now().After(from) && time.Now().Before(to) }
				peak, probes := 0, 0
				w.api.fate = func(int) fate {
					if isDown() {
						return fate{answer: down}
					}
					return taken
				}
				w.api.read = func() (talkdesk.Answer, bool) {
					a := down
					a.Verdict = talkdesk.NotTaken
					if isDown() && time.Since(from) > time.Second {
						peak = max(peak, w.api.inFlight)
						probes++
					}
					return a, isDown()
				}
				w.input("in.csv", linesOf(1, 1500)...)
				sum := w.must(0, "in.csv", func(c *Config) { c.MaxAttempts = 2; c.Concurrency = 16 })
				w.once(keys(1, 1500)...)
				if sum.Failed != 0 || peak > 1 || probes == 0 || probes > 12 {
					t.Errorf("%+v; %d in flight at a probe, %d probes", sum, peak, probes)
				}
				if log := w.logged(); !strings.Contains(log, "failing") || !strings.Contains(log, "giving up at") || !strings.Contains(log, "answers again") {
					t.Errorf("log: %s", log)
				}
			})
		})
	}
}

func TestOutageOutlastsThePatience(t *testing.T) {
	in(t, func(w *world) {
		w.api.fate = func(int) fate { return unreached }
		w.api.read = func() (talkdesk.Answer, bool) { return unreached.answer, true }
		w.input("in.csv", linesOf(1, 5)...)
		began := time.Now()
		sum, err := w.run("in.csv")
		if sum.Exit != 4 || sum.Left != 5 || time.Since(began) > 11*time.Minute {
			w.t.Errorf("%+v after %s: %v", sum, time.Since(began), err)
		}
		w.api.fate, w.api.read = nil, nil
		w.must(0, "in.csv")
		w.once(keys(1, 5)...)
	})
}

func TestRowThatFailsAloneSpendsItsAttempts(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", line(1))
		w.api.fate = func(int) fate {
			return fate{answer: talkdesk.Answer{Status: 500, Code: "http 500", Message: "500", Down: true}}
		}
		sum := w.must(3, "in.csv", func(c *Config) { c.MaxAttempts = 3 })
		if got := w.results()[1]; sum.Failed != 1 || got.Attempts != 3 || got.HTTPStatus != 500 {
			w.t.Errorf("%+v: %+v", sum, got)
		}
	})
}

func TestThrottling(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 200)...)
		// The server takes 10 a second and answers 429 to the rest.
		var last time.Time
		w.api.fate = func(int) fate {
			w.api.mu.Lock()
			defer w.api.mu.Unlock()
			if time.Since(last) < 100*time.Millisecond {
				return throttle
			}
			last = time.Now()
			return taken
		}
		sum := w.must(0, "in.csv", func(c *Config) { c.Limiter = ratelimit.New(20) })
		if sum.Throttled == 0 || sum.Failed != 0 {
			w.t.Errorf("%+v", sum)
		}
		w.once(keys(1, 200)...)
	})
	in(t, func(w *world) {
		w.input("in.csv", line(1))
		w.api.fate = func(int) fate { return throttle }
		sum := w.must(4, "in.csv", func(c *Config) { c.MaxAttempts = 3 })
		if sum.Failed != 0 || sum.Left != 1 || sum.InDoubt != 0 {
			w.t.Errorf("nothing but 429 is an outage, not the row's failure: %+v", sum)
		}
	})
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 3)...)
		w.api.fate = func(n int) fate {
			if n == 1 {
				return fate{answer: talkdesk.Answer{Verdict: talkdesk.NotTaken, Status: 429, Throttled: true, Pause: 20 * time.Minute}}
			}
			return taken
		}
		began := time.Now()
		sum, err := w.run("in.csv")
		if sum.Exit != 4 || err == nil || !strings.Contains(err.Error(), "until 00:20") || time.Since(began) > time.Minute {
			w.t.Errorf("a pause beyond the patience ends the run at once: %+v: %v", sum, err)
		}
	})
}

func TestStopsOnTooManyFailures(t *testing.T) {
	for _, c := range []struct {
		name    string
		limit   MaxFailures
		refuse  func(n int) bool
		refused int
	}{
		{"all of the first 50", MaxFailures{}, func(int) bool { return true }, 50},
		{"rows", MaxFailures{Rows: 7}, func(n int) bool { return n%3 == 0 }, 7},
		{"percent, from 200 rows on", MaxFailures{Percent: 5}, func(n int) bool { return n%10 == 0 }, 21},
	} {
		t.Run(c.name, func(t *testing.T) {
			in(t, func(w *world) {
				w.api.fate = func(n int) fate {
					if c.refuse(n) {
						return refusedBy
					}
					return taken
				}
				w.input("in.csv", linesOf(1, 400)...)
				sum, err := w.run("in.csv", func(cfg *Config) { cfg.MaxFailures = c.limit; cfg.Concurrency = 1 })
				if sum.Exit != 4 || sum.Failed != c.refused || err == nil {
					t.Errorf("%+v: %v", sum, err)
				}
			})
		})
	}
}

func TestForbidden(t *testing.T) {
	firewall := fate{answer: talkdesk.Answer{Verdict: talkdesk.Rejected, Status: 403, Blocked: true, Message: "blocked"}}
	for _, c := range []struct {
		name         string
		bad          func(n int) bool
		exit, failed int
	}{
		{"before any create succeeded", func(int) bool { return true }, 1, 0},
		{"one body that a firewall dislikes", func(n int) bool { return n == 3 }, 3, 1},
		{"five in a row", func(n int) bool { return n >= 3 }, 4, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			in(t, func(w *world) {
				w.api.fate = func(n int) fate {
					if c.bad(n) {
						return firewall
					}
					return taken
				}
				w.input("in.csv", linesOf(1, 20)...)
				if sum := w.must(c.exit, "in.csv", func(cfg *Config) { cfg.Concurrency = 1 }); sum.Failed != c.failed {
					t.Errorf("%+v", sum)
				}
				if c.exit == 1 && (w.has("out.csv") || w.has("out.journal") || w.has("out.failed.csv")) {
					t.Error("nothing was sent, and files were left")
				}
			})
		})
	}
}

func TestFirstSignalDrains(t *testing.T) {
	in(t, func(w *world) {
		w.api.latency = 300 * time.Millisecond
		w.input("in.csv", linesOf(1, 50)...)
		drain := after(7 * time.Second)
		sum, err := w.run("in.csv", func(c *Config) { c.Drain = drain })
		if sum.Exit != 4 || sum.Created == 0 || sum.Created != len(w.api.cases) {
			w.t.Errorf("%d cases: %+v, %v", len(w.api.cases), sum, err)
		}
		w.api.latency = 0
		if sum = w.must(0, "in.csv"); sum.Lookups != 0 {
			w.t.Errorf("an orderly stop left doubts: %+v", sum)
		}
		w.once(keys(1, 50)...)
	})
}

func TestLimitTakesTheNextRows(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 12)...)
		five := func(c *Config) { c.Limit = 5 }
		for _, want := range []struct{ exit, created, already, left int }{{4, 5, 0, 7}, {4, 5, 5, 2}, {0, 2, 10, 0}, {0, 0, 12, 0}} {
			if sum := w.must(want.exit, "in.csv", five); sum.Created != want.created || sum.Already != want.already || sum.Left != want.left {
				w.t.Errorf("%+v, want %+v", sum, want)
			}
		}
		w.once(keys(1, 12)...)
	})
}

func TestRenewedTokenCostsNothing(t *testing.T) {
	in(t, func(w *world) {
		w.api.fate = func(n int) fate {
			if n%2 == 0 {
				return fate{answer: talkdesk.Answer{Verdict: talkdesk.NotTaken, Status: 401, Renewed: true}}
			}
			return taken
		}
		w.input("in.csv", linesOf(1, 10)...)
		w.must(0, "in.csv", func(c *Config) { c.MaxAttempts = 1; c.Concurrency = 1 })
		w.once(keys(1, 10)...)
	})
}

func TestEmptyInput(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv")
		if sum := w.must(0, "in.csv"); sum.Rows != 0 || sum.Requests != 0 {
			w.t.Errorf("%+v", sum)
		}
	})
}

func TestChangedMappingIsSaid(t *testing.T) {
	in(t, func(w *world) {
		with := func(sum string) func(*Config) { return func(c *Config) { c.Mapping, c.BaseURL = sum, "sandbox" } }
		w.input("in.csv", linesOf(1, 2)...)
		w.must(0, "in.csv", with("one"))
		w.must(0, "in.csv", with("one"))
		if strings.Contains(w.logged(), "mapping file has changed") {
			w.t.Error("said although it has not")
		}
		w.must(0, "in.csv", with("two"))
		if log := w.logged(); !strings.Contains(log, "mapping file has changed") || !strings.Contains(log, "out.csv") {
			w.t.Errorf("%s", log)
		}
		w.must(0, "in.csv", with("three"), updating)
		if log := w.logged(); strings.Count(log, "keep it as it is") != 1 || !strings.Contains(log, "are updated") {
			w.t.Errorf("with --update: %s", log)
		}
	})
}

func TestWaitForDoubtsIsSaidOnce(t *testing.T) {
	in(t, func(w *world) {
		w.api.fate = func(n int) fate {
			if n == 0 {
				return cutBefore
			}
			return taken
		}
		w.input("in.csv", line(1))
		w.must(0, "in.csv")
		if n := strings.Count(w.logged(), "1 row got no answer; checking for their cases at"); n != 1 {
			w.t.Errorf("said %d times: %s", n, w.logged())
		}
	})
}

func TestLookUpsAtAWrongAddressStopTheRun(t *testing.T) {
	in(t, func(w *world) {
		w.input("first.csv", line(0))
		w.must(0, "first.csv")
		w.input("in.csv", linesOf(1, 3)...)
		w.api.fate = func(int) fate { return cutBefore }
		w.api.read = func() (talkdesk.Answer, bool) {
			return talkdesk.Answer{Verdict: talkdesk.Halt, Status: 404, Message: "404: wrong address"}, true
		}
		sum, err := w.run("in.csv")
		if sum.Exit != 4 || sum.Unknown != 0 || err == nil || !strings.Contains(err.Error(), "wrong address") {
			w.t.Errorf("%+v: %v", sum, err)
		}
	})
}

// TestReportWithoutItsJournal: a report of rows that were never sent, given another name,
// would have its cases in a journal of its own, and the import would make them again.
func TestReportWithoutItsJournal(t *testing.T) {
	in(t, func(w *world) {
		w.tickets("T-1,One,x,,,,,", "T-2,,x,,,,,")
		w.must(3, "in.csv")
		w.write("mine.csv", strings.Replace(w.read("out.failed.csv"), "T-2,,", "T-2,Two,", 1))
		other := func(c *Config) { c.Results = w.path("mine.results.csv") }
		if _, err := w.run("mine.csv", other); err == nil || !strings.Contains(err.Error(), "there is no journal") {
			t.Errorf("%v", err)
		}
		w.must(0, "mine.csv")
		w.once(keys(1, 2)...)
	})
}
