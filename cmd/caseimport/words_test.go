package main

import (
	"runtime"
	"testing"
	"time"

	"caseimport/mapping/words"
)

func TestHuman(t *testing.T) {
	for _, c := range []struct {
		d    time.Duration
		want string
	}{
		{0, "0s"},
		{850 * time.Millisecond, "850ms"},
		{12400 * time.Millisecond, "12s"},
		{59*time.Second + 600*time.Millisecond, "1m"},
		{190 * time.Second, "3m10s"},
		{2*time.Hour + 5*time.Minute + 59*time.Second, "2h5m"},
		{24 * time.Hour, "1d"},
		{76 * time.Hour, "3d4h"},
	} {
		if got := human(c.d); got != c.want {
			t.Errorf("human(%v) = %q, want %q", c.d, got, c.want)
		}
	}
}

func TestNumber(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000"} {
		if got := words.Count(n); got != want {
			t.Errorf("words.Count(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestHaveOf(t *testing.T) {
	for _, c := range []struct {
		have, rows int
		want       string
	}{
		{1, 1, "the row now has"}, {3, 3, "all 3 rows now have"}, {1, 3, "1 of 3 rows has"}, {2, 3, "2 of 3 rows have"},
		{0, 1, "0 of 1 row has"}, {1000, 2000, "1,000 of 2,000 rows have"},
	} {
		if got := haveOf(c.have, c.rows); got != c.want {
			t.Errorf("%d of %d: %q, want %q", c.have, c.rows, got, c.want)
		}
	}
}

func TestPerSecond(t *testing.T) {
	for rate, want := range map[float64]string{0: "0/s", 1.0 / 3600: "1/h", 0.5: "30/min", 2.5: "2.5/s", 5: "5/s", 48.2: "48/s", 12345: "12,345/s"} {
		if got := perSecond(rate); got != want {
			t.Errorf("perSecond(%v) = %q, want %q", rate, got, want)
		}
	}
}

func TestShellQuote(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("cmd.exe quotes otherwise")
	}
	for word, want := range map[string]string{
		"tickets.csv":        "tickets.csv",
		"":                   "''",
		"my tickets.csv":     "'my tickets.csv'",
		"it's.csv":           `'it'\''s.csv'`,
		"$(rm -rf).csv":      "'$(rm -rf).csv'",
		"übersicht.csv":      "übersicht.csv",
		"a;b":                "'a;b'",
		"new\nline":          "'new\nline'",
		"~/tickets":          "'~/tickets'",
		"C:/Users/x/out.csv": "C:/Users/x/out.csv",
	} {
		if got := shellQuote(word); got != want {
			t.Errorf("shellQuote(%q) = %s, want %s", word, got, want)
		}
	}
}

func TestLongLinesBreakAtWordsBelowTheirText(t *testing.T) {
	const text = "  failed           3   refused by Talkdesk: see the failure report\n" +
		"a-word-that-is-far-too-long-for-any-line-of-this-width\nshort\n"
	want := "  failed           3   refused by Talkdesk: see\n                       the failure report\n" +
		"a-word-that-is-far-too-long-for-any-line-of-this-width\nshort\n"
	if got := wrapped(text, 50); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := wrapped("one two  three\n", 8); got != "one two\nthree\n" {
		t.Errorf("blanks at the break: %q", got)
	}
	if got := wrapped(text, 0); got != text {
		t.Errorf("without a terminal:\n%s", got)
	}
	command := "    " + program() + " run tickets.csv -m mapping.yaml --limit 5 --sandbox\n"
	if got := wrapped(command, 30); got != command {
		t.Errorf("a command was broken:\n%s", got)
	}
}

func TestLogLinesBreakAtWords(t *testing.T) {
	for _, c := range []struct {
		line    string
		columns int
		want    string
	}{
		{"15:04:05 one two three\n", 80, "15:04:05 one two three\n"},
		{"15:04:05 one two three\n", 17, "15:04:05 one two\n         three\n"},
		{"15:04:05 one two three\n", 16, "15:04:05 one two\n         three\n"},
		{"\x1b[2m15:04:05\x1b[0m \x1b[93mone\x1b[0m two three\n", 16, "\x1b[2m15:04:05\x1b[0m \x1b[93mone\x1b[0m two\n         three\n"},
		{"15:04:05 in /a/path/longer/than/a/line it is\n", 20, "15:04:05 in\n         /a/path/longer/than/a/line\n         it is\n"},
	} {
		if got := folded(c.line, behindTime, c.columns); got != c.want {
			t.Errorf("%q in %d columns: %q, want %q", c.line, c.columns, got, c.want)
		}
	}
}
