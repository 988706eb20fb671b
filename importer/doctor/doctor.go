package doctor

import (
	"context"

	"caseimport/importer/exit"
	"caseimport/importer/reads"
	"caseimport/importer/talkdesk"
	"caseimport/mapping/fields"
)

// State is what a check came to.
type State string

// The states. CannotTell is no reason for concern in itself: an empty account
// does not show how it answers.
const (
	OK         State = "ok"
	Attend     State = "attend"      // an import can be, but something weakens it
	Failed     State = "failed"      // an import cannot be
	CannotTell State = "cannot tell" // it did not show
)

// Check is one line of the report.
type Check struct {
	Name    string `json:"name"`
	State   State  `json:"state"`
	Message string `json:"message"`
	Hint    string `json:"hint"` // what to do; "" where there is nothing to do
}

// Report is all that was found. Its JSON form is what doctor --json prints.
type Report struct {
	Checks []Check `json:"checks"`
	Exit   int     `json:"exit"`
}

// Of makes a report: exit 1 if an import cannot be, else 3 if there is something
// to attend to.
func Of(checks ...Check) Report {
	r := Report{Checks: checks}
	for _, c := range checks {
		switch {
		case c.State == Failed:
			r.Exit = exit.Refused
		case c.State == Attend && r.Exit == exit.Done:
			r.Exit = exit.Faults
		}
	}
	return r
}

// API is what is asked of the Case API, one attempt at a time.
type API interface {
	reads.API
	Login(ctx context.Context) talkdesk.Answer
	Scopes() (scopes []string, said bool)
	Ping(ctx context.Context) (talkdesk.Sight, talkdesk.Answer)
	FilterForm() string
}

// Config is one examination.
type Config struct {
	API     API
	Reader  *reads.Reader
	Account string // its name
	Token   bool   // the credentials are a token: nothing is asked of the token endpoint
	Signed  bool   // they are a key, whose assertions depend on the clock
	Mapping *Mapping
}

// Mapping is what is to be held against the account.
type Mapping struct {
	Name     string
	KeyField string   // the custom field that carries the key, "" if none
	Fields   []string // keys of the custom fields that it fills
	Account  string   // whose fields it was written for, "" if it does not say
	Fault    error    // it cannot be used as it stands; then the others but Name are not known
	// Against says what is wrong with it for an account that has these fields.
	Against func(fields.File) error
}

// Run examines the account.
func Run(ctx context.Context, cfg Config) Report {
	f := gather(ctx, cfg)
	var checks []Check
	for _, check := range []func(*facts) Check{
		credentials, scopes, connection, clock, list, forms, search, definitions, mapping, limits, latency,
	} {
		checks = append(checks, check(f))
	}
	return Of(checks...)
}
