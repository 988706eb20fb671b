package mapping

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Function is a function that expressions know, for documentation.
type Function struct {
	Name  string
	Usage string
	Doc   string
}

// Functions lists what expressions know, beside the operators of the language
// (+ - * / % ** == != < <= > >= and or not in contains startsWith endsWith
// matches ?? ?: let).
//
// A CSV cell is text. A JSON number is a number where writing it gives the same
// text again, and text otherwise (1.50, 1e5), so that joined to text it keeps
// its spelling. Where a number meets a text that is written as a number, they
// are compared as numbers; two texts are compared as texts. A missing member
// equals an empty text.
func Functions() []Function {
	var out []Function
	for _, f := range functions {
		out = append(out, f.Function)
	}
	return append(out, nativeFunctions...)
}

// function takes the scope as its first argument; types are its signatures.
type function struct {
	Function
	call  func(args ...any) (any, error)
	types []any
}

// native are functions of the language that are kept, and how their arguments
// are prepared; loops are those that take a condition, which are always there.
var native = map[string]string{
	"first": "#list", "last": "#list", "take": "#list", "reverse": "#list", "sort": "#list",
	"concat": "#lists", "flatten": "#list", "min": "#lists", "max": "#lists",
	"abs": "#number", "ceil": "#number", "floor": "#number", "round": "#number",
}

var loops = []string{
	"all", "any", "count", "filter", "find", "findIndex", "findLast", "findLastIndex", "map", "none", "one", "reduce", "sortBy", "sum",
}

var nativeFunctions = []Function{
	{"filter", "filter(list, condition)", "the elements for which the condition holds; # is the element, .name its member: filter(row.comments, .public)"},
	{"find", "find(list, condition)", "the first such element; findLast, findIndex, findLastIndex likewise"},
	{"map", "map(list, expression)", "a list of what the expression gives for each element"},
	{"any", "any(list, condition)", "whether it holds for any element; all, none, one likewise"},
	{"count", "count(list, condition)", "for how many elements it holds"},
	{"sum", "sum(list, expression)", "the sum of numbers"},
	{"sortBy", "sortBy(list, expression)", "the list in that order; a third argument \"desc\" turns it round"},
	{"reduce", "reduce(list, expression, start)", "#acc is what has been gathered so far"},
	{"first", "first(list)", "the first element; last likewise"},
	{"take", "take(list, n)", "the first n elements"},
	{"sort", "sort(list)", "the list in order"},
	{"reverse", "reverse(list)", "the list turned round"},
	{"concat", "concat(list, list…)", "one list after the other"},
	{"flatten", "flatten(list)", "the elements of lists within the list, in one"},
	{"min", "min(number…)", "the smallest; max likewise"},
	{"round", "round(number)", "to the nearest whole number; floor, ceil and abs likewise"},
}

func functionNames() []string {
	names := append(slices.Clone(loops), slices.Collect(maps.Keys(native))...)
	for _, f := range functions {
		names = append(names, f.Name)
	}
	slices.Sort(names)
	return names
}

var errWork = errors.New("does too much work for one row")

// spend pays for work from the row's budget.
func (s *scope) spend(n int) error {
	if s.work -= n; s.work < 0 {
		return errWork
	}
	return nil
}

// texts makes text of arguments and pays for reading them.
func (s *scope) texts(args []any) ([]string, error) {
	out := make([]string, len(args))
	for i, a := range args {
		t, err := textOf(a)
		if err != nil {
			return nil, err
		}
		if err := s.spend(len(t)); err != nil {
			return nil, err
		}
		out[i] = t
	}
	return out, nil
}

// onTexts makes a function of texts, whose result is paid for too.
func onTexts(f func(a []string) any) func(args ...any) (any, error) {
	return func(args ...any) (any, error) {
		s := args[0].(*scope)
		a, err := s.texts(args[1:])
		if err != nil {
			return nil, err
		}
		out := f(a)
		switch out := out.(type) {
		case string:
			err = s.spend(len(out))
		case []any:
			err = s.spend(elementWork * len(out))
		}
		return out, err
	}
}

type (
	text1 = func(any, any) string
	text2 = func(any, any, any) string
	text3 = func(any, any, any, any) string
)

var functions = []function{
	{Function{"lower", "lower(text)", "in lower case"},
		onTexts(func(a []string) any { return strings.ToLower(a[0]) }), []any{text1(nil)}},
	{Function{"upper", "upper(text)", "in upper case"},
		onTexts(func(a []string) any { return strings.ToUpper(a[0]) }), []any{text1(nil)}},
	{Function{"trim", "trim(text[, characters])", "without blanks, or those characters, at both ends"},
		onTexts(func(a []string) any {
			if len(a) == 2 {
				return strings.Trim(a[0], a[1])
			}
			return strings.TrimSpace(a[0])
		}), []any{text1(nil), text2(nil)}},
	{Function{"trimPrefix", "trimPrefix(text, start)", "without that start"},
		onTexts(func(a []string) any { return strings.TrimPrefix(a[0], a[1]) }), []any{text2(nil)}},
	{Function{"trimSuffix", "trimSuffix(text, end)", "without that end"},
		onTexts(func(a []string) any { return strings.TrimSuffix(a[0], a[1]) }), []any{text2(nil)}},
	{Function{"replace", "replace(text, old, new)", "with every old replaced"}, callReplace, []any{text3(nil)}},
	{Function{"split", "split(text, separator[, n])", "a list of the parts; with n at most n, the last holds the rest"}, callSplit,
		[]any{(func(any, any, any) []any)(nil), (func(any, any, any, int) []any)(nil)}},
	{Function{"join", "join(list[, between])", "one text of the list's elements; empty ones are left out"}, callJoin, []any{text1(nil), text2(nil)}},
	{Function{"indexOf", "indexOf(text, part)", "characters before the first such part, -1 if there is none; lastIndexOf likewise"},
		onTexts(func(a []string) any { return runeIndex(a[0], strings.Index(a[0], a[1])) }), []any{(func(any, any, any) int)(nil)}},
	{Function{"lastIndexOf", "lastIndexOf(text, part)", "characters before the last such part"},
		onTexts(func(a []string) any { return runeIndex(a[0], strings.LastIndex(a[0], a[1])) }), []any{(func(any, any, any) int)(nil)}},
	{Function{"len", "len(text or list)", "the number of characters or elements"}, callLen, []any{(func(any, any) int)(nil)}},
	{Function{"match", "match(text, pattern)", "a list of what the regular expression (RE2) and each of its groups matched; empty if nothing did"}, callMatch,
		[]any{(func(any, any, any) []any)(nil)}},
	{Function{"replaceRegex", "replaceRegex(text, pattern, new)", "with every match replaced; ${1} in new is the first group"}, callReplaceRegex, []any{text3(nil)}},
	{Function{"coalesce", "coalesce(a, b…)", "the first that is not empty; a ?? b is the same"}, callCoalesce, []any{(func(any, ...any) any)(nil)}},
	{Function{"string", "string(value)", "as text"},
		onTexts(func(a []string) any { return a[0] }), []any{text1(nil)}},
	{Function{"int", "int(value)", "a whole number of a text, or of a decimal without its fraction; nothing of an empty one"}, callInt, []any{(func(any, any) any)(nil)}},
	{Function{"float", "float(value)", "a number of a text; nothing of an empty one"}, callFloat, []any{(func(any, any) any)(nil)}},
	{Function{"uniq", "uniq(list)", "each element once"}, callUniq, []any{(func(any, any) []any)(nil)}},
	{Function{"date", "date(text[, layout[, timezone]])", "a time, by the rules of layout and timezone; nothing of an empty text"}, callDate,
		[]any{(func(any, any) any)(nil), (func(any, any, *dateForm) any)(nil)}},
	{Function{"format", "format(time, layout[, timezone])", "a time as text; in UTC without a timezone"}, callFormat,
		[]any{(func(any, any, string) any)(nil), (func(any, any, string, *time.Location) any)(nil)}},
}

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
		return nil, errors.New(message)
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
	head := cutRunes(text, to)
	return head[len(cutRunes(head, from)):], s.spend(len(text))
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

// callList makes a list of what a function takes as one: nothing is an empty
// list, a single value a list of one. It pays for all elements, however deep,
// so that no list within lists within lists grows in silence.
func callList(args ...any) (any, error) {
	s := args[0].(*scope)
	if ints, ok := args[1].([]int); ok {
		return ints, s.spend(elementWork * len(ints))
	}
	elements := list(args[1])
	return elements, s.spendAll(elements)
}

func (s *scope) spendAll(elements []any) error {
	for _, e := range elements {
		if err := s.spend(elementWork); err != nil {
			return err
		}
		if inner, ok := e.([]any); ok {
			if err := s.spendAll(inner); err != nil {
				return err
			}
		}
	}
	return nil
}

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
		if strings.TrimSpace(v) == "" {
			return []any{}
		}
	}
	return []any{v}
}

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
	if isInteger(s) {
		if n, err := strconv.Atoi(s); err == nil {
			return n, true
		}
	}
	if !isDecimal(s) {
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
		return formatTime(v), nil
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

// equal compares as Functions says.
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

func callReplace(args ...any) (any, error) {
	s := args[0].(*scope)
	a, err := s.texts(args[1:])
	if err != nil {
		return nil, err
	}
	// Before it grows, not after.
	if grow := (len(a[2]) - len(a[1])) * strings.Count(a[0], a[1]); grow > 0 {
		err = s.spend(grow)
	}
	if err != nil {
		return nil, err
	}
	return strings.ReplaceAll(a[0], a[1], a[2]), s.spend(len(a[0]))
}

func callSplit(args ...any) (any, error) {
	n := -1
	if len(args) == 4 {
		n = args[3].(int)
	}
	return onTexts(func(a []string) any {
		parts := strings.SplitN(a[0], a[1], n)
		out := make([]any, len(parts))
		for i, p := range parts {
			out[i] = p
		}
		return out
	})(args[:3]...)
}

func callJoin(args ...any) (any, error) {
	s := args[0].(*scope)
	between := ""
	if len(args) == 3 {
		var err error
		if between, err = textOf(args[2]); err != nil {
			return nil, err
		}
	}
	parts, err := s.texts(list(args[1]))
	if err != nil {
		return nil, err
	}
	parts = slices.DeleteFunc(parts, func(p string) bool { return strings.TrimSpace(p) == "" })
	if err := s.spend(len(parts) * len(between)); err != nil {
		return nil, err
	}
	return strings.Join(parts, between), nil
}

// runeIndex turns a position in bytes into one in characters.
func runeIndex(s string, at int) int {
	if at < 0 {
		return at
	}
	return utf8.RuneCountInString(s[:at])
}

func callLen(args ...any) (any, error) {
	s := args[0].(*scope)
	switch v := args[1].(type) {
	case []any:
		return len(v), nil
	case []int:
		return len(v), nil
	case map[string]any:
		return len(v), nil
	}
	a, err := s.texts(args[1:])
	if err != nil {
		return nil, err
	}
	return utf8.RuneCountInString(a[0]), nil
}

// pattern takes a regular expression that the patcher compiled, or a text.
func (s *scope) pattern(v any) (*regexp.Regexp, error) {
	if re, ok := v.(*regexp.Regexp); ok {
		return re, nil
	}
	a, err := s.texts([]any{v})
	if err != nil {
		return nil, err
	}
	if err := s.spend(stepWork * len(a[0])); err != nil {
		return nil, err
	}
	return regexp.Compile(a[0])
}

// search pays for going through a text with a regular expression, which takes
// several times as long as reading it.
func (s *scope) search(pattern, text any) (*regexp.Regexp, string, error) {
	re, err := s.pattern(pattern)
	if err != nil {
		return nil, "", err
	}
	a, err := s.texts([]any{text})
	if err != nil {
		return nil, "", err
	}
	return re, a[0], s.spend(8 * len(a[0]))
}

func callMatches(args ...any) (any, error) {
	re, text, err := args[0].(*scope).search(args[2], args[1])
	if err != nil {
		return nil, err
	}
	return re.MatchString(text), nil
}

func callMatch(args ...any) (any, error) {
	re, text, err := args[0].(*scope).search(args[2], args[1])
	if err != nil {
		return nil, err
	}
	found := re.FindStringSubmatch(text)
	out := make([]any, len(found))
	for i, f := range found {
		out[i] = f
	}
	return out, nil
}

func callReplaceRegex(args ...any) (any, error) {
	s := args[0].(*scope)
	re, text, err := s.search(args[2], args[1])
	if err != nil {
		return nil, err
	}
	with, err := textOf(args[3])
	if err != nil {
		return nil, err
	}
	var out []byte
	end := 0
	// Match by match, so that the growth is paid for before it is made.
	for _, m := range re.FindAllStringSubmatchIndex(text, -1) {
		grown := len(out)
		out = append(out, text[end:m[0]]...)
		out = re.ExpandString(out, with, text, m)
		end = m[1]
		if err := s.spend(len(out) - grown); err != nil {
			return nil, err
		}
	}
	return string(append(out, text[end:]...)), nil
}

func callCoalesce(args ...any) (any, error) {
	for _, a := range args[1:] {
		switch v := a.(type) {
		case nil:
		case string:
			if strings.TrimSpace(v) != "" {
				return a, nil
			}
		case []any:
			if len(v) > 0 {
				return a, nil
			}
		default:
			return a, nil
		}
	}
	return nil, nil
}

func callInt(args ...any) (any, error) {
	v := args[1]
	if text, ok := v.(string); ok {
		if strings.TrimSpace(text) == "" {
			return nil, nil
		}
		if !isInteger(strings.TrimSpace(text)) {
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

func callUniq(args ...any) (any, error) {
	s := args[0].(*scope)
	out := []any{}
	seen := map[string]bool{}
	for _, e := range list(args[1]) {
		a, err := s.texts([]any{e})
		if err != nil {
			return nil, err
		}
		if err := s.spend(elementWork); err != nil {
			return nil, err
		}
		if !seen[a[0]] {
			seen[a[0]] = true
			out = append(out, e)
		}
	}
	return out, nil
}

func callDate(args ...any) (any, error) {
	if t, ok := args[1].(time.Time); ok {
		return t, nil
	}
	text, err := textOf(args[1])
	if err != nil || strings.TrimSpace(text) == "" {
		return nil, err
	}
	form := &dateForm{}
	if len(args) == 3 {
		form = args[2].(*dateForm)
	}
	t, reason := form.parse(text)
	if reason != "" {
		return nil, errors.New("date() was given what " + reason)
	}
	return t, nil
}

func callFormat(args ...any) (any, error) {
	if args[1] == nil {
		return nil, nil
	}
	t, ok := args[1].(time.Time)
	if !ok {
		return nil, fmt.Errorf("format() takes a time, not %s: date() makes one", typeOf(args[1]))
	}
	zone := time.UTC
	if len(args) == 4 {
		zone = args[3].(*time.Location)
	}
	out := t.In(zone).Format(args[2].(string))
	return out, args[0].(*scope).spend(len(out))
}
