package sandbox

import (
	"math/rand/v2"
	"sync"
	"time"
)

// fault is what befalls a request.
type fault uint8

const (
	noFault fault = iota
	throttle
	cutBefore
	cutAfter
	errBefore
	errAfter
	brokenAnswer
	hangBefore
	hangAfter
	lateStore
	readFault
)

// faultNames are the names in Stats and in the log.
var faultNames = [...]string{"", "throttle", "cut before", "cut after", "error before", "error after",
	"broken answer", "hang before", "hang after", "late store", "read fault"}

// percentages returns those of the faults of creates, by fault.
func (o *Options) percentages() [readFault]float64 {
	return [...]float64{
		throttle:     o.Throttle,
		cutBefore:    o.CutBefore,
		cutAfter:     o.CutAfter,
		errBefore:    o.ErrBefore,
		errAfter:     o.ErrAfter,
		brokenAnswer: o.BrokenAnswer,
		hangBefore:   o.HangBefore,
		hangAfter:    o.HangAfter,
		lateStore:    o.LateStore,
	}
}

// fate decides what befalls requests. It depends on the seed, the request and
// how often that very request came before, so that neither the order of
// parallel requests nor a client's number of workers changes it.
type fate struct {
	opt    *Options
	active bool

	mu    sync.Mutex
	times map[uint64]uint64 // how often a request came, by hash
}

func newFate(opt *Options) *fate {
	active := opt.ReadFaults > 0 || opt.Jitter > 0
	for _, p := range opt.percentages() {
		active = active || p > 0
	}
	return &fate{opt: opt, active: active, times: map[uint64]uint64{}}
}

// lot is what fate has in store for one request.
type lot struct {
	fault   fault
	latency time.Duration
	variant int // which form a fault takes
}

// draw decides about a request: kind, and its path with query or its body.
func (f *fate) draw(kind kind, request []byte) lot {
	l := lot{latency: f.opt.Latency}
	if !f.active {
		return l
	}
	hash := hash64(uint64(kind), request)
	f.mu.Lock()
	n := f.times[hash]
	f.times[hash]++
	f.mu.Unlock()
	random := rand.New(rand.NewPCG(f.opt.Seed, hash+n*0x9E3779B97F4A7C15))

	dice := random.Float64() * 100
	l.variant = int(random.Uint32() >> 1)
	if f.opt.Jitter > 0 {
		l.latency += time.Duration(random.Int64N(int64(f.opt.Jitter) + 1))
	}
	switch kind {
	case create:
		for i, p := range f.opt.percentages() {
			if dice < p {
				l.fault = fault(i)
				break
			}
			dice -= p
		}
	case list, get:
		if dice < f.opt.ReadFaults {
			l.fault = readFault
		}
	}
	return l
}

// hash64 is FNV-1a.
func hash64(start uint64, data []byte) uint64 {
	h := 14695981039346656037 ^ start
	for _, c := range data {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}
