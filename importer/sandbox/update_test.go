package sandbox

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

func TestStatusesAndTypesOfTheAccount(t *testing.T) {
	s := newServer(Options{Statuses: []string{"OPEN", "ON_HOLD", "WAITING", "CLOSED"}, Types: []string{"COMPLAINT"}})
	mustCreate(t, s, caseWith())
	for _, test := range []struct {
		body string
		want int
	}{
		{`{"status":"ON_HOLD"}`, 200}, {`{"status":"WAITING"}`, 200}, {`{"status":"ON-HOLD"}`, 400}, {`{"status":"NEW"}`, 400},
		{`{"type":"COMPLAINT"}`, 200}, {`{"type":"TASK"}`, 400}, {`{"status":"CLOSED"}`, 200}, {`{"status":"OPEN"}`, 400},
	} {
		if a := ask(s, "PATCH", casesPath+"/1", test.body); a.Code != test.want {
			t.Errorf("%s: %d %s", test.body, a.Code, a.Body)
		}
	}
}

func TestReopeningForgetsTheResolution(t *testing.T) {
	s := newServer(Options{})
	mustCreate(t, s, caseWith())
	for _, body := range []string{`{"status":"RESOLVED","resolution":"done"}`, `{"status":"PENDING"}`} {
		if a := ask(s, "PATCH", casesPath+"/1", body); a.Code != http.StatusOK {
			t.Fatal(a.Body)
		}
	}
	if now := string(s.Cases()[0].Now); strings.Contains(now, "resolution") || !strings.Contains(now, `"status":"PENDING"`) {
		t.Error(now)
	}
}

func TestSubcasesAreOneLevelDeep(t *testing.T) {
	s := newServer(Options{})
	root := mustCreate(t, s, caseWith())
	child := mustCreate(t, s, caseWith(`"parent_id":"`+root+`"`))
	a := ask(s, "POST", casesPath, caseWith(`"parent_id":"`+child+`"`))
	if a.Code != http.StatusBadRequest || len(s.Cases()) != 2 || faultsOf(t, a)[0] != "parent_id: is a subcase, which cannot have subcases" {
		t.Errorf("%d %s", a.Code, a.Body)
	}
}

func TestUpdatesOfTheParent(t *testing.T) {
	for _, test := range []struct {
		opt        Options
		id, parent string
		want       string // the fault
	}{
		{Options{}, "4", "1", "parent_id: unknown field"},
		{Options{UpdateParent: true}, "4", "1", ""},
		{Options{UpdateParent: true}, "4", "99", ""}, // it may be there in a real account
		{Options{UpdateParent: true}, "2", "4", ""},
		{Options{UpdateParent: true}, "4", "2", "parent_id: is a subcase, which cannot have subcases"},
		{Options{UpdateParent: true}, "4", "4", "parent_id: is the case itself"},
		{Options{UpdateParent: true}, "1", "4", "parent_id: cannot be set: the case has subcases"},
	} {
		s := newServer(test.opt)
		for _, parent := range []string{"", `"parent_id":"1"`, `"parent_id":"1"`, ""} {
			mustCreate(t, s, caseWith(strings.Fields(parent)...))
		}
		a := ask(s, "PATCH", casesPath+"/"+test.id, `{"parent_id":"`+test.parent+`"}`)
		got := ""
		if a.Code != http.StatusOK {
			got = strings.Join(faultsOf(t, a), "; ")
		}
		if got != test.want {
			t.Errorf("%s below %s: %d %s", test.id, test.parent, a.Code, a.Body)
		}
	}
}

func TestTrash(t *testing.T) {
	fill := func(opt Options) *Server {
		s := newServer(opt)
		for _, members := range []string{`"owner_id":"o"`, `"parent_id":"1"`, `"parent_id":"1"`, `"owner_id":"o"`, `"custom_fields":{"text1":"k"}`} {
			mustCreate(t, s, caseWith(members))
		}
		return s
	}
	for _, test := range []struct {
		name string
		opt  Options
		ids  string
		want string // "400", or the ids moved
	}{
		{"one", Options{}, "5", "[5]"},
		{"a root goes with its subcases", Options{}, "1", "[1,2,3]"},
		{"a subcase goes alone", Options{}, "2", "[2]"},
		{"several", Options{}, "4,5,99", "[4,5]"},
		{"one id and something else", Options{}, "5,x", "400"},
		{"none", Options{}, "", "400"},
		{"no id", Options{}, "x", "400"},
		{"no such case", Options{}, "99", "404"},
		{"an array where bare ids are taken", Options{}, `["5"]`, "400"},
		{"an array", Options{DeleteArray: true}, `["5"]`, "[5]"},
		{"an array of numbers", Options{DeleteArray: true}, `[4,5]`, "[4,5]"},
		{"bare ids where an array is taken", Options{DeleteArray: true}, "5", "400"},
		{"refused", Options{DeleteStatus: 405}, "5", "405"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := fill(test.opt)
			a := ask(s, "DELETE", casesPath+"?ids="+escape(test.ids), "")
			got := fmt.Sprint(a.Code)
			if a.Code == http.StatusOK {
				got = gjson.GetBytes(a.Body.Bytes(), "ids").Raw
			} else {
				faultsOf(t, a)
			}
			if got != test.want {
				t.Fatalf("%d %s", a.Code, a.Body)
			}
			gone := map[string]bool{}
			for _, id := range gjson.Parse(got).Array() {
				gone[id.String()] = a.Code == http.StatusOK
			}
			for _, c := range s.Cases() {
				if c.Trashed != gone[c.ID] {
					t.Errorf("case %s in the Trash: %v", c.ID, c.Trashed)
				}
				want := http.StatusOK
				if c.Trashed {
					want = http.StatusNotFound
				}
				if a := ask(s, "GET", casesPath+"/"+c.ID, ""); a.Code != want {
					t.Errorf("case %s: read %d", c.ID, a.Code)
				}
				if a := ask(s, "PATCH", casesPath+"/"+c.ID, `{}`); a.Code != want {
					t.Errorf("case %s: updated %d", c.ID, a.Code)
				}
			}
			for _, id := range listIDs(t, s).IDs {
				if gone[id] {
					t.Errorf("case %s is still listed", id)
				}
			}
		})
	}

	s := fill(Options{TrashListed: true})
	ask(s, "DELETE", casesPath+"?ids=5", "")
	if a := ask(s, "DELETE", casesPath+"?ids=5", ""); a.Code != http.StatusNotFound {
		t.Errorf("trashed twice: %d", a.Code)
	}
	for _, query := range [][]string{nil, {"custom_fields", byKey("text1", "k")}, {"ids", `["5"]`}} {
		want := slices.Contains(listIDs(t, s, query...).IDs, "5")
		ids := listIDs(t, fillAndTrash(t, fill), append([]string{}, query...)...).IDs
		if !want || slices.Contains(ids, "5") {
			t.Errorf("%v: a trashed case is listed: %v, where it is not to be: %v", query, want, ids)
		}
	}
}

func fillAndTrash(t *testing.T, fill func(Options) *Server) *Server {
	s := fill(Options{})
	if a := ask(s, "DELETE", casesPath+"?ids=5", ""); a.Code != http.StatusOK {
		t.Fatal(a.Body)
	}
	return s
}

func TestUpdateFaults(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(60) {
		for _, request := range []struct{ method, path, body string }{
			{"PATCH", casesPath + "/1", `{"title":"New"}`},
			{"DELETE", casesPath + "?ids=1", ""},
		} {
			s := newServer(Options{Seed: seed, UpdateFaults: 100})
			mustCreate(t, s, caseWith())
			a := ask(s, request.method, request.path, request.body)
			c := s.Cases()[0]
			outcome := "cut"
			switch {
			case a.cut:
			case a.Code == http.StatusTooManyRequests:
				outcome = "429"
			case isServerError(a):
				outcome = "5xx"
			case a.Code == http.StatusOK && request.method == "PATCH":
				outcome = "200, broken"
				if gjson.Valid(a.Body.String()) && gjson.Get(a.Body.String(), "id").Str == "1" {
					t.Errorf("an answer that is whole: %s", a.Body)
				}
			default:
				t.Errorf("%s: %d %s", request.method, a.Code, a.Body)
			}
			if c.Trashed || c.Title == "New" {
				outcome += ", done"
			}
			line := gjson.ParseBytes(serve(s, newRequest("GET", "/_sandbox/cases", "")).Body.Bytes())
			applied := int64(0)
			if c.Title == "New" {
				applied = 1
			}
			if line.Get("updates").Int() != applied || line.Get("updates_in_doubt").Int() != applied {
				t.Errorf("%s: %s", outcome, line)
			}
			seen[outcome]++
		}
	}
	if len(seen) != 6 || seen["200, broken, done"] == 0 || seen["429, done"] != 0 || seen["cut"] == 0 || seen["cut, done"] == 0 || seen["5xx"] == 0 || seen["5xx, done"] == 0 {
		t.Errorf("%v", seen)
	}
	s := newServer(Options{UpdateFaults: 100})
	mustCreate(t, s, caseWith())
	if a := ask(s, "GET", casesPath+"/1", ""); a.Code != http.StatusOK {
		t.Errorf("a read met a fault: %d", a.Code)
	}
}

// Equal updates of several cases, as a run sends them, must not share their
// fault.
func TestUpdateFaultsDependOnTheCase(t *testing.T) {
	s := newServer(Options{UpdateFaults: 50})
	met := 0
	for range 40 {
		id := mustCreate(t, s, caseWith())
		if a := ask(s, "PATCH", casesPath+"/"+id, `{"title":"New"}`); a.Code != http.StatusOK {
			met++
		}
	}
	same := newServer(Options{UpdateFaults: 50})
	for id := 1; id <= 40; id++ {
		mustCreate(t, same, caseWith())
	}
	again := 0
	for id := 40; id >= 1; id-- {
		if a := ask(same, "PATCH", fmt.Sprint(casesPath, "/", id), `{"title":"New"}`); a.Code != http.StatusOK {
			again++
		}
		if (s.Cases()[id-1].Title == "New") != (same.Cases()[id-1].Title == "New") {
			t.Errorf("case %d: its fault depends on the order", id)
		}
	}
	if met < 8 || met > 32 || again != met {
		t.Errorf("%d and %d of 40 met a fault", met, again)
	}
}

func TestAdminShowsThePresentStateAndTheTrash(t *testing.T) {
	s := newServer(Options{CaseShape: ShapeAbsent})
	mustCreate(t, s, caseWith(`"custom_fields":{"text1":"a"}`))
	ask(s, "PATCH", casesPath+"/1", `{"status":"PENDING"}`)
	ask(s, "DELETE", casesPath+"?ids=1", "")
	line := gjson.ParseBytes(serve(s, newRequest("GET", "/_sandbox/cases", "")).Body.Bytes())
	if line.Get("now.status").Str != "PENDING" || line.Get("now.custom_fields.text1").Str != "a" ||
		!line.Get("now.update_at").Exists() || line.Get("updates").Int() != 1 || line.Get("updates_in_doubt").Exists() || !line.Get("trashed").Bool() {
		t.Errorf("%s", line)
	}
}

func TestOutagesThatOnlyRefuse(t *testing.T) {
	for _, test := range []struct {
		mode  OutageMode
		check func(a answer) bool
	}{
		{Outage403, func(a answer) bool {
			return a.Code == 403 && a.Header().Get("Retry-After") == "60" && len(faultsOf(t, a)) == 0
		}},
		{Outage403HTML, func(a answer) bool {
			return a.Code == 403 && a.Header().Get("Retry-After") == "60" && strings.Contains(a.Body.String(), "<html>")
		}},
		{OutagePage, func(a answer) bool { return a.Code == 200 && strings.Contains(a.Body.String(), "<html>") }},
		{OutageSession, func(a answer) bool { return a.Code == 400 && len(faultsOf(t, a)) == 0 }},
	} {
		s := newServer(Options{OutageAfterCreates: 2, OutageFor: time.Minute, OutageMode: test.mode})
		mustCreate(t, s, caseWith())
		mustCreate(t, s, caseWith())
		for _, request := range [][2]string{{"POST", casesPath}, {"GET", casesPath}} {
			if a := ask(s, request[0], request[1], caseWith()); !test.check(a) {
				t.Errorf("%s: %d %v %s", test.mode, a.Code, a.Header(), a.Body)
			}
		}
		if len(s.Cases()) != 2 {
			t.Errorf("%s: stored during the outage", test.mode)
		}
		var token tokenAnswer
		decode(t, login(s, "id", "secret", credentials()), &token)
		r := newRequest("POST", casesPath, caseWith())
		r.Header.Set("Authorization", "Bearer "+token.AccessToken)
		if a := serve(s, r); token.AccessToken == "" || (a.Code == http.StatusCreated) != (test.mode == OutageSession) {
			t.Errorf("%s: with a new token: %d", test.mode, a.Code)
		}
	}
}

func TestUpdatesThatHang(t *testing.T) {
	done, not := 0, 0
	for seed := range uint64(20) {
		s := newServer(Options{Seed: seed, UpdateHangs: 100})
		mustCreate(t, s, caseWith())
		r := newRequest("PATCH", casesPath+"/1", `{"title":"New"}`)
		ctx, cancel := context.WithCancel(r.Context())
		cancel() // the client gives up at once
		if a := serve(s, r.WithContext(ctx)); !a.cut {
			t.Fatalf("answered: %d", a.Code)
		}
		if s.Cases()[0].Title == "New" {
			done++
		} else {
			not++
		}
	}
	if done < 4 || not < 4 {
		t.Errorf("%d done, %d not", done, not)
	}
}

func TestTheResolutionHasOneName(t *testing.T) {
	for _, test := range []struct {
		name, body string
		want       string // the faults
	}{
		{"", `{"status":"RESOLVED","resolution":"done"}`, ""},
		{"", `{"status":"RESOLVED","solve_reason":"done"}`, "solve_reason: unknown field"},
		{"solve_reason", `{"status":"RESOLVED","solve_reason":"done"}`, ""},
		{"solve_reason", `{"status":"RESOLVED","resolution":"done"}`, "resolution: unknown field"},
		{"solve_reason", `{"status":"RESOLVED"}`, "solve_reason: is mandatory when a case is resolved"},
	} {
		s := newServer(Options{ResolutionName: test.name})
		mustCreate(t, s, caseWith())
		a := ask(s, "PATCH", casesPath+"/1", test.body)
		got := ""
		if a.Code != http.StatusOK {
			got = strings.Join(faultsOf(t, a), "; ")
		}
		if got != test.want {
			t.Errorf("%q: %s: %d %s", test.name, test.body, a.Code, a.Body)
		}
	}
}
