package source

import (
	"bytes"
	"strings"
	"unicode"

	"github.com/gogs/chardet"
)

// guess names the encoding of text that is not UTF-8, from lines that hold
// bytes above 0x7F. It returns Windows-1252, by far the most common, unless
// there is evidence for another.
//
// The detector compares sequences of letters with those of languages. It is
// good at telling scripts and languages apart, knows nothing of the encodings
// of DOS and the Mac, and is misled where English surrounds a few words. So it
// is asked about whole lines and about the words with high bytes alone, and
// its answer must leave letters where letters belong.
func guess(lines []byte) string {
	if n := bytes.Count(lines, []byte{0xa4}); n > 0 && n >= bytes.Count(lines, []byte("\n")) {
		lines = bytes.ReplaceAll(lines, []byte{0xa4}, []byte{' '}) // the currency sign as a delimiter
	}
	whole := detect(lines)
	for _, name := range []string{"Shift_JIS", "EUC-JP", "EUC-KR", "GB18030", "Big5"} {
		if whole[name] >= 90 && decodes(name, lines) {
			return name
		}
	}
	highWords := words(lines)
	best, confidence := "", 20
	high := detect(highWords)
	for _, name := range []string{"Windows-1251", "KOI8-R", "ISO-8859-5", "Windows-1253", "Windows-1255", "Windows-1256", "ISO-8859-6"} {
		if high[name] > confidence {
			best, confidence = name, high[name]
		}
	}
	if best == "" {
		best, confidence = "Windows-1252", max(20, whole["Windows-1252"]*5/4)
		for _, name := range []string{"Windows-1250", "Windows-1254"} {
			if whole[name] > confidence {
				best, confidence = name, whole[name]
			}
		}
	}
	return lessOdd(best, highWords)
}

// detect returns the confidence in each encoding, 1 to 100. Windows' encodings
// stand for the ISO ones that they extend.
func detect(text []byte) map[string]int {
	results, _ := chardet.NewTextDetector().DetectAll(text) // an error: none
	found := map[string]int{}
	for _, r := range results {
		name := r.Charset
		if n, ok := windowsNames[name]; ok {
			name = n
		}
		found[name] = max(found[name], r.Confidence)
	}
	return found
}

var windowsNames = map[string]string{
	"ISO-8859-1": "Windows-1252", "windows-1252": "Windows-1252",
	"ISO-8859-2": "Windows-1250", "windows-1250": "Windows-1250",
	"ISO-8859-7": "Windows-1253", "windows-1253": "Windows-1253",
	"ISO-8859-8": "Windows-1255", "ISO-8859-8-I": "Windows-1255", "windows-1255": "Windows-1255",
	"ISO-8859-9": "Windows-1254", "windows-1254": "Windows-1254",
	"windows-1251": "Windows-1251", "windows-1256": "Windows-1256",
}

// decodeAs reads text in an encoding.
func decodeAs(name string, text []byte) ([]byte, error) {
	enc, err := lookup(name)
	if err != nil {
		return nil, err
	}
	return enc.NewDecoder().Bytes(text)
}

// decodes tells whether all of text is characters in a multi-byte encoding,
// the last of which may be cut off.
func decodes(name string, text []byte) bool {
	decoded, err := decodeAs(name, text)
	return err == nil && !bytes.ContainsRune(decoded, unicode.ReplacementChar)
}

// words keeps the words of text that hold high bytes.
func words(text []byte) []byte {
	var kept []byte
	start, high := 0, false
	for i := 0; i <= len(text); i++ {
		if i < len(text) && (text[i] >= 0x80 || unicode.IsLetter(rune(text[i]))) {
			high = high || text[i] >= 0x80
			continue
		}
		if high {
			kept = append(append(kept, text[start:i]...), ' ')
		}
		start, high = i+1, false
	}
	return kept
}

// lessOdd returns name, or an encoding under which far fewer characters of the
// words stand where they do not belong.
func lessOdd(name string, words []byte) string {
	decoded, err := decodeAs(name, words)
	least, high := oddities(string(decoded))
	if err != nil || least*20 <= high {
		return name
	}
	for _, other := range []string{"Windows-1252", "Windows-1250", "macintosh", "IBM850", "IBM866", "IBM852", "ISO-8859-2", "windows-874"} {
		decoded, err := decodeAs(other, words)
		if odd, _ := oddities(string(decoded)); err == nil && 3*odd < least {
			name, least = other, odd
		}
	}
	return name
}

// oddities counts the characters beyond ASCII in text, and those of them that
// do not belong where they stand: marks within a word, capitals after small
// letters or alone without being a word, scripts mixed in a word, and what is
// no character at all.
func oddities(text string) (odd, high int) {
	before := ' '
	runes := []rune(text)
	for i, r := range runes {
		after := ' '
		if i+1 < len(runes) {
			after = runes[i+1]
		}
		if r > unicode.MaxASCII {
			high++
			if isOdd(before, r, after) {
				odd++
			}
		}
		before = r
	}
	return odd, high
}

func isOdd(before, r, after rune) bool {
	switch {
	case !unicode.IsGraphic(r) || r == unicode.ReplacementChar:
		return true
	case !isLetter(r):
		return r != '’' && isLetter(before) && isLetter(after)
	case !isLetter(before):
		return !isLetter(after) && unicode.Is(unicode.Latin, r) && unicode.IsUpper(r) && !strings.ContainsRune("ÀÅÉÍÓÔÖÚ", r)
	}
	return unicode.IsUpper(r) && unicode.IsLower(before) ||
		unicode.Is(unicode.Latin, r) != unicode.Is(unicode.Latin, before)
}

// isLetter leaves out what only looks like one: a circumflex that stands alone,
// the ª and º of ordinal numbers.
func isLetter(r rune) bool {
	return unicode.IsLetter(r) && !unicode.Is(unicode.Lm, r) && r != 'ª' && r != 'º' || unicode.IsMark(r)
}
