package talkdesk

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The collection of cases, under the base URL.
const casesPath = "/cm/core/va/cases"

// The definitions of the custom fields ("Get a List of Case Fields").
const fieldsPath = "/cm/meta/va/fields"

// The longest answers that are read. A list page holds up to 500 cases.
const (
	maxCaseBytes = 1 << 20
	maxListBytes = 64 << 20
)

// Client speaks with one account. It is safe for concurrent use.
type Client struct {
	base      string
	cases     *url.URL
	name      string // of cases, for messages
	transport *http.Transport
	post, get http.Request // what all requests have in common; copied, never written
	tokens    tokens
	timeout   time.Duration
	form      atomic.Int32 // of the filter by a custom field: see arrayForm
	hold      spelling     // of the status of a case on hold
	reason    spelling     // of what the resolution is called
	trashIDs  spelling     // of the ids that go to the Trash: bare, or a JSON array
}

// New makes a Client and sends nothing. Its errors are about the configuration
// and say what to change.
func New(cfg Config) (*Client, error) {
	base, tokenURL, err := cfg.endpoints()
	if err != nil {
		return nil, err
	}
	cases, err := url.Parse(base + casesPath)
	if err != nil {
		return nil, err
	}
	timeout := cmp.Or(cfg.Timeout, 60*time.Second)
	if timeout < 0 || cfg.Concurrency < 0 {
		return nil, errors.New("timeout and concurrency must not be negative")
	}
	c := &Client{
		base:      base,
		cases:     cases,
		name:      address(cases.String()),
		post:      http.Request{Method: http.MethodPost, URL: cases, Host: cases.Host, ProtoMajor: 1, ProtoMinor: 1},
		get:       http.Request{Method: http.MethodGet, Host: cases.Host, ProtoMajor: 1, ProtoMinor: 1},
		timeout:   timeout,
		transport: newTransport(cmp.Or(cfg.Concurrency, 8), timeout),
	}
	c.transport.TLSClientConfig = &tls.Config{RootCAs: cfg.Trusted}
	quietOnce.Do(func() { log.SetOutput(quietLog{log.Writer()}) })
	userAgent := cmp.Or(cfg.UserAgent, "caseimport")
	if clean(userAgent, maxMessage) != userAgent {
		return nil, errors.New("the user agent must be one short printable line")
	}
	return c, c.authenticate(cfg, tokenURL, userAgent)
}

// authenticate prepares the credentials.
func (c *Client) authenticate(cfg Config, tokenURL, userAgent string) error {
	creds := cfg.Credentials
	if creds.Token != "" {
		if !headerValue(creds.Token) {
			return fmt.Errorf("%s does not hold a token: set the bare token, without Bearer, quotes or line breaks", envToken)
		}
		c.tokens.current.Store(newToken(creds.Token, userAgent))
		return nil
	}
	l := &login{
		endpoint:  tokenURL,
		creds:     creds,
		timeout:   c.timeout,
		userAgent: userAgent,
		where:     fmt.Sprintf("account %s in region %s", cfg.Account, cmp.Or(strings.ToLower(cfg.Region), "us")),
		client: &http.Client{
			Transport:     c.transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	switch {
	case creds.ClientID != "" && creds.PrivateKey != "" && creds.KeyID != "":
		signer, err := parseKey(creds.PrivateKey)
		if err != nil {
			return fmt.Errorf("%s: %w", envKey, err)
		}
		l.signer = signer
	case creds.ClientID == "" || creds.ClientSecret == "":
		return errors.New("no complete credentials: " + howToAuthenticate)
	}
	c.tokens.fetch = l.fetch
	return nil
}

// newTransport keeps a connection for each worker and speaks HTTP/1.1 only,
// since every rule about doubt is about one request on one connection.
func newTransport(workers int, timeout time.Duration) *http.Transport {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	dial := min(timeout, 30*time.Second)
	return &http.Transport{
		Proxy:               func(req *http.Request) (*url.URL, error) { return readable(http.ProxyFromEnvironment(req)) },
		DialContext:         (&net.Dialer{Timeout: dial}).DialContext,
		TLSHandshakeTimeout: dial,
		Protocols:           &protocols,
		MaxIdleConnsPerHost: workers + 1, // the probe of an outage is nobody's worker
		// Shorter than any usual server's: a request on a connection that
		// the server is about to close would be in doubt.
		IdleConnTimeout:    4 * time.Second,
		DisableCompression: true, // answers are small; one step less that can fail half-way
		OnProxyConnectResponse: func(_ context.Context, _ *url.URL, _ *http.Request, res *http.Response) error {
			if res.StatusCode != http.StatusOK {
				return &proxyError{res.StatusCode}
			}
			return nil
		},
	}
}

// readable is the address of a proxy, nil for none. An error shows it, and it may hold a
// password; of one that cannot be read, the scheme is taken for the host.
func readable(proxy *url.URL, err error) (*url.URL, error) {
	if err != nil || proxy != nil && (proxy.Hostname() == "http" || proxy.Hostname() == "https") {
		return nil, errProxyAddress
	}
	return proxy, nil
}

// quietLog leaves out what net/http can only print to standard error: that a
// server sent something unasked, with the text of it.
type quietLog struct{ io.Writer }

func (q quietLog) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte("Unsolicited response received on idle HTTP channel")) {
		return len(line), nil
	}
	return q.Writer.Write(line)
}

var quietOnce sync.Once

// proxyError is a proxy's refusal to connect us.
type proxyError struct{ status int }

func (e *proxyError) Error() string { return "the proxy answered " + statusText(e.status) }

// BaseURL returns the normalised base URL in use.
func (c *Client) BaseURL() string { return c.base }

// Login gets a token, if there is none yet, without touching the API. Its
// verdict is OK with a token, Halt for refused credentials, or NotTaken.
func (c *Client) Login(ctx context.Context) Answer {
	if t, a := c.tokens.get(ctx); t == nil {
		return a
	}
	return Answer{Verdict: OK}
}

// Renew has the next request use a new token, unless a bare token was given.
func (c *Client) Renew() { c.tokens.renew() }

// Scopes returns what the token endpoint granted with the current token; said is
// false where it did not say, or there is no token.
func (c *Client) Scopes() (scopes []string, said bool) {
	t := c.tokens.current.Load()
	if t == nil {
		return nil, false
	}
	return t.scopes, len(t.scopes) > 0
}

// buffers take the answers to create requests.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// Create sends one create request ("Create a New Case"), once. field is the custom
// field whose text goes into Answer.Key, "" if none. The body must
// not be changed afterwards, not even when Create has returned: a connection
// that is given up may still be reading it.
func (c *Client) Create(ctx context.Context, body []byte, field string) Answer {
	t, a := c.tokens.get(ctx)
	if t == nil {
		return a
	}
	req := c.post
	req.Header = t.create
	// Without a GetBody net/http cannot send the request again by itself when
	// a reused connection dies.
	req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))

	buf := buffers.Get().(*bytes.Buffer)
	buf.Reset()
	x := c.send(ctx, &req, t, buf, maxCaseBytes)
	if a = judge(x); a.Verdict == OK {
		x.describe(&a, field)
	}
	if buf.Cap() <= 64<<10 {
		buffers.Put(buf)
	}
	t.answered(a)
	return a
}

// send makes one attempt and tells all there is to know about it. The
// answer's body lies in buf.
func (c *Client) send(ctx context.Context, req *http.Request, t *token, buf *bytes.Buffer, limit int64) *exchange {
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout, errTimeout)
	defer cancel()
	x := &exchange{method: req.Method, url: c.name, timeout: c.timeout, static: t.static(), secrets: t.secrets}
	trace := httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { x.gotConn = true }}

	// The transport itself, not an http.Client: that would follow redirects.
	res, err := c.transport.RoundTrip(req.WithContext(httptrace.WithClientTrace(ctx, &trace)))
	if err == nil {
		x.status, x.header, x.now, x.tls = res.StatusCode, res.Header, time.Now(), res.TLS
		_, err = buf.ReadFrom(io.LimitReader(res.Body, limit+1))
		res.Body.Close()
		x.body, x.tooLong = buf.Bytes(), int64(buf.Len()) > limit
	}
	if err != nil {
		x.err, x.cause = err, context.Cause(ctx)
	}
	if x.status == http.StatusUnauthorized {
		x.renewed = c.tokens.refused(t)
	}
	return x
}
