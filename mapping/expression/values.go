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

	"github.com/expr-lang/expr/vm/runtime"

	"caseimport/mapping/convert"
)

// Number is a JSON number in an expression: an int or a float64 where that gives
// back the spelling, else it stays as it is spelled.
func Number(spelling string) any {
	if n, ok := written(spelling); ok && text(n) == spelling {
		return n
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
		fail("cannot calculate with %s; use int() or float() to convert text", typeOf(v))
	case spelled && !isInt && (n == v || convert.IsInteger(string(spelling))):
		panic(errTooLarge)
	}
	return n
}

var errTooLarge = errors.New("numbers too large to calculate with")

// add adds numbers and joins anything else as text.
func add(a []any) any {
	if isNumber(a[0]) && isNumber(a[1]) {
		return plus(a)
	}
	return text(a[0]) + text(a[1])
}

var plus, minus = exact(runtime.Add), exact(runtime.Subtract)

// exact calculates with two numbers. What is whole stays whole, and is an error
// where it does not fit.
func exact(do func(x, y any) any) func(a []any) any {
	return func(a []any) any {
		x, y := operand(a[0]), operand(a[1])
		out := do(x, y)
		if _, isInt := out.(int); isInt && math.Abs(do(float(x), float(y)).(float64)) >= math.MaxInt64 {
			panic(errTooLarge) // it has wrapped, or nearly so
		}
		return out
	}
}

func modulo(a []any) any {
	x, whole1 := operand(a[0]).(int)
	y, whole2 := operand(a[1]).(int)
	if !whole1 || !whole2 || y == 0 {
		fail("%% needs two whole numbers, the second not 0")
	}
	return x % y
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
	c := cmp.Compare(float(x), float(y))
	if c == 0 { // a fraction does not hold the last digits
		m, ok1 := new(big.Int).SetString(strings.TrimSpace(text(a)), 10)
		n, ok2 := new(big.Int).SetString(strings.TrimSpace(text(b)), 10)
		if ok1 && ok2 {
			return m.Cmp(n), true
		}
	}
	return c, true
}

// equal compares as the package comment says.
func equal(a, b any) bool {
	if x, ok := a.(string); ok { // nearly all that is compared is text
		if y, ok := b.(string); ok {
			return x == y
		}
	}
	if a == "" {
		a = nil
	}
	if b == "" {
		b = nil
	}
	if c, ok := compareNumbers(a, b); ok {
		return c == 0
	}
	switch x := a.(type) {
	case string:
		if y, ok := b.(bool); ok {
			return strings.EqualFold(x, text(y))
		}
	case bool:
		if y, ok := b.(string); ok {
			return strings.EqualFold(text(x), y)
		}
	case time.Time:
		y, ok := b.(time.Time)
		return ok && x.Equal(y)
	case []any, map[string]any:
		if b == nil {
			return false
		}
		fail("cannot compare %s: name an element, or use in", typeOf(a))
	}
	return a == b
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
