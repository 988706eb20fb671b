package talkdesk

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/tidwall/gjson"

	"caseimport/mapping/fields"
)

// maxFieldPages is far more than any account has.
const maxFieldPages = 100

// FieldsQuery asks for one page of the account's case fields; the zero value for
// the first.
type FieldsQuery struct{ parameters string }

// FieldsPage is what a read of the case fields brought.
type FieldsPage struct {
	Fields []fields.Field

	bare  bool   // an array without anything around it: there are no pages
	next  string // the parameters of the next page, from its link
	total int    // of all pages, -1 if not said
	label string // the member that holds the labels of options
}

// ReadFields makes one request for the account's case fields ("Get a List of
// Case Fields"). The verdicts are those of Read; Unknown where the API does not
// offer them.
func (c *Client) ReadFields(ctx context.Context, q FieldsQuery) (FieldsPage, Answer) {
	t, a := c.tokens.get(ctx)
	if t == nil {
		return FieldsPage{}, a
	}
	at := *c.cases
	base, _ := url.Parse(c.base + fieldsPath) // as New has parsed the address of cases
	at.Path, at.RawPath, at.RawQuery = base.Path, base.RawPath, q.parameters
	req := c.get
	req.URL, req.Header = &at, t.read
	x := c.send(ctx, &req, t, new(bytes.Buffer), maxListBytes)
	x.url, x.scope = address(at.String()), ScopeFields
	p, a := judgeFields(x)
	t.answered(a)
	return p, a
}

// judgeFields decides what an attempt to read the fields means.
func judgeFields(x *exchange) (FieldsPage, Answer) {
	if x.status/100 == 2 {
		if p, ok := readFields(x); ok {
			return p, Answer{Verdict: OK, Status: x.status}
		}
	}
	return FieldsPage{}, judgeUnread(x, "case fields")
}

// judgeUnread decides what a read means that brought none of what the account was
// asked for, beside cases.
func judgeUnread(x *exchange, what string) Answer {
	a := judge(x)
	switch {
	case x.status == http.StatusNotFound || x.status == http.StatusMethodNotAllowed:
		a.Verdict, a.Message = Unknown, fmt.Sprintf("the API does not show %s: GET %s answered %s", what, x.url, statusText(x.status))
	case a.Verdict == Unknown || a.Verdict == OK:
		a.Verdict, a.CaseID = NotTaken, ""
		if x.status/100 == 2 && a.Code == "" { // it has an id, as a case would
			a.Code, a.Message = "unreadable answer", "the "+what+" are not in a form that is known"
		}
	case a.Verdict == Rejected:
		a.Verdict = Unknown
	}
	return a
}

// readFields reads an array of definitions, or an object that embeds one under
// any name; false if the answer is neither.
func readFields(x *exchange) (FieldsPage, bool) {
	p := FieldsPage{total: -1}
	if !whole(x.body) {
		return p, false
	}
	body := gjson.ParseBytes(x.body)
	list := body
	if p.bare = body.IsArray(); !p.bare {
		if total, err := strconv.Atoi(scalar(body.Get("total"))); err == nil {
			p.total = total
		}
		if next, err := url.Parse(scalar(body.Get("_links.next.href"))); err == nil {
			// Only the parameters: the token goes to no other address.
			p.next = next.RawQuery
		}
		if list = embedded(body.Get("_embedded")); !list.IsArray() {
			list = embedded(body)
		}
	}
	ok := list.IsArray()
	secrets := x.secrets.forData()
	list.ForEach(func(_, v gjson.Result) bool {
		f := p.field(v, secrets)
		p.Fields = append(p.Fields, f)
		ok = f.Key != ""
		return ok
	})
	return p, ok
}

// embedded finds the list in an object: an array of definitions, or if there is
// none, an empty one.
func embedded(o gjson.Result) (list gjson.Result) {
	if !o.IsObject() {
		return list
	}
	o.ForEach(func(_, v gjson.Result) bool {
		switch {
		case !v.IsArray():
		case v.Get("0.key").Exists():
			list = v
			return false
		case v.Get("#").Int() == 0:
			list = v
		}
		return true
	})
	return list
}

// field reads one definition. Of the type codes of the API two are known, so
// the key's prefix says of which kind a field is.
func (p *FieldsPage) field(v gjson.Result, secrets censor) fields.Field {
	f := fields.Field{
		Key:         secrets.data(scalar(v.Get("key"))),
		Name:        secrets.data(scalar(v.Get("name"))),
		Description: secrets.data(scalar(v.Get("description"))),
		Required:    v.Get("required").Bool(),
		Active:      !v.Get("active").Exists() || v.Get("active").Bool(),
		Options:     p.options(v.Get("dict_list"), secrets),
	}
	f.Kind = fields.KindOf(f.Key)
	return f
}

// options reads a dict_list. One without a code could not be sent.
func (p *FieldsPage) options(list gjson.Result, secrets censor) (options []fields.Option) {
	if !list.IsArray() {
		return nil
	}
	list.ForEach(func(_, v gjson.Result) bool {
		o := fields.Option{Code: secrets.data(scalar(v.Get("key")))}
		// "value" is what the page's table says, "lable" what its sample has.
		for _, name := range []string{"label", "lable", "value"} {
			if o.Label = secrets.data(scalar(v.Get(name))); o.Label != "" {
				p.label = name
				break
			}
		}
		if o.Options = p.options(v.Get("children"), secrets); o.Code != "" {
			options = append(options, o)
		}
		return true
	})
	return options
}

// Definitions reads all the account's case fields, from as many pages as there
// are. It sends nothing itself:
//
//	d := NewDefinitions()
//	for q, more := d.Next(); more; q, more = d.Next() {
//		d.Take(client.ReadFields(ctx, q))
//	}
//	all, answer := d.Result()
//
// A read that is NotTaken may also be made again without a Take.
type Definitions struct {
	Wrapping string // how they come, for people
	Label    string // the member that holds the labels of options; "" if there are none

	all  []fields.Field
	seen map[string]bool // keys
	page int             // that was taken last
	next FieldsQuery
	end  *Answer
}

// NewDefinitions begins to read them.
func NewDefinitions() *Definitions { return &Definitions{seen: map[string]bool{}} }

// Next returns what to read next; more is false once the result stands.
func (d *Definitions) Next() (q FieldsQuery, more bool) { return d.next, d.end == nil }

// Take adds what came of the read that Next asked for.
func (d *Definitions) Take(p FieldsPage, a Answer) {
	if d.page > 0 && a.Verdict == Unknown && a.Status == http.StatusBadRequest {
		p, a = FieldsPage{}, Answer{Verdict: OK, Status: a.Status} // there is no such parameter, so no other page
	}
	if a.Verdict != OK {
		d.all, d.end = nil, &a
		return
	}
	d.page++
	known := len(d.all)
	for _, f := range p.Fields {
		if !d.seen[f.Key] {
			d.seen[f.Key] = true
			d.all = append(d.all, f)
		}
	}
	if p.label != "" {
		d.Label = p.label
	}
	d.wrapped(p, len(d.all) > known)
	switch {
	case p.bare || p.total >= 0 && len(d.all) >= p.total && p.next == "":
		d.end = &a
	case len(d.all) == known && len(p.Fields) > 0 && p.total > len(d.all) || d.page == maxFieldPages:
		d.all, d.end = nil, &Answer{Status: a.Status, Code: "list repeats",
			Message: fmt.Sprintf("page %d of the case fields repeats earlier ones, so it cannot tell whether there are more", d.page)}
	case len(d.all) == known:
		d.end = &a
	case p.next != "":
		d.next = FieldsQuery{p.next}
	default:
		d.next = FieldsQuery{"page=" + strconv.Itoa(d.page+1)}
	}
}

// wrapped notes how the definitions come.
func (d *Definitions) wrapped(p FieldsPage, fresh bool) {
	switch {
	case fresh && d.Wrapping == "an object":
		d.Wrapping = "pages"
	case d.page > 1:
	case p.bare:
		d.Wrapping = "an array"
	case p.next != "":
		d.Wrapping = "pages with links"
	default:
		d.Wrapping = "an object"
	}
}

// Result returns the fields in the account's order. The verdict is OK;
// Unknown if they are not offered, or not whole; NotTaken or Halt.
func (d *Definitions) Result() ([]fields.Field, Answer) {
	if d.end == nil {
		return nil, Answer{Code: "not finished", Message: "the case fields are not read to their end"}
	}
	return d.all, *d.end
}
