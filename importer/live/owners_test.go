package live

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"caseimport/importer/reads"
	"caseimport/importer/sandbox"
	"caseimport/importer/talkdesk"
	"caseimport/ratelimit"
)

func TestOwners(t *testing.T) {
	rows := map[string]int{"ann.agent@example.com": 9, "dan.agent@example.com": 2, "desk@example.com": 3, "kim@example.com": 2, "zoe@example.com": 7}
	for _, tt := range []struct {
		name     string
		opt      sandbox.Options
		rows     map[string]int
		owners   []Owner
		remark   string
		requests int
	}{
		{"none are named", sandbox.Options{NoUsersScope: true}, nil, nil, "", 0},
		{"all is well", sandbox.Options{}, map[string]int{"ann.agent@example.com": 1}, nil, "", 1},
		{"some are nobody's, one is of two", sandbox.Options{}, rows,
			[]Owner{{"zoe@example.com", 7, 0}, {"desk@example.com", 3, 2}, {"dan.agent@example.com", 2, 0}, {"kim@example.com", 2, 0}}, "", 1},
		{"no scope", sandbox.Options{NoUsersScope: true}, rows, nil, "lack the scope users:read", 1},
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
			var report Report
			a := Owners(t.Context(), &reads.Reader{Limiter: ratelimit.New(0)}, api, tt.rows, &report)
			remarks := strings.Join(report.Remarks, "; ")
			if a.Verdict != talkdesk.OK || !reflect.DeepEqual(report.Owners, tt.owners) || report.Requests != tt.requests ||
				(remarks == "") != (tt.remark == "") || !strings.Contains(remarks, tt.remark) {
				t.Errorf("%+v, %+v", report, a)
			}
		})
	}
}
