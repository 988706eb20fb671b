package sandbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// Server is the Case API as an [http.Handler]. It is safe for concurrent use.
type Server struct {
	opt      Options
	start    time.Time
	store    *store
	rules    *rules
	created  view // in the answer to a create
	single   view // in the answers to a read and an update of one case
	listed   view
	tokens   *tokens
	inject   *injector
	limit    *window
	counters *counters
	outage   atomic.Int64  // when the outage begins, as a duration since start
	added    atomic.Int64  // cases stored by create requests
	begins   chan struct{} // closed when the outage begins; without Start only if it counts creates
	stopped  chan struct{} // closed by stop
	logging  sync.Mutex
}

// New makes a server that is not yet reachable: see [Start], which also checks
// the options, or hand it to an http.Server of your own on loopback.
func New(opt Options) *Server {
	if opt.Lag == 0 {
		opt.Lag = 200 * time.Millisecond
	}
	opt.Lag = max(opt.Lag, 0)
	opt.ListShape = cmp.Or(opt.ListShape, ShapeWrapped)
	opt.CaseShape = cmp.Or(opt.CaseShape, ShapePlain)
	opt.LabelSpelling = cmp.Or(opt.LabelSpelling, LabelValue)
	opt.FilterForm = cmp.Or(opt.FilterForm, FilterArray)
	opt.FieldsForm = cmp.Or(opt.FieldsForm, FieldsArray)
	opt.EmailFilter = cmp.Or(opt.EmailFilter, EmailExact)
	opt.OutageMode = cmp.Or(opt.OutageMode, Outage503)
	opt.ResolutionName = cmp.Or(opt.ResolutionName, "resolution")
	opt.NotesPrefix = cmp.Or(opt.NotesPrefix, "note")
	opt.OwnerName = cmp.Or(opt.OwnerName, "owner_id")
	if opt.TokenLife <= 0 {
		opt.TokenLife = 10 * time.Minute
	}
	now := time.Now()
	s := &Server{
		opt:      opt,
		start:    now,
		store:    &store{start: now, texts: map[string]*textIndex{}},
		limit:    newWindow(opt.RateLimit),
		counters: newCounters(now),
		begins:   make(chan struct{}),
		stopped:  make(chan struct{}),
	}
	s.rules = newRules(&s.opt)
	s.single = view{rules: s.rules, shape: opt.CaseShape, times: true, notes: opt.NotesPrefix, owner: opt.OwnerName}
	s.listed = s.single
	s.listed.shape, s.listed.hidden = opt.ListShape, opt.ListHides
	s.created = view{rules: s.rules, shape: ShapePlain, notes: "note", owner: "owner_id"}
	s.tokens = newTokens(&s.opt)
	s.inject = newInjector(&s.opt)
	s.outage.Store(math.MaxInt64)
	if opt.OutageFor > 0 && opt.OutageAfterCreates == 0 {
		s.outage.Store(int64(opt.OutageAfter))
	}
	return s
}

// Case is a case as it stands in the store.
type Case struct {
	ID      string
	Title   string
	Body    []byte    // of the create request, as received
	Created time.Time // by the server's clock
	Now     []byte    // the case as GET would show it, custom fields plain
	Trashed bool
}

// Cases returns all stored cases, oldest first, whatever the lag and also from
// the Trash.
func (s *Server) Cases() []Case {
	var all []Case
	for _, e := range s.store.created(time.Now()) {
		r := e.current.Load()
		all = append(all, Case{e.name(), r.text(fTitle), []byte(r.body), e.created, s.now(e), e.trashed.Load()})
	}
	return all
}

// now writes a case in its present state, whatever the forms.
func (s *Server) now(e *entry) []byte {
	v := s.created
	v.times = true
	return e.append(nil, e.current.Load(), &v)
}

// Stored is a case for [Server.Put].
type Stored struct {
	ID           string         // a number from 1 that is not taken
	Title        string         // not checked
	Status       string         // "" is NEW; the only way to a CLOSED case
	CustomFields map[string]any // JSON values by name; not checked
}

// Put stores a case as if it had been created long ago: the list has it at
// once, and new cases get higher ids. Use it before the first request.
func (s *Server) Put(c Stored) error {
	id, ok := parseID(c.ID)
	if !ok {
		return fmt.Errorf("sandbox: %q is no case id: give a number from 1", c.ID)
	}
	body, err := json.Marshal(map[string]any{"title": c.Title, "custom_fields": c.CustomFields})
	if err != nil {
		return fmt.Errorf("sandbox: case %s: %w", c.ID, err)
	}
	rec, _ := s.rules.parseBody(string(body), false)
	if c.Status != "" {
		rec.std[fStatus] = quote(c.Status)
	}
	if !s.store.put(id, rec) {
		return fmt.Errorf("sandbox: case %s: the id is taken", c.ID)
	}
	return nil
}

// stop ends what hangs or waits. What was to be stored late is not stored.
func (s *Server) stop() { close(s.stopped) }

// down tells whether the outage is on.
func (s *Server) down() bool {
	left := s.outageLeft()
	return left > 0 && left <= s.opt.OutageFor
}

// outageLeft returns how far off the end of the outage is.
func (s *Server) outageLeft() time.Duration {
	return s.opt.OutageFor - (time.Since(s.start) - time.Duration(s.outage.Load()))
}

// add stores a new case, with which the outage may begin.
func (s *Server) add(rec *record) *entry {
	e := s.store.create(rec)
	if s.added.Add(1) == int64(s.opt.OutageAfterCreates) && s.opt.OutageFor > 0 {
		s.outage.Store(int64(time.Since(s.start)))
		close(s.begins)
	}
	return e
}
