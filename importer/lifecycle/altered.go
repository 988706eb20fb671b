package lifecycle

import (
	"strings"
	"unicode/utf8"

	"caseimport/importer/journal"
)

// likeness is what keys have in common that a server treats alike: Unicode
// normalisation changes what is not ASCII, escaping changes markup, and a limit
// cuts what is long.
type likeness struct {
	nonASCII, markup bool
	longest          int // keys of that many characters or more are cut; 0: none
}

// Alters reports whether a server that was seen to alter keys is to be thought to
// alter this one.
func Alters(seen []journal.Altered, key string) bool {
	var l likeness
	for _, a := range seen {
		l.alter(a)
	}
	return l.has(key)
}

// alter notes that the server stored a key as another.
func (l *likeness) alter(a journal.Altered) {
	cut := strings.HasPrefix(a.Key, a.Made)
	switch {
	case cut && (l.longest == 0 || length(a.Made) < l.longest):
		l.longest = length(a.Made) + 1
	case cut:
	case isMarkup(a.Key) || !isASCII(a.Key): // or for both reasons
		l.markup = l.markup || isMarkup(a.Key)
		l.nonASCII = l.nonASCII || !isASCII(a.Key)
	default: // no likeness that we know: nothing can be looked up
		l.longest = 1
	}
}

func (l *likeness) has(key string) bool {
	return l.nonASCII && !isASCII(key) || l.markup && isMarkup(key) || l.longest > 0 && length(key) >= l.longest
}

func length(s string) int { return utf8.RuneCountInString(s) }

func isMarkup(s string) bool { return strings.ContainsAny(s, `&<>"'`) }

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > 127 }) < 0
}
