package importer

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"caseimport/importer/content"
	"caseimport/importer/journal"
	"caseimport/importer/results"
	"caseimport/importer/talkdesk"
)

// full is a mapping that sets what a create cannot carry.
const full = `version: 1
key: {column: Id, custom_field: text_source_id}
case:
  title: Subject
  description: Body
  requester_name: {const: Someone}
  status: State
  resolution: {const: Solved before}
  type: Kind
  owner_id: {column: Owner, agent: true}
  parent_id: {column: Parent, key: true}
notes:
  - {note_body: Comment}
`

const fullHeader = "Id,Subject,Body,State,Kind,Owner,Parent,Comment"

func (w *world) tickets(rows ...string) {
	w.t.Helper()
	w.mapping = full
	w.write("in.csv", append([]string{fullHeader}, rows...)...)
}

// at is the case with a key.
func (w *world) at(key string) stored {
	w.t.Helper()
	w.api.mu.Lock()
	defer w.api.mu.Unlock()
	for _, c := range w.api.cases {
		if c.key == key {
			return c
		}
	}
	w.t.Errorf("%s has no case", key)
	return stored{}
}

func (w *world) set(key string, want map[string]string) {
	w.t.Helper()
	c := w.at(key)
	for name, value := range want {
		if c.set[name] != value {
			w.t.Errorf("%s: %s is %q, want %q", key, name, c.set[name], value)
		}
	}
}

func updating(c *Config) { c.Update = true }

func TestCasesArriveAsTheyWere(t *testing.T) {
	in(t, func(w *world) {
		w.tickets("T-1,One,x,resolved,incident,Ann@Example.com,,", "T-2,Two,x,new,,,,", "T-3,Three,x,On hold,,,T-1,", "T-4,Four,x,Waiting,,,,")
		if sum := w.must(0, "in.csv"); sum.Created != 4 || sum.Updated != 0 {
			t.Errorf("%+v", sum)
		}
		w.set("T-1", map[string]string{"status": "RESOLVED", "resolution": "Solved before", "type": "INCIDENT"})
		w.set("T-3", map[string]string{"status": "ON-HOLD", "resolution": ""})
		w.set("T-4", map[string]string{"status": "Waiting"})
		if c := w.at("T-2"); c.updates != 0 {
			t.Errorf("a new case was updated: %+v", c)
		}
		if c := w.at("T-1"); !strings.Contains(c.body, `"owner_id":"agent-ann"`) || c.updates != 1 {
			t.Errorf("%+v", c)
		}
		if c := w.at("T-3"); !strings.Contains(c.body, `"parent_id":"`+w.at("T-1").id+`"`) {
			t.Errorf("%+v", c)
		}
		if sum := w.must(0, "in.csv"); sum.Already != 4 || sum.Requests != 0 {
			t.Errorf("the second run: %+v", sum)
		}
	})
}

// TestStatusThatIsSoByItself: an assigned case is open, as the answer says, and needs
// no update for that.
func TestStatusThatIsSoByItself(t *testing.T) {
	in(t, func(w *world) {
		w.tickets("T-1,One,x,open,,ann@example.com,,", "T-2,Two,x,open,,,,")
		w.must(0, "in.csv")
		if assigned, other := w.at("T-1"), w.at("T-2"); assigned.updates != 0 || other.updates != 1 {
			t.Errorf("%d and %d updates", assigned.updates, other.updates)
		}
	})
}

// TestStopInAnOutageSendsNoUpdate: cases that were created wait for the next run.
func TestStopInAnOutageSendsNoUpdate(t *testing.T) {
	in(t, func(w *world) {
		w.tickets("T-1,One,x,open,,,,", "T-2,Two,x,open,,,,", "T-3,Three,x,open,,,,", "T-4,Four,x,open,,,,")
		down := talkdesk.Answer{Verdict: talkdesk.NotTaken, Status: 503, Code: "http 503", Message: "down", Down: true}
		w.api.fateOfUpdate = func(int) fate { return fate{answer: down} }
		w.api.read = func() (talkdesk.Answer, bool) { return down, w.api.updatesAsked() > 0 }
		stopAt := 20 * time.Second
		var sent atomic.Int64
		time.AfterFunc(stopAt, func() { sent.Store(int64(w.api.updatesAsked())) })
		began := time.Now()
		sum := w.must(4, "in.csv", func(c *Config) { c.Drain = after(stopAt) })
		if sum.Incomplete != 4 || w.api.updatesAsked() != int(sent.Load()) || time.Since(began) > stopAt+time.Second {
			t.Errorf("%d updates at the stop, %d at the end, after %v: %+v", sent.Load(), w.api.updatesAsked(), time.Since(began), sum)
		}
		w.api.fateOfUpdate, w.api.read = nil, nil
		if sum := w.must(0, "in.csv"); sum.Already != 4 || sum.Updated != 4 {
			t.Errorf("%+v", sum)
		}
	})
}

func TestRefusedUpdateIsCorrected(t *testing.T) {
	in(t, func(w *world) {
		w.tickets("T-1,One,x,Nonsense,,,,", "T-2,Two,x,open,,,,")
		w.api.fateOfUpdate = func(n int) fate {
			if n == 0 {
				return fate{answer: talkdesk.Answer{Verdict: talkdesk.Rejected, Status: 400, Code: "bad", Message: "no such status",
					Fields: []talkdesk.FieldError{{Name: "status", Description: "is unknown"}}}}
			}
			return fate{answer: talkdesk.Answer{Verdict: talkdesk.OK, Status: 200}, stored: true}
		}
		sum := w.must(3, "in.csv", func(c *Config) { c.Concurrency = 1 })
		if sum.Created != 1 || sum.Incomplete != 1 {
			t.Errorf("%+v", sum)
		}
		line := w.results()[1]
		if line.Status != results.Incomplete || line.CaseID != "1" || line.HTTPStatus != 400 || line.ErrorFields.String() != "status: is unknown" {
			t.Errorf("%+v", line)
		}
		w.edit("out.failed.csv", "Nonsense", "pending")
		sum = w.must(0, "out.failed.csv")
		if sum.Already != 1 || sum.Updated != 1 || sum.Created != 0 || w.has("out.failed.csv") {
			t.Errorf("%+v", sum)
		}
		w.set("T-1", map[string]string{"status": "PENDING"})
		if line := w.results()[1]; line.Status != results.Created || line.CaseID != "1" {
			t.Errorf("%+v", line)
		}
		w.once(keys(1, 2)...)
	})
}

// TestLostUpdates: the answers to updates are lost, some before and some after they
// were applied, and a resolved case is locked.
func TestLostUpdates(t *testing.T) {
	in(t, func(w *world) {
		var rows []string
		for n := range 40 {
			rows = append(rows, fmt.Sprintf("T-%d,Subject %d,x,resolved,,,,", n+1, n+1))
		}
		w.tickets(rows...)
		w.api.locks = true
		w.api.fateOfUpdate = func(n int) fate {
			lost := talkdesk.Answer{Code: "timeout", Message: "no answer"}
			switch n % 3 {
			case 0:
				return fate{answer: lost, stored: true}
			case 1:
				return fate{answer: lost}
			}
			return fate{answer: talkdesk.Answer{Verdict: talkdesk.OK, Status: 200}, stored: true}
		}
		if sum := w.must(0, "in.csv"); sum.Created != 40 {
			t.Errorf("%+v", sum)
		}
		for _, key := range keys(1, 40) {
			w.set(key, map[string]string{"status": "RESOLVED"})
		}
		w.once(keys(1, 40)...)
	})
}

// TestStopLetsUpdatesFinish: rows that were created when the run is stopped are
// updated; a kill leaves that to the next run.
func TestStopLetsUpdatesFinish(t *testing.T) {
	in(t, func(w *world) {
		var rows []string
		for n := range 60 {
			rows = append(rows, fmt.Sprintf("T-%d,Subject %d,x,open,,,,", n+1, n+1))
		}
		w.tickets(rows...)
		sum := w.must(4, "in.csv", func(c *Config) { c.Drain = after(530 * time.Millisecond) })
		if sum.Created == 0 || sum.Incomplete != 0 || sum.Left == 0 {
			t.Errorf("%+v", sum)
		}
		for _, c := range w.api.cases {
			if c.set["status"] != "OPEN" {
				t.Errorf("%s was left as it was created", c.key)
			}
		}
		if sum := w.must(0, "in.csv"); sum.Created+sum.Already != 60 || sum.Updated != 0 {
			t.Errorf("%+v", sum)
		}
		w.once(keys(1, 60)...)
	})
}

func TestOwners(t *testing.T) {
	in(t, func(w *world) {
		w.tickets("T-1,One,x,,,nobody@example.com,,", "T-2,Two,x,,,BOB@example.com ,,")
		if sum := w.must(3, "in.csv"); sum.Created != 1 || sum.Invalid != 1 {
			t.Errorf("%+v", sum)
		}
		if line := w.results()[1]; !strings.Contains(line.ErrorMessage, "no active agent") {
			t.Errorf("%+v", line)
		}
		w.mapping = strings.Replace(full, "agent: true", `agent: true, default: ""`, 1)
		if sum := w.must(0, "in.csv"); sum.Created != 1 || sum.Already != 1 || sum.Unowned != 1 {
			t.Errorf("%+v", sum)
		}
		if c := w.at("T-1"); strings.Contains(c.body, "owner_id") {
			t.Errorf("%+v", c)
		}
		// Nothing is said of cases whose owner is not touched, or that are not made.
		w.mapping = strings.Replace(full, "agent: true", `agent: true, default: "77"`, 1)
		w.write("in.csv", fullHeader, "T-1,One changed,x,,,nobody@example.com,,", "T-2,Two,x,,,nobody@example.com,,", "T-3,Three,x,,,nobody@example.com,,")
		w.api.alike = func(title string) bool { return title == "Three" }
		if sum := w.must(3, "in.csv", updating); sum.Updated != 2 || sum.Failed != 1 || sum.Unowned != 1 {
			t.Errorf("%+v", sum)
		}
		if one, two := w.at("T-1"), w.at("T-2"); one.set["owner_id"] != "" || two.set["owner_id"] != "77" {
			t.Errorf("%+v, %+v", one, two)
		}
	})
}

// TestOwnersOfCasesThatAreNotMade: the default is counted where a case took it in this
// run, and not where the case was found, takes no changes, or is another row's.
func TestOwnersOfCasesThatAreNotMade(t *testing.T) {
	in(t, func(w *world) {
		w.tickets("T-1,One,x,,,nobody@example.com,,")
		w.mapping = strings.Replace(full, "agent: true", `agent: true, default: ""`, 1)
		w.must(0, "in.csv")
		os.Remove(w.path("out.journal"))
		os.Remove(w.path("out.csv"))
		if sum := w.must(0, "in.csv", adopt); sum.Already != 1 || sum.Unowned != 0 {
			t.Errorf("found: %+v", sum)
		}
		w.api.locks = true
		w.api.mu.Lock()
		w.api.cases[0].set, w.api.cases[0].updated = map[string]string{"status": "RESOLVED"}, time.Now()
		w.api.mu.Unlock()
		w.write("in.csv", fullHeader, "T-1,One changed,x,,,nobody@example.com,,")
		if sum := w.must(3, "in.csv", updating); sum.Locked != 1 || sum.Unowned != 0 {
			t.Errorf("locked: %+v", sum)
		}
	})
	in(t, func(w *world) {
		w.tickets("T-1,One,x,,,nobody@example.com,,", "T-2,Two,x,,,,T-1,") // which comes when T-1 has come to its end
		w.mapping = strings.Replace(full, "agent: true", `agent: true, default: ""`, 1)
		w.api.named = func(int) string { return "7" }
		if sum := w.must(3, "in.csv"); sum.Unknown != 1 || sum.Unowned != 0 {
			t.Errorf("another's: %+v", sum)
		}
	})
}

// TestOwnersAndParentsChangeNoRow: ids are looked up for a row, and it has not changed by
// that when it comes again.
func TestOwnersAndParentsChangeNoRow(t *testing.T) {
	in(t, func(w *world) {
		w.tickets("T-1,One,x,,,bob@example.com,T-2,", "T-2,Two,x,,,,,")
		w.must(0, "in.csv")
		for _, update := range []bool{false, true} {
			sum := w.must(0, "in.csv", func(c *Config) { c.Update = update })
			if sum.Already != 2 || sum.Changed != 0 || sum.Requests != 0 {
				t.Errorf("update %v: %+v", update, sum)
			}
		}
	})
}

func TestOwnersWithoutTheScope(t *testing.T) {
	in(t, func(w *world) {
		w.api.noAgents = true
		w.tickets("T-1,One,x,,,ann@example.com,,", "T-2,Two,x,,,,,")
		sum, err := w.run("in.csv")
		if sum.Exit != 1 || len(w.api.cases) != 0 || !strings.Contains(err.Error(), "users:read") {
			t.Errorf("%v %+v", err, sum)
		}
		if w.has("out.csv") || w.has("out.journal") {
			t.Error("a run that never began leaves files")
		}
	})
}

// TestParents: children stand before their parents, parents fail, and are nowhere.
func TestParents(t *testing.T) {
	in(t, func(w *world) {
		w.tickets("T-1,Child,x,,,,T-2,", "T-2,Parent,x,,,,,", "T-3,Child,x,,,,T-4,", "T-4,,x,,,,,", "T-5,Child,x,,,,T-99,", "T-6,Grandchild,x,,,,T-1,")
		sum := w.must(3, "in.csv")
		if sum.Created != 2 || sum.Failed != 3 || sum.Invalid != 1 {
			t.Errorf("%+v", sum)
		}
		for row, want := range map[int]string{3: "a row that has no case", 5: "no row in this input", 6: "has a parent itself"} {
			if line := w.results()[row]; line.Status != results.Failed || line.ErrorCode != codeNoParent || !strings.Contains(line.ErrorMessage, want) {
				t.Errorf("%+v", line)
			}
		}
		// The parent is corrected in the report, where its child stands before it.
		w.edit("out.failed.csv", "T-4,,", "T-4,Parent,")
		if sum := w.must(3, "out.failed.csv"); sum.Created != 3 {
			t.Errorf("%+v", sum)
		}
		if c := w.at("T-3"); !strings.Contains(c.body, `"parent_id":"`+w.at("T-4").id+`"`) {
			t.Errorf("%+v", c)
		}
		w.mapping = strings.Replace(full, "key: true}", `key: true, default: ""}`, 1)
		w.must(0, "out.failed.csv")
		w.once(keys(1, 6)...)
	})
}

// TestDefaultIsForParentsThatAreNowhere: a child whose parent will have its case later
// would be cut off from it for good.
func TestDefaultIsForParentsThatAreNowhere(t *testing.T) {
	in(t, func(w *world) {
		w.tickets("T-1,Child,x,,,,T-2,", "T-2,,x,,,,,", "T-3,Orphan,x,,,,T-99,", "T-4,Child of one left out,x,,,,T-5,", "T-5,Spam,x,,,,,")
		w.mapping = strings.Replace(full, "key: true}", `key: true, default: ""}`, 1) + "where: row[\"Subject\"] != \"Spam\"\n"
		if sum := w.must(3, "in.csv"); sum.Created != 2 || sum.Failed != 1 || sum.Invalid != 1 || sum.Filtered != 1 {
			t.Errorf("%+v", sum)
		}
		if line := w.results()[1]; line.ErrorCode != codeNoParent {
			t.Errorf("%+v", line)
		}
		w.edit("out.failed.csv", "T-2,,", "T-2,Parent,")
		w.must(0, "out.failed.csv")
		if c := w.at("T-1"); !strings.Contains(c.body, `"parent_id":"`+w.at("T-2").id+`"`) {
			t.Errorf("%+v", c)
		}
		w.once(keys(1, 4)...)
	})
}

// TestChildOfAFailedParentOfEarlier waits for it, although it is not in this input.
func TestChildOfAFailedParentOfEarlier(t *testing.T) {
	in(t, func(w *world) {
		w.tickets("T-1,Parent,x,,,,,")
		w.mapping = strings.Replace(full, "key: true}", `key: true, default: ""}`, 1)
		w.api.alike = func(title string) bool { return title == "Parent" }
		w.must(3, "in.csv")
		w.write("next.csv", fullHeader, "T-2,Child,x,,,,T-1,")
		if sum := w.must(3, "next.csv"); sum.Created != 0 || sum.Failed != 1 {
			t.Errorf("%+v", sum)
		}
	})
}

// TestChildOfAParentInDoubt is not sent, and tried again.
func TestChildOfAParentInDoubt(t *testing.T) {
	in(t, func(w *world) {
		w.tickets("T-1,Child,x,,,,T-2,", "T-2,Parent,x,,,,,")
		w.mapping = strings.Replace(full, ", custom_field: text_source_id", "", 1)
		w.api.fate = func(n int) fate {
			if n == 0 {
				return fate{answer: talkdesk.Answer{Code: "timeout", Message: "no answer"}, stored: true}
			}
			return taken
		}
		if sum := w.must(3, "in.csv"); sum.Unknown != 1 || sum.Failed != 1 {
			t.Errorf("%+v", sum)
		}
		if line := w.results()[1]; !strings.Contains(line.ErrorMessage, "not known yet") {
			t.Errorf("%+v", line)
		}
		w.mapping = full
		if sum := w.must(3, "in.csv"); sum.Failed != 1 {
			t.Errorf("%+v", sum)
		}
		if titles := w.api.titles(); titles["Parent"] != 1 || titles["Child"] != 0 {
			t.Errorf("%v", titles)
		}
	})
}

// TestLineOfARefusedRowIsReplaced: a row that was refused, and is created and then
// updated in a later run, has one line in the results.
func TestLineOfARefusedRowIsReplaced(t *testing.T) {
	in(t, func(w *world) {
		w.tickets("T-1,One,x,open,,,,", "T-2,Two,x,open,,,,")
		w.api.alike = func(title string) bool { return title == "Two" }
		w.must(3, "in.csv")
		w.api.alike = nil
		w.must(0, "in.csv")
		if n := strings.Count(w.read("out.csv"), ",T-2,"); n != 1 {
			t.Errorf("%d lines:\n%s", n, w.read("out.csv"))
		}
	})
}

func TestLimitLeavesChildren(t *testing.T) {
	in(t, func(w *world) {
		w.tickets("T-1,Child,x,,,,T-3,", "T-2,Other,x,,,,,", "T-3,Parent,x,,,,,")
		limit := func(c *Config) { c.Limit = 1 }
		if sum := w.must(4, "in.csv", limit); sum.Created != 1 || sum.Left != 2 || sum.Failed != 0 {
			t.Errorf("%+v", sum)
		}
		w.must(4, "in.csv", limit)
		w.must(0, "in.csv", limit)
		w.once(keys(1, 3)...)
	})
}

// TestChangesAreCarriedOver: only what has changed at the source is sent, and what
// people have changed in Talkdesk is left.
func TestChangesAreCarriedOver(t *testing.T) {
	in(t, func(w *world) {
		rows := []string{"T-1,One,x,open,,,,first", "T-2,Two,x,open,,,,", "T-3,Three,x,resolved,,,,", "T-4,Four,x,open,,,,"}
		w.tickets(rows...)
		w.must(0, "in.csv")
		rows[0], rows[1] = "T-1,One changed,x,open,,,,second", "T-2,Two changed,x,pending,,,,"
		w.tickets(rows...)
		if sum := w.must(0, "in.csv"); sum.Changed != 2 || sum.Requests != 0 || sum.Already != 4 {
			t.Errorf("without the flag: %+v", sum)
		}
		time.Sleep(time.Hour)
		w.api.mu.Lock()
		for i, c := range w.api.cases {
			if c.key == "T-2" {
				w.api.cases[i].title, w.api.cases[i].updated = "Two, as people call it", time.Now()
			}
		}
		w.api.mu.Unlock()
		sum := w.must(0, "in.csv", updating)
		if sum.Updated != 2 || sum.Changed != 0 || sum.Created != 0 {
			t.Errorf("%+v", sum)
		}
		w.set("T-1", map[string]string{"title": "One changed", "description": ""})
		w.set("T-2", map[string]string{"title": "", "status": "PENDING"})
		if c := w.at("T-1"); len(c.notes) != 1 || c.notes[0].Body != "second" {
			t.Errorf("%+v", c.notes)
		}
		if line := w.results()[2]; !strings.Contains(line.ErrorMessage, "title") || line.Status != results.Created {
			t.Errorf("it is not said what was left: %+v", line)
		}
		if sum := w.must(0, "in.csv", updating); sum.Updated != 0 || sum.Requests != 0 {
			t.Errorf("the next night: %+v", sum)
		}
		w.once(keys(1, 4)...)
	})
}

// TestAdoptedCasesAreUpdated: what a case holds that was found is not known, and yet what
// changes from then on is carried over, once, and nothing that people have changed.
func TestAdoptedCasesAreUpdated(t *testing.T) {
	in(t, func(w *world) {
		rows := []string{"T-1,One,x,open,,,,first", "T-2,Two,x,open,,,,", "T-3,Three,x,open,,,,"}
		w.tickets(rows...)
		w.must(0, "in.csv")
		os.Remove(w.path("out.journal"))
		time.Sleep(time.Hour)
		if sum := w.must(0, "in.csv", adopt, updating); sum.Already != 3 || sum.Assumed != 3 || sum.Updated != 0 {
			t.Errorf("%+v", sum)
		}
		w.api.mu.Lock()
		for i, c := range w.api.cases {
			if c.key == "T-2" {
				w.api.cases[i].title, w.api.cases[i].updated = "Two, as people call it", time.Now()
			}
		}
		w.api.mu.Unlock()
		rows[0], rows[1] = "T-1,One changed,x,open,,,,second", "T-2,Two changed,x,pending,,,,"
		w.tickets(rows...)
		if sum := w.must(0, "in.csv", updating); sum.Updated != 2 || sum.Assumed != 0 {
			t.Errorf("%+v", sum)
		}
		w.set("T-1", map[string]string{"title": "One changed", "description": ""})
		w.set("T-2", map[string]string{"title": "", "status": "PENDING"})
		if c := w.at("T-1"); len(c.notes) != 1 || c.notes[0].Body != "second" {
			t.Errorf("%+v", c.notes)
		}
		if sum := w.must(0, "in.csv", updating); sum.Requests != 0 {
			t.Errorf("the next night: %+v", sum)
		}
	})
}

// TestNotesOnce: the answer to an update that adds a note is lost, and the note was
// added, or is added late, or never.
func TestNotesOnce(t *testing.T) {
	for name, f := range map[string]fate{
		"stored":      {answer: talkdesk.Answer{Code: "timeout", Message: "no answer"}, stored: true},
		"stored late": {answer: talkdesk.Answer{Code: "timeout", Message: "no answer"}, late: 20 * time.Second},
		"never":       {answer: talkdesk.Answer{Code: "timeout", Message: "no answer"}},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(w *world) {
				w.tickets("T-1,One,x,,,,,first")
				w.must(0, "in.csv")
				w.tickets("T-1,One,x,,,,,second")
				w.api.fateOfUpdate = func(n int) fate {
					if n == 0 {
						return f
					}
					return fate{answer: talkdesk.Answer{Verdict: talkdesk.OK, Status: 200}, stored: true}
				}
				// The one attempt is lost, and the next run begins at once.
				w.must(3, "in.csv", updating, func(c *Config) { c.MaxAttempts = 1 })
				if sum := w.must(0, "in.csv", updating); sum.Already != 1 {
					t.Errorf("%+v", sum)
				}
				time.Sleep(time.Minute)
				if c := w.at("T-1"); len(c.notes) != 1 {
					t.Errorf("%+v", c.notes)
				}
			})
		})
	}
}

// TestGoneCaseIsNotMadeAgain: people have deleted it.
func TestGoneCaseIsNotMadeAgain(t *testing.T) {
	in(t, func(w *world) {
		w.tickets("T-1,One,x,,,,,")
		w.must(0, "in.csv")
		w.api.mu.Lock()
		w.api.cases[0].id = "gone"
		w.api.mu.Unlock()
		w.tickets("T-1,Other,x,,,,,")
		if sum := w.must(3, "in.csv", updating); sum.Incomplete != 1 || sum.Created != 0 {
			t.Errorf("%+v", sum)
		}
		if line := w.results()[1]; !strings.Contains(line.ErrorMessage, "no case 1 any more") || !strings.Contains(line.ErrorMessage, "Trash") || line.CaseID != "1" {
			t.Errorf("%+v", line)
		}
		w.once("T-1")
	})
}

// TestUnchangedRowsCostNoRequest: not even one for the agents that they name.
func TestUnchangedRowsCostNoRequest(t *testing.T) {
	in(t, func(w *world) {
		rows := []string{"T-1,One,x,,,ann@example.com,,", "T-2,Two,x,open,,bob@example.com,,"}
		w.tickets(rows...)
		w.must(0, "in.csv")
		if sum := w.must(0, "in.csv", updating); sum.Requests != 0 || sum.Already != 2 {
			t.Errorf("%+v", sum)
		}
		rows[0] = "T-1,One changed,x,,,ann@example.com,,"
		w.tickets(rows...)
		if sum := w.must(0, "in.csv"); sum.Requests != 0 || sum.Changed != 1 {
			t.Errorf("without the flag, of a row with an owner: %+v", sum)
		}
		rows[0] = "T-1,One changed,x,,,nobody@example.com,,"
		w.tickets(rows...)
		if sum := w.must(3, "in.csv", updating); sum.Incomplete != 1 {
			t.Errorf("an owner who is none: %+v", sum)
		}
		if line := w.results()[1]; !strings.Contains(line.ErrorMessage, "no active agent") || line.CaseID != w.at("T-1").id {
			t.Errorf("%+v", line)
		}
	})
}

// TestParentThatComesLater: a row of a case names another parent, which has no case
// yet, and gets one in the next night.
func TestParentThatComesLater(t *testing.T) {
	in(t, func(w *world) {
		w.tickets("T-1,Child,x,,,,,")
		w.must(0, "in.csv")
		w.tickets("T-1,Child,x,,,,T-2,")
		if sum := w.must(3, "in.csv", updating); sum.Incomplete != 1 {
			t.Errorf("%+v", sum)
		}
		w.tickets("T-1,Child,x,,,,T-2,", "T-2,Parent,x,,,,,")
		if sum := w.must(0, "in.csv", updating); sum.Created != 1 || sum.Updated != 1 {
			t.Errorf("%+v", sum)
		}
		w.set("T-1", map[string]string{"parent_id": w.at("T-2").id})
	})
}

// TestRowThatChangesWhileInDoubt: its create was answered by nobody, and when it is
// found the row has changed. What has changed is known then, and carried over.
func TestRowThatChangesWhileInDoubt(t *testing.T) {
	in(t, func(w *world) {
		w.tickets("T-1,One,x,open,,,,first", "T-2,Two,x,,,,,")
		w.api.fate = func(n int) fate {
			return fate{answer: talkdesk.Answer{Code: "timeout", Message: "no answer"}, stored: true}
		}
		w.must(4, "in.csv", func(c *Config) { c.Drain = after(5 * time.Second) })
		w.api.fate = nil
		w.tickets("T-1,One,y,pending,,,,second", "T-2,Two,x,,,,,")
		w.must(0, "in.csv")
		if sum := w.must(0, "in.csv"); sum.Changed != 1 || sum.Unmatched != 0 {
			t.Errorf("%+v", sum)
		}
		if sum := w.must(0, "in.csv", updating); sum.Updated != 1 || sum.Created != 0 {
			t.Errorf("%+v", sum)
		}
		w.set("T-1", map[string]string{"description": "y", "status": "PENDING"})
		if c := w.at("T-1"); len(c.notes) != 1 || c.notes[0].Body != "second" {
			t.Errorf("%+v", c.notes)
		}
		if c := w.at("T-2"); c.updates != 0 {
			t.Errorf("a row that has not changed was updated: %+v", c)
		}
		if sum := w.must(0, "in.csv", updating); sum.Requests != 0 {
			t.Errorf("%+v", sum)
		}
	})
}

// TestChangedRowThatIsFoundIsUpdatedYet: either of two requests may have made the case,
// and what a create cannot carry was refused then. It is set when the row comes again.
func TestChangedRowThatIsFoundIsUpdatedYet(t *testing.T) {
	in(t, func(w *world) {
		denied := func() (talkdesk.Answer, bool) {
			return talkdesk.Answer{Verdict: talkdesk.Halt, Status: 403, Denied: true, Message: "scope"}, true
		}
		w.tickets("T-1,One,x,open,,,,")
		w.api.read, w.api.fate = denied, func(int) fate { return cutAfter }
		w.must(3, "in.csv")
		w.tickets("T-1,One,y,pending,,,,")
		w.api.fate = func(int) fate { return cutBefore }
		w.must(3, "in.csv", func(c *Config) { c.ResendUnknown = true })
		w.api.read, w.api.fate = nil, nil
		w.api.fateOfUpdate = func(int) fate { return refusedBy }
		if sum := w.must(3, "in.csv"); sum.Incomplete != 1 {
			t.Errorf("%+v", sum)
		}
		w.api.fateOfUpdate = nil
		w.must(0, "in.csv")
		w.set("T-1", map[string]string{"status": "PENDING"})
		w.once("T-1")
	})
}

// TestParentThatWasRefusedBefore goes before its child.
func TestParentThatWasRefusedBefore(t *testing.T) {
	in(t, func(w *world) {
		w.tickets("T-1,Child,x,,,,T-2,", "T-2,Parent,x,,,,,", "T-3,Child,x,,,,T-2,")
		w.api.alike = func(title string) bool { return title == "Parent" }
		if sum := w.must(3, "in.csv"); sum.Failed != 3 {
			t.Errorf("%+v", sum)
		}
		w.api.alike = nil
		if sum := w.must(0, "in.csv"); sum.Created != 3 {
			t.Errorf("%+v", sum)
		}
		w.once(keys(1, 3)...)
	})
}

// TestDoubtThatEndsBeforeTheSecondReading: a child in doubt names an owner that is
// gone; its case is looked up while the input is read.
func TestDoubtThatEndsBeforeTheSecondReading(t *testing.T) {
	in(t, func(w *world) {
		w.tickets("T-1,Child,x,,,ann@example.com,T-2,", "T-2,Parent,x,,,,,")
		w.api.fate = func(n int) fate { return taken }
		w.must(4, "in.csv", func(c *Config) { c.Limit = 1 })
		w.api.fate = func(n int) fate {
			return fate{answer: talkdesk.Answer{Code: "timeout", Message: "no answer"}}
		}
		w.must(4, "in.csv", func(c *Config) { c.Drain = after(5 * time.Second) })
		w.api.fate = nil
		rows := []string{"T-1,Child,x,,,nobody@example.com,T-2,", "T-2,Parent,x,,,,,"}
		for n := 3; n < 40; n++ {
			rows = append(rows, "T-"+strconv.Itoa(n)+",S,x,,,,,")
		}
		w.tickets(rows...)
		w.api.latency = 10 * time.Second
		sum, err := w.run("in.csv")
		if sum.Exit != 3 || sum.Invalid != 1 {
			t.Errorf("%v %+v\n%s", err, sum, w.logged())
		}
		if line := w.results()[1]; line.Key != "T-1" || line.Status != results.Invalid {
			t.Errorf("%+v", line)
		}
	})
}

// TestLimitLeavesUpdates: a row behind the limit whose case is to be updated is left.
func TestLimitLeavesUpdates(t *testing.T) {
	in(t, func(w *world) {
		w.tickets("T-1,One,x,,,,,")
		w.must(0, "in.csv")
		w.tickets("T-2,Two,x,,,,,", "T-1,One changed,x,,,,,")
		limit := func(c *Config) { c.Limit, c.Update = 1, true }
		if sum := w.must(4, "in.csv", limit); sum.Left != 1 {
			t.Errorf("%+v", sum)
		}
		if sum := w.must(0, "in.csv", limit); sum.Updated != 1 {
			t.Errorf("%+v", sum)
		}
	})
}

// TestEveryUpdateIsRefused: it is the mapping that is wrong, and thousands of rows
// need not show that.
func TestEveryUpdateIsRefused(t *testing.T) {
	in(t, func(w *world) {
		var rows []string
		for n := range 200 {
			rows = append(rows, fmt.Sprintf("T-%d,Subject %d,x,Nonsense,,,,", n+1, n+1))
		}
		w.tickets(rows...)
		w.api.fateOfUpdate = func(int) fate {
			return fate{answer: talkdesk.Answer{Verdict: talkdesk.Rejected, Status: 400, Code: "bad", Message: "no such status"}}
		}
		sum, err := w.run("in.csv")
		if sum.Exit != 4 || sum.Incomplete < 50 || sum.Incomplete > 60 || !strings.Contains(err.Error(), "no such status") {
			t.Errorf("%v %+v", err, sum)
		}
	})
}

// TestChangedRowOfALockedCase: people have resolved the case, and Talkdesk takes no
// changes of it. It is said in words that fit, of however many rows, and is no reason
// to stop; the change is carried over when the case is open again.
func TestChangedRowOfALockedCase(t *testing.T) {
	in(t, func(w *world) {
		rows, changed := []string{}, []string{}
		for n := range 60 {
			rows = append(rows, fmt.Sprintf("T-%d,Subject %d,x,open,,,,", n+1, n+1))
			changed = append(changed, fmt.Sprintf("T-%d,Changed %d,x,open,,,,more", n+1, n+1))
		}
		w.tickets(rows...)
		w.must(0, "in.csv")
		w.api.locks = true
		resolve := func(status string) {
			w.api.mu.Lock()
			defer w.api.mu.Unlock()
			for i := range w.api.cases {
				w.api.cases[i].set["status"], w.api.cases[i].updated = status, time.Now()
			}
		}
		resolve("RESOLVED")
		w.tickets(changed...)
		sum := w.must(3, "in.csv", updating)
		if sum.Incomplete != 60 || sum.Locked != 60 || len(sum.Reasons) != 1 {
			t.Errorf("%+v", sum)
		}
		if line := w.results()[1]; line.Status != results.Incomplete || line.ErrorCode != "locked" || line.HTTPStatus != 400 ||
			!strings.Contains(line.ErrorMessage, "resolved") || !strings.Contains(line.ErrorMessage, "reopen it there") {
			t.Errorf("%+v", line)
		}
		for night := range 3 {
			began := time.Now()
			if sum := w.must(0, "in.csv", updating); sum.Already != 60 || sum.Incomplete+sum.Locked != 0 || sum.StillLocked != 60 || sum.Requests != 60 {
				t.Errorf("night %d: %+v", night, sum)
			}
			if waited := time.Since(began); waited >= 30*time.Second {
				t.Errorf("the next run waited %v for notes that were refused", waited)
			}
			if line := w.results()[1]; line.Status != results.Created || line.ErrorCode != "locked" || !strings.Contains(line.ErrorMessage, "takes no changes: reopen it there") {
				t.Errorf("%+v", line)
			}
		}
		// A night that ended badly had no news either, and nothing new to write down.
		journal := w.read("out.journal")
		outcomes := strings.Count(journal, " O ")
		w.write("out.journal", strings.TrimSuffix(journal[:strings.LastIndex(strings.TrimSuffix(journal, "\n"), "\n")], "\n"))
		if sum := w.must(0, "in.csv", updating); sum.StillLocked != 60 {
			t.Errorf("after a night that ended badly: %+v", sum)
		}
		if n := strings.Count(w.read("out.journal"), " O "); n != outcomes {
			t.Errorf("%d outcomes, and %d before", n, outcomes)
		}
		// News of one of them is told again, once.
		changed[0] = "T-1,Changed 1,x,open,,,,even more"
		w.tickets(changed...)
		if sum := w.must(3, "in.csv", updating); sum.Locked != 1 || sum.StillLocked != 59 {
			t.Errorf("%+v", sum)
		}
		w.must(0, "in.csv", updating)
		resolve("OPEN")
		if sum := w.must(0, "in.csv", updating); sum.Updated != 60 {
			t.Errorf("%+v", sum)
		}
		if c := w.at("T-1"); c.set["title"] != "Changed 1" || len(c.notes) != 1 {
			t.Errorf("%+v", c)
		}
	})
}

// TestLockedCaseFoundByARunThatWasKilled: its summary was never shown, so the next run
// says it again.
func TestLockedCaseFoundByARunThatWasKilled(t *testing.T) {
	in(t, func(w *world) {
		w.tickets("T-1,One,x,open,,,,")
		w.must(0, "in.csv")
		w.api.locks = true
		w.api.mu.Lock()
		w.api.cases[0].set["status"], w.api.cases[0].updated = "RESOLVED", time.Now()
		w.api.mu.Unlock()
		w.tickets("T-1,One changed,x,open,,,,")
		w.must(3, "in.csv", updating)
		lines := strings.SplitAfter(w.read("out.journal"), "\n")
		end := len(lines) - 2 // behind it is what follows the last line break
		if !strings.Contains(lines[end], " E ") {
			t.Fatalf("the last line is %q", lines[end])
		}
		w.write("out.journal", strings.Join(lines[:end], ""))
		if sum := w.must(3, "in.csv", updating); sum.Locked != 1 {
			t.Errorf("%+v", sum)
		}
		w.must(0, "in.csv", updating)
	})
}

// TestLockedCaseThatIsNotTheRows: the server gave it to another row too, so that nobody
// knows any more whether the first has one. Then it is not told as locked either.
func TestLockedCaseThatIsNotTheRows(t *testing.T) {
	in(t, func(w *world) {
		w.tickets("T-1,One,x,,TASK,,,", "T-2,Two,x,,,,T-1,") // which comes when T-1 has come to its end
		w.api.named, w.api.locks = func(int) string { return "7" }, true
		w.api.fateOfUpdate = func(n int) fate {
			if n > 0 {
				return fate{stored: true}
			}
			w.api.mu.Lock()
			defer w.api.mu.Unlock()
			w.api.cases[0].set, w.api.cases[0].updated = map[string]string{"status": "RESOLVED"}, time.Now()
			return fate{answer: talkdesk.Answer{Status: 500}}
		}
		var progress *Progress
		before := 0
		w.api.fate = func(n int) fate {
			if n == 1 {
				before = progress.Summary().Incomplete
			}
			return taken
		}
		sum := w.must(3, "in.csv", func(c *Config) { progress = c.Progress })
		if before != 1 || sum.Unknown != 1 || sum.Incomplete+sum.Locked != 0 {
			t.Errorf("%d %+v", before, sum)
		}
	})
}

// TestOtherFaultOfALockedCase: a refusal that names another field is not for the lock.
func TestOtherFaultOfALockedCase(t *testing.T) {
	in(t, func(w *world) {
		w.tickets("T-1,One,x,resolved,,,,")
		w.must(0, "in.csv")
		w.tickets("T-1,One changed,x,resolved,,,,")
		w.api.fateOfUpdate = func(int) fate {
			return fate{answer: talkdesk.Answer{Verdict: talkdesk.Rejected, Status: 400, Code: "bad", Message: "not acceptable",
				Fields: []talkdesk.FieldError{{Name: "title", Description: "is taken"}}}}
		}
		if sum := w.must(3, "in.csv", updating); sum.Locked != 0 {
			t.Errorf("%+v", sum)
		}
		if line := w.results()[1]; line.ErrorCode != "bad" || line.ErrorMessage != "not acceptable" {
			t.Errorf("%+v", line)
		}
	})
}

// TestParentThatAnUpdateCannotSet: the other changes of the row are carried over all the
// same, once, and what people change meanwhile is told from them.
func TestParentThatAnUpdateCannotSet(t *testing.T) {
	in(t, func(w *world) {
		w.tickets("T-1,Child,x,open,,,,first", "T-2,Parent,x,,,,,")
		w.must(0, "in.csv")
		w.api.noParents = true
		time.Sleep(time.Hour)
		w.tickets("T-1,Child changed,x,open,,,T-2,second", "T-2,Parent,x,,,,,")
		if sum := w.must(3, "in.csv", updating); sum.Incomplete != 1 {
			t.Errorf("%+v", sum)
		}
		line := w.results()[1]
		if want := "make it a subcase of case " + w.at("T-2").id + " by hand"; !strings.Contains(line.ErrorMessage, want) || line.HTTPStatus != 400 {
			t.Errorf("%+v", line)
		}
		w.set("T-1", map[string]string{"title": "Child changed", "parent_id": ""})
		time.Sleep(time.Hour)
		w.tickets("T-1,Child changed again,x,open,,,T-2,second", "T-2,Parent,x,,,,,")
		w.must(3, "in.csv", updating)
		w.set("T-1", map[string]string{"title": "Child changed again"})
		time.Sleep(time.Hour)
		w.must(3, "in.csv", updating)
		w.api.mu.Lock()
		for i, c := range w.api.cases {
			if c.key == "T-1" {
				w.api.cases[i].set["parent_id"], w.api.cases[i].updated = w.api.cases[1-i].id, time.Now()
			}
		}
		w.api.mu.Unlock()
		w.must(0, "in.csv", updating)
		if sum := w.must(0, "in.csv", updating); sum.Requests != 0 {
			t.Errorf("%+v", sum)
		}
		if c := w.at("T-1"); len(c.notes) != 1 {
			t.Errorf("%+v", c.notes)
		}
	})
}

// TestParentsThatUpdatesCannotSetStopNoNight: with as many of them as stop a run of which
// every update is refused, the row behind them has its turn.
func TestParentsThatUpdatesCannotSetStopNoNight(t *testing.T) {
	in(t, func(w *world) {
		night := func(parent, title string) {
			rows := []string{"T-0,Parent,x,,,,,"}
			for n := range 60 {
				rows = append(rows, fmt.Sprintf("T-%d,Child,x,,,,%s,", n+1, parent))
			}
			w.tickets(append(rows, "T-99,"+title+",x,,,,,")...)
		}
		night("", "Last")
		w.must(0, "in.csv")
		w.api.noParents = true
		night("T-0", "Last")
		one := func(c *Config) { c.Concurrency = 1 }
		w.must(3, "in.csv", updating, one)
		night("T-0", "Last changed")
		if sum := w.must(3, "in.csv", updating, one); sum.Incomplete != 60 || sum.Updated != 1 {
			t.Errorf("%+v", sum)
		}
		w.set("T-99", map[string]string{"title": "Last changed"})
	})
}

// TestNewParentOfALockedCase: where only the parent has changed, and the refusal names
// nothing, it is the lock that a person can do something about.
func TestNewParentOfALockedCase(t *testing.T) {
	in(t, func(w *world) {
		w.tickets("T-1,Child,x,resolved,,,,", "T-2,Parent,x,,,,,")
		w.must(0, "in.csv")
		w.api.locks = true
		w.tickets("T-1,Child,x,resolved,,,T-2,", "T-2,Parent,x,,,,,")
		if sum := w.must(3, "in.csv", updating); sum.Locked != 1 {
			t.Errorf("%+v: %+v", sum, w.results()[1])
		}
	})
}

// TestRefusedNoteThatWasSentAgain: an earlier run's refusal is no news of what a later
// run has sent.
func TestRefusedNoteThatWasSentAgain(t *testing.T) {
	in(t, func(w *world) {
		w.tickets("T-1,One,x,,,,,")
		w.must(0, "in.csv")
		w.tickets("T-1,One,x,,,,,note")
		refused := talkdesk.Answer{Verdict: talkdesk.Rejected, Status: 400, Code: "bad", Message: "not acceptable"}
		w.api.fateOfUpdate = func(int) fate { return fate{answer: refused} }
		w.must(3, "in.csv", updating)
		// Its note arrives late, and what is read of the case meanwhile is refused.
		w.api.fateOfUpdate = func(int) fate {
			return fate{answer: talkdesk.Answer{Code: "timeout", Message: "no answer"}, late: 20 * time.Second}
		}
		w.must(3, "in.csv", updating, func(c *Config) { c.MaxAttempts = 1 })
		w.api.fateOfUpdate = nil
		w.must(0, "in.csv", updating)
		time.Sleep(time.Minute)
		if c := w.at("T-1"); len(c.notes) != 1 {
			t.Errorf("%+v", c.notes)
		}
	})
}

// What people did to a case before an update is still theirs after it: undo keeps the case,
// since what the memo says was written last is not later than their change, and a field
// that they have set is left to them when the row's changes, too.
func TestUpdateDoesNotHideThePeopleBeforeIt(t *testing.T) {
	in(t, func(w *world) {
		w.api.fate = func(int) fate {
			f := taken
			f.answer.Updated = time.Now().Truncate(time.Second)
			return f
		}
		w.tickets("T-1,One,x,,,,,", "T-2,Two,x,,,,,")
		w.must(0, "in.csv")
		made := time.Now()
		time.Sleep(time.Hour)
		touched := time.Now()
		w.api.mu.Lock()
		for i := range w.api.cases {
			c := &w.api.cases[i]
			c.updated = map[string]time.Time{"T-1": touched, "T-2": made}[c.key]
			c.title = map[string]string{"T-1": "Theirs", "T-2": c.title}[c.key]
		}
		w.api.mu.Unlock()
		time.Sleep(time.Hour)
		for night := range 2 {
			w.tickets(fmt.Sprintf("T-1,One,x %d,,,,,", night), fmt.Sprintf("T-2,Two,x %d,,,,,", night))
			if sum := w.must(0, "in.csv", updating); sum.Updated != 2 {
				t.Fatalf("%+v", sum)
			}
			time.Sleep(time.Hour)
		}
		w.tickets("T-1,Ours,x,,,,,", "T-2,Ours,x,,,,,")
		w.must(0, "in.csv", updating)
		w.set("T-1", map[string]string{"title": ""}) // it is left as people gave it
		w.set("T-2", map[string]string{"title": "Ours"})
		j, err := journal.OpenUndo(w.path("out.journal"), journal.Header{Account: "acme", BaseURL: "https://api.example"}, journal.Begin{At: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		defer j.Close()
		after := map[int]bool{}
		_ = j.Outcomes(func(o journal.Outcome) error {
			memo, ok := content.ParseMemo(o.Memo)
			after[o.Row] = ok && memo.Wrote.After(touched)
			return nil
		})
		if len(after) != 2 || after[1] || !after[2] {
			t.Errorf("written after people's change, by row: %v; want the row without one alone", after)
		}
	})
}
