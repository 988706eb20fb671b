package talkdesk

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var testToken = Credentials{Token: "token-0123456789"}

func TestWhatACreateRequestLooksLike(t *testing.T) {
	const body = `{"title":"Grüße"}`
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got, _ := io.ReadAll(r.Body)
		if r.Method != "POST" || r.RequestURI != "/prefix/cm/core/va/cases" || r.Proto != "HTTP/1.1" || string(got) != body || r.ContentLength != int64(len(body)) {
			t.Errorf("%s %s %s, %d: %s", r.Method, r.RequestURI, r.Proto, r.ContentLength, got)
		}
		want := http.Header{
			"Accept":         {"application/json"},
			"Authorization":  {"Bearer token-0123456789"},
			"Content-Length": {fmt.Sprint(len(body))},
			"Content-Type":   {"application/json"},
			"User-Agent":     {"caseimport"},
		}
		if fmt.Sprint(r.Header) != fmt.Sprint(want) {
			t.Errorf("header %v", r.Header)
		}
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"id":"4711"}`)
	})
	c := client(t, base+"/prefix/", testToken)
	if a := c.Create(t.Context(), []byte(body), ""); a.Verdict != OK || a.CaseID != "4711" {
		t.Errorf("%+v", a)
	}
	if c.BaseURL() != base+"/prefix" {
		t.Errorf("base URL %s", c.BaseURL())
	}
}

// A connection that is kept longer than the server keeps it would put requests
// in doubt; one that is closed sooner than needed would cost time.
func TestWhatHoldsWhereNothingIsConfigured(t *testing.T) {
	tests := []struct {
		cfg                 Config
		timeout, connecting time.Duration
		kept                int
	}{
		{Config{}, time.Minute, 30 * time.Second, 9},
		{Config{Timeout: 7 * time.Second, Concurrency: 64}, 7 * time.Second, 7 * time.Second, 65},
	}
	for _, tt := range tests {
		tt.cfg.Account, tt.cfg.Credentials = "acme", testToken
		c, err := New(tt.cfg)
		if err != nil {
			t.Fatal(err)
		}
		tr := c.transport
		if c.timeout != tt.timeout || tr.TLSHandshakeTimeout != tt.connecting || tr.MaxIdleConnsPerHost != tt.kept || tr.IdleConnTimeout != 4*time.Second || !tr.DisableCompression {
			t.Errorf("%+v: %v, %v, %d, %v", tt.cfg, c.timeout, tr.TLSHandshakeTimeout, tr.MaxIdleConnsPerHost, tr.IdleConnTimeout)
		}
	}
}

// script listens and hands each request to handle, with the connection to
// answer on. handle reports whether the connection stays open. requests
// counts them over all connections.
func script(t *testing.T, handle func(n int, conn net.Conn) bool) (base string, requests *atomic.Int32) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	requests = new(atomic.Int32)
	var open sync.WaitGroup
	open.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			open.Go(func() {
				defer conn.Close()
				in := bufio.NewReader(conn)
				for {
					req, err := http.ReadRequest(in)
					if err != nil {
						return
					}
					if _, err := io.Copy(io.Discard, req.Body); err != nil {
						return
					}
					if !handle(int(requests.Add(1)), conn) {
						return
					}
				}
			})
		}
	})
	t.Cleanup(func() { l.Close(); open.Wait() })
	return "http://" + l.Addr().String(), requests
}

func TestAnswersThatBreakOff(t *testing.T) {
	tests := []struct {
		name, answer string
		reset        bool
		verdict      Verdict
		code         string
		status       int
	}{
		{"closed without an answer", "", false, Unknown, "connection lost", 0},
		{"reset without an answer", "", true, Unknown, "connection lost", 0},
		{"in the status line", "HTTP/1.1 20", false, Unknown, "connection lost", 0},
		{"in the header", "HTTP/1.1 201 Created\r\nContent-Le", false, Unknown, "connection lost", 0},
		{"no HTTP", "SSH-2.0-OpenSSH_9.9\r\n\r\n", false, Unknown, "connection lost", 0},
		{"in the body", "HTTP/1.1 201 Created\r\nContent-Length: 30\r\n\r\n{\"id\":\"47", false, Unknown, "connection lost", 201},
		{"reset in the body", "HTTP/1.1 201 Created\r\nContent-Length: 30\r\n\r\n{\"id\":\"47", true, Unknown, "connection lost", 201},
		{"in a chunk", "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{\"id\":\"47", false, Unknown, "connection lost", 201},
		{"behind all that matters", "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n{\"id\":\"47\"}\r\n", false, OK, "", 201},
		{"in a refusal", "HTTP/1.1 400 Bad Request\r\nContent-Length: 30\r\n\r\n{\"code\":", false, Rejected, "http 400", 400},
		{"in a 503", "HTTP/1.1 503 x\r\nContent-Length: 30\r\n\r\n<html>", false, Unknown, "http 503", 503},
		{"in a 429", "HTTP/1.1 429 x\r\nContent-Length: 30\r\n\r\n", false, NotTaken, "http 429", 429},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			base, requests := script(t, func(_ int, conn net.Conn) bool {
				io.WriteString(conn, tt.answer)
				if tt.reset {
					conn.(*net.TCPConn).SetLinger(0)
				}
				return false
			})
			a := client(t, base, testToken).Create(t.Context(), []byte("{}"), "")
			// After a reset the operating system may have dropped what had come.
			if a.Verdict != tt.verdict || a.Code != tt.code || a.Status != tt.status && !tt.reset {
				t.Errorf("%+v", a)
			}
			if a.Down != (tt.code == "connection lost" || tt.status == 503) {
				t.Errorf("Down %v", a.Down)
			}
			if n := requests.Load(); n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func TestNothingIsSentTwice(t *testing.T) {
	tests := []struct{ name, answer string }{
		{"a reused connection dies", ""},
		{"redirect 301", "HTTP/1.1 301 x\r\nLocation: /cm/core/va/cases\r\nContent-Length: 0\r\n\r\n"},
		{"redirect 307", "HTTP/1.1 307 x\r\nLocation: /cm/core/va/cases\r\nContent-Length: 0\r\n\r\n"},
		{"redirect 308", "HTTP/1.1 308 x\r\nLocation: /cm/core/va/cases\r\nContent-Length: 0\r\n\r\n"},
		{"503 with Retry-After", "HTTP/1.1 503 x\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n"},
		{"408", "HTTP/1.1 408 x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"},
		{"401", "HTTP/1.1 401 x\r\nContent-Length: 0\r\n\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var conns sync.Map
			base, requests := script(t, func(n int, conn net.Conn) bool {
				conns.Store(conn, n)
				if n == 1 {
					io.WriteString(conn, "HTTP/1.1 201 Created\r\nContent-Length: 10\r\n\r\n{\"id\":\"1\"}")
					return true
				}
				io.WriteString(conn, tt.answer)
				return false
			})
			c := client(t, base, testToken)
			if a := c.Create(t.Context(), []byte("{}"), ""); a.Verdict != OK {
				t.Fatalf("%+v", a)
			}
			if a := c.Create(t.Context(), []byte("{}"), ""); a.Verdict == OK {
				t.Fatalf("%+v", a)
			}
			if n := requests.Load(); n != 2 {
				t.Errorf("%d requests for two calls", n)
			}
			reused := 0
			conns.Range(func(_, n any) bool { reused++; return true })
			if reused != 1 {
				t.Errorf("%d connections: the second request was to reuse the first one's", reused)
			}
		})
	}
}

// inMemory gives a client connections to serve that need no network, so that
// its time can be that of a synctest bubble.
func inMemory(t *testing.T, serve func(net.Conn)) *Client {
	t.Helper()
	c, err := New(Config{Account: "acme", BaseURL: "http://127.0.0.1", Credentials: testToken, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	c.transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go serve(theirs)
		return ours, nil
	}
	return c
}

func TestTimeouts(t *testing.T) {
	readRequest := func(conn net.Conn) *http.Request {
		req, err := http.ReadRequest(bufio.NewReader(conn))
		if err != nil {
			t.Error(err)
		}
		io.Copy(io.Discard, req.Body)
		return req
	}
	hang := func(conn net.Conn) { io.Copy(io.Discard, conn) } // until the client closes
	tests := []struct {
		name    string
		serve   func(net.Conn)
		verdict Verdict
		status  int
	}{
		{"the request is not read", func(conn net.Conn) { time.Sleep(time.Hour); conn.Close() }, Unknown, 0},
		{"no answer", func(conn net.Conn) { readRequest(conn); hang(conn) }, Unknown, 0},
		{"a slow body", func(conn net.Conn) {
			readRequest(conn)
			io.WriteString(conn, "HTTP/1.1 201 Created\r\nContent-Length: 1000\r\n\r\n")
			for {
				if _, err := conn.Write([]byte(" ")); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}, Unknown, 201},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := inMemory(t, tt.serve)
				start := time.Now()
				a := c.Create(t.Context(), []byte("{}"), "")
				if a.Verdict != tt.verdict || a.Code != "timeout" || a.Status != tt.status || !a.Down {
					t.Errorf("%+v", a)
				}
				if took := time.Since(start); took != time.Minute {
					t.Errorf("took %v", took)
				}
				time.Sleep(2 * time.Hour) // let the server end
			})
		})
	}
}

func TestTimeoutWhileConnecting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t, nil)
		c.transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
			time.Sleep(time.Hour)
			return nil, net.ErrClosed
		}
		a := c.Create(t.Context(), []byte("{}"), "")
		if a.Verdict != NotTaken || a.Code != "no connection" || !a.Down || !strings.Contains(a.Message, "none within 1m0s") {
			t.Errorf("%+v", a)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		a = c.Create(ctx, []byte("{}"), "")
		if a.Verdict != NotTaken || a.Code != "interrupted" || a.Down {
			t.Errorf("%+v", a)
		}
		time.Sleep(2 * time.Hour)
	})
}

func TestTheCallerGivesUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	base, _ := script(t, func(_ int, conn net.Conn) bool {
		cancel()
		io.Copy(io.Discard, conn)
		return false
	})
	a := client(t, base, testToken).Create(ctx, []byte("{}"), "")
	if a.Verdict != Unknown || a.Code != "interrupted" || a.Down {
		t.Errorf("a request under way: %+v", a)
	}
	a = client(t, base, testToken).Create(ctx, []byte("{}"), "")
	if a.Verdict != NotTaken || a.Code != "interrupted" || a.Down {
		t.Errorf("a request not begun: %+v", a)
	}
}

func TestNoConnection(t *testing.T) {
	served := func(http.ResponseWriter, *http.Request) { t.Error("a request arrived") }
	plain := httptest.NewServer(http.HandlerFunc(served))
	defer plain.Close()
	secure := httptest.NewUnstartedServer(http.HandlerFunc(served))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	gone := httptest.NewServer(nil)
	gone.Close()
	unknownHost := func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "api.example", IsNotFound: true}}
	}

	tests := []struct {
		name, base string
		dial       func(context.Context, string, string) (net.Conn, error)
		message    string
		noHost     bool
		inVain     bool
	}{
		{"refused", gone.URL, nil, "no connection to " + gone.URL + casesPath + ": ", false, false},
		{"unknown host", "https://api.example", unknownHost, "the host name api.example does not resolve", true, false},
		{"untrusted certificate", secure.URL, nil, `issued by "O=Acme Co"`, false, true},
		{"certificate of another host", strings.Replace(secure.URL, "127.0.0.1", "localhost", 1), nil, "its certificate is for example.com", false, true},
		{"https to a plain server", strings.Replace(plain.URL, "http:", "https:", 1), nil, "does not speak https", false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := client(t, tt.base, testToken)
			if tt.dial != nil {
				c.transport.DialContext = tt.dial
			}
			for _, a := range []Answer{c.Create(t.Context(), []byte("{}"), ""), c.Probe(t.Context())} {
				// What no waiting heals stops the run.
				verdict := NotTaken
				if tt.inVain {
					verdict = Halt
				}
				if a.Verdict != verdict || a.Code != "no connection" || a.Down == tt.inVain || a.NoHost != tt.noHost || a.Answered() {
					t.Errorf("%+v", a)
				}
				if !strings.Contains(a.Message, tt.message) {
					t.Errorf("message %q", a.Message)
				}
			}
		})
	}
}

func TestProxyThatRefuses(t *testing.T) {
	for status, want := range map[int]Verdict{407: Halt, 401: Halt, 403: Halt, 502: NotTaken} {
		proxy, _ := url.Parse(serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodConnect {
				t.Errorf("%s reached the proxy", r.Method)
			}
			w.WriteHeader(status)
		}))
		c := client(t, "https://api.example", testToken)
		c.transport.Proxy = http.ProxyURL(proxy)
		if a := c.Create(t.Context(), []byte("{}"), ""); a.Verdict != want || !strings.Contains(a.Message, fmt.Sprint(status)) || a.Down != (want == NotTaken) {
			t.Errorf("%d: %+v", status, a)
		}
	}
}

// What is wrong with the proxy itself is not said of the API's host.
func TestProxyThatCannotBeReached(t *testing.T) {
	for name, tt := range map[string]struct {
		err     error
		message string
		verdict Verdict
		noHost  bool
	}{
		"refused":        {&net.OpError{Op: "proxyconnect", Err: errors.New("connection refused")}, "no connection to the proxy that HTTPS_PROXY names: connection refused", NotTaken, false},
		"unknown host":   {&net.OpError{Op: "proxyconnect", Err: &net.DNSError{Name: "proxy.example", IsNotFound: true}}, "the proxy's host name proxy.example does not resolve", NotTaken, true},
		"not an address": {errProxyAddress, "cannot be read", Halt, false},
	} {
		a := judge(&exchange{url: "https://api.example", err: tt.err})
		if a.Verdict != tt.verdict || a.NoHost != tt.noHost || a.Down == (tt.verdict == Halt) || !strings.Contains(a.Message, tt.message) {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

func TestTLSSpeaksHTTP1(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 1 {
			t.Errorf("%s", r.Proto)
		}
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"id":"1"}`)
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	c := client(t, s.URL, testToken)
	c.transport.TLSClientConfig = &tls.Config{RootCAs: s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
	if a := c.Create(t.Context(), []byte("{}"), ""); a.Verdict != OK {
		t.Errorf("%+v", a)
	}
}

func TestAnswersWithoutEndAreCutOff(t *testing.T) {
	for _, status := range []int{201, 400} {
		base := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			for r.Context().Err() == nil {
				if _, err := w.Write([]byte(strings.Repeat("x", 1<<16))); err != nil {
					return
				}
			}
		})
		a := client(t, base, testToken).Create(t.Context(), []byte("{}"), "")
		want := map[int]Verdict{201: Unknown, 400: Rejected}[status]
		if a.Verdict != want || a.Status != status || a.Down {
			t.Errorf("%d: %+v", status, a)
		}
	}
}

func TestHowLongAnAnswerMayBe(t *testing.T) {
	padded := func(n int) string { // n bytes
		text := `{"id":"1","title":""}`
		return text[:len(text)-2] + strings.Repeat("x", n-len(text)) + text[len(text)-2:]
	}
	tests := []struct {
		body    string
		verdict Verdict
		message string
	}{
		{padded(maxCaseBytes), OK, ""},
		{padded(maxCaseBytes + 2), Unknown, "far too long"},
		{strings.Repeat("x", maxCaseBytes), Unknown, "not in the API's form"},
		{strings.Repeat("x", maxCaseBytes+1), Unknown, "far too long"},
	}
	for _, tt := range tests {
		base := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusCreated)
			io.WriteString(w, tt.body)
		})
		if a := client(t, base, testToken).Create(t.Context(), []byte("{}"), ""); a.Verdict != tt.verdict || !strings.Contains(a.Message, tt.message) {
			t.Errorf("%d bytes: %+v", len(tt.body), a)
		}
	}
}

func TestConnectionsAreKeptForAllWorkers(t *testing.T) {
	const workers = 64
	var opened, arrived atomic.Int32
	all := make(chan struct{})
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if arrived.Add(1) == workers {
			close(all)
		}
		<-all // the first round is answered when all of it is there
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"id":"1"}`)
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	s.Start()
	defer s.Close()
	c := client(t, s.URL, testToken)
	for range 2 {
		var wait sync.WaitGroup
		for range workers {
			wait.Go(func() {
				if a := c.Create(t.Context(), []byte("{}"), ""); a.Verdict != OK {
					t.Errorf("%+v", a)
				}
			})
		}
		wait.Wait()
	}
	if n := opened.Load(); n != workers {
		t.Errorf("%d connections for %d workers", n, workers)
	}
}

// A server whose tokens suddenly are no good any more: everybody's next
// request is refused, one token is got, and everybody goes on.
func TestManyWorkersOneRenewal(t *testing.T) {
	var issued atomic.Int32
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/oauth/token" {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"access_token":"token-%d","expires_in":7200}`, issued.Add(1))
			return
		}
		if r.Header.Get("Authorization") == "Bearer token-1" && r.Header.Get("Content-Length") != "2" {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"code":"0401","message":"token-1 is no longer valid"}`)
			return
		}
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"id":"1"}`)
	})
	c := client(t, base, Credentials{ClientID: "client", ClientSecret: testSecret})
	if a := c.Create(t.Context(), []byte("{}"), ""); a.Verdict != OK { // a short body: token 1 works
		t.Fatalf("%+v", a)
	}
	var wait sync.WaitGroup
	for range 64 {
		wait.Go(func() {
			a := c.Create(t.Context(), []byte(`{"title":"x"}`), "")
			if a.Renewed {
				if a.Verdict != NotTaken || a.Down || strings.Contains(a.Message, "token-1") {
					t.Errorf("%+v", a)
				}
				a = c.Create(t.Context(), []byte(`{"title":"x"}`), "")
			}
			if a.Verdict != OK {
				t.Errorf("%+v", a)
			}
		})
	}
	wait.Wait()
	if n := issued.Load(); n != 2 {
		t.Errorf("%d tokens were got", n)
	}
}

func TestRefusedTokensStopTheRun(t *testing.T) {
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/oauth/token" {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"access_token":"abcdef","expires_in":7200}`)
			return
		}
		w.WriteHeader(http.StatusUnauthorized)
	})
	c := client(t, base, Credentials{ClientID: "client", ClientSecret: testSecret})
	if a := c.Create(t.Context(), []byte("{}"), ""); a.Verdict != NotTaken || !a.Renewed {
		t.Errorf("the first token: %+v", a)
	}
	if a := c.Create(t.Context(), []byte("{}"), ""); a.Verdict != Halt || a.Renewed {
		t.Errorf("the second token: %+v", a)
	}
	if a := client(t, base, testToken).Create(t.Context(), []byte("{}"), ""); a.Verdict != Halt || !strings.Contains(a.Message, "TALKDESK_TOKEN") {
		t.Errorf("the token of the environment: %+v", a)
	}
}
