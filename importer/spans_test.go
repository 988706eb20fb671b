package importer

import (
	"sync/atomic"
	"testing"
	"time"

	"caseimport/importer/journal"
	"caseimport/importer/talkdesk"
	"caseimport/ratelimit"
)

func (w *world) spans() (all []journal.Span) {
	w.t.Helper()
	_, err := journal.Walk(w.path("out.journal"), func(s journal.Step) error {
		if s.Span != nil {
			all = append(all, *s.Span)
		}
		return nil
	})
	if err != nil {
		w.t.Error(err)
	}
	return all
}

func TestPausesOutagesAndPaceAreNoted(t *testing.T) {
	in(t, func(w *world) {
		from, to := time.Now().Add(60*time.Second), time.Now().Add(90*time.Second)
		isDown := func() bool { return time.Now().After(from) && time.Now().Before(to) }
		down := talkdesk.Answer{Verdict: talkdesk.NotTaken, Status: 503, Code: "http 503", Message: "503", Down: true}
		w.api.fate = func(n int) fate {
			switch {
			case n == 50:
				return fate{answer: talkdesk.Answer{Verdict: talkdesk.NotTaken, Status: 429, Throttled: true, Pause: 7 * time.Second}}
			case isDown():
				return fate{answer: down}
			}
			return taken
		}
		w.api.read = func() (talkdesk.Answer, bool) { return down, isDown() }
		w.input("in.csv", linesOf(1, 1000)...)
		sum := w.must(0, "in.csv", func(c *Config) { c.Limiter = ratelimit.New(10) })
		requests, throttled, lasted := 0, 0, map[string]time.Duration{}
		for _, s := range w.spans() {
			requests, throttled = requests+s.Requests, throttled+s.Throttled
			if s.What != journal.Requests {
				lasted[s.What] += (s.End - s.Begin).Round(time.Second)
			} else if s.End-s.Begin > spanOf+2*time.Second {
				t.Errorf("%+v", s)
			}
		}
		if requests != sum.Requests || throttled != 1 || lasted[journal.Pause] != 7*time.Second || lasted[journal.Outage] < 29*time.Second || lasted[journal.Outage] > 60*time.Second {
			t.Errorf("%d requests of %d, %d throttled, %v", requests, sum.Requests, throttled, lasted)
		}
		if again := w.must(0, "in.csv"); again.Requests != 0 || len(w.spans()) == 0 {
			t.Errorf("%+v", again)
		}
	})
}

func TestOutageThatEndsTheRunIsNoted(t *testing.T) {
	in(t, func(w *world) {
		var down atomic.Bool
		w.api.fate = func(n int) fate {
			if n < 2 {
				return taken
			}
			down.Store(true)
			return unreached
		}
		w.api.read = func() (talkdesk.Answer, bool) { return unreached.answer, down.Load() }
		w.input("in.csv", linesOf(1, 5)...)
		if sum, _ := w.run("in.csv", func(c *Config) { c.Concurrency = 1 }); sum.Exit != 4 {
			t.Errorf("%+v", sum)
		}
		for _, s := range w.spans() {
			if s.What == journal.Outage && s.End-s.Begin > 9*time.Minute {
				return
			}
		}
		t.Errorf("%+v", w.spans())
	})
}
