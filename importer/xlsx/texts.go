package xlsx

import (
	"bufio"
	"encoding/xml"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode/utf16"
)

// inMemory is how many bytes of shared texts stay in memory. What is more stands
// in a temporary file.
const inMemory = 64 << 20

// texts are the shared texts of a workbook: most cells only give a number.
type texts struct {
	head  []byte
	ends  []int64 // where each ends in head and the file behind it
	spool *os.File
	w     *bufio.Writer

	block []byte // of the spool, read last: cells mostly come in the order of the texts
	at    int64  // where block begins
}

func (t *texts) add(text string) error {
	end := int64(0)
	if len(t.ends) > 0 {
		end = t.ends[len(t.ends)-1]
	}
	t.ends = append(t.ends, end+int64(len(text)))
	if t.spool == nil && len(t.head)+len(text) <= inMemory {
		t.head = append(t.head, text...)
		return nil
	}
	if t.spool == nil {
		f, err := os.CreateTemp("", "caseimport-*") // mode 0600
		if err != nil {
			return err
		}
		os.Remove(f.Name()) // at once, where the system allows it
		t.spool, t.w = f, bufio.NewWriterSize(f, 64<<10)
	}
	_, err := t.w.WriteString(text)
	return err
}

// get returns a text; false if there is none of that number.
func (t *texts) get(i int) (string, bool, error) {
	if i < 0 || i >= len(t.ends) {
		return "", false, nil
	}
	from, to := int64(0), t.ends[i]
	if i > 0 {
		from = t.ends[i-1]
	}
	if to <= int64(len(t.head)) {
		return string(t.head[from:to]), true, nil
	}
	from -= int64(len(t.head))
	to -= int64(len(t.head))
	if from < t.at || to > t.at+int64(len(t.block)) {
		size := max(64<<10, to-from)
		if int64(cap(t.block)) < size {
			t.block = make([]byte, size)
		}
		n, err := t.spool.ReadAt(t.block[:size], from)
		if err != nil && err != io.EOF {
			return "", false, err
		}
		t.block, t.at = t.block[:n], from
	}
	return string(t.block[from-t.at : to-t.at]), true, nil
}

func (t *texts) close() error {
	if t.spool == nil {
		return nil
	}
	err := t.spool.Close()
	os.Remove(t.spool.Name())
	return err
}

// readTexts reads the shared texts.
func (b *Book) readTexts(part string) error {
	r, err := b.open(part)
	if err != nil {
		return err
	}
	defer r.Close()
	d := newDecoder(r)
	for {
		token, err := d.RawToken()
		if err == io.EOF {
			break
		} else if err != nil {
			return damaged(part, err)
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "si" {
			text, err := richText(d)
			if err != nil {
				return damaged(part, err)
			}
			if err := b.texts.add(text); err != nil {
				return err
			}
		}
	}
	if b.texts.w != nil {
		return b.texts.w.Flush()
	}
	return nil
}

func newDecoder(r io.Reader) *xml.Decoder {
	return xml.NewDecoder(bufio.NewReaderSize(r, 64<<10))
}

// richText reads the rest of an element that holds text in runs. How it is
// pronounced is not part of it.
func richText(d *xml.Decoder) (string, error) {
	text, depth, spoken, within := "", 1, 0, false
	for depth > 0 {
		token, err := d.RawToken()
		if err != nil {
			return "", err
		}
		switch token := token.(type) {
		case xml.StartElement:
			depth++
			if token.Name.Local == "rPh" {
				spoken = depth
			}
			within = token.Name.Local == "t" && spoken == 0
		case xml.EndElement:
			if depth == spoken {
				spoken = 0
			}
			depth--
			within = false
		case xml.CharData:
			if within && text == "" {
				text = string(token)
			} else if within {
				text += string(token)
			}
		}
	}
	return unescape(text), nil
}

// unescape reads _x000D_ and the like, which stand for characters that XML
// cannot hold, and makes every line break \n.
func unescape(text string) string {
	if strings.Contains(text, "_x") {
		var b strings.Builder
		for {
			at := strings.Index(text, "_x")
			if at < 0 {
				break
			}
			b.WriteString(text[:at])
			text = text[at:]
			if len(text) >= 7 && text[6] == '_' {
				if unit, err := strconv.ParseUint(text[2:6], 16, 16); err == nil && !utf16.IsSurrogate(rune(unit)) {
					b.WriteRune(rune(unit))
					text = text[7:]
					continue
				}
			}
			b.WriteString("_x")
			text = text[2:]
		}
		text = b.String() + text
	}
	if strings.Contains(text, "\r") {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	}
	return text
}
