package draft

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// scalar writes a string so that YAML reads back that very string, and
// unquoted where that is surely so.
func scalar(s string) string {
	if isPlain(s) {
		return s
	}
	if strings.ContainsAny(s, `"\`) && strings.IndexFunc(s, unprintable) < 0 {
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case !unprintable(r):
			b.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			fmt.Fprintf(&b, `\U%08X`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// unprintable characters are written as escapes: YAML allows some of them only
// so, and others cannot be seen.
func unprintable(r rune) bool {
	return r == utf8.RuneError || r != ' ' && !unicode.IsPrint(r)
}

// yamlWords are plain words that some reader of YAML takes for something else
// than a string.
var yamlWords = map[string]bool{
	"y": true, "n": true, "yes": true, "no": true, "on": true, "off": true,
	"true": true, "false": true, "null": true,
}

// isPlain holds for words of letters, digits and a few harmless signs that
// begin with a letter: no number, no date, no indicator of YAML.
func isPlain(s string) bool {
	if s == "" || yamlWords[strings.ToLower(s)] {
		return false
	}
	first, _ := utf8.DecodeRuneInString(s)
	if !unicode.IsLetter(first) || strings.HasSuffix(s, " ") {
		return false
	}
	for _, r := range s {
		if !unicode.IsLetter(r) && !('0' <= r && r <= '9') && !strings.ContainsRune(" _-./()+", r) {
			return false
		}
	}
	return true
}

// rule is a rule of the mapping file: its keys, and their values as YAML.
type rule []pair

type pair struct{ key, value string }

// from is the rule that takes a column as it is.
func from(c *column) rule { return rule{{"column", scalar(c.name)}} }

// unwrapped takes what a spreadsheet wrote as ="00123" without its wrapping.
func unwrapped(c *column) rule { return expression(`trim(%s, "=\"")`, cell(c)) }

// unescaped makes line breaks of those that an exporter wrote as \n.
func unescaped(c *column) rule { return expression(`replace(%s, "\\n", "\n")`, cell(c)) }

// fromFirst takes the first of several columns that is not empty.
func fromFirst(columns ...*column) rule {
	if len(columns) == 1 {
		return from(columns[0])
	}
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = scalar(c.name)
	}
	return rule{{"columns", "[" + strings.Join(names, ", ") + "]"}}
}

// expression takes what an expression gives.
func expression(format string, args ...any) rule {
	return rule{{"expr", "'" + strings.ReplaceAll(fmt.Sprintf(format, args...), "'", "''") + "'"}}
}

func (r rule) with(key, value string) rule { return append(r, pair{key, value}) }

func (r rule) has(key string) bool {
	return slices.ContainsFunc(r, func(p pair) bool { return p.key == key })
}

// String writes the rule in one line; a column alone stands for itself.
func (r rule) String() string {
	if len(r) == 1 && r[0].key == "column" {
		return r[0].value
	}
	return flow(r)
}

// flow writes members in one line: {column: Id, default: none}.
func flow(pairs []pair) string {
	parts := make([]string, len(pairs))
	for i, p := range pairs {
		parts[i] = p.key + ": " + p.value
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// lookup writes a look-up table in one line. Look-ups take no notice of case,
// so of several spellings the first stands for all; and the word file alone
// would name a file.
func lookup(pairs []pair) string {
	seen := map[string]bool{}
	var once []pair
	for _, p := range pairs {
		low := strings.ToLower(p.key)
		if seen[low] {
			continue
		}
		seen[low] = true
		once = append(once, pair{lookupKey(p.key), p.value})
	}
	return flow(once)
}

func lookupKey(s string) string {
	if s == "file" {
		return "File"
	}
	return scalar(s)
}

// list writes strings in one line: one alone as it is, several in brackets.
func list(all []string) string {
	if len(all) == 1 {
		return scalar(all[0])
	}
	parts := make([]string, len(all))
	for i, s := range all {
		parts[i] = scalar(s)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// cell is the expression that gives the cell of a column.
func cell(c *column) string { return "row[" + quote(c.name) + "]" }

// quote writes a string for an expression.
func quote(s string) string { return strconv.Quote(s) }

// line is a line of the file; note is the comment at its end.
type line struct{ text, note string }

// page gathers the lines of the file.
type page struct{ lines []line }

func (p *page) add(text, note string) { p.lines = append(p.lines, line{text, note}) }

func (p *page) blank() { p.add("", "") }

// say adds a comment of its own, broken into lines.
func (p *page) say(indent int, format string, args ...any) {
	space := strings.Repeat(" ", indent)
	for _, l := range wrap(fmt.Sprintf(format, args...), 96-indent) {
		p.add(space+"# "+l, "")
	}
}

// Comments at the ends of lines stand in one column as far as that keeps the
// file readable.
const (
	minColumn = 30
	maxColumn = 62
	maxWidth  = 130
)

// bytes writes the page. Comments within a block (up to a blank line) begin in
// one column; a long comment, and one behind a very long line, goes before it.
func (p *page) bytes() []byte {
	var b strings.Builder
	for from := 0; from < len(p.lines); {
		to := from
		column := minColumn
		for to < len(p.lines) && p.lines[to].text != "" {
			if l := p.lines[to]; l.note != "" {
				if n := utf8.RuneCountInString(l.text); n <= maxColumn {
					column = max(column, n)
				}
			}
			to++
		}
		for _, l := range p.lines[from:to] {
			n := utf8.RuneCountInString(l.text)
			indent := l.text[:len(l.text)-len(strings.TrimLeft(l.text, " "))]
			option := strings.HasPrefix(l.text[len(indent):], "#   ")
			switch {
			case l.note == "":
				b.WriteString(l.text)
			case option || n <= column && column+utf8.RuneCountInString(l.note) <= maxWidth:
				b.WriteString(l.text + strings.Repeat(" ", max(0, column-n)) + "  # " + tidy(l.note))
			default:
				for _, w := range wrap(l.note, 96-len(indent)) {
					b.WriteString(indent + "# " + w + "\n")
				}
				b.WriteString(l.text)
			}
			b.WriteByte('\n')
		}
		if to < len(p.lines) {
			b.WriteByte('\n')
			to++
		}
		from = to
	}
	return []byte(b.String())
}

// tidy makes any text fit for a comment: one line, nothing invisible.
func tidy(s string) string {
	return strings.Map(func(r rune) rune {
		if unprintable(r) {
			return ' '
		}
		return r
	}, s)
}

// wrap breaks a text at blanks into lines of at most width characters.
func wrap(text string, width int) []string {
	var lines []string
	var current string
	for _, word := range strings.Fields(tidy(text)) {
		switch {
		case current == "":
			current = word
		case utf8.RuneCountInString(current)+1+utf8.RuneCountInString(word) > width:
			lines = append(lines, current)
			current = word
		default:
			current += " " + word
		}
	}
	return append(lines, current)
}

// show quotes a value for a comment, cut where it is long.
func show(s string) string {
	const most = 40
	s = strings.Join(strings.Fields(tidy(s)), " ")
	if r := []rune(s); len(r) > most {
		s = strings.TrimSpace(string(r[:most])) + "…"
	}
	return `"` + s + `"`
}

// count writes a number with commas between the thousands.
func count(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// rows writes a number of rows.
func rows(n int) string {
	if n == 1 {
		return "1 row"
	}
	return count(n) + " rows"
}
