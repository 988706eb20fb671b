package ratelimit_test

import (
	"math"
	"strings"
	"testing"

	"caseimport/ratelimit"
)

func TestParseRate(t *testing.T) {
	for in, want := range map[string]float64{
		"10/s":    10,
		"600/m":   10,
		"36000/h": 10,
		"10":      10,
		"0.5":     0.5,
		"1/h":     1.0 / 3600,
		" 2 / s ": 2,
		"0":       0,
		"0/m":     0,
	} {
		got, err := ratelimit.ParseRate(in)
		if err != nil || got != (ratelimit.Rate{PerSecond: want}) {
			t.Errorf("ParseRate(%q) = %v, %v; want %v", in, got, err, want)
		}
	}
	for in, want := range map[string]float64{"auto": 0, " AUTO ": 0, "auto:20/s": 20, "auto: 600/m": 10} {
		got, err := ratelimit.ParseRate(in)
		if err != nil || got != (ratelimit.Rate{PerSecond: want, Auto: true}) {
			t.Errorf("ParseRate(%q) = %v, %v; want at most %v", in, got, err, want)
		}
	}
}

func TestParseRateSaysWhatIsWrong(t *testing.T) {
	for in, want := range map[string]string{
		"":         "empty",
		"  ":       "empty",
		"auto:":    "empty",
		"auto:0":   "lets nothing go",
		"auto:x":   "not a number",
		"auto10":   "not a number",
		"-1":       "negative",
		"-600/m":   "negative",
		"NaN":      "not a number",
		"Inf":      "not a number",
		"+Inf/s":   "not a number",
		"1e999":    "not a number",
		"fast":     "not a number",
		"/s":       "not a number",
		"10/":      "unit must be s, m or h",
		"10/x":     "unit must be s, m or h",
		"10/s/s":   "unit must be s, m or h",
		"1e-320/h": "lowest rate",
		"0.9/h":    "lowest rate",
	} {
		got, err := ratelimit.ParseRate(in)
		if err == nil {
			t.Errorf("ParseRate(%q) = %v, want an error", in, got)
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("ParseRate(%q): %v; want a message with %q", in, err, want)
		}
	}
}

func FuzzParseRate(f *testing.F) {
	for _, s := range []string{"10/s", "600/m", "auto", "-1", "NaN", "1e-320/h"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		rate, err := ratelimit.ParseRate(s)
		if err == nil && !(rate.PerSecond >= 0 && rate.PerSecond <= math.MaxFloat64) {
			t.Errorf("ParseRate(%q) = %v", s, rate)
		}
	})
}
