package live

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"caseimport/importer/identity"
	"caseimport/importer/journal"
	"caseimport/importer/reads"
	"caseimport/importer/sandbox"
	"caseimport/importer/talkdesk"
	"caseimport/ratelimit"
)

// ask looks for 40 rows, ZD-1 to ZD-40, in a sandbox that holds cases for ZD-1 to
// ZD-9, the last with another title, and others beside.
func ask(t *testing.T, opt sandbox.Options, others int, state func(journal.ID) journal.State, rows int) (Report, talkdesk.Answer, []string) {
	t.Helper()
	opt.Lag = -1
	box, err := sandbox.Start("127.0.0.1:0", opt)
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	put := func(id int, title, key string) {
		if err := box.Server.Put(sandbox.Stored{ID: fmt.Sprint(id), Title: title, CustomFields: map[string]any{"text1": key}}); err != nil {
			t.Fatal(err)
		}
	}
	for n := range others {
		put(n+1, "Of somebody else", fmt.Sprint("X-", n))
	}
	for n := 1; n <= 9; n++ {
		put(others+n, map[bool]string{true: "Another title", false: fmt.Sprint("Ticket  ", n)}[n == 9], fmt.Sprint("ZD-", n))
	}
	api, err := talkdesk.New(talkdesk.Config{Account: "acme", BaseURL: box.URL, TokenURL: box.TokenURL, Timeout: 5 * time.Second,
		Credentials: talkdesk.Credentials{ClientID: "id", ClientSecret: "a long secret"}})
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	cfg := Config{Field: "text1", API: api, Reader: &reads.Reader{Limiter: ratelimit.New(0), Patience: time.Millisecond}, State: state, Rate: 5,
		Say: func(s string) { said = append(said, s) }}
	for n := 1; n <= rows; n++ {
		cfg.Rows = append(cfg.Rows, Row{Number: n, Key: fmt.Sprint("ZD-", n), Title: fmt.Sprint("Ticket ", n)})
	}
	r, a := Run(t.Context(), cfg)
	return r, a, said
}

func TestLive(t *testing.T) {
	for _, tt := range []struct {
		name       string
		opt        sandbox.Options
		others     int
		rows       int
		want       [4]int // create, already, other title, in doubt
		mostly     string // what was said first
		requests   int    // at most
		remarkable string
	}{
		{"by the list", sandbox.Options{}, 100, 40, [4]int{31, 8, 1, 0}, "reading the list of all 109 cases in the account: about 1 request, less than a second", 2, ""},
		{"one by one", sandbox.Options{}, 1200, 2, [4]int{0, 2, 0, 0}, "looking up 2 keys one by one: about 2 requests, less than a second", 4, ""},
		{"one by one, more of them", sandbox.Options{}, 20000, 40, [4]int{31, 8, 1, 0}, "looking up 40 keys one by one: about 40 requests, 8s or more", 42, ""},
		{"a list that is not whole", sandbox.Options{ListFaults: []sandbox.ListFault{sandbox.FirstPageAlways}}, 600, 40, [4]int{31, 8, 1, 0}, "reading the list", 60, "looked up one by one"},
		{"a total that is too small", sandbox.Options{ListFaults: []sandbox.ListFault{sandbox.TotalCapped}}, 700, 40, [4]int{31, 8, 1, 0}, "reading the list", 4, ""},
		{"a list that does not show the field", sandbox.Options{ListShape: sandbox.ShapeAbsent}, 0, 40, [4]int{31, 8, 1, 0}, "looking up 40 keys", 60, ""},
		{"nothing shows the field", sandbox.Options{ListShape: sandbox.ShapeAbsent, CaseShape: sandbox.ShapeAbsent}, 0, 40, [4]int{0, 0, 0, 40}, "looking up 40 keys", 5, "does not show this custom field"},
		{"the filter is ignored", sandbox.Options{ListFaults: []sandbox.ListFault{sandbox.FilterIgnored}}, 20100, 40, [4]int{0, 0, 0, 40}, "looking up 40 keys", 10, "ignores the search"},
		{"the filter is ignored, but the list is short", sandbox.Options{ListFaults: []sandbox.ListFault{sandbox.FilterIgnored}}, 10, 40, [4]int{31, 8, 1, 0}, "reading the list", 2, ""},
		{"the other filter", sandbox.Options{FilterForm: sandbox.FilterObject, ListShape: sandbox.ShapeArrayLabel}, 1200, 2, [4]int{0, 2, 0, 0}, "looking up 2 keys", 5, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, a, said := ask(t, tt.opt, tt.others, nil, tt.rows)
			if got := [4]int{r.Create, r.Already, r.OtherTitle, r.InDoubt}; a.Verdict != talkdesk.OK || got != tt.want || r.Keys != tt.rows {
				t.Errorf("%v, want %v: %+v %+v", got, tt.want, r, a)
			}
			if len(said) == 0 || !strings.HasPrefix(said[0], tt.mostly) || r.Requests > tt.requests {
				t.Errorf("%d requests, said %q", r.Requests, said)
			}
			if !strings.Contains(strings.Join(r.Remarks, "\n"), tt.remarkable) || tt.remarkable == "" && len(r.Remarks) > 0 {
				t.Errorf("remarks %q", r.Remarks)
			}
			if r.OtherTitle > 0 && !reflect.DeepEqual(r.Examples, []string{fmt.Sprintf(`row 9, key "ZD-9": case %d has it; title there "Another title", here "Ticket 9"`, tt.others+9)}) {
				t.Errorf("examples %q", r.Examples)
			}
		})
	}
}

func TestJournalIsAskedFirst(t *testing.T) {
	known := map[journal.ID]journal.State{
		identity.Key("ZD-1"): journal.Created, identity.Key("ZD-20"): journal.Created, // whatever the account says
		identity.Key("ZD-2"):  journal.Unknown,
		identity.Key("ZD-30"): journal.Claimed, identity.Key("ZD-31"): journal.Failed,
	}
	r, _, _ := ask(t, sandbox.Options{}, 0, func(id journal.ID) journal.State { return known[id] }, 40)
	if got := [5]int{r.Create, r.Already, r.OtherTitle, r.InDoubt, r.Remembered}; got != [5]int{29, 9, 1, 1, 2} {
		t.Errorf("%v %+v", got, r)
	}
	r, a, said := ask(t, sandbox.Options{}, 0, func(journal.ID) journal.State { return journal.Created }, 40)
	if r.Requests != 0 || r.Already != 40 || len(said) > 0 || a.Verdict != talkdesk.OK {
		t.Errorf("%+v %q", r, said)
	}
}

func TestAccountThatCannotBeAsked(t *testing.T) {
	if _, a, _ := ask(t, sandbox.Options{NoReadScope: true}, 0, nil, 1); !a.Denied {
		t.Errorf("%+v", a)
	}
	if _, a, _ := ask(t, sandbox.Options{ReadFaults: 100}, 0, nil, 1); a.Verdict != talkdesk.NotTaken {
		t.Errorf("%+v", a)
	}
}

// blindAPI lists a case that its search does not find.
type blindAPI struct{ reads.API }

func (blindAPI) Read(_ context.Context, q talkdesk.Query) (talkdesk.Page, talkdesk.Answer) {
	p := talkdesk.Page{Total: 0}
	if q.Key == "" {
		p = talkdesk.Page{Total: 100_000, Cases: []talkdesk.Found{{ID: "7", Key: "X-1", Shown: true}}}
	}
	return p, talkdesk.Answer{Verdict: talkdesk.OK, Status: 200}
}

func TestAbsenceIsNotBelievedFromASearchThatDoesNotFind(t *testing.T) {
	r, a := Run(t.Context(), Config{Rows: []Row{{Number: 1, Key: "ZD-1", Title: "t"}, {Number: 2, Key: "ZD-2", Title: "t"}}, Field: "text1", API: blindAPI{}, Reader: &reads.Reader{Limiter: ratelimit.New(0)}})
	if a.Verdict != talkdesk.OK || r.Create != 0 || r.InDoubt != 2 || len(r.Remarks) != 1 || !strings.Contains(r.Remarks[0], "does not find case 7") {
		t.Errorf("%+v %+v", r, a)
	}
}
