package reads

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"caseimport/importer/sandbox"
	"caseimport/importer/talkdesk"
	"caseimport/ratelimit"
)

// staff makes that many agents, who have the addresses a0@example.com and so on.
// The last one is inactive, and the first two share an address.
func staff(n int) (all []sandbox.Agent) {
	for i := range n {
		all = append(all, sandbox.Agent{ID: fmt.Sprint("id", i), Email: fmt.Sprintf("A%d@example.com", max(i, 1)), Active: i < n-1})
	}
	return all
}

func TestAgentsAreFoundWithTheFewestRequests(t *testing.T) {
	many := make([]string, 30)
	for i := range many {
		many[i] = fmt.Sprintf("a%d@example.com", i+500)
	}
	const unlisted = "unlisted"
	for _, tt := range []struct {
		name     string
		agents   int
		filter   string
		wanted   []string
		found    string // ids
		requests int
	}{
		{"nobody", 9, "", nil, "", 0},
		{"blanks", 9, "", []string{"", " "}, "", 0},
		{"one", 900, "", []string{" A7@Example.com"}, "id7", 1},
		{"one, twice", 900, "", []string{"a7@example.com", "A7@example.com "}, "id7", 1},
		{"one that nobody has", 900, "", []string{"z@example.com"}, "", 1},
		{"one that two have", 900, "", []string{"a1@example.com"}, "id0 id1", 1},
		{"one that is inactive", 900, "", []string{"a899@example.com"}, "", 1},
		{"one where addresses are ignored", 250, string(sandbox.EmailIgnored), []string{"a7@example.com"}, "id7", 4},
		{"one where addresses are ignored, all on a page", 9, string(sandbox.EmailIgnored), []string{"a7@example.com"}, "id7", 2},
		{"one where addresses are refused", 250, string(sandbox.EmailRefused), []string{"a240@example.com"}, "id240", 4},
		{"one of one who has it, ignored or not", 1, string(sandbox.EmailIgnored), []string{"a1@example.com"}, "", 1},
		{"a few of few", 90, "", []string{"a1@example.com", "a7@example.com", "A7@example.com"}, "id0 id1 id7", 1},
		{"a few of many", 900, "", []string{"a800@example.com", "a1@example.com"}, "id800 id0 id1", 3},
		{"a few of many where addresses are ignored", 900, string(sandbox.EmailIgnored), []string{"a800@example.com", "a1@example.com"}, "id800 id0 id1", 10},
		{"many of many", 900, "", many, "id500 id529", 9},
		{"some who cannot be listed", 9, unlisted, []string{"a1@example.com", "a7@example.com"}, "id0 id1 id7", 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			box, err := sandbox.Start("127.0.0.1:0", sandbox.Options{Agents: staff(tt.agents), EmailFilter: sandbox.EmailFilter(strings.TrimPrefix(tt.filter, unlisted)), AnyAgent: tt.filter == unlisted})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = box.Close() })
			api, err := talkdesk.New(talkdesk.Config{Account: "acme", BaseURL: box.URL, TokenURL: box.TokenURL,
				Credentials: talkdesk.Credentials{ClientID: "id", ClientSecret: "a long secret"}})
			if err != nil {
				t.Fatal(err)
			}
			r := &Reader{Limiter: ratelimit.New(0)}
			found, a := r.Agents(t.Context(), api, tt.wanted)
			var ids []string
			for _, address := range tt.wanted {
				for _, agent := range found[address] {
					ids = append(ids, agent.ID)
				}
				if _, asked := found[fold(address)]; !asked && fold(address) != "" {
					t.Errorf("%q is not among the answers", address)
				}
				for _, agent := range found[fold(address)] {
					if !slices.Contains(ids, agent.ID) {
						ids = append(ids, agent.ID)
					}
				}
			}
			if len(ids) > 5 {
				ids = []string{ids[0], ids[len(ids)-1]}
			}
			if got := strings.Join(ids, " "); a.Verdict != talkdesk.OK || got != tt.found || r.Requests != tt.requests {
				t.Errorf("found %q with %d requests: %+v", got, r.Requests, a)
			}
		})
	}
}

// directory answers with these pages of agents, the last one again and again.
type directory []talkdesk.UsersPage

func (d directory) ReadUsers(_ context.Context, q talkdesk.UsersQuery) (talkdesk.UsersPage, talkdesk.Answer) {
	return d[min(q.Page, len(d))-1], fine
}

func TestAListOfAgentsThatRepeatsProvesNothing(t *testing.T) {
	d := directory{{Agents: []talkdesk.Agent{{ID: "1", Email: "a@example.com", Active: true}}, Total: 150, Next: true}}
	r := &Reader{Limiter: ratelimit.New(0)}
	if _, a := r.Agents(t.Context(), d, []string{"x@example.com", "y@example.com"}); a.Verdict != talkdesk.Unknown || r.Requests != 2 {
		t.Errorf("%+v after %d requests", a, r.Requests)
	}
}

// The account may ignore that only active agents are asked for.
func TestInactiveAgentsOwnNothing(t *testing.T) {
	d := directory{{Agents: []talkdesk.Agent{{ID: "1", Email: "a@example.com"}, {ID: "2", Email: "A@example.com", Active: true}}, Total: 2}}
	r := &Reader{Limiter: ratelimit.New(0)}
	found, a := r.Agents(t.Context(), d, []string{"a@example.com"})
	if a.Verdict != talkdesk.OK || len(found["a@example.com"]) != 1 || found["a@example.com"][0].ID != "2" {
		t.Errorf("%+v, %+v", found, a)
	}
}

// More than a page of one address is no answer to the question.
func TestAnAnswerWithPagesIsNotFiltered(t *testing.T) {
	d := directory{
		{Agents: []talkdesk.Agent{{ID: "1", Email: "a@example.com", Active: true}}, Total: 2, Next: true},
		{Agents: []talkdesk.Agent{{ID: "2", Email: "a@example.com", Active: true}}, Total: 2},
	}
	r := &Reader{Limiter: ratelimit.New(0)}
	if found, a := r.Agents(t.Context(), d, []string{"a@example.com"}); a.Verdict != talkdesk.OK || len(found["a@example.com"]) != 2 {
		t.Errorf("%+v, %+v", found, a)
	}
}
