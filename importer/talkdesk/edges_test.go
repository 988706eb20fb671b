package talkdesk

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/oauth2"

	"caseimport/ratelimit"
)

// What the answer to a create shows of the field that carries the key.
func TestKeyOfACreatedCase(t *testing.T) {
	long := strings.Repeat("k", maxMessage+1)
	for _, tt := range []struct {
		status      int
		body, field string
		key         string
		shown       bool
	}{
		{201, `{"id":"1","custom_fields":{"text1":" K-1 "}}`, "text1", "K-1", true},
		{201, `{"id":"1","custom_fields":{"text1":""}}`, "text1", "", true},
		{201, `{"id":"1","custom_fields":{"text2":"K-1"}}`, "text1", "", false},
		{201, `{"id":"1","custom_fields":{"":"K-1"}}`, "", "", false},
		{201, `{"id":"1","custom_fields":{"text1":"` + long + `"}}`, "text1", long[:maxMessage], true},
		{400, `{"code":"1","message":"no","custom_fields":{"text1":"K-1"}}`, "text1", "", false},
	} {
		server := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(tt.status); fmt.Fprint(w, tt.body) })
		a := client(t, server, Credentials{Token: "abc"}).Create(t.Context(), []byte("{}"), tt.field)
		if a.Key != tt.key || a.KeyShown != tt.shown {
			t.Errorf("%s in %q: %q, shown %v", tt.body, tt.field, a.Key, a.KeyShown)
		}
	}
}

func TestScopesAreNotSaid(t *testing.T) {
	for scope, want := range map[string][]string{"": {}, `,"scope":"a b"`: {"a", "b"}} {
		server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"access_token":"abc","token_type":"Bearer"%s}`, scope)
		})
		c := client(t, server, Credentials{ClientID: "client", ClientSecret: testSecret})
		if scopes, said := c.Scopes(); said || scopes != nil {
			t.Errorf("before any token: %v, %v", scopes, said)
		}
		c.Login(t.Context())
		if scopes, said := c.Scopes(); said != (len(want) > 0) || !slices.Equal(scopes, want) {
			t.Errorf("%s: %v, %v", scope, scopes, said)
		}
	}
}

// A token is renewed when somebody asks for it, if another can be got.
func TestATokenIsRenewedOnDemand(t *testing.T) {
	got := 0
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		got++
		fmt.Fprintf(w, `{"access_token":"abc%d","token_type":"Bearer","expires_in":3600}`, got)
	})
	c := client(t, server, Credentials{ClientID: "client", ClientSecret: testSecret})
	c.Renew()
	for want := 1; want <= 2; want++ {
		for range 2 {
			if a := c.Login(t.Context()); a.Verdict != OK || got != want {
				t.Errorf("%+v, after %d tokens of %d", a, got, want)
			}
		}
		c.Renew()
	}
	c = client(t, server, Credentials{Token: "fixed"})
	c.Renew()
	if c.tokens.current.Load() == nil {
		t.Error("a token that cannot be renewed was thrown away")
	}
}

func TestProxiesThatCanBeRead(t *testing.T) {
	for address, want := range map[string]bool{
		"http://proxy:3128": true, "https://user:pw@proxy": true, "http://http": false, "http://https:80": false, "http://https.example": true,
	} {
		proxy, _ := url.Parse(address)
		got, err := readable(proxy, nil)
		if (got == proxy) != want || (err == nil) != want {
			t.Errorf("%s: %v, %v", address, got, err)
		}
	}
	if got, err := readable(nil, nil); got != nil || err != nil {
		t.Errorf("no proxy: %v, %v", got, err)
	}
	if got, err := readable(nil, errors.New("user:pw")); got != nil || err != errProxyAddress {
		t.Errorf("%v, %v", got, err)
	}
}

// What one request shows beside its answer.
func TestWhatCanBeSeen(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for _, h := range [][2]string{{"X-RateLimit-Limit", "50"}, {"RateLimit", "r=1;t=2"}, {"X-Rate-Limit-Reset", "3"}, {"Retry-After", "4"}, {"X-Other", "5"}} {
			w.Header().Set(h[0], h[1])
		}
		fmt.Fprint(w, list(0))
	})
	limits := []string{"RateLimit: r=1;t=2", "Retry-After: 4", "X-Rate-Limit-Reset: 3", "X-RateLimit-Limit: 50"}

	proxy, _ := url.Parse(serve(t, handler))
	c := client(t, "http://127.0.0.1:1", Credentials{Token: "abc"})
	c.transport.Proxy = http.ProxyURL(proxy)
	if s, a := c.Ping(t.Context()); a.Verdict != OK || s.Proxy != proxy.Host || s.Secure || !slices.Equal(s.Limits, limits) {
		t.Errorf("%+v, %+v", s, a)
	}

	secure := httptest.NewTLSServer(handler)
	t.Cleanup(secure.Close)
	trusted := x509.NewCertPool()
	trusted.AddCert(secure.Certificate())
	c, err := New(Config{Account: "acme", BaseURL: secure.URL, Credentials: Credentials{Token: "abc"}, Trusted: trusted})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.transport.CloseIdleConnections)
	s, a := c.Ping(t.Context())
	if a.Verdict != OK || !s.Secure || s.Proxy != "" || s.Issuer != secure.Certificate().Issuer.String() || !s.NotAfter.Equal(secure.Certificate().NotAfter) {
		t.Errorf("%+v, %+v", s, a)
	}
}

// A Date is taken to be of half-way, and of the middle of its second.
func TestHowFarTheServersClockIsAhead(t *testing.T) {
	began := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	x := answer(200, "", "Date", began.Add(time.Minute).Format(http.TimeFormat))
	x.now = began.Add(4 * time.Second)
	if by, dated := ahead(&x, began); by != 58*time.Second+time.Second/2 || !dated {
		t.Errorf("%v, %v", by, dated)
	}
	x = answer(200, "", "Date", "yesterday")
	if by, dated := ahead(&x, began); by != 0 || dated {
		t.Errorf("%v, %v", by, dated)
	}
}

// An assertion may be of a clock that is off either way.
func TestHowLongAnAssertionLives(t *testing.T) {
	key, err := parseKey(keys(t, ecKey(t))["bare"])
	if err != nil {
		t.Fatal(err)
	}
	l := &login{endpoint: "https://id.example/token", creds: Credentials{ClientID: "client", PrivateKey: "x", KeyID: "k"}, signer: key}
	conf, err := l.request()
	if err != nil {
		t.Fatal(err)
	}
	claims := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(conf.EndpointParams.Get("client_assertion"), claims); err != nil {
		t.Fatal(err)
	}
	if life := claims["exp"].(float64) - claims["iat"].(float64); life != 30+150 {
		t.Errorf("%v seconds", life)
	}
}

// Whether it is the clock that is wrong, or the key.
func TestARefusedAssertionSpeaksOfTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // where no time passes
		l := &login{endpoint: "https://id.example/token", creds: Credentials{PrivateKey: "x"}, where: "account acme in region us"}
		for _, tt := range []struct {
			ahead time.Duration // of our clock; -1: the endpoint does not say
			want  string
		}{
			{0, "clock and the endpoint's agree to 0 seconds"},
			{20 * time.Second, "agree to 20 seconds"},
			{-20 * time.Second, "agree to 20 seconds"},
			{21 * time.Second, "clock is 21 seconds ahead of the endpoint's; set the clock"},
			{-21 * time.Second, "clock is 21 seconds behind the endpoint's; set the clock"},
			{-1, "the endpoint does not say what time it is"},
		} {
			res := &http.Response{StatusCode: 400, Header: http.Header{}}
			if tt.ahead != -1 {
				res.Header.Set("Date", time.Now().Add(-tt.ahead).UTC().Format(http.TimeFormat))
			}
			a := l.judge(&oauth2.RetrieveError{Response: res, ErrorCode: "invalid_client"}, nil, nil)
			if a.Verdict != Halt || !strings.Contains(a.Message, tt.want) || !strings.Contains(a.Message, "(invalid_client)") {
				t.Errorf("%v ahead: %+v", tt.ahead, a)
			}
			a = l.judge(&oauth2.RetrieveError{Response: res, ErrorCode: "invalid_client", ErrorDescription: strings.Repeat("x", 200)}, nil, nil)
			if !strings.Contains(a.Message, "(invalid_client: "+strings.Repeat("x", maxMessage/3-1)+"…)") || !strings.Contains(a.Message, tt.want) {
				t.Errorf("%v ahead, with a text: %+v", tt.ahead, a)
			}
		}
	})
}

func TestQuotasThatSayNothing(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	quota := func(name string, left int, reset time.Duration) []ratelimit.Quota {
		return []ratelimit.Quota{{Name: name, Remaining: left, Reset: reset}}
	}
	for _, tt := range []struct {
		name, value string
		want        []ratelimit.Quota
	}{
		{"RateLimit", "remaining=5, reset=0", nil},
		{"RateLimit", "remaining=-5, reset=1", quota("RateLimit", 0, time.Second)},
		{"RateLimit", "remaining=5, reset=1", quota("RateLimit", 5, time.Second)},
		{"X-Ratelimit-Remaining", "-5", quota("X-Ratelimit-Remaining", 0, 9*time.Second)},
		{"X-Ratelimit-Remaining", "x", nil},
	} {
		x := answer(200, "", "X-Ratelimit-Reset", "9", tt.name, tt.value)
		if tt.name == "RateLimit" {
			x.header.Del("X-Ratelimit-Reset")
		}
		if got := quotas(x.header, now, false); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %s: %v, want %v", tt.name, tt.value, got, tt.want)
		}
	}
}

// The first case that shows custom fields tells their form.
func TestShapeOfTheFirstCaseThatHasFields(t *testing.T) {
	x := answer(200, `{"total":3,"_embedded":{"data":[{"id":"1"},{"id":"2","custom_fields":{"text1":"a"}},{"id":"3","custom_fields":[{"key":"text2","value":"b"}]}]}}`)
	for _, field := range []string{"", "text1"} {
		if p, ok := readPage(&x, Query{Field: field, Page: 1}); !ok || p.Shape != "an object of plain values" || p.TextField != map[string]string{"": "text1"}[field] {
			t.Errorf("field %q: %+v", field, p)
		}
	}
}

func TestRefusalsOfTheTrash(t *testing.T) {
	for status, denied := range map[int]bool{403: true, 404: false, 405: false} {
		x := answer(status, `{"code":"no","message":"not so"}`)
		if _, a := judgeTrash(&x); a.Verdict != Rejected || a.Denied != denied || a.Blocked {
			t.Errorf("%d: %+v", status, a)
		}
	}
}

// What is asked for beside cases, and answered with something that has an id as a case
// would.
func TestAnswersThatAreNoFields(t *testing.T) {
	for status, code := range map[int]string{200: "unreadable answer", 201: "unreadable answer", 502: "http 502"} {
		x := answer(status, `{"id":"1"}`)
		if a := judgeUnread(&x, "case fields"); a.Verdict != NotTaken || a.Code != code || a.CaseID != "" || (a.Message == "the case fields are not in a form that is known") != (status < 300) {
			t.Errorf("%d: %+v", status, a)
		}
	}
}

// How many pages of definitions are read, and what is made of them.
func TestWhenAllFieldsAreRead(t *testing.T) {
	page := func(body string) exchange { return answer(200, body) }
	for _, tt := range []struct {
		name    string
		pages   []exchange
		fields  int
		verdict Verdict
		code    string
	}{
		{"a total that is wrong", []exchange{page(`{"total":0,"_embedded":{"fields":[{"key":"text1"},{"key":"text2"}]}}`)}, 2, OK, ""},
		{"the first page is refused", []exchange{answer(400, `{"code":"no","message":"no"}`)}, 0, Unknown, "no"},
		{"the second is refused", []exchange{page(`{"_embedded":{"fields":[{"key":"text1"}]}}`), answer(400, `{"code":"no","message":"no"}`)}, 1, OK, ""},
		{"a link that leads back", []exchange{
			page(`{"total":1,"_links":{"next":{"href":"/x?page=2"}},"_embedded":{"fields":[{"key":"text1"}]}}`),
			page(`{"total":1,"_links":{"next":{"href":"/x?page=2"}},"_embedded":{"fields":[{"key":"text1"}]}}`)}, 1, OK, ""},
		{"a page that repeats, with more to come", []exchange{
			page(`{"total":2,"_embedded":{"fields":[{"key":"text1"}]}}`),
			page(`{"total":2,"_embedded":{"fields":[{"key":"text1"}]}}`)}, 0, Unknown, "list repeats"},
	} {
		d := NewDefinitions()
		for i := range tt.pages {
			if _, more := d.Next(); !more {
				t.Errorf("%s: done after %d pages", tt.name, i)
			}
			x := &tt.pages[i]
			if p, ok := readFields(x); ok && x.status == 200 {
				d.Take(p, Answer{Verdict: OK, Status: 200})
			} else {
				d.Take(FieldsPage{}, judgeUnread(x, "case fields"))
			}
		}
		all, a := d.Result()
		if len(all) != tt.fields || a.Verdict != tt.verdict || a.Code != tt.code {
			t.Errorf("%s: %d fields, %+v", tt.name, len(all), a)
		}
	}
}

func TestWhetherAgentsFollow(t *testing.T) {
	agents := func(n int) string {
		return strings.TrimSuffix(strings.Repeat(`{"id":"1","email":"a@example.com"},`, n), ",")
	}
	for _, tt := range []struct {
		name, rest string
		agents     int
		page       int
		next       bool
	}{
		{"as many as there are", `"total":2,"per_page":2`, 2, 1, false},
		{"more", `"total":3,"per_page":2`, 2, 1, true},
		{"the last page", `"total":4,"per_page":2`, 2, 2, false},
		{"a page of none", `"total":9`, 0, 1, false},
		{"smaller pages than were asked for", `"total":9`, 3, 2, true},
		{"a full page and a total of none", `"total":0`, UsersPerPage, 1, false},
		{"a full page", `"x":1`, UsersPerPage, 1, true},
		{"one that is not full", `"x":1`, UsersPerPage - 1, 1, false},
		{"a link", `"total":2,"_links":{"next":{"href":"/users?page=2"}}`, 2, 1, true},
	} {
		x := answer(200, `{`+tt.rest+`,"_embedded":{"users":[`+agents(tt.agents)+`]}}`)
		if p, ok := readUsers(&x, tt.page); !ok || p.Next != tt.next || len(p.Agents) != tt.agents {
			t.Errorf("%s: next %v, %d agents, %v", tt.name, p.Next, len(p.Agents), ok)
		}
	}
}

func TestEmptyUpdates(t *testing.T) {
	for _, u := range []Update{
		{Title: "x"}, {ParentID: "1"}, {Resolution: "x"}, {CustomFields: make([]SetField, 1)}, {Notes: make([]SetNote, 1)},
		{CustomFields: make([]SetField, 1), Notes: make([]SetNote, 1)},
	} {
		if u.Empty() {
			t.Errorf("%+v is taken for nothing", u)
		}
	}
	if !(&Update{}).Empty() {
		t.Error("nothing is taken for an update")
	}
}

// Why no waiting will bring a connection about, in the words of certificates.
func TestCertificatesThatAreNotTrusted(t *testing.T) {
	long := strings.Repeat("n", 400)
	now := time.Now()
	own := &x509.Certificate{Raw: []byte{1}, Subject: pkix.Name{CommonName: long}, Issuer: pkix.Name{CommonName: "I" + long}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour)}
	old := &x509.Certificate{Raw: []byte{2}, Subject: pkix.Name{CommonName: long}, NotAfter: time.Date(2020, 1, 2, 0, 0, 0, 0, time.UTC)}
	young := &x509.Certificate{Raw: []byte{3}, Subject: pkix.Name{CommonName: "young"}, NotBefore: time.Date(2120, 1, 2, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2121, 1, 2, 0, 0, 0, 0, time.UTC)}
	x := func(leaf *x509.Certificate, err error) *exchange {
		return &exchange{err: &tls.CertificateVerificationError{UnverifiedCertificates: []*x509.Certificate{leaf}, Err: err}}
	}
	for _, tt := range []struct {
		name string
		x    *exchange
		want string
	}{
		{"of another host", x(own, x509.HostnameError{Certificate: own, Host: "api"}), "its certificate is for CN=" + long[:maxMessage/3-4] + "…, not for this host"},
		{"expired", x(old, x509.CertificateInvalidError{Cert: old, Reason: x509.Expired}), "its certificate expired on 2020-01-02, and"},
		{"not yet valid", x(young, x509.CertificateInvalidError{Cert: young, Reason: x509.Expired}), "its certificate is not valid before 2120-01-02, and"},
		{"one above it expired", x(own, x509.CertificateInvalidError{Cert: old, Reason: x509.Expired}), `the certificate "CN=` + long[:maxMessage/4-4] + `…" above its own expired`},
		{"invalid for another reason", x(own, x509.CertificateInvalidError{Cert: own, Reason: x509.TooManyIntermediates}), "was issued by"},
		{"of an unknown authority", x(own, x509.UnknownAuthorityError{Cert: own}), `was issued by "CN=I` + long[:maxMessage/4-5] + `…", which`},
		{"none", &exchange{err: &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}}, ""},
	} {
		got := inVain(tt.x)
		if system, err := x509.SystemCertPool(); strings.Contains(tt.want, "issued by") && (err != nil || system.Equal(x509.NewCertPool())) {
			continue // another message where nothing at all is trusted
		}
		if !strings.Contains(got, tt.want) || (got == "") != (tt.want == "") {
			t.Errorf("%s: %s", tt.name, got)
		}
	}
}

func TestCertificatesInAFile(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	der := server.Certificate().Raw
	dir := t.TempDir()
	for name, tt := range map[string]struct {
		text []byte
		ok   bool
	}{
		"pem":     {pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), true},
		"der":     {der, true},
		"neither": {[]byte("hello"), false},
		"empty":   {nil, false},
	} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, tt.text, 0o600); err != nil {
			t.Fatal(err)
		}
		pool, err := TrustToo(file)
		if !tt.ok {
			if err == nil || !strings.HasPrefix(err.Error(), file+" holds no certificate") {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := server.Certificate().Verify(x509.VerifyOptions{Roots: pool}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := TrustToo(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}
