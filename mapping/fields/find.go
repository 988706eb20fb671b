package fields

import (
	"fmt"
	"slices"
	"strings"

	"caseimport/mapping/words"
)

// near is how many fields or options a message offers.
const near = 3

// Field returns the field with this key, in either spelling of a drop-down's.
func (f File) Field(key string) (Field, bool) {
	for _, field := range f.Fields {
		if SameKey(field.Key, key) {
			return field, true
		}
	}
	return Field{}, false
}

// Nearest returns up to three active fields that may be meant by a key, or a
// name, which the account does not have: those nearest to it, and those of the
// kind that its prefix fixes.
func (f File) Nearest(key string) []Field {
	kind := KindOf(key)
	return nearest(f.Fields, func(field Field) (int, bool) {
		if !field.Active {
			return 0, false
		}
		d := distance(key, field.Key, field.Name)
		return d, kind != "" && kind == field.Kind || close(key, d)
	})
}

// String is how messages call a field.
func (f Field) String() string {
	if f.Name == "" {
		return f.Key
	}
	return fmt.Sprintf("%s (%q)", f.Key, f.Name)
}

// String is how messages call an option.
func (o Option) String() string {
	if o.Label == "" {
		return o.Code
	}
	return fmt.Sprintf("%q (%s)", o.Label, o.Code)
}

// Codes finds the options that values name, by label or code, and returns their
// codes. The values of a dependent field are a path, one a level. Where the
// account shows no options at all for the field, values are taken as codes.
func (f Field) Codes(values []string) ([]string, *Fault) {
	if len(f.Options) == 0 {
		return values, nil
	}
	codes := make([]string, 0, len(values))
	level, path := f.Options, []Option(nil)
	for _, value := range values {
		found := matches(level, value)
		if len(found) != 1 {
			return nil, &Fault{Field: f, Path: path, Value: value, Several: found, Options: level}
		}
		codes = append(codes, found[0].Code)
		if f.Kind == Dependent {
			level, path = found[0].Options, append(path, found[0])
		}
	}
	return codes, nil
}

// matches are the options of one level that a value names. Case and outer
// blanks do not count, but an exact label comes before one that needs this. A
// code that stands twice is one option.
func matches(options []Option, value string) []Option {
	var exact, loose []Option
	for _, o := range options {
		switch v := fold(value); {
		case v == "" || v != fold(o.Code) && v != fold(o.Label):
		case value == o.Code || value == o.Label:
			exact = append(exact, o)
		default:
			loose = append(loose, o)
		}
	}
	if len(exact) == 0 {
		exact = loose
	}
	return slices.CompactFunc(exact, func(a, b Option) bool { return a.Code == b.Code })
}

func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// Fault is a value that names no option of a field, or several.
type Fault struct {
	Field   Field
	Path    []Option // the levels above, of a dependent field
	Value   string
	Several []Option // that the value names
	Options []Option // of this level; none where the path is too long
}

// Nearest returns up to three options of the same level that may be meant.
func (f *Fault) Nearest() []Option {
	return nearest(f.Options, func(o Option) (int, bool) {
		d := distance(f.Value, o.Label, o.Code)
		return d, close(f.Value, d)
	})
}

// nearest picks those that of accepts, the nearest first.
func nearest[T any](all []T, of func(T) (distance int, accepted bool)) []T {
	type candidate struct {
		one T
		d   int
	}
	var some []candidate
	for _, one := range all {
		if d, ok := of(one); ok {
			some = append(some, candidate{one, d})
		}
	}
	slices.SortStableFunc(some, func(a, b candidate) int { return a.d - b.d })
	var best []T
	for _, c := range some[:min(near, len(some))] {
		best = append(best, c.one)
	}
	return best
}

// distance is how far a text is from the nearer of two names. A part of a name
// is near to it.
func distance(text, a, b string) int {
	d := len(text) + len(a) + len(b)
	for _, name := range []string{a, b} {
		if name == "" {
			continue
		}
		d = min(d, words.Distance(text, name))
		if len(fold(text)) >= 4 && strings.Contains(fold(name), fold(text)) {
			d = min(d, 1)
		}
	}
	return d
}

// close says whether a distance is that of a slip or two.
func close(text string, d int) bool { return d <= max(1, len([]rune(text))/3) }
