package talkdesk

import (
	"fmt"
	"net/http"
	"reflect"
	"testing"
	"time"
)

// TestCaseIsReadInEveryForm: the descriptions of the API disagree about custom
// fields, notes and owners.
func TestCaseIsReadInEveryForm(t *testing.T) {
	fields := map[string]Value{"text1": {Texts: []string{"x"}}, "numeric1": {Texts: []string{"1.0"}}, "checkbox1": {Texts: []string{"true"}},
		"multi_select1": {Texts: []string{"1", "2"}}, "text2": {}}
	for _, custom := range []string{
		`{"text1":"x","numeric1":1.0,"checkbox1":true,"multi_select1":["1","2"],"text2":null}`,
		`{"text1":{"value":"x"},"numeric1":{"value":1.0},"checkbox1":{"value":true},"multi_select1":{"value":["1","2"]},"text2":{"value":""}}`,
		`"{\"text1\":\"x\",\"numeric1\":1.0,\"checkbox1\":true,\"multi_select1\":[\"1\",\"2\"],\"text2\":null}"`,
		`[{"key":"text1","value":"x"},{"key":"numeric1","value":1.0},{"key":"checkbox1","value":true},{"key":"multi_select1","value":["1","2"]},{"key":"text2"}]`,
		`[{"name":"text1","value":"x"},{"name":"numeric1","value":1.0},{"name":"checkbox1","value":true},{"name":"multi_select1","value":["1","2"]},{"name":"text2"}]`,
	} {
		c, answer := readOne(t, http.StatusOK, `{"id":"7","title":"A","owner_id":null,"solve_reason":"done","custom_fields":`+custom+`,"notes":[{"notes_title":"N","notes_body":"B","public":true}],
			"create_at":"2022-04-21T06:30:21Z","updated_at":"2022-04-21T06:30:25Z"}`)
		want := &Case{ID: "7", Members: map[string]string{"title": "A", "owner_id": "", "resolution": "done"}, Fields: fields,
			Notes: []Note{{"N", "B", "true"}}, NotesShown: true,
			CreatedAt: time.Date(2022, 4, 21, 6, 30, 21, 0, time.UTC), UpdatedAt: time.Date(2022, 4, 21, 6, 30, 25, 0, time.UTC)}
		if answer.Verdict != OK || !reflect.DeepEqual(c, want) {
			t.Errorf("%s: %+v\n%+v", custom, c, answer)
		}
	}
	c, _ := readOne(t, http.StatusOK, `{"id":"7","agent_id":5}`)
	if want := (&Case{ID: "7", Members: map[string]string{"owner_id": "5"}}); !reflect.DeepEqual(c, want) {
		t.Errorf("%+v", c)
	}
	c, _ = readOne(t, http.StatusOK, `{"id":"7","custom_fields":{"drop_down1":{"value":"001","label":"EMEA"},"multi_select1":[{"value":"1","label":"One"},{"value":"2"}]}}`)
	if want := (map[string]Value{"drop_down1": {[]string{"001"}, []string{"EMEA"}}, "multi_select1": {[]string{"1", "2"}, []string{"One"}}}); !reflect.DeepEqual(c.Fields, want) {
		t.Errorf("%+v", c)
	}
}

func TestCaseThatIsNotThere(t *testing.T) {
	for body, want := range map[string]Verdict{`{"code":"not_found","message":"no such case"}`: Absent, `<html>`: Halt} {
		if c, a := readOne(t, http.StatusNotFound, body); c != nil || a.Verdict != want {
			t.Errorf("%s: %+v %+v", body, c, a)
		}
	}
	if c, a := readOne(t, http.StatusOK, `{"id":"8"}`); c != nil || a.Verdict == OK {
		t.Errorf("another case was taken: %+v %+v", c, a)
	}
}

func readOne(t *testing.T, status int, body string) (*Case, Answer) {
	t.Helper()
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != casesPath+"/7" {
			t.Errorf("%s", r.URL)
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	})
	return client(t, base, testToken).ReadCase(t.Context(), "7")
}

func TestListIsNarrowedDown(t *testing.T) {
	c, asked := pages(t, `{"total":0,"_embedded":{"data":[]}}`)
	from := time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))
	c.Read(t.Context(), Query{Page: 1, IDs: []string{"1", "2"}, Created: [2]time.Time{from, from.Add(time.Hour)}})
	if q := (*asked)[0]; q.Get("ids") != `["1","2"]` || q.Get("create_at") != `["2026-01-02T02:04:05Z","2026-01-02T03:04:05Z"]` || q.Get("per_page") != "500" {
		t.Errorf("%v", q)
	}
}
