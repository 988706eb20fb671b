package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"

	"caseimport/mapping"
)

// csvRecords reads the records of a CSV file.
type csvRecords struct {
	w     *window
	p     *parser
	alone *parser // for the lines of a record, each by itself
	lazy  bool
	table *Table

	width int      // cells of the header, 0 until it is known
	pack  *packing // nil once the file is known to hold no packed records
	blank int      // blank records left out, but at the end of the file
	// surplus says that blank cells beyond the header were dropped from the record.
	surplus bool
	line    int
	raw     []byte // the record as it stands in the text
	fault   string
}

// csvRecords begins to read at the header.
func (t *Table) csvRecords(w *window) (*csvRecords, error) {
	c := &csvRecords{w: w, p: newParser(t.csv.delim), lazy: t.csv.lazy, table: t}
	if t.csv.skip > 0 {
		if err := w.fill(); err != nil {
			return nil, err
		}
		w.pass(t.csv.skip, 1)
	}
	return c, nil
}

// readCSV finds out the shape of text, which begins with head, then reads all
// of it.
func (t *Table) readCSV(ctx context.Context, text io.Reader, head []byte, format string, opt Options) error {
	if begin := bytes.TrimSpace(head); bytes.HasPrefix(begin, []byte(`{"`)) || bytes.HasPrefix(begin, []byte(`[{`)) {
		return errors.New("this looks like JSON: read it with --format json, or with --format jsonl if each line is an object")
	}
	t.csv.lazy = opt.Lazy
	if err := t.settleDelimiter(head, format, opt.Delimiter); err != nil {
		return err
	}
	c, err := t.csvRecords(newWindow(ctx, t.csv.plain(text)))
	if err != nil {
		return err
	}
	c.pack = &packing{delim: c.p.delim}
	switch err := c.next(); {
	case err == io.EOF:
		return errors.New("there is no header line: the file holds nothing but blanks")
	case err != nil:
		return err
	case c.fault != "":
		return fmt.Errorf("line %d: the header %s", c.line, c.fault)
	}
	t.setHeader(c.p.fields())
	if err := c.pack.learn(c); err != nil {
		return err
	}
	fit, tails, surplus, ending := 0, 0, 0, 0 // records as wide as the header
	for {
		if err := c.next(); err == io.EOF {
			break
		} else if err != nil {
			return err
		}
		t.Rows++
		if tail := tailOf(c.raw); len(tail) > 1 && tail[0] != t.csv.delim {
			tails++
		}
		switch {
		case c.surplus:
			surplus++
		case len(c.p.ends) == c.width:
			if fit++; c.p.lastBlank() {
				ending++
			}
		}
	}
	t.remarkBlank(c.blank, "record")
	if t.Rows > 1 && tails == t.Rows && opt.Delimiter == "" {
		return errors.New("empty cells of another delimiter stand at the end of every record, as a spreadsheet leaves them that took the file for a single column: export the tickets again, or remove them")
	}
	// A blank cell too many may be the last one of a row whose cells a stray
	// delimiter has moved to the right: not where the last column is full, nor where
	// most rows have such cells.
	t.csv.exact = 20*ending > fit && 2*surplus < t.Rows
	if t.Rows > 0 && fit+surplus == 0 {
		t.remark(fmt.Sprintf("no row is as wide as the header (%s): if another line stands above the true header, such as a title, remove it; if not, try --delimiter", count(len(t.Header), "field")))
	}
	return nil
}

// setHeader makes columns of the header.
func (t *Table) setHeader(header []string) {
	taken := map[string]bool{} // in small letters, as all names here
	for i, name := range header {
		header[i] = mend(name)
		taken[mapping.FoldName(header[i])] = true
	}
	t.Header = header
	columns := map[string]int{}
	for i, name := range header {
		name = strings.TrimSpace(name)
		if name == "" {
			name = fmt.Sprintf("column %d", i+1)
			for taken[name] { // by another column
				name += "*"
			}
		}
		key := mapping.FoldName(name)
		at, repeated := columns[key]
		if !repeated {
			at = len(t.Columns)
			columns[key] = at
			t.Columns = append(t.Columns, name)
			t.csv.cells = append(t.csv.cells, nil)
		}
		t.csv.cells[at] = append(t.csv.cells[at], i)
	}
}

// next implements records.
func (c *csvRecords) next() error {
	for blank := 0; ; {
		out, err := c.record()
		if err != nil {
			return err
		}
		if out != unclosed && c.p.blank() {
			blank++
			continue
		}
		c.blank += blank
		c.surplus = c.width > 0 && !c.table.csv.exact && c.p.dropSurplus(c.width)
		c.fault = ""
		switch fault := c.table.coding.fault(c.raw); {
		case out == unclosed:
			c.fault = "has a quote that is never closed: the file may have been cut short here"
		case c.width == 0:
			c.width = len(c.p.ends)
		case len(c.p.ends) != c.width:
			c.fault = fmt.Sprintf("has %s where the header has %d", count(len(c.p.ends), "field"), c.width)
		default:
			c.fault = fault
		}
		return nil
	}
}

// record reads one record, blank ones included, and passes it. The outcome is
// whole or unclosed.
func (c *csvRecords) record() (outcome, error) {
	for {
		text := c.w.rest()
		if len(text) == 0 && c.w.eof {
			return whole, io.EOF
		}
		if bytes.HasPrefix(text, bom) { // files that were put together
			c.w.pass(len(bom), 0)
			continue
		}
		c.line = c.w.line
		n, out := c.p.parse(text, c.w.eof)
		if c.lazy && (out != more || len(text) >= maxLook) && c.doubtful(text[:n], out) {
			if c.lineAlone(text) {
				return whole, nil
			}
			out = more
		}
		if out == more {
			if err := c.w.fill(); err != nil {
				return out, c.tooLong(err)
			}
			continue
		}
		c.raw = text[:n]
		if c.pack != nil && (out == misplaced || c.raw[0] == '"' && c.p.ends[0] == len(c.p.text)) {
			line := c.raw
			if end, _, ok := lineEnd(text[n:], c.w.eof); out == misplaced && ok {
				line = text[:n+end]
			}
			if err := c.pack.check(line, c.line); err != nil {
				return out, err
			}
		}
		if !c.lazy {
			if err := c.quoteFault(c.raw, out); err != nil {
				return out, err
			}
		}
		c.w.pass(n, c.p.lines)
		return out, nil
	}
}

// bom is UTF-8's byte order mark.
var bom = []byte("\ufeff")

// plain puts the delimiter that the parser knows in the place of a sign.
func (s csvShape) plain(text io.Reader) io.Reader {
	if s.sign == 0 {
		return text
	}
	return transform.NewReader(text, runes.Map(func(r rune) rune {
		if r == s.sign {
			return rune(s.delim)
		}
		return r
	}))
}

// row implements records.
func (c *csvRecords) row(number int) *Row {
	r := &Row{Number: number, Line: c.line, Fault: c.fault, table: c.table}
	r.fields, r.record = c.p.record()
	if sign := c.table.csv.sign; sign != 0 { // within quotes
		for i, f := range r.fields {
			r.fields[i] = strings.ReplaceAll(f, string(rune(signDelimiter)), string(sign))
		}
	}
	if c.fault != "" {
		for i, f := range r.fields {
			r.fields[i] = mend(f)
		}
	}
	return r
}

// text implements records.
func (c *csvRecords) text() *window { return c.w }

// maxLook is how far lazy reading looks for the end of a quoted cell, in bytes.
const maxLook = 1 << 20

// doubtful tells whether a record is better read as one line: its quotes are
// not in order, or the lines that it takes make no sense as one record.
func (c *csvRecords) doubtful(record []byte, out outcome) bool {
	if out != whole {
		return true
	}
	return c.p.breaks > 0 && (c.width > 0 && len(c.p.ends) != c.width || c.swallows(record))
}

// lineAlone reads the first line as a record, if all of it is in text.
func (c *csvRecords) lineAlone(text []byte) bool {
	end, next, ok := lineEnd(text, c.w.eof)
	if ok {
		c.raw = text[:end]
		c.p.line(c.raw)
		c.w.pass(next, 1)
	}
	return ok
}
