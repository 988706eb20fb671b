package mapping

import (
	"os"
	"testing"
)

// BenchmarkMap maps a row of a CSV file with twelve fields and a note, the way
// a run does: Identify, then Map.
func BenchmarkMap(b *testing.B) {
	src, err := os.ReadFile("testdata/bench.yaml")
	if err != nil {
		b.Fatal(err)
	}
	names, row := table(b,
		"Ticket ID", "100045", "Subject", "Printer on the second floor is on fire", "Description", "It smells of smoke.\nPlease send somebody.",
		"Priority", "High", "Requester", "Ann Example", "Requester email", "ann@example.com", "VIP", "yes", "Region", "EMEA",
		"Created at", "2024-05-06 10:11", "Reopens", "3", "CSAT", "4.5", "Tags", "printer, fire", "Comment", "On our way.", "Status", "open")
	p := compile(b, string(src), names)
	b.Run("columns", func(b *testing.B) { run1(b, p, row) })
	p = compile(b, string(src)+"where: 'row[\"Status\"] != \"spam\"'\n", names)
	b.Run("where", func(b *testing.B) { run1(b, p, row) })
}

func run1(b *testing.B, p *Program, row Row) {
	b.ReportAllocs()
	for b.Loop() {
		if id := p.Identify(row); id.Fault != nil {
			b.Fatal(id.Fault)
		}
		if _, faults := p.Map(row); len(faults) > 0 {
			b.Fatal(faults)
		}
	}
}

// BenchmarkExpr is what one expression costs.
func BenchmarkExpr(b *testing.B) {
	names, row := table(b, "E-mail", " Ann@Example.com ")
	p := compile(b, "custom_fields: {text_x: {expr: 'lower(trim(row[\"E-mail\"]))'}}", names)
	run1(b, p, row)
}
