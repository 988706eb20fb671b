package journal

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// without returns the journal without the nth line that holds a text.
func without(m *mem, text string, n int) {
	for _, l := range bytes.SplitAfter(m.data, []byte("\n")) {
		if bytes.Contains(l, []byte(text)) {
			if n--; n == 0 {
				m.data = bytes.Replace(m.data, l, nil, 1)
				return
			}
		}
	}
	panic("no such line: " + text)
}

func TestLostLineMakesNoRunOlder(t *testing.T) {
	for _, lost := range []string{" O ", " L "} {
		m := newMem()
		j := reopen(t, m)
		must(t, j.Claim([]Claim{claimOf(0), claimOf(1)}))
		must(t, j.NoteLag(time.Second))
		must(t, j.Record(Outcome{ID: idOf(0), State: Created, Row: 1, Line: lineOf(0)}))
		must(t, j.NoteLived(time.Hour))
		must(t, j.End(End{Lived: 2 * time.Hour}))
		must(t, j.Close())
		without(m, lost, 1)
		j = reopen(t, m)
		doubts, err := j.Doubts()
		must(t, err)
		if len(doubts) == 0 {
			t.Fatal("no doubt")
		}
		for _, d := range doubts {
			if d.Age != 0 {
				t.Errorf("%q is lost, and the doubt of the last run is taken for one of %v", lost, d.Age)
			}
		}
	}
}

func TestClaimsWithoutARun(t *testing.T) {
	m := newMem()
	j := reopen(t, m)
	must(t, j.Claim([]Claim{claimOf(0)}))
	must(t, j.Close())
	without(m, " B ", 1)
	old := strings.NewReplacer(" 1 H ", " H ", `"format":2`, `"format":1`, " 3 C ", " C ")
	// That a line is missing shows only where lines have numbers.
	for age, data := range map[time.Duration][]byte{2 * time.Hour: m.data, 0: []byte(old.Replace(string(m.data)))} {
		var all []byte
		for l := range bytes.Lines(data) {
			all = append(append(all, reseal(bytes.TrimSuffix(l, []byte("\n")))...), '\n')
		}
		m := newMem()
		m.data = all
		j, err := m.open(pin)
		must(t, err)
		doubts, err := j.Doubts()
		must(t, err)
		if len(doubts) != 1 || doubts[0].Age != 0 || doubts[0].Findable {
			t.Errorf("%+v", doubts)
		}
		for range 3 {
			j = reopen(t, m)
			must(t, j.End(End{Lived: time.Hour}))
		}
		doubts, err = j.Doubts()
		must(t, err)
		if len(doubts) != 1 || doubts[0].Age != age {
			t.Errorf("of no run that is known: %+v, want an age of %v", doubts, age)
		}
	}
}

// A row whose requests carried different fields, and whose doubt none of them
// ended, can be found by none.
func TestFieldOfEveryClaimCounts(t *testing.T) {
	run := func(m *mem, field string) *Journal {
		j, err := OpenFile(m, int64(len(m.data)), pin, Begin{Field: field})
		must(t, err)
		return j
	}
	for _, settled := range []bool{false, true} {
		m := newMem()
		j := run(m, "text1")
		must(t, j.Claim([]Claim{claimOf(0)}))
		if settled {
			must(t, j.Record(Outcome{ID: idOf(0), State: Failed, Row: 1, Line: lineOf(0)}))
		} else {
			must(t, j.Record(Outcome{ID: idOf(0), State: Unknown, Row: 1, Line: lineOf(0)}))
		}
		must(t, j.Close())
		j = run(m, "text2")
		must(t, j.Claim([]Claim{claimOf(0)}))
		for range 2 {
			doubts, err := run(m, "text2").Doubts()
			must(t, err)
			if len(doubts) != 1 || doubts[0].Findable != settled {
				t.Errorf("settled %v: %+v", settled, doubts)
			}
		}
	}
}

// Whatever stands at the journal's place and is none is left as it is: the
// header of this very journal alone, torn by a crash, is written anew.
func TestForeignFilesAreNeverTouched(t *testing.T) {
	dir := t.TempDir()
	header := string(seal(nil, 1, 'H', asJSON(Header{Format: format, Account: pin.Account, BaseURL: pin.BaseURL, KeyRule: pin.KeyRule})))
	torn := 0
	for at := range header {
		foreign := []byte(header[:at])
		if at > 0 {
			foreign[at-1] ^= 1
		}
		for _, text := range []string{header[:at], string(foreign), header[:at] + "\n"} {
			path := filepath.Join(dir, fmt.Sprint(torn))
			torn++
			must(t, os.WriteFile(path, []byte(text), 0o600))
			j, err := Open(path, pin, Begin{})
			if err == nil {
				must(t, j.Close())
			}
			now, _ := os.ReadFile(path)
			if ours := strings.HasPrefix(header, text); (err == nil) != ours || err != nil && string(now) != text {
				t.Errorf("%q: %v\n%s", text, err, now)
			}
		}
	}
	for n, text := range []string{"1234", "cafe", "deadbeef", "deadbeef ", "hello", "\x00x", "12345678 1 H {\"format\":2", " ", "\n", "00000000 x\n"} {
		path := filepath.Join(dir, fmt.Sprintf("f%d", n))
		link := path + ".link"
		must(t, os.WriteFile(path, []byte(text), 0o600))
		must(t, os.Symlink(path, link))
		for _, at := range []string{path, link} {
			if j, err := Open(at, pin, Begin{}); err == nil {
				t.Errorf("%q is taken for a journal", text)
				j.Close()
			}
			if now, _ := os.ReadFile(path); string(now) != text {
				t.Errorf("%q is now %q", text, now)
			}
		}
	}
}

// A row that was adopted stands in one line only.
func TestLostLineOfAnAdoption(t *testing.T) {
	for _, line := range []string{" A ", " O "} {
		m := newMem()
		j := reopen(t, m)
		must(t, j.Record(Outcome{ID: idOf(0), State: Created, Row: 1, Line: lineOf(0)}))
		must(t, j.Record(Outcome{ID: idOf(1), State: Created, Row: 2, Line: lineOf(1)}))
		must(t, j.Claim([]Claim{claimOf(2)}))
		must(t, j.Record(Outcome{ID: idOf(2), State: Created, Row: 3, Line: lineOf(2)}))
		must(t, j.Claim([]Claim{claimOf(3)}))
		must(t, j.End(End{}))
		must(t, j.Close())
		without(m, line, 1)
		for range 2 {
			if j = reopen(t, m); !j.Suspect() {
				t.Errorf("without%sthe journal is believed", line)
			}
		}
	}
}

func TestLostLineOfAnAlteredKey(t *testing.T) {
	m := newMem()
	j := reopen(t, m)
	must(t, j.NoteAltered(Altered{"é", "e"}))
	must(t, j.End(End{}))
	must(t, j.Close())
	without(m, " K ", 1)
	if len(reopen(t, m).Altered()) == 0 {
		t.Error("forgotten")
	}
}

func TestLostBeginningOfAnAdoption(t *testing.T) {
	m := newMem()
	j, err := OpenFile(m, 0, pin, Begin{Adopt: true, Input: "a.csv"})
	must(t, err)
	must(t, j.Claim([]Claim{claimOf(3)}))
	must(t, j.End(End{Left: 1}))
	must(t, j.Close())
	without(m, " B ", 1)
	if j = reopen(t, m); !j.Rebuilt() || j.Adopting() != "a.csv" {
		t.Error("the adoption is forgotten")
	}
}

// The newest case that can be looked up for sure stays known.
func TestLostLineForgetsNoCase(t *testing.T) {
	m, begin := newMem(), Begin{Field: "text1"}
	j, err := OpenFile(m, 0, pin, begin)
	must(t, err)
	for n := range 3 {
		must(t, j.Claim([]Claim{claimOf(n)}))
		must(t, j.Record(Outcome{ID: idOf(n), State: Created, Row: n + 1, Line: lineOf(n)}))
	}
	must(t, j.Close())
	without(m, " O ", 2)
	j, err = OpenFile(m, int64(len(m.data)), pin, begin)
	must(t, err)
	if got, _, _ := j.Newest(); string(got) != string(lineOf(0)) {
		t.Errorf("newest %q", got)
	}
}

// TestRowThatIsClaimedAgainAsAnother: nobody knows which of them its case holds.
func TestRowThatIsClaimedAgainAsAnother(t *testing.T) {
	sum := func(n byte) Claim { c := claimOf(0); c.Sum = [8]byte{n}; return c }
	for _, tt := range []struct {
		name string
		what []any
		want byte
	}{
		{"once", []any{sum(1)}, 1},
		{"twice as the same", []any{sum(1), sum(1)}, 1},
		{"as another", []any{sum(1), sum(2)}, 0},
		{"as another, and as the first again", []any{sum(1), sum(2), sum(2)}, 0},
		{"as another, when it had surely no case", []any{sum(1), Failed, sum(2)}, 2},
		{"as another, when it was not known", []any{sum(1), Unknown, sum(2)}, 0},
	} {
		m := newMem()
		for _, step := range tt.what {
			j := reopen(t, m)
			if c, claim := step.(Claim); claim {
				must(t, j.Claim([]Claim{c}))
			} else {
				must(t, j.Record(Outcome{ID: idOf(0), State: step.(State), Row: 1, Line: lineOf(0)}))
			}
			must(t, j.Close())
		}
		doubts, err := reopen(t, m).Doubts()
		must(t, err)
		if len(doubts) != 1 || doubts[0].Sum != [8]byte{tt.want} {
			t.Errorf("%s: %+v", tt.name, doubts)
		}
	}
}

// TestRunsThatDidNotEnd: what such a run sent, it may not have written down, for as
// long as the runs since have not lived long enough.
func TestRunsThatDidNotEnd(t *testing.T) {
	m := newMem()
	expect := func(lived time.Duration, any bool) *Journal {
		t.Helper()
		j := reopen(t, m)
		if got, ok := j.Unended(); got != lived || ok != any {
			t.Errorf("%v, %v; want %v, %v", got, ok, lived, any)
		}
		return j
	}
	end := func(j *Journal) {
		must(t, j.NoteLived(time.Second))
		must(t, j.End(End{Lived: 2 * time.Second}))
		must(t, j.Close())
	}
	end(expect(0, false))
	j := expect(0, false)
	must(t, j.NoteLived(time.Hour)) // and it dies
	must(t, j.Close())
	end(expect(0, true))
	end(expect(2*time.Second, true))
	j = expect(4*time.Second, true)
	must(t, j.Close())
	expect(0, true)
}
