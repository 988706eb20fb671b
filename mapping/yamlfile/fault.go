package yamlfile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"caseimport/mapping/words"

	"go.yaml.in/yaml/v3"
)

// Fault is one fault of a file.
type Fault struct {
	Line, Column int    // from 1; Column counts characters
	Message      string // what is wrong and, where it can be known, what was meant
	Excerpt      string // the line with its number, and a caret below; "" if there is none
}

// Error lists all faults of a file in the order of its lines.
type Error struct {
	Name   string
	Faults []Fault
}

// maxFaults is how many faults are printed: who has more has one cause.
const maxFaults = 100

// Error prints the first faults with their excerpts.
func (e *Error) Error() string {
	var b strings.Builder
	if len(e.Faults) > 1 {
		fmt.Fprintf(&b, "%d faults in %s\n", len(e.Faults), e.Name)
	}
	for i, f := range e.Faults {
		if i == maxFaults {
			fmt.Fprintf(&b, "\nand %s", words.Plural(len(e.Faults)-i, "more fault"))
			break
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s:%d:%d: %s", e.Name, f.Line, f.Column, f.Message)
		if f.Excerpt != "" {
			b.WriteByte('\n')
			b.WriteString(f.Excerpt)
		}
	}
	return b.String()
}

// Err puts the faults in order; nil without faults. The name is that of the
// file, for people.
func (r *Reader) Err(name string) error {
	if len(r.faults) == 0 {
		return nil
	}
	slices.SortStableFunc(r.faults, func(a, b Fault) int {
		return cmp.Or(a.Line-b.Line, a.Column-b.Column)
	})
	return &Error{Name: name, Faults: slices.Compact(r.faults)}
}

// Faults counts those noted so far.
func (r *Reader) Faults() int { return len(r.faults) }

func (r *Reader) faultAt(line, column int, format string, args ...any) {
	line, column = max(line, 1), max(column, 1)
	r.faults = append(r.faults, Fault{
		Line: line, Column: column,
		Message: words.Brief(fmt.Sprintf(format, args...)),
		Excerpt: excerpt(r.lines, line, column),
	})
}

// Fault notes a fault of a node.
func (r *Reader) Fault(n *yaml.Node, format string, args ...any) {
	if n == nil {
		n = &yaml.Node{}
	}
	r.faultAt(n.Line, n.Column, format, args...)
}

// FaultWithin notes a fault at a character of a text.
func (r *Reader) FaultWithin(t Text, offset int, message string) {
	line, column := r.position(t.Node, t.Text, offset)
	r.faultAt(line, column, "%s", message)
}

// position finds the offset in a scalar's text in the lines of the file. Where
// quoting or folding has changed the text it settles for the scalar's start.
func (r *Reader) position(n *yaml.Node, text string, offset int) (line, column int) {
	lead := words.Cut(text, offset)
	row := strings.Count(lead, "\n")
	lead = lead[strings.LastIndexByte(lead, '\n')+1:]
	wanted := strings.Split(text, "\n")[row]
	line, column = n.Line+row, n.Column
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		line, column = line+1, 1
	}
	if wanted == "" || line > len(r.lines) {
		return n.Line, n.Column
	}
	inFile := r.lines[line-1]
	from := len(words.Cut(inFile, column-1))
	at := strings.Index(inFile[from:], wanted)
	if at < 0 {
		return n.Line, n.Column
	}
	return line, 1 + utf8.RuneCountInString(inFile[:from+at]) + utf8.RuneCountInString(lead)
}

// excerpt shows a line of the file with a caret below the column. A long line
// is cut to what is around it.
func excerpt(lines []string, line, column int) string {
	if line < 1 || line > len(lines) {
		return ""
	}
	const before, width = 60, 100
	text := []rune(strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' {
			return utf8.RuneError
		}
		return r
	}, strings.TrimRight(lines[line-1], "\r")))
	at := min(max(column-1, 0), len(text))
	lead, tail := "", ""
	if at > before {
		cut := at - before
		text, at, lead = text[cut:], before, "…"
	}
	if len(text) > width {
		text, tail = text[:width], "…"
	}
	// The caret's line keeps tabs, so that it stands right however wide they are.
	blank := strings.Map(func(r rune) rune {
		if r != '\t' {
			return ' '
		}
		return r
	}, lead+string(text[:at]))
	return fmt.Sprintf("%5d | %s%s%s\n      | %s^", line, lead, string(text), tail, blank)
}
