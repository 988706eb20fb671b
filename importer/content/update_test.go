package content

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"caseimport/importer/talkdesk"
	"caseimport/mapping"
)

func TestAfterCreate(t *testing.T) {
	for _, tt := range []struct {
		name string
		c    mapping.Case
		want *talkdesk.Update
	}{
		{"what a create carries", mapping.Case{Title: "x", OwnerID: "7", ParentID: "8", Priority: "LOW", Notes: []mapping.Note{{Body: "y"}}}, nil},
		{"a new case is new by itself", mapping.Case{Status: "NEW"}, nil},
		{"an assigned one is not", mapping.Case{Status: "NEW", OwnerID: "7"}, &talkdesk.Update{Status: "NEW"}},
		{"a status", mapping.Case{Status: "OPEN"}, &talkdesk.Update{Status: "OPEN"}},
		{"a status of the account's own", mapping.Case{Status: "new"}, &talkdesk.Update{Status: "new"}},
		{"resolved", mapping.Case{Status: "RESOLVED", Resolution: "done"}, &talkdesk.Update{Status: "RESOLVED", Resolution: "done"}},
		{"type and group without a status", mapping.Case{Status: "NEW", Type: "TASK", GroupID: "g"}, &talkdesk.Update{Type: "TASK", GroupID: "g"}},
		{"all", mapping.Case{Status: "RESOLVED", Resolution: "done", Type: "TASK", GroupID: "g"}, &talkdesk.Update{Status: "RESOLVED", Resolution: "done", Type: "TASK", GroupID: "g"}},
	} {
		if got := AfterCreate(&tt.c); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func TestWithoutStatus(t *testing.T) {
	for _, tt := range []struct {
		u      *talkdesk.Update
		status string
		want   *talkdesk.Update
	}{
		{nil, "OPEN", nil},
		{&talkdesk.Update{Status: "OPEN"}, "OPEN", nil},
		{&talkdesk.Update{Status: "OPEN"}, "", &talkdesk.Update{Status: "OPEN"}},
		{&talkdesk.Update{Status: "OPEN"}, "NEW", &talkdesk.Update{Status: "OPEN"}},
		{&talkdesk.Update{Status: "OPEN", Type: "TASK"}, "OPEN", &talkdesk.Update{Type: "TASK"}},
		{&talkdesk.Update{Status: "RESOLVED", Resolution: "done"}, "RESOLVED", &talkdesk.Update{Status: "RESOLVED", Resolution: "done"}},
	} {
		var before talkdesk.Update
		if tt.u != nil {
			before = *tt.u
		}
		if got := WithoutStatus(tt.u, tt.status); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%+v without %q: %+v, want %+v", tt.u, tt.status, got, tt.want)
		}
		if tt.u != nil && !reflect.DeepEqual(*tt.u, before) {
			t.Errorf("%+v was changed to %+v", before, *tt.u)
		}
	}
}

// written is a row as it was sent; owner and parent were looked up.
var written = mapping.Case{Title: "Printer", Description: "It burns", Priority: "LOW", RequesterName: "Zoë", RequesterEmail: "zoe@example.com",
	Owner: "ann@example.com", OwnerID: "agent-ann", Parent: "T-1", ParentID: "17", Status: "OPEN", Type: "TASK", GroupID: "g1",
	CustomFields: mapping.CustomFields{{Name: "text1", Value: "T-2"}, {Name: "decimal1", Value: json.Number("1.50")}, {Name: "checkbox1", Value: true},
		{Name: "date1", Value: "2024-03-10T12:30:00Z"}, {Name: "multi_select1", Value: []string{"b", "a"}}, {Name: "drop_down1", Value: "001"}, {Name: "dependent_field1", Value: []string{"1", "2"}}, {Name: "text2", Value: "Zoë"}},
	Notes: []mapping.Note{{Title: "Zoë", Body: "first"}}}

// with is the row, changed.
func with(change func(c *mapping.Case)) *mapping.Case {
	c := written
	c.CustomFields = append(mapping.CustomFields(nil), written.CustomFields...)
	c.Notes = append([]mapping.Note(nil), written.Notes...)
	change(&c)
	return &c
}

func TestChanges(t *testing.T) {
	m := MemoOf(&written, true, time.Time{})
	for _, tt := range []struct {
		name string
		c    *mapping.Case
		want *talkdesk.Update
		lost string
	}{
		{"nothing", with(func(*mapping.Case) {}), nil, "[]"},
		{"title", with(func(c *mapping.Case) { c.Title = "Fax" }), &talkdesk.Update{Title: "Fax"}, "[]"},
		{"white space and line breaks", with(func(c *mapping.Case) { c.Description = "It burns\r\n" }), nil, "[]"},
		{"description and priority", with(func(c *mapping.Case) { c.Description, c.Priority = "y", "HIGH" }), &talkdesk.Update{Description: "y", Priority: "HIGH"}, "[]"},
		{"owner, by address", with(func(c *mapping.Case) { c.Owner, c.OwnerID = "bob@example.com", "agent-bob" }), &talkdesk.Update{OwnerID: "agent-bob"}, "[]"},
		{"owner of a new case, which being assigned opens", with(func(c *mapping.Case) { c.Owner, c.OwnerID, c.Status = "bob@example.com", "agent-bob", "NEW" }), &talkdesk.Update{OwnerID: "agent-bob", Status: "NEW"}, "[]"},
		{"an owner whose address has no agent", with(func(c *mapping.Case) { c.Owner, c.OwnerID = "bob@example.com", "" }), nil, "[owner_id]"},
		{"the same owner with another id", with(func(c *mapping.Case) { c.OwnerID = "agent-ann-2" }), nil, "[]"},
		{"parent, by key", with(func(c *mapping.Case) { c.Parent, c.ParentID = "T-9", "19" }), &talkdesk.Update{ParentID: "19"}, "[]"},
		{"a parent that has no case", with(func(c *mapping.Case) { c.Title, c.Parent, c.ParentID = "Fax", "T-9", "" }), &talkdesk.Update{Title: "Fax"}, "[parent_id]"},
		{"status", with(func(c *mapping.Case) { c.Status = "PENDING" }), &talkdesk.Update{Status: "PENDING"}, "[]"},
		{"resolved", with(func(c *mapping.Case) { c.Status, c.Resolution = "RESOLVED", "done" }), &talkdesk.Update{Status: "RESOLVED", Resolution: "done"}, "[]"},
		{"type and group", with(func(c *mapping.Case) { c.Type, c.GroupID = "PROBLEM", "g2" }), &talkdesk.Update{Type: "PROBLEM", GroupID: "g2"}, "[]"},
		{"what is not mapped any more is left", with(func(c *mapping.Case) { c.Priority, c.Type, c.CustomFields, c.Notes = "", "", nil, nil }), nil, "[]"},
		{"a custom field", with(func(c *mapping.Case) { c.CustomFields[0].Value = "T-3" }), &talkdesk.Update{CustomFields: []talkdesk.SetField{{Key: "text1", Value: "T-3"}}}, "[]"},
		{"a list, and a field that is new", with(func(c *mapping.Case) {
			c.CustomFields[4].Value = []string{"b", "c"}
			c.CustomFields = append(c.CustomFields, mapping.CustomField{Name: "checkbox2", Value: false})
		}), &talkdesk.Update{CustomFields: []talkdesk.SetField{{Key: "multi_select1", Value: []string{"b", "c"}}, {Key: "checkbox2", Value: false}}}, "[]"},
		{"a note that is new", with(func(c *mapping.Case) {
			c.Notes = append(c.Notes, mapping.Note{Title: "Ann", Body: "second", Public: true})
		}), &talkdesk.Update{Notes: []talkdesk.SetNote{{Title: "Ann", Body: "second", Public: true}}}, "[]"},
		{"a note that is public now", with(func(c *mapping.Case) { c.Notes[0].Public = true }), &talkdesk.Update{Notes: []talkdesk.SetNote{{Title: "Zoë", Body: "first", Public: true}}}, "[]"},
		{"a note whose text changed is new", with(func(c *mapping.Case) { c.Notes[0].Body = "first, edited" }), &talkdesk.Update{Notes: []talkdesk.SetNote{{Title: "Zoë", Body: "first, edited"}}}, "[]"},
		{"a note of another author", with(func(c *mapping.Case) { c.Notes = append(c.Notes, mapping.Note{Title: "Ann", Body: "first"}) }), &talkdesk.Update{Notes: []talkdesk.SetNote{{Title: "Ann", Body: "first"}}}, "[]"},
		{"notes in another order", with(func(c *mapping.Case) { c.Notes = append([]mapping.Note{{Body: "0"}}, c.Notes...) }), &talkdesk.Update{Notes: []talkdesk.SetNote{{Body: "0"}}}, "[]"},
		{"what an update cannot set", with(func(c *mapping.Case) { c.RequesterName, c.RequesterType, c.Title = "Zoe", "Guest", "Fax" }), &talkdesk.Update{Title: "Fax"}, "[requester_name requester_type]"},
		{"a resolution alone, which a resolved case does not take", with(func(c *mapping.Case) { c.Resolution = "another" }), nil, "[resolution]"},
	} {
		got, lost := Changes(tt.c, m)
		if !reflect.DeepEqual(got, tt.want) || fmt.Sprint(lost) != tt.lost {
			t.Errorf("%s: %+v and %v, want %+v and %s", tt.name, got, lost, tt.want, tt.lost)
		}
	}
}

// TestChangesOfACaseThatWasNotUpdatedYet: what a create could not carry is a change.
func TestChangesOfACaseThatWasNotUpdatedYet(t *testing.T) {
	for _, tt := range []struct {
		name string
		c    *mapping.Case
		want *talkdesk.Update
	}{
		{"all", &written, &talkdesk.Update{Status: "OPEN", Type: "TASK", GroupID: "g1"}},
		{"resolved", with(func(c *mapping.Case) { c.Status, c.Resolution = "RESOLVED", "done" }), &talkdesk.Update{Status: "RESOLVED", Resolution: "done", Type: "TASK", GroupID: "g1"}},
		{"new by itself", with(func(c *mapping.Case) { c.Status, c.Owner, c.OwnerID, c.Type = "NEW", "", "", "" }), &talkdesk.Update{GroupID: "g1"}},
		{"assigned and new", with(func(c *mapping.Case) { c.Status = "NEW" }), &talkdesk.Update{Status: "NEW", Type: "TASK", GroupID: "g1"}},
	} {
		if got, lost := Changes(tt.c, MemoOf(tt.c, false, time.Time{})); !reflect.DeepEqual(got, tt.want) || lost != nil {
			t.Errorf("%s: %+v and %v, want %+v", tt.name, got, lost, tt.want)
		}
		if got := AfterCreate(tt.c); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: after the create %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

// TestNewAgain: a case that was written as open is new again only if its row says so.
func TestNewAgain(t *testing.T) {
	c := with(func(c *mapping.Case) { c.Owner, c.OwnerID, c.Status = "", "", "NEW" })
	if got, _ := Changes(c, MemoOf(&written, true, time.Time{})); got == nil || got.Status != "NEW" {
		t.Errorf("%+v", got)
	}
}

func TestNewCaseThatIsAssigned(t *testing.T) {
	before := with(func(c *mapping.Case) { c.Owner, c.OwnerID, c.Status = "", "", "NEW" })
	c := with(func(c *mapping.Case) { c.Status = "NEW" })
	m := MemoOf(before, true, then)
	u, _ := Changes(c, m)
	if u == nil || u.OwnerID != "agent-ann" || u.Status != "NEW" {
		t.Fatalf("%+v", u)
	}
	for status, want := range map[string]string{"NEW": "NEW", "OPEN": ""} {
		got := shown(later, func(c *talkdesk.Case) { c.Members["owner_id"], c.Members["status"] = "", status })
		if rest, _ := Rest(u, c, m, got, nil, false); rest == nil || rest.OwnerID != "agent-ann" || rest.Status != want {
			t.Errorf("a case that is %s: %+v", status, rest)
		}
	}
}
