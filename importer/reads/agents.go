package reads

import (
	"context"
	"strings"

	"caseimport/importer/talkdesk"
)

// Users is what is asked for agents. It is one attempt.
type Users interface {
	ReadUsers(ctx context.Context, q talkdesk.UsersQuery) (talkdesk.UsersPage, talkdesk.Answer)
}

// Agents finds the active agents with these addresses (case ignored), by address
// in lower case: none for an address that nobody has, two where two share it. The
// verdict is OK if all are known.
//
// It asks for each address or reads the list of all agents, whichever takes fewer
// requests. That the API filters by address is not sure, so an answer that holds
// anybody else shows that it does not, and then the list is read.
func (r *Reader) Agents(ctx context.Context, api Users, addresses []string) (map[string][]talkdesk.Agent, talkdesk.Answer) {
	f := finder{r: r, api: api, found: map[string][]talkdesk.Agent{}, seen: map[string]bool{}}
	var wanted []string
	for _, address := range addresses {
		if address = fold(address); address == "" {
			continue
		} else if _, again := f.found[address]; !again {
			f.found[address] = nil
			wanted = append(wanted, address)
		}
	}
	if len(wanted) == 0 {
		return f.found, Done
	}
	if len(wanted) == 1 {
		if filtered, a := f.byAddress(ctx, wanted); filtered || a.Verdict != talkdesk.OK {
			return f.found, a
		}
	}
	return f.found, f.byPages(ctx, wanted)
}

// finder finds agents. An agent is filed once, however often answers hold it.
type finder struct {
	r     *Reader
	api   Users
	found map[string][]talkdesk.Agent // by the addresses that are wanted
	seen  map[string]bool             // ids
	blind bool                        // the API does not filter by address
}

func fold(address string) string { return strings.ToLower(strings.TrimSpace(address)) }

func (f *finder) read(ctx context.Context, q talkdesk.UsersQuery) (talkdesk.UsersPage, talkdesk.Answer) {
	return Once(ctx, f.r, func(ctx context.Context) (talkdesk.UsersPage, talkdesk.Answer) { return f.api.ReadUsers(ctx, q) })
}

// take files the agents of an answer and says whether there was a new one.
func (f *finder) take(agents []talkdesk.Agent) (fresh bool) {
	for _, agent := range agents {
		if f.seen[agent.ID] {
			continue
		}
		f.seen[agent.ID], fresh = true, true
		if had, wanted := f.found[fold(agent.Email)]; wanted && agent.Active {
			f.found[fold(agent.Email)] = append(had, agent)
		}
	}
	return fresh
}

// byAddress asks for one address after the other. filtered is false where the API
// ignores or refuses addresses: nothing is known then.
func (f *finder) byAddress(ctx context.Context, wanted []string) (filtered bool, a talkdesk.Answer) {
	for _, address := range wanted {
		page, a := f.read(ctx, talkdesk.UsersQuery{Email: address, Page: 1})
		others := page.Next
		for _, agent := range page.Agents {
			others = others || fold(agent.Email) != address
		}
		switch {
		case others || a.Verdict == talkdesk.Unknown && a.Status == 400:
			f.blind = true
			return false, Done
		case a.Verdict != talkdesk.OK:
			return false, a
		}
		f.take(page.Agents)
	}
	return true, Done
}

// byPages reads the list of all agents, unless its first page shows that asking
// for each address is less work.
func (f *finder) byPages(ctx context.Context, wanted []string) talkdesk.Answer {
	for n := 1; ; n++ {
		page, a := f.read(ctx, talkdesk.UsersQuery{Page: n})
		if n == 1 && a.Verdict == talkdesk.Unknown && !f.blind { // it may give single ones only
			if filtered, b := f.byAddress(ctx, wanted); filtered || b.Verdict != talkdesk.OK {
				return b
			}
			return a
		}
		if a.Verdict != talkdesk.OK {
			return a
		}
		fresh := f.take(page.Agents)
		if !page.Next {
			return a
		}
		if !fresh {
			return talkdesk.Answer{Status: a.Status, Code: "list repeats", Message: "the list of agents repeats itself, so it cannot be told who is in it"}
		}
		if left := (page.Total - 1) / talkdesk.UsersPerPage; n == 1 && left > len(wanted) && !f.blind {
			if filtered, a := f.byAddress(ctx, wanted); filtered || a.Verdict != talkdesk.OK {
				return a
			}
		}
	}
}
