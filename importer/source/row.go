package source

import (
	"slices"
	"strings"

	"caseimport/mapping"
)

// Row is one record of the input. It owns its memory and may be kept; it is
// not safe for concurrent use.
type Row struct {
	Number int    // data row, from 1; a wholly empty one is not counted
	Line   int    // on which the record begins, from 1
	Fault  string // why the row as a whole is invalid, "" if it is not

	table  *Table
	fields []string // CSV, and workbooks
	record string   // JSON: as it stands; CSV: the fields in one text, "" if it is not at hand
	cells  []string // JSON: the raw value of each column, "" where absent
}

// Cell returns what stands in column i of the table's Columns. Under a
// repeated header that is the List of the values that are not blank, under any
// other header a String.
func (r *Row) Cell(i int) mapping.Value {
	if r.cells != nil {
		if i >= len(r.cells) || r.cells[i] == "" {
			return mapping.Value{}
		}
		return jsonValue(r.cells[i])
	}
	if r.fields == nil {
		return mapping.Value{}
	}
	places := r.table.csv.cells[i]
	if len(places) == 1 {
		return mapping.Value{Kind: mapping.String, Text: r.field(places[0])}
	}
	list := mapping.Value{Kind: mapping.List}
	for _, at := range places {
		if s := r.field(at); strings.TrimSpace(s) != "" {
			list.List = append(list.List, mapping.Value{Kind: mapping.String, Text: s})
		}
	}
	return list
}

func (r *Row) field(i int) string {
	if i < len(r.fields) {
		return r.fields[i]
	}
	return ""
}

// Fields returns the fields of a CSV record as read, however many there are;
// nil for JSON. The slice is the row's own: it must not be changed.
func (r *Row) Fields() []string {
	return r.fields
}

// JSON returns the record as it stands in a JSON file, as UTF-8; nil for CSV.
// For a line that is no JSON it is the line.
func (r *Row) JSON() []byte {
	if r.fields != nil {
		return nil
	}
	return []byte(r.record)
}

// MayHold tells whether one of the parts stands anywhere in the record. It is
// cheaper than to look at every cell.
func (r *Row) MayHold(parts ...string) bool {
	holds := func(text string) bool {
		return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(text, part) })
	}
	return holds(r.record) || r.record == "" && slices.ContainsFunc(r.fields, holds)
}
