package importer

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"caseimport/importer/content"
	"caseimport/importer/exit"
	"caseimport/importer/journal"
	"caseimport/importer/lifecycle"
	"caseimport/importer/results"
	"caseimport/importer/talkdesk"
)

// pipeline carries out what the machine decides. Its goroutines bring their events
// to the machine, under mu, and take their work from it: see the package comment.
type pipeline struct {
	cfg     Config
	columns results.Columns // where a failure report as input keeps its own columns
	began   time.Time       // the moment 0 of the machine: when the lock was taken
	*store
	tally
	spans

	ctx    context.Context // ends at the second signal
	going  context.Context // ends when nothing new is to be sent
	cancel context.CancelFunc
	// drained ends when the updates of new cases are no longer waited for, once
	// the run stops.
	drained context.Context

	mu      sync.Mutex
	machine *lifecycle.Machine
	queue   []queued // for the writer, in order
	pacing  int      // workers that wait for their turn
	idle    *sync.Cond
	room    *sync.Cond // for the reader
	due     *sync.Cond // for the writer
	stale   bool       // the results have waited long enough in memory
	readAll bool       // the reader is done
	// readToEnd: it has read the whole input.
	readToEnd bool
	// unread: a row took too long when the run was to stop, so it and those
	// after it have not been looked at.
	unread bool
	// mappingSince is when the reader began with an expression: see patience.go.
	mappingSince atomic.Int64
	// changed are rows whose case does not hold them as they are now; unmatched
	// are those of which that cannot be told.
	changed, unmatched int
	// duplicates are the keys whose duplicate rows a failure report as input
	// holds.
	duplicates map[journal.ID]bool
	clock      *time.Timer
	remarks    map[string]int // how many were made of each kind
	replies    map[*lifecycle.Question]chan lifecycle.Reply
}

func newPipeline(ctx context.Context, cfg Config, s *store) *pipeline {
	p := &pipeline{
		cfg: cfg, columns: results.ReportColumns(cfg.Table.Columns), began: time.Now(), ctx: ctx,
		store: s, tally: tally{undone: map[journal.ID]bool{}, reasons: map[string]int{}, locked: map[journal.ID]bool{}},
		duplicates: map[journal.ID]bool{}, remarks: map[string]int{}, replies: map[*lifecycle.Question]chan lifecycle.Reply{},
	}
	p.going, p.cancel = context.WithCancel(ctx)
	p.drained = drain(ctx, p.going)
	p.idle, p.room, p.due = sync.NewCond(&p.mu), sync.NewCond(&p.mu), sync.NewCond(&p.mu)
	return p
}

// drain returns a context that ends with ctx, or when a machine that stops drains
// no longer.
func drain(ctx, going context.Context) context.Context {
	drained, cancel := context.WithCancel(ctx)
	context.AfterFunc(going, func() { time.AfterFunc(lifecycle.DrainFor, cancel) })
	return drained
}

func (p *pipeline) now() lifecycle.Instant { return time.Since(p.began) }

// event brings an event to the machine.
func (p *pipeline) event(happen func(m *lifecycle.Machine, now lifecycle.Instant)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	happen(p.machine, p.now())
	p.follow()
}

// follow hands on what came of an event, and wakes whoever has something to do;
// the caller holds mu.
func (p *pipeline) follow() {
	m, now := p.machine, p.now()
	for _, a := range m.Actions() {
		p.queue = append(p.queue, queued{action: a})
	}
	if m.Stopped() != nil {
		p.cancel()
	}
	p.cfg.Progress.inDoubt.Store(int64(m.InDoubt()))
	p.cfg.Progress.inFlight.Store(int64(m.InFlight()))
	p.cfg.Progress.settles.Store(p.began.Add(m.Settles()).UnixNano())
	if m.Over() {
		p.idle.Broadcast()
		p.room.Broadcast()
		p.due.Broadcast()
		p.cancel()
		return
	}
	for range m.Ready(now) - p.pacing {
		p.idle.Signal()
	}
	if len(p.queue) > 0 {
		p.due.Signal()
	}
	if m.Room() {
		p.room.Signal()
	}
	p.clock.Reset(max(0, m.Wake(now)-now))
}

var interrupted = lifecycle.Stop{Exit: exit.Stopped, Reason: "interrupted", Hint: "nothing is lost by it: run the same command again to go on"}

// watchSignals hands the person's wish to stop to the machine.
func (p *pipeline) watchSignals() error {
	select {
	case <-p.cfg.Drain:
		p.halt(interrupted)
	case <-p.ctx.Done():
		p.halt(interrupted)
	case <-p.going.Done():
	}
	return nil
}

// work makes the requests that the machine gives, at the limiter's pace. Which
// one it is is decided when its turn has come.
func (p *pipeline) work() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for !p.machine.Over() {
		if p.machine.Ready(p.now()) <= p.pacing {
			p.idle.Wait()
			continue
		}
		p.pacing++
		p.mu.Unlock()
		turn, err := p.turn()
		p.mu.Lock()
		p.pacing--
		if err != nil {
			continue // the run stops
		}
		if p.endWanted() {
			// Whoever has asked for it may have been told by now that nothing new is
			// sent, and watchSignals may not have come to it.
			p.machine.Halt(p.now(), interrupted)
		}
		q, ok := p.machine.Next(p.now())
		if !ok {
			continue
		}
		p.cfg.Progress.inFlight.Store(int64(p.machine.InFlight()))
		p.mu.Unlock()
		answered := p.request(q, turn)
		p.mu.Lock()
		if p.ctx.Err() != nil {
			// The answer is that we gave up: first of all the run stops.
			p.machine.Halt(p.now(), interrupted)
		}
		answered(p.machine, p.now())
		p.follow()
	}
	return nil
}

func (p *pipeline) endWanted() bool {
	select {
	case <-p.cfg.Drain:
		return true
	default:
		return p.ctx.Err() != nil
	}
}

// turn waits for the limiter: as long as the run goes on, and then for a moment
// more, in which cases that were created are updated.
func (p *pipeline) turn() (time.Time, error) {
	if p.going.Err() == nil {
		return p.cfg.Limiter.Wait(p.going)
	}
	return p.cfg.Limiter.Wait(p.drained)
}

// answering tells the machine what a request was answered.
type answering func(m *lifecycle.Machine, now lifecycle.Instant)

// request makes a request. Reads end with the run; the answer to one that writes is
// waited for, unless the person is in a hurry.
func (p *pipeline) request(q lifecycle.Request, turn time.Time) answering {
	if q.Kind == lifecycle.Compare {
		p.cfg.Progress.requests.Add(1)
		got, a := p.cfg.API.ReadCase(p.going, q.Row.CaseID)
		p.pace(a, turn)
		return p.compared(q, got, a)
	}
	a, found, total := p.exchange(q, turn)
	return func(m *lifecycle.Machine, now lifecycle.Instant) {
		if q.Kind == lifecycle.Create && a.Verdict == talkdesk.OK {
			q.Row.Update = content.WithoutStatus(q.Row.Update, a.CaseStatus)
		}
		m.Answered(now, q, a, found, total)
	}
}

// compared tells the machine what of an update is still to be sent.
func (p *pipeline) compared(q lifecycle.Request, got *talkdesk.Case, a talkdesk.Answer) answering {
	var c lifecycle.Comparison
	if a.Verdict == talkdesk.Absent { // which comes again every night
		a.Message += " any more, and it is not created again: restore it from the Trash in Talkdesk, or leave its row out (where)"
	}
	if a.Verdict == talkdesk.OK {
		it := q.Row.Ref.(*item)
		memo := content.Memo{}
		if it.was.memo != nil {
			memo = *it.was.memo
		}
		it.touched.Store(memo.Touched(got))
		var left []string
		c.Rest, left = content.Rest(q.Row.Update, &it.mapped, memo, got, p.cfg.Program.Account(), q.Row.NotesInDoubt())
		a.Updated, c.Locked = got.UpdatedAt, got.Locked()
		if len(left) > 0 {
			c.Note = content.LeftAlone(left)
			p.remark("with fields that were changed in Talkdesk since", fmt.Sprintf("row %d, case %s: %s", q.Row.Number, got.ID, c.Note))
		}
	}
	return func(m *lifecycle.Machine, now lifecycle.Instant) { m.Compared(now, q, a, c) }
}

func (p *pipeline) exchange(q lifecycle.Request, turn time.Time) (a talkdesk.Answer, found []talkdesk.Found, total int) {
	field := p.cfg.Program.KeyField()
	progress := p.cfg.Progress
	progress.requests.Add(1)
	switch {
	case q.Kind == lifecycle.Create:
		if q.Row.Attempts > 1 {
			progress.retries.Add(1)
		}
		progress.creates.Add(1)
		a = p.cfg.API.Create(p.ctx, q.Row.Body, field)
	case q.Kind == lifecycle.Update:
		progress.updates.Add(1)
		a = p.cfg.API.Update(p.ctx, q.Row.CaseID, q.Row.Update)
	case q.Kind == lifecycle.Probe:
		progress.probes.Add(1)
		a = p.cfg.API.Probe(p.going)
	case q.Kind == lifecycle.Asked && q.Ask.Page > 0:
		progress.lookups.Add(1)
		var page talkdesk.Page
		page, a = p.cfg.API.Read(p.going, talkdesk.Query{Field: field, Page: q.Ask.Page})
		found, total = slices.DeleteFunc(page.Cases, p.undoneCase), page.Total
	default:
		s := talkdesk.NewSearch(field, q.Key)
		s.Gone = p.journal.InTrash
		return p.search(s, turn)
	}
	p.pace(a, turn)
	return a, found, total
}

// undoneCase: an undo has moved it to the Trash, so it is no row's any more. Lists
// may show it all the same.
func (p *pipeline) undoneCase(f talkdesk.Found) bool { return p.journal.InTrash(f.ID) }

// search makes the requests of a look-up, mostly one. A read that must be made
// again begins the search anew, when its time has come.
func (p *pipeline) search(s *talkdesk.Search, turn time.Time) (talkdesk.Answer, []talkdesk.Found, int) {
	for {
		q, more := s.Next()
		if !more {
			found, a := s.Result()
			return a, found, 0
		}
		p.cfg.Progress.lookups.Add(1)
		page, a := p.cfg.API.Read(p.going, q)
		p.pace(a, turn)
		if a.Verdict == talkdesk.NotTaken && !a.Again {
			return a, nil, 0
		}
		s.Take(page, a)
		if _, more := s.Next(); !more {
			continue
		}
		var err error
		if turn, err = p.cfg.Limiter.Wait(p.going); err != nil || !p.mayRead() {
			return talkdesk.Answer{Verdict: talkdesk.NotTaken}, nil, 0
		}
		p.cfg.Progress.requests.Add(1)
	}
}

// mayRead reports whether a read may go on with another request.
func (p *pipeline) mayRead() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.machine.MayRead()
}

// pace tells the limiter what an answer says of the pace.
func (p *pipeline) pace(a talkdesk.Answer, turn time.Time) {
	before := p.cfg.Limiter.PausedUntil()
	until, fresh := p.cfg.Limiter.Answered(a.Pace(turn))
	if a.Throttled {
		p.throttled(a, before, until, fresh)
	}
}

// throttled says that a 429 makes the run wait, if that is news.
func (p *pipeline) throttled(a talkdesk.Answer, before, until time.Time, fresh bool) {
	p.cfg.Progress.throttled.Add(1)
	p.cfg.Progress.paused.Store(until.UnixNano())
	if !fresh && until.Sub(before) < time.Second {
		return
	}
	if wait := time.Until(until); wait >= shortPause {
		p.remember(journal.Span{What: journal.Pause, Begin: p.now(), End: p.now() + wait, Why: strconv.Itoa(a.Status)})
	}
	reason := fmt.Sprintf("the server asks for a pause (%d)", a.Status)
	if a.Pause == 0 {
		reason = fmt.Sprintf("the server is throttling (%d) and does not say for how long", a.Status)
	}
	msg := fmt.Sprintf("%s: nothing is sent until %s", reason, clock(until))
	if time.Until(until) < time.Second {
		p.cfg.Log.Debug(msg)
		return
	}
	p.wait(msg)
}

// ask has a read made and waits for its answer. ok is false if the run stops.
func (p *pipeline) ask(q lifecycle.Question) (r lifecycle.Reply, ok bool) {
	reply := make(chan lifecycle.Reply, 1)
	p.event(func(m *lifecycle.Machine, now lifecycle.Instant) {
		p.replies[&q] = reply
		m.Ask(now, &q)
	})
	r = <-reply
	return r, r.Answer.Verdict != talkdesk.NotTaken
}

const (
	firstBackoff = 250 * time.Millisecond
	maxBackoff   = 30 * time.Second
)

// backoff returns how long to wait after the nth failure, from 1: exponential
// with full jitter, so that many rows do not come back at once.
func backoff(n int) time.Duration {
	ceiling := maxBackoff
	if n < 8 {
		ceiling = min(maxBackoff, firstBackoff<<(n-1))
	}
	return rand.N(ceiling) + 1
}
