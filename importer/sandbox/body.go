package sandbox

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Values of fields that a new case has and a create request does not set, as
// raw JSON.
const (
	statusNew      = `"NEW"`
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
func parseBody(body []byte, patch bool) (*record, []fieldError) {
	if !utf8.Valid(body) || !json.Valid(body) {
		return nil, []fieldError{{"body", "is not valid JSON in UTF-8"}}
	}
	p := parser{rec: &record{body: string(bytes.TrimSpace(body))}, patch: patch}
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
	rec    *record
	patch  bool
	faults []fieldError
	given  [len(standard)]bool
	custom bool
	notes  bool
}

func (p *parser) fault(name, description string) {
	p.faults = append(p.faults, fieldError{name, description})
}

func (p *parser) object(object string) {
	for name, raw := range members(object) {
		switch name {
		case "custom_fields":
			p.once(name, &p.custom)
			p.customFields(raw)
		case "notes":
			p.once(name, &p.notes)
			p.noteList(raw)
		default:
			i := standardNamed(name)
			if i < 0 || p.patch && !standard[i].patch || !p.patch && !standard[i].create {
				p.fault(name, "unknown field")
				continue
			}
			p.once(name, &p.given[i])
			if reason := standard[i].check(raw); reason != "" {
				p.fault(name, reason)
			}
			p.rec.std[i] = raw
		}
	}
}

func (p *parser) once(name string, given *bool) {
	if *given {
		p.fault(name, "is given twice")
	}
	*given = true
}

func (p *parser) customFields(raw string) {
	if !isObject(raw) {
		p.fault("custom_fields", "must be an object")
		return
	}
	for name, value := range members(raw) {
		if reason := checkCustom(name, value); reason != "" {
			p.fault("custom_fields."+name, reason)
		}
		if p.rec.field(name) != "" {
			p.fault("custom_fields."+name, "is given twice")
			continue
		}
		p.rec.custom = append(p.rec.custom, field{name, value})
	}
}

func (p *parser) noteList(raw string) {
	if !isArray(raw) {
		p.fault("notes", "must be an array")
		return
	}
	i := 0
	for element := range elements(raw) {
		p.note("notes["+strconv.Itoa(i)+"]", element)
		i++
	}
}

func (p *parser) note(at, raw string) {
	if !isObject(raw) {
		p.fault(at, "must be an object")
		return
	}
	var title, body, public bool
	for name, value := range members(raw) {
		var reason string
		switch name {
		case "note_title":
			p.once(at+"."+name, &title)
			reason = checkString(value)
		case "note_body":
			p.once(at+"."+name, &body)
			reason = checkFilled(value)
		case "public":
			p.once(at+"."+name, &public)
			reason = checkCheckbox(value)
		default:
			reason = "unknown field"
		}
		if reason != "" {
			p.fault(at+"."+name, reason)
		}
	}
	if !body {
		p.fault(at+".note_body", "is mandatory")
	}
	p.rec.notes = append(p.rec.notes, note{raw: raw})
}

// complete demands what a new case must have and fills in what it gets.
func (p *parser) complete() {
	for _, i := range [...]int{fTitle, fDescription} {
		if !p.given[i] {
			p.fault(standard[i].name, "is mandatory")
		}
	}
	if name := p.rec.std[fRequesterName]; !p.given[fRequesterEmail] && (name == "" || checkFilled(name) != "") {
		p.fault("requester_name", "requester_name or requester_email is mandatory")
	}
	std := &p.rec.std
	std[fStatus], std[fType] = statusNew, typeDefault
	if std[fPriority] == "" {
		std[fPriority] = priorityNormal
	}
	if std[fRequesterType] == "" {
		std[fRequesterType] = typeContact
	}
}

// field returns the raw value of a custom field, or "".
func (r *record) field(name string) string {
	if i := r.index(name); i >= 0 {
		return r.custom[i].raw
	}
	return ""
}

func (r *record) index(name string) int {
	for i := range r.custom {
		if r.custom[i].name == name {
			return i
		}
	}
	return -1
}

// text returns a standard field's text; "" where it is absent.
func (r *record) text(i int) string {
	if r.std[i] == "" {
		return ""
	}
	return text(r.std[i])
}

// merged returns a copy with the fields of an update put over those of r and
// its notes added.
func (r *record) merged(update *record) *record {
	m := *r
	for i, raw := range update.std {
		if raw != "" {
			m.std[i] = raw
		}
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
	return &m
}
