package ratelimit

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// slowest is the lowest rate that ParseRate takes, one request an hour: anything
// below it is a slip of the pen.
const slowest = 1.0 / 3600

// A Rate is how fast a person wants requests to be sent.
type Rate struct {
	PerSecond float64 // at most; 0: no limit of our own
	Auto      bool    // the rate that the server allows is to be found
}

// Limiter makes a limiter for the rate.
func (r Rate) Limiter() *Limiter {
	if r.Auto {
		return Auto(r.PerSecond)
	}
	return New(r.PerSecond)
}

// ParseRate reads a rate as people write it: "10/s", "600/m", "36000/h" or a bare
// number per second, "0" for no limit; "auto", or "auto:20/s" with a bound.
func ParseRate(s string) (Rate, error) {
	text := strings.TrimSpace(s)
	word, bound, bounded := strings.Cut(text, ":")
	if !strings.EqualFold(strings.TrimSpace(word), "auto") {
		perSecond, err := parsePerSecond(s)
		return Rate{PerSecond: perSecond}, err
	}
	if !bounded {
		return Rate{Auto: true}, nil
	}
	perSecond, err := parsePerSecond(bound)
	if err == nil && perSecond == 0 {
		err = fmt.Errorf("rate %q: a bound of 0 lets nothing go: write auto, or for example auto:20/s", s)
	}
	return Rate{PerSecond: perSecond, Auto: true}, err
}

func parsePerSecond(s string) (perSecond float64, err error) {
	text := strings.TrimSpace(s)
	if text == "" {
		return 0, errors.New("the rate is empty: write for example 10/s, 600/m or 36000/h, 0 for no limit, or auto")
	}
	number, unit, hasUnit := strings.Cut(text, "/")
	seconds := 1.0
	if hasUnit {
		switch strings.TrimSpace(unit) {
		case "s":
		case "m":
			seconds = 60
		case "h":
			seconds = 3600
		default:
			return 0, fmt.Errorf("rate %q: the unit must be s, m or h, for example 10/s, 600/m or 36000/h", s)
		}
	}
	count, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || math.IsNaN(count) || math.IsInf(count, 0) {
		return 0, fmt.Errorf("rate %q: %q is not a number: write for example 10/s, 600/m or 36000/h", s, number)
	}
	if count < 0 {
		return 0, fmt.Errorf("rate %q: a rate cannot be negative: write for example 10/s, or 0 for no limit", s)
	}
	perSecond = count / seconds
	if perSecond != 0 && perSecond < slowest {
		return 0, fmt.Errorf("rate %q: the lowest rate is 1/h", s)
	}
	return perSecond, nil
}
