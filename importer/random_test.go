package importer

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"caseimport/importer/talkdesk"
)

// chaos is an account and a folder over many nights: runs that are killed, lose
// what was not synced, are limited, stopped, adopted; files that are lost, swapped
// for older copies, edited; a server that fails in all ways.
type chaos struct {
	*world
	rnd     *rand.Rand
	story   []string
	night   int
	backups []map[string]string
	// flipped: the journal was damaged. By which field the claims behind a bad line
	// can be looked up is not known, so such rows may stay unknown.
	flipped bool
}

func (c *chaos) tell(format string, args ...any) {
	c.story = append(c.story, fmt.Sprintf(format, args...))
}

func (c *chaos) chance(n int) bool { return c.rnd.IntN(n) == 0 }

// weather sets how the server answers in the next run.
func (c *chaos) weather() {
	fates := []fate{cutAfter, cutBefore, broken, lateWithin, throttle, unreached, refusedBy, taken, taken, taken, taken}
	var now []fate
	for range 1 + c.rnd.IntN(6) {
		now = append(now, fates[c.rnd.IntN(len(fates))])
	}
	now = append(now, taken)
	seed := c.rnd.Uint64()
	c.api.mu.Lock()
	defer c.api.mu.Unlock()
	rnd := rand.New(rand.NewPCG(seed, 1))
	c.api.fate = func(int) fate {
		c.api.mu.Lock()
		defer c.api.mu.Unlock()
		return now[rnd.IntN(len(now))]
	}
	c.api.read = nil
	if c.chance(4) {
		answers := []talkdesk.Answer{
			{Verdict: talkdesk.NotTaken, Down: true, Code: "down", Message: "down"},
			{Verdict: talkdesk.NotTaken, Throttled: true, Status: 429},
			{Verdict: talkdesk.Unknown, Status: 400, Code: "refused", Message: "refused"},
			{Verdict: talkdesk.Halt, Denied: true, Status: 403, Message: "denied"},
		}
		a, every := answers[c.rnd.IntN(len(answers))], 1+c.rnd.IntN(3)
		n := 0
		c.api.read = func() (talkdesk.Answer, bool) {
			c.api.mu.Lock()
			defer c.api.mu.Unlock()
			n++
			return a, n%every == 0
		}
	}
}

var chaosFiles = []string{"out.csv", "out.journal", "out.failed.csv"}

// meddle does to the files what people and disks do.
func (c *chaos) meddle() {
	switch c.rnd.IntN(12) {
	case 0: // a backup of the journal, or of all
		if len(c.backups) == 0 {
			return
		}
		b := c.backups[c.rnd.IntN(len(c.backups))]
		// (Of a run that was killed nobody knows how it left the results.)
		if !endsInOrder(b["out.journal"]) || !c.has("out.csv") {
			return
		}
		os.WriteFile(c.path("out.journal"), []byte(b["out.journal"]), 0o600)
		c.tell("an older journal is put back")
	case 1:
		if c.has("out.journal") {
			text := c.read("out.journal")
			lines := strings.SplitAfter(text, "\n")
			if n := c.rnd.IntN(len(lines)); n > 0 && endsInOrder(strings.Join(lines[:n], "")) && c.has("out.csv") {
				os.WriteFile(c.path("out.journal"), []byte(strings.Join(lines[:n], "")), 0o600)
				c.tell("the journal is cut behind line %d", n)
			}
		}
	case 2:
		if c.has("out.journal") {
			text := []byte(c.read("out.journal"))
			at := c.rnd.IntN(len(text))
			text[at] ^= 1 << c.rnd.IntN(8)
			c.flipped = true
			os.WriteFile(c.path("out.journal"), text, 0o600)
			c.tell("a bit of the journal's byte %d is flipped", at)
		}
	case 3:
		if c.has("out.journal") {
			os.Remove(c.path("out.csv"))
			c.tell("the results are removed")
		}
	case 4:
		if c.has("out.csv") {
			os.Remove(c.path("out.journal"))
			c.tell("the journal is removed")
		}
	}
	b := map[string]string{}
	for _, f := range chaosFiles {
		if c.has(f) {
			b[f] = c.read(f)
		}
	}
	c.backups = append(c.backups, b)
}

var lastEnd = regexp.MustCompile(` \d+ E [^\n]*"size":[1-9][^\n]*\n$`)

func endsInOrder(journal string) bool { return lastEnd.MatchString(journal) }

// run is one night. It returns the exit code.
func (c *chaos) run(name string, changes ...func(*Config)) Summary {
	c.night++
	ctx, cancel := context.Background(), context.CancelFunc(func() {})
	change := func(cfg *Config) {
		cfg.Concurrency = 1 + c.rnd.IntN(5)
		cfg.OutagePatience = time.Duration(1+c.rnd.IntN(10)) * time.Minute
		if c.chance(4) {
			cfg.Limit = 1 + c.rnd.IntN(10)
		}
		if c.chance(5) {
			cfg.Drain = after(time.Duration(c.rnd.IntN(60_000)) * time.Millisecond)
		}
	}
	if c.chance(3) {
		c.losing = c.chance(2)
		ctx, cancel = context.WithTimeout(ctx, time.Duration(1+c.rnd.IntN(60_000))*time.Millisecond)
	}
	sum, err := c.runCtx(ctx, name, append([]func(*Config){change}, changes...)...)
	cancel()
	c.losing = false
	c.tell("night %d: %s: exit %d (%v): %+v", c.night, name, sum.Exit, err, sum)
	if sum.Exit == 1 && strings.Contains(fmt.Sprint(err), "internal") {
		c.t.Errorf("%v", err)
	}
	return sum
}

// TestChaos lives through random histories. Seeds that fail are told with their
// story. CASEIMPORT_HISTORIES and CASEIMPORT_SEED say how many, and from which on.
func TestChaos(t *testing.T) {
	histories := 15
	if s := os.Getenv("CASEIMPORT_HISTORIES"); s != "" {
		fmt.Sscan(s, &histories)
	}
	first := uint64(1)
	if s := os.Getenv("CASEIMPORT_SEED"); s != "" {
		fmt.Sscan(s, &first)
	}
	exits, adopted := map[int]int{}, 0
	for seed := first; seed < first+uint64(histories) && !t.Failed(); seed++ {
		synctest.Test(t, func(bubble *testing.T) {
			c := &chaos{world: newWorld(bubble), rnd: rand.New(rand.NewPCG(seed, 3))}
			c.forgetful(false)
			c.api.lag = time.Duration(c.rnd.IntN(20_000)) * time.Millisecond
			c.input("first.csv", line(0))
			c.must(0, "first.csv")
			time.Sleep(time.Minute)
			most := 12 + c.rnd.IntN(20)
			half := most / 2
			c.input("a.csv", linesOf(1, half)...)
			c.input("b.csv", linesOf(half+1, most)...)
			for range 6 + c.rnd.IntN(8) {
				c.meddle()
				c.weather()
				input := []string{"a.csv", "b.csv"}[c.rnd.IntN(2)]
				if c.chance(4) && c.has("out.failed.csv") {
					input = "out.failed.csv"
				}
				var how []func(*Config)
				if c.chance(8) {
					how = append(how, adopt)
				}
				sum := c.run(input, how...)
				exits[sum.Exit]++
				if sum.Exit == 1 && !c.chance(3) { // the hint is followed
					if c.has("out.journal") && strings.Contains(c.story[len(c.story)-1], "damaged") {
						os.Remove(c.path("out.journal"))
					}
					adopted++
					c.run(input, adopt)
				}
				time.Sleep(time.Duration(c.rnd.IntN(100)) * time.Second)
				if n := c.api.doubles(); n > 0 {
					t.Errorf("seed %d: %d cases too many\n%s\n%s", seed, n, strings.Join(c.story, "\n"), c.logged())
					return
				}
			}
			c.api.fate, c.api.read = nil, nil
			time.Sleep(time.Minute)
			for _, input := range []string{"a.csv", "b.csv", "a.csv", "b.csv"} { // calm nights
				sum, err := c.runCtx(context.Background(), input)
				if sum.Exit == 1 {
					os.Remove(c.path("out.journal"))
					sum, err = c.runCtx(context.Background(), input, adopt)
				}
				c.tell("calm: exit %d (%v): %+v", sum.Exit, err, sum)
				if sum.Exit != 0 && !(c.flipped && sum.Exit == 3 && sum.Failed == 0) {
					t.Errorf("seed %d: a calm night ends with %d: %v\n%s\n%s", seed, sum.Exit, err, strings.Join(c.story, "\n"), c.logged())
					return
				}
			}
			for n := 0; n <= most; n++ {
				if count := c.api.counts()[fmt.Sprintf("T-%d", n)]; count > 1 || count == 0 && !c.flipped {
					t.Errorf("seed %d: row %d has %d cases\n%s\n%s", seed, n, count, strings.Join(c.story, "\n"), c.logged())
					return
				}
			}
		})
	}
	t.Logf("%d histories; exits %v; %d times the hint was followed", histories, exits, adopted)
}
