package journal

import (
	"math/rand/v2"
	"testing"
)

// The table must say what a map says.
func TestTableIsAMap(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var got table
	want := map[ID]entry{}
	for range 200_000 {
		id := idOf(rnd.IntN(60_000))
		if rnd.IntN(3) == 0 {
			r := want[id]
			r.outcome++
			r.state = Created
			want[id] = r
			got.set(id, r)
		}
		if r := got.get(id); r.outcome != want[id].outcome || r.state != want[id].state {
			t.Fatalf("row %x: %+v, want %+v", id, r, want[id])
		}
	}
	n := 0
	got.each(func(id ID, r entry) {
		if n++; r.outcome != want[id].outcome {
			t.Fatalf("row %x: %+v, want %+v", id, r, want[id])
		}
	})
	room := 0
	for _, slots := range got.shards {
		room += len(slots)
	}
	if room > 2*n {
		t.Errorf("room for %d rows of %d", room, n)
	}
	if n != len(want) || got.size() != n {
		t.Errorf("%d rows, size %d, want %d", n, got.size(), len(want))
	}
}
