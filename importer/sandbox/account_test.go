package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	known "caseimport/mapping/fields"
)

// TestKindsAreThoseOfMappings: the sandbox keeps its own lists, so that a mistake in one
// shows against the other; a kind that one of them lacks would not show.
func TestKindsAreThoseOfMappings(t *testing.T) {
	var checked []string
	for _, p := range prefixes {
		checked = append(checked, fieldKey(p.name))
	}
	slices.Sort(checked)
	checked = slices.Compact(checked)
	var want []string
	for _, k := range known.Kinds {
		want = append(want, string(k))
	}
	slices.Sort(want)
	if coded := slices.Sorted(slices.Values(types)); !slices.Equal(checked, want) || !slices.Equal(coded, want) {
		t.Errorf("checked are %q, types have %q, mappings know %q", checked, coded, want)
	}
}

const realFields = `{"account":"acme","base_url":"https://api.talkdeskapp.com","read_at":"2026-01-01T00:00:00Z","fields":[
	{"key":"text7","name":"Source id","kind":"text","description":"","required":false,"active":true,"options":[]},
	{"key":"text8","name":"Old","kind":"text","active":false},
	{"key":"drop_down9","name":"Region","kind":"drop_down","active":true,"required":true,"options":[{"code":"001","label":"Europe"}]},
	{"key":"multi_select10","name":"Tags","kind":"multi_select","options":[{"code":"a","label":"A"},{"code":"b","label":"B"}]},
	{"key":"dependent_field11","name":"Topic","kind":"dependent_field","active":true,"options":[{"code":"1","label":"Hardware","options":[{"code":"2","label":"Printer"}]},{"code":"3","label":"Other"}]}]}`

func fieldsOf(t *testing.T, file string) []Field {
	t.Helper()
	fields, err := ParseFields([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	return fields
}

func TestKeysAndCodesAreStrictOnlyWithDefinitions(t *testing.T) {
	for _, test := range []struct{ custom, want string }{
		{`"text7":"x"`, ""},
		{`"text7":7`, "must be a string"},
		{`"text1":"x"`, "is not a field of this account"},
		{`"colour":"x"`, "is not a field of this account"},
		{`"text8":"x"`, "is an inactive field"},
		{`"drop_down9":"001"`, ""},
		{`"dropdown9":"001"`, ""},
		{`"drop_down9":"Europe"`, "has no option"},
		{`"drop_down9":1`, "must be an option's code"},
		{`"multi_select10":["a","b"]`, ""},
		{`"multi_select10":["a","c"]`, "has no option"},
		{`"dependent_field11":["1","2"]`, ""},
		{`"dependent_field11":["1"]`, ""},
		{`"dependent_field11":["3","2"]`, "has no option"},
		{`"dependent_field11":["2"]`, "has no option"},
	} {
		s := newServer(Options{Fields: fieldsOf(t, realFields)})
		a := ask(s, "POST", casesPath, caseWith(`"custom_fields":{`+test.custom+`}`))
		if (a.Code == http.StatusCreated) != (test.want == "") || !strings.Contains(a.Body.String(), test.want) {
			t.Errorf("%s: %d %s", test.custom, a.Code, a.Body)
		}
	}
	s := newServer(Options{})
	mustCreate(t, s, caseWith(`"custom_fields":{"text99":"x","drop_down1":"any","dropdown2":"any","text11":"inactive"}`))
	strict := newServer(Options{Fields: fieldsOf(t, realFields)})
	for key, want := range map[string]int{"text7": 200, "text1": 400} {
		if a := ask(strict, "GET", casesPath+"?custom_fields="+escape(byKey(key, "x")), ""); a.Code != want {
			t.Errorf("filter on %s: %d %s", key, a.Code, a.Body)
		}
	}
}

func TestParseFieldsRefusesWhatIsNone(t *testing.T) {
	for _, file := range []string{``, `[]`, `{}`, `{"fields":[]}`, `{"fields":[{"name":"x"}]}`, `{"fields":[{"key":"drop_down1"},{"key":"dropdown1"}]}`} {
		if _, err := ParseFields([]byte(file)); err == nil {
			t.Errorf("%s was taken", file)
		}
	}
}

// definitions reads the fields as a client does that knows all forms.
func definitions(t *testing.T, s *Server) (keys []string, first gjson.Result) {
	t.Helper()
	for page := 1; page < 20; page++ {
		target := fieldsPath
		if page > 1 {
			target += fmt.Sprintf("?page=%d", page)
		}
		a := ask(s, "GET", target, "")
		if a.Code != http.StatusOK {
			t.Fatalf("%d %s", a.Code, a.Body)
		}
		body := gjson.ParseBytes(a.Body.Bytes())
		list := body
		if !body.IsArray() {
			body.Get("_embedded").ForEach(func(_, v gjson.Result) bool { list = v; return false })
		}
		for _, f := range list.Array() {
			keys = append(keys, f.Get("key").Str)
			if !first.Exists() {
				first = body
			}
		}
		if !body.Get("page").Exists() || len(list.Array()) == 0 {
			break
		}
	}
	return keys, first
}

func TestDefinitionsInEachForm(t *testing.T) {
	want, array := definitions(t, newServer(Options{}))
	if len(want) != len(defaultFields) || !slices.Contains(want, "text1") || !array.IsArray() {
		t.Fatalf("%v", want)
	}
	for form, links := range map[FieldsForm]bool{FieldsEmbedded: false, FieldsPages: true, FieldsNumbered: false} {
		keys, first := definitions(t, newServer(Options{FieldsForm: form}))
		if !slices.Equal(keys, want) {
			t.Errorf("%s: %v", form, keys)
		}
		if raw := first.Raw; !strings.Contains(raw, `"create_at":`) || strings.Contains(raw, `"created_at":`) {
			t.Errorf("%s: the other spelling of the time is not there: %s", form, raw)
		}
		if first.IsArray() || first.Get("_links.next").Exists() != links {
			t.Errorf("%s: %s", form, first)
		}
	}
	own, _ := definitions(t, newServer(Options{Fields: fieldsOf(t, realFields)}))
	if !slices.Equal(own, []string{"text7", "text8", "drop_down9", "multi_select10", "dependent_field11"}) {
		t.Errorf("%v", own)
	}
}

func TestDefinitionsInFull(t *testing.T) {
	for spelling, name := range map[LabelSpelling]string{"": "value", LabelLabel: "label", LabelLable: "lable"} {
		s := newServer(Options{Fields: fieldsOf(t, realFields), LabelSpelling: spelling})
		var got []map[string]any
		decode(t, ask(s, "GET", fieldsPath, ""), &got)
		raw, _ := json.Marshal([]any{got[1], got[2]["dict_list"], got[4]["dict_list"], got[2]["type"], got[4]["type"], got[2]["required"]})
		want := `[{"active":false,"created_at":"2024-03-01T09:00:00Z","description":"","dict_list":null,"id":"2","key":"text8","name":"Old","required":false,"type":"003"},` +
			`[{"children":null,"key":"001","LABEL":"Europe"}],` +
			`[{"children":[{"children":null,"key":"2","LABEL":"Printer"}],"key":"1","LABEL":"Hardware"},{"children":null,"key":"3","LABEL":"Other"}],"001","002",true]`
		want = strings.ReplaceAll(want, "LABEL", name)
		var g, w any
		_ = json.Unmarshal(raw, &g)
		_ = json.Unmarshal([]byte(want), &w)
		if fmt.Sprint(g) != fmt.Sprint(w) {
			t.Errorf("%s:\n%v\n%v", name, g, w)
		}
	}
}

func TestDefaultFieldsAreACompleteAccount(t *testing.T) {
	kinds := map[string]bool{}
	inactive, required := 0, 0
	for _, f := range defaultFields {
		kinds[strings.TrimRight(f.Key, "0123456789")] = true
		if !f.Active {
			inactive++
		}
		if f.Required {
			required++
		}
	}
	if len(kinds) != 9 || inactive != 1 || required != 1 || defaultFields[0].Key != "text1" || !defaultFields[0].Active {
		t.Errorf("%v, %d inactive, %d required", kinds, inactive, required)
	}
}

// agents asks for users and returns their ids' last digits and the total.
func agents(t *testing.T, s *Server, query string) (string, int) {
	t.Helper()
	a := ask(s, "GET", usersPath+"?"+query, "")
	var p struct {
		Total, Count int
		Embedded     struct{ Users []Agent } `json:"_embedded"`
	}
	decode(t, a, &p)
	ids := ""
	for _, u := range p.Embedded.Users {
		ids += u.ID[len(u.ID)-1:]
	}
	if a.Code != http.StatusOK || p.Count != len(ids) {
		t.Errorf("%s: %d %s", query, a.Code, a.Body)
	}
	return ids, p.Total
}

func TestUsers(t *testing.T) {
	for _, test := range []struct {
		opt         Options
		query, want string
		total       int
	}{
		{Options{}, "", "123456", 6},
		{Options{}, "email=ANN.agent@example.com", "1", 1},
		{Options{}, "email=desk@example.com", "56", 2},
		{Options{}, "email=agent", "", 0},
		{Options{}, "active=true", "12356", 5},
		{Options{}, "active=false", "4", 1},
		{Options{}, "per_page=4", "1234", 6},
		{Options{}, "per_page=4&page=2", "56", 6},
		{Options{}, "per_page=4&page=3", "", 6},
		{Options{EmailFilter: EmailIgnored}, "email=desk@example.com", "123456", 6},
		{Options{Agents: []Agent{{ID: "x9", Email: "x@example.com", Active: true}}}, "", "9", 1},
	} {
		if got, total := agents(t, newServer(test.opt), test.query); got != test.want || total != test.total {
			t.Errorf("%s: %q of %d, want %q", test.query, got, total, test.want)
		}
	}
	for _, query := range []string{"per_page=101", "page=0", "active=yes", "name=x"} {
		if a := ask(newServer(Options{}), "GET", usersPath+"?"+query, ""); a.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", query, a.Code)
		}
	}
	if a := ask(newServer(Options{EmailFilter: EmailRefused}), "GET", usersPath+"?email=x", ""); a.Code != http.StatusBadRequest {
		t.Errorf("refused filter: %d", a.Code)
	}
	next := gjson.GetBytes(ask(newServer(Options{}), "GET", usersPath+"?per_page=4", "").Body.Bytes(), "_links.next.href").Str
	if !strings.HasPrefix(next, "http://example.com/users?") || !strings.Contains(next, "page=2") {
		t.Errorf("next: %q", next)
	}
}

func TestCreatesAreHeldToAgentsThatAreGiven(t *testing.T) {
	own, err := ParseAgents([]byte(`{"_embedded":{"users":[{"id":"a1","active":true},{"id":"a2","active":false}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	for owner, want := range map[string]int{"a1": 201, "a2": 400, "a3": 400} {
		if a := ask(newServer(Options{Agents: own}), "POST", casesPath, caseWith(`"owner_id":"`+owner+`"`)); a.Code != want {
			t.Errorf("%s: %d %s", owner, a.Code, a.Body)
		}
		mustCreate(t, newServer(Options{}), caseWith(`"owner_id":"`+owner+`"`))
	}
	if _, err := ParseAgents([]byte(`{}`)); err == nil {
		t.Error("no agents were taken")
	}
}

func TestAnybodyMayBeAnAgent(t *testing.T) {
	s := newServer(Options{AnyAgent: true})
	of := func(email string) string {
		return gjson.GetBytes(ask(s, "GET", usersPath+"?email="+email, "").Body.Bytes(), "_embedded.users.0.id").Str
	}
	if kim := of("kim@example.com"); kim == "" || kim != of("KIM@example.com") || kim == of("kit@example.com") || of("ann.agent@example.com") != defaultAgents[0].ID {
		t.Errorf("ids %q, %q", kim, of("kit@example.com"))
	}
	if a := ask(s, "GET", usersPath, ""); a.Code != http.StatusBadRequest {
		t.Errorf("a list: %d %s", a.Code, a.Body)
	}
	mustCreate(t, s, caseWith(`"owner_id":"anybody"`))
	if a := ask(s, "PATCH", casesPath+"/1", `{"owner_id":"`+of("kim@example.com")+`"}`); a.Code != http.StatusOK {
		t.Errorf("%d %s", a.Code, a.Body)
	}
}
