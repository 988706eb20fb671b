package importer

import (
	"context"
	"fmt"
	"time"

	"caseimport/importer/journal"
	"caseimport/importer/lifecycle"
	"caseimport/mapping/words"
)

// maxAlike is how many warnings of one kind are given.
const maxAlike = 20

// say puts a notice of the machine into words.
func (p *pipeline) say(n lifecycle.Notice) {
	at, until := clock(p.began.Add(n.At)), clock(p.began.Add(n.Until))
	wait := func(format string, args ...any) { p.wait(fmt.Sprintf(format, args...)) }
	switch n.What {
	case lifecycle.Suspected:
		wait("the server failed several times in a row: checking whether it is up; giving up at %s", until)
	case lifecycle.ServerDown:
		p.outage = &journal.Span{What: journal.Outage, Begin: n.Until - p.cfg.OutagePatience, Why: n.Text}
		p.cfg.Progress.down.Store(true)
		wait("the server is failing (%s): nothing is sent until it answers; next try at %s, giving up at %s", n.Text, at, until)
	case lifecycle.StillDown:
		wait("the server is still failing (%s); next try at %s, giving up at %s", n.Text, at, until)
	case lifecycle.ServerUp:
		p.endOutage()
		p.cfg.Progress.down.Store(false)
		wait("the server answers again after %v", round(n.Lasted))
	case lifecycle.OnlyRowsFail:
		wait("the server answers, but fails on rows: trying them one at a time")
	case lifecycle.WaitForDoubts:
		wait("%s got no answer; checking for their cases %s", rows(n.Rows), between(n, at, until))
	case lifecycle.WaitToAdopt:
		wait("%s may have a case already; checking %s, once a search would show it", rows(n.Rows), between(n, at, until))
	case lifecycle.WaitForCanary:
		wait("Talkdesk's search does not list case %s yet, so %s without an answer must wait; giving up at %s", n.Text, rows(n.Rows), until)
	case lifecycle.LookUpsFail:
		wait("looking up cases fails (%s): trying again, giving up at %s", n.Text, until)
	case lifecycle.Blind:
		p.cfg.Log.Warn("rows without an answer stay unknown: each " + n.Text)
	case lifecycle.SameID:
		p.cfg.Log.Warn(fmt.Sprintf("row %d: the server answered with case %s, which is another row's: rows that are given one case stay unknown until they are looked up", n.Row, n.Text))
	case lifecycle.PagesInstead:
		wait("creating is held: %s; trying one at a time, giving up at %s", n.Text, until)
	case lifecycle.SameRefusal:
		wait("%s in a row were refused in the same words (%s): trying once more at %s, with a new token", rows(n.Rows), n.Text, at)
	case lifecycle.EditedSince:
		p.remark("whose case was there already, without what was edited since,", fmt.Sprintf("row %d: its case %s was there already, without what was edited since", n.Row, n.Text))
	}
}

// between is when rows are looked up: at one moment, or as each one's has come.
func between(n lifecycle.Notice, at, until string) string {
	if n.Until-n.At < time.Second {
		return "at " + at
	}
	return "from " + at + " to " + until
}

// remark warns of something that may concern many rows. Of those alike the first
// are worth reading.
func (p *pipeline) remark(alike, msg string) {
	p.mu.Lock()
	p.remarks[alike]++
	n := p.remarks[alike]
	p.mu.Unlock()
	switch {
	case n <= maxAlike:
		p.cfg.Log.Warn(msg)
	case n == maxAlike+1:
		p.cfg.Log.Warn("further rows " + alike + " are not listed here")
	}
}

// wait logs why the run waits, or that it goes on.
func (p *pipeline) wait(msg string) { p.cfg.Log.Log(context.Background(), LevelWait, msg) }

func clock(t time.Time) string { return t.Local().Format(time.TimeOnly) }

func round(d time.Duration) time.Duration {
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(time.Second)
}

func rows(n int) string { return words.Plural(n, "row") }
