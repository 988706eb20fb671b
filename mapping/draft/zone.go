package draft

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// date adds the layouts and the zone to the rule of a column of dates.
func (d *drafter) date(c *column, r rule) (_ rule, ok bool) {
	t := &c.dates
	if isAmount(c) || t.misses > 0 || t.order() == mixed || t.count+t.serials+t.seconds != c.real() || c.real() == 0 {
		return r, false
	}
	if t.seconds > 0 && t.serials > 0 {
		return r, false
	}
	order := t.order()
	if order == open {
		order = d.order
	}
	layouts := t.layouts(order)
	note := "dates such as " + show(c.sample())
	switch {
	case t.serials > 0:
		layouts = append(layouts, "excel")
		note = "dates, some as spreadsheet serial numbers"
		if t.count == 0 {
			note = "dates as spreadsheet serial numbers"
		}
	case t.seconds > 0:
		layouts = append(layouts, "unix")
		note = "dates as seconds or milliseconds since 1970"
	}
	note += d.orderNote(t.order())
	if len(layouts) != 1 || layouts[0] != time.RFC3339 { // which needs no layout
		r = r.with("layout", list(layouts))
	}
	switch zone := zoneInHeader(c.name); {
	case !slices.ContainsFunc(layouts, needsZone):
		note += " with a time zone"
	case zone != "":
		r = r.with("timezone", scalar(zone))
		note += ", time zone from the header"
	default:
		r = r.with("timezone", "UTC")
	}
	return r.note("%s", note), true
}

func needsZone(layout string) bool { return layout != "unix" && !zoned(layout) }

// unsureZone reports whether nothing says in which zone a column's dates stand.
func (d *drafter) unsureZone(c *column) bool {
	return c.dates.serials > 0 || slices.ContainsFunc(c.dates.layouts(monthFirst), func(l string) bool { return needsZone(l) && !inUTC(l) })
}

// dateQuestion asks what the dates themselves cannot tell.
func (d *drafter) dateQuestion(p *page) {
	var zone, order []*column
	for _, c := range d.columns {
		if d.used[c] || d.useless(c) != "" {
			continue
		}
		if _, ok := d.date(c, rule{}); !ok || c.lists > 0 {
			continue
		}
		if d.unsureZone(c) && zoneInHeader(c.name) == "" {
			zone = append(zone, c)
		}
		if c.dates.order() == open && d.orderFrom == nil {
			order = append(order, c)
		}
	}
	if len(zone) > 0 {
		d.ask(p, 2, "time zone: what is the time zone of dates without one (%s)? UTC is assumed; to change it write, for example, timezone: Europe/Lisbon.", some(zone))
	}
	if len(order) > 0 {
		d.ask(p, 2, "dates: does the %s come first in %s? All dates are valid either way; the %s is assumed. If not, swap 1 and 2 in the layout.",
			orderWord(d.order), some(order), orderWord(d.order))
	}
}

func some(columns []*column) string {
	const most = 4
	text := columnNames(columns[:min(most, len(columns))])
	if len(columns) > most {
		text += fmt.Sprintf(" and %d more", len(columns)-most)
	}
	return text
}

func orderWord(o order) string {
	if o == dayFirst {
		return "day"
	}
	return "month"
}

// orderNote says how the order of day and month is known.
func (d *drafter) orderNote(o order) string {
	switch {
	case o == noChoice:
		return ""
	case o != open:
		return ", " + orderWord(o) + " first"
	case d.orderFrom != nil:
		return fmt.Sprintf(", %s first as in %s", orderWord(d.order), show(d.orderFrom.name))
	}
	return fmt.Sprintf(", %s first is a guess", orderWord(d.order))
}

// commonOrder is the order of day and month where a column leaves it open: that
// of the columns which do not, if they agree; else, with slashes, as Americans
// write, and otherwise as most others do.
func (p *Profile) commonOrder() (order, *column) {
	found, by := noChoice, (*column)(nil)
	slashes := false
	for _, c := range p.columns {
		if c.dates.misses > 0 {
			continue
		}
		switch o := c.dates.order(); {
		case o == monthFirst || o == dayFirst:
			if by != nil && o != found {
				return monthFirst, nil
			}
			found, by = o, c
		case o == open:
			slashes = slashes || strings.Contains(c.dates.layouts(monthFirst)[0], "/")
		}
	}
	switch {
	case by != nil:
		return found, by
	case slashes:
		return monthFirst, nil
	}
	return dayFirst, nil
}

// clockBeside finds the column with the times of day to a column of days: beside
// it, or of the same name but for the words for day and time.
func (d *drafter) clockBeside(c *column) *column {
	if c.dates.count == 0 || c.dates.serials > 0 || c.dates.seconds > 0 || c.empty.total() > 0 || c.lists > 0 ||
		slices.ContainsFunc(c.dates.layouts(monthFirst), func(l string) bool { return strings.ContainsAny(l, ":") }) {
		return nil
	}
	rest := func(c *column) string {
		return strings.Join(slices.DeleteFunc(c.words(), func(w string) bool { return lexicon().Clock[w] || lexicon().Date[w] || lexicon().Filler[w] }), " ")
	}
	for _, t := range d.columns {
		beside := t.at == c.at+1 || t.at == c.at-1
		if t.clocks > 0 && t.clocks == t.texts && !d.used[t] && t.depth == c.depth && hasWord(t, lexicon().Clock) && !isAmount(t) && (beside && rest(t) == "" || rest(t) == rest(c)) {
			return t
		}
	}
	return nil
}

// withClock makes one moment of a day and a time that stand in two columns.
func (d *drafter) withClock(c, t *column, r rule) rule {
	var layouts []string
	order := c.dates.order()
	if order == open {
		order = d.order
	}
	for _, day := range c.dates.layouts(order) {
		for _, i := range t.values.items {
			if l := day + " " + clockLayout(i.value); !slices.Contains(layouts, l) {
				layouts = append(layouts, l)
			}
		}
		if t.values.more || t.filled < c.filled {
			layouts = append(layouts, day)
		}
	}
	source := fmt.Sprintf(`trim(join([%s, %s], " "))`, cell(c), cell(t))
	if d.absent(c) > 0 {
		source = fmt.Sprintf(`coalesce(%s, "") == "" ? "" : %s`, cell(c), source)
	}
	out := expression("%s", source).with("layout", list(layouts))
	for _, q := range r.pairs {
		if q.key == "timezone" {
			out = out.with(q.key, q.value)
		}
	}
	out.notes = append(slices.Clone(r.notes), fmt.Sprintf("the time of day from %s", show(t.name)))
	return out
}

func clockLayout(s string) string {
	layout := "15:04"
	half := strings.TrimLeft(s, "0123456789:")
	if half != "" {
		layout = "3:04"
	}
	if strings.Count(s, ":") == 2 {
		layout += ":05"
	}
	blank := half[:len(half)-len(strings.TrimLeft(half, " "))]
	switch half = half[len(blank):]; {
	case half == "":
		return layout
	case half == strings.ToLower(half):
		return layout + blank + "pm"
	}
	return layout + blank + "PM"
}
