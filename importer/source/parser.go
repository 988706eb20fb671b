package source

import "bytes"

// parser takes one CSV record at a time out of a text. A cell may stand in
// quotes, and then hold delimiters, line breaks (read as \n) and doubled
// quotes; blanks between its closing quote and the delimiter are dropped. A
// quote anywhere else is an ordinary character.
//
// Its fields tell about the record parsed last. They are reused: nothing of a
// file is copied until a Row is made.
type parser struct {
	delim byte
	stop  [256]bool // the bytes that end a cell without quotes

	text   []byte // the cells, one after the other
	ends   []int  // where each ends in text
	breaks int    // line breaks within cells
	lines  int    // the same, and the end of the record if it has one
	open   int    // where the last quoted cell opened, -1 if there is none
	close  int    // where it closed, -1 if it did not
}

// outcome is how the parsing of a record ended.
type outcome uint8

const (
	whole     outcome = iota
	more              // the record goes on after the text
	misplaced         // text follows a closing quote: it is not clear where the cell ends
	unclosed          // the file ends within quotes
)

func newParser(delim byte) *parser {
	p := &parser{delim: delim}
	p.stop[delim], p.stop['\n'], p.stop['\r'] = true, true, true
	return p
}

// parse reads the record at the beginning of b and returns its length. eof
// says that nothing follows b.
func (p *parser) parse(b []byte, eof bool) (int, outcome) {
	p.text, p.ends, p.breaks, p.lines, p.open = p.text[:0], p.ends[:0], 0, 0, -1
	for i := 0; ; i++ {
		if i < len(b) && b[i] == '"' {
			n, out := p.quoted(b, i, eof)
			if out != whole {
				return n, out
			}
			i = n
		} else {
			start := i
			for i < len(b) && !p.stop[b[i]] {
				i++
			}
			p.text = append(p.text, b[start:i]...)
		}
		if i == len(b) {
			if !eof {
				return 0, more
			}
			p.ends = append(p.ends, len(p.text))
			p.lines = p.breaks
			return i, whole
		}
		p.ends = append(p.ends, len(p.text))
		switch b[i] {
		case '\r':
			if i+1 == len(b) && !eof {
				return 0, more
			}
			if i+1 < len(b) && b[i+1] == '\n' {
				i++
			}
			fallthrough
		case '\n':
			p.lines = p.breaks + 1
			return i + 1, whole
		}
	}
}

// quoted reads the cell whose quote opens at b[i] and returns where its
// delimiter stands.
func (p *parser) quoted(b []byte, i int, eof bool) (int, outcome) {
	p.open, p.close = i, -1
	start := len(p.text)
	for i++; ; {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			if !eof {
				return 0, more
			}
			p.text = append(p.text, b[i:]...)
			p.endQuoted(start)
			p.ends = append(p.ends, len(p.text))
			p.lines = p.breaks
			return len(b), unclosed
		}
		p.text = append(p.text, b[i:i+n]...)
		i += n + 1
		if i == len(b) || b[i] != '"' {
			break
		}
		p.text = append(p.text, '"')
		i++
	}
	p.close = i - 1
	p.endQuoted(start)
	for i < len(b) && b[i] == ' ' && p.delim != ' ' {
		i++
	}
	switch {
	case i == len(b) && !eof:
		return 0, more
	case i < len(b) && !p.stop[b[i]]:
		return i, misplaced
	}
	return i, whole
}

// endQuoted makes every line break of the cell that starts there a \n.
func (p *parser) endQuoted(start int) {
	cell := p.text[start:]
	if bytes.IndexByte(cell, '\r') >= 0 {
		n := 0
		for i, c := range cell {
			if c == '\r' {
				if i+1 < len(cell) && cell[i+1] == '\n' {
					continue
				}
				c = '\n'
			}
			cell[n] = c
			n++
		}
		p.text = p.text[:start+n]
	}
	p.breaks += bytes.Count(p.text[start:], []byte("\n"))
}

// line reads one line, without its end, as a record. Quotes that do not open
// and close a cell properly are ordinary characters.
func (p *parser) line(b []byte) {
	p.text, p.ends, p.breaks, p.open = p.text[:0], p.ends[:0], 0, -1
	for i := 0; ; i++ {
		size, cells, start := len(p.text), len(p.ends), i
		out := misplaced
		if i < len(b) && b[i] == '"' {
			i, out = p.quoted(b, i, true)
		}
		if out != whole {
			p.text, p.ends = p.text[:size], p.ends[:cells]
			for i = start; i < len(b) && b[i] != p.delim; {
				i++
			}
			p.text = append(p.text, b[start:i]...)
		}
		p.ends = append(p.ends, len(p.text))
		if i == len(b) {
			return
		}
	}
}

// blank tells whether all cells are empty or blank.
func (p *parser) blank() bool {
	return len(bytes.TrimSpace(p.text)) == 0
}

// dropSurplus drops cells beyond the width, if all of them are blank.
func (p *parser) dropSurplus(width int) bool {
	if len(p.ends) <= width || len(bytes.TrimSpace(p.text[p.ends[width-1]:])) > 0 {
		return false
	}
	p.text, p.ends = p.text[:p.ends[width-1]], p.ends[:width]
	return true
}

// lastBlank tells whether the last cell is.
func (p *parser) lastBlank() bool {
	from := 0
	if n := len(p.ends); n > 1 {
		from = p.ends[n-2]
	}
	return len(bytes.TrimSpace(p.text[from:])) == 0
}

// named counts the cells of a header that are not blank.
func (p *parser) named() (n int) {
	from := 0
	for _, to := range p.ends {
		if len(bytes.TrimSpace(p.text[from:to])) > 0 {
			n++
		}
		from = to
	}
	return n
}

// fields copies the cells.
func (p *parser) fields() []string {
	fields, _ := p.record()
	return fields
}

// record is the fields, and the text that they are parts of.
func (p *parser) record() (fields []string, text string) {
	text = string(p.text)
	fields = make([]string, len(p.ends))
	from := 0
	for i, to := range p.ends {
		fields[i] = text[from:to]
		from = to
	}
	return fields, text
}
