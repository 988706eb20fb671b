package journal

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"caseimport/importer/atomicfile"
)

// ID is the identity of a row.
type ID [16]byte

// State is what the journal knows of a row.
type State byte

// The states. Claimed and Unknown are in doubt: a case may exist.
const (
	None       State = 0   // never heard of
	Claimed    State = 'c' // may have been sent; no outcome
	Created    State = 'C' // has its case, as it is to be
	Incomplete State = 'I' // has its case, which is still to be updated
	Failed     State = 'F' // surely has no case
	Unknown    State = 'U' // may have a case; could not be settled
	Released   State = 'R' // claimed once, surely not sent
	Undone     State = 'D' // had a case, which was moved to the Trash; may be sent again
)

// InDoubt reports whether a row in this state may have a case.
func (s State) InDoubt() bool { return s == Claimed || s == Unknown }

// HasCase reports whether a row in this state has its case.
func (s State) HasCase() bool { return s == Created || s == Incomplete }

// Claim says that a row may be sent from now on. Key and Title let its case be
// found again; Sum is of the request and tells whether the row has been edited
// since.
type Claim struct {
	ID     ID
	Number int // of the row, in the input it was read from, from 1
	Key    string
	Title  string
	Sum    [8]byte
}

// Outcome is what came of a row. Line is the caller's own record of it, as one
// line of text without tabs or line breaks at its border (JSON).
type Outcome struct {
	ID    ID
	State State
	Row   int
	// Sent is when the request left that made the row's case, as the time that
	// the run had lived; 0 if that is not known: the case was looked up.
	Sent time.Duration
	// Sum is of the row as its case holds it, zero if that is not known. Memo is
	// the caller's: more of the same, without tabs and line breaks.
	Sum  [8]byte
	Memo []byte
	Line []byte
	// Interim: another outcome of the row follows in this run, and only that one
	// has a line in the results file. It is not written down.
	Interim bool
}

// Header pins a journal to what its claims are about. All but Input must be
// equal for a journal to be used again; Input is empty where rows have keys.
type Header struct {
	Format  int    `json:"format"`
	Account string `json:"account"`
	BaseURL string `json:"base_url"`
	KeyRule string `json:"key"`
	Input   string `json:"input,omitempty"`
}

// Begin describes a run at its beginning, for people and for the next run.
type Begin struct {
	Format  int       `json:"format,omitempty"`  // set by Open
	Results string    `json:"results,omitempty"` // base name of the results file, "" if it does not matter
	Field   string    `json:"field,omitempty"`   // custom field that carries the key of the cases of this run
	Mapping string    `json:"mapping,omitempty"` // fingerprint of the mapping file
	Input   string    `json:"input"`
	Host    string    `json:"host"`
	Process int       `json:"process"`
	At      time.Time `json:"at"`
	Adopt   bool      `json:"adopt,omitempty"`   // rows are looked up before they are sent
	Version string    `json:"version,omitempty"` // of the program
	Undo    bool      `json:"undo,omitempty"`    // it creates nothing, and moves cases to the Trash
}

// End describes a run that ended in order. Size and Time are those of the
// results file as the run left it, Extra counts its lines that the journal
// does not know, so that an unchanged file need not be made anew.
type End struct {
	Left  int           `json:"left"`
	Lived time.Duration `json:"lived,omitempty"` // see NoteLived
	Size  int64         `json:"size"`
	Time  time.Time     `json:"time"`
	Extra int           `json:"extra"`
	// Report is the SHA-256 of the failure report that the program wrote last,
	// "" if it has removed it. Any other report is people's work.
	Report string `json:"report_sum,omitempty"`
	// Whole: the journal was proved to know all rows when the run began.
	Whole bool `json:"whole,omitempty"`
}

// Last is what the journal says of the run before this one.
type Last struct {
	Begin
	End
	Ended bool // it came to an orderly end
}

// File is what the journal needs of a file; *os.File is one. Write appends.
type File interface {
	io.ReaderAt
	io.Writer
	Sync() error
	Truncate(size int64) error
	Close() error
}

// Journal is an open, locked journal. One goroutine writes; State, Meet, Met and
// Supersede may be called from another at the same time.
type Journal struct {
	file File
	path string
	info os.FileInfo // of file; nil for a test's
	lock io.Closer

	pending []byte // lines that are not yet written
	err     error  // sticky: after a failed write or fsync

	mu       sync.Mutex
	size     int64
	number   int // of the last line written
	chunk    int // number of the last chunk written
	field    string
	rows     table
	outcomes uint32 // number of the last outcome line
	newest   newest
	moved    bool
	renewed  bool
	made     bool // by this run
	suspect  bool
	rebuilt  bool
	adopting string // input of a run that adopts and has not come to its end
	last     Last
	lag      time.Duration
	rate     float64
	runs     []pastRun
	altered  []Altered
	undoing  map[ID]string       // cases that may go to the Trash, and are not known to be there
	trashed  map[uint64]struct{} // hashes of the ids of all cases that were undone
	began    time.Time           // when the first run began
	buf      []byte
}

// entry is what is kept of each identity in memory: 16 bytes, for there may be
// millions.
type entry struct {
	outcome uint32 // number of its last outcome line, from 1
	row     uint32 // in the latest input that held it
	// sum is the beginning of Outcome.Sum of a row that has its case, else of
	// the Sum of its last claim.
	sum   uint32
	state State
	flags flags
}

type flags uint8

const (
	met    flags = 1 << iota // the current input holds it
	hidden                   // its last outcome is no longer what is to be said of it
	taken                    // the slot of the table is in use
	// unfindable: of the requests that may have made its case, one did not carry
	// the field by which this run looks cases up.
	unfindable
	// changed: requests that may have made its case were made of different rows.
	changed
	// interim: its last outcome, written by this run, is; see Outcome.
	interim
	// sent: it was claimed since it surely had no case, so that its case was made by
	// this journal's own request.
	sent
)

func (e entry) is(f flags) bool { return e.flags&f != 0 }

// newest is the case made last, of those that this run's field finds.
type newest struct {
	id   ID
	line []byte // nil without one
	run  int    // number of the earlier run that made it
	sent time.Duration
	seen time.Duration // see NoteSeen
}

// pastRun is a run before this one.
type pastRun struct {
	chunk int // number of the last chunk before it
	lived time.Duration
	field string // by which its cases can be found, "" if none, or not known
	lost  bool   // it is not known that it was a run: a line was lost there
	undo  bool
	ended bool // it came to an orderly end
}

// Open locks the journal at path, reads it, and creates it if it is not there.
// The error is a *HeldError if another process has it, a *PinError if it
// belongs to something else, a *DamageError if it cannot be trusted.
func Open(path string, h Header, b Begin) (*Journal, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, errNotRegular(path)
	}
	lock, err := acquire(path)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		lock.Close()
		return nil, err
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, errors.Join(err, f.Close(), lock.Close())
	}
	j, err := openFile(f, size, h, b, func(header []byte) error { return overwrite(path, header) })
	if err != nil {
		f.Close()
		lock.Close()
		var damage *DamageError
		if errors.As(err, &damage) {
			damage.Path = path
		}
		return nil, err
	}
	j.path, j.lock = path, lock
	if j.info, err = f.Stat(); err != nil {
		return nil, errors.Join(err, j.Close())
	}
	if j.made {
		if err := atomicfile.OS.SyncDir(filepath.Dir(path)); err != nil {
			return nil, errors.Join(err, j.Discard())
		}
	}
	return j, nil
}

// overwrite puts a header of the same length in the place of the file's. (What
// was opened to append cannot write anywhere else.)
func overwrite(path string, header []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(header, 0)
	return errors.Join(err, f.Sync(), f.Close())
}

// OpenFile is Open on a file that is open and locked already; size is its
// length. Tests use it with files in memory.
func OpenFile(f File, size int64, h Header, b Begin) (*Journal, error) {
	return openFile(f, size, h, b, func([]byte) error { return nil })
}

// format is what this version writes. In format 1 lines had no numbers, in format
// 2 no row was Incomplete, in format 3 none was Undone.
const format = 4

func openFile(f File, size int64, h Header, b Begin, upgrade func(header []byte) error) (*Journal, error) {
	h.Format, b.Format = format, format
	j := &Journal{file: f, size: size, field: b.Field}
	if err := j.replay(h, b, upgrade); err != nil {
		return nil, err
	}
	if j.made {
		if err := j.append(kindHeader, asJSON(h)); err != nil {
			return nil, err
		}
	}
	if b.Adopt { // twice: nothing else would show that the journal was rebuilt
		j.add(kindBegin, asJSON(b))
	}
	if err := j.append(kindBegin, asJSON(b)); err != nil {
		return nil, err
	}
	if err := f.Sync(); err != nil {
		return nil, fmt.Errorf("sync the journal: %w", err)
	}
	return j, nil
}

func asJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("internal error: " + err.Error()) // our own plain structs
	}
	return b
}

// append writes one line, after the outcomes that wait, in a single call, so
// that a kill leaves all of it or none in most cases.
func (j *Journal) append(kind byte, payload []byte) error {
	j.add(kind, payload)
	return j.Flush()
}

func (j *Journal) add(kind byte, payload []byte) {
	j.number++
	j.pending = seal(j.pending, j.number, kind, payload)
}

// Flush writes the outcomes that wait.
func (j *Journal) Flush() error {
	if j.err != nil || len(j.pending) == 0 {
		return j.err
	}
	n, err := j.file.Write(j.pending)
	j.pending = j.pending[:0]
	j.size += int64(n)
	if err != nil {
		j.err = fmt.Errorf("write the journal: %w", err)
	}
	return j.err
}

// Claim writes the claims down and returns when they are on the disk. Only
// then may their rows be sent.
func (j *Journal) Claim(claims []Claim) error { return j.claim(kindClaims, claims) }

// Remember is Claim of rows that were not sent, and may have a case all the same:
// if one is found, it was there before.
func (j *Journal) Remember(claims []Claim) error { return j.claim(kindRemembered, claims) }

func (j *Journal) claim(kind byte, claims []Claim) error {
	j.buf = appendClaims(j.buf[:0], j.chunk+1, claims)
	j.chunk++
	j.mu.Lock()
	for _, c := range claims {
		e := j.rows.get(c.ID)
		e.state, e.row, e.sum = Claimed, uint32(c.Number), shortSum(c.Sum)
		if kind == kindClaims {
			e.flags |= sent
		}
		j.rows.set(c.ID, e)
	}
	j.mu.Unlock()
	if err := j.append(kind, j.buf); err != nil {
		return err
	}
	return j.sync()
}

func (j *Journal) sync() error {
	err := j.file.Sync()
	if err == nil {
		err = j.named()
	}
	if err != nil && j.err == nil {
		j.err = fmt.Errorf("sync the journal: %w", err)
	}
	return j.err
}

// named checks that the next run will find what was written: a file that was
// removed, or whose folder was, takes writes in silence until it is closed.
func (j *Journal) named() error {
	if j.info == nil {
		return nil // a test's file has no name
	}
	if named, err := os.Stat(j.path); err != nil || !os.SameFile(j.info, named) {
		return fmt.Errorf("%s is no longer there: it was removed or replaced while the run went on", j.path)
	}
	return nil
}

// Record notes an outcome. It is written with the next claim, or by Flush.
func (j *Journal) Record(o Outcome) error {
	if j.err != nil {
		return j.err
	}
	j.buf = appendOutcome(j.buf[:0], o)
	j.mu.Lock()
	defer j.mu.Unlock()
	kind := byte(kindOutcome)
	if j.rows.get(o.ID).state == None {
		kind = kindAdopted
	}
	j.add(kind, j.buf)
	j.settle(o)
	return nil
}

func (j *Journal) settle(o Outcome) {
	j.outcomes++
	e := j.rows.get(o.ID)
	if e.outcome != 0 && !e.is(interim) { // an interim outcome has no line in the results
		j.renewed = true
	}
	e.outcome, e.state, e.row = j.outcomes, o.State, uint32(o.Row)
	e.flags &^= interim
	if o.State == Failed {
		e.flags &^= sent
	}
	if o.Interim {
		e.flags |= interim
	}
	if o.State.HasCase() {
		e.sum = shortSum(o.Sum)
	}
	if o.State == Created { // else what was said of it in this input stands
		e.flags &^= hidden
	}
	j.rows.set(o.ID, e)
}

func shortSum(sum [8]byte) uint32 { return binary.BigEndian.Uint32(sum[:]) }

// Release takes back claims of rows that were surely not sent.
func (j *Journal) Release(ids []ID) error {
	if len(ids) == 0 {
		return nil
	}
	var payload []byte
	for i, id := range ids {
		if i > 0 {
			payload = append(payload, '\t')
		}
		payload = fmt.Appendf(payload, "%x", id[:])
	}
	if err := j.append(kindReleased, payload); err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, id := range ids {
		j.release(id)
	}
	return nil
}

// release notes that the row has no case. That it was unknown is no longer so.
func (j *Journal) release(id ID) {
	e := j.rows.get(id)
	if e.state == Unknown {
		e.outcome, j.moved = 0, true
	}
	e.state = Released
	e.flags &^= sent
	j.rows.set(id, e)
}

// NoteLived notes how long this run has lived, by a monotonic clock. Requests of
// earlier runs have had that time to arrive.
func (j *Journal) NoteLived(d time.Duration) error {
	return j.append(kindLived, []byte(d.String()))
}

// Altered is a key that the server stored as another: cases with keys like it
// cannot be looked up.
type Altered struct {
	Key  string `json:"key"`
	Made string `json:"made"`
}

// NoteAltered notes that the server alters keys, and syncs: else a crash could
// have the next run believe look-ups of such keys. Nothing else in the journal
// would show that this line is missing, so it is written twice.
func (j *Journal) NoteAltered(a Altered) error {
	j.add(kindAltered, asJSON(a))
	if err := j.append(kindAltered, asJSON(a)); err != nil {
		return err
	}
	return j.sync()
}

// NoteSeen notes what the runs had lived between the newest case and the look-up
// that found it.
func (j *Journal) NoteSeen(d time.Duration) error { return j.append(kindSeen, []byte(d.String())) }

// NoteRebuilt notes, twice as NoteAltered does, that the journal is not known to be
// whole: see Rebuilt.
func (j *Journal) NoteRebuilt() error {
	j.rebuilt = true
	j.add(kindRebuilt, nil)
	if err := j.append(kindRebuilt, nil); err != nil {
		return err
	}
	return j.sync()
}

// NoteRate notes the rate that the server was found to allow, in requests a second.
func (j *Journal) NoteRate(perSecond float64) error {
	return j.append(kindRate, strconv.AppendFloat(nil, perSecond, 'g', 4, 64))
}

// NoteLag notes how long the server's search was seen to lag.
func (j *Journal) NoteLag(d time.Duration) error {
	j.lag = d
	return j.append(kindLag, []byte(d.String()))
}

// Span is what is to be remembered of a stretch of a run's life, for people. It may
// end in the future, and overlap with others.
type Span struct {
	What  string        `json:"what"`  // Pause, Outage or Requests
	Begin time.Duration `json:"begin"` // what the run had lived
	End   time.Duration `json:"end"`
	Why   string        `json:"why,omitempty"`
	// Of Requests: how many were made, and how many of them were look-ups and
	// answered 429.
	Requests  int `json:"requests,omitempty"`
	Lookups   int `json:"lookups,omitempty"`
	Throttled int `json:"throttled,omitempty"`
}

// What a Span is about.
const (
	Pause    = "pause" // the server asked for it
	Outage   = "outage"
	Requests = "requests"
)

// Note remembers a stretch of the run. A reader that does not know of it reads past.
func (j *Journal) Note(s Span) error { return j.append(kindSpan, asJSON(s)) }

// End writes that the run came to an orderly end, and syncs.
func (j *Journal) End(e End) error {
	if err := j.append(kindEnd, asJSON(e)); err != nil {
		return err
	}
	return j.sync()
}

// Close writes the outcomes that wait and gives the lock back.
func (j *Journal) Close() error {
	return errors.Join(j.Flush(), j.file.Close(), j.unlock())
}

func (j *Journal) unlock() error {
	if j.lock == nil {
		return nil // only read, or a test's
	}
	return j.lock.Close()
}

// Discard closes and removes a journal that was made by this run and of which
// no row was sent. Any other is merely closed.
func (j *Journal) Discard() error {
	j.mu.Lock()
	keep := !j.made || j.outcomes > 0
	j.rows.each(func(_ ID, e entry) { keep = keep || e.state.InDoubt() })
	j.mu.Unlock()
	if keep {
		return j.Close()
	}
	// Removed under the lock, and closed first, as Windows demands.
	return errors.Join(j.file.Close(), os.Remove(j.path), j.unlock())
}
