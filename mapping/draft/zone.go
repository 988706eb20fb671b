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
	if t.misses > 0 || t.order() == mixed || t.count+t.serials+t.seconds+t.millis != c.real() || c.real() == 0 {
		return r, false
	}
	if t.millis > 0 || t.seconds > 0 && t.serials > 0 {
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
		note = "dates as seconds since 1970"
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
		d.ask(p, 2, "what is the time zone of dates without one (%s)? UTC is assumed; to change it write, for example, timezone: Europe/Lisbon.", some(zone))
	}
	if len(order) > 0 {
		d.ask(p, 2, "does the %s come first in %s? All dates are valid either way; the %s is assumed. If not, swap 1 and 2 in the layout.",
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
func (d *drafter) commonOrder() (order, *column) {
	found, by := noChoice, (*column)(nil)
	slashes := false
	for _, c := range d.columns {
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
