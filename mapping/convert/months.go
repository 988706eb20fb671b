package convert

import (
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

// monthNames are the names of the months in languages other than English, each
// language with its full names and its abbreviations, from January on. Layouts
// are written with English names whatever the language: "2/Jan/06" reads
// 04/ago/26. A word stands for one month only, whatever the language; where two
// languages use one word for different months (listopad is November in Polish
// and Czech, October in Croatian), the smaller one is left out.
var monthNames = []string{
	"januar februar märz april mai juni juli august september oktober november dezember", // German
	"jän feb mär apr mai jun jul aug sep okt nov dez",
	"janvier février mars avril mai juin juillet août septembre octobre novembre décembre", // French
	"janv févr mars avr mai juin juil août sept oct nov déc",
	"enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre", // Spanish
	"ene feb mar abr may jun jul ago sept oct nov dic",
	"janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro", // Portuguese
	"jan fev mar abr mai jun jul ago set out nov dez",
	"gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre", // Italian
	"gen feb mar apr mag giu lug ago set ott nov dic",
	"stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia", // Polish
	"styczeń luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień październik listopad grudzień",
	"sty lut mar kwi maj cze lip sie wrz paź lis gru",
	"januari februari maart april mei juni juli augustus september oktober november december", // Dutch
	"jan feb mrt apr mei jun jul aug sep okt nov dec",
	"januari februari mars april maj juni juli augusti september oktober november december",                                            // Swedish
	"januar februar marts april maj juni juli august september oktober november december",                                              // Danish
	"jan feb mar apr mai jun jul aug sep okt nov des",                                                                                  // Norwegian
	"tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta marraskuuta joulukuuta", // Finnish
	"tammi helmi maalis huhti touko kesä heinä elo syys loka marras joulu",
	"ledna února března dubna května června července srpna září října listopadu prosince", // Czech
	"led úno bře dub kvě čvn čvc srp zář říj lis pro",
	"ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık", // Turkish
	"oca şub mar nis may haz tem ağu eyl eki kas ara",
	"января февраля марта апреля мая июня июля августа сентября октября ноября декабря", // Russian
	"янв фев мар апр май июн июл авг сен окт ноя дек",
	"janv febr mar apr mai iun iul aug sept oct noi dec", // Romanian
}

var months = sync.OnceValue(func() map[string]time.Month {
	all := map[string]time.Month{"sept": time.September}
	for _, names := range monthNames {
		for i, name := range strings.Fields(names) {
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
