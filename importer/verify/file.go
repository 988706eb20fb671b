package verify

import (
	"bufio"
	"encoding/csv"
	"strconv"

	"caseimport/importer/atomicfile"
)

// Columns are those of the verify file. A row has a line for everything that was
// found of it, at least one.
var Columns = []string{"row", "key", "case_id", "result", "field", "expected", "found"}

// Write writes the verify file, which replaces that of an earlier time.
func (r *Report) Write(path string) error {
	err := atomicfile.Write(atomicfile.OS, path, func(out *bufio.Writer) error {
		w := csv.NewWriter(out)
		if err := w.Write(Columns); err != nil {
			return err
		}
		for line := range r.Lines() {
			err := w.Write([]string{strconv.Itoa(line.Row), line.Key, line.CaseID, string(line.Result), line.Field, line.Expected, line.Found})
			if err != nil {
				return err
			}
		}
		w.Flush()
		return w.Error()
	})
	if err != nil {
		return atomicfile.Error("write", path, err)
	}
	return nil
}
