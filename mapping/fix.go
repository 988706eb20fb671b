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
	empty, long, several, item string
	tooLong                    string
}

// makeFixes renders them once, since a fault may come with every row.
func (f *field) makeFixes() fixes {
	out := fixes{}
	if f.kind == kindKey {
		return out
	}
	switch {
	case f.kind == kindPriority:
		out.empty = f.fix("default", "NORMAL")
	case f.kind == kindCheckbox:
		out.empty = f.fix("default", "false")
	case f.short == "requester_name":
		out.empty = f.fix("default", "Unknown requester")
	case f.short == "title":
		out.empty = f.fix("default", "(no subject)")
	case f.short == "description":
		out.empty = f.fix("default", "(no description)")
	default:
		out.empty = f.fix("default", "?")
	}
	if f.limit > 0 {
		out.tooLong = fmt.Sprintf("is longer than %d characters", f.limit)
		out.long = f.fix("overflow", "notes")
		if f.limit <= MaxTitle {
			out.long = f.fix("truncate", strconv.Itoa(f.limit))
		}
	}
	if f.kind.isText() {
		out.several = f.fix("join", ", ")
	}
	if f.inEach {
		out.item = f.short + ": {expr: item}"
	}
	return out
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
		return f.fix("values", "{low: LOW, normal: NORMAL, high: HIGH, urgent: URGENT, "+flowText(trimmed)+": "+flowText(guessPriority(trimmed))+"}")
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

// fix renders the rule with keys added or replaced, as one line of the mapping
// file. The values are YAML; of a text in them flowText makes YAML.
func (f *field) fix(set ...string) string {
	rule := &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle}
	if n := f.rule.node; n.Kind == yaml.MappingNode {
		rule.Content = flow(n).Content
	} else {
		rule.Content = []*yaml.Node{scalarNode("column"), scalarNode(n.Value)}
	}
	for i := 0; i+1 < len(set); i += 2 {
		var value yaml.Node
		if err := yaml.Unmarshal([]byte(set[i+1]), &value); err != nil || len(value.Content) != 1 {
			value.Content = []*yaml.Node{scalarNode(set[i+1])}
		}
		setKey(rule, set[i], flow(value.Content[0]))
	}
	out, err := yaml.Marshal(&yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{scalarNode(f.short), rule}})
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

func scalarNode(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
}

func setKey(rule *yaml.Node, key string, value *yaml.Node) {
	for i := 0; i+1 < len(rule.Content); i += 2 {
		if rule.Content[i].Value == key {
			rule.Content[i+1] = value
			return
		}
	}
	rule.Content = append(rule.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, value)
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
