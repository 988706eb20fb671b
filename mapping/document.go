package mapping

import "go.yaml.in/yaml/v3"

// The types below are the mapping file. decode.go fills them by their tags and
// schema.go makes the JSON Schema of the same tags, so that neither can know a
// key that the other does not: `yaml` is the key, `rule` and `limit` say what
// kind of field a rule fills and how many characters it holds.

type document struct {
	Version      *version    `yaml:"version" jsonschema:"required" jsonschema_description:"The form of this file: 1."`
	Key          *keyRule    `yaml:"key" jsonschema_description:"What makes a row itself: rows with the same key are the same case. A bare string is a column."`
	Where        *str        `yaml:"where" jsonschema_description:"Expression that says true or false; rows for which it is false are left out."`
	Case         *caseRules  `yaml:"case" jsonschema:"required" jsonschema_description:"The standard fields of the case."`
	CustomFields customRules `yaml:"custom_fields" jsonschema_description:"The custom fields; the prefix of the name fixes the type."`
	Notes        noteRules   `yaml:"notes" jsonschema_description:"The notes of the case, in order."`
}

// keyRule has the sources of a rule that make sense for an identity.
type keyRule struct {
	node *yaml.Node

	Column      *str `yaml:"column" jsonschema_description:"Column whose trimmed content is the key."`
	Expr        *str `yaml:"expr" jsonschema_description:"Expression whose trimmed result is the key."`
	CustomField *str `yaml:"custom_field" jsonschema_description:"The text field in which the case carries its key; without it a case cannot be looked up."`
}

type caseRules struct {
	Title          *rule `yaml:"title" rule:"bounded" limit:"150" jsonschema:"required" jsonschema_description:"The subject: 1 to 150 characters."`
	Description    *rule `yaml:"description" rule:"bounded" limit:"2000" jsonschema:"required" jsonschema_description:"1 to 2,000 characters."`
	Priority       *rule `yaml:"priority" rule:"priority" jsonschema_description:"LOW, NORMAL, HIGH or URGENT."`
	RequesterName  *rule `yaml:"requester_name" rule:"text" jsonschema_description:"A requester's name or e-mail address is required."`
	RequesterEmail *rule `yaml:"requester_email" rule:"email" jsonschema_description:"A bare e-mail address."`
	RequesterType  *rule `yaml:"requester_type" rule:"code" jsonschema_description:"The API takes Contact where none is given."`
	OwnerID        *rule `yaml:"owner_id" rule:"code" jsonschema_description:"Id of the assignee."`
	ParentID       *rule `yaml:"parent_id" rule:"code" jsonschema_description:"Id of the parent case."`
}

type noteRules []*noteRule

type noteRule struct {
	node *yaml.Node

	Each   *str  `yaml:"each" jsonschema_description:"Column with a list: one note for each element. Columns of the rules beside it are then members of the element, and expressions know it as item."`
	Title  *rule `yaml:"note_title" rule:"text" jsonschema_description:"Title of the note."`
	Body   *rule `yaml:"note_body" rule:"text" jsonschema:"required" jsonschema_description:"Text of the note; where it is empty there is no note."`
	Public *rule `yaml:"public" rule:"checkbox" jsonschema_description:"Whether the requester may see the note."`
}

// customRules keeps the order of the file.
type customRules []customRule

type customRule struct {
	name string
	rule *rule
}

// rule says where the value of one field comes from and what becomes of it on
// the way. In the file a bare string stands for {column: …}.
type rule struct {
	node *yaml.Node

	Column  *str       `yaml:"column" jsonschema_description:"Column of the input (JSON: a dotted path)."`
	Columns columnList `yaml:"columns" jsonschema_description:"Several columns: the first that is not empty, or all where the field holds a list or join is given."`
	Const   *literal   `yaml:"const" jsonschema_description:"The same value for every row, written as it is to be sent."`
	Expr    *str       `yaml:"expr" jsonschema_description:"Expression, such as lower(trim(row[\"E-mail\"]))."`

	Values       *values    `yaml:"values" jsonschema_description:"Look-up table, without regard to case and blanks around; or {file: table.csv}."`
	Default      *literal   `yaml:"default" jsonschema_description:"Value for an empty cell and for one that values does not list, written as it is to be sent."`
	Required     *toggle    `yaml:"required" jsonschema_description:"An empty value makes the row invalid."`
	Pass         *toggle    `yaml:"pass" jsonschema_description:"Cells that values does not list are taken as they are."`
	Truncate     *count     `yaml:"truncate" jsonschema_description:"Cut after so many characters."`
	Split        *separator `yaml:"split" jsonschema_description:"What separates several values in one cell."`
	Join         *text      `yaml:"join" jsonschema_description:"What to put between several values to make one text of them."`
	Layout       layouts    `yaml:"layout" jsonschema_description:"How dates are written, by example of 2006-01-02 15:04:05 (the second of January 2006), or excel, unix, rfc3339. Of several, the first that fits."`
	Timezone     *str       `yaml:"timezone" jsonschema_description:"Time zone of dates written without one, such as Europe/Lisbon."`
	True         wordList   `yaml:"true" jsonschema_description:"Words for true in place of true, yes and 1."`
	False        wordList   `yaml:"false" jsonschema_description:"Words for false in place of false, no and 0."`
	HTML         *toggle    `yaml:"html" jsonschema_description:"HTML to readable plain text; links are kept."`
	DecimalComma *toggle    `yaml:"decimal_comma" jsonschema_description:"The comma is the decimal sign."`
	Overflow     *str       `yaml:"overflow" jsonschema:"enum=notes" jsonschema_description:"What does not fit goes into notes."`
}

// str is a string that is not blank, and where it stands.
type str struct {
	text string
	node *yaml.Node
}

// text is any string.
type text struct{ text string }

// separator is a string that is not empty, but may be blank.
type separator struct{ text string }

type version struct{ number int }

type toggle struct{ on bool }

type count struct{ number int }

type columnList []str

// layouts is one string or a list of them.
type layouts []str

// wordList is one scalar or a list of them, each as spelled in the file: yes and
// 1 are words here, not a boolean and a number.
type wordList []str

// literal is a scalar, or a list of them, as spelled in the file.
type literal struct {
	texts []string
	list  bool
	node  *yaml.Node
}

// values is a table in the file itself or, with the key "file", in a CSV file
// beside it.
type values struct {
	node  *yaml.Node
	pairs []pair
	table *tableFile
}

type pair struct {
	from, to string
	node     *yaml.Node // of the key
	value    *yaml.Node
}

type tableFile struct {
	File *str `yaml:"file" jsonschema:"required" jsonschema_description:"CSV file, UTF-8, with a header."`
	From *str `yaml:"from" jsonschema_description:"Header of the column to look up in; the first if not given."`
	To   *str `yaml:"to" jsonschema_description:"Header of the column to take the value from; the second if not given."`
}
