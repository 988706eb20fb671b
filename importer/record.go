package importer

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"caseimport/importer/journal"
	"caseimport/importer/results"
	"caseimport/importer/source"
	"caseimport/importer/talkdesk"
	"caseimport/mapping"
)

// What can be said of a row. Left is a status of failure reports only: a row
// that the run handed back as it had come.
const (
	statusCreated   = results.Created
	statusFailed    = results.Failed
	statusInvalid   = results.Invalid
	statusDuplicate = results.Duplicate
	statusUnknown   = results.Unknown
	statusLeft      = "left"
)

// recorder writes down what became of the rows: the journal first, which is
// what counts, then the results file and the failure report.
type recorder struct {
	run    *run
	file   *results.File
	report *results.Report
	// hadFile says that the results file was there before this run.
	hadFile bool
	begun   bool // Begin has been called on file
	// extra counts lines of the results file that the journal does not know:
	// rows refused here, which have no ErrorCode.
	extra int

	mu      sync.Mutex
	reasons map[string]int

	files   sync.Mutex // for file and report
	flushed time.Time
}

// maxReasons bounds the different reasons that are counted.
const maxReasons = 1000

// count notes why a row has no case.
func (c *recorder) count(reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.reasons[reason]; known || len(c.reasons) < maxReasons {
		c.reasons[reason]++
	}
}

// frequent returns the three most frequent reasons.
func (c *recorder) frequent() (top []Reason) {
	for text, n := range c.reasons {
		top = append(top, Reason{text, n})
	}
	slices.SortFunc(top, func(a, b Reason) int { return cmp.Or(b.Rows-a.Rows, strings.Compare(a.Text, b.Text)) })
	return top[:min(3, len(top))]
}

// created records a row whose case the API has answered with.
func (c *recorder) created(j *job, a talkdesk.Answer) error {
	line := c.line(j, statusCreated)
	line.CaseID, line.HTTPStatus = a.CaseID, results.HTTPStatus(a.Status)
	c.run.cfg.Progress.created.Add(1)
	return c.outcome(j, journal.Created, line)
}

// found records a row whose case was looked up. It has no HTTP status, which
// also tells the next run that the case may be older than its line.
func (c *recorder) found(j *job, caseID, note string) error {
	line := c.line(j, statusCreated)
	line.CaseID, line.ErrorMessage = caseID, note
	if j.row != nil {
		if j.earlier {
			c.run.cfg.Progress.already.Add(1)
		} else {
			c.run.cfg.Progress.created.Add(1)
		}
	}
	return c.outcome(j, journal.Created, line)
}

// failed records a row that surely has no case.
func (c *recorder) failed(j *job, a talkdesk.Answer) error {
	if j.row != nil {
		c.run.cfg.Progress.failed.Add(1)
	}
	return c.refusal(j, journal.Failed, statusFailed, a)
}

// unknown records a row whose doubt cannot be settled.
func (c *recorder) unknown(j *job, a talkdesk.Answer) error {
	if j.row != nil {
		c.run.cfg.Progress.unknown.Add(1)
	}
	return c.refusal(j, journal.Unknown, statusUnknown, a)
}

// invalidAfterAll records a row that was in doubt, has no case, and cannot be
// sent as it stands now.
func (c *recorder) invalidAfterAll(j *job) error {
	c.run.cfg.Progress.invalid.Add(1)
	return c.refusal(j, journal.Failed, statusInvalid, talkdesk.Answer{Code: "absent", Message: j.fault})
}

func (c *recorder) refusal(j *job, state journal.State, status string, a talkdesk.Answer) error {
	line := c.line(j, status)
	line.HTTPStatus, line.ErrorCode, line.ErrorMessage = results.HTTPStatus(a.Status), a.Code, a.Message
	for _, f := range a.Fields {
		line.ErrorFields = append(line.ErrorFields, results.Field{Name: f.Name, Description: f.Description})
	}
	if err := c.outcome(j, state, line); err != nil {
		return err
	}
	if j.row == nil {
		return nil
	}
	reason := line.ErrorMessage
	if len(line.ErrorFields) > 0 {
		reason += ": " + line.ErrorFields.String()
	}
	c.count(reason)
	return c.addToReport(reportRow(j.row, c.run.idOf(j), line))
}

func (c *recorder) line(j *job, status string) results.Line {
	return results.Line{Row: j.claim.Row, Key: j.claim.Key, Status: status,
		Attempts: j.attempts, FinishedAt: time.Now()}
}

func (c *recorder) outcome(j *job, state journal.State, line results.Line) error {
	text, err := json.Marshal(line)
	if err != nil {
		return fmt.Errorf("internal error: %w", err)
	}
	if err := c.run.j.Record(journal.Outcome{ID: j.claim.ID, State: state, Row: line.Row, Line: text}); err != nil {
		j.since = c.run.began // what came of it is not known to the next run
		c.run.drop(j)
		return err
	}
	defer c.run.release()
	return c.append(line)
}

func (c *recorder) append(line results.Line) error {
	c.files.Lock()
	defer c.files.Unlock()
	err := c.file.Append(line)
	if now := time.Now(); now.Sub(c.flushed) >= time.Second {
		c.flushed = now
		return c.file.Flush()
	}
	return err
}

func (c *recorder) addToReport(row results.ReportRow) error {
	c.files.Lock()
	defer c.files.Unlock()
	return c.report.Add(row)
}

// refused records a row of this input that is not sent: it belongs to this run
// alone, so the journal does not hear of it.
func (c *recorder) refused(row *source.Row, key, id, status string, faults []mapping.Fault) error {
	if status == statusDuplicate {
		c.run.cfg.Progress.duplicate.Add(1)
	} else {
		c.run.cfg.Progress.invalid.Add(1)
	}
	line := results.Line{Row: row.Number, Key: key, Status: status, ErrorMessage: faultText(faults), FinishedAt: time.Now()}
	for _, f := range faults {
		if f.Field != "" {
			line.ErrorFields = append(line.ErrorFields, results.Field{Name: f.Field, Description: f.Reason})
		}
	}
	c.extra++
	for _, f := range faults {
		if status == statusInvalid { // a duplicate says it all by its status
			c.count(f.Kind())
		}
	}
	if err := c.append(line); err != nil {
		return err
	}
	return c.addToReport(reportRow(row, id, line))
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
func (r *run) idOf(j *job) string {
	if r.cfg.Program.HasKey() {
		return idText(byKey, j.claim.ID)
	}
	return idText(byCells, j.claim.ID)
}

// begin brings the results file to what the journal knows.
func (c *recorder) begin() error {
	c.begun = true
	last := c.run.j.Last()
	info, err := os.Stat(c.run.cfg.Results)
	if err == nil && last.Ended && last.Extra == 0 && info.Size() == last.Size && info.ModTime().Equal(last.Time) {
		return c.file.Resume() // unchanged since the last run's end
	}
	return c.file.Begin(c.latest())
}

// latest yields the results lines that the journal knows, each row's latest.
func (c *recorder) latest() iter.Seq2[results.Line, error] {
	return func(yield func(results.Line, error) bool) {
		err := c.run.j.Outcomes(func(o journal.Outcome) error {
			line, err := parseLine(o.Line)
			line.Row = o.Row
			if !yield(line, err) {
				return errEnough
			}
			return nil
		})
		if err != nil && err != errEnough {
			yield(results.Line{}, err)
		}
	}
}

func parseLine(text []byte) (line results.Line, err error) {
	if err := json.Unmarshal(bytes.TrimSpace(text), &line); err != nil {
		return line, fmt.Errorf("the journal holds an outcome that cannot be read: %w", err)
	}
	return line, nil
}
