package draft

import (
	"slices"
	"strings"

	"caseimport/mapping"
)

// Profile gathers what the columns of an input hold, row by row. Its memory
// does not grow with the rows, but for 8 bytes a row (and their table's room)
// for each column that may still be the key.
type Profile struct {
	columns []*column
	rows    int
	// Total is the number of rows of the whole input where Add saw only some
	// of them; 0 means that it saw all.
	Total int

	second *second // nil without
	family *Family // nil without
}

// NewProfile begins a profile of an input with these columns, as
// mapping.Compile takes them.
func NewProfile(columns []string) *Profile {
	p := &Profile{}
	for i, name := range columns {
		c := newColumn(name, i)
		p.columns = append(p.columns, c)
	}
	p.nest(columns)
	return p
}

// nest tells the members of a record from those of the objects within it. What
// stands in an envelope (data, _source, fields) is the record's own.
func (p *Profile) nest(names []string) {
	there := make(map[string]bool, len(names))
	for _, name := range names {
		there[name] = true
	}
	for _, c := range p.columns {
		for rest := c.name; ; {
			at := strings.LastIndexByte(rest, '.')
			if at < 0 {
				break
			}
			if rest = rest[:at]; !there[rest] {
				continue
			}
			if c.above == "" {
				c.above, c.leaf = rest, c.name[at+1:]
				c.dates = newDates(c.leaf)
			}
			c.depth++
		}
		inner, depth := c.name, c.depth
		for depth > 0 {
			first, rest, ok := strings.Cut(inner, ".")
			if !ok || !lexicon().Envelopes[squeeze(first)] || !there[c.name[:len(c.name)-len(rest)-1]] {
				break
			}
			inner = rest
			depth--
			c.forms = append(c.forms, squeeze(inner))
		}
		c.depth = depth
		c.plain = c.forms[len(c.forms)-1]
	}
}

// keyRows is after how many rows only likely keys are followed.
const keyRows = 10_000

// Add counts one row.
func (p *Profile) Add(row mapping.Row) {
	p.rows++
	for i, c := range p.columns {
		c.add(row.Cell(i), p.rows)
	}
	if p.rows == keyRows {
		p.dropUnlikelyKeys()
	}
}

func (p *Profile) dropUnlikelyKeys() {
	likely := func(c *column) bool { return c.key.lost == "" && slices.ContainsFunc(c.forms, knownKey) }
	if !slices.ContainsFunc(p.columns, likely) {
		likely = couldBeID
	}
	for _, c := range p.columns {
		if c.key.lost == "" && !likely(c) {
			c.key.lose("another column is likelier")
		}
	}
}
