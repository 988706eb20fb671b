package source

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// quoteFault is the fault of the file that the quotes of a record are, if any.
// A quote that opens in the last line and never closes spoils that record
// alone.
func (c *csvRecords) quoteFault(record []byte, out outcome) error {
	switch {
	case out == misplaced,
		out == unclosed && linesWithText(record[c.p.open:]) > 1,
		out == whole && c.p.breaks > 0 && c.swallows(record):
		return c.badQuote(record, "is never closed")
	}
	return nil
}

// tooLong says where the quote opened that made a record too long.
func (c *csvRecords) tooLong(err error) error {
	if !errors.Is(err, errTooLong) || c.p.open < 0 || c.p.close >= 0 {
		return err
	}
	c.line = c.w.line
	return c.badQuote(c.w.rest(), "is not closed within 16 MiB")
}

// badQuote speaks of the quoted cell that was parsed last.
func (c *csvRecords) badQuote(text []byte, fault string) error {
	cell := text[c.p.open:]
	if c.p.close >= 0 {
		cell = text[c.p.open:c.p.close]
		line, column := c.place(text, c.p.close)
		fault = fmt.Sprintf("is closed in the wrong place (line %d, column %d)", line, column)
	}
	if n := linesWithText(cell) - 1; n > 0 {
		fault += fmt.Sprintf(", so that the cell would go on for %s", count(n, "more line"))
	}
	line, column := c.place(text, c.p.open)
	return fmt.Errorf("line %d, column %d: the quote that opens a cell here %s. Double the quotes inside cells, or, if quotes are ordinary characters in this file, read it with --lazy-quotes", line, column, fault)
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
	return fmt.Errorf("line %d: all of the record stands in one pair of quotes, as a spreadsheet leaves it that took the file for a single column: export the tickets again, or open the export with its true delimiter (%s) and save it again",
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
