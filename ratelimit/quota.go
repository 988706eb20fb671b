package ratelimit

import (
	"slices"
	"sort"
	"time"
)

// Quota is what the headers of an answer say of one quota.
type Quota struct {
	Name      string        // which one: answers need not tell of all of them
	Remaining int           // requests that are left of it
	Reset     time.Duration // until it is full again
}

// quotas follows what headers say.
//
// What is left when a request arrives cannot be told well: the answer that says so is
// as old as its way back, and servers count time in whole seconds. But the most that was
// ever left, and the longest time that it ever took until all of it is there again, are
// what the server allows. At an even pace just below that, and below what others use of
// it, no quota is used up, whether it is a bucket, a fixed or a sliding window.
type quotas struct {
	known []tracked
	turns []time.Duration // when requests were let go: the latest
}

// tracked is one quota.
type tracked struct {
	name    string
	latest  time.Duration // when the request was let go whose answer told of it
	size    int           // the most that was left of it, 0 where refusals alone speak of it
	longest time.Duration // that it was told to take until it is full again
	second  time.Duration // and the second longest
	period  time.Duration // the longer of them that is no oddity
	said    int           // to be left
	left    int           // less what may not have been counted yet
	end     time.Duration // when it is full again: the earliest that was heard of, until more is left again
	filled  time.Duration // after that it was filled again at a stroke, as windows are
	others  int           // used by somebody else, since then
	before  int           // and before that
}

const (
	// spread is the longest quota that is spread evenly. Longer ones are used up at the
	// pace that the server allows, and then waited for.
	spread = 5 * time.Minute
	// memory is for how long a quota is known that no answer tells of any more.
	memory = 2 * spread
	// evenly is how much of a quota is used: clocks differ, and so do ways to the server.
	evenly = 0.98
	// mostTurns bounds what is remembered: a few hundred a second for a few minutes.
	mostTurns = 1 << 17
	// maxQuotas bounds how many are known at a time. APIs tell of two or three.
	maxQuotas = 32
)

func (q *quotas) sent(now time.Duration) {
	if len(q.turns) == mostTurns {
		q.turns = append(q.turns[:0], q.turns[mostTurns/2:]...)
	}
	q.turns = append(q.turns, now)
	for i := range q.known {
		q.known[i].left--
	}
}

// after counts the requests that were let go after a moment.
func (q *quotas) after(moment time.Duration) int {
	return len(q.turns) - sort.Search(len(q.turns), func(i int) bool { return q.turns[i] > moment })
}

// take takes in what an answer says. An older one than the latest says nothing new. A time
// more than twice as long as any other that was told is taken for an oddity.
func (q *quotas) take(now, sent time.Duration, said []Quota, refused bool) {
	q.known = slices.DeleteFunc(q.known, func(t tracked) bool { return sent-t.latest > memory })
	after := q.after(sent)
	for _, s := range said {
		i := slices.IndexFunc(q.known, func(t tracked) bool { return t.name == s.Name })
		if i < 0 && len(q.known) == maxQuotas {
			continue
		}
		if i < 0 {
			i = len(q.known)
			q.known = append(q.known, tracked{name: s.Name, filled: sent - 1, longest: s.Reset})
		}
		t := &q.known[i]
		if sent < t.latest {
			continue
		}
		if !refused {
			t.size = max(t.size, s.Remaining+1) // it was one more before that request
		}
		t.second, t.longest = max(t.second, min(s.Reset, t.longest)), max(t.longest, s.Reset)
		if t.period = t.longest; t.longest > 2*t.second {
			t.period = t.second
		}
		end := (sent+now)/2 + s.Reset + (now-sent)/4 // it was said when about half of the time was over
		if now < t.end && s.Remaining <= t.said {
			end = min(end, t.end)
		}
		if s.Remaining-t.said >= (t.size+1)/2 {
			t.filled, t.before = t.latest, t.others
		}
		own := q.after(max(t.filled, sent-t.period)) - after
		t.others = max(0, t.size-s.Remaining-own)
		t.latest, t.end, t.said, t.left = sent, end, s.Remaining, s.Remaining-after
	}
}

// rate is the rate that uses evenly what others leave of the quotas, which is more than
// any server allows if there are none.
func (q *quotas) rate() float64 {
	rate := topRate
	for _, t := range q.known {
		if t.size > 0 && t.period <= spread { // else nothing was ever said but that it is used up
			others := t.others
			if t.latest-t.filled < t.period { // it cannot be told yet
				others = max(others, t.before)
			}
			rate = min(rate, evenly*float64(max(1, t.size-others))/t.period.Seconds())
		}
	}
	return rate
}

// usedUp is until when nothing is left of one of them, 0 if something is left of all.
// What we use up ourselves at an even pace is replaced as fast; and where the whole
// seconds that servers count say little, only an even pace helps.
func (q *quotas) usedUp(now time.Duration) (until time.Duration) {
	for _, t := range q.known {
		if t.left <= 0 && t.end > now && (t.longest > spread || t.period > 2*time.Second && t.others > t.size/10) {
			until = max(until, t.end)
		}
	}
	return until
}
