package yamlfile

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Quote writes a text as YAML that can stand within {} and [], in one line: bare
// where it begins with a letter and nothing else could be read there, and with
// escapes for what cannot be seen (which the YAML library would leave as it is).
func Quote(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return r == utf8.RuneError || r != ' ' && !unicode.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	var n yaml.Node
	if err := n.Encode(s); err != nil { // a text does not fail
		return strconv.Quote(s)
	}
	bare := Flow(&n)
	first, _ := utf8.DecodeRuneInString(bare)
	switch {
	case strings.ContainsAny(s, `"\`):
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	case unicode.IsLetter(first):
		return bare
	}
	return `"` + s + `"`
}

// Flow writes a node in one line as it can stand within {} and [], without
// comments.
func Flow(n *yaml.Node) string {
	list := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle, Content: []*yaml.Node{oneLine(n)}}
	text, err := yaml.Marshal(list)
	if err != nil { // no node that was parsed or made here fails
		return strconv.Quote(n.Value)
	}
	_, line, _ := strings.Cut(string(text), "[")
	return strings.TrimSuffix(line, "]\n")
}

// oneLine copies a node in a form that fits into one line.
func oneLine(n *yaml.Node) *yaml.Node {
	out := &yaml.Node{Kind: n.Kind, Tag: n.Tag, Value: n.Value, Style: n.Style &^ (yaml.LiteralStyle | yaml.FoldedStyle)}
	if n.Kind != yaml.ScalarNode {
		out.Style = yaml.FlowStyle
	} else if strings.Contains(n.Value, "\n") {
		out.Style = yaml.DoubleQuotedStyle
	}
	for _, c := range n.Content {
		out.Content = append(out.Content, oneLine(c))
	}
	return out
}
