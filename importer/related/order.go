package related

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"caseimport/importer/source"
	"caseimport/mapping/convert"
	"caseimport/mapping/words"
)

// order is how the cells of a column compare.
type order struct {
	what  string // dates, numbers or texts
	dates convert.Dates
}

// String names it.
func (o order) String() string { return o.what }

// value is a cell made ready to be compared. Empty ones come last.
type value struct {
	empty  bool
	number float64
	whole  int64 // of numbers, where they are such: float64 would take large ones for equal
	time   time.Time
	text   string
}

func (o *order) value(text string) value {
	v := value{empty: text == ""}
	switch o.what {
	case "numbers":
		v.number, _ = strconv.ParseFloat(text, 64)
		v.whole, _ = strconv.ParseInt(strings.TrimPrefix(text, "+"), 10, 64)
	case "dates":
		v.time, _ = o.dates.Parse(text)
	default:
		v.text = text
	}
	return v
}

func compare(a, b value) int {
	switch {
	case a.empty && !b.empty:
		return 1
	case b.empty && !a.empty:
		return -1
	case a.number != b.number:
		return cmp.Compare(a.number, b.number)
	}
	return cmp.Or(cmp.Compare(a.whole, b.whole), a.time.Compare(b.time), cmp.Compare(a.text, b.text))
}

// sorted puts rows in order; those that compare equal keep the order of the file.
func (o *order) sorted(rows []*source.Row, column int) []*source.Row {
	type keyed struct {
		row *source.Row
		by  value
	}
	all := make([]keyed, len(rows))
	for i, row := range rows {
		all[i] = keyed{row, o.value(text(row.Cell(column)))}
	}
	slices.SortStableFunc(all, func(a, b keyed) int { return compare(a.by, b.by) })
	for i := range all {
		rows[i] = all[i].row
	}
	return rows
}

// orders are the ways in which the cells seen so far may be compared.
type orders struct {
	told convert.Dates // by the mapping; without layouts it is found out

	seen           int
	numbers, dates fit

	monthFirst, dayFirst bool             // what all dates may have first
	unclear              string           // a date that may have either
	layouts              []convert.Layout // of the dates seen, the last met first
}

// fit is how many cells are of a kind, and the first that is not.
type fit struct {
	cells int
	not   string
}

func (f *fit) see(text string, line int, fits bool) {
	if fits {
		f.cells++
	} else if f.not == "" {
		f.not = fmt.Sprintf("%q on line %d", words.Shown(text), line)
	}
}

func newOrders(told []convert.Layout) *orders {
	return &orders{told: convert.Dates{Layouts: told, Zone: time.UTC}, monthFirst: true, dayFirst: true}
}

// see takes a cell into account. Empty ones tell nothing.
func (o *orders) see(text string, line int) {
	if text == "" {
		return
	}
	o.seen++
	if len(o.told.Layouts) > 0 {
		_, err := o.told.Parse(text)
		o.dates.see(text, line, err == nil)
		return
	}
	o.numbers.see(text, line, convert.IsDecimal(text))
	o.dates.see(text, line, o.date(text))
}

// date takes a date into account, and says whether it is one.
func (o *orders) date(text string) bool {
	if len(o.layouts) > 0 && first(o.layouts[0]) == "" && fits(o.layouts[0], text) {
		return true // by far the most frequent case
	}
	found := map[string]bool{}
	for _, name := range convert.GuessLayout(text) {
		l, err := convert.NewLayout(name)
		if err != nil || !fits(l, text) {
			continue
		}
		found[first(l)] = true
		o.layouts = slices.DeleteFunc(o.layouts, func(had convert.Layout) bool { return had.Text == name })
		o.layouts = slices.Insert(o.layouts, 0, l)
	}
	if found["month"] && found["day"] {
		o.unclear = cmp.Or(o.unclear, text)
	}
	if len(found) > 0 && !found[""] {
		o.monthFirst, o.dayFirst = o.monthFirst && found["month"], o.dayFirst && found["day"]
	}
	return len(found) > 0
}

func fits(l convert.Layout, text string) bool {
	_, err := (&convert.Dates{Layouts: []convert.Layout{l}, Zone: time.UTC}).Parse(text)
	return err == nil
}

// first says whether a layout has the month first or the day, both as numbers; ""
// for any other.
func first(l convert.Layout) string {
	switch {
	case len(l.Text) > 2 && l.Text[0] == '1' && l.Text[2] == '2':
		return "month"
	case len(l.Text) > 2 && l.Text[0] == '2' && l.Text[2] == '1':
		return "day"
	}
	return ""
}

// decide says how the column is to be compared. The error reads on from its name.
func (o *orders) decide() (order, error) {
	mostly := func(what string, f fit) error {
		if 2*f.cells > o.seen && f.cells < o.seen {
			return fmt.Errorf("holds %s, but not %s: correct it", what, f.not)
		}
		return nil
	}
	switch {
	case len(o.told.Layouts) > 0 && o.dates.not != "":
		return order{}, fmt.Errorf("has %s, which does not match the layout: correct it, or add its form to layout", o.dates.not)
	case len(o.told.Layouts) > 0:
		return order{"dates", o.told}, nil
	case o.numbers.cells == o.seen:
		return order{what: "numbers"}, nil
	case o.dates.cells < o.seen:
		return order{what: "texts"}, cmp.Or(mostly("numbers", o.numbers), mostly("dates", o.dates))
	case !o.monthFirst && !o.dayFirst:
		return order{}, errors.New("has dates with the day first and others with the month first: write all of them in one way")
	case o.monthFirst && o.dayFirst && o.unclear != "":
		return order{}, fmt.Errorf("does not tell the day from the month (%q): add layout to from, such as layout: \"02/01/2006 15:04\"", words.Shown(o.unclear))
	}
	not := "month"
	if o.monthFirst {
		not = "day"
	}
	o.layouts = slices.DeleteFunc(o.layouts, func(l convert.Layout) bool { return first(l) == not })
	return order{"dates", convert.Dates{Layouts: o.layouts, Zone: time.UTC}}, nil
}
