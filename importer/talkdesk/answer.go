package talkdesk

import (
	"time"

	"caseimport/ratelimit"
)

// Verdict says what one attempt means for the row it was made for.
type Verdict uint8

// The verdicts. Unknown is the zero value on purpose: forgetting to decide
// errs on the side of looking the case up.
const (
	Unknown  Verdict = iota // may have been stored: look it up before sending it again
	OK                      // done as asked: the case exists, the update is applied, the read was answered
	Absent                  // of a look-up only: no such case was found
	NotTaken                // surely not stored: may be sent again
	Rejected                // refused for good: sending it again cannot help
	Halt                    // nothing else will fare better: stop the run
)

func (v Verdict) String() string {
	names := [...]string{"unknown", "ok", "absent", "not taken", "rejected", "halt"}
	if int(v) < len(names) {
		return names[v]
	}
	return "invalid verdict"
}

// FieldError is one field that the API found fault with ("Create a New Case").
type FieldError struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

// Answer is what came of one HTTP attempt. Its texts are printable, short and
// free of secrets, whatever the server sent.
type Answer struct {
	Verdict    Verdict
	Status     int               // HTTP status, 0 without an answer
	CaseID     string            // of a created case
	Updated    time.Time         // of a case that was created or updated: when that was, by the server's clock, to about a second; zero if not said
	CaseStatus string            // of a created case, as the answer shows it
	Key        string            // of a created case: what the answer shows in the field that carries the key, trimmed
	KeyShown   bool              // the answer shows that field
	Code       string            // the API's, or where it gave none ours: "timeout", "connection lost", "no connection", "interrupted", "http 502" …
	Message    string            // for people
	Fields     []FieldError      // those that the API named, at most 100
	Down       bool              // speaks for a failing server: 5xx, transport error, token endpoint unreachable or failing
	Throttled  bool              // 429, or a 403 that asks for a pause
	Pause      time.Duration     // how long it asked to wait, at most an hour; 0 if it did not say
	Quotas     []ratelimit.Quota // what the headers say is left
	Renewed    bool              // 401 on a token that had worked, was the first or has expired: thrown away, send again at no cost
	APIForm    bool              // the error body had the API's own form: code and message
	NoHost     bool              // the host name does not resolve
	Denied     bool              // the credentials lack the scope that Message names: nothing of this kind will be answered
	Page       bool              // a page of something in between came in place of the API's answer
	Blocked    bool              // something between here and the API refused this request; others may pass

	// Of reads, searches and updates only.
	Again      bool // it is written in another form from now on: send it again at once, at no cost
	Unfiltered bool // the server ignores the filter in every form: there is no search, and nothing is absent
	Hidden     bool // neither the list nor single cases show the field: nothing is absent

	// Of updates that were refused for good: what that may be for. A refusal that names
	// no field may be for anything.
	AboutParent bool
	AboutLock   bool // the case is resolved or closed
}

// Pace is what the answer says of the pace to a request that was let go at sent.
func (a Answer) Pace(sent time.Time) ratelimit.Answer {
	return ratelimit.Answer{Sent: sent, Throttled: a.Throttled, Pause: a.Pause, Failed: !a.Answered() || a.Down, Quotas: a.Quotas}
}

// Answered reports whether any answer came, whatever it said.
func (a Answer) Answered() bool { return a.Status != 0 }
