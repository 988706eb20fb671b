package mapping

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"caseimport/mapping/convert"
	"caseimport/mapping/words"
	"caseimport/mapping/yamlfile"

	"go.yaml.in/yaml/v3"
)

// fixes are the lines that mend the faults of a field which do not depend on
// the value, and the reasons that name its limit.
type fixes struct {
	rule                       []rendered // as it stands
	empty, long, several, item string
	tooLong                    string
}

// makeFixes renders them once, since a fault may come with every row.
func (f *field) makeFixes() {
	if f.kind == kindKey {
		return
	}
	out := &f.fixes
	out.rule = f.render()
	switch {
	case f.kind == kindPriority:
		out.empty = f.fix("default", "NORMAL")
	case f.kind == kindCheckbox:
		out.empty = f.fix("default", "false")
	case f.short == "requester_name":
		out.empty = f.fix("default", yamlfile.Quote(NoRequester))
	case f.short == "title":
		out.empty = f.fix("default", yamlfile.Quote(NoSubject))
	case f.short == "description":
		out.empty = f.fix("default", yamlfile.Quote(NoDescription))
	default:
		out.empty = f.fix("default", yamlfile.Quote("?"))
	}
	if f.limit > 0 {
		out.tooLong = fmt.Sprintf("is longer than %d characters", f.limit)
		out.long = f.fix("overflow", "notes")
		if f.limit <= MaxTitle {
			out.long = f.fix("truncate", strconv.Itoa(f.limit))
		}
	}
	if f.kind.isText() {
		out.several = f.fix("join", yamlfile.Quote(", "))
	}
	if f.inEach {
		out.item = f.short + ": {expr: item}"
	}
}

// maxEntry is the longest value that a fix writes out, in characters.
const maxEntry = 60

// fixEntry offers the entry that values lacks, where its meaning can be guessed.
func (f *field) fixEntry(text string) (fix, added string) {
	if words.Longer(text, maxEntry) {
		return "", ""
	}
	to := "?"
	switch {
	case f.kind == kindPriority:
		to = guessPriority(text)
	case f.kind == kindStatus && slices.Contains(Statuses, wordOf(Statuses, text)):
		to = wordOf(Statuses, text)
	case f.kind == kindType && slices.Contains(Types, wordOf(Types, text)):
		to = wordOf(Types, text)
	case f.options != nil && f.kind != kindDependent:
		if _, fault := f.options.Codes([]string{text}); fault == nil {
			to = strings.TrimSpace(text)
		} else {
			to = meant(fault)
		}
	}
	return f.fixTable(), entry(text, to)
}

// fixTable adds an entry to the table that the rule has.
func (f *field) fixTable() string {
	return f.short + ": {values: {" + entryMark + "}}  # add to those already there"
}

// entry is one of a table.
func entry(from, to string) string {
	return yamlfile.Quote(strings.TrimSpace(from)) + ": " + yamlfile.Quote(to)
}

// fixValue offers what would make a value acceptable that is not.
func (f *field) fixValue(text string) (fix, added string) {
	trimmed := strings.TrimSpace(text)
	switch f.kind {
	case kindPriority:
		if words.Longer(text, maxEntry) {
			return "", ""
		}
		table, known := "", false
		for _, w := range []string{"low", "normal", "medium", "high", "urgent", "critical"} {
			table += ", " + w + ": " + guessPriority(w)
			known = known || w == fold(text)
		}
		if !known {
			added = entry(text, guessPriority(text))
		}
		return f.fix("values", "{"+table[2:]+entryMark+"}"), added
	case kindEmail:
		switch {
		case !f.oneColumn():
		case convert.IsEmail(trimmed):
			return f.short + ": {expr: " + yamlfile.Quote("trim("+f.row()+")") + "}", ""
		case strings.Contains(text, "@"):
			return f.short + ": {expr: " + yamlfile.Quote("match("+f.row()+", `[\\w.+-]+@[\\w.-]+\\.\\w+`)[0]") + "}  # the first address in the cell, if there is one", ""
		}
	case kindOwner:
		switch {
		case words.Longer(text, maxEntry):
		case f.table != nil:
			return f.fixTable(), entry(text, "?")
		case f.lookup:
			return f.fix("values", "{"+entryMark+"}", "pass", "true") + "  # the agent's e-mail address or id", entry(text, "?")
		default:
			return f.fix("agent", "true"), ""
		}
	case kindCheckbox:
		if words.Longer(text, maxEntry) {
			return "", ""
		}
		var yes []string
		for word, on := range f.words {
			if on {
				yes = append(yes, yamlfile.Quote(word))
			}
		}
		slices.Sort(yes)
		return f.fix("true", "["+strings.Join(yes, ", ")+entryMark+"]") + "  # or under false, whichever each means", yamlfile.Quote(trimmed)
	case kindDecimal:
		if _, err := convert.Decimal(trimmed, true); err == nil && !f.comma {
			return f.fix("decimal_comma", "true"), ""
		}
	case kindNumeric:
		whole, fraction, point := strings.Cut(trimmed, ".")
		if point && convert.IsInteger(whole) && strings.Trim(fraction, "0") == "" && len(fraction) < 3 && f.oneColumn() {
			return f.short + ": {expr: " + yamlfile.Quote("int(float("+f.row()+"))") + "}", ""
		}
	case kindDate:
		return f.fixDate(trimmed)
	}
	return "", ""
}

// oneColumn says whether an expression over a single cell can stand in for the
// rule's source.
func (f *field) oneColumn() bool { return f.expr == nil && !f.inEach && len(f.cells) == 1 }

// row is that cell in an expression.
func (f *field) row() string { return fmt.Sprintf("row[%q]", f.cells[0].name) }

// fixDate adds a layout that the value fits to those that are there.
func (f *field) fixDate(text string) (fix, entry string) {
	fit := convert.GuessLayout(text)
	if len(fit) == 0 || len(fit) > 2 {
		return "", ""
	}
	var list []string
	for _, l := range f.date.Layouts {
		if l.Text == fit[0] {
			return "", "" // it is the time that is wrong, not its form
		}
		list = append(list, yamlfile.Quote(l.Text))
	}
	set := []string{"layout", "[" + strings.Join(list, ", ") + entryMark + "]"}
	note := ""
	if l, err := convert.NewLayout(fit[0]); err == nil && !l.Zoned && f.date.Zone == nil {
		set = append(set, "timezone", "UTC")
		note = "  # the time zone of the export"
	}
	if len(fit) > 1 {
		note = fmt.Sprintf("  # or %q: one value cannot tell the day from the month", fit[1])
	}
	return f.fix(set...) + note, yamlfile.Quote(fit[0])
}

// guessPriority knows the common words, also behind a number ("3 - Moderate"),
// and P1 to P5.
func guessPriority(text string) string {
	text = fold(text)
	if number, ok := strings.CutPrefix(text, "p"); ok && len(number) == 1 && "1" <= number && number <= "5" {
		return [...]string{"URGENT", "HIGH", "NORMAL", "LOW", "LOW"}[number[0]-'1']
	}
	return cmp.Or(PriorityWord(text), PriorityWord(strings.TrimLeft(text, "0123456789 -.:")), "?")
}

// rendered is one key of a rule and its value as YAML in one line.
type rendered struct{ key, value string }

// render writes the rule's keys, once, for all fixes.
func (f *field) render() []rendered {
	if f.node.Kind != yaml.MappingNode {
		return []rendered{{"column", yamlfile.Quote(f.node.Value)}}
	}
	var out []rendered
	for i := 0; i+1 < len(f.node.Content); i += 2 {
		out = append(out, rendered{f.node.Content[i].Value, yamlfile.Flow(f.node.Content[i+1])})
	}
	return out
}

// fix writes the rule with keys added or replaced as one line of the mapping
// file. The values are YAML: of a text yamlfile.Quote makes it.
func (f *field) fix(set ...string) string {
	var b strings.Builder
	b.WriteString(f.short)
	b.WriteString(": {")
	put := func(key, value string) {
		if b.Len() > len(f.short)+len(": {") {
			b.WriteString(", ")
		}
		b.WriteString(key)
		b.WriteString(": ")
		b.WriteString(value)
	}
	for _, r := range f.fixes.rule {
		if i := slices.Index(set, r.key); i >= 0 && i%2 == 0 {
			r.value = set[i+1]
		}
		put(r.key, r.value)
	}
	for i := 0; i < len(set); i += 2 {
		if !slices.ContainsFunc(f.fixes.rule, func(r rendered) bool { return r.key == set[i] }) {
			put(set[i], set[i+1])
		}
	}
	b.WriteByte('}')
	return b.String()
}
