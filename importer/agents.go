package importer

import (
	"fmt"
	"maps"
	"slices"

	"caseimport/importer/exit"
	"caseimport/importer/identity"
	"caseimport/importer/journal"
	"caseimport/importer/lifecycle"
	"caseimport/importer/reads"
	"caseimport/importer/source"
	"caseimport/importer/talkdesk"
	"caseimport/mapping"
)

// agents are the account's active agents by their addresses, in lower case.
type agents map[string][]talkdesk.Agent

// findAgents looks the agents up whose addresses stand in rows that may be sent,
// once, before the first of them is. A run in which no row is needs none.
func (in *intake) findAgents() error {
	program := in.cfg.Program
	if in.asked || !program.OwnersByAddress() {
		return nil
	}
	in.asked = true
	wanted := map[string]bool{}
	err := in.cfg.Table.Each(in.going, func(row *source.Row) error {
		if row.Fault == "" {
			in.patiently(func() {
				if who := program.Identify(row); !who.Filtered && who.Fault == nil && (in.cfg.Update || who.Key == "" || in.journal.State(identity.Key(who.Key)) != journal.Created) {
					wanted[program.Owner(row)] = true
				}
			})
		}
		return nil
	})
	if in.going.Err() != nil {
		return nil
	}
	delete(wanted, "")
	if err != nil || len(wanted) == 0 {
		return err
	}
	reader := &reads.Reader{Limiter: in.cfg.Limiter, Patience: in.cfg.OutagePatience, Say: in.wait}
	found, a := reader.Agents(in.going, in.cfg.API, slices.Collect(maps.Keys(wanted)))
	in.cfg.Progress.requests.Add(int64(reader.Requests))
	switch {
	case in.going.Err() != nil:
	case a.Verdict == talkdesk.OK:
		in.agents = found
	case a.Verdict == talkdesk.Halt && !a.Denied:
		in.halt(lifecycle.Stop{Exit: exit.Refused, Reason: a.Message})
	case a.Denied:
		in.halt(lifecycle.Stop{Exit: exit.Refused, Reason: "the mapping names owners by their addresses, and the agents cannot be read: " + a.Message,
			Hint: "allow the client to read them, or have the mapping give agents' ids: owner_id without agent: true"})
	default:
		in.halt(lifecycle.Stop{Exit: exit.Stopped, Reason: "the agents could not be looked up, whose addresses the mapping gives as owners: " + a.Message,
			Hint: "run the same command again when the server answers"})
	}
	return nil
}

// owner fills in the agent whose address the row names, or the mapping's default.
func (in *intake) owner(it *item) []mapping.Fault {
	c := &it.mapped
	fault := func(reason string) []mapping.Fault {
		return []mapping.Fault{in.cfg.Program.OwnerFault(c.Owner, reason)}
	}
	switch found := in.agents[c.Owner]; len(found) {
	case 1:
		c.OwnerID = found[0].ID
	case 0:
		id, set := in.cfg.Program.OwnerDefault()
		if !set {
			return fault("is the address of no active agent")
		}
		c.OwnerID, it.unowned = id, true
	default:
		return fault(fmt.Sprintf("is the address of %d active agents, %s and %s: give the agent's id", len(found), found[0].ID, found[1].ID))
	}
	return nil
}
