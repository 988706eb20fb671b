package compare

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"caseimport/importer/talkdesk"
	"caseimport/mapping"
	"caseimport/mapping/fields"
)

func value(texts ...string) talkdesk.Value { return talkdesk.Value{Texts: texts} }

func TestCustomFields(t *testing.T) {
	account := &fields.File{Fields: []fields.Field{{Key: "drop_down1", Name: "Region", Kind: fields.DropDown, Active: true, Options: []fields.Option{{Code: "001", Label: "EMEA"}}}}}
	for _, tt := range []struct {
		key   string
		want  any
		found talkdesk.Value
		same  bool
	}{
		{"text1", "a\nb", value("a\r\nb "), true},
		{"text1", "a", value("A"), false},
		{"text1", "a", value(), false},
		{"text1", "Zoë", value("Zoe\u0308"), true},
		{"text1", `C:\new`, value("C:\new"), false},
		{"multi_line_text1", "11\n22", value(`11\n22`), true},
		{"checkbox1", true, value("true"), true},
		{"checkbox1", true, value("false"), false},
		{"date1", "2022-04-21T06:30:21Z", value("2022-04-21T08:30:21.000+02:00"), true},
		{"date1", "2022-04-21T06:30:21Z", value("2022-04-21T06:30:21+0000"), true},
		{"date1", "2022-04-21T06:30:21Z", value("2022-04-21 06:30:21"), true},
		{"date1", "2022-04-21T06:30:21Z", value("2022-04-21T06:30:22Z"), false},
		{"decimal1", json.Number("1.50"), value("1.5"), true},
		{"decimal1", json.Number("1.50"), value("1.51"), false},
		{"decimal1", json.Number("1.50"), value("1e999999999"), false},
		{"decimal1", json.Number("1.50"), value("15e-1"), false},
		{"numeric1", json.Number("10"), value("10.0"), true},
		{"drop_down1", "001", value("001"), true},
		{"dropdown1", "001", value("001"), true},
		{"drop_down1", "001", value("EMEA"), true},
		{"drop_down1", "001", value("APAC"), false},
		{"drop_down1", "EMEA", talkdesk.Value{Texts: []string{"001"}, Labels: []string{"EMEA"}}, true},
		{"multi_select1", []string{"1", "2", "1"}, value("2", "1"), true},
		{"multi_select1", []string{"1", "2"}, value("1"), false},
		{"multi_select1", []string{"1", "1"}, value("1"), true},
		{"dependent_field1", []string{"1", "2"}, value("2", "1"), false},
	} {
		got := &talkdesk.Case{Fields: map[string]talkdesk.Value{strings.Replace(tt.key, "dropdown", "drop_down", 1): tt.found}}
		all := Case(&mapping.Case{CustomFields: mapping.CustomFields{{Name: tt.key, Value: tt.want}}}, got, account)
		if (len(all) == 0) != tt.same || len(all) > 0 && !all[0].Shown {
			t.Errorf("%s %v, %v: %+v", tt.key, tt.want, tt.found, all)
		}
	}
}

func TestStandardFields(t *testing.T) {
	want := &mapping.Case{Title: "Printer", Priority: "HIGH", RequesterEmail: "Ann@example.com"}
	for _, tt := range []struct {
		found map[string]string
		want  string
	}{
		{map[string]string{"title": " Printer", "priority": "High", "requester_email": "ann@example.com", "owner_id": "7"}, "[]"},
		{map[string]string{"title": "Fax", "priority": "HIGH", "requester_email": ""}, "[{title Printer Fax true} {requester_email Ann@example.com  true}]"},
		{map[string]string{"title": "Printer", "priority": "HIGH"}, "[{requester_email Ann@example.com  false}]"},
	} {
		if got := fmt.Sprint(Case(want, &talkdesk.Case{Members: tt.found}, nil)); got != tt.want {
			t.Errorf("%s, want %s", got, tt.want)
		}
	}
}

func TestWhatIsSetAfterTheCreation(t *testing.T) {
	for _, tt := range []struct {
		name, want, found string
		same              bool
	}{
		{"status", "ON-HOLD", "ON_HOLD", true}, {"status", "RESOLVED", "CLOSED", true}, {"status", "OPEN", "CLOSED", false}, {"status", "RESOLVED", "OPEN", false}, {"status", "NEW", "OPEN", false},
		{"type", "TASK", "Task", true}, {"type", "TASK", "INCIDENT", false},
		{"group_id", "g1", "g1", true}, {"group_id", "g1", "G1", false},
		{"parent_id", "7", "7", true}, {"owner_id", "a", "b", false}, {"resolution", "Done.", "Done. ", true},
	} {
		want := mapping.Case{}
		*map[string]*string{"status": &want.Status, "type": &want.Type, "group_id": &want.GroupID, "parent_id": &want.ParentID, "owner_id": &want.OwnerID, "resolution": &want.Resolution}[tt.name] = tt.want
		all := Case(&want, &talkdesk.Case{Members: map[string]string{tt.name: tt.found}}, nil)
		if (len(all) == 0) != tt.same {
			t.Errorf("%s %s, %s: %v", tt.name, tt.want, tt.found, all)
		}
	}
}

func TestNotes(t *testing.T) {
	want := []mapping.Note{{Title: "A", Body: "a\nb"}, {Body: "c", Public: true}}
	a, c, d := talkdesk.Note{Title: "A", Body: "a\r\nb", Public: "false"}, talkdesk.Note{Body: "c", Public: "true"}, talkdesk.Note{Body: "d", Public: "false"}
	hush, hidden := c, c
	hush.Public, hidden.Public = "", "false"
	for _, tt := range []struct {
		found []talkdesk.Note
		shown bool
		want  string
	}{
		{[]talkdesk.Note{c, a}, true, "[]"},
		{[]talkdesk.Note{hush, a}, true, "[]"},
		{[]talkdesk.Note{a}, true, "[{notes c (public)  true}]"},
		{[]talkdesk.Note{a, d}, true, "[{notes c (public) d (internal) true}]"},
		{[]talkdesk.Note{a, hidden}, true, "[{notes c (public) c (internal) true}]"},
		{[]talkdesk.Note{a, c, c}, true, "[{notes  c (public) true}]"},
		{nil, false, "[{notes A: a\nb (internal)  false} {notes c (public)  false}]"},
	} {
		if got := fmt.Sprint(Case(&mapping.Case{Notes: want}, &talkdesk.Case{Notes: tt.found, NotesShown: tt.shown}, nil)); got != tt.want {
			t.Errorf("%s, want %s", got, tt.want)
		}
	}
}
