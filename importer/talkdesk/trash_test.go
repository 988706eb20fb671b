package talkdesk_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"caseimport/importer/sandbox"
	"caseimport/importer/talkdesk"
)

func TestWhatATrashAnswerMeans(t *testing.T) {
	for _, c := range []struct {
		name    string
		status  int
		body    string
		moved   string // ids, with blanks between
		verdict talkdesk.Verdict
		says    string
	}{
		{"the id, as a number", 200, `{"ids":[7]}`, "7", talkdesk.OK, ""},
		{"the id, as a text", 200, `{"ids":["7"]}`, "7", talkdesk.OK, ""},
		{"another id", 200, `{"ids":[8]}`, "8", talkdesk.OK, ""},
		{"several", 200, `{"ids":[7,8]}`, "7 8", talkdesk.OK, ""},
		{"none", 200, `{"ids":[]}`, "", talkdesk.OK, ""},
		{"nothing", 200, ``, "", talkdesk.Unknown, "200 OK"},
		{"no content", 204, ``, "", talkdesk.Unknown, "204"},
		{"a case", 200, `{"id":"7"}`, "", talkdesk.Unknown, "not in the API's form"},
		{"an id that is none", 200, `{"ids":[7,null]}`, "", talkdesk.Unknown, ""},
		{"a page", 200, `<html>Hello</html>`, "", talkdesk.Unknown, ""},
		{"forbidden", 403, `{"code":"forbidden","message":"not you"}`, "", talkdesk.Rejected, "403 Forbidden: not you"},
		{"a firewall", 403, `<html><title>No</title></html>`, "", talkdesk.Rejected, "403 Forbidden: No"},
		{"no such case", 404, `{"code":"not_found","message":"no such case"}`, "", talkdesk.Rejected, "404 Not Found: no such case"},
		{"no such operation", 405, ``, "", talkdesk.Rejected, "405"},
		{"refused", 409, `{"code":"locked","message":"it is locked"}`, "", talkdesk.Rejected, "locked"},
		{"down", 503, ``, "", talkdesk.Unknown, ""},
		{"too many", 429, ``, "", talkdesk.NotTaken, ""},
		{"elsewhere", 302, ``, "", talkdesk.Halt, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			api := withToken(t, func(r *http.Request) (int, string) {
				if r.Method != http.MethodDelete || r.URL.RequestURI() != "/cm/core/va/cases?ids=7" {
					t.Errorf("%s %s", r.Method, r.URL)
				}
				return c.status, c.body
			})
			moved, a := api.Trash(t.Context(), "7")
			if strings.Join(moved, " ") != c.moved || a.Verdict != c.verdict || a.Status != c.status || !strings.Contains(a.Message, c.says) {
				t.Errorf("%v %+v", moved, a)
			}
		})
	}
}

// The other form of the ids is tried where the first is refused, and kept where it
// is taken; nothing is ever sent that could stand for more than one case.
func TestFormsOfTheIDsOfTrash(t *testing.T) {
	for _, array := range []bool{false, true} {
		box, err := sandbox.Start("127.0.0.1:0", sandbox.Options{DeleteArray: array})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { box.Close() })
		for _, id := range []string{"4", "5", "6"} {
			if err := box.Server.Put(sandbox.Stored{ID: id, Title: "t"}); err != nil {
				t.Fatal(err)
			}
		}
		api := client(t, box.URL, box.TokenURL)
		requests := 0
		for _, id := range []string{"4", "5"} {
			moved, a := api.Trash(t.Context(), id)
			for requests++; a.Again; requests++ {
				moved, a = api.Trash(t.Context(), id)
			}
			if !slices.Equal(moved, []string{id}) || a.Verdict != talkdesk.OK {
				t.Errorf("array %v: %v %+v", array, moved, a)
			}
		}
		if want := map[bool]int{false: 2, true: 3}[array]; requests != want {
			t.Errorf("array %v: %d requests, want %d", array, requests, want)
		}
		if _, a := api.Trash(t.Context(), "4"); a.Verdict != talkdesk.Rejected {
			t.Errorf("a case in the Trash: %+v", a)
		}
	}
}

func TestRefusedInBothFormsOfTheIDs(t *testing.T) {
	var sent []string
	api := withToken(t, func(r *http.Request) (int, string) {
		sent = append(sent, r.URL.Query().Get("ids"))
		return 400, `{"code":"bad_request","message":"no"}`
	})
	_, a := api.Trash(t.Context(), "7")
	for a.Again {
		_, a = api.Trash(t.Context(), "7")
	}
	if a.Verdict != talkdesk.Rejected || !slices.Equal(sent, []string{"7", `["7"]`}) {
		t.Errorf("%+v after %q", a, sent)
	}
}

// Whether lists show cases that are in the Trash is not known. One that is known to be
// there is no hit, and tells nothing of the search, however the list shows it.
func TestSearchLeavesOutWhatIsInTheTrash(t *testing.T) {
	fine := talkdesk.Answer{Verdict: talkdesk.OK, Status: 200}
	for _, shown := range []bool{true, false} {
		for _, alive := range []bool{true, false} {
			s := talkdesk.NewSearch("text1", "K-1")
			s.Gone = func(id string) bool { return id == "4" || id == "5" }
			page := talkdesk.Page{Total: 2, Cases: []talkdesk.Found{{ID: "4", Shown: shown}, {ID: "5", Shown: shown}}}
			if alive {
				page.Cases, page.Total = append(page.Cases, talkdesk.Found{ID: "6", Shown: shown}), 3
			}
			for i := range page.Cases {
				if shown {
					page.Cases[i].Key = "K-1"
				}
			}
			s.Take(talkdesk.Page{Total: -1}, talkdesk.Answer{Verdict: talkdesk.NotTaken, Again: true}) // which begins it anew
			for q, more := s.Next(); more; q, more = s.Next() {
				switch {
				case q.ID == "6":
					s.Take(talkdesk.Page{Total: 1, Cases: []talkdesk.Found{{ID: "6", Key: "K-1", Shown: true}}}, fine)
				case q.ID != "":
					t.Fatalf("case %s is read, which is gone", q.ID)
				case q.Page == 1:
					s.Take(page, fine)
				default:
					s.Take(talkdesk.Page{Total: page.Total}, fine)
				}
			}
			found, a := s.Result()
			if alive && (len(found) != 1 || found[0].ID != "6" || a.Verdict != talkdesk.OK) || !alive && (found != nil || a.Verdict != talkdesk.Absent) {
				t.Errorf("shown %v, alive %v: %v %+v", shown, alive, found, a)
			}
		}
	}
}
