package mapping

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"github.com/invopop/jsonschema"
)

// Schema returns the JSON Schema (draft 2020-12) of the mapping file, indented.
// It is made from the types that Parse fills and accepts what Parse accepts as
// far as a schema can say: expressions, layouts, time zones and look-up files
// are texts to it, and it cannot compare two keys or words.
func Schema() ([]byte, error) {
	s := schemaMaker{defs: jsonschema.Definitions{}}
	root := s.reflect(reflect.TypeFor[document]())
	root.Version = jsonschema.Version
	root.Title = "caseimport mapping file"
	root.Definitions = s.defs
	out, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("cannot write the schema: %w", err)
	}
	return append(out, '\n'), nil
}

// schemaMaker gathers one definition for each kind of rule.
type schemaMaker struct {
	defs jsonschema.Definitions
}

// reflect makes the schema of a struct of document.go.
func (s *schemaMaker) reflect(t reflect.Type) *jsonschema.Schema {
	r := jsonschema.Reflector{
		Anonymous:                  true,
		DoNotReference:             true,
		FieldNameTag:               "yaml",
		RequiredFromJSONSchemaTags: true,
		Mapper: func(inner reflect.Type) *jsonschema.Schema {
			if inner == t { // leaf may have asked for it
				return nil
			}
			return s.leaf(inner)
		},
	}
	out := r.ReflectFromType(t)
	out.Version = ""
	for i := range t.NumField() {
		// What kind of rule a field takes only its tag says.
		tag := t.Field(i).Tag
		if name := tag.Get("rule"); name != "" {
			limit, _ := strconv.Atoi(tag.Get("limit"))
			described, _ := out.Properties.Get(tag.Get("yaml"))
			out.Properties.Set(tag.Get("yaml"), &jsonschema.Schema{
				Ref:         s.rule(kindNamed(name), limit),
				Description: described.Description,
			})
		}
	}
	return out
}

// leaf is the schema of a type that is not a struct of keys.
func (s *schemaMaker) leaf(t reflect.Type) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[version]():
		return &jsonschema.Schema{Const: 1}
	case reflect.TypeFor[str]():
		return stringSchema()
	case reflect.TypeFor[text]():
		return &jsonschema.Schema{Type: "string"}
	case reflect.TypeFor[separator]():
		return &jsonschema.Schema{Type: "string", MinLength: number64(1)}
	case reflect.TypeFor[toggle]():
		return &jsonschema.Schema{Type: "boolean"}
	case reflect.TypeFor[count]():
		return &jsonschema.Schema{Type: "integer", Minimum: "1"}
	case reflect.TypeFor[columnList]():
		return listOf(stringSchema())
	case reflect.TypeFor[layouts]():
		return oneOf(stringSchema(), listOf(stringSchema()))
	case reflect.TypeFor[wordList]():
		return oneOf(scalarSchema(), listOf(scalarSchema()))
	case reflect.TypeFor[literal](), reflect.TypeFor[values](), reflect.TypeFor[rule]():
		return &jsonschema.Schema{} // by the kind of the rule
	case reflect.TypeFor[caseRules]():
		out := s.reflect(t)
		out.AnyOf = []*jsonschema.Schema{{Required: []string{"requester_name"}}, {Required: []string{"requester_email"}}}
		return out
	case reflect.TypeFor[keyRule]():
		out := s.reflect(t)
		field, _ := out.Properties.Get("custom_field")
		field.Pattern = "^text"
		out.OneOf = []*jsonschema.Schema{{Required: []string{"column"}}, {Required: []string{"expr"}}}
		return oneOf(stringSchema(), out)
	case reflect.TypeFor[customRules]():
		patterns := map[string]*jsonschema.Schema{}
		for _, p := range prefixes {
			patterns["^"+p.name] = &jsonschema.Schema{Ref: s.rule(p.kind, 0)}
		}
		return oneOf(&jsonschema.Schema{Type: "null"}, &jsonschema.Schema{
			Type: "object", PatternProperties: patterns, AdditionalProperties: jsonschema.FalseSchema,
		})
	case reflect.TypeFor[noteRules]():
		return oneOf(&jsonschema.Schema{Type: "null"}, &jsonschema.Schema{Type: "array", Items: s.reflect(reflect.TypeFor[noteRule]())})
	}
	return nil
}

// rule defines the rules of one kind and returns the reference to them: a bare
// column, a const, or another source with the modifiers that make sense.
func (s *schemaMaker) rule(k kind, limit int) string {
	name := kinds[k].name
	if limit > 0 {
		name = fmt.Sprintf("text_%d", limit)
	}
	ref := "#/$defs/" + name
	if s.defs[name] != nil {
		return ref
	}
	full := s.reflect(reflect.TypeFor[rule]())
	constant, other := object(), object()
	given := literalSchema(k, limit)
	for pair := full.Properties.Oldest(); pair != nil; pair = pair.Next() {
		key, value := pair.Key, pair.Value
		switch key {
		case "const":
			constant.Properties.Set(key, describe(given, value))
			continue
		case "default":
			value = describe(given, value)
		case "values":
			value = describe(s.values(k, limit), value)
		case "truncate":
			if limit > 0 {
				value.Maximum = json.Number(strconv.Itoa(limit))
			}
		}
		if slices.Contains(sources, key) || isModifier(k, key) {
			other.Properties.Set(key, value)
		}
	}
	constant.Required = []string{"const"}
	for _, source := range sources {
		if source != "const" {
			other.OneOf = append(other.OneOf, &jsonschema.Schema{Required: []string{source}})
		}
	}
	other.DependentRequired = map[string][]string{"pass": {"values"}}
	if isModifier(k, "timezone") {
		other.DependentRequired["timezone"] = []string{"layout"}
	}
	if isModifier(k, "overflow") {
		other.Not = &jsonschema.Schema{Required: []string{"truncate", "overflow"}}
	}
	column := stringSchema()
	column.Description = "A column of the input."
	s.defs[name] = oneOf(column, constant, other)
	return ref
}

func isModifier(k kind, key string) bool { return slices.Contains(modifiersOf(k), key) }

// values is a table in place or in a file.
func (s *schemaMaker) values(k kind, limit int) *jsonschema.Schema {
	to := literalSchema(k, limit)
	if k.isList() {
		to = scalarSchema()
	}
	inline := object()
	inline.Properties.Set("file", jsonschema.FalseSchema)
	inline.AdditionalProperties = &jsonschema.Schema{AnyOf: []*jsonschema.Schema{to, {Type: "string", Pattern: `^\s*$`}}}
	inline.PropertyNames = &jsonschema.Schema{Pattern: `\S`}
	inline.MinProperties = number64(1)
	return oneOf(s.reflect(reflect.TypeFor[tableFile]()), inline)
}

// literalSchema is a value as it is to be sent.
func literalSchema(k kind, limit int) *jsonschema.Schema {
	switch k {
	case kindBounded:
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
			{Type: "string", Pattern: `\S`, MaxLength: number64(uint64(limit))}, {Type: "number"}, {Type: "boolean"},
		}}
	case kindPriority:
		out := &jsonschema.Schema{}
		for _, p := range Priorities {
			out.Enum = append(out.Enum, p)
		}
		return out
	case kindEmail:
		return &jsonschema.Schema{Type: "string", Pattern: "^[^@\\s<>]+@[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)+$", MaxLength: number64(254)}
	case kindCheckbox:
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
			{Type: "boolean"}, {Enum: []any{0, 1}},
			{Type: "string", Pattern: `^\s*([Tt][Rr][Uu][Ee]|[Yy][Ee][Ss]|1|[Ff][Aa][Ll][Ss][Ee]|[Nn][Oo]|0)\s*$`},
		}}
	case kindDate:
		return &jsonschema.Schema{Type: "string", Pattern: `^\s*\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})\s*$`}
	case kindNumeric:
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "integer"}, {Type: "string", Pattern: `^\s*[+-]?\d+\s*$`}}}
	case kindDecimal:
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "number"}, {Type: "string", Pattern: `^\s*[+-]?(\d+(\.\d+)?|\.\d+)([eE][+-]?\d+)?\s*$`}}}
	case kindMultiSelect:
		return oneOf(scalarSchema(), listOf(scalarSchema()))
	case kindDependent:
		list := listOf(scalarSchema())
		list.MaxItems = number64(maxLevels)
		return oneOf(scalarSchema(), list)
	}
	return scalarSchema()
}

// describe gives a schema the description of another.
func describe(s, of *jsonschema.Schema) *jsonschema.Schema {
	out := *s
	out.Description = of.Description
	return &out
}

func stringSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "string", Pattern: `\S`} }

func scalarSchema() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{stringSchema(), {Type: "number"}, {Type: "boolean"}}}
}

func listOf(s *jsonschema.Schema) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "array", Items: s, MinItems: number64(1)}
}

func oneOf(s ...*jsonschema.Schema) *jsonschema.Schema { return &jsonschema.Schema{OneOf: s} }

func object() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "object", Properties: jsonschema.NewProperties(), AdditionalProperties: jsonschema.FalseSchema}
}

func number64(n uint64) *uint64 { return &n }
