package importer

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"caseimport/importer/results"
	"caseimport/importer/source"
)

// FilesOf names the files that stand beside a results file: an ending .csv or
// .jsonl, and nothing else, is replaced, so that two results files never share a
// journal. form is that of the failure report: csv, jsonl or xlsx. A results file
// behind a link stands where the link points to.
func FilesOf(results, form string) Files {
	results = behindLinks(results)
	base := resultsEnding.ReplaceAllString(results, "")
	return Files{Results: results, Journal: base + ".journal", Report: base + ".failed." + form, Verify: base + ".verify.csv", Undo: base + ".undo.csv"}
}

// reportForm is the form of the failure report: as asked for, else the input's own.
func reportForm(asked string, t *source.Table) string {
	switch {
	case asked != "":
		return asked
	case t.Format == "json":
		return results.JSONLines
	case t.Format == "xlsx":
		return results.Workbook
	}
	return results.CSV
}

// behindLinks is where a file stands, or will stand.
func behindLinks(path string) string {
	for range 40 { // more is a circle
		target, err := os.Readlink(path)
		switch {
		case err != nil:
			return path
		case filepath.IsAbs(target):
			path = target
		default:
			folder := filepath.Dir(path)
			if real, err := filepath.EvalSymlinks(folder); err == nil {
				folder = real // where .. leads to
			}
			path = filepath.Join(folder, target)
		}
	}
	return path
}

// oldJournal is what earlier versions called the journal, "" if that is no other
// name or no such file is there.
func (f Files) oldJournal() string {
	old := strings.TrimSuffix(f.Results, filepath.Ext(f.Results)) + ".journal"
	if _, err := os.Stat(old); err != nil || old == f.Journal {
		return ""
	}
	return old
}

// CheckResultsName says what is wrong with the name of a results file.
func CheckResultsName(path string) error {
	name := filepath.Base(path)
	switch {
	case strings.HasSuffix(strings.ToLower(name), ".journal"):
		return fmt.Errorf("%q ends as a journal does: a results file is named like tickets.results.csv", name)
	case strings.TrimRight(name, ". ") != name:
		return fmt.Errorf("%q ends in a blank or a dot, which not every system keeps", name)
	}
	return nil
}

var (
	resultsEnding = regexp.MustCompile(`(?i)\.(csv|jsonl)$`)
	inputEnding   = regexp.MustCompile(`(?i)\.(csv|tsv|jsonl|ndjson|json|xlsx|xlsm)(\.gz|\.zip)?$|\.(gz|zip)$`)
	unnamed       = regexp.MustCompile(`^/(dev|proc)/`)
	reportEnding  = regexp.MustCompile(`(?i)^(.+\.results)\.failed(\.\d+)?\.(csv|jsonl|xlsx)$`)
)

// DefaultResults names the results file of an input: beside it, or, for a
// failure report, the results file that it came from.
func DefaultResults(input string, sandbox bool) (string, error) {
	if input == "-" {
		return "", errors.New("reading from standard input needs -o RESULTS: there is no name to derive it from")
	}
	if unnamed.MatchString(filepath.ToSlash(input)) {
		return "", fmt.Errorf("reading from %s needs -o RESULTS: no results can stand beside it", input)
	}
	folder, name := filepath.Split(input)
	if m := reportEnding.FindStringSubmatch(name); m != nil {
		return folder + m[1] + ".csv", nil
	}
	name = inputEnding.ReplaceAllString(name, "")
	if sandbox {
		name += ".sandbox"
	}
	return folder + name + ".results.csv", nil
}
