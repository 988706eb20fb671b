package expression

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
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

// Text writes a result that is no list and no time; nothing is "".
func Text(v any) string {
	text, _ := textOf(v)
	return text
}

// textOf writes a value as text; nothing is "".
func textOf(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case json.Number:
		return string(v), nil
	case int:
		return strconv.Itoa(v), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return "", errors.New("gives no finite number")
		}
		return floatText(v), nil
	case bool:
		return strconv.FormatBool(v), nil
	case time.Time:
		return convert.FormatTime(v), nil
	}
	return "", fmt.Errorf("%s stands where a text is wanted", typeOf(v))
}

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

// number takes numbers, and texts that are written as one.
func number(v any) (any, error) {
	switch n := plain(v).(type) {
	case int, float64:
		return n, nil
	case string:
		if n, ok := written(n); ok {
			return n, nil
		}
	}
	return nil, fmt.Errorf("%s is not a number", typeOf(v))
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
func operand(v any) (any, error) {
	spelling, _ := v.(json.Number)
	switch n := plain(v).(type) {
	case int:
		return n, nil
	case float64:
		if !convert.IsInteger(string(spelling)) {
			return n, nil
		}
	}
	if spelling != "" {
		return nil, errTooLarge
	}
	return nil, fmt.Errorf("%s is not a number", typeOf(v))
}

var errTooLarge = errors.New("the numbers are too large to calculate with")

// add adds numbers and joins anything else as text.
func add(a []any) (any, error) {
	if isNumber(a[0]) && isNumber(a[1]) {
		return calculate(a[0], "+", a[1])
	}
	var buf [2]string
	t, err := texts(buf[:0], a)
	if err != nil {
		return nil, err
	}
	return t[0] + t[1], nil
}

func arithmetic(op string) func(a []any) (any, error) {
	return func(a []any) (any, error) { return calculate(a[0], op, a[1]) }
}

// calculate takes two numbers. What is whole stays whole, and is an error where
// it does not fit, except that / and ** give a fraction.
func calculate(a any, op string, b any) (any, error) {
	if !isNumber(a) || !isNumber(b) {
		return nil, fmt.Errorf("cannot calculate %s %s %s; int() and float() make numbers of text", short(a), op, short(b))
	}
	x, err := operand(a)
	if err != nil {
		return nil, err
	}
	y, err := operand(b)
	if err != nil {
		return nil, err
	}
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
		return f / g, nil
	case "**":
		return math.Pow(f, g), nil
	case "%":
		if !whole1 || !whole2 || j == 0 {
			return nil, errors.New("% takes two whole numbers, the second of them not 0")
		}
		return i % j, nil
	}
	switch {
	case !whole1 || !whole2:
		return f, nil
	case math.Abs(f) >= math.MaxInt64: // i has wrapped, or nearly so
		return nil, errTooLarge
	}
	return i, nil
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
	x, err := number(a)
	if err != nil {
		return 0, false
	}
	y, err := number(b)
	if err != nil {
		return 0, false
	}
	i, whole1 := x.(int)
	j, whole2 := y.(int)
	if whole1 && whole2 {
		return cmp.Compare(i, j), true
	}
	if s, t := strings.TrimSpace(Text(a)), strings.TrimSpace(Text(b)); convert.IsInteger(s) && convert.IsInteger(t) {
		m, _ := new(big.Int).SetString(s, 10)
		n, _ := new(big.Int).SetString(t, 10)
		return m.Cmp(n), true
	}
	return cmp.Compare(float(x), float(y)), true
}

// equal compares as the package comment says.
func equal(a, b any) (bool, error) {
	if a == "" {
		a = nil
	}
	if b == "" {
		b = nil
	}
	if a == nil || b == nil {
		return a == nil && b == nil, nil
	}
	if c, ok := compareNumbers(a, b); ok {
		return c == 0, nil
	}
	switch x := a.(type) {
	case string:
		switch y := b.(type) {
		case string:
			return x == y, nil
		case bool:
			return strings.EqualFold(x, strconv.FormatBool(y)), nil
		}
	case bool:
		switch y := b.(type) {
		case bool:
			return x == y, nil
		case string:
			return strings.EqualFold(y, strconv.FormatBool(x)), nil
		}
	case time.Time:
		if y, ok := b.(time.Time); ok {
			return x.Equal(y), nil
		}
	case []any, map[string]any:
		return false, fmt.Errorf("%s cannot be compared: name an element, or use in", typeOf(a))
	}
	return false, nil
}

// order compares numbers, texts and times.
func order(a, b any) (int, error) {
	if c, ok := compareNumbers(a, b); ok {
		return c, nil
	}
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return strings.Compare(x, y), nil
		}
	case time.Time:
		if y, ok := b.(time.Time); ok {
			return x.Compare(y), nil
		}
	}
	return 0, fmt.Errorf("%s and %s cannot be put in order", typeOf(a), typeOf(b))
}

func ordered(holds func(c int) bool) func(a []any) (any, error) {
	return func(a []any) (any, error) {
		c, err := order(a[0], a[1])
		return holds(c), err
	}
}

// in looks for a value in a list, or for a member in an object.
func in(a []any) (any, error) {
	if object, ok := a[1].(map[string]any); ok {
		name, err := textOf(a[0])
		_, there := object[name]
		return there, err
	}
	for _, e := range list(a[1]) {
		if same, err := equal(a[0], e); same || err != nil {
			return same, err
		}
	}
	return false, nil
}
