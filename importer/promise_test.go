package importer

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"caseimport/importer/talkdesk"
)

// storm is one kind of weather.
type storm struct {
	name  string
	rows  int
	lag   time.Duration
	fates map[*fate]int
}

var (
	lateWithin = lateBy(25 * time.Second)

	storms = []storm{
		{"faults of every kind", 300, 500 * time.Millisecond,
			map[*fate]int{&cutAfter: 5, &cutBefore: 4, &broken: 2, &lateWithin: 1, &throttle: 2, &unreached: 2, &refusedBy: 1}},
		{"search lags longer than the settle delay", 120, 70 * time.Second,
			map[*fate]int{&cutAfter: 15, &cutBefore: 10}},
		{"stored late while the search lags", 120, 70 * time.Second,
			map[*fate]int{&cutAfter: 5, &cutBefore: 5, &lateWithin: 10}},
		{"few rows, most of them in doubt at once", 12, 70 * time.Second,
			map[*fate]int{&cutAfter: 25, &cutBefore: 25, &lateWithin: 25}},
	}
)

// endure imports through one storm, killed now and then, and returns how many
// cases there are too many at the end, and how many runs it took.
func (w *world) endure(s storm, seed uint64, kills int, change ...func(*Config)) (doubles, runs int) {
	t := w.t
	rnd := rand.New(rand.NewPCG(seed, 7))
	w.api.lag = s.lag
	// One case is known: without any, the settle delay stands alone, which
	// is a limit of the promise that the README names.
	w.input("first.csv", line(0))
	w.must(0, "first.csv", change...)
	results, at := strings.TrimSuffix(w.read("out.csv"), "\n"), modified(w.path("out.csv"))
	w.api.fate = mix(seed, s.fates)
	w.input("in.csv", linesOf(1, s.rows)...)
	for runs = 1; runs < 200; runs++ {
		if w.forgets {
			w.write("out.csv", results)
			os.Chtimes(w.path("out.csv"), at, at)
		}
		ctx, cancel := context.Background(), context.CancelFunc(func() {})
		if runs <= kills {
			w.losing = true
			ctx, cancel = context.WithTimeout(ctx, time.Duration(1+rnd.Int64N(int64(90*time.Second))))
		}
		sum, err := w.runCtx(ctx, "in.csv", change...)
		cancel()
		w.losing = false
		if sum.Exit == 0 {
			return w.api.doubles(), runs
		}
		if sum.Exit != 3 && sum.Exit != 4 {
			t.Fatalf("run %d: exit %d: %v", runs, sum.Exit, err)
		}
	}
	t.Fatalf("no end after %d runs: %s", runs, w.logged())
	return
}

func modified(path string) time.Time {
	info, err := os.Stat(path)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

func TestNothingTwiceNothingLost(t *testing.T) {
	for _, s := range storms {
		t.Run(s.name, func(t *testing.T) {
			for seed := range uint64(8) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t)
					w.forgetful(false)
					_, runs := w.endure(s, seed, 6)
					w.once(keys(0, s.rows)...)
					for row, line := range w.results() {
						if w.api.cases[atoi(line.CaseID)-1].key != fmt.Sprintf("T-%d", row) {
							t.Errorf("row %d: case %s is another row's", row, line.CaseID)
						}
					}
					t.Logf("seed %d: %d runs", seed, runs)
				})
			}
		})
	}
}

func atoi(s string) (n int) {
	fmt.Sscan(s, &n)
	return n
}

// blindAPI answers every look-up with absent, as if nobody looked.
type blindAPI struct{ *server }

func (b blindAPI) Read(ctx context.Context, q talkdesk.Query) (talkdesk.Page, talkdesk.Answer) {
	page, a := b.server.Read(ctx, q)
	b.mu.Lock()
	defer b.mu.Unlock()
	// The canaries must be found, or the run would wait for them.
	page.Cases = slices.DeleteFunc(page.Cases, func(f talkdesk.Found) bool { return !b.cases[atoi(f.ID)-1].answered })
	page.Total = len(page.Cases)
	return page, a
}

// TestEachRuleIsNeeded turns rules off in turn that the files and the server
// have a part in. Each time some storm makes cases twice, which none does with
// all of them. (Rules 4 and 5 are the machine's alone: see its explorer.)
func TestEachRuleIsNeeded(t *testing.T) {
	for _, rule := range []struct {
		name  string
		storm storm
		kills int
		// deaf: what is to be synced is not.
		deaf bool
		// forgets: the results are lost with what was not synced, else they
		// would tell on the journal.
		forgets bool
		change  func(*Config)
	}{
		{name: "1: nothing leaves before it is written down", storm: storms[1], kills: 3, forgets: true, deaf: true},
		{name: "2: what is in doubt is looked up", storm: storms[0],
			change: func(c *Config) { c.API = blindAPI{c.API.(*server)} }},
		{name: "3: an absence counts only after the settle delay", storm: storms[2],
			change: func(c *Config) { c.Settle = 0 }},
	} {
		t.Run(rule.name, func(t *testing.T) {
			try := func(deaf bool, changes ...func(*Config)) (doubles int) {
				for seed := range uint64(10) {
					synctest.Test(t, func(t *testing.T) {
						w := newWorld(t)
						w.forgets = rule.forgets
						w.forgetful(deaf)
						n, _ := w.endure(rule.storm, seed, rule.kills, changes...)
						doubles += n
					})
				}
				return doubles
			}
			t.Run("off", func(t *testing.T) {
				var changes []func(*Config)
				if rule.change != nil {
					changes = append(changes, rule.change)
				}
				n := try(rule.deaf, changes...)
				t.Logf("%d cases too many", n)
				if n == 0 {
					t.Error("without the rule nothing goes wrong: the test shows nothing")
				}
			})
			t.Run("on", func(t *testing.T) {
				if n := try(false); n != 0 {
					t.Errorf("%d cases too many", n)
				}
			})
		})
	}
}

// TestEndIsBounded: with all of the last rows in doubt at once, each round of
// doubt costs the settle delay, the lag, and little more.
func TestEndIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.api.lag = 50 * time.Second
		w.api.fate = func(n int) fate {
			if n >= 1 && n < 6 { // the first row is created, the rest lost once
				return cutBefore
			}
			return taken
		}
		w.input("in.csv", linesOf(1, 6)...)
		began := time.Now()
		w.must(0, "in.csv", func(c *Config) { c.Concurrency = 8 })
		w.once(keys(1, 6)...)
		if took, most := time.Since(began), 30*time.Second+50*time.Second+15*time.Second; took > most {
			t.Errorf("took %s, want at most %s", took, most)
		}
	})
}
