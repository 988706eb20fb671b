package talkdesk

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

func TestPause(t *testing.T) {
	// The server's clock is five minutes behind ours.
	const date, later = "Fri, 05 Jun 2026 10:00:00 GMT", "Fri, 05 Jun 2026 10:00:40 GMT"
	now := time.Date(2026, 6, 5, 10, 5, 0, 0, time.UTC)
	tests := []struct {
		name   string
		header []string // names and values by turns
		want   time.Duration
	}{
		{"says nothing", nil, 0},
		{"seconds", []string{"Retry-After", "30"}, 30 * time.Second},
		{"fraction", []string{"Retry-After", " 1.5 "}, 1500 * time.Millisecond},
		{"zero", []string{"Retry-After", "0"}, 0},
		{"negative", []string{"Retry-After", "-5"}, 0},
		{"absurd", []string{"Retry-After", "86400"}, time.Hour},
		{"beyond all numbers", []string{"Retry-After", "1e999"}, 0},
		{"infinite", []string{"Retry-After", "Inf"}, time.Hour},
		{"not a number", []string{"Retry-After", "NaN"}, 0},
		{"a word", []string{"Retry-After", "soon"}, 0},
		{"date by the answer's clock", []string{"Date", date, "Retry-After", later}, 40 * time.Second},
		{"date without a Date", []string{"Retry-After", "Fri, 05 Jun 2026 10:06:00 GMT"}, time.Minute},
		{"date in the past", []string{"Date", date, "Retry-After", "Fri, 05 Jun 2026 09:00:00 GMT"}, 0},
		{"date far off", []string{"Date", date, "Retry-After", "Fri, 05 Jun 2037 09:00:00 GMT"}, time.Hour},
		{"reset in seconds", []string{"RateLimit-Reset", "12"}, 12 * time.Second},
		{"reset as Unix time", []string{"Date", date, "X-RateLimit-Reset", "1780653650"}, 50 * time.Second},
		{"reset in milliseconds", []string{"Date", date, "X-RateLimit-Reset", "1780653650000"}, 50 * time.Second},
		{"the longest delay", []string{"Retry-After", "1000000000"}, time.Hour},
		{"the latest time in seconds", []string{"Retry-After", "100000000000"}, time.Hour},
		{"reset long ago", []string{"Date", date, "X-RateLimit-Reset", "1780000000"}, 0},
		{"reset as ISO date", []string{"Date", date, "X-RateLimit-Reset", "2026-06-05T12:00:09+02:00"}, 9 * time.Second},
		{"reset as ISO date without a zone", []string{"Date", date, "X-Rate-Limit-Reset", "2026-06-05T10:00:09"}, 9 * time.Second},
		{"reset of a limit not hit", []string{"RateLimit-Remaining", "80", "RateLimit-Reset", "3000"}, 0},
		{"reset of the limit hit", []string{"RateLimit-Remaining", "0", "RateLimit-Reset", "3"}, 3 * time.Second},
		{"one of two limits hit", []string{"RateLimit-Remaining", "80", "RateLimit-Reset", "3000", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "4"}, 4 * time.Second},
		{"Retry-After goes first", []string{"RateLimit-Reset", "12", "Retry-After", "2"}, 2 * time.Second},
		{"unusable Retry-After", []string{"RateLimit-Reset", "12", "Retry-After", "?"}, 12 * time.Second},
		{"older draft", []string{"RateLimit", "limit=10, remaining=0, reset=7"}, 7 * time.Second},
		{"newer draft", []string{"RateLimit", `"burst";r=0;t=7, "day";r=90;t=3000`}, 7 * time.Second},
		{"newer draft, nothing hit", []string{"RateLimit", `"day";r=90;t=3000`}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := http.Header{}
			for i := 0; i < len(tt.header); i += 2 {
				h.Set(tt.header[i], tt.header[i+1])
			}
			if got := pause(h, now); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestQuotas(t *testing.T) {
	now := time.Date(2026, 6, 5, 10, 5, 0, 0, time.UTC)
	for _, tt := range []struct {
		name   string
		header []string
		want   string
	}{
		{"none", nil, "[]"},
		{"the usual ones", []string{"X-RateLimit-Limit", "60", "X-RateLimit-Remaining", "59", "X-RateLimit-Reset", "10"}, "[{X-Ratelimit-Remaining 59 10s}]"},
		{"older draft", []string{"RateLimit", "limit=10, remaining=3, reset=7"}, "[{RateLimit 3 7s}]"},
		{"newer draft", []string{"RateLimit", `"burst";r=9;t=1, "day";r=90;t=3000`, "RateLimit-Policy", `"burst";q=10;w=1`}, `[{"burst" 9 1s} {"day" 90 50m0s}]`},
		{"no reset", []string{"RateLimit-Remaining", "4"}, "[]"},
		{"only a reset", []string{"RateLimit-Reset", "4"}, "[]"},
		{"only resets", []string{"RateLimit", `"burst";t=1, "day";r=x;t=3000`}, "[]"},
		{"used up", []string{"RateLimit-Remaining", "0", "RateLimit-Reset", "4"}, "[{Ratelimit-Remaining 0 4s}]"},
	} {
		h := http.Header{}
		for i := 0; i < len(tt.header); i += 2 {
			h.Set(tt.header[i], tt.header[i+1])
		}
		if got := fmt.Sprint(quotas(h, now, false)); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}
