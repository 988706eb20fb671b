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

func TestGuessLayout(t *testing.T) {
	for s, want := range map[string]string{
		"2024-05-06": "2006-01-02", "2024-05-06 10:11": "2006-01-02 15:04", "2024-05-06 10:11:12": "2006-01-02 15:04:05", "2024-05-06T10:11:12": "2006-01-02T15:04:05",
		"2024-05-06 10:11 +0200": "2006-01-02 15:04 -0700", "2016-04-28T11:19:34 -10:00": "2006-01-02T15:04:05 -07:00", "2016-04-28T11:19:34+0200": "2006-01-02T15:04:05Z0700",
		"2025-06-21 16:14:03 EST": "2006-01-02 15:04:05 MST", "2025-06-21 16:14:03 UTC": "2006-01-02 15:04:05 UTC", "Mon, 3 Mar 2025 10:00:00 CET": "Mon, 2 Jan 2006 15:04:05 MST",
		"14/3/2024": "2/1/2006", "3/14/2024": "1/2/2006", "4/3/2024": "1/2/2006 2/1/2006", "4.3.2024 10:11": "2.1.2006 15:04", "14-3-2024": "2-1-2006",
		"14/Jul/25 3:42 PM": "2/Jan/06 3:04 PM", "Jul 4, 2025 3:42 PM": "Jan 2, 2006 3:04 PM", "Mon Mar  3 10:00:00 2025": "Mon Jan _2 15:04:05 2006",
		"45306": "excel", "1380698150": "unix", "20240506": "", "yesterday": "", "": "", " ": "", "UTC": "",
	} {
		if got := strings.Join(GuessLayout(s), " "); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}
