package mapping

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

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
	re, err := regexp.Compile(a[0])
	if err != nil {
		return nil, errors.New("its regular expression is wrong")
	}
	return re, nil
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
