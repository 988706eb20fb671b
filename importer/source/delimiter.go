package source

import (
	"bytes"
	"context"
	"fmt"
	"strings"
)

// delimiters are those that are looked for, the likeliest first.
var delimiters = []struct {
	char byte
	name string
}{{',', "comma"}, {';', "semicolon"}, {'\t', "tab"}, {'|', "pipe"}}

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
	switch {
	case asked != "":
		d, err := parseDelimiter(asked)
		if err != nil {
			return err
		}
		t.csv.delim = d
	case skip > 0:
		t.csv.delim = said
	default:
		t.csv.delim = t.findDelimiter(head[skip:], expected)
		if t.csv.delim != expected {
			t.remark(fmt.Sprintf("cells are separated by the %s (detected; --delimiter overrides)", delimiterName(t.csv.delim)))
		}
	}
	t.Delimiter = rune(t.csv.delim)
	return nil
}

func parseDelimiter(s string) (byte, error) {
	if s == "tab" || s == `\t` {
		return '\t', nil
	}
	if len(s) != 1 || s[0] >= 0x80 || s[0] == 0 || strings.Contains("\"\r\n", s) {
		return 0, fmt.Errorf("the delimiter must be one ASCII character, or the word tab, not %q", s)
	}
	return s[0], nil
}

// sepLine recognises a first line that names the delimiter, and returns its
// length.
func sepLine(head []byte) (char byte, skip int) {
	end, next, ok := lineEnd(head, false)
	line := bytes.Trim(head[:end], `"`)
	if !ok || len(line) != len("sep=;") || !bytes.EqualFold(line[:4], []byte("sep=")) || line[4] >= 0x80 {
		return 0, 0
	}
	return line[4], next
}

// findDelimiter prefers the delimiter that explains most: the number of
// records with as many cells as the first, times the delimiters in each. A
// name that ends in .tsv decides wherever tabs fit most of the records.
func (t *Table) findDelimiter(head []byte, expected byte) byte {
	best, most := expected, 0
	for _, d := range delimiters {
		fit, records, width := t.fit(d.char, head)
		if d.char == '\t' && expected == '\t' && width > 1 && 2*fit >= records {
			return '\t'
		}
		if score := fit * (width - 1); score > most || score == most && d.char == expected {
			best, most = d.char, score
		}
	}
	return best
}

// fit counts the records of head that have as many cells as the first, up to
// one whose quotes are not in order under this delimiter.
func (t *Table) fit(delim byte, head []byte) (fit, records, width int) {
	w := newWindow(context.Background(), bytes.NewReader(head))
	c := &csvRecords{w: w, p: newParser(delim), lazy: t.csv.lazy, table: &Table{}}
	for c.next() == nil {
		records++
		if c.fault == "" {
			fit++
		}
	}
	return fit, records, c.width
}
