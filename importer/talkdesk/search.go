package talkdesk

import (
	"cmp"
	"fmt"
	"html"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

// A key has one case, or a few. Many more hits mean that something else was
// searched for, so reading comes to an end.
const (
	maxPages   = 20 // of the list
	maxSingles = 20 // cases that the list shows without their field
)

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
// a Take; taken, it ends the search, or if it is Again, begins it anew.
type Search struct {
	// Gone, if set, says of a case that it is in the Trash: it is left out. Whether
	// lists show such cases is not known.
	Gone func(id string) bool

	field, key string
	page       int // that was taken last
	found      []Found
	altered    *Found          // a case whose key is the same but for what servers do to texts
	seen       map[string]bool // ids: a list that shifts or repeats must not count twice
	gone       int             // of them, those that are left out
	total      int             // as the latest page that said so has it
	hidden     []Query         // cases that the list shows without the field …
	single     bool            // … are read one by one
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
	switch {
	case s.end != nil:
		return Query{}, false
	case s.single:
		return s.hidden[0], true
	}
	return Query{Field: s.field, Key: s.key, Page: s.page + 1}, true
}

// Take adds what came of the read that Next asked for.
func (s *Search) Take(p Page, a Answer) {
	switch {
	case a.Again:
		gone := s.Gone
		*s = *NewSearch(s.field, s.key)
		s.Gone = gone
	case a.Verdict != OK:
		s.found, s.end = nil, &a
	case s.single:
		s.takeCase(p)
	default:
		s.takePage(p)
	}
}

func (s *Search) takePage(p Page) {
	s.page++
	if p.Total >= 0 {
		s.total = p.Total
	}
	known := len(s.seen)
	for _, f := range p.Cases {
		if s.seen[f.ID] {
			continue
		}
		s.seen[f.ID] = true
		if s.Gone != nil && s.Gone(f.ID) {
			s.gone++
			continue
		}
		s.compare(f)
		if !f.Shown {
			s.hidden = append(s.hidden, Query{Field: s.field, Key: s.key, ID: f.ID, form: p.form})
		}
	}
	seen, hidden := len(s.seen), len(s.hidden)
	switch {
	// Where some cases show the field, the others do not have it.
	case p.Unfiltered || hidden > 0 && hidden < seen-s.gone:
		s.stop(unfiltered)
	case hidden > maxSingles: // one of them tells at least whether they were filtered
		s.hidden, s.single = s.hidden[:1], true
	// Totals are known to be wrong at times, for instance the page's own. So hits
	// of which none equals the key are all of them only if no page follows.
	case s.complete(p) && (len(s.found) > 0 || len(p.Cases) == 0):
		if s.single = hidden > 0; !s.single {
			s.stop(s.absent())
		}
	// Where cases are missing, the key is not known to be absent.
	case len(p.Cases) == 0:
		s.stop(Answer{Verdict: NotTaken, Code: "incomplete list",
			Message: fmt.Sprintf("page %d of the search is empty, though it reports more cases", s.page)})
	case seen == known:
		s.stop(Answer{Code: "list repeats",
			Message: fmt.Sprintf("page %d of the search repeats earlier cases, so it cannot tell whether there are more", s.page)})
	case s.page == maxPages:
		s.stop(Answer{Code: "too many hits", Message: fmt.Sprintf("the search returns more than %d pages of cases", maxPages)})
	}
}

// takeCase goes on with a case that the list showed without its field.
func (s *Search) takeCase(p Page) {
	f := p.Cases[0]
	s.compare(f)
	s.hidden = s.hidden[1:]
	switch {
	case p.Unfiltered:
		s.stop(unfiltered)
	case !f.Shown || len(s.seen) > maxSingles:
		s.stop(hiding)
	case len(s.hidden) == 0:
		s.stop(s.absent())
	}
}

// compare keeps a case that has the key.
func (s *Search) compare(f Found) {
	switch {
	case f.Key == s.key:
		s.found = append(s.found, f)
	case f.Shown && plain(f.Key) == plain(s.key):
		s.altered = &f
	}
}

// plain undoes what servers do to texts that they store.
func plain(s string) string { return norm.NFC.String(html.UnescapeString(s)) }

// absent is the end of a look-up that has read all and found nothing.
func (s *Search) absent() Answer {
	if s.altered != nil {
		return Answer{Code: "altered key", Message: fmt.Sprintf("case %s has the key as %q: the server alters keys, so it cannot tell whether it is the row's", s.altered.ID, s.altered.Key)}
	}
	return Answer{Verdict: Absent}
}

// The ends of a look-up that proves nothing.
var (
	unfiltered = Answer{Unfiltered: true, Code: "not filtered",
		Message: "the server ignores the search by custom field: it also returns cases without this key"}
	hiding = Answer{Hidden: true, Code: "field not shown",
		Message: "the server does not show this custom field, so it cannot tell whether a case has the key"}
)

// stop ends the search. What stops it was read, so an answer had come.
func (s *Search) stop(end Answer) {
	end.Status = http.StatusOK
	s.end = &end
}

// complete reports whether nothing comes after this page. A server may give
// fewer cases a page than it was asked for, so a short page is the end only
// where no total is given.
func (s *Search) complete(last Page) bool {
	if s.total >= 0 {
		return len(s.seen) >= s.total
	}
	return !last.next && len(last.Cases) < max(last.size, 1)
}

// Result returns the cases that were found, oldest first. The verdict is
// OK if there is at least one (Unfiltered if that proves nothing of the
// search); Absent; Unknown if that cannot be told (Unfiltered, Hidden, Code
// "too many hits" and others; or the request was refused); NotTaken if the
// look-up may be made again from its beginning; or Halt.
func (s *Search) Result() ([]Found, Answer) {
	switch {
	case s.end == nil:
		return nil, Answer{Code: "not finished", Message: "the look-up is not finished"}
	case len(s.found) > 0:
		sortOldestFirst(s.found)
		return s.found, Answer{Verdict: OK, Status: s.end.Status, Unfiltered: s.end.Unfiltered}
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
