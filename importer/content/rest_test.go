package content

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"caseimport/importer/talkdesk"
	"caseimport/mapping"
	"caseimport/mapping/fields"
)

var (
	then  = time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC)
	later = then.Add(time.Hour)
	// options are those of the account.
	options = &fields.File{Fields: []fields.Field{
		{Key: "drop_down1", Name: "Region", Kind: fields.DropDown, Active: true, Options: []fields.Option{{Code: "001", Label: "EMEA"}, {Code: "002", Label: "APAC"}}},
		{Key: "multi_select1", Name: "Tags", Kind: fields.MultiSelect, Active: true, Options: []fields.Option{{Code: "a", Label: "Alpha"}, {Code: "b", Label: "Beta"}, {Code: "c", Label: "Gamma"}}},
	}}
)

// shown is the written row's case as the server shows it, changed.
func shown(updated time.Time, change func(c *talkdesk.Case)) *talkdesk.Case {
	c := &talkdesk.Case{ID: "5", UpdatedAt: updated, NotesShown: true, Notes: []talkdesk.Note{{Title: "Zoë", Body: "first", Public: "false"}},
		Members: map[string]string{"title": "Printer", "description": "It burns", "priority": "LOW", "requester_name": "Zoë", "requester_email": "zoe@example.com",
			"owner_id": "agent-ann", "parent_id": "17", "status": "OPEN", "type": "TASK", "group_id": "g1", "resolution": ""},
		Fields: map[string]talkdesk.Value{"text1": texts("T-2"), "decimal1": texts("1.50"), "checkbox1": texts("true"), "date1": texts("2024-03-10T12:30:00Z"),
			"multi_select1": texts("b", "a"), "drop_down1": texts("001"), "text2": texts("Zoë"), "dependent_field1": texts("1", "2")}}
	change(c)
	return c
}

func texts(t ...string) talkdesk.Value { return talkdesk.Value{Texts: t} }

// said is an update as text: an empty list is like none.
func said(u *talkdesk.Update) string { return fmt.Sprintf("%+v", u) }

func same(*talkdesk.Case) {}

// rest is what Rest gives for a row that has changed since it was written.
func rest(c *mapping.Case, got *talkdesk.Case) (*talkdesk.Update, []string) {
	m := MemoOf(&written, true, then)
	u, _ := Changes(c, m)
	before := said(u)
	defer func() {
		if said(u) != before {
			panic("the update itself was changed: " + said(u))
		}
	}()
	return Rest(u, c, m, got, options, false)
}

func TestRest(t *testing.T) {
	changed := with(func(c *mapping.Case) {
		c.Title, c.Priority, c.Status, c.Resolution, c.CustomFields[0].Value = "Fax", "HIGH", "RESOLVED", "done", "T-3"
		c.Notes = append(c.Notes, mapping.Note{Body: "second"})
	})
	note := []talkdesk.SetNote{{Body: "second"}}
	text1 := []talkdesk.SetField{{Key: "text1", Value: "T-3"}}
	for _, tt := range []struct {
		name string
		got  *talkdesk.Case
		want *talkdesk.Update
		left string
	}{
		{"as it was written", shown(then, same),
			&talkdesk.Update{Title: "Fax", Priority: "HIGH", Status: "RESOLVED", Resolution: "done", CustomFields: text1, Notes: note}, "[]"},
		{"the update was applied", shown(later, func(c *talkdesk.Case) {
			c.Members["title"], c.Members["priority"], c.Members["status"], c.Members["resolution"], c.Fields["text1"] = "Fax", "High", "Resolved", "done", texts("T-3")
			c.Notes = append(c.Notes, talkdesk.Note{Body: "second", Public: "false"})
		}), nil, "[]"},
		{"the resolution is there, and the status is not", shown(later, func(c *talkdesk.Case) { c.Members["resolution"] = "done" }),
			&talkdesk.Update{Title: "Fax", Priority: "HIGH", Status: "RESOLVED", Resolution: "done", CustomFields: text1, Notes: note}, "[]"},
		{"and the case was closed since", shown(later, func(c *talkdesk.Case) {
			c.Members["title"], c.Members["priority"], c.Members["status"], c.Fields["text1"] = "Fax", "HIGH", "CLOSED", texts("T-3")
			c.Notes = append(c.Notes, talkdesk.Note{Body: "second"})
		}), nil, "[]"},
		{"people changed other fields", shown(later, func(c *talkdesk.Case) { c.Members["description"], c.Members["owner_id"] = "new", "agent-bob" }),
			&talkdesk.Update{Title: "Fax", Priority: "HIGH", Status: "RESOLVED", Resolution: "done", CustomFields: text1, Notes: note}, "[]"},
		{"people changed the title", shown(later, func(c *talkdesk.Case) { c.Members["title"] = "Telex" }),
			&talkdesk.Update{Priority: "HIGH", Status: "RESOLVED", Resolution: "done", CustomFields: text1, Notes: note}, "[title]"},
		{"people changed the status: the resolution goes with it", shown(later, func(c *talkdesk.Case) { c.Members["status"] = "PENDING" }),
			&talkdesk.Update{Title: "Fax", Priority: "HIGH", CustomFields: text1, Notes: note}, "[status]"},
		{"people changed a custom field", shown(later, func(c *talkdesk.Case) { c.Fields["text1"] = texts("T-9") }),
			&talkdesk.Update{Title: "Fax", Priority: "HIGH", Status: "RESOLVED", Resolution: "done", Notes: note}, "[custom_fields.text1]"},
		{"people emptied fields", shown(later, func(c *talkdesk.Case) { c.Members["title"], c.Fields["text1"] = "", texts() }),
			&talkdesk.Update{Priority: "HIGH", Status: "RESOLVED", Resolution: "done", Notes: note}, "[title custom_fields.text1]"},
		{"a change that is no change since, by the clock", shown(then.Add(time.Second), func(c *talkdesk.Case) { c.Members["title"] = "Telex" }),
			&talkdesk.Update{Title: "Fax", Priority: "HIGH", Status: "RESOLVED", Resolution: "done", CustomFields: text1, Notes: note}, "[]"},
		{"no clock: whatever is not as written was changed", shown(time.Time{}, func(c *talkdesk.Case) { c.Members["title"] = "Telex" }),
			&talkdesk.Update{Priority: "HIGH", Status: "RESOLVED", Resolution: "done", CustomFields: text1, Notes: note}, "[title]"},
		{"fields that are not shown are set", shown(later, func(c *talkdesk.Case) { delete(c.Members, "title"); c.Fields = nil }),
			&talkdesk.Update{Title: "Fax", Priority: "HIGH", Status: "RESOLVED", Resolution: "done", CustomFields: text1, Notes: note}, "[]"},
	} {
		got, left := rest(changed, tt.got)
		if said(got) != said(tt.want) || fmt.Sprint(left) != tt.left {
			t.Errorf("%s: %+v and %v, want %+v and %s", tt.name, got, left, tt.want, tt.left)
		}
	}
}

// TestOtherSpellingsAreNoChanges: the server shows what was written in another form,
// and something else was changed in the case: the row's change is carried over.
func TestOtherSpellingsAreNoChanges(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(c *mapping.Case)
		shows  func(c *talkdesk.Case)
	}{
		{"number", func(c *mapping.Case) { c.CustomFields[1].Value = json.Number("2") }, func(c *talkdesk.Case) { c.Fields["decimal1"] = texts("1.5") }},
		{"checkbox", func(c *mapping.Case) { c.CustomFields[2].Value = false }, func(c *talkdesk.Case) { c.Fields["checkbox1"] = texts("True") }},
		{"date", func(c *mapping.Case) { c.CustomFields[3].Value = "2024-03-11T12:30:00Z" }, func(c *talkdesk.Case) { c.Fields["date1"] = texts("2024-03-10T13:30:00.000+01:00") }},
		{"list in another order", func(c *mapping.Case) { c.CustomFields[4].Value = []string{"c"} }, func(c *talkdesk.Case) { c.Fields["multi_select1"] = texts("a", "b") }},
		{"list as labels", func(c *mapping.Case) { c.CustomFields[4].Value = []string{"c"} }, func(c *talkdesk.Case) { c.Fields["multi_select1"] = texts("Beta", "Alpha") }},
		{"option as its label", func(c *mapping.Case) { c.CustomFields[5].Value = "002" }, func(c *talkdesk.Case) { c.Fields["drop_down1"] = texts("EMEA") }},
		{"key in another spelling", func(c *mapping.Case) { c.CustomFields[5].Value = "002" }, func(c *talkdesk.Case) {
			c.Fields["dropdown1"] = texts("001")
			delete(c.Fields, "drop_down1")
		}},
		{"status", func(c *mapping.Case) { c.Status = "ON-HOLD" }, func(c *talkdesk.Case) { c.Members["status"] = "Open" }},
		{"priority", func(c *mapping.Case) { c.Priority = "HIGH" }, func(c *talkdesk.Case) { c.Members["priority"] = "Low" }},
		{"type", func(c *mapping.Case) { c.Type = "PROBLEM" }, func(c *talkdesk.Case) { c.Members["type"] = "Task" }},
		{"letters that are composed", func(c *mapping.Case) { c.CustomFields[7].Value = "Mo" }, func(c *talkdesk.Case) { c.Fields["text2"] = texts("Zoe\u0308 ") }},
		{"owner, by its id", func(c *mapping.Case) { c.Owner, c.OwnerID = "bob@example.com", "agent-bob" }, same},
		{"parent, by its id", func(c *mapping.Case) { c.Parent, c.ParentID = "T-9", "19" }, same},
	} {
		c := with(tt.change)
		want, _ := Changes(c, MemoOf(&written, true, then))
		got, left := rest(c, shown(later, tt.shows))
		if said(got) != said(want) || left != nil {
			t.Errorf("%s: %+v and %v, want %+v", tt.name, got, left, want)
		}
	}
}

// TestLeftToPeople: what people have changed is left, in whatever field it is.
func TestLeftToPeople(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(c *mapping.Case)
		shows  func(c *talkdesk.Case)
	}{
		{"owner_id", func(c *mapping.Case) { c.Owner, c.OwnerID = "bob@example.com", "agent-bob" }, func(c *talkdesk.Case) { c.Members["owner_id"] = "agent-eve" }},
		{"parent_id", func(c *mapping.Case) { c.Parent, c.ParentID = "T-9", "19" }, func(c *talkdesk.Case) { c.Members["parent_id"] = "18" }},
		{"group_id", func(c *mapping.Case) { c.GroupID = "g2" }, func(c *talkdesk.Case) { c.Members["group_id"] = "g3" }},
		{"type", func(c *mapping.Case) { c.Type = "PROBLEM" }, func(c *talkdesk.Case) { c.Members["type"] = "INCIDENT" }},
		{"status", func(c *mapping.Case) { c.Status = "PENDING" }, func(c *talkdesk.Case) { c.Members["status"] = "CLOSED" }},
		{"custom_fields.decimal1", func(c *mapping.Case) { c.CustomFields[1].Value = json.Number("2") }, func(c *talkdesk.Case) { c.Fields["decimal1"] = texts("1.51") }},
		{"custom_fields.date1", func(c *mapping.Case) { c.CustomFields[3].Value = "2024-03-11T12:30:00Z" }, func(c *talkdesk.Case) { c.Fields["date1"] = texts("2024-03-10T12:30:01Z") }},
		{"custom_fields.multi_select1", func(c *mapping.Case) { c.CustomFields[4].Value = []string{"c"} }, func(c *talkdesk.Case) { c.Fields["multi_select1"] = texts("b") }},
		{"custom_fields.dependent_field1", func(c *mapping.Case) { c.CustomFields[6].Value = []string{"2"} }, func(c *talkdesk.Case) { c.Fields["dependent_field1"] = texts("2", "1") }},
	} {
		c := with(tt.change)
		want := []string{tt.name}
		if got, left := rest(c, shown(later, tt.shows)); got != nil || !slices.Equal(left, want) {
			t.Errorf("%s: %+v and %v", tt.name, got, left)
		}
	}
}

// TestOwnerAndParentThatAreSet: the case shows ids, and the row an address and a key.
func TestOwnerAndParentThatAreSet(t *testing.T) {
	c := with(func(c *mapping.Case) {
		c.Owner, c.OwnerID, c.Parent, c.ParentID = "bob@example.com", "agent-bob", "T-9", "19"
	})
	got, left := rest(c, shown(later, func(c *talkdesk.Case) { c.Members["owner_id"], c.Members["parent_id"] = "agent-bob", "19" }))
	if got != nil || left != nil {
		t.Errorf("%+v and %v", got, left)
	}
}

// TestNotesThatAreNotShown: they are added, unless they may have been added before.
func TestNotesThatAreNotShown(t *testing.T) {
	c := with(func(c *mapping.Case) {
		c.Title, c.Notes = "Fax", append(c.Notes, mapping.Note{Body: "second"})
	})
	m := MemoOf(&written, true, then)
	u, _ := Changes(c, m)
	for _, noteless := range []bool{true, false} {
		for _, noting := range []bool{true, false} {
			got, left := Rest(u, c, m, shown(then, func(c *talkdesk.Case) { c.NotesShown = !noteless; c.Notes = nil }), nil, noting)
			if left := len(left) > 0; got.Title != "Fax" || (len(got.Notes) == 0) != (noting && noteless) || left != (noting && noteless) {
				t.Errorf("not shown: %v, in doubt: %v: %+v", noteless, noting, got)
			}
		}
	}
}

// TestRestOfANewCase: its update was not made, or it is not known whether it was.
func TestRestOfANewCase(t *testing.T) {
	fresh := func(updated time.Time, change func(c *talkdesk.Case)) *talkdesk.Case {
		return shown(updated, func(c *talkdesk.Case) {
			c.Members["type"], c.Members["group_id"] = "", ""
			change(c)
		})
	}
	all := &talkdesk.Update{Status: "PENDING", Type: "TASK", GroupID: "g1"}
	for _, tt := range []struct {
		name string
		m    Memo
		got  *talkdesk.Case
		want *talkdesk.Update
		left string
	}{
		{"as it was created", MemoOf(&written, false, then), fresh(then, same), all, "[]"},
		{"as it was created, by what it holds", Memo{}, fresh(later, same), all, "[]"},
		{"what is so by itself, of a case that nobody has touched", Memo{}, fresh(then, func(c *talkdesk.Case) { c.CreatedAt, c.Members["type"] = then, "QUESTION" }), all, "[]"},
		{"the same, and it was touched", Memo{}, fresh(later, func(c *talkdesk.Case) { c.CreatedAt, c.Members["type"] = then, "QUESTION" }), &talkdesk.Update{Status: "PENDING", GroupID: "g1"}, "[type]"},
		{"new", Memo{}, fresh(later, func(c *talkdesk.Case) { c.Members["status"] = "New" }), all, "[]"},
		{"updated", Memo{}, shown(later, func(c *talkdesk.Case) { c.Members["status"] = "PENDING" }), nil, "[]"},
		{"people gave it a status", Memo{}, fresh(later, func(c *talkdesk.Case) { c.Members["status"] = "ON-HOLD" }), &talkdesk.Update{Type: "TASK", GroupID: "g1"}, "[status]"},
		{"people gave it a group", Memo{}, fresh(later, func(c *talkdesk.Case) { c.Members["group_id"] = "g7" }), &talkdesk.Update{Status: "PENDING", Type: "TASK"}, "[group_id]"},
	} {
		c := with(func(c *mapping.Case) { c.Status = "PENDING" })
		u := *all
		got, left := Rest(&u, c, tt.m, tt.got, nil, true)
		if said(got) != said(tt.want) || fmt.Sprint(left) != tt.left {
			t.Errorf("%s: %+v and %v, want %+v and %s", tt.name, got, left, tt.want, tt.left)
		}
		if said(&u) != said(all) {
			t.Errorf("%s: the update itself was changed to %+v", tt.name, u)
		}
	}
}
