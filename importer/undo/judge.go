package undo

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"caseimport/importer/talkdesk"
)

// judge says what is to become of a case that is there: it may go (Planned), or why it
// is kept. vague: that the read does not show enough to tell, which is a reason to keep
// it, too.
func (it *item) judge(got *talkdesk.Case, fields []string) (r Result, reason string, vague bool) {
	its, shown := it.carries(got, fields)
	switch {
	case !shown:
		return Kept, "the API does not show whether it carries the row's " + what(it.key), true
	case !its:
		return Kept, "it does not carry the row's " + what(it.key), false
	}
	since := got.CreatedAt
	if it.memo != nil && !it.memo.Wrote.IsZero() {
		since = it.memo.Wrote
	}
	switch {
	case got.UpdatedAt.IsZero():
		return Kept, "the API does not show when it was changed last", true
	case since.IsZero():
		return Kept, "it cannot be told whether it was changed since", true
	case got.UpdatedAt.After(since.Add(time.Second)): // times have whole seconds
		return Changed, fmt.Sprintf("it was changed at %s, after the import", got.UpdatedAt.UTC().Format(time.RFC3339)), false
	}
	return Planned, "", false
}

func what(key string) string {
	if key == "" {
		return "title"
	}
	return "key"
}

// carries reports whether a case carries the row's key in one of the fields that the
// import used, or, where it may carry none, the title that was sent.
func (it *item) carries(got *talkdesk.Case, fields []string) (its, shown bool) {
	text := ""
	for _, field := range fields {
		v, is := got.Fields[field]
		if it.key == "" || field == "" || !is {
			continue
		}
		shown = true
		if len(v.Texts) == 1 {
			text = strings.TrimSpace(v.Texts[0])
		}
		if text == it.key {
			return true, true
		}
	}
	if text == "" && slices.Contains(fields, "") {
		title, is := got.Members["title"]
		sent := it.title != "" && strings.TrimSpace(title) == strings.TrimSpace(it.title)
		return sent || it.memo != nil && title != "" && it.memo.Holds("title", title), is
	}
	return false, shown
}

// parentOf is the id of the case whose subcase a case is, "" if it is a root.
func parentOf(got *talkdesk.Case) (id string, shown bool) {
	id, shown = got.Members["parent_id"]
	if strings.Trim(id, "0") == "" {
		id = ""
	}
	return strings.Clone(id), shown
}
