package draft

import (
	"fmt"
	"hash/maphash"

	"caseimport/mapping"
	"caseimport/mapping/words"
)

// unique finds out whether a column could be the key: never empty, never the
// same twice. It keeps 8 bytes a value (and the room of its table), and nothing
// any more once the column is out. A map of the same takes more than twice as much.
type unique struct {
	table []uint64 // open addressing; 0 is a free place
	used  int
	lost  string // why the column cannot be the key; "" while it can
}

var seed = maphash.MakeSeed()

func (u *unique) add(s string, row int) {
	switch {
	case u.lost != "":
	case s == "":
		u.lose(fmt.Sprintf("it is empty in row %s", words.Count(row)))
	case words.Longer(s, mapping.MaxKey):
		u.lose(fmt.Sprintf("it is longer than %d characters in row %s", mapping.MaxKey, words.Count(row)))
	case !u.insert(maphash.String(seed, s)):
		u.lose(fmt.Sprintf("row %s repeats an earlier value (%s)", words.Count(row), show(s)))
	}
}

func (u *unique) lose(why string) { u.lost, u.table = why, nil }

// has reports whether a value was added. It is not known once the column is out.
func (u *unique) has(s string) bool {
	if u.lost != "" || u.used == 0 {
		return false
	}
	h := max(maphash.String(seed, s), 1)
	mask := uint64(len(u.table) - 1)
	for i := h & mask; u.table[i] != 0; i = (i + 1) & mask {
		if u.table[i] == h {
			return true
		}
	}
	return false
}

// insert reports whether the hash is new.
func (u *unique) insert(h uint64) bool {
	if h == 0 {
		h = 1
	}
	if u.used*4 >= len(u.table)*3 {
		old := u.table
		u.table, u.used = make([]uint64, max(64, 2*len(old))), 0
		for _, h := range old {
			if h != 0 {
				u.insert(h)
			}
		}
	}
	mask := uint64(len(u.table) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		switch u.table[i] {
		case 0:
			u.table[i] = h
			u.used++
			return true
		case h:
			return false
		}
	}
}
