package mapping

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Fault is one reason why a row cannot become a case.
type Fault struct {
	// Column is the column to blame as the file writes it; "" where none is.
	Column string
	// Field is the field that was to be filled: title, notes[0].note_body,
	// custom_fields.dropdown_region, key, where.
	Field string
	// Value is what stood there, cut to 80 characters.
	Value string
	// Reason does not hold the value: it is equal for all rows at fault in the
	// same way. It reads on from the value: "is not in values".
	Reason string
	// Fix is the line of the mapping file that would mend it, as YAML, or "".
	// It stands for the whole rule of the field, except that of a missing entry
	// of values only the new entry is given. A "?" is for the person to fill in.
	Fix string
	// Entry is what this value adds to a list in Fix, so that one line can mend
	// what many values are at fault for: see MergeFix.
	Entry string
}

// entryMark stands in a fix where the entries go; no YAML holds it.
const entryMark = "\x00"

// MergeFix makes one line of a fix and the entries of all faults that have it.
func MergeFix(fix string, entries []string) string {
	head, tail, ok := strings.Cut(fix, entryMark)
	if !ok {
		return fix
	}
	list := strings.Join(entries, ", ")
	bare, alone := strings.CutSuffix(head, "[")
	switch {
	case alone && len(entries) == 1:
		return bare + list + strings.TrimPrefix(tail, "]")
	case list != "" && !alone && !strings.HasSuffix(head, "{"):
		list = ", " + list
	}
	return head + list + tail
}

// String says the whole fault in one line, without the fix.
func (f Fault) String() string {
	var b strings.Builder
	if f.Field != "" {
		b.WriteString(f.Field + ": ")
	}
	if f.Value != "" {
		fmt.Fprintf(&b, "%q ", f.Value)
	}
	if f.Column != "" {
		if f.Value != "" {
			b.WriteString("in ")
		}
		fmt.Fprintf(&b, "column %q ", f.Column)
	}
	b.WriteString(f.Reason)
	return b.String()
}

// Kind says the fault without the value, equally for all rows at fault in the
// same way.
func (f Fault) Kind() string {
	what := f.Reason
	switch {
	case f.Column != "" && f.Value != "":
		what = fmt.Sprintf("a cell of column %q %s", f.Column, what)
	case f.Column != "":
		what = fmt.Sprintf("column %q %s", f.Column, what)
	}
	if f.Field == "" {
		return what
	}
	return f.Field + ": " + what
}

// FileFault is one fault of a mapping file.
type FileFault struct {
	Line, Column int    // from 1; Column counts characters
	Message      string // what is wrong and, where it can be known, what was meant
	Excerpt      string // the line with its number, and a caret below; "" if there is none
}

// FileError lists all faults of a mapping file in the order of its lines.
type FileError struct {
	Name   string
	Faults []FileFault
}

// Error prints every fault with its excerpt.
func (e *FileError) Error() string {
	var b strings.Builder
	if len(e.Faults) > 1 {
		fmt.Fprintf(&b, "%d faults in %s\n", len(e.Faults), e.Name)
	}
	for i, f := range e.Faults {
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

// newFileError puts the faults in order; nil without faults.
func newFileError(name string, faults []FileFault) error {
	if len(faults) == 0 {
		return nil
	}
	slices.SortStableFunc(faults, func(a, b FileFault) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return &FileError{Name: name, Faults: slices.Compact(faults)}
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
	blank := make([]rune, 0, at)
	for _, r := range lead + string(text[:at]) {
		if r != '\t' {
			r = ' '
		}
		blank = append(blank, r)
	}
	return fmt.Sprintf("%5d | %s%s%s\n      | %s^", line, lead, string(text), tail, string(blank))
}
