package reads

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"caseimport/importer/talkdesk"
	"caseimport/ratelimit"
)

var (
	fine      = talkdesk.Answer{Verdict: talkdesk.OK, Status: 200}
	down      = talkdesk.Answer{Verdict: talkdesk.NotTaken, Status: 503, Down: true, Message: "503"}
	broken    = talkdesk.Answer{Verdict: talkdesk.NotTaken, Status: 200, Message: "not in the API's form"}
	renewed   = talkdesk.Answer{Verdict: talkdesk.NotTaken, Status: 401, Renewed: true}
	throttled = talkdesk.Answer{Verdict: talkdesk.NotTaken, Status: 429, Throttled: true, Message: "429"}
	paused    = talkdesk.Answer{Verdict: talkdesk.NotTaken, Status: 429, Throttled: true, Pause: 20 * time.Second, Message: "429"}
	nowhere   = talkdesk.Answer{Verdict: talkdesk.NotTaken, NoHost: true, Down: true}
	refused   = talkdesk.Answer{Verdict: talkdesk.Halt, Status: 403, Denied: true}
	again     = talkdesk.Answer{Verdict: talkdesk.NotTaken, Again: true}
)

func TestOnce(t *testing.T) {
	for _, tt := range []struct {
		name     string
		answers  []talkdesk.Answer // the last one again and again
		verdict  talkdesk.Verdict
		requests int
		atLeast  time.Duration
		atMost   time.Duration
		said     int
	}{
		{"answered", []talkdesk.Answer{fine}, talkdesk.OK, 1, 0, 0, 0},
		{"refused", []talkdesk.Answer{refused}, talkdesk.Halt, 1, 0, 0, 0},
		{"another form", []talkdesk.Answer{again}, talkdesk.NotTaken, 1, 0, 0, 0},
		{"down, then up", []talkdesk.Answer{down, down, down, fine}, talkdesk.OK, 4, 7 * time.Second, 7 * time.Second, 1},
		{"down for good", []talkdesk.Answer{down}, talkdesk.NotTaken, 7, time.Minute, time.Minute, 1},
		{"unreadable for good", []talkdesk.Answer{broken}, talkdesk.NotTaken, 3, 3 * time.Second, 3 * time.Second, 1},
		{"a token that has expired", []talkdesk.Answer{renewed, fine}, talkdesk.OK, 2, 0, 0, 0},
		{"no token is good", []talkdesk.Answer{renewed}, talkdesk.Halt, 5, 0, 0, 0},
		{"a pause", []talkdesk.Answer{paused, fine}, talkdesk.OK, 2, 20 * time.Second, 20 * time.Second, 1},
		{"pauses without end", []talkdesk.Answer{throttled}, talkdesk.NotTaken, 6, 15 * time.Second, time.Minute, 1},
		{"no such host", []talkdesk.Answer{nowhere}, talkdesk.NotTaken, 1, 0, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				said := 0
				r := &Reader{Limiter: ratelimit.New(0), Patience: time.Minute, Say: func(string) { said++ }}
				n, start := 0, time.Now()
				_, a := Once(t.Context(), r, func(context.Context) (int, talkdesk.Answer) {
					n++
					return n, tt.answers[min(n, len(tt.answers))-1]
				})
				took := time.Since(start)
				if a.Verdict != tt.verdict || n != tt.requests || r.Requests != n || took < tt.atLeast || took > tt.atMost || said != tt.said {
					t.Errorf("%v after %d requests in %v, said %d times: %s", a.Verdict, n, took, said, a.Message)
				}
			})
		})
	}
}

func TestHostThatWasThereIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &Reader{Limiter: ratelimit.New(0), Patience: time.Minute}
		for _, answers := range [][]talkdesk.Answer{{fine}, {nowhere, nowhere, fine}} {
			n := 0
			_, a := Once(t.Context(), r, func(context.Context) (int, talkdesk.Answer) { n++; return 0, answers[n-1] })
			if a.Verdict != talkdesk.OK {
				t.Errorf("%+v", a)
			}
		}
	})
}

func TestReadsEndWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		r, start := &Reader{Limiter: ratelimit.New(0), Patience: time.Hour}, time.Now()
		_, a := Once(ctx, r, func(context.Context) (int, talkdesk.Answer) { return 0, down })
		if a.Verdict != talkdesk.NotTaken || time.Since(start) != 5*time.Second {
			t.Errorf("%+v after %v", a, time.Since(start))
		}
	})
}

func TestReadsKeepTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, start := &Reader{Limiter: ratelimit.New(2)}, time.Now()
		for range 11 {
			Once(t.Context(), r, func(context.Context) (int, talkdesk.Answer) { return 0, fine })
		}
		if took := time.Since(start); took < 5*time.Second {
			t.Errorf("11 requests at 2/s took %v", took)
		}
	})
}

// pages answers with them, one page each; the last one again and again.
type pages []talkdesk.Page

func (p pages) Read(_ context.Context, q talkdesk.Query) (talkdesk.Page, talkdesk.Answer) {
	return p[min(q.Page, len(p))-1], fine
}

func (pages) ReadFields(context.Context, talkdesk.FieldsQuery) (talkdesk.FieldsPage, talkdesk.Answer) {
	return talkdesk.FieldsPage{}, refused
}

func page(total int, ids ...string) talkdesk.Page {
	p := talkdesk.Page{Total: total}
	for _, id := range ids {
		p.Cases = append(p.Cases, talkdesk.Found{ID: id, Shown: id != "hidden"})
	}
	return p
}

func TestList(t *testing.T) {
	for _, tt := range []struct {
		name     string
		pages    pages
		want     string
		whole    bool
		requests int // after the first page
	}{
		{"nothing", pages{page(0)}, "", true, 0},
		{"one page", pages{page(2, "1", "2"), page(2)}, "1 2", true, 1},
		{"no total", pages{page(-1, "1", "2"), page(-1, "3"), page(-1)}, "1 2 3", true, 2},
		{"total of the page", pages{page(2, "1", "2"), page(1, "3"), page(0)}, "1 2 3", true, 2},
		{"total too small", pages{page(1, "1", "2"), page(1, "3"), page(1)}, "1 2 3", true, 2},
		{"an empty page between", pages{page(3, "1", "2"), page(3), page(3, "3"), page(3)}, "1 2 3", true, 3},
		{"always the first page", pages{page(3, "1", "2")}, "1 2", false, 2},
		{"pages that overlap", pages{page(3, "1", "2"), page(3, "2"), page(3)}, "1 2", false, 2},
		{"total too large", pages{page(9, "1", "2"), page(9)}, "1 2", false, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := &Reader{Limiter: ratelimit.New(0)}
			var got []string
			l, a := r.List(t.Context(), tt.pages, talkdesk.Query{Field: "text1"}, tt.pages[0], 9, func(f talkdesk.Found) { got = append(got, f.ID) })
			if a.Verdict != talkdesk.OK || strings.Join(got, " ") != tt.want || l.Whole != tt.whole || l.Cases != len(got) || r.Requests != tt.requests {
				t.Errorf("%v %+v after %d requests", got, l, r.Requests)
			}
		})
	}
	r := &Reader{Limiter: ratelimit.New(0)}
	if l, _ := r.List(t.Context(), pages{page(1, "1"), page(1, "2"), page(1, "3"), page(1)}, talkdesk.Query{Field: "text1"}, page(1, "1"), 1, func(talkdesk.Found) {}); l.Whole || r.Requests != 1 {
		t.Errorf("%+v after %d requests, though one more was allowed", l, r.Requests)
	}
	if l, _ := r.List(t.Context(), pages{page(1)}, talkdesk.Query{Field: "text1"}, page(1, "hidden"), 9, func(talkdesk.Found) {}); l.Shown {
		t.Errorf("%+v", l)
	}
	if _, _, a := r.Fields(t.Context(), pages{}); !a.Denied {
		t.Error(fmt.Sprint(a))
	}
}
