package importer

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"caseimport/importer/identity"
	"caseimport/importer/journal"
	"caseimport/importer/results"
	"caseimport/importer/source"
	"caseimport/mapping"
)

// maxDoubts bounds the rows that wait to be looked up, and so the memory.
const maxDoubts = 4096

// errEnough ends the reading before the end of the input.
var errEnough = errors.New("enough rows")

// read takes every row of the input to its first fork: left out, refused here,
// known already, in doubt, or to be sent.
func (r *run) read() error {
	err := r.lookFirst()
	if err == nil && r.intake.Err() == nil && !r.rec.begun {
		if err := r.rec.begin(); err != nil {
			r.stop(r.filesStop(err))
		}
	}
	if err == nil {
		err = r.readRows()
	}
	if err != nil && r.intake.Err() == nil {
		return err
	}
	go func() {
		r.open.Wait()
		r.cancel()
	}()
	return nil
}

func (r *run) readRows() error {
	in := &intake{run: r, same: map[journal.ID]int{}}
	in.ids = results.ReportColumns(r.cfg.Table.Columns)
	err := r.cfg.Table.Each(r.ctx, func(row *source.Row) error {
		if r.intake.Err() != nil {
			if !r.report {
				return errEnough
			}
			r.leave(row)
			return nil
		}
		return in.take(row)
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// intake is what must be remembered from row to row.
type intake struct {
	*run
	same  map[journal.ID]int // rows of the same content met before, beyond the first
	ids   results.Columns    // where a failure report keeps its ids
	taken int
}

func (in *intake) take(row *source.Row) error {
	p := in.cfg.Progress
	if in.cfg.Limit > 0 && in.taken >= in.cfg.Limit {
		return in.pastLimit(row)
	}
	if row.Fault != "" {
		return in.refuse(row, "", in.pastID(row), statusInvalid, mapping.Fault{Reason: row.Fault})
	}
	if in.report && row.Fields() != nil && results.Uncorrected(in.cfg.Table.Header, row.Fields()) {
		return in.refuse(row, "", in.pastID(row), statusInvalid, mapping.Fault{Reason: identity.NotCorrected})
	}
	who := in.cfg.Program.Identify(row)
	if who.Filtered {
		if in.report {
			in.pastID(row)
		}
		p.filtered.Add(1)
		return nil
	}
	id, text, status, reason := in.identify(row, who)
	if status == statusDuplicate {
		return in.refuse(row, who.Key, text, status, mapping.Fault{Field: "key", Reason: reason})
	}
	if status == statusInvalid || who.Fault != nil {
		_, faults := in.cfg.Program.Map(row)
		if reason != "" {
			faults = append([]mapping.Fault{{Field: "key", Reason: reason}}, faults...)
		}
		return in.refuse(row, who.Key, text, statusInvalid, faults...)
	}
	known, earlier := in.j.Meet(id, row.Number)
	if earlier != 0 {
		if in.cfg.Program.HasKey() {
			text = identity.Text(identity.OfDuplicate, id)
		}
		return in.refuse(row, who.Key, text, statusDuplicate, mapping.Fault{Field: "key", Reason: fmt.Sprintf("row %d of this input is the same by its key or %s", earlier, results.IDColumn)})
	}
	if known == journal.Created {
		p.already.Add(1)
		return nil
	}
	j, faults := in.build(row, id, who.Key)
	if known.InDoubt() {
		if in.doubts.attach(j) {
			in.taken++
			return nil
		}
		switch in.j.State(id) { // settled a moment ago
		case journal.Created:
			p.already.Add(1)
			return nil
		case journal.Failed:
		default:
			if in.intake.Err() != nil { // given up: left to the next run
				in.leave(row)
				return nil
			}
			if !in.cfg.ResendUnknown {
				return in.doubts.stillUnknown(j)
			}
			j.since = in.began // should the run stop before, it is in doubt as it was
		}
	}
	if len(faults) > 0 {
		in.j.Supersede(id)
		return in.refuse(row, who.Key, text, statusInvalid, faults...)
	}
	in.taken++
	return in.dispatch(j)
}

// pastLimit reads on behind --limit: what is left is counted, and may turn out
// to be nothing.
func (in *intake) pastLimit(row *source.Row) error {
	if row.Fault == "" {
		who := in.cfg.Program.Identify(row)
		if who.Filtered {
			in.cfg.Progress.filtered.Add(1)
			return nil
		}
		id, _, status, _ := in.identify(row, who)
		if status == "" && who.Fault == nil && in.j.State(id) == journal.Created {
			if _, earlier := in.j.Meet(id, row.Number); earlier == 0 {
				in.cfg.Progress.already.Add(1)
				return nil
			}
		}
	}
	in.leave(row)
	return nil
}

// dispatch sends a row on its way.
func (in *intake) dispatch(j *job) error {
	in.doubts.waitForRoom()
	in.hold()
	switch {
	case in.listed != nil:
		if found := in.listed[j.claim.ID]; len(found) > 0 {
			j.earlier = true
			return in.doubts.foundCase(j, found)
		}
	case in.lookEach:
		j.earlier, j.since = true, in.began
		in.doubts.add(j)
		return nil
	}
	select {
	case in.fresh <- j:
	case <-in.intake.Done():
		in.drop(j)
	}
	return nil
}

// identify forms the identity of a row; text is its caseimport_id. A failure
// report ties its rows to their past by that id. A status other than "" says
// that the row is refused, and reason why.
func (in *intake) identify(row *source.Row, who mapping.Identity) (id journal.ID, text, status, reason string) {
	keyed := in.cfg.Program.HasKey()
	written := ""
	if in.report {
		written = in.ids.ID(row.Cell)
	}
	kind, past, tied := identity.Parse(written)
	if tied && kind == identity.OfDuplicate {
		in.duplicates[past] = true
	}
	if written != "" && !tied {
		return id, written, statusInvalid, fmt.Sprintf("%s %q is not one of ours: restore it, or empty the cell", results.IDColumn, written)
	}
	if !keyed {
		if tied {
			return past, written, "", ""
		}
		id = in.byContent(row)
		if in.report {
			return id, identity.Text(identity.ByCells, id), statusInvalid, fmt.Sprintf("it has no %s, and without a key in the mapping nothing else tells which row it was", results.IDColumn)
		}
		return id, identity.Text(identity.ByCells, id), "", ""
	}
	if tied && kind == identity.ByCells {
		// A row that had no valid key. It may have been given one.
		if _, earlier := in.j.Meet(past, row.Number); earlier != 0 {
			return past, written, statusDuplicate, fmt.Sprintf("row %d of this input has the same %s", earlier, results.IDColumn)
		}
	}
	if who.Key == "" { // who.Fault says what is wrong
		return id, in.pastID(row), "", ""
	}
	id = identity.Key(who.Key)
	if tied {
		switch {
		case kind == identity.OfDuplicate && past == id:
			return id, written, statusDuplicate, identity.StillDuplicate
		case kind == identity.ByKey && past != id:
			return past, written, statusInvalid, fmt.Sprintf("its key no longer fits its %s: restore the key, or put a row with a new key into a file of its own", results.IDColumn)
		}
	}
	return id, identity.Text(identity.ByKey, id), "", ""
}

// pastID is the caseimport_id of a row that cannot be identified by its key: the
// one that a failure report gave it, else its content.
func (in *intake) pastID(row *source.Row) string {
	if in.report {
		text := in.ids.ID(row.Cell)
		if kind, past, ok := identity.Parse(text); ok {
			if kind == identity.OfDuplicate {
				in.duplicates[past] = true
			} else {
				in.j.Meet(past, row.Number)
				in.j.Supersede(past)
			}
			return text
		}
	}
	id := in.byContent(row)
	in.j.Meet(id, row.Number)
	return identity.Text(identity.ByCells, id)
}

// byContent is the identity of a row that has no usable key: its content, with
// a counter for rows of the same content.
func (in *intake) byContent(row *source.Row) journal.ID {
	content := identity.Content(row)
	base := identity.Cells(content, 0)
	if n, again := in.same[base]; again || in.j.Met(base) {
		in.same[base] = n + 1
	}
	return identity.Cells(content, in.same[base])
}

// build maps a row. A row with faults is built as well, without a body: it may
// have a case all the same.
func (in *intake) build(row *source.Row, id journal.ID, key string) (*job, []mapping.Fault) {
	c, faults := in.cfg.Program.Map(row)
	j := &job{row: row, claim: journal.Claim{ID: id, Row: row.Number, Key: key, Title: c.Title}}
	if len(faults) > 0 {
		j.fault = faultText(faults)
		return j, faults
	}
	body, err := c.Body()
	if err != nil {
		faults = []mapping.Fault{{Reason: err.Error()}}
		j.fault = faultText(faults)
		return j, faults
	}
	j.body = body
	sum := sha256.Sum256(body)
	copy(j.claim.Sum[:], sum[:])
	return j, nil
}

// refuse records a row that is not sent.
func (in *intake) refuse(row *source.Row, key, id, status string, faults ...mapping.Fault) error {
	return in.rec.refused(row, key, id, status, faults)
}

func faultText(faults []mapping.Fault) string {
	all := make([]string, len(faults))
	for i, f := range faults {
		all[i] = f.String()
	}
	return strings.Join(all, "; ")
}
