package importer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"caseimport/importer/talkdesk"
)

// HTTP statuses that mean something beyond the verdict.
const (
	createdAnswer = 201
	forbidden     = 403
)

const (
	// forbiddenInARow answers 403 that are not the API's own stop the run: a
	// firewall that dislikes one body does not dislike five in a row.
	forbiddenInARow = 5
	// refusedFirst rows at the beginning, all refused, stop the run: then it
	// is the mapping that is wrong.
	refusedFirst = 50
	// maxRenewals answers 401 to one row, each on a new token, are enough.
	maxRenewals = 5
	// sentForPercent is from how many rows on a share of them means something.
	sentForPercent = 200
)

// work sends rows, those that were looked up as absent first.
func (r *run) work() error {
	for {
		var j *job
		select {
		case j = <-r.again:
		default:
			select {
			case j = <-r.again:
			case j = <-r.claimed:
			case <-r.intake.Done():
				return nil
			}
		}
		if err := r.send(j); err != nil {
			return err
		}
	}
}

// send makes create requests for one row until it has its case, is refused, is
// in doubt, or the run stops. The error is one of writing the outcome down.
func (r *run) send(j *job) error {
	for {
		at, err := r.pass(r.intake, true)
		if err != nil {
			r.drop(j)
			return nil
		}
		if j.attempts++; j.attempts > 1 {
			r.cfg.Progress.retries.Add(1)
		}
		r.cfg.Progress.inFlight.Add(1)
		a := r.cfg.API.Create(r.ctx, j.body)
		r.cfg.Progress.inFlight.Add(-1)
		j.last = a
		if a.Status != 0 {
			r.answers.Add(1)
		}
		if a.Status != forbidden {
			r.blocked.Store(0)
		}
		if !a.Renewed {
			j.renewals = 0
		}
		switch a.Verdict {
		case talkdesk.Created:
			r.good()
			r.created.Add(1)
			r.sent.Add(1)
			r.doubts.know(control{key: j.claim.Key, id: a.CaseID, sent: at})
			return r.rec.created(j, a)
		case talkdesk.Rejected:
			r.good()
			return r.refused(j, a)
		case talkdesk.Unknown:
			r.sent.Add(1)
			j.since = time.Now()
			if r.ctx.Err() != nil {
				r.drop(j) // the second signal: the next run looks it up
				return nil
			}
			r.spend(j, a)
			r.doubts.add(j)
			return nil
		case talkdesk.NotTaken:
			over, err := r.notTaken(j, a, at)
			if over || err != nil {
				return err
			}
		case talkdesk.Halt:
			r.health.leave()
			r.halt(a, "")
			r.drop(j)
			return nil
		default:
			panic("internal error: verdict " + a.Verdict.String() + " of a create")
		}
	}
}

// good notes an answer as expected to a request on a row.
func (r *run) good() {
	r.goods.Add(1)
	r.answers.Add(1)
	r.cfg.Limiter.Answered()
	if outage := r.health.answered(); outage > 0 {
		r.wait(fmt.Sprintf("the server answers again after %s", round(outage)))
	}
}

// spend charges the row for an attempt that failed.
func (r *run) spend(j *job, a talkdesk.Answer) {
	if a.Down {
		r.health.failed(j)
		return
	}
	r.health.charge(j)
	r.health.leave()
}

// notTaken decides on a request that surely did not reach the application.
func (r *run) notTaken(j *job, a talkdesk.Answer, at time.Time) (over bool, err error) {
	switch {
	case r.ctx.Err() != nil: // the second signal, before it left
		r.drop(j)
		return true, nil
	case a.NoHost && r.answers.Load() == 0:
		r.health.leave()
		r.stop(&Stop{Exit: 1, Err: errors.New(a.Message), Hint: "check --region, --account, --base-url and --token-url"})
		r.drop(j)
		return true, nil
	case a.Renewed:
		r.health.leave()
		if j.renewals++; j.renewals < maxRenewals {
			return false, nil
		}
		r.halt(a, "every new token is refused for this row: check the credentials and their scopes")
		r.drop(j)
		return true, nil
	case a.Throttled:
		r.throttled(at, a)
		r.health.leave()
		// A server that takes other rows meanwhile is not this row's fault.
		if goods := r.goods.Load(); goods != j.goods {
			j.goods = goods
			return false, nil
		}
		r.health.charge(j)
	default:
		r.health.failed(j)
	}
	if r.health.spent(j) >= r.cfg.MaxAttempts {
		if !a.Down || r.answering() {
			return true, r.rec.failed(j, a)
		}
		return false, nil // an outage: the gate is closed, no row is spent on it
	}
	// None is spent if it has turned out to be an outage meanwhile.
	if a.Down && sleep(r.intake, backoff(max(1, r.health.spent(j)))) != nil {
		r.drop(j)
		return true, nil
	}
	return false, nil
}

// answering finds out whether the server answers at all, before a row is given
// up for its failures.
func (r *run) answering() bool {
	if !r.health.isUp() {
		return false // found out already
	}
	a, err := r.probe(r.intake)
	if err != nil {
		return false
	}
	if a.Down {
		r.health.suspect()
	}
	return !a.Down
}

// refused decides on a row that the API refused for good.
func (r *run) refused(j *job, a talkdesk.Answer) error {
	sent, refused := r.sent.Add(1), r.refusedRows.Add(1)
	if a.Status == forbidden {
		row := r.blocked.Add(1)
		if r.created.Load() == 0 || row >= forbiddenInARow {
			r.sent.Add(-1) // it was not decided on: something stands in the way
			r.halt(a, "something between here and the API refuses the requests: check the credentials, their scopes, and any firewall or proxy")
			r.drop(j)
			return nil
		}
	}
	if err := r.rec.failed(j, a); err != nil {
		return err
	}
	max := r.cfg.MaxFailures
	switch {
	case max.Rows > 0 && refused >= int64(max.Rows),
		max.Percent > 0 && sent >= sentForPercent && float64(refused)*100 >= max.Percent*float64(sent):
		r.stop(&Stop{Exit: 4, Err: fmt.Errorf("too many failures: the API refused %d of %d rows sent (--max-failures)", refused, sent),
			Hint: "look at the failure report, mend the mapping or the rows, and run the same command again"})
	case refused == refusedFirst && r.created.Load() == 0:
		r.stop(&Stop{Exit: 4, Err: fmt.Errorf("the API refused the first %d rows, and created none; the last: %s", refused, a.Message),
			Hint: "look at the failure report, mend the mapping, and run the same command again"})
	}
	return nil
}

// look asks the server for the cases of a key, again and again until it has an
// answer, or the attempts are used up: then the verdict is Unknown. began is
// when the request that was answered was let go. The error is that of ctx.
func (r *run) look(ctx context.Context, key string) (found []talkdesk.Found, a talkdesk.Answer, began time.Time, err error) {
	first, failures, renewals := time.Now(), 0, 0
	for {
		if began, err = r.pass(ctx, false); err != nil {
			return nil, a, began, err
		}
		r.cfg.Progress.lookups.Add(1)
		found, a = r.cfg.API.Find(r.ctx, r.cfg.Program.KeyField(), key, func(context.Context) error {
			_, err := r.pass(ctx, false)
			if err == nil {
				r.cfg.Progress.lookups.Add(1)
			}
			return err
		})
		if again := r.readAnswer(a, began); !again {
			return found, a, began, nil
		}
		if ctx.Err() != nil {
			return nil, a, began, ctx.Err()
		}
		if a.Renewed {
			if renewals++; renewals == maxRenewals {
				a.Verdict = talkdesk.Halt
				return nil, a, began, nil
			}
			continue
		}
		if failures++; failures >= r.cfg.MaxAttempts && time.Since(first) > r.cfg.OutagePatience {
			a.Verdict = talkdesk.Unknown
			return nil, a, began, nil
		}
		if a.Throttled {
			continue
		}
		if failures == 3 {
			r.wait("looking cases up fails, and is tried again", "reason", a.Message, "gives_up_at", clock(first.Add(r.cfg.OutagePatience)))
		}
		if err := sleep(ctx, backoff(failures)); err != nil {
			return nil, a, began, err
		}
	}
}

// readAnswer draws from the answer to a read what it says of the server, and
// reports whether the read must be made again.
func (r *run) readAnswer(a talkdesk.Answer, at time.Time) (again bool) {
	switch {
	case a.Verdict != talkdesk.NotTaken:
		if a.Verdict != talkdesk.Halt {
			r.good()
		}
		return false
	case a.Throttled:
		r.throttled(at, a)
	case a.NoHost && r.answers.Load() == 0:
		r.stop(&Stop{Exit: 1, Err: errors.New(a.Message), Hint: "check --region, --account, --base-url and --token-url"})
	case a.Down:
		r.health.failed(nil)
	}
	return true
}
