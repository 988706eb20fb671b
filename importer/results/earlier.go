package results

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"hash/maphash"
	"io"
	"io/fs"
	"strings"

	"github.com/tidwall/gjson"

	"caseimport/importer/atomicfile"
	"caseimport/importer/xlsx"
)

// What an earlier report is to the new one.
type standing uint8

const (
	absent  standing = iota // there is none
	settled                 // each of its rows is covered or in the new one
	foreign                 // some row is neither, or the file cannot be read
)

// earlier looks at what stands at a path. Whatever it cannot make sense of is
// foreign: people may have worked on it.
func (r *Report) earlier(path string, covered func(id string) bool) standing {
	seed := maphash.MakeSeed()
	missing := map[uint64]struct{}{} // hashes: most often there are few or none
	err := eachID(path, formOf(path), func(id string) {
		id, _, _ = strings.Cut(id, " ") // the key behind it is for people
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
		err = eachID(atomicfile.TempName(r.path(r.own())), r.own(), func(id string) {
			id, _, _ = strings.Cut(id, " ")
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
func eachID(path, form string, yield func(id string)) error {
	if form == Workbook {
		return eachBookID(path, yield)
	}
	file, in, err := open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if form == JSONLines {
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
	records, err := csvReader(in, func(names []string) bool { return ReportColumns(names).IsReport() })
	if err != nil {
		return errNoReport
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

func eachBookID(path string, yield func(id string)) error {
	z, err := zip.OpenReader(path)
	if err != nil {
		return err
	}
	defer z.Close()
	book, err := xlsx.Open(&z.Reader)
	if err != nil {
		return err
	}
	defer book.Close()
	if len(book.Sheets) != 1 {
		return errNoReport
	}
	at := -1
	_, err = book.Rows(context.Background(), book.Sheets[0], func(_ int, cells []string) error {
		switch {
		case at < 0:
			if at = ReportColumns(cells).id; at < 0 {
				return errNoReport
			}
		case at < len(cells):
			yield(cells[at])
		default:
			yield("")
		}
		return nil
	})
	return err
}

var errNoReport = errors.New("it is not a failure report of caseimport")
