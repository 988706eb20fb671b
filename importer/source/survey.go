package source

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"
)

// survey is what the bytes of an input tell before anything is parsed. All of
// the file is looked at: one byte near its end may be the one that matters.
type survey struct {
	sum      hash.Hash // SHA-256, which takes as long as all the rest
	hashing  sync.WaitGroup
	mark     string // the byte order mark, "" if there is none
	wide     string // utf-16le or utf-16be if the text is so encoded
	good     int    // bytes that continue a character, as UTF-8 would have it
	bad      int    // bytes that are no UTF-8; in UTF-16, halves of characters
	half     bool   // a first half was last
	firstBad int    // line of the first of them
	sample   []byte // lines with bad bytes, to guess the encoding from

	size   int // bytes so far
	lf, cr int // so far
}

// How much to guess an encoding from, and how much of that one line may give.
const (
	sampleSize = 32 << 10
	sampleLine = 4 << 10
)

// survey reads the whole input. It refuses what is no text.
func (in *input) survey(ctx context.Context, encoding string) (*survey, error) {
	s, err := in.open()
	if err != nil {
		return nil, err
	}
	defer s.Close()
	v := &survey{sum: sha256.New()}
	// One chunk is read and judged while the one before it is hashed.
	buf, other := make([]byte, 256<<10), make([]byte, 256<<10)
	kept := 0 // the beginning of a character that the last chunk cut
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n, err := io.ReadFull(s, buf[kept:])
		last := err == io.EOF || err == io.ErrUnexpectedEOF
		if err != nil && !last {
			return nil, fmt.Errorf("line %d: %w", v.line(), err)
		}
		chunk := buf[:kept+n]
		if v.size == 0 {
			if err := v.begin(chunk, encoding); err != nil {
				return nil, err
			}
		}
		if !last {
			chunk = chunk[:len(chunk)-v.cut(chunk)]
		}
		if err := v.add(chunk); err != nil {
			return nil, err
		}
		if last {
			break
		}
		kept = copy(other, buf[len(chunk):kept+n])
		buf, other = other, buf
	}
	v.hashing.Wait()
	if v.wide != "" && v.size%2 != 0 {
		return nil, fmt.Errorf("line %d: the file ends in the middle of a UTF-16 character: it may have been cut short; get a complete copy", v.line())
	}
	if v.half {
		v.bad++
	}
	in.sum = s.sum
	return v, nil
}

// begin looks at the first chunk for what kind of file this is.
func (v *survey) begin(chunk []byte, encoding string) error {
	if len(chunk) == 0 {
		return errors.New("the file is empty (0 bytes): export it again")
	}
	for _, f := range foreign {
		if len(chunk) >= len(f.magic) && strings.EqualFold(string(chunk[:len(f.magic)]), f.magic) {
			return fmt.Errorf("this is %s, not CSV or JSON text: %s", f.what, f.advice)
		}
	}
	for _, m := range []struct{ mark, wide string }{{"\xef\xbb\xbf", ""}, {"\xff\xfe", "utf-16le"}, {"\xfe\xff", "utf-16be"}} {
		if bytes.HasPrefix(chunk, []byte(m.mark)) {
			v.mark, v.wide = m.mark, m.wide
		}
	}
	switch {
	case v.mark != "":
	case encoding == "":
		v.wide = wideWithoutMark(chunk)
	default:
		enc, err := lookup(encoding)
		if err != nil {
			return err
		}
		if name, _ := htmlindex.Name(enc); strings.HasPrefix(name, "utf-16") {
			v.wide = name
		}
	}
	if v.wide == "" && controls(chunk) > 1+len(chunk)/20 {
		return errBinary(1)
	}
	return nil
}

// foreign are files that people name as an input by mistake.
var foreign = []struct{ magic, what, advice string }{
	{"%PDF", "a PDF", "export the tickets as CSV or JSON"},
	{"<!doctype html", "a web page", "the download may have failed; export the tickets again"},
	{"<html", "a web page", "the download may have failed; export the tickets again"},
	{"BZh", "a bzip2 file", "unpack it, or pack it with gzip"},
	{"\xfd7zXZ\x00", "an xz file", "unpack it, or pack it with gzip"},
	{"\x28\xb5\x2f\xfd", "a Zstandard file", "unpack it, or pack it with gzip"},
}

func errBinary(line int) error {
	return fmt.Errorf("line %d: this is binary data, not CSV or JSON text: export the tickets as CSV or JSON", line)
}

// wideWithoutMark recognises UTF-16 by its zero bytes: spaces, digits, line
// ends and delimiters have one each, always on the same side.
func wideWithoutMark(chunk []byte) string {
	var zeros [2]int
	for i, c := range chunk {
		if c == 0 {
			zeros[i%2]++
		}
	}
	fifth := max(4, len(chunk)/2/5+1) // a few bytes prove nothing
	switch {
	case zeros[1] >= fifth && zeros[0] <= zeros[1]/100:
		return "utf-16le"
	case zeros[0] >= fifth && zeros[1] <= zeros[0]/100:
		return "utf-16be"
	}
	return ""
}

// controls counts control characters that have no place in a text, NUL aside.
func controls(chunk []byte) int {
	n := 0
	for _, c := range chunk {
		if c > 0 && c < ' ' && (c < '\t' || c > '\r') || c == 0x7f {
			n++
		}
	}
	return n
}

// cut is the length of the character that the end of chunk cuts off.
func (v *survey) cut(chunk []byte) int {
	if v.wide != "" {
		return len(chunk) % 2
	}
	for i := 1; i < utf8.UTFMax && i <= len(chunk); i++ {
		if tail := chunk[len(chunk)-i:]; utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return i
		}
	}
	return 0
}

func (v *survey) add(chunk []byte) error {
	if at := v.zero(chunk); at >= 0 {
		v.count(chunk[:at])
		return errBinary(v.line())
	}
	v.hashing.Wait()
	v.hashing.Go(func() { v.sum.Write(chunk) })
	if v.wide == "" {
		v.judge(chunk)
	} else {
		v.judgeWide(chunk)
	}
	v.count(chunk)
	return nil
}

// zero finds a NUL character, which no text holds.
func (v *survey) zero(chunk []byte) int {
	at := bytes.IndexByte(chunk, 0)
	if v.wide == "" || at < 0 {
		return at
	}
	for at &^= 1; at+1 < len(chunk); at += 2 {
		if chunk[at] == 0 && chunk[at+1] == 0 {
			return at
		}
	}
	return -1
}

// judge weighs the chunk as UTF-8.
func (v *survey) judge(chunk []byte) {
	if ascii(chunk) {
		return
	}
	if utf8.Valid(chunk) {
		v.good += len(chunk) - utf8.RuneCount(chunk)
		return
	}
	for at := 0; at < len(chunk); {
		end, next, _ := lineEnd(chunk[at:], true)
		if bad := v.judgeLine(chunk[at : at+end]); bad >= 0 {
			if v.firstBad == 0 {
				before := survey{lf: v.lf, cr: v.cr}
				before.count(chunk[:at])
				v.firstBad = before.line()
			}
			if len(v.sample) < sampleSize {
				from := at + max(0, bad-sampleLine/4)
				v.sample = append(append(v.sample, chunk[from:min(at+end, from+sampleLine)]...), '\n')
			}
		}
		at += next
	}
}

// ascii is many times as fast as counting characters.
func ascii(text []byte) bool {
	for ; len(text) >= 8; text = text[8:] {
		if binary.NativeEndian.Uint64(text)&0x8080808080808080 != 0 {
			return false
		}
	}
	return bytes.IndexFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// judgeWide counts the surrogates without their other half in UTF-16.
func (v *survey) judgeWide(chunk []byte) {
	high := 1 // the byte that tells
	if v.wide == "utf-16be" {
		high = 0
	}
	for i := 0; i+1 < len(chunk); i += 2 {
		first, second := chunk[i+high]&0xfc == 0xd8, chunk[i+high]&0xfc == 0xdc
		if v.half != second {
			v.bad++
		}
		v.half = first
	}
}

// judgeLine returns where the first byte is that is no UTF-8, or -1.
func (v *survey) judgeLine(line []byte) int {
	first := -1
	for i := 0; i < len(line); {
		r, n := utf8.DecodeRune(line[i:])
		if r == utf8.RuneError && n == 1 {
			v.bad++
			if first < 0 {
				first = i
			}
		}
		v.good += n - 1
		i += n
	}
	return first
}

func (v *survey) count(text []byte) {
	v.size += len(text)
	v.lf += bytes.Count(text, []byte("\n"))
	v.cr += bytes.Count(text, []byte("\r"))
}

// line is the one on which the next byte stands. UTF-16 has the same bytes in
// its line ends, and more rarely elsewhere.
func (v *survey) line() int {
	if v.lf > 0 {
		return v.lf + 1
	}
	return v.cr + 1
}
