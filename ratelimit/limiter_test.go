package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"caseimport/ratelimit"
)

// release waits once and returns the moment, as time since start.
func release(t *testing.T, l *ratelimit.Limiter, start time.Time) time.Duration {
	t.Helper()
	at, err := l.Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return at.Sub(start)
}

// throttle tells of a 429 to a request that was let go at sent.
func throttle(l *ratelimit.Limiter, sent time.Time, pause time.Duration) (until time.Time, fresh bool) {
	return l.Answered(ratelimit.Answer{Sent: sent, Throttled: true, Pause: pause})
}

func TestThousandRequestsTakeTheirTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, start := ratelimit.New(50), time.Now()
		var last time.Duration
		for range 1000 {
			last = release(t, l, start)
		}
		if want := 999 * 20 * time.Millisecond; last < want || last > want+time.Millisecond {
			t.Errorf("the last of 1,000 requests at 50/s went after %v, want %v", last, want)
		}
	})
}

// plan is a random run: who comes when, and which pauses fall into it.
type plan struct {
	count    int64         // requests …
	unit     time.Duration // … in this time
	arrivals []time.Duration
	pauses   []pause
}

type pause struct{ at, length time.Duration }

func drawPlan(t *rapid.T) plan {
	p := plan{
		count: rapid.Int64Range(1, 3000).Draw(t, "count"),
		unit:  rapid.SampledFrom([]time.Duration{time.Second, time.Minute, time.Hour}).Draw(t, "unit"),
	}
	gap := p.unit / time.Duration(p.count)
	moments := rapid.Int64Range(0, int64(80*gap))
	for range rapid.IntRange(1, 60).Draw(t, "requests") {
		p.arrivals = append(p.arrivals, time.Duration(moments.Draw(t, "arrival")))
	}
	for range rapid.IntRange(0, 4).Draw(t, "pauses") {
		length := rapid.Int64Range(1, int64(20*gap)).Draw(t, "length")
		p.pauses = append(p.pauses, pause{time.Duration(moments.Draw(t, "pause at")), time.Duration(length)})
	}
	return p
}

// run carries the plan out and returns the moments at which requests were let go,
// in order, and the pauses as they held.
func (p plan) run(t *testing.T) (moments []time.Duration, pauses [][2]time.Duration) {
	synctest.Test(t, func(t *testing.T) {
		l, start := ratelimit.New(float64(p.count)/p.unit.Seconds()), time.Now()
		var mu sync.Mutex
		var all sync.WaitGroup
		for _, arrival := range p.arrivals {
			all.Go(func() {
				time.Sleep(arrival)
				at, err := l.Wait(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				moments = append(moments, at.Sub(start))
				mu.Unlock()
			})
		}
		for _, pause := range p.pauses {
			all.Go(func() {
				time.Sleep(pause.at)
				began := time.Since(start)
				until, _ := throttle(l, time.Now(), pause.length)
				mu.Lock()
				pauses = append(pauses, [2]time.Duration{began, until.Sub(start)})
				mu.Unlock()
			})
		}
		all.Wait()
	})
	return moments, pauses
}

func TestNoWindowHoldsMoreThanTheRate(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := drawPlan(r)
		moments, pauses := p.run(t)
		if len(moments) != len(p.arrivals) {
			r.Fatalf("%d of %d requests were let go", len(moments), len(p.arrivals))
		}
		for i := range moments {
			for j := i + 1; j < len(moments); j++ {
				// requests − 1 ≤ rate × (window + 10 ms), in whole numbers
				if int64(j-i)*int64(p.unit) > p.count*int64(moments[j]-moments[i]+10*time.Millisecond) {
					r.Fatalf("%d requests within %v at %d in %v", j-i+1, moments[j]-moments[i], p.count, p.unit)
				}
			}
			for _, pause := range pauses {
				if pause[0] < moments[i] && moments[i] < pause[1] {
					r.Fatalf("a request went at %v, within the pause from %v to %v", moments[i], pause[0], pause[1])
				}
			}
		}
	})
}

func TestPaceIsKeptWhileRequestsQueue(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := drawPlan(r)
		p.pauses = nil
		clear(p.arrivals) // all at once
		moments, _ := p.run(t)
		gaps := time.Duration(len(moments) - 1)
		ideal := gaps * p.unit / time.Duration(p.count)
		if got := moments[gaps]; got > ideal+3*gaps {
			r.Fatalf("%d requests at %d in %v took %v, want %v", gaps+1, p.count, p.unit, got, ideal)
		}
	})
}

// A pause makes a request late by an exact time, as a timer does by chance.
func TestLatenessIsMadeUpForWithinLimits(t *testing.T) {
	const ms = time.Millisecond
	tests := []struct {
		name   string
		pause  time.Duration // from the first request on
		arrive time.Duration // of the others
		want   []time.Duration
	}{
		{"on time", 0, 0, []time.Duration{0, 20 * ms, 40 * ms, 60 * ms, 80 * ms}},
		{"a bit late", 25 * ms, 0, []time.Duration{0, 25 * ms, 40 * ms, 60 * ms, 80 * ms}},
		{"as late as can be made up for", 30 * ms, 0, []time.Duration{0, 30 * ms, 40 * ms, 60 * ms, 80 * ms}},
		{"later", 35 * ms, 0, []time.Duration{0, 35 * ms, 45 * ms, 65 * ms, 85 * ms}},
		{"much later", time.Second, 0, []time.Duration{0, 1000 * ms, 1010 * ms, 1030 * ms, 1050 * ms}},
		{"nobody was there", 0, 29 * ms, []time.Duration{0, 29 * ms, 40 * ms, 60 * ms, 80 * ms}},
		{"nobody was there for long", 0, time.Second, []time.Duration{0, 1000 * ms, 1010 * ms, 1030 * ms, 1050 * ms}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, start := ratelimit.New(50), time.Now()
				got := []time.Duration{release(t, l, start)}
				if tt.pause > 0 {
					throttle(l, time.Now(), tt.pause)
				}
				time.Sleep(tt.arrive)
				moments := make(chan time.Duration, 4)
				for range cap(moments) {
					go func() { moments <- release(t, l, start) }()
				}
				for range cap(moments) {
					got = append(got, <-moments)
				}
				for i, want := range tt.want {
					if late := got[i] - want; late < 0 || late > time.Microsecond {
						t.Fatalf("requests went at %v, want %v", got, tt.want)
					}
				}
			})
		})
	}
}

func TestPauseHoldsForThoseAlreadyWaiting(t *testing.T) {
	for _, rate := range []float64{0, 10} {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, start := ratelimit.New(rate), time.Now()
				release(t, l, start)
				throttle(l, time.Now(), 10*time.Millisecond)
				var early atomic.Int32
				var all sync.WaitGroup
				for range 8 {
					all.Go(func() {
						if release(t, l, start) < time.Minute {
							early.Add(1)
						}
					})
				}
				synctest.Wait()
				time.Sleep(5 * time.Millisecond)
				throttle(l, time.Now(), time.Minute) // longer: it extends the pause
				all.Wait()
				if n := early.Load(); n > 0 {
					t.Errorf("%d of 8 waiting requests went before the pause was over", n)
				}
			})
		})
	}
}

func TestBurstOf429sIsOneEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, start := ratelimit.New(0), time.Now()
		sent, _ := l.Wait(t.Context())
		time.Sleep(100 * time.Millisecond)
		until, fresh := throttle(l, sent, 0)
		if !fresh {
			t.Error("the first 429 was no news")
		}
		for range 63 {
			if again, fresh := throttle(l, sent, 0); fresh || !again.Equal(until) {
				t.Fatalf("a 429 of the same burst: fresh %v, pause until %v instead of %v", fresh, again.Sub(start), until.Sub(start))
			}
		}
		if shorter, fresh := throttle(l, sent, time.Millisecond); fresh || !shorter.Equal(until) {
			t.Error("a shorter stated pause cut the pause")
		}
		if longer, fresh := throttle(l, sent, 5*time.Second); fresh || time.Until(longer) != 5*time.Second {
			t.Error("a longer stated pause did not extend the pause")
		}
		sent, _ = l.Wait(t.Context())
		if _, fresh := throttle(l, sent, 0); !fresh {
			t.Error("a 429 after the pause was no news")
		}
	})
}

// The last of a burst comes late: what was sent since the pause ended is news all the same.
func TestLateAnswerOfABurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := ratelimit.New(0)
		first, _ := l.Wait(t.Context())
		throttle(l, first, time.Second)
		second, _ := l.Wait(t.Context())
		time.Sleep(time.Second)
		if _, fresh := throttle(l, first, 0); fresh {
			t.Error("a late 429 of a burst is news")
		}
		if _, fresh := throttle(l, second, 0); !fresh {
			t.Error("a 429 to a request that was sent after the pause is no news")
		}
	})
}

func TestBackOffDoublesUntilAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := ratelimit.New(0)
		throttled := func() time.Duration {
			sent, err := l.Wait(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			until, _ := throttle(l, sent, 0)
			return time.Until(until)
		}
		within := func(pause, base time.Duration) {
			t.Helper()
			if most := min(base+base/4, time.Minute); pause < base || pause > most {
				t.Errorf("pause %v, want %v to %v", pause, base, most)
			}
		}
		for _, base := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60, 60} {
			within(throttled(), base*time.Second)
		}
		l.Answered(ratelimit.Answer{}) // in the pause: sent before it began
		within(throttled(), time.Minute)
		l.Wait(t.Context())
		l.Answered(ratelimit.Answer{})
		within(throttled(), time.Second)
		within(throttled(), 2*time.Second)
	})
}

func TestPausedUntil(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := ratelimit.New(5)
		if end := l.PausedUntil(); !end.IsZero() {
			t.Errorf("a new limiter is paused until %v", end)
		}
		until, _ := throttle(l, time.Now(), time.Second)
		if end := l.PausedUntil(); !end.Equal(until) {
			t.Errorf("paused until %v, want %v", end, until)
		}
		time.Sleep(time.Second)
		if end := l.PausedUntil(); !end.IsZero() {
			t.Errorf("after the pause still paused until %v", end)
		}
	})
}

func TestContextEndsTheWait(t *testing.T) {
	for _, rate := range []float64{0, 1} {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := ratelimit.New(rate)
				throttle(l, time.Now(), time.Hour)
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				start := time.Now()
				var all sync.WaitGroup
				for range 3 { // one at its turn, two in the queue
					all.Go(func() {
						if _, err := l.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
							t.Errorf("Wait: %v, want the context's error", err)
						}
					})
				}
				all.Wait()
				if took := time.Since(start); took != time.Minute {
					t.Errorf("the wait ended after %v, want 1m", took)
				}
				if _, err := l.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Wait on an ended context: %v", err)
				}
			})
		})
	}
}

// A wait that was given up must not cost the others a turn.
func TestGivenUpWaitTakesNoToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, start := ratelimit.New(1), time.Now()
		release(t, l, start)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		if _, err := l.Wait(ctx); err == nil {
			t.Fatal("a second request went within half a second at 1/s")
		}
		if at := release(t, l, start); at > time.Second+time.Microsecond {
			t.Errorf("the next request went after %v, want 1s", at)
		}
	})
}

func TestAbsurdPausesAndRatesHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := ratelimit.New(1e-300)
		release(t, slow, time.Now())
		ctx, cancel := context.WithTimeout(t.Context(), 1000*time.Hour)
		defer cancel()
		if _, err := slow.Wait(ctx); err == nil {
			t.Error("a second request went at next to no rate")
		}
		l := ratelimit.New(0)
		throttle(l, time.Now(), 1<<63-1)
		if until := l.PausedUntil(); time.Until(until) < 1000*time.Hour {
			t.Errorf("the longest pause ends at %v", until)
		}
	})
}

// Whether lateness adds up over a run: at 50/s, 500 µs a request would be half a
// second in 1,000.
func BenchmarkLateness(b *testing.B) {
	for _, rate := range []float64{50, 500, 5000} {
		b.Run(fmt.Sprint(rate), func(b *testing.B) {
			l := ratelimit.New(rate)
			first, _ := l.Wait(b.Context())
			last := first
			for b.Loop() {
				last, _ = l.Wait(b.Context())
			}
			ideal := float64(b.N) / rate * 1e6
			b.ReportMetric((float64(last.Sub(first).Microseconds())-ideal)/float64(b.N), "µs-late/op")
		})
	}
}

func BenchmarkNoLimit(b *testing.B) {
	l := ratelimit.New(0)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			l.Wait(b.Context())
			l.Answered(ratelimit.Answer{})
		}
	})
}

// The whole limiter, with workers, against a server that takes 20 in every second.
func TestAutoFindsTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, start := ratelimit.Auto(0), time.Now()
		var mu sync.Mutex
		var passed []time.Time
		accepted, refused := 0, 0
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				for time.Since(start) < 3*time.Minute {
					sent, err := l.Wait(t.Context())
					if err != nil {
						t.Error(err)
					}
					time.Sleep(50 * time.Millisecond)
					mu.Lock()
					now := time.Now()
					ok := len(passed) < 20 || now.Sub(passed[len(passed)-20]) >= time.Second
					if ok {
						passed = append(passed, now)
					}
					if now.Sub(start) > 30*time.Second {
						if ok {
							accepted++
						} else {
							refused++
						}
					}
					mu.Unlock()
					l.Answered(ratelimit.Answer{Sent: sent, Throttled: !ok})
				}
			})
		}
		all.Wait()
		if accepted < 150*20*95/100 || refused > accepted/100 {
			t.Errorf("%d accepted of 3,000, %d refused", accepted, refused)
		}
		if got := l.Learned(); got < 19 || got > 21 {
			t.Errorf("learned %v a second", got)
		}
	})
}

func TestAutoHeedsPausesAndItsBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, start := ratelimit.Auto(10), time.Now()
		var last time.Duration
		for range 101 {
			last = release(t, l, start)
			l.Answered(ratelimit.Answer{Sent: time.Now()})
		}
		if last < 9*time.Second {
			t.Errorf("101 requests at 10/s at most took %v", last)
		}
		until, fresh := throttle(l, time.Now(), 40*time.Second)
		if !fresh || time.Until(until) != 40*time.Second {
			t.Errorf("pause until %v, news: %v", until.Sub(start), fresh)
		}
		if _, again := throttle(l, time.Now().Add(-time.Second), time.Second); again {
			t.Error("a 429 of the same burst is news")
		}
		if at := release(t, l, start); at < until.Sub(start) {
			t.Error("a request went within the pause")
		}
	})
}

// The bound of a rate holds to the nanosecond, whatever the rate.
func TestNoRateIsEverExceeded(t *testing.T) {
	for _, rate := range []float64{0.3, 3, 7, 999, 1e6, 3e7} {
		synctest.Test(t, func(t *testing.T) {
			l, start := ratelimit.New(rate), time.Now()
			for n := range 300 {
				at := release(t, l, start)
				if earliest := float64(n) / rate; at.Seconds() < earliest*(1-1e-12) {
					t.Fatalf("at %v/s request %d went after %v, not %vs", rate, n+1, at, earliest)
				}
			}
		})
	}
}

func TestCallersAreServedInTheOrderTheyCame(t *testing.T) {
	for name, l := range map[string]func() *ratelimit.Limiter{
		"fixed": func() *ratelimit.Limiter { return ratelimit.New(10) },
		"auto":  func() *ratelimit.Limiter { return ratelimit.Auto(10) },
	} {
		synctest.Test(t, func(t *testing.T) {
			l := l()
			var mu sync.Mutex
			var order []int
			var all sync.WaitGroup
			for n := range 20 {
				all.Go(func() {
					time.Sleep(time.Duration(n) * 13 * time.Millisecond)
					if _, err := l.Wait(t.Context()); err != nil {
						t.Error(err)
					}
					mu.Lock()
					order = append(order, n)
					mu.Unlock()
				})
			}
			all.Wait()
			for i, n := range order {
				if i != n {
					t.Fatalf("%s: served in the order %v", name, order)
				}
			}
		})
	}
}

func TestWhatALimiterIsToldToHaveLearned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fixed := ratelimit.New(5)
		fixed.Learn(80)
		if got := fixed.Learned(); got != 0 {
			t.Errorf("a fixed rate has learned %v", got)
		}
		for _, rate := range []float64{0, -1, 80} {
			l, start := ratelimit.Auto(0), time.Now()
			l.Learn(rate)
			if got := l.Learned(); got != max(rate, 0) {
				t.Errorf("told %v, it has learned %v", rate, got)
			}
			var last time.Duration
			for range 5 {
				last = release(t, l, start)
			}
			if want := map[bool]time.Duration{true: 5 * time.Second / 80, false: 5 * time.Second / 5}[rate > 0]; last < want || last > want+time.Microsecond {
				t.Errorf("told %v, the fifth request goes after %v, want %v", rate, last, want)
			}
		}
	})
}

// Lateness is made up for within the same limits where the rate is found.
func TestLatenessOfAFoundRate(t *testing.T) {
	const ms = time.Millisecond
	for late, want := range map[time.Duration]time.Duration{0: 600 * ms, 5 * ms: 600 * ms, 10 * ms: 600 * ms, 15 * ms: 615 * ms, 100 * ms: 700 * ms} {
		synctest.Test(t, func(t *testing.T) {
			l, start := ratelimit.Auto(0), time.Now() // at 5/s for a second
			release(t, l, start)
			time.Sleep(200*ms + 1 + late)
			if at := release(t, l, start); at != 400*ms+2+late {
				t.Errorf("late by %v: the second request went after %v", late, at)
			}
			if at := release(t, l, start); at < want || at > want+ms/1000 {
				t.Errorf("late by %v: the third request went after %v, want %v", late, at, want)
			}
		})
	}
}
