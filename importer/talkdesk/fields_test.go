package talkdesk_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"caseimport/importer/sandbox"
	"caseimport/importer/talkdesk"
	"caseimport/mapping/fields"
)

// boxed is a client of a sandbox.
func boxed(t *testing.T, opt sandbox.Options) *talkdesk.Client {
	t.Helper()
	box, err := sandbox.Start("127.0.0.1:0", opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	return client(t, box.URL, box.TokenURL)
}

func client(t *testing.T, base, token string) *talkdesk.Client {
	t.Helper()
	c, err := talkdesk.New(talkdesk.Config{Account: "acme", BaseURL: base, TokenURL: token,
		Credentials: talkdesk.Credentials{ClientID: "id", ClientSecret: "a long secret"}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func definitions(t *testing.T, c *talkdesk.Client) (*talkdesk.Definitions, []fields.Field, talkdesk.Answer, int) {
	t.Helper()
	d, requests := talkdesk.NewDefinitions(), 0
	for q, more := d.Next(); more; q, more = d.Next() {
		if requests++; requests > 200 {
			t.Fatal("this does not end")
		}
		d.Take(c.ReadFields(t.Context(), q))
	}
	all, a := d.Result()
	return d, all, a, requests
}

// Whatever the form, what is read is the same.
func TestFieldsAreReadInEveryForm(t *testing.T) {
	_, want, a, requests := definitions(t, boxed(t, sandbox.Options{}))
	if a.Verdict != talkdesk.OK || len(want) != 12 || requests != 1 {
		t.Fatalf("%d fields with %d requests, %+v", len(want), requests, a)
	}
	topic := want[4]
	if topic.Key != "dependent_field5" || topic.Kind != fields.Dependent || topic.Options[0].Options[0].Options[1].Label != "Toner" {
		t.Errorf("%+v", topic)
	}
	if want[10].Active || !want[2].Required {
		t.Errorf("active and required: %+v", want)
	}
	for form, wrapping := range map[sandbox.FieldsForm]string{
		sandbox.FieldsArray: "an array", sandbox.FieldsEmbedded: "an object", sandbox.FieldsPages: "pages with links", sandbox.FieldsNumbered: "pages"} {
		for _, spelling := range []sandbox.LabelSpelling{sandbox.LabelValue, sandbox.LabelLabel, sandbox.LabelLable} {
			t.Run(fmt.Sprint(form, " ", spelling), func(t *testing.T) {
				d, got, a, _ := definitions(t, boxed(t, sandbox.Options{FieldsForm: form, LabelSpelling: spelling}))
				if a.Verdict != talkdesk.OK || !reflect.DeepEqual(got, want) {
					t.Errorf("%+v\ngot  %+v\nwant %+v", a, got, want)
				}
				if d.Wrapping != wrapping || d.Label != string(spelling) {
					t.Errorf("%q %q", d.Wrapping, d.Label)
				}
			})
		}
	}
}

// answering is a client of a server that gives a token, and page by page the
// bodies of the case fields; the last one again and again.
func answering(t *testing.T, status int, bodies ...string) *talkdesk.Client {
	t.Helper()
	n := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.Method == http.MethodPost {
			fmt.Fprint(w, `{"access_token":"tok-0123456789abcdef","token_type":"bearer","expires_in":600,"scope":"cases-public:read a long secret"}`)
			return
		}
		if r.URL.RawQuery != "" && bodies[min(n, len(bodies)-1)] == "" {
			status = http.StatusBadRequest // no parameters, please
		}
		w.WriteHeader(status)
		fmt.Fprint(w, bodies[min(n, len(bodies)-1)])
		n++
	}))
	t.Cleanup(server.Close)
	return client(t, server.URL, server.URL+"/oauth/token")
}

func TestFieldsOfOtherServers(t *testing.T) {
	const one, two = `{"id":1,"key":"text1","name":"Id","type":"003","dict_list":null}`, `{"key":"dropdown2","name":"Region","active":false,"dict_list":[{"key":1,"lable":"EU","value":"x","children":null},{"value":"no code"}]}`
	for _, tt := range []struct {
		name     string
		status   int
		bodies   []string
		want     string // keys, or
		verdict  talkdesk.Verdict
		message  string
		requests int
	}{
		{"an array", 200, []string{`[` + one + `,` + two + `]`}, "text1 dropdown2", talkdesk.OK, "", 1},
		{"an empty array", 200, []string{`[]`}, "", talkdesk.OK, "", 1},
		{"under a strange name", 200, []string{`{"total":2,"_embedded":{"strange":[` + one + `,` + two + `]}}`}, "text1 dropdown2", talkdesk.OK, "", 1},
		{"outside of _embedded", 200, []string{`{"errors":[],"total":1,"data":[` + one + `]}`}, "text1", talkdesk.OK, "", 1},
		{"no total, always the same", 200, []string{`{"fields":[` + one + `]}`}, "text1", talkdesk.OK, "", 2},
		{"no total, an empty page", 200, []string{`{"fields":[` + one + `]}`, `{"fields":[` + two + `]}`, `{"fields":[]}`}, "text1 dropdown2", talkdesk.OK, "", 3},
		{"no total, and no parameters", 200, []string{`{"fields":[` + one + `]}`, ``}, "text1", talkdesk.OK, "", 2},
		{"a link to elsewhere", 200, []string{`{"_links":{"next":{"href":"https://evil.example/x?page=2"}},"_embedded":{"f":[` + one + `]}}`, `{"_embedded":{"f":[` + two + `]}}`, `{"_embedded":{"f":[]}}`}, "text1 dropdown2", talkdesk.OK, "", 3},
		{"a total that is more", 200, []string{`{"total":9,"fields":[` + one + `]}`, `{"total":9,"fields":[` + one + `]}`}, "", talkdesk.Unknown, "repeats", 2},
		{"a total that is more, then nothing", 200, []string{`{"total":9,"fields":[` + one + `]}`, `{"total":9,"fields":[]}`}, "text1", talkdesk.OK, "", 2},
		{"no key", 200, []string{`[{"name":"x"}]`}, "", talkdesk.NotTaken, "not in the API's form", 1},
		{"not JSON", 200, []string{`<html><title>Sign in</title>`}, "", talkdesk.NotTaken, "not in the API's form", 1},
		{"cut off", 200, []string{`[` + one}, "", talkdesk.NotTaken, "", 1},
		{"not there", 404, []string{`{}`}, "", talkdesk.Unknown, "/cm/meta/va/fields answered 404", 1},
		{"denied", 403, []string{`{"code":"1","message":"no"}`}, "", talkdesk.Halt, "lack the scope case-fields-public:read", 1},
		{"failing", 502, []string{``}, "", talkdesk.NotTaken, "502", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := answering(t, tt.status, tt.bodies...)
			_, all, a, requests := definitions(t, c)
			var keys []string
			for _, f := range all {
				keys = append(keys, f.Key)
			}
			if strings.Join(keys, " ") != tt.want || a.Verdict != tt.verdict || !strings.Contains(a.Message, tt.message) || requests != tt.requests {
				t.Errorf("%v %+v after %d requests", keys, a, requests)
			}
			if len(all) == 2 && (all[1].Active || !all[0].Active || all[1].Kind != fields.DropDown || !reflect.DeepEqual(all[1].Options, []fields.Option{{Code: "1", Label: "EU"}})) {
				t.Errorf("%+v", all[1])
			}
		})
	}
}

func TestFieldsShowNoSecret(t *testing.T) {
	const secret = "tok-0123456789abcdef"
	c := answering(t, 200, `[{"key":"text1","name":"my `+secret+`","description":"`+secret+`","dict_list":[{"key":"1","value":"`+secret+`"}]}]`)
	if _, all, a, _ := definitions(t, c); a.Verdict != talkdesk.OK || strings.Contains(fmt.Sprint(all), secret) {
		t.Errorf("%+v %+v", all, a)
	}
}

func TestScopesAreWhatWasGranted(t *testing.T) {
	c := boxed(t, sandbox.Options{NoUsersScope: true})
	if _, said := c.Scopes(); said {
		t.Error("scopes before there is a token")
	}
	if a := c.Login(t.Context()); a.Verdict != talkdesk.OK {
		t.Fatalf("%+v", a)
	}
	if scopes, said := c.Scopes(); !said || strings.Join(scopes, " ") != talkdesk.ScopeRead+" "+talkdesk.ScopeWrite+" "+talkdesk.ScopeFields {
		t.Errorf("%q", scopes)
	}
	c = answering(t, 200, "[]")
	c.Login(t.Context())
	if scopes, _ := c.Scopes(); strings.Contains(strings.Join(scopes, " "), "secret") {
		t.Errorf("%q", scopes)
	}
}

func TestPingTellsWhatCanBeSeen(t *testing.T) {
	c := boxed(t, sandbox.Options{Latency: 20 * time.Millisecond})
	s, a := c.Ping(t.Context())
	if a.Verdict != talkdesk.OK || !s.Dated || s.Ahead.Abs() > 3*time.Second || s.Took < 20*time.Millisecond || s.Secure || s.Proxy != "" {
		t.Errorf("%+v %+v", s, a)
	}
}

func TestPageTellsItsShape(t *testing.T) {
	for shape, want := range map[sandbox.Shape]string{
		sandbox.ShapePlain:       "an object of plain values",
		sandbox.ShapeWrapped:     "an object of objects with a value",
		sandbox.ShapeText:        "a text with the JSON of an object of plain values",
		sandbox.ShapeWrappedText: "a text with the JSON of an object of objects with a value",
		sandbox.ShapeArrayKey:    "an array by key",
		sandbox.ShapeArrayLabel:  "an array by label",
		sandbox.ShapeArrayName:   "an array by name",
		sandbox.ShapeAbsent:      "",
	} {
		box, err := sandbox.Start("127.0.0.1:0", sandbox.Options{ListShape: shape, Lag: -1})
		if err != nil {
			t.Fatal(err)
		}
		defer box.Close()
		for i, custom := range []map[string]any{nil, {"checkbox6": true}, {"checkbox6": true, "text2": "x"}} {
			if err := box.Server.Put(sandbox.Stored{ID: fmt.Sprint(i + 1), Title: "t", CustomFields: custom}); err != nil {
				t.Fatal(err)
			}
		}
		p, a := client(t, box.URL, box.TokenURL).Read(t.Context(), talkdesk.Query{Page: 1})
		field := "text2"
		if want == "" {
			field = ""
		}
		if a.Verdict != talkdesk.OK || p.Shape != want || p.TextField != field {
			t.Errorf("%s: %q, %q %+v", shape, p.Shape, p.TextField, a)
		}
	}
}
