package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"caseimport/importer"
)

func TestTextLogIsForPeople(t *testing.T) {
	var out bytes.Buffer
	log, _ := newLogger(&out, "text", false)
	log.Info("read the file", "rows", 12, "took", 3*time.Minute+10*time.Second)
	log.Warn("server is slow", "reason", "two words", "empty", "")
	log.With("file", "a.csv").WithGroup("g").Error("boom", "k", "v")
	log.Debug("not shown")

	want := []string{
		`read the file rows=12 took=3m10s`,
		`warning: server is slow reason="two words" empty=""`,
		`error: boom file=a.csv g.k=v`,
	}
	got := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(got) != len(want) {
		t.Fatalf("got %d lines, want %d:\n%s", len(got), len(want), out.String())
	}
	for i, line := range got {
		if !regexp.MustCompile(`^\d\d:\d\d:\d\d ` + regexp.QuoteMeta(want[i]) + `$`).MatchString(line) {
			t.Errorf("line %d is %q, want a time and %q", i+1, line, want[i])
		}
	}
}

func TestLogKeepsControlCharactersOffTheTerminal(t *testing.T) {
	var out bytes.Buffer
	log, _ := newLogger(&out, "text", false)
	log.Warn("bad\x1b[31m\nnews\r", "value", "\x1b]0;title\a\u009b31m\u202e")
	for _, bad := range []string{"\x1b", "\a", "\r", "\u009b", "\u202e"} {
		if strings.Contains(out.String(), bad) {
			t.Errorf("%q reached the terminal in %q", bad, out.String())
		}
	}
	if strings.Count(out.String(), "\n") != 1 {
		t.Errorf("one record became several lines: %q", out.String())
	}
}

func TestQuietLogHoldsWarningsBack(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		var out bytes.Buffer
		log, held := newLogger(&out, format, true)
		log.Info("chatter")
		log.Warn("a warning")
		log.Log(t.Context(), importer.LevelWait, "waiting for the server", "until", "noon")
		if out.Len() > 0 {
			t.Errorf("%s: a quiet run said %q", format, out.String())
		}
		log.Log(t.Context(), levelNow, "stopping")
		if got := out.String(); !strings.Contains(got, "stopping") || strings.Contains(got, "WARN+") {
			t.Errorf("%s: a signal got no answer: %q", format, got)
		}
		held.flush(true)
		if got := out.String(); !strings.Contains(got, "waiting for the server") || !strings.Contains(got, "noon") {
			t.Errorf("%s: the wait was not said: %q", format, got)
		}
		if got := out.String(); strings.Contains(got, "WARN+") || format == "json" && !strings.Contains(got, `"level":"WARN"`) {
			t.Errorf("%s: no level that programs know: %q", format, got)
		}
		if got := out.String(); !strings.Contains(got, "a warning") || strings.Contains(got, "chatter") {
			t.Errorf("%s: after the flush: %q", format, got)
		}
	}
}

func TestQuietLogSaysNothingOfWhatIsOver(t *testing.T) {
	for _, stuck := range []bool{true, false} {
		var out bytes.Buffer
		log, held := newLogger(&out, "text", true)
		log.Log(t.Context(), importer.LevelWait, "3 rows got no answer")
		log.Warn("a warning")
		log.Log(t.Context(), importer.LevelWait, "the server is failing")
		held.flush(stuck)
		if got := out.String(); strings.Contains(got, "no answer") || strings.Contains(got, "failing") != stuck || !strings.Contains(got, "a warning") {
			t.Errorf("stuck %v: %q", stuck, got)
		}
	}
}

func TestQuietLogForgetsNoWarningInSilence(t *testing.T) {
	var out bytes.Buffer
	log, held := newLogger(&out, "text", true)
	for range maxHeld + 5 {
		log.Warn("again")
	}
	held.flush(false)
	if got := strings.Count(out.String(), "again"); got != maxHeld {
		t.Errorf("%d warnings, want %d", got, maxHeld)
	}
	if !strings.Contains(out.String(), "5 more warnings") {
		t.Errorf("the warnings beyond are not counted: %q", out.String()[out.Len()-100:])
	}
}

func TestQuietRunSaysThatItWaitsForLong(t *testing.T) {
	for _, waits := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			var out lockedBuffer
			log, held := newLogger(&out, "text", true)
			stop := held.watch(&importer.Progress{})
			log.Warn("a warning")
			if waits {
				log.Log(t.Context(), importer.LevelWait, "the server is failing")
			}
			time.Sleep(longWait - time.Second)
			if got := out.String(); got != "" {
				t.Errorf("after less than five minutes it said %q", got)
			}
			time.Sleep(time.Minute)
			if got := out.String(); strings.Contains(got, "failing") != waits || !waits && got != "" {
				t.Errorf("after more than five minutes it said %q", got)
			}
			stop()
		})
	}
}
