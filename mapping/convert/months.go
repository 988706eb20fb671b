package convert

import (
	_ "embed"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

// monthNames has a line for each language. Layouts are written with English names
// whatever the language: "2/Jan/06" reads 04/ago/26.
//
//go:embed months.txt
var monthNames string

var months = sync.OnceValue(func() map[string]time.Month {
	all := map[string]time.Month{}
	for line := range strings.Lines(monthNames) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for i, name := range strings.Fields(line) {
			all[name] = time.Month(i + 1)
		}
	}
	return all
})

// ParseIn is time.ParseInLocation that also reads the months of other languages
// (with an English one in the layout), "p. m." as PM, an abbreviation with a
// point, two blanks for one, and JavaScript's name of the zone in brackets.
func ParseIn(layout, s string, zone *time.Location) (time.Time, error) {
	t, err := time.ParseInLocation(layout, s, zone)
	if err == nil {
		return t, nil
	}
	same := commonplace(s)
	if strings.Contains(layout, "Jan") {
		same = inEnglish(same, strings.Contains(layout, "January"))
	}
	if same == s {
		return t, err
	}
	return time.ParseInLocation(layout, same, zone)
}

var (
	afternoon   = regexp.MustCompile(`(?i)\b[ap]\. ?m\.`)
	zoneComment = regexp.MustCompile(` \([^()]*\)$`)
	pointed     = regexp.MustCompile(`(\pL{3,4})\.([ /-])`)
)

// commonplace rewrites what only looks different: no-break spaces, "p. m.", the
// point after an abbreviation, and a zone's name in brackets behind an offset.
func commonplace(s string) string {
	if strings.IndexByte(s, '(') > 0 {
		s = zoneComment.ReplaceAllString(s, "")
	}
	if strings.ContainsFunc(s, func(r rune) bool { return r == '\u00a0' || r == '\u202f' }) {
		s = strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(s)
	}
	if strings.IndexByte(s, '.') >= 0 {
		s = afternoon.ReplaceAllStringFunc(s, func(m string) string { return strings.ToUpper(m[:1]) + "M" })
		s = pointed.ReplaceAllString(s, "$1$2")
	}
	return s
}

// inEnglish puts the English name for that of a month, in full or of three
// letters.
func inEnglish(s string, full bool) string {
	for from := 0; from < len(s); {
		at := strings.IndexFunc(s[from:], unicode.IsLetter)
		if at < 0 {
			return s
		}
		at += from
		end := at
		for end < len(s) {
			r, n := utf8.DecodeRuneInString(s[end:])
			if !unicode.IsLetter(r) && !unicode.Is(unicode.Mn, r) {
				break
			}
			end += n
		}
		word := strings.ToLower(s[at:end])
		if m, ok := months()[word]; ok {
			name := m.String()
			if !full {
				name = name[:3]
			}
			return s[:at] + name + s[end:]
		}
		from = end
	}
	return s
}
