package mapping

import (
	"caseimport/mapping/convert"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// function takes the scope as its first argument; types are its signatures.
type function struct {
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

func functionNames() []string {
	names := append(slices.Clone(loops), slices.Collect(maps.Keys(native))...)
	names = slices.AppendSeq(names, maps.Keys(functions))
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

// functions are ours, beside the operators of the language (+ - * / % ** == !=
// < <= > >= and or not in contains startsWith endsWith matches ?? ?: let). The
// README says what each does.
//
// A CSV cell is text. A JSON number is a number where writing it gives the same
// text again, and text otherwise (1.50, 1e5), so that joined to text it keeps
// its spelling. Where a number meets a text that is written as a number, they
// are compared as numbers; two texts are compared as texts. A missing member
// equals an empty text.
var functions = map[string]function{
	"lower": {onTexts(func(a []string) any { return strings.ToLower(a[0]) }), []any{text1(nil)}},
	"upper": {onTexts(func(a []string) any { return strings.ToUpper(a[0]) }), []any{text1(nil)}},
	"trim": {onTexts(func(a []string) any {
		if len(a) == 2 {
			return strings.Trim(a[0], a[1])
		}
		return strings.TrimSpace(a[0])
	}), []any{text1(nil), text2(nil)}},
	"trimPrefix": {onTexts(func(a []string) any { return strings.TrimPrefix(a[0], a[1]) }), []any{text2(nil)}},
	"trimSuffix": {onTexts(func(a []string) any { return strings.TrimSuffix(a[0], a[1]) }), []any{text2(nil)}},
	"replace":    {callReplace, []any{text3(nil)}},
	"split": {callSplit,
		[]any{(func(any, any, any) []any)(nil), (func(any, any, any, int) []any)(nil)}},
	"join":        {callJoin, []any{text1(nil), text2(nil)}},
	"indexOf":     {onTexts(func(a []string) any { return runeIndex(a[0], strings.Index(a[0], a[1])) }), []any{(func(any, any, any) int)(nil)}},
	"lastIndexOf": {onTexts(func(a []string) any { return runeIndex(a[0], strings.LastIndex(a[0], a[1])) }), []any{(func(any, any, any) int)(nil)}},
	"len":         {callLen, []any{(func(any, any) int)(nil)}},
	"match": {callMatch,
		[]any{(func(any, any, any) []any)(nil)}},
	"replaceRegex": {callReplaceRegex, []any{text3(nil)}},
	"coalesce":     {callCoalesce, []any{(func(any, ...any) any)(nil)}},
	"string":       {onTexts(func(a []string) any { return a[0] }), []any{text1(nil)}},
	"int":          {callInt, []any{(func(any, any) any)(nil)}},
	"float":        {callFloat, []any{(func(any, any) any)(nil)}},
	"uniq":         {callUniq, []any{(func(any, any) []any)(nil)}},
	"date": {callDate,
		[]any{(func(any, any) any)(nil), (func(any, any, *convert.Dates) any)(nil)}},
	"format": {callFormat,
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
func callDate(args ...any) (any, error) {
	if t, ok := args[1].(time.Time); ok {
		return t, nil
	}
	text, err := textOf(args[1])
	if err != nil || strings.TrimSpace(text) == "" {
		return nil, err
	}
	form := &convert.Dates{}
	if len(args) == 3 {
		form = args[2].(*convert.Dates)
	}
	t, err := form.Parse(text)
	if err != nil {
		return nil, errors.New("date() was given what " + err.Error())
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
