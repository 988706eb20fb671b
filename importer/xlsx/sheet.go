package xlsx

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// The limits of a sheet.
const (
	MaxRows    = 1 << 20
	MaxColumns = 1 << 14
	MaxText    = 32_767 // characters of a cell, as UTF-16 counts them
)

// Notes are what a person should hear of a sheet that was read.
type Notes struct {
	HiddenRows, HiddenColumns, Merged, Unstored, Long Seen
}

// Seen counts something and says where it was first: a row's number, a column's
// letters, a cell such as C5, or cells such as A1:B3.
type Seen struct {
	Count int
	First string
}

func (s *Seen) note(where string) {
	if s.Count++; s.Count == 1 {
		s.First = where
	}
}

// errStop ends the reading of a sheet at the caller's wish.
type errStop struct{ error }

// Rows hands the rows that hold anything to yield, with their numbers in the
// sheet. The cells end with the last that is not empty; they are valid until
// yield returns, their texts for ever. yield's error is returned as it is.
func (b *Book) Rows(ctx context.Context, s Sheet, yield func(number int, cells []string) error) (Notes, error) {
	r, err := b.open(s.part)
	if err != nil {
		return Notes{}, err
	}
	defer r.Close()
	p := &sheetReader{book: b, d: newDecoder(r), ctx: ctx, yield: yield}
	err = p.read()
	var stop errStop
	switch {
	case err == nil, ctx.Err() != nil:
		return p.notes, ctx.Err()
	case errors.As(err, &stop):
		return p.notes, stop.error
	}
	return p.notes, damaged(s.part, err)
}

type sheetReader struct {
	book  *Book
	d     *xml.Decoder
	ctx   context.Context
	yield func(int, []string) error
	notes Notes

	row    int
	hidden bool
	column int // of the next cell, from 0
	cells  []string
}

// read goes through the elements of a sheet. What it does not know it passes.
func (p *sheetReader) read() error {
	for depth := 0; ; {
		token, err := p.d.RawToken()
		if err == io.EOF && depth == 0 {
			return nil
		}
		if err == io.EOF {
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.StartElement:
			depth++
			switch token.Name.Local {
			case "row":
				if err := p.beginRow(token.Attr); err != nil {
					return err
				}
			case "c":
				depth-- // cell reads its end, too
				if err := p.cell(token.Attr); err != nil {
					return err
				}
			case "col":
				p.columns(token.Attr)
			case "mergeCell":
				p.notes.Merged.note(attr(token.Attr, "ref"))
			}
		case xml.EndElement:
			if depth--; depth < 0 {
				return errors.New("elements end that did not begin")
			}
			if token.Name.Local == "row" {
				if err := p.endRow(); err != nil {
					return err
				}
			}
		}
	}
}

func attr(all []xml.Attr, name string) string {
	for i := range all {
		if all[i].Name.Local == name && all[i].Name.Space == "" {
			return all[i].Value
		}
	}
	return ""
}

func isTrue(s string) bool { return s == "1" || s == "true" }

func (p *sheetReader) columns(attrs []xml.Attr) {
	from, _ := strconv.Atoi(attr(attrs, "min"))
	to, _ := strconv.Atoi(attr(attrs, "max"))
	if from < 1 || !isTrue(attr(attrs, "hidden")) {
		return
	}
	for i := from; i <= min(to, from+99); i++ { // to the end of the sheet is one wish
		p.notes.HiddenColumns.note(ColumnName(i - 1))
	}
}

func (p *sheetReader) beginRow(attrs []xml.Attr) error {
	p.row++
	if r := attr(attrs, "r"); r != "" {
		var err error
		if p.row, err = strconv.Atoi(r); err != nil || p.row < 1 || p.row > MaxRows {
			return fmt.Errorf("no such row: %q", r)
		}
	}
	p.hidden = isTrue(attr(attrs, "hidden"))
	p.column, p.cells = 0, p.cells[:0]
	return p.ctx.Err()
}

func (p *sheetReader) endRow() error {
	if len(p.cells) == 0 {
		return nil
	}
	if p.hidden {
		p.notes.HiddenRows.note(strconv.Itoa(p.row))
	}
	err := p.yield(p.row, p.cells)
	p.cells = p.cells[:0]
	if err != nil {
		return errStop{err}
	}
	return nil
}

// cell reads a cell to its end.
func (p *sheetReader) cell(attrs []xml.Attr) error {
	kind, style := "", 0
	for i := range attrs {
		switch attrs[i].Name.Local {
		case "r":
			if column, ok := columnOf(attrs[i].Value); ok {
				p.column = column
			}
		case "t":
			kind = attrs[i].Value
		case "s":
			style, _ = strconv.Atoi(attrs[i].Value)
		}
	}
	column := p.column
	p.column++
	if p.row == 0 {
		return errors.New("a cell outside of any row")
	}
	if column >= MaxColumns {
		return fmt.Errorf("row %d has more than %d columns", p.row, MaxColumns)
	}
	c, err := p.content()
	if err != nil {
		return err
	}
	if c.formula && (!c.hasValue || len(c.stored) == 0 && kind != "str") {
		p.notes.Unstored.note(ColumnName(column) + strconv.Itoa(p.row))
		return nil
	}
	text := c.text
	if len(c.stored) > 0 {
		if text, err = p.meaning(kind, style, string(c.stored)); err != nil {
			return err
		}
	}
	if kind == "" || kind == "n" {
		if n := len(strings.TrimPrefix(text, "-")); n > 15 && isWhole(text) {
			p.notes.Long.note(ColumnName(column) + strconv.Itoa(p.row))
		}
	}
	if text == "" {
		return nil
	}
	for len(p.cells) <= column {
		p.cells = append(p.cells, "")
	}
	p.cells[column] = text
	return nil
}

// content is what stands between a cell's tags.
type content struct {
	formula, hasValue bool
	stored            []byte // the value
	text              string // that stands in the cell itself, in place of a value
}

// content reads up to the end of a cell.
func (p *sheetReader) content() (c content, err error) {
	within := false // the value
	for depth := 1; depth > 0; {
		token, err := p.d.RawToken()
		if err != nil {
			return c, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			switch token.Name.Local {
			case "f":
				c.formula = true
			case "v":
				c.hasValue, within = true, true
			case "is":
				if c.text, err = richText(p.d); err != nil {
					return c, err
				}
				continue
			}
			depth++
		case xml.EndElement:
			depth--
			within = false
		case xml.CharData:
			if within {
				c.stored = append(c.stored, token...)
			}
		}
	}
	return c, nil
}

// meaning reads the stored value of a cell.
func (p *sheetReader) meaning(kind string, style int, stored string) (string, error) {
	switch kind {
	case "s":
		i, err := strconv.Atoi(strings.TrimSpace(stored))
		text, ok, readErr := p.book.texts.get(i)
		if readErr != nil {
			return "", errStop{readErr}
		}
		if err != nil || !ok {
			return "", fmt.Errorf("row %d: there is no shared text %q", p.row, stored)
		}
		return text, nil
	case "b":
		return strconv.FormatBool(isTrue(strings.TrimSpace(stored))), nil
	case "str":
		return unescape(stored), nil
	case "e", "d":
		return stored, nil
	}
	var f format
	if style >= 0 && style < len(p.book.styles) {
		f = p.book.styles[style]
	}
	return number(strings.TrimSpace(stored), f, p.book.From1904), nil
}

// columnOf reads the column off a cell's name such as BC12, from 0.
func columnOf(name string) (int, bool) {
	n := 0
	for i := 0; i < len(name); i++ {
		c := name[i] &^ ('a' - 'A')
		if c < 'A' || c > 'Z' {
			break
		}
		if n = n*26 + int(c-'A') + 1; n > math.MaxInt16 {
			break
		}
	}
	return n - 1, n > 0
}

// ColumnName is the letters of a column, from 0: A, B, … AA.
func ColumnName(column int) string {
	name := ""
	for column++; column > 0; column = (column - 1) / 26 {
		name = string(rune('A'+(column-1)%26)) + name
	}
	return name
}
