package check

import (
	"fmt"

	"caseimport/importer/identity"
	"caseimport/importer/journal"
	"caseimport/importer/source"
	"caseimport/mapping/words"
)

// equalRows counts rows that are equal in every cell. Without a key nothing says
// whether they are one ticket or several.
type equalRows struct {
	seen         map[journal.ID]uint32 // content → first row with it
	rows, again  int
	first, other int // the first pair
}

func (e *equalRows) look(row *source.Row) {
	if e.seen == nil {
		e.seen = map[journal.ID]uint32{}
	}
	e.rows++
	id := identity.Cells(identity.Content(row), 0)
	first, known := e.seen[id]
	if !known {
		e.seen[id] = uint32(row.Number)
		return
	}
	if e.again++; e.again == 1 {
		e.first, e.other = int(first), row.Number
	}
}

func (e *equalRows) warning() string {
	if e.again == 0 {
		return ""
	}
	return fmt.Sprintf("%s, %s equal to an earlier one in every cell (row %d to row %d): without a key each becomes a case. If they are one ticket, remove the repeats",
		words.Plural(e.rows, "row"), are(e.again), e.other, e.first)
}

func are(n int) string {
	if n == 1 {
		return "one of them"
	}
	return words.Count(n) + " of them"
}
