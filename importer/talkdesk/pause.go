package talkdesk

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxPause caps what a server may ask for: beyond an hour it is more likely a
// mistake than a wish, and asking again after an hour harms nobody.
const maxPause = time.Hour

// pause reads from the header of a 429 how long to wait; 0 if it does not say.
// Points in time are counted from the answer's own Date, since the two clocks
// may differ, or else from now.
func pause(h http.Header, now time.Time) time.Duration {
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	if d := wait(h.Get("Retry-After"), now); d > 0 {
		return d
	}
	if d := structuredLimit(h.Get("RateLimit"), now); d > 0 {
		return d
	}
	for _, name := range []string{"RateLimit", "X-RateLimit", "X-Rate-Limit"} {
		// Requests remaining: it is another limit than this one that was hit.
		if left, err := strconv.Atoi(h.Get(name + "-Remaining")); err == nil && left > 0 {
			continue
		}
		if d := wait(h.Get(name+"-Reset"), now); d > 0 {
			return d
		}
	}
	return 0
}

// wait understands seconds, Unix time in seconds or milliseconds, an HTTP date
// and an ISO date. Anything else, or what is past, is 0.
func wait(s string, now time.Time) time.Duration {
	s = strings.TrimSpace(s)
	seconds, err := strconv.ParseFloat(s, 64)
	if err == nil {
		unix := float64(now.UnixMilli()) / 1000
		switch {
		case seconds > 1e11: // milliseconds of some year after 1973
			seconds = seconds/1000 - unix
		case seconds > 1e9: // thirty years of delay, or a date after 2001
			seconds -= unix
		}
		if !(seconds > 0) { // not a number, too
			return 0
		}
		return time.Duration(min(seconds, maxPause.Seconds()) * float64(time.Second))
	}
	for _, layout := range []string{http.TimeFormat, time.RFC850, time.ANSIC, time.RFC3339, "2006-01-02T15:04:05"} {
		if at, err := time.Parse(layout, s); err == nil {
			return max(0, min(at.Sub(now), maxPause))
		}
	}
	return 0
}

// structuredLimit reads the RateLimit header of the IETF's drafts, both
// `limit=10, remaining=0, reset=7` and `"burst";r=0;t=7, "day";r=90;t=3600`:
// the longest wait for something of which nothing remains.
func structuredLimit(s string, now time.Time) time.Duration {
	var longest time.Duration
	remaining := "0"
	for _, item := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(",; ", r) }) {
		name, value, _ := strings.Cut(item, "=")
		switch name {
		case "r", "remaining":
			remaining = value
		case "t", "reset":
			if remaining == "0" {
				longest = max(longest, wait(value, now))
			}
			remaining = "0"
		}
	}
	return longest
}
