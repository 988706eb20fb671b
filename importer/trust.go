package importer

import "time"

// control is a case that is known to exist. Until a search has found it,
// nothing that the search does not find is believed to be absent.
type control struct {
	key, id string
	// sent is when its create request was let go; for a case of an earlier
	// run (earlier), when this run took the lock.
	sent    time.Time
	earlier bool
	// age is how old a case of an earlier run was at the lock, by the wall
	// clock; 0 if that is not known.
	age time.Duration
	// found is when a look-up found it, zero until then; lag is how long
	// that took, as far as the search's lag can be told from it.
	found time.Time
	lag   time.Duration
}

// trustFrom says from when on a look-up that begins, and does not find the row
// in doubt, proves that there is no case. since is the last moment at which a
// request of the row could have arrived; c is the control that was found last,
// nil if none was; newest is when the newest case known to this run was sent,
// known whether any case is known at all. ok is false if a newer control must
// be found first.
//
// This is the whole of design rules 3 and 4.
func trustFrom(since time.Time, settle time.Duration, c *control, newest time.Time, known bool) (at time.Time, ok bool) {
	settled := since.Add(settle)
	if !known {
		return settled, true // nothing to compare with: the delay stands alone
	}
	if c == nil || c.found.IsZero() || c.found.Before(since) {
		return time.Time{}, false // it says nothing of the search of today
	}
	switch {
	case !c.earlier && !c.sent.Before(settled):
		// (a) created when the request had arrived or never would, and
		// found: the search has passed that moment.
		return latest(settled, c.found), true
	case !c.earlier && !c.sent.Before(since), newest.Before(since):
		// (b) nothing that new is known: the measured lag must do.
		return latest(settled.Add(c.lag), c.found), true
	}
	return time.Time{}, false
}

// lagGuess, times the settle delay, is what the search is thought to lag at
// most where only a case of an earlier run is known, and nothing measured.
const lagGuess = 5

// lagOf says how long the search is to be thought to lag behind, now that it
// has found the control. Where a look missed it first, that was seen: the time
// since it was sent. Where the first look found it, that time is only the most
// that the lag can be, and what was noted before, or a guess, may be less. How
// long a case of an earlier run existed before the lock only the wall clock
// knows, which may be wrong: it is believed up to the guess, and never makes
// the lag less than what was noted.
func lagOf(c control, missed bool, noted, guess time.Duration) time.Duration {
	sinceSent := c.found.Sub(c.sent)
	if !c.earlier {
		if missed {
			return sinceSent
		}
		return min(sinceSent, max(noted, guess))
	}
	age := c.age + sinceSent
	if c.age <= 0 || age > guess {
		age = guess
	}
	switch {
	case missed:
		return max(sinceSent, age, noted)
	case noted > 0:
		return noted
	}
	return age
}

// trust is trustFrom, but in tests that show what comes of less.
var trust = trustFrom

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
