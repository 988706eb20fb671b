package source

import (
	"fmt"
	"iter"
	"strings"

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
func (t *tree) place(n *node, object string, cells *[]string, learn bool) (fault string, err error) {
	next := 0 // members mostly come in the same order
	for name, value := range members(object) {
		var m *node
		if next < len(n.members) && n.members[next].name == name {
			m = n.members[next]
		} else if m = n.byName[name]; m == nil {
			if !learn {
				continue
			}
			if m, err = t.add(n, name); err != nil {
				return "", err
			}
		}
		next = m.order + 1
		for m.column >= len(*cells) {
			*cells = append(*cells, "")
		}
		if (*cells)[m.column] != "" {
			return fmt.Sprintf("has the member %q twice, and one of its values would be lost", m.path), nil
		}
		(*cells)[m.column] = value
		if value[0] == '{' {
			if fault, err = t.place(m, value, cells, learn); fault != "" || err != nil {
				return fault, err
			}
		}
	}
	return "", nil
}

// members goes through an object, which must be valid JSON, by name and value
// as written.
func members(object string) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for i := skip(object, 1, ' '); object[i] == '"'; i = skip(object, i, ',') {
			n := stringEnd(object[i:])
			name := object[i+1 : i+n-1]
			if strings.IndexByte(name, '\\') >= 0 {
				name = gjson.Parse(object[i : i+n]).Str
			}
			i = skip(object, i+n, ':')
			n, _ = valueEnd(object[i:])
			if !yield(name, object[i:i+n]) {
				return
			}
			i += n
		}
	}
}

// skip returns where the next byte after i is that is neither c nor blank.
func skip(text string, i int, c byte) int {
	for text[i] == c || text[i] <= ' ' {
		i++
	}
	return i
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
func kindOf(value string) string {
	switch value[0] {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 't', 'f':
		return "true or false"
	case 'n':
		return "null"
	}
	return "a number"
}
