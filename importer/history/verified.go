package history

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"caseimport/importer/verify"
)

// readVerify reads what the last verify found; nil if there was none.
func readVerify(path string) (*Verified, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	in := csv.NewReader(bufio.NewReaderSize(f, 1<<20))
	in.ReuseRecord = true
	if header, err := in.Read(); err != nil || !slices.Equal(header, verify.Columns) {
		return nil, fmt.Errorf("%s is not a verify file of caseimport: move it away, or verify again", path)
	}
	v, counts, row := &Verified{File: filepath.Base(path), At: info.ModTime()}, map[verify.Result]int{}, ""
	for {
		cells, err := in.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if cells[0] != row { // the first line of a row has its result
			row = cells[0]
			v.Rows++
			counts[verify.Result(cells[3])]++
		}
	}
	for _, result := range []verify.Result{verify.Same, verify.Differs, verify.Missing, verify.Twice, verify.Unknown} {
		v.Results = append(v.Results, Count{string(result), counts[result]})
	}
	return v, nil
}
