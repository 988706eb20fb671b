package draft_test

import (
	"fmt"
	"testing"

	"caseimport/mapping/draft"
)

// BenchmarkAdd profiles rows of twelve columns as a helpdesk exports them.
func BenchmarkAdd(b *testing.B) {
	columns := []string{"Ticket ID", "Subject", "Description", "Status", "Priority", "Type", "Full name", "Email", "Created time", "Resolved time", "Tags", "Agent interactions"}
	rows := make([]row, 4096)
	for i := range rows {
		for _, s := range []string{
			"", fmt.Sprintf("Order %d has not arrived", i), fmt.Sprintf("Hello,\n\nI ordered number %d last week and it is still not here. Could you have a look, please?", i),
			[]string{"Open", "Pending", "Closed"}[i%3], []string{"Low", "High"}[i%2], "Question", fmt.Sprintf("Customer %d", i%997), fmt.Sprintf("customer%d@example.com", i%997),
			fmt.Sprintf("2025-%02d-%02d 16:29:08", 1+i%12, 1+i%28), fmt.Sprintf("%d/%d/2025 9:05", 1+i%12, 1+i%28), "order,late", fmt.Sprint(i % 7),
		} {
			rows[i] = append(rows[i], text(s))
		}
	}
	p := draft.NewProfile(columns)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		r := rows[n%len(rows)]
		r[0].Text = fmt.Sprint(n)
		p.Add(r)
		n++
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
