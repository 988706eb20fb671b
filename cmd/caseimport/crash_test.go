package main

// Tests with processes: runs of the tool that are killed, stopped and starved,
// against a sandbox that is a process too. Every go test runs a short form, of
// some 15 seconds. The long form takes about five minutes and prints its figures:
//
//	CASEIMPORT_LONG=1 go test -v -count=1 -timeout 1h -run TestCrash ./cmd/caseimport

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"caseimport/importer"
	"caseimport/importer/exit"
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

// size is of one import; rounds of it are made side by side.
type size struct{ rows, kills, rounds int }

const everyFault = "--cut-after 5 --cut-before 2 --error-after 3 --error-before 2 --broken-answer 2 --throttle 2 " +
	"--late-store 1 --late-delay 300ms --latency 5ms --jitter 50ms "

var weathers = []weather{
	{"faults of every kind", everyFault + "--lag 200ms",
		"--concurrency 32", "2s", size{200, 5, 1}, size{10_000, 100, 1}},
	{"search lags longer than the settle delay", everyFault + "--lag 2500ms",
		"--concurrency 32", "5s", size{60, 2, 1}, size{1000, 30, 2}},
	{"stored late while the search lags", "--cut-after 5 --cut-before 5 --late-store 10 --late-delay 600ms --jitter 50ms --lag 2500ms",
		"--concurrency 16 --timeout 500ms", "5s", size{30, 2, 1}, size{400, 20, 4}},
	{"few rows, most of them in doubt at once", "--cut-after 25 --cut-before 25 --late-store 25 --late-delay 600ms --lag 2500ms",
		"--concurrency 16 --timeout 500ms --max-attempts 20", "5s", size{6, 1, 1}, size{12, 5, 12}},
}

func TestCrashes(t *testing.T) {
	t.Parallel()
	for _, w := range weathers {
		size := w.short
		if long {
			size = w.long
		}
		for round := range size.rounds {
			t.Run(w.name, func(t *testing.T) {
				t.Parallel()
				seed := uint64(1)
				if long {
					seed = rand.Uint64()
				}
				t.Logf("round %d, seed %d", round+1, seed)
				w.survive(t, size, seed)
			})
		}
	}
}

// survive imports through the weather, killed as often as that can be done, until
// a run says that all is done.
func (w *weather) survive(t *testing.T, size size, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 0))
	s := newSite(t, size.rows, append(strings.Fields(w.faults), "--seed", strconv.FormatUint(seed, 10))...)
	flags := strings.Fields(w.flags)
	first := s.run(append(flags, "--limit", "1", "--settle", w.patient)...).ends(exit.Stopped).summary()
	if first.Created != 1 {
		t.Fatalf("the first row has no case: %+v", first)
	}
	began, before := time.Now(), s.stats()
	k := s.insist(flags, size.kills, random, s.moment)
	now, took := s.stats(), time.Since(began)
	b := s.finished("in.results.csv")
	lookups := now.Requests["list"] - before.Requests["list"]
	t.Logf("%d rows, %s, %.0f s", size.rows, k, took.Seconds())
	t.Logf("%d duplicates, %d lost, %d altered, %d misreported; %.1f look-ups a kill, %d creates, %d of them with a fault",
		b.duplicates, b.lost, b.altered, b.misreported, float64(lookups)/float64(max(k.kills, 1)), now.Requests["create"], sum(now.Faults))
}

// killed is what it took until a run came to its end.
type killed struct {
	runs, kills int
	looking     int // kills while rows were looked up and sent again
	last        importer.Summary
}

func (k killed) String() string {
	return fmt.Sprintf("%d runs, %d kills of which %d while rows were looked up and sent again, %.0f s the last run", k.runs, k.kills, k.looking, k.last.Seconds)
}

// insist runs the import, killed at moments as often as that can be done, until a
// run says that all is done.
func (s *site) insist(flags []string, kills int, random *rand.Rand, moment func(p *process, random *rand.Rand) (looking int, alive bool)) (k killed) {
	s.Helper()
	for p := s.run(flags...); ; p = s.run(flags...) {
		k.runs++
		if k.kills < kills {
			looked, alive := moment(p, random)
			if alive {
				p.kill()
				k.kills++
				k.looking += looked
				continue
			}
		}
		code := p.end().code()
		if code == exit.Done {
			k.last = p.summary()
			return k
		}
		// Too many attempts of a row, or too long a wait: to be tried again.
		if code != exit.Faults && code != exit.Stopped || k.runs > 2*kills+20 {
			s.Fatalf("run %d: exit code %d\n%s%s", k.runs, code, p.out.String(), p.err.String())
		}
	}
}

func sum(counts map[string]int) (n int) {
	for _, count := range counts {
		n += count
	}
	return n
}

// moment waits for a moment to kill p: while it begins, while it sends rows,
// or (most often; looking is 1) while it looks rows up and sends them again.
// alive is false if p ended before.
func (s *site) moment(p *process, random *rand.Rand) (looking int, alive bool) {
	// Of so many at most, rather fewer, and not all of them where rows are few.
	some := func(most int) int { return 1 + random.IntN(1+random.IntN(min(most, 1+len(s.bodies)))) }
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
		creates += some(300)
		return 0, s.until(p, func() bool { return s.creates() >= creates })
	}
	lists += some(80)
	if !s.until(p, func() bool { return s.lists() >= lists }) {
		return 1, false
	}
	creates = s.creates() + random.IntN(10)
	return 1, s.until(p, func() bool { return s.creates() >= creates })
}
