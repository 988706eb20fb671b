package lifecycle

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// seen is what an exploration came to.
type seen struct {
	states, steps int
	deepest       int
	ends          int // states in which the last run is over
	// path leads to the state in which an invariant does not hold, if any.
	path  []event
	wrong string
	which invariant
}

// explore visits every state of a scenario that can be reached, depth first, and
// checks the invariants in each. Since no state comes back to itself, every
// path of events ends.
func explore(s *scenario, limit int) (r seen) {
	const onPath, done = 1, 2
	marks := map[stateKey]uint8{}
	healed := map[stateKey]bool{}
	var k keyer
	var path []event
	fail := func(which invariant, what string) bool {
		r.which, r.wrong, r.path = which, what, append([]event(nil), path...)
		return false
	}
	var visit func(w *world) bool
	visit = func(w *world) bool {
		w.examine()
		events := w.events()
		if w.wrong != "" {
			return fail(w.invariant, w.wrong)
		}
		key := k.key(w)
		switch marks[key] {
		case done:
			return true
		case onPath:
			if w.only != "" {
				return true
			}
			return fail(runEnds, "the run goes in circles")
		}
		marks[key] = onPath
		r.states++
		r.deepest = max(r.deepest, len(path))
		if w.over() && w.only == "" {
			if w.run == w.runs {
				r.ends++
			}
			if which, what := w.heals(healed, &k); what != "" {
				return fail(which, what)
			}
		}
		for i, e := range events {
			if r.states >= limit {
				break
			}
			n := w
			if i < len(events)-1 {
				n = w.clone()
			}
			n.do(e)
			r.steps++
			path = append(path, e)
			if !visit(n) {
				return false
			}
			path = path[:len(path)-1]
		}
		marks[key] = done
		return true
	}
	visit(newWorld(s))
	return r
}

// shortest finds the shortest path to a state in which an invariant does not
// hold, breadth first.
func shortest(s *scenario, limit int) (r seen) {
	type node struct {
		from  int32
		event event
	}
	type open struct {
		w  *world
		at int32
	}
	var k keyer
	nodes := []node{{from: -1}}
	known := map[stateKey]bool{}
	front := []open{{newWorld(s), 0}}
	for len(front) > 0 {
		var next []open
		for _, o := range front {
			if r.states++; r.states > limit {
				return r
			}
			for _, e := range o.w.events() {
				n := o.w.clone()
				n.do(e)
				r.steps++
				n.examine()
				n.events()
				if n.wrong != "" {
					r.wrong, r.which = n.wrong, n.invariant
					r.path = []event{e}
					for at := o.at; at > 0; at = nodes[at].from {
						r.path = append([]event{nodes[at].event}, r.path...)
					}
					return r
				}
				if key := k.key(n); !known[key] {
					known[key] = true
					next = append(next, open{n, int32(len(nodes))})
					nodes = append(nodes, node{o.at, e})
				}
			}
		}
		front = next
	}
	return r
}

// heals runs the command again, several times, with nothing going wrong any
// more, and checks that every row gets its case, or stays unknown for a reason.
func (w *world) heals(healed map[stateKey]bool, k *keyer) (invariant, string) {
	c := *w
	calm := *w.scenario
	calm.runs = maxRuns - 1
	c.scenario = &calm
	n := c.clone()
	n.kills, n.stops, n.breaks, n.faults, n.slow = 0, 0, 0, 0, 0
	for last := min(w.run+3, maxRuns-1); n.run < last; {
		if n.disk.broken {
			n.do(event{killed, 0, 0})
		} else {
			n.do(event{again, 0, int16(boolInt(w.resend))})
		}
		if n.run == w.run+1 {
			key := k.key(n)
			if healed[key] {
				return "", ""
			}
			healed[key] = true
		}
		for steps := 0; !n.over(); steps++ {
			events := n.events()
			if n.wrong != "" {
				return n.invariant, n.wrong
			}
			if steps > 5000 {
				return runEnds, "a calm run does not end"
			}
			n.do(calmest(events))
		}
		n.examine()
		if n.wrong != "" {
			return n.invariant, n.wrong
		}
	}
	for i := range n.scenario.rows {
		if !n.settled(i) {
			return calmHeals, fmt.Sprintf("after calm runs, row %s is %q in the journal", names[i], n.disk.state(i))
		}
	}
	return "", ""
}

// calmest is the event that happens when all is well.
func calmest(events []event) event {
	best := events[0]
	for _, e := range events {
		if e.kind != arrives && e.kind < best.kind {
			best = e
		}
	}
	return best
}

// TestEveryOrder explores the worlds one after the other.
func TestEveryOrder(t *testing.T) {
	for _, s := range worlds() {
		t.Run(strings.ReplaceAll(s.name, " ", "-"), func(t *testing.T) {
			r := explore(s, 300_000)
			t.Logf("%d states, %d steps, %d deep, %d ends", r.states, r.steps, r.deepest, r.ends)
			if r.wrong != "" {
				short := shortest(s, 400_000)
				if short.wrong == "" {
					short = r
				}
				t.Errorf("%s\n%s", short.wrong, story(s, short.path))
				_ = rand.Int
			}
		})
	}
}

// story tells what happened on a path.
func story(s *scenario, path []event) string {
	lines := []string{}
	w := newWorld(s)
	w.lines = &lines
	w.tell("run 1 begins")
	for _, e := range path {
		n := w.clone()
		n.do(e)
		w = n
	}
	w.examine()
	w.events()
	var b strings.Builder
	for i, l := range lines {
		fmt.Fprintf(&b, "%3d. %s\n", i+1, l)
	}
	fmt.Fprintf(&b, "INVARIANT %q: %s\n", w.invariant, w.wrong)
	return b.String()
}
