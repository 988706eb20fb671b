package lifecycle

import (
	"fmt"
	"slices"

	"caseimport/importer/exit"
	"caseimport/importer/talkdesk"
)

// hasCase goes on with a row whose case is known now. An update follows if there
// is one; of a case that was found, an earlier run may have made it.
func (m *Machine) hasCase(now Instant, r *Row, rec Record) {
	ours := !rec.Found || r.past != nil || r.Attempts > 0
	if ours {
		rec.Held = r.Sum
		switch {
		case !rec.Found || r.past == nil:
		case r.Attempts == 0:
			rec.Held = r.past.Sum
		case r.past.Sum != r.Sum: // either request may have made it
			rec.Held = [8]byte{}
		}
	}
	r.CaseID, r.doubt, r.spent, r.renewals = rec.CaseID, false, 0, 0
	m.breaker.charged = slices.DeleteFunc(m.breaker.charged, func(other *Row) bool { return other == r })
	if !ours || r.Ref != nil && r.Update == nil || !m.cfg.Updates {
		rec.State = Done
		m.end(r, rec)
		return
	}
	made := rec
	r.made = &made
	switch {
	case r.Ref == nil: // the input may show it yet
		m.incomplete(r, talkdesk.Answer{Code: "not updated", Message: "it is updated when it comes again"})
	default:
		rec.State, rec.Row, rec.Claim, rec.Ref, rec.Attempts = Created, r, r.Claim, r.Ref, r.Attempts
		m.out = append(m.out, rec)
		m.move(r, Created)
		r.open = false
		if r.past != nil {
			r.beware(Had{Torn: true})
		}
		m.enqueueUpdate(now, r)
	}
}

// resume goes on with a row whose case an earlier run, or an earlier part of this
// one, has left as it was created.
func (m *Machine) resume(now Instant, r *Row, had Had) {
	switch {
	case r.Body == nil:
		m.incomplete(r, talkdesk.Answer{Code: "invalid", Message: r.Fault})
	case r.Update == nil:
		m.done(r, false)
	default:
		if r.state != Created {
			m.move(r, Created)
		}
		r.beware(had)
		m.enqueueUpdate(now, r)
	}
}

// beware has the case read before it is updated: an earlier run may have updated
// it, and people may have changed it since.
func (r *Row) beware(had Had) {
	r.compare, r.noting, r.since = true, had.Torn && len(r.Update.Notes) > 0, had.Since
}

// NotesInDoubt reports whether the notes of the row's update may have been added
// already.
func (r *Row) NotesInDoubt() bool { return r.noting }

// enqueueUpdate gives a row its turn to be updated. A note that was sent and may
// still arrive is waited for, or a look would miss it.
func (m *Machine) enqueueUpdate(now Instant, r *Row) {
	switch settled := r.since + m.cfg.Settle; {
	case r.compare && r.noting && now < settled:
		m.delay(r, settled)
	case r.compare:
		m.compares = append(m.compares, r)
	default:
		m.updates = append(m.updates, r)
	}
}

// updateAnswered decides what the answer to an update means. It sets values, so
// it may be sent again without a look (rule 5), unless it adds notes.
func (m *Machine) updateAnswered(now Instant, q Request, a talkdesk.Answer) {
	r := q.Row
	if !a.Blocked {
		m.blocked = 0
	}
	if !a.Renewed {
		r.renewals = 0
	}
	if r.disputed {
		m.breaker.neutral(q)
		m.endDisputed(r, Mapped)
		return
	}
	r.last = a
	switch a.Verdict {
	case talkdesk.OK:
		m.unhold(now, q)
		m.good(now, q)
		m.updated++
		m.everSent = true
		m.done(r, true)
	case talkdesk.Rejected:
		m.good(now, q)
		if a.APIForm {
			m.hold.pageGone()
		}
		if r.repeated && !a.Blocked {
			// It may be refused since it was applied: a resolved case is locked.
			r.refusal, r.compare = &a, true
			m.sendAgain(now, r)
			return
		}
		m.updateRefused(now, r, a)
	case talkdesk.Unknown:
		m.everSent, r.repeated = true, true
		if len(r.Update.Notes) > 0 {
			r.compare, r.noting, r.since = true, true, now
		}
		if !a.Page {
			m.tryLater(now, q, a)
			return
		}
		m.breaker.neutral(q)
		m.page(now, a)
		m.sendAgain(now, r)
	case talkdesk.NotTaken:
		m.notTaken(now, q, a)
	default:
		m.breaker.neutral(q)
		m.stop(Stop{Exit: exit.Refused, Reason: a.Message})
		m.incomplete(r, a)
	}
}

// CodeLocked is the error code of a row whose case is resolved or closed and takes no
// changes.
const CodeLocked = "locked"

// updateRefused decides on an update that the API refused for good. Where that may be
// for the parent, the rest is sent without it: the page of the API names no parent that
// an update sets.
func (m *Machine) updateRefused(now Instant, r *Row, a talkdesk.Answer) {
	rest := *r.Update
	rest.ParentID = ""
	parent := a.AboutParent && r.Update.ParentID != "" && r.parent == nil
	switch {
	case m.blockedNow(a):
		m.leave(r)
		return
	case parent && !rest.Empty():
		a = aboutParent(a, r.Update.ParentID)
		r.parent, r.refusal, r.Update = &a, nil, &rest
		m.sendAgain(now, r)
		return
	case a.AboutLock && r.locked:
		// That people have resolved cases does not mean that the mapping is wrong.
		a.Code, a.Message = CodeLocked, aboutLock(" ("+a.Message+")")
		m.incomplete(r, a)
		return
	case parent:
		named := len(a.Fields) > 0
		if a = aboutParent(a, r.Update.ParentID); named {
			// It is tried again every night, and must not stop one for those behind it.
			m.incomplete(r, a)
			return
		}
	}
	m.incomplete(r, a)
	m.tooMany()
	if m.unwanted++; m.unwanted == refusedFirst && m.updated == 0 {
		m.stop(Stop{Exit: exit.Stopped, Reason: fmt.Sprintf("the API refused the first %d updates, and took none; the last: %s", m.unwanted, a.Message),
			Hint: "look at the failure report, fix the mapping, and run the same command again: the cases that were created are only updated"})
	}
}

func aboutLock(why string) string {
	return "the case is resolved or closed in Talkdesk and takes no changes" + why + ": reopen it there, or in the row's status, or leave it"
}

func aboutParent(a talkdesk.Answer, id string) talkdesk.Answer {
	a.Message = fmt.Sprintf("an update cannot give the case its parent (%s): make it a subcase of case %s by hand in Talkdesk", a.Message, id)
	return a
}

// done ends a row that has its case as it is to be.
func (m *Machine) done(r *Row, updated bool) {
	rec := *r.made
	rec.State, rec.Updated = Done, updated
	if r.parent != nil && !m.cfg.hooks.forgetLeft {
		rec.State, rec.Answer, rec.Parentless = Incomplete, *r.parent, true
	}
	if updated && !r.last.Updated.IsZero() {
		rec.Answer.Updated = r.last.Updated
	}
	m.end(r, rec)
}

// incomplete ends a row that has its case, but not as it is to be.
func (m *Machine) incomplete(r *Row, a talkdesk.Answer) {
	if r.noting && talkdesk.Refusal(a.Status) {
		a.Status = 0 // or the next run would take it that no note may still arrive
	}
	rec := *r.made
	rec.State, rec.Answer = Incomplete, a
	m.end(r, rec)
}

// Comparison is what a Compare has shown of a case.
type Comparison struct {
	Rest   *talkdesk.Update // what of the row's update is still to be set, nil if nothing is
	Note   string           // for people
	Locked bool             // the case is resolved or closed
}

// Compared brings the answer to a Compare, and what it has shown. The answer's verdict
// is as that of any read; Unknown where there is no such case.
func (m *Machine) Compared(now Instant, q Request, a talkdesk.Answer, c Comparison) {
	m.heard(now, a)
	m.compared(now, q, a, c)
	m.proceed(now)
}

func (m *Machine) compared(now Instant, q Request, a talkdesk.Answer, c Comparison) {
	r := q.Row
	switch {
	case r.disputed:
		m.endDisputed(r, Mapped)
		return
	case a.Verdict == talkdesk.NotTaken && m.stopped != nil:
		m.leave(r)
		return
	case a.Verdict == talkdesk.NotTaken:
		due, end, over := m.tryAgain(now, q, a, &r.look)
		if !over {
			m.move(r, Created)
			m.delay(r, due)
			return
		}
		a = end
	case a.Verdict != talkdesk.Halt:
		m.good(now, q)
	}
	r.look, r.locked = retry{}, c.Locked
	if c.Note != "" {
		made := *r.made
		made.Note = c.Note
		r.made = &made
	}
	switch {
	case a.Verdict == talkdesk.Halt && !a.Denied:
		m.stop(Stop{Exit: exit.Refused, Reason: a.Message})
		m.incomplete(r, a)
	case a.Verdict != talkdesk.OK && r.refusal != nil:
		m.updateRefused(now, r, *r.refusal)
	case a.Verdict != talkdesk.OK:
		m.incomplete(r, a)
	case c.Rest == nil:
		r.last = a
		m.done(r, r.repeated)
	case c.Locked && r.Told:
		m.incomplete(r, talkdesk.Answer{Code: CodeLocked, Message: aboutLock("")})
	default:
		r.Update, r.compare, r.noting = c.Rest, false, false
		if r.refusal != nil {
			m.updateRefused(now, r, *r.refusal)
		} else {
			m.sendAgain(now, r)
		}
	}
}
