package history

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"caseimport/importer/identity"
	"caseimport/importer/journal"
	"caseimport/importer/lifecycle"
	"caseimport/importer/results"
)

// files are what runs have left in a folder of its own.
type files struct {
	*testing.T
	Config
	journal *journal.Journal
}

func newFiles(t *testing.T) *files {
	at := func(name string) string { return filepath.Join(t.TempDir(), name) }
	return &files{T: t, Config: Config{Results: at("x.csv"), Journal: at("x.journal"), Verify: at("x.verify.csv"), Report: "x.failed.csv"}}
}

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func (f *files) check(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

// run begins one.
func (f *files) run(at time.Time) {
	j, err := journal.Open(f.Journal, journal.Header{Account: "acme", BaseURL: "https://api", KeyRule: "column id"},
		journal.Begin{Input: "/data/in.csv", Mapping: "m1", Version: "v9", At: at, Field: "text1"})
	f.check(err)
	f.journal = j
}

func (f *files) claim(keys ...string) {
	var claims []journal.Claim
	for i, key := range keys {
		claims = append(claims, journal.Claim{ID: identity.Key(key), Number: i + 1, Key: key, Title: "T"})
	}
	f.check(f.journal.Claim(claims))
}

func (f *files) outcome(key string, s journal.State, line results.Line) {
	line.Row, line.Key = max(line.Row, 1), key
	text, err := json.Marshal(line)
	f.check(err)
	f.check(f.journal.Record(journal.Outcome{ID: identity.Key(key), State: s, Row: line.Row, Line: text}))
}

func (f *files) created(key string, at time.Time) {
	f.outcome(key, journal.Created, results.Line{Status: results.Created, CaseID: "7", HTTPStatus: 201, Attempts: 1, FinishedAt: at})
}

func (f *files) end(e journal.End) {
	f.check(f.journal.End(e))
	f.check(f.journal.Close())
}

func (f *files) read() *History {
	f.Helper()
	h, err := Read(f.Config)
	f.check(err)
	return h
}

func TestRowsAndDoubtsOverSeveralRuns(t *testing.T) {
	f := newFiles(t)
	f.run(noon)
	f.claim("a", "b", "c", "d", "e", "g", "h")
	f.created("a", noon.Add(time.Second))
	f.outcome("b", journal.Created, results.Line{Status: results.Created, CaseID: "8", Attempts: 1, FinishedAt: noon.Add(2 * time.Second)}) // looked up
	f.outcome("c", journal.Unknown, results.Line{Status: results.Unknown, ErrorCode: "timeout", Attempts: 1})
	f.outcome("d", journal.Failed, results.Line{Status: results.Failed, HTTPStatus: 400, ErrorCode: "bad_request", ErrorMessage: `title "A secret" of bob@example.com is bad`, Row: 4})
	f.outcome("h", journal.Failed, results.Line{Status: results.Failed, HTTPStatus: 400, ErrorCode: "bad_request", ErrorMessage: `title "Another" of eve@example.com is bad`, Row: 3})
	f.check(f.journal.NoteLived(9 * time.Second))
	f.check(f.journal.Close()) // killed: e and g have no outcome

	f.run(noon.Add(time.Hour))
	f.created("c", noon.Add(time.Hour))
	f.outcome("e", journal.Failed, results.Line{Status: results.Failed, ErrorCode: "absent"})
	f.claim("i")
	f.outcome("i", journal.Incomplete, results.Line{Status: "incomplete", CaseID: "9", HTTPStatus: 400, FinishedAt: noon.Add(time.Hour), ErrorMessage: "a closed case"})
	f.claim("l")
	f.outcome("l", journal.Incomplete, results.Line{Status: "incomplete", CaseID: "10", HTTPStatus: 400, ErrorCode: lifecycle.CodeLocked, FinishedAt: noon.Add(time.Hour), ErrorMessage: "resolved"})
	f.end(journal.End{Left: 2, Lived: time.Minute})
	lines := "row,key,status,case_id,http_status,error_code,error_message,error_fields,attempts,finished_at\n" +
		`7,h,invalid,,,,"priority: ""x"" is not one",priority: is not one,0,2026-11-26T13:00:00Z` + "\n" +
		`8,a,duplicate,,,,row 1 has it,,0,2026-11-26T13:00:00Z` + "\n" +
		`4,d,failed,,400,bad_request,whatever,,1,2026-11-26T13:00:00Z` + "\n"
	f.check(os.WriteFile(f.Results, []byte(lines), 0o600))

	h := f.read()
	if got := fmt.Sprint(h.Rows); got != "[{created 3} {incomplete 2} {failed 2} {invalid 1} {duplicate 1} {in doubt 1}]" || h.Total != 10 {
		t.Error(got)
	}
	if slices.ContainsFunc(h.Reasons, func(r Reason) bool { return r.Text == "whatever" }) {
		t.Errorf("a reason of the results, though the journal has it: %+v", h.Reasons)
	}
	if h.Doubts != (Doubts{Found: 1, LaterFound: 1, LaterNone: 1, Open: 1}) {
		t.Errorf("%+v", h.Doubts)
	}
	if len(h.Runs) != 2 || h.Runs[0].Ended || h.Runs[0].Created != 2 || h.Runs[0].Seconds != 9 || !h.Runs[1].Ended || h.Runs[1].Left != 2 || h.Runs[1].Created != 3 || h.Runs[1].Seconds != 60 {
		t.Errorf("%+v", h.Runs)
	}
	if h.Account != "acme" || h.Mapping != "m1" || h.Version != "v9" || h.Verify != nil {
		t.Errorf("%+v", h)
	}
	if all := strings.Join(h.Left, "\n"); !strings.Contains(all, "left 2 rows") || !strings.Contains(all, "4 rows without a case") || !strings.Contains(all, "1 case not updated as asked: run the same command again") ||
		!strings.Contains(all, "1 case not updated, and nothing is wrong with its row: it is resolved or closed in Talkdesk. If a case is reopened there, the next run with --update") ||
		!strings.Contains(all, "1 row of which it cannot be told") || !strings.Contains(all, "have not been verified") {
		t.Error(all)
	}
}

// A case that is updated after its creation has an outcome for each.
func TestCaseThatIsUpdatedAfterwardsIsOne(t *testing.T) {
	f := newFiles(t)
	f.run(noon)
	f.claim("a")
	for _, o := range []journal.Outcome{
		{State: journal.Incomplete, Line: []byte(`{"row":1,"key":"a","status":"incomplete","case_id":"1","attempts":1,"finished_at":"2026-11-26T12:00:01Z"}`)},
		{State: journal.Created, Line: []byte(`{"row":1,"key":"a","status":"created","case_id":"1","http_status":201,"attempts":1,"finished_at":"2026-11-26T12:00:02Z"}`)},
	} {
		o.ID, o.Row, o.Sent = identity.Key("a"), 1, time.Second
		f.check(f.journal.Record(o))
	}
	f.end(journal.End{})
	h := f.read()
	if h.Total != 1 || h.Runs[0].Created != 1 || h.Runs[0].Incomplete != 0 || h.Doubts != (Doubts{}) || len(h.Reasons) != 0 {
		t.Errorf("%+v", h)
	}
}

// TestLockedCaseThatWasToldBefore is no update that a later run owes.
func TestLockedCaseThatWasToldBefore(t *testing.T) {
	f := newFiles(t)
	line := results.Line{Status: results.Incomplete, CaseID: "1", HTTPStatus: 400, ErrorCode: lifecycle.CodeLocked, ErrorMessage: "resolved"}
	f.run(noon)
	f.claim("a")
	f.outcome("a", journal.Incomplete, line)
	f.end(journal.End{})
	f.run(noon.Add(time.Hour))
	line.Status, line.HTTPStatus = results.Created, 0
	f.outcome("a", journal.Incomplete, line)
	f.end(journal.End{})
	h := f.read()
	if got := fmt.Sprint(h.Rows); got != "[{created 1}]" || h.Runs[0].Incomplete != 1 || h.Runs[1].Incomplete != 0 {
		t.Errorf("%s, %+v", got, h.Runs)
	}
	if all := strings.Join(h.Left, "\n"); strings.Contains(all, "as asked") || !strings.Contains(all, "nothing is wrong with its row: it is resolved") {
		t.Error(all)
	}
}

func TestUndoAndAdoptInTheHistory(t *testing.T) {
	f := newFiles(t)
	open := func(b journal.Begin) {
		j, err := journal.Open(f.Journal, journal.Header{Account: "acme", BaseURL: "https://api", KeyRule: "column id"}, b)
		f.check(err)
		f.journal = j
	}
	for range 2 { // an adopted import is begun twice
		open(journal.Begin{Adopt: true, At: noon})
		f.check(f.journal.Close())
	}
	f.run(noon.Add(time.Hour))
	f.claim("a", "b", "c")
	f.created("a", noon.Add(time.Hour))
	f.outcome("b", journal.Unknown, results.Line{Status: results.Unknown})
	f.end(journal.End{})
	f.run(noon.Add(2 * time.Hour))
	f.check(f.journal.Release([]journal.ID{identity.Key("c")}))
	f.end(journal.End{})
	open(journal.Begin{Undo: true, At: noon.Add(3 * time.Hour)})
	f.check(f.journal.MayUndo(identity.Key("a"), "7"))
	f.check(f.journal.Undo(identity.Key("a"), "7"))
	f.end(journal.End{})
	h := f.read()
	if got := fmt.Sprint(h.Rows); got != "[{created 0} {unknown 1} {undone 1}]" || h.Doubts != (Doubts{LaterNone: 1, Open: 1}) {
		t.Errorf("%s, %+v", got, h.Doubts)
	}
	if len(h.Runs) != 4 || !h.Runs[0].Adopt || !h.Runs[3].Undo || h.Runs[3].Undone != 1 || h.Runs[1].Undone != 0 || !strings.Contains(strings.Join(h.Left, "\n"), "creates the undone cases again") {
		t.Errorf("%+v, %q", h.Runs, h.Left)
	}
}

func TestReasonsTellNoValues(t *testing.T) {
	for _, values := range []bool{false, true} {
		f := newFiles(t)
		f.Values = values
		f.run(noon)
		f.claim("a", "b", "c")
		for i, key := range []string{"a", "b", "c"} {
			f.outcome(key, journal.Failed, results.Line{Row: 3 - i, Status: results.Failed, HTTPStatus: 400, ErrorCode: "bad",
				ErrorMessage: fmt.Sprintf("no such person: \"Bob \\\"%d\\\" Smith\", bob%d@example.com, +35191234567%d, row %d; at most 150 characters", i, i, i, i)})
		}
		f.end(journal.End{})
		h := f.read()
		if len(h.Reasons) != 1 || h.Reasons[0].Rows != 3 || h.Reasons[0].Text != "no such person: …, … +…, row …; at most 150 characters" {
			t.Errorf("%+v", h.Reasons)
		}
		if got := h.Reasons[0].Examples; got[0].Key != "c" || got[2].Row != 3 || strings.Contains(got[0].Text, "Smith") != values {
			t.Errorf("%+v", got)
		}
		var b bytes.Buffer
		f.check(h.Page(&b))
		if strings.Contains(b.String(), "Smith") != values {
			t.Error("the page has, or lacks, the rows' values")
		}
	}
}

func TestPausesOutagesAndPace(t *testing.T) {
	f := newFiles(t)
	began := noon.Add(2 * time.Second) // steps begin at round times all the same
	f.run(began)
	f.claim("a", "b", "c")
	f.created("a", began)
	f.created("b", began.Add(25*time.Second))
	f.created("c", began.Add(100*time.Second))
	for _, s := range []journal.Span{
		{What: journal.Requests, Begin: 0, End: 30 * time.Second, Requests: 301, Throttled: 2},
		{What: journal.Pause, Begin: 5 * time.Second, End: 10 * time.Second, Why: "429"},
		{What: journal.Pause, Begin: 8 * time.Second, End: 20 * time.Second, Why: "429"},
		{What: journal.Outage, Begin: 40 * time.Second, End: 90 * time.Second, Why: "503"},
		{What: journal.Requests, Begin: 30 * time.Second, End: 120 * time.Second, Requests: 99},
	} {
		f.check(f.journal.Note(s))
	}
	f.end(journal.End{Lived: 2 * time.Minute})
	h := f.read()
	at := func(s int) time.Time { return began.Add(time.Duration(s) * time.Second) }
	if !slices.Equal(h.Pauses, []Stretch{{1, at(5), at(20), "429"}}) || !slices.Equal(h.Outages, []Stretch{{1, at(40), at(90), "503"}}) {
		t.Errorf("%v %v", h.Pauses, h.Outages)
	}
	cases, requests, throttled := 0, 0, 0
	for _, s := range h.Timeline.Steps {
		cases, requests, throttled = cases+s.Cases, requests+s.Requests, throttled+s.Throttled
	}
	if cases != 3 || requests != 400 || throttled != 2 || !h.Timeline.Begin.Equal(noon) || h.Timeline.Seconds != 5 || len(h.Timeline.Steps) != 25 || h.Runs[0].Requests != 400 {
		t.Errorf("%d cases, %d requests, %d throttled: %+v", cases, requests, throttled, h.Timeline)
	}
	var b bytes.Buffer
	f.check(h.Page(&b))
	for _, want := range []string{`class="outage"`, `class="pause"`, "Requests a second over time", "<title>outage of 50s</title>", "2026-11-26"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}

func TestLastVerify(t *testing.T) {
	f := newFiles(t)
	f.run(noon)
	f.end(journal.End{})
	text := "row,key,case_id,result,field,expected,found\n1,a,7,same,,,\n2,b,8,twice,,8,\"8, 9\"\n2,b,8,differs,title,\"A\nB\",C\n3,c,9,missing,,,\n"
	f.check(os.WriteFile(f.Verify, []byte(text), 0o600))
	for _, after := range []time.Duration{-time.Hour, time.Hour} {
		at := noon.Add(after)
		f.check(os.Chtimes(f.Verify, at, at))
		if h := f.read(); fmt.Sprint(h.Verify.Results) != "[{same 1} {differs 0} {missing 1} {twice 1} {unknown 0}]" || h.Verify.Rows != 3 || !h.Verify.At.Equal(at) || h.Verify.Stale != (after < 0) {
			t.Errorf("%+v", h.Verify)
		}
	}
	f.check(os.WriteFile(f.Verify, []byte("a,b\n"), 0o600))
	if _, err := Read(f.Config); err == nil || !strings.Contains(err.Error(), "not a verify file") {
		t.Error(err)
	}
}

// TestWhateverTheJournalHolds: a page comes of it, and its size is bounded.
func TestWhateverTheJournalHolds(t *testing.T) {
	f := newFiles(t)
	for n := range 110 {
		f.run(noon.AddDate(0, 0, n))
		var keys []string
		for i := range 5 {
			keys = append(keys, fmt.Sprintf("<script>%d-%d", n, i))
		}
		f.claim(keys...)
		for i, key := range keys {
			f.outcome(key, journal.Failed, results.Line{Status: results.Failed, ErrorMessage: strings.Repeat(fmt.Sprintf("<b>&%c%c ", 'a'+n%26, 'a'+i%26), 300)})
			f.check(f.journal.Note(journal.Span{What: journal.Pause, Begin: time.Duration(2*i) * time.Minute, End: time.Duration(2*i)*time.Minute + time.Second}))
		}
		f.end(journal.End{Lived: time.Hour})
	}
	h := f.read()
	var b bytes.Buffer
	f.check(h.Page(&b))
	if b.Len() > 200<<10 || strings.Contains(b.String(), "<script>") || len(h.Runs) != maxRuns || h.Earlier != 10 || len(h.Pauses) != maxStretches || len(h.Reasons) != maxReasons || len(h.Reasons[0].Text) > 1010 {
		t.Errorf("%d bytes, %d runs, %d pauses", b.Len(), len(h.Runs), len(h.Pauses))
	}
}

// TestOutcomeThatCannotBeRead counts as unknown, and it is said why.
func TestOutcomeThatCannotBeRead(t *testing.T) {
	r := newReasons(false)
	if status := r.addJSON([]byte(`{"row":`)); status != results.Unknown {
		t.Error(status)
	}
	if all := r.sorted(); len(all) != 1 || all[0].Rows != 1 || !strings.Contains(all[0].Text, "cannot be read") || len(all[0].Examples) != 0 {
		t.Errorf("%+v", all)
	}
}
