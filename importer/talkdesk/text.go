package talkdesk

import (
	"cmp"
	"encoding/base64"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// The longest texts that leave, in characters.
const (
	maxMessage = 300
	maxCode    = 80
	maxTitle   = 500 // longer than that of any case
	maxFields  = 100 // of FieldError, in one answer
)

// In bytes.
const (
	maxText         = 64 << 10 // of a text is looked at
	minSecretInData = 12
)

// escapeLevels is how often a text may be escaped and still be seen through.
const escapeLevels = 4

// censor is the door through which every text from outside leaves this package.
// It holds what must not be seen: the token, and what it was got with.
type censor []string

// newCensor makes a censor that also knows the secrets in base64, wherever in a
// longer text they were encoded.
func newCensor(secrets ...string) censor {
	var c censor
	for _, secret := range secrets {
		c = append(c, strings.ReplaceAll(secret, " ", "+"))
		text := secret
		for range escapeLevels { // it may itself look like an escape
			c = append(c, text)
			text = unescape(text)
		}
		for before := range 3 { // bytes that share a group of three with it
			padded := append(make([]byte, before), secret...)
			own, end := (8*before+5)/6, 8*len(padded)/6 // the characters that depend on nothing else
			if end-own >= 6 {
				c = append(c, base64.RawStdEncoding.EncodeToString(padded)[own:end], base64.RawURLEncoding.EncodeToString(padded)[own:end])
			}
		}
	}
	// A short one would tear words apart, and protects nothing.
	c = slices.DeleteFunc(c, func(secret string) bool { return len(secret) < 4 })
	slices.SortFunc(c, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) }) // one may be part of another
	return slices.Compact(c)
}

// forData is for texts that are compared, such as titles: only what is too long
// to stand in one by chance is a secret there.
func (c censor) forData() censor {
	return slices.DeleteFunc(slices.Clone(c), func(secret string) bool { return len(secret) < minSecretInData })
}

// clean makes a text of unknown origin fit to be printed: secrets hidden, one
// line, printable, at most max characters.
func (c censor) clean(s string, max int) string {
	tooLong := len(s) > maxText
	if tooLong {
		s = s[:maxText]
	}
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(c.hide(s), "\uFFFD"))
	s = strings.Join(strings.Fields(s), " ")
	if tooLong && utf8.RuneCountInString(s) <= max {
		return "" // nearly all of it was hidden, so it may end in half a secret
	}
	return cut(s, max)
}

// data makes a text safe that is compared, so nothing else is changed in it.
func (c censor) data(s string) string {
	if len(s) > maxText {
		return ""
	}
	return cut(c.hide(s), maxTitle)
}

// cut shortens a text to max characters.
func cut(s string, max int) string {
	if utf8.RuneCountInString(s) <= max {
		return s
	}
	return string([]rune(s)[:max-1]) + "…"
}

// hide replaces the secrets, raw or in escapes, also in escapes of escapes. A
// text that had one in escapes comes back without them.
func (c censor) hide(s string) string {
	if len(c) == 0 {
		return s
	}
	s = c.replace(s)
	text := s
	for range escapeLevels {
		plain := unescape(text)
		if plain == text {
			break
		}
		if text = c.replace(plain); text != plain {
			s = text
		}
	}
	return s
}

func (c censor) replace(s string) string {
	for _, secret := range c {
		s = strings.ReplaceAll(s, secret, "[hidden]")
	}
	return s
}

var escapes = regexp.MustCompile(`%[0-9A-Fa-f]{2}|(?:\\(?:u[0-9A-Fa-f]{4}|["\\/bfnrt]))+`)

// unescape resolves the escapes of URLs, JSON and HTML, wherever they stand.
func unescape(s string) string {
	if !strings.ContainsAny(s, `%\&`) {
		return s
	}
	s = escapes.ReplaceAllStringFunc(s, func(escape string) string {
		if escape[0] == '%' {
			text, _ := url.PathUnescape(escape)
			return text
		}
		return gjson.Parse(`"` + escape + `"`).Str
	})
	return html.UnescapeString(s)
}

func clean(s string, max int) string { return censor(nil).clean(s, max) }

var (
	titleElement = regexp.MustCompile(`(?is)<(?:title|h1)[^>]*>(.*?)</(?:title|h1)`)
	element      = regexp.MustCompile(`(?s)<[^>]*>`)
)

// pageText is what an answer that is not JSON has to say: the title of an HTML
// page, or a plain text as it is.
func pageText(h http.Header, body []byte) string {
	text := string(body[:min(len(body), maxText)])
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
