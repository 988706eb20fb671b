package sandbox

import (
	"slices"
	"sync"
	"time"
)

// kind is what a request asks for.
type kind uint8

const (
	create kind = iota
	list
	get
	update
	token
	other
)

var kindNames = [...]string{"create", "list", "get", "update", "token", "other"}

// Stats tells what the server was asked and what it did. Requests under
// /_sandbox do not count.
type Stats struct {
	// Requests counts requests by kind: create, list, get, update, token, other.
	Requests map[string]int `json:"requests"`
	// Answers counts them by status; 0 is no answer.
	Answers map[int]int `json:"answers"`
	// Faults counts the faults that befell them, by name.
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

// tally is what Stats are made from.
type tally struct {
	mu         sync.Mutex
	start      time.Time
	requests   [len(kindNames)]int
	outage     [len(kindNames)]int
	faults     [len(faultNames)]int
	answers    map[int]int
	arrivals   []time.Duration // of requests to the API, since the start
	flying     int
	peak       int
	outageNow  int
	outagePeak int
}

func (t *tally) arrive(k kind, outage bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if k != token {
		t.arrivals = append(t.arrivals, time.Since(t.start))
	}
	t.requests[k]++
	t.flying++
	t.peak = max(t.peak, t.flying)
	if outage {
		t.outage[k]++
		t.outageNow++
		t.outagePeak = max(t.outagePeak, t.outageNow)
	}
}

func (t *tally) leave(status int, f fault, outage bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.flying--
	if outage {
		t.outageNow--
	}
	t.answers[status]++
	t.faults[f]++
}

func (t *tally) stats() Stats {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := Stats{
		Requests:           map[string]int{},
		Answers:            map[int]int{},
		Faults:             map[string]int{},
		Outage:             map[string]int{},
		PeakInFlight:       t.peak,
		PeakPerSecond:      busiest(t.arrivals, time.Second),
		OutagePeakInFlight: t.outagePeak,
	}
	for status, n := range t.answers {
		s.Answers[status] = n
	}
	for k, name := range kindNames {
		s.Requests[name] = t.requests[k]
		s.Outage[name] = t.outage[k]
	}
	for f, name := range faultNames {
		if f != int(noFault) {
			s.Faults[name] = t.faults[f]
		}
	}
	return s
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
	stats := s.tally.stats()
	stats.Stored = len(s.store.created(time.Now()))
	return stats
}

// Arrivals returns when each request to the API arrived, counted from the
// start and in order; the token endpoint's are left out.
func (s *Server) Arrivals() []time.Duration {
	s.tally.mu.Lock()
	defer s.tally.mu.Unlock()
	return slices.Clone(s.tally.arrivals)
}
