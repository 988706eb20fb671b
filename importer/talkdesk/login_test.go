package talkdesk

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const testSecret = "sesame/+ öffne dich"

// client makes a Client of the account acme against a test server.
func client(t *testing.T, server string, creds Credentials) *Client {
	t.Helper()
	c, err := New(Config{Account: "acme", BaseURL: server, TokenURL: server + "/oauth/token", Credentials: creds, Concurrency: 64})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.transport.CloseIdleConnections)
	return c
}

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func TestBasicLogin(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		id, secret, _ := r.BasicAuth()
		if r.Method != "POST" || r.URL.Path != "/oauth/token" || r.FormValue("grant_type") != "client_credentials" ||
			id != "client" || secret != "sesame%2F%2B+%C3%B6ffne+dich" || r.FormValue("client_secret") != "" { // RFC 6749, 2.3.1
			t.Errorf("%s %s %v by %s", r.Method, r.URL, r.Form, id)
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"access_token":"abc","token_type":"Bearer","expires_in":"7200","scope":"x"}`)
	})
	c := client(t, url, Credentials{ClientID: "client", ClientSecret: testSecret})
	if a := c.Login(t.Context()); a.Verdict != OK {
		t.Fatalf("%+v", a)
	}
	got := c.tokens.current.Load()
	if h := got.create.Get("Authorization"); h != "Bearer abc" {
		t.Errorf("header %q", h)
	}
	if life := got.expires.Sub(got.renew); life != 30*time.Second {
		t.Errorf("renewed %v before its end", life)
	}
}

func TestATokenWithoutALifeIsTakenToLiveAWhile(t *testing.T) {
	for _, expires := range []string{``, `,"expires_in":0`, `,"expires_in":-5`, `,"expires_in":null`} {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"access_token":"abc"%s}`, expires)
		})
		c := client(t, url, Credentials{ClientID: "client", ClientSecret: testSecret})
		c.Login(t.Context())
		if got := c.tokens.current.Load(); got == nil || got.static() || got.expires.Sub(got.renew) != 30*time.Second {
			t.Errorf("%s: %+v", expires, got)
		}
	}
}

// keys returns the ways in which a private key may be given.
func keys(t *testing.T, key any) map[string]string {
	t.Helper()
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	armour := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	bare := base64.StdEncoding.EncodeToString(pkcs8)
	forms := map[string]string{
		"PKCS#8":                  armour("PRIVATE KEY", pkcs8),
		"PKCS#8, line breaks \\n": strings.ReplaceAll(armour("PRIVATE KEY", pkcs8), "\n", `\n`),
		"bare":                    bare,
		"bare, broken, unpadded":  strings.TrimRight(bare[:40]+"\r\n  "+bare[40:], "="),
	}
	switch key := key.(type) {
	case *ecdsa.PrivateKey:
		der, err := x509.MarshalECPrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		forms["SEC 1"] = armour("EC PARAMETERS", []byte{6, 0}) + armour("EC PRIVATE KEY", der)
	case *rsa.PrivateKey:
		forms["PKCS#1"] = armour("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))
	}
	return forms
}

func ecKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestPrivateKeyLogin(t *testing.T) {
	ec := func(curve elliptic.Curve) *ecdsa.PrivateKey {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p256, p384, p521 := ec(elliptic.P256()), ec(elliptic.P384()), ec(elliptic.P521())
	tests := []struct {
		alg         string
		key, public any
	}{
		{"ES256", p256, p256.Public()},
		{"ES384", p384, p384.Public()},
		{"ES512", p521, p521.Public()},
		{"RS256", rsaKey, rsaKey.Public()},
	}
	for _, tt := range tests {
		for form, text := range keys(t, tt.key) {
			t.Run(tt.alg+" "+form, func(t *testing.T) {
				seen := map[string]bool{}
				var endpoint string
				url := serve(t, func(w http.ResponseWriter, r *http.Request) {
					r.ParseForm()
					if r.Header.Get("Authorization") != "" || len(r.PostForm) != 3 || r.FormValue("grant_type") != "client_credentials" ||
						r.FormValue("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
						t.Errorf("form %v", r.PostForm)
					}
					claims := jwt.MapClaims{}
					got, err := jwt.ParseWithClaims(r.FormValue("client_assertion"), claims, func(*jwt.Token) (any, error) { return tt.public, nil },
						jwt.WithValidMethods([]string{tt.alg}), jwt.WithAudience(endpoint), jwt.WithExpirationRequired(), jwt.WithIssuedAt())
					if err != nil {
						t.Error(err)
						return
					}
					if got.Header["kid"] != "key 1" || claims["iss"] != "client" || claims["sub"] != "client" || claims["aud"] != endpoint {
						t.Errorf("header %v, claims %v", got.Header, claims)
					}
					if life := claims["exp"].(float64) - claims["iat"].(float64); life <= 0 || life > 300 {
						t.Errorf("the assertion lives %v s", life)
					}
					seen[claims["jti"].(string)] = true
					w.Header().Set("Content-Type", "application/json")
					fmt.Fprint(w, `{"access_token":"abc","expires_in":60}`)
				})
				endpoint = url + "/oauth/token"
				c := client(t, url, Credentials{ClientID: "client", PrivateKey: text, KeyID: "key 1"})
				c.Login(t.Context())
				c.tokens.current.Store(nil)
				if a := c.Login(t.Context()); a.Verdict != OK {
					t.Errorf("%+v", a)
				}
				if len(seen) != 2 {
					t.Errorf("%d different jti in two assertions", len(seen))
				}
			})
		}
	}
}

func TestUnusablePrivateKeys(t *testing.T) {
	_, edKey, _ := ed25519.GenerateKey(rand.Reader)
	p224, _ := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	p256, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	good := keys(t, p256)["PKCS#8"]
	tests := []struct{ name, text, want string }{
		{"Ed25519", keys(t, edKey)["bare"], "must be EC (P-256"},
		{"P-224", keys(t, p224)["bare"], "must be EC (P-256"},
		{"no base64", "MIG!", "neither PEM nor base64"},
		{"base64 of something else", "c2VzYW1lIG9lZmZuZSBkaWNo", "cannot be read"},
		{"cut", good[:len(good)-40], "was cut short"},
		{"a certificate", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", "no private key"},
		{"encrypted", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n", "passphrase"},
		{"encrypted the old way", "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMAA=\n-----END RSA PRIVATE KEY-----\n", "passphrase"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := New(Config{Account: "acme", Credentials: Credentials{ClientID: "client", PrivateKey: tt.text, KeyID: "1"}})
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), tt.text) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestAnswersOfTheTokenEndpoint(t *testing.T) {
	const page = "<html><title>Down</title></html>"
	tests := []struct {
		name   string
		status int
		header string // Retry-After
		body   string
		want   Answer
	}{
		{"400", 400, "", `{"error":"invalid_request"}`, Answer{Verdict: Halt, Code: "invalid_request", Message: "TALKDESK_CLIENT_ID and TALKDESK_CLIENT_SECRET"}},
		{"401", 401, "", `{"error":"invalid_client","error_description":"we got ` + testSecret + `"}`, Answer{Verdict: Halt, Code: "invalid_client", Message: "of account acme in region us"}},
		{"401 HTML", 401, "", page, Answer{Verdict: Halt, Code: "http 401", Message: "credentials were refused"}},
		{"403", 403, "", `{"error":"not a code \u001b"}`, Answer{Verdict: Halt, Code: "http 403", Message: "credentials were refused"}},
		{"200 with an error", 200, "", `{"error":"invalid_client"}`, Answer{Verdict: Halt, Code: "invalid_client", Message: "credentials were refused"}},
		{"404", 404, "", page, Answer{Verdict: Halt, Code: "http 404", Message: "TALKDESK_TOKEN_URL"}},
		{"302 is not followed", 302, "", "", Answer{Verdict: Halt, Code: "http 302", Message: "302 Found"}},
		{"300", 300, "", "", Answer{Verdict: Halt, Code: "http 300", Message: "300 Multiple Choices: check account acme in region us"}},
		{"408", 408, "", "", Answer{Verdict: NotTaken, Code: "http 408", Down: true, Message: "408"}},
		{"429", 429, "7", "", Answer{Verdict: NotTaken, Code: "http 429", Down: true, Throttled: true, Pause: 7 * time.Second, Message: "too many requests"}},
		{"500", 500, "", `{"error":"server_error"}`, Answer{Verdict: NotTaken, Code: "server_error", Down: true, Message: "500 Internal Server Error"}},
		{"503", 503, "", page, Answer{Verdict: NotTaken, Code: "http 503", Down: true, Message: "503 Service Unavailable"}},
		{"200 garbage", 200, "", page, Answer{Verdict: NotTaken, Code: "no token", Down: true, Message: "did not answer with a token"}},
		{"200 without a token", 200, "", `{}`, Answer{Verdict: NotTaken, Code: "no token", Down: true, Message: "did not answer with a token"}},
		{"200 with a token that no header can carry", 200, "", `{"access_token":"a\nb"}`, Answer{Verdict: NotTaken, Code: "no token", Down: true, Message: "did not answer with a token"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var requests atomic.Int32
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				requests.Add(1)
				w.Header().Set("Content-Type", "application/json")
				w.Header().Set("Location", "/elsewhere")
				if tt.header != "" {
					w.Header().Set("Retry-After", tt.header)
				}
				w.WriteHeader(tt.status)
				fmt.Fprint(w, tt.body)
			})
			c := client(t, url, Credentials{ClientID: "client", ClientSecret: testSecret})
			for _, got := range []Answer{c.Login(t.Context()), c.Create(t.Context(), []byte("{}"), ""), c.Probe(t.Context())} {
				if !strings.Contains(got.Message, tt.want.Message) || strings.Contains(got.Message, "sesame") {
					t.Errorf("message %q", got.Message)
				}
				if got.Verdict != tt.want.Verdict || got.Code != tt.want.Code || got.Down != tt.want.Down ||
					got.Throttled != tt.want.Throttled || got.Pause != tt.want.Pause {
					t.Errorf("got %+v, want %+v", got, tt.want)
				}
			}
			if p, a := c.Read(t.Context(), Query{Page: 1}); p.Cases != nil || p.Total != -1 || a.Verdict != tt.want.Verdict {
				t.Errorf("a page without a token: %+v %+v", p, a)
			}
			if n := requests.Load(); n != 4 {
				t.Errorf("%d requests, want one for each call", n)
			}
		})
	}
}

func TestAnUnreachableTokenEndpoint(t *testing.T) {
	s := httptest.NewServer(nil)
	s.Close()
	c := client(t, s.URL, Credentials{ClientID: "client", ClientSecret: testSecret})
	a := c.Create(t.Context(), []byte("{}"), "")
	if a.Verdict != NotTaken || !a.Down || a.NoHost || a.Answered() || !strings.Contains(a.Message, "no token: no connection to "+s.URL+"/oauth/token") {
		t.Errorf("%+v", a)
	}
}
