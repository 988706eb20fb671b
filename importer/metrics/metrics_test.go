package metrics

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"time"

	"caseimport/importer"
)

// values reads a metrics file.
func values(t *testing.T, path string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^([a-z].*) (\S+)$`).FindAllStringSubmatch(string(text), -1) {
		out[m[1]] = m[2]
	}
	return out
}

func TestTheLastSuccessIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "caseimport.prom")
	synctest.Test(t, func(t *testing.T) {
		known := false
		run := func(exit int) {
			f, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			if _, ended := values(t, path)["caseimport_exit_code"]; ended != known {
				t.Errorf("whether a run has ended: %v", ended)
			}
			known = true
			time.Sleep(10 * time.Second)
			if err := f.End(importer.Summary{Rows: 5, Created: 3, Left: 2, Exit: exit, Requests: 40, Throttled: 1}, &importer.Progress{}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour)
		}
		start := time.Now().Unix()
		at := func(seconds int64) string { return fmt.Sprintf("%.9e", float64(start+seconds)) }
		for _, want := range []struct {
			exit          int
			last, success string
		}{{1, at(10), ""}, {0, at(3620), at(3620)}, {3, at(7230), at(3620)}} {
			run(want.exit)
			got := values(t, path)
			if _, has := got["caseimport_last_success_timestamp_seconds"]; has != (want.success != "") {
				t.Errorf("%v: whether there was a success", got)
			}
			if got["caseimport_exit_code"] != fmt.Sprint(want.exit) || !same(got["caseimport_last_run_timestamp_seconds"], want.last) || !same(got["caseimport_last_success_timestamp_seconds"], want.success) ||
				got[`caseimport_rows{status="created"}`] != "3" || got[`caseimport_rows{status="left"}`] != "2" || got["caseimport_run_duration_seconds"] != "10" ||
				got["caseimport_requests_per_second"] != "4" || got["caseimport_running"] != "0" {
				t.Errorf("%v, want %+v", got, want)
			}
		}
		if _, err := Open(path); err != nil {
			t.Fatal(err)
		}
		// While the next run goes on, the last one's end is still to be seen.
		if got := values(t, path); got["caseimport_running"] != "1" || got["caseimport_exit_code"] != "3" || got[`caseimport_rows{status="left"}`] != "" ||
			!same(got["caseimport_last_run_timestamp_seconds"], at(7230)) || !same(got["caseimport_last_success_timestamp_seconds"], at(3620)) {
			t.Errorf("%v", got)
		}
	})
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("%v %v: node_exporter must be able to read it", info.Mode(), err)
	}
}

func same(a, b string) bool {
	var x, y float64
	fmt.Sscan(a, &x)
	fmt.Sscan(b, &y)
	return x == y
}

func TestNoOtherFileIsOverwritten(t *testing.T) {
	for _, text := range []string{"Id,Subject\n1,Printer\n", "# HELP other_metric x\n# TYPE other_metric gauge\nother_metric 1\n",
		"# TYPE caseimport_rows gauge\ncaseimport_rows{status=\"created\"} 1\nId,Subject\n"} {
		path := filepath.Join(t.TempDir(), "x.prom")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), "would be overwritten") {
			t.Errorf("%v", err)
		}
		if got, _ := os.ReadFile(path); string(got) != text {
			t.Errorf("%s", got)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "no", "such.prom")); err == nil {
		t.Error("a folder that is not there")
	}
}
