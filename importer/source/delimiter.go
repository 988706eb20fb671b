package source

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

type delimiter struct {
	char byte
	name string
}

// delimiters are those that are looked for, the likeliest first.
var delimiters = []delimiter{{',', "comma"}, {';', "semicolon"}, {'\t', "tab"}, {'|', "pipe"}}

func delimiterName(char byte) string {
	for _, d := range delimiters {
		if d.char == char {
			return d.name
		}
	}
	return string(rune(char))
}

// settleDelimiter takes the delimiter from the first line of these that
// applies: the option, a first line "sep=;" as Excel writes it, the records at
// the beginning of the file.
func (t *Table) settleDelimiter(head []byte, format, asked string) error {
	expected := byte(',')
	if format == "tsv" {
		expected = '\t'
	}
	said, skip := sepLine(head)
	t.csv.skip = skip
	head = head[skip:]
	switch {
	case asked != "":
		d, sign, err := parseDelimiter(asked)
		if err != nil {
			return err
		}
		t.csv.delim, t.csv.sign = d, sign
	case said != 0 && t.fit(said, head).named > 1:
		t.csv.delim = said
	default:
		t.csv.delim = t.findDelimiter(head, expected)
		if t.csv.delim == signDelimiter {
			t.csv.sign = currency
		}
		if t.csv.delim != expected {
			t.remark(fmt.Sprintf("cells are separated by the %s (detected; --delimiter overrides)", t.delimiterName()))
		}
	}
	if t.Delimiter = rune(t.csv.delim); t.csv.sign != 0 {
		t.Delimiter = t.csv.sign
	}
	return nil
}

func (t *Table) delimiterName() string {
	if t.csv.sign != 0 {
		return fmt.Sprintf("sign %c", t.csv.sign)
	}
	return delimiterName(t.csv.delim)
}

// A delimiter beyond ASCII, such as the currency sign, is parsed as if the file
// had a control character in its place, which no text holds.
const (
	signDelimiter = 0x1f
	currency      = '¤'
)

func parseDelimiter(s string) (delim byte, sign rune, err error) {
	if s == "tab" || s == `\t` {
		return '\t', 0, nil
	}
	r, size := utf8.DecodeRuneInString(s)
	if s == "" || size != len(s) || r == utf8.RuneError || r == 0 || strings.ContainsRune("\"\r\n", r) {
		return 0, 0, fmt.Errorf("the delimiter must be one character, or the word tab, not %q", s)
	}
	if r >= utf8.RuneSelf {
		return signDelimiter, r, nil
	}
	return s[0], 0, nil
}

// sepLine recognises a first line that names the delimiter, also after a
// spreadsheet has saved it as a cell, and returns its length. A line that names
// none is passed, too.
func sepLine(head []byte) (char byte, skip int) {
	end, next, ok := lineEnd(head, false)
	if !ok || end > 40 {
		return 0, 0
	}
	m := sep.FindSubmatch(bytes.TrimPrefix(head[:end], []byte("\ufeff")))
	switch {
	case m == nil:
		return 0, 0
	case len(m[1]) == 0:
		return 0, next
	case len(m[1]) > 1: // \t, tab
		return '\t', next
	}
	return m[1][0], next
}

var sep = regexp.MustCompile(`^ *"? *(?i:sep) *= *((?i:\\t|tab)|[^\w"\s\x80-\xff]|\t)? *"?[ ,;\t|"]*$`)

// findDelimiter prefers the delimiter under which most cells find a header: the
// number of records with as many cells as the header, times its names but one. A
// name that ends in .tsv decides wherever tabs fit most of the records.
func (t *Table) findDelimiter(head []byte, expected byte) byte {
	candidates := delimiters
	if bytes.Contains(head, []byte(string(currency))) {
		candidates = append(slices.Clip(candidates), delimiter{signDelimiter, "sign ¤"})
	}
	best, most := expected, 0
	for _, d := range candidates {
		text := head
		if d.char == signDelimiter {
			text = bytes.ReplaceAll(head, []byte(string(currency)), []byte{signDelimiter})
		}
		f := t.fit(d.char, text)
		if d.char == '\t' && expected == '\t' && f.named > 1 && 2*f.records >= f.all {
			return '\t'
		}
		if score := f.records * (f.named - 1); score > most || score == most && d.char == expected {
			best, most = d.char, score
		}
	}
	return best
}

// fitting is how well a delimiter explains the beginning of a file.
type fitting struct {
	records, all int // those as wide as the header, and all
	named        int // cells of the header that are not blank
}

// fit counts the records of head up to one whose quotes are not in order under
// this delimiter. A header without records is a record of its own.
func (t *Table) fit(delim byte, head []byte) (f fitting) {
	w := newWindow(context.Background(), bytes.NewReader(head))
	c := &csvRecords{w: w, p: newParser(delim), lazy: t.csv.lazy, table: &Table{}}
	for c.next() == nil {
		if f.all == 0 {
			f.named = c.p.named()
		}
		f.all++
		if c.fault == "" {
			f.records++
		}
	}
	return f
}
