package journal

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash/maphash"
	"os"
	"slices"
	"strconv"
	"time"
)

// Undoing is a line of an undo about the case of a row.
type Undoing struct {
	ID     ID
	CaseID string
	What   What
}

// What an Undoing says.
type What string

// A case that May go has been neither seen to be gone nor to be kept. Whoever finds
// it gone takes it for undone.
const (
	May  What = "may"  // it may be moved to the Trash from now on
	Gone What = "gone" // it is there
	Kept What = "kept" // it is not, and will not be
)

// OpenUndo opens the journal at path for an undo, whichever key rule and input it was
// made for: of the header, account and base URL must be its own. The errors are those of
// Open, but that there is no journal is one (fs.ErrNotExist).
func OpenUndo(path string, of Header, b Begin) (*Journal, error) {
	h, err := undoHeader(path, of)
	if err != nil {
		return nil, err
	}
	b.Undo = true
	return Open(path, h, b)
}

// PlanUndo is OpenUndo to see what would be undone: the journal is locked and read in the
// same way, and nothing is ever written to it.
func PlanUndo(path string, of Header, b Begin) (*Journal, error) {
	h, err := undoHeader(path, of)
	if err != nil {
		return nil, err
	}
	lock, err := acquire(path)
	if err != nil {
		return nil, err
	}
	j, err := Peek(path, h, b.Results)
	if err == nil && j == nil {
		err = os.ErrNotExist
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	j.lock = lock
	return j, nil
}

// undoHeader is the header that an undo of the journal asks for.
func undoHeader(path string, of Header) (Header, error) {
	h, err := Walk(path, func(Step) error { return errEnough })
	if err != nil && !errors.Is(err, errEnough) {
		return h, err
	}
	h.Account, h.BaseURL = of.Account, of.BaseURL
	return h, nil
}

var errEnough = errors.New("enough")

// MayUndo notes and syncs that the case of a row may go to the Trash. Only then may
// that be asked for.
func (j *Journal) MayUndo(id ID, caseID string) error {
	if err := j.noteUndoing(Undoing{id, caseID, May}); err != nil {
		return err
	}
	return j.sync()
}

// Undo notes that the case of a row is in the Trash: the row has none any more, and
// may be sent again. If the line is lost, whoever finds the case gone notes it again.
func (j *Journal) Undo(id ID, caseID string) error { return j.noteUndoing(Undoing{id, caseID, Gone}) }

// KeepAfterAll takes back that the case of a row may go.
func (j *Journal) KeepAfterAll(id ID, caseID string) error {
	return j.noteUndoing(Undoing{id, caseID, Kept})
}

func (j *Journal) noteUndoing(u Undoing) error {
	if j.err != nil {
		return j.err
	}
	if err := j.append(kindUndoing, appendUndoing(nil, u)); err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.undo(u)
	return nil
}

// undo takes in what an undo says of a row; done: its case is gone.
func (j *Journal) undo(u Undoing) (done bool) {
	if u.What == May {
		if j.undoing == nil {
			j.undoing = map[ID]string{}
		}
		j.undoing[u.ID] = u.CaseID
		return false
	}
	delete(j.undoing, u.ID)
	if u.What != Gone {
		return false
	}
	if j.trashed == nil {
		j.trashed = map[uint64]struct{}{}
	}
	j.trashed[hashOf(u.CaseID)] = struct{}{}
	e := j.rows.get(u.ID)
	if !e.state.HasCase() {
		return false
	}
	e.state, e.outcome, e.sum = Undone, 0, 0
	e.flags &^= hidden | interim | sent
	j.moved = true
	j.rows.set(u.ID, e)
	return true
}

var hashSeed = maphash.MakeSeed()

func hashOf(caseID string) uint64 { return maphash.String(hashSeed, caseID) }

// InTrash reports whether a case was undone: it must never be taken for a row's
// again. (It may err, once in 10^19 cases.)
func (j *Journal) InTrash(caseID string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	_, is := j.trashed[hashOf(caseID)]
	return is
}

// MayBeGone returns how many cases an undo may have moved to the Trash without having
// noted that.
func (j *Journal) MayBeGone() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.undoing)
}

// Undoing reports whether an undo may have moved the row's case to the Trash.
func (j *Journal) Undoing(id ID) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	_, is := j.undoing[id]
	return is
}

// MadeHere reports whether the row's case was made by a request of this journal's
// runs: if not, it was there before, and was found.
func (j *Journal) MadeHere(id ID) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	e := j.rows.get(id)
	return e.state.HasCase() && e.is(sent)
}

// Fields are the custom fields that carry the keys of the runs' cases, each once; ""
// is among them if some run had none, or if it is not known.
func (j *Journal) Fields() (all []string) {
	for _, run := range j.runs {
		if !run.undo && !slices.Contains(all, run.field) {
			all = append(all, run.field)
		}
	}
	return all
}

// Began is when the first run began, by the clock of its machine.
func (j *Journal) Began() time.Time { return j.began }

// applyUndoing is for the reader.
func (r *reader) applyUndoing(u Undoing) {
	if u.What == Gone {
		r.undone(u.ID, u.CaseID)
		return
	}
	r.journal.undo(u)
	if u.What == May {
		r.dropNewest(u.ID)
	}
}

func (r *reader) undone(id ID, caseID string) {
	r.journal.undo(Undoing{id, caseID, Gone})
	r.dropNewest(id)
}

// dropNewest forgets the newest case if it is that row's: it may be gone, and would
// not be found.
func (r *reader) dropNewest(id ID) {
	if j := r.journal; j.newest.line != nil && j.newest.id == id {
		j.newest, r.newestUndone = newest{}, true
	}
}

// findNewest looks for the newest case in the place of one that was undone. When it
// was made is not known, so it tells little of doubts.
func (j *Journal) findNewest() error {
	return j.Outcomes(func(o Outcome) error {
		if e := j.rows.get(o.ID); e.state.HasCase() && !e.is(unfindable) && j.undoing[o.ID] == "" {
			j.newest = newest{id: o.ID, line: bytes.Clone(o.Line)}
		}
		return nil
	})
}

// endUndo takes in the end of an undo. Of the last import it says only what its
// results are now, and how many rows more are left.
func (r *reader) endUndo(l line) {
	var e End
	if err := json.Unmarshal(l.payload, &e); err != nil {
		return
	}
	r.lived(e.Lived)
	if last := &r.journal.last; last.Ended {
		last.Left, last.Size, last.Time = e.Left, e.Size, e.Time
	}
}

func appendUndoing(b []byte, u Undoing) []byte {
	b = hex.AppendEncode(b, u.ID[:])
	b = append(b, '\t')
	b = append(b, u.What...)
	b = append(b, '\t')
	return strconv.AppendQuote(b, u.CaseID)
}

func parseUndoing(payload []byte) (u Undoing, err error) {
	cell, rest := nextCell(payload)
	if u.ID, err = parseID(cell); err != nil {
		return u, err
	}
	cell, rest = nextCell(rest)
	if u.What = What(cell); u.What != May && u.What != Gone && u.What != Kept {
		return u, errors.New("it says neither may, gone nor kept")
	}
	u.CaseID, err = strconv.Unquote(string(rest))
	return u, err
}
