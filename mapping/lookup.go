package mapping

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
	"golang.org/x/text/encoding/htmlindex"

	"caseimport/mapping/words"
	"caseimport/mapping/yamlfile"
)

// fold is how look-ups see a text: without blanks around it and in lower case.
func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// lookUp finds the folded text, without making a new string for most of them.
func lookUp[T any](table map[string]T, s string) (T, bool) {
	s = strings.TrimSpace(s)
	var buf [64]byte
	lower := buf[:0]
	for i := range len(s) {
		b := s[i]
		if len(s) > len(buf) || b >= utf8.RuneSelf {
			v, ok := table[strings.ToLower(s)]
			return v, ok
		}
		if 'A' <= b && b <= 'Z' {
			b += 'a' - 'A'
		}
		lower = append(lower, b)
	}
	v, ok := table[string(lower)]
	return v, ok
}

// pair is an entry of a look-up table and where it stands.
type pair struct {
	from, to  string
	node, end *yaml.Node // of the key and the value

	line   int  // of the file, 0 in the mapping file itself
	secret bool // the file may be another than was meant: its content is not shown
}

// table reads the look-up table of a rule; its values are converted here, once.
// A value of "" stands for an empty cell.
func (r *reader) table(n *yaml.Node, f *field) map[string]result {
	switch {
	case n == nil:
		return nil
	case n.Kind != yaml.MappingNode:
		r.Fault(n, "values: expected a table {from: to} or {file: table.csv}, got %s", yamlfile.Shape(n))
		return nil
	case len(n.Content) == 0:
		r.Fault(n, "values is an empty table")
		return nil
	}
	out := map[string]result{}
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == "file" {
			r.fileTable(n, f, out)
			return out
		}
	}
	for _, p := range r.Pairs(n, "values") {
		from, to := p.Key.Value, p.Value
		switch {
		case !r.Plain(to):
		case to.Kind != yaml.ScalarNode || yamlfile.IsNull(to):
			r.Fault(to, "values: expected one value for %q, got %s; %q: \"\" leaves the field out", from, yamlfile.Shape(to), from)
		case strings.TrimSpace(from) == "":
			r.Fault(p.Key, "values cannot match an empty cell: use default")
		default:
			r.entry(f, out, pair{from: from, to: to.Value, node: p.Key, end: to})
		}
	}
	return out
}

func (r *reader) entry(f *field, out map[string]result, p pair) {
	key := fold(p.from)
	if _, twice := out[key]; twice {
		r.Fault(p.node, "duplicate entry %q in values (upper and lower case are the same)", p.from)
		return
	}
	if strings.TrimSpace(p.to) == "" {
		out[key] = result{value: emptyCell{}}
		return
	}
	var err error
	switch out[key], err = f.asWritten(p.to); {
	case err == nil:
	case p.secret:
		r.Fault(p.end, "values of %s: what line %d of the file maps to %v", f.short, p.line, err)
	default:
		r.Fault(p.end, "values of %s: %q %v", f.short, words.Shown(p.to), err)
	}
}

// fileTable reads the table from the file that values names.
func (r *reader) fileTable(n *yaml.Node, f *field, out map[string]result) {
	keys := r.Map(n, `values with a file (to look up the word "file" itself, write it as "File")`, keysOf[tableKeys]())
	t := tableFile{keys.Text("file"), keys.Text("from"), keys.Text("to"), keys.Text("encoding"), keys.Text("delimiter")}
	if !t.file.Set() {
		return
	}
	// A table of the wrong kind would be at fault in every line.
	const enough = 5
	limit := r.Faults() + enough
	for _, p := range r.csvTable(t) {
		if r.entry(f, out, p); r.Faults() >= limit {
			break
		}
	}
}

// tableFile is what a mapping says of a look-up table in a file.
type tableFile struct {
	file, from, to      yamlfile.Text // from and to are columns
	encoding, delimiter yamlfile.Text
}

// csvTable reads a CSV look-up table. Unless its header has both columns that the
// mapping names, the file may be any other (/etc/shadow), and nothing in it is shown.
func (r *reader) csvTable(t tableFile) []pair {
	file := t.file
	text, ok := r.tableText(file, t.encoding)
	if !ok {
		return nil
	}
	table := csv.NewReader(bytes.NewReader(text))
	table.Comma = delimiterOf(text)
	if t.delimiter.Set() {
		if table.Comma = delimiterNamed(t.delimiter.Text); table.Comma == 0 {
			r.Fault(t.delimiter.Node, "delimiter %q: this must be one character, or tab", words.Shown(t.delimiter.Text))
			return nil
		}
	}
	table.FieldsPerRecord = -1
	header, err := table.Read()
	if err != nil {
		r.tableFault(file, "no header line with two columns")
		return nil
	}
	from, to := 0, 1
	if t.from.Set() {
		from = r.headerOf(t.from, header, file.Text)
	}
	if t.to.Set() {
		to = r.headerOf(t.to, header, file.Text)
	}
	if from < 0 || to < 0 {
		return nil
	}
	if max(from, to) >= len(header) {
		r.tableFault(file, "line 1, its header, has only one column")
		return nil
	}
	return r.tablePairs(file, table, from, to, !t.from.Set() || !t.to.Set())
}

// tableFault is a fault of a look-up table, told at the line of the mapping file that
// names it.
func (r *reader) tableFault(file yamlfile.Text, format string, args ...any) {
	r.Fault(file.Node, "%s: %s", file.Text, fmt.Sprintf(format, args...))
}

// tableText is the file as UTF-8; false after a fault.
func (r *reader) tableText(file, encoding yamlfile.Text) ([]byte, bool) {
	if r.open == nil {
		r.tableFault(file, "lookup files are not available here")
		return nil, false
	}
	text, err := r.open(file.Text)
	if err != nil {
		r.Fault(file.Node, "cannot read the lookup table: %v", err)
		return nil, false
	}
	if encoding.Set() {
		known, err := htmlindex.Get(encoding.Text)
		if err == nil {
			text, err = known.NewDecoder().Bytes(text)
		}
		if err != nil {
			r.Fault(encoding.Node, "encoding %q: %v", words.Shown(encoding.Text), err)
			return nil, false
		}
		if at := bytes.IndexRune(text, utf8.RuneError); at >= 0 {
			r.tableFault(file, "line %d holds bytes that are no characters in %s", lineAt(text, at), encoding.Text)
			return nil, false
		}
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if at := yamlfile.InvalidUTF8(text); at >= 0 {
		r.tableFault(file, "line %d is not UTF-8: save it as \"CSV UTF-8\", or name its encoding beside file, such as encoding: windows-1252", lineAt(text, at))
		return nil, false
	}
	return text, true
}

func lineAt(text []byte, at int) int { return 1 + bytes.Count(text[:at], []byte("\n")) }

// tablePairs reads the entries below the header, those that are repeated once.
func (r *reader) tablePairs(file yamlfile.Text, table *csv.Reader, from, to int, secret bool) (pairs []pair) {
	seen := map[string]pair{}
	for {
		record, err := table.Read()
		if errors.Is(err, io.EOF) {
			return pairs
		}
		if err != nil {
			r.tableFault(file, "%v", err)
			return pairs
		}
		cell := func(i int) string {
			if i < len(record) {
				return record[i]
			}
			return ""
		}
		line, _ := table.FieldPos(0)
		p := pair{cell(from), cell(to), file.Node, file.Node, line, secret}
		if strings.TrimSpace(p.from) == "" {
			continue
		}
		had, twice := seen[fold(p.from)]
		switch {
		case !twice:
			seen[fold(p.from)] = p
			pairs = append(pairs, p)
		case had.to == p.to:
		case secret:
			r.tableFault(file, "line %d maps the same as line %d, to another value", line, had.line)
		default:
			r.tableFault(file, "line %d maps %q to %q, line %d to %q", line, words.Shown(p.from), words.Shown(p.to), had.line, words.Shown(had.to))
		}
	}
}

// headerOf finds a column of a look-up table; -1 after a fault.
func (r *reader) headerOf(name yamlfile.Text, header []string, file string) int {
	at := slices.IndexFunc(header, func(h string) bool { return fold(h) == fold(name.Text) })
	if at < 0 {
		r.Fault(name.Node, "line 1 of %s, its header, has no column %q", file, name.Text)
	}
	return at
}

// delimiterNamed is the character that a mapping names; 0 if it is none that can be one.
func delimiterNamed(s string) rune {
	if strings.EqualFold(s, "tab") || s == `\t` {
		return '\t'
	}
	r, size := utf8.DecodeRuneInString(s)
	if size != len(s) || r == utf8.RuneError || strings.ContainsRune("\"\r\n", r) {
		return 0
	}
	return r
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
