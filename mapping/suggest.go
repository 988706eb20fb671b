package mapping

import (
	"fmt"
	"strings"
	"unicode"
)

// didYouMean returns `; did you mean "x"?` for the name nearest to the given
// one, or "" if none is near.
func didYouMean(name string, known []string) string {
	if near := nearest(name, known); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

// nearest compares without regard to case, blanks and punctuation, and allows
// one slip in about three characters; failing that it takes the shortest name
// of which the given one is a part.
func nearest(name string, known []string) string {
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

func letters(s string) []rune {
	var out []rune
	for _, r := range strings.ToLower(s) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			out = append(out, r)
		}
	}
	return out[:min(len(out), 100)]
}

// distance counts the insertions, deletions, substitutions and swaps of
// neighbours that lead from a to b.
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
