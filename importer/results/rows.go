package results

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// shape is what the header of a CSV input says about its rows.
type shape struct {
	width  int
	own    []int // positions of an earlier report's own columns
	fields int   // position of its caseimport_fields, -1 without
}

func shapeOf(header []string) shape {
	s := shape{width: len(header), fields: -1}
	for i, name := range header {
		if isOwn(name) {
			s.own = append(s.own, i)
		}
		if is(name, FieldsColumn) {
			s.fields = i
		}
	}
	return s
}

// keep appends the cells of a row that have a column of the input's own, missing
// ones as empty.
func (s shape) keep(cells, record []string) []string {
	for i := range s.width {
		switch {
		case slices.Contains(s.own, i):
		case i < len(record):
			cells = append(cells, record[i])
		default:
			cells = append(cells, "")
		}
	}
	return cells
}

func (s shape) appendRow(cells []string, row ReportRow, delimiter rune) []string {
	cells = s.keep(cells, row.Record)
	fields := row.Fields
	switch {
	case len(row.Record) != s.width:
		fields = s.widthNote(row.Record, cells, delimiter)
	case s.uncorrected(row.Record, cells):
		fields = row.Record[s.fields]
	}
	return append(cells, strconv.Itoa(row.Number), row.ID, row.Status, row.Error, fields)
}

// widthNote is the caseimport_fields of a row of the wrong width. It holds what had
// no column, as CSV, and a checksum of what had.
func (s shape) widthNote(record, kept []string, delimiter rune) string {
	note := fmt.Sprintf("cells: %d instead of %d, %s", len(record), s.width, sumNote(kept))
	if len(record) <= s.width {
		return note
	}
	var beyond strings.Builder
	w := csv.NewWriter(&beyond)
	w.Comma = delimiter
	w.Write(record[s.width:]) // into memory
	w.Flush()
	return note + "; beyond the last column: " + strings.TrimSuffix(beyond.String(), "\n")
}

func sumNote(kept []string) string {
	sum := crc32.NewIEEE()
	for _, cell := range kept {
		fmt.Fprintf(sum, "%d:%s", len(cell), cell)
	}
	return fmt.Sprintf("not corrected yet (%08x): if its cells are right, empty this one", sum.Sum32())
}

func (s shape) uncorrected(record, kept []string) bool {
	note, _, _ := strings.Cut(sumNote(kept), ":") // as earlier versions wrote it
	return s.fields >= 0 && s.fields < len(record) && strings.Contains(record[s.fields], note)
}

// Uncorrected tells whether a row of a CSV failure report once had the wrong width
// and none of its cells has been changed since. Its cells may stand under the wrong
// headers, so it is as invalid as it was, though it has the right width now.
func Uncorrected(header, record []string) bool {
	s := shapeOf(header)
	return s.uncorrected(record, s.keep(nil, record))
}

// appendJSONRow appends a row's line of JSON lines.
func appendJSONRow(b []byte, row ReportRow) []byte {
	object, ok := oneLine(row.JSON)
	if !ok {
		object = appendMember([]byte{'{'}, LineColumn, string(row.JSON))
		object = append(object, '}')
	}
	b = append(b, withoutOwn(object)...)
	if len(b) > 1 {
		b = append(b, ',')
	}
	b = append(b, `"`+RowColumn+`":`...)
	b = strconv.AppendInt(b, int64(row.Number), 10)
	for _, member := range [...]struct{ name, text string }{
		{IDColumn, row.ID},
		{StatusColumn, row.Status},
		{ErrorColumn, row.Error},
		{FieldsColumn, row.Fields},
	} {
		b = appendMember(append(b, ','), member.name, member.text)
	}
	return append(b, '}', '\n')
}

func appendMember(b []byte, name, text string) []byte {
	b = append(b, '"')
	b = append(b, name...)
	return appendString(append(b, `":`...), text)
}

func appendString(b []byte, text string) []byte {
	value := bytes.Buffer{}
	e := json.NewEncoder(&value)
	e.SetEscapeHTML(false)
	e.Encode(text) // a string into memory
	return append(b, bytes.TrimSuffix(value.Bytes(), []byte{'\n'})...)
}

// oneLine returns a JSON object without line breaks, otherwise untouched, and false
// for any other text.
func oneLine(text []byte) ([]byte, bool) {
	text = bytes.TrimSpace(text)
	if !bytes.HasPrefix(text, []byte{'{'}) || !json.Valid(text) {
		return nil, false
	}
	if bytes.ContainsAny(text, "\n\r") {
		var compact bytes.Buffer
		json.Compact(&compact, text) // it is valid
		text = compact.Bytes()
	}
	return text, true
}

// withoutOwn returns an object without its closing brace and without the members
// that an earlier report has added.
func withoutOwn(object []byte) []byte {
	whole := bytes.TrimRight(object[:len(object)-1], " \t")
	if !bytes.Contains(bytes.ToLower(object), []byte("caseimport_")) {
		return whole
	}
	kept := []byte{'{'}
	gjson.ParseBytes(object).ForEach(func(name, value gjson.Result) bool {
		if !isOwn(name.Str) {
			if len(kept) > 1 {
				kept = append(kept, ',')
			}
			kept = append(kept, object[name.Index:value.Index+len(value.Raw)]...)
		}
		return true
	})
	return kept
}

// Original returns what a row of a failure report was in the input, if nobody has
// changed it: its cells, or its JSON, without what the report has added.
func Original(header, cells []string, object []byte) ([]string, []byte) {
	if object == nil {
		return shapeOf(header).keep(nil, cells), nil
	}
	if end := bytes.LastIndex(object, []byte(`,"`+RowColumn+`":`)); end > 0 {
		object = append(bytes.Clone(object[:end]), '}')
	}
	return nil, object
}
