package draft

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"caseimport/mapping/convert"
)

// zoned reports whether dates of that layout say themselves in which zone they
// stand. " UTC" and " GMT" are plain letters in a layout and do not count.
func zoned(layout string) bool {
	return strings.Contains(layout, "Z07") || strings.Contains(layout, "-07")
}

// inUTC reports whether the letters UTC or GMT stand behind such dates.
func inUTC(layout string) bool {
	return strings.HasSuffix(layout, " UTC") || strings.HasSuffix(layout, " GMT")
}

// seenForm counts the dates of one form: those that only make sense with the
// month first, only with the day first, and either way. Forms that leave no
// such choice count under either.
type seenForm struct {
	convert.Form
	month, day, either int
}

// take counts a value if it is a date of this form.
func (f *seenForm) take(s string) bool {
	first := parses(f.Layout, s)
	if f.Swapped == "" {
		if first {
			f.either++
		}
		return first
	}
	second := parses(f.Swapped, s)
	switch {
	case first && second:
		f.either++
	case first:
		f.month++
	case second:
		f.day++
	}
	return first || second
}

// parses holds for what the importer takes as a date of that layout.
func parses(layout, s string) bool {
	var t time.Time
	var err error
	if layout == time.RFC3339 { // time.Parse is laxer than RFC 3339
		err = t.UnmarshalText([]byte(s))
	} else {
		t, err = convert.ParseIn(layout, s, time.UTC)
	}
	return err == nil && t.Year() > 1 && t.Year() < 9999
}

// dates looks for dates in one column.
type dates struct {
	hinted  bool           // the header speaks of dates
	zone    *time.Location // from the header, nil without
	seen    []*seenForm
	count   int // values that are written as dates
	serials int // numbers that a spreadsheet would show as dates
	seconds int // numbers that are seconds or milliseconds since 1970
	misses  int
	odd     string // the first value that is none
}

func newDates(header string) dates {
	d := dates{hinted: speaksOfDates(header)}
	if name := zoneInHeader(header); name != "" {
		d.zone, _ = time.LoadLocation(name)
	}
	return d
}

// A column whose values are this often no dates is given up, and so is one that
// writes them in more ways than maxForms.
const (
	maxMisses = 20
	maxForms  = 4
)

// hopeless says that the column holds other things than dates, so that no time
// is spent on it any more.
func (d *dates) hopeless() bool { return d.misses > maxMisses && d.misses > d.count/10 }

func (d *dates) add(s string) {
	if d.hopeless() {
		return
	}
	for _, f := range d.seen {
		if f.take(s) {
			d.found(f, s)
			return
		}
	}
	if f := d.recognise(s); f != nil && len(d.seen) < maxForms {
		f.take(s)
		d.seen = append(d.seen, f)
		d.found(f, s)
		return
	}
	if d.hinted && d.number(s) {
		return
	}
	d.miss(s)
}

func (d *dates) miss(s string) {
	if d.misses++; d.misses == 1 {
		d.odd = strings.Clone(s)
	}
}

// found counts a date, unless its hour never was where the header says that it
// stands: clocks were set forward over it.
func (d *dates) found(f *seenForm, s string) {
	if d.zone != nil && !zoned(f.Layout) {
		for _, layout := range []string{f.Layout, f.Swapped} {
			if layout == "" || !parses(layout, s) {
				continue
			}
			l, err := convert.NewLayout(layout)
			if err != nil {
				continue
			}
			if _, err := (&convert.Dates{Layouts: []convert.Layout{l}, Zone: d.zone}).Parse(s); err != nil {
				d.miss(s)
				return
			}
		}
	}
	d.count++
}

// recognise finds the form of a date, nil if it is none.
func (d *dates) recognise(s string) *seenForm {
	if len(s) < 6 || len(s) > 75 {
		return nil
	}
	for _, f := range convert.Forms(s) {
		if f.Hinted && !d.hinted {
			continue
		}
		if parses(f.Layout, s) || f.Swapped != "" && parses(f.Swapped, s) {
			return &seenForm{Form: f}
		}
	}
	return nil
}

// number counts numbers that may stand for dates: a spreadsheet's serials from
// 1970 to 2100, and seconds or milliseconds since 1970 from 1990 to 2065.
func (d *dates) number(s string) bool {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return false
	}
	switch {
	case n >= 25569 && n < 73415:
		d.serials++
	case n >= 6.3e8 && n < 3e9 && len(s) <= 10, n >= 6.3e11 && n < 3e12 && len(s) <= 13:
		d.seconds++
	default:
		return false
	}
	return true
}

// order says in which order day and month stand.
type order uint8

const (
	noChoice   order = iota // no form leaves it open
	open                    // every date would make sense either way
	monthFirst              // at least one date only makes sense so
	dayFirst
	mixed // dates of both orders: no layout can read them all rightly
)

func (d *dates) order() order {
	found := noChoice
	month, day := 0, 0
	for _, f := range d.seen {
		if f.Swapped != "" {
			found = open
		}
		month += f.month
		day += f.day
	}
	switch {
	case month > 0 && day > 0:
		return mixed
	case month > 0:
		return monthFirst
	case day > 0:
		return dayFirst
	}
	return found
}

// layouts are the layouts seen, the commonest first.
func (d *dates) layouts(o order) []string {
	seen := slices.Clone(d.seen)
	slices.SortStableFunc(seen, func(a, b *seenForm) int {
		return (b.month + b.day + b.either) - (a.month + a.day + a.either)
	})
	var all []string
	for _, f := range seen {
		if f.Swapped != "" && o == dayFirst {
			all = append(all, f.Swapped)
		} else {
			all = append(all, f.Layout)
		}
	}
	return all
}

// zoneInHeader finds a time zone that a header carries: "Updated at
// (America/New_York)", "Created (UTC+02:00)", "created_utc". It returns "" if
// there is none.
func zoneInHeader(header string) string {
	zone, _ := splitZone(header)
	return zone
}

var (
	bracketed  = regexp.MustCompile(`[(\[]([^()\[\]]+)[)\]]`)
	zoneBehind = regexp.MustCompile(`(?i)[ _](UTC|GMT)$`)
	offset     = regexp.MustCompile(`^(?:UTC|GMT) ?([+-])0?(\d{1,2})(?::?00)?$`)
)

// splitZone gives the zone and the header without it.
func splitZone(header string) (zone, rest string) {
	if m := zoneBehind.FindStringIndex(header); m != nil && speaksOfDates(header[:m[0]]) {
		return "UTC", header[:m[0]]
	}
	m := bracketed.FindStringSubmatchIndex(header)
	if m == nil {
		return "", header
	}
	name := strings.TrimSpace(header[m[2]:m[3]])
	if o := offset.FindStringSubmatch(strings.ToUpper(name)); o != nil {
		name = "Etc/GMT" + map[string]string{"+": "-", "-": "+"}[o[1]] + o[2] // the tz database counts west of Greenwich
	} else if name != "UTC" && name != "GMT" && !strings.Contains(name, "/") {
		return "", header
	}
	if _, err := time.LoadLocation(name); err != nil {
		return "", header
	}
	return name, header[:m[0]] + header[m[1]:]
}
