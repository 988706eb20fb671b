package sandbox

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// The scopes ("Create a New Case", "Get Case List").
const (
	scopeRead  = "cases-public:read"
	scopeWrite = "cases-public:write"
)

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// grant is what a token allows.
type grant struct {
	scopes  []string
	expires time.Time // zero: never
}

// desk hands out tokens and knows them again.
type desk struct {
	opt *Options

	mu     sync.RWMutex
	grants map[string]grant
	seen   map[string]time.Time // assertions used, by jti, until they expire
}

func newDesk(opt *Options) *desk {
	d := &desk{opt: opt, grants: map[string]grant{}, seen: map[string]time.Time{}}
	if opt.Token != "" {
		d.grants[opt.Token] = grant{scopes: d.granted()}
	}
	return d
}

// granted returns the scopes that the account has.
func (d *desk) granted() []string {
	var scopes []string
	if !d.opt.NoReadScope {
		scopes = append(scopes, scopeRead)
	}
	if !d.opt.NoWriteScope {
		scopes = append(scopes, scopeWrite)
	}
	return scopes
}

// allows tells whether a token is valid, and whether it has the scope.
func (d *desk) allows(token, scope string) (valid, allowed bool) {
	d.mu.RLock()
	g, known := d.grants[token]
	d.mu.RUnlock()
	if !known || !g.expires.IsZero() && !time.Now().Before(g.expires) {
		return false, false
	}
	return true, slices.Contains(g.scopes, scope)
}

func (d *desk) issue(scopes []string, life time.Duration) string {
	token := rand.Text()
	now := time.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	maps.DeleteFunc(d.grants, func(_ string, g grant) bool {
		return !g.expires.IsZero() && g.expires.Before(now)
	})
	d.grants[token] = grant{scopes, now.Add(life)}
	return token
}

// once tells whether an assertion's jti is used for the first time.
func (d *desk) once(jti string, expires time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	maps.DeleteFunc(d.seen, func(_ string, until time.Time) bool { return until.Before(time.Now()) })
	if _, used := d.seen[jti]; used {
		return false
	}
	d.seen[jti] = expires
	return true
}

// oauthError is a refusal of the token endpoint (RFC 6749, 5.2).
type oauthError struct {
	status int
	Code   string `json:"error"`
	Reason string `json:"error_description"`
}

func invalidRequest(reason string) *oauthError {
	return &oauthError{http.StatusBadRequest, "invalid_request", reason}
}

func invalidClient(reason string) *oauthError {
	return &oauthError{http.StatusUnauthorized, "invalid_client", reason}
}

// token answers POST /oauth/token ("Client Credentials").
func (c *call) token() {
	granted, refusal := c.grant()
	c.w.Header().Set("Cache-Control", "no-store")
	if refusal != nil {
		if refusal.status == http.StatusUnauthorized {
			c.w.Header().Set("WWW-Authenticate", `Basic realm="sandbox"`)
		}
		body, _ := json.Marshal(refusal)
		c.json(refusal.status, body)
		return
	}
	life := c.s.opt.TokenLife
	body, _ := json.Marshal(map[string]any{
		"access_token": c.s.desk.issue(granted, life),
		"token_type":   "bearer",
		"expires_in":   int(math.Ceil(life.Seconds())),
		"scope":        strings.Join(granted, " "),
	})
	c.json(http.StatusOK, body)
}

// grant checks a token request and returns the scopes to be granted.
func (c *call) grant() ([]string, *oauthError) {
	form, err := c.form()
	if err != nil {
		return nil, invalidRequest(err.Error())
	}
	switch form.Get("grant_type") {
	case "client_credentials":
	case "":
		return nil, invalidRequest("grant_type is missing")
	default:
		return nil, &oauthError{http.StatusBadRequest, "unsupported_grant_type", "grant_type must be client_credentials"}
	}
	if refusal := c.client(form); refusal != nil {
		return nil, refusal
	}
	granted := c.s.desk.granted()
	wanted := strings.Fields(form.Get("scope"))
	for _, scope := range wanted {
		if scope != scopeRead && scope != scopeWrite {
			return nil, &oauthError{http.StatusBadRequest, "invalid_scope", "the scopes are " + scopeRead + " and " + scopeWrite}
		}
	}
	if len(wanted) > 0 {
		granted = slices.DeleteFunc(granted, func(s string) bool { return !slices.Contains(wanted, s) })
	}
	return granted, nil
}

func (c *call) form() (url.Values, error) {
	if mediaType(c.r) != "application/x-www-form-urlencoded" {
		return nil, errors.New("Content-Type must be application/x-www-form-urlencoded")
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, 64<<10))
	if err != nil {
		return nil, errors.New("the form cannot be read")
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, errors.New("the form is malformed")
	}
	for name, values := range form {
		if len(values) > 1 {
			return nil, errors.New(name + " is given twice")
		}
	}
	return form, nil
}

// client proves the client by one of two ways.
func (c *call) client(form url.Values) *oauthError {
	id, secret, basic := c.r.BasicAuth()
	assertion := form.Get("client_assertion")
	switch {
	case basic && assertion != "":
		return invalidRequest("give either HTTP Basic or client_assertion, not both")
	case basic:
		return c.s.desk.checkSecret(id, secret)
	case assertion != "":
		if form.Get("client_assertion_type") != assertionType {
			return invalidRequest("client_assertion_type must be " + assertionType)
		}
		return c.s.desk.checkAssertion(assertion, form.Get("client_id"), "http://"+c.r.Host+tokenPath)
	}
	return invalidClient("give HTTP Basic or client_assertion")
}

// checkSecret compares id and secret, which arrive form-encoded (RFC 6749,
// 2.3.1) or, from clients that do not know, as they are.
func (d *desk) checkSecret(id, secret string) *oauthError {
	if id == "" || secret == "" || !same(id, d.opt.ClientID) || !same(secret, d.opt.ClientSecret) {
		return invalidClient("the client id or secret is wrong")
	}
	return nil
}

func same(given, wanted string) bool {
	decoded, err := url.QueryUnescape(given)
	return wanted == "" ||
		subtle.ConstantTimeCompare([]byte(given), []byte(wanted)) == 1 ||
		err == nil && subtle.ConstantTimeCompare([]byte(decoded), []byte(wanted)) == 1
}
