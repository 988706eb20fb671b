package sandbox

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	casesPath  = "/cm/core/va/cases"
	fieldsPath = "/cm/meta/va/fields"
	usersPath  = "/users"
	tokenPath  = "/oauth/token"
	maxBody    = 4 << 20 // bytes
)

// call is one request on its way to an answer.
type call struct {
	s       *Server
	w       http.ResponseWriter
	r       *http.Request
	kind    kind
	status  int      // of the answer; 0: none
	fault   fault    // injected
	refused []string // the names of its fields at fault
}

// kind is what a request asks for.
type kind uint8

const (
	create kind = iota
	list
	get
	update
	remove
	fields
	users
	token
	other
)

// route is a method and a path. Behind a path that ends in a slash stands the
// id of a case.
type route struct {
	name         string // in Stats
	method, path string
	scope        string // that the token needs; "" also means no rate limit
	serve        func(c *call)
}

// routes are what there is, by kind.
var routes = [...]route{
	create: {"create", http.MethodPost, casesPath, scopeWrite, (*call).create},
	list:   {"list", http.MethodGet, casesPath, scopeRead, (*call).list},
	get:    {"get", http.MethodGet, casesPath + "/", scopeRead, (*call).get},
	update: {"update", http.MethodPatch, casesPath + "/", scopeWrite, (*call).update},
	remove: {"delete", http.MethodDelete, casesPath, scopeWrite, (*call).remove},
	fields: {"fields", http.MethodGet, fieldsPath, scopeFields, (*call).fields},
	users:  {"users", http.MethodGet, usersPath, scopeUsers, (*call).users},
	token:  {"token", http.MethodPost, tokenPath, "", (*call).token},
	other:  {name: "other"},
}

// at tells whether the route leads to a path.
func (r *route) at(path string) bool {
	return path == r.path || strings.HasSuffix(r.path, "/") && strings.HasPrefix(path, r.path)
}

func kindOf(r *http.Request) kind {
	for k := range routes {
		if r.Method == routes[k].method && routes[k].at(r.URL.Path) {
			return kind(k)
		}
	}
	return other
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, adminPath) {
		s.serveAdmin(w, r)
		return
	}
	c := &call{s: s, w: w, r: r, kind: kindOf(r)}
	down := s.down()
	s.counters.arrive(c.kind, down)
	defer func() {
		s.counters.leave(c.status, c.fault, down)
		c.log()
	}()
	if down && c.outage() {
		return
	}
	if c.kind == other {
		c.other()
		return
	}
	if scope := routes[c.kind].scope; scope != "" {
		if wait := s.limit.pass(); wait > 0 {
			c.tooMany(wait)
			return
		}
		if !c.authorized(scope) {
			return
		}
	}
	routes[c.kind].serve(c)
}

func (c *call) other() {
	if slices.ContainsFunc(routes[:], func(r route) bool { return r.at(c.r.URL.Path) }) {
		c.refuse(http.StatusMethodNotAllowed, "method_not_allowed", c.r.Method+" is not offered here")
		return
	}
	c.refuse(http.StatusNotFound, "not_found", "there is nothing at this path")
}

// bearer returns the token; "" for none.
func (c *call) bearer() string {
	bearer, found := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	if !found {
		return ""
	}
	return bearer
}

// authorized checks the token; where it will not do, it answers.
func (c *call) authorized(scope string) bool {
	valid, allowed := c.s.tokens.allows(c.bearer(), scope)
	switch {
	case !valid:
		c.w.Header().Set("WWW-Authenticate", `Bearer realm="sandbox"`)
		c.refuse(http.StatusUnauthorized, "unauthorized", "the token is missing, expired or unknown")
	case !allowed:
		c.refuse(http.StatusForbidden, "forbidden", "the token lacks the scope "+scope)
	default:
		return true
	}
	return false
}

func (c *call) create() {
	body, ok := c.body()
	if !ok {
		return
	}
	plan := c.draw(body)
	if !plan.fault.afterStoring() && c.spoiled(plan) {
		return
	}
	rec, faults := c.s.rules.parseBody(body, false)
	if len(faults) > 0 {
		c.badRequest(faults...)
		return
	}
	if reason := c.s.store.tooDeep(0, rec); reason != "" {
		c.badRequest(fieldError{"parent_id", reason})
		return
	}
	if plan.fault == lateStore {
		c.storeLate(rec)
	}
	e := c.s.add(rec)
	if c.spoiled(plan) {
		return
	}
	out := e.append(make([]byte, 0, len(body)+512), rec, &c.s.created)
	if plan.fault == brokenAnswer {
		c.broken(http.StatusCreated, out, plan.variant)
		return
	}
	c.json(http.StatusCreated, out)
}

func (c *call) list() {
	q, values, faults := c.s.rules.parseQuery(c.r.URL.RawQuery)
	if len(faults) > 0 {
		c.badRequest(faults...)
		return
	}
	if c.spoiled(c.draw(c.r.RequestURI)) {
		return
	}
	cases, total := q.run(c.s.store, time.Now().Add(-c.s.opt.Lag))
	var items []json.RawMessage
	for _, e := range cases {
		items = append(items, e.append(nil, e.current.Load(), &c.s.listed))
	}
	c.page(envelope{
		Total: q.claimed(total, len(cases)), Page: q.page, PerPage: q.perPage,
		more: q.more(total), unlinked: q.faulty(NoLinks),
	}, values, "data", items)
}

func (c *call) get() {
	if !c.noQuery() || c.spoiled(c.draw(c.r.RequestURI)) {
		return
	}
	e := c.s.store.get(c.id())
	if e == nil {
		c.noCase()
		return
	}
	c.json(http.StatusOK, e.append(nil, e.current.Load(), &c.s.single))
}

func (c *call) noCase() {
	c.refuse(http.StatusNotFound, "not_found", "no such case")
}

// id returns the id in the path; 0, which no case has, where there is none.
func (c *call) id() int64 {
	id, _ := parseID(strings.TrimPrefix(c.r.URL.Path, casesPath+"/"))
	return id
}

func (c *call) update() {
	body, ok := c.body()
	if !ok {
		return
	}
	plan := c.draw(c.r.RequestURI + body)
	if !plan.fault.afterStoring() && c.spoiled(plan) {
		return
	}
	change, faults := c.s.rules.parseBody(body, true)
	if len(faults) > 0 {
		c.badRequest(faults...)
		return
	}
	if reason := c.s.store.tooDeep(c.id(), change); reason != "" {
		c.badRequest(fieldError{"parent_id", reason})
		return
	}
	e, fault := c.s.store.update(c.id(), change)
	if e != nil && fault.Name == "" {
		e.updates.Add(1)
		if plan.fault != noFault || c.r.Context().Err() != nil {
			e.inDoubt.Add(1)
		}
	}
	switch {
	case e == nil:
		c.noCase()
	case fault.Name == "resolution":
		c.badRequest(fieldError{c.s.opt.ResolutionName, fault.Description})
	case fault.Name != "":
		c.badRequest(fault)
	case c.spoiled(plan):
	case plan.fault == brokenAnswer:
		c.broken(http.StatusOK, e.append(nil, e.current.Load(), &c.s.single), plan.variant)
	default:
		c.json(http.StatusOK, e.append(nil, e.current.Load(), &c.s.single))
	}
}

// remove moves cases to the Trash. How several ids are given is not known: here
// with commas, or as a JSON array.
func (c *call) remove() {
	plan := c.draw(c.r.RequestURI)
	if !plan.fault.afterStoring() && c.spoiled(plan) {
		return
	}
	if status := c.s.opt.DeleteStatus; status != 0 {
		c.refuse(status, "refused", "this client cannot delete cases")
		return
	}
	values := c.r.URL.Query()
	given, wrong := strings.Split(values.Get("ids"), ","), "must be the id of a case, or several with commas between"
	if c.s.opt.DeleteArray {
		given, wrong = nil, "must be a JSON array of the ids of cases"
		parts, _ := array(values.Get("ids"))
		for _, raw := range parts {
			given = append(given, plain(raw))
		}
	}
	var ids []int64
	for _, s := range given {
		if id, ok := parseID(s); ok {
			ids = append(ids, id)
		}
	}
	if len(values) != 1 || len(values["ids"]) != 1 || len(ids) == 0 || len(ids) != len(given) {
		c.badRequest(fieldError{"ids", wrong})
		return
	}
	moved := c.s.store.trash(ids)
	if moved == nil {
		c.noCase()
		return
	}
	if !c.spoiled(plan) {
		body, _ := json.Marshal(map[string][]int64{"ids": moved})
		c.json(http.StatusOK, body)
	}
}

// body reads a JSON body. Where it cannot, it answers.
func (c *call) body() (body string, ok bool) {
	if mediaType(c.r) != "application/json" {
		c.badRequest(fieldError{"Content-Type", "must be application/json"})
		return "", false
	}
	var raw bytes.Buffer
	raw.Grow(int(min(max(0, c.r.ContentLength), maxBody)) + bytes.MinRead) // or ReadFrom would grow it
	if _, err := raw.ReadFrom(http.MaxBytesReader(c.w, c.r.Body, maxBody)); err != nil {
		c.refuse(http.StatusRequestEntityTooLarge, "too_large", "the body is cut short or longer than 4 MiB")
		return "", false
	}
	return raw.String(), c.noQuery()
}

func mediaType(r *http.Request) string {
	t, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return t
}

func (c *call) noQuery() bool {
	if c.r.URL.RawQuery != "" {
		c.badRequest(fieldError{"query", "no parameters are taken here"})
	}
	return c.r.URL.RawQuery == ""
}
