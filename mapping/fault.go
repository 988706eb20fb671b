package mapping

import (
	"fmt"
	"strings"

	"caseimport/mapping/yamlfile"
)

// Fault is one reason why a row cannot become a case.
type Fault struct {
	// Column is the column to blame as the file writes it; "" where none is.
	Column string
	// Field is the field that was to be filled: title, notes[0].note_body,
	// custom_fields.drop_down1, key, where.
	Field string
	// Value is what stood there, cut to 80 characters.
	Value string
	// Reason does not hold the value: it is equal for all rows at fault in the
	// same way. It reads on from the value: "is not in values".
	Reason string
	// Hint is what depends on the value beside the reason, such as what was
	// probably meant: "; nearest: …". It follows the reason.
	Hint string
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
	b.WriteString(f.Reason + f.Hint)
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
type FileFault = yamlfile.Fault

// FileError lists all faults of a mapping file in the order of its lines.
type FileError = yamlfile.Error
