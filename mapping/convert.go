package mapping

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"caseimport/mapping/convert"
	"caseimport/mapping/words"
)

// result is a converted value: a text, or in value a bool, json.Number or
// []string, or a text that a custom field alone can hold.
type result struct {
	text  string
	value any // nil: the text
}

// toLookUp is the value of a text that stands for an id: an agent's address, the
// key of another row.
type toLookUp struct{}

// emptyCell is the value of an entry of values that stands for an empty cell.
type emptyCell struct{}

// custom is the value as a custom field holds it.
func (r result) custom() any {
	if r.value != nil {
		return r.value
	}
	return r.text
}

var (
	errPriority = errors.New("is not one of LOW, NORMAL, HIGH, URGENT")
	errAddress  = errors.New("is an e-mail address, not the id of an agent")
	errParent   = errors.New("is longer than 200 characters, the limit for a key")
	errCheckbox = errors.New("is neither true nor false")
	errLevels   = errors.New("has more than three levels")
)

// standardWords are those of a checkbox that is not told others.
var standardWords = map[string]bool{"true": true, "yes": true, "1": true, "false": false, "no": false, "0": false}

// asWritten converts a value that the mapping file gives in the form in which
// it is to be sent: a date in RFC 3339, a decimal with a point, true or false.
func (f *field) asWritten(s string) (result, error) {
	if f.limit > 0 && words.Longer(s, f.limit) {
		return result{}, fmt.Errorf("is longer than %d characters", f.limit)
	}
	if f.options != nil && strings.TrimSpace(s) != "" {
		var err error
		if s, err = f.writtenOption(s); err != nil {
			return result{}, err
		}
	}
	if f.kind.isList() {
		return f.listOf([]string{s})
	}
	plain := field{kind: f.kind, words: standardWords, lookup: f.lookup}
	return plain.convert(&Value{Kind: String, Text: s})
}

// convert turns one cell that is not empty into the value of a field with one
// value. The error does not hold the value.
func (f *field) convert(v *Value) (result, error) {
	switch f.kind {
	case kindEmail:
		return result{text: v.Text}, convert.Email(v.Text)
	case kindPriority:
		if !slices.Contains(Priorities, v.Text) {
			return result{}, errPriority
		}
	case kindStatus:
		return result{text: wordOf(Statuses, v.Text)}, nil
	case kindType:
		return result{text: wordOf(Types, v.Text)}, nil
	case kindOwner:
		text := strings.TrimSpace(v.Text)
		switch {
		case f.lookup && isUserID(text):
			return result{text: text}, nil
		case f.lookup:
			return result{text: strings.ToLower(text), value: toLookUp{}}, convert.Email(text)
		case strings.Contains(text, "@"):
			return result{}, errAddress
		}
		return result{text: text}, nil
	case kindParent:
		text := strings.TrimSpace(v.Text)
		switch {
		case f.lookup && words.Longer(text, MaxKey):
			return result{}, errParent
		case f.lookup:
			return result{text: text, value: toLookUp{}}, nil
		}
		return result{text: text}, nil
	case kindCheckbox:
		if v.Kind == Bool {
			return result{value: v.Text == "true"}, nil
		}
		on, ok := lookUp(f.words, v.Text)
		if !ok {
			return result{}, errCheckbox
		}
		return result{value: on}, nil
	case kindDate:
		if v.Kind == moment {
			return result{value: v.Text}, nil
		}
		t, err := f.date.Parse(v.Text)
		if err != nil {
			return result{}, err
		}
		return result{value: convert.FormatTime(t)}, nil
	case kindNumeric:
		n, err := convert.Integer(v.Text)
		return result{value: n}, err
	case kindDecimal:
		n, err := convert.Decimal(v.Text, f.comma && v.Kind == String)
		return result{value: n}, err
	}
	return result{text: v.Text}, nil
}

// isUserID tells whether a text has the form of a user's id, as the vendor's examples
// have it: 24 hexadecimal digits. No address has it.
func isUserID(s string) bool {
	_, err := hex.DecodeString(s)
	return len(s) == 24 && err == nil
}

// wordOf is the known word that a text spells, whatever its case, blanks, hyphens
// and underscores; any other text is the account's own word, and stays as it is.
func wordOf(known []string, text string) string {
	plain := strings.NewReplacer(" ", "", "-", "", "_", "").Replace
	text = strings.TrimSpace(text)
	for _, word := range known {
		if strings.EqualFold(plain(word), plain(text)) {
			return word
		}
	}
	return text
}

// listOf makes the value of a list field.
func (f *field) listOf(list []string) (result, error) {
	if f.kind == kindDependent && len(list) > maxLevels {
		return result{}, errLevels
	}
	return result{value: list}, nil
}
