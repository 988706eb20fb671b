package lifecycle

import (
	"slices"
	"strings"
	"testing"
)

// TestEveryArrowIsNeeded takes each arrow of the diagram away in turn: then the
// explorer must meet a row that wants to go there.
func TestEveryArrowIsNeeded(t *testing.T) {
	for from, all := range arrows {
		for _, to := range all {
			arrows[from] = slices.DeleteFunc(slices.Clone(all), func(s State) bool { return s == to })
			if !missed() {
				t.Errorf("no row goes from %s to %s", State(from), to)
			}
			arrows[from] = all
		}
	}
}

// missed reports whether some row wants to go where there is no arrow.
func missed() bool {
	for _, limit := range []int{300, 5_000, 50_000} {
		for _, s := range worlds() {
			n := *s
			n.only = machineSound
			if r := explore(&n, limit); strings.HasPrefix(r.wrong, "internal error") {
				return true
			}
		}
	}
	return false
}
