package talkdesk

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const oddSecret = `s3/+ "<ö>&'%41\n`

// escapedForms are ways in which a server may send a text back.
func escapedForms(s string) map[string]string {
	jsonText := func(s string) string {
		b, _ := json.Marshal(s)
		return string(b[1 : len(b)-1])
	}
	allEscaped := func(format string) string {
		var b strings.Builder
		for _, r := range s {
			fmt.Fprintf(&b, format, r)
		}
		return b.String()
	}
	percent := func(format string) string {
		var b strings.Builder
		for i := range len(s) {
			fmt.Fprintf(&b, format, s[i])
		}
		return b.String()
	}
	forms := map[string]string{
		"raw":              s,
		"query":            url.QueryEscape(s),
		"path":             url.PathEscape(s),
		"percent":          percent("%%%02X"),
		"percent, small":   percent("%%%02x"),
		"HTML":             html.EscapeString(s),
		"HTML, numbers":    allEscaped("&#%d;"),
		"HTML, hex":        allEscaped("&#x%x;"),
		"JSON":             jsonText(s),
		"JSON, \\u":        allEscaped(`\u%04x`),
		"JSON, \\/":        strings.ReplaceAll(jsonText(s), "/", `\/`),
		"JSON in JSON":     jsonText(jsonText(s)),
		"quoted":           strconv.Quote(s),
		"HTML in a query":  url.QueryEscape(html.EscapeString(s)),
		"JSON in HTML":     html.EscapeString(jsonText(s)),
		"base64":           base64.StdEncoding.EncodeToString([]byte(s)),
		"base64 for URLs":  base64.RawURLEncoding.EncodeToString([]byte(s)),
		"base64 in a path": url.PathEscape(base64.StdEncoding.EncodeToString([]byte(s))),
	}
	for _, id := range []string{"", "x", "xy"} {
		forms["Basic "+id] = base64.StdEncoding.EncodeToString([]byte(id + ":" + s + "!"))
	}
	return forms
}

func TestSecretsAreHiddenInEveryForm(t *testing.T) {
	for _, secret := range []string{oddSecret, "token-0123456789", "??>>~~ÿÿÿÿ"} {
		for name, form := range escapedForms(secret) {
			got := newCensor("another", secret).clean("before "+form+" after", maxMessage)
			if strings.Contains(got, form) || !strings.HasPrefix(got, "before ") || !strings.HasSuffix(got, " after") || !strings.Contains(got, "[hidden]") {
				t.Errorf("%s of %q: %s", name, secret, got)
			}
			// Of base64 the first and last characters may be left, which say next to nothing.
			if left := strings.NewReplacer("before ", "", " after", "", "[hidden]", "", `"`, "").Replace(got); len(left) > 8 {
				t.Errorf("%s of %q: %q is left", name, secret, left)
			}
		}
	}
}

func TestTextsWithoutSecretsStayAsTheyAre(t *testing.T) {
	c := newCensor("sesame", "abc")
	for in, want := range map[string]string{"a %41%42%43 b": "a [hidden] b", "a ABC b": "a ABC b", "a ABCD b": "a [hidden] b"} {
		if got := newCensor("%41%42%43", "%41%42%43%44").clean(in, maxMessage); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
	// In base64 only if that is long enough to be no part of a word.
	for in, want := range map[string]string{"YWJjZA== AGFiY2Q c2VzYW0=": "YWJjZA== AGFiY2Q [hidden]0="} {
		if got := newCensor("abcd", "sesam").clean(in, maxMessage); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
	for _, s := range []string{"100%25 sure", `C:\new &amp; \u0041`, "abc", "c2VzYW"} {
		if got := c.clean(s, maxMessage); got != s {
			t.Errorf("%q: %q", s, got)
		}
	}
	if got := newCensor("sesame", "sesame street").clean("at sesame street", maxMessage); got != "at [hidden]" {
		t.Errorf("%q", got)
	}
	data := newCensor("sesame", "a longer secret").forData()
	for in, want := range map[string]string{
		"sesame\tis  a word":        "sesame\tis  a word",
		"this is a longer secret.":  "this is [hidden].",
		"this is a+longer+secret":   "this is [hidden]",
		strings.Repeat("ä", 600):    strings.Repeat("ä", 499) + "…",
		strings.Repeat("x", 70_000): "",
		strings.Repeat("x", 65_536): strings.Repeat("x", 499) + "…",
		strings.Repeat("x", 500):    strings.Repeat("x", 500),
	} {
		if got := data.data(in); in != want && got != want || in == want && got != in {
			t.Errorf("%.40q: %.40q", in, got)
		}
	}
}

// A text is cut before it is searched for secrets, so half of one may stand at
// its end.
func TestNoHalfSecretIsLeft(t *testing.T) {
	c := newCensor("sesame-sesame-sesame")
	for fill := range 10 {
		for _, text := range []string{"sesame-sesame-sesame ", " "} {
			s := strings.Repeat("x", fill) + strings.Repeat(text, 70_000/len(text)) + strings.Repeat("sesame-sesame-sesame", 10)
			if got := c.clean(s, maxMessage); strings.Contains(got, "sesame") {
				t.Fatalf("%s", got)
			}
		}
	}
	blank := strings.Repeat(" ", maxText)
	for in, want := range map[string]string{
		strings.Repeat("long ", 70_000): "long long…",
		blank[1:] + "x":                 "x",
		blank + "x":                     "",
		"ten. chars" + blank:            "",
		"11 characters"[:11] + blank:    "11 charac…",
	} {
		if got := c.clean(in, 10); got != want {
			t.Errorf("%.20q: %q, want %q", in, got, want)
		}
	}
}

// echo sends the proof of who we are back, wherever an answer has a place for
// it.
func TestNoSecretLeaves(t *testing.T) {
	const token, secret = "T0ken/0123456789+secret", "the/client+secret"
	basic := base64.StdEncoding.EncodeToString([]byte("client:" + url.QueryEscape(secret)))
	places := map[string]string{ // %s is the text; each is a whole answer
		"id":                   "HTTP/1.1 201 x\r\n\r\n{\"id\":\"%s\"}",
		"list id":              "HTTP/1.1 200 x\r\n\r\n{\"total\":1,\"_embedded\":{\"data\":[{\"id\":\"%s\"}]}}",
		"title, time, status":  "HTTP/1.1 200 x\r\n\r\n{\"total\":1,\"_embedded\":{\"data\":[{\"id\":\"1\",\"title\":\"%[1]s\",\"status\":\"%[1]s\",\"create_at\":\"%[1]s\"}]}}",
		"code, message":        "HTTP/1.1 400 x\r\n\r\n{\"code\":\"%[1]s\",\"message\":\"%[1]s\",\"description\":\"you sent %[1]s\",\"fields\":[{\"name\":\"%[1]s\",\"description\":\"%[1]s\"}]}",
		"error":                "HTTP/1.1 400 x\r\n\r\n{\"error\":\"%s\"}",
		"plain text":           "HTTP/1.1 502 x\r\n\r\nno %s",
		"page":                 "HTTP/1.1 200 x\r\nContent-Type: text/html\r\n\r\n<title>%s</title>",
		"Location":             "HTTP/1.1 302 x\r\nLocation: https://other.example/%s/x?a=%[1]s\r\n\r\n",
		"refused token":        "HTTP/1.1 401 x\r\n\r\n{\"code\":\"x\",\"message\":\"%s\"}",
		"missing scope":        "HTTP/1.1 403 x\r\n\r\n{\"code\":\"x\",\"message\":\"%s\"}",
		"status line":          "%s\r\n\r\n",
		"status":               "HTTP/1.1 %s\r\n\r\n",
		"header":               "HTTP/1.1 200 x\r\n%s\r\n\r\n",
		"length":               "HTTP/1.1 200 x\r\nContent-Length: %s\r\n\r\n",
		"transfer":             "HTTP/1.1 200 x\r\nTransfer-Encoding: %s\r\n\r\n",
		"token endpoint":       "HTTP/1.1 400 x\r\nContent-Type: application/json\r\n\r\n{\"error\":\"%[1]s\",\"error_description\":\"%[1]s\"}",
		"token endpoint, page": "HTTP/1.1 200 x\r\nContent-Type: application/json\r\n\r\n{\"access_token\":\"%s\\n\"}",
	}
	for place, form := range places {
		for sent, plain := range map[string]string{"token": token, "secret": secret, "Basic": basic} {
			for kind, text := range escapedForms(plain) {
				if !slices.Contains([]string{"raw", "query", "JSON, \\u", "base64"}, kind) {
					continue
				}
				text = strings.ReplaceAll(text, `"`, `\"`)
				login := strings.HasPrefix(place, "token endpoint") || place == "status line" && sent != "token"
				base, _ := script(t, func(n int, conn net.Conn) bool {
					if n == 1 && !login {
						body := `{"access_token":"` + token + `","expires_in":3600}`
						fmt.Fprintf(conn, "HTTP/1.1 200 x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
						return false
					}
					fmt.Fprintf(conn, form, text)
					return false
				})
				c := client(t, base, Credentials{ClientID: "client", ClientSecret: secret})
				var left []string
				add := func(v any) { left = append(left, fmt.Sprintf("%+v", v)) }
				add(c.Create(t.Context(), []byte("{}"), ""))
				add(c.Login(t.Context()))
				add(c.Probe(t.Context()))
				p, a := c.Read(t.Context(), Query{Field: "text1", Key: "K-1", Page: 1})
				add(a)
				for _, f := range p.Cases {
					add(f)
				}
				for _, text := range left {
					for kind, form := range escapedForms(plain) {
						if strings.Contains(text, form) {
							t.Errorf("%s, %s sent as %s is seen as %s: %s", place, sent, kind, kind, text)
						}
					}
				}
			}
		}
	}
}

// A signed assertion is as good as a secret, as long as it lives.
func TestAnAssertionIsASecret(t *testing.T) {
	var assertion string
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/oauth/token" {
			assertion = r.FormValue("client_assertion")
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"access_token":"abcdef","expires_in":3600}`)
			return
		}
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, assertion)
	})
	c := client(t, base, Credentials{ClientID: "client", PrivateKey: keys(t, ecKey(t))["bare"], KeyID: "1"})
	if a := c.Create(t.Context(), []byte("{}"), ""); a.Verdict != Rejected || a.Message != "[hidden]" {
		t.Errorf("%+v", a)
	}
}

func TestAProxyThatCannotBeReadIsNotShown(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://me:sesame@proxy.example:port")
	c := client(t, "https://api.example", testToken)
	if a := c.Create(t.Context(), []byte("{}"), ""); a.Verdict != NotTaken || strings.Contains(a.Message, "sesame") {
		t.Errorf("%+v", a)
	}
}

func TestNothingIsLoggedThatAServerSendsUnasked(t *testing.T) {
	client(t, "https://api.example", testToken)
	quiet, ok := log.Writer().(quietLog)
	if !ok {
		t.Fatal("the standard log is not watched")
	}
	var logged bytes.Buffer
	log.SetOutput(quietLog{&logged})
	defer log.SetOutput(quiet)

	closed := make(chan struct{})
	base, _ := script(t, func(_ int, conn net.Conn) bool {
		io.WriteString(conn, "HTTP/1.1 201 x\r\nContent-Length: 10\r\n\r\n{\"id\":\"1\"}")
		io.WriteString(conn, "HTTP/1.1 200 x\r\nX: token-0123456789\r\n\r\n")
		go func() {
			conn.Read(make([]byte, 1)) // until the client has read it and closed
			close(closed)
		}()
		<-closed
		return false
	})
	if a := client(t, base, testToken).Create(t.Context(), []byte("{}"), ""); a.Verdict != OK {
		t.Errorf("%+v", a)
	}
	<-closed
	if logged.Len() > 0 {
		t.Errorf("logged: %s", &logged)
	}
	log.Print("something else")
	if !strings.Contains(logged.String(), "something else") {
		t.Error("other lines are swallowed")
	}
}
