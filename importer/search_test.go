package importer

import (
	"context"
	"strings"
	"testing"
	"time"

	"caseimport/importer/talkdesk"
)

// A lag that was noted counts for a run that has nothing but doubts, even if it is
// longer than the guess.
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

// A short one that was noted spares it the guess.
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

// A case that was found tells nothing of the lag: nobody knows when it was made.
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

// The search goes blind after the known case was found, and before the doubt arises.
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

// searchDown fails on look-ups for a while, and answers probes.
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

// A search that answers 429 for the whole patience is not waited for again with each of
// the twenty keys.
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

// Every look-up is answered 401, while creates keep the tokens good.
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
