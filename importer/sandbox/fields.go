package sandbox

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of the standard fields, in characters ("Create a New Case").
const (
	maxTitle       = 150
	maxDescription = 2000
	maxEmail       = 254
	maxLevels      = 3 // of a dependent_field
)

// standard lists the fields of a case that are not custom, in the order of
// answers ("Create a New Case", "Update a Case").
var standard = [...]struct {
	name          string
	create, patch bool
	check         func(raw string) string // what is wrong, or ""
}{
	fTitle:          {"title", true, true, limited(maxTitle)},
	fDescription:    {"description", true, true, limited(maxDescription)},
	fStatus:         {"status", false, true, checkStatus},
	fType:           {"type", false, true, oneOf("QUESTION", "INCIDENT", "PROBLEM", "TASK")},
	fPriority:       {"priority", true, true, oneOf("LOW", "NORMAL", "HIGH", "URGENT")},
	fRequesterName:  {"requester_name", true, false, checkString},
	fRequesterEmail: {"requester_email", true, false, checkEmail},
	fRequesterType:  {"requester_type", true, false, checkFilled},
	fOwner:          {"owner_id", true, true, checkFilled},
	fParent:         {"parent_id", true, false, checkID},
	fGroup:          {"group_id", false, true, checkFilled},
	fResolution:     {"resolution", false, true, checkString},
	fSolveReason:    {"solve_reason", false, true, checkString},
}

const (
	fTitle = iota
	fDescription
	fStatus
	fType
	fPriority
	fRequesterName
	fRequesterEmail
	fRequesterType
	fOwner
	fParent
	fGroup
	fResolution
	fSolveReason
)

// standardNamed returns the index of a standard field, or -1.
func standardNamed(name string) int {
	for i := range standard {
		if standard[i].name == name {
			return i
		}
	}
	return -1
}

const noString = "must be a string"

func checkString(raw string) string {
	if !isString(raw) {
		return noString
	}
	return ""
}

func checkFilled(raw string) string {
	if !isString(raw) {
		return noString
	}
	if strings.TrimSpace(text(raw)) == "" {
		return "must not be empty"
	}
	return ""
}

func limited(most int) func(string) string {
	return func(raw string) string {
		if reason := checkFilled(raw); reason != "" {
			return reason
		}
		if n := utf8.RuneCountInString(text(raw)); n > most {
			return "has " + strconv.Itoa(n) + " characters, " + strconv.Itoa(most) + " are allowed"
		}
		return ""
	}
}

func oneOf(allowed ...string) func(string) string {
	return func(raw string) string {
		if !isString(raw) {
			return noString
		}
		for _, a := range allowed {
			if text(raw) == a {
				return ""
			}
		}
		return "must be one of " + strings.Join(allowed, ", ")
	}
}

// statuses are those that a case may have; the last cannot be set.
var statuses = []string{"NEW", "OPEN", "PENDING", "ON-HOLD", "RESOLVED", "CLOSED"}

var settable = oneOf(statuses[:5]...)

func checkStatus(raw string) string {
	if raw == statusClosed {
		return "CLOSED cannot be set"
	}
	return settable(raw)
}

func checkID(raw string) string {
	if !isString(raw) {
		return noString
	}
	if _, ok := parseID(text(raw)); !ok {
		return "must be the id of a case: a string holding a number from 1"
	}
	return ""
}

// parseID takes a case's id apart: digits, no sign, no leading zero.
func parseID(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n >= 1 && s[0] >= '1' && s[0] <= '9'
}

func checkEmail(raw string) string {
	if !isString(raw) {
		return noString
	}
	address := text(raw)
	if !isEmail(address) {
		return "is no e-mail address"
	}
	if strings.HasSuffix(strings.ToLower(address), ".invalid") {
		return "the requester cannot be resolved: no address ends in .invalid"
	}
	return ""
}

// isEmail tells whether s is a bare address: a dot-atom, an @, and two or more
// labels of letters, digits and inner hyphens.
func isEmail(s string) bool {
	local, domain, found := strings.Cut(s, "@")
	if !found || len(s) > maxEmail || !strings.Contains(domain, ".") {
		return false
	}
	for atom := range strings.SplitSeq(local, ".") {
		if !consistsOf(atom, "!#$%&'*+/=?^_`{|}~-") {
			return false
		}
	}
	for label := range strings.SplitSeq(domain, ".") {
		if !consistsOf(label, "-") || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	return true
}

// consistsOf tells whether s is one or more ASCII letters, digits and others.
func consistsOf(s, others string) bool {
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(others, c) >= 0) {
			return false
		}
	}
	return s != ""
}

// prefixes are the nine kinds of custom fields. None begins with another, so
// the order does not matter.
var prefixes = [...]struct {
	name  string
	check func(raw string) string
}{
	{"checkbox", checkCheckbox},
	{"dropdown", checkCode},
	{"text", checkString},
	{"multi_line_text", checkString},
	{"dependent_field", checkLevels},
	{"date", checkDate},
	{"numeric", checkInteger},
	{"decimal", checkDecimal},
	{"multi_select", checkCodes},
}

const noPrefix = "begins with none of the nine prefixes: checkbox, dropdown, text, multi_line_text, dependent_field, date, numeric, decimal, multi_select"

// checkCustom returns what is wrong with a custom field, or "".
func checkCustom(name, raw string) string {
	for _, p := range prefixes {
		if strings.HasPrefix(name, p.name) {
			return p.check(raw)
		}
	}
	return noPrefix
}

func isTextField(name string) bool     { return strings.HasPrefix(name, "text") }
func isLongTextField(name string) bool { return strings.HasPrefix(name, "multi_line_text") }

func checkCheckbox(raw string) string {
	if !isBool(raw) {
		return "must be true or false"
	}
	return ""
}

func checkCode(raw string) string {
	if !isString(raw) || raw == `""` {
		return `must be an option's code, a string such as "001"`
	}
	return ""
}

func checkCodes(raw string) string {
	if !isArray(raw) {
		return "must be an array of option codes"
	}
	for e := range elements(raw) {
		if checkCode(e) != "" {
			return `must be an array of option codes, strings such as "001"`
		}
	}
	return ""
}

func checkLevels(raw string) string {
	const wrong = "must be an array of one to three option ids, strings, one a level"
	if !isArray(raw) {
		return wrong
	}
	n := 0
	for e := range elements(raw) {
		if n++; n > maxLevels || checkCode(e) != "" {
			return wrong
		}
	}
	if n == 0 {
		return wrong
	}
	return ""
}

func checkDate(raw string) string {
	if isString(raw) {
		if _, ok := parseUTC(text(raw)); ok {
			return ""
		}
	}
	return "must be RFC 3339 in UTC, such as 2022-04-21T06:30:21Z"
}

// parseUTC takes RFC 3339 with a Z. time.Parse alone would let pass an hour of
// one digit and a comma before the fraction.
func parseUTC(s string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, s)
	return t, err == nil && strings.HasSuffix(s, "Z") && s[13] == ':' && !strings.Contains(s, ",")
}

func checkInteger(raw string) string {
	if !isNumber(raw) || strings.ContainsAny(raw, ".eE") {
		return "must be an integer"
	}
	return ""
}

func checkDecimal(raw string) string {
	if !isNumber(raw) {
		return "must be a number"
	}
	return ""
}
