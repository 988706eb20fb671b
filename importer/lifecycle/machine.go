package lifecycle

import (
	"cmp"
	"slices"
	"time"

	"caseimport/importer/exit"
	"caseimport/importer/journal"
	"caseimport/importer/talkdesk"
)

// Config is how careful a run is.
type Config struct {
	// Workers is how many requests may be under way at the same time.
	Workers     int
	MaxAttempts int           // create requests of a row that the server fails on
	Settle      time.Duration // how long a request that was given up may still arrive
	Patience    time.Duration // how long a failing server, or a blind search, is waited for
	// MaxRefused and MaxRefusedShare stop a run in which the API refuses that
	// many rows, or that share of the rows sent (from sentForShare on); 0: off.
	MaxRefused      int
	MaxRefusedShare float64
	// Limit, if above 0, is how many rows are taken.
	Limit int
	// Searchable: the cases of this run carry a key by which they can be found.
	Searchable bool
	// Resend sends rows of earlier runs again whose doubt cannot be settled.
	Resend bool
	// Updates: rows may need an update once they have their case.
	Updates bool
	// Backoff is how long to wait after the nth failure, from 1.
	Backoff func(n int) time.Duration
	// Lag is the search lag that earlier runs have noted, 0 if none was.
	Lag time.Duration
	// Altered are keys that the server was seen to store as others.
	Altered []journal.Altered
	// Known is the newest case that an earlier run has made; its ID is ""
	// without one. Spare is what the runs have lived, at most, since it was
	// sent; Seen, if an earlier run has found it, the same up to then.
	Known       Case
	Spare, Seen time.Duration
	// Alone: some row in doubt was sent by a later run than that, or was never
	// sent by us, so the case tells nothing of how far the search had come by
	// then.
	Alone bool

	hooks hooks
}

// hooks change a rule, or watch. Only the tests of this package can set them: they
// show what comes of less than New fills in.
type hooks struct {
	trust       trust                // in place of trustFrom
	forgetDoubt bool                 // without rule 6
	forgetLeft  bool                 // a row whose parent is left out is done like others
	sameInARow  int                  // in place of the constant
	moved       func(from, to State) // is told of every step of a row
}

// Case is a case that surely exists.
type Case struct{ Key, ID string }

// DrainFor is how long a run that stops goes on with the updates of cases that it
// has made.
const DrainFor = 10 * time.Second

const (
	// maxDoubts bounds the rows that wait to be looked up, and so the memory.
	maxDoubts = 4096
	// blockedInARow refusals that are not the API's own stop the run: a
	// firewall that dislikes one body does not dislike five in a row.
	blockedInARow = 5
	// refusedFirst rows at the beginning, all refused, stop the run: then it
	// is the mapping that is wrong.
	refusedFirst = 50
	// maxRenewals answers 401 to one request, each on a new token, are enough.
	maxRenewals = 5
	// sentForShare is from how many rows on a share of them means something.
	sentForShare = 200
)

// Machine decides everything that concerns the rows of one run. Every event is
// a method that takes the moment at which it happened. It is not safe for
// concurrent use; it never blocks, and does nothing but to return what is to be
// done (Next, Actions).
type Machine struct {
	cfg Config
	out []Action

	active   int // rows that have not come to an end
	inFlight int // requests under way
	taken    int // rows that count for the limit
	allRead  bool
	stopped  *Stop

	fresh   []*Row // Mapped, in the order of the input
	syncing int    // rows whose chunk is being synced
	ready   []*Row // Claimed
	again   []*Row // Claimed, and to be sent before those in ready
	doubts  []*Row // Doubtful, by since
	// stranded rows are Doubtful, and no look-up can settle that; they wait
	// until the input has shown them.
	stranded []*Row
	spent    []*Row // Exhausted
	updates  []*Row // Created: to be updated
	compares []*Row // Created: to be read first
	later    []*Row // Claimed, Doubtful or Created, not before due; by due
	sought   int    // look-ups in flight
	asks     []*Question
	past     map[journal.ID]*Row // of earlier runs, as they were left in doubt

	breaker breaker
	hold    hold
	writing int // requests in flight that write
	canary  canary
	blind   string // why looking up is of no use, "" while it is
	altered likeness
	given   given
	release []journal.ID
	said    saying

	answers   int // of the server, of any kind
	created   int
	refused   int
	news      int  // of those refused, rows that no earlier run had tried
	updated   int  // updates that were applied
	unwanted  int  // updates that were refused
	decided   int  // rows that the server has taken or refused
	everSent  bool // a row was decided, or may have been
	blocked   int  // answers in a row that are not the API's own
	throttled Instant
	drained   Instant // when a run that stops gives up the updates that are left, never while it goes on
	broken    bool    // nothing can be written down any more
}

// New returns the machine of a run that begins at the moment 0.
func New(cfg Config) *Machine {
	if cfg.hooks.trust == nil {
		cfg.hooks.trust = trustFrom
	}
	cfg.hooks.sameInARow = cmp.Or(cfg.hooks.sameInARow, sameInARow)
	m := &Machine{cfg: cfg, past: map[journal.ID]*Row{}, throttled: never, drained: never, breaker: newBreaker()}
	for _, a := range cfg.Altered {
		m.altered.alter(a)
	}
	m.canary = newCanary(cfg)
	m.said = saying{doubts: never, canary: never}
	return m
}

// Past is a row that earlier runs have left in doubt.
type Past struct {
	Claim journal.Claim
	// Since is the last moment at which its request could have arrived: 0, when
	// the lock was taken, or as much before it as later runs have lived.
	Since Instant
	// Lost: its case, if there is one, does not carry the field by which this
	// run looks cases up.
	Lost bool
}

// Inherit adds a row that earlier runs have left in doubt.
func (m *Machine) Inherit(p Past) {
	c := p.Claim
	r := &Row{Claim: c, state: Doubtful, doubt: true, since: p.Since, open: true, past: &c, lost: p.Lost, alone: m.cfg.Alone}
	m.past[c.ID] = r
	m.active++
	m.enqueue(r)
}

// Room reports whether another row may be read.
func (m *Machine) Room() bool {
	return m.stopped != nil || len(m.fresh)+len(m.compares) < 2*m.cfg.Workers && len(m.doubts)+len(m.later) <= maxDoubts
}

// Full reports whether the limit is reached: further rows are left.
func (m *Machine) Full() bool { return m.cfg.Limit > 0 && m.taken >= m.cfg.Limit }

// Read brings a row of the input that has no case as far as the journal knows.
// It returns false if earlier's outcome stands: the row has its case. Where an
// earlier run left the row in doubt, the row of that run takes this one's form.
// lookFirst: a case may exist of which the journal has never heard.
func (m *Machine) Read(now Instant, r *Row, lookFirst bool) (created bool) {
	if p := m.past[r.ID]; p != nil {
		return m.attach(now, p, r)
	}
	if m.stopped != nil {
		r.state = Left
		m.out = append(m.out, Leave{Row: r, ID: r.ID, Ref: r.Ref})
		return false
	}
	m.taken++
	m.active++
	if lookFirst {
		r.state, r.doubt, r.alone = Doubtful, true, true
		m.enqueue(r)
	} else {
		m.fresh = append(m.fresh, r)
	}
	m.proceed(now)
	return false
}

// Listed is Read of a row whose cases were found in the whole list.
func (m *Machine) Listed(now Instant, r *Row, found []talkdesk.Found) (created bool) {
	if p := m.past[r.ID]; p != nil {
		return m.attach(now, p, r) // it is looked up on its own
	}
	m.taken++
	m.active++
	r.state, r.doubt = Doubtful, true
	m.found(now, r, found)
	m.proceed(now)
	return false
}

// attach gives a row of an earlier run its form in this input.
func (m *Machine) attach(now Instant, p, r *Row) (created bool) {
	if p.state == Done {
		return true
	}
	p.Claim, p.Body, p.Fault, p.Ref, p.Update = r.Claim, r.Body, r.Fault, r.Ref, r.Update
	switch {
	case p.state == Left || m.stopped != nil && p.state >= Done:
		m.out = append(m.out, Leave{Row: p, ID: p.ID, Ref: p.Ref, InDoubt: p.doubt})
		return false
	case p.state == Incomplete: // found before the input showed what is to be updated
		m.resume(now, p, Had{Torn: true})
	case p.state == Failed && p.Body == nil:
		m.end(p, Record{State: Failed, Invalid: true, Answer: talkdesk.Answer{Code: "absent", Message: p.Fault}})
	case p.state == Failed: // surely no case: a row like any other
		m.taken++
		p.past = nil
		m.renew(p)
	case p.state == Unknown:
		if m.resends(p) {
			m.taken++
		}
		m.unsettled(p, p.last)
	default:
		m.taken++
		if at := slices.Index(m.stranded, p); at >= 0 {
			m.stranded = slices.Delete(m.stranded, at, at+1)
			m.enqueue(p)
		}
	}
	m.proceed(now)
	return false
}

// Had is what is known of a case that an earlier run has made.
type Had struct {
	// Known: it is known what the case holds, so that it holds the row once the
	// row's Update is made.
	Known bool
	// Torn: an earlier run may have updated it, and have died before it said so.
	// Since is the last moment at which that update could have left, as of Past.
	Torn  bool
	Since Instant
}

// Resume brings a row whose case an earlier run has made: its Update was not
// made then, or has become due since.
func (m *Machine) Resume(now Instant, r *Row, had Had) {
	if m.stopped != nil {
		r.state = Left
		m.out = append(m.out, Leave{Row: r, ID: r.ID, Ref: r.Ref})
		return
	}
	m.taken++
	m.active++
	r.state, r.made = Created, &Record{CaseID: r.CaseID, Found: true}
	if had.Known {
		r.made.Held = r.Sum
	}
	m.resume(now, r, had)
	m.proceed(now)
}

// Quiet reports that of the rows that the input has shown, none is under way: what
// became of each was recorded.
func (m *Machine) Quiet() bool {
	if m.active > len(m.past) {
		return false
	}
	unseen := 0
	for _, p := range m.past {
		if p.Ref == nil && p.state < Done {
			unseen++
		}
	}
	return m.active == unseen
}

// AllRead says that the input has come to its end.
func (m *Machine) AllRead(now Instant) {
	m.allRead = true
	if m.stopped == nil {
		m.enqueueAgain(&m.stranded)
	}
	m.proceed(now)
}

// Durable says that the claims of a chunk are on the disk.
func (m *Machine) Durable(now Instant, rows []*Row) {
	for _, r := range rows {
		if r.state != Claiming {
			continue // claimed only so that it is remembered
		}
		m.syncing--
		m.move(r, Claimed)
		if m.stopped != nil {
			m.leave(r)
		} else {
			m.ready = append(m.ready, r)
		}
	}
	m.proceed(now)
}

// Broken says that the claims of a chunk may be on the disk or not.
func (m *Machine) Broken(now Instant, rows []*Row, stop Stop) {
	m.broken = true
	m.stop(stop)
	for _, r := range rows {
		if r.state == Claiming {
			m.syncing--
			r.doubt = true
			m.leave(r)
		}
	}
	m.proceed(now)
}

// Halt ends the run: nothing new is sent. The first reason counts.
func (m *Machine) Halt(now Instant, why Stop) {
	m.stop(why)
	m.proceed(now)
}

// Tick says that time has passed: see Wake.
func (m *Machine) Tick(now Instant) { m.proceed(now) }

// Actions returns what is to be done since it was called last.
func (m *Machine) Actions() []Action {
	out := m.out
	m.out = nil
	return out
}

// Stopped returns why the run ends before its end, nil if it does not.
func (m *Machine) Stopped() *Stop {
	if m.stopped == nil || m.stopped.Exit != exit.Refused || !m.everSent {
		return m.stopped
	}
	return &Stop{Exit: exit.Stopped, Reason: m.stopped.Reason, At: m.stopped.At,
		Hint: cmp.Or(m.stopped.Hint, "fix it and run the same command again")}
}

// Over reports that nothing is under way any more, and nothing will be.
func (m *Machine) Over() bool {
	return (m.allRead || m.stopped != nil) && m.active == 0 && m.inFlight == 0 && m.syncing == 0 && len(m.asks) == 0
}

// InDoubt returns how many rows wait to be looked up.
func (m *Machine) InDoubt() int { return len(m.doubts) + len(m.stranded) + m.sought }

// InFlight returns how many requests await their answer.
func (m *Machine) InFlight() int { return m.inFlight }

// proceed does what follows from an event, whatever it was.
func (m *Machine) proceed(now Instant) {
	m.downTooLong(now)
	m.heldTooLong(now)
	if m.stopped != nil {
		m.drained = min(m.drained, now+DrainFor)
		m.abandon(now)
		return
	}
	m.wakeLater(now)
	m.claim()
	m.settleIdle(now)
	m.explain(now)
}

// claim asks for the next chunk. Twice the workers keep them busy while the next
// one is synced; no more than four times are in doubt after a crash.
func (m *Machine) claim() {
	if m.syncing > 0 || len(m.fresh) == 0 || len(m.ready) > m.cfg.Workers {
		return
	}
	n := min(len(m.fresh), 2*m.cfg.Workers)
	chunk := slices.Clone(m.fresh[:n])
	m.fresh = slices.Delete(m.fresh, 0, n)
	for _, r := range chunk {
		m.move(r, Claiming)
		r.open = true
	}
	m.syncing = n
	m.out = append(m.out, Claim{Rows: chunk})
}

// wakeLater brings rows back that have waited for their time.
func (m *Machine) wakeLater(now Instant) {
	for len(m.later) > 0 && m.later[0].due <= now {
		r := m.later[0]
		m.later = m.later[1:]
		switch {
		case r.state == Doubtful:
			m.enqueue(r)
		case r.state == Created:
			m.enqueueUpdate(now, r)
		default:
			m.again = append(m.again, r)
		}
	}
}

// delay lets a row wait for its time.
func (m *Machine) delay(r *Row, due Instant) {
	r.due = due
	at, _ := slices.BinarySearchFunc(m.later, due, func(r *Row, t Instant) int {
		if r.due <= t {
			return -1
		}
		return 1
	})
	m.later = slices.Insert(m.later, at, r)
}

// end brings a row to its end and has it written down. Rule 6: while an older
// request may have made a case, no refusal makes a row failed.
func (m *Machine) end(r *Row, rec Record) {
	if rec.State == Failed && r.doubt && !m.cfg.hooks.forgetDoubt {
		rec.State = Unknown
		rec.Answer.Message = "an earlier request may have made a case, and now: " + rec.Answer.Message
	}
	if !r.open && rec.State == Unknown {
		// It was never sent by us, and must be remembered all the same.
		m.out = append(m.out, Claim{Rows: []*Row{r}, Unsent: true})
	}
	m.move(r, rec.State)
	r.open = rec.State == Unknown
	r.last = rec.Answer
	rec.Row, rec.Claim, rec.Ref, rec.Attempts = r, r.Claim, r.Ref, r.Attempts
	m.out = append(m.out, rec)
}

// renew sends a row on its way from the beginning.
func (m *Machine) renew(r *Row) {
	m.move(r, Mapped)
	m.fresh = append(m.fresh, r)
}

// leave gives a row up. A claim of which it is sure that no case came of it is
// taken back.
func (m *Machine) leave(r *Row) {
	if r.CaseID != "" {
		m.incomplete(r, talkdesk.Answer{Code: "stopped", Message: "the run stopped before the case was updated: the next run does it"})
		return
	}
	m.move(r, Left)
	if r.open && !r.doubt {
		m.release = append(m.release, r.ID)
	}
	m.out = append(m.out, Leave{Row: r, ID: r.ID, Ref: r.Ref, InDoubt: r.doubt && r.open})
}

// stop lets nothing new be sent, for the first reason that is given.
func (m *Machine) stop(why Stop) {
	if m.stopped == nil {
		m.stopped = &why
	}
}

// abandon leaves every row that no request is under way for, but for the cases
// that are still to be updated, as long as that can be expected to work.
func (m *Machine) abandon(now Instant) {
	queues := []*[]*Row{&m.fresh, &m.ready, &m.again, &m.spent, &m.doubts, &m.stranded, &m.later, &m.compares, &m.hold.alike}
	if m.broken || m.hold.on || m.breaker.state != passing || now >= m.drained {
		queues = append(queues, &m.updates)
	}
	for _, rows := range queues {
		for _, r := range *rows {
			m.leave(r)
		}
		*rows = nil
	}
	for _, q := range m.asks {
		m.reply(q, talkdesk.Answer{Verdict: talkdesk.NotTaken}, nil, 0)
	}
	m.asks = nil
	if m.syncing == 0 && m.inFlight == 0 && len(m.release) > 0 {
		m.out = append(m.out, Release{m.release})
		m.release = nil
	}
}
