package doctor

import (
	"context"
	"slices"
	"time"

	"caseimport/importer/reads"
	"caseimport/importer/talkdesk"
	"caseimport/mapping/fields"
)

// pings are made to see how long an answer takes; the first one has to connect.
const pings = 4

// facts are what was found out. What is zero was not asked, since something
// before it had failed.
type facts struct {
	Config

	login  talkdesk.Answer
	scopes []string
	said   bool // scopes are what the token endpoint says

	ping  talkdesk.Answer // of the first
	sight talkdesk.Sight  // of the last that was answered
	took  []time.Duration // of the others

	cases      int    // that the account has, -1: it is not said
	page       int    // cases on the first page
	shape      string // of their custom fields
	field      string // that is searched by
	shown      bool   // the list shows it in some case
	singly     bool   // the list does not, but a single case does
	custom     bool   // some case shows some custom field
	known      *talkdesk.Found
	found      []talkdesk.Found
	searched   talkdesk.Answer
	filterForm string
	substring  talkdesk.Answer // of the search for a part of the key: OK if it finds the case

	all    []fields.Field
	fields talkdesk.Answer
	forms  *talkdesk.Definitions
}

// answered says whether a request was made and read.
func answered(a talkdesk.Answer) bool { return a.Verdict == talkdesk.OK && a.Status != 0 }

// gather asks for everything, as far as it can be asked.
func gather(ctx context.Context, cfg Config) *facts {
	f := &facts{Config: cfg, cases: -1}
	r, api := cfg.Reader, cfg.API
	_, f.login = reads.Once(ctx, r, func(ctx context.Context) (struct{}, talkdesk.Answer) { return struct{}{}, api.Login(ctx) })
	if f.login.Verdict != talkdesk.OK {
		return f
	}
	f.scopes, f.said = api.Scopes()
	for n := range pings {
		sight, a := reads.Once(ctx, r, api.Ping)
		if n == 0 {
			f.ping, f.sight = a, sight
		}
		if !answered(a) {
			break
		}
		if f.sight = sight; n > 0 {
			f.took = append(f.took, sight.Took)
		}
	}
	if f.ping.Answered() && (f.ping.Verdict != talkdesk.Halt || f.ping.Denied) {
		f.all, f.forms, f.fields = r.Fields(ctx, api)
	}
	if answered(f.ping) {
		f.examineList(ctx)
	}
	return f
}

// examineList looks at the cases that there are, and looks one of them up.
func (f *facts) examineList(ctx context.Context) {
	r, api := f.Reader, f.API
	if f.Mapping != nil {
		f.field = f.Mapping.KeyField
	}
	first, a := r.Page(ctx, api, talkdesk.Query{Field: f.field, Page: 1})
	if !answered(a) {
		return
	}
	f.cases, f.page, f.shape = max(first.Total, len(first.Cases)), len(first.Cases), first.Shape
	if f.field == "" && (f.Mapping == nil || f.Mapping.Fault != nil) && first.TextField != "" {
		f.field = first.TextField // any will do to see how the search works
		first, _ = r.Page(ctx, api, talkdesk.Query{Field: f.field, Page: 1})
	}
	f.custom = f.shape != ""
	if f.field == "" || len(first.Cases) == 0 {
		return
	}
	f.pick(first)
	if last := (first.Total + talkdesk.PerPage - 1) / talkdesk.PerPage; f.known == nil && last > 1 {
		page, _ := r.Page(ctx, api, talkdesk.Query{Field: f.field, Page: last}) // an import may have begun long after the first case
		f.pick(page)
	}
	if f.known == nil && !f.shown {
		f.lookSingly(ctx, first.Cases)
	}
	if f.known == nil {
		return
	}
	f.found, f.searched = r.Search(ctx, api, f.field, f.known.Key, nil)
	f.filterForm = api.FilterForm()
	if key := []rune(f.known.Key); f.searched.Verdict == talkdesk.OK && len(key) > 1 {
		q := talkdesk.Query{Field: f.field, Key: string(key[:len(key)-1]), Page: 1}
		var page talkdesk.Page
		page, f.substring = r.Page(ctx, api, q)
		if answered(f.substring) && !has(page.Cases, f.known.ID) {
			f.substring.Verdict = talkdesk.Absent
		}
	}
}

// pick takes the first case that carries a key, if possible one of which a part
// can be searched for.
func (f *facts) pick(p talkdesk.Page) {
	for i, c := range p.Cases {
		f.shown = f.shown || c.Shown
		if f.known == nil && c.Key != "" || f.known != nil && len(f.known.Key) == 1 && len(c.Key) > 1 {
			f.known = &p.Cases[i]
		}
	}
}

// lookSingly reads a few cases whose custom fields the list does not show.
func (f *facts) lookSingly(ctx context.Context, cases []talkdesk.Found) {
	for _, i := range []int{0, len(cases) / 2, len(cases) - 1} {
		page, a := f.Reader.Page(ctx, f.API, talkdesk.Query{Field: f.field, ID: cases[i].ID})
		if !answered(a) || len(page.Cases) == 0 {
			continue
		}
		f.custom = f.custom || page.Shape != ""
		f.singly = f.singly || page.Cases[0].Shown
		if page.Cases[0].Key != "" {
			f.known = &page.Cases[0]
			return
		}
	}
}

func has(cases []talkdesk.Found, id string) bool {
	return slices.ContainsFunc(cases, func(c talkdesk.Found) bool { return c.ID == id })
}
