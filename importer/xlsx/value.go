package xlsx

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// number writes a stored number as what it means under a format.
func number(stored string, f format, from1904 bool) string {
	if f.kind == plain && f.zeros == 0 && isWhole(stored) {
		return stored // with all its digits
	}
	value, err := strconv.ParseFloat(stored, 64)
	if err != nil {
		return stored
	}
	if f.kind != plain {
		if text, ok := moment(value, f.kind, from1904); ok {
			return text
		}
	}
	text := stored
	if !isWhole(stored) {
		text = decimal(value)
	}
	if f.zeros > len(text) && value >= 0 && isWhole(text) {
		text = strings.Repeat("0", f.zeros-len(text)) + text
	}
	return text
}

func isWhole(s string) bool {
	s = strings.TrimPrefix(s, "-")
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// decimal writes a number with the 15 digits that spreadsheets show of it, and
// without an exponent: 0.1 + 0.2 is 0.3.
func decimal(value float64) string {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(value, 'g', 15, 64), 64)
	if err != nil { // above the largest
		rounded = value
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}

// lastDay is 9999-12-31 as a serial number.
const lastDay = 2958466

// moment writes a serial number, the days since the turn of 1899 to 1900, as a
// date or a time. It is false for what is none.
func moment(serial float64, k kind, from1904 bool) (string, bool) {
	if serial < 0 || serial >= lastDay {
		return "", false
	}
	days := math.Floor(serial)
	milli := int64(math.Round((serial - days) * 86_400_000))
	if milli == 86_400_000 {
		days, milli = days+1, 0
	}
	if k == duration || k == clock && days == 0 {
		hours := int64(days)*24 + milli/3_600_000
		return fmt.Sprintf("%02d", hours) + time.UnixMilli(milli).UTC().Format(":04:05.999"), true
	}
	day := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	switch {
	case from1904:
		day = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	case days == 0, days == 60: // spreadsheets show two days that never were
		return map[float64]string{0: "1900-01-00", 60: "1900-02-29"}[days], true
	case days < 60:
		day = day.AddDate(0, 0, 1)
	}
	t := day.AddDate(0, 0, int(days)).Add(time.Duration(milli) * time.Millisecond)
	if k == date && milli == 0 {
		return t.Format("2006-01-02"), true
	}
	return t.Format("2006-01-02T15:04:05.999"), true
}
