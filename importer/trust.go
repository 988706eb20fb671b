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
	if c == nil || c.found.IsZero() {
		return time.Time{}, false
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

// trust is trustFrom, but in tests that show what comes of less.
var trust = trustFrom

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
