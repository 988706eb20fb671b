package results

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gocarina/gocsv"

	"caseimport/importer/atomicfile"
)

// headerSize bounds how far the header of a file is looked for.
const headerSize = 1 << 20

var errNotOurs = errors.New("it is not a results file of caseimport")

// IsOurs tells whether the file at path is a results file of this program, also
// after a spreadsheet has saved it again. An empty file is: there is nothing in it
// to lose. A missing file is an error (fs.ErrNotExist), and so is anything but a
// regular file.
func IsOurs(path string) (bool, error) {
	file, in, err := open(path)
	if err != nil {
		return false, atomicfile.Error("read the results file", path, err)
	}
	defer file.Close()
	if start, _ := in.Peek(1); len(start) == 0 {
		return true, nil
	}
	if isJSON(path) {
		line, err := in.ReadSlice('\n')
		if err != nil && err != io.EOF {
			return false, nil
		}
		_, err = parseLine(line)
		return err == nil, nil
	}
	_, err = csvReader(in, isLineHeader)
	return err == nil, nil
}

// ReadOwn reads a results file back, one line at a time. It is strict: it ends with
// an error at the first line that is not ours.
func ReadOwn(path string) iter.Seq2[Line, error] {
	if isJSON(path) {
		return readLines(path, func(in *bufio.Reader, yield func(Line) error) error { return eachJSONLine(in, nil, yield) })
	}
	return readLines(path, eachCSVLine)
}

// ReadStatus is ReadOwn for the lines with one of some statuses. It only looks at the
// status of the others, which takes a tenth of the time.
func ReadStatus(path string, statuses ...string) iter.Seq2[Line, error] {
	each := eachRecord
	if isJSON(path) {
		each = eachJSONLine
	}
	return readLines(path, func(in *bufio.Reader, yield func(Line) error) error { return each(in, statuses, yield) })
}

// readLines opens a results file and yields what read finds in it.
func readLines(path string, read func(in *bufio.Reader, yield func(Line) error) error) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		file, in, err := open(path)
		if err == nil {
			defer file.Close()
			err = read(in, func(line Line) error {
				if !yield(line, nil) {
					return errEnough
				}
				return nil
			})
		}
		if err != nil && err != errEnough {
			yield(Line{}, atomicfile.Error("read the results file", path, err))
		}
	}
}

// errEnough says that whoever reads wants no more.
var errEnough = errors.New("enough")

// eachRecord calls yield with the lines of a CSV file that have one of the statuses.
func eachRecord(in *bufio.Reader, statuses []string, yield func(Line) error) error {
	records, err := csvReader(in, isLineHeader)
	if err != nil {
		return err
	}
	records.ReuseRecord = true
	if _, err := records.Read(); err != nil {
		return err
	}
	for {
		cells, err := records.Read()
		if err == io.EOF {
			return nil
		}
		if broken, ok := errors.AsType[*csv.ParseError](err); ok {
			return atLine(broken.StartLine, broken.Err)
		}
		if err != nil {
			return err
		}
		if !slices.Contains(statuses, cells[2]) {
			continue
		}
		number, _ := records.FieldPos(0)
		line := Line{Key: cells[1], Status: cells[2], CaseID: cells[3], ErrorCode: cells[5], ErrorMessage: cells[6]}
		_ = line.ErrorFields.UnmarshalCSV(cells[7]) // which takes anything
		if line.Row, err = strconv.Atoi(cells[0]); err == nil {
			err = line.HTTPStatus.UnmarshalCSV(cells[4])
		}
		if err == nil {
			line.Attempts, err = strconv.Atoi(cells[8])
		}
		if err == nil {
			line.FinishedAt, err = time.Parse(time.RFC3339, cells[9])
		}
		if err != nil {
			return atLine(number, err)
		}
		if err := yield(line); err != nil {
			return err
		}
	}
}

// eachJSONLine is the same for JSON lines, all of them if no statuses are given.
func eachJSONLine(in *bufio.Reader, statuses []string, yield func(Line) error) error {
	return eachTextLine(in, func(number int, text []byte) error {
		if statuses != nil && !slices.ContainsFunc(statuses, func(s string) bool { return bytes.Contains(text, []byte(s)) }) {
			return nil
		}
		line, err := parseLine(text)
		if err != nil {
			return atLine(number, err)
		}
		if statuses != nil && !slices.Contains(statuses, line.Status) {
			return nil
		}
		return yield(line)
	})
}

// eachTextLine calls yield with every line, the last even without its end.
func eachTextLine(in *bufio.Reader, yield func(number int, text []byte) error) error {
	for number := 1; ; number++ {
		text, err := in.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return err
		}
		if len(text) > 0 {
			if err := yield(number, text); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
	}
}

func eachCSVLine(in *bufio.Reader, yield func(Line) error) error {
	records, err := csvReader(in, isLineHeader)
	if err != nil {
		return err
	}
	lines, err := gocsv.NewUnmarshaller(records, Line{})
	if err != nil {
		return errNotOurs
	}
	for {
		value, err := lines.Read()
		if err == io.EOF {
			return nil
		}
		if broken, ok := errors.AsType[*csv.ParseError](err); ok {
			return atLine(broken.StartLine, broken.Err)
		}
		number, _ := records.FieldPos(0)
		if err != nil {
			return atLine(number, err)
		}
		line := value.(Line)
		if err := line.check(); err != nil {
			return atLine(number, err)
		}
		if err := yield(line); err != nil {
			return err
		}
	}
}

func parseLine(text []byte) (Line, error) {
	var line Line
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&line); err != nil {
		return line, err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return line, errors.New("something follows the object")
	}
	return line, line.check()
}

// atLine says where a results file is wrong and how to fix it.
func atLine(number int, err error) error {
	return fmt.Errorf("line %d is not as caseimport wrote it (%w): run the same import again, which rebuilds the file", number, err)
}

// open opens a regular file and skips a byte order mark.
func open(path string) (*os.File, *bufio.Reader, error) {
	// Looked at before it is opened: opening a pipe would wait for its writer.
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a regular file")
	}
	if err != nil {
		return nil, nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	in := bufio.NewReaderSize(file, headerSize)
	if start, _ := in.Peek(len(mark)); string(start) == mark {
		in.Discard(len(mark))
	}
	return file, in, nil
}

// csvReader reads a file of ours, known by its header, from the header on. A
// spreadsheet may have saved it with a delimiter of its own.
func csvReader(in *bufio.Reader, isHeader func([]string) bool) (*csv.Reader, error) {
	start, _ := in.Peek(headerSize)
	for _, delimiter := range ",;\t|" {
		header := csv.NewReader(bytes.NewReader(start))
		header.Comma = delimiter
		if names, err := header.Read(); err == nil && isHeader(names) {
			records := csv.NewReader(in)
			records.Comma = delimiter
			return records, nil
		}
	}
	return nil, errNotOurs
}

func isLineHeader(names []string) bool {
	return slices.EqualFunc(names, lineColumns, func(name, column string) bool {
		return strings.TrimSpace(name) == column
	})
}
