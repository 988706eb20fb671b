package mapping

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"time"
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
