package importer

import (
	"encoding/csv"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"caseimport/importer/exit"
	"caseimport/importer/results"
)

// report reads the failure report back, by key.
func (w *world) report(name string) (header []string, rows map[string]map[string]string) {
	w.t.Helper()
	r := csv.NewReader(strings.NewReader(w.read(name)))
	all, err := r.ReadAll()
	if err != nil {
		w.t.Fatal(err)
	}
	rows = map[string]map[string]string{}
	for _, record := range all[1:] {
		row := map[string]string{}
		for i, cell := range record {
			row[all[0][i]] = cell
		}
		rows[row["Id"]+"/"+row[results.StatusColumn]] = row
	}
	return all[0], rows
}

// edit replaces texts in a file.
func (w *world) edit(name string, pairs ...string) {
	w.t.Helper()
	text := w.read(name)
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			w.t.Fatalf("%s does not hold %q:\n%s", name, pairs[i], text)
		}
		text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
	}
	if err := os.WriteFile(w.path(name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// asSpreadsheet saves a CSV file as a spreadsheet would.
func (w *world) asSpreadsheet(name string) {
	w.t.Helper()
	all, err := csv.NewReader(strings.NewReader(w.read(name))).ReadAll()
	if err != nil {
		w.t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("\ufeff")
	out := csv.NewWriter(&b)
	out.Comma, out.UseCRLF = ';', true
	out.WriteAll(all)
	if err := os.WriteFile(w.path(name), []byte(b.String()), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func TestReportIsCorrectedAndFedBack(t *testing.T) {
	for _, how := range []string{"as it is", "re-saved by a spreadsheet"} {
		t.Run(how, func(t *testing.T) {
			in(t, func(w *world) {
				w.input("in.csv", line(1), "T-2,,Body of 2,open,low", "T-3,Subject 3,Body of 3,open,asap", line(1), line(4), ",No key,x,open,low")
				if sum := w.must(3, "in.csv"); sum.Created != 2 || sum.Invalid != 3 || sum.Duplicate != 1 {
					t.Fatalf("%+v", sum)
				}
				head, rows := w.report("out.failed.csv")
				if got := strings.Join(head, ","); got != header+",caseimport_row,caseimport_id,caseimport_status,caseimport_error,caseimport_fields" {
					t.Errorf("header %s", got)
				}
				if len(rows) != 4 || rows["T-2/invalid"]["Body"] != "Body of 2" || rows["T-2/invalid"]["caseimport_row"] != "2" {
					t.Errorf("%v", rows)
				}
				w.edit("out.failed.csv", "T-2,,", "T-2,Subject 2,", ",asap,", ",high,", ",No key,", "T-5,Subject 5,")
				if how != "as it is" {
					w.asSpreadsheet("out.failed.csv")
				}
				sum := w.must(3, "out.failed.csv")
				if sum.Rows != 4 || sum.Created != 3 || sum.Duplicate != 1 {
					t.Errorf("%+v", sum)
				}
				w.once("T-1", "T-2", "T-3", "T-4", "T-5")
				for _, line := range w.results() {
					if line.Status != results.Created && line.Status != results.Duplicate {
						t.Errorf("an earlier entry was not settled: %+v", line)
					}
				}
			})
		})
	}
}

func TestRowsOfAReportKeepTheirIdentity(t *testing.T) {
	in(t, func(w *world) {
		w.api.fate = func(int) fate { return refusedBy }
		w.input("in.csv", line(1), line(2), line(3), line(1), line(1))
		w.must(3, "in.csv")
		w.api.fate = nil
		_, rows := w.report("out.failed.csv")
		if len(rows) != 4 { // both duplicates have one name here
			t.Fatalf("%v", rows)
		}
		text := w.read("out.failed.csv")
		lines := strings.SplitAfter(strings.TrimSpace(text), "\n")
		lines[len(lines)-1] += "\n"
		var again strings.Builder
		for _, l := range lines {
			switch {
			case strings.Contains(l, ",duplicate,") && !strings.Contains(again.String(), "T-9"):
				l = strings.Replace(l, "T-1,", "T-9,", 1) // given a key of its own
			case strings.HasPrefix(l, "T-2,"):
				l = strings.Replace(l, "T-2,", "T-8,", 1) // the key of a row that was sent
			case strings.HasPrefix(l, "T-3,"):
				l += l // the same id twice
			}
			again.WriteString(l)
		}
		if err := os.WriteFile(w.path("edited.csv"), []byte(again.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		sum := w.must(3, "edited.csv")
		// T-1 and T-9 and T-3 are sent; T-8 no longer fits; the second T-3
		// and the duplicate that kept its key stay behind.
		if sum.Created != 3 || sum.Invalid != 1 || sum.Duplicate != 2 {
			t.Errorf("%+v\n%s", sum, w.read("out.failed.csv"))
		}
		w.once("T-1", "T-3", "T-9")
	})
}

func TestReportOfAnotherImportIsRefused(t *testing.T) {
	in(t, func(w *world) {
		w.api.fate = func(int) fate { return refusedBy }
		w.input("in.csv", line(1))
		w.must(3, "in.csv")
		w.api.fate = nil
		sum, err := w.run("out.failed.csv", func(c *Config) { c.Results = w.path("other.csv") })
		if stop, ok := err.(*exit.Stop); !ok || sum.Exit != 1 || !strings.Contains(stop.Hint, "-o RESULTS of the first run") {
			t.Errorf("%+v: %v", sum, err)
		}
		if w.has("other.csv") || w.has("other.journal") {
			t.Error("files were left behind")
		}
		w.once()
	})
}

func TestEditOfARowThatWasThereIsSaid(t *testing.T) {
	in(t, func(w *world) {
		w.api.lag = 1000 * time.Hour
		w.api.fate = func(n int) fate {
			if n == 1 {
				return cutAfter
			}
			return taken
		}
		w.input("in.csv", linesOf(1, 2)...)
		w.must(3, "in.csv", func(c *Config) { c.Concurrency = 1; c.OutagePatience = time.Minute })
		w.edit("out.failed.csv", "Body of 2", "Another body")
		w.api.mu.Lock()
		for i := range w.api.cases {
			w.api.cases[i].shown = time.Now()
		}
		w.api.mu.Unlock()
		sum := w.must(0, "out.failed.csv")
		if sum.Already != 1 || w.results()[1].CaseID == "" {
			t.Errorf("%+v", sum)
		}
		if !strings.Contains(w.logged(), "edited") {
			t.Errorf("nothing said of the edit: %s", w.logged())
		}
		w.once("T-1", "T-2")
	})
}

func TestReportAsInputIsReplacedAtTheEnd(t *testing.T) {
	in(t, func(w *world) {
		w.api.fate = func(int) fate { return refusedBy }
		w.input("in.csv", linesOf(1, 6)...)
		w.must(3, "in.csv")
		w.edit("out.failed.csv", "Body of 6", "Body of six")
		w.api.fate = func(n int) fate { // the first of them is refused again
			if n == 6 {
				return refusedBy
			}
			return taken
		}
		sum := w.must(4, "out.failed.csv", func(c *Config) { c.Limit = 3; c.Concurrency = 1 })
		if sum.Created != 2 || sum.Failed != 1 || sum.Left != 3 {
			t.Errorf("%+v", sum)
		}
		_, rows := w.report("out.failed.csv")
		if len(rows) != 4 || rows["T-6/failed"][results.ErrorColumn] != "400 no" || !strings.Contains(w.read("out.failed.csv"), "Body of six") {
			t.Errorf("the report must hold what is left, as edited: %v", rows)
		}
		w.must(0, "out.failed.csv")
		if w.has("out.failed.csv") {
			t.Error("a report with nothing left stays")
		}
		w.once(keys(1, 6)...)
	})
}

func TestReportOfOtherRowsIsKept(t *testing.T) {
	in(t, func(w *world) {
		w.input("monday.csv", line(1), "T-2,,no subject,open,low")
		w.must(3, "monday.csv")
		w.input("tuesday.csv", line(3), "T-4,,no subject,open,low")
		sum := w.must(3, "tuesday.csv")
		if sum.Kept == "" || !strings.Contains(w.read("out.failed.csv"), "T-4") {
			t.Fatalf("kept %q", sum.Kept)
		}
		if kept, err := os.ReadFile(sum.Kept); err != nil || !strings.Contains(string(kept), "T-2") {
			t.Errorf("%s, %v", kept, err)
		}
	})
}

func TestReportOfJSON(t *testing.T) {
	in(t, func(w *world) {
		w.write("in.jsonl",
			`{"Id":"T-1","Subject":"One","Body":"b","Status":"open","Priority":"low","more":{"n":1.50}}`,
			`{"Id":"T-2","Subject":"Two","Body":"b","Status":"open","Priority":"asap","more":{"n":1.50}}`,
			`not an object`)
		if sum := w.must(3, "in.jsonl"); sum.Created != 1 || sum.Invalid != 2 {
			t.Fatalf("%+v", sum)
		}
		if got := w.read("out.failed.jsonl"); !strings.HasPrefix(got, `{"Id":"T-2","Subject":"Two","Body":"b","Status":"open","Priority":"asap","more":{"n":1.50},"caseimport_row":2,`) {
			t.Errorf("%s", got)
		}
		w.edit("out.failed.jsonl", `"asap"`, `"high"`)
		if sum := w.must(3, "out.failed.jsonl"); sum.Created != 1 || sum.Invalid != 1 {
			t.Errorf("%+v", sum)
		}
		w.once("T-1", "T-2")
	})
}

func TestEditedReportSurvivesARunThatDoesNotReadIt(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", line(1), "T-2,,no subject,open,low")
		w.must(3, "in.csv")
		w.must(3, "in.csv")
		if w.has("out.failed.2.csv") {
			t.Fatal("a report that nobody has touched was kept")
		}
		w.edit("out.failed.csv", "T-2,,", "T-2,Corrected with care,")
		sum := w.must(3, "in.csv")
		if !strings.Contains(w.read("out.failed.2.csv"), "Corrected with care") || !strings.Contains(w.logged(), "was edited") {
			t.Errorf("kept %q: %s", sum.Kept, w.logged())
		}
		w.must(0, "out.failed.2.csv")
		w.once("T-1", "T-2")
	})
}

func TestCheckJudgesAReportAsARunWould(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", line(1), line(1), line(3)+",one cell too many", line(4))
		w.api.fate = func(n int) fate {
			if n == 0 { // T-1 has its case, so the report holds only its duplicate
				return taken
			}
			return refusedBy
		}
		w.must(3, "in.csv", func(c *Config) { c.Concurrency = 1 })
		report := w.check("out.failed.csv")
		if report.Valid != 1 || report.Invalid != 1 || report.Duplicate != 1 {
			w.t.Errorf("%+v", report)
		}
		w.api.fate = nil
		if sum := w.must(3, "out.failed.csv"); sum.Created != report.Valid || sum.Invalid != report.Invalid || sum.Duplicate != report.Duplicate {
			w.t.Errorf("check said %+v, run %+v", report, sum)
		}
	})
}

func TestCheckCountsRowsNotCells(t *testing.T) {
	in(t, func(w *world) {
		w.mapping = keyed + "custom_fields:\n  multi_select_tags: {column: Status, split: \"/\", values: {a: b}}\n"
		w.input("in.csv", "T-1,S,B,x/y/z,low", "T-2,S,B,a,low", "T-3,S,B,x/a,low")
		report := w.check("in.csv")
		if len(report.Groups) != 1 || report.Groups[0].Rows != 2 || !slices.Equal(report.Groups[0].FirstRows, []int{1, 3}) {
			w.t.Errorf("%+v", report.Groups)
		}
	})
}

// A report whose rows all have their case is removed, in whatever form a
// spreadsheet has saved it. Where it no longer shows its ids, what was left out of
// the run keeps it.
func TestReportThatWasRunIsRemovedInAnyForm(t *testing.T) {
	wide := func(text string) string {
		b := []byte{0xff, 0xfe}
		for _, u := range utf16.Encode([]rune(text)) {
			b = append(b, byte(u), byte(u>>8))
		}
		return string(b)
	}
	forms := map[string]func(string) string{
		"UTF-16":           wide,
		"a sep= line":      func(text string) string { return "sep=,\r\n" + text },
		"the id's renamed": func(text string) string { return strings.Replace(text, results.IDColumn, "their_id", 1) },
		"the id's dropped": func(text string) string {
			all, _ := csv.NewReader(strings.NewReader(text)).ReadAll()
			at := slices.Index(all[0], results.IDColumn)
			var b strings.Builder
			out := csv.NewWriter(&b)
			for _, record := range all {
				out.Write(slices.Delete(record, at, at+1))
			}
			out.Flush()
			return b.String()
		},
	}
	for form, save := range forms {
		for _, limited := range []bool{false, true} {
			t.Run(fmt.Sprint(form, " ", limited), func(t *testing.T) {
				in(t, func(w *world) {
					w.input("in.csv", line(1), "T-2,,Body of 2,open,low", "T-3,,Body of 3,open,low")
					w.must(3, "in.csv")
					text := save(strings.NewReplacer("T-2,,", "T-2,Subject 2,", "T-3,,", "T-3,Subject 3,").Replace(w.read("out.failed.csv")))
					if err := os.WriteFile(w.path("out.failed.csv"), []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
					exit := 0
					if limited {
						exit = 4
					}
					sum := w.must(exit, "out.failed.csv", func(cfg *Config) {
						if limited {
							cfg.Limit = 1
						}
					})
					if limited {
						if left := w.read("out.failed.csv"); !strings.Contains(strings.ReplaceAll(left, "\x00", ""), "T-3") {
							t.Errorf("the row that is left is in no report: %q", left)
						}
					} else if w.has("out.failed.csv") || sum.Kept != "" {
						t.Errorf("the report is still there, kept as %q", sum.Kept)
					}
					if !limited {
						w.once(keys(1, 3)...)
					}
				})
			})
		}
	}
}

// TestOlderReportKeepsCases: an older failure report holds a row as it was before it
// was corrected. That it has its case since stays in the results.
func TestOlderReportKeepsCases(t *testing.T) {
	in(t, func(w *world) {
		w.mapping = keyless
		w.input("in.csv", line(1)+",more,and more", line(2))
		w.must(3, "in.csv")
		older := strings.TrimSpace(w.read("out.failed.csv"))
		w.write("older.csv", older)
		w.write("fixed.csv", older[:strings.LastIndex(older, `,"cells`)]+",")
		w.must(0, "fixed.csv")
		w.must(3, "older.csv")
		if !strings.Contains(w.read("out.csv"), "1,,created,2,") {
			t.Errorf("the case is lost from the results:\n%s", w.read("out.csv"))
		}
		w.onceByTitle(1, 2)
	})
}
