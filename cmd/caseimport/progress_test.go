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

func TestPaceWords(t *testing.T) {
	start := time.Now()
	samples := func(sent ...int) (all []sample) { // one a second
		for i, n := range sent {
			all = append(all, sample{start.Add(time.Duration(i) * time.Second), n})
		}
		return all
	}
	for _, c := range []struct {
		name string
		pace pace
		want string
	}{
		{"at the start", pace{rows: 1000, samples: samples(0)}, "0 of 1,000 rows"},
		{"under way", pace{rows: 1000, done: 100, sent: 100, samples: samples(0, 50, 100)}, "100 of 1,000 rows, 50/s, 18s left"},
		{"some failed", pace{rows: 1000, done: 100, failed: 3, doubt: 2, sent: 100, samples: samples(0, 100)},
			"100 of 1,000 rows, 3 failed, 2 in doubt, 100/s, 9s left"},
		{"a trial", pace{rows: 1000, limit: 20, done: 10, sent: 10, samples: samples(0, 5, 10)}, "10 of 1,000 rows, 5/s, 2s left"},
		{"a resumed run passes over what is there", pace{rows: 1000, done: 900, sent: 0, samples: samples(0, 0)}, "900 of 1,000 rows"},
		{"waiting", pace{rows: 1000, done: 100, sent: 100, samples: samples(100, 100)}, "100 of 1,000 rows"},
	} {
		if got := c.pace.words(); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestPaceForgetsOldTimes(t *testing.T) {
	var p importer.Progress
	pc := pace{rows: 10}
	start := time.Now()
	for i := range 1000 {
		pc.add(start.Add(time.Duration(i)*redrawEvery), &p)
	}
	span := pc.samples[len(pc.samples)-1].at.Sub(pc.samples[0].at)
	if span < paceWindow || span > paceWindow+2*redrawEvery {
		t.Errorf("the rate looks back over %v, want %v", span, paceWindow)
	}
}

func TestWithoutTerminalOneLineEvery30Seconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log, _ := newLogger(&out, "text", false)
		stop := watch(&importer.Progress{}, 500, 0, nil, log)
		time.Sleep(95 * time.Second)
		stop()
		if got := strings.Count(out.String(), "progress done=0 rows=500"); got != 3 {
			t.Errorf("%d progress lines in 95 s, want 3:\n%s", got, out.String())
		}
	})
}

func TestNoRowsNoProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log, _ := newLogger(&out, "text", false)
		stop := watch(&importer.Progress{}, 0, 0, nil, log)
		time.Sleep(time.Hour)
		stop()
		if out.Len() > 0 {
			t.Errorf("said %q", out.String())
		}
	})
}

// terminal is what a person would see: it knows \r and \n.
type terminal struct {
	lines  [][]rune
	column int
}

func (t *terminal) Write(p []byte) (int, error) {
	if t.lines == nil {
		t.lines = [][]rune{nil}
	}
	for _, r := range string(p) {
		last := &t.lines[len(t.lines)-1]
		switch {
		case r == '\n':
			t.lines = append(t.lines, nil)
			t.column = 0
		case r == '\r':
			t.column = 0
		case t.column < len(*last):
			(*last)[t.column] = r
			t.column++
		default:
			*last = append(*last, r)
			t.column++
		}
	}
	return len(p), nil
}

func (t *terminal) String() string {
	var b strings.Builder
	for _, line := range t.lines {
		b.WriteString(strings.TrimRight(string(line), " ") + "\n")
	}
	return b.String()
}

func TestLogLinesDoNotTearTheBar(t *testing.T) {
	var term terminal
	s := &screen{w: &term, columns: func() int { return 20 }}
	log, _ := newLogger(s, "text", false)
	s.Draw("50% |███   | a bar that is too long for it")
	log.Warn("x")
	s.Draw("60% |███")
	log.Warn("y")
	want := regexp.MustCompile(`^\d\d:\d\d:\d\d warning: x\n\d\d:\d\d:\d\d warning: y\n60% \|███\n$`)
	if !want.MatchString(term.String()) {
		t.Errorf("the screen shows\n%s", term.String())
	}
	s.Draw("")
	if got := term.String(); strings.Contains(got, "%") {
		t.Errorf("the bar was not cleared:\n%s", got)
	}
}

func TestBarFitsTheTerminal(t *testing.T) {
	for _, columns := range []int{20, 40, 80, 100, 200} {
		var term terminal
		s := &screen{w: &term, columns: func() int { return columns }}
		draw := newBar(s, 1000)
		for _, done := range []int{0, 1, 500, 1000} {
			draw(pace{rows: 1000, done: done, failed: done / 2, samples: make([]sample, 1)})
			if got := []rune(strings.TrimSuffix(term.String(), "\n")); len(got) >= columns || len(term.lines) != 1 {
				t.Errorf("%d columns, %d rows: the bar is %d wide:\n%s", columns, done, len(got), string(got))
			}
		}
		if got := term.String(); !strings.Contains(got, "100%") {
			t.Errorf("%d columns: the bar of a finished run is %q", columns, got)
		}
	}
}
