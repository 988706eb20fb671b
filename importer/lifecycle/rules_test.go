package lifecycle

import (
	"strings"
	"testing"
	"time"
)

// TestEveryRuleIsNeeded turns each rule off in turn, in a world in which nothing
// goes wrong while it holds. Each time a row must get two cases; the shortest
// story of how that comes is told by
//
//	go test ./importer/lifecycle -run EveryRule -v
func TestEveryRuleIsNeeded(t *testing.T) {
	for _, c := range []struct {
		rule  string
		world scenario
		off   func(s *scenario)
	}{{
		"rule 1, nothing leaves before it is written down",
		scenario{rows: 1, runs: 2, kills: 1},
		func(s *scenario) { s.durableEarly = true },
	}, {
		"rule 2, what is in doubt is looked up and not sent again",
		scenario{rows: 1, runs: 1, faults: 1, creates: []answer{lostDown}},
		func(s *scenario) { s.nobodyLooks = true },
	}, {
		"rule 3, an absence counts only after the settle delay",
		scenario{rows: 1, runs: 1, faults: 1, creates: []answer{lostDown}},
		func(s *scenario) { s.noSettle = true },
	}, {
		"rule 3, and the delay counts from the lock for a row of an earlier run",
		scenario{rows: 1, runs: 2, kills: 1},
		func(s *scenario) { s.ageless = true },
	}, {
		"rule 4, an absence is believed only from a search that is known to find",
		scenario{rows: 1, runs: 1, faults: 1, creates: []answer{lostDown}, known: true, lag: 6 * tick},
		func(s *scenario) {
			s.hooks.trust = func(since Instant, settle time.Duration, c *knownCase, newest Instant, _ bool) (Instant, bool) {
				return trustFrom(since, settle, c, newest, false)
			}
		},
	}, {
		"rule 4, and only when the search's lag has passed too",
		scenario{rows: 1, runs: 1, faults: 1, creates: []answer{lostDown}, known: true, lag: 6 * tick},
		func(s *scenario) {
			s.hooks.trust = func(since Instant, settle time.Duration, c *knownCase, newest Instant, known bool) (at Instant, ok bool) {
				if at, ok = trustFrom(since, settle, c, newest, known); ok && known {
					at = max(since+settle, c.foundAt)
				}
				return at, ok
			}
		},
	}, {
		// The old case was shown long ago, so it cannot tell that the search
		// lags by more than anyone would guess. The younger one can.
		"rule 4, and by a case as young as there is",
		scenario{rows: 2, runs: 1, faults: 1, creates: []answer{lostDown}, known: true, old: true, eager: true, lag: 6 * settle},
		func(s *scenario) {
			s.hooks.trust = func(since Instant, settle time.Duration, c *knownCase, _ Instant, known bool) (Instant, bool) {
				return trustFrom(since, settle, c, -never, known)
			}
		},
	}, {
		"rule 6, a doubt ends only by knowledge",
		scenario{rows: 1, runs: 3, faults: 2, creates: []answer{lostDown, rejected}, unsearchable: true, resend: true},
		func(s *scenario) { s.hooks.forgetDoubt = true },
	}} {
		t.Run(named(c.rule), func(t *testing.T) {
			s := c.world
			s.workers = 1
			if r := explore(&s, 100_000); r.wrong != "" {
				t.Fatalf("this world is not sound with the rule:\n%s", story(&s, r.path))
			}
			s.only = oneCase
			c.off(&s)
			r := shortest(&s, 100_000)
			if r.wrong == "" {
				t.Fatalf("%s: not needed? %d states were seen", c.rule, r.states)
			}
			t.Logf("Without %s (found after %d states):\n%s", c.rule, r.states, story(&s, r.path))
		})
	}
}

// TestParentRuleIsNeeded does the same with what is promised of an update that is
// refused for its parent: the rest of it is set, and the row is not done.
func TestParentRuleIsNeeded(t *testing.T) {
	for _, c := range []struct {
		rule   string
		off    func(s *scenario)
		breaks invariant
	}{
		{"such a row is incomplete", func(s *scenario) { s.hooks.forgetLeft = true }, doneTrue},
		{"the rest is sent without the parent", func(s *scenario) { s.unexplained = true }, calmHeals},
	} {
		t.Run(named(c.rule), func(t *testing.T) {
			s := scenario{rows: 1, workers: 1, runs: 1, updates: 1, parents: 1, noParents: maxRuns}
			if r := explore(&s, 100_000); r.wrong != "" {
				t.Fatalf("this world is not sound with the rule:\n%s", story(&s, r.path))
			}
			c.off(&s)
			r := explore(&s, 100_000)
			if r.which != c.breaks {
				t.Fatalf("%s: not needed? %q does not hold: %s", c.rule, r.which, r.wrong)
			}
			t.Logf("Without it, %s:\n%s", r.wrong, story(&s, r.path))
		})
	}
}

// TestWhatIsAssumed shows what the promise cannot do without: where the world
// does not keep to it, a row gets two cases, whatever the rules.
func TestWhatIsAssumed(t *testing.T) {
	lost := scenario{rows: 1, runs: 1, faults: 1, creates: []answer{lostDown}}
	for _, c := range []struct {
		what   string
		breaks func(s *scenario)
	}{
		{"a request that was given up arrives within the settle delay or not at all", func(s *scenario) { s.tardy = 2 * tick }},
		{"where no case is known, the search shows a case within the settle delay", func(s *scenario) { s.lag = 2 * tick }},
		{"where no younger case is known, the search lags by no more than the guess", func(s *scenario) {
			s.known, s.old, s.lag = true, true, (lagGuess+1)*settle
		}},
	} {
		t.Run(named(c.what), func(t *testing.T) {
			s := lost
			s.workers, s.only = 1, oneCase
			if r := explore(&s, 100_000); r.wrong != "" {
				t.Fatalf("not sound where it holds:\n%s", story(&s, r.path))
			}
			c.breaks(&s)
			r := shortest(&s, 100_000)
			if r.wrong == "" {
				t.Fatalf("not assumed, but needed nowhere: %s", c.what)
			}
			t.Logf("It is assumed that %s. Else:\n%s", c.what, story(&s, r.path))
		})
	}
}

func named(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, ",", ""), " ", "-")
}
