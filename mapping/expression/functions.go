package expression

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"caseimport/mapping/convert"
	"caseimport/mapping/words"
)

// native are functions of the language that are kept, and what prepares their
// arguments. loops are those that take a condition, which are always there.
var native = map[string]string{
	"first": "#list", "last": "#list", "take": "#list", "reverse": "#list", "concat": "#lists",
	"abs": "#number", "ceil": "#number", "floor": "#number", "round": "#number",
}

var loops = []string{
	"all", "any", "count", "filter", "find", "findIndex", "findLast", "findLastIndex", "map", "none", "one", "reduce", "sortBy", "sum",
}

// Functions names every function that an expression may call.
func Functions() []string {
	names := append(slices.Clone(loops), slices.Collect(maps.Keys(native))...)
	return slices.Sorted(slices.Values(slices.AppendSeq(names, maps.Keys(functions))))
}

// function is one entry of the table.
type function struct {
	min, max int // arguments; many for any number
	gives    any // an example, by which faults of type are found early; nil: anything
	do       func(a []any) (any, error)
}

const many = -1

// functions are ours, beside the operators of the language (+ - * / % ** == !=
// < <= > >= and or not in contains startsWith endsWith matches ?? ?: let). The
// reference of the mapping file says what each does.
var functions = map[string]function{
	"lower":  {1, 1, "", onTexts(func(a []string) any { return strings.ToLower(a[0]) })},
	"upper":  {1, 1, "", onTexts(func(a []string) any { return strings.ToUpper(a[0]) })},
	"string": {1, 1, "", onTexts(func(a []string) any { return a[0] })},
	"trim": {1, 2, "", onTexts(func(a []string) any {
		if len(a) == 2 {
			return strings.Trim(a[0], a[1])
		}
		return strings.TrimSpace(a[0])
	})},
	"trimPrefix":   {2, 2, "", onTexts(func(a []string) any { return strings.TrimPrefix(a[0], a[1]) })},
	"trimSuffix":   {2, 2, "", onTexts(func(a []string) any { return strings.TrimSuffix(a[0], a[1]) })},
	"indexOf":      {2, 2, 0, onTexts(func(a []string) any { return runeIndex(a[0], strings.Index(a[0], a[1])) })},
	"lastIndexOf":  {2, 2, 0, onTexts(func(a []string) any { return runeIndex(a[0], strings.LastIndex(a[0], a[1])) })},
	"replace":      {3, 3, "", replace},
	"split":        {2, 3, []any{}, split},
	"join":         {1, 2, "", join},
	"len":          {1, 1, 0, length},
	"match":        {2, 2, []any{}, match},
	"replaceRegex": {3, 3, "", replaceRegex},
	"coalesce":     {1, many, nil, coalesce},
	"int":          {1, 1, nil, toInt},
	"float":        {1, 1, nil, toFloat},
	"min":          {1, many, nil, func(a []any) (any, error) { return extreme(a, -1) }},
	"max":          {1, many, nil, func(a []any) (any, error) { return extreme(a, +1) }},
	"sort":         {1, 2, []any{}, sorted},
	"uniq":         {1, 1, []any{}, uniq},
	"flatten":      {1, 1, []any{}, func(a []any) (any, error) { return flatten(nil, a[0]) }},
	"date":         {1, 2, nil, toDate},
	"format":       {2, 3, nil, format},
}

// internals are what the rewriter puts in; their names cannot be written in an
// expression.
var internals = map[string]function{
	"#member":  {2, 2, nil, member},
	"#slice":   {3, 3, nil, slice},
	"#list":    {1, 1, nil, func(a []any) (any, error) { return list(a[0]), nil }},
	"#number":  {1, 1, nil, func(a []any) (any, error) { return number(a[0]) }},
	"#plain":   {1, 1, nil, func(a []any) (any, error) { return plain(a[0]), nil }},
	"#sum":     {1, 1, nil, sum},
	"#matches": {2, 2, true, matches},
	"#in":      {2, 2, true, in},
	"#eq":      {2, 2, true, func(a []any) (any, error) { return equal(a[0], a[1]) }},
	"#ne": {2, 2, true, func(a []any) (any, error) {
		same, err := equal(a[0], a[1])
		return !same, err
	}},
	"#lt":  {2, 2, true, ordered(func(c int) bool { return c < 0 })},
	"#le":  {2, 2, true, ordered(func(c int) bool { return c <= 0 })},
	"#gt":  {2, 2, true, ordered(func(c int) bool { return c > 0 })},
	"#ge":  {2, 2, true, ordered(func(c int) bool { return c >= 0 })},
	"#add": {2, 2, nil, add},
	"#sub": {2, 2, nil, arithmetic("-")},
	"#mul": {2, 2, nil, arithmetic("*")},
	"#div": {2, 2, nil, arithmetic("/")},
	"#mod": {2, 2, nil, arithmetic("%")},
	"#pow": {2, 2, nil, arithmetic("**")},
}

// readers are the internals that read the row.
var readers = map[string]func(s *scope, a []any) (any, error){
	"#cell": func(s *scope, a []any) (any, error) { return s.row.Cell(a[0].(int)), nil },
	"#item": func(s *scope, a []any) (any, error) { return s.row.Item(), nil },
	"#column": func(s *scope, a []any) (any, error) {
		name, err := textOf(a[0])
		if err != nil {
			return nil, err
		}
		return s.row.Named(name)
	},
}

// call calls the function with the scope as its first argument, to which what
// the function makes is charged.
func (f function) call(args ...any) (any, error) {
	out, err := f.do(args[1:])
	made := 0
	switch out := out.(type) {
	case string:
		made = len(out)
	case []any:
		made = elementBytes * len(out)
	}
	s := args[0].(*scope)
	if s.bytes += made; s.bytes > maxBytes {
		return nil, errTooMuch
	}
	return out, err
}

// elementBytes is what an element of a list takes beside what it holds.
const elementBytes = 32

var errTooMuch = errors.New("does too much work for one row")

// fits is asked before something grows by what the arguments say.
func fits(bytes int) error {
	if bytes > maxBytes {
		return errTooMuch
	}
	return nil
}

// signatures are those that the language checks calls against.
func (f function) signatures() []any {
	anything := reflect.TypeFor[any]()
	out := anything
	if f.gives != nil {
		out = reflect.TypeOf(f.gives)
	}
	var all []any
	for n := f.min; n <= max(f.min, f.max); n++ {
		in := slices.Repeat([]reflect.Type{anything}, n+1)
		if f.max == many {
			in = append(in[:n], reflect.TypeFor[[]any]())
		}
		all = append(all, reflect.Zero(reflect.FuncOf(in, []reflect.Type{out}, f.max == many)).Interface())
	}
	return all
}

// onTexts makes a function of texts.
func onTexts(f func(a []string) any) func(a []any) (any, error) {
	return func(a []any) (any, error) {
		var buf [3]string
		t, err := texts(buf[:0], a)
		if err != nil {
			return nil, err
		}
		return f(t), nil
	}
}

func texts(out []string, a []any) ([]string, error) {
	for _, v := range a {
		t, err := textOf(v)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

// runeIndex turns a position in bytes into one in characters.
func runeIndex(s string, at int) int {
	if at < 0 {
		return at
	}
	return utf8.RuneCountInString(s[:at])
}

func replace(a []any) (any, error) {
	t, err := texts(nil, a)
	if err != nil {
		return nil, err
	}
	if err := fits((len(t[2]) - len(t[1])) * strings.Count(t[0], t[1])); err != nil {
		return nil, err
	}
	return strings.ReplaceAll(t[0], t[1], t[2]), nil
}

func split(a []any) (any, error) {
	t, err := texts(nil, a[:2])
	if err != nil {
		return nil, err
	}
	n := -1
	if len(a) == 3 {
		var ok bool
		if n, ok = plain(a[2]).(int); !ok {
			return nil, fmt.Errorf("split() takes the number of parts, not %s", typeOf(a[2]))
		}
	}
	parts := strings.SplitN(t[0], t[1], n)
	if err := fits(elementBytes * len(parts)); err != nil {
		return nil, err
	}
	return anys(parts), nil
}

func anys(parts []string) []any {
	out := make([]any, len(parts))
	for i, p := range parts {
		out[i] = p
	}
	return out
}

func join(a []any) (any, error) {
	parts, err := texts(nil, list(a[0]))
	if err != nil {
		return nil, err
	}
	between := ""
	if len(a) == 2 {
		if between, err = textOf(a[1]); err != nil {
			return nil, err
		}
	}
	parts = slices.DeleteFunc(parts, blank)
	size := len(parts) * len(between)
	for _, p := range parts {
		size += len(p)
	}
	if err := fits(size); err != nil {
		return nil, err
	}
	return strings.Join(parts, between), nil
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

func length(a []any) (any, error) {
	switch v := a[0].(type) {
	case []any:
		return len(v), nil
	case []int:
		return len(v), nil
	case map[string]any:
		return len(v), nil
	}
	text, err := textOf(a[0])
	return utf8.RuneCountInString(text), err
}

// search takes a text, and a regular expression that the rewriter compiled or a
// text of one.
func search(text, pattern any) (string, *regexp.Regexp, error) {
	t, err := textOf(text)
	if err != nil {
		return "", nil, err
	}
	if re, ok := pattern.(*regexp.Regexp); ok {
		return t, re, nil
	}
	p, err := textOf(pattern)
	if err != nil {
		return "", nil, err
	}
	re, err := regexp.Compile(p)
	if len(p) > maxSource || err != nil {
		return "", nil, errors.New("its regular expression is wrong")
	}
	return t, re, nil
}

func matches(a []any) (any, error) {
	text, re, err := search(a[0], a[1])
	if err != nil {
		return nil, err
	}
	return re.MatchString(text), nil
}

func match(a []any) (any, error) {
	text, re, err := search(a[0], a[1])
	if err != nil {
		return nil, err
	}
	return anys(re.FindStringSubmatch(text)), nil
}

func replaceRegex(a []any) (any, error) {
	text, re, err := search(a[0], a[1])
	if err != nil {
		return nil, err
	}
	with, err := textOf(a[2])
	if err != nil {
		return nil, err
	}
	found := re.FindAllStringSubmatchIndex(text, maxElements)
	if len(found) == maxElements {
		return nil, errTooMuch
	}
	var out []byte
	end := 0
	// Match by match, so that it is seen while it grows.
	for _, m := range found {
		out = append(out, text[end:m[0]]...)
		out = re.ExpandString(out, with, text, m)
		end = m[1]
		if err := fits(len(out)); err != nil {
			return nil, err
		}
	}
	return string(append(out, text[end:]...)), nil
}

func coalesce(a []any) (any, error) {
	for _, v := range a {
		switch v := v.(type) {
		case nil:
			continue
		case string:
			if blank(v) {
				continue
			}
		case []any:
			if len(v) == 0 {
				continue
			}
		}
		return v, nil
	}
	return nil, nil
}

// extreme is the least or the greatest of all numbers, however deep in lists.
func extreme(a []any, wanted int) (any, error) {
	all, err := flatten(nil, a)
	if err != nil {
		return nil, err
	}
	var best any
	for _, v := range all {
		n, err := operand(v)
		if err != nil {
			return nil, err
		}
		if c, _ := compareNumbers(n, best); best == nil || c == wanted {
			best = n
		}
	}
	return best, nil
}

func sum(a []any) (any, error) {
	var total any = 0
	for _, v := range list(a[0]) {
		var err error
		if total, err = calculate(total, "+", v); err != nil {
			return nil, err
		}
	}
	return total, nil
}

func sorted(a []any) (any, error) {
	out := slices.Clone(list(a[0]))
	descending := len(a) == 2 && a[1] == "desc"
	if len(a) == 2 && !descending && a[1] != "asc" {
		return nil, errors.New(`sort() takes "asc" or "desc"`)
	}
	var failed error
	slices.SortStableFunc(out, func(x, y any) int {
		if descending {
			x, y = y, x
		}
		c, err := order(x, y)
		failed = cmp.Or(failed, err)
		return c
	})
	return out, failed
}

func uniq(a []any) (any, error) {
	out := []any{}
	seen := map[string]bool{}
	for _, e := range list(a[0]) {
		text, err := textOf(e)
		if err != nil {
			return nil, err
		}
		if !seen[text] {
			seen[text] = true
			out = append(out, e)
		}
	}
	return out, nil
}

// flatten appends the elements of v, however deep, to out.
func flatten(out []any, v any) ([]any, error) {
	for _, e := range list(v) {
		switch e.(type) {
		case []any, []int:
			var err error
			if out, err = flatten(out, e); err != nil {
				return nil, err
			}
		default:
			out = append(out, e)
		}
		if err := fits(elementBytes * len(out)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func toInt(a []any) (any, error) {
	v := a[0]
	if text, ok := v.(string); ok && !blank(text) && !convert.IsInteger(strings.TrimSpace(text)) {
		return nil, errors.New("int() takes a whole number; float() takes one with a point")
	}
	n, err := numberOrNothing(v)
	if f, ok := n.(float64); ok {
		if f >= math.MaxInt64 || f <= math.MinInt64 || math.IsNaN(f) {
			return nil, errors.New("int() was given too large a number")
		}
		return int(f), nil
	}
	return n, err
}

func toFloat(a []any) (any, error) {
	n, err := numberOrNothing(a[0])
	if i, ok := n.(int); ok {
		return float64(i), nil
	}
	return n, err
}

// numberOrNothing is number, and nothing for nothing and an empty text.
func numberOrNothing(v any) (any, error) {
	if text, ok := v.(string); v == nil || ok && blank(text) {
		return nil, nil
	}
	return number(v)
}

func toDate(a []any) (any, error) {
	if t, ok := a[0].(time.Time); ok {
		return t, nil
	}
	text, err := textOf(a[0])
	if err != nil || blank(text) {
		return nil, err
	}
	dates := &convert.Dates{}
	if len(a) == 2 {
		dates = a[1].(*convert.Dates)
	}
	t, err := dates.Parse(text)
	if err != nil {
		return nil, errors.New("date() was given what " + err.Error())
	}
	return t, nil
}

func format(a []any) (any, error) {
	if a[0] == nil {
		return nil, nil
	}
	t, ok := a[0].(time.Time)
	if !ok {
		return nil, fmt.Errorf("format() takes a time, not %s: date() makes one", typeOf(a[0]))
	}
	layout, err := textOf(a[1])
	if err != nil {
		return nil, err
	}
	zone := time.UTC
	if len(a) == 3 {
		zone = a[2].(*time.Location)
	}
	return t.In(zone).Format(layout), nil
}

// member reads a member of an object, an element of a list or a character of a
// text, counted from the end where negative; what is missing is nothing.
func member(a []any) (any, error) {
	of := a[0]
	switch v := of.(type) {
	case nil:
		return nil, nil
	case map[string]any:
		name, err := textOf(a[1])
		if err != nil {
			return nil, err
		}
		return memberNamed(v, name), nil
	}
	i, ok := plain(a[1]).(int)
	if !ok {
		return nil, fmt.Errorf("%s has no members: it is not an object", typeOf(of))
	}
	if text, ok := of.(string); ok {
		if out := part(text, i, i+1, i == -1); out != "" {
			return out, nil
		}
		return nil, nil
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

// memberNamed finds a member by name, without regard to case where none has
// exactly that name.
func memberNamed(object map[string]any, name string) any {
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

func slice(a []any) (any, error) {
	if a[0] == nil {
		return nil, nil
	}
	from, ok1 := plain(a[1]).(int)
	to, ok2 := plain(a[2]).(int)
	if a[1] != nil && !ok1 || a[2] != nil && !ok2 {
		return nil, errors.New("a part of a text or list is told by whole numbers")
	}
	if text, err := textOf(a[0]); err == nil {
		return part(text, from, to, a[2] == nil), nil
	}
	elements := list(a[0])
	from, to = bounds(len(elements), from, to, a[2] == nil)
	return elements[from:to], nil
}

// part takes part of a text by characters.
func part(text string, from, to int, open bool) string {
	from, to = bounds(utf8.RuneCountInString(text), from, to, open)
	head := words.Cut(text, to)
	return head[len(words.Cut(head, from)):]
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
