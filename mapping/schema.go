package mapping

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/invopop/jsonschema"

	"caseimport/mapping/yamlfile"
)

// The types below are the mapping file: its keys, for the reader and for the
// JSON Schema, so that neither can know a key that the other does not. A key
// without omitempty is required. Nothing is ever decoded into them.

type fileKeys struct {
	Version int        `json:"version" jsonschema:"enum=1" jsonschema_description:"The form of this file: 1."`
	Key     keyKeys    `json:"key,omitempty" jsonschema_description:"What makes a row itself: rows with the same key are the same case. A bare string is a column."`
	Fields  text       `json:"fields,omitempty" jsonschema_description:"What caseimport fields -o wrote: the account's fields and their options. Keys and options are then checked, and an option may be given by its label."`
	Where   text       `json:"where,omitempty" jsonschema_description:"Expression that says true or false; rows for which it is false are left out."`
	Case    caseKeys   `json:"case" jsonschema_description:"The standard fields of the case."`
	Custom  customKeys `json:"custom_fields,omitempty" jsonschema_description:"The custom fields; the prefix of the name fixes the type."`
	Notes   noteList   `json:"notes,omitempty" jsonschema_description:"The notes of the case, in order."`
}

// keyKeys has the sources of a rule that make sense for an identity.
type keyKeys struct {
	Column      text `json:"column,omitempty" jsonschema_description:"Column whose trimmed content is the key."`
	Expr        text `json:"expr,omitempty" jsonschema_description:"Expression whose trimmed result is the key."`
	CustomField text `json:"custom_field,omitempty" jsonschema_description:"The text field in which the case carries its key; without it a case cannot be looked up."`
}

type caseKeys struct {
	Title          ruleKeys `json:"title" jsonschema_description:"The subject: 1 to 150 characters."`
	Description    ruleKeys `json:"description" jsonschema_description:"1 to 2,000 characters."`
	Priority       ruleKeys `json:"priority,omitempty" jsonschema_description:"LOW, NORMAL, HIGH or URGENT."`
	RequesterName  ruleKeys `json:"requester_name,omitempty" jsonschema_description:"A requester's name or e-mail address is required."`
	RequesterEmail ruleKeys `json:"requester_email,omitempty" jsonschema_description:"A bare e-mail address."`
	RequesterType  ruleKeys `json:"requester_type,omitempty" jsonschema_description:"The API takes Contact where none is given."`
	OwnerID        ruleKeys `json:"owner_id,omitempty" jsonschema_description:"Id of the assignee, or with agent an agent's e-mail address (or id)."`
	ParentID       ruleKeys `json:"parent_id,omitempty" jsonschema_description:"Id of the parent case, or with key the key of another row."`
	Status         ruleKeys `json:"status,omitempty" jsonschema_description:"NEW, OPEN, PENDING, ON-HOLD, RESOLVED in any spelling, or the account's own; set by an update after the creation."`
	Type           ruleKeys `json:"type,omitempty" jsonschema_description:"QUESTION, INCIDENT, PROBLEM, TASK in any spelling, or the account's own; set by an update after the creation."`
	GroupID        ruleKeys `json:"group_id,omitempty" jsonschema_description:"Id of the group; set by an update after the creation."`
	Resolution     ruleKeys `json:"resolution,omitempty" jsonschema_description:"How the case was resolved; sent where the status is RESOLVED."`
}

type noteKeys struct {
	From   fromKeys `json:"from,omitempty" jsonschema_description:"A second file: one note for each of its rows that have the key of the row at hand. Columns of the rules beside it are then those of that file; expressions know the row of the input as parent."`
	Each   text     `json:"each,omitempty" jsonschema_description:"Column with a list: one note for each element. Columns of the rules beside it are then members of the element, and expressions know it as item."`
	Title  ruleKeys `json:"note_title,omitempty" jsonschema_description:"Title of the note."`
	Body   ruleKeys `json:"note_body" jsonschema_description:"Text of the note; where it is empty there is no note."`
	Public ruleKeys `json:"public,omitempty" jsonschema_description:"Whether the requester may see the note; always sent, false if left out or empty."`
}

type fromKeys struct {
	File      text        `json:"file" jsonschema_description:"The file, in any format that an input may have, beside the mapping file."`
	Key       fromKeyKeys `json:"key" jsonschema_description:"What holds the key of the row that a row of this file belongs to. A bare string is a column."`
	Sort      text        `json:"sort,omitempty" jsonschema_description:"Column by which the notes of a case are in order, as dates, numbers or texts; without it, and where it says the same, the order of the file."`
	Encoding  text        `json:"encoding,omitempty" jsonschema_description:"Encoding of the file, such as windows-1252; detected if not given."`
	Delimiter text        `json:"delimiter,omitempty" jsonschema_description:"What stands between the cells of the file: one character, or tab; detected if not given."`
	Sheet     text        `json:"sheet,omitempty" jsonschema_description:"Sheet of a workbook; the first with rows if not given."`
	Layout    texts       `json:"layout,omitempty" jsonschema_description:"How dates in that column are written, by example of 2006-01-02 15:04:05, where they do not tell."`
}

// fromKeyKeys has the sources of a rule that make sense for a key.
type fromKeyKeys struct {
	Column text `json:"column,omitempty" jsonschema_description:"Column whose trimmed content is the key."`
	Expr   text `json:"expr,omitempty" jsonschema_description:"Expression whose trimmed result is the key."`
}

// ruleKeys say where the value of one field comes from and what becomes of it on
// the way. Which of them make sense depends on the field: see kinds.
type ruleKeys struct {
	Column  text    `json:"column,omitempty" jsonschema_description:"Column of the input (JSON: a dotted path)."`
	Columns []text  `json:"columns,omitempty" jsonschema:"minItems=1" jsonschema_description:"Several columns: the first that is not empty, or all where the field holds a list or join is given."`
	Const   scalars `json:"const,omitempty" jsonschema_description:"The same value for every row, written as it is to be sent."`
	Expr    text    `json:"expr,omitempty" jsonschema_description:"Expression, such as lower(trim(row[\"E-mail\"]))."`

	Values       values  `json:"values,omitempty" jsonschema_description:"Look-up table, without regard to case and blanks around; or {file: table.csv}."`
	Default      blanks  `json:"default,omitempty" jsonschema_description:"Value for an empty cell and for one that values does not list, written as it is to be sent. With agent or key also where there is no such agent or case, and \"\" leaves the field out."`
	Required     bool    `json:"required,omitempty" jsonschema_description:"An empty value makes the row invalid."`
	Pass         bool    `json:"pass,omitempty" jsonschema_description:"Cells that values does not list are taken as they are."`
	Truncate     int     `json:"truncate,omitempty" jsonschema:"minimum=1" jsonschema_description:"Cut after so many characters."`
	Split        string  `json:"split,omitempty" jsonschema:"minLength=1" jsonschema_description:"What separates several values in one cell."`
	Join         string  `json:"join,omitempty" jsonschema_description:"What to put between several values to make one text of them."`
	Layout       texts   `json:"layout,omitempty" jsonschema_description:"How dates are written, by example of 2006-01-02 15:04:05 (the second of January 2006), or excel, unix, rfc3339. Of several, the first that fits."`
	Timezone     text    `json:"timezone,omitempty" jsonschema_description:"Time zone of dates written without one, such as Europe/Lisbon."`
	True         scalars `json:"true,omitempty" jsonschema_description:"Words for true in place of true, yes and 1."`
	False        scalars `json:"false,omitempty" jsonschema_description:"Words for false in place of false, no and 0."`
	HTML         bool    `json:"html,omitempty" jsonschema_description:"HTML to readable plain text; links are kept."`
	DecimalComma bool    `json:"decimal_comma,omitempty" jsonschema_description:"The comma is the decimal sign."`
	Overflow     string  `json:"overflow,omitempty" jsonschema:"enum=notes" jsonschema_description:"What does not fit goes into notes."`
	Agent        bool    `json:"agent,omitempty" jsonschema_description:"owner_id: the value is an agent's e-mail address, whose id is sent, or an id of 24 hexadecimal digits."`
	Key          bool    `json:"key,omitempty" jsonschema_description:"parent_id: the value is the key of another row, whose case's id is sent."`
}

type tableKeys struct {
	File      text `json:"file" jsonschema_description:"CSV file with a header."`
	Encoding  text `json:"encoding,omitempty" jsonschema_description:"Encoding of the file, such as windows-1252; UTF-8 if not given."`
	Delimiter text `json:"delimiter,omitempty" jsonschema_description:"What stands between its cells: one character, or tab; detected if not given."`
	From      text `json:"from,omitempty" jsonschema_description:"Header of the column to look up in; the first if not given."`
	To        text `json:"to,omitempty" jsonschema_description:"Header of the column to take the value from; the second if not given."`
}

// keysOf reads the keys of a type above.
func keysOf[T any]() (keys yamlfile.Keys) {
	for _, f := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		name, optional, _ := strings.Cut(f.Tag.Get("json"), ",")
		keys.Known = append(keys.Known, name)
		if optional == "" {
			keys.Required = append(keys.Required, name)
		}
	}
	return keys
}

// Schema returns the JSON Schema (draft 2020-12) of the mapping file, indented.
// It has one form of rule for all fields: which modifiers and values make sense
// for a field, whether expressions, layouts, time zones and look-up files are
// right, and whether two keys are the same, only Parse sees.
func Schema() ([]byte, error) {
	reflector := jsonschema.Reflector{Anonymous: true, ExpandedStruct: true}
	root := reflector.Reflect(&fileKeys{})
	root.Title = "caseimport mapping file"
	out, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("cannot write the schema: %w", err)
	}
	return append(out, '\n'), nil
}

// What a struct cannot say, the types below and the extensions say.
type (
	text       string              // not blank
	texts      []text              // or one alone
	scalars    []string            // or one alone: texts that are not blank, numbers, true and false
	blanks     []string            // as scalars; one alone may be blank where the field allows it
	values     struct{}            // a table in place, or tableKeys
	customKeys map[string]ruleKeys // or nothing
	noteList   []noteKeys          // or nothing
)

type schema = jsonschema.Schema

func oneOf(s ...*schema) *schema { return &schema{OneOf: s} }

func listOf(s *schema) *schema {
	return &schema{Type: "array", Items: s, MinItems: new(uint64(1))}
}

// scalar accepts a single value; a text only if it is not blank, unless blank is
// set.
func scalar(blank bool) *schema {
	s := text("").JSONSchema()
	if blank {
		s.Pattern = ""
	}
	return &schema{AnyOf: []*schema{s, {Type: "number"}, {Type: "boolean"}}}
}

func (text) JSONSchema() *schema { return &schema{Type: "string", Pattern: `\S`} }

func (texts) JSONSchema() *schema {
	return oneOf(text("").JSONSchema(), listOf(text("").JSONSchema()))
}

func (scalars) JSONSchema() *schema { return oneOf(scalar(false), listOf(scalar(false))) }

func (blanks) JSONSchema() *schema { return oneOf(scalar(true), listOf(scalar(false))) }

func (values) JSONSchema() *schema {
	file := (&jsonschema.Reflector{Anonymous: true, DoNotReference: true}).Reflect(&tableKeys{})
	file.Version = ""
	inline := &schema{Type: "object", Properties: jsonschema.NewProperties(), MinProperties: new(uint64(1)), PropertyNames: text("").JSONSchema()}
	inline.Properties.Set("file", jsonschema.FalseSchema)
	inline.AdditionalProperties = scalar(true)
	return oneOf(file, inline)
}

func (customKeys) JSONSchemaExtend(s *schema) {
	patterns := map[string]*schema{}
	for _, p := range prefixes {
		patterns["^"+p.name] = s.AdditionalProperties
	}
	*s = *oneOf(&schema{Type: "null"}, &schema{Type: "object", PatternProperties: patterns, AdditionalProperties: jsonschema.FalseSchema})
}

func (noteList) JSONSchemaExtend(s *schema) {
	notes := *s
	*s = *oneOf(&schema{Type: "null"}, &notes)
}

func (caseKeys) JSONSchemaExtend(s *schema) {
	s.AnyOf = []*schema{{Required: []string{"requester_name"}}, {Required: []string{"requester_email"}}}
}

func (keyKeys) JSONSchemaExtend(s *schema) {
	to, _ := s.Properties.Get("custom_field")
	*to = schema{Type: "string", Pattern: "^text", Description: to.Description}
	orColumn(s, "column", "expr")
}

func (fromKeyKeys) JSONSchemaExtend(s *schema) { orColumn(s, "column", "expr") }

func (fromKeys) JSONSchemaExtend(s *schema) {
	s.DependentRequired = map[string][]string{"layout": {"sort"}}
}

func (noteKeys) JSONSchemaExtend(s *schema) {
	s.Not = &schema{Required: []string{"each", "from"}}
}

func (ruleKeys) JSONSchemaExtend(s *schema) {
	s.DependentRequired = map[string][]string{"pass": {"values"}, "timezone": {"layout"}}
	s.Not = &schema{Required: []string{"truncate", "overflow"}}
	s.AnyOf = []*schema{{Not: &schema{Required: []string{"const"}}}, {MaxProperties: new(uint64(1))}}
	orColumn(s, sources...)
}

// orColumn accepts a bare column in place of keys, of which exactly one is a
// source.
func orColumn(s *schema, sources ...string) {
	keys := *s
	for _, source := range sources {
		keys.OneOf = append(keys.OneOf, &schema{Required: []string{source}})
	}
	column := text("").JSONSchema()
	column.Description = "A column of the input."
	*s = *oneOf(column, &keys)
}
