package journal

import (
	"io"
	"slices"
	"time"
)

// Err returns the sticky error, nil while all is well.
func (j *Journal) Err() error { return j.err }

// Made reports whether this run made the journal.
func (j *Journal) Made() bool { return j.made }

// Fresh reports whether the journal has never heard of any row.
func (j *Journal) Fresh() bool { return j.Size() == 0 }

// Suspect reports that a line is damaged which may have been the last chunk of
// a run: rows that the journal does not know may have been sent.
func (j *Journal) Suspect() bool { return j.suspect }

// Adopting returns the input of a run that was to look every row up before it
// was sent and left some behind, "" if there is none.
func (j *Journal) Adopting() string { return j.adopting }

// Rebuilt reports whether the journal, or a part of it, was lost once, or may have
// been: of other rows than those it knows, nobody may know that they were sent.
func (j *Journal) Rebuilt() bool { return j.rebuilt }

// Last returns what is known of the run before this one.
func (j *Journal) Last() Last { return j.last }

// Unended returns how long the runs have lived, at least, after the last one that did
// not end in order; ok is false if all of them did. What such a run sent, it may not
// have written down.
func (j *Journal) Unended() (lived time.Duration, ok bool) {
	for _, run := range slices.Backward(j.runs) {
		if !run.ended {
			return lived, true
		}
		lived += run.lived
	}
	return 0, false
}

// Lag returns the search lag that was noted last, 0 if none was.
func (j *Journal) Lag() time.Duration { return j.lag }

// Rate returns the rate that the server was last found to allow, in requests a
// second, 0 if none was noted.
func (j *Journal) Rate() float64 { return j.rate }

// Altered returns the keys that the server was seen to alter.
func (j *Journal) Altered() []Altered { return j.altered }

// Size returns the number of rows that the journal knows.
func (j *Journal) Size() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.rows.size()
}

// Open returns how many rows were claimed of which no outcome is known.
func (j *Journal) Open() (n int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.rows.each(func(_ ID, e entry) {
		if e.state == Claimed {
			n++
		}
	})
	return n
}

// Newest returns the line of the newest case that earlier runs have made and that
// this run's field finds, nil if there is none; what the runs are known to have
// lived since its request; and, if one of them has found it, the same up to then.
func (j *Journal) Newest() (line []byte, lived, seen time.Duration) {
	n := j.newest
	if n.line == nil {
		return nil, 0, 0
	}
	lived = max(0, j.runs[n.run].lived-n.sent)
	for _, run := range j.runs[n.run+1:] {
		lived += run.lived
	}
	return n.line, lived, n.seen
}

// NewestRun returns the number of the run that made the newest case, -1 if that
// is not known: the case was looked up, or was made by an older version.
func (j *Journal) NewestRun() int {
	if j.newest.sent == 0 {
		return -1
	}
	return j.newest.run
}

// HasCases reports whether the journal holds the case of any row.
func (j *Journal) HasCases() (has bool) {
	j.rows.each(func(_ ID, e entry) { has = has || e.state.HasCase() })
	return has
}

// Changed reports whether the latest outcomes, or the row numbers of them, are
// other than a file to which each outcome of this run was appended says.
func (j *Journal) Changed() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.renewed || j.moved
}

// State returns what is known of a row.
func (j *Journal) State(id ID) State {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.rows.get(id).state
}

// Meet notes that the current input holds the identity as its row number n,
// and returns what is known of it. earlier is the row that held it before in
// this input, 0 if none did.
func (j *Journal) Meet(id ID, n int) (s State, earlier int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	e := j.rows.get(id)
	if e.is(met) {
		return e.state, int(e.row)
	}
	e.flags |= met
	if e.outcome != 0 && e.row != uint32(n) {
		j.moved = true
	}
	e.row = uint32(n)
	j.rows.set(id, e)
	return e.state, 0
}

// Supersede notes that the current input says something else of a row than its
// last outcome, which Outcomes then leaves out. That a row has its case stands.
func (j *Journal) Supersede(id ID) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if e := j.rows.get(id); e.outcome != 0 && !e.state.HasCase() {
		e.flags |= hidden
		j.moved = true
		j.rows.set(id, e)
	}
}

// Met reports whether the current input held the identity.
func (j *Journal) Met(id ID) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.rows.get(id).is(met)
}

// Refused reports whether the row failed in an earlier run with the same request.
// (It may err, once in four billion changed rows.)
func (j *Journal) Refused(id ID, sum [8]byte) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	e := j.rows.get(id)
	return e.state == Failed && e.sum == shortSum(sum)
}

// Holds reports whether the row's case holds the row as it is now, by its sum;
// known is false if the journal does not know what it holds.
func (j *Journal) Holds(id ID, sum [8]byte) (same, known bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	e := j.rows.get(id)
	return e.sum == shortSum(sum), e.state.HasCase() && e.sum != 0
}

// Doubt is a row that may have a case, by its last claim. Age is how long the
// runs have lived that came after the one that claimed it, Run the number of
// that one. Findable: its case, if there is one, carries the field that this
// run's Begin names. Its Sum is zero if it was claimed again as the row had changed.
type Doubt struct {
	Claim
	Age      time.Duration
	Run      int
	Findable bool
}

// Doubts returns every row that is in doubt.
func (j *Journal) Doubts() ([]Doubt, error) {
	place, findable, changes := map[ID]int{}, map[ID]bool{}, map[ID]bool{}
	j.mu.Lock()
	j.rows.each(func(id ID, e entry) {
		if e.state.InDoubt() {
			place[id], findable[id], changes[id] = -1, !e.is(unfindable), e.is(changed)
		}
	})
	j.mu.Unlock()
	if len(place) == 0 {
		return nil, nil
	}
	// How long all runs after the nth have lived, at n.
	after := make([]time.Duration, len(j.runs)+1)
	for n := len(j.runs) - 1; n > 0; n-- {
		after[n-1] = after[n] + j.runs[n].lived
	}
	var doubts []Doubt
	run := 0
	err := j.claims(func(chunk int, id ID, cells [][]byte) error {
		for run+1 < len(j.runs) && j.runs[run+1].chunk < chunk {
			run++
		}
		at, doubt := place[id]
		if !doubt {
			return nil
		}
		c, err := parseClaim(id, cells)
		if err != nil {
			return err
		}
		d := Doubt{Claim: c, Run: run, Findable: findable[id]}
		if run < len(j.runs) && j.runs[run].chunk < chunk {
			d.Age = after[run]
		}
		if changes[id] {
			d.Sum = [8]byte{}
		}
		if at < 0 {
			place[id] = len(doubts)
			doubts = append(doubts, d)
		} else {
			doubts[at] = d
		}
		return nil
	})
	return doubts, err
}

// Claims calls yield with every claim that was ever written.
func (j *Journal) Claims(yield func(Claim) error) error {
	return j.claims(func(_ int, id ID, cells [][]byte) error {
		c, err := parseClaim(id, cells)
		if err != nil {
			return err
		}
		return yield(c)
	})
}

func (j *Journal) claims(yield func(chunk int, id ID, cells [][]byte) error) error {
	if err := j.Flush(); err != nil {
		return err
	}
	return lines(io.NewSectionReader(j.file, 0, j.size), func(text []byte, _ bool) error {
		l, ok := open(text)
		if !ok || l.kind != kindClaims && l.kind != kindRemembered {
			return nil
		}
		chunk, rest, err := chunkNumber(l.payload)
		if err != nil {
			return err
		}
		return eachClaim(rest, func(id ID, cells [][]byte) error { return yield(chunk, id, cells) })
	})
}

// Outcomes calls yield with the latest outcome of every row that has one, in
// the order in which they were written, Row being that of the latest input.
// Line is valid during the call. It must not run beside Record.
func (j *Journal) Outcomes(yield func(Outcome) error) error {
	number := uint32(0)
	return j.History(func(o Outcome) error {
		number++
		j.mu.Lock()
		e := j.rows.get(o.ID)
		j.mu.Unlock()
		if e.outcome != number || e.is(hidden) {
			return nil
		}
		o.Row = int(e.row)
		return yield(o)
	})
}

// History calls yield with every outcome that was ever written.
func (j *Journal) History(yield func(Outcome) error) error {
	if err := j.Flush(); err != nil {
		return err
	}
	return lines(io.NewSectionReader(j.file, 0, j.size), func(text []byte, _ bool) error {
		l, ok := open(text)
		if !ok || l.kind != kindOutcome && l.kind != kindAdopted {
			return nil
		}
		o, err := parseOutcome(l.payload)
		if err != nil {
			return err
		}
		return yield(o)
	})
}
