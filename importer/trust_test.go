package importer

import (
	"testing"
	"time"
)

func TestTrustFrom(t *testing.T) {
	zero := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	at := func(seconds float64) time.Time { return zero.Add(time.Duration(seconds * float64(time.Second))) }
	const settle = 30 * time.Second
	ctl := func(sent, found, lag float64) *control {
		return &control{sent: at(sent), found: at(found), lag: time.Duration(lag * float64(time.Second))}
	}
	past := func(found, lag float64) *control {
		c := ctl(0, found, lag)
		c.earlier = true
		return c
	}
	// The row is in doubt since second 100.
	for _, c := range []struct {
		name    string
		control *control
		newest  float64 // when the newest case of this run was sent, -1: none
		known   bool
		at      float64
		ok      bool
	}{
		{"no case is known: the delay stands alone", nil, -1, false, 130, true},
		{"a case is known but was not looked for yet", nil, 90, true, 0, false},
		{"the control has not been found yet", &control{sent: at(90)}, 90, true, 0, false},
		{"control younger than the delay's end: at once when found", ctl(131, 133, 2), 140, true, 133, true},
		{"control sent at the delay's end", ctl(130, 131, 1), 130, true, 131, true},
		{"control sent just before the delay's end: the lag counts", ctl(129, 131, 2), 129, true, 132, true},
		{"control younger than the doubt: delay and lag", ctl(101, 103, 2), 120, true, 132, true},
		{"control younger than the doubt, found late", ctl(101, 161, 60), 120, true, 190, true},
		{"control older than the doubt, a younger case is known", ctl(99, 101, 2), 120, true, 0, false},
		{"control older than the doubt, no younger case is known", ctl(99, 101, 2), 99, true, 132, true},
		{"case of an earlier run, nothing else known", past(101, 5), -1, true, 135, true},
		{"case of an earlier run, a younger case is known", past(101, 5), 120, true, 0, false},
		{"found after the delay: not before it was found", past(150, 5), -1, true, 150, true},
	} {
		newest := time.Time{}
		if c.newest >= 0 {
			newest = at(c.newest)
		}
		got, ok := trustFrom(at(100), settle, c.control, newest, c.known)
		if ok != c.ok || ok && !got.Equal(at(c.at)) {
			t.Errorf("%s: from %v (%v), want second %v (%v)", c.name, got.Sub(zero), ok, c.at, c.ok)
		}
	}
}
