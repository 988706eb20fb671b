package sandbox

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// start starts a sandbox that has the token "t" and no lag.
func start(t *testing.T, opt Options) *Running {
	t.Helper()
	opt.Token, opt.Lag = "t", -1
	r, err := Start("127.0.0.1:0", opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// send sends a create over the network and returns status and body.
func send(ctx context.Context, c *http.Client, r *Running, body string) (int, string, error) {
	req, err := http.NewRequestWithContext(ctx, "POST", r.URL+casesPath, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Authorization", "Bearer t")
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}

func newClient(t *testing.T) *http.Client {
	c := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func TestStartListensOnLoopbackOnly(t *testing.T) {
	for _, addr := range []string{":0", "0.0.0.0:0", "[::]:0", "192.0.2.1:80", "example.com:80", "8089", "127.0.0.1", "127.0.0.1:x", ""} {
		if r, err := Start(addr, Options{}); err == nil {
			t.Errorf("%q was taken", addr)
			_ = r.Close()
		}
	}
	for _, addr := range []string{"127.0.0.1:0", "localhost:0"} {
		r, err := Start(addr, Options{})
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.Post(r.TokenURL, "text/plain", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest || !strings.HasPrefix(r.TokenURL, r.URL) {
			t.Errorf("%s at %s: %s", r.TokenURL, r.URL, resp.Status)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if err := r.Wait(); err != nil {
			t.Error(err)
		}
	}
}

func TestStartRefusesOptionsThatMakeNoSense(t *testing.T) {
	for _, opt := range []Options{
		{CutAfter: -1}, {Throttle: 101}, {ErrAfter: 60, ErrBefore: 60}, {ReadFaults: 200}, {RateLimit: -1},
		{Latency: -1}, {LateDelay: -1}, {OutageFor: -1}, {TokenLife: -1}, {RetryAfter: "soon"}, {OutageMode: "always"},
	} {
		if r, err := Start("127.0.0.1:0", opt); err == nil {
			t.Errorf("%+v was taken", opt)
			_ = r.Close()
		}
	}
}

func TestCutsReachTheClient(t *testing.T) {
	for _, test := range []struct {
		opt    Options
		stored int
	}{{Options{CutBefore: 100}, 0}, {Options{CutAfter: 100}, 1}} {
		r := start(t, test.opt)
		_, _, err := send(t.Context(), newClient(t), r, caseWith())
		if !errors.Is(err, io.EOF) || len(r.Server.Cases()) != test.stored {
			t.Errorf("%v, %d cases", err, len(r.Server.Cases()))
		}
	}
}

func TestHangsLastUntilTheClientGivesUp(t *testing.T) {
	r := start(t, Options{LateStore: 100})
	ctx, giveUp := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, _, err := send(ctx, newClient(t), r, caseWith())
		done <- err
	}()
	for r.Server.Stats().Requests["create"] == 0 {
		runtime.Gosched()
	}
	if n := len(r.Server.Cases()); n != 0 {
		t.Errorf("%d cases", n)
	}
	giveUp()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for len(r.Server.Cases()) == 0 {
		runtime.Gosched()
	}
}

func TestCloseEndsHangingRequests(t *testing.T) {
	r := start(t, Options{HangAfter: 100})
	done := make(chan error)
	for range 5 {
		go func() {
			_, _, err := send(t.Context(), newClient(t), r, caseWith())
			done <- err
		}()
	}
	for len(r.Server.Cases()) < 5 {
		runtime.Gosched()
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	for range 5 {
		if err := <-done; err == nil {
			t.Error("a hanging request was answered")
		}
	}
	if len(r.Server.Cases()) != 5 {
		t.Error("the cases are gone")
	}
}

func TestOutageRefusesConnections(t *testing.T) {
	r := start(t, Options{OutageAfterCreates: 2, OutageFor: time.Hour, OutageMode: OutageRefuse})
	client := newClient(t)
	if code, _, err := send(t.Context(), client, r, caseWith()); err != nil || code != http.StatusCreated {
		t.Fatal(code, err)
	}
	_, _, _ = send(t.Context(), client, r, caseWith()) // its answer may fall to the outage
	addr := strings.TrimPrefix(r.URL, "http://")
	for {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			break
		}
		_ = conn.Close()
	}
	if _, _, err := send(t.Context(), client, r, caseWith()); err == nil {
		t.Error("a kept connection still serves")
	}
	if n := len(r.Server.Cases()); n != 2 {
		t.Errorf("%d cases", n)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestOutageEndsOnTheSamePort(t *testing.T) {
	for _, opt := range []Options{
		{OutageAfterCreates: 1, OutageFor: time.Millisecond, OutageMode: OutageRefuse},
		{OutageAfter: time.Millisecond, OutageFor: time.Millisecond, OutageMode: OutageRefuse},
	} {
		r := start(t, opt)
		client := newClient(t)
		_, _, _ = send(t.Context(), client, r, caseWith()) // begins the outage, or falls to it
		<-r.Server.begins
		for r.Server.down() {
			runtime.Gosched()
		}
		for {
			if code, _, err := send(t.Context(), client, r, caseWith()); err == nil && code == http.StatusCreated {
				break
			}
		}
	}
}

func TestParallelCreatesGetIdsOfTheirOwn(t *testing.T) {
	r := start(t, Options{CutAfter: 5, Jitter: time.Microsecond})
	client := newClient(t)
	var mu sync.Mutex
	answered := map[string]bool{}
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			for range 25 {
				code, body, err := send(t.Context(), client, r, caseWith(`"custom_fields":{"text_key":"k"}`))
				if err != nil {
					continue
				}
				if code != http.StatusCreated {
					t.Errorf("%d %s", code, body)
				}
				id, _, _ := strings.Cut(strings.TrimPrefix(body, `{"id":"`), `"`)
				mu.Lock()
				if answered[id] {
					t.Errorf("id %s twice", id)
				}
				answered[id] = true
				mu.Unlock()
				if a := ask(r.Server, "GET", casesPath+"?custom_fields="+url.QueryEscape(byKey("text_key", "K")), ""); a.Code != http.StatusOK {
					t.Errorf("list: %d", a.Code)
				}
			}
		})
	}
	group.Wait()
	stored := map[string]bool{}
	for _, c := range r.Server.Cases() {
		stored[c.ID] = true
	}
	if len(stored) != 400 {
		t.Errorf("%d cases of 400", len(stored))
	}
	for id := range answered {
		if !stored[id] {
			t.Errorf("case %s is not stored", id)
		}
	}
	if stats := r.Server.Stats(); stats.PeakInFlight < 1 || stats.PeakInFlight > 32 || stats.Requests["create"] != 400 {
		t.Errorf("%+v", stats)
	}
}
