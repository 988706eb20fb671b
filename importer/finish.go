package importer

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"caseimport/importer/exit"
	"caseimport/importer/identity"
	"caseimport/importer/journal"
	"caseimport/importer/results"
)

// finish brings the files into the form in which the next run, and people,
// find them. err is the first error of the disk, nil in order.
func (p *pipeline) finish(err error) (Summary, error) {
	p.cfg.Progress.turnTo(Writing)
	hurry := p.ctx.Err() != nil // the second signal
	stop := p.stop()
	neverBegan := stop != nil && stop.Exit == exit.Refused
	sum := p.cfg.Progress.Summary()
	sum.Reasons, sum.InDoubt, sum.Trial = p.frequent(), p.inDoubt, p.trial
	sum.MoreReasons = len(p.reasons) - len(sum.Reasons)
	sum.Changed, sum.Unmatched, sum.Assumed = p.changed, p.unmatched, p.assumed
	sum.Locked, sum.StillLocked, sum.Unowned = len(p.locked), p.stillLocked, p.unowned

	// Each of these is tried whatever became of the others: all of them
	// help whoever comes next.
	if neverBegan || hurry || p.unread {
		p.report.Abort() // an earlier report is still right
	} else {
		err = errors.Join(err, p.commitReport(&sum))
	}
	err = errors.Join(err, p.tidyResults(hurry))
	// A journal in which nothing was claimed would only pin the next run to an
	// address that may have been a slip; that a person asked for --adopt must
	// not be forgotten.
	if p.journal.Made() && (neverBegan || !p.begun && !p.cfg.Adopt && !hurry) {
		err = errors.Join(err, p.discard())
	} else {
		if err == nil {
			err = p.endSpans()
		}
		if err == nil {
			err = p.journal.End(p.end(hurry))
		}
		err = errors.Join(err, p.journal.Close())
	}
	switch {
	case neverBegan: // tidying up is a courtesy
		return sum, stop
	case err != nil:
		if first := p.journal.Err(); first != nil {
			err = first // what failed after it need not be said
		}
		return sum, &exit.Stop{Exit: exit.Stopped, Err: err, Hint: exit.DiskHint(err)}
	case stop != nil:
		return sum, stop
	}
	return sum, nil
}

// stop is why the run ended before its end, nil if it did not.
func (p *pipeline) stop() *exit.Stop {
	why := p.machine.Stopped()
	if why == nil {
		return nil
	}
	reason := why.Reason
	if why.At > 0 {
		reason += ", until " + clock(p.began.Add(why.At))
	}
	hint := why.Hint
	if hint == "" && why.Exit == exit.Refused { // the account did not take the credentials
		hint = "to find out what is wrong: caseimport doctor"
	}
	return &exit.Stop{Exit: why.Exit, Err: errors.New(reason), Hint: hint}
}

// commitReport puts the failure report in its place, and says where it is.
func (p *pipeline) commitReport(sum *Summary) error {
	edited := false
	done, err := p.report.Commit(func(text string) bool {
		kind, id, ok := identity.Parse(text)
		dealtWith := p.journal.Met(id) && !p.undone[id]
		return ok && (dealtWith || kind == identity.OfDuplicate && p.duplicates[id] || kind != identity.OfDuplicate && p.journal.State(id) == journal.Created)
	}, func(path string) results.Earlier {
		earlier := p.earlierReport(path)
		edited = edited || earlier == results.Edited
		return earlier
	})
	switch {
	case err != nil:
		return err
	case done.Rows > 0:
		p.written = fileSum(done.Path)
	case done.Removed:
		p.written = ""
	}
	if done.Why != "" {
		p.cfg.Log.Warn(fmt.Sprintf("the failure report is %s, not --report-format %s: %s", done.Path, p.cfg.ReportForm, done.Why))
	}
	sum.Kept, sum.Report, sum.KeptEdited = done.Kept, done.Path, edited && done.Kept != ""
	if sum.KeptEdited {
		p.cfg.Log.Warn("the failure report was edited since it was written, and this run did not read that: it is kept, run it on its own: " + done.Kept)
	}
	return nil
}

// earlierReport tells what the failure report is that stands at a path: what the
// program wrote last, the very bytes that this run has read as its input, or
// people's work. Of an input that does not show its ids, rows may be left that
// the new report does not hold.
func (p *pipeline) earlierReport(path string) results.Earlier {
	sum := fileSum(path)
	wasInput := p.readToEnd && sum == hex.EncodeToString(p.cfg.Table.Sum[:])
	switch {
	case sum == "":
	case wasInput && (p.columns.IsReport() || p.cfg.Progress.Done() == p.cfg.Table.Rows):
		return results.Consumed
	case sum != p.written && !wasInput:
		return results.Edited
	}
	return results.Written
}

// fileSum is the SHA-256 of a file, "" if it cannot be read.
func fileSum(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
}

// end describes the run's end for the next run.
func (p *pipeline) end(hurry bool) journal.End {
	e := journal.End{Left: p.cfg.Table.Rows - p.cfg.Progress.Done(), Extra: p.extra, Lived: p.now(), Report: p.written, Whole: p.whole}
	if !p.begun || hurry && p.journal.Changed() {
		return e // the results file is not, or not yet, what the journal says
	}
	if info, err := os.Stat(p.cfg.Results); err == nil {
		e.Size, e.Time = info.Size(), info.ModTime()
	}
	return e
}
