package talkdesk

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// maxPages of one search are read. A key has one case, or a few; more hits than
// that mean that something else was searched for.
const maxPages = 20

// Search looks cases up by the text of a custom field: those whose field equals
// the key when both are trimmed, upper and lower case being distinct. It may
// need several pages, and sends nothing itself:
//
//	s := NewSearch(field, key)
//	for q, more := s.Next(); more; q, more = s.Next() {
//		s.Take(client.Read(ctx, q))
//	}
//	found, answer := s.Result()
//
// Each Read is one request. One that is NotTaken may also be made again without
// a Take; taken, it ends the search.
type Search struct {
	field, key string
	page       int // that was taken last
	found      []Found
	seen       map[string]bool // ids: a list that shifts or repeats must not count twice
	total      int             // as the latest page that said so has it
	end        *Answer         // why nothing more is read
}

// NewSearch begins a look-up.
func NewSearch(field, key string) *Search {
	s := &Search{field: field, key: strings.TrimSpace(key), seen: map[string]bool{}, total: -1}
	if s.key == "" { // would equal the field of every case that has none
		s.end = &Answer{Code: "no key", Message: "there is no key to look up"}
	}
	return s
}

// Next returns what to read next; more is false once the result stands.
func (s *Search) Next() (q Query, more bool) {
	return Query{Field: s.field, Key: s.key, Page: s.page + 1}, s.end == nil
}

// Take adds what came of reading the page that Next asked for.
func (s *Search) Take(p Page, a Answer) {
	if a.Verdict != Created {
		s.found, s.end = nil, &a
		return
	}
	s.page++
	if p.Total >= 0 {
		s.total = p.Total
	}
	known := len(s.seen)
	for _, f := range p.Cases {
		if !s.seen[f.ID] && f.Key == s.key {
			s.found = append(s.found, f)
		}
		s.seen[f.ID] = true
	}
	switch end := (Answer{Status: a.Status}); {
	case s.complete(p):
		end.Verdict = Absent
		s.end = &end
	// Where cases are missing, the key is not known to be absent.
	case len(p.Cases) == 0:
		end.Verdict, end.Code = NotTaken, "incomplete list"
		end.Message = fmt.Sprintf("the look-up is said to have %d hits, but shows %d", s.total, len(s.seen))
		s.end = &end
	case len(s.seen) == known:
		end.Code = "list repeats"
		end.Message = fmt.Sprintf("page %d of the look-up brings nothing new, though there are more hits", s.page)
		s.end = &end
	case s.page == maxPages:
		end.Code = "too many hits"
		end.Message = fmt.Sprintf("the look-up has more than %d pages of hits", maxPages)
		s.end = &end
	}
}

// complete reports whether nothing comes after this page. A server may give
// fewer cases a page than it was asked for, so a short page is the end only
// where no total is given.
func (s *Search) complete(last Page) bool {
	if s.total >= 0 {
		return len(s.seen) >= s.total
	}
	return len(last.Cases) == 0 || !last.next && len(last.Cases) < last.size
}

// Result returns the cases that were found, oldest first. The verdict is
// Created if there is at least one; Absent; Unknown if that cannot be told
// (Code "too many hits" and others; or the request was refused); NotTaken if
// the look-up may be made again from its beginning; or Halt.
func (s *Search) Result() ([]Found, Answer) {
	switch {
	case len(s.found) > 0:
		sortOldestFirst(s.found)
		return s.found, Answer{Verdict: Created, Status: s.end.Status}
	case s.end == nil:
		return nil, Answer{Code: "not finished", Message: "the look-up has not come to its end"}
	}
	return nil, *s.end
}

// sortOldestFirst goes by the time of creation if all have one, and by id
// where that does not tell.
func sortOldestFirst(found []Found) {
	created := make(map[string]time.Time, len(found))
	for _, f := range found {
		if at, err := time.Parse(time.RFC3339, f.CreatedAt); err == nil {
			created[f.ID] = at
		}
	}
	slices.SortFunc(found, func(a, b Found) int {
		if len(created) == len(found) {
			if c := created[a.ID].Compare(created[b.ID]); c != 0 {
				return c
			}
		}
		x, y := strings.TrimLeft(a.ID, "0"), strings.TrimLeft(b.ID, "0")
		return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y))
	})
}
