package draft

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// rule is a rule of the mapping file in the making.
type rule struct {
	pairs []pair   // its keys, and their values as YAML
	notes []string // for the comment beside it
}

type pair struct{ key, value string }

// from is the rule that takes a column as it is; of several columns the first
// that is not empty.
func from(columns ...*column) rule {
	if len(columns) == 1 {
		return rule{}.with("column", scalar(columns[0].name))
	}
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = scalar(c.name)
	}
	return rule{}.with("columns", "["+strings.Join(names, ", ")+"]")
}

// expression takes what an expression gives.
func expression(format string, args ...any) rule {
	return rule{}.with("expr", "'"+strings.ReplaceAll(fmt.Sprintf(format, args...), "'", "''")+"'")
}

// unwrapped takes what a spreadsheet wrote as ="00123" without its wrapping.
func unwrapped(c *column) rule { return expression(`trim(%s, "=\"")`, cell(c)) }

// id takes what stands in a column of ids.
func id(c *column) rule {
	if c.wrapped() {
		return unwrapped(c)
	}
	return from(c)
}

// unescaped makes line breaks of those that an exporter wrote as \n.
func unescaped(c *column) rule { return expression(`replace(%s, "\\n", "\n")`, cell(c)) }

func (r rule) with(key, value string) rule {
	r.pairs = append(slices.Clip(r.pairs), pair{key, value})
	return r
}

// of takes what the rule makes a value of from another source.
func (r rule) of(source rule) rule {
	r.pairs = slices.Concat(source.pairs[:1], r.pairs[1:])
	return r
}

func (r rule) note(format string, args ...any) rule {
	r.notes = append(slices.Clip(r.notes), fmt.Sprintf(format, args...))
	return r
}

// joined joins what stands in one cell of the columns as several values.
func (r rule) joined(separator string, columns ...*column) rule {
	if slices.ContainsFunc(columns, func(c *column) bool { return c.several > 0 }) {
		return r.with("join", separator)
	}
	return r
}

// blanking makes nothing of the column's placeholders, if it has any.
func (r rule) blanking(c *column) rule {
	if len(c.empty.items) == 0 {
		return r
	}
	var pairs []pair
	for _, i := range c.empty.sorted() {
		pairs = append(pairs, pair{i.value, `""`})
	}
	return r.with("values", flow(lookup(pairs))).with("pass", "true")
}

func (r rule) has(key string) bool {
	return slices.ContainsFunc(r.pairs, func(p pair) bool { return p.key == key })
}

// String writes the rule in one line; a column alone stands for itself.
func (r rule) String() string {
	if len(r.pairs) == 1 && r.pairs[0].key == "column" {
		return r.pairs[0].value
	}
	return flow(r.pairs)
}

// flow writes members in one line: {column: Id, default: none}.
func flow(pairs []pair) string {
	parts := make([]string, len(pairs))
	for i, p := range pairs {
		parts[i] = p.key + ": " + p.value
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// lookup makes the members of a look-up table. Look-ups take no notice of case,
// so of several spellings the first stands for all; and the word file alone
// would name a file.
func lookup(pairs []pair) []pair {
	seen := map[string]bool{}
	var once []pair
	for _, p := range pairs {
		if low := strings.ToLower(p.key); !seen[low] {
			seen[low] = true
			once = append(once, pair{lookupKey(p.key), p.value})
		}
	}
	return once
}

func lookupKey(s string) string {
	if s == "file" {
		return "File"
	}
	return scalar(s)
}

// list writes strings in one line: one alone as it is, several in brackets.
func list(all []string) string {
	if len(all) == 1 {
		return scalar(all[0])
	}
	parts := make([]string, len(all))
	for i, s := range all {
		parts[i] = scalar(s)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// cell is the expression that gives the cell of a column.
func cell(c *column) string { return "row[" + quote(c.name) + "]" }

// quote writes a string for an expression.
func quote(s string) string { return strconv.Quote(s) }
