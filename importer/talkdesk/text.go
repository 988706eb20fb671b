package talkdesk

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// The longest message and the longest code or name, in characters.
const (
	maxMessage = 300
	maxCode    = 80
)

// clean makes a text of unknown origin fit to be printed: secrets hidden, one
// line, printable, at most max characters.
func clean(s string, max int, secrets ...string) string {
	for _, secret := range secrets {
		if len(secret) >= 4 { // a shorter one would tear words apart, and protects nothing
			s = strings.ReplaceAll(s, secret, "[hidden]")
		}
	}
	if len(s) > 8*max { // enough whatever stands in it
		s = s[:8*max]
	}
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) > max {
		s = string([]rune(s)[:max-1]) + "…"
	}
	return s
}

var (
	titleElement = regexp.MustCompile(`(?is)<(?:title|h1)[^>]*>(.*?)</(?:title|h1)`)
	element      = regexp.MustCompile(`(?s)<[^>]*>`)
)

// pageText is what an answer that is not JSON has to say: the title of an HTML
// page, or a plain text as it is.
func pageText(h http.Header, body []byte) string {
	text := string(body)
	if strings.Contains(h.Get("Content-Type"), "html") || strings.HasPrefix(strings.TrimSpace(text), "<") {
		title := titleElement.FindStringSubmatch(text)
		if title == nil {
			return ""
		}
		text = html.UnescapeString(element.ReplaceAllString(title[1], " "))
	}
	return text
}

// scalar is a JSON value as text; numbers keep their spelling, and what has
// parts is "".
func scalar(v gjson.Result) string {
	switch v.Type {
	case gjson.String:
		return v.Str
	case gjson.Number, gjson.True, gjson.False:
		return v.Raw
	}
	return ""
}
