package verify

import (
	"strconv"

	"caseimport/importer/results"
)

// Columns are those of the verify file. A row has a line for everything that was
// found of it, at least one.
var Columns = []string{"row", "key", "case_id", "result", "field", "expected", "found"}

// Write writes the verify file, which replaces that of an earlier time.
func (r *Report) Write(path string) error {
	return results.WriteTable(path, Columns, r.Lines(), func(l Line) []string {
		return []string{strconv.Itoa(l.Row), l.Key, l.CaseID, string(l.Result), l.Field, l.Expected, l.Found}
	})
}
