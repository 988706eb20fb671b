package sandbox

import (
	"bytes"
	"cmp"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// store holds the cases. Its lock is held for a few appends at most: JSON is
// read before and written after.
type store struct {
	mu       sync.RWMutex
	cases    []*entry // ascending by id, and by created
	lastID   int64
	lastNote int64
	texts    map[string]*textIndex // by the custom field's name
	start    time.Time
	trashed  atomic.Bool // some case is
}

// entry is one case: what never changes, and its present state.
type entry struct {
	id      int64
	created time.Time
	current atomic.Pointer[record]
	trashed atomic.Bool
	// updates were applied; of those in doubt the client got no usable answer.
	updates, inDoubt atomic.Int32
}

// create stores a case under the next id. From then on rec is not to be
// changed.
func (s *store) create(rec *record) *entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastID++
	e := &entry{id: s.lastID, created: time.Now()}
	s.cases = append(s.cases, e)
	s.set(e, rec)
	return e
}

// put stores a case under an id of the caller's, unless it is taken, as if
// created long before the start.
func (s *store) put(id int64, rec *record) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, found := s.search(id)
	if found {
		return false
	}
	e := &entry{id: id, created: s.start.Add(-24 * time.Hour)}
	if i > 0 {
		e.created = s.cases[i-1].created
	}
	s.cases = slices.Insert(s.cases, i, e)
	s.lastID = max(s.lastID, id)
	s.set(e, rec)
	return true
}

// update changes a case and returns it, nil where there is none. A fault with a
// name says why it was not changed.
func (s *store) update(id int64, change *record) (*entry, fieldError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, found := s.search(id)
	if !found || s.cases[i].trashed.Load() {
		return nil, fieldError{}
	}
	e := s.cases[i]
	after, fault := e.current.Load().updatedBy(change)
	if fault.Name == "" {
		s.set(e, after)
	}
	return e, fault
}

// tooDeep says why a case cannot have the parent that rec names, "" if it can. A
// new case has the id 0.
func (s *store) tooDeep(id int64, rec *record) string {
	above, _ := parseID(rec.text(fParent))
	if above == 0 {
		return ""
	}
	if above == id {
		return "is the case itself"
	}
	if parent := s.get(above); parent != nil && parent.current.Load().std[fParent] != "" {
		return "is a subcase, which cannot have subcases"
	}
	if id == 0 {
		return ""
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, e := range s.cases {
		if below, _ := parseID(e.current.Load().text(fParent)); below == id {
			return "cannot be set: the case has subcases"
		}
	}
	return ""
}

// trash moves cases into the Trash, each with its subcases, and returns the ids
// of those that were not there before.
func (s *store) trash(ids []int64) (moved []int64) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, e := range s.cases {
		parent, _ := parseID(e.current.Load().text(fParent))
		if (slices.Contains(ids, e.id) || slices.Contains(ids, parent)) && !e.trashed.Swap(true) {
			moved = append(moved, e.id)
			s.trashed.Store(true)
		}
	}
	return moved
}

// set makes rec the state of e. The lock is held.
func (s *store) set(e *entry, rec *record) {
	rec.updated = e.created.Unix()
	if e.current.Load() != nil {
		rec.updated = time.Now().Unix()
	}
	for i := range rec.notes {
		if rec.notes[i].id == 0 {
			s.lastNote++
			rec.notes[i].id = s.lastNote
		}
	}
	for _, f := range rec.custom {
		if !isTextField(f.name) {
			continue
		}
		x := s.texts[f.name]
		if x == nil {
			x = &textIndex{}
			s.texts[f.name] = x
		}
		x.add(text(f.raw), e)
	}
	e.current.Store(rec)
}

// get returns the case with that id, or nil. What is in the Trash is gone.
func (s *store) get(id int64) *entry {
	if e := s.find(id); e != nil && !e.trashed.Load() {
		return e
	}
	return nil
}

// find returns the case with that id, even from the Trash, or nil.
func (s *store) find(id int64) *entry {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if i, found := s.search(id); found {
		return s.cases[i]
	}
	return nil
}

// search finds an id's place. The lock is held.
func (s *store) search(id int64) (int, bool) {
	return slices.BinarySearchFunc(s.cases, id, func(e *entry, id int64) int { return cmp.Compare(e.id, id) })
}

// created returns the cases created up to a moment, oldest first. The slice is
// not to be changed.
func (s *store) created(until time.Time) []*entry {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.cases[:sort.Search(len(s.cases), func(i int) bool { return s.cases[i].created.After(until) })]
}

// containing returns the cases whose text field of that name may contain part,
// oldest first: none that does is missing.
func (s *store) containing(name, part string) []*entry {
	s.mu.RLock()
	x := s.texts[name]
	if x == nil {
		s.mu.RUnlock()
		return nil
	}
	now := *x // what is there already never changes
	s.mu.RUnlock()
	return now.find(part)
}

// textIndex finds a part of a text among the values of one custom field
// without touching the cases: all values ever held, in lower case, in one
// piece of memory, which is searched some hundred times faster than they are
// one by one. It only grows.
type textIndex struct {
	all    []byte
	starts []int    // where each value begins
	owners []*entry // whose value it is
}

func (x *textIndex) add(value string, e *entry) {
	x.starts = append(x.starts, len(x.all))
	x.owners = append(x.owners, e)
	x.all = append(x.all, strings.ToLower(value)...)
	x.all = append(x.all, 0)
}

// find returns the owners of the values that hold part, each once and oldest
// first. There is at least one value.
func (x textIndex) find(part string) []*entry {
	var hits []*entry
	needle := []byte(strings.ToLower(part))
	for from := 0; ; {
		at := bytes.Index(x.all[from:], needle)
		if at < 0 {
			break
		}
		i := sort.SearchInts(x.starts, from+at+1) // the value after the hit's
		hits = append(hits, x.owners[i-1])
		if i == len(x.starts) {
			break
		}
		from = x.starts[i]
	}
	slices.SortFunc(hits, func(a, b *entry) int { return cmp.Compare(a.id, b.id) })
	return slices.Compact(hits) // a case changed often is found often
}
