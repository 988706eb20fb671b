package content

import (
	"slices"
	"strings"
	"time"

	"caseimport/importer/compare"
	"caseimport/importer/talkdesk"
	"caseimport/mapping"
	"caseimport/mapping/fields"
)

// Rest is what of an update is still to be sent, by the case as it is now: nil if
// nothing is. left are the fields that people have changed since the memo was
// written; they keep what people gave them. c is the row with its ids looked up.
// noting: its notes may have been added already. Where the case does not show its
// notes they are not added then, or they might stand there twice; left names them.
func Rest(u *talkdesk.Update, c *mapping.Case, m Memo, got *talkdesk.Case, account *fields.File, noting bool) (rest *talkdesk.Update, left []string) {
	differs, ids := map[string]bool{}, *c
	ids.Owner, ids.Parent = "", "" // whose ids stand in their places
	for _, d := range compare.Case(&ids, got, account) {
		differs[d.Field] = true
	}
	touched := m.Touched(got)
	wanted := func(name string) bool {
		if !differs[name] {
			return false
		}
		if touched && changed(name, m, got, account) {
			left = append(left, name)
			return false
		}
		return true
	}
	r := *u
	for _, member := range members(&r) {
		if *member.text != "" && member.name != "resolution" && !wanted(member.name) {
			*member.text = ""
		}
	}
	if r.OwnerID != "" && u.Status == statusNew && !slices.Contains(left, "status") {
		r.Status = statusNew
	}
	if r.Status == "" {
		r.Resolution = ""
	}
	r.CustomFields = slices.DeleteFunc(slices.Clone(u.CustomFields), func(f talkdesk.SetField) bool { return !wanted("custom_fields." + f.Key) })
	r.Notes = slices.DeleteFunc(slices.Clone(u.Notes), func(n talkdesk.SetNote) bool { return compare.HasNote(got, mapping.Note(n)) })
	if noting && !got.NotesShown && len(r.Notes) > 0 {
		r.Notes, left = nil, append(left, compare.NoteField)
	}
	return orNil(&r), left
}

// Touched reports whether a case may have been changed since the memo was written, by
// people or by an update of ours whose answer was lost.
func (m Memo) Touched(got *talkdesk.Case) bool {
	// Times have whole seconds. What was written without an answer that says when was
	// written by the create, at the earliest.
	wrote := m.Wrote
	if wrote.IsZero() {
		wrote = got.CreatedAt
	}
	return got.UpdatedAt.IsZero() || got.UpdatedAt.After(wrote.Add(time.Second))
}

// LeftAlone says which fields of a row Rest left, and why.
func LeftAlone(left []string) string {
	notes := slices.Contains(left, compare.NoteField)
	left = slices.DeleteFunc(left, func(name string) bool { return name == compare.NoteField })
	var why []string
	if len(left) > 0 {
		why = append(why, "left as it is in Talkdesk, where it was changed since: "+strings.Join(left, ", "))
	}
	if notes {
		why = append(why, "its new notes may have been added or not, which Talkdesk does not show: look for them in the case")
	}
	return strings.Join(why, "; ")
}

// changed reports whether a field holds something else than was written last. Of a
// field that was never written, a new case has nothing, or what is so by itself.
func changed(name string, m Memo, got *talkdesk.Case, account *fields.File) bool {
	v, shown := compare.Shown(name, got)
	written := name
	if m.has(name + idMark) {
		written += idMark
	}
	forms := compare.Forms(name, v, account)
	switch {
	case !shown:
		return false // it cannot be told, and to set it is what was asked for
	case m.has(written):
		return !slices.ContainsFunc(forms, func(form string) bool { return m.holds(fieldSum{hash(written), hash(form)}) })
	case name == "status":
		return !slices.Contains([]string{"", "NEW", "OPEN"}, forms[0])
	}
	return forms[0] != ""
}
