package talkdesk

import (
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"
	"golang.org/x/text/unicode/norm"
)

// Found is a case as a read shows it ("Get Case List").
type Found struct {
	ID        string
	Title     string // as the server wrote it
	Key       string // the custom field asked for, trimmed; "" if the case has none
	Shown     bool   // the answer names that field, be it empty
	CreatedAt string // create_at as the server wrote it
	Status    string
	Whole     *Case // all of it, where the query asked for that
}

// Titled reports whether the case has a title, white space aside: of a case that has
// a row's key this tells whether it is the row's.
func (f Found) Titled(title string) bool {
	return f.Title == title || strings.Join(strings.Fields(f.Title), " ") == strings.Join(strings.Fields(title), " ")
}

// Page is what a read brought: cases, the oldest first as far as the server
// sorts.
type Page struct {
	Cases []Found
	Total int // cases in the whole list, -1 if not said

	// Unfiltered: there is a case whose field cannot match the key that was
	// asked for. The server ignores the filter, so whatever the page lacks may
	// be there all the same.
	Unfiltered bool

	// Ahead is how much the server's clock is before ours, to about a second; Dated:
	// the answer says so.
	Dated bool
	Ahead time.Duration

	Shape     string // of custom fields, for people; "" if no case has any
	TextField string // where no field was asked for: the key of one that has a text

	size   int   // cases that a full page holds
	next   bool  // a link to a next page is given
	others bool  // of a single case: it shows other custom fields, but not the one asked for
	form   int32 // of the filter
}

// readPage reads an answer to a list request, or to one for a single case;
// false if it is not one, or not whole. A list that cannot be read must never
// look like an empty one.
func readPage(x *exchange, q Query) (Page, bool) {
	if !whole(x.body) {
		return Page{}, false
	}
	list := gjson.ParseBytes(x.body)
	if q.ID != "" {
		f, others := readCase(list, q, x.secrets.forData())
		p := Page{Cases: []Found{f}, Total: 1, form: q.form, others: others && !f.Shown, Shape: shapeOf(list.Get("custom_fields"))}
		p.check(q.Key)
		return p, f.ID == q.ID
	}
	data, total := list.Get("_embedded.data"), list.Get("total")
	p := Page{Total: -1, size: PerPage, next: scalar(list.Get("_links.next.href")) != "", form: q.form}
	if size := list.Get("per_page"); size.Int() > 0 {
		p.size = int(size.Int())
	}
	if n, err := strconv.Atoi(scalar(total)); err == nil && n >= 0 {
		p.Total = n
	}
	if !data.IsArray() {
		return p, p.Total == 0 && !data.IsObject()
	}
	p.notice(data, q)
	ok, secrets := true, x.secrets.forData()
	data.ForEach(func(_, c gjson.Result) bool {
		f, _ := readCase(c, q, secrets)
		p.Cases = append(p.Cases, f)
		ok = f.ID != ""
		return ok
	})
	p.check(q.Key)
	return p, ok
}

// readCase reads one case, and whether it shows other custom fields.
func readCase(c gjson.Result, q Query, secrets censor) (f Found, others bool) {
	text, shown, others := customField(c.Get("custom_fields"), q.Field)
	f = Found{
		ID:        readableID(c.Get("id"), secrets),
		Title:     secrets.data(scalar(c.Get("title"))),
		Key:       strings.TrimSpace(text),
		Shown:     shown,
		CreatedAt: secrets.clean(scalar(created(c)), maxCode),
		Status:    secrets.clean(scalar(c.Get("status")), maxCode),
	}
	if q.Whole {
		f.Whole = wholeCase(c, f.ID, secrets)
	}
	return f, others
}

// check finds out whether the cases were filtered by the key. Where some show
// the field, it is empty in those that do not.
func (p *Page) check(key string) {
	if key == "" || !slices.ContainsFunc(p.Cases, func(f Found) bool { return f.Shown }) {
		return
	}
	key = fold(key)
	for _, f := range p.Cases {
		p.Unfiltered = p.Unfiltered || !strings.Contains(fold(f.Key), key)
	}
}

// fold makes texts equal that a search may take for equal.
func fold(s string) string { return strings.ToLower(norm.NFKC.String(html.UnescapeString(s))) }

// customField reads a text field of a case; others: it shows other custom fields.
func customField(fields gjson.Result, name string) (text string, shown, others bool) {
	eachCustom(fields, func(key, alias string, v gjson.Result) bool {
		if key != name && alias != name {
			others = true
			return true
		}
		text, shown = scalar(inner(v)), true
		return false
	})
	return text, shown, others
}

// eachCustom calls yield with every custom field of a case, until that is false; v may
// be wrapped (inner). Custom fields are an object of plain values or of {"value": …},
// an array of {"key" or "label" or "name", "value"}, or a text that holds the JSON of
// any of these: the published descriptions of the API disagree. Which of label and
// name is the key cannot be told, so a field may have an alias. It reports whether
// there are custom fields at all, be they none.
func eachCustom(fields gjson.Result, yield func(key, alias string, v gjson.Result) bool) bool {
	if fields.Type == gjson.String && whole([]byte(fields.Str)) {
		fields = gjson.Parse(fields.Str)
	}
	if !fields.IsObject() && !fields.IsArray() {
		return false
	}
	fields.ForEach(func(k, v gjson.Result) bool {
		key, alias := k.Str, k.Str
		if fields.IsArray() {
			if named := v.Get("key"); named.Exists() {
				key = scalar(named)
				alias = key
			} else {
				key, alias = scalar(v.Get("label")), scalar(v.Get("name"))
			}
		}
		return yield(key, alias, v)
	})
	return true
}

// inner is the value of a custom field.
func inner(v gjson.Result) gjson.Result {
	if v.IsObject() {
		return v.Get("value")
	}
	return v
}

// aboutFilter is what a refusal says if it is the filter that is refused.
var aboutFilter = regexp.MustCompile(`(?i)custom.?field|filter`)

// refusesFilter reports whether a list was refused for its filter.
func refusesFilter(a Answer) bool {
	said := a.Code + " " + a.Message
	for _, f := range a.Fields {
		said += " " + f.Name + " " + f.Description
	}
	return a.Status == 400 && aboutFilter.MatchString(said)
}
