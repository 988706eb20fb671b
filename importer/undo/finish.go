package undo

import (
	"errors"
	"io/fs"
	"iter"
	"os"
	"slices"
	"time"

	"caseimport/importer/journal"
	"caseimport/importer/results"
)

// finish takes the lines of cases that are gone out of the results, and notes the end.
// Whatever else stands in the results stays as it is.
func (u *undoing) finish() error {
	last := u.Journal.Last()
	end := journal.End{Left: last.Left + u.undone, Extra: last.Extra, Report: last.Report, Whole: last.Whole, Lived: time.Since(u.began), Size: last.Size, Time: last.Time}
	before, err := os.Stat(u.Results)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	earlier := slices.ContainsFunc(u.stock.others, func(it *item) bool { return it.result == Undone })
	if err == nil && (u.undone > 0 || earlier) {
		if err := results.NewFile(u.Results, nil).Replace(u.remaining()); err != nil {
			// The journal is without an end then, so the next run rebuilds the file.
			return errors.Join(u.Journal.Err(), err)
		}
	}
	// A file that was changed since the last run must still look so.
	if err == nil && before.Size() == last.Size && before.ModTime().Equal(last.Time) {
		after, err := os.Stat(u.Results)
		if err != nil {
			return err
		}
		end.Size, end.Time = after.Size(), after.ModTime()
	}
	if err := u.Journal.Err(); err != nil {
		return err
	}
	return u.Journal.End(end)
}

// remaining are the lines of the results whose cases are not in the Trash.
func (u *undoing) remaining() iter.Seq2[results.Line, error] {
	return func(yield func(results.Line, error) bool) {
		for line, err := range results.ReadOwn(u.Results) {
			if err == nil && line.CaseID != "" && u.Journal.InTrash(line.CaseID) {
				continue
			}
			if !yield(line, err) {
				return
			}
		}
	}
}
