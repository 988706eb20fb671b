package mapping

import (
	"caseimport/mapping/convert"
	"caseimport/mapping/expression"
	"caseimport/mapping/words"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// checker turns the document into fields: it sees that each rule has one
// source and modifiers that make sense, and does all conversions that do not
// need a row.
type checker struct {
	*decoder
	open   func(path string) ([]byte, error)
	inEach bool // the rule at hand stands beside each
}

func (c *checker) mapping(doc *document) *Mapping {
	m := &Mapping{}
	if doc.Where.set() {
		m.where = doc.Where
		c.expression(doc.Where, false, true)
	}
	if doc.Case != nil {
		c.standard(doc.Case, m)
	}
	for _, r := range doc.CustomFields {
		_, k, _ := prefixOf(r.name)
		if f := c.field(r.rule, r.name, "custom_fields."+r.name, k, 0); f != nil {
			m.custom = append(m.custom, f)
		}
	}
	for i, n := range doc.Notes {
		m.notes = append(m.notes, c.note(n, i))
	}
	if doc.Key != nil {
		c.key(doc.Key, m)
	}
	return m
}

func (s *str) set() bool { return s != nil && s.text != "" }

// standard reads the fields of the case from the tags of caseRules.
func (c *checker) standard(rules *caseRules, m *Mapping) {
	v := reflect.ValueOf(rules).Elem()
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag
		r := v.Field(i).Interface().(*rule)
		if r == nil {
			continue
		}
		name := tag.Get("yaml")
		limit, _ := strconv.Atoi(tag.Get("limit"))
		f := c.field(r, name, name, kindNamed(tag.Get("rule")), limit)
		if f == nil {
			continue
		}
		f.index = i
		m.cases = append(m.cases, f)
	}
	if rules.RequesterName == nil && rules.RequesterEmail == nil {
		line := rules.Title
		if line == nil {
			line = rules.Description
		}
		var at *yaml.Node
		if line != nil {
			at = line.node
		}
		c.fault(at, "case has neither requester_name nor requester_email: every case needs one of them")
	}
}

func kindNamed(name string) kind {
	for k := range kinds {
		if kinds[k].name == name {
			return kind(k)
		}
	}
	return kindText
}

func (c *checker) note(n *noteRule, i int) *noteFields {
	out := &noteFields{name: fmt.Sprintf("notes[%d]", i)}
	if n.Each.set() {
		out.each = n.Each
	}
	field := func(r *rule, short string, k kind) *field {
		if r == nil {
			return nil
		}
		c.inEach = n.Each != nil
		defer func() { c.inEach = false }()
		return c.field(r, short, out.name+"."+short, k, 0)
	}
	out.title = field(n.Title, "note_title", kindText)
	out.body = field(n.Body, "note_body", kindText)
	out.public = field(n.Public, "public", kindCheckbox)
	return out
}

func (c *checker) key(k *keyRule, m *Mapping) {
	r := &rule{node: k.node, Column: k.Column, Expr: k.Expr}
	if k.node != nil {
		c.oneSource("key", r, keysOf(reflect.TypeFor[keyRule]()), "column", "expr")
	}
	m.key = &field{name: "key", short: "key", kind: kindKey, rule: r}
	if k.Expr.set() {
		c.expression(k.Expr, false, false)
	}
	if !k.CustomField.set() {
		return
	}
	if prefix, _, ok := prefixOf(k.CustomField.text); !ok || prefix != "text" {
		hint := ""
		if !ok {
			hint = hintForPrefix(k.CustomField.text)
		}
		c.fault(k.CustomField.node, "key.custom_field is a text field: %q does not begin with \"text\"%s", k.CustomField.text, hint)
		return
	}
	m.keyTo = k.CustomField.text
}

// field checks one rule. It returns nil if there is too little to go on with.
func (c *checker) field(r *rule, short, name string, k kind, limit int) *field {
	if r == nil || r.node == nil {
		return nil
	}
	f := &field{name: name, short: short, kind: k, limit: limit, rule: r, inEach: c.inEach}
	c.oneSource(short, r, keysOf(reflect.TypeFor[rule]()), sources...)
	if r.Expr.set() {
		c.expression(r.Expr, f.inEach, false)
	}
	c.modifiers(r, f)
	f.required = r.Required != nil && r.Required.on
	f.pass = r.Pass != nil && r.Pass.on
	f.html = r.HTML != nil && r.HTML.on
	f.comma = r.DecimalComma != nil && r.DecimalComma.on
	f.overflow = r.Overflow != nil
	if r.Truncate != nil {
		f.truncate = r.Truncate.number
		if limit > 0 && f.truncate > limit {
			c.fault(r.node, "%s holds %d characters at most: truncate: %d would not make it fit", short, limit, f.truncate)
		}
	}
	if r.Split != nil {
		f.split = r.Split.text
	}
	if r.Join != nil {
		f.join, f.joined = r.Join.text, true
	}
	if k == kindDate {
		c.dates(r, f)
	}
	if k == kindCheckbox {
		c.checkbox(r, f)
	}
	// Last, since what is given in the file is converted as the field says.
	f.constant = c.literal(f, r.Const, "const")
	f.fallback = c.literal(f, r.Default, "default")
	if r.Values != nil {
		f.table = c.table(f, r.Values)
	}
	return f
}

// keys returns the keys that a rule sets, in the order of the file.
func (r *rule) keys() []*yaml.Node {
	var out []*yaml.Node
	if r.node.Kind == yaml.MappingNode {
		for i := 0; i < len(r.node.Content); i += 2 {
			out = append(out, r.node.Content[i])
		}
	}
	return out
}

// oneSource sees that a rule has exactly one of its sources.
func (c *checker) oneSource(name string, r *rule, known map[string]int, sources ...string) {
	if r.node.Kind != yaml.MappingNode {
		return // a bare string
	}
	var have []*yaml.Node
	unknown := false // reported; it may be the source misspelt
	for _, k := range r.keys() {
		if slices.Contains(sources, k.Value) {
			have = append(have, k)
		} else if _, ok := known[k.Value]; !ok {
			unknown = true
		}
	}
	switch {
	case len(have) > 1:
		c.fault(have[1], "%s has two sources, %s and %s: leave one", name, have[0].Value, have[1].Value)
	case len(have) == 0 && !unknown:
		c.fault(r.node, "%s needs a source: %s", name, strings.Join(sources, ", "))
	}
}

// modifiers refuses what would have no effect or contradicts itself.
func (c *checker) modifiers(r *rule, f *field) {
	allowed := modifiersOf(f.kind)
	known := keysOf(reflect.TypeFor[rule]())
	for _, k := range r.keys() {
		if _, ok := known[k.Value]; !ok || slices.Contains(sources, k.Value) {
			continue
		}
		switch {
		case !slices.Contains(allowed, k.Value):
			c.fault(k, "%q makes no sense for %s, which holds %s; it takes %s", k.Value, f.short, kinds[f.kind].article, strings.Join(allowed, ", "))
		case r.Const != nil:
			c.fault(k, "const is sent as it is written: %q has no effect beside it", k.Value)
		case k.Value == "pass" && r.Values == nil:
			c.fault(k, "pass lets through what values does not list: it needs values")
		case k.Value == "timezone" && r.Layout == nil:
			c.fault(k, "timezone is for dates written without one: it needs a layout (RFC 3339 dates carry their own)")
		}
	}
	if r.Overflow != nil && r.Overflow.set() && r.Overflow.text != "notes" {
		c.fault(r.Overflow.node, "overflow takes notes, not %q", r.Overflow.text)
	}
	if r.Overflow != nil && r.Truncate != nil {
		c.fault(r.node, "%s has truncate and overflow: one cuts what the other would keep, leave one", f.short)
	}
}

// literal converts a const or default. It is written as it is to be sent: no
// other modifier applies to it.
func (c *checker) literal(f *field, l *literal, what string) *result {
	if l == nil || len(l.texts) == 0 {
		return nil
	}
	if l.list && !f.kind.isList() {
		c.fault(l.node, "%s holds one value: %s takes no list here", f.short, what)
		return nil
	}
	if f.kind.isList() {
		r, err := f.listOf(slices.Clone(l.texts))
		if err != nil {
			c.fault(l.node, "%s of %s %v", what, f.short, err)
		}
		return &r
	}
	r, err := f.asWritten(l.texts[0])
	if err != nil {
		c.fault(l.node, "%s of %s: %q %v", what, f.short, words.Shown(l.texts[0]), err)
		return nil
	}
	return &r
}

// checkbox sets the words for true and false. Told words replace the standard
// ones of their side; a standard word told for the other side goes there.
func (c *checker) checkbox(r *rule, f *field) {
	f.words = map[string]bool{}
	told := func(list wordList, side bool) {
		for _, w := range list {
			word := fold(w.text)
			if had, ok := f.words[word]; ok && had != side {
				c.fault(w.node, "%q cannot mean both true and false", w.text)
			}
			f.words[word] = side
		}
	}
	told(r.True, true)
	told(r.False, false)
	standard := func(list wordList, side bool, defaults ...string) {
		for _, w := range defaults {
			if _, ok := f.words[w]; !ok && list == nil {
				f.words[w] = side
			}
		}
	}
	standard(r.True, true, "true", "yes", "1")
	standard(r.False, false, "false", "no", "0")
}

// dates reads layout and timezone of a rule.
func (c *checker) dates(r *rule, f *field) {
	if r.Timezone.set() {
		zone, err := convert.LoadZone(r.Timezone.text)
		if err != nil {
			c.fault(r.Timezone.node, "%v", err)
			zone = time.UTC
		}
		f.date.Zone = zone
	}
	for _, l := range r.Layout {
		if !l.set() {
			continue
		}
		parsed, err := convert.NewLayout(l.text)
		switch {
		case err != nil:
			c.fault(l.node, "%v", err)
		case !parsed.Zoned && r.Timezone == nil:
			c.fault(l.node, "layout %q holds no time zone: give timezone, such as timezone: Europe/Lisbon, or timezone: UTC", l.text)
		default:
			f.date.Layouts = append(f.date.Layouts, parsed)
		}
	}
}

// expression checks an expression without knowing the columns.
func (c *checker) expression(s *str, inEach, condition bool) {
	_, faults := expression.Compile(s.text, expression.Options{Item: inEach, Condition: condition})
	c.exprFaults(s, faults)
}

// exprFaults tells faults at their place in the mapping file.
func (d *decoder) exprFaults(s *str, faults []expression.Fault) {
	for _, f := range faults {
		line, column := d.position(s.node, s.text, f.Offset)
		d.faultAt(line, column, "%s", f.Message)
	}
}

// position finds the offset in a scalar's text in the lines of the file. Where
// quoting or folding has changed the text it settles for the scalar's start.
func (d *decoder) position(n *yaml.Node, text string, offset int) (line, column int) {
	lead := words.Cut(text, offset)
	row := strings.Count(lead, "\n")
	lead = lead[strings.LastIndexByte(lead, '\n')+1:]
	wanted := strings.Split(text, "\n")[row]
	from := n.Column - 1
	line = n.Line + row
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		line, from = line+1, 0
	}
	if wanted == "" || line > len(d.lines) {
		return n.Line, n.Column
	}
	runes := []rune(d.lines[line-1])
	from = min(from, len(runes))
	at := strings.Index(string(runes[from:]), wanted)
	if at < 0 {
		return n.Line, n.Column
	}
	start := from + utf8.RuneCountInString(string(runes[from:])[:at])
	return line, start + utf8.RuneCountInString(lead) + 1
}
