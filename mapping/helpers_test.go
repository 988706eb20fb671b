package mapping

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// cells is a row whose columns are in order.
type cells []Value

func (c cells) Cell(i int) Value { return c[i] }

func s(text string) Value { return Value{Kind: String, Text: text} }

func num(text string) Value { return Value{Kind: Number, Text: text} }

func boolean(text string) Value { return Value{Kind: Bool, Text: text} }

func listVal(v ...Value) Value { return Value{Kind: List, List: v} }

// obj makes an object of names and values in turn.
func obj(members ...any) Value {
	v := Value{Kind: Object}
	for i := 0; i < len(members); i += 2 {
		v.Names = append(v.Names, members[i].(string))
		v.List = append(v.List, members[i+1].(Value))
	}
	return v
}

// table is an input of one row: a column's name and its cell in turn.
func table(t testing.TB, cols ...any) ([]string, cells) {
	t.Helper()
	var names []string
	var row cells
	for i := 0; i < len(cols); i += 2 {
		names = append(names, cols[i].(string))
		switch v := cols[i+1].(type) {
		case string:
			row = append(row, s(v))
		case Value:
			row = append(row, v)
		}
	}
	return names, row
}

const head = `version: 1
case:
  title: {const: A title}
  description: {const: A description}
  requester_name: {const: Ann}
`

// parse reads a mapping; src without a version is put behind a minimal case.
func parse(t testing.TB, src string) *Mapping {
	t.Helper()
	if !strings.HasPrefix(src, "version") {
		src = head + src
	}
	m, err := Parse("mapping.yaml", []byte(src), testdata)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// compile parses and compiles a mapping.
func compile(t testing.TB, src string, columns []string) *Program {
	t.Helper()
	p, err := parse(t, src).Compile(columns, false)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func testdata(path string) ([]byte, error) {
	return os.ReadFile(filepath.Join("testdata", path))
}

// mapped maps one row with a mapping behind the minimal case.
func mapped(t testing.TB, src string, cols ...any) (Case, []Fault) {
	t.Helper()
	names, row := table(t, cols...)
	return compile(t, src, names).Map(row)
}

// field maps one row with one rule for a custom field and returns its value.
func fieldOf(t testing.TB, name, rule string, cols ...any) (any, []Fault) {
	t.Helper()
	c, faults := mapped(t, "custom_fields:\n  "+name+": "+rule+"\n", cols...)
	return c.CustomFields.Get(name), faults
}
