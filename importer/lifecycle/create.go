package lifecycle

import (
	"fmt"
	"time"

	"caseimport/importer/exit"
	"caseimport/importer/journal"
	"caseimport/importer/talkdesk"
)

// createAnswered decides what the answer to a create request means for its row,
// and for the run. (Rules 2 and 6.)
func (m *Machine) createAnswered(now Instant, q Request, a talkdesk.Answer) {
	r := q.Row
	r.last = a
	if !a.Blocked {
		m.blocked = 0
	}
	if !a.Renewed {
		r.renewals = 0
	}
	switch a.Verdict {
	case talkdesk.OK:
		if twin, again := m.isGiven(a.CaseID); again {
			m.givenAgain(now, q, a, twin)
			return
		}
		m.given.add(a.CaseID, r)
		m.unhold(now, q)
		m.good(now, q)
		m.created++
		m.decided++
		m.everSent = true
		if a.KeyShown && a.Key != r.Key {
			m.keyAltered(journal.Altered{Key: r.Key, Made: a.Key})
		}
		m.know(knownCase{Case: Case{Key: r.Key, ID: a.CaseID}, sent: q.sent})
		m.hasCase(now, r, Record{Answer: a, CaseID: a.CaseID, Sent: max(q.sent, 1)})
	case talkdesk.Rejected:
		m.good(now, q)
		if !m.refusedAlike(now, q, a) {
			m.unhold(now, q)
			m.rejected(r, a)
		}
	case talkdesk.Unknown:
		m.everSent = true
		r.doubt, r.since, r.alone = true, now, true
		if a.Page {
			m.breaker.neutral(q)
			m.page(now, a)
		} else {
			m.charge(now, q, a)
		}
		m.move(r, Doubtful)
		m.enqueue(r)
	case talkdesk.NotTaken:
		m.notTaken(now, q, a)
	default:
		m.breaker.neutral(q)
		m.stop(Stop{Exit: exit.Refused, Reason: a.Message})
		m.leave(r)
	}
}

// charge spends an attempt of the row. own: see breaker.bad.
func (m *Machine) charge(now Instant, q Request, a talkdesk.Answer) (own bool) {
	if a.Down {
		return m.breaker.bad(now, q)
	}
	q.Row.spent++
	m.breaker.neutral(q)
	return false
}

// notTaken decides on a request that surely did not reach the application.
func (m *Machine) notTaken(now Instant, q Request, a talkdesk.Answer) {
	r := q.Row
	switch {
	case m.stopped != nil:
		m.breaker.neutral(q)
		m.leave(r)
	case a.Renewed:
		m.breaker.neutral(q)
		if r.renewals++; r.renewals == maxRenewals {
			m.stop(Stop{Exit: exit.Refused, Reason: a.Message, Hint: "every new token is refused for this row: check the credentials and their scopes"})
			m.leave(r)
			return
		}
		m.sendAgain(now, r)
	case a.Again:
		m.breaker.neutral(q)
		m.sendAgain(now, r)
	case a.Throttled:
		m.breaker.neutral(q)
		m.throttle(now)
		m.sendAgain(now, r)
	default:
		m.tryLater(now, q, a)
	}
}

// tryLater decides on a request of which the server made nothing.
func (m *Machine) tryLater(now Instant, q Request, a talkdesk.Answer) {
	r := q.Row
	own := m.charge(now, q, a)
	switch {
	case r.spent < m.cfg.MaxAttempts:
		m.move(r, waiting(r))
		m.delay(r, now+m.cfg.Backoff(max(1, r.spent)))
	case own || !a.Down:
		m.giveUp(r, a)
	default:
		m.move(r, Exhausted)
		m.spent = append(m.spent, r)
		m.breaker.suspect(now)
	}
}

// waiting is the state of a row that waits for its turn to be sent or updated.
func waiting(r *Row) State {
	if r.CaseID != "" {
		return Created
	}
	return Claimed
}

// giveUp ends a row whose attempts are used up.
func (m *Machine) giveUp(r *Row, a talkdesk.Answer) {
	if r.CaseID != "" {
		m.incomplete(r, a)
	} else {
		m.end(r, Record{State: Failed, Answer: a})
	}
}

// sendAgain lets a row have the next turn.
func (m *Machine) sendAgain(now Instant, r *Row) {
	m.move(r, waiting(r))
	if r.CaseID != "" {
		m.enqueueUpdate(now, r)
	} else {
		m.again = append(m.again, r)
	}
}

// longPause stops a run that is asked to pause for longer than it may wait.
func (m *Machine) longPause(now Instant, a talkdesk.Answer) {
	if a.Pause > m.cfg.Patience {
		m.stop(Stop{Exit: exit.Stopped, Reason: fmt.Sprintf("the server asks for a pause of %v, longer than --outage-patience", a.Pause), At: now + a.Pause,
			Hint: "run the same command again then"})
	}
}

// throttle stops a run that is asked for nothing but pauses. They cost a row
// nothing: it is not its fault.
func (m *Machine) throttle(now Instant) {
	m.throttled = min(m.throttled, now)
	if now-m.throttled >= m.cfg.Patience {
		m.stop(Stop{Exit: exit.Stopped, Reason: fmt.Sprintf("the server has done nothing but ask for pauses (too many requests) for %v", (now - m.throttled).Round(time.Second)),
			Hint: "find out what else uses the account's quota, or lower --rate, and run the same command again"})
	}
}

// rejected decides on a row that the API refused for good.
func (m *Machine) rejected(r *Row, a talkdesk.Answer) {
	if m.blockedNow(a) {
		m.leave(r)
		return
	}
	if !r.Retried {
		m.news++
	}
	m.decided++
	m.everSent = true
	m.end(r, Record{State: Failed, Answer: a})
	m.tooMany()
	if m.news == refusedFirst && m.created == 0 && !r.Retried {
		m.stop(Stop{Exit: exit.Stopped, Reason: fmt.Sprintf("the API refused the first %d rows, and created none; the last: %s", m.news, a.Message),
			Hint: "look at the failure report, fix the mapping, and run the same command again"})
	}
}

// blockedNow stops a run in which something between here and the API refuses the
// requests, and not just one for what it holds.
func (m *Machine) blockedNow(a talkdesk.Answer) bool {
	if !a.Blocked {
		return false
	}
	m.blocked++
	if m.created > 0 && m.blocked < blockedInARow {
		return false
	}
	m.stop(Stop{Exit: exit.Refused, Reason: a.Message, Hint: "something between here and the API refuses the requests: check the credentials, their scopes, and any firewall or proxy"})
	return true
}

// tooMany counts a refusal, and stops a run that has met too many.
func (m *Machine) tooMany() {
	m.refused++
	if m.tooManyOf(m.refused, m.decided) {
		m.stop(Stop{Exit: exit.Stopped, Reason: fmt.Sprintf("too many failures: the API refused %d of %d rows sent (--max-failures)", m.refused, m.decided),
			Hint: "look at the failure report, fix the mapping or the rows, and run the same command again"})
	}
}

func (m *Machine) tooManyOf(refused, decided int) bool {
	cfg := m.cfg
	return cfg.MaxRefused > 0 && refused >= cfg.MaxRefused ||
		cfg.MaxRefusedShare > 0 && decided >= sentForShare && float64(refused) >= cfg.MaxRefusedShare*float64(decided)
}
