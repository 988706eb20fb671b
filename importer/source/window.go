package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

// maxRecord bounds the memory that one record may take, in bytes.
const maxRecord = 16 << 20

// errTooLong says that a record does not end within maxRecord.
var errTooLong = errors.New("a record is larger than 16 MiB: is this the file's true format?")

// window is the part of a text that is in memory: at least one record, in one
// piece.
type window struct {
	ctx  context.Context
	r    io.Reader
	buf  []byte
	at   int  // buf[at:] has not been passed yet
	eof  bool // nothing follows buf
	line int  // on which buf[at] stands

	began, passed int64 // where in the text what was passed last begins and ends
}

func newWindow(ctx context.Context, r io.Reader) *window {
	return &window{ctx: ctx, r: r, buf: make([]byte, 0, 256<<10), line: 1}
}

// rest is valid until the next fill.
func (w *window) rest() []byte { return w.buf[w.at:] }

// pass moves over n bytes that end the given number of lines.
func (w *window) pass(n, lines int) {
	w.at += n
	w.line += lines
	w.began, w.passed = w.passed, w.passed+int64(n)
}

// fill makes rest longer, or sets eof.
func (w *window) fill() error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	w.buf = w.buf[:copy(w.buf, w.rest())]
	w.at = 0
	if len(w.buf) >= maxRecord {
		return fmt.Errorf("line %d: %w", w.line, errTooLong)
	}
	if len(w.buf) > cap(w.buf)/2 {
		w.buf = append(make([]byte, 0, 2*cap(w.buf)), w.buf...)
	}
	n, err := io.ReadFull(w.r, w.buf[len(w.buf):cap(w.buf)])
	w.buf = w.buf[:len(w.buf)+n]
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		w.eof = true
		return nil
	}
	return err
}

// textLine passes the next line that holds any text, and returns it.
func (w *window) textLine() (line []byte, number int, err error) {
	for {
		text := w.rest()
		if len(text) == 0 && w.eof {
			return nil, 0, io.EOF
		}
		end, next, ok := lineEnd(text, w.eof)
		if !ok {
			if err := w.fill(); err != nil {
				return nil, 0, err
			}
			continue
		}
		number = w.line
		w.pass(next, 1)
		if line = bytes.TrimRight(text[:end], " \t"); len(line) > 0 {
			return line, number, nil
		}
	}
}

// lineEnd finds the end of the first line of text, and where the next begins.
// It is false if more text is needed to tell.
func lineEnd(text []byte, eof bool) (end, next int, ok bool) {
	end = bytes.IndexByte(text, '\n')
	whole := end >= 0
	if !whole {
		end = len(text)
	}
	if cr := bytes.IndexByte(text[:end], '\r'); cr >= 0 {
		end = cr
		if cr+1 < len(text) && text[cr+1] == '\n' {
			return end, cr + 2, true
		}
		return end, cr + 1, cr+1 < len(text) || eof
	}
	if whole {
		return end, end + 1, true
	}
	return end, end, eof
}

// lineBreaks counts the ends of lines in text: LF, CRLF, or CR alone.
func lineBreaks(text []byte) int {
	n := bytes.Count(text, []byte("\n"))
	if bytes.IndexByte(text, '\r') >= 0 {
		n += bytes.Count(text, []byte("\r")) - bytes.Count(text, []byte("\r\n"))
	}
	return n
}
