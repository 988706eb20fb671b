package ratelimit

import "time"

// Quota is what the headers of an answer say of one quota.
type Quota struct {
	Remaining int           // requests that are left of it
	Reset     time.Duration // until it is full again
}

// quotas follows what headers say.
type quotas struct {
	known   []tracked
	longest time.Duration // that was said until one is full again
	// stale: answers take so long that it cannot be told which requests fall into
	// which quota. What is left is then taken as it was said.
	stale  bool
	latest time.Duration // when the request was let go whose answer said so

	turns [1024]time.Duration // when the latest requests were let go
	count int                 // of all of them
}

// tracked is one quota. Servers round its end to whole seconds, so the earliest end
// that was heard of counts, until more is left again.
type tracked struct {
	left int           // less what may not have been counted yet
	said int           // by the server
	end  time.Duration // when it is full again
}

// spread is the longest quota that is spread evenly. Longer ones are used up at the
// pace that the server allows, and then waited for.
const spread = 5 * time.Minute

func (q *quotas) sent(now time.Duration) {
	q.turns[q.count%len(q.turns)] = now
	q.count++
	for i := range q.known {
		if !q.stale {
			q.known[i].left--
		}
	}
}

// take takes in what an answer says. An older one than the latest says nothing new.
func (q *quotas) take(now, sent time.Duration, said []Quota) {
	if len(said) == 0 || sent < q.latest {
		return
	}
	q.latest = sent
	after := q.after(sent)
	for _, s := range said {
		q.longest = max(q.longest, s.Reset)
	}
	if q.stale = now-sent > q.longest/4; q.stale {
		after = 0
	}
	if len(q.known) != len(said) {
		q.known = make([]tracked, len(said))
	}
	for i, s := range said {
		t := &q.known[i]
		end := (sent+now)/2 + s.Reset + (now-sent)/4 // it was said when about half of the time was over
		if now < t.end && s.Remaining <= t.said {
			end = min(end, t.end)
		}
		*t = tracked{left: s.Remaining - after, said: s.Remaining, end: end}
	}
}

// ofSeconds reports that the quotas are of a second or two. Servers count in whole
// seconds, so it cannot be told then when they end.
func (q *quotas) ofSeconds() bool { return q.longest <= 2*time.Second }

// after counts the requests that were let go after that one.
func (q *quotas) after(sent time.Duration) (n int) {
	for n < min(q.count, len(q.turns)) && q.turns[(q.count-1-n)%len(q.turns)] > sent {
		n++
	}
	return n
}

// rate is the rate that would use the quotas up evenly, which is more than any server
// allows if there are none.
func (q *quotas) rate(now time.Duration) float64 {
	rate := topRate
	for _, t := range q.known {
		if rest := t.end - now; rest > 0 && rest <= spread {
			rate = min(rate, float64(max(t.left, 1))/max(rest, time.Second).Seconds())
		}
	}
	return rate
}

// usedUp is until when nothing is left of one of them, 0 if something is left of all.
func (q *quotas) usedUp(now time.Duration) (until time.Duration) {
	for _, t := range q.known {
		if t.left <= 0 && t.end > now {
			until = max(until, t.end)
		}
	}
	return until
}
