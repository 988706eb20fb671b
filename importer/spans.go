package importer

import (
	"time"

	"caseimport/importer/journal"
)

// spanOf is how long a stretch is whose requests are counted for the history.
const spanOf = 30 * time.Second

// shortPause is a pause that is too short to be remembered. A server that asks for a
// second is not.
const shortPause = 900 * time.Millisecond

// spans is what the writer keeps of the stretches under way.
type spans struct {
	outage  *journal.Span // nil: the server is up
	counted journal.Span  // the requests up to the last stretch that was noted
}

// remember has the writer note a stretch.
func (p *pipeline) remember(s journal.Span) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue = append(p.queue, queued{task: func() error { return p.journal.Note(s) }})
	p.due.Signal()
}

// endOutage is for the writer only, as are those below.
func (p *pipeline) endOutage() {
	if p.outage != nil {
		p.outage.End = p.now()
		p.broken(p.journal.Note(*p.outage), nil)
		p.outage = nil
	}
}

// countRequests notes how many requests were made since the last stretch.
func (p *pipeline) countRequests() error {
	now := p.cfg.Progress.Summary()
	before := p.counted
	p.counted = journal.Span{End: p.now(), Requests: now.Requests, Lookups: now.Lookups, Throttled: now.Throttled}
	if now.Requests == before.Requests {
		return nil
	}
	return p.journal.Note(journal.Span{What: journal.Requests, Begin: before.End, End: p.counted.End, Requests: now.Requests - before.Requests,
		Lookups: now.Lookups - before.Lookups, Throttled: now.Throttled - before.Throttled})
}

// endSpans notes what is under way when the run ends.
func (p *pipeline) endSpans() error {
	p.endOutage()
	if rate := p.cfg.Limiter.Learned(); rate > 0 {
		if err := p.journal.NoteRate(rate); err != nil {
			return err
		}
	}
	return p.countRequests()
}
