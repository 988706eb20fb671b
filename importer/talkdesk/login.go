package talkdesk

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// defaultLife is taken where the token endpoint does not say how long a token
// lives. A wrong guess costs little: too long ends in a 401, which renews the
// token; too short is one more request every ten minutes.
const defaultLife = 10 * time.Minute

// assertionLife is half of the five minutes that Talkdesk allows ("Client
// Credentials"), so that our clock may be off by as much either way.
const assertionLife = 150 * time.Second

// backdate lets an assertion be of some seconds ago: an endpoint whose clock is a
// little behind would refuse one that is yet to come.
const backdate = 30 * time.Second

// maxSkew is how far this clock may be from the endpoint's before it is said to be
// what is wrong.
const maxSkew = 20 * time.Second

// login gets tokens from the token endpoint.
type login struct {
	endpoint  string
	creds     Credentials
	signer    signer // of private_key_jwt
	client    *http.Client
	timeout   time.Duration
	userAgent string
	where     string // account and region, for messages
}

// fetch makes one request for a token.
func (l *login) fetch(ctx context.Context) (*token, Answer) {
	ctx, cancel := context.WithTimeoutCause(ctx, l.timeout, errTimeout)
	defer cancel()
	conf, err := l.request()
	if err != nil {
		return nil, Answer{Verdict: Halt, Code: "invalid private key", Message: "the private key cannot sign: " + clean(err.Error(), maxMessage)}
	}
	proof := secrets(conf)
	asked := time.Now()
	got, err := conf.Token(context.WithValue(ctx, oauth2.HTTPClient, l.client))
	if err != nil {
		return nil, l.judge(err, context.Cause(ctx), newCensor(proof...))
	}
	if !headerValue(got.AccessToken) {
		return nil, l.judge(errors.New("unusable token"), nil, nil)
	}
	life := time.Until(got.Expiry)
	if got.Expiry.IsZero() || life <= 0 {
		life = defaultLife
	}
	t := newToken(got.AccessToken, l.userAgent, proof...)
	t.lasts(asked, life)
	said, _ := got.Extra("scope").(string)
	t.scopes = strings.Fields(t.secrets.clean(said, maxMessage))
	return t, Answer{}
}

// headerValue reports whether s can stand behind "Bearer " (RFC 6750, a bit wider).
func headerValue(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return r < '!' || r > '~' }) < 0
}

// request says how to ask: by HTTP Basic, or by a newly signed assertion.
func (l *login) request() (*clientcredentials.Config, error) {
	if l.creds.PrivateKey == "" {
		return &clientcredentials.Config{
			ClientID:     l.creds.ClientID,
			ClientSecret: l.creds.ClientSecret,
			TokenURL:     l.endpoint,
			AuthStyle:    oauth2.AuthStyleInHeader,
		}, nil
	}
	now := time.Now()
	claims := jwt.NewWithClaims(l.signer.method, jwt.MapClaims{
		"iss": l.creds.ClientID,
		"sub": l.creds.ClientID,
		"aud": l.endpoint,
		"jti": rand.Text(),
		"iat": now.Add(-backdate).Unix(),
		"exp": now.Add(assertionLife).Unix(),
	})
	claims.Header["kid"] = l.creds.KeyID
	assertion, err := claims.SignedString(l.signer.key)
	if err != nil {
		return nil, err
	}
	return &clientcredentials.Config{
		TokenURL:  l.endpoint,
		AuthStyle: oauth2.AuthStyleInParams, // without a ClientID it adds none
		EndpointParams: url.Values{
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
			"client_assertion":      {assertion},
		},
	}, nil
}

// errorCode is what RFC 6749 calls error; other texts of the token endpoint
// are not shown, since they may repeat what was sent.
var errorCode = regexp.MustCompile(`^[A-Za-z_]{1,40}$`)

// judge says what a failed request for a token means. Nothing has reached the
// API by then, so it is never in doubt.
func (l *login) judge(err, cause error, secrets censor) Answer {
	endpoint := address(l.endpoint)
	answered, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok {
		if urlErr, ok := errors.AsType[*url.Error](err); ok { // no answer at all
			a := judge(&exchange{url: endpoint, err: urlErr.Err, cause: cause, timeout: l.timeout, secrets: secrets})
			a.Message = "no token: " + a.Message
			return a
		}
		return Answer{Verdict: NotTaken, Down: true, Code: "no token",
			Message: fmt.Sprintf("the token endpoint %s did not answer with a token", endpoint)}
	}

	status := answered.Response.StatusCode
	a := Answer{Status: status, Code: fmt.Sprintf("http %d", status)}
	if errorCode.MatchString(answered.ErrorCode) {
		a.Code = secrets.clean(answered.ErrorCode, maxCode)
	}
	switch {
	case status == http.StatusTooManyRequests:
		a.Verdict, a.Down, a.Throttled, a.Pause = NotTaken, true, true, pause(answered.Response.Header, time.Now())
		a.Message = fmt.Sprintf("the token endpoint %s answered 429: too many requests for a token", endpoint)
	case status >= 500 || status == http.StatusRequestTimeout:
		a.Verdict, a.Down = NotTaken, true
		a.Message = fmt.Sprintf("the token endpoint %s answered %s", endpoint, statusText(status))
	case status < 300 || status == 400 || status == 401 || status == 403:
		a.Verdict = Halt
		if l.creds.PrivateKey != "" {
			a.Message = l.assertionRefused(answered, a.Code, secrets)
			break
		}
		a.Message = fmt.Sprintf("the credentials were refused (%s): check that %s are right, active, and of %s", a.Code, l.variables(), l.where)
	default:
		a.Verdict = Halt
		a.Message = fmt.Sprintf("the token endpoint %s answered %s: check %s, or TALKDESK_TOKEN_URL if it is set", endpoint, statusText(status), l.where)
	}
	return a
}

// assertionRefused says why a signed assertion was refused: the clock may be what is
// wrong, and not the key.
func (l *login) assertionRefused(answered *oauth2.RetrieveError, code string, secrets censor) string {
	said := code
	if answered.ErrorDescription != "" {
		said += ": " + secrets.clean(answered.ErrorDescription, maxMessage/3)
	}
	clock := "the endpoint does not say what time it is"
	if date, err := http.ParseTime(answered.Response.Header.Get("Date")); err == nil {
		skew := time.Since(date).Round(time.Second)
		if skew.Abs() > maxSkew {
			return fmt.Sprintf("the token endpoint refused the signed assertion (%s): this machine's clock is %d seconds %s the endpoint's; set the clock, and try again before you replace the key",
				said, int(skew.Abs().Seconds()), map[bool]string{true: "ahead of", false: "behind"}[skew > 0])
		}
		clock = fmt.Sprintf("this machine's clock and the endpoint's agree to %d seconds", int(skew.Abs().Seconds()))
	}
	return fmt.Sprintf("the credentials were refused (%s): check that %s are right, active, and of %s (%s)", said, l.variables(), l.where, clock)
}

// variables names what the person would have to correct.
func (l *login) variables() string {
	if l.creds.PrivateKey != "" {
		return envID + ", " + envKeyID + " and " + envKey
	}
	return envID + " and " + envSecret
}

// secrets are what a request for a token shows, and a server might send back.
func secrets(conf *clientcredentials.Config) []string {
	if conf.ClientSecret == "" {
		return []string{conf.EndpointParams.Get("client_assertion")}
	}
	pair := url.QueryEscape(conf.ClientID) + ":" + url.QueryEscape(conf.ClientSecret)
	return []string{conf.ClientSecret, base64.StdEncoding.EncodeToString([]byte(pair))}
}
