package xlsx

import (
	"strings"

	"github.com/xuri/nfp"
)

// format is what a number format says about the meaning of a number.
type format struct {
	kind  kind
	zeros int // digits that a format of zeros alone shows, such as 00000
}

type kind uint8

const (
	plain    kind = iota
	date          // a day, perhaps with a time
	dateTime      // a day and a time
	clock         // a time of day
	duration      // hours that go on above 24
)

// builtIn are the formats that workbooks refer to without writing them out.
// 27 to 36 and 50 to 58 are dates and times of East Asian workbooks.
func builtIn(id int) format {
	switch {
	case id == 22:
		return format{kind: dateTime}
	case id == 46:
		return format{kind: duration}
	case id >= 18 && id <= 21, id >= 32 && id <= 35, id == 45, id == 47, id == 55, id == 56:
		return format{kind: clock}
	case id >= 14 && id <= 17, id >= 27 && id <= 36, id >= 50 && id <= 58:
		return format{kind: date}
	}
	return format{}
}

// formatOf reads a format that a workbook writes out, such as [$-409]d-mmm-yy;@.
func formatOf(code string) format {
	if len(code) > 1 && strings.Trim(code, "0") == "" {
		return format{zeros: len(code)}
	}
	parser := nfp.NumberFormatParser()
	sections := parser.Parse(code)
	if len(sections) == 0 {
		return format{}
	}
	day, time, any := false, false, false
	for _, token := range sections[0].Items { // that of positive numbers
		switch token.TType {
		case nfp.TokenTypeElapsedDateTimes:
			return format{kind: duration}
		case nfp.TokenTypeDateTimes:
			any = true
			value := strings.ToLower(token.TValue)
			switch {
			case strings.Contains(value, "/"), strings.ContainsAny(value, "hs上下午前後"): // am/pm
				time = true
			case !strings.HasPrefix(value, "m"), len(value) > 2:
				day = true
			}
		}
	}
	switch {
	case !any:
		return format{}
	case time && day:
		return format{kind: dateTime}
	case time:
		return format{kind: clock}
	}
	return format{kind: date}
}
