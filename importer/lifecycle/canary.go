package lifecycle

import (
	"fmt"
	"slices"
	"time"

	"caseimport/importer/exit"
	"caseimport/importer/talkdesk"
)

// knownCase is a case that surely exists. Until a search has found it, nothing
// that the search does not find is believed to be absent.
type knownCase struct {
	Case
	sent    Instant // when its request left; of an earlier run: 0, the lock
	earlier bool    // of an earlier run
	// spare is what the runs have lived, at most, between it and the lock.
	spare   time.Duration
	foundAt Instant // when a look-up found it
	// lag is how long that took, as far as the search's lag can be told from
	// it.
	lag time.Duration
}

// canary is the watch over the search.
type canary struct {
	newest knownCase  // the newest case known; its ID is "" without one
	found  *knownCase // the one that was found last

	seeking  bool // target is looked up until it is found
	looking  bool // a look-up of it is in flight
	target   knownCase
	begun    Instant
	due      Instant // of the next look-up
	interval time.Duration
	missed   int
	look     retry

	noted time.Duration // the lag that the journal holds
}

func newCanary(cfg Config) canary {
	c := canary{noted: cfg.Lag}
	if cfg.Known.Key != "" && !Alters(cfg.Altered, cfg.Known.Key) {
		c.newest = knownCase{Case: cfg.Known, earlier: true, spare: cfg.Spare}
	}
	return c
}

func (c *canary) known() bool { return c.newest.ID != "" }

// newestOwn is when the newest case of this run was sent.
func (c *canary) newestOwn() Instant {
	if c.known() && !c.newest.earlier {
		return c.newest.sent
	}
	return -never
}

// trust is the shape of trustFrom, which see.
type trust func(since Instant, settle time.Duration, c *knownCase, newest Instant, known bool) (at Instant, ok bool)

// trustFrom says from when on a look-up that begins, and does not find the row
// in doubt, proves that there is no case. since is the last moment at which a
// request of the row could have arrived; c is the canary that was found last,
// nil if none was; newest is when the newest case of this run was sent, known
// whether any case is known at all. ok is false if a newer canary must be found
// first.
//
// This is the whole of rules 3 and 4.
func trustFrom(since Instant, settle time.Duration, c *knownCase, newest Instant, known bool) (at Instant, ok bool) {
	settled := since + settle
	if !known {
		return settled, true // nothing to compare with: the delay stands alone
	}
	if c == nil || c.foundAt < since {
		return 0, false // it says nothing of the search of today
	}
	switch {
	case !c.earlier && c.sent >= settled:
		// (a) created when the request had arrived or never would, and
		// found: the search has passed that moment.
		return max(settled, c.foundAt), true
	case !c.earlier && c.sent >= since, newest < since:
		// (b) nothing that new is known: the measured lag must do.
		return max(settled+c.lag, c.foundAt), true
	}
	return 0, false
}

// lagGuess, times the settle delay, is what the search is thought to lag at most
// where nothing was measured and nothing else is known of it.
const lagGuess = 5

// lagOf says how long the search is to be thought to lag behind, now that it has
// found c. Where a look missed a case of this run first, that was seen: the time
// since it was sent. Where the first look found it, that time is only the most
// that the lag can be, and what was noted before, or a guess, may be less.
//
// How old a case of an earlier run was at the lock, no clock of ours has
// measured. But the rows in doubt of that run, and of those before it, have
// waited for the same time, less what the runs have lived since the case was
// made. (Doubts of which that is not so are alone: see Config.)
func lagOf(c knownCase, missed bool, noted, guess time.Duration) time.Duration {
	most := c.foundAt - c.sent + c.spare
	switch {
	case missed:
		return max(most, noted)
	case c.earlier && noted > 0:
		return noted
	case c.earlier:
		return most
	}
	return min(most, max(noted, guess))
}

// Knows tells of a case that existed before this run, if no other is known.
func (m *Machine) Knows(c Case) {
	if !m.canary.known() && !m.altered.has(c.Key) {
		m.canary.newest = knownCase{Case: c, earlier: true}
	}
}

// know notes a case that surely exists.
func (m *Machine) know(k knownCase) {
	c := &m.canary
	if k.Key == "" || m.altered.has(k.Key) || c.known() && !c.newest.earlier && k.sent < c.newest.sent {
		return
	}
	c.newest = k
}

// seekCanary chooses a canary if the doubts demand a newer, and reports whether it is
// to be looked up now.
func (m *Machine) seekCanary(now Instant) (due bool) {
	c := &m.canary
	if !c.seeking && len(m.doubts) > 0 && c.known() {
		_, first := m.provable(m.doubts[0])
		_, last := m.provable(m.doubts[len(m.doubts)-1])
		if !(first && last) {
			settle := m.cfg.Settle
			c.seeking, c.target, c.begun, c.due, c.missed = true, c.newest, now, now, 0
			c.interval = clamp(settle/100, 10*time.Millisecond, 250*time.Millisecond)
		}
	}
	return c.seeking && !c.looking && c.due <= now
}

// canaryAnswered decides on the search by whether it shows the canary.
func (m *Machine) canaryAnswered(now Instant, a talkdesk.Answer, found []talkdesk.Found) {
	c := &m.canary
	switch {
	case m.stopped != nil:
		return
	case a.Verdict == talkdesk.Halt && !a.Denied:
		m.stop(Stop{Exit: exit.Refused, Reason: a.Message})
	case a.Verdict == talkdesk.Halt, a.Verdict == talkdesk.Unknown:
		c.seeking = false
		m.goBlind(blindness(a))
	case a.Unfiltered: // it is there because all are
		c.seeking = false
		m.goBlind("it may have been created, and cannot be looked up: the server ignores the search by custom field")
	case slices.ContainsFunc(found, func(f talkdesk.Found) bool { return f.ID == c.target.ID }):
		m.canaryFound(now)
	case now > c.begun+m.cfg.Patience:
		c.seeking = false
		m.goBlind(fmt.Sprintf("it may have been created: the search did not show case %s, which exists, for %v", c.target.ID, m.cfg.Patience))
	default:
		c.missed++
		c.due = now + c.interval
		c.interval = min(2*c.interval, clamp(m.cfg.Settle/10, 50*time.Millisecond, 2*time.Second))
	}
}

func (m *Machine) canaryFound(now Instant) {
	c := &m.canary
	k := c.target
	k.foundAt = now
	missed, guess := c.missed > 0, lagGuess*m.cfg.Settle
	if last := c.found; last != nil && last.ID == k.ID {
		// Looked up once more, because a doubt is younger than the last
		// look: its age is not the search's lag.
		k.lag = last.lag
		if missed { // it was seen before, so this is no lag of its creation
			k.lag = max(k.lag, k.foundAt-c.begun)
		}
	} else {
		k.lag = lagOf(k, missed, c.noted, guess)
		m.noteLag(k, missed, guess)
		// Once this run has made a case, the journal's newest is another.
		if most := k.foundAt + k.spare; k.earlier && c.newest.earlier && (m.cfg.Seen == 0 || most < m.cfg.Seen) {
			m.out = append(m.out, NoteSeen{most})
		} else if k.earlier && m.cfg.Seen > 0 && c.noted == 0 {
			k.lag = min(k.lag, m.cfg.Seen)
		}
		k.lag += k.lag / 4 // it differs from case to case
	}
	c.seeking, c.found = false, &k
}

// noteLag has the journal remember a lag that was seen. What a case of an earlier
// run shows is only the least that the lag can be, and so is noted only where it
// is more than the guess.
func (m *Machine) noteLag(k knownCase, missed bool, guess time.Duration) {
	c := &m.canary
	seen := missed
	if k.earlier {
		seen = missed && k.lag > guess
	} else if k.lag < guess {
		seen = true
	}
	if !seen || k.lag <= c.noted {
		return
	}
	const unit = time.Millisecond // never rounded down: it is the least to wait
	c.noted = (k.lag + unit - 1).Truncate(unit)
	m.out = append(m.out, NoteLag{c.noted})
}

func clamp(d, low, high time.Duration) time.Duration { return max(low, min(d, high)) }
