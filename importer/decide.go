package importer

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"caseimport/importer/journal"
	"caseimport/importer/talkdesk"
)

// settle looks one row up and decides. The row is attach's to change until
// settled has been called.
func (s *settler) settle(ctx context.Context, j *job, key string) error {
	found, a, began, err := s.r.look(ctx, key)
	if err != nil {
		s.requeue(j)
		return nil
	}
	switch a.Verdict {
	case talkdesk.Created:
		defer s.settled(j)()
		return s.foundCase(j, found)
	case talkdesk.Absent:
		s.mu.Lock()
		// Cases that were created while this waited for its turn may
		// demand a newer control.
		at, ok := s.trusted(j)
		s.mu.Unlock()
		if !ok || began.Before(at) {
			s.requeue(j)
			return nil
		}
		defer s.settled(j)()
		return s.absent(j)
	case talkdesk.Halt:
		if a.Status != forbidden {
			s.requeue(j)
			s.r.halt(a, "")
			return nil
		}
		s.mu.Lock()
		s.blind = s.blindness(a)
		s.mu.Unlock()
		s.r.cfg.Log.Warn("rows in doubt cannot be looked up: the credentials lack the scope " + readScope)
		fallthrough
	default:
		defer s.settled(j)()
		if a.Verdict == talkdesk.Unknown {
			a.Message = s.blindness(a)
			return s.unknown(j, a)
		}
		return s.unknown(j, talkdesk.Answer{Status: a.Status, Code: a.Code, Message: s.blindness(a)})
	}
}

// foundCase records the oldest of the cases that were found as the row's own,
// if their title is.
func (s *settler) foundCase(j *job, found []talkdesk.Found) error {
	past, hasPast := s.claims[j.claim.ID]
	mine := slices.IndexFunc(found, func(f talkdesk.Found) bool {
		return sameTitle(f.Title, j.claim.Title) || hasPast && sameTitle(f.Title, past.Title)
	})
	if mine < 0 {
		title := j.claim.Title
		if hasPast {
			title = past.Title
		}
		return s.unknown(j, talkdesk.Answer{Code: "other title", Message: fmt.Sprintf(
			"case %s has this key, but another title: %q there, %q here", found[0].ID, found[0].Title, title)})
	}
	var others []string
	for i, f := range found {
		if i != mine {
			others = append(others, f.ID)
		}
	}
	note := ""
	if len(others) > 0 {
		note = fmt.Sprintf("%d cases have this key; the others: %s", len(found), strings.Join(others, ", "))
		s.r.cfg.Progress.several.Add(1)
	}
	if hasPast && j.row != nil && past.Sum != j.claim.Sum {
		s.r.cfg.Log.Warn(fmt.Sprintf("row %d: its case %s was there already: what was edited since is not in it", j.row.Number, found[mine].ID))
	}
	return s.r.rec.found(j, found[mine].ID, note)
}

// sameTitle compares two titles, white space aside.
func sameTitle(a, b string) bool {
	return a == b || strings.Join(strings.Fields(a), " ") == strings.Join(strings.Fields(b), " ")
}

// absent goes on with a row of which it is now sure that it has no case.
func (s *settler) absent(j *job) error {
	r := s.r
	switch {
	case j.row == nil:
		return r.rec.failed(j, talkdesk.Answer{Code: "absent", Message: "looked up: it has no case; it is sent when it comes again"})
	case j.body == nil:
		return r.rec.invalidAfterAll(j)
	case j.earlier:
		j.earlier, j.since = false, time.Time{}
		return s.hand(r.fresh, j)
	case r.health.spent(j) >= r.cfg.MaxAttempts:
		return r.rec.failed(j, j.last)
	}
	return s.hand(r.again, j)
}

// unknown records that a row's doubt cannot be settled, unless a person has
// said that such rows are to be sent again.
func (s *settler) unknown(j *job, a talkdesk.Answer) error {
	_, past := s.claims[j.claim.ID]
	if s.r.cfg.ResendUnknown && past && j.earlier && j.row != nil && j.body != nil {
		j.earlier = false // since stays: see intake.take
		return s.hand(s.r.fresh, j)
	}
	if j.row == nil {
		s.mu.Lock()
		s.reasons[j.claim.ID] = a
		s.mu.Unlock()
	}
	if !j.claimed {
		// A row that was never sent, and yet must be remembered.
		if err := s.r.j.Claim([]journal.Claim{j.claim}); err != nil {
			return err
		}
		j.claimed = true
	}
	return s.r.rec.unknown(j, a)
}

// stillUnknown records a row whose doubt could not be settled before the input
// was read as far as it.
func (s *settler) stillUnknown(j *job) error {
	s.mu.Lock()
	a := s.reasons[j.claim.ID]
	s.mu.Unlock()
	s.r.hold()
	return s.r.rec.unknown(j, a)
}

func (s *settler) hand(to chan<- *job, j *job) error {
	select {
	case to <- j:
	case <-s.r.intake.Done():
		s.r.drop(j)
	}
	return nil
}
