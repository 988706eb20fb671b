package mapping

import (
	"bytes"
	"caseimport/mapping/words"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"regexp"
	"slices"
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
	if near = words.Nearest(key, known); near != "" {
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
