package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// filled holds five cases, one of them put in.
func filled(t *testing.T, opt Options) *Server {
	s := newServer(opt)
	for _, body := range []string{
		`{"title":"Printer on fire","description":"It BURNS","priority":"HIGH","requester_name":"Ann Other","requester_email":"ann@example.com","custom_fields":{"text_key":"ZD-1","dropdown_region":"001","checkbox_vip":true}}`,
		`{"title":"printer off","description":"Cold","requester_name":"Bob","requester_email":"bob@example.com","owner_id":"o-1","custom_fields":{"text_key":"zd-10","multi_select_tags":["a","b"],"numeric_n":7}}`,
		`{"title":"Escaped \"\u00c9t\u00e9\"","description":"x","requester_name":"Bob","custom_fields":{"text_key":"","multi_line_text_log":"one\nTwo","dependent_field_d":["1","2"]}}`,
		`{"title":"No fields","description":"x","requester_type":"Agent","requester_name":"Cy"}`,
	} {
		mustCreate(t, s, body)
	}
	if err := s.Put(Stored{ID: "9", Title: "Put in", CustomFields: map[string]any{"text_key": "ZD-9<&>", "decimal_x": 1.5}}); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestListFilters(t *testing.T) {
	custom := func(label, value string) string { return `[{"label":"` + label + `","value":` + value + `}]` }
	tests := []struct {
		name  string
		query []string
		want  string // ids, oldest first
		exact string // the same with ExactMatch; "" for no difference
	}{
		{"none", nil, "1 2 3 4 9", ""},
		{"ids", []string{"ids", `["4","2","2","77"]`}, "2 4", ""},
		{"no ids", []string{"ids", `[]`}, "-", ""},
		{"title", []string{"title", "PRINTER"}, "1 2", "-"},
		{"whole title", []string{"title", "printer off"}, "2", ""},
		{"title with escapes", []string{"title", `"éTÉ`}, "3", "-"},
		{"description", []string{"description", "burns"}, "1", "-"},
		{"requester_name", []string{"requester_name", "bob"}, "2 3", "-"},
		{"requester_email", []string{"requester_email", "@example.com"}, "1 2", "-"},
		{"requester_phone", []string{"requester_phone", "1"}, "-", ""},
		{"requester_type", []string{"requester_type", "Agent"}, "4", ""},
		{"agent_id", []string{"agent_id", "o-1"}, "2", ""},
		{"agent_name", []string{"agent_name", "o"}, "-", ""},
		{"priority", []string{"priority", `["HIGH","LOW"]`}, "1", ""},
		{"status", []string{"status", "NEW"}, "1 3 4 9", ""},
		{"status of an assigned case", []string{"status", "OPEN"}, "2", ""},
		{"several statuses", []string{"status", `["OPEN","NEW"]`}, "1 2 3 4 9", ""},
		{"another status", []string{"status", "CLOSED"}, "-", ""},
		{"type", []string{"type", `["QUESTION"]`}, "1 2 3 4 9", ""},
		{"create_at", []string{"create_at", `["2000-01-01T00:00:00Z","2000-01-02T00:00:00Z"]`}, "-", ""},
		{"update_at", []string{"update_at", `["2000-01-01T00:00:00Z","2100-01-01T00:00:00Z"]`}, "1 2 3 4 9", ""},
		{"text field", []string{"custom_fields", custom("text_key", `"zd-1"`)}, "1 2", "-"},
		{"whole text field", []string{"custom_fields", custom("text_key", `"ZD-1"`)}, "1 2", "1"},
		{"empty text field", []string{"custom_fields", custom("text_key", `""`)}, "1 2 3 9", "3"},
		{"text field with escapes", []string{"custom_fields", custom("text_key", `"\u003c&"`)}, "9", "-"},
		{"text field that nobody has", []string{"custom_fields", custom("text_other", `"x"`)}, "-", ""},
		{"multi_line_text", []string{"custom_fields", custom("multi_line_text_log", `"two"`)}, "3", "-"},
		{"dropdown", []string{"custom_fields", custom("dropdown_region", `"001"`)}, "1", ""},
		{"part of a dropdown", []string{"custom_fields", custom("dropdown_region", `"00"`)}, "-", ""},
		{"checkbox", []string{"custom_fields", custom("checkbox_vip", `true`)}, "1", ""},
		{"numeric", []string{"custom_fields", custom("numeric_n", `7`)}, "2", ""},
		{"multi_select", []string{"custom_fields", custom("multi_select_tags", `"b"`)}, "2", ""},
		{"dependent_field", []string{"custom_fields", custom("dependent_field_d", `"1"`)}, "3", ""},
		{"two fields", []string{"custom_fields", `[{"label":"text_key","value":"zd"},{"label":"numeric_n","value":7}]`}, "2", "-"},
		{"filters are joined by and", []string{"title", "printer", "custom_fields", custom("text_key", `"zd-10"`)}, "2", "-"},
		{"ids and a filter", []string{"ids", `["1","2"]`, "title", "printer off"}, "2", ""},
	}
	for _, test := range tests {
		for _, exact := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, exact %v", test.name, exact), func(t *testing.T) {
				s := filled(t, Options{ExactMatch: exact})
				want := test.want
				if exact && test.exact != "" {
					want = test.exact
				}
				p := listIDs(t, s, append(test.query, "order_by", "create_at", "sort", "asc")...)
				if got := strings.Join(p.IDs, " "); got != strings.TrimPrefix(want, "-") || p.Total != len(p.IDs) {
					t.Errorf("got %q of %d, want %q", got, p.Total, want)
				}
			})
		}
	}
}

func TestListFindsByRequester(t *testing.T) {
	s := filled(t, Options{})
	var c struct {
		RequesterID string `json:"requester_id"`
	}
	decode(t, ask(s, "GET", casesPath+"/3", ""), &c)
	mustCreate(t, s, `{"title":"Again","description":"x","requester_name":"Bob"}`)
	if p := listIDs(t, s, "requester_id", c.RequesterID, "sort", "asc"); !slices.Equal(p.IDs, []string{"3", "10"}) {
		t.Errorf("%v", p.IDs)
	}
}

func TestListRefusesWhatItDoesNotKnow(t *testing.T) {
	tests := []struct{ query, want string }{
		{"perpage=1", "perpage: unknown parameter"},
		{"per_page=501", "per_page: must be a number from 1 to 500"},
		{"per_page=0", "per_page: must be a number"},
		{"page=0", "page: must be a number"},
		{"page=-1", "page: must be a number"},
		{"page=", "page: must be a number"},
		{"page=1&page=2", "page: is given twice"},
		{"sort=up", "sort: must be asc or desc"},
		{"order_by=colour", "order_by: must be create_at or update_at"},
		{"ids=1", "ids: must be a JSON array"},
		{"ids=[1]", "ids: must be a JSON array"},
		{`ids=["x"]`, "ids: must be a JSON array"},
		{`ids=[null]`, "ids: must be a JSON array"},
		{"priority=HIGH", "priority: must be a JSON array"},
		{`priority=["high"]`, "priority: each must be one of"},
		{`type=["x"]`, "type: each must be one of"},
		{"status=open", "status: must be one of"},
		{`create_at=["2022-04-21T06:30:21Z"]`, "create_at: must be a JSON array of two times"},
		{`create_at=["yesterday","today"]`, "create_at: must be a JSON array of two times"},
		{`update_at=2022`, "update_at: must be a JSON array of two times"},
		{`custom_fields={"label":"text_a","value":"x"}`, "custom_fields: must be a JSON array of"},
		{`custom_fields=[{"label":"text_a"}]`, "custom_fields: must be a JSON array of"},
		{`custom_fields=[{"name":"text_a","value":"x"}]`, "custom_fields: must be a JSON array of"},
		{`custom_fields=[{"label":"text_a","value":null}]`, "custom_fields: value of a text field must be a string"},
		{`custom_fields=[{"label":"dropdown_a","value":["x"]}]`, "custom_fields: must be a JSON array of"},
		{`custom_fields=[{"label":"colour","value":"x"}]`, "custom_fields: label begins with none of the nine prefixes"},
		{"title=%ff", "title: is not UTF-8"},
		{"title=%zz", "query: is malformed"},
	}
	for _, test := range tests {
		t.Run(test.query, func(t *testing.T) {
			a := ask(newServer(Options{}), "GET", casesPath+"?"+strings.NewReplacer(" ", "%20", `"`, "%22").Replace(test.query), "")
			if a.Code != http.StatusBadRequest {
				t.Fatalf("%d %s", a.Code, a.Body)
			}
			if got := faultsOf(t, a); len(got) != 1 || !strings.HasPrefix(got[0], test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	a := ask(newServer(Options{}), "GET", casesPath+"?sort=up&page=0&x=1", "")
	if got := faultsOf(t, a); len(got) != 3 {
		t.Errorf("not all faults at once: %q", got)
	}
	if a := ask(filled(t, Options{}), "GET", casesPath+"/1?per_page=1", ""); a.Code != http.StatusBadRequest {
		t.Errorf("a parameter for a single case: %d", a.Code)
	}
}

func TestListPages(t *testing.T) {
	s := newServer(Options{})
	for range 7 {
		mustCreate(t, s, caseWith(`"custom_fields":{"text_key":"k"}`))
	}
	if p := listIDs(t, s); p.Page != 1 || p.PerPage != 50 || p.Total != 7 || p.IDs[0] != "7" {
		t.Errorf("without parameters: %+v", p)
	}
	if p := listIDs(t, s, "page", "4", "per_page", "3"); len(p.IDs) != 0 || p.Total != 7 || p.Links["next"].Href != "" {
		t.Errorf("behind the end: %+v", p)
	}
	for _, test := range []struct{ sort, want string }{{"asc", "1 2 3 4 5 6 7"}, {"desc", "7 6 5 4 3 2 1"}} {
		for _, filter := range []string{"", byKey("text_key", "K")} {
			var got []string
			query := url.Values{"per_page": {"3"}, "sort": {test.sort}, "order_by": {"create_at"}}
			if filter != "" {
				query.Set("custom_fields", filter)
			}
			next := casesPath + "?" + query.Encode()
			for pages := 0; next != "" && pages < 9; pages++ {
				a := ask(s, "GET", next, "")
				var p struct {
					Links    map[string]struct{ Href string }     `json:"_links"`
					Embedded struct{ Data []struct{ ID string } } `json:"_embedded"`
				}
				decode(t, a, &p)
				for _, c := range p.Embedded.Data {
					got = append(got, c.ID)
				}
				if !strings.HasPrefix(p.Links["self"].Href, "http://example.com"+casesPath+"?") || (pages == 0) != (p.Links["prev"].Href == "") {
					t.Errorf("links of page %d: %v", pages+1, p.Links)
				}
				next = p.Links["next"].Href
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("%s, filter %q: %v", test.sort, filter, got)
			}
		}
	}
}

func TestListOrdersByUpdate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(Options{})
		for range 3 {
			mustCreate(t, s, caseWith())
		}
		time.Sleep(time.Second)
		ask(s, "PATCH", casesPath+"/2", `{"priority":"LOW"}`)
		if p := listIDs(t, s, "order_by", "update_at"); !slices.Equal(p.IDs, []string{"2", "3", "1"}) {
			t.Errorf("%v", p.IDs)
		}
		if p := listIDs(t, s, "order_by", "create_at"); !slices.Equal(p.IDs, []string{"3", "2", "1"}) {
			t.Errorf("%v", p.IDs)
		}
	})
}

func TestListFindsWhatAnUpdateMadeOfAField(t *testing.T) {
	s := filled(t, Options{})
	for _, value := range []string{"new", "newer", "new"} {
		if a := ask(s, "PATCH", casesPath+"/1", `{"custom_fields":{"text_key":{"value":"`+value+`"}}}`); a.Code != http.StatusOK {
			t.Fatal(a.Body)
		}
	}
	if p := listIDs(t, s, "custom_fields", byKey("text_key", "new")); !slices.Equal(p.IDs, []string{"1"}) {
		t.Errorf("new value: %v", p.IDs)
	}
	if p := listIDs(t, s, "custom_fields", byKey("text_key", "zd-1")); !slices.Equal(p.IDs, []string{"2"}) {
		t.Errorf("old value: %v", p.IDs)
	}
}

func TestListLagsBehindCreations(t *testing.T) {
	for _, test := range []struct {
		lag, want time.Duration
	}{{0, 200 * time.Millisecond}, {5 * time.Second, 5 * time.Second}, {-1, 0}} {
		synctest.Test(t, func(t *testing.T) {
			s := New(Options{Lag: test.lag, Token: "t"})
			if err := s.Put(Stored{ID: "5", Title: "old"}); err != nil {
				t.Fatal(err)
			}
			id := mustCreate(t, s, caseWith(`"custom_fields":{"text_key":"k"}`))
			look := func() []int {
				var counts []int
				for _, query := range [][]string{nil, {"custom_fields", byKey("text_key", "k")}, {"ids", `["` + id + `"]`}, {"title", "T"}} {
					counts = append(counts, listIDs(t, s, query...).Total)
				}
				return counts
			}
			if test.want > 0 {
				time.Sleep(test.want - time.Nanosecond)
				if got := look(); !slices.Equal(got, []int{1, 0, 0, 0}) {
					t.Errorf("lag %v: too early: %v", test.lag, got)
				}
				if a := ask(s, "GET", casesPath+"/"+id, ""); a.Code != http.StatusOK {
					t.Errorf("the single case lags: %d", a.Code)
				}
				time.Sleep(time.Nanosecond)
			}
			if got := look(); !slices.Equal(got, []int{2, 1, 1, 1}) {
				t.Errorf("lag %v: %v", test.lag, got)
			}
		})
	}
}

func TestGet(t *testing.T) {
	s := filled(t, Options{})
	var c struct{ ID, Title string }
	decode(t, ask(s, "GET", casesPath+"/3", ""), &c)
	if c.ID != "3" || c.Title != `Escaped "Été"` {
		t.Errorf("%+v", c)
	}
	for _, id := range []string{"5", "0", "-1", "03", "x", "1/2", "99999999999999999999"} {
		a := ask(s, "GET", casesPath+"/"+id, "")
		if a.Code != http.StatusNotFound {
			t.Errorf("%s: %d", id, a.Code)
		}
		faultsOf(t, a)
	}
}

func TestPut(t *testing.T) {
	s := newServer(Options{})
	for _, id := range []string{"7", "3", "5"} {
		if err := s.Put(Stored{ID: id, Title: "case " + id, CustomFields: map[string]any{"text_key": "k" + id}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []string{"", "x", "0", "5"} {
		if s.Put(Stored{ID: id}) == nil {
			t.Errorf("id %q was taken", id)
		}
	}
	if id := mustCreate(t, s, caseWith()); id != "8" {
		t.Errorf("the next id is %s", id)
	}
	if p := listIDs(t, s, "sort", "asc"); !slices.Equal(p.IDs, []string{"3", "5", "7", "8"}) {
		t.Errorf("%v", p.IDs)
	}
	if p := listIDs(t, s, "custom_fields", byKey("text_key", "k5")); !slices.Equal(p.IDs, []string{"5"}) {
		t.Errorf("%v", p.IDs)
	}
}

func TestPathsAndMethods(t *testing.T) {
	for _, test := range []struct {
		method, target string
		want           int
	}{
		{"DELETE", casesPath, 400},
		{"DELETE", casesPath + "/1", 405},
		{"POST", fieldsPath, 405},
		{"POST", usersPath, 405},
		{"PUT", casesPath + "/1", 405},
		{"POST", casesPath + "/1", 405},
		{"GET", tokenPath, 405},
		{"GET", "/", 404},
		{"POST", casesPath + "s", 404},
		{"POST", casesPath + "?dry_run=1", 400},
	} {
		a := ask(newServer(Options{}), test.method, test.target, caseWith())
		if a.Code != test.want {
			t.Errorf("%s %s: %d, want %d", test.method, test.target, a.Code, test.want)
		}
		faultsOf(t, a)
	}
}

func TestAdminShowsWhatIsStored(t *testing.T) {
	s := newServer(Options{Lag: time.Hour, NoReadScope: true})
	mustCreate(t, s, "{\n"+caseWith(`"owner_id":"<&>"`)[1:])
	mustCreate(t, s, caseWith())
	ask(s, "GET", casesPath, "")

	a := serve(s, newRequest("GET", "/_sandbox/cases", ""))
	lines := strings.Split(strings.TrimSpace(a.Body.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], `"id":"1"`) || !strings.Contains(lines[0], `"body":`+caseWith(`"owner_id":"<&>"`)) {
		t.Errorf("%q", lines)
	}
	var stats Stats
	decode(t, serve(s, newRequest("GET", "/_sandbox/stats", "")), &stats)
	if stats.Stored != 2 || stats.Requests["create"] != 2 || stats.Requests["list"] != 1 || stats.Requests["other"] != 0 ||
		stats.Answers[201] != 2 || stats.Answers[403] != 1 || stats.PeakInFlight != 1 || stats.PeakPerSecond != 3 {
		t.Errorf("%+v", stats)
	}
	for target, want := range map[string]int{"/_sandbox/x": 404, "/_sandbox/": 404} {
		if a := serve(s, newRequest("GET", target, "")); a.Code != want {
			t.Errorf("%s: %d", target, a.Code)
		}
	}
}

func TestCasesHoldTheBodyAsReceived(t *testing.T) {
	s := newServer(Options{Lag: time.Hour})
	body := caseWith(`"custom_fields":{ "decimal_a":1.50 }`)
	mustCreate(t, s, body)
	ask(s, "PATCH", casesPath+"/1", `{"title":"New"}`)
	c := s.Cases()
	if len(c) != 1 || c[0].ID != "1" || c[0].Title != "New" || string(c[0].Body) != body || c[0].Created.IsZero() {
		t.Errorf("%+v", c)
	}
}

func TestBusiestWindow(t *testing.T) {
	at := func(ms ...int) (times []time.Duration) {
		for _, m := range ms {
			times = append(times, time.Duration(m)*time.Millisecond)
		}
		return times
	}
	for _, test := range []struct {
		times []time.Duration
		want  int
	}{
		{nil, 0},
		{at(5), 1},
		{at(0, 999), 2},
		{at(0, 1000), 1},
		{at(0, 900, 950, 1890, 1899, 1951), 4},
	} {
		if got := busiest(test.times, time.Second); got != test.want {
			t.Errorf("%v: %d, want %d", test.times, got, test.want)
		}
	}
}

func FuzzParseQuery(f *testing.F) {
	f.Add(`custom_fields=[{"label":"text_a","value":"x"}]&ids=["1"]&create_at=["2022-04-21T06:30:21Z","2022-04-21T06:30:21Z"]`)
	f.Add(`priority=["LOW"]&status=NEW&page=2&per_page=3&sort=asc&order_by=update_at`)
	s := newServer(Options{})
	for range 3 {
		rec, _ := s.rules.parseBody(caseWith(`"custom_fields":{"text_a":"x","multi_select_b":["1"]}`), false)
		s.add(rec)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q, _, faults := s.rules.parseQuery(raw)
		if len(faults) > 0 {
			return
		}
		if cases, total := q.run(s.store, time.Now()); len(cases) > min(total, q.perPage) {
			t.Fatalf("%q: %d cases of %d", raw, len(cases), total)
		}
		r := newRequest("GET", casesPath, "")
		r.URL.RawQuery = raw
		if a := serve(s, r); !json.Valid(a.Body.Bytes()) {
			t.Fatalf("%q: %s", raw, a.Body)
		}
	})
}
