package draft

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// header is a column's name reduced to what exports of a product agree on:
// lower-case letters and digits, and the dots of a JSON path. "Issue key",
// "issue_key" and "IssueKey" are the same.
type header string

func squeeze(name string) header {
	return header(strings.Trim(keep(withoutZone(name), "."), "."))
}

// withoutZone leaves out a time zone in brackets.
func withoutZone(name string) string {
	if zone := zoneInHeader(name); zone != "" {
		return strings.Replace(name, "("+zone+")", "", 1)
	}
	return name
}

// UnmarshalText also keeps the * of a pattern.
func (h *header) UnmarshalText(text []byte) error {
	*h = header(keep(string(text), ".*"))
	return nil
}

// keep leaves lower-case letters, digits and the given signs.
func keep(s, signs string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(signs, r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// words are the words of a header, also of one in camel case, in lower case.
func wordsOf(header string) []string {
	apart := camelCase.ReplaceAllString(header, "$1 $2")
	return strings.FieldsFunc(strings.ToLower(apart), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

var camelCase = regexp.MustCompile(`(\p{Ll})(\p{Lu})`)

// plainLetters are those that Unicode does not take apart into a Latin letter
// and an accent.
var plainLetters = strings.NewReplacer("ß", "ss", "æ", "ae", "œ", "oe", "ø", "o", "ł", "l", "đ", "d", "ı", "i", "þ", "th", "ð", "d")

// nameWords are the words of a name that count when a column and a field are
// compared: without what products put around it, without accents, and abbreviations
// written out.
func nameWords(name string) []string {
	s := withoutZone(name)
	for _, wrapping := range lexicon().Wrappings {
		before, after, _ := strings.Cut(wrapping, "*")
		if inner, ok := strings.CutPrefix(s, before); ok && strings.HasSuffix(inner, after) {
			s = strings.TrimSpace(strings.TrimSuffix(inner, after))
		}
	}
	s = norm.NFKD.String(plainLetters.Replace(strings.Join(wordsOf(s), " ")))
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, s)
	var ws, fillers []string
	for _, w := range strings.Fields(s) {
		switch w {
		case "no", "nr", "num":
			w = "number"
		case "ids":
			w = "id"
		}
		if lexicon().Filler[w] {
			fillers = append(fillers, w)
		} else {
			ws = append(ws, w)
		}
	}
	if len(ws) == 0 {
		return fillers // they are all there is
	}
	return ws
}
