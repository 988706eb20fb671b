package live

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"caseimport/importer/reads"
	"caseimport/importer/talkdesk"
)

// Owner is an address that rows name as their owner's.
type Owner struct {
	Address string `json:"address"`
	Rows    int    `json:"rows"`
	Agents  int    `json:"agents"` // active ones who have it
}

// owners adds to the report which addresses are not those of exactly one active agent,
// and counts the rows anew that a run would refuse for it. The verdict is OK also
// where the account does not show its agents: then the report says so.
func (s *search) owners(ctx context.Context) talkdesk.Answer {
	rows := map[string]int{}
	for _, row := range s.Rows {
		if row.Owner != "" {
			rows[row.Owner]++
		}
	}
	if len(rows) == 0 {
		return reads.Done
	}
	found, a := s.Reader.Agents(ctx, s.Agents, slices.Sorted(maps.Keys(rows)))
	switch {
	case a.Denied || a.Verdict == talkdesk.Unknown:
		s.remark("the agents could not be read, so it cannot be told who the owners are: " + a.Message)
		return reads.Done
	case a.Verdict != talkdesk.OK:
		return a
	}
	for address, agents := range found {
		if len(agents) == 1 {
			continue
		}
		s.report.Owners = append(s.report.Owners, Owner{address, rows[address], len(agents)})
		if len(agents) > 1 || !s.OwnerDefault {
			s.report.Create -= s.owned[address]
			s.report.Invalid += s.owned[address]
		}
	}
	slices.SortFunc(s.report.Owners, func(a, b Owner) int {
		return cmp.Or(cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.Address, b.Address))
	})
	return reads.Done
}
