package reads

import (
	"context"
	"hash/maphash"
	"time"

	"caseimport/importer/talkdesk"
	"caseimport/mapping/fields"
)

// API is what is asked of the Case API. Every method is one attempt, and none of
// them waits or retries.
type API interface {
	Read(ctx context.Context, q talkdesk.Query) (talkdesk.Page, talkdesk.Answer)
	ReadFields(ctx context.Context, q talkdesk.FieldsQuery) (talkdesk.FieldsPage, talkdesk.Answer)
}

// Page reads one page of the list, or one case.
func (r *Reader) Page(ctx context.Context, api API, q talkdesk.Query) (talkdesk.Page, talkdesk.Answer) {
	return Once(ctx, r, func(ctx context.Context) (talkdesk.Page, talkdesk.Answer) { return api.Read(ctx, q) })
}

// Search looks cases up by the text of a custom field, without those that are gone, if
// that is not nil: see talkdesk.Search.
func (r *Reader) Search(ctx context.Context, api API, field, key string, gone func(id string) bool) ([]talkdesk.Found, talkdesk.Answer) {
	s := talkdesk.NewSearch(field, key)
	s.Gone = gone
	for q, more := s.Next(); more; q, more = s.Next() {
		s.Take(r.Page(ctx, api, q))
	}
	return s.Result()
}

// Fields reads the account's case fields. Forms says how they come.
func (r *Reader) Fields(ctx context.Context, api API) (all []fields.Field, forms *talkdesk.Definitions, a talkdesk.Answer) {
	d := talkdesk.NewDefinitions()
	for q, more := d.Next(); more; q, more = d.Next() {
		d.Take(Once(ctx, r, func(ctx context.Context) (talkdesk.FieldsPage, talkdesk.Answer) { return api.ReadFields(ctx, q) }))
	}
	all, a = d.Result()
	return all, d, a
}

// margin widens the time that is asked for: a request may have been on its way, and
// clocks drift.
const margin = 10 * time.Minute

// Since reads the first page of the cases that were created since a moment of our
// clock, or changed since, and returns what asks for the pages behind it. Where the
// server's clock is far off, it is asked once more by its own.
func (r *Reader) Since(ctx context.Context, api API, q talkdesk.Query, from time.Time, changed bool) (talkdesk.Query, talkdesk.Page, talkdesk.Answer) {
	window := &q.Created
	if changed {
		window = &q.Updated
	}
	read := func(ahead time.Duration) (talkdesk.Page, talkdesk.Answer) {
		*window = [2]time.Time{from.Add(ahead - margin), time.Now().Add(ahead + 24*time.Hour)}
		return r.Page(ctx, api, q)
	}
	q.Page = 1
	page, a := read(0)
	if off := page.Ahead; a.Verdict == talkdesk.OK && page.Dated && off.Abs() > margin/2 {
		page, a = read(off)
	}
	return q, page, a
}

// Listing is what came of reading the list of all cases.
type Listing struct {
	Cases int  // different ones
	Whole bool // as far as can be told, none is missing
	Shown bool // the field that was asked for is shown in some of them
}

// List reads the list of all cases, or of those that q narrows it down to, beginning
// with a first page that was read already, and hands every case on, once. Neither the
// total nor the order is relied on: it ends when two pages bring nothing new, or after
// that many more pages. The verdict is OK unless a page could not be read.
func (r *Reader) List(ctx context.Context, api API, q talkdesk.Query, first talkdesk.Page, most int, take func(talkdesk.Found)) (l Listing, a talkdesk.Answer) {
	seed, seen := maphash.MakeSeed(), map[uint64]struct{}{}
	page, stale, repeats := first, 0, false
	for n := 1; ; {
		fresh := 0
		for _, f := range page.Cases {
			id := maphash.String(seed, f.ID)
			if _, again := seen[id]; again {
				repeats = true
				continue
			}
			seen[id] = struct{}{}
			l.Shown = l.Shown || f.Shown
			fresh++
			take(f)
		}
		l.Cases = len(seen)
		if stale++; fresh > 0 {
			stale = 0
		}
		if stale == 2 || stale == 1 && len(page.Cases) == 0 && page.Total <= l.Cases {
			// Pages that shift while they are read may skip a case where they
			// repeat another.
			l.Whole = page.Total <= l.Cases && !repeats
			return l, Done
		}
		if n++; n > most+1 {
			return l, Done
		}
		q.Page = n
		if page, a = r.Page(ctx, api, q); a.Verdict != talkdesk.OK {
			return l, a
		}
	}
}
