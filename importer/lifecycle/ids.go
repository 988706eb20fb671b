package lifecycle

import (
	"fmt"
	"slices"

	"caseimport/importer/talkdesk"
)

// maxGiven bounds how many ids are remembered.
const maxGiven = 512

// given are the ids that the server gave last. A server that gives one twice, or a
// proxy that repeats an answer, does not say what became of either row.
type given struct {
	rows  map[string]*Row // nil: the case was looked up, and is that row's for sure
	order []string
	said  bool
}

func (g *given) add(id string, r *Row) {
	if _, again := g.rows[id]; again {
		return
	}
	if g.rows == nil {
		g.rows = map[string]*Row{}
	}
	if len(g.order) == maxGiven {
		delete(g.rows, g.order[0])
		g.order = g.order[1:]
	}
	g.rows[id] = r
	g.order = append(g.order, id)
}

// isGiven reports whether a case is another row's; r is nil if that is of an
// earlier run, or was looked up.
func (m *Machine) isGiven(id string) (r *Row, again bool) {
	if newest := m.canary.newest; newest.earlier && newest.ID == id {
		return nil, true
	}
	r, again = m.given.rows[id]
	return r, again
}

// givenAgain decides on a create whose answer names the case of another row: both
// may have a case, and it is not known which.
func (m *Machine) givenAgain(now Instant, q Request, a talkdesk.Answer, twin *Row) {
	r := q.Row
	m.good(now, q)
	m.decided++
	m.everSent = true
	answer := talkdesk.Answer{Status: a.Status, Code: "same id", Message: fmt.Sprintf("the server gave case %s to more than one row", a.CaseID)}
	if !m.given.said {
		m.given.said = true
		m.say(Notice{What: SameID, Row: r.Number, Text: a.CaseID})
	}
	if twin != nil {
		m.dispute(now, twin, answer)
	}
	r.doubt, r.since, r.last = true, now, answer
	r.spent++
	m.move(r, Doubtful)
	m.enqueue(r)
}

// dispute takes back that a row has the case that it was given. Whatever is asked of
// that case, or was sent to it, may be about the other row's.
func (m *Machine) dispute(now Instant, r *Row, why talkdesk.Answer) {
	if r.CaseID == "" {
		return // it was taken back before
	}
	r.doubt, r.since, r.last = true, now, why
	switch was := r.state; was {
	case Updating, Comparing:
		r.disputed = true // once that is answered
	case Done, Incomplete:
		m.endDisputed(r, was)
	default: // nothing was recorded yet
		for _, rows := range []*[]*Row{&m.updates, &m.compares, &m.later, &m.spent} {
			*rows = slices.DeleteFunc(*rows, func(other *Row) bool { return other == r })
		}
		m.endDisputed(r, Mapped)
	}
}

// endDisputed ends a row of which it is not known any more whether it has a case.
// retracts is what was recorded of it.
func (m *Machine) endDisputed(r *Row, retracts State) {
	r.open, r.CaseID = true, ""
	m.end(r, Record{State: Unknown, Answer: r.last, Retracts: retracts})
}
