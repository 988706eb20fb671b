package importer

import "sync/atomic"

// Progress counts what happens, for whoever watches. All methods may be called
// at any time from any goroutine.
type Progress struct {
	created, already, failed, invalid, duplicate, unknown, incomplete, filtered, updated atomic.Int64
	requests, retries, throttled, lookups, several                                       atomic.Int64
	creates, probes, updates                                                             atomic.Int64
	inDoubt, inFlight                                                                    atomic.Int64
}

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
