package mapping

import (
	"time"

	"caseimport/mapping/convert"
	"caseimport/mapping/expression"
)

// Kind tells the shapes of a Value apart.
type Kind uint8

// The kinds. A cell of a CSV file is String, or List under a repeated header;
// the others come from JSON. None is an absent member or null.
const (
	None Kind = iota
	String
	Number
	Bool
	List
	Object
)

// moment marks a text that an expression made of a time: it is written as the
// API wants it.
const moment Kind = 255

// Value is what stands in one cell.
type Value struct {
	Kind Kind
	// Text is a String's content, a Number as it is spelled, or "true" and
	// "false" of a Bool.
	Text string
	// List holds the elements of a List, or an Object's members in order,
	// whose names are in Names.
	List  []Value
	Names []string
}

// Row is one record of the input as the mapping sees it.
type Row interface {
	// Cell returns the cell of column i of the columns that Compile was given.
	Cell(i int) Value
}

// any is the value as expressions see it.
func (v Value) any() any {
	switch v.Kind {
	case String:
		return v.Text
	case Number:
		return expression.Number(v.Text)
	case Bool:
		return v.Text == "true"
	case List:
		out := make([]any, len(v.List))
		for i := range v.List {
			out[i] = v.List[i].any()
		}
		return out
	case Object:
		out := make(map[string]any, len(v.List))
		for i := range v.List {
			out[v.Names[i]] = v.List[i].any()
		}
		return out
	}
	return nil
}

// valueOf makes a value of what an expression gives.
func valueOf(v any) Value {
	switch v := v.(type) {
	case nil:
		return Value{}
	case string:
		return Value{Kind: String, Text: v}
	case bool:
		return Value{Kind: Bool, Text: expression.Text(v)}
	case time.Time:
		return Value{Kind: moment, Text: convert.FormatTime(v)}
	case []any:
		out := Value{Kind: List, List: make([]Value, len(v))}
		for i, e := range v {
			out.List[i] = valueOf(e)
		}
		return out
	}
	return Value{Kind: Number, Text: expression.Text(v)}
}

// count and at go through a list, or a single value as a list of one.
func (v *Value) count() int {
	if v.Kind == List {
		return len(v.List)
	}
	return 1
}

func (v *Value) at(i int) *Value {
	if v.Kind == List {
		return &v.List[i]
	}
	return v
}
