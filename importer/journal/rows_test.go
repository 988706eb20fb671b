package journal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// What the program itself, an older or a newer one, and people with a text editor find
// in the file, but for the checksums.
func TestFormOfTheFile(t *testing.T) {
	m := newMem()
	j := begin(t, m, Begin{Input: "in.csv", Host: "here", Process: 7, Adopt: true})
	must(t, j.Claim([]Claim{{ID: ID{1}, Number: 1, Key: "a\tb", Title: "t", Sum: [8]byte{0xab}}, {ID: ID{2}, Number: 2}}))
	must(t, j.Remember([]Claim{{ID: ID{3}, Number: 3}}))
	must(t, j.Record(Outcome{ID: ID{1}, State: Created, Row: 1, Sent: 5, Sum: [8]byte{0xab}, Memo: []byte("m"), Line: []byte("{}")}))
	must(t, j.Record(Outcome{ID: ID{2}, State: Failed, Row: 2, Line: []byte("{}")}))
	must(t, j.Record(Outcome{ID: ID{4}, State: Incomplete, Row: 4, Line: []byte("{}")}))
	must(t, j.Release([]ID{{3}, {4}}))
	must(t, j.NoteLived(time.Second))
	must(t, j.NoteLag(time.Second))
	must(t, j.NoteSeen(time.Second))
	must(t, j.NoteRate(19.8765))
	must(t, j.NoteAltered(Altered{"é", "e"}))
	must(t, j.NoteRebuilt())
	must(t, j.Note(Span{What: Pause, End: 1}))
	must(t, j.MayUndo(ID{1}, "9"))
	must(t, j.Undo(ID{1}, "9"))
	must(t, j.KeepAfterAll(ID{2}, "8"))
	got := regexp.MustCompile(`(?m)^[0-9a-f]{8} |0{30}`).ReplaceAllString(string(m.data), "")
	const want = `1 H {"format":4,"account":"acme","base_url":"https://api.example","key":"column Id"}
2 B {"format":4,"input":"in.csv","host":"here","process":7,"at":"0001-01-01T00:00:00Z","adopt":true}
3 B {"format":4,"input":"in.csv","host":"here","process":7,"at":"0001-01-01T00:00:00Z","adopt":true}
4 C 1	2	01	1	"a\tb"	"t"	ab00000000000000	02	2	""	""	0000000000000000
5 M 2	1	03	3	""	""	0000000000000000
6 O 01	C	1	5	~ab00000000000000m	{}
7 O 02	F	2	{}
8 A 04	I	4	{}
9 R 03	04
10 T 1s
11 L 1s
12 S 1s
13 F 19.88
14 K {"key":"é","made":"e"}
15 K {"key":"é","made":"e"}
16 N 
17 N 
18 P {"what":"pause","begin":0,"end":1}
19 X 01	may	"9"
20 X 01	gone	"9"
21 X 02	kept	"8"
`
	if got != want {
		t.Errorf("%s", got)
	}
}

// What must be on the disk when a call returns is, and a failed write or fsync fails
// the call, and every one after it.
func TestWhatIsPromisedIsOnTheDisk(t *testing.T) {
	for name, call := range map[string]func(*Journal) error{
		"claim":    func(j *Journal) error { return j.Claim([]Claim{claimOf(7)}) },
		"remember": func(j *Journal) error { return j.Remember([]Claim{claimOf(7)}) },
		"altered":  func(j *Journal) error { return j.NoteAltered(Altered{"é", "e"}) },
		"rebuilt":  (*Journal).NoteRebuilt,
		"may undo": func(j *Journal) error { return j.MayUndo(idOf(0), "1000") },
		"end":      func(j *Journal) error { return j.End(End{}) },
	} {
		m := imported(t, 1)
		j := begin(t, m, Begin{})
		must(t, j.NoteLived(time.Second))
		must(t, call(j))
		if m.synced != len(m.data) {
			t.Errorf("%s: %d of %d bytes are on the disk", name, m.synced, len(m.data))
		}
		m.syncs = 0
		if err := call(j); !errors.Is(err, errDisk) {
			t.Errorf("%s: a failed fsync: %v", name, err)
		}
		m.syncs = -1
		if err := call(j); !errors.Is(err, errDisk) {
			t.Errorf("%s: after a failed fsync: %v", name, err)
		}

		m = imported(t, 1)
		j = begin(t, m, Begin{})
		m.room, m.syncs = 5, 0
		if err := call(j); !errors.Is(err, errDisk) || !strings.Contains(err.Error(), "write") {
			t.Errorf("%s: a failed write: %v", name, err)
		}
		if m.failures != 1 {
			t.Errorf("%s: an fsync after a failed write", name)
		}
	}
}

func TestRebuiltIsRemembered(t *testing.T) {
	m := newMem()
	j := reopen(t, m)
	if j.Rebuilt() {
		t.Error("a new journal is not known to be whole")
	}
	must(t, j.NoteRebuilt())
	must(t, j.End(End{}))
	j = reopen(t, m)
	if !j.Rebuilt() || j.Suspect() {
		t.Errorf("rebuilt %v, suspect %v", j.Rebuilt(), j.Suspect())
	}
	without(m, " N ", 1)
	if !reopen(t, m).Rebuilt() {
		t.Error("forgotten with one of its lines")
	}
}

// An adoption ends with a run that leaves nothing behind of its input; that the journal
// was rebuilt is taken back where it proved to know all rows.
func TestEndOfAnAdoption(t *testing.T) {
	for _, tt := range []struct {
		name         string
		rebuilt      bool // before it
		begin        Begin
		end          *End
		wantRebuilt  bool
		wantAdopting string
	}{
		{"killed", false, Begin{Adopt: true, Input: "a"}, nil, true, "a"},
		{"some are left", false, Begin{Adopt: true, Input: "a"}, &End{Left: 1}, true, "a"},
		{"done", false, Begin{Adopt: true, Input: "a"}, &End{}, true, ""},
		{"it was not needed", false, Begin{Adopt: true, Input: "a"}, &End{Whole: true}, false, ""},
		{"it was needed by an earlier run", true, Begin{Adopt: true, Input: "a"}, &End{Whole: true}, true, ""},
		{"no adoption", true, Begin{Input: "a"}, &End{Whole: true}, true, ""},
	} {
		m := newMem()
		if tt.rebuilt {
			j := reopen(t, m)
			must(t, j.NoteRebuilt())
			must(t, j.End(End{}))
		}
		j := begin(t, m, tt.begin)
		if tt.end != nil {
			must(t, j.End(*tt.end))
		}
		if j = reopen(t, m); j.Rebuilt() != tt.wantRebuilt || j.Adopting() != tt.wantAdopting {
			t.Errorf("%s: rebuilt %v, adopting %q", tt.name, j.Rebuilt(), j.Adopting())
		}
	}
	m := newMem()
	begin(t, m, Begin{Adopt: true, Input: "a"})
	must(t, begin(t, m, Begin{Input: "b"}).End(End{}))
	if got := reopen(t, m).Adopting(); got != "a" {
		t.Errorf("after another input: adopting %q", got)
	}
}

// What a case holds, and whether a refused row has changed, is known by sums.
func TestWhatIsKnownByItsSum(t *testing.T) {
	sum := func(n byte) [8]byte { return [8]byte{n} }
	m := newMem()
	j := reopen(t, m)
	claim := func(n int) Claim { c := claimOf(n); c.Sum = sum(byte(n + 1)); return c }
	must(t, j.Claim([]Claim{claim(0), claim(1), claim(2), claim(3)}))
	must(t, j.Record(Outcome{ID: idOf(0), State: Created, Row: 1, Sum: sum(77), Line: lineOf(0)}))
	must(t, j.Record(Outcome{ID: idOf(1), State: Failed, Row: 2, Sum: sum(77), Line: lineOf(1)}))
	must(t, j.Record(Outcome{ID: idOf(2), State: Created, Row: 3, Line: lineOf(2)}))
	for range 2 {
		for n, want := range []struct{ sum, holds, known, refused bool }{
			{true, true, true, false},
			{false, false, false, true},
			{false, false, false, false},
			{false, false, false, false},
		} {
			same, known := j.Holds(idOf(n), sum(77))
			refused := j.Refused(idOf(n), sum(byte(n+1)))
			if same != want.holds || known != want.known || refused != want.refused || j.Refused(idOf(n), sum(99)) {
				t.Errorf("row %d: same %v, known %v, refused %v", n, same, known, refused)
			}
		}
		if same, _ := j.Holds(idOf(0), sum(78)); same {
			t.Error("a changed row is taken for what its case holds")
		}
		must(t, j.Flush())
		j = reopen(t, m)
	}
}

// A row that proved to have no case has no line in the results.
func TestReleasedRows(t *testing.T) {
	m := newMem()
	j := reopen(t, m)
	must(t, j.Claim([]Claim{claimOf(0), claimOf(1), claimOf(2)}))
	must(t, j.Record(Outcome{ID: idOf(0), State: Unknown, Row: 1, Line: lineOf(0)}))
	must(t, j.Release([]ID{idOf(1)}))
	if j.Changed() {
		t.Error("a row without a line in the results was released, and they are changed")
	}
	must(t, j.Release([]ID{idOf(0), idOf(2)}))
	if !j.Changed() {
		t.Error("the line of a row that is no longer unknown is left in the results")
	}
	for range 2 {
		n := 0
		must(t, j.Outcomes(func(Outcome) error { n++; return nil }))
		if n != 0 || j.State(idOf(0)) != Released || j.State(idOf(1)) != Released || j.State(idOf(2)) != Released {
			t.Errorf("%d lines, states %c %c %c", n, j.State(idOf(0)), j.State(idOf(1)), j.State(idOf(2)))
		}
		j = reopen(t, m)
	}
	// That a row has its case is final.
	must(t, j.Record(Outcome{ID: idOf(1), State: Created, Row: 2, Line: lineOf(1)}))
	must(t, j.Flush())
	m.data = seal(m.data, j.number+1, 'R', []byte(strings.Repeat("x", 3)+"\t"+strings.Repeat("0", 33)))
	if reopen(t, m).State(idOf(1)) != Created {
		t.Error("a release that cannot be read has an effect")
	}
}

// The results are as they were left where a row is met in its old place, and are not
// where it is met in another.
func TestRowsThatMove(t *testing.T) {
	m := imported(t, 2)
	j := begin(t, m, Begin{})
	j.Meet(idOf(0), 1)
	j.Meet(idOf(9), 3) // it has no line
	if s, earlier := j.Meet(idOf(9), 4); j.Changed() || s != None || earlier != 3 {
		t.Errorf("changed %v, state %c, earlier %d", j.Changed(), s, earlier)
	}
	if !j.Met(idOf(0)) || !j.Met(idOf(9)) || j.Met(idOf(1)) {
		t.Error("it was not noted which rows were met")
	}
	j.Supersede(idOf(9))
	j.Supersede(idOf(1)) // it has its case
	if j.Changed() {
		t.Error("nothing has changed")
	}
	if j.Meet(idOf(1), 9); !j.Changed() {
		t.Error("a row has moved")
	}
}

// The newest case proves the search. How long ago it was made counts what all runs are
// known to have lived since, its own from its request on.
func TestNewestCase(t *testing.T) {
	m := newMem()
	run := func(field string) *Journal { return begin(t, m, Begin{Field: field}) }
	created := func(n int, sent time.Duration) Outcome {
		return Outcome{ID: idOf(n), State: Created, Row: n + 1, Sent: sent, Line: lineOf(n)}
	}
	check := func(line []byte, lived, seen time.Duration, from int) {
		t.Helper()
		data := bytes.Clone(m.data)
		j := run("text1")
		m.data = data
		if got, l, s := j.Newest(); string(got) != string(line) || l != lived || s != seen || j.NewestRun() != from {
			t.Errorf("newest %s of run %d, lived %v, seen %v; want %s, %d, %v, %v", got, j.NewestRun(), l, s, line, from, lived, seen)
		}
		if j.HasCases() != (len(m.data) > 0 && j.Size() > 0) {
			t.Errorf("has cases: %v", j.HasCases())
		}
	}
	check(nil, 0, 0, -1)
	j := run("text2")
	must(t, j.Record(created(9, 0)))
	must(t, j.End(End{Lived: time.Hour}))
	check(nil, 0, 0, -1) // it carries another field
	j = run("text1")
	must(t, j.Record(created(0, 0)))
	must(t, j.Flush())
	check(lineOf(0), 0, 0, -1) // found: not known when it was made
	must(t, j.Claim([]Claim{claimOf(1)}))
	must(t, j.Record(created(1, 3*time.Second)))
	must(t, j.Record(created(2, 0))) // found, and older perhaps
	must(t, j.Flush())
	check(lineOf(1), 0, 0, 1)
	must(t, j.NoteLived(5*time.Second))
	check(lineOf(1), 2*time.Second, 0, 1)
	must(t, j.NoteSeen(time.Second))
	must(t, j.End(End{Lived: 10 * time.Second}))
	check(lineOf(1), 7*time.Second, time.Second, 1)
	must(t, run("text1").End(End{Lived: time.Minute}))
	j = run("text2")
	must(t, j.NoteLived(time.Hour))
	must(t, j.Claim([]Claim{claimOf(3)}))
	must(t, j.Record(created(3, 1)))
	must(t, j.Record(Outcome{ID: idOf(4), State: Unknown, Row: 5, Line: lineOf(4)}))
	must(t, j.Close())
	check(lineOf(1), 7*time.Second+time.Minute+time.Hour, time.Second, 1)
	if got, want := run("text1").Fields(), []string{"text2", "text1"}; !slices.Equal(got, want) {
		t.Errorf("fields %q", got)
	}
}

// A doubt is as old as what the runs after its own are known to have lived.
func TestAgeOfDoubts(t *testing.T) {
	m := newMem()
	for n := range 3 {
		j := begin(t, m, Begin{Field: "text1"})
		must(t, j.Claim([]Claim{claimOf(2 * n)}))
		must(t, j.Claim([]Claim{claimOf(2*n + 1), claimOf(10)}))
		must(t, j.End(End{Lived: time.Duration(n+1) * time.Second}))
	}
	doubts, err := begin(t, m, Begin{Field: "text1"}).Doubts()
	must(t, err)
	ages := map[int]time.Duration{}
	for _, d := range doubts {
		ages[d.Number-1] = d.Age
		if !d.Findable || d.Run != map[int]int{0: 0, 1: 0, 2: 1, 3: 1, 4: 2, 5: 2, 10: 2}[d.Number-1] {
			t.Errorf("%+v", d)
		}
	}
	for row, want := range map[int]time.Duration{0: 5, 1: 5, 2: 3, 3: 3, 4: 0, 5: 0, 10: 0} {
		if ages[row] != want*time.Second {
			t.Errorf("row %d: %v", row, ages)
		}
	}
	if len(doubts) != 7 {
		t.Errorf("%d doubts", len(doubts))
	}
}

// A lag is never forgotten for a shorter one; of rates, the latest sensible one counts.
func TestLagAndRate(t *testing.T) {
	m := newMem()
	m.data = file(header, "L 3s", "L 1s", "F 7", "F 5", "F 0", "F -1", "F 1e9", "F 2e9")
	if j := reopen(t, m); j.Lag() != 3*time.Second || j.Rate() != 5 {
		t.Errorf("lag %v, rate %v", j.Lag(), j.Rate())
	}
}

// Lines are longer than any buffer, whatever stands around them.
func TestLongLines(t *testing.T) {
	for _, size := range []int{1 << 10, 1<<18 - 100, 1 << 18, 1<<18 + 1, 3 << 18} {
		m := newMem()
		j := reopen(t, m)
		var want []string
		for n := range 4 {
			line := lineOf(n)
			if n%2 == 1 {
				line = bytes.Repeat([]byte{'x'}, size)
			}
			want = append(want, string(line))
			must(t, j.Record(Outcome{ID: idOf(n), State: Created, Row: n + 1, Line: line}))
		}
		must(t, j.Flush())
		var got []string
		must(t, reopen(t, m).Outcomes(func(o Outcome) error { got = append(got, string(o.Line)); return nil }))
		if !slices.Equal(got, want) {
			t.Errorf("%d bytes: %d outcomes come back otherwise", size, len(got))
		}
	}
}

func TestWhoseJournalItIs(t *testing.T) {
	m := newMem()
	pinned := pin
	pinned.Input = "sum"
	begun := func(h Header, results string) string {
		_, err := OpenFile(m, int64(len(m.data)), h, Begin{Results: results})
		if err == nil {
			return ""
		}
		return err.Error()
	}
	if got := begun(pinned, "a.results.csv"); got != "" {
		t.Fatal(got)
	}
	other, without, input := pinned, pinned, pinned
	other.Account, without.KeyRule, input.Input = "other", "", "another sum"
	for _, tt := range []struct {
		h       Header
		results string
		want    string
	}{
		{pinned, "a.results.csv", ""},
		{pinned, "", ""},
		{pinned, "b.results.csv", `this journal belongs to the results file "a.results.csv", not to "b.results.csv"`},
		{other, "", `this results file was begun with another account: "acme", now "other"`},
		{without, "", `this results file was begun with another key rule: "column Id", now none`},
		{input, "", "this results file belongs to another input: without a key in the mapping, its journal knows the rows by their content only"},
	} {
		if got := begun(tt.h, tt.results); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

func TestWhoHoldsTheJournal(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.Local)
	for _, tt := range []struct {
		begin Begin
		want  string
	}{
		{Begin{}, "another run holds PATH"},
		{Begin{Process: 7, Host: "here", Input: "in.csv", At: at}, "another run (process 7 on here, since 2026-01-02 03:04:05, reading in.csv) holds PATH"},
		{Begin{Process: 7, Host: "here", At: at, Undo: true}, "an undo (process 7 on here, since 2026-01-02 03:04:05) holds PATH"},
	} {
		path := filepath.Join(t.TempDir(), "x.journal")
		j, err := Open(path, pin, tt.begin)
		must(t, err)
		// It is found behind whatever the run has written since, more than is read at once.
		for range 5 {
			must(t, j.Note(Span{What: Outage, Why: strings.Repeat("x", 300_000)}))
		}
		_, err = Open(path, pin, Begin{})
		if err == nil || strings.ReplaceAll(err.Error(), path, "PATH") != tt.want {
			t.Errorf("%v, want %s", err, tt.want)
		}
		must(t, j.Close())
	}

	// Wherever what is read at once ends.
	path := filepath.Join(t.TempDir(), "x.journal")
	j, err := Open(path, pin, Begin{Process: 7, Input: strings.Repeat("x", 300)})
	must(t, err)
	beginning := len(read(t, path))
	overhead := len(seal(nil, j.number+1, 'P', asJSON(Span{What: Outage, Why: "x"}))) - 1
	must(t, j.Note(Span{What: Outage, Why: strings.Repeat("x", 1<<20-150-overhead)}))
	if size := len(read(t, path)); size != beginning+1<<20-150 {
		t.Fatalf("%d bytes behind the beginning", size-beginning)
	}
	var held *HeldError
	if _, err := Open(path, pin, Begin{}); !errors.As(err, &held) || held.Holder.Process != 7 {
		t.Errorf("%v", err)
	}
	must(t, j.Close())
}

func TestPlacesWhereNoJournalCanBe(t *testing.T) {
	dir := t.TempDir()
	for _, open := range []func() (*Journal, error){
		func() (*Journal, error) { return Open(dir, pin, Begin{}) },
		func() (*Journal, error) { return Open(filepath.Join(dir, "none", "x.journal"), pin, Begin{}) },
		func() (*Journal, error) {
			return PlanUndo(dir, Header{Account: "acme", BaseURL: "https://api.example"}, Begin{})
		},
		func() (*Journal, error) { return Peek(dir, pin, "") },
	} {
		if j, err := open(); err == nil || j != nil {
			t.Errorf("%v, %v", j, err)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%v is left behind", left)
	}
}

// A journal that was damaged says where, with the name of its file.
func TestDamageHasAPlace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.journal")
	must(t, os.WriteFile(path, file(header, "C 3\t0"), 0o600))
	_, opened := Open(path, pin, Begin{})
	_, peeked := Peek(path, pin, "")
	for _, err := range []error{opened, peeked} {
		if err == nil || !strings.HasPrefix(err.Error(), path+", line 1: the journal is damaged: rows that may have been sent") {
			t.Errorf("%v", err)
		}
	}
	// It is not locked any more.
	must(t, os.Remove(path))
	j, err := Open(path, pin, Begin{})
	must(t, err)
	must(t, j.Close())
}

// Only what nobody can miss is removed.
func TestWhatIsDiscarded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.journal")
	for _, tt := range []struct {
		name string
		live func(*Journal) error
		gone bool
	}{
		{"nothing", func(*Journal) error { return nil }, true},
		{"rows that were released", func(j *Journal) error {
			return errors.Join(j.Claim([]Claim{claimOf(0)}), j.Release([]ID{idOf(0)}))
		}, true},
		{"a claim among others", func(j *Journal) error {
			return errors.Join(j.Claim([]Claim{claimOf(0), claimOf(1), claimOf(2)}), j.Release([]ID{idOf(0), idOf(2)}))
		}, false},
		{"an outcome", func(j *Journal) error { return j.Record(Outcome{ID: idOf(0), State: Failed, Row: 1, Line: lineOf(0)}) }, false},
	} {
		j, err := Open(path, pin, Begin{})
		must(t, err)
		if !j.Made() {
			t.Errorf("%s: it was there before", tt.name)
		}
		must(t, tt.live(j))
		must(t, j.Discard())
		if _, err := os.Stat(path); (err != nil) != tt.gone {
			t.Errorf("%s: %v", tt.name, err)
		}
		if j, err = Open(path, pin, Begin{}); err != nil || j.Made() != tt.gone {
			t.Fatalf("%s: %v", tt.name, err)
		}
		must(t, j.Discard())
		os.Remove(path)
	}
}

// A journal of an older version is read, and says from then on that a newer one has
// written to it, so that the older one refuses it.
func TestOlderJournalsAreBroughtForward(t *testing.T) {
	lines := func(format int) []byte {
		if format == 1 { // its lines have no numbers
			var data []byte
			for _, l := range []string{strings.Replace(header, `"format":4`, `"format":1`, 1), `{"input":"old.csv"}`, "1\t1\t" + strings.Repeat("0", 32) + "\t1\t\"k\"\t\"t\"\t0000000000000000"} {
				data = append(append(data, reseal(append([]byte("00000000 "+string("HBC"[min(2, bytes.Count(data, []byte("\n")))])+" "), l...))...), '\n')
			}
			return data
		}
		return file(strings.Replace(header, `"format":4`, fmt.Sprintf(`"format":%d`, format), 1), `B {"input":"old.csv"}`, "C 1\t1\t"+strings.Repeat("0", 32)+"\t1\t\"k\"\t\"t\"\t0000000000000000")
	}
	for f := 1; f <= format; f++ {
		torn := newMem() // its last line break is lost
		torn.data = lines(f)[:len(lines(f))-1]
		for range 2 {
			if s := reopen(t, torn).State(ID{}); s != Claimed {
				t.Errorf("format %d, torn: state %q", f, s)
			}
		}
		path := filepath.Join(t.TempDir(), "x.journal")
		old := lines(f)
		must(t, os.WriteFile(path, old, 0o600))
		for range 2 {
			j, err := Open(path, pin, Begin{})
			must(t, err)
			if j.State(ID{}) != Claimed || j.Made() {
				t.Errorf("format %d: state %q", f, j.State(ID{}))
			}
			must(t, j.Close())
			if h, err := Walk(path, func(Step) error { return nil }); err != nil || h.Format != format || h.Account != pin.Account {
				t.Errorf("format %d: the header is %+v, %v", f, h, err)
			}
			if now := read(t, path); len(now) <= len(old) || now[bytes.IndexByte(old, '\n'):len(old)] != string(old[bytes.IndexByte(old, '\n'):]) {
				t.Errorf("format %d: its lines are %s", f, now)
			}
		}
	}
	for _, h := range []string{`"format":0`, `"format":-1`, `"format":5`, `"format":"x"`} {
		m := newMem()
		m.data = file(strings.Replace(header, `"format":4`, h, 1))
		if _, err := m.open(pin); err == nil || !strings.Contains(err.Error(), "newer version") {
			t.Errorf("%s: %v", h, err)
		}
	}
}
