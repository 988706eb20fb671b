package talkdesk_test

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"caseimport/importer/sandbox"
	"caseimport/importer/talkdesk"
)

func TestReadUsers(t *testing.T) {
	api := boxed(t, sandbox.Options{})
	p, a := api.ReadUsers(t.Context(), talkdesk.UsersQuery{Email: "ANN.agent@example.com", Page: 1})
	want := talkdesk.UsersPage{Agents: []talkdesk.Agent{{ID: "65f0c0de0000000000000001", Email: "ann.agent@example.com", Name: "Ann Agent", Active: true}}, Total: 1}
	if a.Verdict != talkdesk.OK || !reflect.DeepEqual(p, want) {
		t.Errorf("%+v, %+v", p, a)
	}
	if p, a = api.ReadUsers(t.Context(), talkdesk.UsersQuery{}); a.Verdict != talkdesk.OK || len(p.Agents) != 5 || p.Total != 5 || p.Next {
		t.Errorf("all active ones: %+v, %+v", p, a)
	}
	if _, a = boxed(t, sandbox.Options{NoUsersScope: true}).ReadUsers(t.Context(), talkdesk.UsersQuery{}); a.Verdict != talkdesk.Halt || !a.Denied || !strings.Contains(a.Message, "users:read") {
		t.Errorf("%+v", a)
	}
	if _, a = boxed(t, sandbox.Options{EmailFilter: sandbox.EmailRefused}).ReadUsers(t.Context(), talkdesk.UsersQuery{Email: "a@example.com"}); a.Verdict != talkdesk.Unknown || a.Status != 400 {
		t.Errorf("%+v", a)
	}
}

func TestWhatIsNoListOfAgents(t *testing.T) {
	for _, c := range []struct {
		status  int
		body    string
		verdict talkdesk.Verdict
		page    string // agents, total, next
	}{
		{200, `{"_embedded":{"users":[]},"total":0}`, talkdesk.OK, "0 0 false"},
		{200, `{"total":0}`, talkdesk.OK, "0 0 false"},
		{200, `{"_embedded":{"users":[{"id":"1"}]}}`, talkdesk.OK, "1 -1 false"},
		{200, `{"_embedded":{"users":[{"id":"1"}]},"total":3,"per_page":1}`, talkdesk.OK, "1 3 true"},
		{200, `{"_embedded":{"users":[{"id":"1"}]},"total":3,"per_page":100}`, talkdesk.OK, "1 3 false"},
		{200, `{"_embedded":{"users":[{"id":"1"}]},"total":1,"_links":{"next":{"href":"http://x"}}}`, talkdesk.OK, "1 1 true"},
		{200, `{"_embedded":{"users":[{"email":"a@b.org"}]}}`, talkdesk.NotTaken, ""},
		{200, `{"_embedded":{}}`, talkdesk.NotTaken, ""},
		{200, `{"id":"1"}`, talkdesk.NotTaken, ""},
		{200, `<html></html>`, talkdesk.NotTaken, ""},
		{404, `{"code":"1","message":"m"}`, talkdesk.Unknown, ""},
		{400, `{"code":"1","message":"m"}`, talkdesk.Unknown, ""},
		{503, ``, talkdesk.NotTaken, ""},
		{429, ``, talkdesk.NotTaken, ""},
	} {
		api := withToken(t, func(*http.Request) (int, string) { return c.status, c.body })
		p, a := api.ReadUsers(t.Context(), talkdesk.UsersQuery{Page: 1})
		page := fmt.Sprint(len(p.Agents), p.Total, p.Next)
		if a.Verdict != c.verdict || c.page != "" && page != c.page {
			t.Errorf("%d %s: %s, %+v", c.status, c.body, page, a)
		}
	}
}
