package talkdesk

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestSuite holds for every Case API. It runs against the small one below; or,
// where CASEIMPORT_TEST_BASE_URL names one, against that server, with the
// account and the credentials of the TALKDESK_ variables. It leaves a few cases
// behind there, whose key in the field text_source_id begins with "suite-".
func TestSuite(t *testing.T) {
	cfg := Config{Account: "acme", Credentials: Credentials{ClientID: "client", ClientSecret: testSecret}}
	if cfg.BaseURL = os.Getenv("CASEIMPORT_TEST_BASE_URL"); cfg.BaseURL != "" {
		var err error
		if cfg.Credentials, err = CredentialsFromEnv(os.Getenv); err != nil {
			t.Fatal(err)
		}
		cfg.Account, cfg.TokenURL = os.Getenv("TALKDESK_ACCOUNT"), os.Getenv("TALKDESK_TOKEN_URL")
	} else {
		cfg.BaseURL = serve(t, (&fakeAPI{filter: "array"}).ServeHTTP)
		cfg.TokenURL = cfg.BaseURL + "/oauth/token"
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.transport.CloseIdleConnections)
	const field = "text_source_id"
	key := "suite-" + rand.Text()
	find := func(key string) ([]Found, Answer) { return find(t, c, field, key) }
	create := func(t *testing.T, title string) string {
		t.Helper()
		body, _ := json.Marshal(map[string]any{
			"title": title, "description": "Made by a test.", "priority": "LOW", "requester_name": "Kim",
			"custom_fields": map[string]string{field: key},
		})
		a := c.Create(t.Context(), body, "")
		if a.Verdict != OK || a.CaseID == "" || a.Status != http.StatusCreated {
			t.Fatalf("%+v", a)
		}
		return a.CaseID
	}

	t.Run("login", func(t *testing.T) {
		if a := c.Login(t.Context()); a.Verdict != OK {
			t.Fatalf("%+v", a)
		}
		if a := c.Probe(t.Context()); a.Verdict != OK || a.Down {
			t.Fatalf("%+v", a)
		}
	})
	t.Run("what is not there is absent", func(t *testing.T) {
		if found, a := find(key); a.Verdict != Absent || found != nil {
			t.Errorf("%v %+v", found, a)
		}
	})
	t.Run("what is created can be found", func(t *testing.T) {
		want := []string{create(t, "The first, with <b> & Grüße"), create(t, "The second")}
		found, a := find(key)
		for deadline := time.Now().Add(time.Minute); len(found) < 2 && time.Now().Before(deadline); found, a = find(key) {
			time.Sleep(500 * time.Millisecond) // lists of real servers lag behind
		}
		if a.Verdict != OK || len(found) != 2 || found[0].ID != want[0] || found[1].ID != want[1] {
			t.Fatalf("%+v %+v", found, a)
		}
		if f := found[0]; f.Title != "The first, with <b> & Grüße" || f.Key != key {
			t.Errorf("%+v", f)
		}
	})
	t.Run("no other key is taken for it", func(t *testing.T) {
		for _, other := range []string{strings.ToLower(key), key[:len(key)-1], key + "0"} {
			if found, a := find(other); a.Verdict != Absent || found != nil {
				t.Errorf("%s: %v %+v", other, found, a)
			}
		}
	})
	t.Run("the list", func(t *testing.T) {
		p, a := c.Read(t.Context(), Query{Field: field, Page: 1})
		if a.Verdict != OK || len(p.Cases) < 2 || p.Total != -1 && p.Total < len(p.Cases) {
			t.Errorf("%+v, %+v", p, a)
		}
	})
	t.Run("faulty cases are rejected", func(t *testing.T) {
		for _, body := range []string{`{"title":"no description"}`, `{`, `[]`} {
			if a := c.Create(t.Context(), []byte(body), ""); a.Verdict != Rejected || !a.APIForm || a.Message == "" || a.Down {
				t.Errorf("%s: %+v", body, a)
			}
		}
	})
	t.Run("a wrong token stops the run", func(t *testing.T) {
		cfg.Credentials = Credentials{Token: "not-a-token"}
		stranger, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer stranger.transport.CloseIdleConnections()
		if a := stranger.Create(t.Context(), []byte(`{}`), ""); a.Verdict != Halt || strings.Contains(a.Message, "not-a-token") {
			t.Errorf("%+v", a)
		}
	})
}

// fakeAPI is the least that can be called a Case API. Where the published
// descriptions of the API disagree, it speaks the form that it is told to.
type fakeAPI struct {
	filter string // "array", "object", "ignored", or "refused"; the other form: see lenient
	// lenient ignores the other form of the filter; else it is refused.
	lenient bool
	// list and single write the custom fields of a case.
	list, single func(map[string]any) any

	mu    sync.Mutex
	cases []map[string]any
}

func (f *fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	refuse := func(status int, message string) {
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"code":"%d","message":%q,"fields":[]}`, status, message)
	}
	id, single := strings.CutPrefix(r.URL.Path, casesPath+"/")
	switch {
	case r.URL.Path == "/oauth/token":
		fmt.Fprint(w, `{"access_token":"good","token_type":"Bearer","expires_in":3600}`)
	case r.Header.Get("Authorization") != "Bearer good":
		refuse(http.StatusUnauthorized, "Invalid token")
	case r.Method == http.MethodPost:
		var c map[string]any
		if err := json.NewDecoder(r.Body).Decode(&c); err != nil || c["description"] == nil {
			refuse(http.StatusBadRequest, "Bad request")
			return
		}
		c["id"] = strconv.Itoa(len(f.cases) + 1)
		f.cases = append(f.cases, c)
		w.WriteHeader(http.StatusCreated)
		json.NewEncoder(w).Encode(c)
	case single:
		if n, _ := strconv.Atoi(id); n >= 1 && n <= len(f.cases) {
			json.NewEncoder(w).Encode(shaped(f.cases[n-1], f.single))
			return
		}
		refuse(http.StatusNotFound, "No such case")
	default:
		field, key, form := f.filterOf(r)
		if form != "" && form != f.filter && !f.lenient && f.filter != "ignored" {
			refuse(http.StatusBadRequest, "custom_fields has the wrong form")
			return
		}
		hits := []map[string]any{}
		for _, c := range f.cases { // by substring: comparing is the client's task
			value, _ := c["custom_fields"].(map[string]any)[field].(string)
			if form != f.filter || strings.Contains(strings.ToLower(value), strings.ToLower(key)) {
				hits = append(hits, shaped(c, f.list))
			}
		}
		total := len(hits)
		if r.URL.Query().Get("page") != "1" { // all are on the first
			hits = []map[string]any{}
		}
		json.NewEncoder(w).Encode(map[string]any{"total": total, "_embedded": map[string]any{"data": hits}})
	}
}

// filterOf reads a filter in either form; "" if there is none.
func (f *fakeAPI) filterOf(r *http.Request) (field, key, form string) {
	text := []byte(r.URL.Query().Get("custom_fields"))
	var array []struct{ Label, Value string }
	if json.Unmarshal(text, &array) == nil && len(array) == 1 {
		return array[0].Label, array[0].Value, "array"
	}
	var object map[string]struct{ Label, Value string }
	if json.Unmarshal(text, &object) == nil {
		for field, v := range object {
			if v.Label == field {
				return field, v.Value, "object"
			}
		}
	}
	return "", "", ""
}

// shaped is a case as a read shows it.
func shaped(c map[string]any, shape func(map[string]any) any) map[string]any {
	c = maps.Clone(c)
	if fields, ok := c["custom_fields"].(map[string]any); ok && shape != nil {
		if c["custom_fields"] = shape(fields); c["custom_fields"] == nil {
			delete(c, "custom_fields")
		}
	}
	return c
}
