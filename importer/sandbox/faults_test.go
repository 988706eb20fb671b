package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// begin sends a create that may hang. give cancels it as a client does that
// gives up; the answer comes on the channel.
func begin(s *Server, body string) (give context.CancelFunc, done <-chan answer) {
	ctx, cancel := context.WithCancel(context.Background())
	answers := make(chan answer, 1)
	go func() { answers <- serve(s, newRequest("POST", casesPath, body).WithContext(ctx)) }()
	return cancel, answers
}

func TestFaultsOfCreates(t *testing.T) {
	tests := []struct {
		name   string
		opt    Options
		stored int
		check  func(a answer) bool
	}{
		{"throttle", Options{Throttle: 100}, 0, func(a answer) bool { return a.Code == 429 }},
		{"cut before", Options{CutBefore: 100}, 0, func(a answer) bool { return a.cut }},
		{"cut after", Options{CutAfter: 100}, 1, func(a answer) bool { return a.cut }},
		{"error before", Options{ErrBefore: 100}, 0, isServerError},
		{"error after", Options{ErrAfter: 100}, 1, isServerError},
		{"broken answer", Options{BrokenAnswer: 100}, 1, func(a answer) bool { return a.Code == 201 && idOf(a) == "" }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for seed := range uint64(20) { // all forms of the fault
				test.opt.Seed = seed
				s := newServer(test.opt)
				a := ask(s, "POST", casesPath, caseWith())
				if !test.check(a) || len(s.Cases()) != test.stored {
					t.Errorf("seed %d: cut %v, %d %q, %d stored", seed, a.cut, a.Code, a.Body, len(s.Cases()))
				}
				if n := s.Stats().Faults[test.name]; n != 1 {
					t.Errorf("seed %d: counted %d times", seed, n)
				}
				if a := ask(s, "GET", casesPath, ""); a.Code != http.StatusOK {
					t.Errorf("the list is concerned too: %d", a.Code)
				}
			}
		})
	}
}

func isServerError(a answer) bool {
	return a.Code >= 500 && strings.HasPrefix(a.Header().Get("Content-Type"), "text/html") && strings.Contains(a.Body.String(), "<html>")
}

func idOf(a answer) string {
	var c struct{ ID string }
	if json.Unmarshal(a.Body.Bytes(), &c) != nil {
		return ""
	}
	return c.ID
}

func TestFaultsAfterStoringNeedAValidBody(t *testing.T) {
	for _, opt := range []Options{{CutAfter: 100}, {ErrAfter: 100}, {BrokenAnswer: 100}, {HangAfter: 100}, {LateStore: 100}} {
		s := newServer(opt)
		if a := ask(s, "POST", casesPath, `{}`); a.Code != http.StatusBadRequest || a.cut || len(s.Cases()) != 0 {
			t.Errorf("%+v: %d, cut %v", opt, a.Code, a.cut)
		}
	}
}

func TestBrokenAnswersTakeSeveralForms(t *testing.T) {
	forms := map[string]int{}
	for seed := range uint64(50) {
		a := ask(newServer(Options{Seed: seed, BrokenAnswer: 100}), "POST", casesPath, caseWith())
		switch n, _ := strconv.Atoi(a.Header().Get("Content-Length")); {
		case strings.HasPrefix(a.Body.String(), "<html>"):
			forms["html"]++
		case a.Body.Len() == 0:
			forms["empty"]++
		case a.Body.Len() < n:
			forms["cut short"]++
		case json.Valid(a.Body.Bytes()):
			forms["no id"]++
		default:
			forms["no JSON"]++
		}
	}
	if len(forms) != 5 {
		t.Errorf("%v", forms)
	}
}

func TestReadFaults(t *testing.T) {
	s := newServer(Options{ReadFaults: 100})
	id := mustCreate(t, s, caseWith())
	for _, path := range []string{casesPath, casesPath + "/" + id} {
		if a := ask(s, "GET", path, ""); !isServerError(a) {
			t.Errorf("%s: %d", path, a.Code)
		}
	}
}

// outcomes sends each body so many times, the bodies in the order given, and
// returns by body what came of it.
func outcomes(opt Options, order []int, times int) map[int]string {
	s := newServer(opt)
	got := map[int]string{}
	for range times {
		for _, i := range order {
			a := ask(s, "POST", casesPath, caseWith(fmt.Sprintf(`"owner_id":"o%d"`, i)))
			got[i] += fmt.Sprintf("%d,%v;", a.Code, a.cut)
		}
	}
	return got
}

func TestFaultsCanBeRepeated(t *testing.T) {
	opt := Options{Seed: 7, Throttle: 10, CutBefore: 10, CutAfter: 10, ErrBefore: 10, ErrAfter: 10, BrokenAnswer: 10}
	straight := rand.New(rand.NewPCG(1, 1)).Perm(200)
	first := outcomes(opt, straight, 3)
	shuffled := rand.New(rand.NewPCG(2, 2)).Perm(200)
	second := outcomes(opt, shuffled, 3)
	opt.Seed = 8
	third := outcomes(opt, straight, 3)
	same, differ := 0, 0
	for i, outcome := range first {
		if second[i] != outcome {
			t.Errorf("body %d: %s, in another order %s", i, outcome, second[i])
		}
		if third[i] == outcome {
			same++
		}
		attempts := strings.Split(outcome, ";")
		if attempts[0] != attempts[1] {
			differ++
		}
	}
	if same > 100 {
		t.Errorf("another seed made no difference to %d of 200", same)
	}
	if differ < 50 {
		t.Errorf("the second attempt met the fate of the first in all but %d of 200", differ)
	}
}

func TestFaultsComeAsOftenAsAsked(t *testing.T) {
	s := newServer(Options{Seed: 3, CutAfter: 5, ErrBefore: 2, BrokenAnswer: 30})
	const n = 5000
	for i := range n {
		ask(s, "POST", casesPath, caseWith(fmt.Sprintf(`"owner_id":"o%d"`, i)))
	}
	faults := s.Stats().Faults
	for name, percent := range map[string]int{"cut after": 5, "error before": 2, "broken answer": 30, "cut before": 0} {
		if got, want := faults[name], n*percent/100; got < want*8/10 || got > want*12/10 {
			t.Errorf("%s: %d, want about %d", name, got, want)
		}
	}
}

func TestHangs(t *testing.T) {
	for _, test := range []struct {
		opt    Options
		stored int
	}{{Options{HangBefore: 100}, 0}, {Options{HangAfter: 100}, 1}} {
		synctest.Test(t, func(t *testing.T) {
			s := newServer(test.opt)
			giveUp, done := begin(s, caseWith())
			time.Sleep(time.Hour)
			select {
			case a := <-done:
				t.Fatalf("answered: %d", a.Code)
			default:
			}
			if n := len(s.Cases()); n != test.stored {
				t.Errorf("%d cases stored", n)
			}
			giveUp()
			if a := <-done; !a.cut {
				t.Errorf("answered: %d", a.Code)
			}
		})
	}
}

func TestLateStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(Options{LateStore: 100, LateDelay: 3 * time.Second})
		giveUp, done := begin(s, caseWith())
		time.Sleep(time.Hour)
		stored := func() int { synctest.Wait(); return len(s.Cases()) }
		if n := stored(); n != 0 {
			t.Errorf("stored before the client gave up")
		}
		giveUp()
		if a := <-done; !a.cut {
			t.Errorf("answered: %d", a.Code)
		}
		time.Sleep(3*time.Second - 1)
		if stored() != 0 {
			t.Error("stored too early")
		}
		time.Sleep(time.Nanosecond)
		if stored() != 1 {
			t.Error("not stored")
		}
	})
}

func TestStopEndsWhatHangs(t *testing.T) {
	for _, opt := range []Options{{HangBefore: 100}, {HangAfter: 100}, {LateStore: 100, LateDelay: time.Hour}, {Latency: time.Hour}} {
		synctest.Test(t, func(t *testing.T) {
			s := newServer(opt)
			_, done := begin(s, caseWith())
			synctest.Wait()
			s.stop()
			if a := <-done; !a.cut {
				t.Errorf("%+v: answered %d", opt, a.Code)
			}
		})
	}
}

func TestLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(Options{Latency: time.Second, Jitter: time.Second / 2})
		seen := map[time.Duration]bool{}
		for i := range 20 {
			start := time.Now()
			mustCreate(t, s, caseWith(fmt.Sprintf(`"owner_id":"o%d"`, i)))
			took := time.Since(start)
			if took < time.Second || took > time.Second*3/2 {
				t.Errorf("took %v", took)
			}
			seen[took] = true
		}
		if len(seen) < 10 {
			t.Errorf("no jitter: %v", seen)
		}
		for _, request := range [][2]string{{"GET", casesPath}, {"GET", casesPath + "/1"}, {"PATCH", casesPath + "/1"}} {
			start := time.Now()
			ask(s, request[0], request[1], strings.Repeat("{}", strings.Count(request[0], "PATCH")))
			if time.Since(start) < time.Second {
				t.Errorf("%v took %v", request, time.Since(start))
			}
		}
	})
}

func TestGivingUpDoesNotStopACreate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(Options{Latency: time.Second})
		giveUp, done := begin(s, caseWith())
		synctest.Wait()
		giveUp()
		<-done
		if len(s.Cases()) != 1 {
			t.Error("not stored")
		}
	})
}

func TestRateLimitIsASlidingWindow(t *testing.T) {
	tests := []struct {
		perSecond float64
		at        []time.Duration // of the requests
		want      string          // p passes, t is throttled
	}{
		{3, []time.Duration{0, 0, 0, 0, 999e6, 1000e6, 1000e6, 1000e6, 1000e6}, "pppttpppt"},
		{2, []time.Duration{0, 900e6, 950e6, 1000e6, 1500e6, 1900e6}, "pptptp"},
		{0.5, []time.Duration{0, 1999e6, 2000e6}, "ptp"},
		{0, []time.Duration{0, 0, 0}, "ppp"},
	}
	for _, test := range tests {
		synctest.Test(t, func(t *testing.T) {
			s := newServer(Options{RateLimit: test.perSecond})
			start := time.Now()
			got := ""
			for _, at := range test.at {
				time.Sleep(at - time.Since(start))
				switch a := ask(s, "GET", casesPath, ""); a.Code {
				case 200:
					got += "p"
				case 429:
					got += "t"
				}
			}
			if got != test.want {
				t.Errorf("%v/s at %v: %s, want %s", test.perSecond, test.at, got, test.want)
			}
			if n := s.Stats().Answers[429]; n != strings.Count(test.want, "t") {
				t.Errorf("%d answers 429 counted", n)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	tests := []struct {
		form   RetryAfter
		header string
		until  func(value string, now time.Time) (time.Time, error)
	}{
		{RetryNone, "", nil},
		{RetrySeconds, "Retry-After", seconds},
		{RetryDate, "Retry-After", func(v string, _ time.Time) (time.Time, error) { return http.ParseTime(v) }},
		{ResetSeconds, "RateLimit-Reset", seconds},
		{ResetUnix, "X-RateLimit-Reset", func(v string, _ time.Time) (time.Time, error) { return seconds(v, time.Unix(0, 0)) }},
		{ResetISO, "X-RateLimit-Reset", func(v string, _ time.Time) (time.Time, error) { return time.Parse(time.RFC3339, v) }},
	}
	for _, test := range tests {
		t.Run(string(test.form), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(123 * time.Millisecond)
				s := newServer(Options{RateLimit: 0.4, RetryAfter: test.form}) // one in 2.5 s
				ask(s, "GET", casesPath, "")
				a := ask(s, "GET", casesPath, "")
				if a.Code != http.StatusTooManyRequests {
					t.Fatalf("%d", a.Code)
				}
				if test.form == RetryNone {
					for name := range a.Header() {
						if name != "Content-Type" {
							t.Errorf("header %s", name)
						}
					}
					return
				}
				until, err := test.until(a.Header().Get(test.header), time.Now())
				if wait := time.Until(until); err != nil || wait < 2500*time.Millisecond || wait > 4*time.Second {
					t.Fatalf("%v, %v: come back in %v", a.Header(), err, wait)
				}
				time.Sleep(time.Until(until))
				if a := ask(s, "GET", casesPath, ""); a.Code != http.StatusOK {
					t.Errorf("came back in time: %d", a.Code)
				}
			})
		})
	}
}

func seconds(v string, from time.Time) (time.Time, error) {
	n, err := strconv.Atoi(v)
	return from.Add(time.Duration(n) * time.Second), err
}

func TestOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(Options{OutageAfter: time.Minute, OutageFor: time.Minute})
		time.Sleep(time.Minute - 1)
		mustCreate(t, s, caseWith())
		time.Sleep(time.Nanosecond)
		for i, request := range [][2]string{{"POST", casesPath}, {"GET", casesPath}, {"POST", tokenPath}} {
			time.Sleep(time.Second)
			if a := ask(s, request[0], request[1], caseWith()); !isServerError(a) || a.Code != 503 {
				t.Errorf("%d: %d", i, a.Code)
			}
		}
		time.Sleep(57 * time.Second)
		mustCreate(t, s, caseWith())
		stats := s.Stats()
		if stats.Stored != 2 || stats.Outage["create"] != 1 || stats.Outage["list"] != 1 || stats.Outage["token"] != 1 || stats.OutagePeakInFlight != 1 {
			t.Errorf("%+v", stats)
		}
	})
}

func TestOutageAfterCreates(t *testing.T) {
	for _, mode := range []OutageMode{Outage503, OutageRefuse} {
		synctest.Test(t, func(t *testing.T) {
			s := newServer(Options{OutageAfterCreates: 2, OutageFor: time.Minute, OutageMode: mode})
			time.Sleep(time.Hour)
			mustCreate(t, s, caseWith())
			ask(s, "POST", casesPath, `{}`) // refused, so it does not count
			mustCreate(t, s, caseWith())
			if a := ask(s, "GET", casesPath, ""); a.cut != (mode == OutageRefuse) || !a.cut && a.Code != 503 {
				t.Errorf("%q: cut %v, %d", mode, a.cut, a.Code)
			}
			time.Sleep(time.Minute)
			mustCreate(t, s, caseWith())
		})
	}
}

func TestLogNamesNoValues(t *testing.T) {
	var log bytes.Buffer
	s := newServer(Options{Log: &log, CutAfter: 100})
	ask(s, "POST", casesPath, `{"title":"secret","colour":"secret"}`)
	ask(s, "GET", casesPath+"?title=secret", "")
	ask(s, "POST", casesPath, caseWith(`"owner_id":"secret"`))
	want := []string{
		`POST /cm/core/va/cases 400 refused: ["colour" "description" "requester_name"]`,
		`GET /cm/core/va/cases 200`,
		`POST /cm/core/va/cases no answer fault: cut after`,
	}
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != len(want) {
		t.Fatalf("%q", lines)
	}
	for i, line := range lines {
		if !strings.HasSuffix(line, want[i]) {
			t.Errorf("%q, want %q", line, want[i])
		}
	}
}
