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
	"strings"

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
	_, ok := sniff(in, isLineHeader)
	return ok, nil
}

// ReadOwn reads a results file back, one line at a time. It is strict: it ends with
// an error at the first line that is not ours.
func ReadOwn(path string) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		file, in, err := open(path)
		if err != nil {
			yield(Line{}, atomicfile.Error("read the results file", path, err))
			return
		}
		defer file.Close()
		next, err := lineReader(in, isJSON(path))
		for err == nil {
			var line Line
			if line, err = next(); err == nil && !yield(line, nil) {
				return
			}
		}
		if err != io.EOF {
			yield(Line{}, atomicfile.Error("read the results file", path, err))
		}
	}
}

// lineReader returns a function that reads line after line, up to io.EOF.
func lineReader(in *bufio.Reader, asJSON bool) (func() (Line, error), error) {
	if asJSON {
		number := 0
		return func() (Line, error) {
			number++
			text, err := in.ReadBytes('\n')
			if err != nil && (err != io.EOF || len(text) == 0) {
				return Line{}, err
			}
			line, err := parseLine(text)
			return line, atLine(number, err)
		}, nil
	}
	delimiter, ok := sniff(in, isLineHeader)
	if !ok {
		return nil, errNotOurs
	}
	records := csv.NewReader(in)
	records.Comma = delimiter
	lines, err := gocsv.NewUnmarshaller(records, Line{})
	if err != nil {
		return nil, errNotOurs
	}
	return func() (Line, error) {
		value, err := lines.Read()
		if err == io.EOF {
			return Line{}, err
		}
		if broken, ok := errors.AsType[*csv.ParseError](err); ok {
			return Line{}, atLine(broken.StartLine, broken.Err)
		}
		number, _ := records.FieldPos(0)
		if err != nil {
			return Line{}, atLine(number, err)
		}
		line := value.(Line)
		return line, atLine(number, line.check())
	}, nil
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

// atLine says where a results file is wrong and how to mend it.
func atLine(number int, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("line %d is not as caseimport wrote it (%w): run the same import again, which makes the file anew", number, err)
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

// sniff finds the delimiter by the header, without reading on: a spreadsheet may
// have saved the file with its own.
func sniff(in *bufio.Reader, isHeader func([]string) bool) (rune, bool) {
	start, _ := in.Peek(headerSize)
	for _, delimiter := range ",;\t|" {
		records := csv.NewReader(bytes.NewReader(start))
		records.Comma = delimiter
		if names, err := records.Read(); err == nil && isHeader(names) {
			return delimiter, true
		}
	}
	return 0, false
}

func isLineHeader(names []string) bool {
	return slices.EqualFunc(names, lineColumns, func(name, column string) bool {
		return strings.TrimSpace(name) == column
	})
}
