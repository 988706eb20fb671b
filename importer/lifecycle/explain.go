package lifecycle

import "time"

// saying remembers what was said, so that each cause is said once.
type saying struct {
	suspected Instant // when the breaker was shut of which that was said
	onlyRows  Instant
	doubts    Instant // until when the rows in doubt were said to wait
	canary    Instant // when the search for it had begun
}

// explainAfter is how long a wait lasts before it is explained.
const explainAfter = 500 * time.Millisecond

// explain says why the run waits.
func (m *Machine) explain(now Instant) {
	b, s := &m.breaker, &m.said
	if b.state == shut {
		switch {
		case b.outage || now < b.since+explainAfter:
		case b.onlyRows && now >= s.onlyRows:
			s.onlyRows = now + time.Minute
			m.say(Notice{What: OnlyRowsFail})
		case !b.onlyRows && s.suspected != b.since:
			s.suspected = b.since
			m.say(Notice{What: Suspected, Until: b.since + m.cfg.Patience})
		}
		return
	}
	if len(m.doubts) == 0 || m.inFlight > 0 || m.Ready(now) > 0 || m.syncing > 0 {
		return
	}
	if c := &m.canary; c.seeking {
		if c.missed > 0 && (s.canary == never || c.begun > s.canary+time.Minute) && now >= c.begun+explainAfter {
			s.canary = c.begun
			m.say(Notice{What: WaitForCanary, Rows: len(m.doubts), Text: c.target.ID, Until: c.begun + m.cfg.Patience})
		}
		return
	}
	if at, ok := m.provable(m.doubts[0]); ok && at > now+explainAfter {
		last := max(at, m.Settles())
		if s.doubts != never && last <= s.doubts+time.Second {
			return
		}
		s.doubts = last
		what := WaitForDoubts
		if !m.doubts[0].open {
			what = WaitToAdopt
		}
		m.say(Notice{What: what, Rows: len(m.doubts), At: at, Until: last})
	}
}

// Settles is when the last of the rows in doubt may be looked up, as far as is known; 0
// if none is in doubt.
func (m *Machine) Settles() Instant {
	if len(m.doubts) > 0 {
		last := m.doubts[len(m.doubts)-1]
		if at, ok := m.provable(last); ok {
			return at
		}
		return last.since + m.cfg.Settle
	}
	return 0
}

// wake is when there may be something to say.
func (s *saying) wake(m *Machine) Instant {
	b := &m.breaker
	if b.state == shut && !b.outage && !b.onlyRows && s.suspected != b.since {
		return b.since + explainAfter
	}
	return never
}
