package sandbox

import (
	"bytes"
	"errors"
	"mime"
	"net/http"
	"strings"
	"time"
)

const (
	casesPath = "/cm/core/va/cases"
	tokenPath = "/oauth/token"
	maxBody   = 4 << 20 // bytes
)

// call is one request on its way to an answer.
type call struct {
	s       *Server
	w       http.ResponseWriter
	r       *http.Request
	status  int      // of the answer; 0: none
	met     fault    // what befell it
	refused []string // the names of its fields at fault
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, adminPath) {
		s.serveAdmin(w, r)
		return
	}
	c := &call{s: s, w: w, r: r}
	kind, id := route(r)
	down := s.down()
	s.tally.arrive(kind, down)
	defer func() {
		s.tally.leave(c.status, c.met, down)
		c.log()
	}()
	if down {
		c.outage()
		return
	}
	switch kind {
	case token:
		c.token()
		return
	case other:
		c.other()
		return
	}
	if wait := s.limit.pass(); wait > 0 {
		c.tooMany(wait)
		return
	}
	if !c.authorized(kind) {
		return
	}
	switch kind {
	case create:
		c.create()
	case list:
		c.list()
	case get:
		c.get(id)
	case update:
		c.update(id)
	}
}

// route returns what is asked for, and the id in the path if there is one.
func route(r *http.Request) (kind, string) {
	id, single := strings.CutPrefix(r.URL.Path, casesPath+"/")
	switch {
	case r.URL.Path == casesPath && r.Method == http.MethodPost:
		return create, ""
	case r.URL.Path == casesPath && r.Method == http.MethodGet:
		return list, ""
	case single && r.Method == http.MethodGet:
		return get, id
	case single && r.Method == http.MethodPatch:
		return update, id
	case r.URL.Path == tokenPath && r.Method == http.MethodPost:
		return token, ""
	}
	return other, ""
}

func (c *call) other() {
	path := c.r.URL.Path
	if path == casesPath || path == tokenPath || strings.HasPrefix(path, casesPath+"/") {
		c.refuse(http.StatusMethodNotAllowed, "method_not_allowed", c.r.Method+" is not offered here")
		return
	}
	c.refuse(http.StatusNotFound, "not_found", "there is nothing at this path")
}

// authorized checks the token; where it will not do, it answers.
func (c *call) authorized(kind kind) bool {
	scope := scopeRead
	if kind == create || kind == update {
		scope = scopeWrite
	}
	bearer, found := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	valid, allowed := c.s.desk.allows(bearer, scope)
	switch {
	case !found || !valid:
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
	in, ok := c.body()
	defer buffers.Put(in)
	if !ok || !c.noQuery() {
		return
	}
	lot := c.s.fate.draw(create, in.Bytes())
	c.wait(lot.latency)
	switch lot.fault {
	case throttle:
		c.met = throttle
		c.tooMany(0)
		return
	case cutBefore:
		c.cut(cutBefore)
	case hangBefore:
		c.hang(hangBefore)
	case errBefore:
		c.serverError(errBefore, lot.variant)
		return
	}
	rec, faults := parseBody(in.Bytes(), false)
	if len(faults) > 0 {
		c.badRequest(faults)
		return
	}
	if lot.fault == lateStore {
		c.storeLate(rec)
	}
	e := c.s.add(rec)
	switch lot.fault {
	case cutAfter:
		c.cut(cutAfter)
	case hangAfter:
		c.hang(hangAfter)
	case errAfter:
		c.serverError(errAfter, lot.variant)
		return
	}
	out := buffer()
	defer buffers.Put(out)
	out.Write(e.append(out.AvailableBuffer(), rec, asCreated))
	if lot.fault == brokenAnswer {
		c.broken(out.Bytes(), lot.variant)
		return
	}
	c.json(http.StatusCreated, out.Bytes())
}

func (c *call) list() {
	q, values, faults := parseQuery(c.r.URL.RawQuery, c.s.opt.ExactMatch)
	if len(faults) > 0 {
		c.badRequest(faults)
		return
	}
	if !c.read(list) {
		return
	}
	page, total := q.run(c.s.store, time.Now().Add(-c.s.opt.Lag))
	out := buffer()
	defer buffers.Put(out)
	form := wrapped
	if c.s.opt.PlainFields {
		form = asRead
	}
	out.Write(appendPage(out.AvailableBuffer(), c.r.Host, values, q, page, total, form))
	c.json(http.StatusOK, out.Bytes())
}

func (c *call) get(id string) {
	if !c.noQuery() || !c.read(get) {
		return
	}
	n, ok := parseID(id)
	e := c.s.store.get(n)
	if !ok || e == nil {
		c.refuse(http.StatusNotFound, "not_found", errNoCase.Error())
		return
	}
	c.json(http.StatusOK, e.append(nil, e.current.Load(), asRead))
}

// read waits as long as a read takes and tells whether it goes well.
func (c *call) read(kind kind) bool {
	lot := c.s.fate.draw(kind, []byte(c.r.RequestURI))
	c.wait(lot.latency)
	if lot.fault == readFault {
		c.serverError(readFault, lot.variant)
	}
	return lot.fault == noFault
}

func (c *call) update(id string) {
	in, ok := c.body()
	defer buffers.Put(in)
	if !ok || !c.noQuery() {
		return
	}
	c.wait(c.s.fate.draw(update, in.Bytes()).latency)
	change, faults := parseBody(in.Bytes(), true)
	if len(faults) > 0 {
		c.badRequest(faults)
		return
	}
	n, ok := parseID(id)
	e, err := c.s.store.update(n, change)
	switch {
	case !ok || errors.Is(err, errNoCase):
		c.refuse(http.StatusNotFound, "not_found", errNoCase.Error())
	case errors.Is(err, errClosedCase):
		c.refuse(http.StatusBadRequest, "bad_request", err.Error())
	case errors.Is(err, errResolution):
		name := standard[fResolution].name
		if change.std[fResolution] == "" {
			name = standard[fSolveReason].name
		}
		c.badRequest([]fieldError{{name, err.Error()}})
	default:
		c.json(http.StatusOK, e.append(nil, e.current.Load(), asRead))
	}
}

// body reads a JSON body. Where it cannot, it answers.
func (c *call) body() (*bytes.Buffer, bool) {
	b := buffer()
	if mediaType(c.r) != "application/json" {
		c.badRequest([]fieldError{{"Content-Type", "must be application/json"}})
		return b, false
	}
	_, err := b.ReadFrom(http.MaxBytesReader(c.w, c.r.Body, maxBody))
	if err != nil {
		c.refuse(http.StatusRequestEntityTooLarge, "too_large", "the body is cut short or longer than 4 MiB")
	}
	return b, err == nil
}

func mediaType(r *http.Request) string {
	if t := r.Header.Get("Content-Type"); t == "application/json" {
		return t
	}
	t, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return t
}

func (c *call) noQuery() bool {
	if c.r.URL.RawQuery != "" {
		c.badRequest([]fieldError{{"query", "no parameters are taken here"}})
	}
	return c.r.URL.RawQuery == ""
}
