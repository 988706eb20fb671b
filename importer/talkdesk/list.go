package talkdesk

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

const (
	perPage  = 500 // the most that the API gives ("Get Case List")
	maxPages = 20  // of one look-up
)

// Find looks cases up by a text custom field and returns those whose field
// equals key when both are trimmed, oldest first. Upper and lower case are
// distinct.
//
// The verdict is Created if there is at least one; Absent; Unknown if that
// cannot be told (more than 20 pages: Code "too many hits"; or the request was
// refused); NotTaken if the look-up may be made again; or Halt, with Status 403
// where the scope to read is missing.
//
// before is called before every further page (the first is the caller's
// business): it waits for the caller's pace and returns an error to give up.
func (c *Client) Find(ctx context.Context, field, key string, before func(context.Context) error) ([]Found, Answer) {
	key = strings.TrimSpace(key)
	if key == "" { // would equal the field of every case that has none
		return nil, Answer{Code: "no key", Message: "there is no key to look up"}
	}
	label, _ := json.Marshal([]map[string]string{{"label": field, "value": key}}) // strings always marshal
	filter := url.Values{"custom_fields": {string(label)}}

	var found []Found
	seen := map[string]bool{} // ids: a list that shifts or repeats must not count twice
	total := -1
	for n := 1; n <= maxPages; n++ {
		if n > 1 {
			if err := before(ctx); err != nil {
				return nil, Answer{Verdict: NotTaken, Code: "interrupted", Message: "the look-up was given up", Err: err}
			}
		}
		p, a := c.list(ctx, filter, field, n, perPage)
		if a.Verdict != Created {
			return nil, a
		}
		if p.total < 0 {
			p.total = total // what an earlier page said
		}
		total = p.total
		known := len(seen)
		for _, f := range p.cases {
			if !seen[f.ID] && f.Key == key {
				found = append(found, f)
			}
			seen[f.ID] = true
		}
		switch {
		case p.last(len(seen)):
			return result(found, Answer{Verdict: Absent, Status: a.Status})
		// Where cases are missing, the key is not known to be absent.
		case len(p.cases) == 0:
			return result(found, Answer{Verdict: NotTaken, Status: a.Status, Code: "incomplete list",
				Message: fmt.Sprintf("the look-up is said to have %d hits, but shows %d", total, len(seen))})
		case len(seen) == known:
			return result(found, Answer{Status: a.Status, Code: "list repeats",
				Message: fmt.Sprintf("page %d of the look-up brings nothing new, though there are more hits", n)})
		}
	}
	return result(found, Answer{Status: http.StatusOK, Code: "too many hits",
		Message: fmt.Sprintf("the look-up has more than %d pages of hits", maxPages)})
}

// result is what was found, or else the answer that says why nothing was.
func result(found []Found, otherwise Answer) ([]Found, Answer) {
	if len(found) == 0 {
		return nil, otherwise
	}
	sortOldestFirst(found)
	return found, Answer{Verdict: Created, Status: otherwise.Status}
}

// Page reads one page, from 1, of the list of all cases, oldest first, 500 a
// page; field says which custom field to put into Found.Key. total counts the
// cases of the whole list, -1 if the server does not say. The verdict is
// Created if the page was read, even if it is empty; otherwise as of Find.
func (c *Client) Page(ctx context.Context, field string, number int) (cases []Found, total int, a Answer) {
	p, a := c.list(ctx, url.Values{}, field, number, perPage)
	return p.cases, p.total, a
}

// Probe asks for one case only, to see whether the server is up: it is unless
// Down or Throttled. The verdict is as of Page.
func (c *Client) Probe(ctx context.Context) Answer {
	_, a := c.list(ctx, url.Values{}, "", 1, 1)
	return a
}

// list makes one attempt to read a page of the list.
func (c *Client) list(ctx context.Context, query url.Values, field string, number, size int) (page, Answer) {
	t, a := c.tokens.get(ctx)
	if t == nil {
		return page{total: -1}, a
	}
	query.Set("page", strconv.Itoa(number))
	query.Set("per_page", strconv.Itoa(size))
	query.Set("order_by", "create_at")
	query.Set("sort", "asc")
	target := *c.cases
	target.RawQuery = query.Encode()
	req := c.get
	req.URL, req.Header = &target, t.read

	p, a := judgeList(c.send(ctx, &req, t, new(bytes.Buffer), maxListBytes), field)
	t.answered(a)
	return p, a
}

// judgeList decides what an attempt to read the list means. Nothing is in
// doubt here: a read may always be made again.
func judgeList(x *exchange, field string) (page, Answer) {
	if x.status/100 == 2 {
		if p, ok := readPage(x.body, field); ok {
			return p, Answer{Verdict: Created, Status: x.status}
		}
	}
	a := judge(x)
	switch {
	case a.Verdict == Unknown || a.Verdict == Created:
		a.Verdict, a.CaseID = NotTaken, ""
		if x.status/100 == 2 && a.Code == "" {
			a.Code, a.Message = "unreadable answer", "the list is not in the API's form"
		}
	case a.Verdict == Rejected: // another request might fare better
		a.Verdict = Unknown
	}
	return page{total: -1}, a
}

// page is one page of the list.
type page struct {
	cases []Found
	total int  // cases in the whole list, -1 if not said
	size  int  // cases that a full page holds
	next  bool // a link to a next page is given
}

// last reports whether nothing comes after this page, seen cases being known
// with it. A server may give fewer a page than it was asked for, so a short
// page is the end only where no total is given.
func (p page) last(seen int) bool {
	if p.total >= 0 {
		return seen >= p.total
	}
	return len(p.cases) == 0 || !p.next && len(p.cases) < p.size
}

// readPage reads an answer to a list request; false if it is not one, or not
// whole. A list that cannot be read must never look like an empty one.
func readPage(body []byte, field string) (page, bool) {
	if !whole(body) {
		return page{}, false
	}
	list := gjson.ParseBytes(body)
	data, total := list.Get("_embedded.data"), list.Get("total")
	p := page{total: -1, size: perPage, next: scalar(list.Get("_links.next.href")) != ""}
	if size := list.Get("per_page"); size.Int() > 0 {
		p.size = int(size.Int())
	}
	if n, err := strconv.Atoi(scalar(total)); err == nil && n >= 0 {
		p.total = n
	}
	if !data.IsArray() {
		return p, p.total == 0 && !data.IsObject()
	}
	ok := true
	data.ForEach(func(_, c gjson.Result) bool {
		f := Found{
			ID:        readableID(c.Get("id")),
			Title:     scalar(c.Get("title")),
			Key:       strings.TrimSpace(customField(c, field)),
			CreatedAt: scalar(c.Get("create_at")),
			Status:    scalar(c.Get("status")),
		}
		p.cases = append(p.cases, f)
		ok = f.ID != ""
		return ok
	})
	return p, ok
}

// customField reads a text field of a case, which stands there plainly or
// wrapped as {"value": …}.
func customField(c gjson.Result, name string) string {
	var text string
	c.Get("custom_fields").ForEach(func(key, v gjson.Result) bool {
		if key.Str != name {
			return true
		}
		if v.IsObject() {
			v = v.Get("value")
		}
		text = scalar(v)
		return false
	})
	return text
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
