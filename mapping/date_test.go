package mapping

import (
	"testing"
	"time"
)

func TestDateLayouts(t *testing.T) {
	const none = "is no date in any of the layouts given"
	for _, c := range []struct {
		rule, cell string
		want       want
	}{
		{`layout: "2006-01-02 15:04", timezone: Europe/Lisbon`, "2024-01-10 12:00", want{value: "2024-01-10T12:00:00Z"}},
		{`layout: "2006-01-02 15:04", timezone: Europe/Lisbon`, "2024-07-10 12:00", want{value: "2024-07-10T11:00:00Z"}},
		{`layout: "2006-01-02 15:04", timezone: Europe/Lisbon`, "10/07/2024", want{reason: `is no date in the layout "2006-01-02 15:04"`}},
		{`layout: "2006-01-02 15:04", timezone: Europe/Lisbon`, "2024-07-10T11:00:00Z", want{reason: `is no date in the layout "2006-01-02 15:04"`}},
		// Clocks went from 1:00 to 2:00 on 31 March and from 2:00 to 1:00 on 27 October.
		{`layout: "2006-01-02 15:04", timezone: Europe/Lisbon`, "2024-03-31 01:30", want{reason: "is a time that never was in Europe/Lisbon: clocks were set forward over it"}},
		{`layout: "2006-01-02 15:04", timezone: Europe/Lisbon`, "2024-03-31 00:59", want{value: "2024-03-31T00:59:00Z"}},
		{`layout: "2006-01-02 15:04", timezone: Europe/Lisbon`, "2024-03-31 02:00", want{value: "2024-03-31T01:00:00Z"}},
		{`layout: "2006-01-02 15:04", timezone: Europe/Lisbon`, "2024-10-27 01:30", want{value: "2024-10-27T00:30:00Z"}},
		{`layout: "2006-01-02 15:04", timezone: Europe/Lisbon`, "2024-10-27 02:00", want{value: "2024-10-27T02:00:00Z"}},
		{`layout: "2006-01-02 15:04", timezone: America/New_York`, "2024-11-03 01:30", want{value: "2024-11-03T05:30:00Z"}},
		{`layout: "2006-01-02 15:04", timezone: UTC`, "2024-02-30 00:00", want{reason: `is no date in the layout "2006-01-02 15:04"`}},

		{`layout: [rfc3339, "2/Jan/06 3:04 PM"], timezone: UTC`, "14/Jul/25 3:42 PM", want{value: "2025-07-14T15:42:00Z"}},
		{`layout: [rfc3339, "2/Jan/06 3:04 PM"], timezone: UTC`, "2025-07-14T15:42:00Z", want{value: "2025-07-14T15:42:00Z"}},
		{`layout: [rfc3339, "2/Jan/06 3:04 PM"], timezone: UTC`, "yesterday", want{reason: none}},
		{`layout: ["2/1/2006", "1/2/2006"], timezone: UTC`, "3/4/2025", want{value: "2025-04-03T00:00:00Z"}},
		{`layout: ["2/1/2006", "1/2/2006"], timezone: UTC`, "3/14/2025", want{value: "2025-03-14T00:00:00Z"}},

		{`layout: "2006-01-02T15:04:05 -07:00"`, "2016-04-28T11:19:34 -10:00", want{value: "2016-04-28T21:19:34Z"}},
		{`layout: "2006-01-02T15:04:05-0700"`, "2024-07-11T21:22:07.000+0000", want{value: "2024-07-11T21:22:07Z"}},
		{`layout: "2006-01-02 15:04:05 MST"`, "2025-06-21 16:14:03 UTC", want{value: "2025-06-21T16:14:03Z"}},
		{`layout: "2006-01-02 15:04:05 MST"`, "2025-06-21 16:14:03 EST", want{reason: "has a time zone abbreviation that is not known: give timezone, such as timezone: America/New_York"}},
		{`layout: "2006-01-02 15:04:05 MST", timezone: America/New_York`, "2025-06-21 16:14:03 EDT", want{value: "2025-06-21T20:14:03Z"}},
		{`layout: "2006-01-02 15:04:05 MST", timezone: America/New_York`, "2025-06-21 16:14:03 UTC", want{value: "2025-06-21T16:14:03Z"}},

		{`layout: excel, timezone: UTC`, "45306", want{value: "2024-01-15T00:00:00Z"}},
		{`layout: excel, timezone: UTC`, "45306.5", want{value: "2024-01-15T12:00:00Z"}},
		{`layout: excel, timezone: UTC`, "45306.999988426", want{value: "2024-01-15T23:59:59Z"}},
		{`layout: excel, timezone: Europe/Lisbon`, "45483.5", want{value: "2024-07-10T11:00:00Z"}},
		{`layout: excel, timezone: UTC`, "60", want{reason: `is no date in the layout "excel"`}},
		{`layout: excel, timezone: UTC`, "-1", want{reason: `is no date in the layout "excel"`}},
		{`layout: excel, timezone: UTC`, "4.5e4", want{reason: `is no date in the layout "excel"`}},
		{`layout: excel, timezone: UTC`, "2958466", want{reason: `is no date in the layout "excel"`}},
		{`layout: unix`, "1380698150", want{value: "2013-10-02T07:15:50Z"}},
		{`layout: unix`, "1380698150000", want{reason: `is no date in the layout "unix"`}},
	} {
		t.Run(c.rule+" "+c.cell, func(t *testing.T) {
			got, faults := fieldOf(t, "date_a", "{column: A, "+c.rule+"}", "A", c.cell)
			check(t, got, faults, c.want)
		})
	}
}

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
		if _, ok := parseRFC3339(text); ok != good {
			t.Errorf("%s: %v", text, ok)
		}
	}
}

// FuzzDate: what any layout makes of any text is a date as the API writes it.
func FuzzDate(f *testing.F) {
	zone, err := loadZone("Europe/Lisbon")
	if err != nil {
		f.Fatal(err)
	}
	forms := []*dateForm{{}}
	for _, text := range append([]string{layoutExcel, layoutUnix, layoutRFC3339}, guesses...) {
		l, err := newLayout(text)
		if err != nil {
			f.Fatal(err)
		}
		forms = append(forms, &dateForm{layouts: []layout{l}, zone: zone})
	}
	for i, s := range []string{"2022-04-21T06:30:21Z", "45306.5", "1380698150", "2024-03-31 01:30", "0000-01-01T00:00:00Z", "14/Jul/25 3:42 PM"} {
		f.Add(s, i)
	}
	f.Fuzz(func(t *testing.T, s string, form int) {
		guessLayout(s)
		r, reason := dateResult(forms[uint(form)%uint(len(forms))].parse(s))
		if reason != "" {
			return
		}
		out := r.value.(string)
		if back, err := time.Parse(time.RFC3339, out); err != nil || formatTime(back) != out {
			t.Fatalf("%q became %q: %v", s, out, err)
		}
	})
}

// FuzzLocal: a moment's wall clock leads back to the moment, except within an
// hour that occurs twice, where it leads to the first.
func FuzzLocal(f *testing.F) {
	f.Add(int64(1711846800))
	f.Add(int64(1729990800))
	var forms []dateForm
	for _, name := range []string{"Europe/Lisbon", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"} {
		zone, err := loadZone(name)
		if err != nil {
			f.Fatal(err)
		}
		forms = append(forms, dateForm{zone: zone})
	}
	f.Fuzz(func(t *testing.T, seconds int64) {
		moment := time.Unix(seconds%4102444800, 0) // until 2100
		for _, form := range forms {
			local := moment.In(form.zone)
			y, m, d := local.Date()
			wall := time.Date(y, m, d, local.Hour(), local.Minute(), local.Second(), 0, time.UTC)
			got, why, ok := form.local(wall)
			if !ok {
				t.Fatalf("%v: %s", local, why)
			}
			if got.Equal(moment) {
				continue
			}
			if !got.Before(moment) || got.In(form.zone).Format(time.DateTime) != local.Format(time.DateTime) {
				t.Fatalf("%v became %v", local, got.In(form.zone))
			}
		}
	})
}
