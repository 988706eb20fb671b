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

// ParseRate reads a rate as people write it, such as "10/s", "600/m", "36000/h"
// or a bare number per second, and returns it in requests per second. "0" means
// no limit.
func ParseRate(s string) (perSecond float64, err error) {
	text := strings.TrimSpace(s)
	if text == "" {
		return 0, errors.New("the rate is empty: write for example 10/s, 600/m or 36000/h, or 0 for no limit")
	}
	if strings.EqualFold(text, "auto") {
		return 0, errors.New("rate auto is not there yet: give a fixed rate, for example 5/s")
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
