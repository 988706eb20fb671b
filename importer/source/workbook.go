package source

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"caseimport/importer/xlsx"
)

// readWorkbook reads the rows of a sheet, once: Each takes them from a copy.
func (t *Table) readWorkbook(ctx context.Context, path string, c container, opt Options) error {
	defer c.close()
	if f := strings.ToLower(opt.Format); f != "" && f != "xlsx" && f != "xlsm" {
		return fmt.Errorf("this is an Excel workbook, not %s: leave --format out", f)
	}
	t.Format, t.Encoding = "xlsx", "UTF-8"
	if format, err := formatOf(path, ""); err == nil && format != "xlsx" {
		t.remark("read as an Excel workbook, although its name says otherwise")
	}
	hash := sha256.New()
	s, err := t.input.open()
	if err != nil {
		return err
	}
	defer s.Close()
	if _, err := io.Copy(hash, s); err != nil {
		return err
	}
	sheet, err := t.chooseSheet(ctx, c.book, opt.Sheet)
	if err != nil {
		return err
	}
	if c.book.Sheets[0].Name != sheet.Name {
		io.WriteString(hash, sheet.Name) // another sheet is another input
	}
	hash.Sum(t.Sum[:0])
	if t.sheet, err = newSpool(); err != nil {
		return err
	}
	read := sheetRows{t: t}
	notes, err := c.book.Rows(ctx, sheet, read.take)
	if err == nil {
		err = t.sheet.flush()
	}
	if err != nil {
		return fmt.Errorf("sheet %q: %w", sheet.Name, err)
	}
	if t.Header == nil {
		return fmt.Errorf("sheet %q has no rows: name another with --sheet", sheet.Name)
	}
	if n := notes.Unstored; n.Count > 0 {
		return fmt.Errorf("sheet %q: the results of %s are not stored in the workbook (the first in cell %s): open it in a spreadsheet program, save it, and use that copy", sheet.Name, count(n.Count, "formula"), n.First)
	}
	if t.Rows > 0 && read.wide == t.Rows {
		t.remark("every row is wider than the header: if another line stands above the true header, such as a title, remove it")
	}
	t.remarkBlank(read.blank, "row")
	t.remarkNotes(notes, c.book.From1904)
	again, err := t.input.open()
	if err != nil { // it has changed meanwhile
		return err
	}
	return again.Close()
}

// chooseSheet takes the sheet that was asked for, else the first that holds a
// row below a header, and names the others.
func (t *Table) chooseSheet(ctx context.Context, b *xlsx.Book, asked string) (xlsx.Sheet, error) {
	var names []string
	for _, s := range b.Sheets {
		names = append(names, fmt.Sprintf("%q", s.Name))
	}
	if asked != "" {
		for _, s := range b.Sheets {
			if strings.EqualFold(strings.TrimSpace(s.Name), strings.TrimSpace(asked)) {
				return s, nil
			}
		}
		return xlsx.Sheet{}, fmt.Errorf("--sheet %q: the workbook has no such sheet, but %s", asked, strings.Join(names, ", "))
	}
	best, most := -1, 0
	for i, s := range b.Sheets {
		rows := 0
		_, err := b.Rows(ctx, s, func(int, []string) error {
			if rows++; rows == 2 {
				return errEnough
			}
			return nil
		})
		if err != nil && err != errEnough {
			return s, fmt.Errorf("sheet %q: %w", s.Name, err)
		}
		if !s.Hidden && rows > 0 {
			rows += 2 // seen before hidden ones
		}
		if rows > most {
			best, most = i, rows
		}
	}
	if best < 0 {
		return xlsx.Sheet{}, errors.New("the workbook holds no rows")
	}
	if len(names) > 1 {
		read := names[best]
		t.remark(fmt.Sprintf("read the sheet %s; not read: %s (--sheet NAME reads another)", read, strings.Join(append(names[:best:best], names[best+1:]...), ", ")))
	}
	return b.Sheets[best], nil
}

var errEnough = errors.New("enough")

// sheetRows takes the rows of a sheet to the spool.
type sheetRows struct {
	t           *Table
	last        int // row that was read
	blank, wide int
}

func (r *sheetRows) take(number int, cells []string) error {
	if blankCells(cells) {
		return nil
	}
	if r.t.Header == nil {
		r.t.setHeader(slices.Clone(cells))
		r.last = number
		return nil
	}
	r.blank += number - r.last - 1
	r.last = number
	r.t.Rows++
	for len(cells) > len(r.t.Header) && strings.TrimSpace(cells[len(cells)-1]) == "" {
		cells = cells[:len(cells)-1]
	}
	if len(cells) > len(r.t.Header) {
		r.wide++
	}
	return r.t.sheet.add(number, cells, len(r.t.Header))
}

func blankCells(cells []string) bool {
	return !slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) != "" })
}

// remarkBlank says that records were left out because nothing stands in them.
func (t *Table) remarkBlank(n int, what string) {
	if n > 0 {
		t.remark(fmt.Sprintf("%s left out", count(n, "blank "+what)))
	}
}

// remarkNotes says what a person would not see in the rows.
func (t *Table) remarkNotes(n xlsx.Notes, from1904 bool) {
	if from1904 {
		t.remark("the workbook counts its dates from 1904, as old ones of Macs do, and is read so")
	}
	for _, note := range []struct {
		seen       xlsx.Seen
		what, tell string
	}{
		{n.HiddenRows, "hidden row", "read like all others (the first: row %s): delete what is not to be imported, or leave it out with where"},
		{n.HiddenColumns, "hidden column", "read like all others (the first: %s)"},
		{n.Merged, "merged range", "found (the first: %s): only the first cell of each holds its value, the others are empty"},
		{n.Long, "number", "of more than 15 digits (the first in cell %s): a spreadsheet keeps 15, so the end of a longer id may be lost; export ids as text"},
	} {
		if note.seen.Count > 0 {
			t.remark(fmt.Sprintf("%s "+note.tell, count(note.seen.Count, note.what), note.seen.First))
		}
	}
}

// spool keeps the rows of a workbook in a temporary file: for each its row in
// the sheet, how many cells, their lengths, their texts.
type spool struct {
	file *os.File
	w    *bufio.Writer
	buf  []byte
}

func newSpool() (*spool, error) {
	f, err := tempFile()
	if err != nil {
		return nil, err
	}
	return &spool{file: f, w: bufio.NewWriterSize(f, 256<<10)}, nil
}

// add stores a row, filled up to the width with empty cells.
func (s *spool) add(line int, cells []string, width int) error {
	n := max(len(cells), width)
	s.buf = binary.AppendUvarint(binary.AppendUvarint(s.buf[:0], uint64(line)), uint64(n))
	for _, c := range cells {
		s.buf = binary.AppendUvarint(s.buf, uint64(len(c)))
	}
	for range n - len(cells) {
		s.buf = append(s.buf, 0)
	}
	for _, c := range cells {
		s.buf = append(s.buf, c...)
	}
	_, err := s.w.Write(s.buf)
	return storeFault(err)
}

func (s *spool) flush() error { return storeFault(s.w.Flush()) }

func (s *spool) close() error {
	if s == nil {
		return nil
	}
	return removeTemp(s.file)
}

// eachRow is Each for a workbook.
func (t *Table) eachRow(ctx context.Context, yield func(*Row) error) error {
	r := bufio.NewReaderSize(io.NewSectionReader(t.sheet.file, 0, 1<<62), 256<<10)
	for number := 1; number <= t.Rows; number++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		line, fields, err := spooled(r)
		if err != nil {
			return named(t.Name, fmt.Errorf("%w: the copy of its rows: %w", errRead, err))
		}
		row := &Row{Number: number, Line: line, table: t, fields: fields}
		if width := len(t.Header); len(fields) > width {
			row.Fault = fmt.Sprintf("has a value in column %s, but the header ends with column %s", xlsx.ColumnName(len(fields)-1), xlsx.ColumnName(width-1))
		}
		if err := yield(row); err != nil {
			return err
		}
	}
	return nil
}

func spooled(r *bufio.Reader) (line int, fields []string, err error) {
	number := func() int {
		n, e := binary.ReadUvarint(r)
		if e != nil {
			err = e
		}
		return int(n)
	}
	line = number()
	n := number()
	if err != nil || n > xlsx.MaxColumns {
		return 0, nil, errors.Join(err, errors.New("not as it was written"))
	}
	size, ends := 0, make([]int, n)
	for i := range ends {
		size += number()
		ends[i] = size
	}
	var text strings.Builder
	text.Grow(size)
	if _, e := io.CopyN(&text, r, int64(size)); e != nil {
		err = e
	}
	fields = make([]string, n)
	from := 0
	for i, to := range ends {
		if err == nil {
			fields[i] = text.String()[from:to]
		}
		from = to
	}
	return line, fields, err
}
