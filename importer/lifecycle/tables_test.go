package lifecycle

import (
	"testing"
	"time"

	"caseimport/importer/journal"
	"caseimport/importer/talkdesk"
)

func TestTrustFrom(t *testing.T) {
	const s = time.Second
	own := func(sent, found, lag Instant) *knownCase {
		return &knownCase{sent: sent * s, foundAt: found * s, lag: lag * s}
	}
	past := func(found, lag Instant) *knownCase {
		return &knownCase{foundAt: found * s, lag: lag * s, earlier: true}
	}
	const none = -1
	// The row is in doubt since second 100, and the settle delay is 30.
	for _, c := range []struct {
		name   string
		canary *knownCase
		newest Instant // when the newest case of this run was sent
		known  bool
		at     Instant
		ok     bool
	}{
		{"no case is known: the delay stands alone", nil, none, false, 130, true},
		{"a case is known but was not looked for yet", nil, 90, true, 0, false},
		{"a case of an earlier run is known but was not looked for yet", nil, none, true, 0, false},
		{"found before the doubt arose", own(90, 99, 2), 90, true, 0, false},
		{"found when the doubt arose", own(90, 100, 2), 90, true, 132, true},
		{"canary younger than the delay's end: at once when found", own(131, 133, 2), 140, true, 133, true},
		{"canary sent at the delay's end", own(130, 131, 2), 130, true, 131, true},
		{"canary sent just before the delay's end: the lag counts", own(129, 131, 2), 129, true, 132, true},
		{"canary younger than the doubt: delay and lag", own(101, 103, 2), 120, true, 132, true},
		{"canary as old as the doubt", own(100, 103, 2), 120, true, 132, true},
		{"canary younger than the doubt, found late", own(101, 161, 60), 120, true, 190, true},
		{"canary older than the doubt, a younger case is known", own(99, 101, 2), 120, true, 0, false},
		{"canary older than the doubt, a case as old as it is known", own(99, 101, 2), 100, true, 0, false},
		{"canary older than the doubt, no younger case is known", own(99, 101, 2), 99, true, 132, true},
		{"case of an earlier run, nothing else known", past(101, 5), none, true, 135, true},
		{"case of an earlier run, a younger case is known", past(101, 5), 120, true, 0, false},
		{"found after the delay: not before it was found", past(150, 5), none, true, 150, true},
	} {
		newest := -never
		if c.newest != none {
			newest = c.newest * s
		}
		at, ok := trustFrom(100*s, 30*s, c.canary, newest, c.known)
		if ok != c.ok || ok && at != c.at*s {
			t.Errorf("%s: from %v (%v), want second %d (%v)", c.name, at, ok, c.at, c.ok)
		}
	}
}

func TestLagOf(t *testing.T) {
	const s, guess = time.Second, 150 * time.Second
	for _, c := range []struct {
		name        string
		earlier     bool
		missed      bool
		sent, found Instant
		noted, want Instant
	}{
		{"own, missed first: what was seen", false, true, 10, 17, 0, 7},
		{"own, missed first, and noted as longer", false, true, 10, 17, 20, 20},
		{"own, missed for longer than the guess", false, true, 10, 210, 0, 200},
		{"own, found at once: at most the time since", false, false, 10, 12, 0, 2},
		{"own, found at the first look, long after: the guess", false, false, 10, 1000, 0, 150},
		{"own, found at the first look, long after: the guess, if more than what was noted", false, false, 10, 1000, 20, 150},
		{"own, found at the first look, long after: what was noted, if more than the guess", false, false, 10, 1000, 200, 200},
		{"own, found sooner than what was noted", false, false, 10, 12, 20, 2},
		{"earlier, missed first: the time since the lock", true, true, 0, 7, 0, 7},
		{"earlier, missed first: what was noted, if more", true, true, 0, 7, 200, 200},
		{"earlier, missed for longer than all that", true, true, 0, 300, 200, 300},
		{"earlier, found at once: at most the time since the lock", true, false, 0, 1, 0, 1},
		{"earlier, found at once: what was noted", true, false, 0, 1, 20, 20},
	} {
		k := knownCase{sent: c.sent * s, foundAt: c.found * s, earlier: c.earlier}
		if got := lagOf(k, c.missed, c.noted*s, guess); got != c.want*s {
			t.Errorf("%s: %v, want %ds", c.name, got, c.want)
		}
	}
}

// The lag that is noted must never be less than the one that was seen.
func TestNotedLagIsNotRoundedDown(t *testing.T) {
	m := New(Config{Settle: time.Second})
	m.noteLag(knownCase{lag: 2400 * time.Microsecond}, true, time.Second)
	if got := m.Actions()[0].(NoteLag).Lag; got < 2400*time.Microsecond {
		t.Errorf("noted %v", got)
	}
}

// Failures of look-ups add up only if none was answered between them.
func TestLookUpsThatFailFarApart(t *testing.T) {
	m := New(Config{Workers: 1, MaxAttempts: 2, Settle: time.Second, Patience: time.Minute, Searchable: true,
		Known: Case{"K", "K1"}, Backoff: func(int) time.Duration { return time.Millisecond }})
	now := Instant(0)
	request := func(want Kind, a talkdesk.Answer, found ...talkdesk.Found) {
		t.Helper()
		for m.Ready(now) == 0 {
			if now = m.Wake(now); now == never {
				t.Fatalf("no request of kind %d leaves", want)
			}
			m.Tick(now)
		}
		q, _ := m.Next(now)
		if q.Kind != want {
			t.Fatalf("a request of kind %d leaves, want %d", q.Kind, want)
		}
		m.Answered(now, q, a, found, 0)
	}
	shown := talkdesk.Found{ID: "K1", Key: "K"}
	fails, finds := answers[throttled], answers[truthNow]
	for i := range 2 {
		m.Read(now, &Row{Claim: journal.Claim{ID: rowID(i), Number: i + 1, Key: names[i]}, Body: []byte("x"), Ref: i}, false)
		m.Durable(now, m.Actions()[0].(Claim).Rows)
		request(Create, answers[lost])
		request(Canary, fails)
		request(Canary, finds, shown)
		request(LookUp, finds, talkdesk.Found{ID: "1"})
		now += time.Hour
		m.Actions()
	}
	if m.blind != "" {
		t.Errorf("two failures an hour apart: %s", m.blind)
	}
}

// The journal ties what was seen to its newest case: it must not be noted of an
// older one.
func TestSeenIsNotedOfTheNewestCaseOnly(t *testing.T) {
	for _, made := range []bool{false, true} {
		m := New(Config{Workers: 1, Settle: time.Second, Searchable: true, Known: Case{"K", "K1"}})
		m.canary.seeking, m.canary.target = true, m.canary.newest
		if made {
			m.know(knownCase{Case: Case{"B", "B1"}, sent: time.Millisecond})
		}
		m.canaryFound(2 * time.Millisecond)
		noted := false
		for _, a := range m.Actions() {
			_, seen := a.(NoteSeen)
			noted = noted || seen
		}
		if noted == made {
			t.Errorf("a case of this run made: %v; noted: %v", made, noted)
		}
	}
}

// A row that a look-up can settle does not wait behind one of the same moment that
// must wait for longer.
func TestAloneRowsComeLastAmongEquals(t *testing.T) {
	m := New(Config{Workers: 1, Settle: time.Second, Searchable: true})
	lone, other := &Row{state: Doubtful, doubt: true, alone: true}, &Row{state: Doubtful, doubt: true}
	m.enqueue(lone)
	m.enqueue(other)
	if m.doubts[0] != other || m.doubts[1] != lone {
		t.Error("the row that is alone comes first")
	}
}
