package source

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// tickets is an export of n rows of about 150 bytes.
func tickets(format string, n int) []byte {
	var b bytes.Buffer
	if format == "csv" {
		b.WriteString("Ticket ID,Subject,Description,Priority,Status,Requester,Requester email,Created at,Tags,Region\n")
	}
	if format == "json" {
		b.WriteString("[\n")
	}
	for i := range n {
		if format == "csv" {
			fmt.Fprintf(&b, "%d,\"Printer %d is \"\"out\"\" of paper\",\"Please send some, quickly\",high,open,Jane Doe,jane.%d@example.com,2024-05-%02d 10:11:12,\"a,b\",EMEA\n", i, i, i, i%28+1)
			continue
		}
		if format == "json" && i > 0 {
			b.WriteString(",\n")
		}
		fmt.Fprintf(&b, `{"id":%d,"subject":"Printer %d is \"out\" of paper","priority":"high","requester":{"name":"Jane Doe","email":"jane.%d@example.com"},"tags":["a","b"]}`, i, i, i)
		if format == "jsonl" {
			b.WriteByte('\n')
		}
	}
	if format == "json" {
		b.WriteString("\n]\n")
	}
	return b.Bytes()
}

// One iteration is what check does with a file: Open, then Each with every
// cell looked at.
func BenchmarkRead(b *testing.B) {
	const n = 100_000
	for _, format := range []string{"csv", "jsonl", "json"} {
		b.Run(format, func(b *testing.B) {
			content := tickets(format, n)
			path := filepath.Join(b.TempDir(), "tickets."+format)
			if err := os.WriteFile(path, content, 0o600); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(content)))
			b.ReportAllocs()
			for b.Loop() {
				table, err := Open(context.Background(), path, Options{})
				if err != nil {
					b.Fatal(err)
				}
				if err := table.Each(context.Background(), func(r *Row) error {
					for i := range table.Columns {
						r.Cell(i)
					}
					return nil
				}); err != nil || table.Rows != n {
					b.Fatal(table.Rows, err)
				}
				table.Close()
			}
			b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func BenchmarkGuessEncoding(b *testing.B) {
	text := bytes.Repeat([]byte(encode(b, "Windows-1252", writings[0].text)), 1000)[:sampleSize]
	b.ReportAllocs()
	for b.Loop() {
		guess(text)
	}
}
