package mapping

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// The schema agrees with Parse on every mapping of testdata/faults, except where
// a fault is one that no schema can see, and on good ones.
func TestSchemaAgreesWithParse(t *testing.T) {
	v := newValidator(t)
	blind := map[string]bool{ // what only Parse sees
		"alias-and-merge": true, "tag": true, "two-documents": true, "duplicate-keys": true, "where-no-condition": true, "unknown-columns": true,
		"unkeyed": true, "fields": true, "fields-options": true, "fields-missing": true, "fields-unreadable": true,
	}
	files, err := filepath.Glob("testdata/faults/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var doc yaml.Node
		if yaml.Unmarshal(src, &doc) != nil || len(doc.Content) == 0 {
			continue // no YAML
		}
		if name := strings.TrimSuffix(filepath.Base(file), ".yaml"); v.accepts(doc.Content[0]) && !blind[name] {
			t.Errorf("the schema accepts %s", name)
		}
	}
}

// Each rule alone: the schema and Parse say the same.
func TestSchemaOfRules(t *testing.T) {
	v := newValidator(t)
	for _, c := range []struct {
		good bool
		src  string
	}{
		{true, "key: A"}, {true, "key: {column: A, custom_field: text_id}"}, {true, "key: {expr: 'row.A'}"},
		{false, "key: {column: A, expr: 'row.A'}"}, {false, "key: {custom_field: text_id}"}, {false, "key: {column: A, custom_field: dropdown_id}"}, {false, "key: 5"}, {false, "key:"}, {false, "key: {column: A, default: x}"},
		{true, "where: 'true'"}, {false, "where: true"}, {false, "where:"}, {false, "where: ' '"},
		{true, "custom_fields:"}, {true, "custom_fields: {}"}, {false, "custom_fields: []"}, {false, "custom_fields: {region: A}"},
		{true, "notes:"}, {true, "notes: []"}, {false, "notes: {}"}, {false, "notes: [A]"}, {true, "notes: [{note_body: A}]"}, {false, "notes: [{note_title: A}]"}, {true, "notes: [{each: A, note_body: {expr: item}, public: {const: no}}]"}, {false, "notes: [{note_body: A, public: false}]"}, {false, "notes: [{note_body: A, author: B}]"},
		{true, "custom_fields: {text_a: A}"}, {true, "custom_fields: {text: A}"}, {false, "custom_fields: {text_a: 5}"}, {false, "custom_fields: {text_a: }"}, {false, "custom_fields: {text_a: [A]}"}, {false, "custom_fields: {text_a: {}}"},
		{true, "custom_fields: {text_a: {column: A}}"}, {false, "custom_fields: {text_a: {column: 5}}"}, {false, "custom_fields: {text_a: {column: ' '}}"}, {false, "custom_fields: {text_a: {columns: A}}"}, {false, "custom_fields: {text_a: {columns: []}}"}, {true, "custom_fields: {text_a: {columns: [A]}}"},
		{false, "custom_fields: {text_a: {column: A, columns: [A]}}"}, {false, "custom_fields: {text_a: {column: A, const: x}}"},
		{true, "custom_fields: {text_a: {const: 5}}"}, {true, "custom_fields: {text_a: {const: true}}"}, {false, "custom_fields: {text_a: {const: ''}}"}, {false, "custom_fields: {text_a: {const: ~}}"}, {false, "custom_fields: {text_a: {const: x, html: true}}"},
		{true, "custom_fields: {text_a: {column: A, truncate: 1}}"}, {false, "custom_fields: {text_a: {column: A, truncate: 0}}"}, {false, "custom_fields: {text_a: {column: A, truncate: '5'}}"},
		{true, "custom_fields: {text_a: {column: A, join: ''}}"}, {false, "custom_fields: {text_a: {column: A, join: 5}}"}, {false, "custom_fields: {text_a: {column: A, html: yes}}"}, {false, "custom_fields: {text_a: {column: A, pass: true}}"},
		{true, "custom_fields: {text_a: {column: A, values: {yes: 1, 2: x, null: true}}}"}, {true, "custom_fields: {text_a: {column: A, values: {a: ''}, pass: true, default: d, required: true}}"}, {false, "custom_fields: {text_a: {column: A, values: {}}}"}, {false, "custom_fields: {text_a: {column: A, values: {a: }}}"}, {false, "custom_fields: {text_a: {column: A, values: {a: [b]}}}"}, {false, "custom_fields: {text_a: {column: A, values: {'': b}}}"},
		{true, "custom_fields: {text_a: {column: A, values: {file: agents.csv}}}"}, {true, "custom_fields: {text_a: {column: A, values: {file: agents.csv, from: Name, to: Id}}}"}, {false, "custom_fields: {text_a: {column: A, values: {file: agents.csv, x: y}}}"}, {false, "custom_fields: {text_a: {column: A, values: {file: }}}"},
		{true, "custom_fields: {checkbox_a: {column: A, true: yes, false: [no, 0]}}"}, {false, "custom_fields: {checkbox_a: {column: A, true: []}}"}, {false, "custom_fields: {checkbox_a: {column: A, true: ['']}}"}, {true, "custom_fields: {checkbox_a: {const: Yes}}"}, {true, "custom_fields: {checkbox_a: {const: 1}}"},
		{true, "custom_fields: {date_a: {column: A, layout: excel, timezone: UTC}}"}, {true, "custom_fields: {date_a: {column: A, layout: [unix, rfc3339]}}"}, {false, "custom_fields: {date_a: {column: A, layout: []}}"}, {false, "custom_fields: {date_a: {column: A, timezone: UTC}}"}, {true, "custom_fields: {date_a: {const: '2024-01-01T00:00:00Z'}}"},
		{true, "custom_fields: {numeric_a: {const: 5}}"}, {true, "custom_fields: {numeric_a: {const: '+5'}}"}, {true, "custom_fields: {decimal_a: {column: A, decimal_comma: true, default: 5.5}}"},
		{true, "custom_fields: {multi_select_a: {column: A, split: ' '}}"}, {false, "custom_fields: {multi_select_a: {column: A, split: ''}}"}, {true, "custom_fields: {multi_select_a: {const: [a, 1]}}"}, {false, "custom_fields: {multi_select_a: {const: []}}"}, {true, "custom_fields: {dependent_field_a: {const: [a, b, c]}}"},
		{true, "custom_fields: {dropdown1: A, drop_down2: A}"}, {false, "custom_fields: {drop-down1: A}"},
		{false, "custom_fields: {text_a: {column: A, trunkate: 3}}"}, {false, "extra: 1"},
	} {
		src := head + c.src
		var doc yaml.Node
		if err := yaml.Unmarshal([]byte(src), &doc); err != nil {
			t.Fatal(err)
		}
		_, err := Parse("m.yaml", []byte(src), testdata)
		if good := err == nil; good != c.good {
			t.Errorf("Parse of %q: %v", c.src, err)
		}
		if v.accepts(doc.Content[0]) != c.good {
			t.Errorf("the schema of %q says %v", c.src, !c.good)
		}
	}
	for _, c := range []struct {
		good bool
		src  string
	}{
		{true, "title: T\n  description: {column: D, overflow: notes}\n  requester_email: E"},
		{true, "title: {column: T, truncate: 150}\n  description: D\n  requester_name: N\n  priority: {column: P, values: {a: LOW}, default: NORMAL}"},
		{true, "title: T\n  description: D\n  requester_name: N\n  owner_id: {column: O, agent: true, default: ''}\n  status: S\n  type: {const: TASK}\n  group_id: G\n  resolution: R"},
		{false, "title: T\n  description: D\n  requester_name: N\n  owner_id: {column: O, agent: 1}"},
		{false, "title: T\n  description: D\n  requester_name: N\n  owner_id: {const: 7, agent: true}"},
		{false, "title: T\n  description: D\n  requester_name: N\n  owner_id: {column: O, agent: true, default: ['']}"},
		{false, "title: T\n  description: D\n  requester_name: N\n  solve_reason: R"},
		{false, "title: {column: T, truncate: 9, overflow: notes}\n  description: D\n  requester_name: N"},
		{false, "title: {column: T, overflow: note}\n  description: D\n  requester_name: N"},
		{false, "title: T\n  description: D"},
		{false, "title: T\n  requester_name: N"},
	} {
		src := "version: 1\ncase:\n  " + c.src + "\n"
		var doc yaml.Node
		if err := yaml.Unmarshal([]byte(src), &doc); err != nil {
			t.Fatal(err)
		}
		_, err := Parse("m.yaml", []byte(src), testdata)
		if accepted := v.accepts(doc.Content[0]); (err == nil) != c.good || accepted != c.good {
			t.Errorf("%s: Parse %v, schema %v", c.src, err, accepted)
		}
	}
}

// What makes sense depends on the field, and the schema has one form of rule for
// all: only Parse sees these.
func TestSchemaDoesNotKnowFields(t *testing.T) {
	v := newValidator(t)
	for _, src := range []string{
		head + "custom_fields: {text_a: {const: [a]}}",
		head + "custom_fields: {text_a: {column: A, default: ''}}",
		head + "  owner_id: {column: A, key: true}",
		head + "  parent_id: {column: A, key: true}", // without a key
		head + "custom_fields: {text_a: {column: A, overflow: notes}}",
		head + "custom_fields: {text_a: {column: A, layout: excel}}",
		head + "custom_fields: {checkbox_a: {const: 2}}",
		head + "custom_fields: {checkbox_a: {column: A, values: {x: maybe}}}",
		head + "custom_fields: {date_a: {const: '2024-01-01'}}",
		head + "custom_fields: {numeric_a: {const: 5.5}}",
		head + "custom_fields: {numeric_a: {const: true}}",
		head + "custom_fields: {decimal_a: {const: '5,5'}}",
		head + "custom_fields: {multi_select_a: {column: A, join: ','}}",
		head + "custom_fields: {dependent_field_a: {const: [a, b, c, d]}}",
		"version: 1\ncase:\n  title: {column: T, truncate: 151}\n  description: D\n  requester_name: N",
		"version: 1\ncase:\n  title: {const: " + strings.Repeat("x", 151) + "}\n  description: D\n  requester_name: N",
		"version: 1\ncase:\n  title: T\n  description: D\n  requester_name: N\n  priority: {const: low}",
		"version: 1\ncase:\n  title: T\n  description: D\n  requester_name: N\n  priority: {column: P, values: {a: low}}",
		"version: 1\ncase:\n  title: T\n  description: D\n  requester_name: N\n  requester_email: {const: Ann}",
	} {
		var doc yaml.Node
		if err := yaml.Unmarshal([]byte(src), &doc); err != nil {
			t.Fatal(err)
		}
		if _, err := Parse("m.yaml", []byte(src), testdata); err == nil || !v.accepts(doc.Content[0]) {
			t.Errorf("%s: Parse %v", src, err)
		}
	}
}

// validator knows what of JSON Schema this package writes, and fails on the rest.
type validator struct {
	t    testing.TB
	root map[string]any
}

func newValidator(t testing.TB) *validator {
	t.Helper()
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	v := &validator{t: t}
	if err := json.Unmarshal(text, &v.root); err != nil {
		t.Fatal(err)
	}
	return v
}

func (v *validator) accepts(n *yaml.Node) bool { return v.valid(v.root, jsonOf(n)) }

// jsonOf is what an editor makes of YAML: the core schema, keys as text.
func jsonOf(n *yaml.Node) any {
	switch n.Kind {
	case yaml.AliasNode:
		return jsonOf(n.Alias)
	case yaml.MappingNode:
		out := map[string]any{}
		for i := 0; i < len(n.Content); i += 2 {
			out[n.Content[i].Value] = jsonOf(n.Content[i+1])
		}
		return out
	case yaml.SequenceNode:
		out := []any{}
		for _, c := range n.Content {
			out = append(out, jsonOf(c))
		}
		return out
	}
	var out any
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool", "!!int", "!!float":
		if n.Decode(&out) != nil {
			return n.Value
		}
		if f := reflect.ValueOf(out); f.CanInt() || f.CanUint() {
			return f.Convert(reflect.TypeFor[float64]()).Float()
		}
		return out
	}
	return n.Value
}

func (v *validator) valid(schema, x any) bool {
	if b, ok := schema.(bool); ok {
		return b
	}
	object, _ := x.(map[string]any)
	array, isArray := x.([]any)
	text, isText := x.(string)
	number, isNumber := x.(float64)
	s := schema.(map[string]any)
	for keyword, rule := range s {
		ok := true
		switch keyword {
		case "$schema", "$defs", "title", "description":
		case "$ref":
			ok = v.valid(v.root["$defs"].(map[string]any)[strings.TrimPrefix(rule.(string), "#/$defs/")], x)
		case "type":
			switch rule {
			case "object":
				ok = object != nil
			case "array":
				ok = isArray
			case "string":
				ok = isText
			case "number":
				ok = isNumber
			case "integer":
				ok = isNumber && number == math.Trunc(number)
			case "boolean":
				_, ok = x.(bool)
			case "null":
				ok = x == nil
			}
		case "const":
			ok = reflect.DeepEqual(rule, x)
		case "enum":
			ok = slices.ContainsFunc(rule.([]any), func(e any) bool { return reflect.DeepEqual(e, x) })
		case "oneOf", "anyOf":
			n := 0
			for _, sub := range rule.([]any) {
				if v.valid(sub, x) {
					n++
				}
			}
			ok = n == 1 || n > 1 && keyword == "anyOf"
		case "not":
			ok = !v.valid(rule, x)
		case "required":
			for _, name := range rule.([]any) {
				_, there := object[name.(string)]
				ok = ok && (there || object == nil)
			}
		case "dependentRequired":
			for name, others := range rule.(map[string]any) {
				if _, there := object[name]; there {
					ok = ok && v.valid(map[string]any{"required": others}, x)
				}
			}
		case "properties", "patternProperties", "additionalProperties":
			ok = v.members(s, object)
		case "maxProperties":
			ok = object == nil || float64(len(object)) <= rule.(float64)
		case "propertyNames":
			for name := range object {
				ok = ok && v.valid(rule, name)
			}
		case "minProperties":
			ok = object == nil || float64(len(object)) >= rule.(float64)
		case "items":
			for _, e := range array {
				ok = ok && v.valid(rule, e)
			}
		case "minItems":
			ok = !isArray || float64(len(array)) >= rule.(float64)
		case "maxItems":
			ok = !isArray || float64(len(array)) <= rule.(float64)
		case "minimum":
			ok = !isNumber || number >= rule.(float64)
		case "maximum":
			ok = !isNumber || number <= rule.(float64)
		case "minLength":
			ok = !isText || float64(utf8.RuneCountInString(text)) >= rule.(float64)
		case "maxLength":
			ok = !isText || float64(utf8.RuneCountInString(text)) <= rule.(float64)
		case "pattern":
			ok = !isText || regexp.MustCompile(rule.(string)).MatchString(text)
		default:
			v.t.Fatal(fmt.Errorf("the schema has %q, which this test does not know", keyword))
		}
		if !ok {
			return false
		}
	}
	return true
}

func (v *validator) members(s map[string]any, object map[string]any) bool {
	properties, _ := s["properties"].(map[string]any)
	patterns, _ := s["patternProperties"].(map[string]any)
	for name, value := range object {
		known := false
		if rule, ok := properties[name]; ok {
			known = true
			if !v.valid(rule, value) {
				return false
			}
		}
		for pattern, rule := range patterns {
			if regexp.MustCompile(pattern).MatchString(name) {
				known = true
				if !v.valid(rule, value) {
					return false
				}
			}
		}
		if rest, ok := s["additionalProperties"]; ok && !known && !v.valid(rest, value) {
			return false
		}
	}
	return true
}

// Every key of the mapping file has its description, for editors to show.
func TestSchemaDescribesEveryKey(t *testing.T) {
	var walk func(path string, x any)
	walk = func(path string, x any) {
		switch x := x.(type) {
		case map[string]any:
			properties, _ := x["properties"].(map[string]any)
			for name, p := range properties {
				if rule, ok := p.(map[string]any); ok && rule["description"] == nil {
					t.Errorf("%s.%s has no description", path, name)
				}
			}
			for k, sub := range x {
				walk(path+"."+k, sub)
			}
		case []any:
			for _, sub := range x {
				walk(path, sub)
			}
		}
	}
	walk("", newValidator(t).root)
}
