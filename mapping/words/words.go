package words

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Count writes 1234567 as 1,234,567.
func Count(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Plural writes "1 row", "2 rows", "1,000 rows".
func Plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return Count(n) + " " + one + "s"
}

// Cut returns at most the first n characters of s.
func Cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// Longer says whether s holds more than n characters.
func Longer(s string, n int) bool {
	return len(s) > n && utf8.RuneCountInString(s) > n
}

// Shown cuts a value for a message.
func Shown(s string) string { return cutTo(s, 80) }

// Brief cuts a message, which may name things of any length.
func Brief(s string) string { return cutTo(s, 1000) }

func cutTo(s string, limit int) string {
	if cut := Cut(s, limit); len(cut) < len(s) {
		return cut + "…"
	}
	return s
}

// Wrap breaks a text at blanks into lines of at most width characters, longer only
// where a word is.
func Wrap(text string, width int) []string {
	var lines []string
	var current string
	for _, word := range strings.Fields(text) {
		switch {
		case current == "":
			current = word
		case utf8.RuneCountInString(current)+1+utf8.RuneCountInString(word) > width:
			lines = append(lines, current)
			current = word
		default:
			current += " " + word
		}
	}
	return append(lines, current)
}

// DidYouMean returns `; did you mean "x"?` for the name nearest to the given
// one, or "" if none is near.
func DidYouMean(name string, known []string) string {
	if near := Nearest(name, known); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

// Nearest compares without regard to case, blanks and punctuation, and allows
// one slip in about three characters; failing that it takes the shortest name
// of which the given one is a part.
func Nearest(name string, known []string) string {
	want := letters(name)
	best, bestDistance := "", 1+max(1, len(want)/3)
	for _, k := range known {
		have := letters(k)
		if max(len(want), len(have))-min(len(want), len(have)) >= bestDistance {
			continue
		}
		if d := distance(want, have); d < bestDistance && d < max(len(want), len(have), 1) {
			best, bestDistance = k, d
		}
	}
	if best == "" && len(want) >= 4 {
		for _, k := range known {
			if strings.Contains(string(letters(k)), string(want)) && (best == "" || len(k) < len(best)) {
				best = k
			}
		}
	}
	return best
}

// letters are what counts of a name.
func letters(s string) []rune {
	var out []rune
	for _, r := range strings.ToLower(s) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			out = append(out, r)
		}
	}
	return out[:min(len(out), 100)]
}

// Distance counts the insertions, deletions, substitutions and swaps of
// neighbours that lead from a to b, without regard to case and punctuation.
func Distance(a, b string) int { return distance(letters(a), letters(b)) }

func distance(a, b []rune) int {
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	before, last, row := rows[0], rows[1], rows[2]
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row[0] = i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(row[j]+1, last[j+1]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
