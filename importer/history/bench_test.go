package history

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"caseimport/importer/identity"
	"caseimport/importer/journal"
)

// BenchmarkPage tells of a million rows, with their results and their last verify.
func BenchmarkPage(b *testing.B) {
	const rows = 1_000_000
	dir := b.TempDir()
	cfg := Config{Results: dir + "/x.csv", Journal: dir + "/x.journal", Verify: dir + "/x.verify.csv"}
	j, err := journal.Open(cfg.Journal, journal.Header{Account: "acme"}, journal.Begin{At: noon})
	if err != nil {
		b.Fatal(err)
	}
	outputs := [2]*bufio.Writer{}
	for i, name := range []string{cfg.Results, cfg.Verify} {
		f, err := os.Create(name)
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		outputs[i] = bufio.NewWriter(f)
	}
	fmt.Fprintln(outputs[0], "row,key,status,case_id,http_status,error_code,error_message,error_fields,attempts,finished_at")
	fmt.Fprintln(outputs[1], "row,key,case_id,result,field,expected,found")
	var claims []journal.Claim
	for n := 1; n <= rows; n++ {
		key, at := strconv.Itoa(n), noon.Add(time.Duration(n)*50*time.Millisecond).Format(time.RFC3339)
		claims = append(claims, journal.Claim{ID: identity.Key(key), Number: n, Key: key, Title: "Printer"})
		if len(claims) < 1000 {
			continue
		}
		if err := j.Claim(claims); err != nil {
			b.Fatal(err)
		}
		for _, c := range claims {
			o := journal.Outcome{ID: c.ID, State: journal.Created, Row: c.Number,
				Line: fmt.Appendf(nil, `{"row":%d,"key":%q,"status":"created","case_id":"%d","http_status":201,"attempts":1,"finished_at":%q}`, c.Number, c.Key, c.Number, at)}
			if c.Number%50 == 0 {
				o.State, o.Line = journal.Failed, fmt.Appendf(nil, `{"row":%d,"key":%q,"status":"failed","http_status":400,"error_code":"bad","error_message":"no %q","attempts":1,"finished_at":%q}`, c.Number, c.Key, c.Key, at)
			}
			if err := j.Record(o); err != nil {
				b.Fatal(err)
			}
			fmt.Fprintf(outputs[0], "%d,%s,created,%d,201,,,,1,%s\n", c.Number, c.Key, c.Number, at)
			fmt.Fprintf(outputs[1], "%d,%s,%d,same,,,\n", c.Number, c.Key, c.Number)
		}
		claims = claims[:0]
	}
	for _, out := range outputs {
		out.Flush()
	}
	if err := j.Close(); err != nil {
		b.Fatal(err)
	}
	size := 0
	for b.Loop() {
		h, err := Read(cfg)
		if err != nil {
			b.Fatal(err)
		}
		var page bytes.Buffer
		if err := h.Page(&page); err != nil {
			b.Fatal(err)
		}
		size = page.Len()
	}
	b.ReportMetric(float64(size), "page-bytes")
}
