package convert

import (
	"strings"
	"testing"
	"time"
)

func TestRFC3339(t *testing.T) {
	for text, good := range map[string]bool{
		"2022-04-21T06:30:21Z":          true,
		"2022-04-21T06:30:21.5Z":        true,
		"2022-04-21T06:30:21+23:59":     true,
		"2022-04-21T06:30:21-00:00":     true,
		"2024-02-29T00:00:00Z":          true,
		"2022-04-21T6:30:21Z":           false,
		"2022-04-21T6:30:21.000Z":       false,
		"2022-04-21T06:30:21,5Z":        false,
		"2022-04-21T06:30:21+24:00":     false,
		"2022-04-21T06:30:21+0100":      false,
		"2022-04-21t06:30:21z":          false,
		"2022-04-21T06:30:21":           false,
		"2022-04-21T24:00:00Z":          false,
		"2022-04-21T06:30:60Z":          false,
		"2023-02-29T00:00:00Z":          false,
		"2022-04-21T06:30Z":             false,
		"2022-04-21T06:30:21Z and more": false,
	} {
		if _, err := parseRFC3339(text); (err == nil) != good {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// FuzzDate: what any layout makes of any text is a date as the API writes it.
func FuzzDate(f *testing.F) {
	zone, err := LoadZone("Europe/Lisbon")
	if err != nil {
		f.Fatal(err)
	}
	forms := []*Dates{{}}
	for _, text := range []string{layoutExcel, layoutUnix, layoutRFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 MST", "2/1/2006 15:04", "2/Jan/06 3:04 PM", "Mon, 2 Jan 2006 15:04:05 -0700"} {
		l, err := NewLayout(text)
		if err != nil {
			f.Fatal(err)
		}
		forms = append(forms, &Dates{Layouts: []Layout{l}, Zone: zone})
	}
	for i, s := range []string{"2022-04-21T06:30:21Z", "45306.5", "1380698150", "2024-03-31 01:30", "0000-01-01T00:00:00Z", "14/Jul/25 3:42 PM"} {
		f.Add(s, i)
	}
	f.Fuzz(func(t *testing.T, s string, form int) {
		GuessLayout(s)
		moment, err := forms[uint(form)%uint(len(forms))].Parse(s)
		if err != nil {
			return
		}
		out := FormatTime(moment)
		if back, err := time.Parse(time.RFC3339, out); err != nil || FormatTime(back) != out {
			t.Fatalf("%q became %q: %v", s, out, err)
		}
	})
}

// FuzzLocal: a moment's wall clock leads back to the moment, except within an
// hour that occurs twice, where it leads to the first.
func FuzzLocal(f *testing.F) {
	f.Add(int64(1711846800))
	f.Add(int64(1729990800))
	var forms []Dates
	for _, name := range []string{"Europe/Lisbon", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"} {
		zone, err := LoadZone(name)
		if err != nil {
			f.Fatal(err)
		}
		forms = append(forms, Dates{Zone: zone})
	}
	f.Fuzz(func(t *testing.T, seconds int64) {
		moment := time.Unix(seconds%4102444800, 0) // until 2100
		for _, form := range forms {
			local := moment.In(form.Zone)
			y, m, d := local.Date()
			wall := time.Date(y, m, d, local.Hour(), local.Minute(), local.Second(), 0, time.UTC)
			got, err := form.local(wall, true)
			if err != nil {
				t.Fatalf("%v: %v", local, err)
			}
			if got.Equal(moment) {
				continue
			}
			if !got.Before(moment) || got.In(form.Zone).Format(time.DateTime) != local.Format(time.DateTime) {
				t.Fatalf("%v became %v", local, got.In(form.Zone))
			}
		}
	})
}

func TestGuessLayout(t *testing.T) {
	for s, want := range map[string]string{
		"2024-05-06": "2006-01-02", "2024-05-06 10:11": "2006-01-02 15:04", "2024-05-06 10:11:12": "2006-01-02 15:04:05", "2024-05-06T10:11:12": "2006-01-02T15:04:05",
		"2024-05-06 10:11 +0200": "2006-01-02 15:04 -0700", "2016-04-28T11:19:34 -10:00": "2006-01-02T15:04:05 -07:00", "2016-04-28T11:19:34+0200": "2006-01-02T15:04:05Z0700",
		"2025-06-21 16:14:03 EST": "2006-01-02 15:04:05 MST", "2025-06-21 16:14:03 UTC": "2006-01-02 15:04:05 UTC", "Mon, 3 Mar 2025 10:00:00 CET": "Mon, 2 Jan 2006 15:04:05 MST",
		"14/3/2024": "2/1/2006", "3/14/2024": "1/2/2006", "4/3/2024": "1/2/2006 2/1/2006", "4.3.2024 10:11": "2.1.2006 15:04", "14-3-2024": "2-1-2006",
		"14/Jul/25 3:42 PM": "2/Jan/06 3:04 PM", "Jul 4, 2025 3:42 PM": "Jan 2, 2006 3:04 PM", "Mon Mar  3 10:00:00 2025": "Mon Jan _2 15:04:05 2006",
		"45306": "excel", "1380698150": "unix", "1380698150123": "unix", "138069815012": "", "20240506": "", "yesterday": "", "": "", " ": "", "UTC": "",
	} {
		if got := strings.Join(GuessLayout(s), " "); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

// TestOtherSpellings reads dates as other languages and programs write them.
func TestOtherSpellings(t *testing.T) {
	for _, c := range []struct{ layout, text, want string }{
		{"2/Jan/06 3:04 PM", "04/ago/26 11:30 PM", "2026-08-04T23:30:00Z"},
		{"2/Jan/06 3:04 PM", "21/sept/26 9:05 p. m.", "2026-09-21T21:05:00Z"},
		{"2/Jan/06 3:04 PM", "12/lut/21 10:19 PM", "2021-02-12T22:19:00Z"},
		{"2/Jan/06 3:04 PM", "01/Mar/14  1:05 PM", "2014-03-01T13:05:00Z"},
		{"2. January 2006", "12. März 2024", "2024-03-12T00:00:00Z"},
		{"2 Jan 2006", "3 janv. 2024", "2024-01-03T00:00:00Z"},
		{"2 de January de 2006", "3 de marzo de 2024", "2024-03-03T00:00:00Z"},
		{"2006年1月2日 15:04", "2024年3月5日 10:11", "2024-03-05T10:11:00Z"},
		{"2/1/2006 3:04 PM", "3/04/2024 10:15\u00a0a.m.", "2024-04-03T10:15:00Z"},
		{"2 января 2006", "3 мая 2024", ""}, // layouts are written in English
		{"2/Jan/06", "04/xyz/26", ""},
		{"Mon Jan 2 2006 15:04:05 GMT-0700", "Tue Mar 05 2024 10:11:12 GMT+0200 (Eastern European Time)", "2024-03-05T08:11:12Z"},
		{"2 January 2006", "3 мая 2024", "2024-05-03T00:00:00Z"},
	} {
		got, err := ParseIn(c.layout, c.text, time.UTC)
		if err != nil && c.want != "" || err == nil && FormatTime(got) != c.want {
			t.Errorf("%q as %q: %v, %v; want %s", c.text, c.layout, got, err, c.want)
		}
	}
}

// TestMonthNames: a word means one month, whatever the language.
func TestMonthNames(t *testing.T) {
	for names := range strings.Lines(monthNames) {
		words := strings.Fields(names)
		if len(words) == 0 || strings.HasPrefix(names, "#") {
			continue
		}
		if len(words) != 12 {
			t.Errorf("%d months: %s", len(words), names)
		}
		for i, w := range words {
			if months()[w] != time.Month(i+1) {
				t.Errorf("%s is %s in one language and %s in another", w, time.Month(i+1), months()[w])
			}
		}
	}
}

// TestFirstMoment: a day without a time is its first moment, a time that never
// was is none.
func TestFirstMoment(t *testing.T) {
	for _, c := range []struct{ zone, layout, text, want string }{
		{"America/Sao_Paulo", "2006-01-02", "2018-11-04", "2018-11-04T03:00:00Z"},
		{"Asia/Beirut", "2006-01-02", "2022-03-27", "2022-03-26T22:00:00Z"},
		{"America/Havana", "2006-01-02", "2024-03-10", "2024-03-10T05:00:00Z"},
		{"Asia/Kathmandu", "2006-01-02", "1986-01-01", "1985-12-31T18:30:00Z"},
		{"America/Sao_Paulo", "2006-01-02 15:04", "2018-11-04 00:30", ""},
		{"America/Sao_Paulo", "2006-01-02 15:04", "2018-11-04 00:00", ""},
		{"Pacific/Apia", "2006-01-02", "2011-12-30", ""}, // a day that never was
	} {
		zone, err := LoadZone(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		l, err := NewLayout(c.layout)
		if err != nil {
			t.Fatal(err)
		}
		got, err := (&Dates{Layouts: []Layout{l}, Zone: zone}).Parse(c.text)
		if err != nil && c.want != "" || err == nil && FormatTime(got) != c.want {
			t.Errorf("%s in %s: %v, %v; want %s", c.text, c.zone, got, err, c.want)
		}
	}
}
