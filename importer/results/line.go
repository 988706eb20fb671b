package results

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// What a row's status can be.
const (
	Created   = "created"   // it has a case
	Failed    = "failed"    // it is sure that no case exists
	Invalid   = "invalid"   // refused before anything was sent
	Duplicate = "duplicate" // another row of the same input has its key
	Unknown   = "unknown"   // it may have a case
	// Incomplete: it has a case, which was not updated as the row asks for.
	Incomplete = "incomplete"
)

// Line is one line of the results file: the outcome of one row.
type Line struct {
	Row          int        `csv:"row" json:"row"` // counts the data rows of its input, from 1
	Key          string     `csv:"key" json:"key"`
	Status       string     `csv:"status" json:"status"`
	CaseID       string     `csv:"case_id" json:"case_id,omitempty"`
	HTTPStatus   HTTPStatus `csv:"http_status" json:"http_status,omitempty"`
	ErrorCode    string     `csv:"error_code" json:"error_code,omitempty"`
	ErrorMessage string     `csv:"error_message" json:"error_message,omitempty"`
	ErrorFields  Fields     `csv:"error_fields" json:"error_fields,omitempty"`
	Attempts     int        `csv:"attempts" json:"attempts"`
	FinishedAt   time.Time  `csv:"finished_at" json:"finished_at"` // written in UTC, to the second
}

// lineColumns are the columns of Line, in order.
var lineColumns = []string{
	"row", "key", "status", "case_id", "http_status", "error_code",
	"error_message", "error_fields", "attempts", "finished_at",
}

// HTTPStatus is the status of the last answer. 0, no answer, is an empty cell.
type HTTPStatus int

// UnmarshalCSV reads the cell.
func (s *HTTPStatus) UnmarshalCSV(cell string) error {
	if cell == "" {
		*s = 0
		return nil
	}
	n, err := strconv.Atoi(cell)
	*s = HTTPStatus(n)
	return err
}

// Field is one field that an error names.
type Field struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

// Fields is a cell of "name: description; name: description".
type Fields []Field

// String writes the fields as they stand in a cell.
func (f Fields) String() string {
	var b strings.Builder
	for i, field := range f {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(field.Name)
		b.WriteString(": ")
		b.WriteString(field.Description)
	}
	return b.String()
}

// UnmarshalCSV reads the cell, as well as that can be done: a description may hold
// the separators itself.
func (f *Fields) UnmarshalCSV(cell string) error {
	*f = nil
	for part := range strings.SplitSeq(cell, "; ") {
		name, description, ok := strings.Cut(part, ": ")
		switch {
		case ok:
			*f = append(*f, Field{name, description})
		case len(*f) > 0:
			(*f)[len(*f)-1].Description += "; " + part
		case part != "":
			*f = append(*f, Field{Description: part})
		}
	}
	return nil
}

// OfRun reports whether a line belongs to the run that wrote it, and the journal has
// not heard of it: its row was refused before anything was sent.
func (l *Line) OfRun() bool {
	return l.Status == Invalid && l.ErrorCode == "" || l.Status == Duplicate
}

// check says what is wrong with a line that was read.
func (l *Line) check() error {
	switch l.Status {
	case Created, Failed, Invalid, Duplicate, Unknown, Incomplete:
	default:
		return fmt.Errorf("%q is no status of a row", l.Status)
	}
	if l.Row < 1 {
		return fmt.Errorf("the row's number is %d", l.Row)
	}
	return nil
}

// record is the line as CSV. gocsv could make it by reflection, at five times the
// cost; this is done for every row of a run.
func (l *Line) record() []string {
	status := ""
	if l.HTTPStatus != 0 {
		status = strconv.Itoa(int(l.HTTPStatus))
	}
	return []string{
		strconv.Itoa(l.Row), l.Key, l.Status, l.CaseID, status, l.ErrorCode,
		l.ErrorMessage, l.ErrorFields.String(), strconv.Itoa(l.Attempts), l.FinishedAt.Format(time.RFC3339),
	}
}

// AppendJSON appends the line as one JSON object. encoding/json could make it by
// reflection, at nine times the cost.
func (l *Line) AppendJSON(b []byte) []byte {
	text := func(name, value string, always bool) {
		if value != "" || always {
			b = appendQuoted(append(append(append(b, ',', '"'), name...), '"', ':'), value)
		}
	}
	b = strconv.AppendInt(append(b, `{"row":`...), int64(l.Row), 10)
	text("key", l.Key, true)
	text("status", l.Status, true)
	text("case_id", l.CaseID, false)
	if l.HTTPStatus != 0 {
		b = strconv.AppendInt(append(b, `,"http_status":`...), int64(l.HTTPStatus), 10)
	}
	text("error_code", l.ErrorCode, false)
	text("error_message", l.ErrorMessage, false)
	for i, f := range l.ErrorFields {
		b = append(b, [...]string{`,"error_fields":[{"name":`, `,{"name":`}[min(i, 1)]...)
		b = append(appendQuoted(append(appendQuoted(b, f.Name), `,"description":`...), f.Description), '}')
	}
	if len(l.ErrorFields) > 0 {
		b = append(b, ']')
	}
	b = strconv.AppendInt(append(b, `,"attempts":`...), int64(l.Attempts), 10)
	b = l.FinishedAt.AppendFormat(append(b, `,"finished_at":"`...), time.RFC3339Nano)
	return append(b, `"}`...)
}

func appendQuoted(b []byte, text string) []byte {
	b, _ = jsontext.AppendQuote(b, text) // what is no UTF-8 is written as U+FFFD
	return b
}

// lineWriter formats lines.
type lineWriter struct {
	out *bufio.Writer
	csv *csv.Writer // nil for JSON lines
}

func newLineWriter(out *bufio.Writer, asJSON bool) *lineWriter {
	if asJSON {
		return &lineWriter{out: out}
	}
	return &lineWriter{out: out, csv: csv.NewWriter(out)} // which takes out as its own buffer
}

func (w *lineWriter) write(l Line) error {
	l.FinishedAt = l.FinishedAt.UTC().Truncate(time.Second)
	if w.csv != nil {
		return w.csv.Write(l.record())
	}
	_, err := w.out.Write(append(l.AppendJSON(w.out.AvailableBuffer()), '\n'))
	return err
}
