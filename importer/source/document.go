package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// document reads the records of a JSON document: the elements of an array, or
// of the one array of objects that an object holds.
//
// jsontext is the streaming half of Go 1.27's encoding/json/v2. It reads three
// times as fast as json.Decoder, and tells a cut document from one at its end.
type document struct {
	dec    *jsontext.Decoder
	text   *textReader
	within bool   // the array of records
	name   string // of the object's member that is this array, as written
	line   int    // on which the array begins
	empty  bool   // the object has an empty array
	loose  bool   // the records stand one after the other, within nothing
	inner  int    // members of the object that are objects
}

func newDocument(ctx context.Context, r io.Reader) *document {
	d := &document{text: &textReader{ctx: ctx, r: r, line: 1}}
	d.dec = jsontext.NewDecoder(d.text, lenient...)
	return d
}

// seek moves to the beginning of the next record.
func (d *document) seek() error {
	for {
		kind := d.dec.PeekKind()
		d.text.pass(d.dec.InputOffset())
		d.text.passBlanks()
		var err error
		switch {
		case d.loose && d.dec.StackDepth() == 0 && kind == '{':
			return nil
		case d.loose && kind == 0:
			if _, err = d.dec.ReadToken(); err == io.EOF {
				return io.EOF
			}
		case d.loose:
			err = d.broken("between the objects stands something else")
		case d.within && kind != ']':
			return nil
		case d.within:
			d.within = false
			_, err = d.dec.ReadToken()
		case d.dec.InputOffset() == 0:
			err = d.begin(kind)
		case d.dec.StackDepth() == 0:
			if _, err = d.dec.ReadToken(); err == nil {
				err = d.broken("more text follows the end of the document")
			}
		case kind != '}':
			err = d.member()
		case d.name == "" && !d.empty && d.inner > 1:
			err = errors.New("the object holds the records by their names, not in an array: make an array of them, for instance by jq '[to_entries[] | {key: .key} + .value]'")
		case d.name == "" && !d.empty:
			err = errors.New("the object holds no array of objects: export the tickets as an array; if the object is itself a ticket, read it with --format jsonl")
		default:
			_, err = d.dec.ReadToken()
		}
		if err != nil {
			return d.fault(err)
		}
	}
}

func (d *document) begin(kind jsontext.Kind) error {
	_, err := d.dec.ReadToken()
	switch {
	case err == io.EOF:
		return errors.New("the file holds nothing but blanks")
	case kind != '[' && kind != '{':
		return d.broken("a document must begin with [ or {")
	}
	d.within = kind == '['
	return err
}

// member reads a member of the object: all of it, or the opening of the array
// that holds the records.
func (d *document) member() error {
	name, err := d.dec.ReadValue()
	if err != nil {
		return err
	}
	key := string(name)
	if d.dec.PeekKind() == '{' {
		d.inner++
	}
	if d.dec.PeekKind() != '[' {
		return d.dec.SkipValue()
	}
	if _, err := d.dec.ReadToken(); err != nil {
		return err
	}
	d.text.pass(d.dec.InputOffset())
	switch kind := d.dec.PeekKind(); {
	case kind == ']':
		d.empty = true
	case kind == '{' && d.name != "":
		return fmt.Errorf("line %d: %s is an array of objects, and so is %s on line %d: put the one to import in a file of its own", d.text.line, key, d.name, d.line)
	case kind == '{':
		d.name, d.line, d.within = key, d.text.line, true
		return nil
	}
	for d.dec.StackDepth() > 1 {
		if _, err := d.dec.ReadToken(); err != nil {
			return err
		}
	}
	return nil
}

func (d *document) broken(what string) error {
	return fmt.Errorf("line %d: not valid JSON: %s", d.text.line, what)
}

// fault says where the document is at fault.
func (d *document) fault(err error) error {
	var syntax *jsontext.SyntacticError
	switch {
	case d.text.err != nil && d.text.err != io.EOF:
		return d.text.err
	case errors.As(err, &syntax):
		d.text.pass(max(syntax.ByteOffset, d.text.start))
		return d.broken(syntaxFault(syntax).Error())
	}
	return err
}

// textReader keeps what a decoder reads through it, to count its lines and to
// take the records from.
type textReader struct {
	ctx   context.Context
	r     io.Reader
	buf   bytes.Buffer // read and not passed
	start int64        // of buf
	line  int          // on which buf begins
	err   error        // of Read
}

func (t *textReader) Read(p []byte) (n int, err error) {
	switch {
	case t.ctx.Err() != nil:
		t.err = t.ctx.Err()
	case t.buf.Len() >= maxRecord:
		t.err = fmt.Errorf("line %d: %w", t.line, errTooLong)
	default:
		n, t.err = t.r.Read(p)
	}
	t.buf.Write(p[:n])
	return n, t.err
}

// pass drops what stands before an offset.
func (t *textReader) pass(offset int64) {
	passed := t.buf.Next(int(offset - t.start))
	t.line += bytes.Count(passed, []byte("\n"))
	t.start = offset
}

// passBlanks drops what stands before the next value.
func (t *textReader) passBlanks() {
	text := t.buf.Bytes()
	t.pass(t.start + int64(len(text)-len(bytes.TrimLeft(text, " \t\r\n,"))))
}
