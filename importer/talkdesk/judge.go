package talkdesk

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// exchange is all there is to know about one HTTP attempt.
type exchange struct {
	method  string
	scope   string        // that it needs; "": the one of its method
	url     string        // for messages: see address
	gotConn bool          // a connection was got, so the request may have left
	status  int           // 0: no answer began
	header  http.Header   // of the answer
	body    []byte        // as far as it came
	tooLong bool          // the body went on beyond the limit
	err     error         // of the transport, also one in mid-body
	cause   error         // why the attempt's context had ended when err came up: errTimeout, the caller's reason, or nil
	timeout time.Duration // for messages
	now     time.Time     // when the answer came
	static  bool          // the token cannot be renewed
	renewed bool          // the token was refused and another one will be got
	secrets censor        // of what the server says
	tls     *tls.ConnectionState
}

// errTimeout is the cause of a context that ended by our own limit.
var errTimeout = errors.New("time-out")

// judge decides what came of an attempt, whatever it was for: the methods of Client that
// do not create set right what it says of a create. It is the heart of the promise never
// to make a case twice: NotTaken only for what surely did not reach the application,
// Unknown for all that may have.
func judge(x *exchange) Answer {
	a := decide(x)
	a.Quotas = quotas(x.header, x.now, a.Throttled)
	if a.Message != "" {
		a.Message = clean(a.Message, maxMessage)
	}
	return a
}

func decide(x *exchange) Answer {
	switch {
	case x.status == 0:
		return lost(x)
	case x.status/100 == 2: // final, whatever the headers say
		if id := caseID(x); id != "" {
			return Answer{Verdict: OK, Status: x.status, CaseID: id}
		}
		return unreadable(x)
	}

	a := errorBody(x)
	switch x.status {
	case http.StatusTooManyRequests:
		a.Verdict, a.Throttled, a.Pause = NotTaken, true, pause(x.header, x.now)
	case http.StatusUnauthorized:
		unauthorized(x, &a)
	case http.StatusForbidden:
		// A gateway that says when to come back does not refuse for good.
		if again := wait(x.header.Get("Retry-After"), serverTime(x.header, x.now)); again > 0 {
			a.Verdict, a.Throttled, a.Pause = NotTaken, true, again
			break
		}
		// A firewall may dislike one body. A read has none to be disliked.
		if a.Denied = a.APIForm || x.method == http.MethodGet; a.Denied {
			a.Verdict = Halt
			a.Message = fmt.Sprintf("access denied (%s): the credentials lack the scope %s", clean(a.Message, maxMessage/3), cmp.Or(x.scope, scope(x.method)))
		} else {
			a.Verdict, a.Blocked = Rejected, true
		}
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		wrongAddress(x, &a, checkAddress)
	case http.StatusProxyAuthRequired:
		wrongAddress(x, &a, proxyPassword)
	case http.StatusRequestTimeout:
		a.Verdict = Unknown
	default:
		switch x.status / 100 {
		case 3:
			wrongAddress(x, &a, checkAddress+redirect(x))
		case 4:
			a.Verdict = Rejected
		case 5:
			a.Verdict, a.Down = Unknown, true
		}
	}
	return a
}

// lost is for attempts without an answer, or whose answer broke off.
func lost(x *exchange) Answer {
	a := Answer{Verdict: Unknown, Status: x.status, Down: true}
	if !x.gotConn {
		a.Verdict = NotTaken
	}
	switch {
	case x.cause != nil && x.cause != errTimeout:
		a.Code, a.Message, a.Down = "interrupted", "given up before an answer came", false
	case !x.gotConn:
		a.Code = "no connection"
		a.Message = fmt.Sprintf("no connection to %s: %s", x.url, reason(x))
		dns, isDNS := errors.AsType[*net.DNSError](x.err)
		op, isOp := errors.AsType[*net.OpError](x.err)
		byProxy := isOp && op.Op == "proxyconnect"
		switch {
		case isDNS && byProxy:
			a.NoHost = true
			a.Message = fmt.Sprintf("the proxy's host name %s does not resolve: check HTTPS_PROXY", x.secrets.clean(dns.Name, maxCode))
		case isDNS:
			a.NoHost = true
			a.Message = fmt.Sprintf("the host name %s does not resolve: check the address, the account, the region and this machine's network", x.secrets.clean(dns.Name, maxCode))
		default:
			if why := inVain(x); why != "" {
				a.Verdict, a.Down = Halt, false
				a.Message = fmt.Sprintf("no connection to %s: %s", x.url, why)
			} else if byProxy {
				a.Message = fmt.Sprintf("no connection to the proxy that HTTPS_PROXY names: %s", reason(x))
			}
		}
	case x.cause == errTimeout:
		a.Code, a.Message = "timeout", fmt.Sprintf("no complete answer within %v", x.timeout)
	default:
		a.Code, a.Message = "connection lost", "the connection broke before a complete answer came: "+reason(x)
	}
	return a
}

// reason is the transport's error in few words.
func reason(x *exchange) string {
	err := x.err
	if x.cause == errTimeout {
		return fmt.Sprintf("none within %v", x.timeout)
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err // without the addresses
	}
	if err == nil {
		return "no reason given"
	}
	return x.secrets.clean(err.Error(), maxMessage/2)
}

// unreadable is for a 2xx that does not say what was asked for.
func unreadable(x *exchange) Answer {
	switch {
	case x.err != nil:
		return lost(x)
	case x.tooLong:
		return Answer{Status: x.status, Code: "unreadable answer", Message: fmt.Sprintf("the server answered %s with far too long a body", statusText(x.status))}
	}
	message := fmt.Sprintf("the server answered %s, but not in the API's form", statusText(x.status))
	page := false
	if text := x.secrets.clean(pageText(x.header, x.body), maxCode); text != "" && text[0] != '{' && text[0] != '[' {
		message += ": " + text
		page = true
	}
	return Answer{Status: x.status, Code: "unreadable answer", Message: message, Page: page}
}

// caseID reads the id from the answer to a create request; "" if the answer is
// not whole or holds none. The page shows a string with a number, from 1
// ("Create a New Case"); a bare number is accepted too.
func caseID(x *exchange) string {
	if !whole(x.body) {
		return ""
	}
	return readableID(gjson.GetBytes(x.body, "id"), x.secrets)
}

// describe adds what the answer to a create request shows of the case, in one pass.
// field is as of Create.
func (x *exchange) describe(a *Answer, field string) {
	var status, updated, custom gjson.Result
	gjson.ParseBytes(x.body).ForEach(func(name, v gjson.Result) bool {
		switch name.Str {
		case "status":
			status = v
		case "update_at", "updated_at":
			updated = v
		case "custom_fields":
			custom = v
		}
		return true
	})
	a.CaseStatus, a.Updated = x.secrets.clean(status.Str, maxCode), x.written(updated)
	if field != "" {
		key, shown, _ := customField(custom, field)
		key = strings.TrimSpace(key)
		a.Key, a.KeyShown = key[:min(len(key), maxMessage)], shown
	}
}

// written is when the case of an answer was changed last, by the server's clock: its
// update_at, else the answer's own Date; zero if neither can be read.
func (x *exchange) written(updated gjson.Result) time.Time {
	if at := moment(updated); !at.IsZero() {
		return at
	}
	at, _ := http.ParseTime(x.header.Get("Date"))
	return at
}

// whole reports whether body is one complete JSON value. gjson is four times
// as fast at it, but its stack grows with the nesting: not for bodies of any
// size.
func whole(body []byte) bool {
	if len(body) <= 64<<10 {
		return gjson.ValidBytes(body)
	}
	return json.Valid(body)
}

// readableID is a case's id; "" if it is none, or too much like a secret.
func readableID(v gjson.Result, secrets censor) string {
	id := v.Str
	if v.Type == gjson.Number {
		id = v.Raw
		if strings.Trim(id, "0123456789") != "" {
			return ""
		}
	}
	if len(id) > maxCode || strings.Trim(id, "0") == "" || !headerValue(id) || len(id) >= minSecretInData && secrets.forData().hide(id) != id {
		return ""
	}
	return id
}

// errorBody reads what an answer other than 2xx has to say.
func errorBody(x *exchange) Answer {
	a := Answer{Status: x.status, Code: fmt.Sprintf("http %d", x.status)}
	text := func(v gjson.Result, max int) string { return x.secrets.clean(scalar(v), max) }

	if whole(x.body) {
		body := gjson.ParseBytes(x.body)
		code, message := body.Get("code"), body.Get("message")
		a.APIForm = scalar(code) != "" && message.Exists()
		if a.APIForm {
			a.Code = text(code, maxCode)
		}
		a.Message = text(message, maxMessage)
		if more := text(body.Get("description"), maxMessage); more != "" && more != a.Message {
			a.Message = strings.TrimPrefix(a.Message+": "+more, ": ")
		}
		if fields := body.Get("fields"); fields.IsArray() {
			fields.ForEach(func(_, f gjson.Result) bool {
				if field := (FieldError{text(f.Get("name"), maxCode), text(f.Get("description"), maxMessage)}); field != (FieldError{}) {
					a.Fields = append(a.Fields, field)
				}
				return len(a.Fields) < maxFields
			})
		}
		if a.Message == "" {
			a.Message = text(body.Get("error"), maxMessage)
		}
	} else {
		a.Message = x.secrets.clean(pageText(x.header, x.body), maxMessage)
	}
	if a.Message == "" {
		a.Message = statusText(x.status)
	}
	return a
}

// unauthorized is for a 401.
func unauthorized(x *exchange, a *Answer) {
	said := clean(a.Message, maxMessage/3)
	switch {
	case x.renewed:
		a.Verdict, a.Renewed = NotTaken, true
	case x.static:
		a.Verdict = Halt
		a.Message = fmt.Sprintf("the API refuses the token (%s): it has expired or is of another account, set a new one in %s", said, envToken)
	default:
		a.Verdict = Halt
		a.Message = fmt.Sprintf("the API refuses a token that was got just now (%s): check that the account, the region and the addresses belong together", said)
	}
}

// scope is what the token needs ("Create a New Case", "Get Case List").
func scope(method string) string {
	if method == http.MethodGet {
		return ScopeRead
	}
	return ScopeWrite
}

// The scopes, as each operation's page names them.
const (
	ScopeWrite  = "cases-public:write"
	ScopeRead   = "cases-public:read"
	ScopeFields = "case-fields-public:read"
	ScopeUsers  = "users:read"
)

const checkAddress = "a wrong address, or a proxy in between: check the region and the base URL (--base-url, TALKDESK_BASE_URL)"

// wrongAddress is for answers that the collection of cases never gives.
func wrongAddress(x *exchange, a *Answer, check string) {
	a.Verdict = Halt
	a.Message = fmt.Sprintf("%s %s answered %s: %s", x.method, x.url, statusText(x.status), check)
}

// redirect says where an answer points to, which tells a person most.
func redirect(x *exchange) string {
	if to := x.secrets.clean(address(x.header.Get("Location")), maxMessage); to != "" {
		return "; it points to " + to
	}
	return ""
}

// address is a URL without the parts that usually hold secrets.
func address(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

func statusText(status int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
}

// interrupted is for a caller who gave up before anything was sent.
func interrupted(ctx context.Context) Answer {
	return lost(&exchange{err: ctx.Err(), cause: context.Cause(ctx)})
}
