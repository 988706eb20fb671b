package talkdesk

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
)

// The shapes in which custom fields may stand in an answer.
var shapes = map[string]func(map[string]any) any{
	"plain": func(f map[string]any) any { return f },
	"wrapped": func(f map[string]any) any {
		return each(f, func(k string, v any) any { return map[string]any{"value": v, "label": k, "name": "Ticket ID"} })
	},
	"text of plain": func(f map[string]any) any { return text(f) },
	"text of wrapped": func(f map[string]any) any {
		return text(each(f, func(k string, v any) any { return map[string]any{"value": v} }))
	},
	"array by key": func(f map[string]any) any {
		return array(f, func(k string, v any) any {
			return map[string]any{"key": k, "label": "text9", "name": "Ticket ID", "value": v}
		})
	},
	"array by label": func(f map[string]any) any {
		return array(f, func(k string, v any) any { return map[string]any{"label": k, "name": "Ticket ID", "value": v} })
	},
	"array by name": func(f map[string]any) any {
		return array(f, func(k string, v any) any { return map[string]any{"name": k, "value": v} })
	},
	"text of array": func(f map[string]any) any {
		return text(array(f, func(k string, v any) any { return map[string]any{"key": k, "value": v} }))
	},
}

// What an answer may hold in which nothing can be seen.
var blinds = map[string]func(map[string]any) any{
	"nothing":       func(map[string]any) any { return nil },
	"empty":         func(map[string]any) any { return map[string]any{} },
	"an empty text": func(map[string]any) any { return "" },
	"a broken text": func(f map[string]any) any { return text(f)[1:] },
	"a number":      func(map[string]any) any { return 7 },
	"other fields":  func(map[string]any) any { return map[string]any{"text2": "K-1"} },
}

func each(f map[string]any, shape func(string, any) any) map[string]any {
	shaped := map[string]any{}
	for k, v := range f {
		shaped[k] = shape(k, v)
	}
	return shaped
}

func array(f map[string]any, shape func(string, any) any) []any {
	var shaped []any
	for _, k := range slices.Sorted(maps.Keys(f)) {
		shaped = append(shaped, shape(k, f[k]))
	}
	return shaped
}

func text(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

// search looks a key up, and counts the requests.
func search(t *testing.T, c *Client, key string) (found []Found, a Answer, requests int) {
	s := NewSearch("text1", key)
	for q, more := s.Next(); more; q, more = s.Next() {
		if requests++; requests > 100 {
			t.Fatal("a search without end")
		}
		s.Take(c.Read(t.Context(), q))
	}
	found, a = s.Result()
	return found, a, requests
}

// stocked has cases with the keys K-1 to K-n, and one without a key.
func (f *fakeAPI) stocked(n int) *fakeAPI {
	for i := range n {
		f.cases = append(f.cases, map[string]any{"id": fmt.Sprint(i + 1), "title": "x",
			"custom_fields": map[string]any{"dropdown1": "001", "text1": fmt.Sprintf("K-%d", i+1)}})
	}
	f.cases = append(f.cases, map[string]any{"id": fmt.Sprint(n + 1), "title": "x", "custom_fields": map[string]any{"dropdown1": "K-1"}})
	return f
}

// Whatever forms an account speaks: what is there is found, and what is not is
// absent; or else it is said that this cannot be told.
func TestEveryMixtureOfForms(t *testing.T) {
	reads := maps.Clone(shapes)
	maps.Copy(reads, blinds)
	for _, filter := range []string{"array", "object", "ignored", "refused"} {
		for _, lenient := range []bool{false, true} {
			for listName, list := range reads {
				for _, singleName := range []string{"nothing", "other fields", "plain", "text of array"} {
					single := reads[singleName]
					if shapes[listName] != nil && singleName != "nothing" {
						continue // single cases are not read
					}
					name := fmt.Sprintf("filter %s (%v), list %s, single %s", filter, lenient, listName, singleName)
					api := (&fakeAPI{filter: filter, lenient: lenient, list: list, single: single}).stocked(12)
					c := client(t, serve(t, api.ServeHTTP), Credentials{Token: "good"})
					searches := filter == "array" || filter == "object"
					// A list that shows nothing gives no hint that its filter is ignored,
					// so the other form is tried only once single cases have shown it.
					searches = searches && (shapes[listName] != nil || shapes[singleName] != nil)

					found, a, _ := search(t, c, "k-1") // K-1, K-10 to K-12 are hits, but none equals it
					if want := map[bool]Verdict{true: Absent, false: Unknown}[searches]; a.Verdict != want || found != nil {
						t.Errorf("%s: what is not there: %v %+v", name, found, a)
					}
					found, a, _ = search(t, c, "K-1")
					if searches && (a.Verdict != OK || len(found) != 1 || found[0].ID != "1" || a.Unfiltered || a.Hidden) {
						t.Errorf("%s: what is there: %v %+v", name, found, a)
					}
					if !searches && a.Verdict == Absent || a.Verdict == OK && found[0].ID != "1" {
						t.Errorf("%s: what is there: %v %+v", name, found, a)
					}
					if found, a, _ := search(t, c, "nobody has this"); !searches && (a.Verdict != Unknown || found != nil) {
						// A filter that leaves out everything is one that works.
						if filter != "array" && filter != "object" || a.Verdict != Absent {
							t.Errorf("%s: what nobody has: %v %+v", name, found, a)
						}
					}
				}
			}
		}
	}
}

func TestWhatIsSaidWhereNothingCanBeProved(t *testing.T) {
	tests := []struct {
		name               string
		api                *fakeAPI
		unfiltered, hidden bool
		code               string
		requests           int // of the first search, and of the second
		again              int
	}{
		{"ignored", &fakeAPI{filter: "ignored"}, true, false, "not filtered", 3, 1},
		{"one ignored, one refused", &fakeAPI{filter: "refused", lenient: true}, true, false, "not filtered", 3, 1},
		{"refused", &fakeAPI{filter: "refused"}, false, false, "400", 3, 1},
		{"not shown", &fakeAPI{filter: "array", list: blinds["nothing"], single: blinds["nothing"]}, false, true, "field not shown", 3, 3},
		{"only others shown", &fakeAPI{filter: "array", list: blinds["other fields"], single: blinds["other fields"]}, false, true, "field not shown", 7, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := client(t, serve(t, tt.api.stocked(12).ServeHTTP), Credentials{Token: "good"})
			for _, requests := range []int{tt.requests, tt.again} {
				found, a, n := search(t, c, "K-12")
				if tt.unfiltered { // it came by chance, which proves nothing of others
					if a.Verdict != OK || !a.Unfiltered || len(found) != 1 {
						t.Errorf("%v %+v", found, a)
					}
					found, a, _ = search(t, c, "K-13")
				}
				if a.Verdict != Unknown || a.Unfiltered != tt.unfiltered || a.Hidden != tt.hidden || a.Code != tt.code || a.Message == "" || a.Status == 0 || found != nil {
					t.Errorf("%v %+v", found, a)
				}
				if n != requests {
					t.Errorf("%d requests, want %d", n, requests)
				}
			}
		})
	}
}

// The other form is tried once, and kept if it fares better.
func TestTheOtherFormIsRemembered(t *testing.T) {
	for _, lenient := range []bool{false, true} {
		for filter, want := range map[string][]int{"array": {1, 1, 1}, "object": {2, 1, 1}} {
			c := client(t, serve(t, (&fakeAPI{filter: filter, lenient: lenient}).stocked(12).ServeHTTP), Credentials{Token: "good"})
			for i, requests := range want {
				if _, a, n := search(t, c, "K-7"); a.Verdict != OK || a.Unfiltered || n != requests {
					t.Errorf("%s, search %d: %d requests, want %d: %+v", filter, i+1, n, requests, a)
				}
			}
		}
	}
}

func TestAManyHandedSearchSettlesOnOneForm(t *testing.T) {
	c := client(t, serve(t, (&fakeAPI{filter: "object"}).stocked(12).ServeHTTP), Credentials{Token: "good"})
	var wait sync.WaitGroup
	for range 32 {
		wait.Go(func() {
			if found, a, n := search(t, c, "K-7"); a.Verdict != OK || len(found) != 1 || n > 2 {
				t.Errorf("%d requests: %v %+v", n, found, a)
			}
		})
	}
	wait.Wait()
	if form := c.form.Load(); form != objectForm {
		t.Errorf("form %d", form)
	}
}

func TestARefusedFilterMayBeSentAgainAtOnce(t *testing.T) {
	c := client(t, serve(t, (&fakeAPI{filter: "object"}).stocked(12).ServeHTTP), Credentials{Token: "good"})
	q := Query{Field: "text1", Key: "K-7", Page: 1}
	if p, a := c.Read(t.Context(), q); a.Verdict != NotTaken || !a.Again || a.Status != 400 || a.Code == "" || a.Message == "" || a.Down || p.Cases != nil || p.Total != -1 {
		t.Errorf("the first: %+v %+v", p, a)
	}
	if p, a := c.Read(t.Context(), q); a.Verdict != OK || a.Again || p.Total != 1 {
		t.Errorf("the second: %+v %+v", p, a)
	}
	// Without a filter it is not the filter that is refused.
	c = client(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"code":"x","message":"custom_fields"}`)
	}), testToken)
	for _, q := range []Query{{Field: "text1", Page: 1}, {Field: "text1", Key: "K-7", ID: "7"}} {
		if _, a := c.Read(t.Context(), q); a.Verdict != Unknown || a.Again {
			t.Errorf("%+v: %+v", q, a)
		}
	}
}

// A list of cases that hide the field is read case by case only if it is short.
func TestHiddenFieldsAreReadOneByOne(t *testing.T) {
	hidden := func(n int) *fakeAPI {
		api := &fakeAPI{filter: "array", list: blinds["nothing"]}
		for i := range n {
			api.cases = append(api.cases, map[string]any{"id": fmt.Sprint(i + 1), "custom_fields": map[string]any{"text1": fmt.Sprintf("AB-%d", i)}})
		}
		return api
	}
	for n, want := range map[int]int{20: 22, 21: 2} {
		c := client(t, serve(t, hidden(n).ServeHTTP), Credentials{Token: "good"})
		_, a, requests := search(t, c, "ab-")
		if requests != want || (a.Verdict == Absent) != (n == 20) || a.Hidden != (n == 21) {
			t.Errorf("%d cases: %d requests: %+v", n, requests, a)
		}
	}
}

func TestACaseThatIsListedButGone(t *testing.T) {
	for body, want := range map[string]Answer{
		`{"code":"1","message":"No such case"}`: {Verdict: Unknown, Code: "1", Message: "case 5 is listed but does not exist"},
		"":                                      {Verdict: Halt, Code: "http 404", Message: "a wrong address"},
	} {
		c := client(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path + r.FormValue("page") {
			case casesPath + "1":
				fmt.Fprint(w, `{"total":1,"_embedded":{"data":[{"id":"5"}]}}`)
				return
			case casesPath + "2":
				fmt.Fprint(w, `{"total":1,"_embedded":{"data":[]}}`)
				return
			}
			if r.URL.Path != casesPath+"/5" || r.URL.RawQuery != "" {
				t.Errorf("asked for %s", r.URL)
			}
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, body)
		}), testToken)
		if found, a, _ := search(t, c, "K-1"); a.Verdict != want.Verdict || a.Code != want.Code || !strings.Contains(a.Message, want.Message) || found != nil {
			t.Errorf("%v %+v", found, a)
		}
	}
}

func TestOneCase(t *testing.T) {
	c := client(t, serve(t, (&fakeAPI{filter: "array"}).stocked(3).ServeHTTP), Credentials{Token: "good"})
	p, a := c.Read(t.Context(), Query{Field: "text1", ID: "2"})
	if a.Verdict != OK || len(p.Cases) != 1 || p.Total != 1 || p.Unfiltered || p.Cases[0] != (Found{ID: "2", Title: "x", Key: "K-2", Shown: true}) {
		t.Errorf("%+v %+v", p, a)
	}
	for _, body := range []string{`{"id":"3"}`, `{}`, `[]`, `{"id":"2"`, ``} {
		c := client(t, serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) }), testToken)
		if p, a := c.Read(t.Context(), Query{Field: "text1", ID: "2"}); a.Verdict != NotTaken || p.Cases != nil || a.Message == "" {
			t.Errorf("%s: %+v %+v", body, p, a)
		}
	}
}

// Only what a search cannot have taken for a match shows that it ignores the
// filter.
func TestWhatCountsAsFiltered(t *testing.T) {
	tests := []struct {
		key    string
		fields []string // custom_fields of cases
		want   bool     // Unfiltered
	}{
		{"ZD-1", []string{`{"text1":"ZD-1"}`}, false},
		{"ZD-1", nil, false},
		{"ZD-1", []string{`{"text1":"zd-10"}`, `{"text1":"see zd-1"}`}, false},
		{"zd-1", []string{`{"text1":"ZD-1"}`}, false},
		{"ÉTÉ", []string{`{"text1":"e\u0301te\u0301"}`}, false},
		{"a&b", []string{`{"text1":"A&amp;B"}`}, false},
		{"ZD-1", []string{`{"text1":"ZD-2"}`}, true},
		{"ZD-1", []string{`{"text1":"ZD-1"}`, `{"text1":"ZD-2"}`}, true},
		{"ZD-1", []string{`{"text1":"ZD-2"}`, `{"text1":"ZD-1"}`}, true},
		{"ZD-10", []string{`{"text1":"ZD-1"}`}, true},
		{"ZD-1", []string{`{"text1":"ZD-1"}`, `{}`}, true},
		{"ZD-1", []string{`{"text1":""}`}, true},
		{"ZD-1", []string{`{"text1":null}`}, true},
		{"ZD-1", []string{`{"text1":{"label":"ZD-1"}}`}, true},
		{"ZD-1", []string{`{}`, `{}`}, false},
		{"ZD-1", []string{`{"text2":"ZD-1"}`}, false},
		{"", []string{`{"text1":"ZD-1"}`, `{}`}, false},
	}
	for _, tt := range tests {
		var cases []string
		for i, fields := range tt.fields {
			cases = append(cases, fmt.Sprintf(`{"id":%d,"custom_fields":%s}`, i+1, fields))
		}
		body := `{"_embedded":{"data":[` + strings.Join(cases, ",") + `]}}`
		p, ok := readPage(&exchange{body: []byte(body)}, Query{Field: "text1", Key: tt.key, Page: 1})
		if !ok || p.Unfiltered != tt.want {
			t.Errorf("%s in %s: %v", tt.key, body, p.Unfiltered)
		}
	}
}

func TestWhichRefusalsAreAboutTheFilter(t *testing.T) {
	tests := []struct {
		a    Answer
		want bool
	}{
		{Answer{Status: 400, Message: "custom_fields: must be an object"}, true},
		{Answer{Status: 400, Message: "Invalid Custom Field"}, true},
		{Answer{Status: 400, Code: "bad_filter"}, true},
		{Answer{Status: 400, Message: "Bad request", Fields: []FieldError{{Name: "page"}, {Name: "customFields"}}}, true},
		{Answer{Status: 400, Message: "Bad request", Fields: []FieldError{{Description: "no such filter"}}}, true},
		{Answer{Status: 400, Message: "Bad request"}, false},
		{Answer{Status: 500, Message: "custom_fields"}, false},
	}
	for _, tt := range tests {
		if got := refusesFilter(tt.a); got != tt.want {
			t.Errorf("%+v: %v", tt.a, got)
		}
	}
}
