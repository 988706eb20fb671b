package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// document is where the reading of a JSON document stands. It is an array of
// records, or an object with a single member that is an array of objects.
type document struct {
	place  docPlace
	after  docAfter
	object bool   // the document is an object
	member string // of the object, that holds the records
	line   int    // on which that array began
	empty  bool   // the object has an empty array
}

type docPlace uint8

const (
	atStart docPlace = iota
	inObject
	inArray
	atEnd
)

type docAfter uint8

const (
	afterOpening docAfter = iota
	afterValue
	afterComma
)

// element moves to the next record of the document.
func (j *jsonRecords) element() ([]byte, error) {
	d := &j.doc
	for {
		c, err := j.peek()
		if err != nil {
			return nil, err
		}
		switch {
		case d.place == atStart:
			if err := j.start(c); err != nil {
				return nil, err
			}
		case d.place == atEnd && c == 0:
			return nil, io.EOF
		case d.place == atEnd:
			return nil, j.broken("more text after the end of the document")
		case c == 0:
			return nil, j.broken("the file ends before the document does: it may have been cut short")
		case d.place == inArray && c == ']' && d.after != afterComma:
			j.w.pass(1, 0)
			d.place, d.after = atEnd, afterValue
			if d.object {
				d.place = inObject
			}
		case d.place == inObject && c == '}' && d.after != afterComma:
			if d.member == "" && !d.empty {
				return nil, errors.New("the object holds no array of objects: export the tickets as an array; if the object is itself a ticket, read it with --format jsonl")
			}
			j.w.pass(1, 0)
			d.place = atEnd
		case d.after == afterValue:
			if c != ',' {
				return nil, j.broken("a comma is missing here")
			}
			j.w.pass(1, 0)
			d.after = afterComma
		case d.place == inArray:
			d.after = afterValue
			return j.scan()
		default:
			if err := j.readMember(); err != nil {
				return nil, err
			}
		}
	}
}

func (j *jsonRecords) start(c byte) error {
	switch c {
	case '[':
		j.doc.place = inArray
	case '{':
		j.doc.place, j.doc.object = inObject, true
	case 0:
		return errors.New("the file holds nothing but blanks")
	default:
		return j.broken("a document must begin with [ or {")
	}
	j.w.pass(1, 0)
	return nil
}

// readMember reads a member of the outermost object: all of it, or the opening of the
// array that holds the records.
func (j *jsonRecords) readMember() error {
	name, err := j.scanValid()
	if err != nil {
		return err
	}
	if name[0] != '"' {
		return j.broken("a member's name must stand in quotes")
	}
	key := string(name)
	c, err := j.peek()
	if err != nil {
		return err
	}
	if c != ':' {
		return j.broken("a colon is missing after a member's name")
	}
	j.w.pass(1, 0)
	if c, err = j.peek(); err != nil {
		return err
	}
	j.doc.after = afterValue
	if c == '[' {
		objects, err := j.opensObjects()
		if err != nil {
			return err
		}
		if objects && j.doc.member != "" {
			return fmt.Errorf("line %d: %s is an array of objects, and so is %s on line %d: put the one to import in a file of its own", j.w.line, key, j.doc.member, j.doc.line)
		}
		if objects {
			j.doc.member, j.doc.line = key, j.w.line
			j.doc.place, j.doc.after = inArray, afterOpening
			j.w.pass(1, 0)
			return nil
		}
	}
	value, err := j.scanValid()
	if c == '[' && len(bytes.Trim(value, "[] \t\r\n")) == 0 {
		j.doc.empty = true
	}
	return err
}

// opensObjects looks past a [ for a {.
func (j *jsonRecords) opensObjects() (bool, error) {
	for {
		if after := bytes.TrimLeft(j.w.rest()[1:], " \t\r\n"); len(after) > 0 {
			return after[0] == '{', nil
		}
		if j.w.eof {
			return false, nil
		}
		if err := j.fill(); err != nil {
			return false, err
		}
	}
}

// peek passes blanks and returns the byte after them, 0 at the end of the file.
func (j *jsonRecords) peek() (byte, error) {
	for {
		text := j.w.rest()
		after := bytes.TrimLeft(text, " \t\r\n")
		blanks := text[:len(text)-len(after)]
		j.w.pass(len(blanks), bytes.Count(blanks, []byte("\n")))
		if len(after) > 0 {
			return after[0], nil
		}
		if j.w.eof {
			return 0, nil
		}
		if err := j.fill(); err != nil {
			return 0, err
		}
	}
}

// scan passes one value and returns it. It finds the value's end, and does not
// check what is in it.
func (j *jsonRecords) scan() ([]byte, error) {
	j.line = j.w.line
	for {
		text := j.w.rest()
		n, ok := valueEnd(text)
		switch {
		case !ok && !j.w.eof:
			if err := j.fill(); err != nil {
				return nil, err
			}
			continue
		case !ok:
			return nil, j.broken("the file ends within the value that begins here: it may have been cut short")
		case n == 0:
			return nil, j.broken("a value is missing here")
		}
		j.w.pass(n, bytes.Count(text[:n], []byte("\n")))
		return text[:n], nil
	}
}

// scanValid is scan for what is no record.
func (j *jsonRecords) scanValid() ([]byte, error) {
	value, err := j.scan()
	if err != nil {
		return nil, err
	}
	j.record = string(value)
	if fault := validJSON(j.record); fault != nil {
		return nil, j.invalid(fault)
	}
	return value, nil
}

func (j *jsonRecords) broken(what string) error {
	return fmt.Errorf("line %d: not valid JSON: %s", j.w.line, what)
}

// valueEnd finds the end of the JSON value at the beginning of text, which is
// not empty. It is false, with the length of text, where no end was found.
func valueEnd[T string | []byte](text T) (int, bool) {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			n := stringEnd(text[i:])
			if n < 0 {
				return len(text), false
			}
			i += n - 1
			if depth == 0 {
				return i + 1, true
			}
		case '{', '[':
			depth++
		case '}', ']':
			depth--
			if depth == 0 {
				return i + 1, true
			}
			if depth < 0 {
				return i, true
			}
		case ',', ':', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i, true
			}
		}
	}
	return len(text), false
}

// stringEnd is the length of the JSON string at the beginning of text, or -1.
func stringEnd[T string | []byte](text T) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}
