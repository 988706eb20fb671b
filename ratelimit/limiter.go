package ratelimit

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
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

// A Limiter paces requests. It is safe for concurrent use; make one with [New].
type Limiter struct {
	bucket *rate.Limiter // burst 1; nil without a limit of our own
	turn   chan struct{} // held by the one waiter that talks to the bucket

	// The end of the latest pause, as time since start. It is written under mu
	// and read without, so that Wait takes no lock where there is no limit.
	start time.Time
	until atomic.Int64

	mu      sync.Mutex
	strikes atomic.Int32 // unstated pauses since requests were last answered
}

// New returns a limiter for that many requests per second. With 0 it sets no
// limit of its own, but pauses hold all the same.
func New(perSecond float64) *Limiter {
	l := &Limiter{turn: make(chan struct{}, 1), start: time.Now()}
	if perSecond > 0 {
		// The bucket rounds waits down to whole nanoseconds, which would break
		// the bound by a hair. One nanosecond more keeps every gap at 1/rate or
		// above.
		gap := time.Duration(math.Ceil(min(1e9/perSecond, 1<<62))) + 1
		l.bucket = rate.NewLimiter(rate.Every(gap), 1)
	}
	return l
}

// Wait returns when one request may go, with the moment at which it was let go.
// Its only error is the context's. Callers are served in the order they came.
func (l *Limiter) Wait(ctx context.Context) (time.Time, error) {
	if l.bucket != nil {
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
		next := l.take(now)
		if !next.After(now) {
			return now, nil
		}
		if err := sleepUntil(ctx, next); err != nil {
			return time.Time{}, err
		}
	}
}

// take lets one request go at now, or returns the moment to ask again. A pause is
// looked at together with the token, never before: so it holds for those who were
// waiting when it began, too. The token is taken when it is there, not reserved
// ahead, so nothing is let go early.
func (l *Limiter) take(now time.Time) time.Time {
	if end := l.end(); now.Before(end) {
		return end
	}
	if l.bucket == nil || l.bucket.AllowN(now, 1) {
		return now
	}
	missing := 1 - l.bucket.TokensAt(now)
	seconds := missing / float64(l.bucket.Limit())
	return now.Add(max(1, time.Duration(seconds*float64(time.Second))))
}

// Throttled notes that a request which was let go at sent was answered by a 429.
// All requests then wait: for pause, or where the server did not say (pause 0)
// for a back-off that doubles until [Limiter.Answered]. It returns the end of the
// pause and whether this was news. A burst of 429s is one event: the answer to a
// request that was let go before the current pause ended is no news, though a
// pause stated in it may last longer and then counts.
func (l *Limiter) Throttled(sent time.Time, pause time.Duration) (until time.Time, fresh bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fresh = !sent.Before(l.end())
	if fresh && pause <= 0 {
		pause = ownPause(l.strikes.Add(1))
	}
	if pause > 0 {
		until := time.Now().Add(pause).Sub(l.start)
		l.until.Store(max(int64(until), l.until.Load()))
	}
	return l.end(), fresh
}

// ownPause is the length of the nth pause in a row. Up to a quarter comes on top
// at random, so that programs which share an account do not return all at once.
func ownPause(n int32) time.Duration {
	pause := firstPause << min(n-1, 10)
	return min(pause+rand.N(pause/4), longestPause)
}

// Answered notes an answer other than 429: the back-off begins anew. What comes
// in during a pause was sent before it and says nothing about the server now, so
// it does not count.
func (l *Limiter) Answered() {
	if l.strikes.Load() != 0 && l.PausedUntil().IsZero() {
		l.strikes.Store(0)
	}
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

// early is how late a timer may be: on Linux the Go runtime sleeps in whole
// milliseconds.
const early = time.Millisecond

// sleepUntil returns at t, within microseconds, or with the context's error.
//
// A plain timer would be up to a millisecond late, each time: the lateness cannot
// be made up for, since every gap has to be whole, and at 50/s would cost up to 5%
// of the rate. So the timer is asked a millisecond sooner, and the rest is spent
// yielding to the other goroutines. Under a rate only the one waiter whose turn it
// is does so.
func sleepUntil(ctx context.Context, t time.Time) error {
	for {
		now := time.Now()
		left := t.Sub(now)
		if left <= 0 {
			return nil
		}
		if left <= early {
			runtime.Gosched()
			if time.Now().After(now) {
				continue
			}
			// A clock that stands still (a coarse one, or a test's) is not
			// worth watching: the timer is all there is.
		} else {
			left -= early
		}
		timer := time.NewTimer(left)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}
