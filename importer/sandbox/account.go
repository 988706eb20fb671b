package sandbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// Field is the definition of a custom field.
type Field struct {
	Key         string   `json:"key"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Required    bool     `json:"required"` // before an agent can resolve a case; creates do not need it
	Active      bool     `json:"active"`   // true where a file does not say
	Options     []Option `json:"options"`
}

// Option is one that a field offers. Those of dependent fields have options of
// their own.
type Option struct {
	Code    string   `json:"code"`
	Label   string   `json:"label"`
	Options []Option `json:"options"`
}

// Agent is a user who can own cases.
type Agent struct {
	ID     string `json:"id"`
	Email  string `json:"email"`
	Name   string `json:"name"`
	Active bool   `json:"active"`
}

// UnmarshalJSON takes a field as active unless told otherwise.
func (f *Field) UnmarshalJSON(raw []byte) error {
	type plain Field
	p := plain{Active: true}
	err := json.Unmarshal(raw, &p)
	*f = Field(p)
	return err
}

// ParseFields reads the file that the fields command writes: an object with
// "fields".
func ParseFields(data []byte) ([]Field, error) {
	var file struct {
		Fields []Field `json:"fields"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("not a file of field definitions: %w", err)
	}
	if len(file.Fields) == 0 {
		return nil, fmt.Errorf(`not a file of field definitions: it has no "fields"`)
	}
	seen := map[string]bool{}
	for i, f := range file.Fields {
		if f.Key == "" || seen[fieldKey(f.Key)] {
			return nil, fmt.Errorf("field %d: the key %q is missing or a duplicate", i+1, f.Key)
		}
		seen[fieldKey(f.Key)] = true
	}
	return file.Fields, nil
}

// ParseAgents reads an array of agents, or an answer of GET /users.
func ParseAgents(data []byte) ([]Agent, error) {
	if users := gjson.GetBytes(data, "_embedded.users"); users.Exists() {
		data = []byte(users.Raw)
	}
	agents := []Agent{}
	if err := json.Unmarshal(data, &agents); err != nil {
		return nil, fmt.Errorf("not a list of agents: %w", err)
	}
	return agents, nil
}

// fieldKey makes one of the two spellings of a drop-down's key.
func fieldKey(key string) string {
	if n, found := strings.CutPrefix(key, "dropdown"); found {
		return "drop_down" + n
	}
	return key
}

// defaultFields is what an account might have.
var defaultFields = []Field{
	{Key: "text1", Name: "Source id", Active: true, Description: "The number of the ticket in the system that it came from"},
	{Key: "text2", Name: "Order number", Active: true},
	{Key: "drop_down3", Name: "Region", Active: true, Required: true,
		Options: options("001", "Europe", "002", "North America", "003", "South America", "004", "Asia & Pacific")},
	{Key: "multi_select4", Name: "Tags", Active: true, Options: options("001", "refund", "002", "delivery", "003", "vip", "004", "beta")},
	{Key: "dependent_field5", Name: "Topic", Active: true, Options: []Option{
		{"001", "Hardware", []Option{
			{"002", "Printer", options("003", "Paper", "004", "Toner")},
			{"005", "Laptop", options("006", "Battery", "007", "Screen")}}},
		{"008", "Software", options("009", "Installation", "010", "Licence")},
		{"011", "Other", nil}}},
	{Key: "checkbox6", Name: "VIP", Active: true},
	{Key: "date7", Name: "Opened at the source", Active: true},
	{Key: "numeric8", Name: "Reopened", Active: true},
	{Key: "decimal9", Name: "Satisfaction", Active: true},
	{Key: "multi_line_text10", Name: "Log", Active: true},
	{Key: "text11", Name: "Old reference", Description: "Replaced by Source id"},
	{Key: "drop_down12", Name: "Channel", Active: true, Options: options("001", "E-mail", "002", "Phone", "003", "Chat")},
}

func options(codesAndLabels ...string) (all []Option) {
	for pair := range slices.Chunk(codesAndLabels, 2) {
		all = append(all, Option{Code: pair[0], Label: pair[1]})
	}
	return all
}

// defaultAgents hold one who is inactive and an address that two share.
var defaultAgents = []Agent{
	{"65f0c0de0000000000000001", "ann.agent@example.com", "Ann Agent", true},
	{"65f0c0de0000000000000002", "bob.agent@example.com", "Bob Agent", true},
	{"65f0c0de0000000000000003", "cleo.agent@example.com", "Cleo Agent", true},
	{"65f0c0de0000000000000004", "dan.agent@example.com", "Dan Agent", false},
	{"65f0c0de0000000000000005", "desk@example.com", "First Desk", true},
	{"65f0c0de0000000000000006", "desk@example.com", "Second Desk", true},
}

// rules are what the account makes of requests.
type rules struct {
	opt      *Options
	fields   map[string]*Field // by fieldKey
	strict   bool              // no other custom fields and options are taken
	agents   []Agent
	statuses []string // that an update may set
	types    []string
}

func newRules(opt *Options) *rules {
	r := &rules{opt: opt, fields: map[string]*Field{}, strict: opt.Fields != nil, agents: opt.Agents,
		statuses: opt.Statuses, types: opt.Types}
	if r.agents == nil {
		r.agents = defaultAgents
	}
	if r.statuses == nil {
		r.statuses = []string{"NEW", "OPEN", "PENDING", "ON-HOLD", "RESOLVED"}
	}
	if r.types == nil {
		r.types = []string{"QUESTION", "INCIDENT", "PROBLEM", "TASK"}
	}
	for i, f := range r.definitions() {
		r.fields[fieldKey(f.Key)] = &r.definitions()[i]
	}
	return r
}

func (r *rules) definitions() []Field {
	if r.strict {
		return r.opt.Fields
	}
	return defaultFields
}

// fieldName returns what people call a field.
func (r *rules) fieldName(key string) string {
	if f := r.fields[fieldKey(key)]; f != nil {
		return f.Name
	}
	return key
}

// check returns what is wrong with a standard field, or "".
func (r *rules) check(i int, raw string, patch bool) string {
	if reason := standard[i].check(raw); reason != "" {
		return reason
	}
	switch s := text(raw); i {
	case fStatus:
		if s == "CLOSED" && !slices.Contains(r.statuses, s) {
			return "CLOSED cannot be set"
		}
		return among(r.statuses, s)
	case fType:
		return among(r.types, s)
	case fOwner:
		// A mapping may name agents of the real account: they can be rehearsed
		// with as long as nobody said who the agents are.
		if !r.opt.AnyAgent && (patch || r.opt.Agents != nil) && !slices.ContainsFunc(r.agents, func(a Agent) bool { return a.ID == s && a.Active }) {
			return "must be the id of an active agent"
		}
	}
	return ""
}

// checkCustom returns what is wrong with a custom field, or "".
func (r *rules) checkCustom(key, raw string) string {
	reason := checkCustom(key, raw)
	if !r.strict {
		return reason
	}
	f := r.fields[fieldKey(key)]
	switch {
	case f == nil:
		return "is not a field of this account"
	case !f.Active:
		return "is an inactive field"
	case reason != "" || len(f.Options) == 0:
		return reason
	case isString(raw):
		return f.offers(text(raw))
	}
	var codes []string
	for code := range elements(raw) {
		codes = append(codes, text(code))
	}
	if strings.HasPrefix(key, "dependent_field") {
		return f.offers(codes...)
	}
	for _, code := range codes {
		if reason := f.offers(code); reason != "" {
			return reason
		}
	}
	return ""
}

// offers returns what is wrong with a path of option codes, or "".
func (f *Field) offers(path ...string) string {
	level := f.Options
	for _, code := range path {
		i := slices.IndexFunc(level, func(o Option) bool { return o.Code == code })
		if i < 0 {
			return fmt.Sprintf("has no option %q here", code)
		}
		level = level[i].Options
	}
	return ""
}
