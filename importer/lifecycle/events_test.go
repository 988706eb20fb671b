package lifecycle

import (
	"cmp"
	"slices"
	"time"

	"caseimport/importer/journal"
	"caseimport/importer/talkdesk"
)

// event is something that may happen next in a world.
type event struct {
	kind kind
	a, b int16
}

type kind uint8

const (
	reads      kind = iota // the next row of the input is read
	inputEnds              // there is none
	readsChild             // all others are done, and the child is read
	syncs                  // the claim under way is durable
	diskDies               // it is not, and nothing will be
	leaves                 // a request leaves
	answered               // request a is answered, by answer b
	arrives                // request a, long given up, is stored
	passes                 // time passes: a is how, see times
	stopAsked              // the first signal
	killed                 // the process dies; a is what is kept of the journal's tail, b: the next run resends
	again                  // the run is over, and the command is run again; b as above
)

// answer is what may come of a request.
type answer int8

const (
	asHoped      answer = iota // a create: stored, 201; a read: the truth of when it left
	truthNow                   // a read: the truth of when it was answered
	lost                       // no usable answer; it may be stored yet
	lostDown                   // the same, and it speaks for a failing server
	rejected                   // 400
	throttled                  // 429
	noConnection               // nothing reached the server
	renewed                    // 401, and there is a new token
	denied                     // 403: the scope is missing
	blocked                    // 403 of a firewall
	refusedRead                // a read that is refused
	wrongAddress               // 404: nothing will work
	interrupted                // a read that the stop ends
	page                       // somebody else's page, 200; it may be stored yet
	noHost                     // there is no such host
	longPause                  // 429, and a pause longer than anyone waits
	otherForm                  // the account refuses a spelling: another is sent at once
	sameID                     // a create: stored, 201, with the id of another row's case
)

var answers = [...]talkdesk.Answer{
	asHoped:      {Verdict: talkdesk.OK, Status: 201},
	truthNow:     {Verdict: talkdesk.OK, Status: 200},
	lost:         {Verdict: talkdesk.Unknown, Status: 408, Code: "lost"},
	lostDown:     {Verdict: talkdesk.Unknown, Code: "timeout", Down: true},
	rejected:     {Verdict: talkdesk.Rejected, Status: 400, Code: "bad", APIForm: true, AboutParent: true, AboutLock: true}, // for whatever
	throttled:    {Verdict: talkdesk.NotTaken, Status: 429, Code: "429", Throttled: true},
	noConnection: {Verdict: talkdesk.NotTaken, Code: "no connection", Down: true},
	renewed:      {Verdict: talkdesk.NotTaken, Status: 401, Code: "401", Renewed: true},
	denied:       {Verdict: talkdesk.Halt, Status: 403, Code: "403", Denied: true},
	blocked:      {Verdict: talkdesk.Rejected, Status: 403, Code: "blocked", Blocked: true},
	refusedRead:  {Verdict: talkdesk.Unknown, Status: 400, Code: "refused"},
	wrongAddress: {Verdict: talkdesk.Halt, Status: 404, Code: "404"},
	noHost:       {Verdict: talkdesk.NotTaken, Code: "no host", Down: true, NoHost: true},
	longPause:    {Verdict: talkdesk.NotTaken, Status: 429, Code: "429", Throttled: true, Pause: 2 * time.Hour},
	otherForm:    {Verdict: talkdesk.NotTaken, Status: 400, Code: "another form", Again: true},
	sameID:       {Verdict: talkdesk.OK, Status: 201},
	page:         {Verdict: talkdesk.Unknown, Status: 200, Code: "page", Page: true},
	interrupted:  {Verdict: talkdesk.NotTaken, Code: "interrupted"},
}

var answerTexts = [...]string{
	lost: "no usable answer comes (408)", lostDown: "the answer is lost", rejected: "the API refuses it (400)",
	throttled: "429, too many requests", noConnection: "no connection", renewed: "401, and the token is renewed",
	denied: "403, the scope is missing", blocked: "a firewall refuses it (403)", refusedRead: "it is refused (400)",
	noHost: "there is no such host", longPause: "429, and a pause of two hours", otherForm: "this spelling is refused",
	sameID:       "the server stores it, and says that it is the case of another row",
	page:         "a page comes in place of an answer",
	wrongAddress: "404, a wrong address", interrupted: "it is given up, since the run stops",
}

// Ways in which time passes.
const (
	toNext   = iota // nothing else is to be done: to the next moment of interest
	aTick           // although something could be done: by a tick
	slowlyTo        // the same, to the next moment of interest
)

// next is the next moment at which time alone changes something.
func (w *world) next() Instant {
	at := never
	if wake := w.m.Wake(w.now); wake > w.now {
		at = wake
	}
	for _, l := range w.late {
		if last := l.until - tick; last > w.now {
			at = min(at, last)
		}
	}
	return at
}

// events returns all that may happen next.
func (w *world) events() (list []event) {
	add := func(k kind, a, b int) { list = append(list, event{k, int16(a), int16(b)}) }
	over := w.over()
	if !over {
		w.processEvents(add)
		if len(list) == 0 {
			w.fail(runEnds, "the run is stuck: nothing is under way, and nothing will be")
		}
		if w.stops > 0 && w.m.stopped == nil {
			add(stopAsked, 0, 0)
		}
	}
	for i := range w.late {
		add(arrives, i, 0)
	}
	if w.run == w.runs {
		return list
	}
	for resend := range 2 {
		if resend == 1 && !w.resend {
			continue
		}
		if over && !w.disk.broken {
			add(again, 0, resend)
		}
		if w.kills > 0 || over && w.disk.broken {
			for _, kept := range w.dying().crashes() {
				add(killed, kept, resend)
			}
		}
	}
	return list
}

// dying is the disk with what may be on it besides: a claim that is under way.
func (w *world) dying() disk {
	d := w.disk
	if len(w.queue) > 0 {
		d.tail = append(slices.Clone(d.tail), w.claimLine(w.queue[0].(Claim)))
	}
	return d
}

func (w *world) processEvents(add func(k kind, a, b int)) {
	urgent := w.eager && w.inputWaits()
	act := func(k kind, a, b int) {
		add(k, a, b)
		urgent = true
	}
	if len(w.queue) > 0 {
		act(syncs, 0, 0)
		if w.breaks > 0 {
			act(diskDies, 0, 0)
		}
	}
	if w.m.Ready(w.now) > 0 {
		act(leaves, 0, 0)
	}
	for i := range w.flights {
		w.answersTo(i, act)
	}
	switch {
	case !w.inputWaits():
	case w.nextRow == w.scenario.rows && w.waits:
		add(readsChild, 0, 0)
	case w.nextRow == w.scenario.rows:
		add(inputEnds, 0, 0)
	case w.m.stopped != nil: // the reader may hear of it or not
		if !w.waits {
			add(inputEnds, 0, 0)
		}
		add(reads, 0, 0)
	default:
		add(reads, 0, 0)
	}
	at := w.next()
	switch {
	case !urgent && at != never && (!w.inputWaits() || w.idle < maxIdle):
		add(passes, toNext, 0)
	case urgent && w.slow > 0:
		if at != w.now+tick {
			add(passes, aTick, 0)
		}
		if at != never {
			add(passes, slowlyTo, 0)
		}
	}
}

// inputWaits reports whether the input could be read on.
func (w *world) inputWaits() bool {
	switch {
	case w.m.allRead:
		return false
	case w.nextRow < w.scenario.rows:
		return w.m.Room()
	case w.waits: // for the others, whose business it is
		return w.m.stopped != nil || w.m.Quiet() && len(w.queue) == 0
	}
	return true
}

// answersTo adds the answers that a request may have.
func (w *world) answersTo(i int, add func(k kind, a, b int)) {
	f := w.flights[i]
	add(answered, i, int(asHoped))
	bad := w.scenario.reads
	switch f.q.Kind {
	case Create:
		bad = w.creates
	case Update:
		bad = w.changes
	case Probe:
	default:
		if w.m.stopped != nil {
			add(answered, i, int(interrupted))
		}
		if shown := w.shown(); shown != f.seen && f.q.Kind != Compare {
			add(answered, i, int(truthNow))
		}
	}
	if w.faults == 0 {
		return
	}
	for _, a := range bad {
		if a == sameID && w.twin(f) == "" {
			continue
		}
		add(answered, i, int(a))
	}
}

// twin is the id that a server gives a create which gave it to another row last, in
// this run or before, "" if there is none.
func (w *world) twin(f flight) string {
	if order := w.m.given.order; len(order) > 0 {
		return order[len(order)-1]
	}
	if newest := w.m.canary.newest; newest.earlier && int(newest.ID[0]) != int(names[f.q.Row.ID[0]][0]) {
		return newest.ID
	}
	return ""
}

// do lets an event happen.
func (w *world) do(e event) {
	switch e.kind {
	case reads:
		w.read()
	case readsChild:
		w.readChild()
	case inputEnds:
		w.tell("the input ends")
		w.m.AllRead(w.now)
	case syncs:
		c := w.queue[0].(Claim)
		w.queue = slices.Delete(w.queue, 0, 1)
		w.tell("claimed and synced: %s", w.claimed(c))
		w.disk.add(w.claimLine(c))
		w.disk.sync()
		w.m.Durable(w.now, c.Rows)
	case diskDies:
		w.breaks--
		c := w.queue[0].(Claim)
		w.queue = slices.Delete(w.queue, 0, 1)
		w.tell("the disk fails while it syncs the claims of %s", w.claimed(c))
		w.disk.add(w.claimLine(c))
		w.disk.broken = true
		w.breakClaim(c)
	case leaves:
		w.leave()
	case answered:
		w.answer(int(e.a), answer(e.b))
	case arrives:
		l := w.late[e.a]
		w.late = slices.Delete(w.late, int(e.a), int(e.a)+1)
		if l.update != nil {
			w.tell("the update that was given up arrives: case %s is updated if it takes it", caseID(l.row, l.seq))
			w.update(l.row, l.seq, l.version, l.update)
			break
		}
		w.tell("the request that was given up arrives: the server stores case %s", caseID(l.row, l.seq))
		w.store(l.row, l.seq, l.asked, l.field, l.version)
	case passes:
		w.pass(int(e.a))
	case stopAsked:
		w.stops--
		w.tell("a person asks the run to stop")
		w.m.Halt(w.now, Stop{Exit: 4, Reason: "interrupted"})
	case killed:
		w.die(int(e.a), e.b == 1)
		return
	case again:
		w.tell("run %d is over", w.run)
		w.disk.sync()
		w.disk.lived[w.run] = w.now
		w.disk.ended[w.run] = true
		w.start(e.b == 1)
		return
	}
	w.follow()
}

func (w *world) read() {
	i := w.nextRow
	w.nextRow++
	state := w.disk.state(i)
	switch {
	case state.InDoubt(), w.rows[i] != nil: // the machine knows it
	case w.invalid && i == 0 && w.run > 1:
		w.tell("row %s is read, and refused here: it cannot be sent as it stands now", names[i])
		w.told[i]++
		return
	}
	if w.child && i == 1 && state != journal.Created {
		w.tell("row B is read, and waits for row A, its parent")
		w.waits = true
		return
	}
	w.hand(i)
}

// readChild reads the child again, now that the others are done.
func (w *world) readChild() {
	w.waits = false
	switch known := w.disk.state(1).InDoubt() || w.rows[1] != nil; {
	case w.m.stopped != nil:
		w.tell("row B is left")
		w.told[1]++
	case w.disk.state(0).HasCase():
		w.hand(1)
	case known:
		w.orphan = true
		w.hand(1)
	default:
		w.tell("row B is not sent: its parent has no case")
		w.told[1]++
	}
}

// hand gives a row to the machine.
func (w *world) hand(i int) {
	state := w.disk.state(i)
	was := w.disk.now(i)
	outdated := state == journal.Created && was.version != 0 && was.version != w.version(i)
	switch {
	case state == journal.Created && !outdated:
		w.tell("row %s is read: it has its case", names[i])
		w.told[i]++
		return
	case w.m.Full():
		w.tell("row %s is left: the limit is reached", names[i])
		w.told[i]++
		return
	}
	r := &Row{Claim: w.claim(i, w.version(i)), Body: []byte(names[i]), Ref: names[i], Retried: state == journal.Failed}
	if w.updates.has(i) || state.HasCase() && was.version != 0 && cmp.Or(was.holds, was.version) != w.version(i) {
		r.Update = &talkdesk.Update{Status: "RESOLVED"}
		if w.notes.has(i) {
			r.Update.Notes = make([]talkdesk.SetNote, 1)
		}
		if w.parents.has(i) {
			r.Update.ParentID = "P"
		}
	}
	if w.invalid && i == 0 && w.run > 1 || w.orphan && i == 1 {
		r.Body, r.Fault = nil, "invalid"
	}
	w.tell("row %s is read", names[i])
	if w.rows[i] == nil {
		w.rows[i] = r
	}
	if state.HasCase() && w.m.past[r.ID] == nil {
		r.CaseID = caseID(int8(i), w.disk.seq(i))
		w.had[i] = was
		age, torn := w.disk.unended(w.run)
		if state == journal.Incomplete {
			age, torn = 0, true
		}
		w.m.Resume(w.now, r, Had{Known: was.version != 0, Torn: torn, Since: -age})
		return
	}
	var found []talkdesk.Found
	if w.listed {
		found = w.found(w.key(i), w.shown())
	}
	created := false
	if len(found) > 0 {
		w.tell("  the list holds case %s", found[0].ID)
		created = w.m.Listed(w.now, r, found)
	} else {
		created = w.m.Read(w.now, r, w.lookFirst)
	}
	if created {
		w.told[i]++
	}
}

// leave lets the next request leave.
func (w *world) leave() {
	q, ok := w.m.Next(w.now)
	if !ok {
		w.fail(machineSound, "Ready is above 0, and Next gives no request")
		return
	}
	f := flight{q: q, seen: w.shown()}
	switch q.Kind {
	case Create:
		i := int(q.Row.ID[0])
		w.sent[i]++
		f.seq = w.sent[i]
		f.asked = w.resends && q.Row.doubt || w.excused.has(i)
		w.tell("the create request of row %s leaves", names[i])
		if w.disk.rows[i].state != journal.Claimed {
			w.fail(claimFirst, "a create of row %s leaves before its claim is durable", names[i])
		}
		if q.Row.doubt && !w.resends && !w.excused.has(i) {
			w.fail(oneCase, "row %s is sent while it is in doubt", names[i])
		}
		if w.child && i == 1 && w.rows[0] != nil && w.rows[0].CaseID == "" && !w.disk.state(0).HasCase() {
			w.fail(familyTrue, "row B is sent, and row A has no case")
		}
		if len(q.Row.Body) == 0 {
			w.fail(machineSound, "row %s is sent without a body", names[i])
		}
	case Update:
		i := int(q.Row.ID[0])
		w.asks[i] += int8(boolInt(q.Row.Update.Status != ""))
		w.tell("the update of row %s leaves%s", names[i], map[bool]string{true: ", and names a parent"}[q.Row.Update.ParentID != ""])
		if q.Row.Update.Empty() {
			w.fail(machineSound, "an update of row %s that sets nothing is sent", names[i])
		}
		if row, seq := parseID(q.Row.CaseID); int(row) != i || w.stored(row, seq) == nil {
			w.fail(rightCase, "the update of row %s is sent to case %q", names[i], q.Row.CaseID)
		}
	case Compare:
		w.tell("the case of row %s is read", names[q.Row.ID[0]])
	case LookUp:
		w.tell("row %s is looked up", q.Key)
		if w.unsearchable || w.m.blind != "" {
			w.fail(machineSound, "row %s is looked up, which is of no use", q.Key)
		}
	case Canary:
		w.tell("the search is asked for case %s, which exists", w.m.canary.target.ID)
	case Probe:
		w.tell("the server is asked whether it is up")
	}
	w.flights = append(w.flights, f)
}

// answer brings the answer to a request.
func (w *world) answer(i int, how answer) {
	f := w.flights[i]
	w.flights = slices.Delete(w.flights, i, i+1)
	if len(w.flights) == 0 {
		w.flights = nil
	}
	a := answers[how]
	if how > truthNow && how != interrupted {
		w.faults--
	}
	switch f.q.Kind {
	case Create:
		w.createAnswer(f, how, a)
		return
	case Update:
		w.updateAnswer(f, how, a)
		return
	case Compare:
		w.compareAnswer(f, how, a)
		return
	}
	var found []talkdesk.Found
	text := answerTexts[how]
	if how <= truthNow {
		if how == truthNow {
			f.seen = w.shown()
		}
		text = "it is answered"
		if f.q.Kind == LookUp || f.q.Kind == Canary {
			a, found, text = w.lookUp(f)
		}
	}
	w.tell("  %s: %s", map[Kind]string{LookUp: "look-up of row " + f.q.Key, Canary: "search for the case that exists", Probe: "probe", Asked: "read"}[f.q.Kind], text)
	w.m.Answered(w.now, f.q, a, found, len(found))
	if f.q.Kind == LookUp && how == interrupted && f.q.Row.state == Unknown && w.m.cannotLook(f.q.Row) == "" {
		w.fail(machineSound, "a look-up of row %s that was given up decides on it", f.q.Key)
	}
	if f.q.Kind == LookUp && !f.q.Row.doubt {
		row := int(f.q.Row.ID[0])
		if w.alters.has(row) && !w.m.altered.has(w.key(row)) {
			w.excused |= 1 << row
		}
		if len(found) == 0 && w.mayHaveCase(row) && !w.excused.has(row) {
			w.fail(absenceTrue, "row %s is believed to have no case, and it has one, or can still get one", names[row])
		}
		w.doubt[row] = false
	}
}

func (w *world) lookUp(f flight) (a talkdesk.Answer, found []talkdesk.Found, text string) {
	found = w.found(f.q.Key, f.seen)
	if w.nobodyLooks && f.q.Kind == LookUp {
		found = nil
	}
	switch {
	case w.scenario.search == hiding:
		return talkdesk.Answer{Status: 200, Hidden: true}, nil, "the field is not shown"
	case w.scenario.search == unfiltered && len(found) == 0:
		return talkdesk.Answer{Status: 200, Unfiltered: true}, nil, "all cases but this"
	case w.scenario.search == unfiltered:
		return talkdesk.Answer{Verdict: talkdesk.OK, Status: 200, Unfiltered: true}, found, "all cases, among them this"
	case len(found) == 0:
		return talkdesk.Answer{Verdict: talkdesk.Absent, Status: 200}, nil, "no such case"
	}
	return answers[truthNow], found, "case " + found[0].ID + " is found"
}

func (w *world) createAnswer(f flight, how answer, a talkdesk.Answer) {
	i := int8(f.q.Row.ID[0])
	text := answerTexts[how]
	switch how {
	case sameID:
		w.store(i, f.seq, f.asked, w.field(w.run), w.version(int(i)))
		a.CaseID = w.twin(f)
		twin, _ := parseID(a.CaseID)
		if r := w.m.given.rows[a.CaseID]; r != nil {
			w.doubt[twin] = true
		}
		w.doubt[i] = true
	case asHoped:
		w.store(i, f.seq, f.asked, w.field(w.run), w.version(int(i)))
		a.CaseID, a.Key, a.KeyShown = caseID(i, f.seq), w.key(int(i)), true
		if w.alters.has(int(i)) {
			a.Key = "e" + names[i]
		}
		text = "the server stores case " + a.CaseID + " and says so"
	case lost, lostDown, page:
		w.late = append(w.late, lateCreate{i, f.seq, f.asked, w.field(w.run), w.now + settle + w.tardy, nil, w.version(int(i))})
		w.doubt[i] = true
	}
	w.tell("  create of row %s: %s", names[i], text)
	w.m.Answered(w.now, f.q, a, nil, 0)
}

// stored is a case at the server, nil if there is none.
func (w *world) stored(row, seq int8) *storedCase {
	for i := range w.cases {
		if c := &w.cases[i]; c.row == row && c.seq == seq {
			return c
		}
	}
	return nil
}

// update applies an update. It reports whether the server took it.
func (w *world) update(row, seq, version int8, u *talkdesk.Update) bool {
	c := w.stored(row, seq)
	if c == nil || w.locked(c) || w.refusesParent(u) {
		return false
	}
	if u.Status != "" {
		c.updated++
	}
	c.version, c.parent = version, c.parent || u.ParentID != ""
	return true
}

func (w *world) locked(c *storedCase) bool { return w.locks && c.updated > 0 }

func (w *world) refusesParent(u *talkdesk.Update) bool {
	return u.ParentID != "" && w.run <= w.noParents
}

func (w *world) updateAnswer(f flight, how answer, a talkdesk.Answer) {
	row, seq := parseID(f.q.Row.CaseID)
	text, u := answerTexts[how], f.q.Row.Update
	carries := int8(boolInt(u.Status != ""))
	switch how {
	case asHoped:
		switch {
		case w.update(row, seq, w.version(int(row)), u):
			text = "the server updates the case"
		case w.refusesParent(u) && !w.locked(w.stored(row, seq)):
			text, a = "the server refuses it for the parent", answers[rejected]
			a.AboutLock, a.Fields = false, []talkdesk.FieldError{{Name: "parent_id"}}
			w.asks[row] -= carries
		default:
			text, a = "the server refuses it, since the case is locked", answers[rejected]
			if u.ParentID != "" { // which that may be about too: see orphaned
				w.asks[row] -= carries
			}
		}
	case lost, lostDown, page:
		w.late = append(w.late, lateCreate{row: row, seq: seq, until: w.now + settle, update: u, version: w.version(int(row))})
		w.lostAsks[row] += carries
	default: // nothing came of it
		w.asks[row] -= carries
	}
	if a.Verdict == talkdesk.Rejected && !a.Blocked && u.ParentID != "" {
		if w.orphaned[row]++; w.orphaned[row] > 1 {
			w.fail(fewUpdates, "an update of row %s that names its parent was refused, and sent again in the same run", names[row])
		}
	}
	a.AboutParent = a.AboutParent && !w.unexplained
	w.tell("  update of row %s: %s", names[row], text)
	w.m.Answered(w.now, f.q, a, nil, 0)
}

func (w *world) compareAnswer(f flight, how answer, a talkdesk.Answer) {
	row, seq := parseID(f.q.Row.CaseID)
	shown, text := Comparison{Rest: f.q.Row.Update}, answerTexts[how]
	if c := w.stored(row, seq); how == asHoped {
		shown.Locked = w.locked(c)
		if text = "it is still to be updated"; w.leftToSet(c, &shown) {
			text = "there is nothing to set any more"
		}
	}
	w.tell("  case of row %s: %s", names[row], text)
	w.m.Compared(w.now, f.q, a, shown)
}

// leftToSet takes from an update what a case holds already, and reports whether that is
// all of it.
func (w *world) leftToSet(c *storedCase, shown *Comparison) (none bool) {
	if !w.parents.has(int(c.row)) {
		none = w.asItIsToBe(c)
	} else {
		rest := *shown.Rest
		if c.updated > 0 {
			rest.Status, rest.Notes = "", nil
		}
		if c.parent {
			rest.ParentID = ""
		}
		shown.Rest, none = &rest, rest.Empty()
	}
	if none {
		shown.Rest = nil
	}
	return none
}

// asItIsToBe reports whether a case needs no update any more.
func (w *world) asItIsToBe(c *storedCase) bool {
	return w.asItIsButForParent(c) && (c.parent || !w.parents.has(int(c.row)))
}

func (w *world) asItIsButForParent(c *storedCase) bool {
	return (c.updated > 0 || !w.updates.has(int(c.row))) && c.version == w.version(int(c.row))
}

func (w *world) pass(how int) {
	to := w.next()
	if how != toNext {
		w.slow--
	} else if w.inputWaits() {
		w.idle++
	}
	if how == aTick {
		to = min(to, w.now+tick)
	}
	w.tell("%v pass", to-w.now)
	w.now = to
	w.late = slices.DeleteFunc(w.late, func(l lateCreate) bool { return l.until <= w.now })
	w.m.Tick(w.now)
}

// die kills the process. Its requests stay at the server.
func (w *world) die(kept int, resend bool) {
	if !(w.over() && w.disk.broken) {
		w.kills--
	}
	for _, f := range w.flights {
		switch f.q.Kind {
		case Create:
			w.late = append(w.late, lateCreate{int8(f.q.Row.ID[0]), f.seq, f.asked, w.field(w.run), w.now + settle + w.tardy, nil, w.version(int(f.q.Row.ID[0]))})
		case Update:
			row, seq := parseID(f.q.Row.CaseID)
			w.late = append(w.late, lateCreate{row: row, seq: seq, until: w.now + settle, update: f.q.Row.Update, version: w.version(int(row))})
			w.lostAsks[row] += int8(boolInt(f.q.Row.Update.Status != ""))
		}
	}
	d := w.dying()
	lost := len(d.tail)
	for i := range d.tail {
		lost -= kept >> i & 1
	}
	w.tell("run %d is killed; of %d lines that were not synced, %d are lost", w.run, len(d.tail), lost)
	w.disk = d.crash(kept)
	w.disk.lived[w.run] = w.now
	w.start(resend)
}
