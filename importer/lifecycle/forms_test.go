package lifecycle

import (
	"math/rand/v2"
	"os"
	"runtime/debug"
	"testing"
)

// long asks for the long form, which takes minutes and some gigabytes: larger
// worlds, and walks of millions of steps.
//
//	CASEIMPORT_LONG=1 go test ./importer/lifecycle -run 'EveryOrder|Walks' -v -timeout 2h
var long = os.Getenv("CASEIMPORT_LONG") != ""

const (
	mostStates = 1_000_000 // of a world of the short form: more is a mistake
	mostLong   = 3_000_000 // of the long form: there a world is cut off
)

// TestEveryOrder explores every order of events in each of the worlds. Each arrow of
// the diagram must be needed: some row goes there.
func TestEveryOrder(t *testing.T) {
	if !long { // the copies of a state are short-lived, and few are alive
		defer debug.SetGCPercent(debug.SetGCPercent(400))
	}
	states, steps := 0, 0
	var gone [len(stateNames)][len(stateNames)]bool
	explored := 0
	for _, s := range worlds() {
		t.Run(named(s.name), func(t *testing.T) {
			most := mostStates
			if long {
				s.grow()
				most = mostLong
			}
			explored++
			s.hooks.moved = func(from, to State) { gone[from][to] = true }
			r := explore(s, most)
			states += r.states
			steps += r.steps
			t.Logf("%d states, %d steps, %d deep, the last run over in %d", r.states, r.steps, r.deepest, r.ends)
			switch {
			case r.wrong != "":
				path := r.path
				if short := shortest(s, mostStates); short.wrong != "" {
					path = short.path
				}
				t.Errorf("%s\n%s", r.wrong, story(s, path))
			case r.states >= most && !long:
				t.Errorf("not every order was tried: make this world smaller")
			case r.states >= most:
				t.Logf("cut off")
			case r.ends == 0:
				t.Errorf("no run came to its end")
			}
		})
	}
	t.Logf("%d states and %d steps in all", states, steps)
	if explored < len(worlds()) || long {
		return // by -run; and some of the worlds are cut off
	}
	for from, all := range arrows {
		for _, to := range all {
			if !gone[from][to] {
				t.Errorf("no row goes from %s to %s", State(from), to)
			}
		}
	}
}

// TestRandomWalks goes where the explorer cannot: larger worlds, one order of
// events out of many.
func TestRandomWalks(t *testing.T) {
	steps, seed := 100_000, uint64(1)
	if long {
		steps, seed = 10_000_000, rand.Uint64()
	}
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for n, walks := 0, 0; ; walks++ {
		s := randomScenario(random)
		w := newWorld(s)
		var path []event
		for {
			w.examine()
			events := w.events()
			if w.wrong != "" {
				t.Fatalf("%s\n%s", w.wrong, story(s, path))
			}
			if len(events) == 0 {
				break
			}
			e := events[random.IntN(len(events))]
			for n := 0; e.kind >= stopAsked && n < 4; n++ {
				e = events[random.IntN(len(events))] // else runs are short
			}
			w.do(e)
			path = append(path, e)
		}
		if which, what := w.heals(map[stateKey]bool{}, &keyer{}); what != "" {
			t.Fatalf("%s: %s\n%s", which, what, story(s, path))
		}
		if n += len(path); n >= steps {
			t.Logf("%d walks, %d steps", walks+1, n)
			return
		}
	}
}

// randomScenario is a world in which much may go wrong.
func randomScenario(random *rand.Rand) *scenario {
	chance := func(n int) bool { return random.IntN(n) == 0 }
	s := &scenario{rows: 1 + random.IntN(known), workers: 1 + random.IntN(3), runs: 1 + random.IntN(4),
		kills: random.IntN(4), stops: random.IntN(3), faults: random.IntN(12), slow: random.IntN(20), breaks: random.IntN(6) / 5,
		known: true, old: chance(3), lag: Instant(random.IntN(16)) * tick,
		resend: chance(2), unsearchable: chance(5), lookFirst: chance(6), question: chance(4), invalid: chance(6),
		child: chance(5), locks: chance(6)}
	if chance(2) {
		s.updates = rowSet(random.IntN(1 << s.rows))
	}
	if chance(3) && !s.locks {
		s.edits = rowSet(random.IntN(1<<s.rows)) &^ s.updates // one update of a row, so that one that is made twice shows
	}
	if chance(3) {
		s.parents, s.noParents = s.updates&rowSet(random.IntN(1<<s.rows)), random.IntN(4)
	}
	s.notes = (s.updates | s.edits) & rowSet(random.IntN(1<<s.rows))
	s.child = s.child && s.rows > 1
	s.lookFirst = s.lookFirst && !s.unsearchable // --adopt demands a key field
	if chance(4) {
		s.limit = 1 + random.IntN(3)
	}
	if chance(3) {
		s.patience = Instant(8+random.IntN(300)) * tick
	}
	for _, a := range []answer{lost, lostDown, rejected, throttled, noConnection, renewed, denied, blocked} {
		if chance(2) {
			s.creates = append(s.creates, a)
		}
	}
	for _, a := range []answer{lost, lostDown, rejected, throttled, noConnection, renewed, denied, blocked} {
		if chance(2) {
			s.changes = append(s.changes, a)
		}
	}
	for _, a := range []answer{noConnection, throttled, renewed, denied, refusedRead, wrongAddress} {
		if chance(4) {
			s.reads = append(s.reads, a)
		}
	}
	return s
}
