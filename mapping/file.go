package mapping

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"caseimport/mapping/expression"
	"caseimport/mapping/fields"
	"caseimport/mapping/words"
	"caseimport/mapping/yamlfile"
)

// Mapping is a mapping file that has been read and found right in itself;
// whether the input has its columns, Compile knows.
type Mapping struct {
	name    string
	file    *yamlfile.Reader
	account *fields.File // nil: not known

	where  yamlfile.Text
	key    *field // nil without
	keyTo  string // custom field that carries the key, "" if none
	cases  []*field
	custom []*field
	notes  []*noteFields
}

// noteFields is one entry of notes.
type noteFields struct {
	name                string // notes[0]
	each                yamlfile.Text
	cell                cell // of each, bound by Compile
	from                *related
	program             *Program // of the second file's rows, bound by Compile, and
	rows                ByKey    // those rows
	title, body, public *field   // title and public may be nil
}

// Parse reads a mapping file. The name is for messages only. open reads what the
// mapping names, path as written: a look-up table by `values: {file: …}`, the
// account's fields by `fields`. This package never opens files itself. The error is a
// *FileError that lists every fault.
func Parse(name string, src []byte, open func(path string) ([]byte, error)) (*Mapping, error) {
	return ParseFor(nil, name, src, open)
}

// ParseFor is Parse where the account's fields are given in place of the file
// that the mapping names, if it does.
func ParseFor(account *fields.File, name string, src []byte, open func(path string) ([]byte, error)) (*Mapping, error) {
	m := &Mapping{name: name, file: yamlfile.NewReader(src)}
	m.file.Elsewhere = elsewhere
	r := &reader{Reader: m.file, open: open, account: account}
	if root := r.Root("the mapping file is empty: it needs at least version and case"); root != nil {
		r.mapping(root, m)
	}
	if err := r.Err(name); err != nil {
		return nil, err
	}
	m.account = r.account
	return m, nil
}

// reader reads the sections of a mapping file into fields: it sees that each
// rule has one source and modifiers that make sense, and does all conversions
// that do not need a row.
type reader struct {
	*yamlfile.Reader
	open    func(path string) ([]byte, error)
	account *fields.File // nil: not known
	inEach  bool         // the rule at hand stands beside each
	inFrom  bool         // the rule at hand stands beside from
}

func (r *reader) mapping(root *yaml.Node, m *Mapping) {
	top := r.Map(root, "the mapping file", keysOf[fileKeys]())
	if n := top.Value("version"); n != nil && (n.ShortTag() != "!!int" || n.Value != "1") {
		r.Fault(n, "unsupported version %s: this release reads version 1", yamlfile.Written(n))
	}
	r.readAccount(top.Text("fields"))
	if m.where = top.Text("where"); m.where.Set() {
		r.expression(m.where, true)
	}
	r.standard(top.Value("case"), m)
	r.customFields(top.Value("custom_fields"), m)
	r.notes(top.Value("notes"), m)
	r.key(top.Value("key"), m)
	for _, f := range m.cases {
		if f.lookup && f.kind == kindParent && m.key == nil {
			r.Fault(f.node, "parent_id takes the key of another row, but the mapping has no key")
		}
	}
	for _, n := range m.notes {
		if n.from != nil && m.key == nil {
			r.Fault(n.from.node, "from finds the rows of a second file by the key of the row, but the mapping has no key: add one, such as key: {column: Ticket ID, custom_field: text1}")
			break
		}
	}
}

// standard reads the fields of the case.
func (r *reader) standard(n *yaml.Node, m *Mapping) {
	if n == nil {
		return
	}
	rules := r.Map(n, "case", keysOf[caseKeys]())
	for i, s := range standardFields {
		if f := r.rule(rules.Value(s.name), s.name, s.name, s.kind, s.limit); f != nil {
			f.index = i
			m.cases = append(m.cases, f)
		}
	}
	if n.Kind == yaml.MappingNode && !rules.Has("requester_name") && !rules.Has("requester_email") {
		at := rules.Value("title")
		if at == nil {
			at = rules.Value("description")
		}
		r.Fault(at, "case has neither requester_name nor requester_email: every case needs one of them")
	}
}

func (r *reader) customFields(n *yaml.Node, m *Mapping) {
	switch {
	case n == nil || yamlfile.IsNull(n): // all its lines are comments
		return
	case n.Kind != yaml.MappingNode:
		r.Fault(n, "custom_fields: expected keys and values, got %s", yamlfile.Shape(n))
		return
	}
	first := map[string]*yaml.Node{} // by the account's key
	for _, p := range r.Pairs(n, "custom_fields") {
		name := p.Key.Value
		_, kind, ok := prefixOf(name)
		if !ok {
			r.Fault(p.Key, "custom field %q has no known prefix (%s)%s", name, strings.Join(prefixNames(), ", "), r.hintForPrefix(name))
			continue
		}
		if r.leftOpen(p.Key, name) {
			continue
		}
		def := r.definition(p.Key, name)
		if def != nil {
			name = def.Key
			if had := first[name]; had != nil {
				r.Fault(p.Key, "%q and %q (line %d) are the same field", p.Key.Value, had.Value, had.Line)
			}
			first[name] = p.Key
		}
		if f := r.customRule(p.Value, name, kind, def); f != nil {
			m.custom = append(m.custom, f)
		}
	}
}

func (r *reader) notes(n *yaml.Node, m *Mapping) {
	switch {
	case n == nil || yamlfile.IsNull(n): // all its lines are comments
		return
	case n.Kind != yaml.SequenceNode:
		r.Fault(n, "notes: expected a list, each note after \"- \", got %s", yamlfile.Shape(n))
		return
	}
	for i, e := range n.Content {
		note := &noteFields{name: fmt.Sprintf("notes[%d]", i)}
		rules := r.Map(e, note.name, keysOf[noteKeys]())
		note.each = rules.Text("each")
		if rules.Has("each") && rules.Has("from") {
			r.Fault(rules.Value("from"), "%s has both each and from: keep one", note.name)
		}
		note.from = r.related(rules.Value("from"), note.name) // there is no parent yet
		r.inFrom, r.inEach = rules.Has("from"), rules.Has("each")
		note.title = r.rule(rules.Value("note_title"), "note_title", note.name+".note_title", kindText, 0)
		note.body = r.rule(rules.Value("note_body"), "note_body", note.name+".note_body", kindText, 0)
		note.public = r.rule(rules.Value("public"), "public", note.name+".public", kindCheckbox, 0)
		r.inEach, r.inFrom = false, false
		m.notes = append(m.notes, note)
	}
}

func (r *reader) key(n *yaml.Node, m *Mapping) {
	if n == nil {
		return
	}
	var keys *yamlfile.Map
	m.key, keys = r.keyRule(n, "key", "key", "; to combine columns use expr: 'row[\"A\"] + \"-\" + row[\"B\"]'", keysOf[keyKeys]())
	if keys == nil {
		return
	}
	to := keys.Text("custom_field")
	if !to.Set() {
		return
	}
	if prefix, _, ok := prefixOf(to.Text); prefix != "text" {
		hint := ""
		if !ok {
			hint = r.hintForPrefix(to.Text)
		}
		r.Fault(to.Node, "key.custom_field must be a text field: %q does not start with \"text\"%s", to.Text, hint)
		return
	}
	if !r.leftOpen(to.Node, to.Text) {
		r.definition(to.Node, to.Text)
	}
	m.keyTo = to.Text
}

// keyRule reads what gives the key of a row. Its keys are nil where it is a bare column.
func (r *reader) keyRule(n *yaml.Node, name, short, hint string, known yamlfile.Keys) (*field, *yamlfile.Map) {
	f := &field{name: name, short: short, kind: kindKey, node: n}
	switch n.Kind {
	case yaml.ScalarNode:
		f.columns = r.bareColumn(n, "key")
	case yaml.SequenceNode:
		r.Fault(n, "%s: expected a column or keys and values, got a list%s", short, hint)
	default:
		keys := r.Map(n, short, known)
		r.source(keys, f, "column", "expr")
		return f, keys
	}
	return f, nil
}

// leftOpen refuses the key of a field that a draft has left open: textN.
func (r *reader) leftOpen(n *yaml.Node, key string) bool {
	prefix, _, ok := prefixOf(key)
	if !ok || key != prefix+"N" {
		return false
	}
	r.Fault(n, "%q is no key yet: put the number that the account gave the field in place of the N", key)
	return true
}

// expression checks an expression without knowing the columns.
func (r *reader) expression(t yamlfile.Text, condition bool) {
	_, faults := expression.Compile(t.Text, expression.Options{Item: r.inEach, Parent: r.inFrom, Condition: condition})
	for _, f := range faults {
		r.FaultWithin(t, f.Offset, f.Message)
	}
}

// elsewhere says where a key belongs that is unknown where it stands.
func elsewhere(key string) string {
	if slices.Contains(keysOf[caseKeys]().Known, key) {
		return `; it belongs under "case"`
	}
	if _, _, ok := prefixOf(key); ok {
		return `; custom fields belong under "custom_fields"`
	}
	return ""
}

// hintForPrefix names the account's fields that may be meant; where they are not
// known, it mends a prefix and keeps the rest of the name.
func (r *reader) hintForPrefix(name string) string {
	switch {
	case slices.Contains(keysOf[caseKeys]().Known, name):
		return `; it belongs under "case"`
	case r.account != nil:
		return r.nearFields(name)
	}
	best, least := "", 100
	for at := 1; at <= len(name); at++ {
		if at < len(name) && name[at] != '_' {
			continue
		}
		near := words.Nearest(name[:at], prefixNames())
		if d := words.Distance(name[:at], near); near != "" && d < least {
			best, least = near+name[at:], d
		}
	}
	if best == "" {
		return "; the account gives each of its fields a key, such as text1: caseimport fields lists them"
	}
	return fmt.Sprintf("; did you mean %q?", best)
}
