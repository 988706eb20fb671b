package mapping

import (
	"caseimport/mapping/words"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

func (v *version) decode(d *decoder, n *yaml.Node, what string) {
	if n.ShortTag() != "!!int" || n.Value != "1" {
		d.fault(n, "version is 1 in this release, not %s", written(n))
		return
	}
	v.number = 1
}

// written shows a scalar as written and anything else by its shape.
func written(n *yaml.Node) string {
	switch {
	case n.Kind != yaml.ScalarNode || isNull(n):
		return shape(n)
	case n.ShortTag() == "!!str":
		return strconv.Quote(words.Shown(n.Value))
	}
	return n.Value
}

func (s *str) decode(d *decoder, n *yaml.Node, what string) {
	s.node = n
	switch {
	case n.Kind != yaml.ScalarNode || isNull(n):
		d.fault(n, "%s takes a text, not %s", what, shape(n))
	case n.ShortTag() != "!!str":
		d.fault(n, "%s takes a text; put %s in quotes if you mean the text %q", what, n.Value, n.Value)
	case strings.TrimSpace(n.Value) == "":
		d.fault(n, "%s is empty", what)
	default:
		s.text = n.Value
	}
}

func (t *text) decode(d *decoder, n *yaml.Node, what string) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" {
		d.fault(n, "%s takes a text in quotes, not %s", what, written(n))
		return
	}
	t.text = n.Value
}

func (s *separator) decode(d *decoder, n *yaml.Node, what string) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" || n.Value == "" {
		d.fault(n, "%s takes the text that separates values, in quotes, not %s", what, written(n))
		return
	}
	s.text = n.Value
}

func (f *toggle) decode(d *decoder, n *yaml.Node, what string) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" {
		d.fault(n, "%s takes true or false, not %s", what, written(n))
		return
	}
	f.on = strings.EqualFold(n.Value, "true")
}

func (c *count) decode(d *decoder, n *yaml.Node, what string) {
	number, err := strconv.Atoi(n.Value)
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" || err != nil || number < 1 {
		d.fault(n, "%s takes a whole number from 1, not %s", what, written(n))
		return
	}
	c.number = number
}

// list returns the elements of a sequence, or the scalar itself as the only one.
func (d *decoder) list(n *yaml.Node, what string) []*yaml.Node {
	if n.Kind != yaml.SequenceNode {
		return []*yaml.Node{n}
	}
	if len(n.Content) == 0 {
		d.fault(n, "%s is an empty list", what)
	}
	return n.Content
}

func (c *columnList) decode(d *decoder, n *yaml.Node, what string) {
	if n.Kind != yaml.SequenceNode {
		d.fault(n, "%s takes a list of columns, [A, B], not %s", what, shape(n))
		return
	}
	*c = d.strs(n, "a column")
}

func (l *layouts) decode(d *decoder, n *yaml.Node, what string) {
	*l = d.strs(n, what)
}

func (d *decoder) strs(n *yaml.Node, what string) []str {
	out := []str{}
	for _, e := range d.list(n, what) {
		var s str
		d.decode(e, reflect.ValueOf(&s).Elem(), what)
		out = append(out, s)
	}
	return out
}

// scalar returns a scalar as it is spelled.
func (d *decoder) scalar(n *yaml.Node, what string) (string, bool) {
	switch {
	case !d.plain(n):
	case n.Kind != yaml.ScalarNode || isNull(n):
		d.fault(n, "%s takes a value, not %s", what, shape(n))
	default:
		return n.Value, true
	}
	return "", false
}

func (w *wordList) decode(d *decoder, n *yaml.Node, what string) {
	*w = wordList{}
	for _, e := range d.list(n, what) {
		s, ok := d.scalar(e, what)
		if ok && strings.TrimSpace(s) == "" {
			d.fault(e, "%s cannot hold an empty word: give default a value for empty cells", what)
		}
		*w = append(*w, str{text: s, node: e})
	}
}

func (l *literal) decode(d *decoder, n *yaml.Node, what string) {
	l.node, l.list = n, n.Kind == yaml.SequenceNode
	for _, e := range d.list(n, what) {
		s, ok := d.scalar(e, what)
		if ok && strings.TrimSpace(s) == "" {
			d.fault(e, "%s is empty: leave it out, an empty value leaves its field out anyway", what)
		}
		l.texts = append(l.texts, s)
	}
}

func (v *values) decode(d *decoder, n *yaml.Node, what string) {
	v.node = n
	if n.Kind != yaml.MappingNode {
		d.fault(n, "%s takes a table {from: to}, or {file: table.csv}, not %s", what, shape(n))
		return
	}
	if len(n.Content) == 0 {
		d.fault(n, "%s is an empty table", what)
		return
	}
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == "file" {
			v.table = &tableFile{}
			d.fields(n, reflect.ValueOf(v.table).Elem(), `values with a file (to look up the word "file" itself, write it as "File")`)
			return
		}
	}
	d.pairs(n, what, func(key, value *yaml.Node) {
		if !d.plain(value) {
			return
		}
		if value.Kind != yaml.ScalarNode || isNull(value) {
			d.fault(value, "%q of %s takes one value, not %s; %q: \"\" leaves the field out", key.Value, what, shape(value), key.Value)
			return
		}
		if strings.TrimSpace(key.Value) == "" {
			d.fault(key, "%s cannot look up an empty cell: give default a value for it", what)
			return
		}
		v.pairs = append(v.pairs, pair{key.Value, value.Value, key, value})
	})
}

func (r *rule) decode(d *decoder, n *yaml.Node, what string) {
	r.node = n
	if n.Kind == yaml.ScalarNode {
		r.Column = bareColumn(d, n, what)
		return
	}
	if n.Kind == yaml.SequenceNode {
		d.fault(n, "%s takes a column's name or keys and values, not a list; several columns are {columns: [A, B]}", what)
		r.node = nil
		return
	}
	d.fields(n, reflect.ValueOf(r).Elem(), what)
}

// bareColumn is a rule written as a bare string.
func bareColumn(d *decoder, n *yaml.Node, what string) *str {
	switch {
	case isNull(n):
		d.fault(n, "%s is empty: name a column, or leave it out", what)
	case n.ShortTag() != "!!str":
		d.fault(n, "%s: %s alone would be a column; write {const: %s} for the value, or the column's name in quotes", what, n.Value, n.Value)
	default:
		var s str
		s.decode(d, n, what)
		return &s
	}
	return &str{node: n}
}

func (k *keyRule) decode(d *decoder, n *yaml.Node, what string) {
	k.node = n
	if n.Kind == yaml.ScalarNode {
		k.Column = bareColumn(d, n, what)
		return
	}
	if n.Kind == yaml.SequenceNode {
		d.fault(n, "%s takes one column's name or keys and values, not a list; several columns make one with expr: 'row[\"A\"] + \"-\" + row[\"B\"]'", what)
		k.node = nil
		return
	}
	d.fields(n, reflect.ValueOf(k).Elem(), what)
}

func (c *customRules) decode(d *decoder, n *yaml.Node, what string) {
	if isNull(n) { // all its lines are comments
		return
	}
	if n.Kind != yaml.MappingNode {
		d.fault(n, "%s takes keys and values, not %s", what, shape(n))
		return
	}
	d.pairs(n, what, func(key, value *yaml.Node) {
		if _, _, ok := prefixOf(key.Value); !ok {
			d.fault(key, "custom field %q has none of the prefixes %s%s", key.Value, strings.Join(prefixNames(), ", "), hintForPrefix(key.Value))
			return
		}
		r := customRule{name: key.Value}
		d.decode(value, reflect.ValueOf(&r.rule).Elem(), key.Value)
		*c = append(*c, r)
	})
}

// hintForPrefix mends a prefix and keeps the rest of the name.
func hintForPrefix(name string) string {
	if _, ok := keysOf(reflect.TypeFor[caseRules]())[name]; ok {
		return `; it belongs under "case"`
	}
	best, distanceOf := "text_"+name, 100
	for at := 1; at <= len(name); at++ {
		if at < len(name) && name[at] != '_' {
			continue
		}
		near := words.Nearest(name[:at], prefixNames())
		if d := words.Distance(name[:at], near); near != "" && d < distanceOf {
			best, distanceOf = near+name[at:], d
		}
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

func (r *noteRules) decode(d *decoder, n *yaml.Node, what string) {
	if isNull(n) { // all its lines are comments
		return
	}
	if n.Kind != yaml.SequenceNode {
		d.fault(n, "%s takes a list, each note after a \"- \", not %s", what, shape(n))
		return
	}
	for i, e := range n.Content {
		if !d.plain(e) {
			continue
		}
		note := &noteRule{node: e}
		d.fields(e, reflect.ValueOf(note).Elem(), fmt.Sprintf("notes[%d]", i))
		*r = append(*r, note)
	}
}
