package importer

import (
	"context"
	"log/slog"
	"time"

	"caseimport/importer/journal"
	"caseimport/importer/source"
	"caseimport/importer/talkdesk"
	"caseimport/mapping"
	"caseimport/ratelimit"
)

// LevelWait is the level of log records that say why the run waits, or that it
// no longer does: they are shown even where nothing else is.
const LevelWait = slog.LevelWarn + 1

// API is what the pipeline asks of the Case API. Every method is one attempt, and
// none of them waits or retries.
type API interface {
	// Create's field is the custom field whose text goes into Answer.Key.
	Create(ctx context.Context, body []byte, field string) talkdesk.Answer
	Read(ctx context.Context, q talkdesk.Query) (talkdesk.Page, talkdesk.Answer)
	Probe(ctx context.Context) talkdesk.Answer
	ReadFields(ctx context.Context, q talkdesk.FieldsQuery) (talkdesk.FieldsPage, talkdesk.Answer)
	ReadUsers(ctx context.Context, q talkdesk.UsersQuery) (talkdesk.UsersPage, talkdesk.Answer)
	ReadCase(ctx context.Context, id string) (*talkdesk.Case, talkdesk.Answer)
	Update(ctx context.Context, id string, u *talkdesk.Update) talkdesk.Answer
	// Renew has the next request use a new token, if there can be one.
	Renew()
}

// Config is one run: what to read, where to send it, and how careful to be.
type Config struct {
	Table   *source.Table
	Program *mapping.Program
	API     API
	Limiter *ratelimit.Limiter
	Log     *slog.Logger
	// Progress may be read while the run goes on.
	Progress *Progress

	// Input is the path of the input, "-" for standard input.
	Input string
	// Version of the program, for the journal.
	Version string
	// Mapping is a fingerprint of the mapping file, "" if it does not matter.
	Mapping string
	// Results is the path of the results file; the journal and the failure
	// report stand beside it (see FilesOf).
	Results string
	// ReportForm is csv, jsonl or xlsx; "" gives the failure report the form of
	// the input.
	ReportForm string
	// Account and BaseURL pin the journal: whose cases these are. BaseURL is
	// normalised, or the word "sandbox".
	Account, BaseURL string

	Concurrency int
	// MaxAttempts bounds the create requests of one row.
	MaxAttempts int
	// Settle is how long a request that was given up may still arrive.
	Settle time.Duration
	// OutagePatience is how long a failing server, or a search that does not
	// find, is waited for.
	OutagePatience time.Duration
	MaxFailures    MaxFailures
	// Limit, if above 0, sends only the next so many rows.
	Limit int
	// ResendUnknown sends rows again whose doubt of an earlier run cannot be
	// settled. It may make cases twice: only a person may ask for it.
	ResendUnknown bool
	// Adopt looks every row up before creating it.
	Adopt bool
	// Update also updates cases whose row has changed since.
	Update bool

	// Drain, once closed, lets nothing new be sent: requests in flight are
	// awaited and recorded. Cancelling Run's context stops at once.
	Drain <-chan struct{}
	// EachCase, if set, is called before the first request with every case that
	// the journal knows, so that a sandbox without a memory can be given one.
	EachCase func(id, key, title string)

	// openJournal is journal.Open, but in tests that lose what was not synced.
	openJournal func(path string, h journal.Header, b journal.Begin) (*journal.Journal, error)
}

// MaxFailures stops a run in which the API refuses too much. The zero value is
// off, but for a run whose first rows are all refused.
type MaxFailures struct {
	Rows    int     // this many refused rows, 0: off
	Percent float64 // this share of the rows sent, from 200 rows on, 0: off
}

// Summary is what a run came to. Its JSON form is the line that --json prints.
// Rows is the sum of Created, Already, Failed, Invalid, Duplicate, Unknown,
// Incomplete, Filtered and Left.
type Summary struct {
	Rows      int `json:"rows"`
	Created   int `json:"created"`
	Already   int `json:"already"` // had their case before this run
	Failed    int `json:"failed"`
	Invalid   int `json:"invalid"`
	Duplicate int `json:"duplicate"`
	Unknown   int `json:"unknown"`
	// Incomplete rows have their case, which was not updated as they ask for.
	Incomplete int `json:"incomplete"`
	Filtered   int `json:"filtered"`
	Left       int `json:"left"`
	Updated    int `json:"updated"` // cases of Already that were updated

	Requests  int     `json:"requests"`  // every request to the API, look-ups and probes too
	Retries   int     `json:"retries"`   // creates of a row after its first
	Throttled int     `json:"throttled"` // answers 429
	Lookups   int     `json:"lookups"`   // requests that looked a case up
	Seconds   float64 `json:"seconds"`
	Exit      int     `json:"exit"`
	Error     string  `json:"error,omitempty"` // for exit 1, 4 and 5

	// Several counts the rows for which several cases were found: each is
	// recorded as created, and makes the exit code 3.
	Several int `json:"several,omitempty"`

	// Changed counts the rows of Already that have changed since their case was
	// made or updated, and were not updated: without Config.Update, or because it
	// is not known what it held (Unmatched).
	Changed   int `json:"changed,omitempty"`
	Unmatched int `json:"-"`
	// Assumed counts rows of which it was not known either, and whose case is taken to
	// hold them as they are now, so that later changes can be told.
	Assumed int `json:"-"`

	// Locked counts the rows of Incomplete whose case is resolved or closed and takes no
	// changes.
	Locked int `json:"-"`
	// StillLocked counts the same of Already: an earlier run has said so of the very row.
	StillLocked int `json:"still_locked,omitempty"`
	// Unowned counts the cases, made or updated by this run, that took the mapping's default
	// since the row's owner is no active agent.
	Unowned int `json:"-"`

	// InDoubt counts those of the rows left that were sent and whose answer
	// was lost: the next run looks them up.
	InDoubt int `json:"in_doubt,omitempty"`

	// Reasons are the most frequent reasons of the rows that failed, were
	// invalid, or are unknown.
	Reasons []Reason `json:"-"`
	// MoreReasons counts those that are not among them.
	MoreReasons int `json:"-"`
	// Trial are the ids of the cases that a run with a limit has created, the first
	// twenty of them.
	Trial []string `json:"-"`

	// Files says where things are; Report is empty where no row failed.
	// Kept is where an earlier failure report stands now whose rows this run
	// did not hold, or which was edited and not read (KeptEdited).
	Files      `json:"-"`
	Kept       string `json:"-"`
	KeptEdited bool   `json:"-"`
}

// Reason is why so many rows have no case.
type Reason struct {
	Text string
	Rows int
}

// Files are the paths that belong to one results file.
type Files struct {
	Results, Journal, Report string
	Verify, Undo             string // what these commands say of each row
}
