package importer

import (
	"errors"
	"path/filepath"
	"regexp"
	"strings"
)

// FilesOf names the files that stand beside a results file. json says that the
// input is JSON, and so the failure report JSON lines.
func FilesOf(results string, json bool) Files {
	base := strings.TrimSuffix(results, filepath.Ext(results))
	report := base + ".failed.csv"
	if json {
		report = base + ".failed.jsonl"
	}
	return Files{Results: results, Journal: base + ".journal", Report: report}
}

var (
	inputEnding  = regexp.MustCompile(`(?i)\.(csv|tsv|jsonl|ndjson|json)(\.gz)?$|\.gz$`)
	reportEnding = regexp.MustCompile(`(?i)^(.+\.results)\.failed(\.\d+)?\.(csv|jsonl)$`)
)

// DefaultResults names the results file of an input: beside it, or, for a
// failure report, the results file that it came from.
func DefaultResults(input string, sandbox bool) (string, error) {
	if input == "-" {
		return "", errors.New("reading from standard input needs -o RESULTS: there is no name to derive it from")
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
