package importer

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"caseimport/importer/talkdesk"
	"caseimport/ratelimit"
)

// Runs are stopped at random, by one signal or two: nothing is lost, and nothing is
// made twice.
func TestStopsAnywhere(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			in(t, func(w *world) {
				rnd := rand.New(rand.NewPCG(seed, 2))
				w.input("first.csv", line(0))
				w.must(0, "first.csv")
				w.api.latency = 200 * time.Millisecond
				w.api.fate = mix(seed, map[*fate]int{&refusedBy: 5, &cutAfter: 10, &cutBefore: 10, &throttle: 5, &unreached: 10, &broken: 3})
				w.input("in.csv", linesOf(1, 60)...)
				for range 6 {
					drain := make(chan struct{})
					at := time.Duration(rnd.Int64N(int64(60 * time.Second)))
					time.AfterFunc(at, func() { close(drain) })
					ctx, cancel := context.WithTimeout(context.Background(), at+time.Duration(rnd.Int64N(int64(time.Second))))
					if rnd.IntN(2) == 0 {
						cancel()
						ctx, cancel = context.WithCancel(context.Background())
					}
					sum, err := w.runCtx(ctx, "in.csv", func(c *Config) {
						c.Drain = drain
						if rnd.IntN(3) == 0 {
							c.Limit = 1 + rnd.IntN(20)
						}
						if rnd.IntN(4) == 0 {
							c.Adopt = true
						}
					})
					cancel()
					if sum.Exit == 1 {
						t.Fatalf("%+v %v", sum, err)
					}
				}
				w.api.fate = nil
				sum, err := w.run("in.csv")
				if sum.Exit != 0 {
					t.Errorf("%+v %v", sum, err)
				}
				w.once(keys(0, 60)...)
			})
		})
	}
}

func TestInterruptedFirstLookLooksAgain(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 100)...)
		w.must(0, "in.csv")
		time.Sleep(time.Hour)
		other := func(c *Config) { c.Results = w.path("other.csv") }
		drain := after(100 * time.Millisecond)
		w.must(4, "in.csv", other, func(c *Config) { c.Drain = drain })
		sum, err := w.run("in.csv", other)
		if d := w.api.doubles(); d > 0 || sum.Exit != 1 {
			t.Errorf("%d doubles: %+v %v", d, sum, err)
		}
	})
}

func TestInterruptedIsNotFailed(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 3)...)
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		sum, err := w.runCtx(ctx, "in.csv", func(c *Config) { c.API = interruptedEarly{w.api}; c.MaxAttempts = 1 })
		if sum.Failed > 0 {
			t.Errorf("%+v %v", sum, err)
		}
	})
}

// interruptedEarly has no connection when the second signal comes.
type interruptedEarly struct{ *server }

func (s interruptedEarly) Create(ctx context.Context, body []byte, field string) talkdesk.Answer {
	<-ctx.Done()
	return talkdesk.Answer{Verdict: talkdesk.NotTaken, Code: "interrupted", Message: "given up before an answer came"}
}

func TestHaltWhileOthersAreInFlightIsNoExit1(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 20)...)
		w.api.latency = time.Second
		// the first create waits a bit so that the others are in flight
		sum, _ := w.run("in.csv", func(c *Config) { c.API = slowHalt{w.api} })
		if n := len(w.api.cases); n > 0 && (sum.Exit == 1 || !w.has("out.csv")) {
			t.Errorf("%d cases were created, exit %d, results there: %v", n, sum.Exit, w.has("out.csv"))
		}
	})
}

type slowHalt struct{ *server }

func (f slowHalt) Create(ctx context.Context, body []byte, field string) talkdesk.Answer {
	f.mu.Lock()
	n := f.creates
	f.mu.Unlock()
	if n == 0 {
		f.mu.Lock()
		f.creates++
		f.mu.Unlock()
		time.Sleep(500 * time.Millisecond)
		return talkdesk.Answer{Verdict: talkdesk.Halt, Status: 404, Message: "404: wrong address"}
	}
	return f.server.Create(ctx, body, field)
}

func TestLimitCountsDoubts(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 8)...)
		w.api.fate = func(n int) fate { return cutBefore }
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		w.runCtx(ctx, "in.csv", func(c *Config) { c.Concurrency = 8 })
		w.api.fate = nil
		w.run("in.csv", func(c *Config) { c.Limit = 1 })
		if n := len(w.api.cases); n > 1 {
			t.Errorf("--limit 1 made %d cases", n)
		}
		if strings.Contains(w.read("out.csv"), "this input does not hold it") {
			t.Error("a row of this input, said not to be in it")
		}
	})
}

func TestInterruptedResendRemembersDoubts(t *testing.T) {
	in(t, func(w *world) {
		w.mapping = keyless
		w.api.fate = func(n int) fate { return cutAfter }
		w.input("in.csv", linesOf(1, 30)...)
		w.resendInterrupted()
	})
}

// The same of rows that were decided on before they were read.
func TestResendDecidedBeforeTheRowIsRead(t *testing.T) {
	in(t, func(w *world) {
		w.mapping = strings.Replace(keyed, ", custom_field: text_source_id", "", 1)
		w.api.fate = func(n int) fate { return cutAfter }
		var spam []string
		for n := range 3000 {
			spam = append(spam, fmt.Sprintf("S-%d,Spam,x,spam,low", n))
		}
		w.input("in.csv", append(spam, linesOf(1, 30)...)...)
		w.resendInterrupted()
	})
}

// resendInterrupted leaves the rows of in.csv in doubt, interrupts a run that is to send
// them again, and sees that the next one does not.
func (w *world) resendInterrupted() {
	w.t.Helper()
	w.must(3, "in.csv")
	w.api.fate = nil
	drain := after(3 * time.Second)
	w.must(4, "in.csv", func(c *Config) { c.ResendUnknown = true; c.Limiter = ratelimit.New(1); c.Drain = drain })
	n := len(w.api.cases)
	sum, _ := w.run("in.csv") // nobody said resend
	if len(w.api.cases) != n {
		w.t.Errorf("%d rows in doubt were sent again without --resend-unknown: %+v", len(w.api.cases)-n, sum)
	}
}
