package importer

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"caseimport/importer/source"
)

// damage looks for what spreadsheets do to an export that was opened and saved.
type damage struct {
	columns []string
	errors  map[string]*seenIn // column → cells such as #REF!
	keys    seenIn             // keys such as 1.2E+11
	short   map[int]int        // lengths of all-digit keys
	zeros   bool               // some all-digit key begins with 0
}

type seenIn struct {
	rows, first int
	value       string
}

var (
	spreadsheetError = regexp.MustCompile(`^#(REF!|N/A|NAME\?|VALUE!|DIV/0!|NUM!|NULL!|SPILL!)$`)
	scientific       = regexp.MustCompile(`^\d(?:[.,]\d+)?[eE]\+\d{1,3}$`)
)

func newDamage(t *source.Table) *damage {
	return &damage{columns: t.Columns, errors: map[string]*seenIn{}, short: map[int]int{}}
}

func (d *damage) look(row *source.Row, key string) {
	for i, cell := range row.Fields() {
		if len(cell) < 3 || cell[0] != '#' || !spreadsheetError.MatchString(cell) {
			continue
		}
		name := fmt.Sprintf("column %d", i+1)
		s := d.errors[name]
		if s == nil {
			s = &seenIn{}
			d.errors[name] = s
		}
		s.note(row.Number, cell)
	}
	if key == "" {
		return
	}
	if len(key) < 12 && scientific.MatchString(key) {
		d.keys.note(row.Number, key)
	}
	if strings.Trim(key, "0123456789") == "" {
		d.short[len(key)]++
		d.zeros = d.zeros || key[0] == '0'
	}
}

func (s *seenIn) note(row int, value string) {
	if s.rows++; s.rows == 1 {
		s.first, s.value = row, strings.Clone(value)
	}
}

func (d *damage) warnings() (all []string) {
	for _, name := range slices.Sorted(maps.Keys(d.errors)) {
		s := d.errors[name]
		all = append(all, fmt.Sprintf("a spreadsheet has written an error into %s of %d rows (first row %d: %s): export the data again, or mend the cells", name, s.rows, s.first, s.value))
	}
	if d.keys.rows > 0 {
		all = append(all, fmt.Sprintf("a spreadsheet has rounded %d keys to the form %s (first row %d): digits are lost, export the data again", d.keys.rows, d.keys.value, d.keys.first))
	}
	// Ids padded with zeros have one length; with some shorter ones among
	// them, a spreadsheet may have taken their zeros.
	if d.zeros && len(d.short) > 1 {
		longest := slices.Max(slices.Collect(maps.Keys(d.short)))
		fewer := 0
		for n, rows := range d.short {
			if n < longest {
				fewer += rows
			}
		}
		if d.short[longest] > fewer {
			all = append(all, fmt.Sprintf("%d keys are shorter than the others, of which some begin with 0: a spreadsheet may have removed leading zeros", fewer))
		}
	}
	return all
}
