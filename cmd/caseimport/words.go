package main

import (
	"fmt"
	"io"
	"math"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"caseimport/mapping/words"
)

// human writes a duration as people say it, with the two units that matter:
// 850ms, 12s, 3m10s, 2h5m, 3d4h.
func human(d time.Duration) string {
	if d < time.Second {
		return d.Round(time.Millisecond).String()
	}
	seconds := int(math.Round(d.Seconds()))
	const minute, hour, day = 60, 3600, 24 * 3600
	two := func(big, small int, bigUnit, smallUnit string) string {
		if small == 0 {
			return fmt.Sprintf("%d%s", big, bigUnit)
		}
		return fmt.Sprintf("%d%s%d%s", big, bigUnit, small, smallUnit)
	}
	switch {
	case seconds < minute:
		return fmt.Sprintf("%ds", seconds)
	case seconds < hour:
		return two(seconds/minute, seconds%minute, "m", "s")
	case seconds < day:
		return two(seconds/hour, seconds%hour/minute, "h", "m")
	}
	return two(seconds/day, seconds%day/hour, "d", "h")
}

// humanSeconds is human for seconds.
func humanSeconds(s float64) string { return human(time.Duration(s * float64(time.Second))) }

// perSecond writes a rate of requests or rows.
func perSecond(rate float64) string {
	short := func(n float64) string {
		return strings.TrimSuffix(strconv.FormatFloat(n, 'f', 1, 64), ".0")
	}
	switch {
	case rate >= 9.95:
		return words.Count(int(math.Round(rate))) + "/s"
	case rate >= 0.95 || rate == 0:
		return short(rate) + "/s"
	case rate*60 >= 0.95:
		return short(rate*60) + "/min"
	}
	return short(rate*3600) + "/h"
}

// whichRow names a row by what is known of it.
func whichRow(row int, key, caseID string) string {
	who := fmt.Sprintf("row %d", row)
	if key != "" {
		who += fmt.Sprintf(", key %q", words.Shown(key))
	}
	if caseID != "" {
		who += ", case " + caseID
	}
	return who
}

// shellQuote writes a word so that it can be typed into a shell.
func shellQuote(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@%+,=", r) ||
			runtime.GOOS == "windows" && r == '\\' || r > 127
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	if runtime.GOOS == "windows" {
		return `"` + word + `"`
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// count is how many rows, or cases, are something.
type count struct {
	name string
	n    int
	what string
}

// printCounts prints those that are not none, and the one called always in any case.
func printCounts(b *strings.Builder, always string, all []count) {
	widest := 0
	for _, c := range all {
		widest = max(widest, len(c.name))
	}
	for _, c := range all {
		if c.n > 0 || c.name == always {
			fmt.Fprintf(b, "  %-*s %9s   %s\n", widest, c.name, words.Count(c.n), c.what)
		}
	}
}

// printWide prints a text for people: as wide as the terminal is, broken at words.
// Where there is no terminal, lines stay whole, for what reads them.
func printWide(w io.Writer, text string) {
	_, _ = io.WriteString(w, wrapped(printable(text), columnsOf(w)))
}

// fixMark begins a line for the mapping file.
const fixMark = "fix: "

// wrapped breaks lines that are longer than so many columns at words, 0: none. What
// goes on stands below the text that it belongs to: behind the last gap of two blanks
// in the first half of its line. Commands, and lines for the mapping file, stay whole, to
// be copied.
func wrapped(text string, columns int) string {
	if columns <= 0 {
		return text
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		runes := []rune(strings.TrimSuffix(line, "\n"))
		indent := len(runes) - len([]rune(strings.TrimLeft(string(runes), " ")))
		if start := line[indent:]; strings.HasPrefix(start, program()+" ") || strings.HasPrefix(start, fixMark) {
			b.WriteString(line)
			continue
		}
		for at := indent; at+1 < min(len(runes), columns/2); at++ {
			if runes[at] == ' ' && runes[at-1] == ' ' && runes[at+1] != ' ' {
				indent = at + 1
			}
		}
		b.WriteString(folded(line, indent, columns))
	}
	return b.String()
}

// colour is what a terminal shows nothing of.
var colour = regexp.MustCompile("\x1b\\[[0-9;]*m")

// folded breaks a line at words; what goes on is indented. A word that is longer than a
// line stays whole.
func folded(line string, indent, columns int) string {
	var b, gap strings.Builder
	at := 0
	for i, word := range strings.Split(line, " ") {
		if i > 0 {
			gap.WriteByte(' ')
		}
		text := strings.TrimSuffix(word, "\n")
		if word == "" {
			continue
		}
		width := utf8.RuneCountInString(colour.ReplaceAllString(text, ""))
		if at+gap.Len()+width > columns && at > indent {
			gap.Reset()
			gap.WriteString("\n" + strings.Repeat(" ", indent))
			at = -1 // the line's end
		}
		b.WriteString(gap.String() + word)
		at += gap.Len() + width
		gap.Reset()
	}
	return b.String()
}
