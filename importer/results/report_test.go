package results_test

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	"caseimport/importer/results"
	"caseimport/mapping"
)

// report writes a report of the rows and returns its text.
func report(t interface {
	Helper()
	Fatal(...any)
}, opt results.ReportOptions, rows ...results.ReportRow) string {
	t.Helper()
	r := results.NewReport(opt)
	for _, row := range rows {
		if err := r.Add(row); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.Commit(nil, nil); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(opt.Path)
	if err != nil {
		t.Fatal(err)
	}
	os.Remove(opt.Path)
	return string(text)
}

const ownHeader = "caseimport_row,caseimport_id,caseimport_status,caseimport_error,caseimport_fields"

func row(number int, record ...string) results.ReportRow {
	return results.ReportRow{Number: number, ID: "k" + strconv.Itoa(number), Status: results.Failed, Error: "refused", Record: record}
}

func TestReportKeepsTheRowsOwnForm(t *testing.T) {
	for _, c := range []struct {
		name string
		opt  results.ReportOptions
		rows []results.ReportRow
		want string
	}{
		{
			"awkward cells",
			results.ReportOptions{Header: []string{"Id", " Subject ", "Id", ""}},
			[]results.ReportRow{row(1, "007", "a,b", `"quoted"`, " lead"), row(2, "x;y", "two\nlines", "bare\rreturn", "=1+1")},
			"Id,\" Subject \",Id,," + ownHeader + "\n" +
				"007,\"a,b\",\"\"\"quoted\"\"\",\" lead\",1,k1,failed,refused,\n" +
				"x;y,\"two\nlines\",\"bare\rreturn\",=1+1,2,k2,failed,refused,\n",
		},
		{
			"semicolons",
			results.ReportOptions{Header: []string{"Id", "Text"}, Delimiter: ';'},
			[]results.ReportRow{row(1, "1", "a,b;c")},
			"Id;Text;" + strings.ReplaceAll(ownHeader, ",", ";") + "\n1;\"a,b;c\";1;k1;failed;refused;\n",
		},
		{
			"tabs",
			results.ReportOptions{Header: []string{"Id", "Text"}, Delimiter: '\t'},
			[]results.ReportRow{row(1, "1", "a\tb")},
			"Id\tText\t" + strings.ReplaceAll(ownHeader, ",", "\t") + "\n1\t\"a\tb\"\t1\tk1\tfailed\trefused\t\n",
		},
		{
			"one empty column",
			results.ReportOptions{Header: []string{"Id"}},
			[]results.ReportRow{row(1, "")},
			"Id," + ownHeader + "\n,1,k1,failed,refused,\n",
		},
		{
			"byte order mark",
			results.ReportOptions{Header: []string{"Größe"}, Mark: true},
			[]results.ReportRow{row(1, "groß")},
			"\ufeffGröße," + ownHeader + "\ngroß,1,k1,failed,refused,\n",
		},
		{
			"a report of a report",
			results.ReportOptions{Header: []string{"caseimport_row", "Id", " CaseImport_ID ", "caseimport_note", "caseimport_status", "caseimport_error", "caseimport_fields"}},
			[]results.ReportRow{row(3, "1", "007", "k1", "mine", "failed", "old", "title: old")},
			"Id,caseimport_note," + ownHeader + "\n007,mine,3,k3,failed,refused,\n",
		},
		{
			"rows of the wrong width",
			results.ReportOptions{Header: []string{"Id", "Text", "More"}},
			[]results.ReportRow{row(1, "1"), row(2, "2", "b", "c", "d", `e,"f"`), row(3)},
			"Id,Text,More," + ownHeader + "\n" +
				"1,,,1,k1,failed,refused,\"cells: 1 instead of 3, not corrected yet (6a45b3c3): if its cells are right, empty this one\"\n" +
				"2,b,c,2,k2,failed,refused,\"cells: 5 instead of 3, not corrected yet (9591116a): if its cells are right, empty this one; beyond the last column: d,\"\"e,\"\"\"\"f\"\"\"\"\"\"\"\n" +
				",,,3,k3,failed,refused,\"cells: 0 instead of 3, not corrected yet (9eb4718f): if its cells are right, empty this one\"\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.opt.Path = filepath.Join(t.TempDir(), "r.failed.csv")
			if got := report(t, c.opt, c.rows...); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestJSONReportKeepsTheRowsOwnForm(t *testing.T) {
	const own = `"caseimport_row":7,"caseimport_id":"k7","caseimport_status":"invalid","caseimport_error":"a \"b\" <c>","caseimport_fields":"title: no"}` + "\n"
	for in, want := range map[string]string{
		`{"id": 1.50e3, "a":"\u00e9<" }`:        `{"id": 1.50e3, "a":"\u00e9<",` + own,
		`{}`:                                    `{` + own,
		"{\n  \"id\": 1,\r\n  \"b\": [1, 2]\n}": `{"id":1,"b":[1,2],` + own,
		` {"id":1} `:                            `{"id":1,` + own,
		`{"id":1,"id":2}`:                       `{"id":1,"id":2,` + own,
		`[1,2]`:                                 `{"caseimport_line":"[1,2]",` + own,
		`{"id": 1`:                              `{"caseimport_line":"{\"id\": 1",` + own,
		"tab\tand <tag>":                        `{"caseimport_line":"tab\tand <tag>",` + own,
		``:                                      `{"caseimport_line":"",` + own,
		// a report of a report
		`{"id":1, "x": {"caseimport_id":"inner"},"caseimport_row":1,"caseimport_id":"old","caseimport_status":"failed","caseimport_error":"","caseimport_fields":""}`: `{"id":1,"x": {"caseimport_id":"inner"},` + own,
		`{"CaseImport_ID":"old"}`:                       `{` + own,
		`{"caseimport_line":"[","caseimport_id":"old"}`: `{"caseimport_line":"[",` + own,
		`{"text":"caseimport_id"}`:                      `{"text":"caseimport_id",` + own,
	} {
		opt := results.ReportOptions{Path: filepath.Join(t.TempDir(), "r.failed.jsonl"), JSON: true}
		got := report(t, opt, results.ReportRow{
			Number: 7, ID: "k7", Status: results.Invalid, Error: `a "b" <c>`, Fields: "title: no", JSON: []byte(in),
		})
		if got != want {
			t.Errorf("%s\ngot  %s\nwant %s", in, got, want)
		}
		if !json.Valid([]byte(got)) {
			t.Errorf("%s is no JSON", got)
		}
	}
}

// Whatever the cells hold, a CSV reader finds them again, and the report of that
// report is the same report.
func TestReportCanBeReadBack(t *testing.T) {
	dir := t.TempDir()
	cell := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.RuneFrom([]rune("ab ,;\t|\"'\r\n\\.=\ufeff\u00a0"))))
	name := rapid.OneOf(rapid.StringMatching(`[A-Za-z ]{0,8}`), rapid.SampledFrom([]string{"caseimport_id", "Caseimport_Fields ", "a;b", "caseimport_x"}))
	rapid.Check(t, func(t *rapid.T) {
		opt := results.ReportOptions{
			Path:      filepath.Join(dir, "r.failed.csv"),
			Delimiter: rapid.SampledFrom([]rune{',', ';', '\t', '|'}).Draw(t, "delimiter"),
			Header:    rapid.SliceOfN(name, 1, 6).Draw(t, "header"),
		}
		var rows []results.ReportRow
		for i := range rapid.IntRange(1, 4).Draw(t, "rows") {
			rows = append(rows, results.ReportRow{
				Number: i + 1, ID: "r" + strconv.Itoa(i), Status: results.Invalid,
				Error: cell.Draw(t, "error"), Fields: cell.Draw(t, "fields"),
				Record: rapid.SliceOfN(cell, 0, 8).Draw(t, "record"),
			})
		}
		text := report(t, opt, rows...)
		records := readCSV(t, text, opt.Delimiter)
		if len(records) != len(rows)+1 {
			t.Fatalf("%d records for %d rows:\n%s", len(records), len(rows), text)
		}
		header := records[0]
		for i, row := range rows {
			got := records[i+1]
			if len(got) != len(header) {
				t.Fatalf("row %d has %d cells under %d headers", i, len(got), len(header))
			}
			at := 0
			for j, name := range opt.Header {
				if isOurs(name) {
					continue
				}
				want := ""
				if j < len(row.Record) {
					want = strings.ReplaceAll(row.Record[j], "\r\n", "\n") // as every CSV reader here has it
				}
				if header[at] != name || got[at] != want {
					t.Fatalf("row %d: cell %q is %q, want %q under %q", i, header[at], got[at], want, name)
				}
				at++
			}
			if got[at] != strconv.Itoa(row.Number) || got[at+1] != row.ID || got[at+2] != row.Status {
				t.Fatalf("row %d: %q", i, got[at:])
			}
			wrongWidth := len(row.Record) != len(opt.Header)
			noReturns := !strings.Contains(strings.Join(row.Record, ""), "\r\n")
			if wrongWidth && noReturns && !results.Uncorrected(header, got) {
				t.Fatalf("row %d: %q under %q is taken for corrected", i, got, header)
			}
			rows[i].Record, rows[i].Fields, rows[i].Error = got, got[at+4], got[at+3]
		}
		opt.Header = header
		if again := report(t, opt, rows...); again != text && !strings.Contains(text, "\r\n") {
			t.Fatalf("the report of the report is\n%s\nwant\n%s", again, text)
		}
	})
}

func isOurs(name string) bool {
	return slices.Contains(strings.Split(ownHeader, ","), strings.ToLower(strings.TrimSpace(name)))
}

func readCSV(t interface{ Fatal(...any) }, text string, delimiter rune) (records [][]string) {
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = delimiter
	r.FieldsPerRecord = -1
	for {
		record, err := r.Read()
		if err == io.EOF {
			return records
		}
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, record)
	}
}

func TestUncorrectedUntilACellIsChanged(t *testing.T) {
	opt := results.ReportOptions{Path: filepath.Join(t.TempDir(), "r.csv"), Header: []string{"Id", "Text"}}
	records := readCSV(t, report(t, opt, row(1, "1", "b", "c"), row(2, "1", "b")), ',')
	header := records[0]
	if !results.Uncorrected(header, records[1]) {
		t.Error("a row as it stood in the report is taken for corrected")
	}
	if results.Uncorrected(header, records[2]) {
		t.Error("a row of the right width is taken for uncorrected")
	}
	// Its note outlives a further report, so that it is never sent as it is.
	again := readCSV(t, report(t, results.ReportOptions{Path: opt.Path, Header: header}, results.ReportRow{Number: 1, Record: records[1]}), ',')
	if !results.Uncorrected(again[0], again[1]) || !strings.HasSuffix(again[1][6], "beyond the last column: c") {
		t.Errorf("the second report says %q", again[1])
	}
	records[1][1] = "b, c"
	if results.Uncorrected(header, records[1]) {
		t.Error("a changed row is taken for uncorrected")
	}
	if results.Uncorrected([]string{"Id"}, []string{"1"}) || results.Uncorrected(header, nil) {
		t.Error("a row of another input is taken for uncorrected")
	}
}

// covers answers that just these ids are covered.
func covers(ids ...string) func(string) bool {
	return func(id string) bool { return slices.Contains(ids, id) }
}

func TestEarlierReportIsNeverLost(t *testing.T) {
	const (
		earlierCSV  = "Id," + ownHeader + "\n1,1,k1,failed,,\n2,2,k2,failed,,\n"
		earlierJSON = `{"Id":1,"caseimport_id":"k1"}` + "\n\n" + `{"Id":2,"caseimport_id":"k2"}`
	)
	saved := "\ufeff" + strings.ReplaceAll(strings.ReplaceAll(earlierCSV, ",", ";"), "\n", "\r\n") + ";;;;;\r\n"
	for _, c := range []struct {
		name    string
		earlier string
		json    bool
		rows    []int // of the new report
		covered []string
		want    results.Outcome
	}{
		{"none, no rows", "", false, nil, nil, results.Outcome{}},
		{"none", "", false, []int{1}, nil, results.Outcome{Rows: 1}},
		{"all covered, no rows", earlierCSV, false, nil, []string{"k1", "k2"}, results.Outcome{Removed: true}},
		{"all covered", earlierCSV, false, []int{3}, []string{"k1", "k2"}, results.Outcome{Rows: 1}},
		{"covered or in the new one", earlierCSV, false, []int{2, 3}, []string{"k1"}, results.Outcome{Rows: 2}},
		{"one not covered", earlierCSV, false, []int{3}, []string{"k1"}, results.Outcome{Rows: 1, Kept: "r.failed.2.csv"}},
		{"one not covered, no rows", earlierCSV, false, nil, []string{"k1"}, results.Outcome{Kept: "r.failed.csv"}},
		{"saved by a spreadsheet", saved, false, []int{2}, []string{"k1"}, results.Outcome{Rows: 1}},
		{"saved by a spreadsheet, one not covered", saved, false, []int{3}, []string{"k1"}, results.Outcome{Rows: 1, Kept: "r.failed.2.csv"}},
		{"a row without an id", earlierCSV + "3,,,,,\n", false, []int{1, 2}, nil, results.Outcome{Rows: 2, Kept: "r.failed.2.csv"}},
		{"no report", "Id,Subject\n", false, []int{1}, nil, results.Outcome{Rows: 1, Kept: "r.failed.2.csv"}},
		{"no report, no rows", "Id,Subject\n", false, nil, nil, results.Outcome{Kept: "r.failed.csv"}},
		{"broken", earlierCSV + "\"", false, []int{1, 2}, nil, results.Outcome{Rows: 2, Kept: "r.failed.2.csv"}},
		{"JSON, all covered", earlierJSON, true, nil, []string{"k1", "k2"}, results.Outcome{Removed: true}},
		{"JSON, in the new one", earlierJSON, true, []int{1, 2}, nil, results.Outcome{Rows: 2}},
		{"JSON, one not covered", earlierJSON, true, []int{3}, []string{"k1"}, results.Outcome{Rows: 1, Kept: "r.failed.2.jsonl"}},
		{"JSON, broken", earlierJSON + "{", true, []int{1, 2}, nil, results.Outcome{Rows: 2, Kept: "r.failed.2.jsonl"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			disk := &faultyDisk{synced: map[string]int64{}}
			opt := results.ReportOptions{Path: filepath.Join(dir, "r.failed.csv"), Header: []string{"Id"}, JSON: c.json, Disk: disk}
			if c.json {
				opt.Path = filepath.Join(dir, "r.failed.jsonl")
			}
			if c.earlier != "" {
				write(t, opt.Path, c.earlier)
			}
			r := results.NewReport(opt)
			for _, n := range c.rows {
				added := row(n, strconv.Itoa(n))
				added.JSON = []byte("{}")
				if err := r.Add(added); err != nil {
					t.Fatal(err)
				}
			}
			if got, err := os.ReadFile(opt.Path); err == nil && string(got) != c.earlier {
				t.Errorf("before Commit the report is\n%s", got)
			}
			got, err := r.Commit(covers(c.covered...), nil)
			if err != nil {
				t.Fatal(err)
			}
			if c.want.Kept != "" {
				c.want.Kept = filepath.Join(dir, c.want.Kept)
				if text := read(t, c.want.Kept); text != c.earlier {
					t.Errorf("the kept report is\n%s\nwant\n%s", text, c.earlier)
				}
			}
			if disk.pending > 0 {
				t.Error("the folder was not synced")
			}
			if c.want.Rows > 0 {
				c.want.Path = opt.Path
			}
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			files := 0
			if c.want.Rows > 0 {
				files++
			}
			if c.want.Kept != "" {
				files++
			}
			if names := filesIn(t, dir); len(names) != files {
				t.Errorf("the folder holds %v", names)
			}
			r.Abort()
			if names := filesIn(t, dir); len(names) != files {
				t.Errorf("after Abort the folder holds %v", names)
			}
		})
	}
}

func TestKeptReportsTakeFreeNames(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "r.failed.csv")
	for i := range 3 {
		r := results.NewReport(results.ReportOptions{Path: path, Header: []string{"Id"}})
		if err := r.Add(row(i, "")); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Commit(nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	if names := filesIn(t, dir); !reflect.DeepEqual(names, []string{"r.failed.2.csv", "r.failed.3.csv", "r.failed.csv"}) {
		t.Errorf("the folder holds %v", names)
	}
	if text := read(t, filepath.Join(dir, "r.failed.2.csv")); !strings.Contains(text, "k0") {
		t.Errorf("the first report is now\n%s", text)
	}
}

func TestAbortLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "r.failed.csv")
	write(t, path, "earlier")
	r := results.NewReport(results.ReportOptions{Path: path, Header: []string{"Id"}})
	if err := r.Add(row(1, "")); err != nil {
		t.Fatal(err)
	}
	r.Abort()
	if names := filesIn(t, dir); len(names) != 1 || read(t, path) != "earlier" {
		t.Errorf("the folder holds %v, the report %q", names, read(t, path))
	}
	if err := r.Add(row(2, "")); err == nil {
		t.Error("a row was added to a report that was given up")
	}
	if _, err := r.Commit(nil, nil); err == nil {
		t.Error("a report that was given up was put in place")
	}
}

func TestStaleReportIsClearedAway(t *testing.T) {
	dir := t.TempDir()
	opt := results.ReportOptions{Path: filepath.Join(dir, "r.failed.csv"), Header: []string{"Id"}}
	if err := results.NewReport(opt).Add(row(1, "")); err != nil { // and the run dies
		t.Fatal(err)
	}
	if names := filesIn(t, dir); len(names) != 1 {
		t.Fatalf("the folder holds %v", names)
	}
	results.NewReport(opt)
	if names := filesIn(t, dir); len(names) != 0 {
		t.Errorf("the folder still holds %v", names)
	}
}

// Whatever fails and whenever, the earlier report survives until the new one, or
// nothing, rightly stands in its place.
func TestReportSurvivesEveryFault(t *testing.T) {
	big := strings.Repeat("x", 40<<10) // several writes
	for _, covered := range []func(string) bool{nil, covers("k1")} {
		everyFault(t, func(t *testing.T, disk *faultyDisk) {
			dir := t.TempDir()
			path := filepath.Join(dir, "r.failed.csv")
			earlier := "Id," + ownHeader + "\n1,1,k1,failed,,\n"
			write(t, path, earlier)
			r := results.NewReport(results.ReportOptions{Path: path, Header: []string{"Id"}, Disk: disk})
			var err error
			for n := 5; n < 9 && err == nil; n++ {
				err = r.Add(row(n, big))
			}
			done, commitErr := r.Commit(covered, nil)
			if err == nil {
				err = commitErr
			} else if commitErr == nil {
				t.Errorf("fault %d: Commit succeeded after Add failed", disk.failAt)
			}
			if err != nil && (!errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), path+": ")) {
				t.Errorf("fault %d: %v; want the cause and the path", disk.failAt, err)
			}

			other := filepath.Join(dir, "r.failed.2.csv")
			atPath, _ := os.ReadFile(path)
			kept, _ := os.ReadFile(other)
			isNew := len(readCSV(t, string(atPath), ',')) == 5
			if string(atPath) != earlier && len(atPath) > 0 && !isNew {
				t.Errorf("fault %d: half a report stands at its path (%d bytes)", disk.failAt, len(atPath))
			}
			if covered == nil && string(atPath) != earlier && string(kept) != earlier {
				t.Errorf("fault %d: the earlier report is lost", disk.failAt)
			}
			if covered != nil && string(atPath) != earlier && !isNew {
				t.Errorf("fault %d: neither the earlier report nor the new one is there", disk.failAt)
			}
			if err == nil && (!isNew || done.Rows != 4) {
				t.Errorf("fault %d: no error, and yet no report (%+v)", disk.failAt, done)
			}
			if others := temporaries(t, dir, "r.failed.csv", "r.failed.2.csv"); len(others) > 0 && !disk.powerLoss {
				t.Errorf("fault %d: left behind %v", disk.failAt, others)
			}
		})
	}
}

func TestReportColumns(t *testing.T) {
	cells := []mapping.Value{{Text: "1"}, {Text: " failed "}, {Text: "k1\n"}}
	cell := func(i int) mapping.Value { return cells[i] }
	c := results.ReportColumns([]string{"Id", "Caseimport_Status", " CASEIMPORT_ID "})
	if !c.IsReport() || c.ID(cell) != "k1" || c.Status(cell) != "failed" {
		t.Errorf("a report: %v, id %q, status %q", c.IsReport(), c.ID(cell), c.Status(cell))
	}
	c = results.ReportColumns([]string{"Id", "caseimport", "caseimport_row"})
	if c.IsReport() || c.ID(cell) != "" || c.Status(cell) != "" || c.Error(cell) != "" || c.Fields(cell) != "" {
		t.Errorf("no report: %v, id %q, status %q, error %q, fields %q", c.IsReport(), c.ID(cell), c.Status(cell), c.Error(cell), c.Fields(cell))
	}
	c = results.ReportColumns([]string{"caseimport_id", "caseimport_error", "caseimport_fields"})
	if !c.IsReport() || c.ID(cell) != "1" || c.Error(cell) != "failed" || c.Fields(cell) != "k1" {
		t.Errorf("its own columns alone: id %q, error %q, fields %q", c.ID(cell), c.Error(cell), c.Fields(cell))
	}
}

func BenchmarkReport(b *testing.B) {
	record := []string{"007", "A subject of some length", strings.Repeat("A description, with a comma.\n", 20), "agent@example.com"}
	object, _ := json.Marshal(map[string]string{"id": "007", "subject": record[1], "description": record[2]})
	for _, asJSON := range []bool{false, true} {
		name := "csv"
		if asJSON {
			name = "jsonl"
		}
		b.Run(name, func(b *testing.B) {
			r := results.NewReport(results.ReportOptions{
				Path: filepath.Join(b.TempDir(), "r."+name), JSON: asJSON, Header: []string{"Id", "Subject", "Text", "Email"},
			})
			b.ReportAllocs()
			for b.Loop() {
				if err := r.Add(results.ReportRow{Number: 7, ID: "k7", Status: results.Failed, Record: record, JSON: object}); err != nil {
					b.Fatal(err)
				}
			}
			r.Abort()
		})
	}
}

// A workbook holds no text of more than 32,767 characters; CSV, the nearest form, does.
func TestWhatAWorkbookCannotHoldStaysATable(t *testing.T) {
	long := strings.Repeat("x", 40_000)
	r := results.NewReport(results.ReportOptions{Path: filepath.Join(t.TempDir(), "r.failed.xlsx"), JSON: true, Form: results.Workbook, Columns: []string{"id"}})
	if err := r.Add(results.ReportRow{Number: 1, ID: "k1", Status: results.Failed, Error: "refused", JSON: []byte(`{"id":"` + long + `"}`)}); err != nil {
		t.Fatal(err)
	}
	done, err := r.Commit(nil, nil)
	if err != nil || filepath.Base(done.Path) != "r.failed.csv" || !strings.Contains(done.Why, "32,767") {
		t.Fatalf("%+v, %v", done, err)
	}
	if text, err := os.ReadFile(done.Path); err != nil || string(text) != "id,"+ownHeader+"\n"+long+",1,k1,failed,refused,\n" {
		t.Errorf("%v: %d bytes", err, len(text))
	}
}

func TestMembersWithoutAColumnOfTheirOwnStayJSON(t *testing.T) {
	for _, object := range []string{`{"a":"1","A":"2"}`, `{"":"1"}`} {
		r := results.NewReport(results.ReportOptions{Path: filepath.Join(t.TempDir(), "r.failed.csv"), JSON: true, Form: results.CSV})
		if err := r.Add(results.ReportRow{Number: 1, ID: "k1", Status: results.Failed, JSON: []byte(object)}); err != nil {
			t.Fatal(err)
		}
		if done, err := r.Commit(nil, nil); err != nil || filepath.Base(done.Path) != "r.failed.jsonl" || !strings.Contains(done.Why, "has no column of its own") {
			t.Errorf("%s: %+v, %v", object, done, err)
		}
	}
}

func TestRepeatedHeadersAreAListWithoutBlanks(t *testing.T) {
	opt := results.ReportOptions{Path: filepath.Join(t.TempDir(), "r.failed.jsonl"), Form: results.JSONLines, Header: []string{"Id", "Tag", "tag", "TAG"}}
	if got := report(t, opt, row(1, "1", "", "x", "")); !strings.HasPrefix(got, `{"Id":"1","Tag":["x"],"caseimport_row":`) {
		t.Error(got)
	}
}
