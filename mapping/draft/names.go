package draft

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// header is a column's name reduced to what exports of a product agree on:
// lower-case letters and digits, the dots of a JSON path, and #. "Issue key",
// "issue_key" and "IssueKey" are the same.
type header string

func squeeze(name string) header {
	return header(strings.Trim(keep(once(withoutZone(name)), ".#"), "."))
}

// once reads "Requester - Requester", as GLPI writes it, as Requester.
func once(name string) string {
	if a, b, ok := strings.Cut(name, " - "); ok && strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b)) {
		return a
	}
	return name
}

// withoutZone leaves out a time zone.
func withoutZone(name string) string {
	_, rest := splitZone(name)
	return rest
}

// UnmarshalText also keeps the * of a pattern.
func (h *header) UnmarshalText(text []byte) error {
	*h = header(strings.Trim(keep(once(string(text)), ".*#"), "."))
	return nil
}

// keep leaves lower-case letters, digits and the given signs.
func keep(s, signs string) string {
	if !norm.NFC.IsNormalString(s) {
		s = norm.NFC.String(s)
	}
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

// words are those of the column's name within its object.
func (c *column) words() []string { return wordsOf(c.leaf) }

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
