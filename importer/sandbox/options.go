package sandbox

import (
	"cmp"
	"crypto"
	"fmt"
	"io"
	"slices"
	"strings"
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
	// NoFieldsScope grants no token the scope case-fields-public:read.
	NoFieldsScope bool
	// NoUsersScope grants no token the scope users:read.
	NoUsersScope bool

	// Fields are the account's case fields. A custom field that is none of
	// them, or inactive, and an option that they lack are refused. nil is a set
	// that GET /cm/meta/va/fields shows, while any key with a known prefix is
	// taken.
	Fields []Field
	// Agents are the account's agents: no other owner is taken. nil is a set
	// that GET /users shows, to which only updates are held.
	Agents []Agent
	// Statuses are those that an update may set; nil is NEW, OPEN, PENDING,
	// ON-HOLD and RESOLVED.
	Statuses []string
	// Types are those that an update may set; nil is QUESTION, INCIDENT,
	// PROBLEM and TASK.
	Types []string

	// Lag is how long a created case stays out of the list; 0 is 200 ms,
	// negative is not at all.
	Lag time.Duration
	// ListShape is how the list gives custom fields; "" is ShapeWrapped.
	ListShape Shape
	// CaseShape is how the answers for a single case give them; "" is
	// ShapePlain.
	CaseShape Shape
	// ListHides are members of a case that the list leaves out, such as notes,
	// parent_id and resolution.
	ListHides []string
	// NotesPrefix is what note_title and note_body begin with when they are
	// read: note, which is the default, or notes.
	NotesPrefix string
	// OwnerName is what owner_id is called when it is read: owner_id, which is
	// the default, or agent_id.
	OwnerName string
	// FilterForm is the form of the list's custom_fields filter; "" is
	// FilterArray.
	FilterForm FilterForm
	// IgnoreOtherFilter lists everything where the filter has the other form,
	// instead of answering 400.
	IgnoreOtherFilter bool
	// ListFaults are what is wrong with every list of cases.
	ListFaults []ListFault
	// FieldsForm is how the definitions are wrapped; "" is FieldsArray.
	FieldsForm FieldsForm
	// LabelSpelling is the member that holds an option's label; "" is
	// LabelValue.
	LabelSpelling LabelSpelling
	// ResolutionName is what an update calls the resolution: resolution, which is
	// the default, or solve_reason; the other is an unknown field.
	ResolutionName string
	// UpdateParent lets an update set parent_id, which the page does not name.
	UpdateParent bool
	// AnyAgent takes every e-mail address for that of an active agent, and every id
	// for an agent's. There are too many to be listed: GET /users wants an address.
	AnyAgent bool
	// EmailFilter is what GET /users makes of an address; "" is EmailExact.
	EmailFilter EmailFilter
	// DeleteArray takes the ids of a deletion as a JSON array only, instead of
	// bare.
	DeleteArray bool
	// DeleteStatus is the status with which every deletion is refused; 0 for
	// none.
	DeleteStatus int
	// TrashListed has lists show the cases that are in the Trash.
	TrashListed bool
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
	// ReadFaults is the percentage of lists, single cases, field definitions
	// and agents answered with a 5xx and an HTML page.
	ReadFaults float64
	// UpdateFaults is the percentage of updates and deletions that meet a
	// fault: 429, or a cut or a 5xx before or after it is done, or of updates
	// an answer that says nothing.
	UpdateFaults float64
	// UpdateHangs is the percentage of updates that are never answered, half of
	// them after they are done.
	UpdateHangs float64

	// OutageFor is how long the one outage lasts; 0 is no outage.
	OutageFor time.Duration
	// OutageAfter is when the outage begins, counted from the start. It does
	// not matter if OutageAfterCreates is set.
	OutageAfter time.Duration
	// OutageAfterCreates is the number of stored cases at which the outage
	// begins; 0 for OutageAfter.
	OutageAfterCreates int
	// OutageMode is what an outage looks like; "" is Outage503.
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
// The last four leave the token endpoint alone.
const (
	Outage503     OutageMode = "503"      // an HTML page with status 503
	OutageRefuse  OutageMode = "refuse"   // connections are refused
	Outage403     OutageMode = "403"      // 403 with Retry-After, in the API's form
	Outage403HTML OutageMode = "403-html" // the same with an HTML page
	OutagePage    OutageMode = "page"     // an HTML page with status 200
	OutageSession OutageMode = "session"  // 400, until the client gets a new token
)

// Shape is how custom fields are given to those who read.
type Shape string

// The shapes, as public material shows or leaves open.
const (
	ShapePlain       Shape = "plain"        // {"text1": "x"}
	ShapeWrapped     Shape = "wrapped"      // {"text1": {"value": "x", "label": "text1", "name": "Source id"}}
	ShapeText        Shape = "text"         // a string that holds the JSON of ShapePlain
	ShapeWrappedText Shape = "wrapped-text" // a string that holds the JSON of ShapeWrapped
	ShapeArrayKey    Shape = "array-key"    // [{"key": "text1", "value": "x"}]
	ShapeArrayLabel  Shape = "array-label"  // [{"label": "text1", "value": "x"}]
	ShapeArrayName   Shape = "array-name"   // [{"name": "text1", "value": "x"}]
	ShapeAbsent      Shape = "absent"       // no custom_fields at all
)

var shapes = []Shape{ShapePlain, ShapeWrapped, ShapeText, ShapeWrappedText, ShapeArrayKey, ShapeArrayLabel, ShapeArrayName, ShapeAbsent}

// FilterForm is the form of the list's custom_fields filter.
type FilterForm string

// The forms of the filter.
const (
	FilterArray  FilterForm = "array"  // [{"label": "text1", "value": "x"}]
	FilterObject FilterForm = "object" // {"text1": {"label": "text1", "value": "x"}}, label optional
)

// ListFault is something wrong with every list of cases.
type ListFault string

// The faults of lists.
const (
	TotalCapped     ListFault = "total-capped"    // total is never more than 100
	TotalZero       ListFault = "total-zero"      // total is 0
	TotalOfPage     ListFault = "total-of-page"   // total is the number of cases on the page
	NoLinks         ListFault = "no-links"        // there are no _links
	FirstPageAlways ListFault = "first-page"      // every page holds the cases of page 1
	EmptyPage       ListFault = "empty-page"      // page 2 is empty; what belongs there comes on page 3, and so on
	OrderChanges    ListFault = "order-changes"   // pages with an even number are of the opposite order
	FilterIgnored   ListFault = "filter-ignored"  // the custom_fields filter, in either form, has no effect
	FiltersIgnored  ListFault = "filters-ignored" // no filter has an effect
)

// FieldsForm is how the field definitions are wrapped.
type FieldsForm string

// The forms of the definitions.
const (
	FieldsArray    FieldsForm = "array"    // an array
	FieldsEmbedded FieldsForm = "embedded" // an object with the array in _embedded
	FieldsPages    FieldsForm = "pages"    // pages of such objects, with _links
	FieldsNumbered FieldsForm = "numbered" // pages without _links
)

// LabelSpelling is the member that holds an option's label.
type LabelSpelling string

// The spellings of one page.
const (
	LabelValue LabelSpelling = "value"
	LabelLabel LabelSpelling = "label"
	LabelLable LabelSpelling = "lable"
)

// EmailFilter is what GET /users makes of the parameter email.
type EmailFilter string

// What becomes of an address.
const (
	EmailExact   EmailFilter = "exact" // users with that address, case ignored
	EmailIgnored EmailFilter = "ignored"
	EmailRefused EmailFilter = "refused" // 400
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
	for name, p := range map[string]float64{"read faults": o.ReadFaults, "update faults": o.UpdateFaults, "update hangs": o.UpdateHangs,
		"update faults and hangs": o.UpdateFaults + o.UpdateHangs} {
		if !(p >= 0 && p <= 100) {
			return fmt.Errorf("%s: %v is not a percentage (0 to 100)", name, p)
		}
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
	if o.DeleteStatus != 0 && (o.DeleteStatus < 400 || o.DeleteStatus > 599) {
		return fmt.Errorf("delete status: %d is not a refusal: give 403, 404 or 405", o.DeleteStatus)
	}
	errs := []error{
		word("retry-after", o.RetryAfter), word("outage-mode", o.OutageMode),
		word("list-shape", o.ListShape), word("case-shape", o.CaseShape), word("filter-form", o.FilterForm),
		word("fields-form", o.FieldsForm), word("label-spelling", o.LabelSpelling), word("email-filter", o.EmailFilter),
		word("resolution-name", o.ResolutionName), word("notes-prefix", o.NotesPrefix), word("owner-name", o.OwnerName),
	}
	for _, name := range o.ListHides {
		errs = append(errs, word("list-hides", name))
	}
	for _, f := range o.ListFaults {
		errs = append(errs, word("list-fault", f))
	}
	return cmp.Or(errs...)
}

// Words are those that an option takes, by the name of its flag; nil where it takes
// others than words.
func Words(option string) []string {
	switch option {
	case "retry-after":
		return texts(RetrySeconds, RetryDate, ResetSeconds, ResetUnix, ResetISO)
	case "outage-mode":
		return texts(Outage503, OutageRefuse, Outage403, Outage403HTML, OutagePage, OutageSession)
	case "list-shape", "case-shape":
		return texts(shapes...)
	case "filter-form":
		return texts(FilterArray, FilterObject)
	case "fields-form":
		return texts(FieldsArray, FieldsEmbedded, FieldsPages, FieldsNumbered)
	case "label-spelling":
		return texts(LabelValue, LabelLabel, LabelLable)
	case "email-filter":
		return texts(EmailExact, EmailIgnored, EmailRefused)
	case "resolution-name":
		return []string{"resolution", "solve_reason"}
	case "notes-prefix":
		return []string{"note", "notes"}
	case "owner-name":
		return []string{"owner_id", "agent_id"}
	case "list-fault":
		return texts(TotalCapped, TotalZero, TotalOfPage, NoLinks, FirstPageAlways, EmptyPage, OrderChanges, FilterIgnored, FiltersIgnored)
	case "list-hides":
		members := []string{"notes", "agent_id"}
		for _, s := range standard {
			members = append(members, s.name)
		}
		return members
	}
	return nil
}

func texts[W ~string](words ...W) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = string(w)
	}
	return out
}

// word checks that a word is one of those known, or left to the default.
func word[W ~string](option string, w W) error {
	known := Words(option)
	if w == "" || slices.Contains(known, string(w)) {
		return nil
	}
	return fmt.Errorf("%s %q is unknown: give %s", strings.ReplaceAll(option, "-", " "), w, strings.Join(known, ", "))
}
