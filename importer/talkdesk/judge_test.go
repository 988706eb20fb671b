package talkdesk

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

// An HTML page such as gateways send.
const gatewayPage = "<html>\r\n<head><title>502 Bad\r\n Gateway &amp; more</title></head><body><h1>Sorry</h1></body></html>"

func TestJudge(t *testing.T) {
	var (
		dialErr  = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
		dnsErr   = &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "api.example", IsNotFound: true}}
		tlsErr   = x509.UnknownAuthorityError{}
		resetErr = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	)
	tests := []struct {
		name string
		x    exchange
		want Answer // Message: a part of it
	}{
		// No answer, no connection: surely not taken.
		{"connection refused", exchange{err: dialErr},
			Answer{Verdict: NotTaken, Code: "no connection", Message: "refused", Down: true}},
		{"unknown host", exchange{err: dnsErr},
			Answer{Verdict: NotTaken, Code: "no connection", Message: "the host name api.example does not resolve", Down: true, NoHost: true}},
		{"bad certificate", exchange{err: tlsErr},
			Answer{Verdict: NotTaken, Code: "no connection", Message: "certificate signed by unknown authority", Down: true}},
		{"reset before the connection was ours", exchange{err: resetErr},
			Answer{Verdict: NotTaken, Code: "no connection", Message: "reset", Down: true}},
		{"time-out while connecting", exchange{err: errTimeout, cause: errTimeout, timeout: time.Minute},
			Answer{Verdict: NotTaken, Code: "no connection", Message: "none within 1m0s", Down: true}},
		{"cancelled while connecting", exchange{err: context.Canceled, cause: context.Canceled},
			Answer{Verdict: NotTaken, Code: "interrupted", Message: "given up"}},
		{"proxy wants a password", exchange{err: &proxyError{407}},
			Answer{Verdict: Halt, Code: "no connection", Message: "407 Proxy Authentication Required: check HTTPS_PROXY"}},
		{"proxy cannot reach the server", exchange{err: &proxyError{502}},
			Answer{Verdict: NotTaken, Code: "no connection", Message: "the proxy answered 502", Down: true}},

		// No answer on a connection: in doubt.
		{"reset", exchange{gotConn: true, err: resetErr},
			Answer{Verdict: Unknown, Code: "connection lost", Message: "reset", Down: true}},
		{"closed", exchange{gotConn: true, err: io.EOF},
			Answer{Verdict: Unknown, Code: "connection lost", Message: "EOF", Down: true}},
		{"time-out", exchange{gotConn: true, err: errTimeout, cause: errTimeout, timeout: time.Second},
			Answer{Verdict: Unknown, Code: "timeout", Message: "within 1s", Down: true}},
		{"cancelled", exchange{gotConn: true, err: context.Canceled, cause: context.Canceled},
			Answer{Verdict: Unknown, Code: "interrupted", Message: "given up"}},
		{"the caller's own deadline", exchange{gotConn: true, err: context.DeadlineExceeded, cause: context.DeadlineExceeded},
			Answer{Verdict: Unknown, Code: "interrupted", Message: "given up"}},

		// 2xx: created if and only if there is a readable id.
		{"201", answer(201, `{"id":"4711"}`), Answer{Verdict: OK, Status: 201, CaseID: "4711"}},
		{"201 with a number", answer(201, `{"title":"x","id":4711}`), Answer{Verdict: OK, Status: 201, CaseID: "4711"}},
		{"200", answer(200, `{"id":"4711"}`), Answer{Verdict: OK, Status: 200, CaseID: "4711"}},
		{"202", answer(202, `{"id":"4711"}`), Answer{Verdict: OK, Status: 202, CaseID: "4711"}},
		{"2xx is final whatever its headers say", answer(201, `{"id":"4711"}`, "Retry-After", "30", "RateLimit-Remaining", "0", "Content-Type", "text/html"),
			Answer{Verdict: OK, Status: 201, CaseID: "4711"}},
		{"whole, although more was promised", with(answer(201, `{"id":"4711"}`), io.ErrUnexpectedEOF),
			Answer{Verdict: OK, Status: 201, CaseID: "4711"}},
		{"204", answer(204, ""), Answer{Status: 204, Code: "unreadable answer", Message: "204 No Content"}},
		{"201 empty", answer(201, ""), Answer{Status: 201, Code: "unreadable answer", Message: "201 Created"}},
		{"201 without id", answer(201, `{"title":"x"}`), Answer{Status: 201, Code: "unreadable answer", Message: "not in the API's form"}},
		{"201 with id null", answer(201, `{"id":null}`), Answer{Status: 201, Code: "unreadable answer"}},
		{"201 with id empty", answer(201, `{"id":""}`), Answer{Status: 201, Code: "unreadable answer"}},
		{"201 with id 0", answer(201, `{"id":0}`), Answer{Status: 201, Code: "unreadable answer"}},
		{"201 with id \"0\"", answer(201, `{"id":"0"}`), Answer{Status: 201, Code: "unreadable answer"}},
		{"201 with a negative id", answer(201, `{"id":-5}`), Answer{Status: 201, Code: "unreadable answer"}},
		{"201 with a rounded id", answer(201, `{"id":4.7e3}`), Answer{Status: 201, Code: "unreadable answer"}},
		{"201 with an object for an id", answer(201, `{"id":{"id":"1"}}`), Answer{Status: 201, Code: "unreadable answer"}},
		{"201 with control characters in the id", answer(201, `{"id":"4\u001b[2J"}`), Answer{Status: 201, Code: "unreadable answer"}},
		{"201 cut within the id", answer(201, `{"id":"47`), Answer{Status: 201, Code: "unreadable answer"}},
		{"201 cut behind the id", answer(201, `{"id":"4711","title":"Prin`), Answer{Status: 201, Code: "unreadable answer"}},
		{"201 cut behind the id, connection closed", with(answer(201, `{"id":"4711",`), io.ErrUnexpectedEOF),
			Answer{Status: 201, Code: "connection lost", Message: "unexpected EOF", Down: true}},
		{"201 and a body that never ends", exchange{gotConn: true, status: 201, body: []byte(strings.Repeat("x", 100)), tooLong: true},
			Answer{Status: 201, Code: "unreadable answer", Message: "far too long"}},
		{"200 from a login page", answer(200, `<!DOCTYPE html><title>Hotel Wi-Fi</title>`), Answer{Status: 200, Code: "unreadable answer", Message: "200 OK, but not in the API's form: Hotel Wi-Fi", Page: true}},
		{"201 with a list", answer(201, `[{"id":"4711"}]`), Answer{Status: 201, Code: "unreadable answer"}},
		{"101", answer(101, ""), Answer{Status: 101, Code: "http 101"}},

		// A wrong address, or a proxy.
		{"301", answer(301, "", "Location", "https://login.example/in?token=sesame#x"), Answer{Verdict: Halt, Status: 301, Code: "http 301",
			Message: "POST https://api.example/cases answered 301 Moved Permanently: a wrong address, or a proxy in between: check the region and the base URL (--base-url, TALKDESK_BASE_URL); it points to https://login.example/in"}},
		{"303", answer(303, ""), Answer{Verdict: Halt, Status: 303, Code: "http 303", Message: "303 See Other"}},
		{"307", answer(307, ""), Answer{Verdict: Halt, Status: 307, Code: "http 307", Message: "307 Temporary Redirect"}},
		{"404", answer(404, gatewayPage), Answer{Verdict: Halt, Status: 404, Code: "http 404", Message: "POST https://api.example/cases answered 404 Not Found: a wrong address, or a proxy in between: check the region"}},
		{"405", answer(405, ""), Answer{Verdict: Halt, Status: 405, Code: "http 405", Message: "405 Method Not Allowed"}},
		{"407", answer(407, ""), Answer{Verdict: Halt, Status: 407, Code: "http 407", Message: "HTTPS_PROXY"}},

		// Refusals.
		{"400 with fields", answer(400, `{"code":"0100","message":"Bad request","description":"Two fields","fields":[{"name":"title","description":"too long"},{"name":"priority","description":"unknown"}]}`),
			Answer{Verdict: Rejected, Status: 400, Code: "0100", Message: "Bad request: Two fields", APIForm: true,
				Fields: []FieldError{{"title", "too long"}, {"priority", "unknown"}}}},
		{"400 with odd fields", answer(400, `{"code":7,"message":"Bad","fields":[null,{"name":"a"},{"description":"b"},"c",[1]]}`),
			Answer{Verdict: Rejected, Status: 400, Code: "7", Message: "Bad", APIForm: true, Fields: []FieldError{{Name: "a"}, {Description: "b"}}}},
		{"400 without fields", answer(400, `{"code":"0100","message":"Bad request"}`), Answer{Verdict: Rejected, Status: 400, Code: "0100", Message: "Bad request", APIForm: true}},
		{"400 of another form", answer(400, `{"error":"no such thing"}`), Answer{Verdict: Rejected, Status: 400, Code: "http 400", Message: "no such thing"}},
		{"400 HTML", answer(400, gatewayPage), Answer{Verdict: Rejected, Status: 400, Code: "http 400", Message: "502 Bad Gateway & more"}},
		{"400 plain text", answer(400, "Header too\r\n\x1b[31mlong"), Answer{Verdict: Rejected, Status: 400, Code: "http 400", Message: "Header too [31mlong"}},
		{"400 empty", answer(400, ""), Answer{Verdict: Rejected, Status: 400, Code: "http 400", Message: "400 Bad Request"}},
		{"400 broken off", with(answer(400, `{"code":"0100","mess`), io.ErrUnexpectedEOF), Answer{Verdict: Rejected, Status: 400, Code: "http 400"}},
		{"402", answer(402, ""), Answer{Verdict: Rejected, Status: 402, Code: "http 402", Message: "402 Payment Required"}},
		{"403 in the API's form", answer(403, `{"code":"0403","message":"Scope missing"}`),
			Answer{Verdict: Halt, Status: 403, Code: "0403", Message: "(Scope missing): the credentials lack the scope cases-public:write", APIForm: true, Denied: true}},
		{"403 of a firewall", answer(403, `{"message":"Forbidden"}`), Answer{Verdict: Rejected, Status: 403, Code: "http 403", Message: "Forbidden", Blocked: true}},
		{"403 that says when to come back", answer(403, `{"code":"0403","message":"Slow down"}`, "Retry-After", "7"),
			Answer{Verdict: NotTaken, Status: 403, Code: "0403", Message: "Slow down", APIForm: true, Throttled: true, Pause: 7 * time.Second}},
		{"403 HTML", answer(403, `<h1>Request <b>blocked</b></h1>`), Answer{Verdict: Rejected, Status: 403, Code: "http 403", Message: "Request blocked", Blocked: true}},
		{"409", answer(409, ""), Answer{Verdict: Rejected, Status: 409, Code: "http 409", Message: "409 Conflict"}},
		{"413", answer(413, ""), Answer{Verdict: Rejected, Status: 413, Code: "http 413", Message: "413 Request Entity Too Large"}},
		{"422", answer(422, `{"code":"x","message":"y","fields":[{"name":"a","description":"b"}]}`),
			Answer{Verdict: Rejected, Status: 422, Code: "x", Message: "y", APIForm: true, Fields: []FieldError{{"a", "b"}}}},
		{"425", answer(425, ""), Answer{Verdict: Rejected, Status: 425, Code: "http 425", Message: "425 Too Early"}},
		{"499", answer(499, ""), Answer{Verdict: Rejected, Status: 499, Code: "http 499", Message: "499"}},

		// The token.
		{"401, another token will be got", exchange{gotConn: true, status: 401, renewed: true},
			Answer{Verdict: NotTaken, Status: 401, Code: "http 401", Message: "401 Unauthorized", Renewed: true}},
		{"401 on a new token", answer(401, `{"code":"0401","message":"Invalid token"}`),
			Answer{Verdict: Halt, Status: 401, Code: "0401", Message: "got just now (Invalid token)", APIForm: true}},
		{"401 on the token of the environment", exchange{gotConn: true, status: 401, static: true},
			Answer{Verdict: Halt, Status: 401, Code: "http 401", Message: "set a new one in TALKDESK_TOKEN"}},

		// Later.
		{"408", answer(408, ""), Answer{Verdict: Unknown, Status: 408, Code: "http 408", Message: "408 Request Timeout"}},
		{"429", answer(429, ""), Answer{Verdict: NotTaken, Status: 429, Code: "http 429", Message: "429 Too Many Requests", Throttled: true}},
		{"429 with a wait", answer(429, gatewayPage, "Retry-After", "7"), Answer{Verdict: NotTaken, Status: 429, Code: "http 429", Throttled: true, Pause: 7 * time.Second}},
		{"500", answer(500, `{"code":"0500","message":"Oops"}`), Answer{Verdict: Unknown, Status: 500, Code: "0500", Message: "Oops", Down: true, APIForm: true}},
		{"502 HTML", answer(502, gatewayPage), Answer{Verdict: Unknown, Status: 502, Code: "http 502", Message: "502 Bad Gateway & more", Down: true}},
		{"503 asking to wait", answer(503, "upstream connect error", "Retry-After", "7"), Answer{Verdict: Unknown, Status: 503, Code: "http 503", Message: "upstream connect error", Down: true}},
		{"504 HTML without a title", answer(504, "<html><body>late</body></html>"), Answer{Verdict: Unknown, Status: 504, Code: "http 504", Message: "504 Gateway Timeout", Down: true}},
		{"599", answer(599, ""), Answer{Verdict: Unknown, Status: 599, Code: "http 599", Message: "599", Down: true}},
		{"666", answer(666, ""), Answer{Verdict: Unknown, Status: 666, Code: "http 666", Message: "666"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.x.method, tt.x.url = "POST", "https://api.example/cases"
			got := judge(&tt.x)
			if !strings.Contains(got.Message, tt.want.Message) {
				t.Errorf("message %q lacks %q", got.Message, tt.want.Message)
			}
			if got.Verdict != OK && got.Message == "" {
				t.Error("no message")
			}
			got.Message = tt.want.Message
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("\n got %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

func TestVerdictsHaveNames(t *testing.T) {
	for v, want := range []string{"unknown", "ok", "absent", "not taken", "rejected", "halt", "invalid verdict", "invalid verdict"} {
		if got := Verdict(v).String(); got != want {
			t.Errorf("%d: %s", v, got)
		}
	}
}

func TestLongTextsDoNotCrowdOutWhatToDo(t *testing.T) {
	long := strings.Repeat("long ", 100)
	said := `{"code":"x","message":"` + long + `"}`
	tests := []struct {
		x    exchange
		want string // the end of the message
	}{
		{answer(403, said), "): the credentials lack the scope cases-public:write"},
		{answer(401, said), "): check that the account, the region and the addresses belong together"},
		{exchange{err: &proxyError{407}, timeout: time.Minute}, "as http://NAME:PASSWORD@HOST:PORT"},
		{exchange{err: errors.New(long)}, "…"},
		{answer(302, "", "Location", "https://other.example/"+strings.Repeat("x/", 200)), "/…"},
	}
	for _, tt := range tests {
		tt.x.method, tt.x.url = "POST", "https://api.example/cases"
		if a := judge(&tt.x); !strings.HasSuffix(a.Message, tt.want) || utf8.RuneCountInString(a.Message) > maxMessage {
			t.Errorf("%d: %q", tt.x.status, a.Message)
		}
	}
}

func TestReasonsAreGivenWithoutAddresses(t *testing.T) {
	addr := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 443}
	refused := &net.OpError{Op: "dial", Net: "tcp", Addr: addr, Err: syscall.ECONNREFUSED}
	for err, want := range map[error]string{
		refused:                                 "connection refused",
		&net.OpError{Op: "dial", Net: "tcp"}:    "no reason given",
		errors.New(strings.Repeat("long ", 50)): strings.TrimSpace(strings.Repeat("long ", 50)[:149]) + "…",
		nil:                                     "no reason given",
	} {
		if got := reason(&exchange{err: err}); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestHowLongThingsMayBe(t *testing.T) {
	for id, want := range map[string]string{
		strings.Repeat("7", 80): strings.Repeat("7", 80),
		strings.Repeat("7", 81): "",
		"a-secret-012":          "", // of twelve characters
		"id-a-secret-012":       "",
		"short":                 "short", // a secret too short to be none by chance
	} {
		x := answer(201, `{"id":"`+id+`"}`)
		x.secrets = newCensor("a-secret-012", "short")
		if got := judge(&x).CaseID; got != want {
			t.Errorf("%s: %q", id, got)
		}
	}
	x := answer(400, `{"code":"x","message":"y","fields":[`+strings.Repeat(`{"name":"a"},`, 150)+`{"name":"b"}]}`)
	if n := len(judge(&x).Fields); n != maxFields {
		t.Errorf("%d fields", n)
	}
}

// answer is an exchange in which the server answered; header holds names and
// values by turns.
func answer(status int, body string, header ...string) exchange {
	x := exchange{gotConn: true, status: status, body: []byte(body), header: http.Header{}}
	for i := 0; i < len(header); i += 2 {
		x.header.Set(header[i], header[i+1])
	}
	return x
}

func with(x exchange, err error) exchange {
	x.err = err
	return x
}

// Whatever a server says: a request that may have arrived is never sent again
// without a look-up, and no text is unfit for a terminal or shows a secret.
func FuzzJudge(f *testing.F) {
	f.Add(400, []byte(`{"code":"a","message":"b secret-token","fields":[{"name":"c","description":"d"}]}`), "application/json", true, false)
	f.Add(201, []byte(`{"id":"1"}`), "", true, true)
	f.Add(502, []byte(gatewayPage), "text/html", true, false)
	f.Add(0, []byte{}, "", false, true)
	f.Fuzz(func(t *testing.T, status int, body []byte, contentType string, gotConn, broken bool) {
		x := &exchange{method: "POST", url: "https://api.example/cases", status: status, gotConn: gotConn || status != 0,
			body: body, header: http.Header{"Content-Type": {contentType}, "Retry-After": {contentType}},
			secrets: []string{"secret-token"}}
		if broken || status == 0 {
			x.err = errors.New("broken \x1b[2J secret-token")
		}
		a := judge(x)
		if a.Verdict == NotTaken && x.gotConn && status != 429 && (status != 403 || a.Pause <= 0) {
			t.Errorf("status %d: %v", status, a.Verdict)
		}
		if (a.Verdict == OK) != (a.CaseID != "") || a.Verdict == OK && status/100 != 2 || a.Verdict == Absent {
			t.Errorf("status %d: %v with id %q", status, a.Verdict, a.CaseID)
		}
		texts := append([]string{a.Message, a.Code, a.CaseID}, fmt.Sprint(a.Fields))
		for _, text := range texts {
			if strings.Contains(text, "secret-token") || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("unfit text %q", text)
			}
		}
		if utf8.RuneCountInString(a.Message) > maxMessage {
			t.Errorf("message of %d characters", utf8.RuneCountInString(a.Message))
		}
		p, a := judgeRead(x, Query{Field: "text_key"})
		if a.Verdict == Absent || a.Verdict == Rejected || a.CaseID != "" || a.Verdict == OK && status/100 != 2 {
			t.Errorf("list, status %d: %+v %+v", status, a, p)
		}
	})
}
