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
	if bytes.Contains(text[c.p.open:], []byte(`\"`)) {
		fault += `; quotes inside cells seem to be escaped by a backslash (\"), which CSV does not know`
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
// Empty cells may stand behind the quotes.
type packing struct {
	delim   byte
	parsers []*parser // one for each delimiter that the header may really have
	widths  []int     // and how many cells it then has
	header  bool      // the header is packed too
	learned bool
}

// learn looks at the header, which c has just read.
func (k *packing) learn(c *csvRecords) error {
	k.learned = true
	text, packed := packedText(c.raw)
	named := c.p.named()
	if !packed {
		text = withoutTail(c.raw)
	}
	k.header = packed
	for _, d := range delimiters {
		if d.char != k.delim && named > 1 {
			continue // the header is right as it is
		}
		p := newParser(d.char)
		if width := cells(p, text); width > 1 {
			k.parsers, k.widths = append(k.parsers, p), append(k.widths, width)
		}
	}
	if tail := tailOf(c.raw); !packed && len(tail) > 1 && tail[0] != k.delim && named > 1 {
		return fmt.Errorf("line %d: %q stands behind the header, as a spreadsheet leaves it that took the file for a single column: export the tickets again, or remove it from the end of every line", c.line, tail)
	}
	return nil
}

// tailChars are the delimiters that spreadsheets put behind a line.
const tailChars = ";,\t|"

// tailOf is the delimiters of one kind with which a line ends.
func tailOf(line []byte) []byte {
	line = bytes.TrimRight(line, "\r\n")
	if len(line) == 0 || strings.IndexByte(tailChars, line[len(line)-1]) < 0 {
		return nil
	}
	return line[len(bytes.TrimRight(line, string(line[len(line)-1:]))):]
}

// withoutTail is a line without its end and all delimiters before it.
func withoutTail(line []byte) []byte {
	return bytes.TrimRight(bytes.TrimRight(line, "\r\n"), tailChars)
}

// check refuses a record that is packed as the header lets expect, and a header
// that is packed with empty cells behind it.
func (k *packing) check(record []byte, line int) error {
	text, packed := packedText(record)
	if !packed {
		return nil
	}
	tail := tailOf(record)
	ownTail := len(tail) > 0 && tail[0] == k.delim
	if !k.learned && len(tail) > 0 && !ownTail {
		return errPacked(line, k.delim)
	}
	for i, p := range k.parsers {
		if p.delim == k.delim && !k.header && ownTail && bytes.IndexByte(text, '"') < 0 {
			continue // a cell that holds the delimiter, and empty ones behind it
		}
		if cells(p, text) == k.widths[i] {
			return errPacked(line, p.delim)
		}
	}
	return nil
}

func errPacked(line int, delim byte) error {
	return fmt.Errorf("line %d: all of the record stands in one pair of quotes, as a spreadsheet leaves it that took the file for a single column: export the tickets again, or open the export with its true delimiter (%s) and save it again",
		line, delimiterName(delim))
}

// packedText is what stands in the quotes of a record that is one quoted cell,
// but for delimiters behind it.
func packedText(record []byte) ([]byte, bool) {
	record = withoutTail(record)
	if len(record) < 2 || record[0] != '"' || record[len(record)-1] != '"' {
		return nil, false
	}
	inner := bytes.ReplaceAll(record[1:len(record)-1], []byte(`""`), []byte{0})
	if bytes.IndexByte(inner, '"') >= 0 {
		return nil, false
	}
	return bytes.ReplaceAll(inner, []byte{0}, []byte{'"'}), true
}

// cells counts the cells of a text that is one record, or 0.
func cells(p *parser, text []byte) int {
	if n, out := p.parse(text, true); n < len(text) || out != whole {
		return 0
	}
	return len(p.ends)
}

// count is "1 line", "2 lines".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
