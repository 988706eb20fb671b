package sandbox

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const testEndpoint = "http://example.com" + tokenPath // httptest's host

// login asks for a token; id "" sends no HTTP Basic.
func login(s *Server, id, secret string, form url.Values) answer {
	r := httptest.NewRequest("POST", tokenPath, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if id != "" {
		r.SetBasicAuth(id, secret)
	}
	return serve(s, r)
}

type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"`
	Scope       string
	Error       string
	Reason      string `json:"error_description"`
}

func credentials(more ...string) url.Values {
	form := url.Values{"grant_type": {"client_credentials"}}
	for i := 0; i < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	return form
}

func TestTokenByBasic(t *testing.T) {
	tests := []struct {
		name       string
		opt        Options
		id, secret string
		form       url.Values
		code       int
		want       string // the scope, or the error
	}{
		{"any client", Options{}, "id", "secret", credentials(), 200, strings.Join(scopes, " ")},
		{"the client", Options{ClientID: "id", ClientSecret: "s+/ "}, "id", "s+/ ", credentials(), 200, strings.Join(scopes, " ")},
		{"the client, form-encoded", Options{ClientID: "id", ClientSecret: "s+/ "}, "id", url.QueryEscape("s+/ "), credentials(), 200, strings.Join(scopes, " ")},
		{"one scope", Options{}, "id", "secret", credentials("scope", scopeRead), 200, scopeRead},
		{"account without read", Options{NoReadScope: true}, "id", "secret", credentials("scope", scopeRead+" "+scopeWrite), 200, scopeWrite},
		{"account without write", Options{NoWriteScope: true, NoFieldsScope: true, NoUsersScope: true}, "id", "secret", credentials(), 200, scopeRead},
		{"wrong secret", Options{ClientID: "id", ClientSecret: "s"}, "id", "x", credentials(), 401, "invalid_client"},
		{"wrong id", Options{ClientID: "id", ClientSecret: "s"}, "x", "s", credentials(), 401, "invalid_client"},
		{"no secret", Options{}, "id", "", credentials(), 401, "invalid_client"},
		{"no client", Options{}, "", "", credentials(), 401, "invalid_client"},
		{"secret in the form", Options{}, "", "", credentials("client_id", "id", "client_secret", "s"), 401, "invalid_client"},
		{"unknown scope", Options{}, "id", "secret", credentials("scope", "cases:write"), 400, "invalid_scope"},
		{"no grant type", Options{}, "id", "secret", url.Values{}, 400, "invalid_request"},
		{"another grant type", Options{}, "id", "secret", url.Values{"grant_type": {"password"}}, 400, "unsupported_grant_type"},
		{"twice", Options{}, "id", "secret", url.Values{"grant_type": {"client_credentials", "client_credentials"}}, 400, "invalid_request"},
		{"two proofs", Options{}, "id", "secret", credentials("client_assertion", "x"), 400, "invalid_request"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := New(test.opt)
			a := login(s, test.id, test.secret, test.form)
			var got tokenAnswer
			decode(t, a, &got)
			if a.Code != test.code || got.Scope+got.Error != test.want {
				t.Fatalf("%d %s", a.Code, a.Body)
			}
			if test.code == 200 && (got.AccessToken == "" || got.TokenType != "bearer" || got.ExpiresIn != 600) {
				t.Errorf("%+v", got)
			}
		})
	}
	r := httptest.NewRequest("POST", tokenPath, strings.NewReader(credentials().Encode()))
	r.SetBasicAuth("id", "secret")
	if a := serve(New(Options{}), r); a.Code != http.StatusBadRequest {
		t.Errorf("without a media type: %d", a.Code)
	}
}

func TestScopes(t *testing.T) {
	for _, test := range []struct {
		opt                                 Options
		read, create, update, fields, users int
	}{
		{Options{}, 200, 201, 200, 200, 200},
		{Options{NoReadScope: true}, 403, 201, 200, 200, 200},
		{Options{NoWriteScope: true}, 200, 403, 403, 200, 200},
		{Options{NoFieldsScope: true}, 200, 201, 200, 403, 200},
		{Options{NoUsersScope: true}, 200, 201, 200, 200, 403},
	} {
		s := newServer(test.opt)
		if err := s.Put(Stored{ID: "1", Title: "T"}); err != nil {
			t.Fatal(err)
		}
		for _, request := range []struct {
			method, path, body string
			want               int
		}{
			{"GET", casesPath, "", test.read},
			{"GET", casesPath + "/1", "", test.read},
			{"POST", casesPath, caseWith(), test.create},
			{"PATCH", casesPath + "/1", `{}`, test.update},
			{"GET", fieldsPath, "", test.fields},
			{"GET", usersPath, "", test.users},
			{"DELETE", casesPath + "?ids=1", "", test.update},
		} {
			a := ask(s, request.method, request.path, request.body)
			if a.Code != request.want {
				t.Errorf("%+v: %s %s: %d, want %d", test.opt, request.method, request.path, a.Code, request.want)
			}
			if a.Code == http.StatusForbidden {
				faultsOf(t, a)
			}
		}
	}
}

func TestTokensExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{TokenLife: 2 * time.Second})
		var got tokenAnswer
		decode(t, login(s, "id", "secret", credentials()), &got)
		if got.ExpiresIn != 2 {
			t.Errorf("expires_in %d", got.ExpiresIn)
		}
		code := func() int {
			r := newRequest("GET", casesPath, "")
			r.Header.Set("Authorization", "Bearer "+got.AccessToken)
			a := serve(s, r)
			if a.Code == http.StatusUnauthorized {
				faultsOf(t, a)
			}
			return a.Code
		}
		time.Sleep(2*time.Second - 1)
		if c := code(); c != http.StatusOK {
			t.Errorf("too early: %d", c)
		}
		time.Sleep(time.Nanosecond)
		if c := code(); c != http.StatusUnauthorized {
			t.Errorf("still good: %d", c)
		}
	})
	for _, header := range []string{"", "Bearer ", "Bearer x", "t", "Basic t", "Bearer t "} {
		r := newRequest("GET", casesPath, "")
		r.Header.Set("Authorization", header)
		if a := serve(newServer(Options{}), r); a.Code != http.StatusUnauthorized {
			t.Errorf("%q: %d", header, a.Code)
		}
	}
}

// signer makes a JWT's signature.
type signer func(signed []byte) []byte

func ecSigner(t *testing.T, key *ecdsa.PrivateKey) signer {
	return func(signed []byte) []byte {
		hash := sha256.Sum256(signed)
		r, s, err := ecdsa.Sign(rand.Reader, key, hash[:])
		if err != nil {
			t.Fatal(err)
		}
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	}
}

func rsaSigner(t *testing.T, key *rsa.PrivateKey) signer {
	return func(signed []byte) []byte {
		hash := sha256.Sum256(signed)
		signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, hash[:])
		if err != nil {
			t.Fatal(err)
		}
		return signature
	}
}

func signed(header, claims map[string]any, sign signer) string {
	part := func(m map[string]any) string {
		raw, _ := json.Marshal(m)
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	signed := part(header) + "." + part(claims)
	return signed + "." + base64.RawURLEncoding.EncodeToString(sign([]byte(signed)))
}

func TestTokenByAssertion(t *testing.T) {
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	otherKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		header map[string]any // changes to a good one; nil values delete
		claims map[string]any
		sign   signer
		opt    Options
		want   string // part of the reason; "" for a token
	}{
		{name: "good"},
		{name: "good, key known", opt: Options{PublicKey: &ecKey.PublicKey}},
		{name: "good, RSA", header: map[string]any{"alg": "RS256"}, sign: rsaSigner(t, rsaKey), opt: Options{PublicKey: &rsaKey.PublicKey}},
		{name: "several audiences", claims: map[string]any{"aud": []string{"x", testEndpoint}}},
		{name: "another key", sign: ecSigner(t, otherKey), opt: Options{PublicKey: &ecKey.PublicKey}, want: "does not fit"},
		{name: "another kind of key", opt: Options{PublicKey: &rsaKey.PublicKey}, want: "does not fit"},
		{name: "RSA, another kind of key", header: map[string]any{"alg": "RS256"}, sign: rsaSigner(t, rsaKey), opt: Options{PublicKey: &ecKey.PublicKey}, want: "does not fit"},
		{name: "no signature", sign: func([]byte) []byte { return nil }, want: "signature is malformed"},
		{name: "short signature", sign: func([]byte) []byte { return make([]byte, 63) }, want: "signature is malformed"},
		{name: "alg none", header: map[string]any{"alg": "none"}, want: "alg must be"},
		{name: "alg HS256", header: map[string]any{"alg": "HS256"}, want: "alg must be"},
		{name: "no kid", header: map[string]any{"kid": nil}, want: "no kid"},
		{name: "sub", claims: map[string]any{"sub": "other"}, want: "iss and sub"},
		{name: "no iss", claims: map[string]any{"iss": nil, "sub": nil}, want: "iss and sub"},
		{name: "wrong client", opt: Options{ClientID: "other"}, want: "client id is wrong"},
		{name: "aud", claims: map[string]any{"aud": "http://example.com"}, want: "aud must be the token endpoint"},
		{name: "no jti", claims: map[string]any{"jti": nil}, want: "jti is missing"},
		{name: "no iat", claims: map[string]any{"iat": nil}, want: "iat is missing"},
		{name: "iat to come", claims: map[string]any{"iat": time.Now().Add(time.Hour).Unix()}, want: "iat is missing or in the future"},
		{name: "no exp", claims: map[string]any{"exp": nil}, want: "has expired"},
		{name: "expired", claims: map[string]any{"exp": time.Now().Add(-time.Second).Unix()}, want: "has expired"},
		{name: "good for too long", claims: map[string]any{"exp": time.Now().Add(6 * time.Minute).Unix()}, want: "at most 5 minutes"},
		{name: "exp as text", claims: map[string]any{"exp": "soon"}, want: "is not a JWT"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			change := func(m, by map[string]any) map[string]any {
				for k, v := range by {
					if m[k] = v; v == nil {
						delete(m, k)
					}
				}
				return m
			}
			sign := test.sign
			if sign == nil {
				sign = ecSigner(t, ecKey)
			}
			now := time.Now().Unix()
			assertion := signed(
				change(map[string]any{"alg": "ES256", "typ": "JWT", "kid": "k1"}, maps.Clone(test.header)),
				change(map[string]any{"iss": "id", "sub": "id", "aud": testEndpoint, "jti": "j1", "iat": now, "exp": now + 300}, maps.Clone(test.claims)),
				sign)
			form := credentials("client_assertion_type", assertionType, "client_assertion", assertion)
			s := New(test.opt)
			var got tokenAnswer
			a := login(s, "", "", form)
			decode(t, a, &got)
			if test.want != "" {
				if a.Code != http.StatusUnauthorized || got.Error != "invalid_client" || !strings.Contains(got.Reason, test.want) {
					t.Errorf("%d %s", a.Code, a.Body)
				}
				return
			}
			if a.Code != http.StatusOK || got.AccessToken == "" {
				t.Fatalf("%d %s", a.Code, a.Body)
			}
			got = tokenAnswer{}
			decode(t, login(s, "", "", form), &got)
			if !strings.Contains(got.Reason, "jti was used before") {
				t.Errorf("the assertion was taken twice: %+v", got)
			}
		})
	}
	for _, assertion := range []string{"x", "a.b.c", "..", "e30.e30.", "e30.W10.AA"} {
		a := login(New(Options{}), "", "", credentials("client_assertion_type", assertionType, "client_assertion", assertion))
		if a.Code != http.StatusUnauthorized {
			t.Errorf("%q: %d", assertion, a.Code)
		}
	}
	if a := login(New(Options{}), "", "", credentials("client_assertion", "x")); a.Code != http.StatusBadRequest {
		t.Errorf("without client_assertion_type: %d", a.Code)
	}
	if a := login(New(Options{}), "", "", credentials("client_assertion_type", "x", "client_assertion", "x")); a.Code != http.StatusBadRequest {
		t.Errorf("with a wrong client_assertion_type: %d", a.Code)
	}
}
