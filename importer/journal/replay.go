package journal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
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
	What         string // account, address, key rule, input, results file
	Theirs, Ours string
}

func (e *PinError) Error() string {
	if e.What == "input" {
		return "this results file belongs to another input: without a key in the mapping, its journal knows the rows by their content only"
	}
	if e.What == "results file" {
		return fmt.Sprintf("this journal belongs to the results file %s, not to %s", orNone(e.Theirs), orNone(e.Ours))
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
func (j *Journal) replay(want Header, now Begin, upgrade func(header []byte) error) error {
	r := reader{journal: j, now: now, torn: -1}
	var header []byte // to be written in place of an older version's
	err := lines(io.NewSectionReader(j.file, 0, j.size), func(text []byte, ended bool) error {
		if r.at > 0 {
			return r.take(text, ended)
		}
		have, err := r.header(text, ended, want)
		if err == nil && ended && have.Format < format {
			header = bytes.Replace(text, fmt.Appendf(nil, `"format":%d`, have.Format), fmt.Appendf(nil, `"format":%d`, format), 1)
			header = reseal(header)
		}
		return err
	})
	if err != nil {
		return err
	}
	if r.unread > 0 || r.gaps && r.unclaimed {
		j.suspect = true
	}
	j.made = r.at == 0 || r.torn == 0
	if r.newestUndone {
		if err := j.findNewest(); err != nil {
			return err
		}
	}
	j.renewed, j.moved = false, false
	if header != nil {
		if err := upgrade(header); err != nil {
			return fmt.Errorf("bring the journal to its present form: %w", err)
		}
	}
	if r.torn >= 0 {
		return j.cutTail(r.torn)
	}
	return nil
}

// reader is a replay under way.
type reader struct {
	journal *Journal
	now     Begin // this run's

	at     int   // lines read
	begin  int64 // of the next line, in bytes
	torn   int64 // where a line begins that was not written to its end, -1: none
	unread int   // first line that is missing or bad and may have been a chunk, 0: none
	// unclaimed: rows were found to have their case that were never claimed; with
	// gaps, which are lines missing or bad, some of these may not be known.
	gaps, unclaimed bool
	rebuilt         bool // by runs before the last that adopted …
	adopts          int  // … which began in this line
	undo            bool // the lines are an undo's
	newestUndone    bool // the newest case was undone, and none was made since
}

// header reads the first line.
func (r *reader) header(text []byte, ended bool, want Header) (have Header, err error) {
	r.at, r.begin = 1, int64(len(text))+1
	l, ok := open(text)
	if !ok && !ended && headerBegins(text, want) {
		// A crash while the journal was made: nothing was claimed yet.
		r.torn = 0
		return have, nil
	}
	if !ok || l.kind != kindHeader {
		return have, &DamageError{Line: 1, What: "it does not begin as a journal of caseimport"}
	}
	if !ended {
		r.torn = 0 // good, but to be written again with its line break
	}
	r.journal.number = l.number
	if err := json.Unmarshal(l.payload, &have); err != nil || have.Format < 1 || have.Format > want.Format {
		return have, &DamageError{Line: 1, What: "it was written by a newer version of caseimport: use that version"}
	}
	for _, p := range []PinError{
		{"account", have.Account, want.Account},
		{"address of the API", have.BaseURL, want.BaseURL},
		{"key rule", have.KeyRule, want.KeyRule},
	} {
		if p.Theirs != p.Ours {
			return have, &p
		}
	}
	// A failure report of the pinned input comes with no fingerprint.
	if have.Input != want.Input && want.Input != "" {
		return have, &PinError{What: "input"}
	}
	return have, nil
}

// headerBegins reports whether a text without an end is the beginning of the
// header that this run, or an older version in its place, would write: then a
// crash tore it. Anything else is somebody's file and not to be touched.
func headerBegins(text []byte, want Header) bool {
	text = bytes.TrimRight(text, "\x00") // what some file systems leave of a write
	for f := 1; f <= format; f++ {
		want.Format = f
		whole := seal(nil, 1, kindHeader, asJSON(want))
		if f == 1 {
			whole = reseal(append([]byte("00000000 H "), asJSON(want)...))
		}
		if bytes.HasPrefix(whole, text) {
			return true
		}
	}
	return false
}

// take reads a line behind the header.
func (r *reader) take(text []byte, ended bool) error {
	r.at++
	at := r.begin
	r.begin += int64(len(text)) + 1
	l, ok := open(text)
	if !ok && !ended {
		// Its line break may be all that is damaged, else it was never
		// written to its end, so never synced, so never sent.
		if l, ok = open(text[:len(text)-1]); !ok {
			r.torn = at
			return nil
		}
	}
	if !ok {
		r.lost()
		return nil
	}
	if !ended {
		r.torn = at // good, but to be written again with its line break
	}
	if err := r.follows(l); err != nil {
		return err
	}
	return r.apply(l)
}

// lost notes that a line is missing or bad. It may have been anything: a chunk,
// or the beginning of a run, of which neither the field is known nor how long it
// lived.
func (r *reader) lost() {
	if r.unread == 0 {
		r.unread = r.at
	}
	r.gaps = true
	j := r.journal
	if run := r.run(); run == nil || !run.lost {
		j.runs = append(j.runs, pastRun{chunk: j.chunk, lost: true})
	}
}

// run is the run that the lines belong to, nil if none is known to have begun.
func (r *reader) run() *pastRun {
	if n := len(r.journal.runs); n > 0 {
		return &r.journal.runs[n-1]
	}
	return nil
}

// lived notes how long the run has lived at least.
func (r *reader) lived(d time.Duration) {
	if run := r.run(); run != nil && !run.lost {
		run.lived = max(run.lived, d)
	}
}

// follows checks that a line stands in its place.
func (r *reader) follows(l line) error {
	last := r.journal.number
	switch {
	case l.number == last+1, l.number == 0 && last == 0:
	case l.number <= last:
		return r.damaged(fmt.Sprintf("line number %d stands behind line number %d: lines were moved or repeated", l.number, last))
	default:
		r.lost()
	}
	r.journal.number = l.number
	return nil
}

// apply takes in what a line says.
func (r *reader) apply(l line) error {
	j := r.journal
	switch l.kind {
	case kindClaims, kindRemembered:
		return r.applyClaims(l)
	case kindOutcome, kindAdopted:
		return r.applyOutcome(l)
	case kindReleased:
		eachReleased(l.payload, func(id ID) {
			if !j.rows.get(id).state.HasCase() {
				j.release(id)
			}
		})
	case kindUndoing:
		u, err := parseUndoing(l.payload)
		if err != nil {
			return r.damaged("an undo cannot be read")
		}
		r.applyUndoing(u)
	case kindRebuilt:
		j.rebuilt, r.unclaimed = true, true
	case kindLag:
		if d, err := time.ParseDuration(string(l.payload)); err == nil {
			j.lag = max(j.lag, d)
		}
	case kindRate:
		if rate, err := strconv.ParseFloat(string(l.payload), 64); err == nil && rate > 0 && rate < 1e9 {
			j.rate = rate
		}
	case kindAltered:
		var a Altered
		if err := json.Unmarshal(l.payload, &a); err == nil {
			j.altered = append(j.altered, a)
		}
	case kindSeen:
		if d, err := time.ParseDuration(string(l.payload)); err == nil {
			j.newest.seen = d
		}
	case kindLived:
		if d, err := time.ParseDuration(string(l.payload)); err == nil {
			r.lived(d)
		}
	case kindBegin:
		return r.applyBegin(l)
	case kindEnd:
		if r.undo {
			r.endUndo(l)
		} else {
			r.applyEnd(l)
		}
	}
	return nil
}

// damaged is the fault of the line that is being read.
func (r *reader) damaged(what string) error { return &DamageError{Line: r.at, What: what} }

func (r *reader) applyClaims(l line) error {
	j := r.journal
	n, rest, err := chunkNumber(l.payload)
	if err != nil {
		return r.damaged("a chunk has no number")
	}
	if n != j.chunk+1 {
		return &DamageError{Line: max(r.unread, 1), What: fmt.Sprintf("rows that may have been sent were written down there (chunk %d is missing, chunk %d follows)", j.chunk+1, n)}
	}
	j.chunk = n
	r.unread = 0 // a later chunk of the same run: what was lost was none
	run := r.run()
	found := run != nil && run.field != "" && run.field == r.now.Field
	return eachClaim(rest, func(id ID, cells [][]byte) error {
		if caseID, undoing := j.undoing[id]; undoing { // that it is gone was lost
			r.undone(id, caseID)
		}
		e := j.rows.get(id)
		if e.state.HasCase() { // which is final
			return nil
		}
		before, again := e.sum, e.state.InDoubt()
		if !again {
			e.flags &^= unfindable | changed
		}
		if !found {
			e.flags |= unfindable
		}
		e.state, e.sum = Claimed, 0
		if l.kind == kindClaims {
			e.flags |= sent
		}
		if sum, err := parseSum(cells[4]); err == nil {
			e.sum = shortSum(sum)
		}
		if again && e.sum != before {
			e.flags |= changed
		}
		j.rows.set(id, e)
		return nil
	})
}

func (r *reader) applyOutcome(l line) error {
	j := r.journal
	r.unclaimed = r.unclaimed || l.kind == kindAdopted
	o, err := parseOutcome(l.payload)
	switch s := j.rows.get(o.ID).state; {
	case err != nil:
		return r.damaged("an outcome cannot be read")
	case s == None && l.kind == kindOutcome && l.number > 0 && r.unread == 0:
		return r.damaged("an outcome stands there of a row that was never claimed")
	case s.HasCase() && !o.State.HasCase() && (o.State != Unknown || l.number == 0):
		j.outcomes++
		return nil // that a row has its case is final, unless it was taken back
	}
	j.settle(o)
	r.notice(o)
	return nil
}

func (r *reader) applyEnd(l line) {
	j := r.journal
	if err := json.Unmarshal(l.payload, &j.last.End); err != nil {
		return
	}
	j.last.Ended = true
	r.lived(j.last.Lived)
	if run := r.run(); run != nil {
		run.ended = !run.lost
	}
	if j.last.Whole && j.last.Adopt { // it was not needed
		j.rebuilt = r.rebuilt
	}
	if j.last.Left == 0 && j.last.Input == j.adopting {
		j.adopting = ""
	}
}

// notice remembers the newest case that this run could find.
func (r *reader) notice(o Outcome) {
	j, run := r.journal, r.run()
	if !o.State.HasCase() || run == nil || run.lost || run.field != r.now.Field {
		return
	}
	r.lived(o.Sent)
	if o.Sent > 0 || j.newest.line == nil {
		j.newest = newest{id: o.ID, line: bytes.Clone(o.Line), run: len(j.runs) - 1, sent: o.Sent}
		r.newestUndone = false
	}
}

func (r *reader) applyBegin(l line) error {
	j := r.journal
	if r.unread != 0 {
		j.suspect, r.unread = true, 0
	}
	var b Begin
	if err := json.Unmarshal(l.payload, &b); err != nil {
		return r.damaged("the beginning of a run cannot be read")
	}
	if !b.At.IsZero() && (j.began.IsZero() || b.At.Before(j.began)) {
		j.began = b.At
	}
	if r.undo = b.Undo; r.undo {
		// Until it ends, the results show cases that may be gone.
		j.last.Size, j.last.Time = 0, time.Time{}
	} else {
		report := j.last.Report
		j.last = Last{Begin: b}
		j.last.Report = report // until a run writes another
	}
	if b.Results != "" && r.now.Results != "" && b.Results != r.now.Results {
		return &PinError{What: "results file", Theirs: b.Results, Ours: r.now.Results}
	}
	run := pastRun{chunk: j.chunk, field: b.Field, undo: b.Undo}
	if b.Format == 0 && b.Mapping != "" && b.Mapping == r.now.Mapping {
		run.field = r.now.Field // an older version did not note it; the mapping has not changed
	}
	j.runs = append(j.runs, run)
	if b.Adopt {
		r.unclaimed = true
		if r.at != r.adopts+1 { // it is written twice
			r.rebuilt = j.rebuilt
		}
		r.adopts = r.at
		j.adopting, j.rebuilt = b.Input, true
	}
	return nil
}

// cutTail takes the torn tail away, and puts it back with its line break if only
// that was missing.
func (j *Journal) cutTail(torn int64) error {
	tail := make([]byte, j.size-torn)
	if _, err := j.file.ReadAt(tail, torn); err != nil && err != io.EOF {
		return fmt.Errorf("read the journal: %w", err)
	}
	if err := j.file.Truncate(torn); err != nil {
		return fmt.Errorf("repair the journal: %w", err)
	}
	j.size = torn
	if torn == 0 { // a header, which is written anew
		j.number = 0
		return nil
	}
	for _, text := range [][]byte{tail, bytes.TrimSuffix(tail, tail[max(0, len(tail)-1):])} {
		if l, ok := open(text); ok {
			if l.number > 0 {
				j.number = l.number - 1
			}
			return j.append(l.kind, bytes.Clone(l.payload))
		}
	}
	return nil
}
