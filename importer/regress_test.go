package importer

// Each of these was once a way to lose a row, to make a case twice, or to say
// what is not so.

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
	"testing/synctest"
	"time"

	"caseimport/importer/exit"
	"caseimport/importer/journal"
	"caseimport/importer/talkdesk"
	"caseimport/ratelimit"
)

// first signal, a report as input, a create in flight comes back in doubt.
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

// second signal while a report is read: rest of rows goes elsewhere.
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

// a duplicate row handed back as "left" is counted as already at the next run.
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

// an unknown row handed back as "left" passes the check of ids on a wrong -o.
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

// noted lag longer than five settle delays, and a run resumed with only doubts left.
func TestNotedLagBeyondTheGuess(t *testing.T) {
	in(t, func(w *world) {
		w.api.lag = 200 * time.Second
		w.input("in.csv", linesOf(1, 3)...)
		w.api.fate = func(n int) fate {
			if n == 1 {
				return cutAfter
			}
			return taken
		}
		w.must(0, "in.csv", func(c *Config) { c.Concurrency = 1 }) // notes a lag of 200 s
		time.Sleep(time.Hour)
		w.input("night.csv", line(10))
		w.api.fate = func(int) fate { return cutAfter }
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		w.runCtx(ctx, "night.csv") // stored; killed
		w.api.fate = nil
		w.run("night.csv")
		w.noDoubles()
	})
}

// the newest in the journal is a case that was found after a broken 201.
func TestFoundCaseMayBeOfAnyAge(t *testing.T) {
	in(t, func(w *world) {
		w.api.lag = 70 * time.Second
		w.input("first.csv", line(0))
		w.must(0, "first.csv")
		time.Sleep(time.Hour)
		w.api.fate = func(n int) fate {
			switch n {
			case 1:
				return broken
			}
			return cutAfter
		}
		w.input("in.csv", line(1))
		w.must(0, "in.csv") // looked up and found
		w.input("night.csv", line(2))
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		w.runCtx(ctx, "night.csv")
		w.api.fate = nil
		w.run("night.csv")
		w.noDoubles()
	})
}

// resendInterrupted leaves the rows of in.csv in doubt, interrupts a run that is to send
// them again, and sees that the next one does not.
func (w *world) resendInterrupted() {
	w.t.Helper()
	w.must(3, "in.csv")
	w.api.fate = nil
	drain := after(3 * time.Second)
	w.must(4, "in.csv", func(c *Config) { c.ResendUnknown = true; c.Limiter = ratelimit.New(1); c.Drain = drain })
	n := len(w.api.cases)
	sum, _ := w.run("in.csv") // nobody said resend
	if len(w.api.cases) != n {
		w.t.Errorf("%d rows in doubt were sent again without --resend-unknown: %+v", len(w.api.cases)-n, sum)
	}
}

// --resend-unknown interrupted before the row was sent: doubt forgotten.
func TestInterruptedResendRemembersDoubts(t *testing.T) {
	in(t, func(w *world) {
		w.mapping = keyless
		w.api.fate = func(n int) fate { return cutAfter }
		w.input("in.csv", linesOf(1, 30)...)
		w.resendInterrupted()
	})
}

// Ctrl-C during the first look-ups; the second run does not look.
func TestInterruptedFirstLookLooksAgain(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 100)...)
		w.must(0, "in.csv")
		time.Sleep(time.Hour)
		other := func(c *Config) { c.Results = w.path("other.csv") }
		drain := after(100 * time.Millisecond)
		w.must(4, "in.csv", other, func(c *Config) { c.Drain = drain })
		sum, err := w.run("in.csv", other)
		if d := w.api.doubles(); d > 0 || sum.Exit != 1 {
			t.Errorf("%d doubles: %+v %v", d, sum, err)
		}
	})
}

func TestHaltWhileOthersAreInFlightIsNoExit1(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 20)...)
		w.api.latency = time.Second
		// the first create waits a bit so that the others are in flight
		sum, _ := w.run("in.csv", func(c *Config) { c.API = slowHalt{w.api} })
		if n := len(w.api.cases); n > 0 && (sum.Exit == 1 || !w.has("out.csv")) {
			t.Errorf("%d cases were created, exit %d, results there: %v", n, sum.Exit, w.has("out.csv"))
		}
	})
}

type slowHalt struct{ *server }

func (f slowHalt) Create(ctx context.Context, body []byte, field string) talkdesk.Answer {
	f.mu.Lock()
	n := f.creates
	f.mu.Unlock()
	if n == 0 {
		f.mu.Lock()
		f.creates++
		f.mu.Unlock()
		time.Sleep(500 * time.Millisecond)
		return talkdesk.Answer{Verdict: talkdesk.Halt, Status: 404, Message: "404: wrong address"}
	}
	return f.server.Create(ctx, body, field)
}

// --adopt destroys the results file although nothing was sent.
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

// journal of zero bytes: results replaced.
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

// a failed row that is invalid tonight stands twice in the results.
func TestFailedRowThatIsInvalidTonightStandsOnce(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 2)...)
		w.api.fate = func(n int) fate {
			if n == 1 {
				return refusedBy
			}
			return taken
		}
		w.must(3, "in.csv", func(c *Config) { c.Concurrency = 1 })
		w.input("in.csv", line(1), "T-2,Subject 2,Body,open,urgently")
		w.must(3, "in.csv")
		w.results() // complains
	})
}

// the report of an earlier run is removed by an interrupted one.
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

// keyless unknown row whose report line was given one cell too many.
func TestRaggedReportRowKeepsItsPast(t *testing.T) {
	in(t, func(w *world) {
		w.mapping = keyless
		w.api.fate = func(int) fate { return cutAfter }
		w.input("in.csv", line(1))
		w.must(3, "in.csv")
		w.api.fate = nil
		report := w.read("out.failed.csv")
		good := strings.TrimSpace(report)
		w.write("out.failed.csv", good+",a remark")
		w.run("out.failed.csv")
		// the person mends the width
		now := strings.Split(strings.TrimSpace(w.read("out.failed.csv")), "\n")
		mended := strings.Replace(now[1], "not corrected yet", "done", 1)
		w.write("out.failed.csv", now[0], mended)
		w.run("out.failed.csv")
		if n := len(w.api.cases); n > 1 {
			t.Errorf("%d cases of a row that was unknown, without --resend-unknown", n)
		}
	})
}

// probe that hangs until the patience ends counts as an answer.
type hanging struct{ *server }

func (h hanging) Probe(ctx context.Context) talkdesk.Answer {
	select {
	case <-ctx.Done():
		return talkdesk.Answer{Verdict: talkdesk.NotTaken, Code: "interrupted", Message: "given up before an answer came"}
	case <-time.After(time.Minute):
		return talkdesk.Answer{Verdict: talkdesk.NotTaken, Code: "timeout", Message: "no answer", Down: true}
	}
}

func (h hanging) Create(ctx context.Context, body []byte, field string) talkdesk.Answer {
	h.mu.Lock()
	h.creates++
	h.mu.Unlock()
	sleep(ctx, time.Minute)
	return talkdesk.Answer{Code: "timeout", Message: "no answer", Down: true}
}

func TestProbeThatHangsIsNoAnswer(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 50)...)

		w.run("in.csv", func(c *Config) { c.API = hanging{w.api}; c.OutagePatience = 280 * time.Second })
		if w.api.creates > 6 {
			t.Errorf("%d creates though the server never answered a probe", w.api.creates)
		}
	})
}

// POST fails, GET answers, no look-ups (no key): what is said and when does it stop?
func TestServerThatFailsOnCreatesOnly(t *testing.T) {
	in(t, func(w *world) {
		w.mapping = keyless
		w.input("in.csv", linesOf(1, 2000)...)
		w.api.fate = func(int) fate {
			return fate{answer: talkdesk.Answer{Status: 503, Code: "http 503", Message: "503", Down: true}}
		}

		sum, err := w.run("in.csv", func(c *Config) { c.OutagePatience = time.Minute })
		if sum.Unknown > 0 && strings.Contains(err.(*exit.Stop).Hint, "no row was spent") {
			t.Errorf("%d rows were spent", sum.Unknown)
		}
		if !strings.Contains(w.logged(), "level=WARN+1") {
			t.Error("nothing said")
		}
	})
}

// search fails for a while; the probe answers.
type searchDown struct {
	*server
	until time.Time
}

func (s searchDown) Read(ctx context.Context, q talkdesk.Query) (talkdesk.Page, talkdesk.Answer) {
	if time.Now().Before(s.until) {
		return talkdesk.Page{}, talkdesk.Answer{Verdict: talkdesk.NotTaken, Status: 503, Down: true, Message: "503"}
	}
	return s.server.Read(ctx, q)
}

func TestSearchDownIsWaitedFor(t *testing.T) {
	in(t, func(w *world) {
		w.input("first.csv", line(0))
		w.must(0, "first.csv")
		w.input("in.csv", linesOf(1, 3)...)
		w.api.fate = func(n int) fate {
			if n == 2 {
				return cutBefore
			}
			return taken
		}
		sum, err := w.run("in.csv", func(c *Config) { c.API = searchDown{w.api, time.Now().Add(2 * time.Minute)} })
		if sum.Unknown > 0 {
			t.Errorf("a search that fails for 2 minutes leaves rows unknown, with a patience of 10: %+v %v", sum, err)
		}
	})
}

// a long pause before a doubt makes the "lag" long.
func TestLongPauseIsNoLag(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 2)...)
		w.api.fate = func(n int) fate {
			switch n {
			case 1:
				return fate{answer: talkdesk.Answer{Verdict: talkdesk.NotTaken, Status: 429, Throttled: true, Pause: 20 * time.Minute}}
			case 2:
				return cutBefore
			}
			return taken
		}
		began := time.Now()
		w.must(0, "in.csv", func(c *Config) { c.Concurrency, c.OutagePatience = 1, time.Hour })
		if took := time.Since(began); took > 24*time.Minute {
			t.Errorf("took %s: 20 minutes of pause, 30 s of settle, a lag of 0.1 s", took)
		}
	})
}

// a resumed run of a fast search waits for five settle delays.
func TestNotedLagIsUsedByTheNextRun(t *testing.T) {
	in(t, func(w *world) {
		w.api.lag = 0
		w.input("in.csv", linesOf(1, 30)...)
		w.api.fate = func(n int) fate {
			if n == 5 {
				return cutBefore
			}
			return taken
		}
		w.must(0, "in.csv", func(c *Config) { c.Concurrency = 1 })
		time.Sleep(time.Hour)
		w.input("night.csv", line(40))
		w.api.fate = func(n int) fate { return cutBefore }
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		w.runCtx(ctx, "night.csv")
		w.api.fate = nil
		began := time.Now()
		w.must(0, "night.csv")
		if took := time.Since(began); took > 40*time.Second {
			t.Errorf("took %s, with settle 30 s and a lag of 0.1 s that the first run could have noted", took)
		}
	})
}

// filtered row of a report.
func TestFilteredReportRowIsCovered(t *testing.T) {
	in(t, func(w *world) {
		w.api.fate = func(int) fate { return refusedBy }
		w.input("in.csv", linesOf(1, 2)...)
		w.must(3, "in.csv")
		w.api.fate = nil
		w.write("out.failed.csv", strings.Split(strings.TrimSpace(strings.Replace(w.read("out.failed.csv"), "Body of 1,open", "Body of 1,spam", 1)), "\n")...)
		sum, err := w.run("out.failed.csv")
		entries, _ := os.ReadDir(w.dir)
		if sum.Exit != 0 || w.has("out.failed.csv") {
			t.Errorf("%+v %v %v", sum, err, entries)
		}
	})
}

// --limit and a doubt beyond it.
func TestLimitCountsDoubts(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 8)...)
		w.api.fate = func(n int) fate { return cutBefore }
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		w.runCtx(ctx, "in.csv", func(c *Config) { c.Concurrency = 8 })
		w.api.fate = nil
		w.run("in.csv", func(c *Config) { c.Limit = 1 })
		if n := len(w.api.cases); n > 1 {
			t.Errorf("--limit 1 made %d cases", n)
		}
		if strings.Contains(w.read("out.csv"), "this input does not hold it") {
			t.Error("a row of this input, said not to be in it")
		}
	})
}

// second signal with --max-attempts 1 before a connection was got.
type interruptedEarly struct{ *server }

func (s interruptedEarly) Create(ctx context.Context, body []byte, field string) talkdesk.Answer {
	<-ctx.Done()
	return talkdesk.Answer{Verdict: talkdesk.NotTaken, Code: "interrupted", Message: "given up before an answer came"}
}

func TestInterruptedIsNotFailed(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 3)...)
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		sum, err := w.runCtx(ctx, "in.csv", func(c *Config) { c.API = interruptedEarly{w.api}; c.MaxAttempts = 1 })
		if sum.Failed > 0 {
			t.Errorf("%+v %v", sum, err)
		}
	})
}

// 401 on every look-up while creates keep the tokens good.
func TestRefusedTokensForLookUpsHalt(t *testing.T) {
	in(t, func(w *world) {
		w.input("first.csv", line(0))
		w.must(0, "first.csv")
		w.input("in.csv", line(1))
		w.api.fate = func(n int) fate { return cutBefore }
		w.api.read = func() (talkdesk.Answer, bool) {
			return talkdesk.Answer{Verdict: talkdesk.NotTaken, Status: 401, Renewed: true}, true
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		sum, err := w.runCtx(ctx, "in.csv")
		if sum.Requests > 1000 {
			t.Errorf("%+v %v", sum, err)
		}
	})
}

// MaxAttempts 1, many workers, a server that refuses connections: how many probes at once?
func TestOneProbeAtATime(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 100)...)
		w.api.fate = func(int) fate { return unreached }
		peak, now := 0, 0
		w.api.read = nil
		w.run("in.csv", func(c *Config) {
			c.MaxAttempts, c.Concurrency, c.OutagePatience = 1, 32, time.Minute
			c.API = probeCount{w.api, &peak, &now}
		})
		if peak > 1 {
			t.Errorf("%d probes at once", peak)
		}
	})
}

type probeCount struct {
	*server
	peak, now *int
}

func (p probeCount) Probe(ctx context.Context) talkdesk.Answer {
	p.mu.Lock()
	*p.now++
	*p.peak = max(*p.peak, *p.now)
	p.mu.Unlock()
	sleep(ctx, 50*time.Millisecond)
	p.mu.Lock()
	*p.now--
	p.mu.Unlock()
	return unreached.answer
}

// nothing left, --adopt still given.
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

// the control was found long before the doubt arose; the search has gone blind since.
type goesBlind struct {
	*server
	began time.Time
}

func (g goesBlind) Read(ctx context.Context, q talkdesk.Query) (talkdesk.Page, talkdesk.Answer) {
	if time.Since(g.began) > 4*time.Minute {
		return talkdesk.Page{}, talkdesk.Answer{Verdict: talkdesk.OK, Status: 200}
	}
	return g.server.Read(ctx, q)
}

func (g goesBlind) Create(ctx context.Context, body []byte, field string) talkdesk.Answer {
	if strings.Contains(string(body), "T-3") && time.Since(g.began) < time.Minute {
		sleep(ctx, 5*time.Minute)
		g.store(body)
		return talkdesk.Answer{Code: "connection lost", Message: "lost", Down: true}
	}
	return g.server.Create(ctx, body, field)
}

func TestControlMustBeFoundAfterTheDoubtArose(t *testing.T) {
	in(t, func(w *world) {
		w.input("first.csv", line(0))
		w.must(0, "first.csv")
		w.input("in.csv", linesOf(1, 3)...)
		w.api.fate = func(n int) fate {
			if n == 2 {
				return cutBefore
			}
			return taken
		}
		w.run("in.csv", func(c *Config) { c.API = goesBlind{w.api, time.Now()}; c.Concurrency = 2 })
		if d := w.api.doubles(); d > 0 {
			t.Errorf("%d cases too many: the search found nothing for minutes, and an absence was believed", d)
		}
	})
}

// a report's duplicate row is covered by the case of the row it duplicates.
func TestDuplicateOfAnEarlierReportIsKept(t *testing.T) {
	in(t, func(w *world) {
		w.input("monday.csv", line(1), "T-1,Another subject,Another body,open,low")
		w.must(3, "monday.csv")
		w.input("tuesday.csv", line(2))
		sum := w.must(0, "tuesday.csv")
		if !w.has("out.failed.csv") && sum.Kept == "" {
			t.Error("Monday's failure report held a row without a case, and was removed")
		}
	})
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

// a journal that fails at any write or sync, fresh input and report.
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

// a report is run with stops at random; whatever happens its rows remain.
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

// nightly inputs under stops of both kinds: sums, leaks, doubles.
func TestStopsAnywhere(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			in(t, func(w *world) {
				rnd := rand.New(rand.NewPCG(seed, 2))
				w.input("first.csv", line(0))
				w.must(0, "first.csv")
				w.api.latency = 200 * time.Millisecond
				w.api.fate = mix(seed, map[*fate]int{&refusedBy: 5, &cutAfter: 10, &cutBefore: 10, &throttle: 5, &unreached: 10, &broken: 3})
				w.input("in.csv", linesOf(1, 60)...)
				for range 6 {
					drain := make(chan struct{})
					at := time.Duration(rnd.Int64N(int64(60 * time.Second)))
					time.AfterFunc(at, func() { close(drain) })
					ctx, cancel := context.WithTimeout(context.Background(), at+time.Duration(rnd.Int64N(int64(time.Second))))
					if rnd.IntN(2) == 0 {
						cancel()
						ctx, cancel = context.WithCancel(context.Background())
					}
					sum, err := w.runCtx(ctx, "in.csv", func(c *Config) {
						c.Drain = drain
						if rnd.IntN(3) == 0 {
							c.Limit = 1 + rnd.IntN(20)
						}
						if rnd.IntN(4) == 0 {
							c.Adopt = true
						}
					})
					cancel()
					if sum.Exit == 1 {
						t.Fatalf("%+v %v", sum, err)
					}
				}
				w.api.fate = nil
				sum, err := w.run("in.csv")
				if sum.Exit != 0 {
					t.Errorf("%+v %v", sum, err)
				}
				w.once(keys(0, 60)...)
			})
		})
	}
}

// refused first rows, many workers.
func TestFirstRowsRefusedUnderConcurrency(t *testing.T) {
	missed := 0
	for seed := range 30 {
		_ = seed
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.api.latency = time.Millisecond
			w.api.fate = func(int) fate { return refusedBy }
			w.input("in.csv", linesOf(1, 400)...)
			sum, _ := w.run("in.csv", func(c *Config) { c.Concurrency = 64 })
			if sum.Failed == 400 {
				missed++
			}
		})
	}
	if missed > 0 {
		t.Errorf("%d of 30 runs refused all 400 rows without stopping", missed)
	}
}

// 429 on every look-up.
func TestLookUpsThrottledForEverEnd(t *testing.T) {
	in(t, func(w *world) {
		w.input("first.csv", line(0))
		w.must(0, "first.csv")
		w.input("in.csv", line(1))
		w.api.fate = func(n int) fate { return cutBefore }
		w.api.read = func() (talkdesk.Answer, bool) {
			return talkdesk.Answer{Verdict: talkdesk.NotTaken, Status: 429, Throttled: true}, true
		}
		ctx, cancel := context.WithTimeout(context.Background(), 24*time.Hour)
		defer cancel()
		began := time.Now()
		w.runCtx(ctx, "in.csv")
		if time.Since(began) > time.Hour {
			t.Errorf("still waiting after %s", time.Since(began))
		}
	})
}

// input changed while the run looks first: exit code.
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

// --adopt interrupted while it waits, then the same without --adopt.
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

// a failed row whose report line has become ragged stands twice.
func TestFailedRowThatIsRaggedNowStandsOnce(t *testing.T) {
	for _, m := range []string{keyed, keyless} {
		in(t, func(w *world) {
			w.mapping = m
			w.api.fate = func(int) fate { return refusedBy }
			w.input("in.csv", line(1))
			w.must(3, "in.csv")
			w.write("out.failed.csv", strings.TrimSpace(w.read("out.failed.csv"))+",a remark")
			w.must(3, "out.failed.csv")
			if n := strings.Count(w.read("out.csv"), "\n"); n != 2 {
				t.Errorf("one row, %d lines:\n%s", n-1, w.read("out.csv"))
			}
		})
	}
}

// a lag seen with a case of an earlier run is not noted.
func TestLagOfAnEarlierCaseIsNoted(t *testing.T) {
	in(t, func(w *world) {
		w.api.lag = 200 * time.Second
		w.api.fate = func(n int) fate {
			if n == 0 {
				return taken
			}
			return cutAfter
		}
		one := func(c *Config) { c.Concurrency = 1 }
		until := func(d time.Duration, name string) {
			ctx, cancel := context.WithTimeout(context.Background(), d)
			defer cancel()
			w.runCtx(ctx, name, one)
		}
		w.input("in.csv", line(1), line(2))
		until(time.Second, "in.csv")
		until(205*time.Second, "in.csv") // sees the search lag for 199 s
		w.input("more.csv", line(3))
		until(time.Second, "more.csv") // stored, killed
		w.api.fate = nil
		w.run("more.csv", one)
		w.run("in.csv", one)
		w.noDoubles()
	})
}

// --resend-unknown of a row that was decided on before it was read.
func TestResendDecidedBeforeTheRowIsRead(t *testing.T) {
	in(t, func(w *world) {
		w.mapping = strings.Replace(keyed, ", custom_field: text_source_id", "", 1)
		w.api.fate = func(n int) fate { return cutAfter }
		var spam []string
		for n := range 3000 {
			spam = append(spam, fmt.Sprintf("S-%d,Spam,x,spam,low", n))
		}
		w.input("in.csv", append(spam, linesOf(1, 30)...)...)
		w.resendInterrupted()
	})
}

// results are JSON, keyless, etc.: a whole failed row as left keeps why it failed.
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

// two rows reach max-attempts at once: the probe lock cannot be interrupted.
type probeHangs struct{ *server }

func (p probeHangs) Probe(ctx context.Context) talkdesk.Answer {
	sleep(ctx, time.Minute)
	return talkdesk.Answer{Verdict: talkdesk.NotTaken, Code: "timeout", Message: "no answer", Down: true}
}

func TestSignalWhileProbing(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 100)...)
		w.api.fate = func(int) fate { return unreached }
		drain := after(3 * time.Second)
		began := time.Now()
		w.run("in.csv", func(c *Config) {
			c.MaxAttempts, c.Concurrency, c.Drain = 1, 8, drain
			c.API = probeHangs{w.api}
		})
		if d := time.Since(began); d > 10*time.Second {
			t.Errorf("stopped after %s", d)
		}
	})
}

// an outage that begins while rows are in doubt, and a slow trickle of answers.
func TestUnknownRowThatIsRaggedNowStandsOnce(t *testing.T) {
	in(t, func(w *world) {
		w.mapping = keyless
		w.api.fate = func(int) fate { return cutAfter }
		w.input("in.csv", line(1))
		w.must(3, "in.csv")
		w.write("out.failed.csv", strings.TrimSpace(w.read("out.failed.csv"))+",a remark")
		w.run("out.failed.csv")
		if n := strings.Count(w.read("out.csv"), "\n"); n != 2 {
			t.Errorf("one row, %d lines", n-1)
		}
	})
}

// report rows and a limit: memory and order; nothing lost, statuses kept.
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

// the same, killed: the journal has no end.
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

// a search that answered 429 for the whole patience was waited for again with
// each of the twenty keys.
func TestFirstLookWaitsOnceForTheSearch(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 30)...)
		began := time.Now()
		w.api.read = func() (talkdesk.Answer, bool) {
			return talkdesk.Answer{Verdict: talkdesk.NotTaken, Status: 429, Throttled: true, Message: "429"}, true
		}
		w.must(0, "in.csv", func(c *Config) { c.OutagePatience = time.Minute })
		if took := time.Since(began); took > 10*time.Minute {
			t.Errorf("took %s", took)
		}
		if !strings.Contains(w.logged(), "could not find out") {
			t.Errorf("nothing said: %s", w.logged())
		}
	})
}
