package talkdesk

import (
	"bytes"
	"context"
	"crypto/tls"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Sight is what one request shows beside its answer. Its texts are printable and
// free of secrets.
type Sight struct {
	Took   time.Duration // from the request to the beginning of the answer
	Dated  bool          // the answer says when it was made
	Ahead  time.Duration // of the server's clock before ours, to about a second
	Limits []string      // the headers that speak of a rate limit: "X-RateLimit-Limit: 50"
	Proxy  string        // host and port; "": none

	// Of an encrypted connection; Secure is false for plain http.
	Secure   bool
	Version  string // TLS 1.3
	Host     string // the name that was checked
	Issuer   string // of the certificate
	NotAfter time.Time
}

// Ping asks for one case only, as Probe does, and tells what can be seen on the
// way.
func (c *Client) Ping(ctx context.Context) (Sight, Answer) {
	t, a := c.tokens.get(ctx)
	if t == nil {
		return Sight{}, a
	}
	q := Query{Page: 1}
	req := c.get
	req.URL, req.Header = q.address(c.cases, 1), t.read
	began := time.Now()
	x := c.send(ctx, &req, t, new(bytes.Buffer), maxListBytes)
	_, a = judgeRead(x, q)
	t.answered(a)
	s := look(x, began)
	if proxy, err := c.transport.Proxy(&req); err == nil && proxy != nil {
		s.Proxy = clean(proxy.Host, maxCode)
	}
	return s, a
}

// look reads what an answer shows.
func look(x *exchange, began time.Time) Sight {
	var s Sight
	if x.status == 0 {
		return s
	}
	s.Took = x.now.Sub(began)
	s.Ahead, s.Dated = ahead(x, began)
	for name, values := range x.header {
		name = strings.Replace(name, "Ratelimit", "RateLimit", 1)
		if name == "Retry-After" || strings.Contains(strings.ReplaceAll(name, "-", ""), "RateLimit") {
			s.Limits = append(s.Limits, name+": "+x.secrets.clean(strings.Join(values, ", "), maxCode))
		}
	}
	slices.Sort(s.Limits)
	if x.tls != nil {
		s.Secure, s.Version, s.Host = true, tls.VersionName(x.tls.Version), clean(x.tls.ServerName, maxCode)
		if len(x.tls.PeerCertificates) > 0 {
			leaf := x.tls.PeerCertificates[0]
			s.Issuer, s.NotAfter = clean(leaf.Issuer.String(), maxMessage), leaf.NotAfter
		}
	}
	return s
}

// ahead is how much the server's clock is before ours, by the answer's Date.
func ahead(x *exchange, began time.Time) (by time.Duration, dated bool) {
	date, err := http.ParseTime(x.header.Get("Date"))
	if err != nil {
		return 0, false
	}
	// A Date has whole seconds, and was written about half-way.
	return date.Add(time.Second / 2).Sub(began.Add(x.now.Sub(began) / 2)), true
}
