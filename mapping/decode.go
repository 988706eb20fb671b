package mapping

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// decoder reads YAML nodes into the types of document.go and notes every fault
// on the way instead of stopping at the first.
type decoder struct {
	lines  []string
	faults []FileFault
}

// custom is a type that is not decoded key by key.
type custom interface {
	decode(d *decoder, n *yaml.Node, what string)
}

func (d *decoder) faultAt(line, column int, format string, args ...any) {
	line, column = max(line, 1), max(column, 1)
	d.faults = append(d.faults, FileFault{
		Line: line, Column: column,
		Message: fmt.Sprintf(format, args...),
		Excerpt: excerpt(d.lines, line, column),
	})
}

func (d *decoder) fault(n *yaml.Node, format string, args ...any) {
	if n == nil {
		n = &yaml.Node{}
	}
	d.faultAt(n.Line, n.Column, format, args...)
}

// document parses the text as one YAML document; nil if it is none.
func (d *decoder) document(src []byte) *yaml.Node {
	if at := invalidUTF8(src); at >= 0 {
		line := 1 + bytes.Count(src[:at], []byte("\n"))
		d.faultAt(line, 1, "is not UTF-8: save the mapping file as UTF-8")
		return nil
	}
	dec := yaml.NewDecoder(bytes.NewReader(src))
	var doc, second yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			d.faultAt(1, 1, "the mapping file is empty: it needs at least version and case")
			return nil
		}
		d.syntax(src, err)
		return nil
	}
	if err := dec.Decode(&second); err == nil {
		d.fault(&second, "a mapping file is one YAML document; a second begins here")
	} else if !errors.Is(err, io.EOF) {
		d.syntax(src, err)
	}
	if len(doc.Content) == 0 || isNull(doc.Content[0]) {
		d.faultAt(1, 1, "the mapping file is empty: it needs at least version and case")
		return nil
	}
	return doc.Content[0]
}

func invalidUTF8(src []byte) int {
	for at := 0; at < len(src); {
		r, size := utf8.DecodeRune(src[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
	return -1
}

var yamlLine = regexp.MustCompile(`^(?:yaml: )?(?:line \d+: )?(.*)`)

// syntax reports what the YAML parser says. The line that it names is often
// that before or the start of the block, so the fault is placed in the first
// line with which the text fails in the same way.
func (d *decoder) syntax(src []byte, err error) {
	message := yamlLine.FindStringSubmatch(err.Error())[1]
	line, end := 1, 0
	for ; line < len(d.lines) && line < 1000; line++ {
		end += bytes.IndexByte(src[end:], '\n') + 1
		var n yaml.Node
		if err := yaml.Unmarshal(src[:end], &n); err != nil && yamlLine.FindStringSubmatch(err.Error())[1] == message {
			break
		}
	}
	text := d.lines[line-1]
	indent := len(text) - len(strings.TrimLeft(text, " \t"))
	hint := ""
	switch {
	case strings.Contains(text[:indent], "\t"):
		hint = "; YAML is indented with blanks, not tabs"
	case strings.Contains(message, "expected") && (strings.Contains(text, "expr:") || strings.Contains(text, "where:")):
		hint = "; an expression stands in single quotes: 'row[\"Status\"] != \"spam\"'"
	}
	d.faultAt(line, indent+1, "is not YAML: %s%s", message, hint)
}

func isNull(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}

// shape calls a node by what a person would call it.
func shape(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "keys and values"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case isNull(n):
		return "nothing"
	}
	switch n.ShortTag() {
	case "!!bool":
		return "true or false"
	case "!!int", "!!float":
		return "a number"
	case "!!str":
		return "a text"
	}
	return n.Value
}

// plain refuses what would make one text mean another thing elsewhere.
func (d *decoder) plain(n *yaml.Node) bool {
	switch {
	case n.Kind == yaml.AliasNode:
		d.fault(n, "aliases (*%s) are not supported: write it out", n.Value)
		return false
	case n.Style&yaml.TaggedStyle != 0:
		d.fault(n, "tags (%s) are not supported: leave it out", n.ShortTag())
		return false
	}
	return true
}

// decode fills v from n. what names the place for messages.
func (d *decoder) decode(n *yaml.Node, v reflect.Value, what string) {
	if !d.plain(n) {
		return
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	if c, ok := v.Addr().Interface().(custom); ok {
		c.decode(d, n, what)
		return
	}
	d.fields(n, v, what)
}

// fields decodes a mapping into a struct: every key is known, none occurs
// twice, and those that are required are there.
func (d *decoder) fields(n *yaml.Node, v reflect.Value, what string) {
	if n.Kind != yaml.MappingNode {
		d.fault(n, "%s takes keys and values, not %s", what, shape(n))
		return
	}
	tags := keysOf(v.Type())
	seen := map[string]bool{}
	d.pairs(n, what, func(key, value *yaml.Node) {
		i, ok := tags[key.Value]
		if !ok {
			near, hint := hintForKey(key.Value, tags)
			d.fault(key, "unknown key %q in %s%s", key.Value, what, hint)
			seen[near] = true // one fault is enough
			return
		}
		seen[key.Value] = true
		d.decode(value, v.Field(i), key.Value)
	})
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if name := f.Tag.Get("yaml"); strings.Contains(f.Tag.Get("jsonschema"), "required") && !seen[name] {
			d.fault(n, "%s has no %q, which it needs", what, name)
		}
	}
}

// pairs calls yield for each key that is text and new.
func (d *decoder) pairs(n *yaml.Node, what string, yield func(key, value *yaml.Node)) {
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case !d.plain(key):
		case key.ShortTag() == "!!merge":
			d.fault(key, "merge keys (<<) are not supported: write it out")
		case key.Kind != yaml.ScalarNode:
			d.fault(key, "a key of %s is a text, not %s", what, shape(key))
		case first[key.Value] != 0:
			d.fault(key, "%q stands twice in %s, first in line %d", key.Value, what, first[key.Value])
		default:
			first[key.Value] = key.Line
			yield(key, value)
		}
	}
}

// keysOf returns the keys of a struct type with the index of their fields.
func keysOf(t reflect.Type) map[string]int {
	keys := map[string]int{}
	for i := range t.NumField() {
		if name := t.Field(i).Tag.Get("yaml"); name != "" {
			keys[name] = i
		}
	}
	return keys
}

// hintForKey finds the key that may be meant, or where the key would belong.
func hintForKey(key string, tags map[string]int) (near, hint string) {
	known := slices.Sorted(maps.Keys(tags))
	if near = nearest(key, known); near != "" {
		return near, fmt.Sprintf("; did you mean %q?", near)
	}
	if _, ok := keysOf(reflect.TypeFor[caseRules]())[key]; ok {
		return "", `; it belongs under "case"`
	}
	if _, _, ok := prefixOf(key); ok {
		return "", `; custom fields belong under "custom_fields"`
	}
	return "", "; known are " + strings.Join(known, ", ")
}

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
		return strconv.Quote(shown(n.Value))
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

func (w *words) decode(d *decoder, n *yaml.Node, what string) {
	*w = words{}
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
		near := nearest(name[:at], prefixNames())
		if d := distance(letters(name[:at]), letters(near)); near != "" && d < distanceOf {
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
