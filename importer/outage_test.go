package importer

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"caseimport/importer/exit"
	"caseimport/importer/talkdesk"
)

// A probe that hangs until the patience ends is no answer.
func TestProbeThatHangsIsNoAnswer(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 50)...)

		w.run("in.csv", func(c *Config) { c.API = hanging{w.api}; c.OutagePatience = 280 * time.Second })
		if w.api.creates > 6 {
			t.Errorf("%d creates though the server never answered a probe", w.api.creates)
		}
	})
}

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

// Creates fail, probes are answered, and nothing can be looked up.
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

type probeHangs struct{ *server }

func (p probeHangs) Probe(ctx context.Context) talkdesk.Answer {
	sleep(ctx, time.Minute)
	return talkdesk.Answer{Verdict: talkdesk.NotTaken, Code: "timeout", Message: "no answer", Down: true}
}

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
