package results

import (
	"cmp"
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
	// Path is where it stands, unless it has to take another form: then its
	// ending is that form's.
	Path string
	JSON bool // the rows are JSON, else records of cells
	// Form is what the report is to be: CSV, JSONLines, Workbook; "" is the
	// rows' own form, CSV or JSONLines.
	Form string

	// Header and Delimiter are those of the CSV input, the names as written.
	Header    []string
	Delimiter rune
	// Columns are those of the JSON input, for a table of its rows.
	Columns []string
	// Mark begins a CSV report with a byte order mark. It belongs on the report
	// of an input that had one or was not UTF-8: a spreadsheet that showed such
	// an input rightly would take a report without it for its own code page,
	// and the corrections would be saved in that. Other inputs get none, since
	// programs that read them take it for a part of the first header.
	Mark bool

	Disk atomicfile.Disk // nil: the operating system's
}

// ReportRow is a row that is not done.
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

	draft *atomicfile.Draft // in the rows' own form, nil until the first row
	csv   *csv.Writer
	odd   bool   // a row has the wrong number of cells
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
	r := &Report{opt: opt, shape: shapeOf(opt.Header)}
	r.opt.Form = cmp.Or(opt.Form, r.own())
	for _, form := range forms {
		opt.Disk.Remove(atomicfile.TempName(r.path(form)))
	}
	return r
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
	r.odd = r.odd || len(row.Record) != r.shape.width || Uncorrected(r.opt.Header, row.Record)
	r.cells = r.shape.appendRow(r.cells[:0], row, r.opt.Delimiter)
	return r.csv.Write(r.cells)
}

// begin opens the temporary file and writes the header.
func (r *Report) begin() (err error) {
	if r.draft, err = atomicfile.Create(r.opt.Disk, r.path(r.own())); err != nil || r.opt.JSON {
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
	Rows int    // in the new report; 0: there is no new one
	Path string // of the new report
	// Kept is where an earlier report stands that held rows of which this run
	// knows nothing: under a new name, or, where there is no new report, its own.
	Kept    string
	Removed bool // an earlier report was removed, since nothing of it is left
	// Why the report does not have the form that was asked for; "" if it has.
	Why string
}

// Earlier is what the caller knows of a report that stands there already.
type Earlier uint8

const (
	// Written: it is as the program wrote it. Its ids tell what is in it.
	Written Earlier = iota
	// Edited: people have worked on it, and this run has not read that.
	Edited
	// Consumed: this run has read these very bytes to their end and dealt with
	// every row, whatever the file looks like.
	Consumed
)

// Commit puts the report in its place. The rows of an earlier report there, in
// whatever form, must all be in the new one or be covered (they have a case, or
// this run has dealt with them otherwise); if one is not, or if the file cannot be
// read, it is kept, if need be under another name, such as X.results.failed.2.csv;
// so is one that was edited, but not one that was read. Without rows there is no
// report, and an earlier one of which nothing is left is removed.
//
// After an error the earlier report is still there, under its own name or the new
// one, and the new one is not.
func (r *Report) Commit(covered func(id string) bool, known func(path string) Earlier) (Outcome, error) {
	done, err := r.commit(covered, known)
	if err != nil {
		r.Abort()
	}
	return done, err
}

func (r *Report) commit(covered func(id string) bool, known func(path string) Earlier) (done Outcome, err error) {
	if r.err != nil {
		return done, r.err
	}
	final := r.draft
	if r.draft != nil {
		var form string
		if err := r.finish(); err != nil {
			return done, r.failed("write", err)
		}
		if final, form, done.Why, err = r.reshape(); err != nil {
			return done, r.failed("write", err)
		}
		done.Path = r.path(form)
	}
	settledOnes, err := r.makeRoom(&done, covered, known)
	if err == nil && final != nil {
		err = final.Replace()
	}
	if err != nil {
		if final != nil {
			final.Discard()
		}
		return done, r.failed("write", err)
	}
	done.Rows = r.rows
	if r.draft == final {
		r.draft = nil
	}
	r.discard()
	for _, path := range settledOnes {
		if path == done.Path {
			continue
		}
		if err := r.remove(path); err != nil {
			return done, r.failed("remove", err)
		}
		done.Removed = true
	}
	return done, nil
}

// makeRoom looks at earlier reports in all forms. One that is foreign and in the
// way gets another name; those that are settled are returned.
func (r *Report) makeRoom(done *Outcome, covered func(id string) bool, known func(path string) Earlier) (settledOnes []string, err error) {
	for _, path := range r.paths() {
		earlier := r.earlier(path, covered)
		if earlier == absent {
			continue
		}
		how := Written
		if known != nil {
			how = known(path)
		}
		if how == Consumed || how == Written && earlier == settled {
			settledOnes = append(settledOnes, path)
			continue
		}
		kept := path
		if path == done.Path {
			kept = freeName(path)
			if err := r.opt.Disk.Rename(path, kept); err != nil {
				return nil, err
			}
		}
		if done.Kept == "" || path == done.Path {
			done.Kept = kept
		}
	}
	return settledOnes, nil
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

func (r *Report) remove(path string) error {
	if err := r.opt.Disk.Remove(path); err != nil {
		return err
	}
	return r.opt.Disk.SyncDir(filepath.Dir(path))
}

func (r *Report) discard() {
	if r.draft != nil {
		r.draft.Discard()
		r.draft = nil
	}
}

// Abort gives the report up; an earlier one stays as it is. After Commit it does
// nothing.
func (r *Report) Abort() {
	r.discard()
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
