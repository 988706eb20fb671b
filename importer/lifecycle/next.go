package lifecycle

import (
	"slices"

	"caseimport/importer/exit"
	"caseimport/importer/talkdesk"
)

// Ready returns how many requests may leave now. What Next then gives is
// decided when their turn has come, so that nothing waits for its turn that has
// become wrong meanwhile.
func (m *Machine) Ready(now Instant) int {
	free := m.cfg.Workers - m.inFlight
	switch {
	case m.stopped != nil:
		return min(free, len(m.updates))
	case m.breaker.state == shut:
		return min(free, m.breaker.probesDue(now))
	}
	reads := len(m.compares)
	if m.seekCanary(now) {
		reads++
	}
	for _, q := range m.asks {
		if q.due <= now {
			reads++
		}
	}
	for i := 0; i < len(m.doubts) && reads < free; i++ {
		if at, ok := m.provable(m.doubts[i]); !ok || at > now {
			break
		}
		reads++
	}
	writes := m.hold.may(now, m.writes())
	if m.breaker.state == halfOpen {
		writes = min(writes, 1)
		if m.breaker.trying {
			writes = 0
		}
	}
	return min(free, reads+writes)
}

// writes counts the requests that write and wait for their turn.
func (m *Machine) writes() int { return len(m.updates) + len(m.again) + len(m.ready) }

// Next takes the request that is to leave now. ok is false if there is none.
func (m *Machine) Next(now Instant) (q Request, ok bool) {
	if q, ok = m.choose(now); !ok {
		return q, false
	}
	q.sent, q.epoch = now, m.breaker.epoch
	m.inFlight++
	if q.Kind.writes() {
		m.writing++
		m.hold.enter(&q)
	}
	switch q.Kind {
	case Create:
		m.breaker.enter()
		q.Row.Attempts++
		m.move(q.Row, Sent)
	case Update:
		m.breaker.enter()
		m.move(q.Row, Updating)
	case Compare:
		m.move(q.Row, Comparing)
	}
	return q, true
}

func (m *Machine) choose(now Instant) (Request, bool) {
	switch {
	case m.inFlight >= m.cfg.Workers:
		return Request{}, false
	case m.stopped != nil:
		return m.first(&m.updates, Update)
	case m.breaker.state == shut:
		if m.breaker.probesDue(now) == 0 {
			return Request{}, false
		}
		m.breaker.probing = true
		return Request{Kind: Probe}, true
	}
	for i, q := range m.asks {
		if q.due <= now {
			m.asks = slices.Delete(m.asks, i, i+1)
			return Request{Kind: Asked, Ask: q, Key: q.Key}, true
		}
	}
	if m.seekCanary(now) {
		m.canary.looking = true
		return Request{Kind: Canary, Key: m.canary.target.Key}, true
	}
	if len(m.doubts) > 0 {
		r := m.doubts[0]
		if at, ok := m.provable(r); ok && at <= now {
			m.doubts = m.doubts[1:]
			m.sought++
			m.move(r, Sought)
			return Request{Kind: LookUp, Row: r, Key: r.Key}, true
		}
	}
	if q, ok := m.first(&m.compares, Compare); ok {
		return q, true
	}
	if m.breaker.state == halfOpen && m.breaker.trying || m.hold.may(now, 1) == 0 {
		return Request{}, false
	}
	// What is begun comes before what is new.
	if q, ok := m.first(&m.updates, Update); ok {
		return q, true
	}
	if q, ok := m.first(&m.again, Create); ok {
		return q, true
	}
	return m.first(&m.ready, Create)
}

// first takes the first row of a queue for a request.
func (m *Machine) first(rows *[]*Row, kind Kind) (Request, bool) {
	if len(*rows) == 0 {
		return Request{}, false
	}
	r := (*rows)[0]
	*rows = (*rows)[1:]
	return Request{Kind: kind, Row: r}, true
}

// MayRead reports whether a read that needs several requests may go on.
func (m *Machine) MayRead() bool { return m.stopped == nil && m.breaker.state != shut }

// Wake returns the moment at which time alone will change something: then Tick
// is due. It may be past, and is not any more after Tick. A request that may
// leave by now is no reason to wake: Ready counts it, or it waits for a worker.
func (m *Machine) Wake(now Instant) Instant {
	if m.stopped != nil {
		if len(m.updates) > 0 {
			return m.drained
		}
		return never
	}
	at := m.breaker.wake(now, m.cfg.Patience)
	if m.breaker.state != shut {
		if m.canary.seeking && !m.canary.looking {
			at = min(at, ifLater(m.canary.due, now))
		}
		for _, q := range m.asks {
			at = min(at, ifLater(q.due, now))
		}
		if len(m.doubts) > 0 {
			if due, ok := m.provable(m.doubts[0]); ok {
				at = min(at, ifLater(due, now))
			}
		}
	}
	if len(m.later) > 0 {
		at = min(at, m.later[0].due)
	}
	if h := &m.hold; h.on {
		at = min(at, h.since+m.cfg.Patience)
		if !h.trying && m.writes() > 0 {
			at = min(at, ifLater(h.next, now))
		}
	}
	return min(at, m.said.wake(m))
}

// ifLater returns t if it is later than now, else never.
func ifLater(t, now Instant) Instant {
	if t > now {
		return t
	}
	return never
}

// Answered brings the answer to a request. found and total are those of reads.
func (m *Machine) Answered(now Instant, q Request, a talkdesk.Answer, found []talkdesk.Found, total int) {
	m.heard(now, a)
	if q.Kind.writes() {
		m.writing--
		m.hold.heardOf(now, q)
	}
	switch q.Kind {
	case Create:
		m.createAnswered(now, q, a)
	case Update:
		m.updateAnswered(now, q, a)
	case Probe:
		m.probeAnswered(now, a)
	default:
		m.readAnswered(now, q, a, found, total)
	}
	m.proceed(now)
}

// heard notes what an answer says whatever it was asked for.
func (m *Machine) heard(now Instant, a talkdesk.Answer) {
	m.inFlight--
	if a.Answered() {
		m.answers++
	}
	if a.NoHost && m.answers == 0 {
		m.stop(Stop{Exit: exit.Refused, Reason: a.Message, Hint: "check --region, --account, --base-url and --token-url"})
	}
	if a.Throttled {
		m.longPause(now, a)
	}
}

// Ask has a read made.
func (m *Machine) Ask(now Instant, q *Question) {
	q.look, q.due = retry{}, now
	m.asks = append(m.asks, q)
	m.proceed(now)
}

// good notes that a request on a row was answered as expected.
func (m *Machine) good(now Instant, q Request) {
	if q.Kind.writes() {
		m.throttled = never
	}
	if outage := m.breaker.good(now, q); outage > 0 {
		m.say(Notice{What: ServerUp, Lasted: outage})
	}
}

func (m *Machine) say(n Notice) { m.out = append(m.out, Say{n}) }
