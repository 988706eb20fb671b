package convert

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
)

var (
	errNotWhole      = errors.New("is not a whole number")
	errTooLargeWhole = errors.New("is too large for a whole number")
	errNotNumber     = errors.New("is not a number")
	errNoComma       = errors.New("is not a number with a decimal comma")
	errTooLarge      = errors.New("is too large for a number")
)

// Integer takes an optional sign and digits. Grouped ("1,234") and
// fractional ("3.0") forms are refused: 1.000 is one or a thousand.
func Integer(s string) (json.Number, error) {
	s = strings.TrimSpace(s)
	if !IsInteger(s) {
		return "", errNotWhole
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return "", errTooLargeWhole
	}
	return json.Number(strconv.FormatInt(n, 10)), nil
}

// IsInteger says whether s is digits, with or without a sign.
func IsInteger(s string) bool {
	digits := strings.TrimLeft(s, "+-")
	return digits != "" && len(s)-len(digits) <= 1 && strings.Trim(digits, "0123456789") == ""
}

// Decimal takes digits with at most one decimal sign and an exponent.
// The spelling is kept as far as JSON knows it: "3.50" stays, "+3" is 3, ".5"
// is 0.5. With comma the decimal sign is a comma and a point is refused.
func Decimal(s string, comma bool) (json.Number, error) {
	s = strings.TrimSpace(s)
	if comma {
		if strings.Contains(s, ".") {
			return "", errNoComma
		}
		s = strings.Replace(s, ",", ".", 1)
	}
	if !IsDecimal(s) {
		return "", errNotNumber
	}
	if _, err := strconv.ParseFloat(s, 64); err != nil {
		return "", errTooLarge
	}
	return json.Number(jsonSpelling(s)), nil
}

// IsDecimal says whether s is [sign] digits [.digits] [exponent], where the
// digits before a point may be missing.
func IsDecimal(s string) bool {
	if strings.Trim(s, "0123456789.eE+-") != "" || strings.HasSuffix(s, ".") || strings.Contains(strings.ToLower(s), ".e") {
		return false // hex and inf, too, which ParseFloat knows
	}
	_, err := strconv.ParseFloat(s, 64)
	return err == nil || errors.Is(err, strconv.ErrRange)
}

// jsonSpelling fixes what JSON does not allow: a plus sign, zeros in front, a
// missing zero before the point.
func jsonSpelling(s string) string {
	digits := strings.TrimLeft(strings.TrimLeft(s, "+-"), "0")
	if digits == "" || digits[0] < '0' || digits[0] > '9' {
		digits = "0" + digits
	}
	if s[0] == '-' {
		return "-" + digits
	}
	return digits
}
