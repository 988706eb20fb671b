package lifecycle

import (
	"slices"

	"caseimport/importer/journal"
)

// word is what a journal says of one row.
type word struct {
	state journal.State
	seq   int8    // of a row that has its case: which of its requests made the case
	run   int8    // the run of its last claim
	sent  Instant // of a Created row: when its request left, 0 if its case was looked up
	field int8    // the custom field that its last claim, or its case, carries
	mixed bool    // a claim carried another, and its doubt was not ended since
	// version is that of the row as it was claimed, or as its case was updated last;
	// holds is that of its case. 0: not known.
	version, holds int8
}

// findable: its case, if there is one, carries that field.
func (w word) findable(field int8) bool { return field >= 0 && w.field == field && !w.mixed }

// newest is the newest case that a journal knows.
type newest struct{ row, seq, field int8 }

// line is one line of the journal.
type line struct {
	kind byte // C claim, O outcome, R release, L lag, K altered key: the journal's own letters
	rows rowSet
	word word
	lag  Instant
	// altered: of a created row whose key the server alters.
	altered bool
	// versions are those of the rows that are claimed.
	versions [maxRows]int8
}

// disk is a journal as the disk holds it: what is durable, and the lines behind
// it of which a crash leaves any.
type disk struct {
	rows    [maxRows]word
	newest  newest  // that was made; its seq is 0 if there is none
	sent    Instant // when its request left
	seen    Instant // what the runs had lived between it and the look-up that found it, 0: none
	lag     Instant
	altered bool
	tail    []line
	lived   [maxRuns]Instant // how long each run has lived
	broken  bool             // it takes nothing any more
	ended   [maxRuns]bool    // which runs came to their end in order
}

// rowSet is a set of rows.
type rowSet uint8

func (s rowSet) has(i int) bool { return s&(1<<i) != 0 }

func (d *disk) add(l line) {
	if !d.broken {
		d.tail = append(d.tail, l)
	}
}

// replay reads one line.
func (d *disk) replay(l line) {
	if l.kind == 'L' {
		d.lag = l.lag
		return
	}
	if l.kind == 'S' {
		d.seen = l.lag
		return
	}
	if l.kind == 'K' {
		d.altered = true
		return
	}
	for i := range maxRows {
		if !l.rows.has(i) {
			continue
		}
		w := l.word
		was := d.rows[i]
		if l.kind == 'C' {
			if w.version = l.versions[i]; was.state.InDoubt() && was.version != w.version {
				w.version = 0 // for good, in so small a world
			}
		}
		switch {
		case l.kind != 'C':
			w.run, w.mixed = was.run, was.mixed
			if !w.state.HasCase() {
				w.field = was.field
			}
		case was.state.InDoubt():
			w.mixed = was.mixed || was.field != w.field
		}
		d.rows[i] = w
		if w.state.HasCase() && !l.altered && (w.sent > 0 || d.newest.seq == 0) {
			d.newest, d.sent, d.seen = newest{int8(i), w.seq, w.field}, w.sent, 0
		}
	}
}

// sync makes the tail durable.
func (d *disk) sync() {
	for _, l := range d.tail {
		d.replay(l)
	}
	d.tail = nil
}

// state is what the running process knows of a row: all that it has written.
func (d *disk) state(i int) journal.State {
	for _, l := range slices.Backward(d.tail) {
		if l.rows.has(i) {
			return l.word.state
		}
	}
	return d.rows[i].state
}

// now is all that the running process knows of a row that has its case.
func (d *disk) now(i int) word {
	for _, l := range slices.Backward(d.tail) {
		if l.rows.has(i) {
			return l.word
		}
	}
	return d.rows[i]
}

// seq is which request made the case of a row, as the running process knows it.
func (d *disk) seq(i int) int8 {
	for _, l := range slices.Backward(d.tail) {
		if l.rows.has(i) && l.kind == 'O' {
			return l.word.seq
		}
	}
	return d.rows[i].seq
}

// crash returns the disk as a crash leaves it: of the tail, the lines in kept.
func (d disk) crash(kept int) disk {
	tail := d.tail
	d.tail, d.broken = nil, false
	for i, l := range tail {
		if kept&(1<<i) != 0 {
			d.replay(l)
		}
	}
	return d
}

// same reports whether two disks without a tail say the same.
func (d disk) same(e disk) bool {
	return d.rows == e.rows && d.newest == e.newest && d.sent == e.sent && d.seen == e.seen && d.lag == e.lag && d.altered == e.altered
}

// crashes returns what may be kept of the tail: one choice for every disk that
// can come of it.
func (d disk) crashes() (kept []int) {
	var seen []disk
	for k := range 1 << len(d.tail) {
		after := d.crash(k)
		if !slices.ContainsFunc(seen, after.same) {
			seen, kept = append(seen, after), append(kept, k)
		}
	}
	return kept
}

// age is how long the runs after the one that claimed the row have lived: so
// long, at least, its last request has had to arrive.
func (d *disk) age(i, run int) (sum Instant) {
	for k := int(d.rows[i].run) + 1; k < run; k++ {
		sum += d.lived[k]
	}
	return sum
}

// unended is how long the runs after the last one that did not end in order have
// lived; ok is false if all did.
func (d *disk) unended(run int) (lived Instant, ok bool) {
	for run--; run > 0; run-- {
		if !d.ended[run] {
			return lived, true
		}
		lived += d.lived[run]
	}
	return 0, false
}

// madeBy is the run that made the newest case, -1 if that is not known.
func (d *disk) madeBy() int {
	if d.sent == 0 {
		return -1
	}
	return int(d.rows[d.newest.row].run)
}
