package lifecycle

import (
	"fmt"
	"strings"

	"caseimport/importer/journal"
)

// invariant is something that must hold in every state of every world.
type invariant string

const (
	oneCase      invariant = "no row has two cases"
	failedTrue   invariant = "a row recorded as failed has no case, and can get none"
	createdTrue  invariant = "a row recorded as created has that case"
	releasedTrue invariant = "a row whose claim is released has no case, and can get none"
	absenceTrue  invariant = "an absence that is believed is true"
	claimFirst   invariant = "a create leaves only when its claim is durable"
	nothingLost  invariant = "what may have a case is known to the journal"
	toldOnce     invariant = "what became of a row is said exactly once"
	doubtTrue    invariant = "rows are called in doubt if and only if they are"
	runEnds      invariant = "every run comes to its end"
	calmHeals    invariant = "when nothing fails any more, every row gets its case"
	machineSound invariant = "the machine's books are right"
	doneTrue     invariant = "a row recorded as done is as it is to be"
	rightCase    invariant = "an update is sent to the row's own case"
	fewUpdates   invariant = "an update is sent once, and again only if its answer was lost"
	oneNote      invariant = "no note is added twice"
	familyTrue   invariant = "a child is sent only when its parent has its case"
)

// fail notes that an invariant does not hold.
func (w *world) fail(which invariant, format string, args ...any) {
	if w.wrong == "" && (w.only == "" || w.only == which) {
		w.wrong, w.invariant = fmt.Sprintf(format, args...), which
	}
}

// heard holds what the machine says against what is true.
func (w *world) heard(a Action) {
	switch a := a.(type) {
	case Record:
		w.heardRecord(a)
	case Leave:
		i := int(a.Row.ID[0])
		if a.Ref != nil {
			w.tellOnce(i)
		}
		switch {
		case a.InDoubt && !w.doubt[i]:
			w.fail(doubtTrue, "row %s is left, and called in doubt, which it is not", names[i])
		case !a.InDoubt && w.doubt[i]:
			w.fail(doubtTrue, "row %s is left in doubt, and not called so", names[i])
		}
		w.tell("  row %s is left%s", names[i], map[bool]string{true: ", in doubt"}[a.InDoubt])
	case Release:
		for _, id := range a.IDs {
			w.tell("  the claim of row %s is released", names[id[0]])
			if w.mayHaveCase(int(id[0])) && !w.excused.has(int(id[0])) {
				w.fail(releasedTrue, "the claim of row %s is released, and it has a case, or can get one", names[id[0]])
			}
			if !w.disk.broken && !w.disk.state(int(id[0])).InDoubt() {
				w.fail(releasedTrue, "the claim of row %s is released, and there is none", names[id[0]])
			}
		}
	case Reply:
		if w.replies++; a.Ask != w.question || w.replies > 1 {
			w.fail(toldOnce, "a question was answered twice")
		}
	}
}

func (w *world) heardRecord(a Record) {
	i := int(a.Row.ID[0])
	w.tell("  recorded: row %s is %s%s", names[i], a.State, strings.TrimRight(" "+a.CaseID, " "))
	if a.Retracts != Mapped {
		w.told[i]--
	}
	if a.Ref != nil && a.State != Created {
		w.tellOnce(i)
	}
	switch a.State {
	case Created, Done, Incomplete:
		row, seq := parseID(a.CaseID)
		c := w.stored(row, seq)
		if int(row) != i || c == nil {
			w.fail(createdTrue, "row %s is recorded with case %s, which it does not have", names[i], a.CaseID)
		} else if a.State == Done && !w.foreign && (w.updates.has(i) && c.updated == 0 || a.Ref != nil && int8(a.Held[0]) == w.version(i) && !w.asItIsToBe(c)) {
			w.fail(doneTrue, "row %s is done, and case %s was not updated", names[i], a.CaseID)
		} else if a.State == Done && w.parents.has(i) && !c.parent {
			w.fail(doneTrue, "row %s is done, and case %s does not have its parent", names[i], a.CaseID)
		} else if a.Parentless && !w.asItIsButForParent(c) {
			w.fail(doneTrue, "row %s is said to lack its parent alone, and case %s lacks more", names[i], a.CaseID)
		}
		w.doubt[i] = false
	case Failed:
		if w.mayHaveCase(i) && !w.excused.has(i) {
			w.fail(failedTrue, "row %s is recorded as failed, and it has a case, or can still get one", names[i])
		}
		w.doubt[i] = false
	case Unknown:
		if !w.doubt[i] && !w.lookFirst && !w.listed {
			w.fail(doubtTrue, "row %s is recorded as unknown, and it is not in doubt", names[i])
		}
		w.doubt[i] = true
	}
}

func (w *world) tellOnce(i int) {
	if w.told[i]++; w.told[i] > 1 {
		w.fail(toldOnce, "what became of row %s is said twice", names[i])
	}
}

// examine checks what must hold in every state.
func (w *world) examine() {
	w.examineCases()
	w.examineBooks()
	if w.over() {
		w.examineEnd()
	}
}

// examineCases: of two cases of a row, the one whose request left later must
// have been asked for by a person.
func (w *world) examineCases() {
	for i, c := range w.cases {
		cases := int8(0) // more than one where a person asked for it
		for _, d := range w.cases {
			cases += int8(boolInt(d.row == c.row))
		}
		if i := c.row; w.asks[i] > cases+w.lostAsks[i] {
			w.fail(fewUpdates, "%d updates of row %s were sent, and %d answers lost", w.asks[i], names[i], w.lostAsks[i])
		}
		if c.updated > 1 && w.notes.has(int(c.row)) {
			w.fail(oneNote, "the note of row %s stands twice in case %s", names[c.row], caseID(c.row, c.seq))
		}
		for _, d := range w.cases[:i] {
			later := c
			if d.seq > c.seq {
				later = d
			}
			if c.row == d.row && !later.asked {
				w.fail(oneCase, "row %s has two cases, %s and %s", names[c.row], caseID(d.row, d.seq), caseID(c.row, c.seq))
			}
		}
	}
}

// examineBooks checks that the machine's counters and queues fit its rows.
func (w *world) examineBooks() {
	m := w.m
	if m.stopped != nil && strings.HasPrefix(m.stopped.Reason, "internal error") {
		w.fail(machineSound, "%s", m.stopped.Reason)
	}
	if m.Ready(w.now) == 0 {
		if q, ok := m.choose(w.now); ok {
			w.fail(machineSound, "Ready is 0, and Next gives a request of kind %d", q.Kind)
		}
		for _, r := range m.doubts {
			at, ok := m.provable(r)
			if !ok {
				break // the others wait for the first
			}
			if at <= w.now && m.inFlight < w.workers && m.breaker.state != shut && m.stopped == nil {
				w.fail(machineSound, "row %s could be looked up, and is not", names[r.ID[0]])
			}
		}
	}
	var active, syncing, sought, waiting, tried int
	for _, r := range w.rows {
		if r == nil {
			continue
		}
		if r.state < Done {
			active++
		}
		if r.spent < 0 || r.spent > rounds+1 {
			w.fail(machineSound, "row %s has spent %d attempts", names[r.ID[0]], r.spent)
		}
		if r.Attempts > 0 {
			tried++
		}
		switch r.state {
		case Claiming:
			syncing++
		case Sought:
			sought++
		case Mapped, Claimed, Exhausted, Doubtful, Created:
			waiting++
		}
	}
	queued := len(m.fresh) + len(m.ready) + len(m.again) + len(m.doubts) + len(m.stranded) + len(m.spent) + len(m.later) + len(m.updates) + len(m.compares) + len(m.hold.alike)
	for _, c := range []struct {
		what       string
		have, want int
	}{
		{"active rows", m.active, active},
		{"rows that are being claimed", m.syncing, syncing},
		{"look-ups in flight", m.sought, sought},
		{"requests in flight", m.inFlight, len(w.flights)},
		{"rows in queues", queued, waiting},
	} {
		if c.have != c.want {
			w.fail(machineSound, "%d %s are counted, and there are %d", c.have, c.what, c.want)
		}
	}
	if w.limit > 0 && tried > w.limit {
		w.fail(machineSound, "%d rows were sent, and the limit is %d", tried, w.limit)
	}
	if m.inFlight > w.workers {
		w.fail(machineSound, "%d requests in flight, with %d workers", m.inFlight, w.workers)
	}
}

// examineEnd checks what must hold when a run is over.
func (w *world) examineEnd() {
	for i := range w.scenario.rows {
		read := i < w.nextRow
		if read && w.told[i] != 1 && !(w.waits && i == 1) {
			w.fail(toldOnce, "the run is over, and what became of row %s was said %d times", names[i], w.told[i])
		}
		if w.disk.broken {
			continue
		}
		state := w.disk.state(i)
		switch {
		case w.doubt[i] && !state.InDoubt():
			w.fail(nothingLost, "the run is over, row %s is in doubt, and the journal does not say so", names[i])
		case !w.doubt[i] && state.InDoubt():
			w.fail(doubtTrue, "the run is over, the journal calls row %s in doubt, which it is not", names[i])
		case w.m.stopped == nil && w.limit == 0 && !state.HasCase() && state != journal.Failed && state != journal.Unknown &&
			!(w.invalid && i == 0) && !(w.child && i == 1):
			w.fail(nothingLost, "the run came to its end, and row %s has no outcome", names[i])
		}
	}
	if w.question != nil && w.replies != 1 {
		w.fail(toldOnce, "the run is over, and a question has no answer")
	}
}
