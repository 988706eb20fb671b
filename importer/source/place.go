package source

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"

	"github.com/go-json-experiment/json/jsontext"
)

// Place is where a row stands, so that it can be read again without those before
// it: 24 bytes.
type Place struct {
	at           int64
	size, sum    uint32 // of what stands there, in bytes, and of the row that it makes
	number, line uint32
}

// Line is that of the row.
func (p Place) Line() int { return int(p.line) }

// Compare orders places as their rows stand in the file.
func (p Place) Compare(q Place) int { return cmp.Compare(p.at, q.at) }

// places is a table read by place: the file itself where it is plain UTF-8 text
// with a record in one piece, else a copy of its rows, which Close removes.
type places struct {
	file *os.File
	copy bool
}

// EachPlace is Each that also says where every row stands. A row with a fault has no
// place: it is the zero Place.
func (t *Table) EachPlace(ctx context.Context, yield func(*Row, Place) error) error {
	err := t.openPlaces()
	if err != nil {
		return named(t.Name, err)
	}
	if t.places.copy {
		return t.copyRows(ctx, yield)
	}
	return t.each(ctx, func(row *Row, rs records) error {
		if row.Fault != "" {
			return yield(row, Place{})
		}
		w := rs.text()
		p, err := placeOf(row, int64(t.coding.mark)+w.began, int(w.passed-w.began))
		if err != nil {
			return named(t.Name, err)
		}
		return yield(row, p)
	})
}

func placeOf(row *Row, at int64, size int) (Place, error) {
	if row.Number > math.MaxUint32 || row.Line > math.MaxUint32 {
		return Place{}, fmt.Errorf("line %d: more rows than can be found again: split the file", row.Line)
	}
	return Place{at, uint32(size), row.sum(), uint32(row.Number), uint32(row.Line)}, nil
}

// sum tells whether a row is still the same.
func (r *Row) sum() uint32 {
	sum := crc32.Update(0, castagnoli, r.JSON())
	for _, f := range r.fields {
		sum = crc32.Update(sum, castagnoli, append([]byte(f), 0))
	}
	return sum
}

// openPlaces opens what rows are read from by place.
func (t *Table) openPlaces() error {
	if t.places != nil {
		return nil
	}
	s, err := t.input.open()
	if err != nil {
		return err
	}
	if t.inPlace() && s.file != nil && !s.packed {
		t.places = &places{file: s.file}
		return nil
	}
	s.Close()
	f, err := tempFile()
	if err != nil {
		return err
	}
	t.places = &places{file: f, copy: true}
	return nil
}

// inPlace tells whether a record's bytes stand in the unpacked file as they are
// parsed.
func (t *Table) inPlace() bool {
	return t.coding.enc == nil && (t.Format == "csv" && t.csv.sign == 0 || t.json.lines)
}

func (p *places) close() error {
	switch {
	case p == nil:
		return nil
	case p.copy:
		return removeTemp(p.file)
	}
	return p.file.Close()
}

// copyRows is EachPlace behind whose back the rows are copied.
func (t *Table) copyRows(ctx context.Context, yield func(*Row, Place) error) error {
	// A second time the same is written to the same places.
	end, err := t.places.file.Seek(0, io.SeekStart)
	if err != nil {
		return named(t.Name, storeFault(err))
	}
	w := bufio.NewWriterSize(t.places.file, 256<<10)
	err = t.Each(ctx, func(row *Row) error {
		if row.Fault != "" {
			return yield(row, Place{})
		}
		text := row.JSON()
		if text == nil {
			text, _ = json.Marshal(row.fields) // texts always marshal
		}
		p, err := placeOf(row, end, len(text))
		if err != nil {
			return named(t.Name, err)
		}
		end += int64(len(text))
		if _, err := w.Write(text); err != nil {
			return named(t.Name, storeFault(err))
		}
		return yield(row, p)
	})
	if err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return named(t.Name, storeFault(err))
	}
	return nil
}

// RowsAt reads rows again. An input that is no longer what Open read is an error,
// where its size or time tell or these rows do.
func (t *Table) RowsAt(places []Place) ([]*Row, error) {
	if t.input.info != nil && t.input.info.Mode().IsRegular() {
		now, err := os.Stat(t.input.path)
		if err == nil {
			err = t.input.same(now)
		}
		if err != nil {
			return nil, named(t.Name, readFault(err))
		}
	}
	rows := make([]*Row, len(places))
	for i, p := range places {
		var err error
		if rows[i], err = t.rowAt(p); err != nil {
			return nil, named(t.Name, err)
		}
	}
	return rows, nil
}

func (t *Table) rowAt(p Place) (*Row, error) {
	text := make([]byte, p.size)
	if _, err := t.places.file.ReadAt(text, p.at); err == io.EOF {
		return nil, errChanged
	} else if err != nil {
		return nil, readFault(err)
	}
	row := &Row{table: t}
	switch {
	case t.places.copy && t.Format == "json":
		j := &jsonRecords{table: t, record: text, dec: new(jsontext.Decoder)}
		if err := j.lineObject(); err != nil {
			return nil, errChanged
		}
		row = j.row(0)
	case t.places.copy:
		if json.Unmarshal(text, &row.fields) != nil {
			return nil, errChanged
		}
	default:
		w := &window{ctx: context.Background(), buf: text, eof: true}
		var rs records = &jsonRecords{table: t, w: w, dec: new(jsontext.Decoder)}
		if t.Format == "csv" {
			rs = &csvRecords{w: w, p: newParser(t.csv.delim), lazy: t.csv.lazy, table: t, width: len(t.Header)}
		}
		if rs.next() != nil {
			return nil, errChanged
		}
		row = rs.row(0)
	}
	if row.Number, row.Line = int(p.number), int(p.line); row.Fault != "" || row.sum() != p.sum {
		return nil, errChanged
	}
	return row, nil
}
