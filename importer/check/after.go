package check

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"caseimport/importer/content"
	"caseimport/importer/talkdesk"
	"caseimport/mapping"
	"caseimport/mapping/words"
)

// after looks at what an update sets once a case is created.
type after struct {
	updates    int // rows that need one
	unresolved seenIn
	closed     seenIn
	words      map[string]*seenIn // statuses and types that only the account may know, by field and word
}

// maxWords is how many different statuses and types are looked at: a column of
// more holds something else.
const maxWords = 100

func (a *after) look(row int, c *mapping.Case) {
	if updateOf(*c) != nil {
		a.updates++
	}
	if c.Status == mapping.Resolved && c.Resolution == "" {
		a.unresolved.note(row, "")
	}
	if c.Status == mapping.Closed {
		a.closed.note(row, "")
	}
	a.word(row, "status", c.Status, mapping.Statuses)
	a.word(row, "type", c.Type, mapping.Types)
}

func (a *after) word(row int, field, word string, known []string) {
	if word == "" || slices.Contains(known, word) {
		return
	}
	key := field + "\x00" + word
	s := a.words[key]
	if s == nil {
		if len(a.words) == maxWords {
			return
		}
		if a.words == nil {
			a.words = map[string]*seenIn{}
		}
		s = &seenIn{}
		a.words[strings.Clone(key)] = s
	}
	s.note(row, word)
}

func (a *after) warnings(p *mapping.Program) (all []string) {
	if s := &a.unresolved; s.rows > 0 && slices.Contains(p.Fields(), "resolution") {
		all = append(all, fmt.Sprintf("%s resolved without a resolution (%s), which Talkdesk requires: give the rule a default", rowsAre(s.rows), s.where()))
	}
	if s := &a.closed; s.rows > 0 {
		all = append(all, fmt.Sprintf("status is CLOSED (%s), which Talkdesk's reference says cannot be set: map it to RESOLVED, resolved cases close by themselves", s.where()))
	}
	for _, field := range []string{"status", "type"} {
		known := map[string][]string{"status": mapping.Statuses, "type": mapping.Types}[field]
		var list []string
		for _, key := range slices.SortedFunc(maps.Keys(a.words), func(x, y string) int {
			return cmp.Or(cmp.Compare(a.words[y].rows, a.words[x].rows), cmp.Compare(x, y))
		}) {
			if of, word, _ := strings.Cut(key, "\x00"); of == field {
				list = append(list, fmt.Sprintf("%q (%s)", words.Shown(word), a.words[key].where()))
			}
		}
		if len(list) > 0 {
			more := ""
			if n := len(list) - printedWords; n > 0 {
				list, more = list[:printedWords], fmt.Sprintf(" and %d more", n)
			}
			all = append(all, fmt.Sprintf("%s is %s%s, which is none of %s: right only if it is one of your account's own", field, strings.Join(list, ", "), more, strings.Join(known, ", ")))
		}
	}
	return all
}

const printedWords = 5

func rowsAre(n int) string {
	if n == 1 {
		return "1 row is"
	}
	return words.Plural(n, "row") + " are"
}

// requests are the requests that a case needs, with a hint where an id is still to
// be looked up; update is null where none follows.
func requests(c mapping.Case) (create, update json.RawMessage, err error) {
	if c.Owner != "" {
		c.OwnerID = "<id of the agent " + c.Owner + ">"
	}
	if c.Parent != "" {
		c.ParentID = "<id of the case of " + c.Parent + ">"
	}
	if create, err = c.Body(); err != nil {
		return nil, nil, err
	}
	u := updateOf(c)
	if u == nil {
		return create, json.RawMessage("null"), nil
	}
	update, err = u.Body()
	return create, update, err
}

// updateOf is the update that follows the creation, nil if none does.
func updateOf(c mapping.Case) *talkdesk.Update {
	arrives := "NEW" // by itself ("Create a New Case")
	if c.OwnerID = cmp.Or(c.OwnerID, c.Owner); c.OwnerID != "" {
		arrives = "OPEN"
	}
	return content.WithoutStatus(content.AfterCreate(&c), arrives)
}
