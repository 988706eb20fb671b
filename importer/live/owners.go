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

// Owners adds to the report which addresses are not those of exactly one active
// agent; rows says how many name each. The verdict is OK also where the
// account does not show its agents: then the report says so.
func Owners(ctx context.Context, r *reads.Reader, api reads.Users, rows map[string]int, report *Report) talkdesk.Answer {
	if len(rows) == 0 {
		return reads.Done
	}
	found, a := r.Agents(ctx, api, slices.Sorted(maps.Keys(rows)))
	report.Requests = r.Requests
	switch {
	case a.Denied || a.Verdict == talkdesk.Unknown:
		report.Remarks = append(report.Remarks, "the agents could not be read, so it cannot be told who the owners are: "+a.Message)
		return reads.Done
	case a.Verdict != talkdesk.OK:
		return a
	}
	for address, agents := range found {
		if len(agents) != 1 {
			report.Owners = append(report.Owners, Owner{address, rows[address], len(agents)})
		}
	}
	slices.SortFunc(report.Owners, func(a, b Owner) int {
		return cmp.Or(cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.Address, b.Address))
	})
	return reads.Done
}
