package mapping

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"caseimport/mapping/convert"
	"caseimport/mapping/expression"
	"caseimport/mapping/fields"
	"caseimport/mapping/words"
	"caseimport/mapping/yamlfile"
)

// field is one rule made ready: everything that does not need a row has been
// done by Parse, and Compile has bound its columns.
type field struct {
	name   string // as faults name it: custom_fields.text1
	short  string // as the file names it, or the account: text1
	kind   kind
	index  int        // among the standard fields
	limit  int        // characters; 0: none is known
	node   *yaml.Node // of the rule
	inEach bool       // columns are members of the element

	options *fields.Field     // what the account offers; nil: not known, or none
	codes   map[string]string // its labels and codes → codes, for speed

	columns  []yamlfile.Text // of column and columns
	source   yamlfile.Text   // of expr
	constant *result
	fallback *result // default
	table    map[string]result
	words    map[string]bool // of a checkbox
	date     convert.Dates
	split    string
	join     string
	joined   bool
	truncate int
	required bool
	pass     bool
	html     bool
	comma    bool
	overflow bool
	lookup   bool // agent or key: what cells give is to be looked up

	cells []cell                 // of columns, bound
	expr  *expression.Expression // or of source
	fixes fixes
}

// cell is one column that a rule reads.
type cell struct {
	index int      // of the input's columns; -1: the input has none
	name  string   // as the input writes it
	path  []string // in each: the member of the element
}

// rule reads one rule; nil without one, and where there is too little to go on with.
func (r *reader) rule(n *yaml.Node, short, name string, k kind, limit int) *field {
	return r.fill(&field{name: name, short: short, kind: k, limit: limit, node: n, inEach: r.inEach})
}

// customRule reads the rule of a custom field. def is nil where the account is
// not known.
func (r *reader) customRule(n *yaml.Node, key string, k kind, def *fields.Field) *field {
	f := &field{name: "custom_fields." + key, short: key, kind: k, node: n}
	f.offer(def)
	return r.fill(f)
}

// fill reads the rule of a field of which all else is known: a bare column, or keys
// and values.
func (r *reader) fill(f *field) *field {
	n := f.node
	if n == nil || !r.Plain(n) {
		return nil
	}
	switch n.Kind {
	case yaml.ScalarNode:
		f.columns = r.bareColumn(n, f.short)
	case yaml.SequenceNode:
		r.Fault(n, "%s: expected a column or keys and values, got a list; for several columns use {columns: [A, B]}", f.short)
		return nil
	default:
		keys := r.Map(n, f.short, keysOf[ruleKeys]())
		r.source(keys, f, sources...)
		r.sense(keys, f)
		r.modifiers(keys, f)
	}
	if f.kind == kindCheckbox && f.words == nil {
		f.words = standardWords
	}
	return f
}

// bareColumn is a rule written as a bare string.
func (r *reader) bareColumn(n *yaml.Node, what string) []yamlfile.Text {
	switch {
	case yamlfile.IsNull(n):
		r.Fault(n, "%s is empty: name a column or remove it", what)
	case n.ShortTag() != "!!str":
		r.Fault(n, "%s: a bare %s would name a column; use {const: %s} for the value, or put the column's name in quotes", what, n.Value, n.Value)
	default:
		return []yamlfile.Text{r.Text(n, what)}
	}
	return nil
}

// source sees that a rule has exactly one of its sources, and reads it.
func (r *reader) source(keys *yamlfile.Map, f *field, sources ...string) {
	var have []*yaml.Node
	for _, k := range keys.Keys {
		if slices.Contains(sources, k.Value) {
			have = append(have, k)
		}
	}
	switch {
	case len(have) > 1:
		r.Fault(have[1], "%s has two sources, %s and %s: keep one", f.short, have[0].Value, have[1].Value)
	case len(have) == 0 && !keys.Stray: // which may be the source misspelt
		r.Fault(keys.Node, "%s has no source: add one of %s", f.short, strings.Join(sources, ", "))
	}
	if keys.Has("column") {
		f.columns = append(f.columns, keys.Text("column"))
	}
	f.columns = append(f.columns, keys.Texts("columns", false, "a column")...)
	if f.source = keys.Text("expr"); f.source.Set() {
		r.expression(f.source, false)
	}
	f.constant = r.literal(keys, f, "const")
}

// sense refuses what would have no effect or contradicts itself.
func (r *reader) sense(keys *yamlfile.Map, f *field) {
	allowed := modifiersOf(f.kind)
	for _, k := range keys.Keys {
		switch {
		case slices.Contains(sources, k.Value):
		case !slices.Contains(allowed, k.Value):
			r.Fault(k, "%q does not apply to %s, which holds %s; allowed: %s", k.Value, f.short, kinds[f.kind].article, strings.Join(allowed, ", "))
		case keys.Has("const"):
			r.Fault(k, "const is sent as written: %q has no effect on it", k.Value)
		case k.Value == "pass" && !keys.Has("values"):
			r.Fault(k, "pass needs values: it lets through what values does not list")
		case k.Value == "timezone" && !keys.Has("layout"):
			r.Fault(k, "timezone needs a layout: RFC 3339 dates carry their own time zone")
		}
	}
	if keys.Has("overflow") && keys.Has("truncate") {
		r.Fault(f.node, "%s has both truncate and overflow: keep one", f.short)
	}
}

func (r *reader) modifiers(keys *yamlfile.Map, f *field) {
	f.required, f.pass, f.html, f.comma = keys.Flag("required"), keys.Flag("pass"), keys.Flag("html"), keys.Flag("decimal_comma")
	f.split = keys.Quoted("split", "the separator in quotes", false)
	f.join, f.joined = keys.Quoted("join", "text in quotes", true), keys.Has("join")
	f.truncate = keys.Count("truncate")
	if f.limit > 0 && f.truncate > f.limit {
		r.Fault(f.node, "%s holds at most %d characters: truncate: %d is too long", f.short, f.limit, f.truncate)
	}
	f.overflow = keys.Has("overflow")
	if to := keys.Text("overflow"); to.Set() && to.Text != "notes" {
		r.Fault(to.Node, "overflow: expected notes, got %q", to.Text)
	}
	r.dates(keys, f)
	r.checkbox(keys, f)
	lookup := keys.Flag("agent") || keys.Flag("key")
	if n := keys.Value("default"); lookup && n != nil && n.ShortTag() == "!!str" && strings.TrimSpace(n.Value) == "" {
		f.fallback = &result{} // leaves the field out
	} else {
		f.fallback = r.literal(keys, f, "default") // an id, which is not looked up
	}
	f.lookup = lookup
	f.table = r.table(keys.Value("values"), f)
}

// literal converts a const or default. It is written as it is to be sent: no
// other modifier applies to it.
func (r *reader) literal(keys *yamlfile.Map, f *field, key string) *result {
	texts, isList := keys.Scalars(key, "is empty: remove it, empty values are never sent")
	if len(texts) == 0 {
		return nil
	}
	at := keys.Value(key)
	if isList && !f.kind.isList() {
		r.Fault(at, "%s holds one value: %s cannot be a list", f.short, key)
		return nil
	}
	var out result
	var err error
	if f.kind.isList() {
		var list []string
		for _, t := range texts {
			list = append(list, t.Text)
		}
		if out, err = f.listOf(list); err != nil {
			r.Fault(at, "%s of %s %v", key, f.short, err)
		} else if f.options != nil {
			if out.value, err = f.writtenOptions(list); err != nil {
				r.Fault(at, "%s of %s: %v", key, f.short, err)
			}
		}
	} else if out, err = f.asWritten(texts[0].Text); err != nil && strings.TrimSpace(texts[0].Text) != "" {
		r.Fault(at, "%s of %s: %q %v", key, f.short, words.Shown(texts[0].Text), err)
	}
	return &out
}

// checkbox sets the words for true and false. Told words replace the standard
// ones of their side; a standard word told for the other side goes there.
func (r *reader) checkbox(keys *yamlfile.Map, f *field) {
	told := map[string]bool{}
	for _, side := range []bool{true, false} {
		texts, _ := keys.Scalars(strconv.FormatBool(side), "cannot contain an empty word: use default for empty cells")
		for _, w := range texts {
			if had, ok := told[fold(w.Text)]; ok && had != side {
				r.Fault(w.Node, "%q cannot mean both true and false", w.Text)
			}
			told[fold(w.Text)] = side
		}
	}
	for word, side := range standardWords {
		if _, ok := told[word]; !ok && !keys.Has(strconv.FormatBool(side)) {
			told[word] = side
		}
	}
	f.words = told
}

// dates reads layout and timezone.
func (r *reader) dates(keys *yamlfile.Map, f *field) {
	zone, layouts := keys.Text("timezone"), keys.Texts("layout", true, "layout")
	if f.kind != kindDate {
		return
	}
	if zone.Set() {
		var err error
		if f.date.Zone, err = convert.LoadZone(zone.Text); err != nil {
			r.Fault(zone.Node, "%v", err)
			f.date.Zone = time.UTC
		}
	}
	f.date.Layouts = r.layouts(layouts, keys.Has("timezone"))
}

// layouts probes the layouts of dates; zoned says that those without a zone have one.
func (r *reader) layouts(texts []yamlfile.Text, zoned bool) (out []convert.Layout) {
	for _, l := range texts {
		if !l.Set() {
			continue
		}
		parsed, err := convert.NewLayout(l.Text)
		switch {
		case err != nil:
			r.Fault(l.Node, "%v", err)
		case !parsed.Zoned && !zoned:
			r.Fault(l.Node, "layout %q has no time zone: add one, such as timezone: Europe/Lisbon or timezone: UTC", l.Text)
		default:
			out = append(out, parsed)
		}
	}
	return out
}
