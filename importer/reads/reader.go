package reads

import (
	"context"
	"fmt"
	"time"

	"caseimport/importer/talkdesk"
	"caseimport/ratelimit"
)

const (
	firstWait = time.Second
	maxWait   = 30 * time.Second

	// A server that answers, but not as it should, is no outage: more tries than
	// these would hardly help.
	maxTries = 3
	// maxRenewals of the token, for one read.
	maxRenewals = 5
)

// Done is the answer to what took no request, or several that were answered.
var Done = talkdesk.Answer{Verdict: talkdesk.OK}

// Reader makes reads, one at a time.
type Reader struct {
	Limiter  *ratelimit.Limiter
	Patience time.Duration // for a server that is down, or asks for pauses
	Say      func(string)  // told why it waits; nil: nobody is

	Requests int  // that were made
	reached  bool // something was answered
}

// Once has one read made until it is answered, and returns its answer. The
// verdict is NotTaken if patience came to its end, or at once if the read is
// Again or ctx has ended; else it is what the read says.
func Once[P any](ctx context.Context, r *Reader, read func(context.Context) (P, talkdesk.Answer)) (page P, a talkdesk.Answer) {
	var givesUp time.Time // set by the first failure
	said := ""
	for failures, renewals, wait := 0, 0, firstWait; ; {
		turn, err := r.Limiter.Wait(ctx)
		if err != nil {
			return page, talkdesk.Answer{Verdict: talkdesk.NotTaken, Code: "interrupted", Message: "interrupted"}
		}
		r.Requests++
		page, a = read(ctx)
		until, _ := r.Limiter.Answered(a.Pace(turn))
		switch {
		case a.Renewed:
			if renewals++; renewals < maxRenewals {
				continue
			}
			a.Verdict = talkdesk.Halt
			return page, a
		case a.Verdict != talkdesk.NotTaken || a.Again || ctx.Err() != nil:
			r.reached = r.reached || a.Answered()
			return page, a
		case a.NoHost && !r.reached: // a wrong name, which no waiting will cure
			return page, a
		}
		if givesUp.IsZero() {
			givesUp = time.Now().Add(r.Patience)
		}
		if failures++; failures >= maxTries && !a.Down && !a.Throttled {
			return page, a
		}
		over := false
		if a.Throttled {
			over = until.After(givesUp)
		} else {
			left := time.Until(givesUp)
			over = left <= 0
			until, wait = time.Now().Add(min(wait, left)), min(2*wait, maxWait)
		}
		if over {
			a.Message += fmt.Sprintf(" (given up after %v)", r.Patience)
			return page, a
		}
		if r.Say != nil && a.Message != said && time.Until(until) >= time.Second {
			said = a.Message
			r.Say(fmt.Sprintf("%s: trying again, giving up at %s", a.Message, givesUp.Local().Format(time.TimeOnly)))
		}
		Sleep(ctx, time.Until(until))
	}
}

// Sleep waits until the time is over or ctx has ended.
func Sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
