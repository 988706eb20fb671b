package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"caseimport/importer/reads"
	"caseimport/importer/sandbox"
	"caseimport/importer/talkdesk"
	"caseimport/mapping/fields"
	"caseimport/ratelimit"
)

var creds = talkdesk.Credentials{ClientID: "id", ClientSecret: "a long secret"}

// examine asks a server, for a mapping whose key goes into field.
func examine(t *testing.T, base, token string, creds talkdesk.Credentials, m *Mapping) Report {
	t.Helper()
	api, err := talkdesk.New(talkdesk.Config{Account: "acme", BaseURL: base, TokenURL: token, Credentials: creds, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return Run(t.Context(), Config{API: api, Account: "acme", Mapping: m, Token: creds.Token != "",
		Reader: &reads.Reader{Limiter: ratelimit.New(0), Patience: time.Millisecond}})
}

// boxed examines a sandbox that holds cases with these keys, none if a key is "".
func boxed(t *testing.T, opt sandbox.Options, m *Mapping, keys ...string) Report {
	t.Helper()
	if opt.Lag == 0 {
		opt.Lag = -1
	}
	box, err := sandbox.Start("127.0.0.1:0", opt)
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	for i, key := range keys {
		c := sandbox.Stored{ID: fmt.Sprint(i + 1), Title: "A case", CustomFields: map[string]any{"checkbox6": true}}
		if key != "" {
			c.CustomFields["text1"] = key
		}
		if err := box.Server.Put(c); err != nil {
			t.Fatal(err)
		}
	}
	return examine(t, box.URL, box.TokenURL, creds, m)
}

func mappingOf(keys ...string) *Mapping {
	return &Mapping{Name: "mapping.yaml", KeyField: "text1", Fields: append(keys, "text1"), Against: func(account fields.File) error {
		for _, key := range keys {
			if _, ok := account.Field(key); !ok {
				return errors.New("the account has no " + key)
			}
		}
		return nil
	}}
}

func check(t *testing.T, r Report, name string) Check {
	t.Helper()
	for _, c := range r.Checks {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no check %s in %+v", name, r)
	return Check{}
}

func TestDoctor(t *testing.T) {
	for _, tt := range []struct {
		name    string
		opt     sandbox.Options
		mapping *Mapping
		keys    []string
		exit    int
		want    map[string]State // and what the others are does not matter
		says    map[string]string
	}{
		{"an account with cases", sandbox.Options{}, mappingOf("drop_down3", "dropdown12"), []string{"", "ZD-17", "ZD-18"}, 0,
			map[string]State{"credentials": OK, "scopes": OK, "connection": OK, "clock": OK, "list": OK, "forms": OK, "search": OK, "definitions": OK, "mapping": OK, "limits": CannotTell, "latency": OK},
			map[string]string{"search": "case 2 is found by its text1, also by a part", "list": "3 cases", "mapping": "3 custom fields", "forms": "filter by a custom field: array; definitions: an array; labels of options: value; drop-downs: drop_down", "definitions": `drop_down3 ("Region")`}},
		{"an empty account", sandbox.Options{}, mappingOf(), nil, 0,
			map[string]State{"search": CannotTell, "list": OK}, map[string]string{"list": "no case yet", "mapping": `it does not fill what agents must fill before they resolve: drop_down3 ("Region")`}},
		{"no mapping", sandbox.Options{ExactMatch: true}, nil, []string{"ZD-17"}, 0,
			map[string]State{"search": OK, "mapping": CannotTell}, map[string]string{"search": "text1, exactly"}},
		{"no case carries the key", sandbox.Options{}, mappingOf(), []string{"", ""}, 0,
			map[string]State{"search": CannotTell}, map[string]string{"search": "no case carries a key in text1"}},
		{"the first keys are short", sandbox.Options{}, mappingOf(), []string{"1", "17"}, 0,
			map[string]State{"search": OK}, map[string]string{"search": "case 2 is found by its text1, also by a part"}},
		{"only late cases carry the key", sandbox.Options{}, mappingOf(), append(make([]string, 600), "ZD-17"), 0,
			map[string]State{"search": OK}, map[string]string{"search": "case 601 is found"}},
		{"a mapping without a key", sandbox.Options{}, &Mapping{Name: "m", Against: func(fields.File) error { return nil }}, []string{"ZD-17"}, 0,
			map[string]State{"search": CannotTell}, map[string]string{"search": "names no key.custom_field"}},
		{"a key that is not there", sandbox.Options{}, mappingOf("text99"), nil, 1,
			map[string]State{"mapping": Failed}, map[string]string{"mapping": "no text99"}},
		{"no write scope", sandbox.Options{NoWriteScope: true}, nil, nil, 1,
			map[string]State{"scopes": Failed}, map[string]string{"scopes": "without cases-public:write no case can be created"}},
		{"no read scope", sandbox.Options{NoReadScope: true}, mappingOf(), nil, 3,
			map[string]State{"scopes": Attend, "list": Attend, "definitions": OK, "search": CannotTell, "clock": OK}, nil},
		{"no scope for fields", sandbox.Options{NoFieldsScope: true}, mappingOf(), nil, 3,
			map[string]State{"scopes": Attend, "definitions": Attend, "mapping": CannotTell, "list": OK}, nil},
		{"no scope for agents", sandbox.Options{NoUsersScope: true}, nil, nil, 0,
			map[string]State{"scopes": OK}, map[string]string{"scopes": "without users:read agents cannot"}},
		{"other forms", sandbox.Options{FilterForm: sandbox.FilterObject, FieldsForm: sandbox.FieldsPages, LabelSpelling: sandbox.LabelLable, ListShape: sandbox.ShapeText}, mappingOf(), []string{"ZD-17"}, 0,
			map[string]State{"search": OK}, map[string]string{"forms": "a text with the JSON of an object of plain values; filter by a custom field: object; definitions: pages with links; labels of options: lable"}},
		{"the list ignores the filter", sandbox.Options{ListFaults: []sandbox.ListFault{sandbox.FilterIgnored}}, mappingOf(), []string{"", "ZD-17"}, 3,
			map[string]State{"search": Attend}, map[string]string{"search": "ignores the filter"}},
		{"only single cases show fields", sandbox.Options{ListShape: sandbox.ShapeAbsent}, mappingOf(), []string{"ZD-17", ""}, 0,
			map[string]State{"search": OK}, map[string]string{"search": "the list does not show the field, single cases do"}},
		{"nothing shows fields", sandbox.Options{ListShape: sandbox.ShapeAbsent, CaseShape: sandbox.ShapeAbsent}, mappingOf(), []string{"ZD-17"}, 3,
			map[string]State{"search": Attend}, map[string]string{"search": "neither the list nor single cases show any custom field"}},
		{"every read fails", sandbox.Options{ReadFaults: 100}, mappingOf(), []string{"ZD-17"}, 1,
			map[string]State{"list": Failed, "search": CannotTell, "latency": CannotTell, "mapping": CannotTell, "credentials": OK}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := boxed(t, tt.opt, tt.mapping, tt.keys...)
			if r.Exit != tt.exit || len(r.Checks) != 11 {
				t.Errorf("exit %d: %+v", r.Exit, r.Checks)
			}
			for name, state := range tt.want {
				if c := check(t, r, name); c.State != state {
					t.Errorf("%+v, want %s", c, state)
				}
			}
			for name, text := range tt.says {
				if c := check(t, r, name); !strings.Contains(c.Message, text) {
					t.Errorf("%+v, want %s", c, text)
				}
			}
			for _, c := range r.Checks {
				if c.Message == "" || c.State == Failed && c.Hint == "" {
					t.Errorf("%+v", c)
				}
			}
		})
	}
}

// No mixture of the forms that are known stands against an import, as long as the
// key can be seen somewhere.
func TestEveryMixtureOfForms(t *testing.T) {
	shapes := []sandbox.Shape{sandbox.ShapePlain, sandbox.ShapeWrapped, sandbox.ShapeText, sandbox.ShapeWrappedText,
		sandbox.ShapeArrayKey, sandbox.ShapeArrayLabel, sandbox.ShapeArrayName, sandbox.ShapeAbsent}
	wrappings := []sandbox.FieldsForm{sandbox.FieldsArray, sandbox.FieldsEmbedded, sandbox.FieldsPages, sandbox.FieldsNumbered}
	labels := []sandbox.LabelSpelling{sandbox.LabelValue, sandbox.LabelLabel, sandbox.LabelLable}
	n := 0
	for _, listShape := range shapes {
		for _, caseShape := range shapes {
			for _, filter := range []sandbox.FilterForm{sandbox.FilterArray, sandbox.FilterObject} {
				for _, ignores := range []bool{false, true} {
					n++
					opt := sandbox.Options{ListShape: listShape, CaseShape: caseShape, FilterForm: filter, IgnoreOtherFilter: ignores,
						FieldsForm: wrappings[n%len(wrappings)], LabelSpelling: labels[n%len(labels)], ExactMatch: n%5 == 0}
					if n%7 == 0 {
						opt.ListFaults = []sandbox.ListFault{sandbox.TotalZero, sandbox.NoLinks}
					}
					t.Run(fmt.Sprint(listShape, caseShape, filter, ignores, opt.FieldsForm, opt.LabelSpelling, opt.ListFaults), func(t *testing.T) {
						r := boxed(t, opt, mappingOf("drop_down3"), "ZD-16", "ZD-17", "ZD-18")
						exit, state := 0, OK
						if listShape == sandbox.ShapeAbsent && caseShape == sandbox.ShapeAbsent {
							exit, state = 3, Attend
						}
						if c := check(t, r, "search"); r.Exit != exit || c.State != state {
							t.Errorf("exit %d, %+v\nforms: %s", r.Exit, c, check(t, r, "forms").Message)
						}
					})
				}
			}
		}
	}
}

func TestWhatHasFailedGoesBeforeWhatIsToBeAttendedTo(t *testing.T) {
	for exit, states := range map[int][]State{0: {OK, CannotTell}, 3: {CannotTell, Attend, OK}, 1: {Failed, Attend}} {
		var checks []Check
		for _, s := range states {
			checks = append(checks, Check{State: s})
		}
		if r := Of(checks...); r.Exit != exit {
			t.Errorf("%v: exit %d, want %d", states, r.Exit, exit)
		}
	}
	if r := Of(Check{State: Attend}, Check{State: Failed}); r.Exit != 1 {
		t.Errorf("exit %d", r.Exit)
	}
}

func TestCredentialsThatAreRefused(t *testing.T) {
	box, err := sandbox.Start("127.0.0.1:0", sandbox.Options{ClientID: "another", Token: "good-token-0123456789"})
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	for _, tt := range []struct {
		name  string
		creds talkdesk.Credentials
		exit  int
	}{
		{"a client that is not known", creds, 1},
		{"a token that has expired", talkdesk.Credentials{Token: "bad-token-0123456789"}, 1},
		{"a token", talkdesk.Credentials{Token: "good-token-0123456789"}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := examine(t, box.URL, box.TokenURL, tt.creds, nil)
			c, s := check(t, r, "credentials"), check(t, r, "scopes")
			if r.Exit != tt.exit || (c.State == Failed) != (tt.exit == 1) || s.State != CannotTell {
				t.Errorf("exit %d: %+v %+v", r.Exit, c, s)
			}
			if strings.Contains(fmt.Sprint(r), "0123456789") {
				t.Errorf("a secret is shown: %+v", r)
			}
		})
	}
}

func TestServersThatAreNone(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer func(http.ResponseWriter, *http.Request)
		states map[string]State
	}{
		{"a wrong address", func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }, map[string]State{"list": Failed, "credentials": OK}},
		{"a page", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html><title>Welcome</title>") }, map[string]State{"list": Failed}},
		{"a redirect", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) }, map[string]State{"list": Failed}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(tt.answer))
			defer server.Close()
			r := examine(t, server.URL, "", talkdesk.Credentials{Token: "good-token-0123456789"}, mappingOf())
			for name, state := range tt.states {
				if c := check(t, r, name); c.State != state || r.Exit != 1 {
					t.Errorf("exit %d, %+v", r.Exit, c)
				}
			}
		})
	}
	r := examine(t, "http://127.0.0.1:1", "http://127.0.0.1:1/oauth/token", creds, nil)
	if c := check(t, r, "credentials"); c.State != Failed || r.Exit != 1 {
		t.Errorf("exit %d, %+v", r.Exit, c)
	}
}

// searched is a server with one case, which a search answers with these cases.
func searched(t *testing.T, cases string) (base string) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data := `{"id":"7","title":"t","custom_fields":{"text1":"ZD-17"}}`
		if r.URL.Query().Get("custom_fields") != "" {
			data = cases
		}
		if r.URL.Query().Get("page") == "2" {
			data = ""
		}
		fmt.Fprintf(w, `{"total":1,"_embedded":{"data":[%s]}}`, data)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestSearchThatDoesNotFind(t *testing.T) {
	for _, cases := range []string{
		`{"id":"8","title":"t","custom_fields":{"text1":"ZD-170"}}`, // another, by a part
		`{"id":"8","title":"t","custom_fields":{"text1":"ZD-17"}}`,  // another with the same key
	} {
		r := examine(t, searched(t, cases), "", talkdesk.Credentials{Token: "good-token-0123456789"}, mappingOf())
		if c := check(t, r, "search"); c.State != Attend || !strings.Contains(c.Message, "case 7 carries a key in text1, but is not found") || r.Exit != 3 {
			t.Errorf("exit %d, %+v", r.Exit, c)
		}
	}
}

func TestClock(t *testing.T) {
	for _, tt := range []struct {
		ahead  time.Duration
		signed bool
		state  State
		says   string
	}{
		{0, false, OK, "as the server's"},
		{-20 * time.Second, false, OK, "20s ahead of the server's"},
		{90 * time.Second, true, OK, "at 2m30s off"},
		{3 * time.Minute, false, Attend, "3m0s behind the server's"},
	} {
		f := &facts{Config: Config{Signed: tt.signed}, ping: talkdesk.Answer{Verdict: talkdesk.OK, Status: 200}, sight: talkdesk.Sight{Dated: true, Ahead: tt.ahead}}
		if c := clock(f); c.State != tt.state || !strings.Contains(c.Message, tt.says) {
			t.Errorf("%+v", c)
		}
	}
}

func TestConnection(t *testing.T) {
	f := &facts{ping: talkdesk.Answer{Status: 200}, sight: talkdesk.Sight{Proxy: "proxy:3128", Secure: true, Version: "TLS 1.3",
		Host: "api.example.com", Issuer: "CN=Some CA", NotAfter: time.Now().Add(5*24*time.Hour + time.Hour)}}
	const want = "through the proxy proxy:3128, TLS 1.3; certificate of api.example.com by CN=Some CA, valid until "
	if c := connection(f); c.State != OK || !strings.HasPrefix(c.Message, want) || !strings.Contains(c.Message, "ends in 5 days") {
		t.Errorf("%+v", c)
	}
}

func TestLimitsAreWhatHeadersSay(t *testing.T) {
	r := boxed(t, sandbox.Options{}, nil)
	if c := check(t, r, "limits"); c.State != CannotTell {
		t.Errorf("%+v", c)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-RateLimit-Limit", "50")
		w.Header().Set("RateLimit-Remaining", "49")
		fmt.Fprint(w, `{"total":0,"_embedded":{"data":[]}}`)
	}))
	defer server.Close()
	r = examine(t, server.URL, "", talkdesk.Credentials{Token: "good-token-0123456789"}, nil)
	if c := check(t, r, "limits"); c.State != OK || c.Message != "RateLimit-Remaining: 49; X-RateLimit-Limit: 50" {
		t.Errorf("%+v", c)
	}
}

func TestExaminationEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	api, _ := talkdesk.New(talkdesk.Config{Account: "acme", BaseURL: "http://127.0.0.1:1", Credentials: creds})
	r := Run(ctx, Config{API: api, Reader: &reads.Reader{Limiter: ratelimit.New(0), Patience: time.Hour}})
	if r.Exit != 1 {
		t.Errorf("%+v", r)
	}
}
