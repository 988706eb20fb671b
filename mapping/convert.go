package mapping

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// result is a converted value: a text, or in value a bool, json.Number or
// []string, or a text that a custom field alone can hold.
type result struct {
	text  string
	value any // nil: the text
}

// emptyCell is the value of an entry of values that stands for an empty cell.
type emptyCell struct{}

// custom is the value as a custom field holds it.
func (r result) custom() any {
	if r.value != nil {
		return r.value
	}
	return r.text
}

// asWritten converts a value that the mapping file gives in the form in which
// it is to be sent: a date in RFC 3339, a decimal with a point, true or false.
func (f *field) asWritten(s string) (result, string) {
	switch f.kind {
	case kindMultiSelect, kindDependent:
		return listResult(f, []string{s})
	case kindCheckbox:
		switch fold(s) {
		case "true", "yes", "1":
			return result{value: true}, ""
		case "false", "no", "0":
			return result{value: false}, ""
		}
		return result{}, "is neither true nor false"
	case kindDate:
		return dateResult((&dateForm{}).parse(s))
	case kindDecimal:
		return decimalResult(s, false)
	}
	if f.limit > 0 && longer(s, f.limit) {
		return result{}, fmt.Sprintf("is longer than %d characters", f.limit)
	}
	return f.convert(&Value{Kind: String, Text: s})
}

// convert turns one cell that is not empty into the value of a field with one
// value. The reason is "" or says why it cannot be converted.
func (f *field) convert(v *Value) (result, string) {
	switch f.kind {
	case kindEmail:
		if !IsEmail(v.Text) {
			return result{}, emailReason(v.Text)
		}
	case kindPriority:
		switch v.Text {
		case "LOW", "NORMAL", "HIGH", "URGENT":
		default:
			return result{}, "is not one of LOW, NORMAL, HIGH, URGENT"
		}
	case kindCheckbox:
		if v.Kind == Bool {
			return result{value: v.Text == "true"}, ""
		}
		on, ok := lookUp(f.words, v.Text)
		if !ok {
			return result{}, "is neither true nor false"
		}
		return result{value: on}, ""
	case kindDate:
		if v.Kind == moment {
			return result{value: v.Text}, ""
		}
		return dateResult(f.date.parse(v.Text))
	case kindNumeric:
		return integerResult(v.Text)
	case kindDecimal:
		return decimalResult(v.Text, f.comma && v.Kind == String)
	}
	return result{text: v.Text}, ""
}

func dateResult(t time.Time, reason string) (result, string) {
	if reason != "" {
		return result{}, reason
	}
	return result{value: formatTime(t)}, ""
}

// listResult makes the value of a list field.
func listResult(f *field, list []string) (result, string) {
	if f.kind == kindDependent && len(list) > maxLevels {
		return result{}, "has more than three levels"
	}
	return result{value: list}, ""
}

// integerResult takes an optional sign and digits. Grouped ("1,234") and
// fractional ("3.0") forms are refused: 1.000 is one or a thousand.
func integerResult(s string) (result, string) {
	s = strings.TrimSpace(s)
	if !isInteger(s) {
		return result{}, "is not a whole number"
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return result{}, "is too large a whole number"
	}
	return result{value: json.Number(strconv.FormatInt(n, 10))}, ""
}

func isInteger(s string) bool {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// decimalResult takes digits with at most one decimal sign and an exponent.
// The spelling is kept as far as JSON knows it: "3.50" stays, "+3" is 3, ".5"
// is 0.5. With comma the decimal sign is a comma and a point is refused.
func decimalResult(s string, comma bool) (result, string) {
	s = strings.TrimSpace(s)
	if comma {
		if strings.Contains(s, ".") {
			return result{}, "is not a number with a decimal comma"
		}
		s = strings.Replace(s, ",", ".", 1)
	}
	if !isDecimal(s) {
		return result{}, "is not a number"
	}
	if _, err := strconv.ParseFloat(s, 64); err != nil {
		return result{}, "is too large a number"
	}
	return result{value: json.Number(jsonSpelling(s))}, ""
}

// isDecimal says whether s is [sign] digits [.digits] [exponent], where the
// digits before a point may be missing.
func isDecimal(s string) bool {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	mantissa := s
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		if !isInteger(s[i+1:]) {
			return false
		}
		mantissa = s[:i]
	}
	whole, fraction, point := strings.Cut(mantissa, ".")
	digits := func(s string) bool { return strings.Trim(s, "0123456789") == "" }
	return digits(whole) && digits(fraction) && (whole != "" || point) && (fraction != "" || !point)
}

// jsonSpelling mends what JSON does not allow: a plus sign, zeros in front, a
// missing zero before the point.
func jsonSpelling(s string) string {
	sign := ""
	if s[0] == '-' || s[0] == '+' {
		sign, s = strings.TrimPrefix(s[:1], "+"), s[1:]
	}
	for len(s) > 1 && s[0] == '0' && '0' <= s[1] && s[1] <= '9' {
		s = s[1:]
	}
	if s[0] == '.' {
		s = "0" + s
	}
	return sign + s
}

// IsEmail takes a bare address only: ASCII dot-atom, @, two or more labels of
// letters, digits and inner hyphens, 254 characters at most.
func IsEmail(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	if !ok || len(s) > 254 {
		return false
	}
	for atom := range strings.SplitSeq(local, ".") {
		if atom == "" || strings.ContainsFunc(atom, func(r rune) bool {
			return !isAlphanumeric(r) && !strings.ContainsRune("!#$%&'*+/=?^_`{|}~-", r)
		}) {
			return false
		}
	}
	labels := 0
	for label := range strings.SplitSeq(domain, ".") {
		labels++
		if label == "" || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.ContainsFunc(label, func(r rune) bool { return !isAlphanumeric(r) && r != '-' }) {
			return false
		}
	}
	return labels >= 2
}

func isAlphanumeric(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

// emailReason names the commonest mistakes.
func emailReason(s string) string {
	switch {
	case IsEmail(strings.TrimSpace(s)):
		return "has blanks around the e-mail address"
	case strings.ContainsAny(s, "<>"):
		return "is not a bare e-mail address: it has a display name or brackets"
	case strings.Count(s, "@") > 1:
		return "is not one e-mail address"
	}
	return "is not an e-mail address"
}
