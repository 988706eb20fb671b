package lifecycle

import (
	"fmt"
	"slices"
	"strings"

	"caseimport/importer/exit"
	"caseimport/importer/journal"
	"caseimport/importer/talkdesk"
)

// enqueue takes a row in doubt, in the order of since. Where no look-up can
// settle the doubt, it ends here; a row of an earlier run waits for that until
// the input has shown it.
func (m *Machine) enqueue(r *Row) {
	if why := m.cannotLook(r); why != "" {
		if r.Ref == nil && !m.allRead {
			m.stranded = append(m.stranded, r)
		} else {
			m.unsettled(r, talkdesk.Answer{Code: "in doubt", Message: why})
		}
		return
	}
	at := len(m.doubts)
	for at > 0 && before(r, m.doubts[at-1]) {
		at--
	}
	m.doubts = slices.Insert(m.doubts, at, r)
}

// before reports whether a row can be looked up sooner than another: those that
// are alone may have to wait for longer.
func before(r, other *Row) bool {
	return r.since < other.since || r.since == other.since && other.alone && !r.alone
}

// cannotLook says why a look-up cannot settle the row's doubt, "" if it can.
func (m *Machine) cannotLook(r *Row) string {
	switch {
	case !m.cfg.Searchable:
		return "it may have been created: the mapping names no key.custom_field by which it could be looked up"
	case r.lost:
		return "it may have been created, but without the key.custom_field that the mapping names now, so it cannot be looked up by it: look for it in Talkdesk yourself; if it is not there, send it again with --resend-unknown"
	case m.altered.has(r.Key):
		return "it may have been created, but the server alters keys like this one, so it cannot be looked up by it: look for it in Talkdesk yourself; if it is not there, send it again with --resend-unknown"
	}
	return m.blind
}

// keyAltered notes that the server stored a key as another: an absence of keys
// like it proves nothing.
func (m *Machine) keyAltered(a journal.Altered) {
	if m.altered.has(a.Key) {
		return
	}
	m.altered.alter(a)
	m.out = append(m.out, NoteAltered{a})
	m.enqueueAgain(&m.doubts)
}

// enqueueAgain decides anew on rows in doubt, since what can be looked up has
// changed.
func (m *Machine) enqueueAgain(rows *[]*Row) {
	all := *rows
	*rows = nil
	for _, r := range all {
		m.enqueue(r)
	}
}

// provable says from when on a look-up that does not find the row proves that it
// has no case; false if a newer canary must be found first.
func (m *Machine) provable(r *Row) (Instant, bool) {
	c := m.canary.found
	if r.alone && c != nil && c.earlier && m.canary.noted == 0 {
		careful := *c
		careful.lag = max(c.lag, lagGuess*m.cfg.Settle)
		c = &careful
	}
	return m.cfg.hooks.trust(r.since, m.cfg.Settle, c, m.canary.newestOwn(), m.canary.known())
}

// retry is what is remembered of a read from one try to the next.
type retry struct {
	failures, renewals int
	first              Instant // when it was first made
}

// tryAgain decides on a read that was not answered as expected: when it is to be
// made again, or, if over, with what answer it ends.
func (m *Machine) tryAgain(now Instant, q Request, a talkdesk.Answer, t *retry) (due Instant, end talkdesk.Answer, over bool) {
	if t.failures+t.renewals == 0 {
		t.first = q.sent
	}
	if a.Renewed {
		if t.renewals++; t.renewals == maxRenewals {
			a.Verdict = talkdesk.Halt
			return 0, a, true
		}
		return now, a, false
	}
	if a.Down {
		m.breaker.bad(now, q)
	}
	t.failures++
	givesUp := t.first + m.cfg.Patience
	switch {
	case t.failures >= m.cfg.MaxAttempts && now > givesUp:
		a.Verdict = talkdesk.Unknown
		return 0, a, true
	case a.Throttled:
		return now, a, false
	case t.failures == 3 && !a.Down: // else the breaker has its say
		m.say(Notice{What: LookUpsFail, Text: a.Message, Until: givesUp})
	}
	return now + m.cfg.Backoff(t.failures), a, false
}

// readAnswered decides on the answer to a read other than a probe.
func (m *Machine) readAnswered(now Instant, q Request, a talkdesk.Answer, found []talkdesk.Found, total int) {
	var due Instant
	over := true
	t := &m.canary.look
	if q.Row != nil {
		t = &q.Row.look
	} else if q.Ask != nil {
		t = &q.Ask.look
	}
	switch {
	case a.Verdict == talkdesk.NotTaken && m.stopped != nil:
	case a.Verdict == talkdesk.NotTaken:
		due, a, over = m.tryAgain(now, q, a, t)
	case a.Verdict != talkdesk.Halt:
		m.good(now, q)
	}
	if over {
		*t = retry{}
	}
	switch q.Kind {
	case Asked:
		if over {
			m.reply(q.Ask, a, found, total)
		} else {
			q.Ask.due = due
			m.asks = append(m.asks, q.Ask)
		}
	case Canary:
		m.canary.looking = false
		if over {
			m.canaryAnswered(now, a, found)
		} else {
			m.canary.due = due
		}
	case LookUp:
		m.sought--
		if over {
			m.lookedUp(now, q, a, found)
		} else {
			m.move(q.Row, Doubtful)
			m.delay(q.Row, due)
		}
	}
}

func (m *Machine) reply(q *Question, a talkdesk.Answer, found []talkdesk.Found, total int) {
	m.out = append(m.out, Reply{Ask: q, Answer: a, Found: found, Total: total})
}

// lookedUp decides on a row in doubt by the answer to its look-up.
func (m *Machine) lookedUp(now Instant, q Request, a talkdesk.Answer, found []talkdesk.Found) {
	r := q.Row
	switch {
	case a.Verdict == talkdesk.OK:
		m.found(now, r, found)
	case a.Verdict == talkdesk.Absent && m.cannotLook(r) != "":
		// Meanwhile something has shown that absences prove nothing.
		m.back(r)
	case a.Verdict == talkdesk.Absent:
		// Cases that were created since may demand a newer canary.
		if at, ok := m.provable(r); ok && q.sent >= at {
			m.absent(now, r)
			return
		}
		m.back(r)
	case m.stopped != nil:
		m.back(r)
	case a.Verdict == talkdesk.Halt && !a.Denied:
		m.stop(Stop{Exit: exit.Refused, Reason: a.Message})
		m.back(r)
	default:
		if a.Denied || a.Unfiltered {
			m.goBlind(blindness(a))
		}
		m.unsettled(r, talkdesk.Answer{Status: a.Status, Code: a.Code, Message: blindness(a)})
	}
}

// back lets a row wait for another look-up.
func (m *Machine) back(r *Row) {
	m.move(r, Doubtful)
	m.enqueue(r)
}

// found records the oldest of the cases that were found as the row's own, if its
// title is.
func (m *Machine) found(now Instant, r *Row, found []talkdesk.Found) {
	mine := slices.IndexFunc(found, func(f talkdesk.Found) bool {
		return f.Titled(r.Title) || r.past != nil && f.Titled(r.past.Title)
	})
	if mine < 0 {
		title := r.Title
		if r.past != nil {
			title = r.past.Title
		}
		m.unsettled(r, talkdesk.Answer{Code: "other title", Message: fmt.Sprintf(
			"case %s has this key, but another title: %q there, %q here", found[0].ID, found[0].Title, title)})
		return
	}
	rec := Record{CaseID: found[mine].ID, Found: true}
	m.given.add(rec.CaseID, nil)
	var others []string
	for i, f := range found {
		if i != mine {
			others = append(others, f.ID)
		}
	}
	if rec.Others = len(others); rec.Others > 0 {
		rec.Note = fmt.Sprintf("%d cases have this key; the others: %s", len(found), strings.Join(others, ", "))
	}
	if r.past != nil && r.Ref != nil && r.past.Sum != r.Sum {
		m.say(Notice{What: EditedSince, Row: r.Number, Text: rec.CaseID})
	}
	m.hasCase(now, r, rec)
}

// absent goes on with a row of which it is now sure that it has no case.
func (m *Machine) absent(now Instant, r *Row) {
	r.doubt = false
	switch {
	case r.Ref == nil:
		m.end(r, Record{State: Failed, Answer: talkdesk.Answer{Code: "absent", Message: "looked up: it has no case; it is sent when it comes again"}})
	case r.Body == nil:
		m.end(r, Record{State: Failed, Invalid: true, Answer: talkdesk.Answer{Code: "absent", Message: r.Fault}})
	case r.Attempts == 0: // it was never claimed as it stands now
		r.past = nil
		m.renew(r)
	case r.spent >= m.cfg.MaxAttempts:
		m.end(r, Record{State: Failed, Answer: r.last})
	default:
		m.sendAgain(now, r)
	}
}

// unsettled records that a row's doubt cannot be settled, unless a person has
// said that such rows are to be sent again.
func (m *Machine) unsettled(r *Row, a talkdesk.Answer) {
	if m.resends(r) {
		m.renew(r) // its doubt stays
		return
	}
	m.end(r, Record{State: Unknown, Answer: a})
}

// resends reports whether a row is sent though its doubt is not settled: once,
// and only if an earlier run left it so.
func (m *Machine) resends(r *Row) bool {
	return m.cfg.Resend && r.past != nil && r.Attempts == 0 && r.Ref != nil && r.Body != nil
}

// goBlind notes that looking up proves nothing in this run.
func (m *Machine) goBlind(why string) {
	if m.blind != "" {
		return
	}
	m.blind = why
	m.say(Notice{What: Blind, Text: why})
	m.enqueueAgain(&m.doubts)
}

// blindness says why a look-up that was refused or failed is of no use.
func blindness(a talkdesk.Answer) string {
	if a.Denied {
		return "it may have been created, and looking it up was refused: " + a.Message
	}
	return "it may have been created, and looking it up failed: " + a.Message
}
