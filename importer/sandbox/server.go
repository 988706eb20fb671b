package sandbox

import (
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
		opt.Lag = defaultLag
	}
	opt.Lag = max(opt.Lag, 0)
	if opt.TokenLife <= 0 {
		opt.TokenLife = defaultTokenLife
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
}

// Cases returns all stored cases, oldest first, whatever the lag.
func (s *Server) Cases() []Case {
	var all []Case
	for _, e := range s.store.created(time.Now()) {
		r := e.current.Load()
		all = append(all, Case{e.name(), r.text(fTitle), []byte(r.body), e.created})
	}
	return all
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
	rec, _ := parseBody(string(body), false)
	if c.Status != "" {
		rec.std[fStatus] = string(appendText(nil, c.Status))
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
	since := int64(time.Since(s.start)) - s.outage.Load()
	return since >= 0 && since < int64(s.opt.OutageFor)
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
