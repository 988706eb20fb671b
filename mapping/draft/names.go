package draft

import (
	"fmt"
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

var (
	foreign     = regexp.MustCompile(`[^a-z0-9_]`)
	underscores = regexp.MustCompile(`_+`)
)

// maxName is the longest made-up part of a field's name.
const maxName = 40

// slug makes the part of a field's name that follows the prefix, for column
// number i: lower-case ASCII letters, digits and underscores.
func slug(name string, i int) string {
	s := withoutZone(name)
	for _, wrapping := range lexicon().Wrappings {
		before, after, _ := strings.Cut(wrapping, "*")
		if inner, ok := strings.CutPrefix(s, before); ok && strings.HasSuffix(inner, after) {
			s = strings.TrimSpace(strings.TrimSuffix(inner, after))
		}
	}
	s = plainLetters.Replace(strings.Join(wordsOf(s), "_"))
	s = foreign.ReplaceAllString(norm.NFKD.String(s), "")
	s = strings.Trim(underscores.ReplaceAllString(s, "_"), "_")
	if len(s) > maxName {
		s = s[:maxName]
		if at := strings.LastIndexByte(s, '_'); at > maxName/2 {
			s = s[:at]
		}
		s = strings.Trim(s, "_")
	}
	if s == "" {
		return fmt.Sprintf("column_%d", i+1)
	}
	return s
}

// names gives out field names, each once.
type names map[string]bool

// take makes a name of the prefix and the slug; a slug that begins with the
// prefix, as of "Date of purchase", is one already.
func (n names) take(prefix, slug string) string {
	first := prefix + "_" + slug
	if strings.HasPrefix(slug, prefix+"_") {
		first = slug
	}
	name := first
	for i := 2; n[name]; i++ {
		name = fmt.Sprintf("%s_%d", first, i)
	}
	n[name] = true
	return name
}
