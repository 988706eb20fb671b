package convert

import (
	"errors"
	"strings"
)

// Email says why a text is not a bare address, and names the commonest
// mistakes.
func Email(s string) error {
	switch {
	case IsEmail(s):
		return nil
	case IsEmail(strings.TrimSpace(s)):
		return errBlanks
	case strings.ContainsAny(s, "<>"):
		return errNotBare
	case strings.Count(s, "@") > 1:
		return errSeveral
	}
	return errNotEmail
}

var (
	errBlanks   = errors.New("has spaces around the e-mail address")
	errNotBare  = errors.New("is not a bare e-mail address: remove the display name and brackets")
	errSeveral  = errors.New("is not a single e-mail address")
	errNotEmail = errors.New("is not an e-mail address")
)

// IsEmail takes a bare address only: ASCII dot-atom, @, two or more labels of
// letters, digits and inner hyphens, 254 characters at most.
func IsEmail(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	if !ok || len(s) > 254 {
		return false
	}
	for atom := range strings.SplitSeq(local, ".") {
		if atom == "" || strings.ContainsFunc(atom, func(r rune) bool {
			return !isAlphanumeric(r) && !strings.ContainsRune("!#$%&'*+/=?^_`{|}~-", r)
		}) {
			return false
		}
	}
	labels := 0
	for label := range strings.SplitSeq(domain, ".") {
		labels++
		if label == "" || strings.Trim(label, "-") != label ||
			strings.ContainsFunc(label, func(r rune) bool { return !isAlphanumeric(r) && r != '-' }) {
			return false
		}
	}
	return labels >= 2
}

func isAlphanumeric(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}
