package source

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/tidwall/gjson"

	"caseimport/mapping"
)

// maxColumns bounds the members of a JSON file. More of them means that its
// objects use data as names.
const maxColumns = 10_000

// tree holds the names of the members seen, by the objects that hold them.
type tree struct {
	root    node
	size    int
	columns []string       // dotted paths
	index   map[string]int // the column of a path
}

type node struct {
	path    string
	column  int
	members map[string]*node
}

// add makes a node for a member. A member whose own name holds a dot may have
// the path of another: they share a column.
func (t *tree) add(n *node, name string) *node {
	path := mend(gjson.Parse(name).Str)
	if n != &t.root {
		path = n.path + "." + path
	}
	column, known := t.index[path]
	if !known {
		if t.index == nil {
			t.index = map[string]int{}
		}
		column = len(t.columns)
		t.columns = append(t.columns, path)
		t.index[path] = column
	}
	m := &node{path: path, column: column}
	if n.members == nil {
		n.members = map[string]*node{}
	}
	n.members[name] = m
	t.size++
	return m
}

// jsonValue makes a Value of a JSON value. Numbers keep their spelling, the
// members of objects their order.
func jsonValue(raw string) mapping.Value {
	switch raw[0] {
	case '"':
		text := raw[1 : len(raw)-1]
		if strings.IndexByte(text, '\\') >= 0 {
			text = gjson.Parse(raw).Str
		}
		return mapping.Value{Kind: mapping.String, Text: text}
	case 't', 'f':
		return mapping.Value{Kind: mapping.Bool, Text: raw}
	case 'n':
		return mapping.Value{}
	case '{', '[':
		value := mapping.Value{Kind: mapping.List}
		if raw[0] == '{' {
			value.Kind = mapping.Object
		}
		gjson.Parse(raw).ForEach(func(name, element gjson.Result) bool {
			if raw[0] == '{' {
				value.Names = append(value.Names, name.Str)
			}
			value.List = append(value.List, jsonValue(element.Raw))
			return true
		})
		return value
	}
	return mapping.Value{Kind: mapping.Number, Text: raw}
}

// kinds names the kinds of JSON values for people.
var kinds = map[jsontext.Kind]string{
	'[': "an array", '"': "a string", '0': "a number", 'n': "null", 't': "true or false", 'f': "true or false",
}
