package talkdesk

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"caseimport/ratelimit"
)

// maxPause caps what a server may ask for: beyond an hour it is more likely a
// mistake than a wish, and asking again after an hour harms nobody.
const maxPause = time.Hour

// pause reads from the header of a 429 how long to wait; 0 if it does not say.
func pause(h http.Header, now time.Time) (longest time.Duration) {
	if d := wait(h.Get("Retry-After"), serverTime(h, now)); d > 0 {
		return d
	}
	for _, q := range quotas(h, now, true) {
		if q.Remaining == 0 {
			longest = max(longest, q.Reset)
		}
	}
	return longest
}

// serverTime is when the answer was given, by its own Date, since the two clocks may
// differ: points in time are counted from it.
func serverTime(h http.Header, now time.Time) time.Time {
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		return date
	}
	return now
}

// quotaHeaders are those of which one at least is there where a quota is said.
var quotaHeaders = []string{"Ratelimit", "Ratelimit-Reset", "X-Ratelimit-Reset", "X-Rate-Limit-Reset"}

// quotas reads what headers say is left: those of the IETF's drafts and the older
// ones by the names that most servers give them. Where only the reset is said, nothing
// is left if the answer is a refusal, and nothing is known if it is none.
func quotas(h http.Header, now time.Time, refusal bool) (all []ratelimit.Quota) {
	if !slices.ContainsFunc(quotaHeaders, func(name string) bool { return h.Get(name) != "" }) {
		return nil
	}
	now = serverTime(h, now)
	all = structuredQuotas(h.Get("RateLimit"), now, refusal)
	for _, names := range [...][2]string{
		{"Ratelimit-Remaining", "Ratelimit-Reset"}, {"X-Ratelimit-Remaining", "X-Ratelimit-Reset"}, {"X-Rate-Limit-Remaining", "X-Rate-Limit-Reset"},
	} {
		reset := wait(h.Get(names[1]), now)
		if reset == 0 {
			continue
		}
		left, err := strconv.Atoi(h.Get(names[0]))
		switch {
		case err != nil && !refusal:
			continue
		case err != nil:
			left = 0
		}
		all = append(all, ratelimit.Quota{Name: names[0], Remaining: max(left, 0), Reset: reset})
	}
	return all
}

// structuredQuotas reads the RateLimit header of the IETF's drafts, both
// `limit=10, remaining=0, reset=7` and `"burst";r=0;t=7, "day";r=90;t=3600`.
func structuredQuotas(s string, now time.Time, refusal bool) (all []ratelimit.Quota) {
	quota, left, said := "RateLimit", 0, refusal
	for _, item := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(",; ", r) }) {
		name, value, parameter := strings.Cut(item, "=")
		if !parameter {
			quota = name
		}
		switch name {
		case "r", "remaining":
			n, err := strconv.Atoi(value)
			left, said = max(n, 0), refusal || err == nil
		case "t", "reset":
			if reset := wait(value, now); reset > 0 && said {
				all = append(all, ratelimit.Quota{Name: quota, Remaining: left, Reset: reset})
			}
			left, said = 0, refusal
		}
	}
	return all
}

// wait understands seconds, Unix time in seconds or milliseconds, an HTTP date
// and an ISO date. Anything else, or what is past, is 0.
func wait(s string, now time.Time) time.Duration {
	s = strings.TrimSpace(s)
	if s == "" {
		return 0
	}
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
