package source

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// jsonRecords reads the objects of a JSON file: one a line, or the elements of
// the array in a document.
type jsonRecords struct {
	w     *window
	table *Table
	learn bool // a name that is new becomes a column
	doc   document

	line   int
	record string
	fault  string
	cells  []string // raw values by column
}

// readJSON finds out whether the file holds lines or a document, then reads
// all of it.
func (t *Table) readJSON(ctx context.Context, format string) error {
	head, err := t.head()
	if err != nil {
		return err
	}
	t.json = jsonShape{lines: format == "jsonl", tree: newTree()}
	if t.json.lines {
		if err := refuseDocument(head); err != nil {
			return err
		}
	} else if holdsLines(head) {
		t.json.lines = true
		t.remark("read as JSON lines (one object a line), although it is called JSON")
	}
	s, err := t.input.open()
	if err != nil {
		return err
	}
	defer s.Close()
	j := &jsonRecords{w: newWindow(ctx, t.coding.reader(s)), table: t, learn: true}
	for {
		if err := j.next(); err == io.EOF {
			break
		} else if err != nil {
			return err
		}
		t.Rows++
	}
	t.Columns = t.json.tree.columns
	if s.sum != t.input.sum {
		return errChanged
	}
	return nil
}

// refuseDocument tells a JSON document from JSON lines by its first line.
func refuseDocument(head []byte) error {
	text := bytes.TrimLeft(head, " \t\r\n")
	line := lineBreaks(head[:len(head)-len(text)]) + 1
	end, _, _ := lineEnd(text, true)
	switch first := bytes.TrimSpace(text[:end]); {
	case len(first) > 0 && first[0] == '[':
		return fmt.Errorf("line %d: this is a JSON array, not JSON lines: read it with --format json, or name it .json", line)
	case string(first) == "{":
		return fmt.Errorf("line %d: the object that begins here goes on over further lines, but JSON lines hold one object a line: if the file is one document, read it with --format json", line)
	}
	return nil
}

// holdsLines tells JSON lines from a JSON document: a whole object on the
// first line, and another after it.
func holdsLines(head []byte) bool {
	text := bytes.TrimLeft(head, " \t\r\n")
	end, next, _ := lineEnd(text, true)
	after := bytes.TrimLeft(text[next:], " \t\r\n")
	return len(after) > 0 && text[0] == '{' && after[0] == '{' && json.Valid(text[:end])
}

// next implements records.
func (j *jsonRecords) next() error {
	value, err := j.value()
	if err != nil {
		return err
	}
	if j.fault = j.table.coding.fault(value); j.fault != "" {
		j.record = mend(string(value))
		return nil
	}
	j.record = string(value)
	if err := validJSON(j.record); err != nil {
		if !j.table.json.lines {
			return j.invalid(err)
		}
		column := utf8.RuneCountInString(j.record[:max(0, err.Offset-1)]) + 1
		j.fault = fmt.Sprintf("not valid JSON at column %d: %v", column, err)
		return nil
	}
	object := strings.TrimLeft(j.record, " \t\r\n")
	if object[0] != '{' {
		j.fault = "not a JSON object, but " + kindOf(object)
		return nil
	}
	tree := j.table.json.tree
	if j.learn {
		clear(j.cells)
	} else {
		j.cells = make([]string, len(tree.columns))
	}
	j.fault, err = tree.place(tree.root, object, &j.cells, j.learn)
	if err != nil {
		return fmt.Errorf("line %d: %w", j.line, err)
	}
	return nil
}

// value moves to the next record and returns it as it stands in the text.
func (j *jsonRecords) value() ([]byte, error) {
	if !j.table.json.lines {
		return j.element()
	}
	for {
		text := j.w.rest()
		if len(text) == 0 && j.w.eof {
			return nil, io.EOF
		}
		end, next, ok := lineEnd(text, j.w.eof)
		if !ok {
			if err := j.fill(); err != nil {
				return nil, err
			}
			continue
		}
		j.line = j.w.line
		j.w.pass(next, 1)
		if line := bytes.TrimRight(text[:end], " \t"); len(line) > 0 {
			return line, nil
		}
	}
}

func (j *jsonRecords) fill() error {
	err := j.w.fill()
	if errors.Is(err, errTooLong) {
		return fmt.Errorf("line %d: %w", j.w.line, err)
	}
	return err
}

// row implements records.
func (j *jsonRecords) row(number int) *Row {
	r := &Row{Number: number, Line: j.line, Fault: j.fault, table: j.table, record: j.record}
	if j.fault == "" {
		r.cells = j.cells
	}
	return r
}

// invalid is the fault of a document whose record, or member, is no JSON.
func (j *jsonRecords) invalid(err *json.SyntaxError) error {
	line := j.line + strings.Count(j.record[:max(0, err.Offset-1)], "\n")
	return fmt.Errorf("line %d: not valid JSON: %w", line, err)
}

// maxDepth is how many brackets a record may hold before its depth is looked
// at; gjson's checks recurse.
const maxDepth = 10_000

// validJSON tells where the first fault of text is, if it has one.
func validJSON(text string) *json.SyntaxError {
	if strings.Count(text, "[")+strings.Count(text, "{") <= maxDepth && gjson.Valid(text) {
		return nil
	}
	// Slower, but bounded in depth, and it knows where the fault is.
	var syntax *json.SyntaxError
	errors.As(json.Unmarshal([]byte(text), new(json.RawMessage)), &syntax)
	return syntax
}
