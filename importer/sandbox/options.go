package sandbox

import (
	"crypto"
	"fmt"
	"io"
	"slices"
	"time"
)

// Options says what the sandbox does beside its duty. The zero value is a
// server without faults that takes any client id and secret.
//
// Percentages are from 0 to 100; those of creates exclude each other, so
// together they may not exceed 100.
type Options struct {
	// Seed chooses which requests meet a fault. The same seed gives the same
	// requests the same faults.
	Seed uint64

	// ClientID is the only client id taken; "" takes any.
	ClientID string
	// ClientSecret is the only secret taken by HTTP Basic; "" takes any but an
	// empty one.
	ClientSecret string
	// PublicKey (*ecdsa.PublicKey or *rsa.PublicKey) checks the signature of a
	// private_key_jwt; nil checks everything but the signature.
	PublicKey crypto.PublicKey
	// Token is a bearer token that is valid from the start and never expires;
	// "" for none.
	Token string
	// TokenLife is how long a token is valid; 0 is 10 minutes.
	TokenLife time.Duration
	// NoReadScope grants no token the scope cases-public:read.
	NoReadScope bool
	// NoWriteScope grants no token the scope cases-public:write.
	NoWriteScope bool

	// Lag is how long a created case stays out of the list; 0 is 200 ms,
	// negative is not at all.
	Lag time.Duration
	// PlainFields leaves custom fields unwrapped in the list.
	PlainFields bool
	// ExactMatch makes text filters compare for equality, case included.
	ExactMatch bool

	// RateLimit is the number of requests per second above which the answer is
	// 429; 0 is no limit. A request that was refused so does not count.
	RateLimit float64
	// RetryAfter is how a 429 says when to come back.
	RetryAfter RetryAfter
	// Latency is how long a request takes before it has any effect. A client
	// that gives up meanwhile does not stop it.
	Latency time.Duration
	// Jitter lengthens the latency of each request by up to this much.
	Jitter time.Duration

	// Throttle is the percentage of creates answered 429 whatever the rate.
	Throttle float64
	// CutBefore is the percentage of creates whose connection is cut before
	// the case is stored.
	CutBefore float64
	// CutAfter is the percentage of creates whose connection is cut after the
	// case is stored.
	CutAfter float64
	// ErrBefore is the percentage of creates answered with a 5xx and an HTML
	// page before the case is stored.
	ErrBefore float64
	// ErrAfter is the percentage of creates answered with a 5xx and an HTML
	// page after the case is stored.
	ErrAfter float64
	// BrokenAnswer is the percentage of creates that are stored and answered
	// 201 with a body that is empty, cut off, HTML or without an id.
	BrokenAnswer float64
	// HangBefore is the percentage of creates that are neither stored nor
	// answered.
	HangBefore float64
	// HangAfter is the percentage of creates that are stored and never
	// answered.
	HangAfter float64
	// LateStore is the percentage of creates that are never answered and
	// stored only after the client has given up.
	LateStore float64
	// LateDelay is how long after the client has given up such a case is
	// stored.
	LateDelay time.Duration
	// ReadFaults is the percentage of lists and single cases answered with a
	// 5xx and an HTML page.
	ReadFaults float64

	// OutageFor is how long the one outage lasts; 0 is no outage.
	OutageFor time.Duration
	// OutageAfter is when the outage begins, counted from the start. It does
	// not matter if OutageAfterCreates is set.
	OutageAfter time.Duration
	// OutageAfterCreates is the number of stored cases at which the outage
	// begins; 0 for OutageAfter.
	OutageAfterCreates int
	// OutageMode is what an outage looks like.
	OutageMode OutageMode

	// Log is told one line about each request: method, path, status, fault and
	// the names of refused fields, never a value. nil for no log.
	Log io.Writer
}

// RetryAfter is how a 429 says when to come back.
type RetryAfter string

// The ways to say it, as seen at gateways. RetryNone, the zero value, says
// nothing.
const (
	RetryNone    RetryAfter = ""
	RetrySeconds RetryAfter = "seconds" // Retry-After: 2
	RetryDate    RetryAfter = "date"    // Retry-After: an HTTP date
	ResetSeconds RetryAfter = "reset"   // RateLimit-Reset: 2
	ResetUnix    RetryAfter = "unix"    // X-RateLimit-Reset: Unix time
	ResetISO     RetryAfter = "iso"     // X-RateLimit-Reset: RFC 3339
)

// OutageMode is what an outage looks like.
type OutageMode string

// The modes of an outage. OutageRefuse takes the listener away and cuts all
// connections; a Server without a listener of its own (New) cuts each request.
const (
	Outage503    OutageMode = "" // an HTML page with status 503
	OutageRefuse OutageMode = "refuse"
)

const (
	defaultLag       = 200 * time.Millisecond
	defaultTokenLife = 10 * time.Minute
)

func (o *Options) check() error {
	sum := 0.0
	for f, p := range o.percentages() {
		if !(p >= 0 && p <= 100) {
			return fmt.Errorf("%s: %v is not a percentage (0 to 100)", faultNames[f], p)
		}
		sum += p
	}
	if sum > 100 {
		return fmt.Errorf("the faults of creates come to %v%%: lower them to 100 together", sum)
	}
	if !(o.ReadFaults >= 0 && o.ReadFaults <= 100) {
		return fmt.Errorf("read faults: %v is not a percentage (0 to 100)", o.ReadFaults)
	}
	if !(o.RateLimit >= 0 && o.RateLimit <= 1e6) {
		return fmt.Errorf("rate limit: %v requests per second: give 0 (none) to 1000000", o.RateLimit)
	}
	for name, d := range map[string]time.Duration{"latency": o.Latency, "jitter": o.Jitter,
		"late delay": o.LateDelay, "token life": o.TokenLife, "outage": o.OutageFor, "outage after": o.OutageAfter} {
		if d < 0 {
			return fmt.Errorf("%s: %v is negative", name, d)
		}
	}
	if forms := []RetryAfter{RetryNone, RetrySeconds, RetryDate, ResetSeconds, ResetUnix, ResetISO}; !slices.Contains(forms, o.RetryAfter) {
		return fmt.Errorf("retry after: unknown form %q: give seconds, date, reset, unix, iso or nothing", o.RetryAfter)
	}
	if o.OutageMode != Outage503 && o.OutageMode != OutageRefuse {
		return fmt.Errorf("outage mode: unknown mode %q: give refuse or nothing", o.OutageMode)
	}
	return nil
}
