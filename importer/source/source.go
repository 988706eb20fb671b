package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

// Options say how to read an input where the reader should not find out by
// itself.
type Options struct {
	// Format is csv, tsv, jsonl (or ndjson), json or xlsx; "" takes it from the
	// file's name. A workbook is known by its content, whatever its name.
	Format string
	// Sheet is the name of a workbook's sheet; "" is the first with rows.
	Sheet string
	// Encoding is an IANA or WHATWG name such as windows-1252; "" is found
	// from the bytes.
	Encoding string
	// Delimiter is one ASCII character, or the words tab or \t; "" is found
	// from the records.
	Delimiter string
	// Lazy takes quotes that do not open and close a CSV cell properly for
	// ordinary characters. A line whose quotes are in doubt is then one record.
	Lazy bool
	// Stdin is what the path "-" reads. It is copied to a temporary file that
	// only the user can read and that Close removes.
	Stdin io.Reader
}

// Table is an input that has been read through once and can be read again.
type Table struct {
	Name      string   // as given; "standard input" for "-"
	Format    string   // csv, json or xlsx
	Encoding  string   // for people, such as UTF-8 or Windows-1252
	Delimiter rune     // between the cells of a CSV file
	Header    []string // of a CSV file or a sheet, as written, repeats included
	// Columns are the names that a mapping can use. CSV and workbooks: each trimmed header
	// once, without regard to case, in order; one that is empty is named by its
	// position ("column 9"). JSON: each dotted path seen, in order of first
	// sight, objects and lists included ("requester", "requester.name",
	// "tags"); members of objects within lists have no path.
	Columns []string
	Rows    int      // records, faulty ones included
	Sum     [32]byte // SHA-256 of the content: unpacked, as it was before decoding
	Remarks []string // what the reader found out by itself, one line each

	input  *input
	coding coding
	csv    csvShape
	json   jsonShape
	sheet  *spool  // the rows of a workbook
	places *places // nil until EachPlace
}

// csvShape is what Open learns about a CSV file so that Each can read it.
type csvShape struct {
	delim byte
	lazy  bool
	sign  rune    // what stands in the file in place of delim, 0 if that is it
	exact bool    // blank cells beyond the header are a fault, too
	skip  int     // bytes of a "sep=" line, decoded
	cells [][]int // for each column the headers that bear its name
}

// jsonShape is what Open learns about a JSON file so that Each can read it.
type jsonShape struct {
	lines bool // one object a line, otherwise one document
	loose bool // a document of objects one after the other
	tree  tree
}

// records is a file being read, one record at a time.
type records interface {
	// next moves to the next record. It returns io.EOF after the last; any
	// other error is a fault of the file.
	next() error
	// row is the record that next moved to; it owns its memory.
	row(number int) *Row
	// text is what is read, if it is read record by record; nil for a document.
	text() *window
}

// Open reads the whole input once and reports what it is. Every error is a
// fault of the file: it says where, and what to do. The caller closes the
// Table.
func Open(ctx context.Context, path string, opt Options) (*Table, error) {
	in, err := newInput(path)
	if err != nil {
		return nil, err
	}
	t := &Table{Name: in.name, input: in}
	if err = in.prepare(ctx, opt.Stdin); err == nil {
		err = t.begin(ctx, path, opt)
	}
	if err != nil {
		t.Close()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, named(in.name, err)
	}
	return t, nil
}

// begin finds out what kind of file this is, and fills the table.
func (t *Table) begin(ctx context.Context, path string, opt Options) error {
	inside, err := t.input.container(ctx)
	if err != nil {
		return err
	}
	if inside.book != nil {
		return t.readWorkbook(ctx, path, inside, opt)
	}
	if inside.member != "" && opt.Format == "" {
		path = inside.member
		t.remark(fmt.Sprintf("read %q, the only export in this ZIP archive", inside.member))
	}
	if err := t.input.narrow(ctx, opt.Encoding); err != nil {
		return err
	}
	format, err := formatOf(path, opt.Format)
	switch {
	case err != nil:
		return err
	case format == "xlsx":
		return errors.New("this is no Excel workbook, whatever its name says: give its true --format (csv, tsv, jsonl or json)")
	case opt.Sheet != "":
		return fmt.Errorf("--sheet %q: only workbooks have sheets, and this is none", opt.Sheet)
	}
	return t.read(ctx, format, opt)
}

// read fills the table in two passes: bytes, then records.
func (t *Table) read(ctx context.Context, format string, opt Options) error {
	if t.input.wide != "" {
		opt.Encoding = "utf-8"
	}
	survey, err := t.input.survey(ctx, opt.Encoding)
	if err != nil {
		return err
	}
	survey.sum.Sum(t.Sum[:0])
	if t.coding, err = survey.decide(opt.Encoding); err != nil {
		return err
	}
	if t.input.wide != "" {
		copy(t.Sum[:], t.input.was)
		t.coding.name, t.coding.remark = t.input.wide, found(t.input.wide)
	}
	t.Encoding = t.coding.name
	t.remark(t.coding.remark)
	s, err := t.input.open()
	if err != nil {
		return err
	}
	defer s.Close()
	text := t.coding.reader(s)
	var head bytes.Buffer
	head.Grow(headSize + bytes.MinRead)
	if _, err := head.ReadFrom(io.LimitReader(text, headSize)); err != nil {
		return err
	}
	text = io.MultiReader(&head, text)
	if format == "csv" || format == "tsv" {
		t.Format = "csv"
		err = t.readCSV(ctx, text, head.Bytes(), format, opt)
	} else {
		t.Format = "json"
		err = t.readJSON(ctx, text, head.Bytes(), format)
	}
	if err == nil && s.sum != t.input.sum {
		return errChanged
	}
	return err
}

// Each hands the rows to yield, from the first, in order. It stops at yield's
// error and returns it as it is. A Row may be kept. An input that is no longer
// what Open read is an error, at once where its size or time tell, and at the
// end otherwise.
func (t *Table) Each(ctx context.Context, yield func(*Row) error) error {
	if t.sheet != nil {
		return t.eachRow(ctx, yield)
	}
	return t.each(ctx, func(row *Row, _ records) error { return yield(row) })
}

// each is Each for a text; it also hands on what the row was read from.
func (t *Table) each(ctx context.Context, yield func(*Row, records) error) error {
	s, err := t.input.open()
	if err != nil {
		return named(t.Name, err)
	}
	defer s.Close()
	rs, err := t.rows(ctx, s)
	for number := 1; err == nil; number++ {
		if err = rs.next(); err != nil {
			break
		}
		if err := yield(rs.row(number), rs); err != nil {
			return err
		}
		err = ctx.Err()
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == io.EOF && s.sum == t.input.sum:
		return nil
	case errors.Is(err, errRead):
		return named(t.Name, err)
	}
	return named(t.Name, errChanged) // Open did not meet this error
}

// Close removes what Open had to store. The Table is of no use afterwards.
func (t *Table) Close() error {
	return errors.Join(t.input.close(), t.sheet.close(), t.places.close())
}

// rows begins to read the records of s.
func (t *Table) rows(ctx context.Context, s *stream) (records, error) {
	text := t.coding.reader(s)
	if t.Format == "json" {
		return t.jsonRecords(ctx, text, false), nil
	}
	c, err := t.csvRecords(newWindow(ctx, t.csv.plain(text)))
	if err != nil {
		return nil, err
	}
	return c, c.next() // past the header
}

func (t *Table) remark(line string) {
	if line != "" {
		t.Remarks = append(t.Remarks, line)
	}
}

// headSize is how much of a file is looked at to find out how it is written,
// in bytes.
const headSize = 1 << 20
