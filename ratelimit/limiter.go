package ratelimit

import (
	"context"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// The limiter's own pauses, for a server that does not say how long to wait: they
// double from the first to the longest.
const (
	firstPause   = time.Second
	longestPause = time.Minute
)

// catchUp is how much of its lateness the limiter makes up for. Timers are up to a
// millisecond late, more on a busy machine; were that to add up, it would cost 5 %
// of 50/s. So the next request is due one gap after the one before it was due, not
// after it went; but no more than this is made up for, or what was idle would send
// a burst.
const catchUp = 10 * time.Millisecond

// A Limiter paces requests. It is safe for concurrent use; make one with [New] or
// [Auto].
type Limiter struct {
	bucket *rate.Limiter // of one token, where the rate is fixed; nil without a limit of our own
	turn   chan struct{} // held by the one waiter that may go next
	last   time.Duration // when the latest request was due; of the waiter whose turn it is

	// The end of the latest pause, as time since start. It is written under mu
	// and read without, so that Wait takes no lock where there is no limit.
	start time.Time
	until atomic.Int64

	mu      sync.Mutex
	strikes atomic.Int32 // unstated pauses since requests were last answered
	auto    *controller  // nil where the rate is fixed
}

// An Answer is what the answer to a request says of the pace.
type Answer struct {
	Sent      time.Time     // when [Limiter.Wait] let the request go
	Throttled bool          // it was a 429
	Pause     time.Duration // that a 429 asks for, 0 if it does not say
	Failed    bool          // the server failed, or none came: it says nothing
	Quotas    []Quota       // that its headers tell of
}

// New returns a limiter for that many requests per second. With 0 it sets no
// limit of its own, but pauses hold all the same.
func New(perSecond float64) *Limiter {
	l := &Limiter{turn: make(chan struct{}, 1), start: time.Now()}
	if perSecond > 0 {
		// The bucket rounds waits down to whole nanoseconds, which would break the
		// bound by a hair. One nanosecond more keeps every gap at 1/rate or above.
		gap := time.Duration(math.Ceil(min(1e9/perSecond, 1<<62))) + 1
		l.bucket = rate.NewLimiter(rate.Every(gap), 1)
	}
	return l
}

// Auto returns a limiter that finds the rate which the server allows, and never
// lets more than that many requests per second go, if most is not 0.
func Auto(most float64) *Limiter {
	l := New(0)
	l.auto = newController(most)
	return l
}

// Learned returns the rate that the server was seen to allow, 0 if the rate is fixed
// or the server has set no limit yet.
func (l *Limiter) Learned() float64 {
	if l.auto == nil {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.auto.learned()
}

// Learn tells a limiter what an earlier one has learned, before the first request.
func (l *Limiter) Learn(rate float64) {
	if l.auto == nil || rate <= 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.auto.learn(rate)
}

// Wait returns when one request may go, with the moment at which it was let go.
// Its only error is the context's. Callers are served in the order they came.
func (l *Limiter) Wait(ctx context.Context) (time.Time, error) {
	if l.bucket != nil || l.auto != nil {
		select {
		case l.turn <- struct{}{}:
			defer func() { <-l.turn }()
		case <-ctx.Done():
			return time.Time{}, ctx.Err()
		}
	}
	for {
		if err := ctx.Err(); err != nil {
			return time.Time{}, err
		}
		now := time.Now()
		next := l.take(now.Sub(l.start))
		if next == 0 {
			return now, nil
		}
		if err := sleepUntil(ctx, l.start.Add(next)); err != nil {
			return time.Time{}, err
		}
	}
}

// take lets a request go at now and returns 0, or returns the moment to ask again. A
// pause is looked at together with the token, never before: so it holds for those
// who were waiting when it began, too. The token is taken when it is due, not
// reserved ahead, so nothing is let go early; and it is taken as of the moment when
// it was due.
func (l *Limiter) take(now time.Duration) (next time.Duration) {
	if end := time.Duration(l.until.Load()); now < end {
		return end
	}
	switch {
	case l.auto != nil:
		return l.takeAuto(now)
	case l.bucket == nil:
		return 0
	}
	due := max(l.last, now-catchUp)
	for at := l.start.Add(due); !l.bucket.AllowN(at, 1); at = l.start.Add(due) {
		missing := (1 - l.bucket.TokensAt(at)) / float64(l.bucket.Limit())
		if due += max(1, time.Duration(missing*float64(time.Second))); due > now {
			return due
		}
	}
	l.last = due
	return 0
}

func (l *Limiter) takeAuto(now time.Duration) (next time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	due := l.auto.due(now, l.last)
	switch {
	case due > now:
		return due
	case due < now-catchUp: // after a pause, not even two at once
		due = now
	}
	l.last = due
	l.auto.sent(now)
	return 0
}

// Answered notes an answer. After a 429 all requests wait: for its pause, or where
// the server did not say for a back-off of the limiter's own, which doubles until
// something else is answered. It returns the end of the pause, the zero time if none
// holds, and whether this was news. A burst of 429s is one event: the answer to a
// request that was let go before the current pause ended is no news, though a pause
// stated in it may last longer and then counts.
func (l *Limiter) Answered(a Answer) (until time.Time, fresh bool) {
	switch {
	case l.auto == nil && a.Throttled:
		return l.throttled(a.Sent, a.Pause)
	case l.auto != nil:
		l.mu.Lock()
		defer l.mu.Unlock()
		fresh = a.Throttled && !a.Sent.Before(l.end())
		end := l.auto.answered(time.Since(l.start), a.Sent.Sub(l.start), a)
		l.until.Store(max(int64(end), l.until.Load()))
	case !a.Failed && l.strikes.Load() != 0 && l.PausedUntil().IsZero():
		// What comes in during a pause was sent before it and says nothing about
		// the server now, so it does not count.
		l.strikes.Store(0)
	}
	return l.PausedUntil(), fresh
}

func (l *Limiter) throttled(sent time.Time, pause time.Duration) (until time.Time, fresh bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fresh = !sent.Before(l.end())
	if fresh && pause <= 0 {
		pause = jittered(min(firstPause<<min(l.strikes.Add(1)-1, 10), longestPause))
	}
	if pause > 0 {
		until := time.Now().Add(pause).Sub(l.start)
		l.until.Store(max(int64(until), l.until.Load()))
	}
	return l.end(), fresh
}

// jittered adds up to a quarter to a pause at random, so that programs which share
// an account do not return all at once.
func jittered(pause time.Duration) time.Duration {
	return min(pause+rand.N(pause/4), longestPause)
}

// PausedUntil returns the end of the pause that holds now, the zero time if none
// does.
func (l *Limiter) PausedUntil() time.Time {
	if end := l.end(); time.Now().Before(end) {
		return end
	}
	return time.Time{}
}

func (l *Limiter) end() time.Time {
	return l.start.Add(time.Duration(l.until.Load()))
}

// sleepUntil returns at t or, as timers go, a little later; or with the context's
// error.
func sleepUntil(ctx context.Context, t time.Time) error {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
