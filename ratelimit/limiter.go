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

// A Limiter paces requests. It is safe for concurrent use; make one with [New].
type Limiter struct {
	bucket *rate.Limiter // burst 1; nil without a limit of our own
	turn   chan struct{} // held by the one waiter that talks to the bucket
	last   time.Time     // when the latest request was due; of the waiter whose turn it is

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
	now := time.Now()
	l := &Limiter{turn: make(chan struct{}, 1), start: now, last: now}
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

// take lets a request go at now, or returns the moment to ask again. A pause is
// looked at together with the token, never before: so it holds for those who were
// waiting when it began, too. The token is taken when it is due, not reserved
// ahead, so nothing is let go early; and it is taken as of the moment when it was
// due.
func (l *Limiter) take(now time.Time) time.Time {
	if end := l.end(); now.Before(end) {
		return end
	}
	if l.bucket == nil {
		return now
	}
	due := now.Add(-catchUp)
	if due.Before(l.last) {
		due = l.last
	}
	for !l.bucket.AllowN(due, 1) {
		seconds := (1 - l.bucket.TokensAt(due)) / float64(l.bucket.Limit())
		due = due.Add(max(1, time.Duration(seconds*float64(time.Second))))
		if due.After(now) {
			return due
		}
	}
	l.last = due
	return now
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
