package undo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"caseimport/importer/exit"
	"caseimport/importer/reads"
	"caseimport/importer/talkdesk"
)

// moveTries is how often a case is moved whose answer is lost and that is still there.
const moveTries = 5

// move moves one case to the Trash, unless it is to be kept after all.
func (u *undoing) move(it *item) *exit.Stop {
	if it.parent == "" && time.Since(u.now.at) > surveyLasts {
		if a := u.again(); a.Verdict != talkdesk.OK {
			return u.unanswered(a)
		}
	}
	// It may have changed since it was looked at.
	if a := u.readSingle(it); a.Verdict != talkdesk.OK {
		it.result = Left
		return u.unanswered(a)
	}
	if it.result == Planned && !it.seen {
		return u.markGone(it, it.reason)
	}
	if it.result == Planned {
		if why := u.mayGo(it, true); why != "" {
			it.result, it.reason = Kept, why
		}
	}
	if it.result != Planned {
		if !it.begun || !it.seen {
			return nil
		}
		return u.broken(u.Journal.KeepAfterAll(it.id, it.caseID))
	}
	it.result = Left // until it is known to be gone
	if err := u.Journal.MayUndo(it.id, it.caseID); err != nil {
		return u.broken(err)
	}
	return u.ask(it)
}

// ask has a case moved, and finds out whether it was.
func (u *undoing) ask(it *item) *exit.Stop {
	for try := 1; ; try++ {
		moved, a := u.trash(it)
		switch {
		case a.Verdict == talkdesk.NotTaken, a.Verdict == talkdesk.Halt:
			return u.unanswered(a)
		case a.Verdict == talkdesk.OK && !u.named(it, moved):
			return u.wrong(it, moved)
		case a.Verdict == talkdesk.OK && u.proved:
			return u.markGone(it, "")
		case a.Verdict == talkdesk.OK:
			return u.prove(it)
		}
		gone, read := u.there(it)
		silent := a.Verdict == talkdesk.Unknown && a.Status/100 == 2 && !u.proved
		switch {
		case read.Verdict != talkdesk.OK:
			return u.unanswered(read)
		case gone && !silent:
			return u.markGone(it, "")
		case gone:
			if stop := u.markGone(it, ""); stop != nil {
				return stop
			}
			fallthrough
		case silent:
			return &exit.Stop{Exit: exit.Stopped, Err: fmt.Errorf("the answer to moving case %s does not name it, so no other case was touched: %s", it.caseID, a.Message),
				Hint: "look at the case in Talkdesk, and at what was moved to the Trash, before you run it again"}
		case a.Verdict == talkdesk.Rejected:
			return u.refused(it, a)
		case try == moveTries && !u.proved:
			return &exit.Stop{Exit: exit.Stopped, Err: fmt.Errorf("case %s could not be moved to the Trash: %s", it.caseID, a.Message), Hint: "run the same command again later"}
		case try == moveTries: // it may still go, and the next undo finds that out
			it.result, it.reason = Kept, "it could not be moved to the Trash: "+a.Message
			return nil
		}
		reads.Sleep(u.intake, time.Second<<try/8)
	}
}

// trash makes the request, at most once where its answer is lost. What is under way
// when the person wants to stop is waited for.
func (u *undoing) trash(it *item) (moved []string, a talkdesk.Answer) {
	for {
		moved, a = reads.Once(u.intake, u.Reader, func(context.Context) ([]string, talkdesk.Answer) { return u.API.Trash(u.ctx, it.caseID) })
		if !a.Again {
			return moved, a
		}
	}
}

// named reports whether an answer names this case and nothing else, but for subcases
// of it that are in the Trash already.
func (u *undoing) named(it *item, moved []string) bool {
	for _, id := range moved {
		if id != it.caseID && !slices.ContainsFunc(u.below[it.caseID], func(child *item) bool { return child.caseID == id && child.result == Undone }) {
			return false
		}
	}
	return slices.Contains(moved, it.caseID)
}

// wrong ends an undo in which something else was moved than was asked for.
func (u *undoing) wrong(it *item, moved []string) *exit.Stop {
	names := "none"
	if len(moved) > 0 {
		names = strings.Join(moved, ", ")
	}
	if gone, a := u.there(it); gone && a.Verdict == talkdesk.OK {
		if stop := u.markGone(it, "the answer named others: "+names); stop != nil {
			return stop
		}
	}
	return &exit.Stop{Exit: exit.Stopped, Err: fmt.Errorf("case %s was to be moved to the Trash, and the answer names these: %s; nothing more was touched", it.caseID, names),
		Hint: "look in Talkdesk at what was moved, restore from the Trash what is not the import's, and do not run it again before that is understood"}
}

// prove waits until the first case is gone from reading.
func (u *undoing) prove(it *item) *exit.Stop {
	until := time.Now().Add(u.Settle)
	for wait := time.Second; ; wait *= 2 {
		gone, a := u.there(it)
		switch {
		case a.Verdict != talkdesk.OK:
			return u.unanswered(a)
		case gone:
			u.proved = true
			return u.markGone(it, "")
		case !time.Now().Before(until) || u.intake.Err() != nil:
			return &exit.Stop{Exit: exit.Stopped, Err: fmt.Errorf("the API says that case %s was moved to the Trash, but it can still be read, so no other case was touched", it.caseID),
				Hint: "look at the case in Talkdesk before you run it again"}
		}
		reads.Sleep(u.intake, min(wait, time.Until(until)))
	}
}

// there reads whether a case is gone. After the person has asked for an end, it is
// tried once.
func (u *undoing) there(it *item) (gone bool, a talkdesk.Answer) {
	if u.intake.Err() != nil {
		u.Reader.Requests++
		_, a = u.API.ReadCase(u.ctx, it.caseID)
	} else {
		_, a = reads.Once(u.intake, u.Reader, u.readCase(it.caseID))
	}
	if a.Verdict == talkdesk.Absent {
		return true, reads.Done
	}
	return false, a
}

func (u *undoing) readCase(id string) func(context.Context) (*talkdesk.Case, talkdesk.Answer) {
	return func(ctx context.Context) (*talkdesk.Case, talkdesk.Answer) { return u.API.ReadCase(ctx, id) }
}

// markGone notes that a case is in the Trash.
func (u *undoing) markGone(it *item, reason string) *exit.Stop {
	if err := u.Journal.Undo(it.id, it.caseID); err != nil {
		return u.broken(err)
	}
	it.result, it.reason = Undone, reason
	u.undone++
	return nil
}

// refused deals with a case that the API does not move: the first one ends the undo.
func (u *undoing) refused(it *item, a talkdesk.Answer) *exit.Stop {
	it.result, it.reason = Kept, "it could not be moved to the Trash: "+a.Message
	if err := u.Journal.KeepAfterAll(it.id, it.caseID); err != nil {
		return u.broken(err)
	}
	switch {
	case !u.proved:
		return exit.Refuse(fmt.Errorf("this account or client cannot move cases to the Trash: %s", a.Message),
			"the scope that it needs is not published: ask Talkdesk for it, or have an agent delete the cases by hand (the undo file lists them)")
	case a.Denied:
		return &exit.Stop{Exit: exit.Stopped, Err: fmt.Errorf("cases can no longer be moved to the Trash: %s", a.Message), Hint: "run the same command again to go on"}
	}
	return nil
}

// unanswered is the end where a request was not answered.
func (u *undoing) unanswered(a talkdesk.Answer) *exit.Stop {
	s := &exit.Stop{Exit: exit.Stopped, Err: errors.New(a.Message), Hint: "run the same command again to go on"}
	switch {
	case u.intake.Err() != nil:
		s.Err = errors.New("interrupted")
	case u.undone == 0 && a.Verdict != talkdesk.NotTaken:
		s.Exit, s.Hint = exit.Refused, ""
	}
	return s
}

// broken is the end where the journal cannot be written; nil without an error.
func (u *undoing) broken(err error) *exit.Stop {
	if err == nil {
		return nil
	}
	return &exit.Stop{Exit: exit.Stopped, Err: err, Hint: exit.DiskHint(err)}
}
