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
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// seal appends one finished line to b: checksum, kind, payload.
func seal(b []byte, kind byte, payload []byte) []byte {
	sum := crc32.Update(crc32.Checksum([]byte{kind, ' '}, castagnoli), castagnoli, payload)
	b = hex.AppendEncode(b, binary.BigEndian.AppendUint32(nil, sum))
	b = append(b, ' ', kind, ' ')
	b = append(b, payload...)
	return append(b, '\n')
}

// open takes a line without its line break apart; ok is false if it is not
// what was once written.
func open(line []byte) (kind byte, payload []byte, ok bool) {
	if len(line) < 11 || line[8] != ' ' || line[10] != ' ' {
		return 0, nil, false
	}
	var sum [4]byte
	if _, err := hex.Decode(sum[:], line[:8]); err != nil {
		return 0, nil, false
	}
	want := uint32(sum[0])<<24 | uint32(sum[1])<<16 | uint32(sum[2])<<8 | uint32(sum[3])
	if crc32.Checksum(line[9:], castagnoli) != want {
		return 0, nil, false
	}
	return line[9], line[11:], true
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
		b = strconv.AppendInt(b, int64(c.Row), 10)
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

// field cuts the next cell off a tab-separated payload.
func field(b []byte) (cell, rest []byte) {
	cell, rest, _ = bytes.Cut(b, []byte{'\t'})
	return cell, rest
}

// chunkNumber reads a chunk's number and leaves the count and the claims.
func chunkNumber(payload []byte) (number int, rest []byte, err error) {
	cell, rest := field(payload)
	number, err = strconv.Atoi(string(cell))
	return number, rest, err
}

// eachClaim calls yield with the cells of every claim behind a chunk's number.
func eachClaim(rest []byte, yield func(id ID, cells [][]byte) error) error {
	cell, rest := field(rest)
	count, err := strconv.Atoi(string(cell))
	if err != nil {
		return err
	}
	var cells [cellsOfClaim][]byte
	for range count {
		for i := range cells {
			cells[i], rest = field(rest)
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
	if c.Row, err = strconv.Atoi(string(cells[1])); err != nil {
		return c, err
	}
	if c.Key, err = strconv.Unquote(string(cells[2])); err != nil {
		return c, err
	}
	if c.Title, err = strconv.Unquote(string(cells[3])); err != nil {
		return c, err
	}
	_, err = hex.Decode(c.Sum[:], cells[4])
	return c, err
}

func appendOutcome(b []byte, o Outcome) []byte {
	b = hex.AppendEncode(b, o.ID[:])
	b = append(b, '\t', byte(o.State), '\t')
	b = strconv.AppendInt(b, int64(o.Row), 10)
	b = append(b, '\t')
	return append(b, o.Line...)
}

func parseOutcome(payload []byte) (o Outcome, err error) {
	cell, rest := field(payload)
	if o.ID, err = parseID(cell); err != nil {
		return o, err
	}
	cell, rest = field(rest)
	if len(cell) != 1 {
		return o, errors.New("no state")
	}
	o.State = State(cell[0])
	cell, o.Line = field(rest)
	o.Row, err = strconv.Atoi(string(cell))
	return o, err
}

func parseID(cell []byte) (id ID, err error) {
	if len(cell) != 2*len(id) {
		return id, errors.New("no id")
	}
	_, err = hex.Decode(id[:], cell)
	return id, err
}
