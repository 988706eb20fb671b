package importer

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"caseimport/importer/content"
	"caseimport/importer/identity"
	"caseimport/importer/journal"
	"caseimport/importer/lifecycle"
	"caseimport/importer/results"
	"caseimport/importer/source"
	"caseimport/importer/talkdesk"
	"caseimport/mapping"
	"caseimport/mapping/words"
)

// laterRow is a row that comes after all others, by its number: one that was
// refused earlier with the same content, since rows that were never tried go
// before it; one whose case is to be updated, since what the case held must be
// recalled from the journal; and one with a parent, which waits until the parent
// has its case. Its identity is kept: to form it again could count it as another
// of the same content.
type laterRow struct {
	number int
	id     journal.ID
	parent journal.ID // zero without one
}

// maxRecalled bounds how many rows are recalled at a time: some 200 bytes each.
const maxRecalled = 50_000

func (in *intake) putOff(row *source.Row, id journal.ID, it *item) {
	l := laterRow{number: row.Number, id: id}
	if it.mapped.Parent != "" {
		l.parent = identity.Key(it.mapped.Parent)
	}
	in.later = append(in.later, l)
}

// takeLater hands on the rows that were put off, in further readings: those with a
// parent last, when all others have come to their end.
func (in *intake) takeLater() error {
	children := map[journal.ID]bool{}
	var last []laterRow
	first := slices.DeleteFunc(in.later, func(l laterRow) bool {
		if l.parent == (journal.ID{}) {
			return false
		}
		children[l.id], last = true, append(last, l)
		return true
	})
	if err := in.takeAll(first, children); err != nil {
		return err
	}
	if len(last) > 0 {
		in.awaitQuiet()
	}
	return in.takeAll(last, children)
}

// leaveLater says that the rows that were put off were met, and not handed on.
func (in *intake) leaveLater() {
	in.enqueue(func() error {
		for _, l := range in.later {
			in.undone[l.id] = true
		}
		return nil
	})
}

// takeAll hands on rows that were put off. children are those that have a parent.
func (in *intake) takeAll(rows []laterRow, children map[journal.ID]bool) error {
	for len(rows) > 0 {
		batch := rows[:min(len(rows), maxRecalled)]
		rows = rows[len(batch):]
		known, err := in.recallRows(batch)
		if err != nil {
			return err
		}
		err = in.cfg.Table.Each(in.ctx, func(row *source.Row) error {
			if len(batch) == 0 {
				return errEnough
			}
			if row.Number != batch[0].number {
				return nil
			}
			l := batch[0]
			batch = batch[1:]
			return in.takeLate(row, l, known, children[l.parent])
		})
		if err != nil && !errors.Is(err, errEnough) {
			return err
		}
	}
	return nil
}

// awaitQuiet waits until none of the rows that were handed over is under way.
func (in *intake) awaitQuiet() {
	in.mu.Lock()
	defer in.mu.Unlock()
	for in.going.Err() == nil && !in.machine.Quiet() {
		in.room.Wait()
	}
}

func (in *intake) takeLate(row *source.Row, l laterRow, known map[journal.ID]recalled, parentIsChild bool) error {
	if in.going.Err() != nil || in.cfg.Limit > 0 && in.full() {
		in.leaveMet(row, l.id)
		return nil
	}
	r, it, faults := in.build(row, l.id, in.identity(row))
	if err := in.cfg.Program.Err(); err != nil {
		return err
	}
	faults = in.assign(r, it, faults)
	state := in.journal.State(l.id)
	var fault *mapping.Fault
	if len(faults) == 0 && l.parent != (journal.ID{}) {
		fault = in.joinParent(it, l, known, parentIsChild)
		in.complete(r, it)
		switch {
		case fault == nil || state.HasCase():
		case state.InDoubt():
			r.Body, r.Fault = nil, fault.String()
		default:
			in.enqueue(func() error { return in.recordOrphan(row, r.Claim, fault.String()) })
			return nil
		}
	}
	if state.HasCase() {
		in.resume(r, it, known[l.id], fault)
	} else if len(faults) > 0 && !state.InDoubt() { // its doubt has ended meanwhile
		in.journal.Supersede(l.id)
		in.refuse(refusal{row: row, key: r.Key, id: in.idOf(r.Claim), status: results.Invalid, faults: faults})
		return nil
	}
	r.Retried = state == journal.Failed && in.journal.Refused(l.id, r.Sum)
	return in.hand(r)
}

// joinParent fills in the case of the row's parent.
func (in *intake) joinParent(it *item, l laterRow, known map[journal.ID]recalled, isChild bool) *mapping.Fault {
	c := &it.mapped
	if parent := known[l.parent]; parent.caseID != "" {
		c.ParentID = parent.caseID
		return nil
	}
	state, here := in.journal.State(l.parent), in.journal.Met(l.parent)
	if id, set := in.cfg.Program.ParentDefault(); set && !here && state == journal.None {
		c.ParentID = id
		return nil
	}
	reason := "is the key of a row that has no case"
	switch {
	case isChild:
		reason = "is the key of a row that has a parent itself, and subcases go one level deep"
	case state.InDoubt():
		reason = "is the key of a row of which it is not known yet whether it has a case"
	case !here:
		reason = "is the key of no row in this input, nor of one that has a case"
	}
	fault := in.cfg.Program.ParentFault(c.Parent, reason)
	return &fault
}

// resume prepares the update of a row that has its case. orphaned says why the parent
// that it names cannot be set, nil if it can.
func (in *intake) resume(r *lifecycle.Row, it *item, was recalled, orphaned *mapping.Fault) {
	r.CaseID, it.was = was.caseID, was
	r.Told = in.told(it)
	if r.Body == nil {
		return
	}
	var lost []string
	if was.memo != nil {
		r.Update, lost = content.Changes(&it.mapped, *was.memo)
	} else if same, known := in.journal.Holds(r.ID, r.Sum); known && !same {
		// It has changed, and nothing says where: all of it is set against the case.
		r.Update, _ = content.Changes(&it.mapped, content.Memo{})
	} else if !known && in.journal.State(r.ID) == journal.Created {
		r.Update = nil // what it holds is assumed: see memo
	}
	if orphaned != nil && slices.Contains(lost, orphaned.Field) {
		r.Body, r.Fault = nil, orphaned.String()
	} else if len(lost) > 0 {
		in.remark("with changes that an update cannot set", fmt.Sprintf("row %d, key %q: %s changed, which an update cannot set in case %s", r.Number, words.Shown(r.Key), strings.Join(lost, ", "), r.CaseID))
	}
}

// recalled is what the journal knows of a row's case.
type recalled struct {
	caseID string
	sum    [8]byte       // of the row that the case holds, or did not take (locked); zero if it is not known
	memo   *content.Memo // nil if it is not known what that row was
	// refused: the last update was, so nothing of it may still arrive.
	refused bool
	// locked: the last word was that the case takes no changes, of the row that sum is of;
	// noNews: and people had been told before.
	locked, noNews bool
}

// told reports whether an earlier run has said of this very row that its case takes no
// changes. What a run found that did not come to its end nobody may have seen.
func (in *intake) told(it *item) bool {
	was := it.was
	return was.locked && was.sum == it.sum && (was.noNews || in.journal.Last().Ended)
}

// recallRows recalls the cases of rows that have one, and of their parents.
func (in *intake) recallRows(batch []laterRow) (map[journal.ID]recalled, error) {
	cases := map[journal.ID]recalled{}
	for _, l := range batch {
		cases[l.id], cases[l.parent] = recalled{}, recalled{}
	}
	err := in.byWriter(func() error { return in.recall(cases) })
	return cases, err
}

// recall fills in the cases of these rows, and leaves out those that have none.
func (p *pipeline) recall(cases map[journal.ID]recalled) error {
	maps.DeleteFunc(cases, func(id journal.ID, _ recalled) bool { return !p.journal.State(id).HasCase() })
	if len(cases) == 0 {
		return nil
	}
	return p.journal.Outcomes(func(o journal.Outcome) error {
		if _, wanted := cases[o.ID]; !wanted {
			return nil
		}
		line, err := parseLine(o.Line)
		if err != nil {
			return err
		}
		r := recalled{caseID: line.CaseID, sum: o.Sum, locked: line.ErrorCode == lifecycle.CodeLocked, noNews: line.Status == results.Created}
		r.refused = r.locked || talkdesk.Refusal(int(line.HTTPStatus))
		if memo, ok := content.ParseMemo(o.Memo); ok {
			r.memo = &memo
		}
		cases[o.ID] = r
		return nil
	})
}
