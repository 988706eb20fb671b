package yamlfile

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"caseimport/mapping/words"
)

// Reader reads one file and gathers its faults.
type Reader struct {
	src    []byte
	lines  []string
	faults []Fault

	// Elsewhere may say where a key that is unknown here belongs; "" if it does
	// not know either.
	Elsewhere func(key string) string
}

// NewReader returns a reader of src.
func NewReader(src []byte) *Reader {
	return &Reader{src: src, lines: strings.Split(strings.TrimPrefix(string(src), "\ufeff"), "\n")}
}

// Again returns a reader of the same file without faults.
func (r *Reader) Again() *Reader {
	return &Reader{src: r.src, lines: r.lines, Elsewhere: r.Elsewhere}
}

// Root parses the file as one YAML document; nil if it is none. empty is the
// fault of a file that holds nothing.
func (r *Reader) Root(empty string) *yaml.Node {
	if at := InvalidUTF8(r.src); at >= 0 {
		r.faultAt(1+bytes.Count(r.src[:at], []byte("\n")), 1, "is not UTF-8: save the mapping file as UTF-8")
		return nil
	}
	dec := yaml.NewDecoder(bytes.NewReader(r.src))
	var doc, second yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		r.faultAt(1, 1, "%s", empty)
		return nil
	case err != nil:
		r.syntax(err)
		return nil
	}
	if err := dec.Decode(&second); err == nil {
		r.Fault(&second, "only one YAML document is allowed; a second one starts here")
	} else if !errors.Is(err, io.EOF) {
		r.syntax(err)
	}
	if len(doc.Content) == 0 || IsNull(doc.Content[0]) {
		r.faultAt(1, 1, "%s", empty)
		return nil
	}
	return doc.Content[0]
}

// InvalidUTF8 is the index of the first byte that is not UTF-8, or -1.
func InvalidUTF8(src []byte) int {
	for at, r := range string(src) {
		if r == utf8.RuneError && !bytes.HasPrefix(src[at:], []byte("\ufffd")) {
			return at
		}
	}
	return -1
}

var yamlLine = regexp.MustCompile(`^(?:yaml: )?(?:line \d+: )?(.*)`)

// syntax reports what the YAML parser says. The line that it names is often
// that before or the start of the block, so the fault is placed in the first
// line with which the text fails in the same way.
func (r *Reader) syntax(err error) {
	message := yamlLine.FindStringSubmatch(err.Error())[1]
	line, end := 1, 0
	for ; line < len(r.lines) && line < 1000; line++ {
		end += bytes.IndexByte(r.src[end:], '\n') + 1
		var n yaml.Node
		if err := yaml.Unmarshal(r.src[:end], &n); err != nil && yamlLine.FindStringSubmatch(err.Error())[1] == message {
			break
		}
	}
	text := r.lines[line-1]
	indent := len(text) - len(strings.TrimLeft(text, " \t"))
	hint := ""
	switch {
	case strings.Contains(text[:indent], "\t"):
		hint = "; indent YAML with spaces, not tabs"
	case strings.Contains(message, "expected") && (strings.Contains(text, "expr:") || strings.Contains(text, "where:")):
		hint = "; put expressions in single quotes: 'row[\"Status\"] != \"spam\"'"
	}
	r.faultAt(line, indent+1, "invalid YAML: %s%s", message, hint)
}

// IsNull says whether nothing stands there.
func IsNull(n *yaml.Node) bool { return n.ShortTag() == "!!null" }

var shapes = map[string]string{
	"!!map": "keys and values", "!!seq": "a list", "!!null": "nothing", "!!bool": "true or false",
	"!!int": "a number", "!!float": "a number", "!!str": "text",
}

// Shape calls a node by what a person would call it.
func Shape(n *yaml.Node) string { return cmp.Or(shapes[n.ShortTag()], n.Value) }

// Written shows a scalar as written and anything else by its shape.
func Written(n *yaml.Node) string {
	switch {
	case n.Kind != yaml.ScalarNode || IsNull(n):
		return Shape(n)
	case n.ShortTag() == "!!str":
		return strconv.Quote(words.Shown(n.Value))
	}
	return n.Value
}

// Plain refuses what would make one text mean another thing elsewhere.
func (r *Reader) Plain(n *yaml.Node) bool {
	switch {
	case n.Kind == yaml.AliasNode:
		r.Fault(n, "aliases (*%s) are not supported: write it out", n.Value)
		return false
	case n.Style&yaml.TaggedStyle != 0:
		r.Fault(n, "tags (%s) are not supported: leave it out", n.ShortTag())
		return false
	}
	return true
}
