package main

import (
	"net"
	"strings"
	"testing"
	"time"

	"caseimport/importer/exit"
	"caseimport/importer/sandbox"
)

func TestCrashTokensOfTwoSeconds(t *testing.T) {
	t.Parallel()
	rows, rate := 120, "30/s"
	if long {
		rows, rate = 3000, "100/s"
	}
	s := newSite(t, rows, "--token-life", "2s", "--latency", "20ms")
	sum := s.run("--rate", rate).ends(exit.Done).summary()
	stats := s.stats()
	tokens := stats.Requests["token"]
	if tokens < 2 {
		t.Errorf("%d tokens: none has expired", tokens)
	}
	if most := int(sum.Seconds/1.8) + 2; tokens > most {
		t.Errorf("%d tokens in %.0f s, want at most %d: one renewal serves all", tokens, sum.Seconds, most)
	}
	s.finished("in.results.csv")
	t.Logf("%d rows in %.0f s, %d tokens, answers: %v", rows, sum.Seconds, tokens, stats.Answers)
}

func TestCrashOutages(t *testing.T) {
	t.Parallel()
	for _, mode := range []sandbox.OutageMode{sandbox.OutageRefuse, sandbox.Outage503} {
		t.Run("mode "+string(mode), func(t *testing.T) {
			t.Parallel()
			const workers, probes = 8, 8 // after 0, 1, 2, 4 … 30 s
			rows, lasts := 200, "5s"     // a probe comes after a second, on a busy machine later
			if long {
				rows, lasts = 2000, "1m"
			}
			s := newSite(t, rows, "--outage-mode", string(mode), "--outage-for", lasts, "--outage-after-creates", "100", "--latency", "20ms", "--jitter", "100ms")
			p := s.run("--concurrency", "8")
			s.must(p, func() bool { return strings.Contains(p.err.String(), "the server is failing") })
			var then sandbox.Stats
			if mode == sandbox.OutageRefuse {
				// As many may have come in just before the listener closed.
				then.Outage = map[string]int{"create": workers}
			}
			if mode == sandbox.Outage503 {
				// By the next probe, a second later, all that was under
				// way has arrived.
				probed := s.stats().Outage["list"]
				s.must(p, func() bool { then = s.stats(); return then.Outage["list"] > probed })
			}
			sum := p.ends(exit.Done).summary()
			now := s.stats()
			// What the server did not see was refused.
			unseen := sum.Requests - now.Requests["create"] - now.Requests["list"]
			if now.Outage["create"] > then.Outage["create"] || now.Outage["list"] > workers+probes || unseen > 2*workers+probes {
				t.Errorf("other requests than probes left during the outage: %v, then %v; %d refused", then.Outage, now.Outage, unseen)
			}
			p.says("the server answers again after")
			if sum.Created != rows {
				t.Errorf("%+v", sum)
			}
			s.finished("in.results.csv")
			t.Logf("outage of %s: %d rows in %.0f s; requests during it: %v, at most %d at once, %d refused", lasts, rows, sum.Seconds, now.Outage, now.OutagePeakInFlight, unseen)
		})
	}
}

// freePort is an address on which nobody listens.
func freePort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestCrashDeadServer(t *testing.T) {
	t.Parallel()
	address := freePort(t)
	s := newSite(t, 20)
	p := s.run("--base-url", "http://"+address, "--outage-patience", "3s")
	began := time.Now()
	s.must(p, func() bool { return strings.Contains(p.err.String(), "the server is failing") })
	t.Logf("said so after %s: %s", time.Since(began).Round(time.Millisecond), p.err.String())
	p.says("connection refused", "giving up at ")
	sum := p.ends(exit.Stopped).summary()
	if sum.Left != 20 {
		t.Errorf("%+v", sum)
	}
	// When it is back, nothing needs to be looked up: nothing was sent.
	s.url = ""
	s.serve("--listen", address)
	s.run().ends(exit.Done)
	s.finished("in.results.csv")
}

func TestCrashUnknownHost(t *testing.T) {
	t.Parallel()
	s := newSite(t, 20)
	// No name server has a say in a name with so long a label.
	nowhere := "https://" + strings.Repeat("x", 64) + ".example"
	for _, flag := range []string{"--base-url", "--token-url"} {
		p := s.run(flag, nowhere).ends(exit.Refused)
		p.says("does not resolve", flag)
	}
	if n := s.creates(); n != 0 {
		t.Errorf("%d creates", n)
	}
	s.run().ends(exit.Done)
	s.finished("in.results.csv")
}
