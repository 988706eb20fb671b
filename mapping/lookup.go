package mapping

import (
	"bytes"
	"caseimport/mapping/words"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// fold is how look-ups see a text: without blanks around it and in lower case.
func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// lookUp finds the folded text without making a new string for most of them.
func lookUp[T any](table map[string]T, s string) (T, bool) {
	s = strings.TrimSpace(s)
	var buf [64]byte
	if len(s) <= len(buf) {
		for i := 0; i < len(s); i++ {
			b := s[i]
			if b >= utf8.RuneSelf {
				v, ok := table[strings.ToLower(s)]
				return v, ok
			}
			if 'A' <= b && b <= 'Z' {
				b += 'a' - 'A'
			}
			buf[i] = b
		}
		v, ok := table[string(buf[:len(s)])]
		return v, ok
	}
	v, ok := table[strings.ToLower(s)]
	return v, ok
}

// table makes the look-up table of a rule; its values are converted here, once.
// A value of "" stands for an empty cell.
func (c *checker) table(f *field, v *values) map[string]result {
	out := map[string]result{}
	add := func(p pair) {
		key := fold(p.from)
		if _, twice := out[key]; twice {
			c.fault(p.node, "%q is in values already: look-ups take no notice of upper and lower case", p.from)
			return
		}
		if strings.TrimSpace(p.to) == "" {
			out[key] = result{value: emptyCell{}}
			return
		}
		r, err := f.asWritten(p.to)
		if err != nil {
			c.fault(p.value, "values of %s: %q %v", f.short, words.Shown(p.to), err)
			return
		}
		out[key] = r
	}
	for _, p := range v.pairs {
		add(p)
	}
	if v.table != nil && v.table.File.set() {
		// A table of the wrong kind would be at fault in every line.
		const enough = 5
		limit := len(c.faults) + enough
		for _, p := range c.tableFile(v.table) {
			if add(p); len(c.faults) >= limit {
				break
			}
		}
	}
	return out
}

// tableFile reads a CSV look-up table. Every fault is told at the line of the
// mapping file that names it.
func (c *checker) tableFile(t *tableFile) []pair {
	file := t.File
	fault := func(format string, args ...any) {
		c.fault(file.node, "%s: %s", file.text, fmt.Sprintf(format, args...))
	}
	if c.open == nil {
		fault("no look-up files can be read here")
		return nil
	}
	text, err := c.open(file.text)
	if err != nil {
		c.fault(file.node, "the look-up table cannot be read: %v", err)
		return nil
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if at := invalidUTF8(text); at >= 0 {
		fault("line %d is not UTF-8: save it as \"CSV UTF-8\"", 1+bytes.Count(text[:at], []byte("\n")))
		return nil
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma = delimiterOf(text)
	r.FieldsPerRecord = -1
	header, err := r.Read()
	if err != nil {
		fault("it has no header line with two columns")
		return nil
	}
	from, to := 0, 1
	if t.From.set() {
		from = c.headerOf(t.From, header, file.text)
	}
	if t.To.set() {
		to = c.headerOf(t.To, header, file.text)
	}
	if from < 0 || to < 0 {
		return nil
	}
	if max(from, to) >= len(header) {
		fault("its header has one column only: %q", strings.Join(header, ""))
		return nil
	}
	var pairs []pair
	seen := map[string]pair{}
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return pairs
		}
		if err != nil {
			fault("%v", err)
			return pairs
		}
		cell := func(i int) string {
			if i < len(record) {
				return record[i]
			}
			return ""
		}
		p := pair{cell(from), cell(to), file.node, file.node}
		if strings.TrimSpace(p.from) == "" {
			continue
		}
		if had, twice := seen[fold(p.from)]; twice {
			if had.to != p.to {
				line, _ := r.FieldPos(0)
				fault("line %d gives %q for %q, an earlier line gives %q", line, words.Shown(p.to), words.Shown(p.from), words.Shown(had.to))
			}
			continue
		}
		seen[fold(p.from)] = p
		pairs = append(pairs, p)
	}
}

// headerOf finds a column of a look-up table; -1 after a fault.
func (c *checker) headerOf(name *str, header []string, file string) int {
	at := slices.IndexFunc(header, func(h string) bool { return fold(h) == fold(name.text) })
	if at < 0 {
		c.fault(name.node, "%s has no column %q%s", file, name.text, words.DidYouMean(name.text, header))
	}
	return at
}

// delimiterOf takes what the header line holds most of.
func delimiterOf(text []byte) rune {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	best := ','
	for _, r := range ";\t" {
		if bytes.Count(line, []byte(string(r))) > bytes.Count(line, []byte(string(best))) {
			best = r
		}
	}
	return best
}
