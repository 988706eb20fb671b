package mapping

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

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
	out.rule = render(f.rule)
	switch {
	case f.kind == kindPriority:
		out.empty = f.fix("default", "NORMAL")
	case f.kind == kindCheckbox:
		out.empty = f.fix("default", "false")
	case f.short == "requester_name":
		out.empty = f.fix("default", flowText("Unknown requester"))
	case f.short == "title":
		out.empty = f.fix("default", flowText("(no subject)"))
	case f.short == "description":
		out.empty = f.fix("default", flowText("(no description)"))
	default:
		out.empty = f.fix("default", flowText("?"))
	}
	if f.limit > 0 {
		out.tooLong = fmt.Sprintf("is longer than %d characters", f.limit)
		out.long = f.fix("overflow", "notes")
		if f.limit <= MaxTitle {
			out.long = f.fix("truncate", strconv.Itoa(f.limit))
		}
	}
	if f.kind.isText() {
		out.several = f.fix("join", flowText(", "))
	}
	if f.inEach {
		out.item = f.short + ": {expr: item}"
	}
}

// fixEntry offers the entry that values lacks. Only the priority can be guessed.
func (f *field) fixEntry(text string) string {
	if longer(text, 60) {
		return ""
	}
	to := "?"
	if f.kind == kindPriority {
		to = guessPriority(text)
	}
	return f.short + ": {values: {" + flowText(strings.TrimSpace(text)) + ": " + flowText(to) + "}}  # one more entry"
}

// fixValue offers what would make a value acceptable that is not.
func (f *field) fixValue(text string) string {
	trimmed := strings.TrimSpace(text)
	switch f.kind {
	case kindPriority:
		if longer(text, 60) {
			return ""
		}
		table := ""
		words := []string{"low", "normal", "medium", "high", "urgent", "critical"}
		if !slices.Contains(words, fold(text)) {
			words = append(words, trimmed)
		}
		for _, w := range words {
			table += ", " + flowText(w) + ": " + flowText(guessPriority(w))
		}
		return f.fix("values", "{"+table[2:]+"}")
	case kindEmail:
		if c := f.expr == nil && !f.inEach && len(f.cells) == 1; c && isEmail(trimmed) {
			return f.short + ": {expr: " + flowText(fmt.Sprintf("trim(row[%q])", f.cells[0].name)) + "}"
		}
	case kindCheckbox:
		if longer(text, 60) {
			return ""
		}
		var words []string
		for word, on := range f.words {
			if on {
				words = append(words, flowText(word))
			}
		}
		slices.Sort(words)
		words = append(words, flowText(trimmed))
		return f.fix("true", "["+strings.Join(words, ", ")+"]") + "  # or false, whichever it means"
	case kindDecimal:
		if _, reason := decimalResult(trimmed, true); reason == "" && !f.comma {
			return f.fix("decimal_comma", "true")
		}
	case kindNumeric:
		whole, fraction, _ := strings.Cut(trimmed, ".")
		if isInteger(whole) && strings.Trim(fraction, "0") == "" && len(fraction) < 3 && f.expr == nil && len(f.cells) == 1 && !f.inEach {
			return f.short + ": {expr: " + flowText(fmt.Sprintf("int(float(row[%q]))", f.cells[0].name)) + "}"
		}
	case kindDate:
		return f.fixDate(trimmed)
	}
	return ""
}

// fixDate adds a layout that the value fits to those that are there.
func (f *field) fixDate(text string) string {
	fit := guessLayout(text)
	if len(fit) == 0 || len(fit) > 2 {
		return ""
	}
	var list []string
	for _, l := range f.date.layouts {
		list = append(list, flowText(l.text))
	}
	list = append(list, flowText(fit[0]))
	value := list[0]
	if len(list) > 1 {
		value = "[" + strings.Join(list, ", ") + "]"
	}
	set := []string{"layout", value}
	note := ""
	if l, err := newLayout(fit[0]); err == nil && !l.zoned && f.date.zone == nil {
		set = append(set, "timezone", "UTC")
		note = "  # the time zone of the export"
	}
	if len(fit) > 1 {
		note = fmt.Sprintf("  # or %q: one value does not tell the day from the month", fit[1])
	}
	return f.fix(set...) + note
}

var priorityWords = map[string]string{
	"lowest": "LOW", "low": "LOW", "minor": "LOW", "trivial": "LOW", "planning": "LOW", "p4": "LOW", "p5": "LOW",
	"normal": "NORMAL", "medium": "NORMAL", "moderate": "NORMAL", "standard": "NORMAL", "p3": "NORMAL",
	"high": "HIGH", "major": "HIGH", "p2": "HIGH",
	"urgent": "URGENT", "critical": "URGENT", "highest": "URGENT", "blocker": "URGENT", "p1": "URGENT",
}

// guessPriority knows the common words, also behind a number ("3 - Moderate").
func guessPriority(text string) string {
	word := strings.TrimLeft(fold(text), "0123456789 -.:")
	if p, ok := priorityWords[fold(text)]; ok {
		return p
	}
	if p, ok := priorityWords[word]; ok {
		return p
	}
	return "?"
}

// rendered is one key of a rule and its value as YAML in one line.
type rendered struct{ key, value string }

// render writes the rule's keys, once, for all fixes.
func render(r *rule) []rendered {
	if r.node.Kind != yaml.MappingNode {
		return []rendered{{"column", flowText(r.Column.text)}}
	}
	var out []rendered
	for i := 0; i+1 < len(r.node.Content); i += 2 {
		list := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle, Content: []*yaml.Node{flow(r.node.Content[i+1])}}
		text, err := yaml.Marshal(list)
		if err != nil {
			continue
		}
		line := strings.TrimSpace(string(text))
		out = append(out, rendered{r.node.Content[i].Value, line[1 : len(line)-1]})
	}
	return out
}

// fix writes the rule with keys added or replaced as one line of the mapping
// file. The values are YAML: of a text flowText makes it.
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

// flowText writes a text as YAML inside {}: bare where that cannot be taken for
// anything else.
func flowText(s string) string {
	for i, r := range s {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || i > 0 && (r >= '0' && r <= '9' || strings.ContainsRune("_-.@/+", r) || r == ' ' && i < len(s)-1) {
			continue
		}
		if strings.Contains(s, `"`) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == '\'' || r == '\\' }) {
			return "'" + s + "'"
		}
		return strconv.Quote(s)
	}
	switch strings.ToLower(s) {
	case "", "true", "false", "yes", "no", "on", "off", "y", "n", "null":
		return strconv.Quote(s)
	}
	return s
}

// flow copies a node in a form that fits into one line, without comments.
func flow(n *yaml.Node) *yaml.Node {
	out := &yaml.Node{Kind: n.Kind, Tag: n.Tag, Value: n.Value, Style: n.Style &^ (yaml.LiteralStyle | yaml.FoldedStyle)}
	if n.Kind != yaml.ScalarNode {
		out.Style = yaml.FlowStyle
	}
	if n.Kind == yaml.ScalarNode && strings.Contains(n.Value, "\n") {
		out.Style = yaml.DoubleQuotedStyle
	}
	for _, c := range n.Content {
		out.Content = append(out.Content, flow(c))
	}
	return out
}
