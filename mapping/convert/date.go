package convert

import (
	"cmp"
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

// Dates is how the dates of a field are written.
type Dates struct {
	Layouts []Layout       // of several, the first that fits; none: RFC 3339
	Zone    *time.Location // of layouts that are not zoned
}

// Layout is one way in which dates are written; NewLayout makes it.
type Layout struct {
	Text  string // by example of 2006-01-02 15:04:05, or a word: excel, unix, rfc3339
	Zoned bool   // the zone is part of the text
	named bool   // by an abbreviation, such as CET
	clock bool   // a time of day is part of the text

	misfit error // what is wrong with a text that is not written so
}

// The layouts that are words.
const (
	layoutExcel   = "excel"   // days since 1899-12-30, the serial number of a spreadsheet; needs a timezone
	layoutUnix    = "unix"    // see parseUnix
	layoutRFC3339 = "rfc3339" // what is taken without a layout
)

// LoadZone knows the zones of the tz database. "Local" is refused: the result
// would depend on the machine.
func LoadZone(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || strings.EqualFold(name, "local") {
		return nil, fmt.Errorf("unknown time zone %q: use a name such as Europe/Lisbon, America/New_York or UTC (Etc/GMT-2 is two hours ahead of UTC)", name)
	}
	return zone, nil
}

var formats = strings.NewReplacer(
	"YYYY", "2006", "yyyy", "2006", "YY", "06", "yy", "06",
	"MMMM", "January", "MMM", "Jan", "MM", "01", "DD", "02", "dd", "02",
	"HH", "15", "hh", "03", "mm", "04", "ss", "05", "SSS", "000",
	"%Y", "2006", "%m", "01", "%d", "02", "%H", "15", "%M", "04", "%S", "05", "%y", "06", "%b", "Jan", "%B", "January", "%p", "PM", "%I", "03", "%z", "-0700",
)

// NewLayout probes a layout: a date written in it must come back from it.
func NewLayout(text string) (Layout, error) {
	l := Layout{Text: text, misfit: fmt.Errorf("does not match the layout %q", text)}
	switch text {
	case layoutExcel:
		l.clock = true
		return l, nil
	case layoutUnix, layoutRFC3339:
		l.Zoned = true
		return l, nil
	}
	east, west := time.FixedZone("EAST", 5*3600), time.FixedZone("WEST", -4*3600)
	probe := time.Date(2033, 11, 27, 22, 33, 44, 0, east)
	l.Zoned = probe.Format(text) != time.Date(2033, 11, 27, 22, 33, 44, 0, west).Format(text)
	l.named = strings.Contains(text, "MST")
	l.clock = probe.Format(text) != probe.Add(-time.Hour-time.Minute).Format(text)
	back, err := time.ParseInLocation(text, probe.Format(text), east)
	if y, m, d := back.Date(); err != nil || y != 2033 || m != 11 || d != 27 {
		hint := ""
		if meant := formats.Replace(text); meant != text {
			if _, err := NewLayout(meant); err == nil {
				hint = fmt.Sprintf("; did you mean %q?", meant)
			}
		}
		return Layout{}, fmt.Errorf("layout %q is not a full date: write 2 January 2006, 15:04:05 the way the file writes its dates, such as \"02/01/2006 15:04\"%s", text, hint)
	}
	return l, nil
}

var (
	errNoDate   = errors.New("is not an RFC 3339 date such as 2022-04-21T06:30:21Z")
	errNoLayout = errors.New("matches none of the layouts")
	errYears    = errors.New("is outside the years 1 to 9999")
	errZoneName = errors.New("has an unknown time zone abbreviation: add timezone, such as timezone: America/New_York")
)

// Parse reads a date. The error does not hold the value.
func (d *Dates) Parse(s string) (time.Time, error) {
	s = strings.TrimSpace(s)
	if len(d.Layouts) == 0 {
		t, err := parseRFC3339(s)
		if err == nil {
			err = InYears(t)
		}
		return t, err
	}
	failed := errNoLayout
	if len(d.Layouts) == 1 {
		failed = d.Layouts[0].misfit
	}
	for _, l := range d.Layouts {
		t, fits, err := d.parseAs(l, s)
		if fits && err == nil {
			return t, InYears(t)
		}
		if fits {
			failed = err
		}
	}
	return time.Time{}, failed
}

// InYears refuses what RFC 3339 cannot write.
func InYears(t time.Time) error {
	if y := t.UTC().Year(); y < 1 || y > 9999 {
		return errYears
	}
	return nil
}

// parseRFC3339 is strict where time.Parse is not: that takes hours of one
// digit, fractions behind a comma and offsets of a day.
func parseRFC3339(s string) (time.Time, error) {
	if len(s) < len(apiTime) || s[13] != ':' || strings.Contains(s, ",") || strings.Contains(s[19:], "24:") {
		return time.Time{}, errNoDate
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, errNoDate
	}
	return t, nil
}

// parseUnix reads seconds since 1970-01-01 UTC, or milliseconds: as seconds, a number of
// twelve digits would be of the year 5138 or later.
func parseUnix(s string) (time.Time, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	t := time.Unix(n, 0)
	if n >= 1e11 {
		t = time.UnixMilli(n)
	}
	return t, err == nil && n >= -62135596800 && n <= 253402300799999
}

// parseAs tries one layout. An error is of a text that fits the layout and still
// is no date.
func (d *Dates) parseAs(l Layout, s string) (t time.Time, fits bool, err error) {
	switch {
	case l.Text == layoutRFC3339:
		t, err = parseRFC3339(s)
		return t, err == nil, nil
	case l.Text == layoutUnix:
		t, fits = parseUnix(s)
		return t, fits, nil
	case l.Zoned:
		return d.parseZoned(l, s)
	case l.Text == layoutExcel:
		t, fits = excelDate(s)
	default:
		t, err = ParseIn(l.Text, s, time.UTC)
		fits = err == nil
	}
	if !fits {
		return t, false, nil
	}
	t, err = d.local(t, l.clock)
	return t, true, err
}

func (d *Dates) parseZoned(l Layout, s string) (t time.Time, fits bool, err error) {
	zone := cmp.Or(d.Zone, time.UTC)
	t, err = ParseIn(l.Text, s, zone)
	if err != nil {
		return t, false, nil
	}
	// time.Parse takes an abbreviation that it does not know for UTC.
	if name, offset := t.Zone(); l.named && offset == 0 && t.Location() != zone && t.Location() != time.UTC && name != "UTC" && name != "GMT" {
		return t, true, errZoneName
	}
	return t, true, nil
}

// local takes a wall clock's time for one in the field's zone. An hour that
// occurs twice (clocks set back) is taken as the first; one that never was
// (clocks set forward) is no date. A day without a time of day is its first
// moment, also where clocks were set forward over its midnight.
func (d *Dates) local(wall time.Time, clock bool) (time.Time, error) {
	before, after := offsetAt(wall.Add(-24*time.Hour), d.Zone), offsetAt(wall.Add(24*time.Hour), d.Zone)
	for _, offset := range [2]time.Duration{max(before, after), min(before, after)} { // the greater is the earlier moment
		if t := wall.Add(-offset); before == after || offsetAt(t, d.Zone) == offset {
			return t, nil
		}
	}
	if first := wall.Add(-before); !clock && first.In(d.Zone).Day() == wall.Day() {
		return first, nil
	}
	return time.Time{}, fmt.Errorf("does not exist in %s: clocks were set forward past it", d.Zone)
}

func offsetAt(t time.Time, zone *time.Location) time.Duration {
	_, seconds := t.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}

// excelDate reads a serial number of the 1900 date system to the second.
// Numbers below 61 are refused: that system counts a 29 February 1900.
func excelDate(s string) (time.Time, bool) {
	if !IsDecimal(s) || strings.ContainsAny(s, "eE+-") {
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

// FormatTime writes a moment as the API does.
func FormatTime(t time.Time) string { return t.UTC().Format(apiTime) }
