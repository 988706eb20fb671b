package draft

import (
	"slices"
	"strings"

	"caseimport/mapping/words"
)

// second is a file of comments, one a row.
type second struct {
	*Profile
	path     string // as the mapping file is to name it
	encoding string // "" if it goes without saying
}

// Comments says that the comments stand in a second file, one a row; path is how the
// mapping file is to name it. encoding is what the file's bytes were guessed to be, ""
// where there is nothing to guess: another night's file might be guessed otherwise.
func (p *Profile) Comments(path, encoding string, of *Profile) {
	p.second = &second{of, path, encoding}
}

// from begins the rule that names the file.
func (s *second) from(key string) []pair {
	file := []pair{{"file", scalar(s.path)}, {"key", key}}
	if s.encoding != "" {
		file = append(file, pair{"encoding", scalar(s.encoding)})
	}
	return file
}

// secondFile drafts the notes that come from the second file.
func (d *drafter) secondFile(p *page) {
	s := d.second
	p.say(2, "%s in %s.", words.Plural(s.rows, "comment"), show(s.path))
	if d.likely == nil {
		d.unsure(p, 2, choice{others: s.columns}, "notes of %s: they are found by the key of their ticket: which column of each file holds it?", s.path)
		return
	}
	ch := s.key(d.likely)
	key := ch.column
	body := memberOf(s.columns, filledMember, lexicon().CommentTexts...)
	named := body != nil
	if body == nil {
		body = s.longestBut(key)
	}
	if key == nil || body == nil {
		d.unsure(p, 2, choice{others: s.columns}, "notes of %s: which column holds the key of the ticket, and which the text?", s.path)
		p.add("  # - {from: "+flow(s.from("COLUMN"))+", note_body: COLUMN}", "")
		return
	}
	if !ch.sure {
		d.unsure(p, 2, ch, "notes of %s: is %s the key of the ticket?", s.path, show(key.name))
	}
	if !named {
		d.unsure(p, 2, choice{column: body}, "notes of %s: is %s the text of the comment?", s.path, show(body.name))
	}
	sure := ch.sure && named
	file := s.from(id(key).String())
	if when := s.when(); when != nil {
		file = append(file, pair{"sort", scalar(when.name)})
		if when.dates.order() == open {
			sure = false
			order := d.order
			if d.orderFrom == nil {
				order, _ = s.commonOrder()
			}
			d.ask(p, 2, "notes of %s: are the dates in %s written with the %s first?", s.path, show(when.name), orderWord(order))
			file = append(file, pair{"layout", list(when.dates.layouts(order))})
		}
	}
	if d.keyed != nil {
		if sure {
			d.sure("notes of %s: one for each row, by %s", s.path, key.name)
		}
		p.add("  - from: "+flow(file), "")
		d.commentRules(p, s.columns, body, cell)
		return
	}
	// Without a key the file would not load.
	d.ask(p, 2, "notes of %s: they need the key of their ticket. Once the mapping has a key, remove the # before these lines.", s.path)
	var rules page
	rules.add("  - from: "+flow(file), "")
	d.commentRules(&rules, s.columns, body, cell)
	for _, l := range rules.lines {
		p.add("  # "+strings.TrimPrefix(l.text, "  "), l.note)
	}
}

// longestBut is the column with the longest texts, nil without any.
func (s *second) longestBut(key *column) (longest *column) {
	for _, c := range s.columns {
		if c != key && c.spaced > 0 && c.cells() && (longest == nil || c.average() > longest.average()) {
			longest = c
		}
	}
	return longest
}

// when is the column that says when a comment was written, by its name or as the only
// one that holds dates.
func (s *second) when() *column {
	dated := func(c *column) bool {
		return c.cells() && c.dates.count > 0 && c.dates.misses == 0 && c.dates.order() != mixed
	}
	if named := memberOf(s.columns, dated, lexicon().CommentTimes...); named != nil {
		return named
	}
	var only *column
	for _, c := range s.columns {
		if dated(c) {
			if only != nil {
				return nil
			}
			only = c
		}
	}
	return only
}

// key finds the column whose values are keys of tickets: the one that is called so,
// or else the only one.
func (s *second) key(ticket *column) choice {
	named := func(c *column) bool {
		return strings.EqualFold(c.name, ticket.name) && c.plain != "id" || slices.ContainsFunc(lexicon().CommentTickets, c.is)
	}
	var all []*column
	for _, c := range s.columns {
		known, enough := 0, 8 // of ten
		if named(c) {
			enough = 5
		}
		for _, i := range c.values.items {
			if ticket.key.has(i.value) {
				known++
			}
		}
		if c.cells() && known > 0 && known*10 >= len(c.values.items)*enough {
			all = append(all, c)
		}
	}
	slices.SortStableFunc(all, func(a, b *column) int {
		// Tickets have several comments, so that a column of different values is more
		// likely the comment's own id.
		rank := func(c *column) int { return 2*b2i(named(c)) + b2i(c.key.lost != "") }
		return rank(b) - rank(a)
	})
	if len(all) == 0 {
		return choice{}
	}
	return choice{column: all[0], others: all[1:], sure: named(all[0]) && (len(all) == 1 || !named(all[1]))}
}
