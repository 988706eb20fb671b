package sandbox

import (
	"math/rand/v2"
	"sync"
	"time"
)

// fault is what happens to a request.
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

// updateFaults are those of updates, all equally likely; those of deletions are all
// but the last.
var updateFaults = [...]fault{throttle, cutBefore, cutAfter, errBefore, errAfter, brokenAnswer}

// afterStoring tells whether what was asked is done before the fault shows.
func (f fault) afterStoring() bool { return f == cutAfter || f == errAfter || f == hangAfter }

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

// injector decides what happens to requests. It depends on the seed, the request and
// how often that very request came before, so that neither the order of
// parallel requests nor a client's number of workers changes it.
type injector struct {
	opt    *Options
	active bool

	mu    sync.Mutex
	times map[uint64]uint64 // how often a request came, by hash
}

func newInjector(opt *Options) *injector {
	active := opt.ReadFaults > 0 || opt.UpdateFaults > 0 || opt.UpdateHangs > 0 || opt.Jitter > 0
	for _, p := range opt.percentages() {
		active = active || p > 0
	}
	return &injector{opt: opt, active: active, times: map[uint64]uint64{}}
}

// plan is what is to happen to one request.
type plan struct {
	fault   fault
	latency time.Duration
	variant int // which form a fault takes
}

// draw decides about a request: kind, and its path with query or its body.
func (f *injector) draw(kind kind, request string) plan {
	l := plan{latency: f.opt.Latency}
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
	case update, remove:
		choice := l.variant / 20 // the rest also picks the status of a 5xx and the form of a broken answer
		switch {
		case dice < f.opt.UpdateFaults && kind == update:
			l.fault = updateFaults[choice%len(updateFaults)]
		case dice < f.opt.UpdateFaults:
			l.fault = updateFaults[choice%(len(updateFaults)-1)]
		case dice < f.opt.UpdateFaults+f.opt.UpdateHangs && kind == update:
			l.fault = [...]fault{hangBefore, hangAfter}[choice%2]
		}
	default:
		if dice < f.opt.ReadFaults {
			l.fault = readFault
		}
	}
	return l
}

// hash64 is FNV-1a.
func hash64(start uint64, data string) uint64 {
	h := 14695981039346656037 ^ start
	for i := range len(data) {
		h = (h ^ uint64(data[i])) * 1099511628211
	}
	return h
}
