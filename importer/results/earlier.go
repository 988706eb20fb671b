package results

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"hash/maphash"
	"io"
	"io/fs"
	"slices"

	"caseimport/importer/atomicfile"
)

// What an earlier report is to the new one.
type standing uint8

const (
	absent  standing = iota // there is none
	settled                 // each of its rows is covered or in the new one
	foreign                 // some row is neither, or the file cannot be read
)

// earlier looks at what stands at the report's path. Whatever it cannot make sense
// of is foreign: people may have worked on it.
func (r *Report) earlier(covered func(id string) bool) standing {
	seed := maphash.MakeSeed()
	missing := map[uint64]struct{}{} // hashes: most often there are few or none
	err := eachID(r.opt.Path, r.opt.JSON, func(id string) {
		if id == "" || covered == nil || !covered(id) {
			missing[maphash.String(seed, id)] = struct{}{}
		}
	})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return absent
	case err != nil:
		return foreign
	case len(missing) > 0 && r.rows > 0:
		err = eachID(atomicfile.TempName(r.opt.Path), r.opt.JSON, func(id string) {
			delete(missing, maphash.String(seed, id))
		})
		if err != nil {
			return foreign
		}
	}
	if len(missing) > 0 {
		return foreign
	}
	return settled
}

// eachID calls yield with the caseimport_id of every row of a report, "" for a row
// without.
func eachID(path string, asJSON bool, yield func(id string)) error {
	file, in, err := open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if asJSON {
		return eachIDOfJSON(in, yield)
	}
	return eachIDOfCSV(in, yield)
}

func eachIDOfJSON(in *bufio.Reader, yield func(id string)) error {
	for {
		text, err := in.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return err
		}
		if !isBlank(text) {
			row := map[string]json.RawMessage{}
			var id string
			if json.Unmarshal(text, &row) == nil {
				json.Unmarshal(row[IDColumn], &id)
			}
			yield(id)
		}
		if err == io.EOF {
			return nil
		}
	}
}

func eachIDOfCSV(in *bufio.Reader, yield func(id string)) error {
	delimiter, ok := sniff(in, func(names []string) bool { return ReportColumns(names).Report() })
	if !ok {
		return errors.New("it is not a failure report of caseimport")
	}
	records := csv.NewReader(in)
	records.Comma = delimiter
	records.FieldsPerRecord = -1
	records.ReuseRecord = true
	header, err := records.Read()
	if err != nil {
		return err
	}
	at := ReportColumns(header).id
	for {
		record, err := records.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		id := ""
		if at < len(record) {
			id = record[at]
		}
		if id != "" || slices.ContainsFunc(record, func(cell string) bool { return cell != "" }) {
			yield(id)
		}
	}
}
