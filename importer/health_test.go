package importer

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// enters reports whether a request may leave now, without waiting.
func enters(h *health, create bool) bool {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := h.enter(ctx, create)
	return err == nil
}

// entersTwice reports whether two creates may leave at the same time.
func entersTwice(h *health) bool {
	first := enters(h, true)
	return enters(h, true) && first
}

func TestGateClosesAfterFailuresInARow(t *testing.T) {
	h, j := newHealth(), &job{}
	for range failuresInARow - 1 {
		h.failed(j)
	}
	h.answered()
	for range failuresInARow - 1 {
		h.failed(j)
	}
	if !enters(h, true) {
		t.Fatal("closed although the server answered between")
	}
	h.failed(j)
	if enters(h, true) || enters(h, false) {
		t.Fatal("open after failures in a row")
	}
	if j.spent != 2*failuresInARow-1 {
		t.Errorf("%d attempts spent", j.spent)
	}
}

func TestOutageGivesAttemptsBack(t *testing.T) {
	h, a, b := newHealth(), &job{}, &job{}
	h.failed(a)
	h.failed(a)
	h.failed(b)
	h.probeFailed()
	if a.spent != 0 || b.spent != 0 {
		t.Errorf("an outage spent attempts: %d, %d", a.spent, b.spent)
	}
	h.failed(b) // was in flight when the gate closed
	if b.spent != 0 {
		t.Errorf("an outage spent an attempt of a request in flight: %d", b.spent)
	}
}

func TestLateAnswerDoesNotOpenTheGate(t *testing.T) {
	h := newHealth()
	for range failuresInARow {
		h.failed(&job{})
	}
	h.probeFailed()
	if h.answered(); enters(h, false) {
		t.Error("an answer to a request from before the outage opened the gate")
	}
	h.probeAnswered()
	if h.answered(); !entersTwice(h) {
		t.Error("the gate stays closed after an answer")
	}
}

func TestTrialLetsOneCreateThrough(t *testing.T) {
	h, j := newHealth(), &job{}
	for range failuresInARow {
		h.failed(j)
	}
	h.probeFailed()
	h.probeAnswered()
	if !enters(h, false) || !enters(h, true) || enters(h, true) || !enters(h, false) {
		t.Error("a trial is for look-ups and one create")
	}
	h.leave() // it was throttled: nothing is known yet
	if !enters(h, true) || enters(h, true) {
		t.Error("the trial's place was not given back")
	}
	h.failed(j)
	if enters(h, false) || j.spent != 1 {
		t.Errorf("a failed trial must close the gate and spend an attempt: %d", j.spent)
	}
	h.probeAnswered()
	if !enters(h, true) {
		t.Error("no second trial")
	}
	if h.answered(); !entersTwice(h) {
		t.Error("the gate stays closed after an answer")
	}
}

func TestOldPassIsNoGoodInATrial(t *testing.T) {
	h, j := newHealth(), &job{}
	epoch, err := h.enter(context.Background(), true)
	if err != nil || !h.still(epoch) {
		t.Fatal("cannot enter")
	}
	for range failuresInARow {
		h.failed(j)
	}
	if h.still(epoch) {
		t.Error("a pass from before the outage was good in it")
	}
	h.probeAnswered()
	if h.still(epoch) {
		t.Error("a pass from before the outage was good in the trial")
	}
	if epoch, _ = h.enter(context.Background(), true); !h.still(epoch) {
		t.Error("the trial's own pass was no good")
	}
}

func TestEnterWakesWhenTheGateOpens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHealth()
		h.suspect()
		var entered atomic.Int32
		for range 5 {
			go func() {
				if _, err := h.enter(t.Context(), true); err == nil {
					entered.Add(1)
				}
			}()
		}
		synctest.Wait()
		h.probeAnswered()
		synctest.Wait()
		if entered.Load() != 1 {
			t.Errorf("%d creates in a trial", entered.Load())
		}
		time.Sleep(time.Minute)
		h.answered()
		synctest.Wait()
		if entered.Load() != 5 {
			t.Errorf("%d of 5 woke", entered.Load())
		}
	})
}
