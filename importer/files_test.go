package importer

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestDefaultResults(t *testing.T) {
	for _, c := range []struct {
		input   string
		sandbox bool
		want    string
	}{
		{"tickets.csv", false, "tickets.results.csv"},
		{"tickets.csv", true, "tickets.sandbox.results.csv"},
		{"a/b/tickets.JSONL.GZ", false, "a/b/tickets.results.csv"},
		{"tickets.2026.tsv", false, "tickets.2026.results.csv"},
		{"tickets", false, "tickets.results.csv"},
		{"tickets.results.failed.csv", false, "tickets.results.csv"},
		{"x/tickets.results.failed.2.csv", false, "x/tickets.results.csv"},
		{"tickets.results.failed.jsonl", false, "tickets.results.csv"},
		{"tickets.sandbox.results.failed.csv", true, "tickets.sandbox.results.csv"},
	} {
		got, err := DefaultResults(filepath.FromSlash(c.input), c.sandbox)
		if err != nil || filepath.ToSlash(got) != c.want {
			t.Errorf("%s: %s, %v; want %s", c.input, got, err, c.want)
		}
	}
	if _, err := DefaultResults("-", false); err == nil {
		t.Error("standard input has no name")
	}
}

func TestFilesOf(t *testing.T) {
	for results, want := range map[string]Files{
		"x/a.results.csv":   {Journal: "x/a.results.journal", Report: "x/a.results.failed.jsonl"},
		"x/a.results.JSONL": {Journal: "x/a.results.journal", Report: "x/a.results.failed.jsonl"},
		"out.zendesk":       {Journal: "out.zendesk.journal", Report: "out.zendesk.failed.jsonl"},
		"out":               {Journal: "out.journal", Report: "out.failed.jsonl"},
	} {
		want.Results = results
		base := strings.TrimSuffix(want.Journal, ".journal")
		want.Verify, want.Undo = base+".verify.csv", base+".undo.csv"
		if got := FilesOf(results, "jsonl"); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

func TestNamesThatAreRefused(t *testing.T) {
	for name, ok := range map[string]bool{"a.csv": true, "out.zendesk": true, "t.journal": false, "t.JOURNAL": false, "a.csv ": false, "x/a.": false} {
		if err := CheckResultsName(name); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
}
