package source

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// coding is how the bytes of an input become UTF-8.
type coding struct {
	name   string            // for people
	enc    encoding.Encoding // nil for UTF-8
	mark   int               // bytes of the byte order mark
	remark string            // what to tell, "" if it goes without saying
	doubt  string            // what stands in the text for a byte that is no character: see fault
}

// Marks of a byte that is no character.
const (
	badByte  = "bad byte" // UTF-8 is not decoded: the byte itself
	replaced = "\uFFFD"   // what a decoder puts in its place
)

// decide settles the encoding: as asked for, or as the bytes tell.
func (v *survey) decide(asked string) (coding, error) {
	c := coding{name: "UTF-8", mark: len(v.mark)}
	if v.bad > 0 {
		c.doubt = badByte
	}
	switch {
	case v.wide != "":
		c.name = strings.ToUpper(v.wide)
		c.enc = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
		if v.wide == "utf-16be" {
			c.enc = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
		}
		if asked == "" {
			c.remark = found(c.name)
		}
		return c, nil
	case asked != "":
		enc, err := lookup(asked)
		if err == nil && enc != unicode.UTF8 {
			c = coding{name: asked, enc: enc, doubt: replaced}
		}
		return c, err
	case v.bad == 0:
		return c, nil
	case v.good >= v.bad:
		c.remark = fmt.Sprintf("read as UTF-8, in which %d bytes are no characters: their rows are invalid (the first on line %d; --encoding overrides)", v.bad, v.firstBad)
		return c, nil
	}
	c = coding{name: guess(v.sample), doubt: replaced}
	c.remark = found(c.name)
	if v.good > v.bad/10 {
		c.remark += "; some of it looks like UTF-8, so check its letters"
	}
	var err error
	c.enc, err = lookup(c.name)
	return c, err
}

func found(name string) string {
	return fmt.Sprintf("read as %s (found by itself; --encoding overrides)", name)
}

// lookup finds an encoding by its WHATWG or IANA name.
func lookup(name string) (encoding.Encoding, error) {
	enc, err := htmlindex.Get(name)
	if err != nil {
		enc, err = ianaindex.IANA.Encoding(name)
	}
	if err != nil || enc == nil || enc == encoding.Replacement {
		return nil, fmt.Errorf("no such encoding: %q; use a name such as utf-8, utf-16le, windows-1252, iso-8859-2 or shift_jis", name)
	}
	return enc, nil
}

// reader turns an input's bytes into UTF-8, without the byte order mark.
func (c coding) reader(r io.Reader) io.Reader {
	io.CopyN(io.Discard, r, int64(c.mark)) // an error comes back with the next Read
	if c.enc == nil {
		return r
	}
	return transform.NewReader(r, c.enc.NewDecoder())
}

// fault says why a record is no text in this encoding, or "".
func (c coding) fault(record []byte) string {
	switch c.doubt {
	case badByte:
		for i := 0; i < len(record); {
			r, n := utf8.DecodeRune(record[i:])
			if r == utf8.RuneError && n == 1 {
				return fmt.Sprintf("not valid UTF-8 (byte 0x%X): save the file as UTF-8, or mend this row; its bad bytes are shown as Windows-1252", record[i])
			}
			i += n
		}
	case replaced:
		if bytes.Contains(record, []byte(replaced)) {
			return fmt.Sprintf("holds bytes that are no characters in %s: try another --encoding", c.name)
		}
	}
	return ""
}

// mend makes valid UTF-8 of text, reading bad bytes as Windows-1252: that is
// where they mostly come from, and whoever corrects the row can read it.
func mend(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	for i, r := range text {
		if r == utf8.RuneError && !strings.HasPrefix(text[i:], replaced) {
			r = charmap.Windows1252.DecodeByte(text[i])
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Foreign tells whether a spreadsheet would need a byte order mark to read a
// UTF-8 copy of the file as what it is: the file had one itself, or was in
// another encoding.
func (t *Table) Foreign() bool { return t.coding.mark > 0 || t.coding.enc != nil }
