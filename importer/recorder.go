package importer

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"caseimport/importer/content"
	"caseimport/importer/exit"
	"caseimport/importer/identity"
	"caseimport/importer/journal"
	"caseimport/importer/lifecycle"
	"caseimport/importer/results"
	"caseimport/importer/source"
	"caseimport/importer/talkdesk"
	"caseimport/mapping/words"
)

// statusLeft is a status of failure reports only: of a row that the run handed back as
// it had come.
const statusLeft = "left"

// codeNoParent is the error code of a row that is not sent because its parent has
// no case.
const codeNoParent = "no parent"

// tally is what the writer counts for the summary and for the end of the run.
type tally struct {
	inDoubt int                 // rows of this input that were given up in doubt
	undone  map[journal.ID]bool // rows of this input that were given up
	// extra counts lines of the results file that the journal does not know: see
	// results.Line.OfRun.
	extra       int
	reasons     map[string]int
	unowned     int                 // cases that took the mapping's default for an owner who is no agent
	locked      map[journal.ID]bool // incomplete rows whose case takes no changes
	stillLocked int                 // the same of rows of which an earlier run has said so
	assumed     int                 // rows whose case is taken to hold them, since nobody knows what it does
	trial       []string            // ids of the cases that a run with a limit has created, the first of them
}

// maxReasons bounds the different reasons that are counted.
const maxReasons = 1000

// count notes why a row has no case.
func (t *tally) count(reason string) {
	if _, known := t.reasons[reason]; known || len(t.reasons) < maxReasons {
		t.reasons[reason]++
	}
}

// shownReasons is how many reasons are worth reading.
const shownReasons = 10

// frequent returns the most frequent reasons.
func (t *tally) frequent() (top []Reason) {
	for text, n := range t.reasons {
		top = append(top, Reason{text, n})
	}
	slices.SortFunc(top, func(a, b Reason) int { return cmp.Or(b.Rows-a.Rows, strings.Compare(a.Text, b.Text)) })
	return top[:min(shownReasons, len(top))]
}

// queued is one thing for the writer to do: what the machine wants, or a task beside
// that, whose error is one of the disk.
type queued struct {
	action lifecycle.Action
	task   func() error // nil for an action
}

const (
	// filesAge is how long a line may wait in memory before it is in its file.
	filesAge = time.Second
	// maxQueue keeps the reader from running ahead of the disk.
	maxQueue = 4096
)

// beat is how often the writer notes how long the run has lived, and brings the
// results up to date.
func (p *pipeline) beat() time.Duration {
	return min(filesAge, max(p.cfg.Settle/8, 50*time.Millisecond))
}

// write carries out what the queue holds, in its order, until the run is over.
// It alone writes to the journal, the results and the failure report.
func (p *pipeline) write() (first error) {
	beat := time.AfterFunc(p.beat(), func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.stale = true
		p.due.Signal()
	})
	defer beat.Stop()
	var work []queued
	for {
		stale, over := p.takeWork(&work)
		for _, q := range work {
			first = cmp.Or(first, p.carryOut(q))
		}
		clear(work)
		if stale {
			// Later runs know by it how long doubts have waited.
			err := p.journal.NoteLived(p.now())
			if err == nil && p.now()-p.counted.End >= spanOf {
				err = p.countRequests()
			}
			if p.begun {
				err = errors.Join(err, p.results.Flush())
			}
			first = cmp.Or(first, p.broken(err, nil))
			beat.Reset(p.beat())
		}
		if over {
			return first
		}
	}
}

// takeWork waits for something to carry out. The outcomes that were recorded are
// written before it waits. stale: it is time to write the results, too.
func (p *pipeline) takeWork(work *[]queued) (stale, over bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for flushed := false; len(p.queue) == 0 && !p.stale; {
		switch {
		case p.readAll && p.machine.Over():
			*work = nil
			return false, true
		case flushed:
			p.due.Wait()
		default:
			p.mu.Unlock()
			p.broken(p.journal.Flush(), nil) // sticky: whoever writes next has it too
			p.mu.Lock()
			flushed = true
		}
	}
	*work, p.queue = p.queue, (*work)[:0]
	stale, p.stale = p.stale, false
	p.room.Signal()
	return stale, false
}

// enqueue adds to what the writer has to do, once there is room.
func (p *pipeline) enqueue(task func() error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.queue) >= maxQueue {
		p.room.Wait()
	}
	p.queue = append(p.queue, queued{task: task})
	p.due.Signal()
}

// byWriter has the writer do something, behind whatever was recorded before, and waits
// for it. Its error is the caller's.
func (p *pipeline) byWriter(do func() error) error {
	done := make(chan error, 1)
	p.enqueue(func() error {
		done <- do()
		return nil
	})
	return <-done
}

// carryOut does one thing. Its error is one of the disk; then nothing new is
// sent, and the rest is still tried.
func (p *pipeline) carryOut(q queued) error {
	if q.task != nil {
		return p.broken(q.task(), nil)
	}
	switch a := q.action.(type) {
	case lifecycle.Claim:
		claims := make([]journal.Claim, len(a.Rows))
		for i, r := range a.Rows {
			claims[i] = r.Claim
		}
		write := p.journal.Claim
		if a.Unsent {
			write = p.journal.Remember
		}
		if err := write(claims); err != nil {
			return p.broken(err, a.Rows)
		}
		p.event(func(m *lifecycle.Machine, now lifecycle.Instant) { m.Durable(now, a.Rows) })
	case lifecycle.Record:
		return p.broken(p.record(a), nil)
	case lifecycle.Leave:
		return p.broken(p.leave(a), nil)
	case lifecycle.Release:
		return p.broken(p.journal.Release(a.IDs), nil)
	case lifecycle.NoteLag:
		return p.broken(p.journal.NoteLag(a.Lag), nil)
	case lifecycle.NoteSeen:
		return p.broken(p.journal.NoteSeen(a.Lived), nil)
	case lifecycle.NoteAltered:
		p.cfg.Log.Warn(fmt.Sprintf("Talkdesk stored the key %q as %q: rows with keys like it cannot be looked up, and stay unknown where an answer is lost", a.Key, a.Made))
		return p.broken(p.journal.NoteAltered(a.Altered), nil)
	case lifecycle.Reply:
		p.mu.Lock()
		reply := p.replies[a.Ask]
		delete(p.replies, a.Ask)
		p.mu.Unlock()
		reply <- a
	case lifecycle.RenewToken:
		p.cfg.API.Renew()
	case lifecycle.Say:
		p.say(a.Notice)
	default: // what is dropped may be what keeps the promise
		return p.broken(fmt.Errorf("internal error: nobody carries out %T", a), nil)
	}
	return nil
}

// broken tells the machine that the disk has failed. claimed are rows whose
// claims may be on it or not.
func (p *pipeline) broken(err error, claimed []*lifecycle.Row) error {
	if err != nil {
		p.event(func(m *lifecycle.Machine, now lifecycle.Instant) {
			m.Broken(now, claimed, lifecycle.Stop{Exit: exit.Stopped, Reason: err.Error(), Hint: exit.DiskHint(err)})
		})
	}
	return err
}

// older reports whether the row's case was there before this import sent it.
func older(a lifecycle.Record) bool {
	return a.State == lifecycle.Done && a.Found && a.Attempts == 0
}

// noNews reports whether a row's case takes no changes, as people were told of this very
// row before.
func noNews(a lifecycle.Record) bool {
	return a.State == lifecycle.Incomplete && a.Answer.Code == lifecycle.CodeLocked && a.Row != nil && a.Row.Told
}

// outcome is the line for what became of a row, what it is to the journal, and where it
// is counted: nil for what is not its end.
func (p *pipeline) outcome(a lifecycle.Record) (line results.Line, state journal.State, count *atomic.Int64) {
	progress := p.cfg.Progress
	line = results.Line{Row: a.Claim.Number, Key: a.Claim.Key, CaseID: a.CaseID, Attempts: a.Attempts, FinishedAt: time.Now()}
	state, count = journal.Created, &progress.created
	switch {
	case a.State == lifecycle.Done:
		line.Status, line.ErrorMessage = results.Created, a.Note
		if !a.Found { // without a status the next run knows that the case may be older than its line
			line.HTTPStatus = results.HTTPStatus(a.Answer.Status)
		}
		if older(a) {
			count = &progress.already
		}
	case a.State == lifecycle.Created:
		state, count, line.Status, line.ErrorMessage = journal.Incomplete, nil, results.Incomplete, "created, but not updated yet: run the same command again"
	case noNews(a): // to the journal it is still to be updated, so every run looks at the case
		state, count, line.Status = journal.Incomplete, &progress.already, results.Created
	case a.State == lifecycle.Incomplete:
		state, count, line.Status = journal.Incomplete, &progress.incomplete, results.Incomplete
	case a.State == lifecycle.Unknown:
		state, count, line.Status = journal.Unknown, &progress.unknown, results.Unknown
	case a.Invalid:
		state, count, line.Status = journal.Failed, &progress.invalid, results.Invalid
	default:
		state, count, line.Status = journal.Failed, &progress.failed, results.Failed
	}
	if state != journal.Created && a.State != lifecycle.Created {
		line.HTTPStatus, line.ErrorCode, line.ErrorMessage = results.HTTPStatus(a.Answer.Status), a.Answer.Code, a.Answer.Message
		for _, f := range a.Answer.Fields {
			line.ErrorFields = append(line.ErrorFields, results.Field{Name: f.Name, Description: f.Description})
		}
	}
	return line, state, count
}

// record writes down what became of a row: the journal first.
func (p *pipeline) record(a lifecycle.Record) error {
	line, state, count := p.outcome(a)
	progress := p.cfg.Progress
	if noNews(a) {
		p.stillLocked++
		if a.Ref.(*item).was.noNews { // the journal and the results say so
			count.Add(1)
			return nil
		}
	}
	o := journal.Outcome{ID: a.Claim.ID, State: state, Row: line.Row, Sent: a.Sent, Line: line.AppendJSON(nil), Interim: a.State == lifecycle.Created}
	o.Sum, o.Memo = p.memo(a)
	if err := p.journal.Record(o); err != nil {
		// What came of it is not known to the next run.
		return errors.Join(err, p.leave(lifecycle.Leave{ID: a.Claim.ID, Ref: a.Ref, InDoubt: true}))
	}
	switch a.Retracts {
	case lifecycle.Done:
		progress.created.Add(-1)
	case lifecycle.Incomplete:
		progress.incomplete.Add(-1)
	}
	if o.Interim {
		return nil // the results have a line for what becomes of it
	}
	if p.cfg.Limit > 0 && state == journal.Created && !older(a) && a.Ref != nil && len(p.trial) < maxAlike {
		p.trial = append(p.trial, line.CaseID)
		p.cfg.Log.Info(fmt.Sprintf("row %d: created case %s", line.Row, line.CaseID))
	}
	if a.Ref != nil {
		count.Add(1)
		if a.Updated && older(a) {
			progress.updated.Add(1)
		}
	}
	if a.Others > 0 {
		progress.several.Add(1)
	}
	if it, _ := a.Ref.(*item); it != nil && it.unowned {
		switch {
		case a.Retracts != lifecycle.Mapped:
			p.unowned--
		case a.CaseID != "" && !older(a) && it.was.caseID == "", a.Updated && a.Row.Update.OwnerID != "":
			p.unowned++
		}
	}
	delete(p.locked, a.Claim.ID) // what was recorded before may not hold
	if line.Status == results.Incomplete && a.Answer.Code == lifecycle.CodeLocked && a.Ref != nil {
		p.locked[a.Claim.ID] = true
	}
	if err := p.results.Append(line); err != nil || line.Status == results.Created || a.Ref == nil {
		return err
	}
	reason := line.ErrorMessage
	if len(line.ErrorFields) > 0 {
		reason += ": " + line.ErrorFields.String()
	}
	p.count(reason)
	return p.report.Add(reportRow(a.Ref.(*item).row, p.idOf(a.Claim), line))
}

// memo is what the journal is to remember of what a row's case holds.
func (p *pipeline) memo(a lifecycle.Record) (sum [8]byte, memo []byte) {
	it, _ := a.Ref.(*item)
	switch {
	case a.CaseID == "":
		return sum, nil
	case it == nil:
		return a.Held, nil
	}
	var was content.Memo
	if it.was.memo != nil {
		was = *it.was.memo
	}
	wrote := a.Answer.Updated
	if it.touched.Load() || wrote.IsZero() {
		wrote = was.Wrote // or undo would take what others have done for ours
	}
	switch {
	case a.Parentless:
		return it.was.sum, content.MemoOf(&it.mapped, true, wrote).Keeping("parent_id", was).Append(nil)
	case a.State != lifecycle.Done && it.was.caseID != "": // as it was
		if it.was.memo == nil {
			return it.was.sum, nil
		}
		sum = it.was.sum
		if a.Answer.Code == lifecycle.CodeLocked { // see told; the memo says what the case holds
			sum = it.sum
		}
		return sum, it.was.memo.Append(nil)
	case a.State == lifecycle.Done && older(a) && a.Held == sum:
		// Not even that row is known. Unless something is assumed, no change would ever
		// be carried over; of what people have changed, an update leaves it all the same.
		p.assumed++
		return it.sum, content.MemoOf(&it.mapped, true, wrote).Append(nil)
	case a.Held != it.sum: // and the row as it was then is not there to be described
	default:
		memo = content.MemoOf(&it.mapped, a.State == lifecycle.Done, wrote).Append(nil)
	}
	return a.Held, memo
}

// recordRefusal writes down a row that is not sent. It belongs to this run alone, so the
// journal does not hear of it.
func (p *pipeline) recordRefusal(r refusal) error {
	line := results.Line{Row: r.row.Number, Key: r.key, Status: r.status, ErrorMessage: faultText(r.faults), FinishedAt: time.Now()}
	for _, f := range r.faults[:min(len(r.faults), maxFaults)] {
		if f.Field != "" {
			line.ErrorFields = append(line.ErrorFields, results.Field{Name: f.Field, Description: f.Reason + f.Hint})
		}
	}
	p.extra++
	if r.status == results.Duplicate { // which says it all
		p.cfg.Progress.duplicate.Add(1)
	} else {
		p.cfg.Progress.invalid.Add(1)
		for _, f := range r.faults {
			p.count(words.Brief(f.Kind()))
		}
	}
	if err := p.results.Append(line); err != nil {
		return err
	}
	return p.report.Add(reportRow(r.row, r.id, line))
}

// recordOrphan writes down a row that is not sent because its parent has no case. The
// journal hears of it, so that its failure report can be told from another's.
func (p *pipeline) recordOrphan(row *source.Row, claim journal.Claim, why string) error {
	return p.record(lifecycle.Record{State: lifecycle.Failed, Claim: claim, Ref: &item{row: row},
		Answer: talkdesk.Answer{Code: codeNoParent, Message: why}})
}

// leave gives a row up that this run does not bring to an end.
func (p *pipeline) leave(a lifecycle.Leave) error {
	p.undone[a.ID] = true
	if a.Ref == nil {
		return nil // the input has not shown it
	}
	if a.InDoubt {
		p.inDoubt++
	}
	return p.giveBack(a.Ref.(*item).row)
}

// giveBack puts a row of a failure report into the next: what it was it still is.
func (p *pipeline) giveBack(row *source.Row) error {
	if !p.columns.IsReport() {
		return nil
	}
	return p.report.Add(results.ReportRow{Number: row.Number, ID: p.columns.ID(row.Cell),
		Status: cmp.Or(p.columns.Status(row.Cell), statusLeft),
		Error:  cmp.Or(p.columns.Error(row.Cell), "not sent yet: the run stopped before"),
		Fields: p.columns.Fields(row.Cell), Record: row.Fields(), JSON: row.JSON()})
}

func reportRow(row *source.Row, id string, line results.Line) results.ReportRow {
	text := line.ErrorMessage
	if line.HTTPStatus != 0 {
		text = strings.TrimSpace(fmt.Sprintf("%d %s", line.HTTPStatus, text))
	}
	return results.ReportRow{Number: line.Row, ID: id, Status: line.Status, Error: text,
		Fields: line.ErrorFields.String(), Record: row.Fields(), JSON: row.JSON()}
}

// idOf is the caseimport_id of a row that may be sent.
func (p *pipeline) idOf(c journal.Claim) string {
	if p.cfg.Program.HasKey() {
		return identity.KeyText(c.Key)
	}
	return identity.Text(identity.ByCells, c.ID)
}
