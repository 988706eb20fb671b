package talkdesk_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"caseimport/importer/sandbox"
	"caseimport/importer/talkdesk"
)

// withToken is a client of a server that gives a token, and else answers as handle
// says: with a status and a body.
func withToken(t *testing.T, handle func(r *http.Request) (int, string)) *talkdesk.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/oauth/token" {
			fmt.Fprint(w, `{"access_token":"good","token_type":"Bearer","expires_in":3600}`)
			return
		}
		status, text := handle(r)
		if strings.HasPrefix(text, "<") {
			w.Header().Set("Content-Type", "text/html")
		}
		w.WriteHeader(status)
		fmt.Fprint(w, text)
	}))
	t.Cleanup(server.Close)
	return client(t, server.URL, server.URL+"/oauth/token")
}

// scripted is a client of a server whose answer to an update of case 7 is what
// handle says of its body.
func scripted(t *testing.T, handle func(body string) (int, string)) *talkdesk.Client {
	t.Helper()
	return withToken(t, func(r *http.Request) (int, string) {
		body, _ := io.ReadAll(r.Body)
		if r.Method != http.MethodPatch || r.URL.Path != "/cm/core/va/cases/7" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s %v", r.Method, r.URL, r.Header)
		}
		return handle(string(body))
	})
}

func TestWhatAnUpdateLooksLike(t *testing.T) {
	for _, c := range []struct {
		u    talkdesk.Update
		want string
	}{
		{talkdesk.Update{}, `{}`},
		{talkdesk.Update{Status: "RESOLVED", Resolution: "<Fixed> & sent"}, `{"status":"RESOLVED","resolution":"<Fixed> & sent"}`},
		{talkdesk.Update{Title: "T", Description: "D", Priority: "LOW", OwnerID: "o", ParentID: "7", Type: "TASK", GroupID: "g", Status: "ON-HOLD"},
			`{"title":"T","description":"D","owner_id":"o","parent_id":"7","priority":"LOW","type":"TASK","group_id":"g","status":"ON-HOLD"}`},
		{talkdesk.Update{CustomFields: []talkdesk.SetField{
			{Key: "text1", Value: "x"}, {Key: "numeric2", Value: json.Number("7")}, {Key: "checkbox3", Value: false}, {Key: "text4"},
			{Key: "multi_select5", Value: []string{"001"}}, {Key: "drop_down6", Label: "Europe", Value: "001"}}},
			`{"custom_fields":{"checkbox3":{"value":false},"drop_down6":{"label":"Europe","value":"001"},"multi_select5":{"value":["001"]},"numeric2":{"value":7},"text1":{"value":"x"}}}`},
		{talkdesk.Update{Notes: []talkdesk.SetNote{{Body: "b"}, {Title: "t", Body: "c", Public: true}}},
			`{"notes":[{"note_body":"b","public":false},{"note_title":"t","note_body":"c","public":true}]}`},
	} {
		got := ""
		api := scripted(t, func(body string) (int, string) {
			got = body
			return 200, `{"id":"7","update_at":"2024-03-01T09:00:00Z"}`
		})
		a := api.Update(t.Context(), "7", &c.u)
		if got != c.want || a.Verdict != talkdesk.OK || a.CaseID != "7" || !a.Updated.Equal(time.Date(2024, 3, 1, 9, 0, 0, 0, time.UTC)) {
			t.Errorf("sent %s\nwant %s: %+v", got, c.want, a)
		}
		if c.u.Empty() != (c.want == "{}") {
			t.Errorf("%s: empty %v", c.want, c.u.Empty())
		}
	}
	a := scripted(t, nil).Update(t.Context(), "7", &talkdesk.Update{CustomFields: []talkdesk.SetField{{Key: "a", Value: func() {}}}})
	if a.Verdict != talkdesk.Rejected {
		t.Errorf("%+v", a)
	}
}

func TestWhatAnAnswerToAnUpdateMeans(t *testing.T) {
	for _, c := range []struct {
		name    string
		status  int
		body    string
		verdict talkdesk.Verdict
		message string // a part of it
	}{
		{"applied", 200, `{"id":"7"}`, talkdesk.OK, ""},
		{"applied, the id a number", 200, `{"id":7}`, talkdesk.OK, ""},
		{"applied, without a word", 204, ``, talkdesk.OK, ""},
		{"another case", 200, `{"id":"8"}`, talkdesk.Unknown, "about another case"},
		{"no case", 200, `{}`, talkdesk.Unknown, "not in the API's form"},
		{"nothing", 200, ``, talkdesk.Unknown, "not in the API's form"},
		{"half of it", 200, `{"id":"7",`, talkdesk.Unknown, "not in the API's form"},
		{"a page", 200, `<html><title>Log in</title></html>`, talkdesk.Unknown, "Log in"},
		{"refused", 400, `{"code":"E1","message":"wrong","fields":[{"name":"group_id","description":"is unknown"}]}`, talkdesk.Rejected, "wrong"},
		{"no such case", 404, `{"code":"not_found","message":"no such case"}`, talkdesk.Rejected, "case 7 does not exist"},
		{"no such path", 404, `<html></html>`, talkdesk.Halt, "check the region"},
		{"locked", 409, `{"code":"E1","message":"locked"}`, talkdesk.Rejected, "locked"},
		{"no scope", 403, `{"code":"forbidden","message":"no"}`, talkdesk.Halt, "lack the scope cases-public:write"},
		{"a firewall", 403, `<html></html>`, talkdesk.Rejected, ""},
		{"too fast", 429, ``, talkdesk.NotTaken, ""},
		{"token expired", 401, `{"code":"unauthorized","message":"expired"}`, talkdesk.NotTaken, ""},
		{"bad gateway", 502, `<html></html>`, talkdesk.Unknown, ""},
		{"time-out of the server", 408, ``, talkdesk.Unknown, ""},
		{"moved", 302, ``, talkdesk.Halt, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			api := scripted(t, func(string) (int, string) { return c.status, c.body })
			if a := api.Update(t.Context(), "7", &talkdesk.Update{GroupID: "g"}); a.Verdict != c.verdict || !strings.Contains(a.Message, c.message) || a.Again {
				t.Errorf("%+v", a)
			}
		})
	}
}

// The other spelling is sent where the account refuses the page's, and kept once it
// was taken.
func TestUpdatesFindTheAccountsSpelling(t *testing.T) {
	const closed = `{"code":"E1","message":"Bad request","fields":[{"name":"status","description":"a closed case cannot be updated"}]}`
	only := func(wanted string) func(string) (int, string) {
		return func(body string) (int, string) {
			if strings.Contains(body, wanted) {
				return 200, `{"id":"7"}`
			}
			return 400, `{"code":"E1","message":"status or resolution: unknown value"}`
		}
	}
	hold, solved, other := talkdesk.Update{Status: "ON-HOLD"}, talkdesk.Update{Status: "RESOLVED", Resolution: "r"}, talkdesk.Update{Status: "OPEN"}
	for _, c := range []struct {
		name   string
		answer func(body string) (int, string)
		u      talkdesk.Update
		want   []string // what came of one update after the other, with all its attempts
	}{
		{"the page's status", only("ON-HOLD"), hold, []string{"ok", "ok"}},
		{"the other status", only("ON_HOLD"), hold, []string{"again ok", "ok", "ok"}},
		{"the page's name", only(`"resolution"`), solved, []string{"ok", "ok"}},
		{"the other name", only("solve_reason"), solved, []string{"again ok", "ok", "ok"}},
		{"neither", only("nothing"), hold, []string{"again rejected", "again rejected", "again rejected", "rejected", "rejected"}},
		{"neither name", only("nothing"), solved, []string{"again rejected", "again rejected", "again rejected", "rejected"}},
		{"no such status at all", only("nothing"), other, []string{"rejected"}},
		{"refused for another field", func(string) (int, string) {
			return 400, `{"code":"E1","message":"Bad request","fields":[{"name":"group_id","description":"is unknown"}]}`
		}, hold, []string{"rejected", "rejected"}},
		{"a server that fails", func(string) (int, string) { return 502, "" }, hold, []string{"unknown"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			api := scripted(t, c.answer)
			for i, want := range c.want {
				if got := attempts(t, api, &c.u); got != want {
					t.Errorf("update %d: %s, want %s", i+1, got, want)
				}
			}
		})
	}
	t.Run("a closed case proves nothing", func(t *testing.T) {
		n := 0
		api := scripted(t, func(body string) (int, string) {
			if n++; n <= 2 {
				return 400, closed
			}
			return only("ON_HOLD")(body)
		})
		got := []string{attempts(t, api, &hold), attempts(t, api, &hold), attempts(t, api, &hold)}
		if want := "again rejected, again ok, ok"; strings.Join(got, ", ") != want {
			t.Error(got)
		}
	})
	t.Run("one that was taken stays", func(t *testing.T) {
		n := 0
		api := scripted(t, func(body string) (int, string) {
			if n++; n == 2 {
				return 400, closed
			}
			return only("ON-HOLD")(body)
		})
		got := []string{attempts(t, api, &hold), attempts(t, api, &hold), attempts(t, api, &hold)}
		if want := "ok, rejected, ok"; strings.Join(got, ", ") != want {
			t.Error(got)
		}
	})
}

// attempts makes an update as a run does, and tells the verdicts.
func attempts(t *testing.T, api *talkdesk.Client, u *talkdesk.Update) string {
	t.Helper()
	said := ""
	for range 5 {
		a := api.Update(t.Context(), "7", u)
		if !a.Again {
			return said + a.Verdict.String()
		}
		if a.Verdict != talkdesk.NotTaken {
			t.Errorf("%+v", a)
		}
		said += "again "
	}
	return said + "without end"
}

func TestAnswersTellWhenACaseWasWritten(t *testing.T) {
	api := boxed(t, sandbox.Options{})
	before := time.Now().Add(-2 * time.Second)
	a := api.Create(t.Context(), []byte(`{"title":"t","description":"d","requester_name":"n"}`), "")
	if a.Verdict != talkdesk.OK || a.Updated.Before(before) || a.Updated.After(time.Now().Add(time.Second)) {
		t.Errorf("created: %+v", a)
	}
	a = api.Update(t.Context(), a.CaseID, &talkdesk.Update{Type: "TASK"})
	if a.Verdict != talkdesk.OK || a.Updated.Before(before) || a.Updated.After(time.Now().Add(time.Second)) {
		t.Errorf("updated: %+v", a)
	}
}

func TestWhatARefusedUpdateMayBeAbout(t *testing.T) {
	for _, c := range []struct {
		status       int
		body         string
		parent, lock bool
	}{
		{400, `{"code":"E1","message":"Bad request","fields":[{"name":"parent_id","description":"unknown field"}]}`, true, false},
		{400, `{"code":"E1","message":"Bad request","fields":[{"name":"status","description":"a resolved case cannot be updated"}]}`, false, true},
		{409, `{"code":"E1","message":"the case is closed","fields":[{"name":"id","description":"7"}]}`, false, true},
		{422, `{"code":"E1","message":"Bad request"}`, true, true},
		{400, `{"code":"E1","message":"Bad request","fields":[{"name":"title","description":"is too long"}]}`, false, false},
		{404, `{"code":"E1","message":"no such case"}`, false, false},
		{403, `<html>no</html>`, false, false},
		{502, ``, false, false},
	} {
		api := scripted(t, func(string) (int, string) { return c.status, c.body })
		if a := api.Update(t.Context(), "7", &talkdesk.Update{ParentID: "8"}); a.AboutParent != c.parent || a.AboutLock != c.lock {
			t.Errorf("%d %s: %+v", c.status, c.body, a)
		}
	}
}
