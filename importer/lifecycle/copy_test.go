package lifecycle

import (
	"encoding/binary"
	"hash/maphash"
	"slices"

	"caseimport/importer/journal"
	"caseimport/importer/talkdesk"
)

// copier copies a machine and what belongs to it. A row that is named in several
// places is one row in the copy too.
type copier struct {
	from, to [maxRows]*Row
	ask      *Question
}

func (c *copier) row(r *Row) *Row {
	if r == nil {
		return nil
	}
	i := r.ID[0]
	if c.to[i] == nil {
		n := *r
		c.from[i], c.to[i] = r, &n
	}
	if c.from[i] != r {
		panic("two rows are one: " + names[i])
	}
	return c.to[i]
}

func (c *copier) list(rows []*Row) []*Row {
	if len(rows) == 0 {
		return nil
	}
	n := make([]*Row, len(rows))
	for i, r := range rows {
		n[i] = c.row(r)
	}
	return n
}

func (c *copier) question(q *Question) *Question {
	if q == nil {
		return nil
	}
	if c.ask == nil {
		n := *q
		c.ask = &n
	}
	return c.ask
}

func (c *copier) request(q Request) Request {
	q.Row, q.Ask = c.row(q.Row), c.question(q.Ask)
	return q
}

func (c *copier) action(a Action) Action {
	switch a := a.(type) {
	case Claim:
		return Claim{c.list(a.Rows), a.Unsent}
	case Record:
		a.Row = c.row(a.Row)
		return a
	case Leave:
		a.Row = c.row(a.Row)
		return a
	case Reply:
		a.Ask = c.question(a.Ask)
		return a
	}
	return a // the others hold nothing that changes
}

func (c *copier) machine(m *Machine) *Machine {
	n := *m
	n.out = nil
	for _, a := range m.out {
		n.out = append(n.out, c.action(a))
	}
	if m.stopped != nil {
		why := *m.stopped
		n.stopped = &why
	}
	for _, l := range []struct{ from, to *[]*Row }{
		{&m.fresh, &n.fresh}, {&m.ready, &n.ready}, {&m.again, &n.again}, {&m.doubts, &n.doubts},
		{&m.spent, &n.spent}, {&m.later, &n.later}, {&m.stranded, &n.stranded}, {&m.updates, &n.updates}, {&m.hold.alike, &n.hold.alike}, {&m.compares, &n.compares}, {&m.breaker.charged, &n.breaker.charged},
	} {
		*l.to = c.list(*l.from)
	}
	n.asks = slices.Clone(m.asks)
	for i, q := range n.asks {
		n.asks[i] = c.question(q)
	}
	n.past = make(map[journal.ID]*Row, len(m.past))
	for id, r := range m.past {
		n.past[id] = c.row(r)
	}
	if m.canary.found != nil {
		found := *m.canary.found
		n.canary.found = &found
	}
	n.given.order = slices.Clone(m.given.order)
	if m.given.rows != nil {
		n.given.rows = make(map[string]*Row, len(m.given.rows))
		for id, r := range m.given.rows {
			n.given.rows[id] = c.row(r)
		}
	}
	n.release = slices.Clone(m.release)
	n.cfg.Altered = slices.Clone(m.cfg.Altered)
	return &n
}

// keyer writes a state down so that two states are written alike if and only if
// whatever happens to both comes to the same. Moments are written as they are
// seen from now; what is stale, or only ever shown to people, is left out.
type keyer struct {
	twins bool // ids may be given twice
	buf   []byte
	now   Instant
}

func (k *keyer) int(n int)   { k.buf = binary.AppendVarint(k.buf, int64(n)) }
func (k *keyer) bool(b bool) { k.buf = append(k.buf, byte(boolInt(b))) }

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (k *keyer) text(s string) {
	k.int(len(s))
	k.buf = append(k.buf, s...)
}

func (k *keyer) span(d Instant) { k.buf = binary.AppendVarint(k.buf, int64(d)) }

func (k *keyer) at(t Instant) {
	if t != never && t != -never {
		t -= k.now
	}
	k.span(t)
}

func (k *keyer) rows(rows []*Row) {
	k.int(len(rows))
	for _, r := range rows {
		k.buf = append(k.buf, r.ID[0])
	}
}

func (k *keyer) row(r *Row, inPast bool) {
	k.int(int(r.state))
	k.bool(inPast)
	if r.state >= Done && !inPast {
		return // nothing will look at it again
	}
	k.text(r.CaseID)
	k.bool(r.Update != nil && len(r.Update.Notes) > 0)
	k.bool(r.Update != nil)
	if r.Update != nil {
		k.update(r.Update)
	}
	if r.CaseID != "" {
		k.bool(r.compare)
		k.bool(r.repeated)
		k.bool(r.noting)
		if r.noting {
			k.at(r.since)
		}
		k.bool(r.refusal != nil)
		k.bool(r.parent != nil)
		k.bool(r.locked)
		k.bool(r.Told)
		k.bool(r.disputed)
	}
	k.bool(r.doubt)
	if r.doubt {
		k.at(r.since)
	}
	k.bool(r.open)
	k.bool(r.lost)
	k.bool(r.alone)
	k.bool(r.Retried)
	k.bool(r.second)
	k.bool(r.past != nil)
	if r.past != nil {
		k.text(r.past.Title)
		k.buf = append(k.buf, r.past.Sum[:]...)
	}
	k.text(r.Title)
	k.buf = append(k.buf, r.Sum[:]...)
	k.bool(r.Ref != nil)
	k.bool(r.Body != nil)
	k.bool(r.Attempts > 0)
	k.int(r.spent)
	k.int(r.renewals)
	k.retry(r.look)
}

func (k *keyer) update(u *talkdesk.Update) {
	k.bool(u.Status != "")
	k.bool(u.ParentID != "")
}

func (k *keyer) retry(t retry) {
	k.int(t.failures)
	k.int(t.renewals)
	if t.failures+t.renewals > 0 {
		k.at(t.first)
	}
}

func (k *keyer) request(q Request, b *breaker) {
	k.int(int(q.Kind))
	if q.Row != nil {
		k.int(int(q.Row.ID[0]))
	}
	k.at(q.sent)
	k.bool(q.epoch == b.epoch)
	k.bool(q.trial)
}

func (k *keyer) machine(m *Machine) {
	for _, rows := range [][]*Row{m.fresh, m.ready, m.again, m.doubts, m.stranded, m.spent, m.later, m.updates, m.compares, m.hold.alike, m.breaker.charged} {
		k.rows(rows)
	}
	for _, r := range m.later {
		k.at(r.due)
	}
	k.bool(m.allRead)
	k.bool(m.stopped != nil)
	if m.stopped != nil {
		k.int(m.stopped.Exit)
	}
	k.int(m.active)
	k.int(m.inFlight)
	k.int(m.syncing)
	k.int(m.sought)
	k.int(m.taken)
	k.int(len(m.asks))
	for _, q := range m.asks {
		k.retry(q.look)
		k.at(q.due)
	}
	k.bool(m.blind != "")
	k.bool(m.altered.nonASCII)
	k.bool(m.altered.markup)
	k.int(m.altered.longest)
	k.bool(m.given.said)
	if k.twins {
		for _, id := range m.given.order {
			k.text(id)
			k.bool(m.given.rows[id] != nil)
		}
	}
	k.int(len(m.release))
	for _, id := range m.release {
		k.buf = append(k.buf, id[0])
	}
	k.bool(m.answers > 0)
	k.int(m.created)
	k.int(m.refused)
	k.int(m.news)
	k.int(m.decided)
	k.bool(m.everSent)
	k.int(m.blocked)
	k.at(m.throttled)
	k.int(m.updated)
	k.int(m.unwanted)
	k.at(m.drained)
	k.bool(m.broken)
	k.int(m.writing)
	k.hold(&m.hold)
	k.breaker(&m.breaker)
	k.canary(&m.canary)
	k.bool(m.said.suspected == m.breaker.since)
}

func (k *keyer) hold(h *hold) {
	k.bool(h.on)
	k.int(h.pages)
	k.text(h.words)
	k.text(h.cured)
	k.at(h.first)
	k.bool(h.trying)
	k.bool(h.renewing)
	k.at(h.since)
	k.at(h.next)
	k.span(h.every)
}

func (k *keyer) breaker(b *breaker) {
	k.int(int(b.state))
	k.int(b.streak)
	k.bool(b.probing)
	k.bool(b.trying)
	if b.state == passing {
		return // the rest is set when it shuts
	}
	k.at(b.since)
	k.at(b.next)
	k.span(b.every)
	k.bool(b.outage)
	k.bool(b.onlyRows)
}

func (k *keyer) canary(c *canary) {
	k.known(&c.newest)
	k.bool(c.found != nil)
	if c.found != nil {
		k.known(c.found)
	}
	k.bool(c.seeking)
	k.bool(c.looking)
	if c.seeking || c.looking {
		k.known(&c.target)
		k.at(c.begun)
		k.at(c.due)
		k.span(c.interval)
		k.bool(c.missed > 0)
	}
	k.retry(c.look)
	k.span(c.noted)
}

func (k *keyer) known(c *knownCase) {
	k.text(c.ID)
	k.at(c.sent)
	k.bool(c.earlier)
	k.at(c.foundAt)
	k.span(c.lag)
	k.span(c.spare)
}

// world writes the whole state of a world.
func (k *keyer) world(w *world) {
	k.buf, k.now = k.buf[:0], w.now
	k.bool(w.waits)
	k.bool(w.orphan)
	k.twins = slices.Contains(w.creates, sameID)
	k.buf = append(k.buf, byte(w.excused))
	k.int(w.run)
	k.int(w.kills)
	k.int(w.stops)
	k.int(w.breaks)
	k.int(w.faults)
	k.int(w.slow)
	k.bool(w.resends)
	k.int(w.nextRow)
	if !w.m.allRead {
		k.int(w.idle)
	}
	for i, r := range w.rows {
		k.int(int(w.sent[i]))
		k.int(int(w.asks[i]))
		k.int(int(w.lostAsks[i]))
		k.int(int(w.orphaned[i]))
		k.int(int(w.told[i]))
		k.bool(w.doubt[i])
		k.int(int(w.had[i].version))
		k.int(int(w.had[i].holds))
		k.bool(r != nil)
		if r != nil {
			k.row(r, w.m.past[r.ID] == r)
		}
	}
	k.machine(w.m)
	k.int(len(w.queue))
	for _, a := range w.queue {
		k.action(a)
	}
	k.int(len(w.flights))
	for _, f := range w.flights {
		k.request(f.q, &w.m.breaker)
		k.int(int(f.seq))
		k.bool(f.asked)
		if f.q.Kind != Create {
			k.int(f.seen)
		}
	}
	k.int(int(w.replies))
	if w.run < w.runs {
		k.at(0) // how long this run has lived counts for the next
	}
	k.server(w)
	k.disk(w)
}

func (k *keyer) action(a Action) {
	switch a := a.(type) {
	case Claim:
		k.int(1)
		k.rows(a.Rows)
	case Record:
		k.int(2)
		k.buf = append(k.buf, a.Row.ID[0])
		k.int(int(a.State))
		k.buf = append(k.buf, a.Held[0])
		k.text(a.CaseID)
		k.span(a.Sent)
	case Release:
		k.int(3)
		for _, id := range a.IDs {
			k.buf = append(k.buf, id[0])
		}
	case NoteSeen:
		k.int(5)
		k.span(a.Lived)
	case NoteLag:
		k.int(4)
		k.span(a.Lag)
	default:
		k.int(0)
	}
}

// server writes what the server holds. A case that is shown stays so.
func (k *keyer) server(w *world) {
	k.int(len(w.cases))
	for _, c := range w.cases {
		k.int(int(c.row))
		k.int(int(c.seq))
		k.bool(c.asked)
		k.int(int(c.field))
		k.span(max(c.at-w.now, -w.lag))
		k.int(int(c.updated))
		k.int(int(c.version))
		k.bool(c.parent)
	}
	k.int(len(w.late))
	for _, l := range w.late {
		k.int(int(l.row))
		k.int(int(l.seq))
		k.bool(l.asked)
		k.int(int(l.field))
		k.bool(l.update != nil)
		if l.update != nil {
			k.update(l.update)
		}
		k.int(int(l.version))
		k.at(l.until)
	}
}

func (k *keyer) disk(w *world) {
	d := &w.disk
	for _, r := range d.rows {
		k.buf = append(k.buf, byte(r.state), byte(r.seq), byte(r.run), byte(r.field), byte(boolInt(r.mixed)), byte(r.version), byte(r.holds))
	}
	k.buf = append(k.buf, byte(d.newest.row), byte(d.newest.seq), byte(d.newest.field), byte(boolInt(d.altered)))
	if w.run < w.runs {
		k.span(d.sent)
		k.span(d.seen)
	}
	k.span(d.lag)
	k.bool(d.broken)
	for _, ended := range d.ended {
		k.bool(ended)
	}
	for _, l := range d.lived {
		k.span(l)
	}
	k.int(len(d.tail))
	for _, l := range d.tail {
		k.buf = append(k.buf, l.kind, byte(l.rows), byte(l.word.state), byte(l.word.seq), byte(l.word.run), byte(l.word.field), byte(boolInt(l.altered)), byte(l.word.version), byte(l.word.holds))
		for _, v := range l.versions {
			k.buf = append(k.buf, byte(v))
		}
		k.span(l.lag)
		k.span(l.word.sent)
	}
}

var seeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}

// stateKey is 128 bits of hash: among a hundred million states, two that differ
// are taken for one with a probability of 1 in 10^22.
type stateKey [2]uint64

func (k *keyer) key(w *world) stateKey {
	k.world(w)
	return stateKey{maphash.Bytes(seeds[0], k.buf), maphash.Bytes(seeds[1], k.buf)}
}
