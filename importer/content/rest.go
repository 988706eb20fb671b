package content

import (
	"slices"
	"time"

	"caseimport/importer/compare"
	"caseimport/importer/talkdesk"
	"caseimport/mapping"
	"caseimport/mapping/fields"
)

// Rest is what of an update is still to be sent, by the case as it is now: nil if
// nothing is. left are the fields that people have changed since the memo was
// written; they keep what people gave them. c is the row with its ids looked up.
func Rest(u *talkdesk.Update, c *mapping.Case, m Memo, got *talkdesk.Case, account *fields.File) (rest *talkdesk.Update, left []string) {
	differs, ids := map[string]bool{}, *c
	ids.Owner, ids.Parent = "", "" // whose ids stand in their places
	for _, d := range compare.Case(&ids, got, account) {
		differs[d.Field] = true
	}
	// Times have whole seconds.
	touched := m.Wrote.IsZero() || got.UpdatedAt.IsZero() || got.UpdatedAt.After(m.Wrote.Add(time.Second))
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
	for _, name := range standardNames {
		field := member(&r, name)
		if *field != "" && name != "resolution" && !wanted(name) {
			*field = ""
		}
	}
	if r.Status == "" {
		r.Resolution = ""
	}
	r.CustomFields = slices.DeleteFunc(slices.Clone(u.CustomFields), func(f talkdesk.SetField) bool { return !wanted("custom_fields." + f.Key) })
	r.Notes = slices.DeleteFunc(slices.Clone(u.Notes), func(n talkdesk.SetNote) bool { return compare.HasNote(got, mapping.Note(n)) })
	return orNil(&r), left
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
