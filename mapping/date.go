package mapping

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // Windows has no time zones of its own that Go reads
)

// apiTime is how the API writes a date ("Understanding Case Fields and Field
// Formats"): whole seconds, UTC.
const apiTime = "2006-01-02T15:04:05Z"

// dateForm is how the dates of a field are written.
type dateForm struct {
	layouts []layout // of several, the first that fits; none: RFC 3339
	zone    *time.Location
}

type layout struct {
	text  string
	zoned bool // the zone is part of the text
	named bool // by an abbreviation, such as CET
}

// The layouts that are words.
const (
	layoutExcel   = "excel"   // days since 1899-12-30, the serial number of a spreadsheet; needs a timezone
	layoutUnix    = "unix"    // seconds since 1970-01-01 UTC
	layoutRFC3339 = "rfc3339" // what is taken without a layout
)

// dates reads layout and timezone of a rule.
func (c *checker) dates(r *rule, f *field) {
	if r.Timezone.set() {
		zone, err := loadZone(r.Timezone.text)
		if err != nil {
			c.fault(r.Timezone.node, "%v", err)
			zone = time.UTC
		}
		f.date.zone = zone
	}
	for _, l := range r.Layout {
		if !l.set() {
			continue
		}
		parsed, err := newLayout(l.text)
		switch {
		case err != nil:
			c.fault(l.node, "%v", err)
		case !parsed.zoned && r.Timezone == nil:
			c.fault(l.node, "layout %q holds no time zone: give timezone, such as timezone: Europe/Lisbon, or timezone: UTC", l.text)
		default:
			f.date.layouts = append(f.date.layouts, parsed)
		}
	}
}

// loadZone knows the zones of the tz database. "Local" is refused: the result
// would depend on the machine.
func loadZone(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || strings.EqualFold(name, "local") {
		return nil, fmt.Errorf("unknown timezone %q: write it as in Europe/Lisbon, America/New_York or UTC (Etc/GMT-2 is two hours ahead of UTC)", name)
	}
	return zone, nil
}

var formats = strings.NewReplacer(
	"YYYY", "2006", "yyyy", "2006", "YY", "06", "yy", "06",
	"MMMM", "January", "MMM", "Jan", "MM", "01", "DD", "02", "dd", "02",
	"HH", "15", "hh", "03", "mm", "04", "ss", "05", "SSS", "000",
	"%Y", "2006", "%m", "01", "%d", "02", "%H", "15", "%M", "04", "%S", "05", "%y", "06", "%b", "Jan", "%B", "January", "%p", "PM", "%I", "03", "%z", "-0700",
)

// newLayout probes a layout: a date written in it must come back from it.
func newLayout(text string) (layout, error) {
	switch text {
	case layoutExcel:
		return layout{text: text}, nil
	case layoutUnix:
		return layout{text: text, zoned: true}, nil
	case layoutRFC3339:
		return layout{text: text, zoned: true}, nil
	}
	east, west := time.FixedZone("EAST", 5*3600), time.FixedZone("WEST", -4*3600)
	probe := time.Date(2033, 11, 27, 22, 33, 44, 0, east)
	l := layout{text: text}
	l.zoned = probe.Format(text) != time.Date(2033, 11, 27, 22, 33, 44, 0, west).Format(text)
	l.named = strings.Contains(text, "MST")
	back, err := time.ParseInLocation(text, probe.Format(text), east)
	if y, m, d := back.Date(); err != nil || y != 2033 || m != 11 || d != 27 {
		hint := ""
		if meant := formats.Replace(text); meant != text {
			if _, err := newLayout(meant); err == nil {
				hint = fmt.Sprintf("; did you mean %q?", meant)
			}
		}
		return layout{}, fmt.Errorf("layout %q holds no whole date: write the second of January 2006, 15:04:05, the way the file writes its dates, such as \"02/01/2006 15:04\"%s", text, hint)
	}
	return l, nil
}

// parse reads a date. The reason does not hold the value.
func (d *dateForm) parse(s string) (time.Time, string) {
	s = strings.TrimSpace(s)
	if len(d.layouts) == 0 {
		t, ok := parseRFC3339(s)
		if !ok {
			return t, "is no date in the form of RFC 3339 (2022-04-21T06:30:21Z)"
		}
		return t, inYears(t)
	}
	reason := ""
	for _, l := range d.layouts {
		t, why, ok := d.parseAs(l, s)
		if ok {
			return t, inYears(t)
		}
		if why != "" {
			reason = why
		}
	}
	if reason != "" {
		return time.Time{}, reason
	}
	if len(d.layouts) == 1 {
		return time.Time{}, fmt.Sprintf("is no date in the layout %q", d.layouts[0].text)
	}
	return time.Time{}, "is no date in any of the layouts given"
}

// inYears refuses what RFC 3339 cannot write.
func inYears(t time.Time) string {
	if y := t.UTC().Year(); y < 1 || y > 9999 {
		return "is a date outside the years 1 to 9999"
	}
	return ""
}

// parseRFC3339 is strict where time.Parse is not: that takes hours of one
// digit, fractions behind a comma and offsets of a day.
func parseRFC3339(s string) (time.Time, bool) {
	if len(s) < len(apiTime) || s[13] != ':' || strings.Contains(s, ",") || strings.Contains(s[19:], "24:") {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339, s)
	return t, err == nil
}

// parseAs tries one layout. why is set where the text has the layout's form
// and still is no date.
func (d *dateForm) parseAs(l layout, s string) (t time.Time, why string, ok bool) {
	switch l.text {
	case layoutRFC3339:
		t, ok = parseRFC3339(s)
		return t, "", ok
	case layoutUnix:
		seconds, err := strconv.ParseInt(s, 10, 64)
		if err != nil || seconds > 253402300799 || seconds < -62135596800 {
			return t, "", false
		}
		return time.Unix(seconds, 0), "", true
	case layoutExcel:
		wall, ok := excelDate(s)
		if !ok {
			return t, "", false
		}
		return d.local(wall)
	}
	if !l.zoned {
		wall, err := time.Parse(l.text, s)
		if err != nil {
			return t, "", false
		}
		return d.local(wall)
	}
	zone := d.zone
	if zone == nil {
		zone = time.UTC
	}
	t, err := time.ParseInLocation(l.text, s, zone)
	if err != nil {
		return t, "", false
	}
	// time.Parse takes an abbreviation that it does not know for UTC.
	if name, offset := t.Zone(); l.named && offset == 0 && t.Location() != zone && t.Location() != time.UTC && name != "UTC" && name != "GMT" {
		return t, "has a time zone abbreviation that is not known: give timezone, such as timezone: America/New_York", false
	}
	return t, "", true
}

// local takes a wall clock's time for one in the field's zone. An hour that
// occurs twice (clocks set back) is taken as the first; one that never was
// (clocks set forward) is no date.
func (d *dateForm) local(wall time.Time) (time.Time, string, bool) {
	before, after := offsetAt(wall.Add(-24*time.Hour), d.zone), offsetAt(wall.Add(24*time.Hour), d.zone)
	t := wall.Add(-max(before, after)) // the greater offset is the earlier moment
	if before == after || offsetAt(t, d.zone) == max(before, after) {
		return t, "", true
	}
	t = wall.Add(-min(before, after))
	if offsetAt(t, d.zone) == min(before, after) {
		return t, "", true
	}
	return t, fmt.Sprintf("is a time that never was in %s: clocks were set forward over it", d.zone), false
}

func offsetAt(t time.Time, zone *time.Location) time.Duration {
	_, seconds := t.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}

// excelDate reads a serial number of the 1900 date system to the second.
// Numbers below 61 are refused: that system counts a 29 February 1900.
func excelDate(s string) (time.Time, bool) {
	if !isDecimal(s) || strings.ContainsAny(s, "eE+-") {
		return time.Time{}, false
	}
	days, err := strconv.ParseFloat(s, 64)
	if err != nil || days < 61 || days >= 2958466 {
		return time.Time{}, false
	}
	whole := math.Floor(days)
	seconds := math.Round((days - whole) * 86400)
	return time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(whole)).Add(time.Duration(seconds) * time.Second), true
}

// formatTime writes a moment as the API does.
func formatTime(t time.Time) string { return t.UTC().Format(apiTime) }

// guesses are the layouts that a fix may offer, zone-less ones with their
// zoned kin before them. Pairs that read a date differently stand side by side.
var guesses = []string{
	"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 -0700", "2006-01-02T15:04:05 -07:00", "2006-01-02T15:04:05-0700",
	"2006-01-02 15:04:05 MST", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02",
	"1/2/2006 15:04:05", "2/1/2006 15:04:05", "1/2/2006 15:04", "2/1/2006 15:04", "1/2/2006 3:04 PM", "2/1/2006 3:04 PM", "1/2/2006", "2/1/2006",
	"2.1.2006 15:04:05", "2.1.2006 15:04", "2.1.2006", "2-1-2006 15:04:05", "2-1-2006 15:04", "2-1-2006",
	"2/Jan/06 3:04 PM", "2 Jan 2006 15:04:05", "2 Jan 2006 15:04", "2 Jan 2006", "Jan 2, 2006 3:04 PM", "Jan 2, 2006",
	"Mon, 2 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15:04:05 MST", "Mon Jan 2 15:04:05 2006",
}

// guessLayout returns the layouts that one value fits: several where it does
// not tell the day from the month.
func guessLayout(s string) []string {
	s = strings.TrimSpace(s)
	if days, err := strconv.ParseFloat(s, 64); err == nil {
		switch {
		case days > 20000 && days < 80000:
			return []string{layoutExcel}
		case days > 3e8 && days < 4e9 && isInteger(s):
			return []string{layoutUnix}
		}
		return nil
	}
	var fit []string
	for _, g := range guesses {
		if _, err := time.Parse(g, s); err == nil {
			fit = append(fit, g)
		}
	}
	return fit
}

func callDate(args ...any) (any, error) {
	if t, ok := args[1].(time.Time); ok {
		return t, nil
	}
	text, err := textOf(args[1])
	if err != nil || strings.TrimSpace(text) == "" {
		return nil, err
	}
	form := &dateForm{}
	if len(args) == 3 {
		form = args[2].(*dateForm)
	}
	t, reason := form.parse(text)
	if reason != "" {
		return nil, errors.New("date() was given what " + reason)
	}
	return t, nil
}

func callFormat(args ...any) (any, error) {
	if args[1] == nil {
		return nil, nil
	}
	t, ok := args[1].(time.Time)
	if !ok {
		return nil, fmt.Errorf("format() takes a time, not %s: date() makes one", typeOf(args[1]))
	}
	zone := time.UTC
	if len(args) == 4 {
		zone = args[3].(*time.Location)
	}
	out := t.In(zone).Format(args[2].(string))
	return out, args[0].(*scope).spend(len(out))
}
