package sandbox

import (
	"regexp"
	"slices"
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

// check returns what is wrong with a raw value, or "".
type check func(raw string) string

// must makes a check of a condition.
func must(reason string, holds func(raw string) bool) check {
	return func(raw string) string {
		if holds(raw) {
			return ""
		}
		return "must " + reason
	}
}

// textThat checks a string by what it stands for.
func textThat(inner func(s string) string) check {
	return func(raw string) string {
		if reason := checkString(raw); reason != "" {
			return reason
		}
		return inner(text(raw))
	}
}

type standardField struct {
	name          string
	create, patch bool // taken in that request
	check         check
}

// standard lists the fields of a case that are not custom, in the order of
// answers ("Create a New Case", "Update a Case"). Of some the account decides
// more: see rules.
var standard = [...]standardField{
	fTitle:          {"title", true, true, limited(maxTitle)},
	fDescription:    {"description", true, true, limited(maxDescription)},
	fStatus:         {"status", false, true, checkString},
	fType:           {"type", false, true, checkString},
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

var noteFields = map[string]check{"note_title": checkString, "note_body": checkFilled, "public": checkBool}

// standardNamed returns the index of a standard field, or -1.
func standardNamed(name string) int {
	return slices.IndexFunc(standard[:], func(s standardField) bool { return s.name == name })
}

var checkString = must("be a string", isString)

var checkFilled = textThat(func(s string) string {
	if strings.TrimSpace(s) == "" {
		return "must not be empty"
	}
	return ""
})

func limited(most int) check {
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

func oneOf(allowed ...string) check {
	return textThat(func(s string) string { return among(allowed, s) })
}

func among(allowed []string, s string) string {
	if slices.Contains(allowed, s) {
		return ""
	}
	return "must be one of " + strings.Join(allowed, ", ")
}

var checkID = textThat(func(s string) string {
	if _, ok := parseID(s); !ok {
		return "must be the id of a case: a string holding a number from 1"
	}
	return ""
})

// parseID reads a case's id: digits, no sign, no leading zero; 0, which no case
// has, where it is none.
func parseID(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 1 || s[0] < '1' || s[0] > '9' {
		return 0, false
	}
	return n, true
}

// address is a bare e-mail address: a dot-atom, an @, and two or more labels of
// letters, digits and inner hyphens.
var address = regexp.MustCompile("^[\\w!#$%&'*+/=?^`{|}~-]+(\\.[\\w!#$%&'*+/=?^`{|}~-]+)*@[[:alnum:]]+(-+[[:alnum:]]+)*(\\.[[:alnum:]]+(-+[[:alnum:]]+)*)+$")

var checkEmail = textThat(func(s string) string {
	if len(s) > maxEmail || !address.MatchString(s) {
		return "is not an e-mail address"
	}
	if strings.HasSuffix(strings.ToLower(s), ".invalid") {
		return "the requester cannot be resolved: no address ends in .invalid"
	}
	return ""
})

// prefixes are the nine kinds of custom fields, one of them in the spellings of
// two pages. None begins with another, so the order does not matter.
var prefixes = [...]struct {
	name  string
	check check
}{
	{"checkbox", checkBool},
	{"dropdown", checkOption},
	{"drop_down", checkOption},
	{"text", checkString},
	{"multi_line_text", checkString},
	{"dependent_field", must("be an array of one to three option ids, strings, one a level", isPath)},
	{"date", must("be RFC 3339 in UTC, such as 2022-04-21T06:30:21Z", isDate)},
	{"numeric", must("be an integer", func(raw string) bool { return isNumber(raw) && !strings.ContainsAny(raw, ".eE") })},
	{"decimal", must("be a number", isNumber)},
	{"multi_select", must(`be an array of option codes, strings such as "001"`, isCodes)},
}

var checkOption = must(`be an option's code, a string such as "001"`, isCode)

var checkBool = must("be true or false", isBool)

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

func isCode(raw string) bool { return isString(raw) && raw != `""` }

func isCodes(raw string) bool { return isArray(raw) && levels(raw) >= 0 }

func isPath(raw string) bool {
	return isArray(raw) && levels(raw) >= 1 && levels(raw) <= maxLevels
}

// levels counts the option codes of an array; -1 where it holds anything else.
func levels(array string) int {
	n := 0
	for e := range elements(array) {
		if !isCode(e) {
			return -1
		}
		n++
	}
	return n
}

func isDate(raw string) bool {
	if !isString(raw) {
		return false
	}
	_, ok := parseUTC(text(raw))
	return ok
}

// parseUTC takes RFC 3339 with a Z. time.Parse alone would let pass an hour of
// one digit and a comma before the fraction.
func parseUTC(s string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, s)
	return t, err == nil && strings.HasSuffix(s, "Z") && s[13] == ':' && !strings.Contains(s, ",")
}
