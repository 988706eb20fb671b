package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// answer is what a client sees; cut is true where it sees none.
type answer struct {
	*httptest.ResponseRecorder
	cut bool
}

// ask sends one request to the handler with the token "t".
func ask(s *Server, method, target, body string) answer {
	return serve(s, newRequest(method, target, body))
}

func serve(s *Server, r *http.Request) (a answer) {
	a.ResponseRecorder = httptest.NewRecorder()
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			a.cut = true
		default:
			panic(p)
		}
	}()
	s.ServeHTTP(a, r)
	return a
}

// newServer has the token "t" and no lag, unless the options say otherwise.
func newServer(opt Options) *Server {
	opt.Token = "t"
	if opt.Lag == 0 {
		opt.Lag = -1
	}
	return New(opt)
}

// mustCreate creates a case and returns its id.
func mustCreate(t *testing.T, s *Server, body string) string {
	t.Helper()
	a := ask(s, "POST", casesPath, body)
	if a.cut || a.Code != http.StatusCreated {
		t.Fatalf("create %s: %d %s", body, a.Code, a.Body)
	}
	var c struct{ ID string }
	decode(t, a, &c)
	return c.ID
}

func decode(t *testing.T, a answer, into any) {
	t.Helper()
	if err := json.Unmarshal(a.Body.Bytes(), into); err != nil {
		t.Fatalf("%v in %s", err, a.Body)
	}
}

// caseWith returns the body of a valid create request with the members given
// added.
func caseWith(members ...string) string {
	return "{" + strings.Join(append([]string{`"title":"T","description":"D","requester_name":"Ann"`}, members...), ",") + "}"
}

// faultsOf returns the fields that an answer names, as "name: description".
func faultsOf(t *testing.T, a answer) []string {
	t.Helper()
	var e struct {
		Code, Message *string
		Fields        []fieldError
	}
	decode(t, a, &e)
	if e.Code == nil || e.Message == nil || e.Fields == nil {
		t.Errorf("not in the API's form: %s", a.Body)
	}
	var faults []string
	for _, f := range e.Fields {
		faults = append(faults, f.Name+": "+f.Description)
	}
	return faults
}

// page is a list answer.
type page struct {
	Total, Count, Page int
	PerPage            int `json:"per_page"`
	Links              map[string]struct{ Href string }
	IDs                []string
}

// listIDs asks for a list; query alternates names and values.
func listIDs(t *testing.T, s *Server, query ...string) page {
	t.Helper()
	values := url.Values{}
	for i := 0; i < len(query); i += 2 {
		values.Set(query[i], query[i+1])
	}
	a := ask(s, "GET", casesPath+"?"+values.Encode(), "")
	if a.Code != http.StatusOK {
		t.Fatalf("list %q: %d %s", query, a.Code, a.Body)
	}
	var raw struct {
		page
		Links    map[string]struct{ Href string } `json:"_links"`
		Embedded struct {
			Data []struct{ ID string }
		} `json:"_embedded"`
	}
	decode(t, a, &raw)
	p := raw.page
	p.Links = raw.Links
	for _, c := range raw.Embedded.Data {
		p.IDs = append(p.IDs, c.ID)
	}
	if p.Count != len(p.IDs) {
		t.Errorf("count is %d, but there are %d cases", p.Count, len(p.IDs))
	}
	return p
}

// byKey is a custom_fields filter.
func byKey(label, value string) string {
	return fmt.Sprintf(`[{"label":%q,"value":%q}]`, label, value)
}

// newRequest returns a request with the token "t".
func newRequest(method, target, body string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer t")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}
