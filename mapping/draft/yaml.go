package draft

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"caseimport/mapping/words"
)

// scalar writes a string so that YAML reads back that very string, and
// unquoted where that is surely so.
func scalar(s string) string {
	switch {
	case isPlain(s):
		return s
	case strings.ContainsAny(s, `"\`) && !strings.ContainsFunc(s, unprintable):
		return singleQuoted(s)
	}
	return strconv.Quote(strings.ToValidUTF8(s, "\uFFFD")) // YAML knows all of Go's escapes
}

func singleQuoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// unprintable characters are written as escapes: YAML allows some of them only
// so, and others cannot be seen.
func unprintable(r rune) bool {
	return r == utf8.RuneError || r != ' ' && !unicode.IsPrint(r)
}

// yamlWords are plain words that some reader of YAML takes for something else
// than a string.
var yamlWords = map[string]bool{
	"y": true, "n": true, "yes": true, "no": true, "on": true, "off": true,
	"true": true, "false": true, "null": true,
}

// isPlain holds for words of letters, digits and a few harmless signs that
// begin with a letter: no number, no date, no indicator of YAML.
func isPlain(s string) bool {
	if s == "" || yamlWords[strings.ToLower(s)] {
		return false
	}
	first, _ := utf8.DecodeRuneInString(s)
	if !unicode.IsLetter(first) || strings.HasSuffix(s, " ") {
		return false
	}
	for _, r := range s {
		if !unicode.IsLetter(r) && !('0' <= r && r <= '9') && !strings.ContainsRune(" _-./()+", r) {
			return false
		}
	}
	return true
}

// show quotes a value for a comment, cut where it is long.
func show(s string) string {
	const most = 40
	s = strings.Join(strings.Fields(tidy(s)), " ")
	if cut := words.Cut(s, most); cut != s {
		s = strings.TrimSpace(cut) + "…"
	}
	return `"` + s + `"`
}

func rows(n int) string { return words.Plural(n, "row") }
