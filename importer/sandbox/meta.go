package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const (
	fieldsPerPage     = 4
	defaultUsersPages = 20
	maxUsersPerPage   = 100
	fieldTime         = "2024-03-01T09:00:00Z" // when all fields were made
)

// fields answers GET /cm/meta/va/fields ("Get a List of Case Fields"). In the
// forms without pages it minds no parameters: whoever asks for page 2 gets
// everything again.
func (c *call) fields() {
	if c.spoiled(c.draw(c.r.RequestURI)) {
		return
	}
	var all []json.RawMessage
	for i, f := range c.s.rules.definitions() {
		all = append(all, c.definition(i, f))
	}
	form := c.s.opt.FieldsForm
	if form == FieldsArray || form == FieldsEmbedded {
		body, _ := json.Marshal(all)
		if form == FieldsEmbedded {
			body = add(nil, `{"_embedded":{"case_fields":`, string(body), `}}`)
		}
		c.json(http.StatusOK, body)
		return
	}
	values := c.r.URL.Query()
	page := 1
	if v := values.Get("page"); v != "" {
		if reason := number(&page, v, maxPage); reason != "" {
			c.badRequest(fieldError{"page", reason})
			return
		}
	}
	c.page(envelope{
		Total: len(all), Page: page, PerPage: fieldsPerPage,
		more: page*fieldsPerPage < len(all), unlinked: form == FieldsNumbered,
	}, values, "fields", pageOf(all, page, fieldsPerPage))
}

// types are the kinds of fields in the order of their codes, from 001. The page shows
// the codes of the first two; the others here are made up.
var types = []string{"drop_down", "dependent_field", "text", "multi_line_text", "checkbox", "date", "numeric", "decimal", "multi_select"}

// definition writes a field as the page does.
func (c *call) definition(i int, f Field) json.RawMessage {
	kind := slices.IndexFunc(types, func(prefix string) bool { return strings.HasPrefix(fieldKey(f.Key), prefix) })
	created := "created_at"
	if c.s.opt.FieldsForm != FieldsArray {
		created = "create_at"
	}
	raw, _ := json.Marshal(map[string]any{
		"id": strconv.Itoa(i + 1), "key": f.Key, "name": f.Name, "type": "00" + strconv.Itoa(kind+1),
		"description": f.Description, "dict_list": c.dictionary(f.Options), "required": f.Required, "active": f.Active,
		created: fieldTime,
	})
	return raw
}

func (c *call) dictionary(options []Option) []map[string]any {
	var list []map[string]any
	for _, o := range options {
		list = append(list, map[string]any{"key": o.Code, string(c.s.opt.LabelSpelling): o.Label, "children": c.dictionary(o.Options)})
	}
	return list
}

// users answers GET /users.
func (c *call) users() {
	if c.spoiled(c.draw(c.r.RequestURI)) {
		return
	}
	values := c.r.URL.Query()
	page, perPage := 1, defaultUsersPages
	agents := slices.Clone(c.s.rules.agents)
	var faults []fieldError
	for _, name := range slices.Sorted(maps.Keys(values)) {
		v, reason := values.Get(name), ""
		switch {
		case name == "page":
			reason = number(&page, v, maxPage)
		case name == "per_page":
			reason = number(&perPage, v, maxUsersPerPage)
		case name == "active":
			if reason = checkBool(v); reason == "" {
				agents = slices.DeleteFunc(agents, func(a Agent) bool { return strconv.FormatBool(a.Active) != v })
			}
		case name == "email" && c.s.opt.EmailFilter == EmailIgnored:
		case name == "email" && c.s.opt.EmailFilter == EmailExact:
			agents = slices.DeleteFunc(agents, func(a Agent) bool { return !strings.EqualFold(a.Email, v) })
		default:
			reason = "unknown parameter"
		}
		if reason != "" {
			faults = append(faults, fieldError{name, reason})
		}
	}
	if c.s.opt.AnyAgent {
		if email := values.Get("email"); email == "" {
			faults = append(faults, fieldError{"email", "is mandatory: there are too many agents to list"})
		} else if len(agents) == 0 && len(faults) == 0 {
			agents = []Agent{agentOf(email)}
		}
	}
	if len(faults) > 0 {
		c.badRequest(faults...)
		return
	}
	var some []json.RawMessage
	for _, a := range pageOf(agents, page, perPage) {
		raw, _ := json.Marshal(a)
		some = append(some, raw)
	}
	c.page(envelope{Total: len(agents), Page: page, PerPage: perPage, more: page*perPage < len(agents)}, values, "users", some)
}

func pageOf[T any](all []T, page, perPage int) []T {
	return all[min((page-1)*perPage, len(all)):min(page*perPage, len(all))]
}

// agentOf makes up the agent with an address.
func agentOf(email string) Agent {
	id := fmt.Sprintf("%024x", hash64(0, strings.ToLower(email)))
	return Agent{ID: id, Email: email, Name: email, Active: true}
}

// envelope is what surrounds a page of anything.
type envelope struct {
	Total    int             `json:"total"`
	Count    int             `json:"count"`
	Page     int             `json:"page"`
	PerPage  int             `json:"per_page"`
	Links    map[string]link `json:"_links,omitempty"`
	more     bool            // a page follows
	unlinked bool            // leave the links out
}

type link struct {
	Href string `json:"href"`
}

// page answers with one page of a list. values are the parameters as given.
func (c *call) page(e envelope, values url.Values, name string, items []json.RawMessage) {
	to := func(page int) link {
		values.Set("page", strconv.Itoa(page))
		return link{"http://" + c.r.Host + c.r.URL.Path + "?" + values.Encode()}
	}
	e.Count = len(items)
	if !e.unlinked {
		e.Links = map[string]link{"self": to(e.Page)}
		if e.Page > 1 {
			e.Links["prev"] = to(e.Page - 1)
		}
		if e.more {
			e.Links["next"] = to(e.Page + 1)
		}
	}
	head, _ := json.Marshal(e)
	b := add(nil, string(head[:len(head)-1]), `,"_embedded":{"`, name, `":[`)
	b = commas(b, items, func(b []byte, item json.RawMessage) []byte { return append(b, item...) })
	c.json(http.StatusOK, append(b, `]}}`...))
}
