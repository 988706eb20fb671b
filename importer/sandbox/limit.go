package sandbox

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// window lets no more than so many requests pass in any second: a sliding
// window, not a bucket, so it also stops bursts.
type window struct {
	length time.Duration

	mu     sync.Mutex
	passed []time.Time // the last ones let through, oldest at next
	next   int
}

// newWindow takes requests per second; below one, the window is longer than a
// second.
func newWindow(perSecond float64) *window {
	if perSecond <= 0 {
		return nil
	}
	n := max(1, int(perSecond))
	return &window{
		length: time.Duration(float64(n) / perSecond * float64(time.Second)),
		passed: make([]time.Time, n),
	}
}

// pass returns 0 if a request may pass now, else how long until one may.
func (w *window) pass() time.Duration {
	if w == nil {
		return 0
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	if oldest := w.passed[w.next]; !oldest.IsZero() && now.Sub(oldest) < w.length {
		return w.length - now.Sub(oldest)
	}
	w.passed[w.next] = now
	w.next = (w.next + 1) % len(w.passed)
	return 0
}

// tooMany answers 429, as a gateway does: not in the API's form. wait is how
// long until a request may pass.
func (c *call) tooMany(wait time.Duration) {
	seconds := max(1, int64(math.Ceil(wait.Seconds())))
	at := time.Now().Add(time.Duration(seconds) * time.Second).UTC()
	h := c.w.Header()
	switch c.s.opt.RetryAfter {
	case RetrySeconds:
		h.Set("Retry-After", strconv.FormatInt(seconds, 10))
	case RetryDate:
		h.Set("Retry-After", at.Add(time.Second-1).Format(http.TimeFormat)) // whole seconds: never too early
	case ResetSeconds:
		h.Set("RateLimit-Remaining", "0")
		h.Set("RateLimit-Reset", strconv.FormatInt(seconds, 10))
	case ResetUnix:
		h.Set("X-RateLimit-Remaining", "0")
		h.Set("X-RateLimit-Reset", strconv.FormatInt(at.Add(time.Second-1).Unix(), 10))
	case ResetISO:
		h.Set("X-RateLimit-Remaining", "0")
		h.Set("X-RateLimit-Reset", at.Format(time.RFC3339Nano))
	}
	c.send(http.StatusTooManyRequests, jsonType, []byte(`{"message":"API rate limit exceeded"}`))
}
