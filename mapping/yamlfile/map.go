package yamlfile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"caseimport/mapping/words"
)

// Text is a scalar and where it stands. What was at fault or is not there has
// no text.
type Text struct {
	Text string
	Node *yaml.Node
}

// Set says whether there is a text.
func (t Text) Set() bool { return t.Text != "" }

// Keys are those that a map may have.
type Keys struct{ Known, Required []string }

// Pair is a key of a map and what stands under it.
type Pair struct{ Key, Value *yaml.Node }

// Pairs gives the pairs of a map whose keys are texts, each new.
func (r *Reader) Pairs(n *yaml.Node, what string) []Pair {
	var pairs []Pair
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		switch {
		case !r.Plain(key):
		case key.ShortTag() == "!!merge":
			r.Fault(key, "merge keys (<<) are not supported: write it out")
		case key.Kind != yaml.ScalarNode:
			r.Fault(key, "keys of %s must be text, got %s", what, Shape(key))
		case first[key.Value] != 0:
			r.Fault(key, "duplicate key %q (first on line %d)", key.Value, first[key.Value])
		default:
			first[key.Value] = key.Line
			pairs = append(pairs, Pair{key, n.Content[i+1]})
		}
	}
	return pairs
}

// Map is a map with known keys.
type Map struct {
	Node  *yaml.Node
	Keys  []*yaml.Node // those that are known, in the order of the file
	Stray bool         // it has others, too

	r      *Reader
	values map[string]*yaml.Node
}

// Map reads a map: every key is known, none occurs twice, and those that are
// required are there. A node of another kind is a fault, and gives a Map without
// keys.
func (r *Reader) Map(n *yaml.Node, what string, keys Keys) *Map {
	m := &Map{Node: n, r: r, values: map[string]*yaml.Node{}}
	if n == nil || !r.Plain(n) {
		return m
	}
	if n.Kind != yaml.MappingNode {
		r.Fault(n, "%s: expected keys and values, got %s", what, Shape(n))
		return m
	}
	var meant []string // for keys that are unknown
	pairs := r.Pairs(n, what)
	m.Stray = len(pairs) < len(n.Content)/2
	for _, p := range pairs {
		key := p.Key.Value
		if !slices.Contains(keys.Known, key) {
			near, hint := r.nearKey(key, keys.Known)
			r.Fault(p.Key, "unknown key %q in %s%s", key, what, hint)
			m.Stray, meant = true, append(meant, near)
			continue
		}
		m.Keys, m.values[key] = append(m.Keys, p.Key), p.Value
	}
	for _, key := range keys.Required {
		if m.values[key] == nil && !slices.Contains(meant, key) {
			r.Fault(n, "%s: missing key %q", what, key)
		}
	}
	return m
}

// nearKey finds the key that may be meant, or where the key would belong.
func (r *Reader) nearKey(key string, known []string) (near, hint string) {
	if near = words.Nearest(key, known); near != "" {
		return near, fmt.Sprintf("; did you mean %q?", near)
	}
	if r.Elsewhere != nil {
		if hint = r.Elsewhere(key); hint != "" {
			return "", hint
		}
	}
	return "", "; known keys: " + strings.Join(slices.Sorted(slices.Values(known)), ", ")
}

// Has says whether the key is there, whatever stands under it.
func (m *Map) Has(key string) bool { return m.values[key] != nil }

// Value is what stands under a key as it is; nil where nothing does, or what
// Plain refuses.
func (m *Map) Value(key string) *yaml.Node {
	if n := m.values[key]; n != nil && m.r.Plain(n) {
		return n
	}
	return nil
}

// Text takes a text that is not blank.
func (m *Map) Text(key string) Text { return m.r.Text(m.values[key], key) }

// Text takes a text that is not blank, or nothing where the node is nil.
func (r *Reader) Text(n *yaml.Node, what string) Text {
	switch {
	case n == nil || !r.Plain(n):
	case n.Kind != yaml.ScalarNode || IsNull(n):
		r.Fault(n, "%s: expected text, got %s", what, Shape(n))
	case n.ShortTag() != "!!str":
		r.Fault(n, "%s: expected text; put %s in quotes if you mean the text %q", what, n.Value, n.Value)
	case strings.TrimSpace(n.Value) == "":
		r.Fault(n, "%s is empty", what)
	default:
		return Text{n.Value, n}
	}
	return Text{Node: n}
}

// Texts takes a list of texts or, where one alone will do, a text.
func (m *Map) Texts(key string, alone bool, what string) []Text {
	n := m.Value(key)
	if n != nil && n.Kind != yaml.SequenceNode && !alone {
		m.r.Fault(n, "%s: expected a list of columns such as [A, B], got %s", key, Shape(n))
		return nil
	}
	var out []Text
	for _, e := range m.elements(n, key) {
		out = append(out, m.r.Text(e, what))
	}
	return out
}

// Scalars takes one scalar or a list of them, as they are spelled: yes and 1 are
// words here, not a boolean and a number. blank is the fault of an empty one.
func (m *Map) Scalars(key, blank string) (out []Text, isList bool) {
	n := m.Value(key)
	for _, e := range m.elements(n, key) {
		switch {
		case !m.r.Plain(e):
			continue
		case e.Kind != yaml.ScalarNode || IsNull(e):
			m.r.Fault(e, "%s: expected a value, got %s", key, Shape(e))
			continue
		case strings.TrimSpace(e.Value) == "":
			m.r.Fault(e, "%s %s", key, blank)
		}
		out = append(out, Text{e.Value, e})
	}
	return out, n != nil && n.Kind == yaml.SequenceNode
}

func (m *Map) elements(n *yaml.Node, key string) []*yaml.Node {
	switch {
	case n == nil:
		return nil
	case n.Kind != yaml.SequenceNode:
		return []*yaml.Node{n}
	case len(n.Content) == 0:
		m.r.Fault(n, "%s is an empty list", key)
	}
	return n.Content
}

// typed takes a scalar of a type; takes says to people what is expected. What
// does not pass is a fault, and then there is none.
func (m *Map) typed(key, tag, takes string, passes func(string) bool) string {
	n := m.Value(key)
	if n == nil {
		return ""
	}
	if n.ShortTag() != tag || !passes(n.Value) {
		m.r.Fault(n, "%s: expected %s, got %s", key, takes, Written(n))
		return ""
	}
	return n.Value
}

// Quoted takes any text; takes says which.
func (m *Map) Quoted(key, takes string, empty bool) string {
	return m.typed(key, "!!str", takes, func(s string) bool { return s != "" || empty })
}

// Flag takes true or false.
func (m *Map) Flag(key string) bool {
	set := m.typed(key, "!!bool", "true or false", func(string) bool { return true })
	return strings.EqualFold(set, "true")
}

// Count takes a whole number from 1.
func (m *Map) Count(key string) (n int) {
	m.typed(key, "!!int", "a whole number of at least 1", func(s string) bool {
		var err error
		n, err = strconv.Atoi(s)
		return err == nil && n > 0
	})
	return n
}
