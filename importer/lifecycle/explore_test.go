package lifecycle

import (
	"fmt"
	"slices"
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
// checks the invariants in each. It also sees to it that no state comes back to
// itself: so every path of events has an end, and at each end all rows are told
// of.
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
	type reached struct {
		w  *world
		at int32
	}
	var k keyer
	nodes := []node{{from: -1}}
	met := map[stateKey]bool{}
	front := []reached{{newWorld(s), 0}}
	for len(front) > 0 {
		var next []reached
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
						r.path = append(r.path, nodes[at].event)
					}
					slices.Reverse(r.path)
					return r
				}
				if key := k.key(n); !met[key] {
					met[key] = true
					next = append(next, reached{n, int32(len(nodes))})
					nodes = append(nodes, node{o.at, e})
				}
			}
		}
		front = next
	}
	return r
}

// heals holds what must hold when nothing goes wrong any more: whether what is
// still on its way to the server arrives, at the last moment, or never does.
func (w *world) heals(healed map[stateKey]bool, k *keyer) (invariant, string) {
	for _, next := range []func([]event) event{calmest, calmestLate} {
		if which, what := w.healsBy(next, healed, k); what != "" || len(w.late) == 0 {
			return which, what
		}
	}
	return "", ""
}

// healsBy runs the command again, several times, with nothing going wrong any
// more, and checks that every row gets its case, or stays unknown for a reason.
func (w *world) healsBy(next func([]event) event, healed map[stateKey]bool, k *keyer) (invariant, string) {
	c := *w
	calm := *w.scenario
	calm.runs, calm.limit = maxRuns-1, 0
	c.scenario = &calm
	n := c.clone()
	n.kills, n.stops, n.breaks, n.faults, n.slow = 0, 0, 0, 0, 0
	for last := min(w.run+3, maxRuns-1); n.run < last; {
		if n.disk.broken {
			n.do(event{killed, 0, int16(boolInt(w.resend))})
		} else {
			n.do(event{again, 0, int16(boolInt(w.resend))})
		}
		if n.run == w.run+1 {
			key := k.key(n)
			if len(n.late) == 0 && healed[key] {
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
			n.do(next(events))
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

// calmestLate is the same, but what was given up arrives in the end.
func calmestLate(events []event) event {
	best := calmest(events)
	if i := slices.IndexFunc(events, func(e event) bool { return e.kind == arrives }); i >= 0 && best.kind == passes {
		return events[i]
	}
	return best
}
