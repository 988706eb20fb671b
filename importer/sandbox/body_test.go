package sandbox

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestCreateRefusesWhatThePageForbids(t *testing.T) {
	long := func(n int) string { return strings.Repeat("é", n) }
	custom := func(name, value string) string { return caseWith(`"custom_fields":{"` + name + `":` + value + `}`) }
	tests := []struct {
		name, body string
		want       []string // beginnings of the faults; none: created
	}{
		{"the least", caseWith(), nil},
		{"everything", caseWith(`"priority":"URGENT"`, `"requester_email":"a.b+c@mail.example.com"`, `"requester_type":"Contact"`,
			`"owner_id":"o1"`, `"parent_id":"17"`, `"custom_fields":{}`, `"notes":[{"note_title":"x","note_body":"y","public":true}]`), nil},
		{"an e-mail address is requester enough", `{"title":"T","description":"D","requester_email":"a@example.com"}`, nil},
		{"white space around", "\n " + caseWith() + " \n", nil},
		{"escaped names and values", `{"t\u0069tle":"\u0054","description":"\"\\","requester_name":"A\ud83d\ude00"}`, nil},
		{"longest title", caseWith()[:10] + long(149) + caseWith()[10:], nil},

		{"nothing", `{}`, []string{"title: is mandatory", "description: is mandatory", "requester_name: requester_name or requester_email is mandatory"}},
		{"blanks", `{"title":" ","description":"\n","requester_name":" "}`, []string{"title: must not be empty", "description: must not be empty", "requester_name: requester_name or"}},
		{"null is no absence", `{"title":null,"description":null,"requester_name":null}`, []string{"title: must be a string", "description: must be a string", "requester_name: must be a string", "requester_name: requester_name or"}},
		{"long title", `{"title":"` + long(151) + `","description":"` + long(2001) + `","requester_name":"A"}`, []string{"title: has 151 characters, 150 are allowed", "description: has 2001 characters, 2000"}},
		{"numbers for text", `{"title":1,"description":true,"requester_name":[]}`, []string{"title: must be a string", "description: must be a string", "requester_name: must be a string", "requester_name: requester_name or"}},
		{"priority", caseWith(`"priority":"high"`), []string{"priority: must be one of LOW, NORMAL, HIGH, URGENT"}},
		{"e-mail", caseWith(`"requester_email":"Ann <a@example.com>"`), []string{"requester_email: is not an e-mail address"}},
		{"e-mail without a dot", caseWith(`"requester_email":"a@example"`), []string{"requester_email: is not an e-mail address"}},
		{"e-mail that cannot exist", caseWith(`"requester_email":"a@shop.Invalid"`), []string{"requester_email: the requester cannot be resolved"}},
		{"empty e-mail", caseWith(`"requester_email":""`), []string{"requester_email: is not an e-mail address"}},
		{"parent", caseWith(`"parent_id":"ZD-1"`), []string{"parent_id: must be the id of a case"}},
		{"parent as a number", caseWith(`"parent_id":17`), []string{"parent_id: must be a string"}},
		{"unknown field", caseWith(`"subject":"x"`), []string{"subject: unknown field"}},
		{"a field of updates only", caseWith(`"status":"OPEN"`, `"type":"TASK"`), []string{"status: unknown field", "type: unknown field"}},
		{"field twice", caseWith(`"title":"T"`), []string{"title: is given twice"}},
		{"custom_fields is a list", caseWith(`"custom_fields":[]`), []string{"custom_fields: must be an object"}},

		{"checkbox", custom("checkbox_a", `true`), nil},
		{"checkbox as text", custom("checkbox_a", `"true"`), []string{"custom_fields.checkbox_a: must be true or false"}},
		{"dropdown", custom("dropdown_a", `"001"`), nil},
		{"dropdown as a number", custom("dropdown_a", `1`), []string{"custom_fields.dropdown_a: must be an option's code, a string"}},
		{"empty dropdown", custom("dropdown_a", `""`), []string{"custom_fields.dropdown_a: must be an option's code"}},
		{"text", custom("text1", `""`), nil},
		{"text as a number", custom("text1", `17`), []string{"custom_fields.text1: must be a string"}},
		{"multi_line_text", custom("multi_line_text1", `"a\nb"`), nil},
		{"multi_line_text as a list", custom("multi_line_text1", `["a"]`), []string{"custom_fields.multi_line_text1: must be a string"}},
		{"three levels", custom("dependent_field_a", `["1", "2", "3"]`), nil},
		{"four levels", custom("dependent_field_a", `["1","2","3","4"]`), []string{"custom_fields.dependent_field_a: must be an array of one to three"}},
		{"no level", custom("dependent_field_a", `[ ]`), []string{"custom_fields.dependent_field_a: must be an array of one to three"}},
		{"level as a number", custom("dependent_field_a", `["1",2]`), []string{"custom_fields.dependent_field_a: must be an array"}},
		{"date", custom("date_a", `"2022-04-21T06:30:21Z"`), nil},
		{"date with a fraction", custom("date_a", `"2022-04-21T06:30:21.5Z"`), nil},
		{"date elsewhere", custom("date_a", `"2022-04-21T06:30:21+02:00"`), []string{"custom_fields.date_a: must be RFC 3339 in UTC"}},
		{"date of a spreadsheet", custom("date_a", `45306`), []string{"custom_fields.date_a: must be RFC 3339"}},
		{"date without a leading zero", custom("date_a", `"2022-04-21T6:30:21Z"`), []string{"custom_fields.date_a: must be RFC 3339"}},
		{"date that does not exist", custom("date_a", `"2022-02-30T06:30:21Z"`), []string{"custom_fields.date_a: must be RFC 3339"}},
		{"numeric", custom("numeric_a", `-12`), nil},
		{"numeric with a fraction", custom("numeric_a", `1.0`), []string{"custom_fields.numeric_a: must be an integer"}},
		{"numeric as text", custom("numeric_a", `"1"`), []string{"custom_fields.numeric_a: must be an integer"}},
		{"numeric with an exponent", custom("numeric_a", `1e3`), []string{"custom_fields.numeric_a: must be an integer"}},
		{"decimal", custom("decimal_a", `1.50`), nil},
		{"decimal as text", custom("decimal_a", `"1.5"`), []string{"custom_fields.decimal_a: must be a number"}},
		{"multi_select", custom("multi_select_a", `["a","a"]`), nil},
		{"multi_select as text", custom("multi_select_a", `"a"`), []string{"custom_fields.multi_select_a: must be an array of option codes"}},
		{"multi_select of numbers", custom("multi_select_a", `[1]`), []string{"custom_fields.multi_select_a: must be an array of option codes"}},
		{"no prefix", custom("colour", `"red"`), []string{"custom_fields.colour: begins with none of the nine prefixes"}},
		{"prefix in capitals", custom("Text_a", `"red"`), []string{"custom_fields.Text_a: begins with none"}},
		{"custom field twice", caseWith(`"custom_fields":{"text_a":"1","text_a":"2"}`), []string{"custom_fields.text_a: is given twice"}},

		{"notes", caseWith(`"notes":[{"note_body":"a"},{"note_body":"b","public":"no"},{"note_title":1},{"text":"c"},5]`), []string{
			"notes[1].public: must be true or false", "notes[2].note_title: must be a string", "notes[2].note_body: is mandatory",
			"notes[3].text: unknown field", "notes[3].note_body: is mandatory", "notes[4]: must be an object"}},
		{"notes is an object", caseWith(`"notes":{}`), []string{"notes: must be an array"}},

		{"no JSON", `{"title":`, []string{"body: is not valid JSON"}},
		{"two documents", caseWith() + caseWith(), []string{"body: is not valid JSON"}},
		{"not UTF-8", "{\"title\":\"\xff\"}", []string{"body: is not valid JSON in UTF-8"}},
		{"a list", `[]`, []string{"body: must be a JSON object"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newServer(Options{})
			a := ask(s, "POST", casesPath, test.body)
			if len(test.want) == 0 {
				if a.Code != http.StatusCreated {
					t.Fatalf("%d %s", a.Code, a.Body)
				}
				return
			}
			if a.Code != http.StatusBadRequest || len(s.Cases()) != 0 {
				t.Fatalf("%d %s, %d cases stored", a.Code, a.Body, len(s.Cases()))
			}
			got := faultsOf(t, a)
			if !slices.EqualFunc(got, test.want, strings.HasPrefix) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestCreateAnswersWithTheCase(t *testing.T) {
	s := newServer(Options{})
	mustCreate(t, s, caseWith())
	a := ask(s, "POST", casesPath, caseWith(`"custom_fields":{ "text_a" : "x\ty" , "decimal_b":1.50}`, `"notes":[{"note_body":"n"}, { "note_body":"m","public":false}]`))
	var got map[string]any
	decode(t, a, &got)
	delete(got, "requester_id")
	want := map[string]any{
		"id": "2", "title": "T", "description": "D", "status": "NEW", "type": "QUESTION", "priority": "NORMAL",
		"requester_name": "Ann", "requester_type": "Contact",
		"custom_fields": map[string]any{"text_a": "x\ty", "decimal_b": 1.5},
		"notes":         []any{map[string]any{"id": "1", "note_body": "n"}, map[string]any{"id": "2", "note_body": "m", "public": false}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if !strings.Contains(a.Body.String(), "1.50") {
		t.Errorf("the number lost its spelling: %s", a.Body)
	}
}

func TestBodyNeedsItsMediaType(t *testing.T) {
	s := newServer(Options{})
	for mediaType, want := range map[string]int{
		"application/json": 201, "application/json; charset=utf-8": 201, "text/plain": 400, "": 400,
	} {
		r := newRequest("POST", casesPath, caseWith())
		r.Header.Set("Content-Type", mediaType)
		if a := serve(s, r); a.Code != want {
			t.Errorf("%q: %d, want %d", mediaType, a.Code, want)
		}
	}
}

func TestBodyHasALimit(t *testing.T) {
	s := newServer(Options{})
	if a := ask(s, "POST", casesPath, caseWith(`"owner_id":"`+strings.Repeat("x", maxBody)+`"`)); a.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("%d %s", a.Code, a.Body)
	}
}

func TestUpdate(t *testing.T) {
	tests := []struct {
		name, id, body string
		code           int
		want           string // in the answer
	}{
		{"standard fields", "1", `{"title":"New","priority":"LOW","owner_id":"65f0c0de0000000000000001","group_id":"g","type":"TASK","status":"ON-HOLD"}`, 200, `"title":"New"`},
		{"nothing", "1", `{}`, 200, `"title":"T"`},
		{"custom fields are merged", "1", `{"custom_fields":{"text_b":{"value":"2"}}}`, 200, `{"text_a":"1","text_b":"2"}`},
		{"custom fields are replaced by name", "1", `{"custom_fields":{"text_a":{"label":"Two","value":"2"}}}`, 200, `{"text_a":"2"}`},
		{"notes are added", "1", `{"notes":[{"note_body":"n"}]}`, 200, `"notes":[{"id":"1","note_body":"m"},{"id":"2","note_body":"n"}]`},
		{"resolve", "1", `{"status":"RESOLVED","resolution":"done"}`, 200, `"resolution":"done"`},
		{"resolve, by the other name", "1", `{"status":"RESOLVED","solve_reason":"done"}`, 400, `"name":"solve_reason"`},
		{"a plain custom field", "1", `{"custom_fields":{"text_a":"2"}}`, 400, "must be wrapped in an update"},
		{"a custom field wrapped otherwise", "1", `{"custom_fields":{"text_a":{"value":"2","name":"x"}}}`, 400, "must be wrapped in an update"},
		{"a custom field of the wrong kind", "1", `{"custom_fields":{"text_a":{"value":2}}}`, 400, "must be a string"},
		{"an owner who is no agent", "1", `{"owner_id":"nobody"}`, 400, "must be the id of an active agent"},
		{"an owner who is inactive", "1", `{"owner_id":"65f0c0de0000000000000004"}`, 400, "must be the id of an active agent"},
		{"an assigned case is open", "1", `{"owner_id":"65f0c0de0000000000000001"}`, 200, `"status":"OPEN"`},
		{"an assigned case is what it is told to be", "1", `{"owner_id":"65f0c0de0000000000000001","status":"PENDING"}`, 200, `"status":"PENDING"`},
		{"an assigned case is new where it is told to be", "1", `{"owner_id":"65f0c0de0000000000000001","status":"NEW"}`, 200, `"status":"NEW"`},
		{"resolve without a resolution", "1", `{"status":"RESOLVED"}`, 400, `"name":"resolution"`},
		{"on hold in another spelling", "1", `{"status":"ON_HOLD"}`, 400, `"name":"status"`},
		{"a resolved case", "8", `{"title":"New"}`, 400, "a resolved case cannot be updated"},
		{"a resolved case again", "8", `{"status":"RESOLVED","resolution":"done"}`, 400, "a resolved case cannot be updated"},
		{"reopen", "8", `{"status":"OPEN","title":"New"}`, 200, `"title":"New"`},
		{"resolution without resolving", "1", `{"resolution":"done"}`, 400, `"name":"resolution"`},
		{"close", "1", `{"status":"CLOSED"}`, 400, "CLOSED cannot be set"},
		{"status", "1", `{"status":"SOLVED"}`, 400, `"name":"status"`},
		{"type", "1", `{"type":"COMPLAINT"}`, 400, `"name":"type"`},
		{"a field of creates only", "1", `{"requester_name":"Bob","parent_id":"1"}`, 400, `"name":"parent_id"`},
		{"title too long", "1", `{"title":"` + strings.Repeat("x", 151) + `"}`, 400, `"name":"title"`},
		{"a closed case", "7", `{"title":"New"}`, 400, "closed case"},
		{"no such case", "2", `{"title":"New"}`, 404, "no such case"},
		{"no id", "x", `{"title":"New"}`, 404, "no such case"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newServer(Options{})
			mustCreate(t, s, caseWith(`"custom_fields":{"text_a":"1"}`, `"notes":[{"note_body":"m"}]`))
			if err := s.Put(Stored{ID: "7", Title: "Old", Status: "CLOSED"}); err != nil {
				t.Fatal(err)
			}
			if err := s.Put(Stored{ID: "8", Title: "Done", Status: "RESOLVED"}); err != nil {
				t.Fatal(err)
			}
			a := ask(s, "PATCH", casesPath+"/"+test.id, test.body)
			if a.Code != test.code || !strings.Contains(a.Body.String(), test.want) {
				t.Errorf("%d %s", a.Code, a.Body)
			}
			if a.Code != http.StatusOK {
				faultsOf(t, a)
			}
		})
	}
}

func FuzzParseBody(f *testing.F) {
	f.Add([]byte(caseWith(`"custom_fields":{"text_a":"x\u00e9","multi_select_b":["1","2"]}`, `"notes":[{"note_body":"n"}]`)))
	f.Add([]byte(`{"a":{"b":[1,-2.5e3,true,null,"\\\""]},"a":[] , "c" : { } }`))
	rules := newRules(&Options{})
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, patch := range []bool{false, true} {
			rec, faults := rules.parseBody(string(body), patch)
			if len(faults) > 0 {
				continue
			}
			e := &entry{id: 1}
			for _, shape := range shapes {
				if out := e.append(nil, rec, &view{rules: rules, shape: shape, notes: "notes", owner: "agent_id"}); !json.Valid(out) {
					t.Fatalf("%q became %q", body, out)
				}
			}
			var plain struct {
				Title  string
				Custom map[string]json.RawMessage `json:"custom_fields"`
			}
			if err := json.Unmarshal(body, &plain); err != nil {
				t.Fatal(err)
			}
			if rec.text(fTitle) != plain.Title || len(rec.custom) != len(plain.Custom) {
				t.Fatalf("%q was read as %q and %d custom fields", body, rec.text(fTitle), len(rec.custom))
			}
			for _, field := range rec.custom {
				if raw := string(plain.Custom[field.name]); field.raw != raw && !patch || patch && !strings.Contains(raw, field.raw) {
					t.Fatalf("%q: %s is %q", body, field.name, field.raw)
				}
			}
		}
	})
}
