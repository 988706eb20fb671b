package source

import (
	"fmt"

	"github.com/tidwall/gjson"

	"caseimport/mapping"
)

// maxColumns bounds the members of a JSON file. More of them means that its
// objects use data as names.
const maxColumns = 10_000

// tree holds the names of the members seen, by the objects that hold them.
type tree struct {
	root    *node
	size    int
	columns []string       // dotted paths
	index   map[string]int // the column of a path
}

type node struct {
	name    string
	path    string
	column  int
	order   int // among its siblings
	members []*node
	byName  map[string]*node
}

func newTree() *tree {
	return &tree{root: &node{byName: map[string]*node{}}, index: map[string]int{}}
}

// place puts the raw value of each member of object, and of the objects in it,
// in the cell of its column. Members that the tree does not know are added to
// it if learn says so. A path that a record reaches twice is a fault of the
// record: one of the two values would be lost.
func (t *tree) place(n *node, object gjson.Result, cells *[]string, learn bool) (fault string, err error) {
	next := 0 // members mostly come in the same order
	object.ForEach(func(key, value gjson.Result) bool {
		var m *node
		if next < len(n.members) && n.members[next].name == key.Str {
			m = n.members[next]
		} else if m = n.byName[key.Str]; m == nil {
			if !learn {
				return true
			}
			if m, err = t.add(n, key.Str); err != nil {
				return false
			}
		}
		next = m.order + 1
		for m.column >= len(*cells) {
			*cells = append(*cells, "")
		}
		if (*cells)[m.column] != "" {
			fault = fmt.Sprintf("has %q twice", m.path)
			return false
		}
		(*cells)[m.column] = value.Raw
		if value.IsObject() {
			fault, err = t.place(m, value, cells, learn)
		}
		return fault == "" && err == nil
	})
	return fault, err
}

// add makes a node for a member. A member whose own name holds a dot may have
// the path of another: they share a column.
func (t *tree) add(n *node, name string) (*node, error) {
	path := name
	if n != t.root {
		path = n.path + "." + name
	}
	if t.size++; t.size > maxColumns {
		return nil, fmt.Errorf("the objects have more than %d different members: they seem to use data as names, which cannot be mapped", maxColumns)
	}
	column, known := t.index[path]
	if !known {
		column = len(t.columns)
		t.columns = append(t.columns, path)
		t.index[path] = column
	}
	m := &node{name: name, path: path, column: column, order: len(n.members), byName: map[string]*node{}}
	n.members = append(n.members, m)
	n.byName[name] = m
	return m, nil
}

// jsonValue makes a Value of a JSON value. Numbers keep their spelling, the
// members of objects their order.
func jsonValue(v gjson.Result) mapping.Value {
	switch v.Type {
	case gjson.String:
		return mapping.Value{Kind: mapping.String, Text: v.Str}
	case gjson.Number:
		return mapping.Value{Kind: mapping.Number, Text: v.Raw}
	case gjson.True, gjson.False:
		return mapping.Value{Kind: mapping.Bool, Text: v.Raw}
	case gjson.Null:
		return mapping.Value{}
	}
	value := mapping.Value{Kind: mapping.List}
	if v.IsObject() {
		value.Kind = mapping.Object
	}
	v.ForEach(func(name, element gjson.Result) bool {
		if value.Kind == mapping.Object {
			value.Names = append(value.Names, name.Str)
		}
		value.List = append(value.List, jsonValue(element))
		return true
	})
	return value
}

// kindOf names the kind of a JSON value for people.
func kindOf(v gjson.Result) string {
	switch {
	case v.IsArray():
		return "an array"
	case v.Type == gjson.String:
		return "a string"
	case v.Type == gjson.Number:
		return "a number"
	case v.IsBool():
		return "true or false"
	}
	return "null"
}
