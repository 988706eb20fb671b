package fields

import "strings"

// Kind is what a field holds. It is named as the prefix of the field's key,
// "drop_down" for both spellings, and "" where no known prefix stands.
type Kind string

// The kinds ("Understanding Case Fields and Field Formats").
const (
	Checkbox    Kind = "checkbox"
	DropDown    Kind = "drop_down"
	Text        Kind = "text"
	MultiLine   Kind = "multi_line_text"
	Dependent   Kind = "dependent_field"
	Date        Kind = "date"
	Numeric     Kind = "numeric"
	Decimal     Kind = "decimal"
	MultiSelect Kind = "multi_select"
)

// Kinds are all of them. None begins with another.
var Kinds = []Kind{Checkbox, DropDown, Text, MultiLine, Dependent, Date, Numeric, Decimal, MultiSelect}

// KindOf returns the kind that a key's prefix fixes. The type codes of the API
// are not all known, so the prefix is what counts.
func KindOf(key string) Kind {
	key = spelling(key)
	for _, k := range Kinds {
		if strings.HasPrefix(key, string(k)) {
			return k
		}
	}
	return ""
}

// HasOptions says whether values of this kind are codes of options.
func (k Kind) HasOptions() bool { return k == DropDown || k == MultiSelect || k == Dependent }

// SameKey says whether two keys are of one field: a drop-down's has two spellings.
func SameKey(a, b string) bool { return spelling(a) == spelling(b) }

// spelling makes one of the two spellings of a drop-down's key: the pages of
// the API disagree about it.
func spelling(key string) string {
	if rest, ok := strings.CutPrefix(key, "dropdown"); ok {
		return string(DropDown) + rest
	}
	return key
}
