package journal

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// Wherever a crash cuts the file, or spoils its last line break, what was whole is known
// from then on, and the next lines stand in their places.
func TestTailIsPutRight(t *testing.T) {
	m := newMem()
	j := reopen(t, m)
	must(t, j.Claim([]Claim{claimOf(0), claimOf(1)}))
	claimed := len(m.data)
	must(t, j.Record(Outcome{ID: idOf(0), State: Created, Row: 1, Line: lineOf(0)}))
	must(t, j.Flush())
	whole := m.data
	for cut := 0; cut <= len(whole); cut++ {
		for _, spoilt := range []bool{false, true} {
			m := newMem()
			m.data = bytes.Clone(whole[:cut])
			if spoilt {
				if cut != len(whole) {
					continue
				}
				m.data[cut-1] = 'x'
			}
			want := None
			switch {
			case cut >= len(whole)-1:
				want = Created
			case cut >= claimed-1:
				want = Claimed
			}
			for range 3 {
				j := reopen(t, m)
				if got := j.State(idOf(0)); got != want {
					t.Fatalf("cut at %d of %d, spoilt %v: %q, want %q", cut, len(whole), spoilt, got, want)
				}
				must(t, j.Note(Span{What: Pause}))
			}
			for i, l := range bytes.Split(bytes.TrimSuffix(m.data, []byte("\n")), []byte("\n")) {
				if l, ok := open(l); !ok || l.number != i+1 {
					t.Fatalf("cut at %d, spoilt %v: line %d is %+v", cut, spoilt, i+1, l)
				}
			}
		}
	}
}

// Of lines that are bad, repeated or say what cannot be, those that carry the promise
// decide as it demands.
func TestLinesThatContradictOthers(t *testing.T) {
	const begun = `B {"input":"in.csv"}`
	id := func(n int) string { return fmt.Sprintf("%x", idOf(n)) }
	claim := func(chunk, n int) string {
		return fmt.Sprintf("C %d\t1\t%s\t1\t\"k\"\t\"t\"\t0000000000000000", chunk, id(n))
	}
	outcome := func(n int, s State) string { return fmt.Sprintf("O %s\t%c\t1\t%d%c", id(n), s, n, s) }
	for _, tt := range []struct {
		name  string
		lines []string
		want  string // states of the rows
		shown string // their lines
	}{
		{"a case is final", []string{claim(1, 0), outcome(0, Created), outcome(0, Failed), claim(2, 1), outcome(1, Created)}, "CC", "0C 1C"},
		{"also against a claim", []string{claim(1, 0), outcome(0, Created), claim(2, 0)}, "C", "0C"},
		{"and a release", []string{claim(1, 0), outcome(0, Incomplete), "R " + id(0)}, "I", "0I"},
		{"unless it was taken back", []string{claim(1, 0), outcome(0, Created), outcome(0, Unknown)}, "U", "0U"},
		{"a case may be completed", []string{claim(1, 0), outcome(0, Incomplete), outcome(0, Created)}, "C", "0C"},
		{"a refused row may be sent again", []string{claim(1, 0), outcome(0, Failed), claim(2, 0)}, "c", "0F"},
		{"released rows among others", []string{claim(1, 0), claim(2, 1), "R x\t" + id(1) + "\t" + id(0)}, "RR", ""},
	} {
		for _, old := range []bool{false, true} {
			m := newMem()
			m.data = file(header, append([]string{begun}, tt.lines...)...)
			want, shown := tt.want, tt.shown
			if old { // in format 1, a case was never taken back
				m.data = nil
				for i, l := range append([]string{"H " + strings.Replace(header, `"format":4`, `"format":1`, 1), begun}, tt.lines...) {
					_ = i
					m.data = append(append(m.data, reseal([]byte("00000000 "+l))...), '\n')
				}
				if tt.name == "unless it was taken back" {
					want, shown = "C", "0C"
				}
			}
			j := reopen(t, m)
			states, lines := "", []string{}
			for n := range len(want) {
				states += string(j.State(idOf(n)))
			}
			must(t, j.Outcomes(func(o Outcome) error { lines = append(lines, string(o.Line)); return nil }))
			if states != want || strings.Join(lines, " ") != shown {
				t.Errorf("%s (old: %v): states %s, lines %q; want %s, %q", tt.name, old, states, lines, want, shown)
			}
		}
	}

	m := newMem()
	m.data = file(header, begun, claim(1, 0))
	last := m.data[bytes.LastIndexByte(m.data[:len(m.data)-1], '\n')+1:]
	m.data = append(m.data, last...)
	var damage *DamageError
	if _, err := m.open(pin); !errors.As(err, &damage) || damage.Line != 4 || !strings.Contains(err.Error(), "line number 3 stands behind line number 3") {
		t.Errorf("a line that stands there twice: %v", err)
	}

	// In format 1 a claim could be lost without a trace, so an outcome without one is none of
	// a damage.
	m = newMem()
	for _, l := range []string{"H " + strings.Replace(header, `"format":4`, `"format":1`, 1), begun, outcome(0, Created)} {
		m.data = append(append(m.data, reseal([]byte("00000000 "+l))...), '\n')
	}
	if s := reopen(t, m).State(idOf(0)); s != Created {
		t.Errorf("an outcome without a claim, of format 1: %q", s)
	}
}

// Runs of an older version did not note the field of the key: it is this run's where the
// mapping has not changed since.
func TestFieldOfAnOlderRun(t *testing.T) {
	for _, tt := range []struct {
		begun, mapping string
		want           bool
	}{
		{`{"input":"a","mapping":"sum"}`, "sum", true},
		{`{"input":"a","mapping":"sum"}`, "other", false},
		{`{"input":"a"}`, "", false},
		{`{"input":"a","format":4,"mapping":"sum"}`, "sum", false},
		{`{"input":"a","format":4,"mapping":"sum","field":"text1"}`, "other", true},
		{`{"input":"a","format":4,"mapping":"sum","field":"text2"}`, "sum", false},
	} {
		m := newMem()
		m.data = file(header, "B "+tt.begun, fmt.Sprintf("C 1\t1\t%x\t1\t\"k\"\t\"t\"\t0000000000000000", idOf(0)))
		doubts, err := begin(t, m, Begin{Field: "text1", Mapping: tt.mapping}).Doubts()
		must(t, err)
		if len(doubts) != 1 || doubts[0].Findable != tt.want {
			t.Errorf("%s, now %q: %+v", tt.begun, tt.mapping, doubts)
		}
	}
}

// That a run is known to have begun first counts, whichever line says so.
func TestWhenItBegan(t *testing.T) {
	m := newMem()
	for _, at := range []int64{2000, 0, 1000, 3000} {
		b := Begin{}
		if at > 0 {
			b.At = time.Unix(at, 0)
		}
		begin(t, m, b)
	}
	if at := reopen(t, m).Began(); !at.Equal(time.Unix(1000, 0)) {
		t.Errorf("%v", at)
	}
}

func TestHeaderThatCannotBeBroughtForward(t *testing.T) {
	m := newMem()
	m.data = file(strings.Replace(header, `"format":4`, `"format":2`, 1))
	_, err := openFile(m, int64(len(m.data)), pin, Begin{}, func([]byte) error { return errDisk })
	if !errors.Is(err, errDisk) {
		t.Errorf("%v", err)
	}
	m.data = file(header)
	if _, err := openFile(m, int64(len(m.data)), pin, Begin{}, func([]byte) error { return errDisk }); err != nil {
		t.Errorf("a header of this version is written again: %v", err)
	}
}
