package importer

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"caseimport/importer/identity"
	"caseimport/importer/journal"
	"caseimport/importer/sandbox"
	"caseimport/importer/source"
	"caseimport/importer/talkdesk"
	"caseimport/mapping"
	"caseimport/ratelimit"
)

// unsynced is a journal's file that remembers nothing.
type unsynced struct{ io.ReaderAt }

func (unsynced) Write(p []byte) (int, error) { return len(p), nil }
func (unsynced) Sync() error                 { return nil }
func (unsynced) Truncate(int64) error        { return nil }
func (unsynced) Close() error                { return nil }

type nothing struct{}

func (nothing) ReadAt([]byte, int64) (int, error) { return 0, io.EOF }

// BenchmarkRun is the whole pipeline, 64 workers, without a rate: from a file
// to the results, against a server in the same process, which takes its share
// of the processors. The light server stores nothing and so shows the
// pipeline's own cost; with journal=none that of the journal.
func BenchmarkRun(b *testing.B) {
	const rows = 20_000
	box, err := sandbox.Start("127.0.0.1:0", sandbox.Options{Lag: -1, Token: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	defer box.Close()
	var id atomic.Int64
	light := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		if r.Method == http.MethodGet {
			io.WriteString(w, `{"total":0,"count":0,"page":1,"per_page":500,"_embedded":{"data":[]}}`)
			return
		}
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"id":"%d"}`, id.Add(1))
	}))
	defer light.Close()
	for _, c := range []struct {
		name, url string
		journal   bool
	}{
		{"server=light/journal=disk", light.URL, true},
		{"server=light/journal=none", light.URL, false},
		{"server=sandbox/journal=disk", box.URL, true},
		{"server=sandbox/journal=none", box.URL, false},
	} {
		b.Run(c.name, func(b *testing.B) {
			open := journal.Open
			if !c.journal {
				open = func(_ string, h journal.Header, begin journal.Begin) (*journal.Journal, error) {
					return journal.OpenFile(unsynced{nothing{}}, 0, h, begin)
				}
			}
			b.ReportAllocs()
			var took time.Duration
			for n := 0; b.Loop(); n++ {
				began := time.Now()
				benchRun(b, open, c.url, rows, fmt.Sprintf("%s-%d-", c.name, n))
				took += time.Since(began)
			}
			b.ReportMetric(float64(rows)*float64(b.N)/took.Seconds(), "cases/s")
		})
	}
}

func benchRun(b *testing.B, open func(string, journal.Header, journal.Begin) (*journal.Journal, error), url string, rows int, prefix string) {
	b.Helper()
	dir := b.TempDir()
	in := writeRows(b, dir, prefix, rows)
	table, program := openRows(b, in)
	defer table.Close()
	// Both servers take any token: the sandbox was told this one.
	client, err := talkdesk.New(talkdesk.Config{Account: "acme", BaseURL: url, Concurrency: 64, Credentials: talkdesk.Credentials{Token: "bench"}})
	if err != nil {
		b.Fatal(err)
	}
	sum, err := Run(b.Context(), Config{Table: table, Program: program, API: client, Limiter: ratelimit.New(0),
		Log: slog.New(slog.DiscardHandler), Input: in, Results: filepath.Join(dir, "out.csv"), Account: "acme", BaseURL: url,
		Concurrency: 64, MaxAttempts: 8, Settle: time.Second, OutagePatience: time.Minute, openJournal: open})
	if err != nil || sum.Created != rows {
		b.Fatalf("%+v: %v", sum, err)
	}
}

// BenchmarkKnown is a nightly run in which every row has its case already.
func BenchmarkKnown(b *testing.B) {
	const rows = 200_000
	dir := b.TempDir()
	path := filepath.Join(dir, "out.journal")
	in := writeRows(b, dir, "T-", rows)
	table, program := openRows(b, in)
	defer table.Close()
	j, err := journal.Open(path, journal.Header{Account: "acme", BaseURL: "x", KeyRule: program.KeyRule()}, journal.Begin{})
	if err != nil {
		b.Fatal(err)
	}
	for i := range rows {
		key := fmt.Sprintf("T-%d", i)
		text := fmt.Sprintf(`{"row":%d,"key":%q,"status":"created","case_id":"%d","http_status":201,"attempts":1,"finished_at":"2026-01-01T00:00:00Z"}`, i+1, key, i)
		if err := j.Record(journal.Outcome{ID: identity.Key(key), State: journal.Created, Row: i + 1, Line: []byte(text)}); err != nil {
			b.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		sum, err := Run(b.Context(), Config{Table: table, Program: program, API: &server{}, Limiter: ratelimit.New(0),
			Log: slog.New(slog.DiscardHandler), Input: in, Results: filepath.Join(dir, "out.csv"), Account: "acme", BaseURL: "x",
			Concurrency: 64, MaxAttempts: 8, Settle: time.Second, OutagePatience: time.Minute})
		if err != nil || sum.Already != rows {
			b.Fatalf("%+v: %v", sum, err)
		}
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func writeRows(b *testing.B, dir, prefix string, rows int) (path string) {
	b.Helper()
	in, err := os.Create(filepath.Join(dir, "in.csv"))
	if err != nil {
		b.Fatal(err)
	}
	out := bufio.NewWriter(in)
	fmt.Fprintln(out, header)
	for i := range rows {
		fmt.Fprintf(out, "%s%d,Printer %d does not print,The printer on the third floor shows error %d since this morning,open,low\n", prefix, i, i, i)
	}
	if err := errors.Join(out.Flush(), in.Close()); err != nil {
		b.Fatal(err)
	}
	return in.Name()
}

func openRows(b *testing.B, path string) (*source.Table, *mapping.Program) {
	b.Helper()
	table, err := source.Open(b.Context(), path, source.Options{})
	if err != nil {
		b.Fatal(err)
	}
	m, err := mapping.Parse("mapping.yaml", []byte(keyed), nil)
	if err != nil {
		b.Fatal(err)
	}
	program, err := m.Compile(table.Columns, false)
	if err != nil {
		b.Fatal(err)
	}
	return table, program
}
