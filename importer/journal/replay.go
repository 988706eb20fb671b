package journal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// DamageError says that a line which was on the disk is no longer what it was.
type DamageError struct {
	Path string
	Line int
	What string
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("%s, line %d: the journal is damaged: %s", e.Path, e.Line, e.What)
}

// PinError says that the journal belongs to something else than this run.
type PinError struct {
	What         string // account, address, key rule, input
	Theirs, Ours string
}

func (e *PinError) Error() string {
	if e.What == "input" {
		return "this results file belongs to another input: without a key in the mapping, its journal knows the rows by their content only"
	}
	return fmt.Sprintf("this results file was begun with another %s: %s, now %s", e.What, orNone(e.Theirs), orNone(e.Ours))
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return fmt.Sprintf("%q", s)
}

// replay reads the whole file and builds what is kept in memory.
func (j *Journal) replay(want Header) error {
	var (
		number int   // of the line
		begin  int64 // of the line, in bytes
		bad    int   // first bad line that may have been a chunk, 0: none
		torn   = int64(-1)
	)
	err := lines(io.NewSectionReader(j.file, 0, j.size), func(line []byte, ended bool) error {
		number++
		at := begin
		begin += int64(len(line)) + 1
		if number == 1 {
			return j.replayHeader(line, ended, want, &torn)
		}
		kind, payload, ok := open(line)
		if !ok && !ended {
			// Its line break may be all that is damaged, else it was
			// never written to its end, so never synced, so never sent.
			if len(line) > 0 {
				kind, payload, ok = open(line[:len(line)-1])
			}
			if !ok {
				torn = at
				return nil
			}
		}
		if !ok {
			if bad == 0 {
				bad = number
			}
			return nil
		}
		if !ended {
			torn = at // good, but to be written again with its line break
		}
		switch kind {
		case 'C':
			n, rest, err := chunkNumber(payload)
			if err != nil {
				return &DamageError{Line: number, What: "a chunk has no number"}
			}
			if n != j.chunk+1 {
				if bad == 0 {
					bad = number
				}
				return &DamageError{Line: bad, What: fmt.Sprintf("rows that may have been sent were written down there (chunk %d is missing, chunk %d follows)", j.chunk+1, n)}
			}
			j.chunk = n
			bad = 0 // a later chunk of the same run: the bad line was none
			return eachClaim(rest, func(id ID, cells [][]byte) error {
				e := j.rows[id]
				e.state = Claimed
				j.rows[id] = e
				return nil
			})
		case 'O':
			o, err := parseOutcome(payload)
			if err != nil {
				return &DamageError{Line: number, What: "an outcome cannot be read"}
			}
			j.settle(o)
		case 'R':
			for len(payload) > 0 {
				var cell []byte
				cell, payload = field(payload)
				if id, err := parseID(cell); err == nil {
					j.release(id)
				}
			}
		case 'L':
			if d, err := time.ParseDuration(string(payload)); err == nil {
				j.lag = d
			}
		case 'T':
			if d, err := time.ParseDuration(string(payload)); err == nil && len(j.lived) > 0 {
				j.lived[len(j.lived)-1] = d
			}
		case 'B':
			j.lived = append(j.lived, 0)
			if bad != 0 {
				j.suspect, bad = true, 0
			}
			j.last = Last{}
			if err := json.Unmarshal(payload, &j.last.Begin); err != nil {
				return &DamageError{Line: number, What: "the beginning of a run cannot be read"}
			}
			if j.last.Adopt {
				j.adopting = j.last.Input
			}
		case 'E':
			if err := json.Unmarshal(payload, &j.last.End); err == nil {
				j.last.Ended = true
				if len(j.lived) > 0 {
					j.lived[len(j.lived)-1] = max(j.lived[len(j.lived)-1], j.last.Lived)
				}
				if j.last.Left == 0 && j.last.Input == j.adopting {
					j.adopting = ""
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if bad != 0 {
		j.suspect = true
	}
	j.made = number == 0 || torn == 0
	j.renewed, j.moved = false, false
	if torn >= 0 {
		return j.mend(torn)
	}
	return nil
}

// mend takes the torn tail away, and puts it back with its line break if only
// that was missing.
func (j *Journal) mend(torn int64) error {
	tail := make([]byte, j.size-torn)
	if _, err := j.file.ReadAt(tail, torn); err != nil && err != io.EOF {
		return fmt.Errorf("read the journal: %w", err)
	}
	if err := j.file.Truncate(torn); err != nil {
		return fmt.Errorf("mend the journal: %w", err)
	}
	j.size = torn
	for _, line := range [][]byte{tail, bytes.TrimSuffix(tail, tail[max(0, len(tail)-1):])} {
		if kind, payload, ok := open(line); ok {
			return j.append(kind, bytes.Clone(payload))
		}
	}
	return nil
}

func (j *Journal) replayHeader(line []byte, ended bool, want Header, torn *int64) error {
	kind, payload, ok := open(line)
	if !ok && !ended {
		// A crash while the journal was made: nothing was claimed yet.
		*torn = 0
		return nil
	}
	if !ok || kind != 'H' {
		return &DamageError{Line: 1, What: "it does not begin as a journal of caseimport"}
	}
	var have Header
	if err := json.Unmarshal(payload, &have); err != nil || have.Format != want.Format {
		return &DamageError{Line: 1, What: "it was written by another version of caseimport"}
	}
	for _, p := range []PinError{
		{"account", have.Account, want.Account},
		{"address of the API", have.BaseURL, want.BaseURL},
		{"key rule", have.KeyRule, want.KeyRule},
	} {
		if p.Theirs != p.Ours {
			return &p
		}
	}
	// A failure report of the pinned input comes with no fingerprint.
	if have.Input != want.Input && want.Input != "" {
		return &PinError{What: "input"}
	}
	return nil
}
