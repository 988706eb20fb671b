package importer

import (
	"os"
	"strings"
	"testing"
)

func TestRaggedReportRowKeepsItsPast(t *testing.T) {
	in(t, func(w *world) {
		w.mapping = keyless
		w.api.fate = func(int) fate { return cutAfter }
		w.input("in.csv", line(1))
		w.must(3, "in.csv")
		w.api.fate = nil
		report := w.read("out.failed.csv")
		good := strings.TrimSpace(report)
		w.write("out.failed.csv", good+",a remark")
		w.run("out.failed.csv")
		// the person mends the width
		now := strings.Split(strings.TrimSpace(w.read("out.failed.csv")), "\n")
		mended := strings.Replace(now[1], "not corrected yet", "done", 1)
		w.write("out.failed.csv", now[0], mended)
		w.run("out.failed.csv")
		if n := len(w.api.cases); n > 1 {
			t.Errorf("%d cases of a row that was unknown, without --resend-unknown", n)
		}
	})
}

func TestFilteredReportRowIsCovered(t *testing.T) {
	in(t, func(w *world) {
		w.api.fate = func(int) fate { return refusedBy }
		w.input("in.csv", linesOf(1, 2)...)
		w.must(3, "in.csv")
		w.api.fate = nil
		w.write("out.failed.csv", strings.Split(strings.TrimSpace(strings.Replace(w.read("out.failed.csv"), "Body of 1,open", "Body of 1,spam", 1)), "\n")...)
		sum, err := w.run("out.failed.csv")
		entries, _ := os.ReadDir(w.dir)
		if sum.Exit != 0 || w.has("out.failed.csv") {
			t.Errorf("%+v %v %v", sum, err, entries)
		}
	})
}

// A duplicate is not covered by the case of the row that it duplicates.
func TestDuplicateOfAnEarlierReportIsKept(t *testing.T) {
	in(t, func(w *world) {
		w.input("monday.csv", line(1), "T-1,Another subject,Another body,open,low")
		w.must(3, "monday.csv")
		w.input("tuesday.csv", line(2))
		sum := w.must(0, "tuesday.csv")
		if !w.has("out.failed.csv") && sum.Kept == "" {
			t.Error("Monday's failure report held a row without a case, and was removed")
		}
	})
}

// Of a row that failed, and is invalid tonight, the results hold one line.
func TestFailedRowThatIsInvalidTonightStandsOnce(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 2)...)
		w.api.fate = func(n int) fate {
			if n == 1 {
				return refusedBy
			}
			return taken
		}
		w.must(3, "in.csv", func(c *Config) { c.Concurrency = 1 })
		w.input("in.csv", line(1), "T-2,Subject 2,Body,open,urgently")
		w.must(3, "in.csv")
		w.results() // complains
	})
}

func TestFailedRowThatIsRaggedNowStandsOnce(t *testing.T) {
	for _, m := range []string{keyed, keyless} {
		in(t, func(w *world) {
			w.mapping = m
			w.api.fate = func(int) fate { return refusedBy }
			w.input("in.csv", line(1))
			w.must(3, "in.csv")
			w.write("out.failed.csv", strings.TrimSpace(w.read("out.failed.csv"))+",a remark")
			w.must(3, "out.failed.csv")
			if n := strings.Count(w.read("out.csv"), "\n"); n != 2 {
				t.Errorf("one row, %d lines:\n%s", n-1, w.read("out.csv"))
			}
		})
	}
}

func TestUnknownRowThatIsRaggedNowStandsOnce(t *testing.T) {
	in(t, func(w *world) {
		w.mapping = keyless
		w.api.fate = func(int) fate { return cutAfter }
		w.input("in.csv", line(1))
		w.must(3, "in.csv")
		w.write("out.failed.csv", strings.TrimSpace(w.read("out.failed.csv"))+",a remark")
		w.run("out.failed.csv")
		if n := strings.Count(w.read("out.csv"), "\n"); n != 2 {
			t.Errorf("one row, %d lines", n-1)
		}
	})
}
