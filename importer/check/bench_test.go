package check

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"caseimport/importer/source"
	"caseimport/mapping"
)

// BenchmarkRun maps and judges every row of a file.
func BenchmarkRun(b *testing.B) {
	const rows = 200_000
	var text bytes.Buffer
	fmt.Fprintln(&text, "Id,Subject,Body,Status,Priority")
	for i := range rows {
		fmt.Fprintf(&text, "T-%d,Printer %d does not print,The printer on the third floor shows error %d since this morning,open,low\n", i, i, i)
	}
	path := filepath.Join(b.TempDir(), "in.csv")
	if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
	m, err := mapping.Parse("mapping.yaml", []byte(`version: 1
key: {column: Id, custom_field: text1}
where: row["Status"] != "spam"
case:
  title: Subject
  description: Body
  priority: {column: Priority, values: {low: LOW}}
  requester_name: {const: Importer}
`), nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		table, err := source.Open(b.Context(), path, source.Options{})
		if err != nil {
			b.Fatal(err)
		}
		program, err := m.Compile(table.Columns, false)
		if err != nil {
			b.Fatal(err)
		}
		report, err := Run(b.Context(), Config{Table: table, Program: program})
		if err != nil || report.Valid != rows {
			b.Fatalf("%+v: %v", report, err)
		}
		table.Close()
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
