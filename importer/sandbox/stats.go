package sandbox

import (
	"maps"
	"sync"
	"time"
)

// Stats tells what the server was asked and what it did. Requests under
// /_sandbox do not count.
type Stats struct {
	// Requests counts requests by kind: create, list, get, update, delete,
	// fields, users, token, other.
	Requests map[string]int `json:"requests"`
	// Answers counts them by status; 0 is no answer.
	Answers map[int]int `json:"answers"`
	// Faults counts the faults injected into them, by name.
	Faults map[string]int `json:"faults"`
	// Stored is the number of cases that stand in the store.
	Stored int `json:"stored"`
	// PeakInFlight is the greatest number of requests on which the server
	// worked, or hung, at once.
	PeakInFlight int `json:"peak_in_flight"`
	// PeakPerSecond is the greatest number of requests to the API, the token
	// endpoint aside, that arrived in any window of one second.
	PeakPerSecond int `json:"peak_per_second"`
	// Outage counts the requests, by kind, that arrived during the outage, as
	// far as they reached the server.
	Outage map[string]int `json:"outage"`
	// OutagePeakInFlight is the greatest number of those at once.
	OutagePeakInFlight int `json:"outage_peak_in_flight"`
}

// counters is what Stats are made from.
type counters struct {
	mu        sync.Mutex
	start     time.Time
	stats     Stats
	arrivals  []time.Duration // of requests to the API, since the start
	flying    int
	outageNow int
}

func newCounters(start time.Time) *counters {
	s := Stats{Requests: map[string]int{}, Answers: map[int]int{}, Faults: map[string]int{}, Outage: map[string]int{}}
	for _, r := range routes {
		s.Requests[r.name], s.Outage[r.name] = 0, 0
	}
	for _, name := range faultNames[noFault+1:] {
		s.Faults[name] = 0
	}
	return &counters{start: start, stats: s}
}

func (t *counters) arrive(k kind, outage bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if k != token {
		t.arrivals = append(t.arrivals, time.Since(t.start))
	}
	t.stats.Requests[routes[k].name]++
	t.flying++
	t.stats.PeakInFlight = max(t.stats.PeakInFlight, t.flying)
	if outage {
		t.stats.Outage[routes[k].name]++
		t.outageNow++
		t.stats.OutagePeakInFlight = max(t.stats.OutagePeakInFlight, t.outageNow)
	}
}

func (t *counters) leave(status int, f fault, outage bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.flying--
	if outage {
		t.outageNow--
	}
	t.stats.Answers[status]++
	if f != noFault {
		t.stats.Faults[faultNames[f]]++
	}
}

// busiest returns the greatest number of times that fall into one window.
func busiest(times []time.Duration, window time.Duration) int {
	most, first := 0, 0
	for i, at := range times {
		for at-times[first] >= window {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// Stats tells what happened so far.
func (s *Server) Stats() Stats {
	t := s.counters
	t.mu.Lock()
	defer t.mu.Unlock()
	stats := t.stats
	stats.Requests, stats.Answers = maps.Clone(stats.Requests), maps.Clone(stats.Answers)
	stats.Faults, stats.Outage = maps.Clone(stats.Faults), maps.Clone(stats.Outage)
	stats.PeakPerSecond = busiest(t.arrivals, time.Second)
	stats.Stored = len(s.store.created(time.Now()))
	return stats
}
