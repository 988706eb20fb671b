package verify

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"caseimport/importer/reads"
	"caseimport/importer/sandbox"
	"caseimport/importer/talkdesk"
	"caseimport/mapping"
	"caseimport/ratelimit"
)

const token = "verify-test-token"

// account is an account that an import of n rows has gone to.
type account struct {
	*testing.T
	box    *sandbox.Running
	client *talkdesk.Client
	rows   Rows
}

func newAccount(t *testing.T, n int, opt sandbox.Options) *account {
	opt.Token = token
	if opt.Lag == 0 {
		opt.Lag = -1
	}
	box, err := sandbox.Start("127.0.0.1:0", opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { box.Close() })
	client, err := talkdesk.New(talkdesk.Config{Account: "acme", BaseURL: box.URL, Credentials: talkdesk.Credentials{Token: token}, Concurrency: 8})
	if err != nil {
		t.Fatal(err)
	}
	a := &account{T: t, box: box, client: client, rows: Rows{Total: n, All: make([]Row, n)}}
	a.rows.All = a.rows.All[:0]
	for i := range n {
		a.rows.All = append(a.rows.All, Row{Number: i + 1, Key: fmt.Sprintf("ZD-%d", i+1), At: time.Now(), Case: aCase(i + 1)})
	}
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for i := worker; i < n; i += 8 {
				a.rows.All[i].CaseID = a.create(a.rows.All[i].Case)
			}
		})
	}
	group.Wait()
	return a
}

// aCase is what row n maps to.
func aCase(n int) mapping.Case {
	return mapping.Case{
		Title: fmt.Sprintf("Printer %d", n), Description: "It burns.\nStill.", Priority: "HIGH", RequesterName: "Ann", RequesterEmail: "Ann@Example.com",
		CustomFields: mapping.CustomFields{
			{Name: "text1", Value: fmt.Sprintf("ZD-%d", n)}, {Name: "drop_down1", Value: "001"}, {Name: "checkbox1", Value: true},
			{Name: "date1", Value: "2022-04-21T06:30:21Z"}, {Name: "decimal1", Value: json.Number("1.50")}, {Name: "multi_select1", Value: []string{"002", "001"}},
		},
		Notes: []mapping.Note{{Title: "First", Body: "Hello"}, {Body: "Bye", Public: true}},
	}
}

func (a *account) create(c mapping.Case) string {
	body, err := c.Body()
	if err != nil {
		a.Error(err)
	}
	answer := a.client.Create(a.Context(), body, "")
	if answer.Verdict != talkdesk.OK {
		a.Errorf("%+v", answer)
	}
	return answer.CaseID
}

// byHand makes a change in the account by hand.
func (a *account) byHand(method, path, body string) {
	a.Helper()
	req, err := http.NewRequestWithContext(a.Context(), method, a.box.URL+"/cm/core/va/cases"+path, bytes.NewReader([]byte(body)))
	if err != nil {
		a.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		a.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(res.Body)
		a.Fatalf("%s %s %s: %s %s", method, path, body, res.Status, said)
	}
}

func (a *account) verify() Report {
	a.Helper()
	r, answer := Run(a.Context(), Config{Rows: a.rows, Field: "text1", API: a.client,
		Reader: &reads.Reader{Limiter: ratelimit.New(0), Patience: time.Minute}, Settle: 1, Sample: 20})
	if answer.Verdict != talkdesk.OK {
		a.Fatalf("%+v", answer)
	}
	return r
}

// outcomes are the rows' results, by their numbers; those that are the same are left
// out.
func outcomes(r Report) map[int]Result {
	out := map[int]Result{}
	for line := range r.Lines() {
		if _, first := out[line.Row]; !first && line.Result != Same {
			out[line.Row] = line.Result
		}
	}
	return out
}

// TestFindsAllAndNothingElse alters an import (of 10,000 in its long form) by hand, in each form in which
// lists give custom fields.
func TestFindsAllAndNothingElse(t *testing.T) {
	n := 1000
	if os.Getenv("CASEIMPORT_LONG") != "" {
		n = 10_000
	}
	for _, tt := range []struct {
		shape  sandbox.Shape
		unseen bool // the list does not show custom fields
	}{
		{sandbox.ShapeWrapped, false}, {sandbox.ShapeText, false}, {sandbox.ShapeArrayLabel, false}, {sandbox.ShapeAbsent, true},
	} {
		t.Run(string(tt.shape), func(t *testing.T) {
			a := newAccount(t, n, sandbox.Options{ListShape: tt.shape})
			want := map[int]Result{}
			row := 7
			some := func(count int, change func(r *Row), result Result) {
				for range count {
					r := &a.rows.All[row-1]
					change(r)
					want[r.Number] = result
					row += n / 120
				}
			}
			some(40, func(r *Row) {
				changes := []string{`{"title":"Fax"}`, `{"priority":"LOW"}`, `{"description":"It burns."}`}
				if !tt.unseen {
					changes = append(changes, `{"custom_fields":{"drop_down1":{"value":"002"}}}`, `{"custom_fields":{"checkbox1":{"value":false}}}`,
						`{"custom_fields":{"multi_select1":{"value":["001"]}}}`, `{"custom_fields":{"date1":{"value":"2022-04-21T06:30:22Z"}}}`)
				}
				a.byHand("PATCH", "/"+r.CaseID, changes[r.Number%len(changes)])
			}, Differs)
			some(10, func(r *Row) { a.byHand("PATCH", "/"+r.CaseID, `{"notes":[{"note_body":"One more","public":false}]}`) }, Differs)
			some(20, func(r *Row) { a.byHand("DELETE", "?ids="+r.CaseID, "") }, Missing)
			some(10, func(r *Row) { a.create(r.Case) }, Twice)
			some(30, func(r *Row) { // its case lost a note
				lost := r.Case
				lost.Notes = lost.Notes[:1]
				a.byHand("DELETE", "?ids="+r.CaseID, "")
				r.CaseID = a.create(lost)
			}, Differs)

			r := a.verify()
			got, fewest := outcomes(r), (n+499)/500+20
			if tt.unseen {
				fewest += 20 + 10 // a sample, and others of the same title
				maps.DeleteFunc(got, func(_ int, result Result) bool { return result == Unknown })
				if r.Unknown < n-200 || r.Exit != 0 || len(r.Remarks) != 1 {
					t.Errorf("%d unknown, %q", r.Unknown, r.Remarks)
				}
			} else if r.Same != n-110 || r.Unknown != 0 || len(r.Remarks) > 0 {
				t.Errorf("%+v", r)
			}
			if !maps.Equal(got, want) {
				t.Errorf("found %d, want %d", len(got), len(want))
				for row := range want {
					if got[row] != want[row] {
						t.Errorf("row %d: %q, want %q", row, got[row], want[row])
					}
				}
			}
			if r.Requests > fewest*6/5+1 {
				t.Errorf("%d requests, %d would do", r.Requests, fewest)
			}
			t.Logf("%d requests (%d at least), %.2f s", r.Requests, fewest, r.Seconds)
		})
	}
}

// fake is an API that answers as a test wants.
type fake struct {
	reads.API
	reads.Users
	list   func(q talkdesk.Query) (talkdesk.Page, talkdesk.Answer)
	single func(id string) (*talkdesk.Case, talkdesk.Answer)
	asked  []string
	denied bool // it shows no agents
}

func (f *fake) Read(_ context.Context, q talkdesk.Query) (talkdesk.Page, talkdesk.Answer) {
	switch {
	case q.IDs != nil:
		f.asked = append(f.asked, fmt.Sprintf("%d ids", len(q.IDs)))
	default:
		f.asked = append(f.asked, fmt.Sprintf("page %d", q.Page))
	}
	return f.list(q)
}

func (f *fake) ReadCase(_ context.Context, id string) (*talkdesk.Case, talkdesk.Answer) {
	f.asked = append(f.asked, "case "+id)
	return f.single(id)
}

// ReadUsers knows Ann; nobody else's address is anybody's, and Eve's is two agents'.
func (f *fake) ReadUsers(_ context.Context, q talkdesk.UsersQuery) (talkdesk.UsersPage, talkdesk.Answer) {
	f.asked = append(f.asked, "agents")
	if f.denied {
		return talkdesk.UsersPage{}, talkdesk.Answer{Verdict: talkdesk.Rejected, Denied: true, Status: 403, Message: "no scope"}
	}
	return talkdesk.UsersPage{Agents: []talkdesk.Agent{
		{ID: "a", Email: "ann@example.com", Active: true}, {ID: "e", Email: "eve@example.com", Active: true}, {ID: "f", Email: "eve@example.com", Active: true},
	}}, reads.Done
}

func TestOwnersAreFoundByTheirAddresses(t *testing.T) {
	for _, tt := range []struct {
		name   string
		rows   Rows // what they say of owners whom nobody knows
		denied bool
		want   map[int]Result
		remark string
	}{
		{"no default", Rows{}, false, map[int]Result{2: Differs, 3: Unknown, 4: Unknown}, ""},
		{"a default", Rows{ownerElse: "a", ownerElseSet: true}, false, map[int]Result{2: Differs, 4: Unknown}, ""},
		{"another default", Rows{ownerElse: "x", ownerElseSet: true}, false, map[int]Result{2: Differs, 3: Differs, 4: Unknown}, ""},
		{"the agents are not shown", Rows{ownerElse: "a", ownerElseSet: true}, true, map[int]Result{1: Unknown, 2: Unknown, 3: Unknown, 4: Unknown}, "the agents cannot be read (no scope)"},
	} {
		t.Run(tt.name, func(t *testing.T) { testOwners(t, tt.rows, tt.denied, tt.want, tt.remark) })
	}
}

func testOwners(t *testing.T, rows Rows, denied bool, want map[int]Result, remark string) {
	rows.Total = 4
	for n, owner := range []string{"ann@example.com", "ann@example.com", "bob@example.com", "eve@example.com"} {
		rows.All = append(rows.All, Row{Number: n + 1, CaseID: strconv.Itoa(n + 1), Case: mapping.Case{Owner: owner}})
	}
	api := &fake{denied: denied, list: func(q talkdesk.Query) (talkdesk.Page, talkdesk.Answer) {
		if q.Page > 1 {
			return page(4), reads.Done
		}
		p := page(4, 1, 2, 3, 4)
		for i, id := range []string{"a", "e", "a", "e"} {
			p.Cases[i].Whole.Members["owner_id"] = id
		}
		return p, reads.Done
	}}
	r, a := Run(t.Context(), Config{Rows: rows, API: api, Reader: &reads.Reader{Limiter: ratelimit.New(0)}})
	if got := outcomes(r); a.Verdict != talkdesk.OK || !maps.Equal(got, want) {
		t.Errorf("%v, %+v", got, a)
	}
	if got := strings.Join(r.Remarks, "; "); (got == "") != (remark == "") || !strings.Contains(got, remark) {
		t.Errorf("said %q", got)
	}
}

var refused = talkdesk.Answer{Verdict: talkdesk.Unknown, Status: 400, Message: "no such parameter"}

func shown(n int) talkdesk.Found {
	id := strconv.Itoa(n)
	return talkdesk.Found{ID: id, Shown: true, Whole: &talkdesk.Case{ID: id, Members: map[string]string{"title": "T" + id}}}
}

func page(total int, numbers ...int) (p talkdesk.Page) {
	p.Total = total
	for _, n := range numbers {
		p.Cases = append(p.Cases, shown(n))
	}
	return p
}

// TestWhatIsAskedOfAnAwkwardAccount is for three cases, of which the list lacks some.
func TestWhatIsAskedOfAnAwkwardAccount(t *testing.T) {
	there := func(id string) (*talkdesk.Case, talkdesk.Answer) {
		n, _ := strconv.Atoi(id)
		return shown(n).Whole, reads.Done
	}
	gone := func(string) (*talkdesk.Case, talkdesk.Answer) {
		return nil, talkdesk.Answer{Verdict: talkdesk.Absent, Status: 404}
	}
	only := func(p talkdesk.Page) func(talkdesk.Query) (talkdesk.Page, talkdesk.Answer) {
		return func(q talkdesk.Query) (talkdesk.Page, talkdesk.Answer) {
			if q.IDs != nil || q.Page > 1 {
				return page(p.Total), reads.Done
			}
			return p, reads.Done
		}
	}
	for _, tt := range []struct {
		name    string
		age     time.Duration
		list    func(q talkdesk.Query) (talkdesk.Page, talkdesk.Answer)
		single  func(id string) (*talkdesk.Case, talkdesk.Answer)
		want    map[int]Result
		asked   string
		waits   time.Duration
		remarks int
	}{
		{"all is listed", time.Hour, only(page(3, 1, 2, 3)), gone, map[int]Result{}, "page 1, page 2", 0, 0},
		{"the list is late", time.Hour, only(page(2, 1, 2)), there, map[int]Result{}, "page 1, page 2, 1 ids, case 3", 0, 0},
		{"an old case is gone", time.Hour, only(page(2, 1, 2)), gone, map[int]Result{3: Missing}, "page 1, page 2, 1 ids, case 3", 0, 0},
		{"a new case is not there yet", time.Second, only(page(2, 1, 2)), gone, map[int]Result{3: Missing}, "page 1, page 2, 1 ids, case 3, case 3", 30 * time.Second, 0},
		{"the list repeats itself", time.Hour, func(q talkdesk.Query) (talkdesk.Page, talkdesk.Answer) {
			if q.IDs != nil {
				return page(1, 3), reads.Done
			}
			return page(3, 1, 2), reads.Done
		}, gone, map[int]Result{}, "page 1, page 2, page 3, 1 ids", 0, 1},
		{"no filter by time", time.Hour, func(q talkdesk.Query) (talkdesk.Page, talkdesk.Answer) {
			if q.IDs == nil {
				return talkdesk.Page{}, refused
			}
			return page(3, 3, 1, 2), reads.Done
		}, gone, map[int]Result{}, "page 1, 3 ids", 0, 1},
		{"no filter at all", time.Hour, func(talkdesk.Query) (talkdesk.Page, talkdesk.Answer) { return talkdesk.Page{}, refused }, there,
			map[int]Result{}, "page 1, 3 ids, case 1, case 2, case 3", 0, 1},
		{"no filter at all, of new cases", time.Second, func(talkdesk.Query) (talkdesk.Page, talkdesk.Answer) { return talkdesk.Page{}, refused }, there,
			map[int]Result{}, "page 1, 3 ids, case 1, case 2, case 3", 0, 1},
		{"a case that cannot be read", time.Hour, only(page(2, 1, 2)), func(string) (*talkdesk.Case, talkdesk.Answer) { return nil, refused },
			map[int]Result{3: Unknown}, "page 1, page 2, 1 ids, case 3", 0, 0},
		{"the list begins with the first case", time.Hour, func(q talkdesk.Query) (talkdesk.Page, talkdesk.Answer) {
			if q.Page > 1 || q.Created[0].After(time.Now().Add(-time.Hour)) {
				return page(0), reads.Done
			}
			return page(3, 1, 2, 3), reads.Done
		}, gone, map[int]Result{}, "page 1, page 2", 0, 0},
		{"the filter by ids is ignored", time.Hour, func(q talkdesk.Query) (talkdesk.Page, talkdesk.Answer) {
			if q.IDs == nil && q.Page == 1 {
				return page(9000, 8, 9), reads.Done
			}
			return page(9000, 8, 9, 10), reads.Done
		}, there, map[int]Result{}, "page 1, 3 ids, case 1, case 2, case 3", 0, 1},
		{"a busy account", time.Hour, func(q talkdesk.Query) (talkdesk.Page, talkdesk.Answer) {
			if q.IDs == nil {
				return page(9000, 1, 9), reads.Done
			}
			return page(2, 2, 3), reads.Done
		}, gone, map[int]Result{}, "page 1, 2 ids", 0, 1},
		{"a clock that is off", time.Hour, func(q talkdesk.Query) (talkdesk.Page, talkdesk.Answer) {
			p := page(0)
			if from := q.Created[0]; from.After(time.Now()) && q.Page == 1 {
				p = page(3, 1, 2, 3)
			}
			p.Dated, p.Ahead = true, 3*time.Hour
			return p, reads.Done
		}, gone, map[int]Result{}, "page 1, page 1, page 2", 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rows := Rows{Total: 3}
				for n := 1; n <= 3; n++ {
					rows.All = append(rows.All, Row{Number: n, CaseID: strconv.Itoa(n), At: time.Now().Add(-tt.age), Case: mapping.Case{Title: fmt.Sprintf("T%d", n)}})
				}
				api, began := &fake{list: tt.list, single: tt.single}, time.Now()
				r, a := Run(t.Context(), Config{Rows: rows, API: api, Reader: &reads.Reader{Limiter: ratelimit.New(0)}, Settle: 30 * time.Second, Sample: 2})
				if got := outcomes(r); a.Verdict != talkdesk.OK || !maps.Equal(got, tt.want) {
					t.Errorf("%v %+v", got, a)
				}
				if asked := strings.Join(api.asked, ", "); asked != tt.asked || r.Requests != len(api.asked) {
					t.Errorf("asked for %s, want %s", asked, tt.asked)
				}
				if took := time.Since(began); took.Round(time.Second) != tt.waits || len(r.Remarks) != tt.remarks {
					t.Errorf("took %v, said %q", took, r.Remarks)
				}
			})
		})
	}
}

func TestEmptyIsToldFromNotShown(t *testing.T) {
	with := func(n int, priority string) talkdesk.Found {
		f := shown(n)
		if priority != "" {
			f.Whole.Members["priority"] = priority
		}
		return f
	}
	for _, tt := range []struct {
		name   string
		listed []talkdesk.Found
		single string // the priority that a single case shows
		want   string
	}{
		{"shown", []talkdesk.Found{with(1, "HIGH"), with(2, "HIGH")}, "", "same same"},
		{"one lost it", []talkdesk.Found{with(1, "HIGH"), with(2, "")}, "", "same differs"},
		{"no list shows it", []talkdesk.Found{with(1, ""), with(2, "")}, "HIGH", "same unknown"},
		{"and in the sample it differs", []talkdesk.Found{with(1, ""), with(2, "")}, "LOW", "differs unknown"},
		{"nothing shows it", []talkdesk.Found{with(1, ""), with(2, "")}, "", "unknown unknown"},
	} {
		rows := Rows{Total: 2}
		for n := 1; n <= 2; n++ {
			rows.All = append(rows.All, Row{Number: n, CaseID: strconv.Itoa(n), Case: mapping.Case{Title: fmt.Sprintf("T%d", n), Priority: "HIGH"}})
		}
		api := &fake{list: func(q talkdesk.Query) (talkdesk.Page, talkdesk.Answer) {
			if q.Page > 1 {
				return page(2), reads.Done
			}
			return talkdesk.Page{Total: 2, Cases: tt.listed}, reads.Done
		}, single: func(id string) (*talkdesk.Case, talkdesk.Answer) {
			n, _ := strconv.Atoi(id)
			return with(n, tt.single).Whole, reads.Done
		}}
		r, _ := Run(t.Context(), Config{Rows: rows, API: api, Reader: &reads.Reader{Limiter: ratelimit.New(0)}, Sample: 1})
		var got []string
		for line := range r.Lines() {
			got = append(got, string(line.Result))
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, got, tt.want)
		}
	}
}

func TestWhatIsSaidOfARow(t *testing.T) {
	at := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name  string
		row   Row
		found *talkdesk.Case // nil: it was not read
		want  string
	}{
		{"the same", Row{Case: mapping.Case{Title: "A"}}, &talkdesk.Case{Members: map[string]string{"title": "A"}, CreatedAt: at, UpdatedAt: at.Add(time.Hour)}, "[same ]"},
		{"changed since", Row{Case: mapping.Case{Title: "A"}}, &talkdesk.Case{Members: map[string]string{"title": "B"}, CreatedAt: at, UpdatedAt: at.Add(time.Hour)},
			"[differs title differs update_at2026-11-26T13:00:00Z]"},
		{"not changed since", Row{Case: mapping.Case{Title: "A"}}, &talkdesk.Case{Members: map[string]string{"title": "B"}, CreatedAt: at, UpdatedAt: at.Add(time.Second)}, "[differs title]"},
		{"it cannot be mapped", Row{Fault: "no title"}, &talkdesk.Case{Members: map[string]string{"title": "B"}}, "[unknown no title]"},
		{"it was not read", Row{}, nil, "[unknown the case could not be read]"},
		{"a parent that is not known", Row{Open: []string{"parent_id"}}, &talkdesk.Case{}, "[unknown parent_idthe id that it should be is not known]"},
	} {
		f := finding{Row: &tt.row}
		if tt.found != nil {
			f.take(tt.found, &verification{})
		}
		var got []string
		for _, line := range f.lines(nil) {
			if line.Field == "title" {
				line.Found = ""
			}
			got = append(got, fmt.Sprintf("%s %s%s", line.Result, line.Field, line.Found))
		}
		if fmt.Sprint(got) != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, got, tt.want)
		}
	}
}

// Several notes of one case that are not shown are one field.
func TestNotesThatOneCaseLacksAreNotHidden(t *testing.T) {
	notes := []mapping.Note{{Body: "a"}, {Body: "b"}}
	all := []finding{{Row: &Row{Case: mapping.Case{Notes: notes}}}, {Row: &Row{Case: mapping.Case{Notes: notes}}}}
	v := &verification{findings: all}
	all[0].take(&talkdesk.Case{}, v)
	all[1].take(&talkdesk.Case{NotesShown: true, Notes: []talkdesk.Note{{Body: "a"}, {Body: "b"}}}, v)
	if got := v.hiddenIn(false); len(got) > 0 {
		t.Errorf("%v", got)
	}
}

// The case of a row that was looked up may be older than the row's record of it.
func TestTheListBeginsWithTheFirstCaseThatWasCreated(t *testing.T) {
	began := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	v := &verification{began: began, findings: []finding{
		{Row: &Row{At: began.Add(-time.Hour)}}, {Row: &Row{At: began.Add(-2 * time.Hour)}}, {Row: &Row{At: began.Add(-3 * time.Hour), Found: true}},
	}}
	if got := v.first(); !got.Equal(began.Add(-2 * time.Hour)) {
		t.Errorf("%v", got)
	}
}

func TestIDsThatAreAskedForTogether(t *testing.T) {
	for _, tt := range []struct{ ids, length, chunks int }{{0, 9, 0}, {1, 8000, 1}, {500, 4, 1}, {501, 4, 2}, {400, 26, 2}, {401, 26, 3}} {
		var all []*finding
		for range tt.ids {
			all = append(all, &finding{Row: &Row{CaseID: strings.Repeat("7", tt.length)}})
		}
		got := (&verification{}).chunks(all)
		sum := 0
		for _, chunk := range got {
			if sum += len(chunk); len(chunk) > talkdesk.PerPage || len(chunk) > 1 && len(chunk)*(tt.length+9) > maxIDs {
				t.Errorf("%d ids of %d together", len(chunk), tt.length)
			}
		}
		if len(got) != tt.chunks || sum != tt.ids {
			t.Errorf("%+v: %d requests for %d", tt, len(got), sum)
		}
	}
}
