package lifecycle

import (
	"strings"
	"testing"
	"time"
)

// TestEveryRuleIsNeeded turns each rule off in turn. Each time a row must get two
// cases, and the shortest story of how is told: go test -run EveryRule -v.
func TestEveryRuleIsNeeded(t *testing.T) {
	one := scenario{rows: 1, workers: 1, runs: 2, kills: 1, faults: 1, creates: []answer{lostDown}, only: oneCase}
	for _, c := range []struct {
		name string
		off  func(t *testing.T, s *scenario)
	}{
		{"rule 1: nothing leaves before it is written down", func(t *testing.T, s *scenario) {
			s.durableEarly = true
		}},
		{"rule 2: what is in doubt is looked up", func(t *testing.T, s *scenario) {
			s.nobodyLooks = true
		}},
		{"rule 3: an absence counts only after the settle delay", func(t *testing.T, s *scenario) {
			s.noSettle = true
		}},
		{"rule 4: an absence is believed only from a search that is known to find", func(t *testing.T, s *scenario) {
			s.known, s.lag = true, 6*tick
			replaceTrust(t, func(since Instant, settle time.Duration, _ *knownCase, _ Instant, _ bool) (Instant, bool) {
				return since + settle, true
			})
		}},
		{"rule 4: and found since the doubt arose", func(t *testing.T, s *scenario) {
			s.known, s.lag, s.rows, s.faults = true, 6*tick, 2, 2
			replaceTrust(t, func(since Instant, settle time.Duration, c *knownCase, newest Instant, known bool) (Instant, bool) {
				if c == nil {
					return trustFrom(since, settle, c, newest, known)
				}
				return max(since+settle, c.foundAt), true
			})
		}},
		{"rule 6: a doubt ends only by knowledge", func(t *testing.T, s *scenario) {
			s.unsearchable, s.resend, s.runs, s.faults = true, true, 3, 2
			s.creates = append(s.creates, rejected)
			forgetDoubt = true
			t.Cleanup(func() { forgetDoubt = false })
		}},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			s := one
			c.off(t, &s)
			r := shortest(&s, 2_000_000)
			if r.wrong == "" {
				t.Fatalf("%s: not needed? %d states were seen", c.name, r.states)
			}
			t.Logf("Without %s (found after %d states):\n%s", c.name, r.states, story(&s, r.path))
		})
	}
}

func replaceTrust(t *testing.T, by func(Instant, time.Duration, *knownCase, Instant, bool) (Instant, bool)) {
	trust = by
	t.Cleanup(func() { trust = trustFrom })
}
