package talkdesk

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// perPage is the most that the API gives ("Get Case List").
const perPage = 500

// Query asks for one page of the list.
type Query struct {
	Field string // the custom field whose text goes into Found.Key
	Key   string // only cases whose field matches it, as the server sees that; "": all cases
	Page  int    // from 1
}

// Page is one page of the list, oldest cases first as far as the server sorts.
type Page struct {
	Cases []Found
	Total int  // cases in the whole list, -1 if not said
	size  int  // cases that a full page holds
	next  bool // a link to a next page is given
}

// Read makes one request for a page of the list. The verdict is Created if it
// was read, even if it is empty; NotTaken if it may be read again; Unknown if
// it was refused; or Halt, with Denied where the scope to read is missing.
func (c *Client) Read(ctx context.Context, q Query) (Page, Answer) {
	return c.list(ctx, q, perPage)
}

// Find makes a whole look-up: see Search. before is called before every
// further page.
//
// Deprecated: it is going away; use Search.
func (c *Client) Find(ctx context.Context, field, key string, before func(context.Context) error) ([]Found, Answer) {
	s := NewSearch(field, key)
	for q, more := s.Next(); more; q, more = s.Next() {
		if q.Page > 1 {
			if err := before(ctx); err != nil {
				return nil, Answer{Verdict: NotTaken, Code: "interrupted", Message: "the look-up was given up", Err: err}
			}
		}
		s.Take(c.Read(ctx, q))
	}
	return s.Result()
}

// Page reads one page, from 1, of the list of all cases.
//
// Deprecated: it is going away; use Read.
func (c *Client) Page(ctx context.Context, field string, number int) (cases []Found, total int, a Answer) {
	p, a := c.Read(ctx, Query{Field: field, Page: number})
	return p.Cases, p.Total, a
}

// Probe asks for one case only, to see whether the server is up: it is unless
// Down or Throttled. The verdict is as of Read.
func (c *Client) Probe(ctx context.Context) Answer {
	_, a := c.list(ctx, Query{Page: 1}, 1)
	return a
}

// list makes one attempt to read a page of that size.
func (c *Client) list(ctx context.Context, q Query, size int) (Page, Answer) {
	t, a := c.tokens.get(ctx)
	if t == nil {
		return Page{Total: -1}, a
	}
	query := url.Values{
		"page":     {strconv.Itoa(q.Page)},
		"per_page": {strconv.Itoa(size)},
		"order_by": {"create_at"},
		"sort":     {"asc"},
	}
	if q.Key != "" {
		query.Set("custom_fields", filter(q.Field, q.Key))
	}
	target := *c.cases
	target.RawQuery = query.Encode()
	req := c.get
	req.URL, req.Header = &target, t.read

	p, a := judgeList(c.send(ctx, &req, t, new(bytes.Buffer), maxListBytes), q.Field)
	t.answered(a)
	return p, a
}

func filter(field, key string) string {
	text, _ := json.Marshal([]map[string]string{{"label": field, "value": key}}) // strings always marshal
	return string(text)
}

// judgeList decides what an attempt to read the list means. Nothing is in
// doubt here: a read may always be made again.
func judgeList(x *exchange, field string) (Page, Answer) {
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
	return Page{Total: -1}, a
}

// readPage reads an answer to a list request; false if it is not one, or not
// whole. A list that cannot be read must never look like an empty one.
func readPage(body []byte, field string) (Page, bool) {
	if !whole(body) {
		return Page{}, false
	}
	list := gjson.ParseBytes(body)
	data, total := list.Get("_embedded.data"), list.Get("total")
	p := Page{Total: -1, size: perPage, next: scalar(list.Get("_links.next.href")) != ""}
	if size := list.Get("per_page"); size.Int() > 0 {
		p.size = int(size.Int())
	}
	if n, err := strconv.Atoi(scalar(total)); err == nil && n >= 0 {
		p.Total = n
	}
	if !data.IsArray() {
		return p, p.Total == 0 && !data.IsObject()
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
		p.Cases = append(p.Cases, f)
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
