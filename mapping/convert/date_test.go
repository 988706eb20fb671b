package convert

import (
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
	for _, text := range append([]string{layoutExcel, layoutUnix, layoutRFC3339}, guesses...) {
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
			got, err := form.local(wall)
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
