package draft

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"caseimport/mapping/words"
)

// line is a line of the file; note is the comment at its end.
type line struct{ text, note string }

// page gathers the lines of the file.
type page struct{ lines []line }

func (p *page) add(text, note string) { p.lines = append(p.lines, line{text, note}) }

// rule adds a rule with its notes.
func (p *page) rule(name string, r rule) { p.add("  "+name+": "+r.String(), join(r.notes)) }

// say adds a comment of its own, broken into lines.
func (p *page) say(indent int, format string, args ...any) {
	space := strings.Repeat(" ", indent)
	for _, l := range words.Wrap(tidy(fmt.Sprintf(format, args...)), textWidth-indent) {
		p.add(space+"# "+l, "")
	}
}

// Comments at the ends of lines stand in one column as far as that keeps the
// file readable.
const (
	minColumn = 30
	maxColumn = 62
	maxWidth  = 130
	textWidth = 96 // of comments that have lines of their own
)

// bytes writes the page.
func (p *page) bytes() []byte {
	var b bytes.Buffer
	column := 0
	for i, l := range p.lines {
		if i == 0 || p.lines[i-1].text == "" {
			column = noteColumn(p.lines[i:])
		}
		l.write(&b, column)
	}
	return b.Bytes()
}

// noteColumn is where the comments of a block begin. A block ends at an empty
// line.
func noteColumn(lines []line) int {
	column := minColumn
	for _, l := range lines {
		if l.text == "" {
			break
		}
		if n := utf8.RuneCountInString(l.text); l.note != "" && n <= maxColumn {
			column = max(column, n)
		}
	}
	return column
}

// write puts a long comment, and one behind a very long line, before the line.
func (l line) write(b *bytes.Buffer, column int) {
	n := utf8.RuneCountInString(l.text)
	code := strings.TrimLeft(l.text, " ")
	indent := l.text[:len(l.text)-len(code)]
	option := strings.HasPrefix(code, "#   ")
	switch {
	case l.note == "":
	case option || n <= column && column+utf8.RuneCountInString(l.note) <= maxWidth:
		fmt.Fprintf(b, "%s%s  # %s\n", l.text, strings.Repeat(" ", max(0, column-n)), tidy(l.note))
		return
	default:
		for _, w := range words.Wrap(tidy(l.note), textWidth-len(indent)) {
			fmt.Fprintf(b, "%s# %s\n", indent, w)
		}
	}
	fmt.Fprintln(b, l.text)
}

// tidy makes any text fit for a comment: one line, nothing invisible.
func tidy(s string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}
