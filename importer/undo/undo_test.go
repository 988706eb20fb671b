package undo

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"caseimport/importer/content"
	"caseimport/importer/exit"
	"caseimport/importer/identity"
	"caseimport/importer/journal"
	"caseimport/importer/reads"
	"caseimport/importer/results"
	"caseimport/importer/talkdesk"
	"caseimport/mapping"
	"caseimport/ratelimit"
)

const field = "text1"

// account is an account in memory, in the time of the test's bubble.
type account struct {
	cases   map[string]*talkdesk.Case
	trashed map[string]bool
	asked   []string // requests, but for the list: GET 7, DELETE 7

	listHides, hides bool // whether a case has a parent: the list, or every read
	refusesList      bool
	listsTrash       bool
	repeats          bool // a page of the list comes twice
	// trash decides on a deletion, by its number from 0; nil: all are done.
	trash func(n int, id string) (moved []string, a talkdesk.Answer, stored bool)
	// before is called before a request is answered.
	before func(request string)
}

func (s *account) Read(_ context.Context, q talkdesk.Query) (p talkdesk.Page, a talkdesk.Answer) {
	if s.refusesList {
		return p, talkdesk.Answer{Verdict: talkdesk.Unknown, Status: 400, Message: "no such filter"}
	}
	window, at := q.Created, func(c *talkdesk.Case) time.Time { return c.CreatedAt }
	if !q.Updated[1].IsZero() {
		window, at = q.Updated, func(c *talkdesk.Case) time.Time { return c.UpdatedAt }
	}
	for _, id := range slices.Sorted(maps.Keys(s.cases)) {
		if c := s.cases[id]; (!s.trashed[id] || s.listsTrash) && !at(c).Before(window[0]) && !at(c).After(window[1]) {
			p.Cases = append(p.Cases, talkdesk.Found{ID: id, Whole: s.shown(c, s.listHides || s.hides)})
		}
	}
	if p.Total = len(p.Cases); q.Page > 1 && !s.repeats {
		p.Cases = nil
	}
	return p, talkdesk.Answer{Verdict: talkdesk.OK, Status: 200}
}

func (s *account) shown(c *talkdesk.Case, hides bool) *talkdesk.Case {
	out := *c
	out.Members = maps.Clone(c.Members)
	if hides {
		delete(out.Members, "parent_id")
	}
	return &out
}

func (*account) ReadFields(context.Context, talkdesk.FieldsQuery) (p talkdesk.FieldsPage, a talkdesk.Answer) {
	return p, a
}

func (s *account) ask(method, id string) {
	s.asked = append(s.asked, method+" "+id)
	if s.before != nil {
		s.before(method + " " + id)
	}
}

func (s *account) ReadCase(ctx context.Context, id string) (*talkdesk.Case, talkdesk.Answer) {
	s.ask("GET", id)
	if ctx.Err() != nil {
		return nil, talkdesk.Answer{Verdict: talkdesk.NotTaken, Message: "interrupted"}
	}
	c := s.cases[id]
	if c == nil || s.trashed[id] {
		return nil, talkdesk.Answer{Verdict: talkdesk.Absent, Status: 404}
	}
	return s.shown(c, s.hides), talkdesk.Answer{Verdict: talkdesk.OK, Status: 200}
}

func (s *account) Trash(_ context.Context, id string) ([]string, talkdesk.Answer) {
	n := len(s.deletions())
	s.ask("DELETE", id)
	moved, a, stored := []string{id}, talkdesk.Answer{Verdict: talkdesk.OK, Status: 200}, true
	if s.trash != nil {
		moved, a, stored = s.trash(n, id)
	}
	if stored {
		s.trashed[id] = true
		for _, c := range s.cases {
			if c.Members["parent_id"] == id {
				s.trashed[c.ID] = true
			}
		}
	}
	return moved, a
}

func (s *account) deletions() (ids []string) {
	for _, request := range s.asked {
		if id, is := strings.CutPrefix(request, "DELETE "); is {
			ids = append(ids, id)
		}
	}
	return ids
}

// world is an account, and an import that has gone to it.
type world struct {
	*testing.T
	*account
	folder string
	said   []string
}

// in plays in a bubble in which n rows were imported, as cases 1 to n, an hour ago.
func in(t *testing.T, n int, play func(w *world)) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t, account: &account{cases: map[string]*talkdesk.Case{}, trashed: map[string]bool{}}, folder: t.TempDir()}
		w.imported(n, nil)
		time.Sleep(time.Hour)
		play(w)
	})
}

func (w *world) path(name string) string { return filepath.Join(w.folder, name) }

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

var header = journal.Header{Account: "acme", BaseURL: "https://api.example", KeyRule: "column Id"}

// imported is what a run of n rows leaves; found are rows whose case was there before.
func (w *world) imported(n int, found map[int]bool) {
	j, err := journal.Open(w.path("in.results.journal"), header, journal.Begin{Input: "in.csv", Field: field, Results: "in.results.csv", At: time.Now()})
	w.must(err)
	var lines []results.Line
	for i := 1; i <= n; i++ {
		id, key, title := fmt.Sprint(i), fmt.Sprint("K-", i), fmt.Sprint("Title ", i)
		if !found[i] {
			w.must(j.Claim([]journal.Claim{{ID: identity.Key(key), Number: i, Key: key, Title: title}}))
		}
		w.put(id, key, title)
		line := results.Line{Row: i, Key: key, Status: results.Created, CaseID: id, HTTPStatus: 201, FinishedAt: time.Now()}
		text, _ := json.Marshal(line)
		memo := content.MemoOf(&mapping.Case{Title: title}, true, time.Now()).Append(nil)
		w.must(j.Record(journal.Outcome{ID: identity.Key(key), State: journal.Created, Row: i, Line: text, Sum: [8]byte{1}, Memo: memo}))
		lines = append(lines, line)
	}
	file := results.NewFile(w.path("in.results.csv"), nil)
	w.must(file.Replace(func(yield func(results.Line, error) bool) {
		for _, line := range lines {
			if !yield(line, nil) {
				return
			}
		}
	}))
	info, err := os.Stat(w.path("in.results.csv"))
	w.must(err)
	w.must(j.End(journal.End{Size: info.Size(), Time: info.ModTime()}))
	w.must(j.Close())
}

// put puts a case into the account.
func (w *world) put(id, key, title string) *talkdesk.Case {
	c := &talkdesk.Case{ID: id, Members: map[string]string{"title": title, "parent_id": ""}, CreatedAt: time.Now(), UpdatedAt: time.Now(),
		Fields: map[string]talkdesk.Value{field: {Texts: []string{key}}}}
	w.cases[id] = c
	return c
}

// undo opens the journal and undoes.
func (w *world) undo(change ...func(*Config)) (*Report, *exit.Stop) {
	w.Helper()
	return w.undoIn(w.Context(), w.Context(), change...)
}

func (w *world) undoIn(ctx, intake context.Context, change ...func(*Config)) (*Report, *exit.Stop) {
	w.Helper()
	cfg := Config{Yes: true, Results: w.path("in.results.csv"), API: w.account, Settle: 30 * time.Second, Intake: intake,
		Reader: &reads.Reader{Limiter: ratelimit.New(0), Patience: time.Minute}, Say: func(s string) { w.said = append(w.said, s) }}
	for _, f := range change {
		f(&cfg)
	}
	var err error
	if cfg.Journal == nil {
		open := journal.PlanUndo
		if cfg.Yes {
			open = journal.OpenUndo
		}
		cfg.Journal, err = open(w.path("in.results.journal"), journal.Header{Account: "acme", BaseURL: "https://api.example"}, journal.Begin{Results: "in.results.csv", At: time.Now()})
		w.must(err)
		defer cfg.Journal.Close()
	}
	r, stop := Run(ctx, cfg)
	sum := r.Undone + r.Left + r.Changed + r.Kept + r.Gone + r.Adopted
	if !cfg.Yes && stop == nil {
		sum += r.Planned
	}
	if sum != r.Cases {
		w.Errorf("the report does not add up: %+v", r)
	}
	return r, stop
}

func planning(c *Config) { c.Yes = false }

// outcomes are the results by case, and their reasons where there is one.
func outcomes(r *Report) map[string]string {
	all := map[string]string{}
	for line := range r.Lines() {
		all[line.CaseID] = string(line.Result)
		if line.Reason != "" && line.Result != Planned {
			all[line.CaseID] += ": " + line.Reason
		}
	}
	return all
}

// is demands what became of cases, by the beginnings of what is said of them.
func (w *world) is(r *Report, want map[string]string) {
	w.Helper()
	got := outcomes(r)
	for id, text := range want {
		if !strings.HasPrefix(got[id], text) {
			w.Errorf("case %s: %q, want %q", id, got[id], text)
		}
	}
}

// states are what the journal holds of the rows, in order.
func (w *world) states(n int) (all string) {
	w.Helper()
	j, err := journal.Peek(w.path("in.results.journal"), header, "")
	w.must(err)
	defer j.Close()
	for i := 1; i <= n; i++ {
		all += string(j.State(identity.Key(fmt.Sprint("K-", i))))
	}
	return all
}

func TestWhatMayGo(t *testing.T) {
	at := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	memo := func(wrote time.Time) *content.Memo {
		m := content.MemoOf(&mapping.Case{Title: "Title"}, true, wrote)
		return &m
	}
	base := func() (*item, *talkdesk.Case) {
		return &item{key: "K-1", title: "Title", memo: memo(at)}, &talkdesk.Case{Members: map[string]string{"title": "Title"}, CreatedAt: at.Add(-time.Minute), UpdatedAt: at,
			Fields: map[string]talkdesk.Value{field: {Texts: []string{" K-1 "}}}}
	}
	for _, c := range []struct {
		name   string
		change func(it *item, got *talkdesk.Case)
		fields []string
		want   Result
		vague  bool
	}{
		{"as it was written", func(*item, *talkdesk.Case) {}, nil, Planned, false},
		{"a second later", func(_ *item, c *talkdesk.Case) { c.UpdatedAt = at.Add(time.Second) }, nil, Planned, false},
		{"two seconds later", func(_ *item, c *talkdesk.Case) { c.UpdatedAt = at.Add(2 * time.Second) }, nil, Changed, false},
		{"not said when", func(_ *item, c *talkdesk.Case) { c.UpdatedAt = time.Time{} }, nil, Kept, true},
		{"it is not known when it was written, and it was never changed", func(it *item, c *talkdesk.Case) { it.memo = nil; c.UpdatedAt = c.CreatedAt }, nil, Planned, false},
		{"it is not known when it was written, and it was changed", func(it *item, c *talkdesk.Case) { it.memo = memo(time.Time{}) }, nil, Changed, false},
		{"nor when it was created", func(it *item, c *talkdesk.Case) { it.memo, c.CreatedAt = nil, time.Time{} }, nil, Kept, true},
		{"another key", func(_ *item, c *talkdesk.Case) { c.Fields[field] = talkdesk.Value{Texts: []string{"K-10"}} }, nil, Kept, false},
		{"no key", func(_ *item, c *talkdesk.Case) { c.Fields[field] = talkdesk.Value{} }, nil, Kept, false},
		{"a key that is not shown", func(_ *item, c *talkdesk.Case) { c.Fields = nil }, nil, Kept, true},
		{"the key in the field of another run", func(_ *item, c *talkdesk.Case) {
			c.Fields = map[string]talkdesk.Value{"text2": {Texts: []string{"K-1"}}}
		}, []string{field, "text2"}, Planned, false},
		{"by its title", func(it *item, c *talkdesk.Case) { it.key, c.Fields = "", nil }, []string{""}, Planned, false},
		{"by the title of its last update", func(it *item, c *talkdesk.Case) { it.key, it.title = "", "Before" }, []string{""}, Planned, false},
		{"another title", func(it *item, c *talkdesk.Case) { it.key, c.Members["title"] = "", "Other" }, []string{""}, Kept, false},
		{"a title that is not shown", func(it *item, c *talkdesk.Case) { it.key, c.Members = "", nil }, []string{""}, Kept, true},
		{"another key, and some runs had no field", func(_ *item, c *talkdesk.Case) { c.Fields[field] = talkdesk.Value{Texts: []string{"K-2"}} }, []string{field, ""}, Kept, false},
		{"no key, and some runs had no field", func(_ *item, c *talkdesk.Case) { c.Fields[field] = talkdesk.Value{} }, []string{field, ""}, Planned, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			it, got := base()
			c.change(it, got)
			if c.fields == nil {
				c.fields = []string{field}
			}
			if r, reason, vague := it.judge(got, c.fields); r != c.want || vague != c.vague || (reason == "") != (r == Planned) {
				t.Errorf("%s (%s), vague %v", r, reason, vague)
			}
		})
	}
}

// TestFirstOneAloneThenTheOthers: nothing is touched before one case is seen to go.
func TestFirstOneAloneThenTheOthers(t *testing.T) {
	in(t, 3, func(w *world) {
		r, stop := w.undo(planning)
		if stop != nil || r.Exit != 0 || r.Planned != 3 || len(w.deletions()) > 0 || w.states(3) != "CCC" {
			t.Errorf("%+v %v", r, stop)
		}
		w.asked = nil
		if r, stop = w.undo(); stop != nil || r.Exit != 0 || r.Undone != 3 {
			t.Errorf("%+v %v", r, stop)
		}
		if got, want := strings.Join(w.asked, ", "), "GET 1, DELETE 1, GET 1, GET 2, DELETE 2, GET 3, DELETE 3"; got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
		text, err := os.ReadFile(w.path("in.results.csv"))
		if w.must(err); w.states(3) != "DDD" || strings.Count(string(text), "\n") != 1 {
			t.Errorf("%s, the results are %q", w.states(3), text)
		}
		j, err := journal.Peek(w.path("in.results.journal"), header, "")
		w.must(err)
		defer j.Close()
		info, err := os.Stat(w.path("in.results.csv"))
		w.must(err)
		if last := j.Last(); last.Input != "in.csv" || !last.Ended || last.Left != 3 || last.Size != info.Size() || !last.Time.Equal(info.ModTime()) {
			t.Errorf("the next run finds %+v", last)
		}
	})
}

// TestSubcasesGoFirst, and roots with a subcase that stays do not go at all.
func TestSubcases(t *testing.T) {
	family := func(w *world) {
		sub := func(id, parent string) { w.cases[id].Members["parent_id"] = parent }
		sub("2", "1") // 1 is a root with a subcase that may go
		sub("4", "3") // 3 has one that was changed
		w.cases["4"].UpdatedAt = time.Now()
		w.put("90", "", "by people")
		sub("90", "5") // 5 has one of another origin
		old := w.put("91", "", "older than the import, and made a subcase since")
		old.CreatedAt = old.CreatedAt.Add(-24 * time.Hour)
		sub("91", "6")
		sub("8", "7") // 7 has one that people have deleted
		w.trashed["8"] = true
		sub("9", "90") // a subcase of a case of another origin
	}
	all := map[string]string{"1": "undone", "2": "undone", "3": "kept: its subcase 4 is kept", "4": "changed: it was changed at", "5": "kept: its subcase 90 is not the import's",
		"6": "kept: its subcase 91 is not the import's", "7": "undone", "8": "gone", "9": "undone"}
	for _, c := range []struct {
		name   string
		change func(w *world)
	}{
		{"shown in the list", func(*world) {}},
		{"shown by single cases only", func(w *world) { w.listHides = true }},
	} {
		t.Run(c.name, func(t *testing.T) {
			in(t, 9, func(w *world) {
				family(w)
				c.change(w)
				r, stop := w.undo()
				if stop != nil || r.Exit != 3 {
					t.Errorf("%+v %v", r, stop)
				}
				w.is(r, all)
				gone := w.deletions()
				if slices.Index(gone, "2") > slices.Index(gone, "1") || !slices.Equal(slices.Sorted(slices.Values(gone)), []string{"1", "2", "7", "9"}) {
					t.Errorf("they went in this order: %v", gone)
				}
				if w.trashed["90"] || w.trashed["91"] || w.trashed["4"] {
					t.Error("others went along")
				}
			})
		})
	}
	for _, c := range []struct {
		name, says string
		change     func(w *world)
	}{
		{"the API does not show parents", "it may have subcases, which would go along: the API does not show", func(w *world) { w.hides = true }},
		{"the list is refused", "it may have subcases, which would go along: the list cannot be narrowed down to a time: no such filter", func(w *world) { w.refusesList = true }},
		{"the list repeats cases", "it may have subcases, which would go along: the list of cases repeats or lacks some", func(w *world) { w.repeats = true }},
	} {
		t.Run(c.name, func(t *testing.T) {
			in(t, 9, func(w *world) {
				family(w)
				c.change(w)
				r, stop := w.undo()
				if stop != nil || r.Blind == "" || r.Exit != 3 {
					t.Errorf("%+v %v", r, stop)
				}
				w.is(r, map[string]string{"1": "kept: " + c.says, "7": "kept: " + c.says})
				if w.hides && len(w.deletions()) > 0 {
					t.Errorf("%v", w.deletions())
				}
			})
		})
	}
}

// TestNewSubcaseMeanwhile: an undo that takes long looks again.
func TestNewSubcaseMeanwhile(t *testing.T) {
	in(t, 4, func(w *world) {
		w.listsTrash = true
		w.before = func(request string) {
			switch request {
			case "DELETE 1":
				time.Sleep(11 * time.Minute)
				w.put("90", "", "by people").Members["parent_id"] = "2"
			case "DELETE 3": // of which it cannot know before it asks
				w.cases["4"].UpdatedAt = time.Now()
			}
		}
		r, _ := w.undo()
		w.is(r, map[string]string{"1": "undone", "2": "kept: its subcase 90 is not", "3": "undone", "4": "changed"})
	})
}

// TestAdoptedAndGone: what the import did not make is kept, and what people deleted is
// left to them.
func TestAdoptedAndGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t, account: &account{cases: map[string]*talkdesk.Case{}, trashed: map[string]bool{}}, folder: t.TempDir()}
		w.imported(4, map[int]bool{2: true, 4: true})
		time.Sleep(time.Hour)
		w.trashed["3"] = true
		w.cases["4"].Members["parent_id"] = "1" // which would go along
		r, stop := w.undo()
		w.is(r, map[string]string{"1": "kept: its subcase 4 is not the import's", "2": "adopted", "3": "gone", "4": "adopted"})
		if stop != nil || r.Exit != 3 || len(w.deletions()) > 0 || w.states(4) != "CCCC" {
			t.Errorf("%+v %v, %v", r, stop, w.deletions())
		}
	})
}

func TestTheFirstAnswerDecides(t *testing.T) {
	reject := func(status int) func(int, string) ([]string, talkdesk.Answer, bool) {
		return func(int, string) ([]string, talkdesk.Answer, bool) {
			return nil, talkdesk.Answer{Verdict: talkdesk.Rejected, Status: status, Message: http.StatusText(status)}, false
		}
	}
	done := talkdesk.Answer{Verdict: talkdesk.OK, Status: 200}
	for _, c := range []struct {
		name   string
		trash  func(n int, id string) ([]string, talkdesk.Answer, bool)
		exit   int
		says   string
		states string
	}{
		{"403", reject(403), 1, "cannot move cases to the Trash: Forbidden", "CCC"},
		{"404", reject(404), 1, "cannot move cases to the Trash", "CCC"},
		{"405", reject(405), 1, "cannot move cases to the Trash", "CCC"},
		{"400", reject(400), 1, "cannot move cases to the Trash", "CCC"},
		{"another id", func(int, string) ([]string, talkdesk.Answer, bool) { return []string{"2"}, done, false }, 4, "names these: 2", "CCC"},
		{"more ids", func(_ int, id string) ([]string, talkdesk.Answer, bool) { return []string{id, "77"}, done, true }, 4, "names these: 1, 77", "DCC"},
		{"no id", func(int, string) ([]string, talkdesk.Answer, bool) { return nil, done, false }, 4, "names these: none", "CCC"},
		{"it can still be read", func(_ int, id string) ([]string, talkdesk.Answer, bool) { return []string{id}, done, false }, 4, "can still be read", "CCC"},
		{"an answer that says nothing", func(int, string) ([]string, talkdesk.Answer, bool) {
			return nil, talkdesk.Answer{Status: 200, Message: "not in the API's form"}, true
		}, 4, "does not name it", "DCC"},
		{"never an answer", func(int, string) ([]string, talkdesk.Answer, bool) {
			return nil, talkdesk.Answer{Message: "connection lost"}, false
		}, 4, "could not be moved to the Trash: connection lost", "CCC"},
		{"the token is refused", func(int, string) ([]string, talkdesk.Answer, bool) {
			return nil, talkdesk.Answer{Verdict: talkdesk.Halt, Status: 401, Message: "the API refuses the token"}, false
		}, 1, "refuses the token", "CCC"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in(t, 3, func(w *world) {
				w.trash = c.trash
				r, stop := w.undo()
				if stop == nil || stop.Exit != c.exit || !strings.Contains(stop.Err.Error(), c.says) || r.Exit != c.exit {
					t.Fatalf("%+v %+v", r, stop)
				}
				if gone := slices.Compact(w.deletions()); !slices.Equal(gone, []string{"1"}) || w.states(3) != c.states {
					t.Errorf("%v, %s", gone, w.states(3))
				}
			})
		})
	}
}

// TestLostAnswersAreLookedUp: whatever was done without an answer is found out.
func TestLostAnswersAreLookedUp(t *testing.T) {
	in(t, 6, func(w *world) {
		lost := talkdesk.Answer{Message: "connection lost", Down: true}
		w.account.trash = func(n int, id string) ([]string, talkdesk.Answer, bool) {
			switch n {
			case 0, 4: // done, and the answer is lost: 1, 4
				return nil, lost, true
			case 1, 3: // not done: 2, 3
				return nil, lost, false
			case 5: // people have deleted it in this very moment: 5
				return nil, talkdesk.Answer{Verdict: talkdesk.Rejected, Status: 404}, true
			}
			return []string{id}, talkdesk.Answer{Verdict: talkdesk.OK, Status: 200}, true
		}
		r, stop := w.undo()
		if stop != nil || r.Undone != 6 || w.states(6) != "DDDDDD" {
			t.Errorf("%+v %v %s", r, stop, w.states(6))
		}
	})
}

// TestOneThatCannotGo does not keep the others from going.
func TestOneThatCannotGo(t *testing.T) {
	in(t, 3, func(w *world) {
		w.account.trash = func(_ int, id string) ([]string, talkdesk.Answer, bool) {
			if id == "2" {
				return nil, talkdesk.Answer{Verdict: talkdesk.Rejected, Status: 409, Message: "it is locked"}, false
			}
			return []string{id}, talkdesk.Answer{Verdict: talkdesk.OK, Status: 200}, true
		}
		r, stop := w.undo()
		w.is(r, map[string]string{"1": "undone", "2": "kept: it could not be moved to the Trash: it is locked", "3": "undone"})
		if stop != nil || r.Exit != 3 || w.states(3) != "DCD" {
			t.Errorf("%+v %v %s", r, stop, w.states(3))
		}
		// People delete it, later: that is not ours.
		w.trashed["2"] = true
		if r, _ := w.undo(); r.Gone != 1 || w.states(3) != "DCD" {
			t.Errorf("%+v %s", r, w.states(3))
		}
	})
}

// TestInterrupted: what is under way is waited for, and the same command goes on.
func TestInterrupted(t *testing.T) {
	for _, hurry := range []bool{false, true} {
		in(t, 4, func(w *world) {
			all, stopAll := context.WithCancel(w.Context())
			intake, stopIntake := context.WithCancel(all)
			defer stopAll()
			w.before = func(request string) {
				if request == "DELETE 2" {
					if stopIntake(); hurry {
						stopAll()
					}
				}
			}
			if hurry {
				w.account.trash = func(n int, id string) ([]string, talkdesk.Answer, bool) {
					if n == 1 {
						return nil, talkdesk.Answer{Code: "interrupted", Message: "interrupted"}, true
					}
					return []string{id}, talkdesk.Answer{Verdict: talkdesk.OK, Status: 200}, true
				}
			}
			r, stop := w.undoIn(all, intake)
			states := map[bool]string{false: "DDCC", true: "DCCC"}[hurry]
			if stop == nil || stop.Exit != 4 || stop.Err.Error() != "interrupted" || w.states(4) != states || r.Left != strings.Count(states, "C") {
				t.Fatalf("hurry %v: %+v %+v %s", hurry, r, stop, w.states(4))
			}
			w.before = nil
			if r, stop := w.undo(); stop != nil || r.Exit != 0 || w.states(4) != "DDDD" || r.Undone != r.Left+strings.Count(states, "C") {
				t.Errorf("hurry %v, again: %+v %v %s", hurry, r, stop, w.states(4))
			}
			if slices.Sort(w.asked); len(slices.Compact(w.deletions())) != 4 || len(w.deletions()) != 4 {
				t.Errorf("hurry %v: %v", hurry, w.deletions())
			}
		})
	}
}

// TestSubcaseInTheTrash, by an earlier undo, is no reason to keep its root, even where
// the list shows it.
func TestSubcaseInTheTrash(t *testing.T) {
	in(t, 2, func(w *world) {
		w.listsTrash = true
		w.cases["2"].Members["parent_id"] = "1"
		intake, stop := context.WithCancel(w.Context())
		w.before = func(request string) {
			if request == "DELETE 2" {
				stop()
			}
		}
		w.undoIn(w.Context(), intake)
		if w.states(2) != "CD" {
			t.Fatal(w.states(2))
		}
		r, _ := w.undo()
		w.is(r, map[string]string{"1": "undone", "2": "undone: by an earlier undo"})
	})
}

// TestKeptAfterAll: a case that an undo was about to move, and that is kept by the
// next, is not taken for undone when people delete it later.
func TestKeptAfterAll(t *testing.T) {
	for _, late := range []bool{false, true} {
		in(t, 2, func(w *world) {
			all, hurry := context.WithCancel(w.Context())
			w.account.trash = func(int, string) ([]string, talkdesk.Answer, bool) {
				hurry()
				return nil, talkdesk.Answer{Message: "interrupted"}, false
			}
			w.undoIn(all, all)
			w.account.trash = nil
			change := func() { w.cases["1"].UpdatedAt = time.Now() }
			if late {
				w.before = func(request string) {
					if request == "GET 1" {
						change()
					}
				}
			} else {
				change()
			}
			if r, _ := w.undo(); r.Changed != 1 || r.Undone != 1 {
				t.Errorf("late %v: %+v", late, r)
			}
			w.before = nil
			w.trashed["1"] = true
			if r, _ := w.undo(); r.Gone != 1 || w.states(2) != "CD" {
				t.Errorf("late %v: %+v %s", late, r, w.states(2))
			}
		})
	}
}

// full is a file on a disk with room for so many bytes.
type full struct {
	*os.File
	room int
}

func (f *full) Write(b []byte) (int, error) {
	if f.room -= len(b); f.room < 0 {
		return 0, syscall.ENOSPC
	}
	return f.File.Write(b)
}

// TestFullDisk: nothing is moved that the journal does not hold.
func TestFullDisk(t *testing.T) {
	for room := 200; room < 900; room += 23 {
		in(t, 3, func(w *world) {
			f, err := os.OpenFile(w.path("in.results.journal"), os.O_RDWR|os.O_APPEND, 0)
			w.must(err)
			defer f.Close()
			info, err := f.Stat()
			w.must(err)
			j, err := journal.OpenFile(&full{f, room}, info.Size(), header, journal.Begin{Undo: true})
			if err != nil {
				return // not even its beginning
			}
			_, stop := w.undo(func(c *Config) { c.Journal = j })
			for _, id := range w.deletions() {
				if id := identity.Key("K-" + id); j.State(id) != journal.Undone && !j.Undoing(id) {
					t.Errorf("room %d: %v were moved", room, w.deletions())
				}
			}
			if (stop != nil) != (j.Err() != nil) || stop != nil && (stop.Exit != 4 || !strings.Contains(stop.Hint, "room on the disk")) {
				t.Errorf("room %d: %+v", room, stop)
			}
			if r, stop := w.undo(); stop != nil || r.Exit != 0 || w.states(3) != "DDD" || len(w.deletions()) != 3 {
				t.Errorf("room %d, again: %+v %v %s %v", room, r, stop, w.states(3), w.deletions())
			}
		})
	}
}

// TestResultsKeepTheirOtherLines, also those of which the journal does not know; and
// a file that people have changed still looks so to the next run.
func TestResultsKeepTheirOtherLines(t *testing.T) {
	in(t, 3, func(w *world) {
		text, err := os.ReadFile(w.path("in.results.csv"))
		w.must(err)
		w.must(os.WriteFile(w.path("in.results.csv"), append(text, "9,K-9,invalid,,,,no title,,0,2026-01-01T00:00:00Z\n"...), 0o600))
		w.cases["2"].UpdatedAt = time.Now()
		w.undo()
		var left []string
		for line, err := range results.ReadOwn(w.path("in.results.csv")) {
			w.must(err)
			left = append(left, line.Key)
		}
		j, err := journal.Peek(w.path("in.results.journal"), header, "")
		w.must(err)
		defer j.Close()
		info, err := os.Stat(w.path("in.results.csv"))
		w.must(err)
		if !slices.Equal(left, []string{"K-2", "K-9"}) || j.Last().Size == info.Size() || j.Last().Size == 0 {
			t.Errorf("%v %+v", left, j.Last())
		}
	})
}

// TestOneOrder: rows of several inputs have the same numbers, and the undo file is the
// same whenever it is written.
func TestOneOrder(t *testing.T) {
	in(t, 2, func(w *world) {
		j, err := journal.Open(w.path("in.results.journal"), header, journal.Begin{Input: "more.csv", Field: field, Results: "in.results.csv", At: time.Now()})
		w.must(err)
		want := []string{"K-1"}
		for i := 1; i <= 9; i++ {
			key := fmt.Sprint("M-", i)
			w.must(j.Claim([]journal.Claim{{ID: identity.Key(key), Number: 1, Key: key}}))
			w.put(key, key, "Title")
			text, _ := json.Marshal(results.Line{Row: 1, Key: key, Status: results.Created, CaseID: key, HTTPStatus: 201, FinishedAt: time.Now()})
			memo := content.MemoOf(&mapping.Case{Title: "Title"}, true, time.Now()).Append(nil)
			w.must(j.Record(journal.Outcome{ID: identity.Key(key), State: journal.Created, Row: 1, Line: text, Memo: memo}))
			want = append(want, key)
		}
		w.must(j.Close())
		want = append(want, "K-2")
		w.undo()
		r, stop := w.undo()
		var got []string
		for line := range r.Lines() {
			got = append(got, line.Key)
		}
		if stop != nil || r.Earlier != 11 || !slices.Equal(got, want) {
			t.Errorf("%v, %+v: %v", stop, r, got)
		}
	})
}
