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
// The owner and the parent must be ids, or not be set (see mapping.Case.Owner). account is what is known of the account's fields, for the labels of options; nil if
// nothing is.
func Case(want *mapping.Case, got *talkdesk.Case, account *fields.File) (all []Difference) {
	for name, value := range want.Values() {
		expected := texts(value)
		if key, custom := strings.CutPrefix(name, customPrefix); custom {
			as, found, shown := CustomField(got, key)
			if !shown || !sameCustom(fields.KindOf(key), expected, found, definition(account, as)) {
				all = append(all, Difference{name, strings.Join(expected, ", "), strings.Join(found.Texts, ", "), shown})
			}
		} else if found, shown := got.Members[name]; !shown || !sameMember(name, expected[0], found) {
			all = append(all, Difference{name, expected[0], found, shown})
		}
	}
	return append(all, notes(want.Notes, got)...)
}

const customPrefix = "custom_fields."

func sameMember(name, want, found string) bool {
	switch name {
	case "priority", "requester_email", "requester_type", "type":
		return strings.EqualFold(want, strings.TrimSpace(found))
	case "status": // resolved cases close by themselves
		want, found = letters(want), letters(found)
		return want == found || want == letters(mapping.Resolved) && found == letters(mapping.Closed)
	}
	return sameText(want, found)
}

// letters are a status without what its spellings differ in: ON-HOLD and ON_HOLD.
func letters(status string) string {
	return strings.ToUpper(strings.NewReplacer("-", "", "_", "", " ", "").Replace(status))
}

// CustomField finds a field by its key, of which a drop-down has two spellings.
func CustomField(c *talkdesk.Case, key string) (as string, v talkdesk.Value, shown bool) {
	if v, shown = c.Fields[key]; shown {
		return key, v, true
	}
	for other, v := range c.Fields {
		if fields.SameKey(other, key) {
			return other, v, true
		}
	}
	return key, v, false
}

func definition(account *fields.File, key string) *fields.Field {
	if account == nil {
		return nil
	}
	if f, ok := account.Field(key); ok {
		return &f
	}
	return nil
}

// texts is a custom field's value as a read would show it.
func texts(value any) []string {
	switch v := value.(type) {
	case []string:
		return v
	case string:
		return []string{v}
	case bool:
		if v {
			return []string{"true"}
		}
		return []string{"false"}
	case json.Number:
		return []string{string(v)}
	}
	return nil
}

func sameCustom(kind fields.Kind, want []string, found talkdesk.Value, def *fields.Field) bool {
	switch kind {
	case fields.DropDown, fields.MultiSelect, fields.Dependent:
		return sameOptions(kind, want, found.Texts) || sameOptions(kind, want, found.Labels) || def != nil && sameOptions(kind, want, codes(def, found.Texts))
	}
	if len(want) != 1 || len(found.Texts) != 1 {
		return slices.Equal(want, found.Texts)
	}
	a, b := want[0], found.Texts[0]
	switch kind {
	case fields.Date:
		return sameTime(a, b)
	case fields.Numeric, fields.Decimal:
		return sameNumber(a, b)
	case fields.Checkbox:
		return strings.EqualFold(a, b)
	case fields.MultiLine: // one page shows a line break as two characters
		return sameText(a, b) || sameText(a, strings.ReplaceAll(strings.ReplaceAll(b, `\r`, ""), `\n`, "\n"))
	}
	return sameText(a, b)
}

// sameOptions compares lists of codes. The levels of a dependent field have an order,
// a choice of several has none, and a code that was chosen twice is chosen.
func sameOptions(kind fields.Kind, a, b []string) bool {
	if kind == fields.MultiSelect {
		a, b = slices.Compact(slices.Sorted(slices.Values(a))), slices.Compact(slices.Sorted(slices.Values(b)))
	}
	return slices.EqualFunc(a, b, sameText)
}

// codes are those of options that a read shows by their labels.
func codes(def *fields.Field, shown []string) []string {
	found, fault := def.Codes(shown)
	if fault != nil {
		return nil
	}
	return found
}

func sameText(a, b string) bool { return a == b || plain(a) == plain(b) }

// plain is a text without what may change on the way.
func plain(s string) string {
	return norm.NFC.String(strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)))
}

func sameNumber(a, b string) bool {
	if a == b {
		return true
	}
	const longest = 64 // no exponent of a stranger's makes a number of megabytes
	if len(a) > longest || len(b) > longest || strings.ContainsAny(a+b, "eE/") {
		return false
	}
	x, okX := new(big.Rat).SetString(a)
	y, okY := new(big.Rat).SetString(b)
	return okX && okY && x.Cmp(y) == 0
}

// layouts of a time, as answers may show it; the last ones are in UTC.
var layouts = []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02 15:04:05"}

func sameTime(a, b string) bool {
	x, okX := moment(a)
	y, okY := moment(b)
	return sameText(a, b) || okX && okY && x.Truncate(time.Second).Equal(y.Truncate(time.Second))
}

func moment(s string) (at time.Time, ok bool) {
	for _, layout := range layouts { // which take fractions of a second, too
		if at, err := time.Parse(layout, strings.TrimSpace(s)); err == nil {
			return at, true
		}
	}
	return at, false
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
	public := texts(want.Public)[0]
	return sameText(want.Title, found.Title) && sameText(want.Body, found.Body) && (found.Public == "" || found.Public == public)
}

func wanted(n mapping.Note) string { return noteText(n.Title, n.Body) + visible(texts(n.Public)[0]) }

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
