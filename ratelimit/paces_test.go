package ratelimit

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write testdata/paces.txt anew: read the difference before it is committed")

// TestPaces holds what a controller does with many kinds of servers against
// testdata/paces.txt: what was accepted, and behind a minus refused, in every second. The
// goals are tests of their own; this shows what a change changes, so that none is made
// without being seen.
func TestPaces(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("other processors round in other places")
	}
	steady := func(rate float64) rates { return rates{{0, rate}} }
	steps := rates{{0, 20}, {30, 60}, {60, 8}}
	var text strings.Builder
	for _, tt := range []struct {
		name  string
		world world
	}{
		{"a bucket", world{server: &bucket{rates: steady(20), seconds: 1}, latency: 0.1}},
		{"a bucket without burst", world{server: &bucket{rates: steady(20)}, latency: 0.1}},
		{"a deep bucket", world{server: &bucket{rates: steady(20), seconds: 10}, latency: 0.1}},
		{"a slow bucket", world{server: &bucket{rates: steady(0.5), seconds: 4}, latency: 0.2}},
		{"a fast bucket", world{server: &bucket{rates: steady(150), seconds: 1}, latency: 0.05, seconds: 40}},
		{"a bucket far away", world{server: &bucket{rates: steady(20), seconds: 1}, latency: 2}},
		{"a bucket that says how long", world{server: &bucket{rates: steady(20), seconds: 1}, latency: 0.1, says: "retry"}},
		{"a bucket that says what is left", world{server: &bucket{rates: steady(20), seconds: 1}, latency: 0.1, says: "quota"}},
		{"a bucket that says what is left, far away", world{server: &bucket{rates: steady(20), seconds: 4}, latency: 2, says: "quota"}},
		{"windows of a second", world{server: &fixed{rates: steady(20), length: 1, phase: 0.37}, latency: 0.1}},
		{"windows of ten seconds", world{server: &fixed{rates: steady(6), length: 10, phase: 0.37}, latency: 0.1, seconds: 150}},
		{"windows of ten seconds that say how long", world{server: &fixed{rates: steady(6), length: 10, phase: 0.37}, latency: 0.1, says: "retry", seconds: 150}},
		{"windows of ten seconds that say what is left", world{server: &fixed{rates: steady(6), length: 10, phase: 0.37}, latency: 0.1, says: "quota", seconds: 150}},
		{"windows of a minute that say what is left", world{server: &fixed{rates: steady(2), length: 60, phase: 0.37}, latency: 0.1, says: "quota", seconds: 200}},
		{"sliding seconds", world{server: &sliding{rates: steady(20), length: 1}, latency: 0.05, says: "retry"}},
		{"sliding tens of seconds", world{server: &sliding{rates: steady(6), length: 10}, latency: 0.1, seconds: 150}},
		{"four at a time", world{server: &parallel{most: 4, latency: 0.2}, latency: 0.2}},
		{"a server that slows down", world{server: &parallel{most: 1e9, latency: 1}, queue: 20, latency: 0.05}},
		{"no limit", world{server: &parallel{most: 1e9, latency: 1}, latency: 0.1, seconds: 8}},
		{"no limit, two workers", world{server: &parallel{most: 1e9, latency: 1}, latency: 0.1, workers: 2, seconds: 30}},
		{"no more than a person allows", world{server: &bucket{rates: steady(50), seconds: 1}, latency: 0.1, most: 20}},
		{"less than a person allows", world{server: &bucket{rates: steady(15), seconds: 1}, latency: 0.1, most: 20}},
		{"it has learned too little", world{server: &bucket{rates: steady(50), seconds: 1}, latency: 0.1, learned: 10}},
		{"it has learned too much", world{server: &bucket{rates: steady(20), seconds: 1}, latency: 0.1, learned: 90}},
		{"a limit that changes", world{server: &bucket{rates: steps, seconds: 1}, latency: 0.1, seconds: 100}},
		{"a limit that changes, and says how long", world{server: &bucket{rates: steps, seconds: 1}, latency: 0.1, says: "retry", seconds: 100}},
		{"a limit that changes, in windows that say what is left", world{server: &fixed{rates: steps, length: 5, phase: 0.37}, latency: 0.1, says: "quota", seconds: 100}},
		{"a neighbour", world{server: &bucket{rates: steady(20), seconds: 1}, latency: 0.1, neighbour: rates{{0, 0}, {25, 12}, {55, 0}}, seconds: 90}},
		{"a neighbour, in windows that say how long", world{server: &fixed{rates: steady(20), length: 5, phase: 0.37}, latency: 0.1, says: "retry", neighbour: rates{{0, 0}, {40, 12}, {120, 0}}, seconds: 200}},
		{"a neighbour who takes it all", world{server: &bucket{rates: steady(20), seconds: 1}, latency: 0.1, neighbour: rates{{0, 0}, {30, 100}, {150, 0}}, seconds: 300}},
		{"an outage", world{server: &bucket{rates: rates{{0, 20}, {30, 0}, {180, 20}}, seconds: 1}, latency: 0.02, seconds: 260}},
		{"windows of a minute", world{server: &fixed{rates: steady(2), length: 60, phase: 0.37}, latency: 0.1, seconds: 400}},
		{"windows of ten seconds, far away", world{server: &fixed{rates: steady(6), length: 10, phase: 0.37}, latency: 2, seconds: 200}},
		{"a bucket that says how long, far away", world{server: &bucket{rates: steady(20)}, latency: 2, says: "retry", seconds: 200}},
		{"a server that slows down, farther away", world{server: &parallel{most: 1e9, latency: 1}, queue: 8, latency: 0.4, seconds: 90}},
		{"a server that slows down, beside a limit", world{server: &bucket{rates: rates{{0, 40}, {30, 15}}, seconds: 1}, queue: 20, latency: 0.02, seconds: 90}},
	} {
		if tt.world.seconds == 0 {
			tt.world.seconds = 70
		}
		o := tt.world.run()
		fmt.Fprintf(&text, "# %s: %d in flight at most\n", tt.name, o.parallel)
		for i := range int(tt.world.seconds) {
			end := " "
			if i%10 == 9 || i == int(tt.world.seconds)-1 {
				end = "\n"
			}
			second := fmt.Sprint(o.accepted[i])
			if o.refused[i] > 0 {
				second += fmt.Sprint("-", o.refused[i])
			}
			text.WriteString(second + end)
		}
	}
	path := filepath.Join("testdata", "paces.txt")
	if *rewrite {
		if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got, old := strings.Split(text.String(), "# "), strings.Split(string(want), "# ")
	for i := range max(len(got), len(old)) {
		if i >= len(got) || i >= len(old) {
			t.Fatalf("%d servers, %d of them in %s", len(got)-1, len(old)-1, path)
		}
		if got[i] != old[i] {
			t.Errorf("other than in %s (if it is meant to be, rewrite it: go test ./ratelimit -args -rewrite):\n%s\nit was\n%s", path, got[i], old[i])
		}
	}
}
