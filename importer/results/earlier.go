package results

import (
	"bytes"
	"encoding/json"
	"errors"
	"hash/maphash"
	"io"
	"io/fs"
	"strings"

	"github.com/tidwall/gjson"

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
		return eachTextLine(in, func(_ int, text []byte) error {
			id := ""
			if json.Valid(text) {
				id = gjson.GetBytes(text, IDColumn).Str
			}
			if len(bytes.TrimSpace(text)) > 0 {
				yield(id)
			}
			return nil
		})
	}
	records, err := csvReader(in, func(names []string) bool { return ReportColumns(names).Report() })
	if err != nil {
		return errors.New("it is not a failure report of caseimport")
	}
	records.FieldsPerRecord = -1
	records.ReuseRecord = true
	header, err := records.Read()
	if err != nil {
		return err
	}
	at := ReportColumns(header).id
	for {
		record, err := records.Read()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case at < len(record) && record[at] != "":
			yield(record[at])
		case strings.Join(record, "") != "":
			yield("")
		}
	}
}
