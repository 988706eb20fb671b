package main

import (
	"bytes"
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
			all = append(all, sample{at: start.Add(time.Duration(i) * time.Second), sent: n})
		}
		return all
	}
	for _, c := range []struct {
		name    string
		pace    pace
		columns int
		want    string
	}{
		{"nothing is known", pace{doing: "reading"}, 80, "reading ..."},
		{"at the start", pace{rows: 1000, doing: "asking", samples: samples(0)}, 80, "0 of 1,000 rows, asking"},
		{"under way", pace{rows: 1000, done: 100, sent: 100, doing: "sending", last: 50, samples: samples(0, 50, 100)}, 80, "100 of 1,000 rows, sending 50/s, 18s left"},
		{"some failed", pace{rows: 1000, done: 100, failed: 3, doubt: 2, sent: 100, doing: "sending", last: 100, samples: samples(0, 100)}, 80,
			"100 of 1,000 rows, 3 not done, 2 in doubt, sending 100/s, 9s left"},
		{"less room", pace{rows: 1000, done: 100, failed: 3, doubt: 2, sent: 100, doing: "sending", last: 100, samples: samples(0, 100)}, 60,
			"100 of 1,000 rows, 3 not done, sending 100/s, 9s left"},
		{"little room", pace{rows: 1000, done: 100, failed: 3, doubt: 2, sent: 100, doing: "sending", last: 100, samples: samples(0, 100)}, 30,
			"100 of 1,000 rows, 9s left"},
		{"no room", pace{rows: 1000, done: 100, last: 100, samples: samples(0, 100)}, 10, "100 of 1,0"},
		{"a trial", pace{rows: 1000, limit: 20, done: 10, sent: 10, doing: "sending", last: 5, samples: samples(0, 5, 10)}, 80, "10 of 1,000 rows, sending 5/s, 2s left"},
		{"a resumed run passes over what is there", pace{rows: 1000, done: 900, sent: 0, doing: "sending", samples: samples(0, 0)}, 80, "900 of 1,000 rows, sending"},
		{"a pause", pace{rows: 1000, done: 100, sent: 100, doing: "pausing until 15:04:05", last: 10, paused: time.Minute, samples: samples(100, 100)}, 80,
			"100 of 1,000 rows, pausing until 15:04:05, 2m30s left"},
		{"lost answers are checked after others came", pace{rows: 1000, done: 100, sent: 100, doing: "checking lost answers", last: 50, samples: samples(0, 50, 100)}, 80,
			"100 of 1,000 rows, checking lost answers, 18s left"},
		{"only lost answers are left", pace{rows: 1000, done: 980, doubt: 20, sent: 980, doing: "checking lost answers", last: 10, settles: 28 * time.Second, samples: samples(980, 980)}, 80,
			"980 of 1,000 rows, 20 in doubt, checking lost answers, 29s left"},
	} {
		if got := c.pace.words(c.columns); got != c.want {
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
		known, stop := watch(&importer.Progress{}, nil, log, true)
		known(500, 0)
		time.Sleep(95 * time.Second)
		stop()
		if got := strings.Count(out.String(), "0 of 500 rows, reading"); got != 3 {
			t.Errorf("%d progress lines in 95 s, want 3:\n%s", got, out.String())
		}
	})
}

func TestNoRowsNoProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log, _ := newLogger(&out, "text", false)
		known, stop := watch(&importer.Progress{}, nil, log, true)
		known(0, 0)
		time.Sleep(time.Hour)
		stop()
		if out.Len() > 0 {
			t.Errorf("said %q", out.String())
		}
	})
}
