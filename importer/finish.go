package importer

import (
	"errors"
	"iter"
	"os"
	"syscall"

	"caseimport/importer/identity"
	"caseimport/importer/journal"
	"caseimport/importer/results"
)

// finish brings the files into the form in which the next run, and people,
// find them. err is what ended the pipeline, nil in order.
func (r *run) finish(err error) (Summary, error) {
	r.cancel()
	for waiting := true; waiting; {
		select {
		case j := <-r.fresh:
			r.drop(j)
		case j := <-r.claimed:
			r.drop(j)
		default:
			waiting = false
		}
	}
	hard := r.ctx.Err() != nil // the second signal
	r.doubts.giveUp()          // what workers have put there since
	if r.stopped != nil && r.stopped.Exit == 1 && r.sent.Load() > 0 {
		r.stopped.Exit = 4
		if r.stopped.Hint == "" {
			r.stopped.Hint = "mend it and run the same command again"
		}
	}
	neverBegan := r.stopped != nil && r.stopped.Exit == 1
	sum := r.cfg.Progress.Summary()
	sum.Reasons = r.rec.frequent()
	sum.InDoubt = r.inDoubt

	// Each of these is tried whatever became of the others: all of them
	// help whoever comes next.
	err = errors.Join(err, r.j.Release(r.released))
	var kept string
	if neverBegan || hard {
		r.rec.report.Abort() // an earlier report is still right
	} else {
		var reportErr error
		kept, reportErr = r.commitReport()
		err = errors.Join(err, reportErr)
	}
	resultsErr := r.rec.finish(hard)
	err = errors.Join(err, resultsErr)
	sum.Kept = kept

	if neverBegan && r.j.Made() {
		err = errors.Join(err, r.rec.abandon(), r.j.Discard())
	} else {
		if err == nil {
			err = r.j.End(r.end(hard))
		}
		err = errors.Join(err, r.j.Close())
	}
	switch {
	case err != nil:
		if first := r.j.Err(); first != nil {
			err = first // what failed after it need not be said
		}
		return sum, &Stop{Exit: 4, Err: err, Hint: diskHint(err)}
	case r.stopped != nil:
		return sum, r.stopped
	case hard:
		return sum, &Stop{Exit: 4, Err: errors.New("interrupted"), Hint: "nothing is lost by it: run the same command again to go on"}
	}
	return sum, nil
}

func diskHint(err error) string {
	if isDiskFull(err) {
		return "make room on the disk and run the same command again: it goes on where it stopped"
	}
	return "mend it and run the same command again: it goes on where it stopped"
}

func isDiskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// commitReport puts the failure report in its place.
func (r *run) commitReport() (kept string, err error) {
	edited := r.reportEdited()
	done, err := r.rec.report.Commit(func(text string) bool {
		kind, id, ok := identity.Parse(text)
		dealtWith := r.j.Met(id) && !r.undone[id]
		return ok && (dealtWith || kind == identity.OfDuplicate && r.duplicates[id] || kind != identity.OfDuplicate && r.j.State(id) == journal.Created)
	}, edited)
	if err == nil && edited && done.Kept != "" {
		r.cfg.Log.Warn("the failure report was edited since it was written, and this run did not read it: it is kept, run it on its own", "file", done.Kept)
	}
	return done.Kept, err
}

// reportEdited reports whether people have worked on the failure report that
// the last run left, and this run has not read it.
func (r *run) reportEdited() bool {
	last := r.j.Last()
	info, err := os.Stat(r.files.Report)
	if err != nil || last.Report == 0 || sameFile(r.files.Report, r.cfg.Input) {
		return false
	}
	return info.Size() != last.Report || !info.ModTime().Equal(last.ReportTime)
}

// finish makes the results file anew if appending has not left it as it should
// be; a person in a hurry gets that at the beginning of the next run.
func (c *recorder) finish(hurry bool) error {
	if !c.run.j.Changed() || hurry {
		return c.file.Close()
	}
	if err := c.file.Close(); err != nil {
		return err
	}
	return c.file.Replace(c.all())
}

// all yields what the journal knows and then this run's own rows, which stand
// in the file that is to be replaced.
func (c *recorder) all() iter.Seq2[results.Line, error] {
	return func(yield func(results.Line, error) bool) {
		for line, err := range c.latest() {
			if !yield(line, err) {
				return
			}
		}
		for line, err := range results.ReadOwn(c.run.cfg.Results) {
			own := line.Status == statusInvalid && line.ErrorCode == "" || line.Status == statusDuplicate
			if err == nil && !own {
				continue
			}
			if !yield(line, err) {
				return
			}
		}
	}
}

// abandon removes a results file that this run made and has nothing in it.
func (c *recorder) abandon() error {
	err := c.file.Close()
	c.report.Abort()
	if c.begun && c.run.j.Made() && !c.hadFile {
		err = errors.Join(err, os.Remove(c.run.cfg.Results))
	}
	return err
}

// end describes the run's end for the next run.
func (r *run) end(hurry bool) journal.End {
	e := journal.End{Left: r.cfg.Table.Rows - r.cfg.Progress.Done(), Extra: r.rec.extra}
	if info, err := os.Stat(r.files.Report); err == nil {
		e.Report, e.ReportTime = info.Size(), info.ModTime()
	}
	if hurry && r.j.Changed() {
		return e // the results file is to be made anew
	}
	if info, err := os.Stat(r.cfg.Results); err == nil {
		e.Size, e.Time = info.Size(), info.ModTime()
	}
	return e
}
