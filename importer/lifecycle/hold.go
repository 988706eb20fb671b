package lifecycle

import (
	"fmt"
	"time"

	"caseimport/importer/exit"
	"caseimport/importer/talkdesk"
)

const (
	// pagesInARow in place of the API's answers hold all requests that write.
	pagesInARow = 3
	// sameInARow refusals in the same words, of rows that are not the first, are
	// not about the rows.
	sameInARow = 20
)

// hold keeps all requests that write back while their answers are not about the
// rows: pages of something in between, or one refusal in the same words for row
// after row. Reads may be answered as ever meanwhile, so it is no outage.
type hold struct {
	on       bool
	since    Instant
	next     Instant // when one request may be tried
	every    time.Duration
	trying   bool
	renewing bool   // it is about alike, and a new token is tried
	reason   string // what the answers say

	pages int // in a row
	// alike are rows that were refused one after the other in the same words. They
	// are Exhausted until it is known whether that was about them.
	alike []*Row
	first Instant // when the first of them was
	words string
	cured string // the words that a new token put an end to
}

// begin holds what writes.
func (h *hold) begin(now Instant, reason string) {
	h.on, h.since, h.next, h.every, h.reason = true, now, now+firstProbeInterval, firstProbeInterval, reason
}

// may returns how many of n requests that write may leave.
func (h *hold) may(now Instant, n int) int {
	switch {
	case !h.on:
		return n
	case h.trying || now < h.next:
		return 0
	}
	return min(n, 1)
}

// enter notes that a request that writes leaves.
func (h *hold) enter(q *Request) {
	q.trial = h.on
	h.trying = h.on
}

// heardOf notes the answer to a request that writes, of whatever kind.
func (h *hold) heardOf(now Instant, q Request) {
	if q.trial {
		h.trying = false
		h.next = now + h.every
		h.every = min(2*h.every, maxProbeInterval)
	}
}

// unhold goes on after a request that writes was answered as it is to be: what was
// refused while it was held is sent again, else it was refused for good.
func (m *Machine) unhold(now Instant, q Request) {
	h := &m.hold
	if len(h.alike) > 0 && q.sent < h.first {
		return // it left before they were refused, and says nothing of them
	}
	again := h.on && h.renewing
	h.on, h.renewing, h.pages = false, false, 0
	if !again {
		m.settleAlike()
		return
	}
	h.cured = h.words
	for _, r := range h.alike {
		r.second = true
		m.sendAgain(now, r)
	}
	h.alike = nil
}

// page decides on an answer that is somebody else's page.
func (m *Machine) page(now Instant, a talkdesk.Answer) {
	h := &m.hold
	if h.pages++; h.pages >= pagesInARow && !h.on {
		h.begin(now, a.Message)
		m.say(Notice{What: PagesInstead, Text: a.Message, Until: now + m.cfg.Patience})
	}
}

// pageGone goes on after the API itself has answered, if only to refuse.
func (h *hold) pageGone() {
	h.pages = 0
	h.on = h.on && h.renewing
}

// refusedAlike keeps a refusal that names no field back, and reports whether it
// did: if the next rows are refused in the same words, it is not about the row.
func (m *Machine) refusedAlike(now Instant, q Request, a talkdesk.Answer) bool {
	h := &m.hold
	r := q.Row
	if m.created == 0 || len(a.Fields) > 0 || a.Blocked || r.second || r.Retried {
		return false // Retried: it was refused before, and so were those beside it
	}
	words, limit := a.Code+"\n"+a.Message, m.cfg.hooks.sameInARow
	if words != h.words {
		m.settleAlike()
		h.words = words
	}
	if words == h.cured {
		limit = 1
	}
	h.pageGone()
	m.everSent = true
	m.move(r, Exhausted)
	if len(h.alike) == 0 {
		h.first = now
	}
	h.alike = append(h.alike, r)
	switch {
	case !h.on && m.tooManyOf(m.refused+len(h.alike), m.decided+len(h.alike)):
		m.settleAlike()
	case q.trial && h.renewing && len(h.alike) < m.cfg.hooks.sameInARow:
		h.on, h.renewing = false, false
		m.settleAlike()
	case q.trial && h.renewing:
		m.stop(Stop{Exit: exit.Stopped, Reason: fmt.Sprintf("the API refused %d rows one after the other in the same words, with a new token too: %s", len(h.alike), a.Message),
			Hint: "none of these rows counts as failed; find out what it means, and run the same command again"})
	case !h.on && len(h.alike) >= limit:
		h.begin(now, a.Message)
		h.renewing = true
		m.out = append(m.out, RenewToken{})
		m.say(Notice{What: SameRefusal, Rows: len(h.alike), Text: a.Message, At: h.next})
	}
	return true
}

// settleAlike records that rows were refused for what they hold.
func (m *Machine) settleAlike() {
	rows := m.hold.alike
	m.hold.alike = nil
	for _, r := range rows {
		m.rejected(r, r.last)
	}
}

// settleIdle does the same once there is nothing more to compare with. While a new
// token is tried, one of them goes again then.
func (m *Machine) settleIdle(now Instant) {
	h := &m.hold
	switch {
	case len(h.alike) == 0 || m.writing+m.syncing+len(m.fresh)+m.writes() > 0:
	case !h.on:
		m.settleAlike()
	case h.renewing:
		first := h.alike[0]
		h.alike = h.alike[1:]
		m.sendAgain(now, first)
	}
}

// heldTooLong stops a run that can write nothing for as long as it may wait.
func (m *Machine) heldTooLong(now Instant) {
	if h := &m.hold; h.on && now >= h.since+m.cfg.Patience {
		m.stop(Stop{Exit: exit.Stopped, Reason: fmt.Sprintf("for %v the answers were not the API's own: %s", (now - h.since).Round(time.Second), h.reason),
			Hint: "find out what stands between here and the API, and run the same command again"})
	}
}
