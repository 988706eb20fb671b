package content

import (
	"slices"
	"strings"

	"caseimport/importer/talkdesk"
	"caseimport/mapping"
)

// afterCreateFields can only be set once the case is there ("Create a New Case",
// "Update a Case").
var afterCreateFields = []string{"status", "type", "group_id", "resolution"}

func afterCreate(name string) bool { return slices.Contains(afterCreateFields, name) }

// createOnly are fields that an update cannot set ("Update a Case").
var createOnly = []string{"requester_name", "requester_email", "requester_type"}

const statusNew = "NEW"

// AfterCreate is the update that a new case needs, nil if it needs none: a case is
// new by itself, unless it is assigned.
func AfterCreate(c *mapping.Case) *talkdesk.Update {
	status, resolution := c.Status, c.Resolution
	if status == statusNew && c.OwnerID == "" {
		status, resolution = "", ""
	}
	if status+c.Type+c.GroupID == "" {
		return nil
	}
	return &talkdesk.Update{Type: c.Type, GroupID: c.GroupID, Status: status, Resolution: resolution}
}

// Changes is the update that brings a case from what a memo says to what the row
// maps to now; nil if there is none. lost are fields that have changed and that an
// update cannot set. What the row does not map any more is left as it is.
func Changes(c *mapping.Case, m Memo) (u *talkdesk.Update, lost []string) {
	u = &talkdesk.Update{}
	set, wanted := members(u), members(setting(c))
	resolution := false
	for name, value := range c.Values() {
		if m.holds(sumOf(name, value)) {
			continue
		}
		switch i := slices.IndexFunc(set, func(m member) bool { return m.name == name }); {
		case slices.Contains(createOnly, name):
			lost = append(lost, name)
		case name == "status" && value == statusNew && !m.has(name) && c.OwnerID == "":
		case name == "resolution": // goes with the status
			resolution = true
		case i >= 0:
			if *set[i].text = *wanted[i].text; *wanted[i].text == "" { // no id was found
				lost = append(lost, name)
			}
		default:
			u.CustomFields = append(u.CustomFields, talkdesk.SetField{Key: strings.TrimPrefix(name, "custom_fields."), Value: value})
		}
	}
	if u.OwnerID != "" && c.Status == statusNew {
		u.Status = statusNew // or it would be opened by being assigned
	}
	if u.Status != "" {
		u.Resolution = c.Resolution
	} else if resolution {
		lost = append(lost, "resolution")
	}
	for _, n := range c.Notes {
		if !m.holds(noteSum(n)) {
			u.Notes = append(u.Notes, talkdesk.SetNote(n))
		}
	}
	return orNil(u), lost
}

// setting is an update of every standard field of a row, ids looked up.
func setting(c *mapping.Case) *talkdesk.Update {
	return &talkdesk.Update{Title: c.Title, Description: c.Description, Priority: c.Priority, OwnerID: c.OwnerID, ParentID: c.ParentID,
		Type: c.Type, GroupID: c.GroupID, Status: c.Status, Resolution: c.Resolution}
}

// member is a standard field of an update.
type member struct {
	name string
	text *string
}

func members(u *talkdesk.Update) []member {
	return []member{
		{"title", &u.Title}, {"description", &u.Description}, {"priority", &u.Priority},
		{"owner_id", &u.OwnerID}, {"parent_id", &u.ParentID},
		{"type", &u.Type}, {"group_id", &u.GroupID}, {"status", &u.Status}, {"resolution", &u.Resolution},
	}
}

// WithoutStatus is an update of a case that has this status already.
func WithoutStatus(u *talkdesk.Update, status string) *talkdesk.Update {
	if u == nil || u.Status != status || status == mapping.Resolved {
		return u
	}
	rest := *u
	rest.Status, rest.Resolution = "", ""
	return orNil(&rest)
}

func orNil(u *talkdesk.Update) *talkdesk.Update {
	if u.Empty() {
		return nil
	}
	return u
}
