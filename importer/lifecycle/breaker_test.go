package lifecycle

import (
	"slices"
	"testing"
	"time"

	"caseimport/importer/journal"
	"caseimport/importer/talkdesk"
)

// outage is a machine with rows that may be sent, and a server that fails.
type outage struct {
	*testing.T
	m    *Machine
	now  Instant
	rows []*Row
}

func newOutage(t *testing.T, workers, rows int) *outage {
	o := &outage{T: t, m: New(Config{Workers: workers, MaxAttempts: 8, Settle: time.Second, Patience: time.Hour,
		Backoff: func(int) time.Duration { return 0 }})}
	for i := range rows {
		r := &Row{Claim: journal.Claim{ID: journal.ID{byte(i)}, Number: i + 1}, Body: []byte("x"), Ref: i}
		o.rows = append(o.rows, r)
		o.m.Read(0, r, false)
		o.claim()
	}
	return o
}

// claim makes every claim durable.
func (o *outage) claim() {
	for acts := o.m.Actions(); len(acts) > 0; acts = o.m.Actions() {
		for _, a := range acts {
			if c, ok := a.(Claim); ok {
				o.m.Durable(o.now, c.Rows)
			}
		}
	}
}

// leave lets a request of the kind leave.
func (o *outage) leave(want Kind) Request {
	o.Helper()
	q, ok := o.m.Next(o.now)
	if !ok || q.Kind != want {
		o.Fatalf("after %v a request of kind %d leaves (%v), want %d", o.now, q.Kind, ok, want)
	}
	return q
}

func (o *outage) answer(q Request, a talkdesk.Answer) {
	if a.Verdict == talkdesk.OK && q.Kind == Create {
		a.CaseID = "1"
	}
	o.m.Answered(o.now, q, a, nil, 0)
	o.claim()
}

// fail lets so many creates fail to reach the server.
func (o *outage) fail(n int) {
	o.Helper()
	for range n {
		o.answer(o.leave(Create), answers[noConnection])
	}
}

func (o *outage) want(g gate) {
	o.Helper()
	if o.m.breaker.state != g {
		o.Fatalf("after %v the gate is %d, want %d", o.now, o.m.breaker.state, g)
	}
}

var isUp, isDown, taken = answers[truthNow], answers[noConnection], answers[asHoped]

func TestBreakerClosesAfterFailuresInARow(t *testing.T) {
	o := newOutage(t, 1, 4)
	o.fail(failuresInARow - 1)
	o.answer(o.leave(Create), taken)
	o.fail(failuresInARow - 1)
	o.want(passing)
	o.fail(1)
	o.want(shut)
	o.leave(Probe)
	if n := o.m.Ready(o.now); n != 0 {
		t.Errorf("%d more requests may leave beside the probe", n)
	}
}

func TestOutageGivesAttemptsBack(t *testing.T) {
	o := newOutage(t, 4, 4)
	var q []Request
	for range 4 {
		q = append(q, o.leave(Create))
	}
	for i := range failuresInARow {
		o.answer(q[i], isDown)
	}
	if spent := o.rows[0].spent; spent != 1 {
		t.Errorf("%d attempts spent before it is known to be an outage", spent)
	}
	o.answer(o.leave(Probe), isDown)
	o.answer(q[3], isDown) // was in flight when the breaker shut
	for _, r := range o.rows {
		if r.spent != 0 {
			t.Errorf("an outage spent %d attempts of row %d", r.spent, r.Number)
		}
	}
}

func TestLateAnswerDoesNotOpenTheBreaker(t *testing.T) {
	o := newOutage(t, 3, 4)
	old, older := o.leave(Create), o.leave(Create)
	o.fail(failuresInARow)
	o.answer(o.leave(Probe), isDown)
	o.answer(old, taken)
	o.want(shut)
	o.now += firstProbeInterval
	o.answer(o.leave(Probe), isUp)
	o.want(halfOpen)
	o.answer(older, taken)
	o.want(halfOpen)
	o.answer(o.leave(Create), taken)
	o.want(passing)
}

func TestOneCreateLeavesAHalfOpenBreaker(t *testing.T) {
	o := newOutage(t, 3, 4)
	o.fail(failuresInARow)
	o.answer(o.leave(Probe), isUp)
	q := o.leave(Create)
	if _, ok := o.m.Next(o.now); ok || o.m.Ready(o.now) != 0 {
		t.Error("a second create leaves")
	}
	o.answer(q, answers[throttled]) // nothing is known yet
	o.want(halfOpen)
	q = o.leave(Create)
	spent := q.Row.spent
	o.answer(q, isDown)
	o.want(shut)
	if q.Row.spent != spent+1 {
		t.Error("a create that fails while probes are answered spends no attempt")
	}
	if _, ok := o.m.Next(o.now); ok {
		t.Error("the next probe leaves at once")
	}
	o.now += firstProbeInterval
	o.answer(o.leave(Probe), isUp)
	o.answer(o.leave(Create), taken)
	o.want(passing)
	if o.m.Ready(o.now) != 3 {
		t.Errorf("%d requests may leave, of 3 workers", o.m.Ready(o.now))
	}
}

// Probes leave at intervals of a second, doubling to half a minute, until the
// patience is at its end.
func TestProbeIntervals(t *testing.T) {
	o := newOutage(t, 1, 1)
	o.m.cfg.Patience = 3 * time.Minute
	o.fail(failuresInARow)
	var at []int
	for o.m.stopped == nil && o.now < time.Hour {
		if o.m.Ready(o.now) > 0 {
			at = append(at, int(o.now/time.Second))
			o.answer(o.leave(Probe), isDown)
		}
		if o.now = o.m.Wake(o.now); o.now != never {
			o.m.Tick(o.now)
		}
	}
	if want := []int{0, 1, 3, 7, 15, 31, 61, 91, 121, 151}; !slices.Equal(at, want) {
		t.Errorf("probes at seconds %v, want %v", at, want)
	}
	if why := o.m.Stopped(); why == nil || why.Exit != 4 {
		t.Errorf("stopped by %v", why)
	}
}

// A probe in flight does not outlast the patience.
func TestPatienceEndsBesideAProbe(t *testing.T) {
	o := newOutage(t, 1, 1)
	o.fail(failuresInARow)
	o.leave(Probe)
	if wake := o.m.Wake(o.now); wake != o.m.cfg.Patience && wake != explainAfter {
		t.Errorf("wakes after %v", wake)
	}
	o.m.Tick(explainAfter)
	if wake := o.m.Wake(explainAfter); wake != o.m.cfg.Patience {
		t.Errorf("wakes after %v", wake)
	}
	o.m.Tick(o.m.cfg.Patience)
	if o.m.stopped == nil {
		t.Error("the run goes on")
	}
}
