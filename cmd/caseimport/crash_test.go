package main

// Tests with processes: runs of the tool that are killed, stopped and starved,
// against a sandbox that is a process too. They check in every go test, in a
// short form. The long form takes about ten minutes and prints its figures:
//
//	CASEIMPORT_LONG=1 go test -v -count=1 -timeout 1h -run TestCrash ./cmd/caseimport

import (
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

var long = os.Getenv("CASEIMPORT_LONG") != ""

// weather is what an import has to get through.
type weather struct {
	name   string
	faults string // flags of the sandbox
	flags  string // flags of the runs
	// patient is a settle delay that outlasts all of it: with it one row is
	// imported first. Where no case is known the settle delay stands alone,
	// which is a limit of the promise that the README names.
	patient     string
	short, long size
}

type size struct{ rows, kills int }

const everyFault = "--cut-after 5 --cut-before 2 --error-after 3 --error-before 2 --broken-answer 2 --throttle 2 " +
	"--late-store 1 --late-delay 300ms --latency 5ms --jitter 50ms "

var weathers = []weather{
	{"faults of every kind", everyFault + "--lag 200ms",
		"--concurrency 32", "2s", size{300, 6}, size{10_000, 100}},
	{"search lags longer than the settle delay", everyFault + "--lag 2500ms",
		"--concurrency 32", "5s", size{60, 2}, size{2000, 40}},
	{"stored late while the search lags", "--cut-after 5 --cut-before 5 --late-store 10 --late-delay 600ms --jitter 50ms --lag 2500ms",
		"--concurrency 16 --timeout 500ms", "5s", size{30, 2}, size{1000, 30}},
	{"few rows, most of them in doubt at once", "--cut-after 25 --cut-before 25 --late-store 25 --late-delay 600ms --lag 2500ms",
		"--concurrency 16 --timeout 500ms --max-attempts 20", "5s", size{6, 1}, size{16, 20}},
}

func TestCrashes(t *testing.T) {
	for _, w := range weathers {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			size, seed := w.short, uint64(1)
			if long {
				size, seed = w.long, rand.Uint64()
			}
			random := rand.New(rand.NewPCG(seed, 0))
			s := newSite(t, size.rows, append(strings.Fields(w.faults), "--seed", strconv.FormatUint(seed, 10))...)
			flags := strings.Fields(w.flags)
			first := s.run(append(flags, "--limit", "1", "--settle", w.patient)...).ends(exitStopped).summary()
			if first.Created != 1 {
				t.Fatalf("seed %d: the first row has no case: %+v", seed, first)
			}
			began, before := time.Now(), s.stats()
			kills, looking, runs := 0, 0, 0
			for {
				p := s.run(flags...)
				runs++
				if kills < size.kills {
					looked, alive := s.moment(p, random)
					p.kill()
					if alive {
						kills++
						looking += looked
						continue
					}
				}
				switch p.end().code() {
				case exitDone:
				case exitFaults, exitStopped: // too many attempts, or too long a wait: to be tried again
					if runs < 2*size.kills+20 {
						continue
					}
					fallthrough
				default:
					t.Fatalf("seed %d, run %d: exit code %d\n%s%s", seed, runs, p.code(), p.out.String(), p.err.String())
				}
				break
			}
			now := s.stats()
			took := time.Since(began)
			b := s.finished("in.results.csv")
			lookups := now.Requests["list"] - before.Requests["list"]
			t.Logf("seed %d: %d rows, %d runs, %d kills of which %d while rows were looked up and sent again, %.0f s", seed, size.rows, runs, kills, looking, took.Seconds())
			t.Logf("%d duplicates, %d lost, %d altered, %d misreported; %.1f look-ups a kill, %d creates; faults: %v",
				b.duplicates, b.lost, b.altered, b.misreported, float64(lookups)/float64(max(kills, 1)), now.Requests["create"]-before.Requests["create"], now.Faults)
		})
	}
}

// moment waits for a moment to kill p: while it begins, while it sends rows,
// or (most often; looking is 1) while it looks rows up and sends them again.
// alive is false if p ended before.
func (s *site) moment(p *process, random *rand.Rand) (looking int, alive bool) {
	some := func(n int) int { return 1 + random.IntN(1+random.IntN(n)) } // rather fewer
	creates, lists := s.creates(), s.lists()
	switch random.IntN(5) {
	case 0:
		soon := time.After(time.Duration(random.Int64N(int64(150 * time.Millisecond))))
		return 0, s.until(p, func() bool {
			select {
			case <-soon:
				return true
			default:
				return false
			}
		})
	case 1:
		creates += some(100)
		return 0, s.until(p, func() bool { return s.creates() >= creates })
	}
	lists += some(80)
	if !s.until(p, func() bool { return s.lists() >= lists }) {
		return 1, false
	}
	creates = s.creates() + random.IntN(10)
	return 1, s.until(p, func() bool { return s.creates() >= creates })
}
