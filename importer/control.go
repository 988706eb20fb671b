package importer

import (
	"context"
	"fmt"
	"slices"
	"time"

	"caseimport/importer/talkdesk"
)

// know notes a case that surely exists.
func (s *settler) know(c control) {
	if c.key == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known && !s.newest.earlier && c.sent.Before(s.newest.sent) {
		return
	}
	s.newest, s.known = c, true
	if len(s.queue) > 0 {
		s.notify()
	}
}

// caseKnown reports whether any case is known to exist.
func (s *settler) caseKnown() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known
}

// seek looks the control up until it is found.
func (s *settler) seek(ctx context.Context, c control) error {
	begin := time.Now()
	patience, guess := begin.Add(s.r.cfg.OutagePatience), lagGuess*s.r.cfg.Settle
	interval := clamp(s.r.cfg.Settle/100, 10*time.Millisecond, 250*time.Millisecond)
	missed := 0
	for {
		found, a, _, err := s.r.look(ctx, c.key)
		if err != nil {
			return nil // the run ends
		}
		if a.Verdict == talkdesk.Halt && a.Status != forbidden {
			s.r.halt(a, "")
			return nil
		}
		if a.Verdict == talkdesk.Halt || a.Verdict == talkdesk.Unknown {
			s.finishSeek(nil, s.blindness(a))
			return nil
		}
		if slices.ContainsFunc(found, func(f talkdesk.Found) bool { return f.ID == c.id }) {
			break
		}
		missed++
		if time.Now().After(patience) {
			s.finishSeek(nil, fmt.Sprintf("it may have been created: the search did not show case %s, which exists, for %s", c.id, s.r.cfg.OutagePatience))
			return nil
		}
		if sleep(ctx, interval) != nil {
			return nil
		}
		interval = min(2*interval, clamp(s.r.cfg.Settle/10, 50*time.Millisecond, 2*time.Second))
		s.mu.Lock()
		s.missed, s.patience = c.id, patience
		s.mu.Unlock()
	}
	c.found = time.Now()
	noted := s.r.j.Lag()
	c.lag = lagOf(c, missed > 0, noted, guess)
	if last := s.control; last != nil && last.id == c.id {
		// Looked up once more, because a doubt is younger than the last
		// look: its age is not the search's lag.
		c.lag = last.lag
		if missed > 0 { // it was seen before, so this is no lag of its creation
			c.lag = max(c.lag, c.found.Sub(begin))
		}
	} else if seen := missed > 0 || c.lag < guess; seen && (c.lag > noted && (missed > 0 || !c.earlier) || c.lag < noted/2 && !c.earlier) {
		if err := s.r.j.NoteLag(max(c.lag, time.Millisecond).Round(time.Millisecond)); err != nil {
			return err
		}
	}
	s.finishSeek(&c, "")
	return nil
}

func (s *settler) finishSeek(found *control, blind string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seeking, s.missed = false, ""
	if found != nil {
		s.control = found
	}
	if blind != "" {
		s.blind = blind
	}
	s.notify()
}

// blindness says why a look-up that was refused or failed is of no use.
func (s *settler) blindness(a talkdesk.Answer) string {
	if a.Status == forbidden {
		return "it may have been created, and looking it up was refused: the credentials lack the scope " + readScope
	}
	return "it may have been created, and looking it up failed: " + a.Message
}
