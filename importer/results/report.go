package results

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"caseimport/importer/atomicfile"
)

// mark is UTF-8's byte order mark.
const mark = "\ufeff"

// ReportOptions says where the failure report stands and what its rows look like.
type ReportOptions struct {
	Path string
	JSON bool // JSON lines, else CSV

	// Header and Delimiter are those of the CSV input, the names as written.
	Header    []string
	Delimiter rune
	// Mark begins a CSV report with a byte order mark. It belongs on the report
	// of an input that had one or was not UTF-8: a spreadsheet that showed such
	// an input rightly would take a report without it for its own code page,
	// and the corrections would be saved in that. Other inputs get none, since
	// programs that read them take it for a part of the first header.
	Mark bool

	Disk atomicfile.Disk // nil: the operating system's
}

// ReportRow is a row that has no case yet.
type ReportRow struct {
	Number                    int
	ID, Status, Error, Fields string
	Record                    []string // the fields of a CSV row as they were read
	JSON                      []byte   // the text of a JSON row
}

// Report is a failure report in the making: the rows in their own form, followed
// by the caseimport_* columns. Where the input was itself a report, the new columns
// take the place of its own.
//
// A CSV row of the wrong width keeps the cells that have a column; missing ones are
// empty, so that the caseimport_* columns stay in place. What stood beyond the last
// column is named in caseimport_fields, and so is that nobody has put the row right
// yet (see [Uncorrected]).
//
// A JSON row stays as it is, byte for byte, but for line breaks between its
// members; a line that was no JSON object is the member caseimport_line.
//
// Nothing stands at the report's path before [Report.Commit]. Memory does not grow
// with the rows. A Report is not safe for concurrent use.
type Report struct {
	opt   ReportOptions
	shape shape

	draft *atomicfile.Draft // nil until the first row
	csv   *csv.Writer
	buf   []byte // reused from row to row
	cells []string
	rows  int
	err   error
}

// NewReport describes a report. It only clears away what a dead run has left.
func NewReport(opt ReportOptions) *Report {
	if opt.Disk == nil {
		opt.Disk = atomicfile.OS
	}
	if opt.Delimiter == 0 {
		opt.Delimiter = ','
	}
	opt.Disk.Remove(atomicfile.TempName(opt.Path))
	return &Report{opt: opt, shape: shapeOf(opt.Header)}
}

// Add writes a row. An error is also that of every later call, and of Commit.
func (r *Report) Add(row ReportRow) error {
	if r.err == nil {
		if err := r.add(row); err != nil {
			r.err = r.failed("write", err)
		}
	}
	return r.err
}

func (r *Report) add(row ReportRow) error {
	if r.draft == nil {
		if err := r.begin(); err != nil {
			return err
		}
	}
	r.rows++
	if r.opt.JSON {
		r.buf = appendJSONRow(r.buf[:0], row)
		_, err := r.draft.Write(r.buf)
		return err
	}
	r.cells = r.shape.appendRow(r.cells[:0], row, r.opt.Delimiter)
	return r.csv.Write(r.cells)
}

// begin opens the temporary file and writes the header.
func (r *Report) begin() (err error) {
	if r.draft, err = atomicfile.Create(r.opt.Disk, r.opt.Path); err != nil || r.opt.JSON {
		return err
	}
	if r.opt.Mark {
		r.draft.WriteString(mark) // bufio keeps its error for the next write
	}
	r.csv = csv.NewWriter(r.draft.Writer) // which it takes as its own buffer
	r.csv.Comma = r.opt.Delimiter
	return r.csv.Write(append(r.shape.keep(nil, r.opt.Header), reportColumns[:]...))
}

// Outcome is what Commit has done.
type Outcome struct {
	Rows int // in the new report; 0: there is no new one
	// Kept is where an earlier report stands that held rows of which this run
	// knows nothing: under a new name, or, where there is no new report, its own.
	Kept    string
	Removed bool // an earlier report was removed, since nothing of it is left
}

// Earlier is what the caller knows of a report that stands there already.
type Earlier uint8

const (
	// Written: it is as the program wrote it. Its ids tell what is in it.
	Written Earlier = iota
	// Edited: people have worked on it, and this run has not read that.
	Edited
	// Read: this run has read these very bytes to their end and dealt with
	// every row, whatever the file looks like.
	Read
)

// Commit puts the report in its place. The rows of an earlier report there must all
// be in the new one or be covered (they have a case, or this run has dealt with
// them otherwise); if one is not, or if the file cannot be read, it is kept under
// another name, such as X.results.failed.2.csv; so is one that was edited, but not
// one that was read. Without rows there is no report, and
// an earlier one of which nothing is left is removed.
//
// After an error the earlier report is still there, under its own name or the new
// one, and the new one is not.
func (r *Report) Commit(covered func(id string) bool, known Earlier) (Outcome, error) {
	done, err := r.commit(covered, known)
	if err != nil {
		r.Abort()
	}
	return done, err
}

func (r *Report) commit(covered func(id string) bool, known Earlier) (done Outcome, err error) {
	if r.err != nil {
		return done, r.err
	}
	if r.draft != nil {
		if err := r.finish(); err != nil {
			return done, r.failed("write", err)
		}
	}
	earlier := r.earlier(covered)
	switch {
	case known == Edited && earlier == settled:
		earlier = foreign
	case known == Read && earlier == foreign:
		earlier = settled
	}
	if earlier == foreign {
		done.Kept = r.opt.Path
	}
	switch {
	case r.rows == 0 && earlier == settled:
		if err := r.remove(); err != nil {
			return done, r.failed("remove", err)
		}
		done.Removed = true
	case r.rows > 0 && earlier == foreign:
		done.Kept = freeName(r.opt.Path)
		if err := r.opt.Disk.Rename(r.opt.Path, done.Kept); err != nil {
			return done, r.failed("rename", err)
		}
		fallthrough
	case r.rows > 0:
		if err := r.draft.Replace(); err != nil {
			return done, r.failed("write", err)
		}
		done.Rows, r.draft = r.rows, nil
	}
	return done, nil
}

func (r *Report) finish() error {
	if r.csv != nil {
		r.csv.Flush()
		if err := r.csv.Error(); err != nil {
			return err
		}
	}
	return r.draft.Finish()
}

func (r *Report) remove() error {
	if err := r.opt.Disk.Remove(r.opt.Path); err != nil {
		return err
	}
	return r.opt.Disk.SyncDir(filepath.Dir(r.opt.Path))
}

// Abort gives the report up; an earlier one stays as it is. After Commit it does
// nothing.
func (r *Report) Abort() {
	if r.draft != nil {
		r.draft.Discard()
		r.draft = nil
	}
	if r.err == nil {
		r.err = r.failed("write", errors.New("it was given up"))
	}
}

func (r *Report) failed(doing string, err error) error {
	return atomicfile.Error(doing+" the failure report", r.opt.Path, err)
}

// freeName is path with the first number that no file has, from 2.
func freeName(path string) string {
	extension := filepath.Ext(path)
	for n := 2; ; n++ {
		name := fmt.Sprintf("%s.%d%s", strings.TrimSuffix(path, extension), n, extension)
		if _, err := os.Lstat(name); errors.Is(err, os.ErrNotExist) {
			return name
		}
	}
}
