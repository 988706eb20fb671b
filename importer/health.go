package importer

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	// failuresInARow of the server, with no answer between, close the gate
	// until a probe has been answered.
	failuresInARow = 3

	firstProbeInterval = time.Second
	maxProbeInterval   = 30 * time.Second
)

// health is the gate before every request on a row. A failing server is an
// outage of the run, not the failure of each row: while it lasts, only the
// probe leaves.
type health struct {
	mu      sync.Mutex
	state   gate
	changed chan struct{} // closed and made anew at every change of state
	epoch   int           // counts the changes
	streak  int           // failures since the last answer
	soon    bool          // probe at once; else an interval from now
	trying  bool          // state trial: a create is under way
	since   time.Time     // when the gate closed, zero while it is open
	// charged are the rows that spent an attempt since the last answer. If
	// it turns out to be an outage, they get it back.
	charged []*job
	outage  bool // a probe has failed since the gate closed
}

type gate uint8

const (
	up    gate = iota
	down       // nothing leaves but probes
	trial      // the probe was answered: look-ups, and one create alone
)

func newHealth() *health { return &health{changed: make(chan struct{})} }

// set changes the state; the caller holds the lock.
func (h *health) set(s gate) {
	h.state = s
	h.epoch++
	h.trying = false
	close(h.changed)
	h.changed = make(chan struct{})
}

// enter waits until a request on a row may leave. Whoever waits for something
// else afterwards must ask still with the epoch it was given.
func (h *health) enter(ctx context.Context, create bool) (epoch int, err error) {
	for {
		h.mu.Lock()
		epoch = h.epoch
		open := h.state == up || h.state == trial && (!create || !h.trying)
		if open && create && h.state == trial {
			h.trying = true
		}
		changed := h.changed
		h.mu.Unlock()
		if open {
			return epoch, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return epoch, ctx.Err()
		}
	}
}

// still reports whether a request that was let in may leave after it has
// waited for its turn.
func (h *health) still(epoch int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.state == up || h.epoch == epoch
}

// leave gives the trial's place back after a create that said nothing about
// the server's health.
func (h *health) leave() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.state == trial && h.trying {
		h.set(trial)
	}
}

// answered notes that a request on a row was answered as expected. It returns
// how long the gate was closed for an outage, 0 if it was not.
func (h *health) answered() (outage time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.state == down {
		return 0 // it was let go before the gate closed: it says nothing of the server now
	}
	h.streak = 0
	h.charged = h.charged[:0]
	if h.state == up {
		return 0
	}
	if h.outage {
		outage = time.Since(h.since)
	}
	h.since, h.outage = time.Time{}, false
	h.set(up)
	return outage
}

// failed notes that the server failed on a row, nil for a look-up, which
// spends an attempt of it unless that turns out to be an outage.
func (h *health) failed(j *job) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.streak++
	if j != nil && !(h.state == down && h.outage) {
		j.spent++
		h.charged = append(h.charged, j)
	}
	switch {
	case h.state == trial:
		// The probe was answered and this was not: the row's own failure.
		h.charged = h.charged[:0]
		h.soon = false
		h.set(down)
	case h.state == up && h.streak >= failuresInARow:
		h.close()
	}
}

// suspect closes the gate until a probe is answered, whatever the streak.
func (h *health) suspect() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.state == up {
		h.close()
	}
}

func (h *health) close() {
	h.soon = true
	h.since = time.Now()
	h.set(down)
}

// probeFailed makes a closed gate an outage and gives the attempts back.
func (h *health) probeFailed() (first bool, since time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	first = !h.outage
	h.outage = true
	for _, j := range h.charged {
		j.spent--
	}
	h.charged = h.charged[:0]
	return first, h.since
}

// probeAnswered opens the gate a little.
func (h *health) probeAnswered() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.state == down {
		h.set(trial)
	}
}

// closed waits until the gate is closed; soon says that a probe is due at once.
func (h *health) closed(ctx context.Context) (soon bool, since time.Time, err error) {
	for {
		h.mu.Lock()
		state, changed := h.state, h.changed
		soon, since = h.soon, h.since
		h.mu.Unlock()
		if state == down {
			return soon, since, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false, since, ctx.Err()
		}
	}
}

func (h *health) isUp() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.state == up
}

// spent returns the attempts that a row has used up.
func (h *health) spent(j *job) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return j.spent
}

// charge spends an attempt of a row on something other than a failing server.
func (h *health) charge(j *job) {
	h.mu.Lock()
	defer h.mu.Unlock()
	j.spent++
}

// watch probes while the gate is closed, and stops the run when the outage
// outlasts the patience.
func (r *run) watch() error {
	var said time.Time // when it was said that only rows fail
	for {
		soon, since, err := r.health.closed(r.intake)
		if err != nil {
			return nil
		}
		interval := firstProbeInterval
		if !soon {
			if time.Since(said) > time.Minute {
				said = time.Now()
				r.wait("the server answers, but fails on rows; they are tried one at a time")
			}
			if sleep(r.intake, interval) != nil {
				return nil
			}
		}
		reason := "it does not answer"
		if !soon {
			reason = "it answers when asked whether it is up, but fails on rows or look-ups"
		}
		for {
			ctx, cancel := context.WithDeadline(r.intake, since.Add(r.cfg.OutagePatience))
			slow := time.AfterFunc(time.Second/2, func() {
				r.wait("the server failed several times in a row, and is asked whether it is up", "gives_up_at", clock(since.Add(r.cfg.OutagePatience)))
			})
			answer, err := r.probe(ctx)
			slow.Stop()
			late := ctx.Err() != nil
			cancel()
			if r.intake.Err() != nil {
				return nil
			}
			if err == nil && !late && !answer.Down && !answer.Throttled {
				r.health.probeAnswered()
				break
			}
			if err == nil && !late {
				reason = answer.Message
			}
			first, since := r.health.probeFailed()
			until := since.Add(r.cfg.OutagePatience)
			if late || !time.Now().Before(until) {
				r.stop(&Stop{Exit: 4,
					Err:  fmt.Errorf("the server has been failing for %s: %s", round(time.Since(since)), reason),
					Hint: "run the same command again when the server is back"})
				return nil
			}
			if first {
				r.wait("the server is failing; no row is sent until it answers", "reason", reason,
					"next_try", interval, "gives_up_at", clock(until))
			} else {
				r.wait("the server is still failing", "reason", reason, "next_try", interval, "gives_up_at", clock(until))
			}
			if sleep(r.intake, min(interval, time.Until(until)+time.Millisecond)) != nil {
				return nil
			}
			interval = min(2*interval, maxProbeInterval)
		}
	}
}
