// Package compare tells in what a case at the server differs from what its row maps
// to. It only computes.
//
// What the server may change in writing is no difference: line breaks and white
// space around a text, the spelling of a number, the zone of a time, the order of a
// list or of notes, upper and lower case of the words that the API knows.
package compare

import (
	"encoding/json"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"caseimport/importer/talkdesk"
	"caseimport/mapping"
	"caseimport/mapping/fields"
)

// Difference is a field that is not as it should be. Field is named as in the mapping
// file: title, custom_fields.text1, notes.
type Difference struct {
	Field, Expected, Found string
	// Shown: the read shows the field. If it does not, the field may be empty, or be
	// one that such a read never shows: only other cases tell.
	Shown bool
}

// NoteField is the Field of differences in notes.
const NoteField = "notes"

// Case compares what is set by the mapping: what the row leaves out may be anything.
// The owner and the parent must be ids, or not be set (see mapping.Case.Owner).
// account is what is known of the account's fields, for the labels of options; nil if
// nothing is.
func Case(want *mapping.Case, got *talkdesk.Case, account *fields.File) (all []Difference) {
	for name, value := range want.Values() {
		found, shown := Shown(name, got)
		if !shown || !slices.Contains(Forms(name, found, account), Form(name, value)) {
			all = append(all, Difference{name, strings.Join(texts(value), ", "), strings.Join(found.Texts, ", "), shown})
		}
	}
	return append(all, notes(want.Notes, got)...)
}

const customPrefix = "custom_fields."

// Shown is what a case shows in a field, by its name in the mapping file.
func Shown(name string, got *talkdesk.Case) (v talkdesk.Value, shown bool) {
	if key, custom := strings.CutPrefix(name, customPrefix); custom {
		return customField(got, key)
	}
	text, shown := got.Members[name]
	return talkdesk.Value{Texts: []string{text}}, shown
}

// Form is a value of a row (see mapping.Case.Values) in the one form that all its
// spellings have.
func Form(name string, value any) string {
	if text, one := value.(string); one {
		return spelling(name)(text)
	}
	return form(name, texts(value))
}

// Forms are those of what a case shows: more than one where it may be understood in
// several ways, as an option by its code or its label.
func Forms(name string, v talkdesk.Value, account *fields.File) []string {
	all := []string{form(name, v.Texts)}
	key, custom := strings.CutPrefix(name, customPrefix)
	switch kind := fields.KindOf(key); {
	case name == "status" && all[0] == mapping.Closed: // resolved cases close by themselves
		all = append(all, mapping.Resolved)
	case !custom:
	case kind == fields.MultiLine && len(v.Texts) == 1: // one page shows a line break as two characters
		all = append(all, plain(strings.ReplaceAll(strings.ReplaceAll(v.Texts[0], `\r`, ""), `\n`, "\n")))
	case kind == fields.DropDown, kind == fields.MultiSelect, kind == fields.Dependent:
		if len(v.Labels) > 0 {
			all = append(all, form(name, v.Labels))
		}
		if account == nil {
			break
		}
		if def, known := account.Field(key); known {
			if codes, fault := def.Codes(v.Texts); fault == nil {
				all = append(all, form(name, codes))
			}
		}
	}
	return all
}

func form(name string, texts []string) string {
	one := spelling(name)
	if key, custom := strings.CutPrefix(name, customPrefix); custom && fields.KindOf(key) == fields.MultiSelect {
		// has no order, and a code that was chosen twice is chosen
		texts = slices.Compact(slices.Sorted(slices.Values(texts)))
	}
	if len(texts) == 1 {
		return one(texts[0])
	}
	var b strings.Builder
	for _, t := range texts {
		b.WriteString(one(t))
		b.WriteByte(0)
	}
	return b.String()
}

// spelling is what gives a value of a field, or one of its values, its one form.
func spelling(name string) func(string) string {
	switch name {
	case "priority", "requester_email", "requester_type", "type":
		return lower
	case "status":
		return letters
	}
	if key, custom := strings.CutPrefix(name, customPrefix); custom {
		switch fields.KindOf(key) {
		case fields.Checkbox:
			return lower
		case fields.Date:
			return date
		case fields.Numeric, fields.Decimal:
			return number
		}
	}
	return plain
}

func lower(s string) string { return strings.ToLower(plain(s)) }

var noMarks = strings.NewReplacer("-", "", "_", "", " ", "")

// letters are a status without what its spellings differ in: ON-HOLD and ON_HOLD.
func letters(status string) string { return strings.ToUpper(noMarks.Replace(status)) }

// customField finds a field by its key, of which a drop-down has two spellings.
func customField(c *talkdesk.Case, key string) (v talkdesk.Value, shown bool) {
	if v, shown = c.Fields[key]; shown {
		return v, true
	}
	for other, v := range c.Fields {
		if fields.SameKey(other, key) {
			return v, true
		}
	}
	return v, false
}

// texts is a custom field's value as a read would show it.
func texts(value any) []string {
	switch v := value.(type) {
	case []string:
		return v
	case string:
		return []string{v}
	case bool:
		return []string{strconv.FormatBool(v)}
	case json.Number:
		return []string{string(v)}
	}
	return nil
}

func sameText(a, b string) bool { return a == b || plain(a) == plain(b) }

// plain is a text without what may change on the way.
func plain(s string) string {
	if strings.Contains(s, "\r") {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	}
	return norm.NFC.String(strings.TrimSpace(s))
}

// number is a number without what its spellings differ in.
func number(s string) string {
	const longest = 64 // no exponent of a stranger's makes a number of megabytes
	if s = plain(s); len(s) > longest || strings.ContainsAny(s, "eE/") {
		return s
	}
	if x, ok := new(big.Rat).SetString(s); ok {
		return x.RatString()
	}
	return s
}

// layouts of a time, as answers may show it; the last ones are in UTC.
var layouts = []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02 15:04:05"}

// date is a moment in UTC, in whole seconds.
func date(s string) string {
	for _, layout := range layouts { // which take fractions of a second, too
		if at, err := time.Parse(layout, strings.TrimSpace(s)); err == nil {
			return at.UTC().Format(time.RFC3339)
		}
	}
	return plain(s)
}

// notes compares notes, their order aside. Those that have no counterpart are set
// against each other.
func notes(want []mapping.Note, got *talkdesk.Case) (all []Difference) {
	if !got.NotesShown {
		for _, n := range want {
			all = append(all, Difference{NoteField, wanted(n), "", false})
		}
		return all
	}
	left := slices.Clone(got.Notes)
	for _, n := range want {
		at := slices.IndexFunc(left, func(other talkdesk.Note) bool { return sameNote(n, other) })
		if at < 0 {
			all = append(all, Difference{NoteField, wanted(n), "", true})
		} else {
			left = slices.Delete(left, at, at+1)
		}
	}
	for i, n := range left {
		if i == len(all) {
			all = append(all, Difference{Field: NoteField, Shown: true})
		}
		all[i].Found = noteText(n.Title, n.Body) + visible(n.Public)
	}
	return all
}

// HasNote reports whether a case shows a note.
func HasNote(got *talkdesk.Case, n mapping.Note) bool {
	return slices.ContainsFunc(got.Notes, func(other talkdesk.Note) bool { return sameNote(n, other) })
}

func sameNote(want mapping.Note, found talkdesk.Note) bool {
	return sameText(want.Title, found.Title) && sameText(want.Body, found.Body) &&
		(found.Public == "" || found.Public == strconv.FormatBool(want.Public))
}

func wanted(n mapping.Note) string {
	return noteText(n.Title, n.Body) + visible(strconv.FormatBool(n.Public))
}

func noteText(title, body string) string {
	if title == "" {
		return body
	}
	return title + ": " + body
}

// visible says who sees a note: two notes may differ in nothing else.
func visible(public string) string {
	switch public {
	case "true":
		return " (public)"
	case "false":
		return " (internal)"
	}
	return ""
}

// Fields are the names of the fields that Case compares.
func Fields(want *mapping.Case) (names []string) {
	for name := range want.Values() {
		names = append(names, name)
	}
	if len(want.Notes) > 0 {
		names = append(names, NoteField)
	}
	return names
}
