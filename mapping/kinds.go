package mapping

import (
	"slices"
	"strings"
)

// The limits of the standard fields, in characters ("Understanding Case Fields
// and Field Formats"), and our own for keys.
const (
	MaxTitle       = 150
	MaxDescription = 2000
	MaxKey         = 200
)

// maxLevels is the depth of a dependent field ("Understanding Case Fields and
// Field Formats").
const maxLevels = 3

// Priorities are all that the API knows, the least urgent first.
var Priorities = []string{"LOW", "NORMAL", "HIGH", "URGENT"}

// Resolved is the status that takes a resolution ("Update a Case").
const Resolved = "RESOLVED"

// Closed is the status that the page says cannot be set, and another published
// description of the API lists.
const Closed = "CLOSED"

// Statuses and Types are those of the API ("Update a Case"); an account can have
// its own.
var (
	Statuses = []string{"NEW", "OPEN", "PENDING", "ON-HOLD", Resolved, Closed}
	Types    = []string{"QUESTION", "INCIDENT", "PROBLEM", "TASK"}
)

// kind is what a field holds; it decides how a cell is converted and which
// modifiers make sense.
type kind uint8

const (
	kindText    kind = iota // free text
	kindBounded             // free text with a limit of the API
	kindCode                // text that names something: an id, an option
	kindEmail
	kindPriority
	kindStatus
	kindType
	kindOwner  // the id of an agent, or with agent: true an address
	kindParent // the id of a case, or with key: true the key of a row
	kindCheckbox
	kindDate
	kindNumeric
	kindDecimal
	kindMultiSelect
	kindDependent
	kindKey // the identity of a row; never in the file by this name
)

var kinds = [...]struct {
	article   string // as messages call it
	modifiers []string
}{
	kindText:        {"text", []string{"html", "join", "truncate"}},
	kindBounded:     {"text", []string{"html", "join", "truncate", "overflow"}},
	kindCode:        {"a code", nil},
	kindEmail:       {"an e-mail address", nil},
	kindPriority:    {"a priority", nil},
	kindStatus:      {"a status", nil},
	kindType:        {"a type", nil},
	kindOwner:       {"an agent", []string{"agent"}},
	kindParent:      {"a parent case", []string{"key"}},
	kindCheckbox:    {"a checkbox", []string{"true", "false"}},
	kindDate:        {"a date", []string{"layout", "timezone"}},
	kindNumeric:     {"a whole number", nil},
	kindDecimal:     {"a decimal number", []string{"decimal_comma"}},
	kindMultiSelect: {"a list", []string{"split"}},
	kindDependent:   {"a list", []string{"split"}},
	kindKey:         {"a key", nil},
}

// standardFields are those of a case, in the order in which Case has them.
var standardFields = []struct {
	name  string
	kind  kind
	limit int // characters; 0: none is known
}{
	{"title", kindBounded, MaxTitle},
	{"description", kindBounded, MaxDescription},
	{"priority", kindPriority, 0},
	{"requester_name", kindText, 0},
	{"requester_email", kindEmail, 0},
	{"requester_type", kindCode, 0},
	{"owner_id", kindOwner, 0},
	{"parent_id", kindParent, 0},
	{"status", kindStatus, 0},
	{"type", kindType, 0},
	{"group_id", kindCode, 0},
	{"resolution", kindText, 0}, // behind the status, on which it depends
}

// sources are the keys of a rule of which it has exactly one; anyKind are the
// modifiers that every kind takes.
var (
	sources = []string{"column", "columns", "const", "expr"}
	anyKind = []string{"values", "pass", "default", "required"}
)

// modifiersOf lists the modifiers that make sense for a kind.
func modifiersOf(k kind) []string {
	return slices.Concat(anyKind, kinds[k].modifiers)
}

func (k kind) isText() bool { return k == kindText || k == kindBounded }

func (k kind) isList() bool { return k == kindMultiSelect || k == kindDependent }

// prefixes fix the type of a custom field ("Understanding Case Fields and
// Field Formats"). The vendor's pages spell the drop-down in two ways; it is
// sent as the mapping writes it, and where the account is known, as the account
// does. None begins with another, so that the longest match is the only one.
var prefixes = []struct {
	name string
	kind kind
}{
	{"checkbox", kindCheckbox},
	{"dropdown", kindCode},
	{"drop_down", kindCode},
	{"text", kindText},
	{"multi_line_text", kindText},
	{"dependent_field", kindDependent},
	{"date", kindDate},
	{"numeric", kindNumeric},
	{"decimal", kindDecimal},
	{"multi_select", kindMultiSelect},
}

// prefixOf returns the prefix of a custom field's name and its kind.
func prefixOf(name string) (string, kind, bool) {
	for _, p := range prefixes {
		if strings.HasPrefix(name, p.name) {
			return p.name, p.kind, true
		}
	}
	return "", 0, false
}

func prefixNames() []string {
	var names []string
	for _, p := range prefixes {
		names = append(names, p.name)
	}
	return names
}
