package talkdesk

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"sync"

	"github.com/tidwall/gjson"
)

// Update sets values of a case that exists ("Update a Case"). What is "" or nil is
// left out and stays as it is. Setting values again does no harm; notes would be
// added again. ParentID is known from a published description of the API only.
type Update struct {
	Title, Description, Priority string
	OwnerID, ParentID            string
	Type, GroupID                string
	Status, Resolution           string // the page demands a resolution with RESOLVED, and takes it with no other
	CustomFields                 []SetField
	Notes                        []SetNote
}

// SetField is a custom field to be set, by the account's key. Value is as in a
// create. Label is that of an option; "" leaves it out.
type SetField struct {
	Key   string
	Label string
	Value any
}

// SetNote is a note to be added.
type SetNote struct {
	Title, Body string
	Public      bool
}

// Empty says whether there is nothing to be set.
func (u *Update) Empty() bool {
	return u.Title+u.Description+u.Priority+u.OwnerID+u.ParentID+u.Type+u.GroupID+u.Status+u.Resolution == "" &&
		len(u.CustomFields)+len(u.Notes) == 0
}

// onHold is the status of a case on hold: as the page spells it, and as a published
// description of the API does.
var onHold = [...]string{"ON-HOLD", "ON_HOLD"}

// updateBody is the request in JSON. Custom fields are wrapped in it, unlike in a
// create. The resolution has one of two names: SolveReason is that of another
// version of the page.
type updateBody struct {
	Title        string                `json:"title,omitempty"`
	Description  string                `json:"description,omitempty"`
	OwnerID      string                `json:"owner_id,omitempty"`
	ParentID     string                `json:"parent_id,omitempty"`
	Priority     string                `json:"priority,omitempty"`
	Type         string                `json:"type,omitempty"`
	GroupID      string                `json:"group_id,omitempty"`
	Status       string                `json:"status,omitempty"`
	Resolution   string                `json:"resolution,omitempty"`
	SolveReason  string                `json:"solve_reason,omitempty"`
	CustomFields map[string]fieldValue `json:"custom_fields,omitempty"`
	Notes        []noteBody            `json:"notes,omitempty"`
}

type fieldValue struct {
	Label string `json:"label,omitempty"`
	Value any    `json:"value"`
}

type noteBody struct {
	Title  string `json:"note_title,omitempty"`
	Body   string `json:"note_body"`
	Public bool   `json:"public"` // always sent, as in a create
}

// body writes the request in the given spellings, 0 being the page's. The error is
// about a value that is none of JSON.
func (u *Update) body(hold, reason int) ([]byte, error) {
	out := updateBody{
		Title: u.Title, Description: u.Description, OwnerID: u.OwnerID, ParentID: u.ParentID, Priority: u.Priority,
		Type: u.Type, GroupID: u.GroupID, Status: u.Status, CustomFields: map[string]fieldValue{},
	}
	if u.holds() {
		out.Status = onHold[hold]
	}
	*[...]*string{&out.Resolution, &out.SolveReason}[reason] = u.Resolution
	for _, f := range u.CustomFields {
		if f.Value != nil {
			out.CustomFields[f.Key] = fieldValue{f.Label, f.Value}
		}
	}
	for _, n := range u.Notes {
		out.Notes = append(out.Notes, noteBody(n))
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(out)
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'}), err
}

// Body is the request in the page's own spelling, for people.
func (u *Update) Body() ([]byte, error) { return u.body(0, 0) }

func (u *Update) holds() bool { return u.Status == onHold[0] || u.Status == onHold[1] }

// Update makes one attempt. The verdict is OK if it was applied; Rejected if
// it was refused for good (400, 404, a closed case …); NotTaken if it surely was
// not applied, with Again where the account refused a spelling and the same update
// is to be sent at once, at no cost, in another one; Unknown if it may have been
// applied; or Halt.
func (c *Client) Update(ctx context.Context, id string, u *Update) Answer {
	t, a := c.tokens.get(ctx)
	if t == nil {
		return a
	}
	hold, reason := c.hold.form(), c.reason.form()
	body, err := u.body(hold, reason)
	if err != nil {
		return Answer{Verdict: Rejected, Code: "unusable value", Message: clean(err.Error(), maxMessage)}
	}
	req := c.post
	req.Method, req.URL, req.Header = http.MethodPatch, c.cases.JoinPath(url.PathEscape(id)), t.create
	req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	x := c.send(ctx, &req, t, new(bytes.Buffer), maxCaseBytes)
	a = judgeUpdate(x, id)
	t.answered(a)
	if invalid(a) {
		a.AboutParent, a.AboutLock = mayBeAbout(a, aboutParent), mayBeAbout(a, aboutLock)
	}
	if u.holds() && c.hold.learn(hold, a, aboutStatus) || u.Resolution != "" && c.reason.learn(reason, a, aboutResolution) {
		return Answer{Verdict: NotTaken, Status: a.Status, Code: "another form", Again: true,
			Message: "the server refuses this form of the update; trying its other form"}
	}
	return a
}

// judgeUpdate decides what an attempt to update a case means.
func judgeUpdate(x *exchange, id string) Answer {
	if x.status/100 == 2 && x.err == nil && applied(x, id) {
		return Answer{Verdict: OK, Status: x.status, CaseID: id, Updated: x.written(either(gjson.ParseBytes(x.body), "update_at", "updated_at"))}
	}
	a := judge(x)
	switch {
	case x.status == http.StatusNotFound && a.APIForm:
		a.Verdict, a.Message = Rejected, fmt.Sprintf("case %s does not exist: it was deleted, or is in the Trash", id)
	case a.Verdict == OK: // it is another case's answer
		a = Answer{Status: x.status, Code: "unreadable answer", Message: fmt.Sprintf("the server answered %s about another case", statusText(x.status))}
	}
	return a
}

// applied tells a 2xx of the API from that of something in between. The page shows
// the case in it; one without content says no less.
func applied(x *exchange, id string) bool {
	if x.status == http.StatusNoContent {
		return true
	}
	return !x.tooLong && whole(x.body) && readableID(gjson.GetBytes(x.body, "id"), x.secrets) == id
}

// What a refusal speaks of, if it may be for a spelling.
var (
	aboutStatus     = regexp.MustCompile(`(?i)status|hold`)
	aboutResolution = regexp.MustCompile(`(?i)resol|solve|reason`)
	aboutParent     = regexp.MustCompile(`(?i)parent`)
	aboutLock       = regexp.MustCompile(`(?i)status|resolved|closed|lock`)
)

// invalid reports whether an update was refused for what it holds, or for what its case
// is.
func invalid(a Answer) bool {
	return a.Verdict == Rejected && slices.Contains([]int{http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity}, a.Status)
}

// Refusal reports whether an update whose last answer had this status was refused for
// good, and is not on its way any more.
func Refusal(status int) bool {
	return status/100 == 4 && !slices.Contains([]int{http.StatusUnauthorized, http.StatusForbidden, http.StatusRequestTimeout, http.StatusTooManyRequests}, status)
}

// maxTrials is how often the other spelling is tried in vain. An update may be
// refused for another reason that sounds alike, so one trial proves nothing; but
// each costs a request.
const maxTrials = 3

// spelling is which of two forms the account takes. It begins with the first.
type spelling struct {
	mu     sync.Mutex
	other  bool // the second is in use
	known  bool // the one in use was taken
	trials int  // of the second, in vain
}

// form is the place of the one in use.
func (s *spelling) form() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.other {
		return 1
	}
	return 0
}

// learn is told what came of a form that was sent, and says whether to send the
// same in another one.
func (s *spelling) learn(form int, a Answer, about *regexp.Regexp) (again bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	refused := a.Verdict == Rejected && (a.Status == http.StatusBadRequest || a.Status == http.StatusUnprocessableEntity) && mayBeAbout(a, about)
	inUse := s.other == (form == 1)
	switch {
	case a.Verdict == OK && !s.known:
		s.other, s.known = form == 1, true
	case !refused:
	case !inUse: // it was changed meanwhile
		return form == 0 || s.known
	case s.known:
	case form == 1:
		s.other = false
		s.trials++
	case s.trials < maxTrials:
		s.other = true
		return true
	}
	return false
}

// mayBeAbout says whether a refusal speaks of something. One that names no field
// may be about anything.
func mayBeAbout(a Answer, what *regexp.Regexp) bool {
	if len(a.Fields) == 0 || what.MatchString(a.Message) {
		return true
	}
	for _, f := range a.Fields {
		if what.MatchString(f.Name) || what.MatchString(f.Description) {
			return true
		}
	}
	return false
}
