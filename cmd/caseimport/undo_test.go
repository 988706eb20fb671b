package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"caseimport/importer/exit"
	"caseimport/importer/journal"
	"caseimport/importer/undo"
)

// byHand makes a request as people do in their browser, until it is answered as it
// should be.
func (s *site) byHand(method, path, body string) {
	s.Helper()
	for range 20 {
		request, err := http.NewRequest(method, s.url+"/cm/core/va/cases"+path, strings.NewReader(body))
		if err != nil {
			s.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer by-hand")
		request.Header.Set("Content-Type", "application/json")
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			continue
		}
		answer.Body.Close()
		if answer.StatusCode/100 == 2 || method == http.MethodDelete && answer.StatusCode == http.StatusNotFound {
			return
		}
	}
	s.Fatalf("%s %s", method, path)
}

// holding is a case as the sandbox holds it.
type holding struct {
	ID      string          `json:"id"`
	Body    json.RawMessage `json:"body"`
	Now     json.RawMessage `json:"now"`
	Trashed bool            `json:"trashed"`
}

// holdings are all cases of the sandbox, by id.
func (s *site) holdings() map[string]holding {
	s.Helper()
	answer, err := http.Get(s.url + "/_sandbox/cases")
	if err != nil {
		s.Fatal(err)
	}
	defer answer.Body.Close()
	all := map[string]holding{}
	for d := json.NewDecoder(answer.Body); d.More(); {
		var c holding
		if err := d.Decode(&c); err != nil {
			s.Fatal(err)
		}
		all[c.ID] = c
	}
	return all
}

// undo starts an undo.
func (s *site) undo(flags ...string) *process {
	s.Helper()
	return s.tool(append([]string{"undo", "in.results.csv", "--yes", "--json", "--rate", "0", "--timeout", "2s"}, flags...)...)
}

func (p *process) undone() (r undo.Report) {
	p.t.Helper()
	if err := json.Unmarshal(p.out.Bytes(), &r); err != nil {
		p.t.Fatalf("%s: %v in %q\n%s", p, err, p.out.String(), p.err.String())
	}
	return r
}

// undoFile counts what the undo file says, and checks that every row stands in it once.
func (s *site) undoFile() map[string]int {
	s.Helper()
	count, seen := map[string]int{}, map[string]bool{}
	for _, line := range s.table("in.results.undo.csv") {
		if seen[line[1]] {
			s.Errorf("%s stands there twice", line[1])
		}
		seen[line[1]] = true
		count[line[3]]++
	}
	return count
}

// laterByTheServer waits until a change cannot be taken for the import's own: times
// have whole seconds.
func laterByTheServer() { time.Sleep(2100 * time.Millisecond) }

// TestUndoAndMakeAgain takes an import back, of which people have changed and deleted
// some cases, in an account with others, some of the same titles. It is killed in the
// middle. Nothing else in the account may be touched, and the same run makes what was
// undone again, once each.
func TestUndoAndMakeAgain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		ids   string // of a deletion
		flags []string
		// interrupted: it is asked to end in the middle, in place of being killed.
		interrupted bool
	}{
		{"plainly", "?ids=%s", []string{"--trash-listed"}, false},
		{"with faults", "?ids=%%5B%s%%5D", []string{"--update-faults", "15", "--read-faults", "5", "--delete-array"}, false},
		{"with a list that hides parents", "?ids=%s", []string{"--list-hides", "parent_id", "--list-fault", "total-capped"}, runtime.GOOS != "windows"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			rows, others, changed, gone := 100, 60, 5, 3
			if long {
				rows, others, changed, gone = 1000, 500, 25, 10
			}
			s := newSite(t, rows, append([]string{"--token", "by-hand", "--lag", "0"}, c.flags...)...)
			other := func(n int) {
				title := fmt.Sprintf("Other %d", n)
				if n%3 == 0 {
					title = `Café "` + strconv.Itoa(n) + `" <b>` // a row's
				}
				body, _ := json.Marshal(map[string]any{"title": title, "description": "d", "requester_name": "r", "custom_fields": map[string]string{"text_source_id": fmt.Sprint("O-", n)}})
				s.byHand("POST", "", string(body))
			}
			for n := range others / 2 {
				other(n)
			}
			s.run().ends(exit.Done)
			for n := others / 2; n < others; n++ {
				other(n)
			}
			ids := s.results("in.results.csv")
			laterByTheServer()
			kept, deleted := map[string]bool{}, map[string]bool{}
			for n := range changed {
				kept[ids[fmt.Sprint("T-", 7*n+1)]] = true
			}
			for n := range gone {
				deleted[ids[fmt.Sprint("T-", 7*n+2)]] = true
			}
			for id := range kept {
				s.byHand("PATCH", "/"+id, `{"description":"changed by people"}`)
			}
			for id := range deleted {
				s.byHand("DELETE", fmt.Sprintf(c.ids, id), "")
			}
			before := s.holdings()
			held, err := journal.PlanUndo(filepath.Join(s.folder, "in.results.journal"), journal.Header{Account: "acme", BaseURL: s.url}, journal.Begin{Process: 4711})
			if err != nil {
				t.Fatal(err)
			}
			s.undo().ends(exit.Busy).says(" holds in.results.journal")
			held.Close()
			went := func() (n int) {
				for id, c := range s.holdings() {
					if c.Trashed && !deleted[id] {
						n++
					}
				}
				return n
			}
			p := s.undo("--rate", fmt.Sprint(rows/10)) // so that it has a middle
			s.must(p, func() bool { return went() >= rows/3 })
			if c.interrupted {
				_ = p.Process.Signal(os.Interrupt)
				if got := p.ends(exit.Stopped).undone(); got.Undone != went() || got.Left != rows-changed-gone-got.Undone || got.Error != "interrupted" {
					t.Errorf("interrupted: %+v, %d are gone", got, went())
				}
			}
			p.kill()
			if n := went(); n >= rows-changed-gone {
				t.Fatalf("%d were gone when it was killed, which tells nothing", n)
			}
			report := s.undo().ends(exit.Faults).undone()
			if report.Changed != changed || report.Gone != gone || report.Kept+report.Adopted+report.Left+report.InDoubt != 0 || report.Undone+report.Earlier != rows-changed-gone {
				t.Errorf("%+v", report)
			}
			if got, want := s.undoFile(), map[string]int{"undone": rows - changed - gone, "changed": changed, "gone": gone}; !maps.Equal(got, want) {
				t.Errorf("the undo file has %v, want %v", got, want)
			}
			mine := map[string]bool{} // cases of the import
			for _, id := range ids {
				mine[id] = true
			}
			after := s.holdings()
			for id, c := range after {
				if want := mine[id] && !kept[id]; c.Trashed != want {
					t.Errorf("case %s of the import (%v), changed (%v), is in the Trash (%v)", id, mine[id], kept[id], c.Trashed)
				}
				if string(c.Now) != string(before[id].Now) {
					t.Errorf("case %s was changed: %s", id, c.Now)
				}
			}
			if len(after) != len(before) {
				t.Errorf("%d cases, before %d", len(after), len(before))
			}
			left := s.results("in.results.csv")
			if len(left) != changed+gone {
				t.Errorf("the results have %d lines", len(left))
			}

			sum := s.run().ends(exit.Done).summary()
			if sum.Created != rows-changed-gone || sum.Already != changed+gone {
				t.Errorf("run again: %+v", sum)
			}
			live := map[string]int{}
			for _, c := range s.holdings() {
				if key := keyOf(t, c.Body); !c.Trashed && strings.HasPrefix(key, "T-") {
					live[key]++
				}
			}
			for key, id := range ids {
				want := 1
				if deleted[id] {
					want = 0
				}
				if live[key] != want {
					t.Errorf("%s has %d cases", key, live[key])
				}
			}
			if sum := s.run().ends(exit.Done).summary(); sum.Requests != 0 || sum.Already != rows {
				t.Errorf("one more run is not idle: %+v", sum)
			}
			t.Logf("%d rows: undone %d, then %d with %d requests in %.1f s", rows, report.Earlier, report.Undone, report.Requests, report.Seconds)
		})
	}
}
