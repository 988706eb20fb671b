package expression

import (
	"cmp"
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"caseimport/mapping/convert"
)

// Number is a JSON number in an expression: an int or a float64 where that gives
// back the spelling, else it stays as it is spelled.
func Number(spelling string) any {
	if n, err := strconv.Atoi(spelling); err == nil && strconv.Itoa(n) == spelling {
		return n
	}
	if f, err := strconv.ParseFloat(spelling, 64); err == nil && floatText(f) == spelling {
		return f
	}
	return json.Number(spelling)
}

// Text writes a result of Eval that is no list; nothing is "".
func Text(v any) string { return text(v) }

// text writes a value as text; nothing is "".
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return string(v)
	case int:
		return strconv.Itoa(v)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			panic(errNotFinite)
		}
		return floatText(v)
	case bool:
		return strconv.FormatBool(v)
	case time.Time:
		return convert.FormatTime(v)
	}
	fail("expected text, got %s", typeOf(v))
	return ""
}

var errNotFinite = errors.New("the result is not a finite number")

// floatText writes a number as people do, without an exponent.
func floatText(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// list is what a function takes as a list: nothing is an empty one, a single
// value one of it alone.
func list(v any) []any {
	switch v := v.(type) {
	case nil:
		return []any{}
	case []any:
		return v
	case []int:
		out := make([]any, len(v))
		for i, n := range v {
			out[i] = n
		}
		return out
	case string:
		if blank(v) {
			return []any{}
		}
	}
	return []any{v}
}

// plain makes an int or a float64 of a number that kept its spelling, if it can.
func plain(v any) any {
	if n, ok := v.(json.Number); ok {
		if n, ok := written(string(n)); ok {
			return n
		}
	}
	return v
}

// written reads a text that is written as a number: an int or else a float64.
func written(s string) (any, bool) {
	s = strings.TrimSpace(s)
	if !convert.IsDecimal(s) {
		return nil, false
	}
	if n, err := strconv.Atoi(s); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

// whole takes a whole number; what says which.
func whole(v any, what string) int {
	n, ok := plain(v).(int)
	if !ok {
		fail("%s must be a whole number, got %s", what, typeOf(v))
	}
	return n
}

// number takes numbers, and texts that are written as one.
func number(v any) any {
	n, ok := numeric(v)
	if !ok {
		fail("expected a number, got %s", typeOf(v))
	}
	return n
}

func numeric(v any) (any, bool) {
	switch n := plain(v).(type) {
	case int, float64:
		return n, true
	case string:
		return written(n)
	}
	return nil, false
}

func isNumber(v any) bool {
	switch v.(type) {
	case int, float64, json.Number:
		return true
	}
	return false
}

// operand takes numbers only, and of them what can be calculated with: a whole
// number that no int holds would lose its last digits.
func operand(v any) any {
	n := plain(v)
	spelling, spelled := v.(json.Number)
	_, isInt := n.(int)
	switch {
	case !isNumber(v):
		fail("expected a number, got %s", typeOf(v))
	case spelled && !isInt && (n == v || convert.IsInteger(string(spelling))):
		panic(errTooLarge)
	}
	return n
}

var errTooLarge = errors.New("numbers too large to calculate with")

// add adds numbers and joins anything else as text.
func add(a []any) any {
	if isNumber(a[0]) && isNumber(a[1]) {
		return calculate(a[0], "+", a[1])
	}
	return text(a[0]) + text(a[1])
}

// calculate takes two numbers. What is whole stays whole, and is an error where
// it does not fit, except that / and ** give a fraction.
func calculate(a any, op string, b any) any {
	if !isNumber(a) || !isNumber(b) {
		fail("cannot calculate %s %s %s; use int() or float() to convert text", short(a), op, short(b))
	}
	x, y := operand(a), operand(b)
	i, whole1 := x.(int)
	j, whole2 := y.(int)
	f, g := float(x), float(y)
	switch op {
	case "+":
		f, i = f+g, i+j
	case "-":
		f, i = f-g, i-j
	case "*":
		f, i = f*g, i*j
	case "/":
		return f / g
	case "**":
		return math.Pow(f, g)
	case "%":
		if !whole1 || !whole2 || j == 0 {
			fail("%% needs two whole numbers, the second not 0")
		}
		return i % j
	}
	switch {
	case !whole1 || !whole2:
		return f
	case math.Abs(f) >= math.MaxInt64: // i has wrapped, or nearly so
		panic(errTooLarge)
	}
	return i
}

// float is an operand as a fraction.
func float(n any) float64 {
	if i, ok := n.(int); ok {
		return float64(i)
	}
	return n.(float64)
}

// compareNumbers compares two values of which one is a number and the other is
// one or is written as one.
func compareNumbers(a, b any) (int, bool) {
	if !isNumber(a) && !isNumber(b) {
		return 0, false
	}
	x, ok1 := numeric(a)
	y, ok2 := numeric(b)
	if !ok1 || !ok2 {
		return 0, false
	}
	i, whole1 := x.(int)
	j, whole2 := y.(int)
	if whole1 && whole2 {
		return cmp.Compare(i, j), true
	}
	if s, t := strings.TrimSpace(text(a)), strings.TrimSpace(text(b)); convert.IsInteger(s) && convert.IsInteger(t) {
		m, _ := new(big.Int).SetString(s, 10)
		n, _ := new(big.Int).SetString(t, 10)
		return m.Cmp(n), true
	}
	return cmp.Compare(float(x), float(y)), true
}

// equal compares as the package comment says.
func equal(a, b any) bool {
	if a == "" {
		a = nil
	}
	if b == "" {
		b = nil
	}
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	if c, ok := compareNumbers(a, b); ok {
		return c == 0
	}
	switch x := a.(type) {
	case string:
		switch y := b.(type) {
		case string:
			return x == y
		case bool:
			return strings.EqualFold(x, strconv.FormatBool(y))
		}
	case bool:
		switch y := b.(type) {
		case bool:
			return x == y
		case string:
			return strings.EqualFold(y, strconv.FormatBool(x))
		}
	case time.Time:
		if y, ok := b.(time.Time); ok {
			return x.Equal(y)
		}
	case []any, map[string]any:
		fail("cannot compare %s: name an element, or use in", typeOf(a))
	}
	return false
}

// order compares numbers, texts and times.
func order(a, b any) int {
	if c, ok := compareNumbers(a, b); ok {
		return c
	}
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return strings.Compare(x, y)
		}
	case time.Time:
		if y, ok := b.(time.Time); ok {
			return x.Compare(y)
		}
	}
	fail("cannot order %s and %s", typeOf(a), typeOf(b))
	return 0
}

// in looks for a value in a list, or for a member in an object.
func in(a []any) any {
	if object, ok := a[1].(map[string]any); ok {
		_, there := object[text(a[0])]
		return there
	}
	return slices.ContainsFunc(list(a[1]), func(e any) bool { return equal(a[0], e) })
}
