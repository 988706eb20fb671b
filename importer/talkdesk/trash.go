package talkdesk

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"

	"github.com/tidwall/gjson"
)

// Trash makes one attempt to move a case to the Trash, from where an agent can
// restore it; a root goes with its subcases. The operation is known from a published
// description of the API only, so nothing must be taken for granted: moved are the
// ids that the answer names, and the caller must see to it that they are the right
// ones.
//
// The verdict is OK if the API named what was moved, be it nothing; Rejected if
// it was refused (400, 403, 404, 405: this account or client cannot, or there is no
// such case); NotTaken if it surely was not done, with Again where the same is to be
// sent at once, at no cost, in another form; Unknown if it may have been done; or
// Halt. To move a case again does no harm.
func (c *Client) Trash(ctx context.Context, id string) (moved []string, a Answer) {
	t, a := c.tokens.get(ctx)
	if t == nil {
		return nil, a
	}
	form := c.trashIDs.form()
	req := c.get
	req.Method, req.URL, req.Header = http.MethodDelete, trashAddress(c.cases, id, form), t.read
	x := c.send(ctx, &req, t, new(bytes.Buffer), maxCaseBytes)
	moved, a = judgeTrash(x)
	t.answered(a)
	if c.trashIDs.learn(form, a, aboutIDs) {
		return nil, Answer{Verdict: NotTaken, Status: a.Status, Code: "another form", Again: true,
			Message: "the server refuses this form of the ids; trying its other form"}
	}
	return moved, a
}

// aboutIDs is what a refusal speaks of, if it may be for the form of the ids.
var aboutIDs = regexp.MustCompile(`(?i)\bids?\b|array|list|json|format|query|parameter`)

// trashAddress is where one case is moved to the Trash. How ids are given is not
// known for sure, so there is never more than one.
func trashAddress(cases *url.URL, id string, form int) *url.URL {
	if form == 1 {
		array, _ := json.Marshal([]string{id}) // as in the list
		id = string(array)
	}
	u := *cases
	u.RawQuery = url.Values{"ids": {id}}.Encode()
	return &u
}

// judgeTrash decides what an attempt to move a case to the Trash means.
func judgeTrash(x *exchange) (moved []string, a Answer) {
	if x.status/100 == 2 {
		if ids, ok := movedIDs(x); ok && x.err == nil {
			return ids, Answer{Verdict: OK, Status: x.status}
		}
		a = unreadable(x)
		a.Message = clean(a.Message, maxMessage)
		return nil, a
	}
	a = judge(x)
	switch x.status {
	case http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed:
		said := errorBody(x)
		a.Verdict, a.Denied, a.Blocked = Rejected, x.status == http.StatusForbidden, false
		a.Message = clean(fmt.Sprintf("%s: %s", statusText(x.status), said.Message), maxMessage)
	}
	return nil, a
}

// movedIDs are the ids that an answer names, as numbers or as texts.
func movedIDs(x *exchange) (ids []string, ok bool) {
	list := gjson.GetBytes(x.body, "ids")
	if x.tooLong || !whole(x.body) || !list.IsArray() {
		return nil, false
	}
	ok = true
	list.ForEach(func(_, v gjson.Result) bool {
		id := readableID(v, x.secrets)
		ids = append(ids, id)
		ok = id != ""
		return ok
	})
	return ids, ok
}
