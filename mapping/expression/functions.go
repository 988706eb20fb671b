package expression

import (
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

	"github.com/expr-lang/expr/vm/runtime"

	"caseimport/mapping/convert"
	"caseimport/mapping/words"
)

// loops are the functions of expr that take a condition.
var loops = []string{
	"all", "any", "count", "filter", "find", "findIndex", "findLast", "findLastIndex", "map", "none", "one", "reduce", "sortBy", "sum",
}

// Functions names every function that an expression may call.
func Functions() []string {
	names := slices.Clone(loops)
	for name := range functions {
		if name[0] != '#' {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// function is one entry of the table. It fails by calling fail, as functions of
// the language do: the machine makes an error of it.
type function struct {
	min, max int // arguments; many for any number
	gives    any // an example, by which faults of type are found early; nil: anything
	do       func(a []any) any
}

const many = -1

// functions are ours, beside the operators of the language (+ - * / % ** == !=
// < <= > >= and or not in contains startsWith endsWith matches ?? ?: let). The
// reference of the mapping file says what each does.
var functions = map[string]function{
	"lower":  {1, 1, "", func(a []any) any { return strings.ToLower(text(a[0])) }},
	"upper":  {1, 1, "", func(a []any) any { return strings.ToUpper(text(a[0])) }},
	"string": {1, 1, "", func(a []any) any { return text(a[0]) }},
	"trim": {1, 2, "", func(a []any) any {
		if len(a) == 2 {
			return strings.Trim(text(a[0]), text(a[1]))
		}
		return strings.TrimSpace(text(a[0]))
	}},
	"trimPrefix":   {2, 2, "", func(a []any) any { return strings.TrimPrefix(text(a[0]), text(a[1])) }},
	"trimSuffix":   {2, 2, "", func(a []any) any { return strings.TrimSuffix(text(a[0]), text(a[1])) }},
	"indexOf":      {2, 2, 0, func(a []any) any { return index(text(a[0]), text(a[1]), strings.Index) }},
	"lastIndexOf":  {2, 2, 0, func(a []any) any { return index(text(a[0]), text(a[1]), strings.LastIndex) }},
	"replace":      {3, 3, "", replace},
	"split":        {2, 3, []any{}, split},
	"join":         {1, 2, "", join},
	"len":          {1, 1, 0, length},
	"match":        {2, 2, []any{}, func(a []any) any { return anys(pattern(a[1]).FindStringSubmatch(text(a[0]))) }},
	"replaceRegex": {3, 3, "", replaceRegex},
	"coalesce":     {1, many, nil, coalesce},
	"int":          {1, 1, nil, toInt},
	"float":        {1, 1, nil, toFloat},
	"min":          {1, many, nil, func(a []any) any { return extreme(a, -1) }},
	"max":          {1, many, nil, func(a []any) any { return extreme(a, +1) }},
	"abs":          {1, 1, nil, absolute},
	"ceil":         {1, 1, 0.0, func(a []any) any { return math.Ceil(float(number(a[0]))) }},
	"floor":        {1, 1, 0.0, func(a []any) any { return math.Floor(float(number(a[0]))) }},
	"round":        {1, 1, 0.0, func(a []any) any { return math.Round(float(number(a[0]))) }},
	"first":        {1, 1, nil, func(a []any) any { return member([]any{list(a[0]), 0}) }},
	"last":         {1, 1, nil, func(a []any) any { return member([]any{list(a[0]), -1}) }},
	"take":         {2, 2, []any{}, func(a []any) any { return slice([]any{list(a[0]), nil, whole(a[1], "the number that take() takes")}) }},
	"concat":       {1, many, []any{}, concat},
	"reverse":      {1, 1, []any{}, reverse},
	"sort":         {1, 2, []any{}, func(a []any) any { return sorted(list(a[0]), a[1:], itself) }},
	"uniq":         {1, 1, []any{}, uniq},
	"flatten":      {1, 1, []any{}, func(a []any) any { return flatten(nil, a[0]) }},
	"date":         {1, 3, nil, toDate},
	"format":       {2, 3, nil, format},

	// What follows is put in by the rewriter; such names cannot be written.
	"#member":     {2, 2, nil, member},
	"#slice":      {3, 3, nil, slice},
	"#list":       {1, 1, []any{}, func(a []any) any { return list(a[0]) }},
	"#range":      {2, 2, []any{}, span},
	"#sum":        {1, 1, nil, sum},
	"#sortBy":     {1, 2, []any{}, sortedBy},
	"#contains":   {2, 2, true, func(a []any) any { return strings.Contains(text(a[0]), text(a[1])) }},
	"#startsWith": {2, 2, true, func(a []any) any { return strings.HasPrefix(text(a[0]), text(a[1])) }},
	"#endsWith":   {2, 2, true, func(a []any) any { return strings.HasSuffix(text(a[0]), text(a[1])) }},
	"#matches":    {2, 2, true, func(a []any) any { return pattern(a[1]).MatchString(text(a[0])) }},
	"#in":         {2, 2, true, in},
	"#eq":         {2, 2, true, func(a []any) any { return equal(a[0], a[1]) }},
	"#ne":         {2, 2, true, func(a []any) any { return !equal(a[0], a[1]) }},
	"#lt":         {2, 2, true, func(a []any) any { return order(a[0], a[1]) < 0 }},
	"#le":         {2, 2, true, func(a []any) any { return order(a[0], a[1]) <= 0 }},
	"#gt":         {2, 2, true, func(a []any) any { return order(a[0], a[1]) > 0 }},
	"#ge":         {2, 2, true, func(a []any) any { return order(a[0], a[1]) >= 0 }},
	"#add":        {2, 2, nil, add},
	"#sub":        {2, 2, nil, minus},
	"#mul":        {2, 2, nil, exact(runtime.Multiply)},
	"#div":        {2, 2, 0.0, func(a []any) any { return float(operand(a[0])) / float(operand(a[1])) }},
	"#pow":        {2, 2, 0.0, func(a []any) any { return math.Pow(float(operand(a[0])), float(operand(a[1]))) }},
	"#mod":        {2, 2, nil, modulo},
}

// readers are put in, too, and read the row; what they read is not made.
var readers = map[string]func(a ...any) (any, error){
	"#cell":   func(a ...any) (any, error) { return a[0].(*scope).row.Cell(a[1].(int)), nil },
	"#item":   func(a ...any) (any, error) { return a[0].(*scope).row.Item(), nil },
	"#column": func(a ...any) (any, error) { return a[0].(*scope).row.Named(text(a[1])) },
	"#has":    func(a ...any) (any, error) { return has(a[0].(*scope).row, text(a[1])), nil },

	"#parentCell":   func(a ...any) (any, error) { return a[0].(*scope).row.Parent().Cell(a[1].(int)), nil },
	"#parentColumn": func(a ...any) (any, error) { return a[0].(*scope).row.Parent().Named(text(a[1])) },
	"#parentHas":    func(a ...any) (any, error) { return has(a[0].(*scope).row.Parent(), text(a[1])), nil },
}

// has says whether a row has a column, and something in it.
func has(row Row, column string) bool {
	cell, err := row.Named(column)
	return err == nil && cell != nil
}

// call calls the function with the scope as its first argument, to which what
// the function makes is charged.
func (f function) call(args ...any) (any, error) {
	out := f.do(args[1:])
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
	return out, nil
}

// elementBytes is what an element of a list takes beside what it holds.
const elementBytes = 32

var errTooMuch = errors.New("makes too much text or too long a list for one row")

// fits is asked before something grows by what the arguments say.
func fits(bytes int) {
	if bytes > maxBytes {
		panic(errTooMuch)
	}
}

func fail(format string, args ...any) { panic(fmt.Errorf(format, args...)) }

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

// index turns a position in bytes into one in characters.
func index(s, part string, find func(s, part string) int) int {
	at := find(s, part)
	if at < 0 {
		return at
	}
	return utf8.RuneCountInString(s[:at])
}

func replace(a []any) any {
	s, old, with := text(a[0]), text(a[1]), text(a[2])
	fits((len(with) - len(old)) * strings.Count(s, old))
	return strings.ReplaceAll(s, old, with)
}

func split(a []any) any {
	n := -1
	if len(a) == 3 {
		n = whole(a[2], "the number of parts that split() takes")
	}
	parts := strings.SplitN(text(a[0]), text(a[1]), n)
	fits(elementBytes * len(parts))
	return anys(parts)
}

func anys(parts []string) []any {
	out := make([]any, len(parts))
	for i, p := range parts {
		out[i] = p
	}
	return out
}

func join(a []any) any {
	between := ""
	if len(a) == 2 {
		between = text(a[1])
	}
	var parts []string
	size := 0
	for _, e := range list(a[0]) {
		if p := text(e); !blank(p) {
			parts = append(parts, p)
			size += len(p) + len(between)
		}
	}
	fits(size)
	return strings.Join(parts, between)
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

func length(a []any) any {
	switch v := a[0].(type) {
	case []any:
		return len(v)
	case map[string]any:
		return len(v)
	}
	return utf8.RuneCountInString(text(a[0]))
}

// pattern takes a regular expression that the rewriter compiled, or a text.
func pattern(v any) *regexp.Regexp {
	if re, ok := v.(*regexp.Regexp); ok {
		return re
	}
	source := text(v)
	re, err := regexp.Compile(source)
	if err != nil || len(source) > maxSource {
		fail("invalid regular expression")
	}
	return re
}

func replaceRegex(a []any) any {
	s, re, with := text(a[0]), pattern(a[1]), text(a[2])
	found := re.FindAllStringSubmatchIndex(s, maxElements)
	if len(found) == maxElements {
		panic(errTooMuch)
	}
	var out []byte
	end := 0
	// Match by match, so that it is seen while it grows.
	for _, m := range found {
		out = append(out, s[end:m[0]]...)
		out = re.ExpandString(out, with, s, m)
		end = m[1]
		fits(len(out))
	}
	return string(append(out, s[end:]...))
}

func coalesce(a []any) any {
	for _, v := range a {
		if len(list(v)) > 0 {
			return v
		}
	}
	return nil
}

// extreme is the least or the greatest of all numbers, however deep in lists.
func extreme(a []any, wanted int) any {
	var best any
	for _, v := range flatten(nil, a) {
		n := operand(v)
		if c, _ := compareNumbers(n, best); best == nil || c == wanted {
			best = n
		}
	}
	return best
}

func sum(a []any) any {
	var total any = 0
	for _, v := range list(a[0]) {
		total = plus([]any{total, v})
	}
	return total
}

// sorted sorts by the key of each element; direction may hold one text.
func sorted(elements, direction []any, key func(e any) any) []any {
	sign := 1
	if len(direction) > 0 && direction[0] == "desc" {
		sign = -1
	} else if len(direction) > 0 && direction[0] != "asc" {
		fail(`sort() takes "asc" or "desc"`)
	}
	return slices.SortedStableFunc(slices.Values(elements), func(x, y any) int { return sign * order(key(x), key(y)) })
}

func itself(e any) any { return e }

// sortedBy takes a list of pairs: the key of an element and the element.
func sortedBy(a []any) any {
	out := sorted(list(a[0]), a[1:], func(e any) any { return e.([]any)[0] })
	for i, e := range out {
		out[i] = e.([]any)[1]
	}
	return out
}

func span(a []any) any {
	from, to := toInt([]any{operand(a[0])}).(int), toInt([]any{operand(a[1])}).(int)
	if float64(to)-float64(from) > maxElements {
		panic(errTooMuch)
	}
	out := []any{}
	for n := from; n <= to; n++ {
		out = append(out, n)
	}
	return out
}

func concat(a []any) any {
	out := []any{}
	for _, v := range a {
		out = append(out, list(v)...)
		fits(elementBytes * len(out))
	}
	return out
}

func absolute(a []any) any {
	n := number(a[0])
	if float(n) < 0 {
		return minus([]any{0, n})
	}
	return n
}

func reverse(a []any) any {
	out := slices.Clone(list(a[0]))
	slices.Reverse(out)
	return out
}

func uniq(a []any) any {
	out := []any{}
	seen := map[string]bool{}
	for _, e := range list(a[0]) {
		if t := text(e); !seen[t] {
			seen[t] = true
			out = append(out, e)
		}
	}
	return out
}

// flatten appends the elements of v, however deep, to out.
func flatten(out []any, v any) []any {
	for _, e := range list(v) {
		if _, isList := e.([]any); isList {
			out = flatten(out, e)
		} else {
			out = append(out, e)
		}
		fits(elementBytes * len(out))
	}
	return out
}

func toInt(a []any) any {
	if s, ok := a[0].(string); ok && !blank(s) && !convert.IsInteger(strings.TrimSpace(s)) {
		fail("int() needs a whole number; use float() for decimals")
	}
	n := numberOrNothing(a[0])
	if f, ok := n.(float64); ok {
		if !(math.Abs(f) < math.MaxInt64) {
			fail("int(): the number is too large")
		}
		return int(f)
	}
	return n
}

func toFloat(a []any) any {
	if n := numberOrNothing(a[0]); n != nil {
		return float(n)
	}
	return nil
}

func numberOrNothing(v any) any {
	if s, ok := v.(string); v == nil || ok && blank(s) {
		return nil
	}
	return number(v)
}

func toDate(a []any) any {
	if t, ok := a[0].(time.Time); ok {
		return t
	}
	s := text(a[0])
	if blank(s) {
		return nil
	}
	var dates convert.Dates
	if len(a) > 1 {
		dates.Layouts = []convert.Layout{a[1].(convert.Layout)}
	}
	if len(a) > 2 {
		dates.Zone = a[2].(*time.Location)
	}
	t, err := dates.Parse(s)
	if err != nil {
		fail("date(): the value %w", err)
	}
	return t
}

func format(a []any) any {
	if a[0] == nil {
		return nil
	}
	t, ok := a[0].(time.Time)
	if !ok {
		fail("format() needs a time, got %s: use date()", typeOf(a[0]))
	}
	zone := time.UTC
	if len(a) == 3 {
		zone = a[2].(*time.Location)
	}
	return t.In(zone).Format(text(a[1]))
}

// member reads a member of an object, an element of a list or a character of a
// text, counted from the end where negative; what is missing is nothing.
func member(a []any) any {
	switch of := a[0].(type) {
	case nil:
		return nil
	case map[string]any:
		return memberNamed(of, text(a[1]))
	}
	i, ok := plain(a[1]).(int)
	if !ok {
		fail("%s has no members", typeOf(a[0]))
	}
	of := a[0]
	if _, isText := of.(string); !isText {
		of = list(of)
	}
	var end any
	if i != -1 {
		end = i + 1
	}
	part := slice([]any{of, i, end})
	if elements, isList := part.([]any); isList && len(elements) > 0 {
		return elements[0]
	}
	return coalesce([]any{part})
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

// slice gives a part of a list, or of a text by characters.
func slice(a []any) any {
	switch of := a[0].(type) {
	case nil:
		return nil
	case []any:
		from, to := bounds(a[1], a[2], len(of))
		return of[from:to]
	}
	s := text(a[0])
	from, to := bounds(a[1], a[2], utf8.RuneCountInString(s))
	head := words.Cut(s, to)
	return head[len(words.Cut(head, from)):]
}

func bounds(from, to any, n int) (i, j int) {
	j = position(to, n, n)
	return min(position(from, n, 0), j), j
}

// position counts from the end where it is negative, and stays within n.
func position(v any, n, otherwise int) int {
	if v == nil {
		return otherwise
	}
	i := whole(v, "where a part begins and ends")
	if i < 0 {
		i += n
	}
	return min(max(i, 0), n)
}
