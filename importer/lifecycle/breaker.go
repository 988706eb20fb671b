package lifecycle

import (
	"fmt"
	"time"

	"caseimport/importer/exit"
	"caseimport/importer/talkdesk"
)

const (
	// failuresInARow of the server, with no answer between, shut the breaker
	// until a probe has been answered.
	failuresInARow = 3

	firstProbeInterval = time.Second
	maxProbeInterval   = 30 * time.Second
)

// breaker stands before every request on a row. A failing server is an outage of
// the run, not the failure of each row: while it lasts, only probes leave.
type breaker struct {
	state   gate
	epoch   int     // counts the changes of state
	streak  int     // failures since the last answer
	since   Instant // when it was shut, never while it lets pass
	probing bool    // a probe is in flight
	next    Instant // when the next probe is due
	every   time.Duration
	trying  bool // halfOpen: a request that writes is under way
	outage  bool // a probe has failed since it was shut
	// onlyRows: it was shut since the server fails on rows, though it answers
	// probes.
	onlyRows bool
	reason   string
	// charged are the rows that spent an attempt since the last answer. If it
	// turns out to be an outage, they get it back.
	charged []*Row
}

// gate is the state of a breaker.
type gate uint8

const (
	passing  gate = iota
	shut          // nothing leaves but probes
	halfOpen      // the probe was answered: reads, and one create alone
)

func newBreaker() breaker { return breaker{since: never, every: firstProbeInterval} }

func (b *breaker) set(g gate) {
	b.state, b.trying = g, false
	b.epoch++
}

// enter notes that a request that writes leaves.
func (b *breaker) enter() { b.trying = b.state == halfOpen }

// current tells whether a request left in the state that holds now: the answer
// to an older one says nothing of the server's health now.
func (b *breaker) current(q Request) bool { return q.epoch == b.epoch }

// good notes an answer as expected to a request on a row. It returns how long
// the outage was that ends with it, 0 if none does.
func (b *breaker) good(now Instant, q Request) (outage time.Duration) {
	if b.state != passing && !b.current(q) {
		return 0
	}
	b.streak, b.charged = 0, nil
	if b.state == passing {
		return 0
	}
	if b.outage {
		outage = now - b.since
	}
	b.since, b.outage, b.every = never, false, firstProbeInterval
	b.set(passing)
	return outage
}

// bad notes that the server failed on a request. It spends an attempt of its
// row, unless that turns out to be an outage. own: it is the row's own failure,
// since a probe had been answered just before.
func (b *breaker) bad(now Instant, q Request) (own bool) {
	b.streak++
	if r := q.Row; r != nil && q.Kind.writes() && !(b.state == shut && b.outage) {
		r.spent++
		b.charged = append(b.charged, r)
	}
	switch {
	case b.state == halfOpen && b.current(q):
		own = true
		b.charged = nil
		b.every = firstProbeInterval
		b.next = now + b.every
		b.reason = "it answers when asked whether it is up, but fails on rows or look-ups"
		b.onlyRows = true
		b.set(shut)
	case b.state == passing && b.streak >= failuresInARow:
		b.suspect(now)
	}
	return own
}

// neutral notes an answer that says nothing about the server's health.
func (b *breaker) neutral(q Request) {
	if q.Kind.writes() && b.current(q) {
		b.trying = false
	}
}

// suspect shuts the breaker until a probe is answered.
func (b *breaker) suspect(now Instant) {
	if b.state == shut {
		return
	}
	if b.state == passing {
		b.since, b.reason = now, "it does not answer"
	}
	b.next, b.onlyRows = now, false
	b.set(shut)
}

func (b *breaker) probesDue(now Instant) int {
	if b.state == shut && !b.probing && b.next <= now {
		return 1
	}
	return 0
}

func (b *breaker) wake(now Instant, patience time.Duration) Instant {
	switch {
	case b.state != shut:
		return never
	case b.probing:
		return b.since + patience
	}
	return min(ifLater(b.next, now), b.since+patience)
}

// probeAnswered decides whether the server is up.
func (m *Machine) probeAnswered(now Instant, a talkdesk.Answer) {
	b := &m.breaker
	b.probing = false
	if b.state != shut {
		return
	}
	if !a.Down && !a.Throttled {
		b.set(halfOpen)
		for _, r := range m.spent {
			m.giveUp(r, r.last)
		}
		m.spent = nil
		return
	}
	for _, r := range b.charged {
		r.spent--
	}
	b.charged = nil
	for _, r := range m.spent {
		m.sendAgain(now, r)
	}
	m.spent = nil
	b.reason = a.Message
	notice := Notice{What: StillDown, Text: b.reason, At: now + b.every, Until: b.since + m.cfg.Patience}
	if !b.outage {
		b.outage, notice.What = true, ServerDown
	}
	b.next = now + b.every
	b.every = min(2*b.every, maxProbeInterval)
	m.say(notice)
}

// downTooLong stops a run whose server fails for as long as it may wait.
func (m *Machine) downTooLong(now Instant) {
	b := &m.breaker
	if b.state == shut && now >= b.since+m.cfg.Patience {
		m.stop(Stop{Exit: exit.Stopped, Reason: fmt.Sprintf("the server has been failing for %v: %s", (now - b.since).Round(time.Second), b.reason),
			Hint: "run the same command again when the server is back"})
	}
}
