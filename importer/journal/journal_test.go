package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

var pin = Header{Account: "acme", BaseURL: "https://api.example", KeyRule: "column Id"}

func idOf(n int) (id ID) {
	binary.BigEndian.PutUint64(id[:], uint64(n)+1)
	binary.BigEndian.PutUint64(id[8:], uint64(n)*0x9E3779B97F4A7C15)
	return id
}

func claimOf(n int) Claim {
	return Claim{ID: idOf(n), Number: n + 1, Key: fmt.Sprintf("K\t-%d\n\"", n), Title: fmt.Sprintf("título %d", n), Sum: [8]byte{byte(n)}}
}

func lineOf(n int) []byte { return fmt.Appendf(nil, `{"row":%d,"case_id":"%d"}`, n+1, 1000+n) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func reopen(t testing.TB, m *mem) *Journal {
	t.Helper()
	j, err := m.open(pin)
	must(t, err)
	return j
}

func TestRemembersWhatBecameOfRows(t *testing.T) {
	m := newMem()
	j := reopen(t, m)
	if !j.Fresh() {
		t.Error("a new journal is not fresh")
	}
	must(t, j.Claim([]Claim{claimOf(0), claimOf(1), claimOf(2)}))
	must(t, j.Claim([]Claim{claimOf(3), claimOf(4)}))
	must(t, j.Record(Outcome{ID: idOf(0), State: Created, Row: 1, Line: lineOf(0)}))
	must(t, j.Record(Outcome{ID: idOf(1), State: Failed, Row: 2, Line: lineOf(1)}))
	must(t, j.Record(Outcome{ID: idOf(2), State: Unknown, Row: 3, Line: lineOf(2)}))
	must(t, j.Release([]ID{idOf(4)}))
	must(t, j.NoteLag(1500*time.Millisecond))
	must(t, j.NoteRate(19.84))
	must(t, j.End(End{Left: 7}))

	must(t, j.Close())
	j = reopen(t, m)
	if j.Fresh() || j.Suspect() {
		t.Errorf("fresh %v, suspect %v", j.Fresh(), j.Suspect())
	}
	for n, want := range []State{Created, Failed, Unknown, Claimed, Released, None} {
		if got := j.State(idOf(n)); got != want {
			t.Errorf("row %d: state %q, want %q", n, got, want)
		}
	}
	if newest, _, _ := j.Newest(); string(newest) != string(lineOf(0)) || j.Lag() != 1500*time.Millisecond {
		t.Errorf("newest %s, lag %s", newest, j.Lag())
	}
	if j.Rate() != 19.84 {
		t.Errorf("rate %v", j.Rate())
	}
	if last := j.Last(); !last.Ended || last.Left != 7 || last.Input != "in.csv" {
		t.Errorf("last run: %+v", last)
	}
	doubts, err := j.Doubts()
	must(t, err)
	if len(doubts) != 2 || doubts[0].Claim != claimOf(2) || doubts[1].Claim != claimOf(3) {
		t.Errorf("doubts: %+v", doubts)
	}
}

func TestOutcomesAreTheLatestWithTheLatestRow(t *testing.T) {
	m := newMem()
	j := reopen(t, m)
	must(t, j.Claim([]Claim{claimOf(0), claimOf(1)}))
	must(t, j.Record(Outcome{ID: idOf(0), State: Failed, Row: 1, Line: lineOf(0)}))
	must(t, j.Record(Outcome{ID: idOf(1), State: Created, Row: 2, Line: lineOf(1)}))
	if j.Changed() {
		t.Error("changed although every row has one outcome")
	}
	must(t, j.Close())
	j = reopen(t, m)
	must(t, j.Claim([]Claim{claimOf(0)}))
	must(t, j.Record(Outcome{ID: idOf(0), State: Created, Row: 1, Line: lineOf(9)}))
	if !j.Changed() {
		t.Error("a second outcome of a row went unnoticed")
	}
	if _, earlier := j.Meet(idOf(1), 50); earlier != 0 {
		t.Error("met before it was met")
	}
	if _, earlier := j.Meet(idOf(1), 51); earlier != 50 {
		t.Errorf("met twice, the first time as row %d", earlier)
	}
	var got []string
	must(t, j.Outcomes(func(o Outcome) error {
		got = append(got, fmt.Sprintf("%d %c %s", o.Row, o.State, o.Line))
		return nil
	}))
	want := []string{"50 C " + string(lineOf(1)), "1 C " + string(lineOf(9))}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestInterimOutcome has no line in the results, so the one that follows it is nothing
// for which they must be made again; one that was there before is.
func TestInterimOutcome(t *testing.T) {
	m := newMem()
	j := reopen(t, m)
	must(t, j.Claim([]Claim{claimOf(0), claimOf(1)}))
	must(t, j.Record(Outcome{ID: idOf(0), State: Incomplete, Row: 1, Line: lineOf(0), Interim: true}))
	must(t, j.Record(Outcome{ID: idOf(0), State: Created, Row: 1, Line: lineOf(0)}))
	if j.Changed() {
		t.Error("changed although the results have one line a row")
	}
	must(t, j.Record(Outcome{ID: idOf(1), State: Failed, Row: 2, Line: lineOf(1)}))
	must(t, j.Close())
	j = reopen(t, m)
	must(t, j.Claim([]Claim{claimOf(1)}))
	must(t, j.Record(Outcome{ID: idOf(1), State: Incomplete, Row: 2, Line: lineOf(1), Interim: true}))
	if !j.Changed() {
		t.Error("the line of the refused row is left in the results")
	}
}

func TestSupersededOutcomeIsLeftOut(t *testing.T) {
	j := reopen(t, newMem())
	shown := func() (n int) {
		must(t, j.Outcomes(func(Outcome) error { n++; return nil }))
		return n
	}
	must(t, j.Claim([]Claim{claimOf(0)}))
	must(t, j.Record(Outcome{ID: idOf(0), State: Unknown, Row: 1, Line: lineOf(0)}))
	j.Supersede(idOf(0))
	if shown() != 0 || !j.Changed() {
		t.Error("an outcome that no longer holds is shown")
	}
	must(t, j.Record(Outcome{ID: idOf(0), State: Unknown, Row: 1, Line: lineOf(0)}))
	if shown() != 0 {
		t.Error("a look-up that settled nothing brought it back")
	}
	must(t, j.Record(Outcome{ID: idOf(0), State: Created, Row: 1, Line: lineOf(0)}))
	if shown() != 1 {
		t.Error("the case that was found after all is not shown")
	}
}

func TestBelongsToOneImport(t *testing.T) {
	m := newMem()
	pinned := pin
	pinned.Input = "abc"
	_, err := m.open(pinned)
	must(t, err)
	for name, change := range map[string]func(*Header){
		"account":            func(h *Header) { h.Account = "other" },
		"address of the API": func(h *Header) { h.BaseURL = "sandbox" },
		"key rule":           func(h *Header) { h.KeyRule = "column Number" },
		"input":              func(h *Header) { h.Input = "def" },
	} {
		h := pinned
		change(&h)
		var pin *PinError
		if _, err := m.open(h); !errors.As(err, &pin) || pin.What != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	h := pinned
	h.Input = "" // its failure report
	if _, err := m.open(h); err != nil {
		t.Error(err)
	}
}

func TestSecondRunIsKeptOut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.journal")
	j, err := Open(path, pin, Begin{Input: "tonight.csv", Process: 4711, Host: "here"})
	must(t, err)
	_, err = Open(path, pin, Begin{})
	var held *HeldError
	if !errors.As(err, &held) || held.Holder.Process != 4711 || !strings.Contains(err.Error(), "4711") {
		t.Fatalf("second run: %v", err)
	}
	must(t, j.Close())
	j, err = Open(path, pin, Begin{})
	must(t, err)
	must(t, j.Close())
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("mode %v, %v: it holds personal data", info.Mode(), err)
	}
}

func TestRemovedJournalStopsTheRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.journal")
	j, err := Open(path, pin, Begin{})
	must(t, err)
	defer j.Close()
	must(t, j.Claim([]Claim{claimOf(1)}))
	must(t, os.Remove(path))
	if err := j.Claim([]Claim{claimOf(2)}); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a claim in a file that nobody will find: %v", err)
	}
	if j.Err() == nil {
		t.Error("the error is forgotten")
	}
}

func TestDiscardLeavesNothingBehind(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.journal")
	j, err := Open(path, pin, Begin{})
	must(t, err)
	must(t, j.Discard())
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) > 0 && runtime.GOOS != "windows" { // where the lock is a file beside it
		t.Errorf("still there: %v, %v", left, err)
	}
	j, err = Open(path, pin, Begin{})
	must(t, err)
	must(t, j.Claim([]Claim{claimOf(1)}))
	must(t, j.Discard())
	if _, err := os.Stat(path); err != nil {
		t.Errorf("a journal with a claim was removed: %v", err)
	}
}

func TestOtherFilesAreNoJournals(t *testing.T) {
	for _, text := range []string{"hello\n", "row,key,status\n1,2,3\n", strings.Repeat("x", 300000) + "\n"} {
		m := newMem()
		m.data = []byte(text)
		var damage *DamageError
		if _, err := m.open(pin); !errors.As(err, &damage) || damage.Line != 1 {
			t.Errorf("%.10q: %v", text, err)
		}
		if string(m.data) != text {
			t.Errorf("%.10q was changed", text)
		}
	}
}

// world is the truth that a journal must never contradict: what a server would
// know of the rows.
type world struct {
	sent, created, failed map[int]bool
	gone                  map[int]bool // moved to the Trash, and not sent since
}

// check compares the journal with the truth after a crash. A suspicion does
// not excuse a crash: what was synced was not damaged by it.
func (w *world) check(t *testing.T, j *Journal, history string) {
	t.Helper()
	if n, ok := w.contradicted(j); ok {
		t.Fatalf("%s: row %d was sent (created %v, failed %v) and the journal says %q", history, n, w.created[n], w.failed[n], j.State(idOf(n)))
	}
}

func (w *world) contradicted(j *Journal) (row int, ok bool) {
	for n := range w.sent {
		s := j.State(idOf(n))
		ok := s.InDoubt() || s == Created && w.created[n] || s == Failed && w.failed[n] || s == Undone && w.gone[n]
		if !ok {
			return n, true
		}
	}
	return 0, false
}

// live runs a few random steps of an import.
func (w *world) live(rnd *rand.Rand, j *Journal, steps int) {
	for range steps {
		switch rnd.IntN(6) {
		case 0, 1:
			var claims []Claim
			for range 1 + rnd.IntN(4) {
				n := rnd.IntN(40)
				if s := j.State(idOf(n)); s == None || s == Failed || s == Released || s == Undone {
					claims = append(claims, claimOf(n))
				}
			}
			if len(claims) == 0 || j.Claim(claims) != nil {
				continue
			}
			for _, c := range claims {
				n := c.Number - 1
				switch rnd.IntN(4) {
				case 0: // never leaves
				default:
					w.sent[n] = true
					delete(w.failed, n)
					if w.gone[n] { // its case is no longer to be spoken of
						delete(w.created, n)
						delete(w.gone, n)
					}
				}
			}
		case 2, 3:
			for n := range w.sent {
				if j.State(idOf(n)) != Claimed {
					continue
				}
				o := Outcome{ID: idOf(n), State: Created, Row: n + 1, Line: lineOf(n)}
				if rnd.IntN(3) == 0 {
					o.State = Failed
				}
				if j.Record(o) != nil {
					break // its claim may be one that failed, so that it was not sent
				}
				if w.created[n] = true; o.State == Failed {
					w.failed[n] = true
					delete(w.created, n)
				}
				break
			}
		case 4:
			for n := range w.created {
				if j.State(idOf(n)) != Created || j.MayUndo(idOf(n), "case") != nil {
					continue
				}
				if rnd.IntN(4) > 0 {
					w.gone[n] = true
					j.Undo(idOf(n), "case")
				}
				break
			}
		case 5:
			for n := range 40 {
				if j.State(idOf(n)) == Claimed && !w.sent[n] {
					j.Release([]ID{idOf(n)})
					break
				}
			}
		}
	}
}

// TestNeverASentRowTakenForFresh plays random histories with crashes that
// damage whatever was not synced. JOURNAL_HISTORIES sets how many.
func TestNeverASentRowTakenForFresh(t *testing.T) {
	histories := 3000
	if s := os.Getenv("JOURNAL_HISTORIES"); s != "" {
		_, err := fmt.Sscan(s, &histories)
		must(t, err)
	}
	suspects := 0
	for seed := range histories {
		rnd := rand.New(rand.NewPCG(uint64(seed), 1))
		m := newMem()
		w := &world{sent: map[int]bool{}, created: map[int]bool{}, failed: map[int]bool{}, gone: map[int]bool{}}
		for life := range 3 {
			j, err := m.open(pin)
			if err != nil {
				t.Fatalf("history %d, life %d: %v", seed, life, err)
			}
			if j.Suspect() {
				suspects++
			}
			w.check(t, j, fmt.Sprintf("history %d, life %d", seed, life))
			w.live(rnd, j, 3+rnd.IntN(8))
			j.Flush()
			m.crash(rnd)
		}
	}
	t.Logf("%d histories of 3 lives, %d openings on a damaged tail", histories, suspects)
}

// TestFlippedByte flips every byte of a journal in turn. Anywhere but in the
// last chunk it must be refused or harmless; in the last chunk it must at
// least be suspected.
func TestFlippedByte(t *testing.T) {
	m := newMem()
	j := reopen(t, m)
	w := &world{sent: map[int]bool{}, created: map[int]bool{}, failed: map[int]bool{}, gone: map[int]bool{}}
	for n := 0; n < 9; n += 3 {
		must(t, j.Claim([]Claim{claimOf(n), claimOf(n + 1), claimOf(n + 2)}))
		w.sent[n], w.sent[n+1], w.sent[n+2] = true, true, true
		must(t, j.Record(Outcome{ID: idOf(n), State: Created, Row: n + 1, Line: lineOf(n)}))
		w.created[n] = true
	}
	must(t, j.End(End{}))
	whole := string(m.data)
	lastChunk := strings.LastIndex(whole[:strings.LastIndex(whole, " C ")], "\n") + 1
	refused := 0
	for at := range whole {
		for _, x := range []byte{0x01, 0x80, whole[at] ^ '\n'} {
			if x == 0 {
				continue
			}
			m := newMem()
			m.data = []byte(whole)
			m.data[at] ^= x
			j, err := m.open(pin)
			if err != nil {
				var damage *DamageError
				if !errors.As(err, &damage) || damage.Line == 0 {
					t.Fatalf("byte %d: %v", at, err)
				}
				if at > lastChunk+len("00000000") {
					t.Errorf("byte %d, behind the last chunk's beginning, was refused: %v", at, err)
				}
				refused++
				continue
			}
			if at < lastChunk-1 { // its line break belongs to it
				w.check(t, j, fmt.Sprintf("byte %d ^ %#x", at, x))
				if j.Suspect() {
					t.Errorf("byte %d before the last chunk: suspected, not refused or read", at)
				}
			} else if n, wrong := w.contradicted(j); wrong && !j.Suspect() {
				t.Errorf("byte %d ^ %#x: row %d was sent, and nobody suspects it", at, x, n)
			}
		}
	}
	if refused == 0 {
		t.Error("no damage was refused")
	}
}

// TestSuspicionOutlivesTheRun: the run after the damage may not have met all
// rows of the lost chunk.
func TestSuspicionOutlivesTheRun(t *testing.T) {
	m := newMem()
	j := reopen(t, m)
	must(t, j.Claim([]Claim{claimOf(0)}))
	m.data[len(m.data)-9] ^= 1
	for range 3 {
		j = reopen(t, m)
		if !j.Suspect() {
			t.Fatal("the lost chunk is forgotten")
		}
		must(t, j.Claim([]Claim{claimOf(1)}))
	}
}

func TestFullDiskStopsForGood(t *testing.T) {
	for room := range 700 {
		m := newMem()
		j := reopen(t, m)
		m.room = room
		w := &world{sent: map[int]bool{}, created: map[int]bool{}, failed: map[int]bool{}, gone: map[int]bool{}}
		w.live(rand.New(rand.NewPCG(uint64(room), 2)), j, 30)
		j.Flush()
		if m.failures > 1 {
			t.Fatalf("room for %d bytes: %d writes after the failed one", room, m.failures-1)
		}
		if m.failures == 1 && !errors.Is(j.Err(), errDisk) {
			t.Fatalf("room for %d bytes: the error is forgotten: %v", room, j.Err())
		}
		m.room = -1
		w.check(t, reopen(t, m), fmt.Sprintf("room for %d bytes", room))
	}
}

func TestFailedSyncStopsForGood(t *testing.T) {
	for syncs := range 8 {
		m := newMem()
		j := reopen(t, m)
		m.syncs = syncs
		rnd := rand.New(rand.NewPCG(uint64(syncs), 3))
		w := &world{sent: map[int]bool{}, created: map[int]bool{}, failed: map[int]bool{}, gone: map[int]bool{}}
		w.live(rnd, j, 40)
		if m.failures != 1 {
			t.Fatalf("%d syncs: %d tries after the failed one", syncs, m.failures-1)
		}
		if err := j.Claim([]Claim{claimOf(50)}); !errors.Is(err, errDisk) {
			t.Fatalf("%d syncs: a claim after the failed sync: %v", syncs, err)
		}
		j.Flush()
		m.crash(rnd)
		w.check(t, reopen(t, m), fmt.Sprintf("%d syncs", syncs))
	}
}

func FuzzReplay(f *testing.F) {
	m := newMem()
	j, err := m.open(pin)
	must(f, err)
	must(f, j.Claim([]Claim{claimOf(0), claimOf(1)}))
	must(f, j.Record(Outcome{ID: idOf(0), State: Created, Row: 1, Line: lineOf(0)}))
	must(f, j.Close())
	f.Add(m.data)
	f.Add([]byte("C 1\t2\tzz"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m := newMem()
		m.data = append([]byte(nil), data...)
		if j, err := m.open(pin); err == nil {
			j.Doubts()
			j.Outcomes(func(Outcome) error { return nil })
		}
		// The same bytes as payloads with good checksums.
		m = newMem()
		if _, err := m.open(pin); err != nil {
			t.Fatal(err)
		}
		for line := range strings.SplitSeq(string(data), "\n") {
			if len(line) > 2 {
				m.data = append(m.data, seal(nil, 3+len(m.data)%7, line[0], []byte(line[2:]))...)
			}
		}
		if j, err := m.open(pin); err == nil {
			j.Doubts()
			j.Outcomes(func(Outcome) error { return nil })
		}
	})
}

func BenchmarkReplay(b *testing.B) {
	m := newMem()
	j, err := m.open(pin)
	must(b, err)
	const n = 1_000_000
	var claims []Claim
	for i := range n {
		c := claimOf(i)
		c.Key, c.Title = fmt.Sprint(100000+i), "Printer on the third floor does not print"
		if claims = append(claims, c); len(claims) == 64 {
			must(b, j.Claim(claims))
			for _, c := range claims {
				must(b, j.Record(Outcome{ID: c.ID, State: Created, Row: c.Number, Line: []byte(`{"row":1,"key":"100000","status":"created","case_id":"1000","http_status":201,"attempts":1,"finished_at":"2026-01-01T00:00:00Z"}`)}))
			}
			claims = claims[:0]
		}
	}
	must(b, j.Close())
	b.SetBytes(int64(len(m.data)))
	for b.Loop() {
		if _, err := OpenFile(m, int64(len(m.data)), pin, Begin{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(n, "rows")
}
