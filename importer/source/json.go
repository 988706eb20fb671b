package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// jsonRecords reads the objects of a JSON file: one a line, or the elements of
// the array in a document.
type jsonRecords struct {
	table *Table
	doc   *document // nil where w gives lines
	w     *window
	in    bytes.Buffer // the line
	learn bool         // names that are new become columns
	fresh bool         // the record has such a name

	dec    *jsontext.Decoder
	start  int64  // of the record, in what dec reads
	record []byte // valid until the next
	line   int
	fault  string
	cells  []span // by column; the zero span where there is no such member
}

// span is where a value stands in its record.
type span struct{ from, to int }

// lenient leaves repeated names and bad bytes to be faults of a record.
var lenient = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

func (t *Table) jsonRecords(ctx context.Context, r io.Reader, learn bool) *jsonRecords {
	j := &jsonRecords{table: t, learn: learn}
	if t.json.lines {
		j.w, j.dec = newWindow(ctx, r), new(jsontext.Decoder)
	} else {
		j.doc = newDocument(ctx, r)
		j.doc.loose = t.json.loose
		j.dec = j.doc.dec
	}
	return j
}

// readJSON finds out whether text, which begins with head, holds lines or a
// document, then reads all of it.
func (t *Table) readJSON(ctx context.Context, text io.Reader, head []byte, format string) error {
	t.json.lines = format == "jsonl"
	switch {
	case holdsLoose(head, t.json.lines):
		t.json.lines, t.json.loose = false, true
		t.remark("read as JSON objects one after the other")
	case t.json.lines:
		if err := refuseArray(head); err != nil {
			return err
		}
	case holdsLines(head):
		t.json.lines = true
		t.remark("read as JSON lines (one object a line), although it is called JSON")
	}
	j := t.jsonRecords(ctx, text, true)
	for {
		if err := j.next(); err == io.EOF {
			break
		} else if err != nil {
			return err
		}
		t.Rows++
	}
	t.Columns = t.json.tree.columns
	return nil
}

// refuseArray tells a JSON document from JSON lines by its first line.
func refuseArray(head []byte) error {
	text := bytes.TrimLeft(head, " \t\r\n")
	line := lineBreaks(head[:len(head)-len(text)]) + 1
	if len(text) > 0 && text[0] == '[' {
		return fmt.Errorf("line %d: this is a JSON array, not JSON lines: read it with --format json, or name it .json", line)
	}
	return nil
}

// holdsLoose recognises objects that go on over several lines, one behind the
// other, as jq writes them. A single one is the record where lines of JSON are
// expected, and a document elsewhere.
func holdsLoose(head []byte, lines bool) bool {
	text := bytes.TrimLeft(head, " \t\r\n")
	if len(text) == 0 || text[0] != '{' {
		return false
	}
	end, _, _ := lineEnd(text, true)
	if jsontext.Value(text[:end]).IsValid(lenient...) || lines && len(bytes.TrimSpace(text[:end])) > 1 {
		return false // a line is a record
	}
	d := jsontext.NewDecoder(bytes.NewReader(text), lenient...)
	if d.SkipValue() != nil {
		return lines
	}
	return lines || d.PeekKind() == '{'
}

// holdsLines tells JSON lines from a JSON document: a whole object on the
// first line, and another after it.
func holdsLines(head []byte) bool {
	text := bytes.TrimLeft(head, " \t\r\n")
	end, next, _ := lineEnd(text, true)
	after := bytes.TrimLeft(text[next:], " \t\r\n")
	return len(after) > 0 && text[0] == '{' && after[0] == '{' && jsontext.Value(text[:end]).IsValid(lenient...)
}

// next implements records.
func (j *jsonRecords) next() error {
	j.fault = ""
	clear(j.cells)
	var err error
	if j.doc != nil {
		err = j.nextElement()
	} else {
		err = j.nextLine()
	}
	if err != nil {
		return err
	}
	if fault := j.table.coding.fault(j.record); fault != "" {
		j.fault = fault
	}
	if half := loneSurrogate(j.record); half != "" && j.fault == "" {
		j.fault = fmt.Sprintf("holds %s, which is half of a character: correct it", half)
	}
	if j.table.json.tree.size > maxColumns {
		return fmt.Errorf("line %d: the objects have more than %d different members: they seem to use data as names, which cannot be mapped", j.line, maxColumns)
	}
	return nil
}

// nextElement reads the next record of a document, which is a fault of the
// file if it is not valid.
func (j *jsonRecords) nextElement() error {
	if err := j.doc.seek(); err != nil {
		return err
	}
	j.start, j.line = j.doc.text.start, j.doc.text.line
	if err := j.object(); err != nil {
		return j.doc.fault(err)
	}
	j.record = j.doc.text.buf.Bytes()[:j.offset()]
	return nil
}

// nextLine reads the next line that is not blank.
func (j *jsonRecords) nextLine() (err error) {
	if j.record, j.line, err = j.w.textLine(); err != nil {
		return err
	}
	j.record = bytes.TrimPrefix(j.record, bom) // of files that were put together
	learn := j.learn
	j.learn, j.fresh = false, false
	err = j.lineObject()
	if j.learn = learn; learn && j.fresh && err == nil { // nothing is learned from what is no JSON
		clear(j.cells)
		err = j.lineObject()
	}
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		column := utf8.RuneCount(j.record[:syntax.ByteOffset]) + 1
		j.fault = fmt.Sprintf("not valid JSON at column %d: %v", column, syntaxFault(syntax))
	}
	return nil
}

// lineObject reads the line as a record.
func (j *jsonRecords) lineObject() error {
	j.in = *bytes.NewBuffer(j.record)
	j.dec.Reset(&j.in, lenient...)
	if err := j.object(); err != nil {
		return err
	}
	end := j.dec.InputOffset()
	_, err := j.dec.ReadToken()
	switch {
	case err == io.EOF:
		return nil
	case err == nil:
		return &jsontext.SyntacticError{ByteOffset: end, Err: errors.New("more text follows")}
	}
	return err
}

// syntaxFault puts a fault into words, without its place.
func syntaxFault(err *jsontext.SyntacticError) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the text ends too early: it may have been cut short")
	}
	return err.Err
}

// object reads a record and puts its values in their cells.
func (j *jsonRecords) object() error {
	if kind := j.dec.PeekKind(); kind != '{' {
		j.fault = "not a JSON object, but " + kinds[kind]
	}
	_, err := j.value(&j.table.json.tree.root)
	return err
}

// value reads one value. The members of an object go to the cells of n's.
func (j *jsonRecords) value(n *node) (at span, err error) {
	if j.dec.PeekKind() == '{' && n != nil {
		j.dec.ReadToken()
		at.from = j.offset() - 1
		err = j.members(n)
	} else {
		var value jsontext.Value
		value, err = j.dec.ReadValue()
		at.from = j.offset() - len(value)
	}
	at.to = j.offset()
	return at, err
}

// members reads the rest of an object, and puts each value in the cell of its
// column. Members that the tree does not know are added to it when learning. A
// path that a record reaches twice is a fault of the record: one of the two
// values would be lost.
func (j *jsonRecords) members(n *node) error {
	for j.dec.PeekKind() != '}' {
		name, err := j.dec.ReadValue()
		if err != nil {
			return err
		}
		m := n.members[string(name)]
		if m == nil && j.learn {
			m = j.table.json.tree.add(n, string(name))
		}
		at, err := j.value(m)
		if err != nil {
			return err
		}
		if m == nil {
			j.fresh = true
			continue
		}
		for m.column >= len(j.cells) {
			j.cells = append(j.cells, span{})
		}
		if j.cells[m.column].to > 0 {
			j.fault = fmt.Sprintf("has the member %q twice, and one of its values would be lost", m.path)
		}
		j.cells[m.column] = at
	}
	_, err := j.dec.ReadToken()
	return err
}

// offset is where the decoder stands in the record.
func (j *jsonRecords) offset() int { return int(j.dec.InputOffset() - j.start) }

// row implements records.
func (j *jsonRecords) row(number int) *Row {
	r := &Row{Number: number, Line: j.line, Fault: j.fault, table: j.table, record: mend(string(j.record))}
	if j.fault == "" {
		r.cells = make([]string, len(j.table.json.tree.columns))
		for i, c := range j.cells {
			r.cells[i] = r.record[c.from:c.to]
		}
	}
	return r
}

// text implements records.
func (j *jsonRecords) text() *window { return j.w }

// loneSurrogate finds the escape of a UTF-16 surrogate without its other half, "" if
// there is none. Such a text is no Unicode: decoded, different ones would become
// the same.
func loneSurrogate(record []byte) string {
	for {
		at := bytes.IndexByte(record, '\\')
		if at < 0 || at+1 >= len(record) {
			return ""
		}
		first, rest := escapedUnit(record[at:])
		if first < 0 { // \n, \\ and the like
			record = record[at+2:]
			continue
		}
		if utf16.IsSurrogate(first) {
			second, after := escapedUnit(rest)
			if second < 0 || utf16.DecodeRune(first, second) == utf8.RuneError {
				return string(record[at : at+6])
			}
			rest = after
		}
		record = rest
	}
}

// escapedUnit reads \uXXXX off the beginning of a text; -1 if there is none.
func escapedUnit(text []byte) (unit rune, rest []byte) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return -1, text
	}
	n, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	if err != nil {
		return -1, text
	}
	return rune(n), text[6:]
}
