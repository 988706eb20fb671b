package mapping

import (
	"strings"
)

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
