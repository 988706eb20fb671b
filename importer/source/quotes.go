package source

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

const quoteAdvice = "Double the quotes inside cells, or, if quotes are ordinary characters in this file, read it with --lazy-quotes"

// quoteFault is the fault of the file that the quotes of a record are, if any.
// A quote that opens in the last line and never closes spoils that record
// alone.
func (c *csvRecords) quoteFault(record []byte, out outcome) error {
	switch {
	case out == misplaced:
		closeLine, closeColumn := c.place(record, c.p.close)
		if n := lineBreaks(record[c.p.open:c.p.close]); n > 0 {
			return c.opens(record, "would swallow %s: the quote that closes it, on line %d, column %d, stands in the middle of a cell",
				count(n, "line"), closeLine, closeColumn)
		}
		return c.opens(record, "closes in the middle of the cell, at column %d", closeColumn)
	case out == unclosed:
		if n := linesWithText(record[c.p.open:]) - 1; n > 0 {
			return c.opens(record, "is never closed and would swallow %s, to the end of the file", count(n, "line"))
		}
	case c.p.breaks > 0 && c.swallows(record):
		closeLine, closeColumn := c.place(record, c.p.close)
		return c.opens(record, "would swallow %s, with what looks like records of their own: it closes on line %d, column %d",
			count(lineBreaks(record[c.p.open:c.p.close]), "line"), closeLine, closeColumn)
	}
	return nil
}

// tooLong says where the quote opened that made a record too long.
func (c *csvRecords) tooLong(err error) error {
	if !errors.Is(err, errTooLong) || c.p.open < 0 || c.p.close >= 0 {
		return err
	}
	text := c.w.rest()
	c.line = c.w.line
	n := lineBreaks(text[c.p.open:])
	if n == 0 {
		return c.opens(text, "does not close within 16 MiB")
	}
	return c.opens(text, "does not close within 16 MiB and would swallow more than %s", count(n, "line"))
}

func (c *csvRecords) opens(record []byte, format string, a ...any) error {
	line, column := c.place(record, c.p.open)
	return fmt.Errorf("line %d, column %d: the quote that opens a cell here %s. %s", line, column, fmt.Sprintf(format, a...), quoteAdvice)
}

// place is the line and the column, in characters, of a byte of the record.
func (c *csvRecords) place(record []byte, at int) (line, column int) {
	before := record[:at]
	start := bytes.LastIndexAny(before, "\r\n") + 1
	return c.line + lineBreaks(before), utf8.RuneCount(before[start:]) + 1
}

// linesWithText counts the lines that are not blank.
func linesWithText(text []byte) int {
	n := 0
	for len(text) > 0 {
		end, next, _ := lineEnd(text, true)
		if len(bytes.TrimSpace(text[:end])) > 0 {
			n++
		}
		text = text[next:]
	}
	return n
}

// swallows tells whether a record of several lines is really several records
// that a stray quote has joined: each of its lines has as many cells as the
// header, and begins with a cell of the same form as the first.
func (c *csvRecords) swallows(record []byte) bool {
	if c.width < 3 {
		return false
	}
	if c.alone == nil {
		c.alone = newParser(c.p.delim)
	}
	form, lines := "", 0
	for len(record) > 0 {
		end, next, _ := lineEnd(record, true)
		c.alone.line(record[:end])
		record = record[next:]
		if c.alone.blank() {
			continue
		}
		if len(c.alone.ends) != c.width {
			return false
		}
		f := formOf(c.alone.text[:c.alone.ends[0]])
		if lines++; lines == 1 {
			form = f
		} else if f != form {
			return false
		}
	}
	return lines >= 4 || lines > 1 && strings.Contains(form, "9")
}

// formOf is a cell with 9 for its digits and a for its letters, each run once:
// LP-13 has the form a-9.
func formOf(cell []byte) string {
	form := make([]byte, 0, 16)
	for _, c := range cell {
		switch {
		case c >= '0' && c <= '9':
			c = '9'
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= 0x80:
			c = 'a'
		}
		if len(form) == 0 || form[len(form)-1] != c {
			form = append(form, c)
		}
	}
	return string(form)
}

// packing looks for records that stand in one pair of quotes as a whole: what
// a spreadsheet leaves that took a file with another delimiter for one column.
type packing struct {
	p      *parser
	header bool // the header is packed too
	width  int  // cells within the quotes, 0 if nothing can be packed
}

// newPacking learns from the header, which c has just read.
func newPacking(c *csvRecords) packing {
	if !c.packed() {
		return packing{p: newParser(c.p.delim), width: c.width}
	}
	for _, d := range delimiters {
		k := packing{p: newParser(d.char), header: true}
		if k.width = k.cells(c.p.text); k.width > 1 {
			return k
		}
	}
	return packing{}
}

// check refuses a record that is packed as the header lets expect.
func (k packing) check(c *csvRecords) error {
	if k.width < 2 || !c.packed() || !k.header && len(c.p.ends) > 1 || k.cells(c.p.text) != k.width {
		return nil
	}
	return fmt.Errorf("line %d: all of the record stands in one pair of quotes, as a spreadsheet leaves it that took the file for a single column: export the tickets again, or open the export with its true delimiter (%s) and save it anew",
		c.line, delimiterName(k.p.delim))
}

// cells counts the cells of a text that is one record, or 0.
func (k packing) cells(text []byte) int {
	if n, out := k.p.parse(text, true); n < len(text) || out != whole {
		return 0
	}
	return len(k.p.ends)
}

// packed tells whether the first cell stands in quotes and is all there is.
func (c *csvRecords) packed() bool {
	return c.raw[0] == '"' && c.p.ends[0] == len(c.p.text)
}

// count is "1 line", "2 lines".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
