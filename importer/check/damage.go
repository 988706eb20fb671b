package check

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"caseimport/importer/source"
	"caseimport/mapping"
)

// damage looks for the traces of an export that was opened in a spreadsheet and
// saved.
type damage struct {
	columns []string
	header  []string
	headers seenIn      // rows that repeat the header
	errors  []seenIn    // by column: cells such as #REF!
	rounded []seenIn    // by column: cells such as 1.2E+11
	digits  map[int]int // how many all-digit keys have which length
	padded  map[int]int // those of them that begin with a needless 0
}

type seenIn struct {
	rows, first int
	value       string
}

var (
	spreadsheetError = regexp.MustCompile(`^#(REF!|N/A|NAME\?|VALUE!|DIV/0!|NUM!|NULL!|SPILL!|CALC!|FIELD!|BLOCKED!|CONNECT!|UNKNOWN!|BUSY!|PYTHON!|EXTERNAL!|GETTING_DATA)$`)
	scientific       = regexp.MustCompile(`^\d(?:[.,]\d+)?[eE]\+\d{1,3}$`)
)

func newDamage(t *source.Table) *damage {
	n := len(t.Columns)
	return &damage{columns: t.Columns, header: t.Header, errors: make([]seenIn, n), rounded: make([]seenIn, n), digits: map[int]int{}, padded: map[int]int{}}
}

func (d *damage) look(row *source.Row, key string) {
	if len(d.header) > 0 && slices.Equal(row.Fields(), d.header) {
		d.headers.note(row.Number, d.columns[0])
	}
	if row.MayHold("#", "+") { // E+ and e+ would be sought from E to E
		for i := range d.columns {
			d.cell(i, row.Number, row.Cell(i))
		}
	}
	if key != "" && strings.Trim(key, "0123456789") == "" {
		d.digits[len(key)]++
		if key[0] == '0' && len(key) > 1 {
			d.padded[len(key)]++
		}
	}
}

// cell looks at texts only: a number of JSON may well be written as 1.2E+11.
func (d *damage) cell(i, row int, v mapping.Value) {
	if v.Kind == mapping.List {
		for _, e := range v.List {
			d.cell(i, row, e)
		}
	}
	if v.Kind != mapping.String || len(v.Text) < 4 || len(v.Text) > 13 {
		return
	}
	switch text := strings.TrimSpace(v.Text); {
	case spreadsheetError.MatchString(text):
		d.errors[i].note(row, text)
	case scientific.MatchString(text):
		d.rounded[i].note(row, text)
	}
}

func (s *seenIn) note(row int, value string) {
	if s.rows++; s.rows == 1 {
		s.first, s.value = row, strings.Clone(value)
	}
}

func (s *seenIn) where() string {
	if s.rows == 1 {
		return fmt.Sprintf("row %d", s.first)
	}
	return fmt.Sprintf("%d rows, first: row %d", s.rows, s.first)
}

func (d *damage) warnings() (all []string) {
	if s := &d.headers; s.rows > 0 {
		all = append(all, fmt.Sprintf(`the header is repeated among the rows (%s), as if exports had been joined: delete it there, or leave it out with where: 'row[%q] != %q'`, s.where(), s.value, s.value))
	}
	for i, name := range d.columns {
		if s := &d.errors[i]; s.rows > 0 {
			all = append(all, fmt.Sprintf("column %q holds spreadsheet errors such as %s (%s): export the data again, or fix the cells", name, s.value, s.where()))
		}
		if s := &d.rounded[i]; s.rows > 0 {
			all = append(all, fmt.Sprintf("column %q was rounded by a spreadsheet, as in %s (%s): digits are lost, export the data again", name, s.value, s.where()))
		}
	}
	// Ids padded with zeros have one length; with some shorter ones among
	// them, a spreadsheet may have taken their zeros.
	longest, fewer := 0, 0
	for n := range d.digits {
		longest = max(longest, n)
	}
	for n, rows := range d.digits {
		if n < longest {
			fewer += rows
		}
	}
	if fewer > 0 && d.padded[longest] > 0 && d.digits[longest] > fewer {
		all = append(all, fmt.Sprintf("keys begin with 0, but some are shorter than the others (rows: %d): a spreadsheet may have removed leading zeros", fewer))
	}
	return all
}
