package importer

import (
	"errors"
	"runtime"
	"time"

	"caseimport/importer/source"
	"caseimport/mapping"
)

// An expression of the mapping file may take minutes on one row, and cannot be
// broken off. Whoever wants the run to stop must not wait for it: the reader is
// left behind. pipeline.mappingSince says since when an expression runs (0: none
// does, abandoned: the run goes on without its reader).
const abandoned = -1

// slowRow is how long a stop waits for a row.
const slowRow = 2 * time.Second

// errSlow is the end of a reader that was left behind.
var errSlow = errors.New("a row takes too long")

// awaitReader returns the reader's error, errSlow if the run is to stop and an
// expression does not come to its end.
func (p *pipeline) awaitReader(ended <-chan error) error {
	select {
	case err := <-ended:
		return err
	case <-p.going.Done():
	}
	look := time.NewTicker(slowRow / 20)
	defer look.Stop()
	for {
		select {
		case err := <-ended:
			return err
		case <-look.C:
		}
		since := p.mappingSince.Load()
		slow := p.ctx.Err() != nil || p.now()-time.Duration(since) > slowRow
		if since > 0 && slow && p.mappingSince.CompareAndSwap(since, abandoned) {
			return errSlow
		}
	}
}

// patiently runs an expression. It does not return if the run has gone on
// without it: what is the pipeline's is then no longer the reader's to touch.
func (p *pipeline) patiently(expression func()) {
	since := int64(p.now()) + 1
	p.mappingSince.Store(since)
	expression()
	if !p.mappingSince.CompareAndSwap(since, 0) {
		runtime.Goexit()
	}
}

func (p *pipeline) identity(row *source.Row) (who mapping.Identity) {
	p.patiently(func() { who = p.cfg.Program.Identify(row) })
	return who
}

func (p *pipeline) mapRow(row *source.Row, who mapping.Identity) (c mapping.Case, faults []mapping.Fault) {
	p.patiently(func() { c, faults = p.cfg.Program.MapKnown(row, who) })
	return c, faults
}
