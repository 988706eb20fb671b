package journal

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"io"
	"strconv"
	"time"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// line is one line of the journal, taken apart.
type line struct {
	number  int // from 1; 0 in journals of format 1
	kind    byte
	payload []byte
}

// The kinds of lines: the package comment says what each holds.
const (
	kindHeader     = 'H'
	kindBegin      = 'B'
	kindClaims     = 'C'
	kindRemembered = 'M'
	kindOutcome    = 'O'
	kindAdopted    = 'A'
	kindReleased   = 'R'
	kindLag        = 'L'
	kindRate       = 'F'
	kindAltered    = 'K'
	kindSeen       = 'S'
	kindRebuilt    = 'N'
	kindLived      = 'T'
	kindSpan       = 'P'
	kindUndoing    = 'X'
	kindEnd        = 'E'
)

// seal appends one finished line to b: checksum, number, kind, payload.
func seal(b []byte, number int, kind byte, payload []byte) []byte {
	at := len(b)
	b = append(b, "00000000 "...)
	b = strconv.AppendInt(b, int64(number), 10)
	b = append(b, ' ', kind, ' ')
	b = append(b, payload...)
	sum := crc32.Checksum(b[at+9:], castagnoli)
	var raw [4]byte
	binary.BigEndian.PutUint32(raw[:], sum)
	hex.Encode(b[at:], raw[:])
	return append(b, '\n')
}

// reseal gives a line, without its line break, the checksum of what it holds.
func reseal(text []byte) []byte {
	sum := crc32.Checksum(text[9:], castagnoli)
	return append(hex.AppendEncode(nil, binary.BigEndian.AppendUint32(nil, sum)), text[8:]...)
}

// open takes a line without its line break apart; ok is false if it is not
// what was once written.
func open(text []byte) (l line, ok bool) {
	if len(text) < 11 || text[8] != ' ' {
		return l, false
	}
	var sum [4]byte
	if _, err := hex.Decode(sum[:], text[:8]); err != nil || crc32.Checksum(text[9:], castagnoli) != binary.BigEndian.Uint32(sum[:]) {
		return l, false
	}
	rest := text[9:]
	if rest[0] <= '9' { // kinds are letters
		number, after, found := bytes.Cut(rest, []byte{' '})
		n, err := strconv.Atoi(string(number))
		if !found || err != nil || n < 1 || len(after) < 2 {
			return l, false
		}
		l.number, rest = n, after
	}
	l.kind, l.payload = rest[0], rest[2:]
	return l, rest[1] == ' '
}

// lines calls yield with every line of r without its line break; ended is
// false for a last line that has none. The slice is valid during the call.
func lines(r io.Reader, yield func(line []byte, ended bool) error) error {
	in := bufio.NewReaderSize(r, 1<<18)
	var long []byte
	for {
		part, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			long = append(long, part...)
			continue
		}
		if err != nil && err != io.EOF {
			return err
		}
		line := part
		if len(long) > 0 {
			long = append(long, part...)
			line = long
		}
		if len(line) > 0 {
			body, ended := bytes.CutSuffix(line, []byte{'\n'})
			if err := yield(body, ended); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		long = long[:0]
	}
}

// appendClaims writes the payload of a chunk. Keys and titles are quoted, so
// that no tab or line break of theirs can be taken for ours.
func appendClaims(b []byte, number int, claims []Claim) []byte {
	b = strconv.AppendInt(b, int64(number), 10)
	b = append(b, '\t')
	b = strconv.AppendInt(b, int64(len(claims)), 10)
	for _, c := range claims {
		b = append(b, '\t')
		b = hex.AppendEncode(b, c.ID[:])
		b = append(b, '\t')
		b = strconv.AppendInt(b, int64(c.Number), 10)
		b = append(b, '\t')
		b = strconv.AppendQuote(b, c.Key)
		b = append(b, '\t')
		b = strconv.AppendQuote(b, c.Title)
		b = append(b, '\t')
		b = hex.AppendEncode(b, c.Sum[:])
	}
	return b
}

const cellsOfClaim = 5

// nextCell cuts the first cell off a tab-separated payload.
func nextCell(b []byte) (cell, rest []byte) {
	cell, rest, _ = bytes.Cut(b, []byte{'\t'})
	return cell, rest
}

// chunkNumber reads a chunk's number and leaves the count and the claims.
func chunkNumber(payload []byte) (number int, rest []byte, err error) {
	cell, rest := nextCell(payload)
	number, err = strconv.Atoi(string(cell))
	return number, rest, err
}

// eachClaim calls yield with the cells of every claim behind a chunk's number.
func eachClaim(rest []byte, yield func(id ID, cells [][]byte) error) error {
	cell, rest := nextCell(rest)
	count, err := strconv.Atoi(string(cell))
	if err != nil {
		return err
	}
	var cells [cellsOfClaim][]byte
	for range count {
		for i := range cells {
			cells[i], rest = nextCell(rest)
		}
		id, err := parseID(cells[0])
		if err != nil {
			return err
		}
		if err := yield(id, cells[:]); err != nil {
			return err
		}
	}
	return nil
}

func parseClaim(id ID, cells [][]byte) (c Claim, err error) {
	c.ID = id
	if c.Number, err = strconv.Atoi(string(cells[1])); err != nil {
		return c, err
	}
	if c.Key, err = strconv.Unquote(string(cells[2])); err != nil {
		return c, err
	}
	if c.Title, err = strconv.Unquote(string(cells[3])); err != nil {
		return c, err
	}
	c.Sum, err = parseSum(cells[4])
	return c, err
}

func parseSum(cell []byte) (sum [8]byte, err error) {
	_, err = hex.Decode(sum[:], cell[:min(len(cell), 2*len(sum))])
	return sum, err
}

func appendOutcome(b []byte, o Outcome) []byte {
	b = hex.AppendEncode(b, o.ID[:])
	b = append(b, '\t', byte(o.State), '\t')
	b = strconv.AppendInt(b, int64(o.Row), 10)
	b = append(b, '\t')
	if o.Sent > 0 {
		b = strconv.AppendInt(b, int64(o.Sent), 10)
		b = append(b, '\t')
	}
	if o.Sum != [8]byte{} {
		b = append(b, memoMark)
		b = hex.AppendEncode(b, o.Sum[:])
		b = append(b, o.Memo...)
		b = append(b, '\t')
	}
	return append(b, o.Line...)
}

// memoMark begins the cell that holds Sum and Memo, which not every outcome has.
const memoMark = '~'

func parseOutcome(payload []byte) (o Outcome, err error) {
	cell, rest := nextCell(payload)
	if o.ID, err = parseID(cell); err != nil {
		return o, err
	}
	cell, rest = nextCell(rest)
	if len(cell) != 1 {
		return o, errors.New("no state")
	}
	o.State = State(cell[0])
	cell, o.Line = nextCell(rest)
	if o.Row, err = strconv.Atoi(string(cell)); err != nil {
		return o, err
	}
	for {
		cell, line, more := bytes.Cut(o.Line, []byte{'\t'})
		switch {
		case !more:
			return o, nil
		case len(cell) > 2*len(o.Sum) && cell[0] == memoMark:
			o.Sum, err = parseSum(cell[1:])
			o.Memo = cell[1+2*len(o.Sum):]
		default:
			var n int64
			n, err = strconv.ParseInt(string(cell), 10, 64)
			o.Sent = time.Duration(n)
		}
		if o.Line = line; err != nil {
			return o, err
		}
	}
}

// eachReleased calls yield with every id that a line releases.
func eachReleased(payload []byte, yield func(ID)) {
	for len(payload) > 0 {
		var cell []byte
		cell, payload = nextCell(payload)
		if id, err := parseID(cell); err == nil {
			yield(id)
		}
	}
}

func parseID(cell []byte) (id ID, err error) {
	if len(cell) != 2*len(id) {
		return id, errors.New("no id")
	}
	_, err = hex.Decode(id[:], cell)
	return id, err
}
