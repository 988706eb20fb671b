package importer

import (
	"sync/atomic"
	"time"
)

// Progress counts what happens, for whoever watches. All methods may be called
// at any time from any goroutine.
type Progress struct {
	created, already, failed, invalid, duplicate, unknown, incomplete, filtered, updated atomic.Int64
	requests, retries, throttled, lookups, several                                       atomic.Int64
	creates, probes, updates                                                             atomic.Int64
	inDoubt, inFlight                                                                    atomic.Int64

	doing           atomic.Int32
	down            atomic.Bool
	settles, paused atomic.Int64 // Unix time in nanoseconds
}

// Doing is what a run is about.
type Doing int32

// What it is about, in this order.
const (
	Reading Doing = iota // the input, and what earlier runs have left
	Asking               // the account, whether this was imported before
	Sending              // rows
	Writing              // the files at the end
)

// Doing returns what the run is about.
func (p *Progress) Doing() Doing { return Doing(p.doing.Load()) }

func (p *Progress) turnTo(d Doing) { p.doing.Store(int32(d)) }

// Down reports whether the run waits for a server that fails.
func (p *Progress) Down() bool { return p.down.Load() }

// Paused returns until when nothing is sent because the server has asked for it, and
// Settles when the last of the rows in doubt may be looked up, as far as is known.
// Both may be past.
func (p *Progress) Paused() time.Time { return time.Unix(0, p.paused.Load()) }

// Settles is described at Paused.
func (p *Progress) Settles() time.Time { return time.Unix(0, p.settles.Load()) }

// Summary returns the counts so far; Rows, Left, Seconds and Exit are not set.
func (p *Progress) Summary() Summary {
	return Summary{
		Created: int(p.created.Load()), Already: int(p.already.Load()),
		Failed: int(p.failed.Load()), Invalid: int(p.invalid.Load()),
		Duplicate: int(p.duplicate.Load()), Unknown: int(p.unknown.Load()),
		Filtered: int(p.filtered.Load()), Incomplete: int(p.incomplete.Load()), Updated: int(p.updated.Load()),
		Requests: int(p.requests.Load()), Retries: int(p.retries.Load()),
		Throttled: int(p.throttled.Load()), Lookups: int(p.lookups.Load()),
		Several: int(p.several.Load()),
	}
}

// Requests returns how many requests were made so far, by their kinds: create,
// lookup, probe and other.
func (p *Progress) Requests() map[string]int {
	kinds := map[string]int{"create": int(p.creates.Load()), "lookup": int(p.lookups.Load()), "update": int(p.updates.Load()), "probe": int(p.probes.Load())}
	other := int(p.requests.Load())
	for _, n := range kinds {
		other -= n
	}
	kinds["other"] = max(0, other) // what happens meanwhile may be counted half
	return kinds
}

// Done returns how many rows have met their fate so far.
func (p *Progress) Done() int {
	s := p.Summary()
	return s.Created + s.Already + s.Failed + s.Invalid + s.Duplicate + s.Unknown + s.Incomplete + s.Filtered
}

// InFlight returns how many requests await their answer.
func (p *Progress) InFlight() int { return int(p.inFlight.Load()) }

// InDoubt returns how many rows wait to be looked up.
func (p *Progress) InDoubt() int { return int(p.inDoubt.Load()) }
