package journal

import "encoding/binary"

// table holds what is known of each identity, in about 40 bytes a row: a map
// takes half as much again. Its shards grow one at a time, so that growing needs
// no second copy of the whole.
type table struct {
	shards [256][]slot
	used   [256]int
}

type slot struct {
	id ID
	entry
}

// place returns the shard of an identity and where to look for it there.
func place(id ID) (shard byte, hash uint32) {
	h := (binary.BigEndian.Uint64(id[:8]) ^ binary.BigEndian.Uint64(id[8:])) * 0x9E3779B97F4A7C15
	return byte(h >> 56), uint32(h >> 16)
}

// find returns the slot of an identity, or the free one where it belongs; nil in
// a shard that is empty.
func find(slots []slot, hash uint32, id ID) *slot {
	if len(slots) == 0 {
		return nil
	}
	for at := int(uint64(hash) * uint64(len(slots)) >> 32); ; at++ {
		if at == len(slots) {
			at = 0
		}
		if s := &slots[at]; !s.is(taken) || s.id == id {
			return s
		}
	}
}

// get returns what is known of an identity, the zero entry if nothing is.
func (t *table) get(id ID) entry {
	shard, hash := place(id)
	if s := find(t.shards[shard], hash, id); s != nil {
		return s.entry
	}
	return entry{}
}

// set puts an entry in the place of what was known of the identity.
func (t *table) set(id ID, e entry) {
	shard, hash := place(id)
	slots := t.shards[shard]
	s := find(slots, hash, id)
	if s == nil || !s.is(taken) {
		if t.used[shard]++; 8*t.used[shard] > 7*len(slots) {
			slots = make([]slot, len(slots)*5/4+8)
			for _, old := range t.shards[shard] {
				if old.is(taken) {
					_, h := place(old.id)
					*find(slots, h, old.id) = old
				}
			}
			t.shards[shard] = slots
		}
		s = find(slots, hash, id)
	}
	e.flags |= taken
	*s = slot{id, e}
}

// each calls yield with every entry, in no order.
func (t *table) each(yield func(id ID, e entry)) {
	for _, slots := range t.shards {
		for i := range slots {
			if slots[i].is(taken) {
				yield(slots[i].id, slots[i].entry)
			}
		}
	}
}

// size is the number of rows.
func (t *table) size() (n int) {
	for _, used := range t.used {
		n += used
	}
	return n
}
