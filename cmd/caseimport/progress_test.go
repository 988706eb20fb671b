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
