package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/creack/pty"

	"caseimport/importer/check"
	"caseimport/importer/source"
)

// A terminal is what a person would see of a screen. It wraps as real ones do:
// when the next character comes, not when the last column is filled.
type terminal struct {
	screen  *screen
	columns int
	lines   [][]rune
	at      int
	seen    chan []byte
	slave   *os.File
}

func newTerminal(t *testing.T, columns int) *terminal {
	t.Helper()
	master, slave, err := pty.Open()
	if errors.Is(err, pty.ErrUnsupported) || errors.Is(err, os.ErrNotExist) {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(master, &pty.Winsize{Rows: 25, Cols: uint16(columns)}); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TERM", "xterm")
	term := &terminal{screen: newScreen(slave), columns: columns, lines: [][]rune{nil}, seen: make(chan []byte, 1), slave: slave}
	if term.screen == nil {
		t.Fatal("a terminal is not taken for one")
	}
	go func() {
		all, _ := io.ReadAll(master) // ends with an error once the other side is closed
		term.seen <- all
	}()
	return term
}

var escape = regexp.MustCompile(`^\x1b\[([0-9;]*)([a-zA-Z])`)

// show closes the terminal and returns what stands on it.
func (t *terminal) show(test *testing.T) string {
	test.Helper()
	t.slave.Close()
	for rest := string(<-t.seen); rest != ""; {
		if code := escape.FindStringSubmatch(rest); code != nil {
			t.obey(test, code[1], code[2])
			rest = rest[len(code[0]):]
			continue
		}
		r := []rune(rest)[0]
		rest = rest[len(string(r)):]
		t.print(r)
	}
	var b strings.Builder
	for _, line := range t.lines {
		b.WriteString(strings.TrimRight(string(line), " ") + "\n")
	}
	return b.String()
}

func (t *terminal) obey(test *testing.T, number, command string) {
	test.Helper()
	line := &t.lines[len(t.lines)-1]
	switch {
	case command == "m": // a colour
	case command == "K" && number == "2":
		*line = nil
	case command == "K" && (number == "0" || number == ""):
		*line = (*line)[:min(len(*line), t.at)]
	default:
		test.Fatalf("a sequence that not every terminal knows: ESC [ %s %s", number, command)
	}
}

func (t *terminal) print(r rune) {
	switch {
	case r == '\n':
		t.lines = append(t.lines, nil)
		return
	case r == '\r':
		t.at = 0
		return
	case t.at == t.columns:
		t.lines, t.at = append(t.lines, nil), 0
	}
	line := &t.lines[len(t.lines)-1]
	for len(*line) <= t.at {
		*line = append(*line, ' ')
	}
	(*line)[t.at] = r
	t.at++
}

func TestLogLinesDoNotTearTheBar(t *testing.T) {
	for _, cleared := range []bool{false, true} {
		term := newTerminal(t, 60)
		log, _ := newLogger(term.screen, "text", false)
		log.Info("before there is a bar")
		term.screen.draw(pace{rows: 1000, done: 400, failed: 3})
		log.Warn("x")
		term.screen.draw(pace{rows: 1000, done: 600, failed: 3})
		log.Error("y")
		bar := `60% |███  |  600 of 1,000 rows, 3 not done`
		if cleared {
			term.screen.clear()
			bar = ""
		}
		want := regexp.MustCompile(`^\d\d:\d\d:\d\d before there is a bar\n\d\d:\d\d:\d\d warning: x\n\d\d:\d\d:\d\d error: y\n *` + regexp.QuoteMeta(bar) + `\n$`)
		if got := term.show(t); !want.MatchString(got) {
			t.Errorf("the screen shows\n%s\nwant\n%s", got, want)
		}
	}
}

func TestLogLinesDoNotTearWhatStandsInTheBarsPlace(t *testing.T) {
	term := newTerminal(t, 60)
	log, _ := newLogger(term.screen, "text", false)
	term.screen.draw(pace{doing: "reading"})
	log.Warn("x")
	want := regexp.MustCompile(`^\d\d:\d\d:\d\d warning: x\nreading \.\.\.\n$`)
	if got := term.show(t); !want.MatchString(got) {
		t.Errorf("the screen shows\n%s", got)
	}
}

func TestBarFitsTheTerminal(t *testing.T) {
	for _, columns := range []int{18, 20, 40, 80, 100, 200} {
		for _, end := range []int{1, 500, 1000} {
			term := newTerminal(t, columns)
			for _, done := range []int{0, 1, 500, 1000} {
				if done <= end {
					term.screen.draw(pace{rows: 1000, done: done, failed: done, doubt: 123, samples: make([]sample, 1)})
				}
			}
			got := term.show(t)
			if strings.Count(got, "\n") != 1 || len([]rune(got)) > columns+1 {
				t.Errorf("%d columns, %d rows: it shows\n%s", columns, end, got)
			}
			if end == 1000 && !strings.Contains(got, "100%") {
				t.Errorf("%d columns: the bar of a finished run is %q", columns, got)
			}
		}
	}
}

func TestColoursForTerminalsOnly(t *testing.T) {
	var file bytes.Buffer
	log, _ := newLogger(&file, "text", false)
	log.Error("x", "y", "z")
	if strings.Contains(file.String(), "\x1b") {
		t.Errorf("escape sequences in a file: %q", file.String())
	}
	for _, plain := range []string{"", "1"} {
		t.Setenv("NO_COLOR", plain)
		term := newTerminal(t, 80)
		log, _ := newLogger(term.screen, "text", false)
		log.Error("x")
		term.slave.Close()
		if got := string(<-term.seen); strings.Contains(got, "\x1b[") != (plain == "") {
			t.Errorf("NO_COLOR=%q: %q", plain, got)
		}
	}
}

// TestRequestsCanBeCopiedFromATerminal: it is for the terminal to break their lines, or a
// line break would stand in the middle of a text.
func TestRequestsCanBeCopiedFromATerminal(t *testing.T) {
	body := strings.Repeat("a text of several words ", 10) + "\u200d and \U000e0041 unseen"
	request, err := json.Marshal(map[string]string{"description": body})
	if err != nil {
		t.Fatal(err)
	}
	c := checked{table: &source.Table{Name: "in.csv"}}
	c.Rows, c.Invalid, c.Requests = 1, 1, []json.RawMessage{request}
	fix := "description: {column: Body, " + strings.Repeat("a: b, ", 20) + "c: d}  # and why"
	c.Groups = []check.Group{{Field: "description", Reason: strings.Repeat("too long ", 20), Rows: 1, First: []check.Place{{Row: 1, Line: 2}}, Fixes: []string{fix}}}
	term := newTerminal(t, 80)
	printCheck(term.slave, c, newCheck(), checkOptions{}, "in.csv")
	term.slave.Close()
	text := strings.ReplaceAll(string(<-term.seen), "\r\n", "\n")
	_, rest, _ := strings.Cut(text, "\nRequest 1\n")
	shown, _, _ := strings.Cut(rest, "\n\n")
	var got map[string]string
	if err := json.Unmarshal([]byte(shown), &got); err != nil || got["description"] != body || strings.Contains(shown, "\u200d") {
		t.Errorf("%v: %q", err, shown)
	}
	if !strings.Contains(text, "\n    fix: "+fix+"\n") {
		t.Errorf("the line for the mapping file is broken:\n%s", text)
	}
	for line := range strings.Lines(text) {
		if len(line) > 81 && !strings.Contains(line, "description\": ") && !strings.Contains(line, "fix: ") {
			t.Errorf("longer than the terminal: %q", line)
		}
	}
}
