package live

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"caseimport/importer/identity"
	"caseimport/importer/journal"
	"caseimport/importer/reads"
	"caseimport/importer/sandbox"
	"caseimport/importer/talkdesk"
	"caseimport/ratelimit"
)

// TestOwners: which addresses are no agent's, and which rows come to nothing for it. The
// first row of each address has its case.
func TestOwners(t *testing.T) {
	rows := map[string]int{"": 2, "ann.agent@example.com": 9, "dan.agent@example.com": 2, "desk@example.com": 3, "kim@example.com": 2, "zoe@example.com": 7}
	owners := []Owner{{"zoe@example.com", 7, 0}, {"desk@example.com", 3, 2}, {"dan.agent@example.com", 2, 0}, {"kim@example.com", 2, 0}}
	for _, tt := range []struct {
		name            string
		opt             sandbox.Options
		otherwise       bool
		rows            map[string]int
		owners          []Owner
		create, invalid int
		remark          string
	}{
		{name: "none are named", opt: sandbox.Options{NoUsersScope: true}, rows: map[string]int{"": 3}, create: 2},
		{name: "all is well", rows: map[string]int{"ann.agent@example.com": 2}, create: 1},
		{name: "some are nobody's, one is of two", rows: rows, owners: owners, create: 1 + 8, invalid: 1 + 2 + 1 + 6},
		{name: "with a default only that of two is at fault", otherwise: true, rows: rows, owners: owners, create: 1 + 8 + 1 + 1 + 6, invalid: 2},
		{name: "all rows have their case", rows: map[string]int{"zoe@example.com": 1}, owners: []Owner{{"zoe@example.com", 1, 0}}},
		{name: "no scope", opt: sandbox.Options{NoUsersScope: true}, rows: rows, create: 19, remark: "lack the scope users:read"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			box, err := sandbox.Start("127.0.0.1:0", tt.opt)
			if err != nil {
				t.Fatal(err)
			}
			defer box.Close()
			api, err := talkdesk.New(talkdesk.Config{Account: "acme", BaseURL: box.URL, TokenURL: box.TokenURL, Timeout: 5 * time.Second,
				Credentials: talkdesk.Credentials{ClientID: "id", ClientSecret: "a long secret"}})
			if err != nil {
				t.Fatal(err)
			}
			cfg := Config{Field: "text1", API: api, Agents: api, OwnerDefault: tt.otherwise, Reader: &reads.Reader{Limiter: ratelimit.New(0)}}
			known := map[journal.ID]journal.State{}
			for owner, n := range tt.rows {
				for i := range n {
					row := Row{Number: len(cfg.Rows) + 1, Key: fmt.Sprint(owner, i), Owner: owner}
					cfg.Rows = append(cfg.Rows, row)
					if i == 0 {
						known[identity.Key(row.Key)] = journal.Created
					}
				}
			}
			cfg.State = func(id journal.ID) journal.State { return known[id] }
			report, a := Run(t.Context(), cfg)
			remarks := strings.Join(report.Remarks, "; ")
			if a.Verdict != talkdesk.OK || !reflect.DeepEqual(report.Owners, tt.owners) || report.Create != tt.create || report.Invalid != tt.invalid ||
				report.Already != len(tt.rows) || (remarks == "") != (tt.remark == "") || !strings.Contains(remarks, tt.remark) {
				t.Errorf("%+v, %+v", report, a)
			}
		})
	}
}
