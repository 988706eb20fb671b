package source

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
	"golang.org/x/text/transform"
)

// coding is how the bytes of an input become UTF-8.
type coding struct {
	name   string            // for people
	enc    encoding.Encoding // nil for UTF-8
	mark   int               // bytes of the byte order mark
	remark string            // what to tell, "" if it goes without saying
	doubt  doubt
}

// doubt says how bytes that are no characters show in the text.
type doubt uint8

const (
	sound     doubt = iota // there are none
	asTheyAre              // in UTF-8, which is not decoded
	replaced               // by U+FFFD, from a decoder
)

// decide settles the encoding: as asked for, or as the bytes tell.
func (v *survey) decide(asked string) (coding, error) {
	c := coding{name: "UTF-8", mark: len(v.mark)}
	if v.bad > 0 {
		c.doubt = asTheyAre
	}
	switch {
	case v.wide != "":
		c.name = strings.ToUpper(v.wide)
		c.enc = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
		if v.wide == "utf-16be" {
			c.enc = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
		}
		if c.doubt = sound; v.bad > 0 {
			c.doubt = replaced
		}
		if asked == "" {
			c.remark = found(c.name)
		}
		return c, nil
	case asked != "":
		enc, err := lookup(asked)
		if err == nil && enc != unicode.UTF8 {
			c = coding{name: asked, enc: enc, mark: c.mark, doubt: replaced}
		}
		return c, err
	case v.bad == 0:
		return c, nil
	}
	name := guess(v.sample)
	// By chance a byte of Windows' encodings hardly ever continues a character
	// of UTF-8; where many do, the file is a mix, and UTF-8 is the part of it
	// that can be told for sure.
	windows := strings.HasPrefix(name, "Windows")
	if v.mark != "" || v.good >= v.bad || windows && 4*v.good >= v.bad {
		c.remark = fmt.Sprintf("read as UTF-8, in which not all bytes are characters (%s): their rows are invalid (the first on line %d; --encoding overrides)", count(v.bad, "bad byte"), v.firstBad)
		return c, nil
	}
	c = coding{name: name, doubt: replaced, remark: found(name)}
	if windows && 10*v.good >= v.bad {
		c.remark += "; some of it looks like UTF-8, so check its letters"
	}
	var err error
	c.enc, err = lookup(name)
	return c, err
}

// narrow stores a text in UTF-32, which nearly nobody writes, as UTF-8.
func (in *input) narrow(ctx context.Context, asked string) error {
	s, err := in.open()
	if err != nil {
		return err
	}
	begin := make([]byte, 64)
	n, _ := io.ReadFull(s, begin) // what is wrong shows again when it is read
	s.Close()
	order := utf32.LittleEndian
	in.wide = wide32(begin[:n], strings.ToLower(asked))
	switch in.wide {
	case "":
		return nil
	case "UTF-32BE":
		order = utf32.BigEndian
	}
	if s, err = in.open(); err != nil {
		return err
	}
	hash := sha256.New()
	text := transform.NewReader(io.TeeReader(s, hash), utf32.UTF32(order, utf32.UseBOM).NewDecoder())
	err = in.copy(ctx, func() (io.ReadCloser, error) {
		return struct {
			io.Reader
			io.Closer
		}{text, s}, nil
	})
	in.was = hash.Sum(nil)
	return err
}

// wide32 recognises UTF-32 by its mark, or by three zeros beside each character.
func wide32(begin []byte, asked string) string {
	asked = strings.NewReplacer("-", "", "_", "").Replace(asked)
	le, be := 0, 0
	for i := 0; i+3 < len(begin); i += 4 {
		if begin[i+1]|begin[i+2]|begin[i+3] == 0 && begin[i] != 0 {
			le++
		}
		if begin[i]|begin[i+1]|begin[i+2] == 0 && begin[i+3] != 0 {
			be++
		}
	}
	most := max(1, len(begin)/4*3/4)
	switch {
	case bytes.HasPrefix(begin, []byte("\xff\xfe\x00\x00")), asked == "utf32le":
		return "UTF-32LE"
	case bytes.HasPrefix(begin, []byte("\x00\x00\xfe\xff")), asked == "utf32be":
		return "UTF-32BE"
	case len(begin) >= 16 && le >= most, asked == "utf32" && le >= be:
		return "UTF-32LE"
	case len(begin) >= 16 && be >= most, asked == "utf32":
		return "UTF-32BE"
	}
	return ""
}

func found(name string) string {
	return fmt.Sprintf("read as %s (detected; --encoding overrides)", name)
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
	case asTheyAre:
		if !utf8.Valid(record) {
			return "not valid UTF-8; its bad bytes are shown as Windows-1252: check them, or read the file with another --encoding"
		}
	case replaced:
		if bytes.Contains(record, []byte("\uFFFD")) {
			return fmt.Sprintf("holds bytes that are no characters in %s: read the file with another --encoding", c.name)
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
		if r == utf8.RuneError && !strings.HasPrefix(text[i:], "\uFFFD") {
			r = charmap.Windows1252.DecodeByte(text[i])
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Foreign tells whether a spreadsheet would need a byte order mark to read a
// UTF-8 copy of the file as what it is: the file had one itself, or was in
// another encoding.
func (t *Table) Foreign() bool {
	return t.coding.mark > 0 || t.coding.enc != nil || t.input.wide != "" || t.sheet != nil
}
