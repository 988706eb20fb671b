package lifecycle

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"caseimport/importer/journal"
	"caseimport/importer/talkdesk"
)

// script lets events happen in a world, in order, as long as they may.
type script struct {
	*testing.T
	*world
}

func newScript(t *testing.T, s scenario) *script {
	return &script{t, newWorld(&s)}
}

// on lets events happen. Each must be possible.
func (s *script) on(list ...event) {
	s.Helper()
	for _, e := range list {
		possible := false
		for _, p := range s.events() {
			possible = possible || p == e
		}
		if !possible {
			s.Fatalf("event %v is not possible, only %v", e, s.events())
		}
		s.do(e)
		s.examine()
	}
	if s.wrong != "" {
		s.Fatalf("%s: %s", s.invariant, s.wrong)
	}
}

// calm lets the run come to its end with nothing going wrong.
func (s *script) calm() {
	s.Helper()
	for !s.over() {
		s.on(calmest(s.events()))
	}
}

func answerWith(a answer) event { return event{answered, 0, int16(a)} }

var (
	readNext = event{kind: reads}
	synced   = event{kind: syncs}
	sends    = event{kind: leaves}
	stored   = event{kind: arrives}
	waits    = event{kind: passes}
	stopped  = event{kind: stopAsked}
	plain    = event{again, 0, 0}
	resent   = event{again, 0, 1}
)

// Without a key field a lost answer leaves a row unknown. A person has it sent
// again, and whatever comes of that but a case, the row stays unknown: an older
// request may have made its case. A later run without the flag sends nothing.
func TestDoubtSurvivesResend(t *testing.T) {
	for _, c := range []struct {
		name string
		then []event
	}{
		{"refused", []event{answerWith(rejected)}},
		{"stopped", []event{stopped, answerWith(noConnection)}},
		{"stopped before it left", nil},
		{"throttled, and stopped", []event{answerWith(throttled), stopped}},
		{"throttled out", append(append([]event{answerWith(throttled)}, slices.Repeat([]event{{passes, aTick, 0}}, 8)...), sends, answerWith(throttled))},
		{"no connection, twice", []event{answerWith(noConnection), waits, sends, answerWith(noConnection), sends, answerWith(asHoped)}},
		{"a firewall refuses it", []event{answerWith(blocked)}},
		{"the scope is missing", []event{answerWith(denied)}},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			s := newScript(t, scenario{rows: 1, workers: 1, unsearchable: true, resend: true, runs: 3, stops: 1, faults: 3, slow: 8, patience: 8 * tick,
				creates: []answer{lost, rejected, throttled, noConnection, blocked, denied}})
			s.on(readNext, synced, sends, answerWith(lost), stored)
			s.calm()
			s.on(resent, readNext)
			if c.then == nil {
				s.on(stopped, synced)
			} else {
				s.on(synced, sends)
				s.on(c.then...)
			}
			s.calm()
			if !s.disk.state(0).InDoubt() {
				t.Fatalf("row A is %q in the journal", s.disk.state(0))
			}
			sent := s.sent[0]
			s.on(plain)
			s.calm()
			if s.sent[0] != sent {
				t.Errorf("a run without --resend-unknown sent it: %d cases", len(s.cases))
			}
			if s.disk.state(0) != journal.Unknown {
				t.Errorf("row A is %q in the journal", s.disk.state(0))
			}
		})
	}
}

// A row whose absence is proved is like one that was never sent: when the run
// stops before it is taken, its claim is released, and nobody is told of a doubt.
func TestProvedAbsentRowIsReleased(t *testing.T) {
	for _, c := range []struct {
		name string
		then []event
	}{
		{"before it is sent again", []event{stopped}},
		{"throttled", []event{sends, answerWith(throttled), stopped}},
		{"while it is under way, throttled", []event{sends, stopped, answerWith(throttled)}},
		{"no connection", []event{sends, answerWith(noConnection), stopped}},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			s := newScript(t, scenario{rows: 1, workers: 1, runs: 2, stops: 1, faults: 3, creates: []answer{lost, throttled, noConnection}})
			s.on(readNext, synced, sends, answerWith(lost), waits, waits, sends, answerWith(asHoped))
			s.on(c.then...)
			s.calm()
			if s.disk.state(0) != journal.Released {
				t.Errorf("row A is %q in the journal", s.disk.state(0))
			}
			if s.doubt[0] {
				t.Error("row A is in doubt")
			}
		})
	}
}

// A look-up is on its way when a case is created that is younger than the doubt:
// its "no such case" is not believed before the search has shown that one.
func TestYoungerCaseWhileLookingUp(t *testing.T) {
	s := newScript(t, scenario{rows: 2, workers: 2, runs: 1, faults: 1, slow: 9, known: true, old: true, creates: []answer{lost}})
	s.on(readNext, readNext, synced, synced, sends, sends)
	s.on(answerWith(lost), sends, event{answered, 1, int16(asHoped)}) // A; the search shows K1
	for s.m.Ready(s.now) == 0 {
		s.on(event{passes, slowlyTo, 0})
	}
	s.on(sends, answerWith(asHoped)) // A is looked up; B is created
	s.on(answerWith(asHoped))        // no such case
	if got := s.rows[0].State(); got != Doubtful {
		t.Fatalf("row A is %s", got)
	}
	s.on(sends)
	if q := s.flights[0].q; q.Kind != Canary || s.m.canary.target.ID != "B1" {
		t.Fatalf("a request of kind %d leaves for %q", q.Kind, q.Key)
	}
	s.calm()
}

// A row whose every new token is refused stops the run; one that is refused now
// and then does not.
func TestRenewalsInARow(t *testing.T) {
	s := newScript(t, scenario{rows: 1, workers: 1, runs: 1, faults: 3 * maxRenewals, creates: []answer{renewed, throttled}})
	s.on(readNext, synced)
	for range 2 {
		for range maxRenewals - 1 {
			s.on(sends, answerWith(renewed))
		}
		s.on(sends, answerWith(throttled))
	}
	for range maxRenewals {
		if s.m.stopped != nil {
			t.Fatalf("stopped too early: %s", s.m.stopped.Reason)
		}
		s.on(sends, answerWith(renewed))
	}
	if s.m.stopped == nil {
		t.Error("the run goes on")
	}
	s.calm()
}

// A server that asks for a longer pause than the run has patience stops it.
func TestLongPauseStops(t *testing.T) {
	for _, c := range []struct {
		pause Instant
		stops bool
	}{{8 * tick, false}, {8*tick + 1, true}} {
		s := newScript(t, scenario{rows: 1, workers: 1, runs: 1, patience: 8 * tick})
		s.on(readNext, synced, sends)
		a := answers[throttled]
		a.Pause = c.pause
		s.m.Answered(s.now, s.flights[0].q, a, nil, 0)
		if got := s.m.stopped != nil; got != c.stops {
			t.Errorf("a pause of %v stops the run: %v", c.pause, got)
		}
	}
}

// Whatever rows are read for, the input waits for those before it.
func TestRoomIsBounded(t *testing.T) {
	row := func(n int) *Row {
		return &Row{Claim: journal.Claim{ID: journal.ID{byte(n), byte(n >> 8)}, Key: fmt.Sprint(n)}, Body: []byte("x"), Ref: n}
	}
	for _, tt := range []struct {
		name string
		read func(m *Machine, n int)
		want int
	}{
		{"rows whose claims are not durable", func(m *Machine, n int) { m.Read(0, row(n), false) }, 1 + 4},
		{"rows that are looked up first", func(m *Machine, n int) { m.Read(0, row(n), true) }, maxDoubts + 1},
		{"cases that are read before they are updated", func(m *Machine, n int) {
			r := row(n)
			r.CaseID, r.Update = "1", &talkdesk.Update{Status: "OPEN"}
			m.Resume(0, r, Had{})
		}, 4},
		{"some of both", func(m *Machine, n int) {
			r := row(n)
			if n%3 == 0 && n < 9 {
				r.CaseID, r.Update = "1", &talkdesk.Update{Status: "OPEN"}
				m.Resume(0, r, Had{})
			} else {
				m.Read(0, r, false)
			}
		}, 5},
		{"notes that may yet arrive, and doubts", func(m *Machine, n int) {
			r := row(n)
			if n%2 == 0 {
				r.CaseID, r.Update = "1", &talkdesk.Update{Notes: make([]talkdesk.SetNote, 1)}
				m.Resume(0, r, Had{Torn: true})
			} else {
				m.Read(0, r, true)
			}
		}, maxDoubts + 1},
	} {
		m := New(Config{Workers: 2, MaxAttempts: 1, Settle: time.Hour, Patience: 2 * time.Hour, Updates: true, Searchable: true})
		n := 0
		for ; m.Room() && n < 2*maxDoubts; n++ {
			tt.read(m, n)
		}
		if n != tt.want {
			t.Errorf("%s: %d are read, want %d", tt.name, n, tt.want)
		}
	}
}

// TestStatusOfANoteThatMayArrive: the status of an incomplete row tells the next run
// whether its update was refused, so it is none where a note may have been added.
func TestStatusOfANoteThatMayArrive(t *testing.T) {
	for torn, want := range map[bool]int{true: 0, false: 400} {
		m := New(Config{Workers: 1, MaxAttempts: 1, Updates: true})
		m.Resume(0, &Row{Body: []byte("x"), Ref: 1, CaseID: "1", Update: &talkdesk.Update{Notes: make([]talkdesk.SetNote, 1)}}, Had{Torn: torn})
		q, ok := m.Next(0)
		if !ok || q.Kind != Compare {
			t.Fatalf("%+v, %v", q, ok)
		}
		m.Compared(0, q, talkdesk.Answer{Status: 400}, Comparison{})
		rec, _ := m.Actions()[0].(Record)
		if rec.State != Incomplete || rec.Answer.Status != want {
			t.Errorf("torn %v: %+v, want status %d", torn, rec, want)
		}
	}
}

// TestParentLeftOutAndAnswerLost: the update without the parent was applied, and its
// answer lost. The row is incomplete for its parent all the same.
func TestParentLeftOutAndAnswerLost(t *testing.T) {
	m := New(Config{Workers: 1, MaxAttempts: 3, Updates: true, Backoff: func(int) Instant { return 0 }})
	m.Resume(0, &Row{Body: []byte("x"), Ref: 1, CaseID: "1", Update: &talkdesk.Update{Title: "t", ParentID: "8"}}, Had{})
	next := func(kind Kind) Request {
		t.Helper()
		m.Tick(0)
		q, ok := m.Next(0)
		if !ok || q.Kind != kind {
			t.Fatalf("%+v, %v", q, ok)
		}
		return q
	}
	refusal := talkdesk.Answer{Verdict: talkdesk.Rejected, Status: 400, Message: "no", APIForm: true, AboutParent: true}
	q := next(Compare)
	m.Compared(0, q, talkdesk.Answer{Verdict: talkdesk.OK}, Comparison{Rest: q.Row.Update})
	m.Answered(0, next(Update), refusal, nil, 0)
	q = next(Update)
	if u := q.Row.Update; u.ParentID != "" || u.Title != "t" {
		t.Fatalf("%+v", u)
	}
	m.Answered(0, q, talkdesk.Answer{Status: 408}, nil, 0)
	m.Answered(0, next(Update), talkdesk.Answer{Verdict: talkdesk.Rejected, Status: 400, Message: "locked", AboutLock: true}, nil, 0)
	m.Compared(0, next(Compare), talkdesk.Answer{Verdict: talkdesk.OK}, Comparison{})
	actions := m.Actions()
	rec, _ := actions[len(actions)-1].(Record)
	if rec.State != Incomplete || !rec.Parentless || !strings.Contains(rec.Answer.Message, "subcase of case 8") {
		t.Errorf("%+v", rec)
	}
}

// TestLockedCaseOfWhichPeopleKnow: the update is not sent while the case is locked, and is
// sent as soon as it is not.
func TestLockedCaseOfWhichPeopleKnow(t *testing.T) {
	for _, c := range []struct {
		told, locked bool
		sent         bool
	}{{true, true, false}, {true, false, true}, {false, true, true}} {
		m := New(Config{Workers: 1, MaxAttempts: 3, Updates: true, Backoff: func(int) Instant { return 0 }})
		m.Resume(0, &Row{Body: []byte("x"), Ref: 1, CaseID: "1", Told: c.told, Update: &talkdesk.Update{Title: "t"}}, Had{})
		q, _ := m.Next(0)
		m.Compared(0, q, talkdesk.Answer{Verdict: talkdesk.OK, Status: 200}, Comparison{Rest: q.Row.Update, Locked: c.locked})
		if q, ok := m.Next(0); ok != c.sent || ok && q.Kind != Update {
			t.Errorf("%+v: %+v, %v", c, q, ok)
		}
		if actions := m.Actions(); !c.sent {
			if rec, ok := actions[len(actions)-1].(Record); !ok || rec.State != Incomplete || rec.Answer.Code != CodeLocked || rec.Answer.Status != 0 {
				t.Errorf("%+v: %+v", c, actions)
			}
		}
	}
}
