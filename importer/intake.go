package importer

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"caseimport/importer/content"
	"caseimport/importer/exit"
	"caseimport/importer/identity"
	"caseimport/importer/journal"
	"caseimport/importer/lifecycle"
	"caseimport/importer/results"
	"caseimport/importer/source"
	"caseimport/mapping"
	"caseimport/mapping/words"
)

// errEnough ends the reading before the end of the input.
var errEnough = errors.New("enough rows")

// read takes every row of the input to its first fork: left out, refused here,
// known already, or handed to the machine.
func (p *pipeline) read() error {
	in := &intake{pipeline: p, same: map[journal.ID]int{}}
	ended := make(chan error, 1)
	go func() { ended <- in.rows() }()
	err := p.awaitReader(ended)
	if err != nil && !errors.Is(err, errEnough) && p.going.Err() == nil {
		p.halt(lifecycle.Stop{Exit: exit.Stopped, Reason: err.Error()})
	}
	p.event((*lifecycle.Machine).AllRead)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.readAll, p.readToEnd, p.unread = true, err == nil, err == errSlow
	p.due.Signal()
	return nil
}

// rows is the reading itself.
func (in *intake) rows() (err error) {
	in.cfg.Progress.turnTo(Asking)
	if in.before, err = in.preflight(); err != nil {
		return err
	}
	in.cfg.Progress.turnTo(Sending)
	if in.going.Err() == nil {
		if err := in.byWriter(in.begin); err != nil { // which alone may touch the results
			why := filesStop(err)
			in.halt(lifecycle.Stop{Exit: why.Exit, Reason: err.Error(), Hint: why.Hint})
		}
	}
	if err := in.cfg.Table.Each(in.ctx, in.take); err != nil {
		in.leaveLater()
		return err
	}
	if in.equal > 0 {
		in.cfg.Log.Warn(fmt.Sprintf("%s equal to an earlier one in every cell: without a key each becomes a case", words.Plural(in.equal, "row")))
	}
	return in.takeLater()
}

func (p *pipeline) halt(why lifecycle.Stop) {
	p.event(func(m *lifecycle.Machine, now lifecycle.Instant) { m.Halt(now, why) })
}

// intake is what must be remembered from row to row.
type intake struct {
	*pipeline
	before earlierCases
	same   map[journal.ID]int // rows of the same content met before, beyond the first
	equal  int                // such rows
	// compared says that the account's fields have been looked at.
	compared bool
	// asked says that the agents have been looked up.
	asked   bool
	agents  agents
	scratch []byte // see content.Sum
	// later are rows that come after all others: see later.go.
	later []laterRow
}

// item is the Ref of a row: what it stands in the input as, and what its case is
// to hold.
type item struct {
	row     *source.Row
	mapped  mapping.Case
	sum     [8]byte  // of that, before agents and parents were looked up
	was     recalled // what was known of its case
	unowned bool     // its owner is no agent, and it took the mapping's default
	// touched: its case may have been changed by others since that was written. It is
	// atomic since an interim outcome may be written down while the case is read.
	touched atomic.Bool
}

// take brings a row to its first fork.
func (in *intake) take(row *source.Row) error {
	switch {
	case in.going.Err() != nil && !in.columns.IsReport():
		return errEnough
	case in.going.Err() != nil:
		in.skip(row)
		return nil
	case in.cfg.Limit > 0 && in.full():
		return in.pastLimit(row)
	case row.Fault != "":
		in.refuse(refusal{row: row, id: in.meetPast(row), status: results.Invalid, faults: []mapping.Fault{{Reason: row.Fault}}})
		return nil
	case in.columns.IsReport() && row.Fields() != nil && results.Uncorrected(in.cfg.Table.Header, row.Fields()):
		in.refuse(refusal{row: row, id: in.meetPast(row), status: results.Invalid, faults: []mapping.Fault{{Reason: identity.NotCorrected}}})
		return nil
	}
	who := in.identity(row)
	if who.Filtered {
		if in.columns.IsReport() {
			in.meetPast(row)
		}
		in.cfg.Progress.filtered.Add(1)
		return nil
	}
	ident := in.identify(row, who)
	if ident.status == results.Duplicate {
		in.refuse(refusal{row: row, key: who.Key, id: ident.text, status: ident.status, faults: []mapping.Fault{{Field: "key", Reason: ident.reason}}})
		return nil
	}
	if ident.status == results.Invalid || who.Fault != nil {
		return in.refuseUnidentified(row, who, ident)
	}
	known, earlier := in.journal.Meet(ident.id, row.Number)
	if earlier != 0 {
		if in.cfg.Program.HasKey() {
			ident.text = identity.Text(identity.OfDuplicate, ident.id)
		}
		in.refuse(refusal{row: row, key: who.Key, id: ident.text, status: results.Duplicate,
			faults: []mapping.Fault{{Field: "key", Reason: fmt.Sprintf("row %d of this input is the same by its key or %s", earlier, results.IDColumn)}}})
		return nil
	}
	if known == journal.Created && !in.outdated(ident.id, row, who) {
		in.cfg.Progress.already.Add(1)
		return in.cfg.Program.Err()
	}
	return in.takeMapped(row, who, ident, known)
}

// refuseUnidentified refuses a row of which it is not known, or not sure, which one it is,
// with all that is wrong with it.
func (in *intake) refuseUnidentified(row *source.Row, who mapping.Identity, ident identified) error {
	_, faults := in.mapRow(row, who)
	if err := in.cfg.Program.Err(); err != nil {
		return err
	}
	if ident.reason != "" {
		faults = append([]mapping.Fault{{Field: "key", Reason: ident.reason}}, faults...)
	}
	in.refuse(refusal{row: row, key: cmp.Or(identity.KeyOf(ident.text), who.Key), id: ident.text, status: results.Invalid, faults: faults})
	return nil
}

// takeMapped maps a row that is to be sent, or whose case is to be updated, and hands it
// on. known is what the journal knows of it.
func (in *intake) takeMapped(row *source.Row, who mapping.Identity, ident identified, known journal.State) error {
	r, it, faults := in.build(row, ident.id, who)
	if err := in.cfg.Program.Err(); err != nil {
		return err
	}
	if err := in.findAgents(); err != nil {
		return err
	}
	if in.going.Err() != nil {
		in.leaveMet(row, ident.id)
		return nil
	}
	faults = in.assign(r, it, faults)
	switch {
	case len(faults) > 0 && !known.InDoubt() && !known.HasCase():
		in.journal.Supersede(ident.id)
		in.refuse(refusal{row: row, key: who.Key, id: ident.text, status: results.Invalid, faults: faults})
	case known.HasCase(), it.mapped.Parent != "", known == journal.Failed && in.journal.Refused(ident.id, r.Sum):
		in.putOff(row, ident.id, it)
	default:
		return in.hand(r)
	}
	return nil
}

// outdated reports whether the case of a row is to be updated: the row has changed
// since, and a person wants that. What a row with faults asks for is not known, so
// that it may have changed: people must hear of it.
func (in *intake) outdated(id journal.ID, row *source.Row, who mapping.Identity) bool {
	if _, known := in.journal.Holds(id, [8]byte{}); !known {
		if !in.cfg.Update {
			in.unmatched++
		}
		return in.cfg.Update // to be assumed: see memo
	}
	c, faults := in.mapRow(row, who)
	if len(faults) > 0 {
		return in.cfg.Update
	}
	sum, err := content.Sum(&c, &in.scratch)
	if err != nil {
		return false
	}
	if same, _ := in.journal.Holds(id, sum); same {
		return false
	}
	if !in.cfg.Update {
		in.changed++
	}
	return in.cfg.Update
}

// hand gives a row to the machine, once there is room.
func (in *intake) hand(r *lifecycle.Row) error {
	if !in.compared {
		in.compared = true
		in.compareFields()
	}
	if state := in.journal.State(r.ID); in.before.doubtful && !state.HasCase() && !state.InDoubt() {
		// Not before: a night that creates nothing asks nothing, and reads the input once.
		var err error
		if in.before, err = in.doubtJournal(); err != nil {
			return err
		}
	}
	if in.going.Err() != nil {
		in.leaveMet(r.Ref.(*item).row, r.ID)
		return nil
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	for !in.machine.Room() {
		in.room.Wait()
	}
	found, created := in.before.listed[r.ID], false
	if r.CaseID != "" {
		in.machine.Resume(in.now(), r, in.had(r))
	} else if len(found) > 0 {
		created = in.machine.Listed(in.now(), r, found)
	} else {
		created = in.machine.Read(in.now(), r, in.before.lookEach)
	}
	if created {
		in.cfg.Progress.already.Add(1)
	}
	in.follow()
	return nil
}

// had is what the journal knows of the case of a row.
func (in *intake) had(r *lifecycle.Row) lifecycle.Had {
	_, known := in.journal.Holds(r.ID, r.Sum)
	if in.journal.State(r.ID) == journal.Incomplete && !r.Ref.(*item).was.refused {
		return lifecycle.Had{Known: known, Torn: true}
	}
	age, torn := in.journal.Unended()
	return lifecycle.Had{Known: known, Torn: torn, Since: -age}
}

func (in *intake) full() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.machine.Full()
}

// pastLimit reads on behind --limit: what is left is counted, and may turn out
// to be nothing.
func (in *intake) pastLimit(row *source.Row) error {
	if row.Fault == "" {
		who := in.identity(row)
		if who.Filtered {
			in.cfg.Progress.filtered.Add(1)
			return nil
		}
		ident := in.identify(row, who)
		if ident.status == "" && who.Fault == nil && in.journal.State(ident.id) == journal.Created {
			if _, earlier := in.journal.Meet(ident.id, row.Number); earlier == 0 && !in.outdated(ident.id, row, who) {
				in.cfg.Progress.already.Add(1)
				return in.cfg.Program.Err()
			}
		}
	}
	in.skip(row)
	return nil
}

// skip leaves a row to a later run.
func (in *intake) skip(row *source.Row) {
	if in.columns.IsReport() {
		in.enqueue(func() error { return in.giveBack(row) })
	}
}

// leaveMet leaves a row to a later run that the journal has met: unless this is said, a
// failure report of it would be taken for dealt with.
func (in *intake) leaveMet(row *source.Row, id journal.ID) {
	in.enqueue(func() error {
		in.undone[id] = true
		return in.giveBack(row)
	})
}

// identified is which row a row is.
type identified struct {
	id   journal.ID
	text string // its caseimport_id
	// status is results.Invalid or results.Duplicate if the row is refused for that, and
	// reason says why.
	status, reason string
}

// identify forms the identity of a row. A failure report ties its rows to their past by
// their caseimport_id.
func (in *intake) identify(row *source.Row, who mapping.Identity) identified {
	written := ""
	if in.columns.IsReport() {
		written = in.columns.ID(row.Cell)
	}
	kind, past, tied, fault := identity.Tie(written, who.Key)
	if tied && kind == identity.OfDuplicate {
		in.duplicates[past] = true
	}
	if written != "" && !tied {
		return identified{text: written, status: results.Invalid, reason: fault}
	}
	if !in.cfg.Program.HasKey() {
		if tied {
			return identified{id: past, text: written}
		}
		id := in.byContent(row)
		ident := identified{id: id, text: identity.Text(identity.ByCells, id)}
		if in.columns.IsReport() {
			ident.status, ident.reason = results.Invalid, fmt.Sprintf("it has no %s, and without a key in the mapping nothing else tells which row it was", results.IDColumn)
		}
		return ident
	}
	if tied && kind == identity.ByCells {
		// A row that had no valid key. It may have been given one.
		if _, earlier := in.journal.Meet(past, row.Number); earlier != 0 {
			return identified{past, written, results.Duplicate, fmt.Sprintf("row %d of this input has the same %s", earlier, results.IDColumn)}
		}
	}
	if who.Key == "" { // who.Fault says what is wrong
		return identified{text: in.meetPast(row)}
	}
	id := identity.Key(who.Key)
	if tied {
		switch {
		case kind == identity.OfDuplicate && past == id:
			return identified{id, written, results.Duplicate, identity.StillDuplicate}
		case fault != "":
			return identified{past, in.meetPast(row), results.Invalid, fault}
		}
	}
	return identified{id: id, text: identity.KeyText(who.Key)}
}

// meetPast notes that the input holds a row that is not sent, or cannot be identified by
// its key, and returns its caseimport_id: the one that a failure report gave it, else one
// of its content.
func (in *intake) meetPast(row *source.Row) string {
	if in.columns.IsReport() {
		text := in.columns.ID(row.Cell)
		if kind, past, ok := identity.Parse(text); ok {
			if kind == identity.OfDuplicate {
				in.duplicates[past] = true
			} else {
				in.journal.Meet(past, row.Number)
				in.journal.Supersede(past)
			}
			return text
		}
	}
	id := in.byContent(row)
	in.journal.Meet(id, row.Number)
	return identity.Text(identity.ByCells, id)
}

// byContent is the identity of a row that has no usable key: its content, with
// a counter for rows of the same content.
func (in *intake) byContent(row *source.Row) journal.ID {
	content := identity.Content(row)
	base := identity.Cells(content, 0)
	if n, again := in.same[base]; again || in.journal.Met(base) {
		in.same[base] = n + 1
		if !in.cfg.Program.HasKey() {
			in.equal++
		}
	}
	return identity.Cells(content, in.same[base])
}

// build maps a row. A row with faults is built as well, without a body: it may
// have a case all the same.
func (in *intake) build(row *source.Row, id journal.ID, who mapping.Identity) (*lifecycle.Row, *item, []mapping.Fault) {
	c, faults := in.mapRow(row, who)
	it := &item{row: row}
	r := &lifecycle.Row{Ref: it, Claim: journal.Claim{ID: id, Number: row.Number, Key: who.Key, Title: c.Title}}
	if len(faults) == 0 {
		var err error
		it.mapped = c
		if it.sum, err = content.Sum(&it.mapped, &in.scratch); err != nil {
			faults = []mapping.Fault{{Reason: err.Error()}}
		}
		r.Body = bytes.Clone(in.scratch)
	}
	r.Sum, r.Update = it.sum, content.AfterCreate(&it.mapped)
	if len(faults) > 0 {
		r.Body, r.Fault = nil, faultText(faults)
	}
	return r, it, faults
}

// assign fills in the agent whose address a row names, if it has no faults yet.
func (in *intake) assign(r *lifecycle.Row, it *item, faults []mapping.Fault) []mapping.Fault {
	if len(faults) > 0 || it.mapped.Owner == "" {
		return faults
	}
	if faults = in.owner(it); len(faults) > 0 {
		r.Body, r.Fault = nil, faultText(faults)
	} else {
		in.complete(r, it)
	}
	return faults
}

// complete forms the requests of a row anew, once an id was looked up.
func (in *intake) complete(r *lifecycle.Row, it *item) {
	r.Body, _ = it.mapped.Body() // it was formed before
	r.Update = content.AfterCreate(&it.mapped)
}

// refusal is a row that is not sent.
type refusal struct {
	row    *source.Row
	key    string // "" if it has none
	id     string // its caseimport_id
	status string // results.Invalid or results.Duplicate
	faults []mapping.Fault
}

func (in *intake) refuse(r refusal) {
	in.enqueue(func() error { return in.recordRefusal(r) })
}

// maxFaults bounds what is written down of one row, as of an answer.
const maxFaults = 100

func faultText(faults []mapping.Fault) string {
	all := make([]string, min(len(faults), maxFaults))
	for i := range all {
		all[i] = words.Brief(faults[i].String())
	}
	if more := len(faults) - len(all); more > 0 {
		all = append(all, words.Plural(more, "more fault"))
	}
	return strings.Join(all, "; ")
}
