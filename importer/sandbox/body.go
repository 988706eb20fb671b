package sandbox

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// Values of fields that a new case has and a create request does not set, as
// raw JSON.
const (
	statusNew      = `"NEW"`
	statusOpen     = `"OPEN"`
	statusResolved = `"RESOLVED"`
	statusClosed   = `"CLOSED"`
	typeDefault    = `"QUESTION"`
	priorityNormal = `"NORMAL"`
	typeContact    = `"Contact"`
)

// record is what a case holds, in the spelling in which it was received: every
// value is raw JSON, "" where absent. A record is never changed once stored.
type record struct {
	body    string // as received, white space around it aside
	std     [len(standard)]string
	custom  []field
	notes   []note
	updated int64 // Unix seconds
}

type field struct{ name, raw string }

type note struct {
	id  int64
	raw string
}

// fieldError is one fault of a request, in the API's form.
type fieldError struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

// parseBody reads the body of a create request, or of an update if patch is
// set, and returns all its faults.
func (r *rules) parseBody(body string, patch bool) (*record, []fieldError) {
	if !utf8.ValidString(body) || !gjson.Valid(body) {
		return nil, []fieldError{{"body", "is not valid JSON in UTF-8"}}
	}
	p := parser{rules: r, rec: &record{body: strings.TrimSpace(body)}, patch: patch}
	if !isObject(p.rec.body) {
		return nil, []fieldError{{"body", "must be a JSON object"}}
	}
	p.object(p.rec.body)
	if !patch {
		p.complete()
	}
	return p.rec, p.faults
}

type parser struct {
	rules  *rules
	rec    *record
	patch  bool
	faults []fieldError
}

func (p *parser) fault(name, reason string) {
	p.faults = append(p.faults, fieldError{name, reason})
}

// members hands each member of an object to take, which returns what is wrong
// with it; at is the object's own name and a dot.
func (p *parser) members(at, object string, take func(name, raw string) string) {
	given := make([]string, 0, 16)
	gjson.Parse(object).ForEach(func(key, value gjson.Result) bool {
		name := text(key.Raw)
		if slices.Contains(given, name) {
			p.fault(at+name, "is given twice")
		}
		given = append(given, name)
		if reason := take(name, value.Raw); reason != "" {
			p.fault(at+name, reason)
		}
		return true
	})
}

func (p *parser) object(object string) {
	p.members("", object, func(name, raw string) string {
		switch name {
		case "custom_fields":
			return p.customFields(raw)
		case "notes":
			return p.noteList(raw)
		}
		i := standardNamed(name)
		if i < 0 || (i == fResolution || i == fSolveReason) && name != p.rules.opt.ResolutionName || p.patch && !standard[i].patch && !(i == fParent && p.rules.opt.UpdateParent) || !p.patch && !standard[i].create {
			return "unknown field"
		}
		p.rec.std[i] = raw
		return p.rules.check(i, raw, p.patch)
	})
}

func (p *parser) customFields(raw string) string {
	if !isObject(raw) {
		return "must be an object"
	}
	p.members("custom_fields.", raw, func(name, value string) string {
		if p.patch {
			wrapped := gjson.Parse(value)
			value = wrapped.Get("value").Raw
			if extra := len(wrapped.Map()); !wrapped.IsObject() || value == "" || extra > 1 && !wrapped.Get("label").Exists() || extra > 2 {
				return `must be wrapped in an update: {"value": …}, with or without a "label"`
			}
		}
		p.rec.custom = append(p.rec.custom, field{name, value})
		return p.rules.checkCustom(name, value)
	})
	return ""
}

func (p *parser) noteList(raw string) string {
	if !isArray(raw) {
		return "must be an array"
	}
	i := 0
	for element := range elements(raw) {
		at := "notes[" + strconv.Itoa(i) + "]"
		if reason := p.note(at+".", element); reason != "" {
			p.fault(at, reason)
		}
		i++
	}
	return ""
}

func (p *parser) note(at, raw string) string {
	if !isObject(raw) {
		return "must be an object"
	}
	filled := false
	p.members(at, raw, func(name, value string) string {
		check := noteFields[name]
		if check == nil {
			return "unknown field"
		}
		filled = filled || name == "note_body"
		return check(value)
	})
	if !filled {
		p.fault(at+"note_body", "is mandatory")
	}
	p.rec.notes = append(p.rec.notes, note{raw: raw})
	return ""
}

// complete demands what a new case must have and fills in what it gets.
func (p *parser) complete() {
	std := &p.rec.std
	for _, i := range [...]int{fTitle, fDescription} {
		if std[i] == "" {
			p.fault(standard[i].name, "is mandatory")
		}
	}
	if name := std[fRequesterName]; std[fRequesterEmail] == "" && (name == "" || checkFilled(name) != "") {
		p.fault("requester_name", "requester_name or requester_email is mandatory")
	}
	std[fStatus], std[fType] = statusNew, typeDefault
	if std[fOwner] != "" { // an assigned case is Open by itself
		std[fStatus] = statusOpen
	}
	std[fPriority] = cmp.Or(std[fPriority], priorityNormal)
	std[fRequesterType] = cmp.Or(std[fRequesterType], typeContact)
}

// field returns the raw value of a custom field, or "".
func (r *record) field(name string) string {
	if i := r.index(name); i >= 0 {
		return r.custom[i].raw
	}
	return ""
}

func (r *record) index(name string) int {
	return slices.IndexFunc(r.custom, func(f field) bool { return f.name == name })
}

// text returns a standard field's text; "" where it is absent.
func (r *record) text(i int) string {
	if r.std[i] == "" {
		return ""
	}
	return text(r.std[i])
}

func textOf(i int) func(*record) string { return func(r *record) string { return r.text(i) } }

// updatedBy returns a copy with the fields of an update put over those of r and
// its notes added, or why that cannot be.
func (r *record) updatedBy(update *record) (*record, fieldError) {
	status := update.std[fStatus]
	resolution := update.std[fResolution] + update.std[fSolveReason]
	resolved := r.std[fStatus] == statusResolved
	switch {
	case r.std[fStatus] == statusClosed:
		return nil, fieldError{"status", "a closed case cannot be updated"}
	case resolved && (status == "" || status == statusResolved):
		return nil, fieldError{"status", "a resolved case cannot be updated, unless it is reopened"}
	case status == statusResolved && resolution == "":
		return nil, fieldError{"resolution", "is mandatory when a case is resolved"}
	case status != statusResolved && update.std[fResolution] != "":
		return nil, fieldError{"resolution", "is taken only when the case is resolved"}
	case status != statusResolved && resolution != "":
		return nil, fieldError{"solve_reason", "is taken only when the case is resolved"}
	}
	m := *r
	if resolved {
		m.std[fResolution], m.std[fSolveReason] = "", ""
	}
	for i, raw := range update.std {
		m.std[i] = cmp.Or(raw, m.std[i])
	}
	if status == "" && m.std[fStatus] == statusNew && update.std[fOwner] != "" {
		m.std[fStatus] = statusOpen
	}
	m.custom = slices.Clone(r.custom)
	for _, f := range update.custom {
		if i := m.index(f.name); i >= 0 {
			m.custom[i] = f
		} else {
			m.custom = append(m.custom, f)
		}
	}
	m.notes = slices.Concat(r.notes, update.notes)
	return &m, fieldError{}
}
