package convert

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

// Form is one way in which dates are written. Where the day and the month are
// both numbers, Layout has the month first and Swapped the day.
type Form struct {
	Layout, Swapped string
	Hinted          bool // as good as any number: believed only where dates are expected
}

// Forms are the common ways that a text may be written in, by its shape; only
// time.Parse tells.
func Forms(s string) []Form { return forms()[shape(s)] }

// forms are all known ways by their shape, put together once from days, times
// and zones.
var forms = sync.OnceValue(func() map[string][]Form {
	days := []string{
		"2006-01-02", "2006-1-2", "2006/1/2", "2006.1.2",
		"1/2/2006", "1-2-2006", "1.2.2006",
		"2/Jan/06", "2/Jan/2006", "2-Jan-06", "2-Jan-2006", "2 Jan 06", "2 Jan 2006", "2 January 2006",
		"2. Jan 2006", "2. January 2006", "2 de January de 2006", "2006年1月2日",
		"Jan 2, 2006", "Jan 2 2006", "January 2, 2006",
		"Mon, 2 Jan 2006", "Mon, Jan 2, 2006", "Mon Jan 2 2006", "Monday, January 2, 2006", "Monday, 2 January 2006",
	}
	hinted := []string{"1/2/06", "1-2-06", "1.2.06", "20060102"}
	times := []string{" 15:04:05", " 15:04"}
	for _, half := range []string{" PM", "PM", " pm", "pm"} {
		times = append(times, " 3:04"+half, " 3:04:05"+half)
	}
	for _, t := range times {
		times = append(times, ","+t)
	}
	times = append(times, "T15:04:05", "T15:04")
	zones := []string{"", "Z07:00", "Z0700", " -0700", " -07:00", " UTC", " GMT", " GMT-0700", " GMT-07:00"}

	tails := []string{""}
	for _, t := range times {
		for _, z := range zones {
			tails = append(tails, t+z)
		}
	}
	var all []Form
	for i, day := range slices.Concat(days, hinted) {
		for _, tail := range tails {
			all = append(all, Form{Layout: day + tail, Swapped: swapped(day + tail), Hinted: i >= len(days)})
		}
	}
	return byShape(append(all, Form{Layout: time.ANSIC}, Form{Layout: time.RubyDate}))
})

// swapped puts the day before the month where both are numbers. It returns ""
// where they are not.
func swapped(layout string) string {
	if layout[0] != '1' || layout[2] != '2' {
		return ""
	}
	return "2" + layout[1:2] + "1" + layout[3:]
}

func byShape(all []Form) map[string][]Form {
	shapes := make(map[string][]Form)
	east := time.Date(2033, 11, 27, 22, 33, 44, 0, time.FixedZone("", 5*3600))
	for _, f := range all {
		in := []string{shape(east.UTC().Format(f.Layout)), shape(east.Format(f.Layout))} // with Z, and with an offset
		for _, s := range slices.Compact(in) {
			shapes[s] = append(shapes[s], f)
		}
	}
	return shapes
}

// shape writes 0 for digits, a for letters of any script, - for either sign and
// one blank for several, and leaves out fractions of a second, the point of an
// abbreviation and what Commonplace does, so that only layouts that may fit are
// tried.
func shape(s string) string {
	var b []byte
	for _, r := range commonplace(s) {
		c := byte(r)
		switch {
		case '0' <= r && r <= '9':
			c = '0'
		case r == '年' || r == '月' || r == '日':
			b = append(b, string(r)...)
			continue
		case unicode.IsLetter(r) || unicode.Is(unicode.Mn, r):
			c = 'a'
		case r == '+':
			c = '-'
		case r >= utf8.RuneSelf:
			c = '?'
		}
		if n := len(b); n == 0 || b[n-1] != c || c != '0' && c != 'a' && c != ' ' {
			b = append(b, c)
		}
	}
	return fraction.Replace(string(b))
}

var fraction = strings.NewReplacer("0:0:0.0", "0:0:0", "0:0:0,0", "0:0:0")

// GuessLayout returns the layouts that one value fits: two where it does not
// tell the day from the month.
func GuessLayout(s string) []string {
	s = strings.TrimSpace(s)
	if days, err := strconv.ParseFloat(s, 64); err == nil {
		switch {
		case days > 20000 && days < 80000:
			return []string{layoutExcel}
		case IsInteger(s) && (days > 3e8 && days < 4e9 || days > 3e11 && days < 4e12):
			return []string{layoutUnix}
		}
		return nil
	}
	for _, f := range Forms(s) {
		both := []string{f.Layout, f.Swapped}
		if f.Swapped != "" && f.Swapped[1] != '/' {
			both = both[1:] // with points and dashes the day is first
		}
		fits := func(layout string) bool {
			_, err := ParseIn(layout, s, time.UTC)
			return err == nil
		}
		if fit := slices.DeleteFunc(both, func(l string) bool { return l == "" || !fits(l) }); len(fit) > 0 {
			return fit
		}
	}
	// An abbreviation of a zone may stand behind.
	var fit []string
	if at := strings.LastIndexByte(s, ' '); at > 0 && at < len(s)-1 && strings.Trim(s[at+1:], "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" {
		for _, l := range GuessLayout(s[:at]) {
			fit = append(fit, l+" MST")
		}
	}
	return fit
}
