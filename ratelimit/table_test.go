package ratelimit

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"testing"
	"text/tabwriter"
)

// kinds are limits of all sorts, each of so many a second.
var kinds = []struct {
	name    string
	of      func(rate, latency float64) limit
	settled float64 // seconds that it takes to get to know it: half a minute, and three of its windows
}{
	{"bucket 1s", func(rate, _ float64) limit { return &bucket{rates: rates{{0, rate}}, seconds: 1} }, 30},
	{"bucket 1", func(rate, _ float64) limit { return &bucket{rates: rates{{0, rate}}} }, 30},
	{"bucket 10s", func(rate, _ float64) limit { return &bucket{rates: rates{{0, rate}}, seconds: 10} }, 60},
	{"fixed 1s", func(rate, _ float64) limit { return &fixed{rates: rates{{0, rate}}, length: 1, phase: 0.37} }, 30},
	{"fixed 10s", func(rate, _ float64) limit { return &fixed{rates: rates{{0, rate}}, length: 10, phase: 0.37} }, 60},
	{"fixed 60s", func(rate, _ float64) limit { return &fixed{rates: rates{{0, rate}}, length: 60, phase: 0.37} }, 210},
	{"sliding 1s", func(rate, _ float64) limit { return &sliding{rates: rates{{0, rate}}, length: 1} }, 30},
	{"sliding 10s", func(rate, _ float64) limit { return &sliding{rates: rates{{0, rate}}, length: 10} }, 60},
	{"parallel", func(rate, latency float64) limit { return &parallel{most: int(rate * latency), latency: latency} }, 30},
}

// entry is a line of the table.
type entry struct {
	kind, says    string
	rate, latency float64
	of            func(rate, latency float64) limit
	from, to      float64 // when is measured

	used, refused float64
	parallel      int
}

// entries are the worlds of the table, of these rates and latencies.
func entries(perSecond, latencies []float64) (all []*entry) {
	for _, says := range []string{"", "retry", "quota"} {
		for _, k := range kinds {
			for _, latency := range latencies {
				for _, rate := range perSecond {
					switch {
					case k.name == "parallel" && (rate*latency < 1 || says != ""): // it has nothing to say
						continue
					case rate < 1 && (k.name == "fixed 1s" || k.name == "sliding 1s"): // it allows none
						continue
					case k.name == "bucket 1" && says == "quota": // it would say after each request that nothing is left
						continue
					}
					e := &entry{kind: k.name, says: says, rate: rate, latency: latency, of: k.of, from: k.settled + 100/rate + 30*latency}
					e.to = e.from + max(600, 2000/rate)*(1+latency/2)
					if rate > 50 {
						e.to = e.from + 300*(1+latency)
					}
					all = append(all, e)
				}
			}
		}
	}
	return all
}

func (e *entry) measure() {
	l := e.of(e.rate, e.latency)
	o := world{server: l, latency: e.latency, says: e.says, seconds: e.to}.run()
	accepted, refused := sum(o.accepted, e.from, e.to), sum(o.refused, e.from, e.to)
	e.used, e.refused, e.parallel = accepted/l.between(e.from, e.to), refused/max(1, accepted+refused), o.parallel
}

// marks are what is to be reached: at least so much used, at most so much refused.
func (e *entry) marks() (used, refused float64) {
	switch {
	case e.says == "quota":
		return 0.95, 0
	case e.latency >= 2:
		// What an answer says is two seconds old. When the first refusal is heard of, as
		// many requests are on their way as are sent in that time, into what is used up:
		// of a window of ten seconds a fifth. And so long after each change nothing is
		// known of what it did, which makes all that is learned slow, most of all where
		// each refusal also costs a second or more of waiting.
		switch {
		case e.says == "retry":
			return 0.82, 0.018
		case e.kind == "fixed 10s" || e.kind == "fixed 60s":
			return 0.90, 0.033
		}
		return 0.90, 0.018
	case e.kind == "sliding 10s" && e.rate >= 500:
		// Such a window repeats for minutes what the doubling of the beginning has let
		// into it: nearly all of it within two seconds.
		return 0.80, 0.04
	case e.says == "retry":
		// Servers say in whole seconds how long to wait. To see whether there is more
		// costs up to a second each time, of which nothing is saved up in a window; to
		// see it half as often would find a limit that rises too late.
		return 0.92, 0.0125
	case e.kind == "fixed 10s" || e.kind == "sliding 10s" || e.kind == "fixed 60s":
		// A window shows at its end only that a rate is too high, and a climb of a few
		// steps takes minutes: what was measured too low at first stays so for a while.
		// And it may take two refusals to see that a rate was too high.
		return 0.93, 0.0125
	}
	return 0.95, 0.01
}

// misses says which of them it misses.
func (e *entry) misses() (marks string) {
	used, refused := e.marks()
	if e.used < used {
		marks += " LOW"
	}
	if e.refused > refused {
		marks += " 429"
	}
	return marks
}

func measureAll(all []*entry) {
	var wg sync.WaitGroup
	todo := make(chan *entry)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for e := range todo {
				e.measure()
			}
		})
	}
	for _, e := range all {
		todo <- e
	}
	close(todo)
	wg.Wait()
}

// TestTable shows how a controller does with all kinds of limits, after it has had time
// to get to know them. LOW and 429 stand beside what misses its marks.
func TestTable(t *testing.T) {
	if os.Getenv("CASEIMPORT_TABLE") == "" {
		t.Skip("it is to be read, and takes half a minute: set CASEIMPORT_TABLE=1, and -v")
	}
	all := entries([]float64{0.5, 2, 6, 20, 100, 500}, []float64{0.02, 0.2, 2})
	measureAll(all)
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	defer table.Flush()
	fmt.Fprintln(table, "limit\tlatency\tsays\trate\tused\t429\tin flight")
	for _, e := range all {
		fmt.Fprintf(table, "%s\t%vs\t%s\t%v/s\t%.1f %%\t%.2f %%\t%d\t%s\n", e.kind, e.latency, e.says, e.rate, 100*e.used, 100*e.refused, e.parallel, e.misses())
	}
}

// The short table: each kind of limit, at a low rate and at a usual one.
func TestEveryKindOfLimitReachesItsMarks(t *testing.T) {
	all := entries([]float64{2, 20}, []float64{0.02, 0.2, 2})
	measureAll(all)
	for _, e := range all {
		if missed := e.misses(); missed != "" {
			t.Errorf("%s of %v/s, latency %v s, %q: %.1f %% used, %.2f %% refused:%s", e.kind, e.rate, e.latency, e.says, 100*e.used, 100*e.refused, missed)
		}
	}
}
