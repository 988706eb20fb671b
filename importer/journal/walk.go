package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Step is one line of a journal's history. What it is about is set, and nothing else;
// of lines that matter to a run only, nothing is.
type Step struct {
	Begin    *Begin
	Claims   []ID // valid during the call, as is Outcome's Line
	Outcome  *Outcome
	Released []ID
	Undoing  *Undoing
	Span     *Span
	Lived    time.Duration // of the run so far
	End      *End
}

// Walk reads the journal at path line by line, without its lock and without judging
// it: a line that is bad, or not yet written to its end, is left out.
func Walk(path string, yield func(Step) error) (h Header, err error) {
	f, size, err := openToRead(path)
	if err != nil {
		return h, err
	}
	defer f.Close()
	number := 0
	var ids []ID
	err = lines(io.NewSectionReader(f, 0, size), func(text []byte, ended bool) error {
		l, ok := open(text)
		if number++; number == 1 {
			if !ok || l.kind != kindHeader || json.Unmarshal(l.payload, &h) != nil {
				return &DamageError{Path: path, Line: 1, What: "it does not begin as a journal of caseimport"}
			}
			if h.Format > format {
				return &DamageError{Path: path, Line: 1, What: "it was written by a newer version of caseimport: use that version"}
			}
			return nil
		}
		if !ok || !ended {
			return nil
		}
		var s Step
		s, ids, err = l.step(ids[:0])
		if err != nil {
			return nil
		}
		return yield(s)
	})
	if number == 0 {
		return h, fmt.Errorf("%s: %w", path, errors.New("the journal is empty"))
	}
	return h, err
}

// step takes a line apart; ids is room for those that it holds.
func (l line) step(ids []ID) (s Step, _ []ID, err error) {
	switch l.kind {
	case kindBegin:
		s.Begin = &Begin{}
		err = json.Unmarshal(l.payload, s.Begin)
	case kindClaims, kindRemembered:
		_, rest, e := chunkNumber(l.payload)
		if e != nil {
			return s, ids, e
		}
		err = eachClaim(rest, func(id ID, _ [][]byte) error { ids = append(ids, id); return nil })
		s.Claims = ids
	case kindOutcome, kindAdopted:
		var o Outcome
		if o, err = parseOutcome(l.payload); err == nil {
			s.Outcome = &o
		}
	case kindReleased:
		eachReleased(l.payload, func(id ID) { ids = append(ids, id) })
		s.Released = ids
	case kindUndoing:
		var u Undoing
		if u, err = parseUndoing(l.payload); err == nil {
			s.Undoing = &u
		}
	case kindSpan:
		s.Span = &Span{}
		err = json.Unmarshal(l.payload, s.Span)
	case kindLived:
		s.Lived, err = time.ParseDuration(string(l.payload))
	case kindEnd:
		s.End = &End{}
		err = json.Unmarshal(l.payload, s.End)
	}
	return s, ids, err
}
