package talkdesk

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// PerPage is the most cases that one answer holds ("Get Case List").
const PerPage = 500

// Query asks for one page of the list, or for one case.
type Query struct {
	Field string // the custom field whose text goes into Found.Key
	Key   string // only cases whose field matches it, as the server sees that; "": all cases
	Page  int    // from 1
	ID    string // of one case; "": of the list

	// IDs narrows the list down to these cases, Created and Updated to those that were
	// created or changed last between two moments of the server's clock. They are nil
	// or zero for all.
	IDs     []string
	Created [2]time.Time
	Updated [2]time.Time
	Whole   bool // all of every case is wanted: Found.Whole

	form int32 // of the filter, which gave the case
}

// The forms of the filter. The reference shows an array and a published
// description of the API an object, so the other is tried where the first is
// refused or ignored, and dropped for good if it fares no better. What an
// answer proves does not depend on this: it is judged by its cases.
const (
	arrayForm int32 = iota
	objectForm
	arrayAfterAll
)

// Read makes one request for a page of the list, or for a case. The verdict is
// OK if it was read, even if it is empty; NotTaken if it may be read again
// (Again: at once and at no cost); Unknown if it was refused; or Halt, with
// Denied where the scope to read is missing.
func (c *Client) Read(ctx context.Context, q Query) (Page, Answer) {
	return c.read(ctx, q, PerPage)
}

// Probe asks for one case only, to see whether the server is up: it is unless
// Down or Throttled. The verdict is as of Read.
func (c *Client) Probe(ctx context.Context) Answer {
	_, a := c.read(ctx, Query{Page: 1}, 1)
	return a
}

func (c *Client) read(ctx context.Context, q Query, size int) (Page, Answer) {
	t, a := c.tokens.get(ctx)
	if t == nil {
		return Page{Total: -1}, a
	}
	if q.ID == "" {
		q.form = c.form.Load()
	}
	req := c.get
	req.URL, req.Header = q.address(c.cases, size), t.read
	began := time.Now()
	x := c.send(ctx, &req, t, new(bytes.Buffer), maxListBytes)
	p, a := judgeRead(x, q)
	p.Ahead, p.Dated = ahead(x, began)
	t.answered(a)
	if (p.Unfiltered || p.others || q.ID == "" && refusesFilter(a)) && c.reform(q) {
		return Page{Total: -1}, Answer{Verdict: NotTaken, Status: a.Status, Code: "another form", Again: true,
			Message: "the server does not apply the filter; trying its other form"}
	}
	return p, a
}

// reform changes the filter's form, if that helps: if another one is left, or
// taken meanwhile.
func (c *Client) reform(q Query) bool {
	if q.Key == "" || q.form == arrayAfterAll {
		return false
	}
	c.form.CompareAndSwap(q.form, q.form+1)
	return true
}

// address is where to ask.
func (q Query) address(cases *url.URL, size int) *url.URL {
	if q.ID != "" {
		return cases.JoinPath(url.PathEscape(q.ID))
	}
	query := url.Values{
		"page":     {strconv.Itoa(q.Page)},
		"per_page": {strconv.Itoa(size)},
		"order_by": {"create_at"},
		"sort":     {"asc"},
	}
	if q.Key != "" {
		query.Set("custom_fields", q.filter())
	}
	if q.IDs != nil {
		ids, _ := json.Marshal(q.IDs)
		query.Set("ids", string(ids))
	}
	for name, window := range map[string][2]time.Time{"create_at": q.Created, "update_at": q.Updated} {
		if from, to := window[0], window[1]; !to.IsZero() {
			times, _ := json.Marshal([]string{from.UTC().Format(time.RFC3339), to.UTC().Format(time.RFC3339)})
			query.Set(name, string(times))
		}
	}
	u := *cases
	u.RawQuery = query.Encode()
	return &u
}

func (q Query) filter() string {
	field := map[string]string{"label": q.Field, "value": q.Key}
	var filter any = []any{field}
	if q.form == objectForm {
		filter = map[string]any{q.Field: field}
	}
	text, _ := json.Marshal(filter) // strings always marshal
	return string(text)
}

// judgeRead decides what an attempt to read means. Nothing is in doubt here: a
// read may always be made again.
func judgeRead(x *exchange, q Query) (Page, Answer) {
	if x.status/100 == 2 {
		if p, ok := readPage(x, q); ok {
			return p, Answer{Verdict: OK, Status: x.status}
		}
	}
	a := judge(x)
	switch {
	case q.ID != "" && a.APIForm && x.status == http.StatusNotFound:
		a.Verdict, a.Message = Unknown, fmt.Sprintf("case %s is listed but does not exist", q.ID)
	case a.Verdict == Unknown || a.Verdict == OK:
		a.Verdict, a.CaseID = NotTaken, ""
		a.Down = a.Down || a.Page // whatever is asked will be answered by it
		if x.status/100 == 2 && a.Code == "" {
			a.Code, a.Message = "unreadable answer", "the list is not in the API's form"
		}
	case a.Verdict == Rejected: // another request might fare better
		a.Verdict = Unknown
	}
	return Page{Total: -1}, a
}
