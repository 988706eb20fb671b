package talkdesk

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"
)

// token is one bearer token, ready for use.
type token struct {
	create   http.Header // of a create request; shared by all, never written
	read     http.Header // of a read
	secrets  censor      // of what the server sends back
	renew    time.Time   // when to get the next one; zero: it cannot be renewed
	expires  time.Time
	scopes   []string    // granted; empty: it was not said which
	first    bool        // none was got before it
	accepted atomic.Bool // the API has answered a request that carried it
}

// newToken makes a token that cannot be renewed.
func newToken(secret, userAgent string, secrets ...string) *token {
	read := http.Header{
		"Authorization": {"Bearer " + secret},
		"Accept":        {"application/json"},
		"User-Agent":    {userAgent},
	}
	create := read.Clone()
	create.Set("Content-Type", "application/json")
	return &token{create: create, read: read, secrets: newCensor(append(secrets, secret)...)}
}

// lasts says how long the token lives. That is counted from asked, the moment
// before it was asked for, so it is never thought to live longer than it does.
func (t *token) lasts(asked time.Time, life time.Duration) {
	t.renew = asked.Add(life - min(30*time.Second, life/10))
	t.expires = asked.Add(life)
}

func (t *token) static() bool { return t.renew.IsZero() }

// answered notes that a token is good, once an answer has shown it: one that
// only the application gives, and only to those whom it knows.
func (t *token) answered(a Answer) {
	known := a.Status/100 == 2 || a.APIForm && a.Status/100 == 4 && a.Status != http.StatusUnauthorized && !a.Throttled
	if known && !t.accepted.Load() {
		t.accepted.Store(true)
	}
}

// tokens holds the token that all workers share.
type tokens struct {
	// fetch gets a new token or says why there is none. It limits its own
	// time.
	fetch func(context.Context) (*token, Answer)

	current atomic.Pointer[token]
	renewal singleflight.Group // fetch, once for everybody who waits
	issued  bool               // a token has been got before; of renewal
}

// get returns the token to use now, or nil and the reason. Callers at the same
// time share one request, which goes on when one of them gives up.
func (t *tokens) get(ctx context.Context) (*token, Answer) {
	if c := t.usable(); c != nil {
		return c, Answer{}
	}
	renewed := t.renewal.DoChan("", func() (any, error) {
		if c := t.usable(); c != nil { // another renewal has just ended
			return c, nil
		}
		c, a := t.fetch(context.WithoutCancel(ctx))
		if c == nil {
			return a, nil
		}
		c.first, t.issued = !t.issued, true
		t.current.Store(c)
		return c, nil
	})
	select {
	case r := <-renewed:
		if a, failed := r.Val.(Answer); failed {
			return nil, a
		}
		return r.Val.(*token), Answer{}
	case <-ctx.Done():
		return nil, interrupted(ctx)
	}
}

// usable returns the current token unless it is due for renewal.
func (t *tokens) usable() *token {
	if c := t.current.Load(); c != nil && (c.static() || time.Now().Before(c.renew)) {
		return c
	}
	return nil
}

// renew throws the current token away, if another can be got.
func (t *tokens) renew() {
	if c := t.current.Load(); c != nil && !c.static() {
		t.current.CompareAndSwap(c, nil)
	}
}

// refused is told of a 401. It throws that token away, and no newer one that
// has taken its place, and reports whether another try makes sense. It makes
// none when a renewed token is refused on its first use: then it is not the
// token that is wrong.
func (t *tokens) refused(bad *token) bool {
	if bad.static() {
		return false
	}
	t.current.CompareAndSwap(bad, nil)
	return bad.first || bad.accepted.Load() || time.Now().After(bad.expires)
}
