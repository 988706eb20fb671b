package mapping

import (
	"caseimport/mapping/convert"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
)

func callNumber(args ...any) (any, error) {
	return number(args[1])
}

// number takes numbers, and texts that are written as one.
func number(v any) (any, error) {
	switch v := v.(type) {
	case int, float64:
		return v, nil
	case string:
		if n, ok := writtenNumber(v); ok {
			return n, nil
		}
	}
	return nil, fmt.Errorf("%s is not a number", typeOf(v))
}

// writtenNumber reads a text that is written as a number.
func writtenNumber(s string) (any, bool) {
	s = strings.TrimSpace(s)
	if convert.IsInteger(s) {
		if n, err := strconv.Atoi(s); err == nil {
			return n, true
		}
	}
	if !convert.IsDecimal(s) {
		return nil, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

// numberOf is a JSON number in an expression: a number where that gives back
// the spelling, else text.
func numberOf(spelling string) any {
	if n, err := strconv.Atoi(spelling); err == nil && strconv.Itoa(n) == spelling {
		return n
	}
	if f, err := strconv.ParseFloat(spelling, 64); err == nil && floatText(f) == spelling {
		return f
	}
	return spelling
}

// floatText writes a number as people do, without an exponent.
func floatText(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// numbers compares two values of which one is a number and the other is one or
// is written as one.
func numbers(a, b any) (int, bool) {
	if !isNumber(a) && !isNumber(b) {
		return 0, false
	}
	x, err := number(a)
	if err != nil {
		return 0, false
	}
	y, err := number(b)
	if err != nil {
		return 0, false
	}
	if m, ok := x.(int); ok {
		if n, ok := y.(int); ok {
			switch {
			case m < n:
				return -1, true
			case m > n:
				return 1, true
			}
			return 0, true
		}
	}
	f, g := reflect.ValueOf(x), reflect.ValueOf(y)
	p, q := f.Convert(floatType).Float(), g.Convert(floatType).Float()
	switch {
	case p < q:
		return -1, true
	case p > q:
		return 1, true
	}
	return 0, true
}

var floatType = reflect.TypeFor[float64]()

func isNumber(v any) bool {
	switch v.(type) {
	case int, float64:
		return true
	}
	return false
}

func callInt(args ...any) (any, error) {
	v := args[1]
	if text, ok := v.(string); ok {
		if strings.TrimSpace(text) == "" {
			return nil, nil
		}
		if !convert.IsInteger(strings.TrimSpace(text)) {
			return nil, errors.New("int() takes a whole number; float() takes one with a point")
		}
	}
	if v == nil {
		return nil, nil
	}
	n, err := number(v)
	if f, ok := n.(float64); ok {
		if f >= math.MaxInt64 || f <= math.MinInt64 || math.IsNaN(f) {
			return nil, errors.New("int() was given too large a number")
		}
		n = int(f)
	}
	return n, err
}

func callFloat(args ...any) (any, error) {
	v := args[1]
	if text, ok := v.(string); v == nil || ok && strings.TrimSpace(text) == "" {
		return nil, nil
	}
	n, err := number(v)
	if i, ok := n.(int); ok {
		n = float64(i)
	}
	return n, err
}
