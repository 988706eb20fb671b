package draft

import (
	"slices"

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
}

// NewProfile begins a profile of an input with these columns, as
// mapping.Compile takes them.
func NewProfile(columns []string) *Profile {
	p := &Profile{}
	for i, name := range columns {
		c := newColumn(name, i)
		p.columns = append(p.columns, c)
	}
	return p
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
	likely := func(c *column) bool { return c.key.lost == "" && knownKey(c.plain) }
	if !slices.ContainsFunc(p.columns, likely) {
		likely = couldBeID
	}
	for _, c := range p.columns {
		if c.key.lost == "" && !likely(c) {
			c.key.lose("another column is likelier")
		}
	}
}
