package mapping

import (
	"caseimport/mapping/convert"
	"caseimport/mapping/words"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// internals are what the patcher puts in; their names cannot be written in an
// expression.
var internals = map[string]function{
	"#cell":    {call: callCell, types: []any{(func(any, int) any)(nil)}},
	"#column":  {call: callColumn, types: []any{(func(any, any) any)(nil)}},
	"#item":    {call: callItem, types: []any{(func(any) any)(nil)}},
	"#member":  {call: callMember, types: []any{(func(any, any, any) any)(nil)}},
	"#slice":   {call: callSlice, types: []any{(func(any, any, any, any) any)(nil)}},
	"#step":    {call: callStep, types: []any{(func(any, any) any)(nil)}},
	"#list":    {call: callList, types: []any{(func(any, any) any)(nil)}},
	"#number":  {call: callNumber, types: []any{(func(any, any) any)(nil)}},
	"#text":    {call: onTexts(func(a []string) any { return a[0] }), types: []any{text1(nil)}},
	"#matches": {call: callMatches, types: []any{(func(any, any, any) bool)(nil)}},
	"#add":     {call: callAdd, types: []any{(func(any, any, any) any)(nil)}},
	"#in":      {call: callIn, types: []any{(func(any, any, any) bool)(nil)}},
	"#eq":      {call: compare(func(a, b any) (bool, error) { return equal(a, b) }), types: []any{(func(any, any, any) bool)(nil)}},
	"#ne": {call: compare(func(a, b any) (bool, error) {
		same, err := equal(a, b)
		return !same, err
	}), types: []any{(func(any, any, any) bool)(nil)}},
	"#lt": {call: ordered(func(c int) bool { return c < 0 }), types: []any{(func(any, any, any) bool)(nil)}},
	"#le": {call: ordered(func(c int) bool { return c <= 0 }), types: []any{(func(any, any, any) bool)(nil)}},
	"#gt": {call: ordered(func(c int) bool { return c > 0 }), types: []any{(func(any, any, any) bool)(nil)}},
	"#ge": {call: ordered(func(c int) bool { return c >= 0 }), types: []any{(func(any, any, any) bool)(nil)}},
}

func callCell(args ...any) (any, error) {
	s, i := args[0].(*scope), args[1].(int)
	return s.cell(i), nil
}

// cell reads a column and remembers it, to name it if the expression fails.
func (s *scope) cell(i int) any {
	if i < 0 || s.row == nil {
		return nil
	}
	v := s.row.Cell(i)
	s.last, s.value = i, v.Text
	return fromValue(v)
}

// callColumn reads a column whose name is known only now.
func callColumn(args ...any) (any, error) {
	s := args[0].(*scope)
	name, err := textOf(args[1])
	if err != nil {
		return nil, err
	}
	if s.p == nil {
		return nil, nil
	}
	i, message := s.p.columnNamed(name)
	if message != "" {
		return nil, errors.New("it asks for a column that the input does not have")
	}
	return s.cell(i), nil
}

func callItem(args ...any) (any, error) {
	s := args[0].(*scope)
	if s.item == nil {
		return nil, nil
	}
	s.value = s.item.value.Text
	return s.item.expr(), nil
}

// callMember reads a member of an object, an element of a list or a character
// of a text, counted from the end where negative; what is missing is nothing.
func callMember(args ...any) (any, error) {
	switch of := args[1].(type) {
	case nil:
		return nil, nil
	case map[string]any:
		name, err := textOf(args[2])
		if err != nil {
			return nil, err
		}
		return memberOf(of, name), nil
	default:
		i, ok := args[2].(int)
		if !ok {
			return nil, fmt.Errorf("%s has no members: it is not an object", typeOf(of))
		}
		if text, ok := of.(string); ok {
			out, err := slice(args[0].(*scope), text, i, i+1, i == -1)
			if out == "" {
				return nil, err
			}
			return out, err
		}
		elements := list(of)
		if i < 0 {
			i += len(elements)
		}
		if i < 0 || i >= len(elements) {
			return nil, nil
		}
		return elements[i], nil
	}
}

// memberOf finds a member by name, without regard to case where none has
// exactly that name.
func memberOf(object map[string]any, name string) any {
	if v, ok := object[name]; ok {
		return v
	}
	for _, k := range slices.Sorted(maps.Keys(object)) {
		if strings.EqualFold(k, name) {
			return object[k]
		}
	}
	return nil
}

func callSlice(args ...any) (any, error) {
	s := args[0].(*scope)
	if args[1] == nil {
		return nil, nil
	}
	from, ok1 := args[2].(int)
	to, ok2 := args[3].(int)
	if args[2] != nil && !ok1 || args[3] != nil && !ok2 {
		return nil, errors.New("a part of a text or list is told by whole numbers")
	}
	if text, err := textOf(args[1]); err == nil {
		return slice(s, text, from, to, args[3] == nil)
	}
	elements := list(args[1])
	from, to = bounds(len(elements), from, to, args[3] == nil)
	return elements[from:to], s.spend(len(elements))
}

// slice takes part of a text by characters.
func slice(s *scope, text string, from, to int, open bool) (string, error) {
	from, to = bounds(utf8.RuneCountInString(text), from, to, open)
	head := words.Cut(text, to)
	return head[len(words.Cut(head, from)):], s.spend(len(text))
}

// bounds counts negative positions from the end and stays within n.
func bounds(n, from, to int, open bool) (int, int) {
	if from < 0 {
		from += n
	}
	if open {
		to = n
	} else if to < 0 {
		to += n
	}
	to = min(max(to, 0), n)
	return min(max(from, 0), to), to
}

func callStep(args ...any) (any, error) {
	return args[1], args[0].(*scope).spend(stepWork)
}

// callAdd adds numbers and joins anything else as text.
func callAdd(args ...any) (any, error) {
	s, a, b := args[0].(*scope), args[1], args[2]
	switch x := a.(type) {
	case int:
		switch y := b.(type) {
		case int:
			return x + y, nil
		case float64:
			return float64(x) + y, nil
		}
	case float64:
		switch y := b.(type) {
		case int:
			return x + float64(y), nil
		case float64:
			return x + y, nil
		}
	}
	left, err := textOf(a)
	if err != nil {
		return nil, err
	}
	right, err := textOf(b)
	if err != nil {
		return nil, err
	}
	return left + right, s.spend(len(left) + len(right))
}

func compare(f func(a, b any) (bool, error)) func(args ...any) (any, error) {
	return func(args ...any) (any, error) { return f(args[1], args[2]) }
}

func ordered(holds func(c int) bool) func(args ...any) (any, error) {
	return compare(func(a, b any) (bool, error) {
		c, err := order(a, b)
		return holds(c), err
	})
}

// equal compares as functions says.
func equal(a, b any) (bool, error) {
	if s, ok := a.(string); ok && s == "" {
		a = nil
	}
	if s, ok := b.(string); ok && s == "" {
		b = nil
	}
	if a == nil || b == nil {
		return a == nil && b == nil, nil
	}
	if c, ok := numbers(a, b); ok {
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
	if c, ok := numbers(a, b); ok {
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

func callIn(args ...any) (any, error) {
	s, what := args[0].(*scope), args[1]
	if object, ok := args[2].(map[string]any); ok {
		name, err := textOf(what)
		if err != nil {
			return false, err
		}
		_, there := object[name]
		return there, nil
	}
	elements := list(args[2])
	if err := s.spend(elementWork * len(elements)); err != nil {
		return false, err
	}
	for _, e := range elements {
		if same, err := equal(what, e); same || err != nil {
			return same, err
		}
	}
	return false, nil
}

// textOf writes a value as text; nothing is "".
func textOf(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
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

func typeOf(v any) string {
	switch v.(type) {
	case nil:
		return "nothing"
	case string:
		return "a text"
	case bool:
		return "true or false"
	case int, float64:
		return "a number"
	case time.Time:
		return "a time"
	case []any, []int:
		return "a list"
	case map[string]any:
		return "an object"
	}
	return "another value"
}
