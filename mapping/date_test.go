package mapping

import (
	"testing"
)

func TestDateLayouts(t *testing.T) {
	const none = "matches none of the layouts"
	for _, c := range []struct {
		rule, cell string
		want       want
	}{
		{`layout: "2006-01-02 15:04", timezone: Europe/Lisbon`, "2024-01-10 12:00", want{value: "2024-01-10T12:00:00Z"}},
		{`layout: "2006-01-02 15:04", timezone: Europe/Lisbon`, "2024-07-10 12:00", want{value: "2024-07-10T11:00:00Z"}},
		{`layout: "2006-01-02 15:04", timezone: Europe/Lisbon`, "10/07/2024", want{reason: `does not match the layout "2006-01-02 15:04"`}},
		{`layout: "2006-01-02 15:04", timezone: Europe/Lisbon`, "2024-07-10T11:00:00Z", want{reason: `does not match the layout "2006-01-02 15:04"`}},
		// Clocks went from 1:00 to 2:00 on 31 March and from 2:00 to 1:00 on 27 October.
		{`layout: "2006-01-02 15:04", timezone: Europe/Lisbon`, "2024-03-31 01:30", want{reason: "does not exist in Europe/Lisbon: clocks were set forward past it"}},
		{`layout: "2006-01-02 15:04", timezone: Europe/Lisbon`, "2024-03-31 00:59", want{value: "2024-03-31T00:59:00Z"}},
		{`layout: "2006-01-02 15:04", timezone: Europe/Lisbon`, "2024-03-31 02:00", want{value: "2024-03-31T01:00:00Z"}},
		{`layout: "2006-01-02 15:04", timezone: Europe/Lisbon`, "2024-10-27 01:30", want{value: "2024-10-27T00:30:00Z"}},
		{`layout: "2006-01-02 15:04", timezone: Europe/Lisbon`, "2024-10-27 02:00", want{value: "2024-10-27T02:00:00Z"}},
		{`layout: "2006-01-02 15:04", timezone: America/New_York`, "2024-11-03 01:30", want{value: "2024-11-03T05:30:00Z"}},
		{`layout: "2006-01-02 15:04", timezone: UTC`, "2024-02-30 00:00", want{reason: `does not match the layout "2006-01-02 15:04"`}},

		{`layout: [rfc3339, "2/Jan/06 3:04 PM"], timezone: UTC`, "14/Jul/25 3:42 PM", want{value: "2025-07-14T15:42:00Z"}},
		{`layout: [rfc3339, "2/Jan/06 3:04 PM"], timezone: UTC`, "2025-07-14T15:42:00Z", want{value: "2025-07-14T15:42:00Z"}},
		{`layout: [rfc3339, "2/Jan/06 3:04 PM"], timezone: UTC`, "yesterday", want{reason: none}},
		{`layout: ["2/1/2006", "1/2/2006"], timezone: UTC`, "3/4/2025", want{value: "2025-04-03T00:00:00Z"}},
		{`layout: ["2/1/2006", "1/2/2006"], timezone: UTC`, "3/14/2025", want{value: "2025-03-14T00:00:00Z"}},

		{`layout: "2006-01-02T15:04:05 -07:00"`, "2016-04-28T11:19:34 -10:00", want{value: "2016-04-28T21:19:34Z"}},
		{`layout: "2006-01-02T15:04:05-0700"`, "2024-07-11T21:22:07.000+0000", want{value: "2024-07-11T21:22:07Z"}},
		{`layout: "2006-01-02 15:04:05 MST"`, "2025-06-21 16:14:03 UTC", want{value: "2025-06-21T16:14:03Z"}},
		{`layout: "2006-01-02 15:04:05 MST"`, "2025-06-21 16:14:03 EST", want{reason: "has an unknown time zone abbreviation: add timezone, such as timezone: America/New_York"}},
		{`layout: "2006-01-02 15:04:05 MST", timezone: America/New_York`, "2025-06-21 16:14:03 EDT", want{value: "2025-06-21T20:14:03Z"}},
		{`layout: "2006-01-02 15:04:05 MST", timezone: America/New_York`, "2025-06-21 16:14:03 UTC", want{value: "2025-06-21T16:14:03Z"}},

		{`layout: excel, timezone: UTC`, "45306", want{value: "2024-01-15T00:00:00Z"}},
		{`layout: excel, timezone: UTC`, "45306.5", want{value: "2024-01-15T12:00:00Z"}},
		{`layout: excel, timezone: UTC`, "45306.999988426", want{value: "2024-01-15T23:59:59Z"}},
		{`layout: excel, timezone: Europe/Lisbon`, "45483.5", want{value: "2024-07-10T11:00:00Z"}},
		{`layout: excel, timezone: UTC`, "60", want{reason: `does not match the layout "excel"`}},
		{`layout: excel, timezone: UTC`, "-1", want{reason: `does not match the layout "excel"`}},
		{`layout: excel, timezone: UTC`, "4.5e4", want{reason: `does not match the layout "excel"`}},
		{`layout: excel, timezone: UTC`, "2958466", want{reason: `does not match the layout "excel"`}},
		{`layout: unix`, "1380698150", want{value: "2013-10-02T07:15:50Z"}},
		{`layout: unix`, "1380698150000", want{value: "2013-10-02T07:15:50Z"}},
		{`layout: unix`, "1380698150999", want{value: "2013-10-02T07:15:50Z"}},
		{`layout: unix`, "99999999999", want{value: "5138-11-16T09:46:39Z"}},
		{`layout: unix`, "100000000000", want{value: "1973-03-03T09:46:40Z"}},
		{`layout: unix`, "253402300800000", want{reason: `does not match the layout "unix"`}},
	} {
		t.Run(c.rule+" "+c.cell, func(t *testing.T) {
			got, faults := fieldOf(t, "date_a", "{column: A, "+c.rule+"}", "A", c.cell)
			check(t, got, faults, c.want)
		})
	}
}
