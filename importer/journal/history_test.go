package journal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// lines of a journal whose checksums are right, whatever they say.
func file(header string, rest ...string) []byte {
	data := seal(nil, 1, 'H', []byte(header))
	for i, l := range rest {
		data = seal(data, i+2, l[0], []byte(l[2:]))
	}
	return data
}

var header = string(asJSON(Header{Format: format, Account: pin.Account, BaseURL: pin.BaseURL, KeyRule: pin.KeyRule}))

func walk(t testing.TB, data []byte) (steps []Step, h Header, err error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.journal")
	must(t, os.WriteFile(path, data, 0o600))
	h, err = Walk(path, func(s Step) error {
		s.Claims, s.Released = append([]ID(nil), s.Claims...), append([]ID(nil), s.Released...)
		if s.Outcome != nil {
			s.Outcome.Line, s.Outcome.Memo = bytes.Clone(s.Outcome.Line), bytes.Clone(s.Outcome.Memo)
		}
		steps = append(steps, s)
		return nil
	})
	return steps, h, err
}

func TestHistoryIsWhatWasWritten(t *testing.T) {
	m := newMem()
	beginning := Begin{Input: "in.csv", Results: "in.results.csv", Field: "text1", Process: 7, At: time.Unix(1000, 0).UTC()}
	j := begin(t, m, beginning)
	outcome := Outcome{ID: idOf(0), State: Created, Row: 1, Sent: time.Second, Sum: [8]byte{1, 2}, Memo: []byte("memo"), Line: lineOf(0)}
	found := Outcome{ID: idOf(4), State: Incomplete, Row: 5, Line: lineOf(4)}
	span := Span{What: Outage, Begin: time.Second, End: time.Minute, Why: "it said so"}
	end := End{Left: 3, Lived: time.Hour, Size: 99, Time: time.Unix(2000, 0).UTC(), Extra: 1, Report: "sum", Whole: true}
	must(t, j.Claim([]Claim{claimOf(0), claimOf(1), claimOf(2)}))
	must(t, j.Remember([]Claim{claimOf(3)}))
	must(t, j.Record(outcome))
	must(t, j.Record(found))
	must(t, j.Release([]ID{idOf(1), idOf(2)}))
	must(t, j.Release(nil))
	must(t, j.Note(span))
	must(t, j.NoteLived(time.Minute))
	must(t, j.MayUndo(idOf(0), "1000"))
	must(t, j.End(end))
	beginning.Format = format
	want := []Step{
		{Begin: &beginning},
		{Claims: []ID{idOf(0), idOf(1), idOf(2)}},
		{Claims: []ID{idOf(3)}},
		{Outcome: &outcome},
		{Outcome: &found},
		{Released: []ID{idOf(1), idOf(2)}},
		{Span: &span},
		{Lived: time.Minute},
		{Undoing: &Undoing{idOf(0), "1000", May}},
		{End: &end},
	}
	whole := m.data
	for _, tt := range []struct {
		name string
		data []byte
		want []Step
	}{
		{"whole", whole, want},
		{"while its last line is written", whole[:len(whole)-1], want[:len(want)-1]},
		{"with a line that is no longer what it was", bytes.Replace(whole, []byte(`"what":"outage"`), []byte(`"what":"OUTAGE"`), 1), append(want[:6:6], want[7:]...)},
	} {
		steps, h, err := walk(t, tt.data)
		must(t, err)
		if h.Account != pin.Account || h.Format != format {
			t.Errorf("%s: header %+v", tt.name, h)
		}
		if len(steps) != len(tt.want) {
			t.Fatalf("%s: %d steps, want %d", tt.name, len(steps), len(tt.want))
		}
		for i := range steps {
			if !reflect.DeepEqual(steps[i], tt.want[i]) {
				t.Errorf("%s, step %d: %+v, want %+v", tt.name, i, steps[i], tt.want[i])
			}
		}
	}
}

func TestHistoryOfOtherFiles(t *testing.T) {
	for name, tt := range map[string]struct {
		data []byte
		want string // of the error, "" if there is none
	}{
		"nothing":                {nil, "the journal is empty"},
		"another file":           {[]byte("hello\n"), "does not begin as a journal"},
		"no header":              {seal(nil, 1, 'B', []byte("{}")), "does not begin as a journal"},
		"a spoilt header":        {file("{"), "does not begin as a journal"},
		"a newer version":        {file(strings.Replace(header, fmt.Sprintf(`"format":%d`, format), fmt.Sprintf(`"format":%d`, format+1), 1)), "newer version"},
		"an older version":       {file(strings.Replace(header, fmt.Sprintf(`"format":%d`, format), `"format":1`, 1)), ""},
		"lines that say nothing": {file(header, "B x", "C x", "C 1\tx", "C 1\t1\tx", "O x", "X x", "P x", "T x", "E x"), ""},
	} {
		steps, _, err := walk(t, tt.data)
		if len(steps) > 0 {
			t.Errorf("%s: %+v", name, steps)
		}
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Of a release, what can be read counts.
	steps, _, err := walk(t, file(header, fmt.Sprintf("R x\t%x\t%x0", idOf(1), idOf(2))))
	must(t, err)
	if len(steps) != 1 || len(steps[0].Released) != 1 || steps[0].Released[0] != idOf(1) {
		t.Errorf("%+v", steps)
	}
	wrong := errors.New("enough")
	path := filepath.Join(t.TempDir(), "x.journal")
	must(t, os.WriteFile(path, file(header, "T 1s", "T 2s"), 0o600))
	n := 0
	if _, err := Walk(path, func(Step) error { n++; return wrong }); !errors.Is(err, wrong) || n != 1 {
		t.Errorf("%d steps behind an error: %v", n, err)
	}
}

// An outcome comes back as it was written, with and without what not every one has.
func TestOutcomesComeBack(t *testing.T) {
	m := newMem()
	j := reopen(t, m)
	var want []Outcome
	for n := range 16 {
		o := Outcome{ID: idOf(n), State: Created, Row: n + 1, Line: lineOf(n)}
		if n&1 != 0 {
			o.Sent = time.Duration(n)
		}
		if n&2 != 0 {
			o.Sum = [8]byte{0, 0, 0, 0, 0, 0, 0, byte(n)}
			o.Memo = []byte{}
		}
		if n&4 != 0 && n&2 != 0 {
			o.Memo = []byte("~ what it holds")
		}
		if n&8 != 0 {
			o.Line = []byte{}
		}
		want = append(want, o)
		must(t, j.Record(o))
	}
	var got []Outcome
	must(t, j.History(func(o Outcome) error {
		o.Line, o.Memo = bytes.Clone(o.Line), bytes.Clone(o.Memo)
		got = append(got, o)
		return nil
	}))
	if len(got) != len(want) {
		t.Fatalf("%d outcomes, want %d", len(got), len(want))
	}
	for i := range got {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("%+v, want %+v", got[i], want[i])
		}
	}
}

func TestClaimsComeBack(t *testing.T) {
	j := reopen(t, newMem())
	want := []Claim{claimOf(0), claimOf(1), claimOf(2)}
	must(t, j.Claim(want[:2]))
	must(t, j.Remember(want[2:]))
	must(t, j.Record(Outcome{ID: idOf(0), State: Failed, Row: 1, Line: lineOf(0)}))
	var got []Claim
	must(t, j.Claims(func(c Claim) error { got = append(got, c); return nil }))
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	if j.Open() != 2 || j.Size() != 3 {
		t.Errorf("%d of %d rows have no outcome", j.Open(), j.Size())
	}
}

// A line that says nothing sensible under a good checksum was written by no version of
// this program: what carries the promise is refused with its place, the rest is read past.
func TestLinesThatSayNothing(t *testing.T) {
	id := fmt.Sprintf("%x", idOf(0))
	claim := "C 1\t1\t" + id + "\t1\t\"k\"\t\"t\"\t0000000000000000"
	for _, tt := range []struct {
		line string
		want string // what is said of it, "" if it is read past
	}{
		{"C x", "a chunk has no number"},
		{"C 3\t0", "chunk 2 is missing, chunk 3 follows"},
		{"O x", "an outcome cannot be read"},
		{"O " + id + "\tCC\t1\t{}", "an outcome cannot be read"},
		{"O " + id + "\tC\tx\t{}", "an outcome cannot be read"},
		{"O " + id + "\tC\t1\tx\t{}", "an outcome cannot be read"},
		{"O " + id + "\tC\t1\t~\t{}", "an outcome cannot be read"},
		{"O " + id + "\tC\t1\t~00000000000000\t{}", "an outcome cannot be read"},
		{"O " + id + "\tC\t1\t~000000000000000\t{}", "an outcome cannot be read"},
		{"O " + id + "\tC\t1\t~000000000000000x\t{}", "an outcome cannot be read"},
		{"O " + id + "\tC\t1\t~0000000000000001\t{}", ""},
		{"O " + fmt.Sprintf("%x", idOf(7)) + "\tC\t1\t{}", "an outcome stands there of a row that was never claimed"},
		{"A " + fmt.Sprintf("%x", idOf(7)) + "\tC\t1\t{}", ""},
		{"X x", "an undo cannot be read"},
		{"X " + id + "\tperhaps\t\"1\"", "an undo cannot be read"},
		{"X " + id + "\tmay\t1", "an undo cannot be read"},
		{"B x", "the beginning of a run cannot be read"},
		{"R x", ""}, {"L x", ""}, {"F x", ""}, {"K x", ""}, {"S x", ""}, {"T x", ""}, {"E x", ""}, {"P x", ""}, {"Z x", ""},
	} {
		m := newMem()
		m.data = file(header, `B {"input":"in.csv"}`, claim, tt.line)
		j, err := m.open(pin)
		if tt.want == "" {
			if err != nil {
				t.Errorf("%q: %v", tt.line, err)
			} else if j.Lag() != 0 || j.Rate() != 0 || len(j.Altered()) != 0 || j.Last().Ended {
				t.Errorf("%q says something", tt.line)
			}
			continue
		}
		var damage *DamageError
		if !errors.As(err, &damage) || !strings.Contains(err.Error(), tt.want) || damage.Line != 4 && !strings.HasPrefix(tt.line, "C 3") {
			t.Errorf("%q: %v", tt.line, err)
		}
	}
}
