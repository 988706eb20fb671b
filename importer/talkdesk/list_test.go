package talkdesk

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

// pages serves one answer a page; what comes after the last is an empty page.
func pages(t *testing.T, bodies ...string) (c *Client, asked *[]url.Values) {
	asked = new([]url.Values)
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != "GET" || r.URL.Path != casesPath || r.Header.Get("Authorization") == "" || r.Header.Get("Content-Type") != "" {
			t.Errorf("%s %s %v", r.Method, r.URL, r.Header)
		}
		q := r.URL.Query()
		*asked = append(*asked, q)
		n, _ := strconv.Atoi(q.Get("page"))
		if n < 1 || n > len(bodies) {
			fmt.Fprint(w, `{"_embedded":{"data":[]}}`)
			return
		}
		fmt.Fprint(w, bodies[n-1])
	})
	return client(t, base, testToken), asked
}

// find makes a whole look-up.
func find(t *testing.T, c *Client, field, key string) ([]Found, Answer) {
	t.Helper()
	s := NewSearch(field, key)
	for q, more := s.Next(); more; q, more = s.Next() {
		s.Take(c.Read(t.Context(), q))
	}
	return s.Result()
}

// list writes a page of cases, given as id and key by turns; total below 0 is
// left out.
func list(total int, idsAndKeys ...string) string {
	data := []map[string]any{}
	for i := 0; i < len(idsAndKeys); i += 2 {
		data = append(data, map[string]any{"id": idsAndKeys[i], "custom_fields": map[string]any{"text_key": idsAndKeys[i+1]}})
	}
	page := map[string]any{"_embedded": map[string]any{"data": data}}
	if total >= 0 {
		page["total"] = total
	}
	text, _ := json.Marshal(page)
	return string(text)
}

// many writes n cases with consecutive ids and a key that is not ZD-1, though a
// search by substring hits it.
func many(total, first, n int) string {
	var cases []string
	for id := first; id < first+n; id++ {
		cases = append(cases, strconv.Itoa(id), "another zd-1")
	}
	return list(total, cases...)
}

func TestFindAsksAsTheAPIWants(t *testing.T) {
	c, asked := pages(t, list(0))
	found, a := find(t, c, "text_key", " A&B \"7\" ä ")
	if a.Verdict != Absent || a.Status != 200 || found != nil {
		t.Errorf("%v %+v", found, a)
	}
	want := url.Values{"page": {"1"}, "per_page": {"500"}, "order_by": {"create_at"}, "sort": {"asc"}}
	if len(*asked) != 1 {
		t.Fatalf("%d requests", len(*asked))
	}
	got := (*asked)[0]
	var filter []map[string]string
	if err := json.Unmarshal([]byte(got.Get("custom_fields")), &filter); err != nil ||
		!reflect.DeepEqual(filter, []map[string]string{{"label": "text_key", "value": `A&B "7" ä`}}) {
		t.Errorf("custom_fields=%s", got.Get("custom_fields"))
	}
	got.Del("custom_fields")
	if !reflect.DeepEqual(got, want) {
		t.Errorf("query %v", got)
	}
}

func TestFindComparesByItself(t *testing.T) {
	c, _ := pages(t, `{"total":"9","_embedded":{"data":[
		{"id":"1","custom_fields":{"text_key":"zd-1"}},
		{"id":"2","custom_fields":{"text_key":"ZD-10"}},
		{"id":"3","custom_fields":{"text_other":"ZD-1"}},
		{"id":"4","title":"ZD-1","custom_fields":null},
		{"id":"5"},
		{"id":"6","custom_fields":{"text_key":["ZD-1"]}},
		{"id":12,"title":"Plain","status":"NEW","custom_fields":{"text_key":"ZD-1"}},
		{"id":"11","title":"Wrapped","create_at":"2026-06-05T10:00:00Z","custom_fields":{"text_x":{"value":"ZD-1"},"text_key":{"label":"text_key","value":" ZD-1\t"}}},
		{"id":"9","title":null,"custom_fields":{"text_key":"ZD-1 "}}
	]}}`)
	found, a := find(t, c, "text_key", "ZD-1 ")
	want := []Found{
		{ID: "9", Key: "ZD-1", Shown: true},
		{ID: "11", Title: "Wrapped", Key: "ZD-1", Shown: true, CreatedAt: "2026-06-05T10:00:00Z"},
		{ID: "12", Title: "Plain", Key: "ZD-1", Shown: true, Status: "NEW"},
	}
	if a.Verdict != OK || !reflect.DeepEqual(found, want) {
		t.Errorf("%+v\n got %+v\nwant %+v", a, found, want)
	}
}

func TestFindComparesNumbersAsTheyAreSpelled(t *testing.T) {
	c, _ := pages(t, `{"total":2,"_embedded":{"data":[{"id":1,"custom_fields":{"text_key":12345678901234567890}},{"id":2,"custom_fields":{"text_key":{"value":7}}}]}}`)
	for key, id := range map[string]string{"12345678901234567890": "1", "7": "2"} {
		if found, a := find(t, c, "text_key", key); len(found) != 1 || found[0].ID != id {
			t.Errorf("%s: %v %+v", key, found, a)
		}
	}
}

func TestTheOldestComesFirst(t *testing.T) {
	tests := []struct {
		name  string
		cases []Found
		want  string
	}{
		{"by time", []Found{{ID: "1", CreatedAt: "2026-06-05T10:00:01Z"}, {ID: "2", CreatedAt: "2026-06-05T11:30:00+02:00"}}, "21"},
		{"by number", []Found{{ID: "10"}, {ID: "9"}}, "910"},
		{"same time", []Found{{ID: "8", CreatedAt: "2026-06-05T10:00:01Z"}, {ID: "7", CreatedAt: "2026-06-05T10:00:01Z"}}, "78"},
		{"one without a time", []Found{{ID: "3", CreatedAt: "2026-06-05T10:00:01Z"}, {ID: "2", CreatedAt: "?"}, {ID: "1", CreatedAt: "2026-06-05T10:00:02Z"}}, "123"},
	}
	for _, tt := range tests {
		sortOldestFirst(tt.cases)
		var got string
		for _, f := range tt.cases {
			got += f.ID
		}
		if got != tt.want {
			t.Errorf("%s: %s", tt.name, got)
		}
	}
}

func TestFindReadsAllPages(t *testing.T) {
	const match = "ZD-1"
	tests := []struct {
		name     string
		bodies   []string
		found    string // ids
		want     Answer
		requests int
	}{
		{"none", []string{list(0)}, "", Answer{Verdict: Absent}, 1},
		{"none, no total", []string{list(-1)}, "", Answer{Verdict: Absent}, 1},
		{"none, nothing embedded", []string{`{"total":0,"count":0,"_embedded":{}}`}, "", Answer{Verdict: Absent}, 1},
		{"others", []string{many(3, 1, 3)}, "", Answer{Verdict: Absent}, 2},
		{"a short page without a total", []string{many(-1, 1, 3)}, "", Answer{Verdict: Absent}, 2},
		{"totals of a page", []string{many(50, 1, 50), many(50, 51, 50), list(1, "9000", match)}, "9000", Answer{Verdict: OK}, 3},
		{"found, although the total is none", []string{`{"total":0,"_links":{"next":{"href":"/x"}},"_embedded":{"data":[{"id":1,"custom_fields":{"text_key":"ZD-1"}}]}}`}, "1", Answer{Verdict: OK}, 1},
		{"a total of none", []string{many(0, 1, 50), list(0, "9000", match)}, "9000", Answer{Verdict: OK}, 2},
		{"three pages", []string{many(1001, 1, 500), many(1001, 501, 500), list(1001, "9000", match)}, "9000", Answer{Verdict: OK}, 3},
		{"full pages without a total", []string{many(-1, 1, 500), many(-1, 501, 500), list(-1, "9000", match)}, "9000", Answer{Verdict: OK}, 3},
		{"full last page without a total", []string{many(-1, 1, 500)}, "", Answer{Verdict: Absent}, 2},
		{"fewer a page than asked for", []string{many(101, 1, 50), many(101, 51, 50), list(101, "9000", match)}, "9000", Answer{Verdict: OK}, 3},
		{"fewer a page, said so, no total",
			[]string{`{"per_page":2,"_embedded":{"data":[{"id":1},{"id":2}]}}`, `{"per_page":2,"_embedded":{"data":[{"id":3,"custom_fields":{"text_key":"ZD-1"}}]}}`}, "3", Answer{Verdict: OK}, 2},
		{"fewer a page, with a link, no total",
			[]string{`{"_links":{"next":{"href":"/x"}},"_embedded":{"data":[{"id":1}]}}`, list(-1, "3", match)}, "3", Answer{Verdict: OK}, 2},
		{"a list that shifts meanwhile", []string{many(4, 1, 3), list(4, "3", "zd-1x", "4", match)}, "4", Answer{Verdict: OK}, 2},
		{"the same case on two pages", []string{list(2, "7", match), list(2, "7", match, "8", match)}, "7 8", Answer{Verdict: OK}, 2},

		{"found on a full page without a total", []string{`{"per_page":1,"_embedded":{"data":[{"id":1,"custom_fields":{"text_key":"ZD-1"}}]}}`}, "1", Answer{Verdict: OK}, 2},
		{"found on a page with a link", []string{`{"_links":{"next":{"href":"/x"}},"_embedded":{"data":[{"id":1,"custom_fields":{"text_key":"ZD-1"}}]}}`}, "1", Answer{Verdict: OK}, 2},

		// What is missing must not look like an absence.
		{"none, with a link", []string{`{"_links":{"next":{"href":"/x"}},"_embedded":{"data":[]}}`}, "", Answer{Verdict: NotTaken, Code: "incomplete list"}, 1},
		{"page ignored", []string{many(700, 1, 500), many(700, 1, 500)}, "", Answer{Verdict: Unknown, Code: "list repeats"}, 2},
		{"page ignored, total of the page", []string{many(50, 1, 50), many(50, 1, 50)}, "", Answer{Verdict: Unknown, Code: "list repeats"}, 2},
		{"page ignored, no total", []string{many(-1, 1, 500), many(-1, 1, 500)}, "", Answer{Verdict: Unknown, Code: "list repeats"}, 2},
		{"page ignored, but found", []string{list(700, "7", match), list(700, "7", match)}, "7", Answer{Verdict: OK}, 2},
		{"fewer than said", []string{many(3, 1, 2)}, "", Answer{Verdict: NotTaken, Code: "incomplete list"}, 2},
		{"said to have one, shows none", []string{list(1)}, "", Answer{Verdict: NotTaken, Code: "incomplete list"}, 1},
		{"no list", []string{`{}`}, "", Answer{Verdict: NotTaken, Code: "unreadable answer"}, 1},
		{"no list, though a total", []string{`{"total":3}`}, "", Answer{Verdict: NotTaken, Code: "unreadable answer"}, 1},
		{"not a list", []string{`{"total":1,"_embedded":{"data":{"id":"1"}}}`}, "", Answer{Verdict: NotTaken, Code: "unreadable answer"}, 1},
		{"a case instead of a list", []string{`{"id":"4711"}`}, "", Answer{Verdict: NotTaken, Code: "unreadable answer"}, 1},
		{"a case without id", []string{`{"total":1,"_embedded":{"data":[{"title":"x"}]}}`}, "", Answer{Verdict: NotTaken, Code: "unreadable answer"}, 1},
		{"cut", []string{`{"total":0,"_embedded":{"data":[`}, "", Answer{Verdict: NotTaken, Code: "unreadable answer"}, 1},
		{"a page of HTML", []string{gatewayPage}, "", Answer{Verdict: NotTaken, Code: "unreadable answer"}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, asked := pages(t, tt.bodies...)
			found, a := find(t, c, "text_key", match)
			var ids []string
			for _, f := range found {
				ids = append(ids, f.ID)
			}
			if a.Verdict != tt.want.Verdict || a.Code != tt.want.Code || a.Status != 200 || a.CaseID != "" || strings.Join(ids, " ") != tt.found {
				t.Errorf("%v %+v", ids, a)
			}
			if len(*asked) != tt.requests {
				t.Errorf("%d requests", len(*asked))
			}
		})
	}
}

func TestFindIsNoCrawl(t *testing.T) {
	var bodies []string
	for n := range 30 {
		bodies = append(bodies, many(15_000, 1+500*n, 500))
	}
	c, asked := pages(t, bodies...)
	found, a := find(t, c, "text_key", "ZD-1")
	if a.Verdict != Unknown || a.Code != "too many hits" || found != nil || len(*asked) != 20 {
		t.Errorf("%d requests: %v %+v", len(*asked), found, a)
	}
}

func TestFindWithoutAKeyFindsNothing(t *testing.T) {
	c, asked := pages(t, list(1, "1", ""))
	if found, a := find(t, c, "text_key", " "); a.Verdict != Unknown || found != nil || len(*asked) != 0 {
		t.Errorf("%v %+v", found, a)
	}
}

func TestRefusedReads(t *testing.T) {
	tests := []struct {
		status  int
		body    string
		verdict Verdict
		down    bool
		message string
	}{
		{400, `{"code":"x","message":"unknown filter"}`, Unknown, false, "unknown filter"},
		{401, "", Halt, false, "TALKDESK_TOKEN"},
		{403, `{"code":"x","message":"Scope missing"}`, Halt, false, "access denied (Scope missing): the credentials lack the scope cases-public:read"},
		{403, "", Halt, false, "cases-public:read"},
		{302, "", Halt, false, "GET http://"},
		{404, "", Halt, false, "a wrong address, or a proxy"},
		{408, "", NotTaken, false, "408"},
		{413, "", Unknown, false, "413"},
		{429, "", NotTaken, false, "429"},
		{500, "", NotTaken, true, "500"},
		{503, gatewayPage, NotTaken, true, "502 Bad Gateway"},
	}
	for _, tt := range tests {
		base := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(tt.status)
			fmt.Fprint(w, tt.body)
		})
		c := client(t, base, testToken)
		found, find := find(t, c, "text_key", "ZD-1")
		p, page := c.Read(t.Context(), Query{Field: "text_key", Page: 1})
		if found != nil || p.Cases != nil || p.Total != -1 {
			t.Errorf("%d: %v %+v", tt.status, found, p)
		}
		for _, a := range []Answer{find, page, c.Probe(t.Context())} {
			if a.Verdict != tt.verdict || a.Status != tt.status || a.Down != tt.down || a.Throttled != (tt.status == 429) || a.Denied != (tt.status == 403) || a.Blocked || !a.Answered() || !strings.Contains(a.Message, tt.message) {
				t.Errorf("%d: %+v", tt.status, a)
			}
		}
	}
}

func TestPageAndProbe(t *testing.T) {
	c, asked := pages(t, list(-1, "1", "a"), list(7, "2", " b ", "3", ""))
	p, a := c.Read(t.Context(), Query{Field: "text_key", Page: 2})
	if a.Verdict != OK || p.Total != 7 || !reflect.DeepEqual(p.Cases, []Found{{ID: "2", Key: "b", Shown: true}, {ID: "3", Shown: true}}) {
		t.Errorf("%+v %+v", p, a)
	}
	if p, a = c.Read(t.Context(), Query{Field: "text_key", Page: 1}); a.Verdict != OK || p.Total != -1 {
		t.Errorf("%+v %+v", p, a)
	}
	if p, a = c.Read(t.Context(), Query{Field: "text_key", Page: 3}); a.Verdict != OK || p.Cases != nil {
		t.Errorf("beyond the end: %+v %+v", p, a)
	}
	if a := c.Probe(t.Context()); a.Verdict != OK || a.Down {
		t.Errorf("%+v", a)
	}
	var got []string
	for _, q := range *asked {
		got = append(got, q.Encode())
	}
	want := []string{
		"order_by=create_at&page=2&per_page=500&sort=asc",
		"order_by=create_at&page=1&per_page=500&sort=asc",
		"order_by=create_at&page=3&per_page=500&sort=asc",
		"order_by=create_at&page=1&per_page=1&sort=asc",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("asked %q", got)
	}
}

// A caller paces every request itself, and may make one again.
func TestSearchNeedsOneRequestAtATime(t *testing.T) {
	c, asked := pages(t, many(501, 1, 500), list(501, "9000", "ZD-1"))
	s := NewSearch("text_key", " ZD-1")
	for range 3 { // asking what is next changes nothing
		if q, more := s.Next(); !more || !reflect.DeepEqual(q, Query{Field: "text_key", Key: "ZD-1", Page: 1}) {
			t.Fatalf("%+v %v", q, more)
		}
	}
	if found, a := s.Result(); found != nil || a.Verdict != Unknown || a.Code != "not finished" {
		t.Errorf("before the first page: %v %+v", found, a)
	}
	for q, more := s.Next(); more; q, more = s.Next() {
		c.Read(t.Context(), q) // say that this one was lost
		s.Take(c.Read(t.Context(), q))
	}
	found, a := s.Result()
	if a.Verdict != OK || len(found) != 1 || found[0].ID != "9000" || len(*asked) != 4 {
		t.Errorf("%d requests: %v %+v", len(*asked), found, a)
	}
}

// Stand-ins of the API cannot say how long a page is.
func TestAPageOfAStandIn(t *testing.T) {
	s := NewSearch("text_key", "ZD-1")
	s.Take(Page{Total: -1}, Answer{Verdict: OK, Status: 200})
	if found, a := s.Result(); found != nil || a.Verdict != Absent {
		t.Errorf("%v %+v", found, a)
	}
}

func TestAFailedReadEndsTheSearch(t *testing.T) {
	for _, failed := range []Answer{{Verdict: NotTaken, Code: "http 503", Status: 503, Down: true}, {Verdict: Halt, Status: 403, Denied: true}, {Status: 400}} {
		s := NewSearch("text_key", "ZD-1")
		s.Take(Page{Total: 9, Cases: []Found{{ID: "1", Key: "ZD-1"}}}, Answer{Verdict: OK, Status: 200})
		s.Take(Page{Total: -1}, failed)
		if _, more := s.Next(); more {
			t.Errorf("%+v: more is wanted", failed)
		}
		if found, a := s.Result(); found != nil || !reflect.DeepEqual(a, failed) {
			t.Errorf("%v %+v", found, a)
		}
	}
}

// Whatever bytes a server sends as a list: a page that is not whole, or is none,
// never looks like an empty one, and every case has an id.
func FuzzReadPage(f *testing.F) {
	for _, body := range []string{
		list(0), list(-1), list(2, "1", "a", "2", "b"), `{"total":0,"_embedded":{}}`, `{}`, `[]`, `{"total":3}`, gatewayPage,
		`{"_embedded":{"data":[{"id":1,"custom_fields":"{\"text_key\":{\"value\":\"ZD-1\"}}"}]}}`,
		`{"_embedded":{"data":[{"id":1,"custom_fields":[{"key":"text_key","value":"ZD-1"}]},{"id":"2"}]}}`,
		`{"id":"7","custom_fields":{"text_key":null}}`, `{"_embedded":{"data":null},"total":"0"}`, `{"_embedded":{"data":[null]}}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		x := answer(200, string(body))
		p, a := judgeRead(&x, Query{Field: "text_key", Key: "ZD-1", Page: 1})
		if a.Verdict != OK {
			if a.Verdict != NotTaken || p.Cases != nil || p.Total != -1 || a.Message == "" {
				t.Errorf("not read: %+v %+v", p, a)
			}
		} else if !json.Valid(body) {
			t.Errorf("read, though it is not JSON: %+v", p)
		}
		if a.Verdict == OK && len(p.Cases) == 0 && !saysEmpty(body) {
			t.Errorf("looks empty: %s", body)
		}
		for _, found := range p.Cases {
			if found.ID == "" || found.Key != strings.TrimSpace(found.Key) || found.Key != "" && !found.Shown {
				t.Errorf("%+v", found)
			}
		}
		if p, a := judgeRead(&x, Query{Field: "text_key", ID: "7"}); (a.Verdict == OK) != (len(p.Cases) == 1 && p.Cases[0].ID == "7") {
			t.Errorf("one case: %+v %+v", p, a)
		}
	})
}

// saysEmpty reads a list in another way: it says that there are no cases.
func saysEmpty(body []byte) bool {
	for _, name := range []string{"total", "_embedded", "data", "\\"} { // names that stand twice, or escaped, are read in either way
		if strings.Count(string(body), name) > 1 {
			return true
		}
	}
	var list, embedded map[string]any
	json.Unmarshal(body, &list)
	embedded, _ = list["_embedded"].(map[string]any)
	data, isArray := embedded["data"].([]any)
	return isArray && len(data) == 0 || !isArray && fmt.Sprint(list["total"]) == "0"
}
