package sandbox

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// The scopes, as each operation's page names them. That of deleting is not
// known: here it is the one to write.
const (
	scopeRead   = "cases-public:read"
	scopeWrite  = "cases-public:write"
	scopeFields = "case-fields-public:read"
	scopeUsers  = "users:read"
)

var scopes = []string{scopeRead, scopeWrite, scopeFields, scopeUsers}

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// grant is what a token allows.
type grant struct {
	scopes  []string
	issued  time.Time
	expires time.Time // zero: never
}

// tokens hands out tokens and knows them again.
type tokens struct {
	opt *Options

	mu     sync.RWMutex
	grants map[string]grant
	seen   map[string]bool // assertions used, by jti
}

func newTokens(opt *Options) *tokens {
	t := &tokens{opt: opt, grants: map[string]grant{}, seen: map[string]bool{}}
	if opt.Token != "" {
		t.grants[opt.Token] = grant{scopes: t.granted()}
	}
	return t
}

// granted returns the scopes that the account has.
func (t *tokens) granted() []string {
	lacking := map[string]bool{scopeRead: t.opt.NoReadScope, scopeWrite: t.opt.NoWriteScope,
		scopeFields: t.opt.NoFieldsScope, scopeUsers: t.opt.NoUsersScope}
	return slices.DeleteFunc(slices.Clone(scopes), func(scope string) bool { return lacking[scope] })
}

// allows tells whether a token is valid, and whether it has the scope.
func (t *tokens) allows(token, scope string) (valid, allowed bool) {
	t.mu.RLock()
	g, known := t.grants[token]
	t.mu.RUnlock()
	if !known || !g.expires.IsZero() && !time.Now().Before(g.expires) {
		return false, false
	}
	return true, slices.Contains(g.scopes, scope)
}

// issuedAfter tells whether a token was issued later than at a moment.
func (t *tokens) issuedAfter(token string, moment time.Time) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.grants[token].issued.After(moment)
}

func (t *tokens) issue(scopes []string, life time.Duration) string {
	token := rand.Text()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.grants[token] = grant{scopes, time.Now(), time.Now().Add(life)}
	return token
}

// firstUse tells whether an assertion's jti is used for the first time.
func (t *tokens) firstUse(jti string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	used := t.seen[jti]
	t.seen[jti] = true
	return !used
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
		"access_token": c.s.tokens.issue(granted, life),
		"token_type":   "bearer",
		"expires_in":   int(math.Ceil(life.Seconds())),
		"scope":        strings.Join(granted, " "),
	})
	c.json(http.StatusOK, body)
}

// grant checks a token request and returns the scopes to be granted.
func (c *call) grant() ([]string, *oauthError) {
	if mediaType(c.r) != "application/x-www-form-urlencoded" {
		return nil, invalidRequest("Content-Type must be application/x-www-form-urlencoded")
	}
	c.r.Body = http.MaxBytesReader(c.w, c.r.Body, 64<<10)
	if c.r.ParseForm() != nil {
		return nil, invalidRequest("the form cannot be read")
	}
	form := c.r.PostForm
	for name, values := range form {
		if len(values) > 1 {
			return nil, invalidRequest(name + " is given twice")
		}
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
	granted := c.s.tokens.granted()
	wanted := strings.Fields(form.Get("scope"))
	if slices.ContainsFunc(wanted, func(s string) bool { return !slices.Contains(scopes, s) }) {
		return nil, &oauthError{http.StatusBadRequest, "invalid_scope", "the scopes are " + strings.Join(scopes, ", ")}
	}
	if len(wanted) > 0 {
		granted = slices.DeleteFunc(granted, func(s string) bool { return !slices.Contains(wanted, s) })
	}
	return granted, nil
}

// client proves the client by one of two ways.
func (c *call) client(form url.Values) *oauthError {
	id, secret, basic := c.r.BasicAuth()
	assertion := form.Get("client_assertion")
	switch {
	case basic && assertion != "":
		return invalidRequest("give either HTTP Basic or client_assertion, not both")
	case basic:
		return c.s.tokens.checkSecret(id, secret)
	case assertion != "":
		if form.Get("client_assertion_type") != assertionType {
			return invalidRequest("client_assertion_type must be " + assertionType)
		}
		return c.s.tokens.checkAssertion(assertion, form.Get("client_id"), "http://"+c.r.Host+tokenPath)
	}
	return invalidClient("give HTTP Basic or client_assertion")
}

// checkSecret compares id and secret, which arrive form-encoded (RFC 6749,
// 2.3.1) or, from clients that do not know, as they are.
func (t *tokens) checkSecret(id, secret string) *oauthError {
	if id == "" || secret == "" || !same(id, t.opt.ClientID) || !same(secret, t.opt.ClientSecret) {
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
