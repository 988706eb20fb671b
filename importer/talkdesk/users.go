package talkdesk

import (
	"bytes"
	"context"
	"net/url"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// UsersPerPage is the most agents that one answer holds.
const UsersPerPage = 100

// usersPath is where the account's agents are.
const usersPath = "/users"

// UsersQuery asks for the active agents: for those with an address, or for one page
// of all. The filter by address is known from a published description of the API
// only: an answer may hold agents of any address.
type UsersQuery struct {
	Email string
	Page  int // from 1
}

// Agent is a user of the account, who can own cases.
type Agent struct {
	ID, Email, Name string
	Active          bool // true where the answer does not say
}

// UsersPage is what a read of agents brought.
type UsersPage struct {
	Agents []Agent
	Total  int  // of all pages, -1 if not said
	Next   bool // another page follows, as far as can be told
}

// ReadUsers makes one request for agents. The verdicts are those of Read: Halt,
// with Denied, where the scope users:read is missing; Unknown where it was refused
// or the API does not offer it.
func (c *Client) ReadUsers(ctx context.Context, q UsersQuery) (UsersPage, Answer) {
	t, a := c.tokens.get(ctx)
	if t == nil {
		return UsersPage{}, a
	}
	query := url.Values{"active": {"true"}, "page": {strconv.Itoa(max(q.Page, 1))}, "per_page": {strconv.Itoa(UsersPerPage)}}
	if q.Email != "" {
		query.Set("email", q.Email)
	}
	at := *c.cases
	base, _ := url.Parse(c.base + usersPath) // as New has parsed the address of cases
	at.Path, at.RawPath, at.RawQuery = base.Path, base.RawPath, query.Encode()
	req := c.get
	req.URL, req.Header = &at, t.read
	x := c.send(ctx, &req, t, new(bytes.Buffer), maxListBytes)
	x.url, x.scope = address(at.String()), ScopeUsers
	p, a := judgeUsers(x, max(q.Page, 1))
	t.answered(a)
	return p, a
}

// judgeUsers decides what an attempt to read agents means.
func judgeUsers(x *exchange, page int) (UsersPage, Answer) {
	if x.status/100 == 2 {
		if p, ok := readUsers(x, page); ok {
			return p, Answer{Verdict: OK, Status: x.status}
		}
	}
	return UsersPage{}, judgeUnread(x, "agents")
}

// readUsers reads a page of agents; false if it is none. One that cannot be read
// must never look like an account without agents.
func readUsers(x *exchange, page int) (UsersPage, bool) {
	p := UsersPage{Total: -1}
	if !whole(x.body) {
		return p, false
	}
	body := gjson.ParseBytes(x.body)
	if total, err := strconv.Atoi(scalar(body.Get("total"))); err == nil {
		p.Total = total
	}
	list := body.Get("_embedded.users")
	if !list.IsArray() {
		return p, p.Total == 0
	}
	ok, secrets := true, x.secrets.forData()
	list.ForEach(func(_, v gjson.Result) bool {
		a := Agent{
			ID:     secrets.data(scalar(v.Get("id"))),
			Email:  secrets.data(strings.TrimSpace(scalar(v.Get("email")))),
			Name:   secrets.data(scalar(v.Get("name"))),
			Active: !v.Get("active").Exists() || v.Get("active").Bool(),
		}
		p.Agents = append(p.Agents, a)
		ok = a.ID != ""
		return ok
	})
	switch {
	case scalar(body.Get("_links.next.href")) != "":
		p.Next = true
	case p.Total >= 0:
		p.Next = page*max(int(body.Get("per_page").Int()), len(p.Agents), 1) < p.Total && len(p.Agents) > 0
	default:
		p.Next = len(p.Agents) >= UsersPerPage
	}
	return p, ok
}
