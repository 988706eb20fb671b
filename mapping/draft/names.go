package draft

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// header is a column's name reduced to what exports of a product agree on:
// lower-case letters and digits, and the dots of a JSON path. "Issue key",
// "issue_key" and "IssueKey" are the same.
type header string

// squeeze also leaves out a time zone in brackets.
func squeeze(name string) header {
	if zone := zoneInHeader(name); zone != "" {
		name = strings.Replace(name, "("+zone+")", "", 1)
	}
	return header(strings.Trim(keep(name, "."), "."))
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
func words(header string) []string {
	var all []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			all = append(all, strings.ToLower(string(word)))
			word = word[:0]
		}
	}
	var before rune
	for _, r := range header {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			flush()
		case unicode.IsUpper(r) && unicode.IsLower(before):
			flush()
			fallthrough
		default:
			word = append(word, r)
		}
		before = r
	}
	flush()
	return all
}

// plainLetters are those that Unicode does not take apart into a Latin letter
// and an accent.
var plainLetters = strings.NewReplacer("ß", "ss", "æ", "ae", "œ", "oe", "ø", "o", "ł", "l", "đ", "d", "ı", "i", "þ", "th", "ð", "d")

// maxName is the longest made-up part of a field's name.
const maxName = 40

// slug makes the part of a field's name that follows the prefix, for column
// number i: lower-case ASCII letters, digits and underscores.
func slug(header string, i int) string {
	s := header
	if zone := zoneInHeader(s); zone != "" {
		s = strings.Replace(s, "("+zone+")", "", 1)
	}
	if inner, ok := strings.CutPrefix(s, "Custom field ("); ok { // Jira
		s = strings.TrimSuffix(inner, ")")
	}
	for _, tail := range []string{"[list]", "[txt]", "[dec]", "[flag]", "[int]", "[date]", "__c"} { // Zendesk, Salesforce
		s = strings.TrimSuffix(strings.TrimSpace(s), tail)
	}
	s = strings.TrimPrefix(s, "custom_fields.")
	s = strings.TrimPrefix(s, "cf_") // Freshdesk
	s = strings.Join(words(s), "_")
	s = plainLetters.Replace(s)
	var b strings.Builder
	for _, r := range norm.NFKD.String(s) {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			b.WriteRune(r)
		case r == '_' && !strings.HasSuffix(b.String(), "_"):
			b.WriteRune(r)
		}
	}
	s = strings.Trim(b.String(), "_")
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
