package history

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"
	"golang.org/x/sync/errgroup"

	"caseimport/importer/identity"
	"caseimport/importer/journal"
	"caseimport/importer/results"
	"caseimport/mapping/words"
)

// Bounds of what is told: whatever happened, the page stays readable.
const (
	maxRuns      = 100
	maxStretches = 200
)

// Config is which import to tell of.
type Config struct {
	Results, Journal, Report, Verify string // paths
	Values                           bool   // tell the rows' values in reasons, too
}

// reading is a history under way.
type reading struct {
	History
	values   bool
	locked   map[string]int // rows whose case takes no changes, by their status
	latest   map[journal.ID]latest
	open     map[journal.ID]struct{} // claimed, no outcome yet
	doubts   map[journal.ID]struct{} // in doubt after the run that sent them
	runs     []Run
	requests []timed
	cases    map[int64]int // by the second in which they were recorded
}

// latest is what is known of a row.
type latest struct {
	state journal.State
	found bool   // its case was looked up after a lost answer
	line  []byte // of a row that does not have its case as it should be
}

// timed is a stretch of requests, in its run's time.
type timed struct {
	run int
	journal.Span
}

// Read tells the history of an import.
func Read(cfg Config) (*History, error) {
	r := &reading{values: cfg.Values, latest: map[journal.ID]latest{}, open: map[journal.ID]struct{}{}, doubts: map[journal.ID]struct{}{}, cases: map[int64]int{}}
	r.Results, r.Made = cfg.Results, time.Now()
	if _, err := os.Stat(cfg.Journal); err != nil { // the first thing to say
		return nil, err
	}
	var refused []results.Line
	var group errgroup.Group
	group.Go(func() error {
		h, err := journal.Walk(cfg.Journal, r.step)
		r.Account, r.BaseURL, r.Key = h.Account, h.BaseURL, h.KeyRule
		return err
	})
	group.Go(func() error {
		for line, err := range results.ReadStatus(cfg.Results, results.Invalid, results.Duplicate, results.Failed) {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil {
				return err
			}
			refused = append(refused, line)
		}
		return nil
	})
	group.Go(func() (err error) {
		r.Verify, err = readVerify(cfg.Verify)
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	r.count(refused)
	r.timeline()
	r.finish(cfg)
	return &r.History, nil
}

// run is the run that lines belong to.
func (r *reading) run() *Run {
	if len(r.runs) == 0 {
		r.runs = append(r.runs, Run{Number: 1}) // its beginning was lost
	}
	return &r.runs[len(r.runs)-1]
}

// step takes in a line of the journal.
func (r *reading) step(s journal.Step) error {
	switch {
	case s.Begin != nil:
		r.begin(s.Begin)
	case s.Outcome != nil:
		r.outcome(s.Outcome)
	case s.Span != nil:
		r.span(*s.Span)
	case s.Undoing != nil && s.Undoing.What == journal.Gone:
		r.run().Undone++
		r.latest[s.Undoing.ID] = latest{state: journal.Undone}
	case s.End != nil:
		run := r.run()
		run.Ended, run.Left, run.Seconds = true, s.End.Left, max(run.Seconds, s.End.Lived.Seconds())
	case s.Lived > 0:
		r.run().Seconds = max(r.run().Seconds, s.Lived.Seconds())
	}
	for _, id := range s.Claims {
		r.open[id] = struct{}{}
	}
	for _, id := range s.Released {
		r.settle(id, &r.Doubts.LaterNone)
		delete(r.open, id)
		delete(r.latest, id)
	}
	return nil
}

func (r *reading) begin(b *journal.Begin) {
	for id := range r.open {
		r.doubts[id] = struct{}{}
	}
	if n := len(r.runs); n > 0 && b.Adopt && r.runs[n-1].Adopt && r.runs[n-1].Began.Equal(b.At) {
		return // it is written twice
	}
	r.runs = append(r.runs, Run{Number: len(r.runs) + 1, Began: b.At, Input: b.Input, Mapping: b.Mapping, Version: b.Version, Host: b.Host, Adopt: b.Adopt, Undo: b.Undo})
	if r.Version = b.Version; !b.Undo {
		r.Mapping = b.Mapping
	}
}

func (r *reading) outcome(o *journal.Outcome) {
	run := r.run()
	before := r.latest[o.ID]
	now := latest{state: o.State}
	switch o.State {
	case journal.Created, journal.Incomplete:
		r.settle(o.ID, &r.Doubts.LaterFound)
		line := gjson.ParseBytes(o.Line)
		now.found = before.found || o.Sent == 0 && !line.Get("http_status").Exists() && line.Get("attempts").Int() > 0
		if before.state != journal.Created && before.state != journal.Incomplete {
			run.Created++
			if at, err := time.Parse(time.RFC3339, line.Get("finished_at").Str); err == nil {
				r.cases[at.Unix()]++
			}
		}
		switch {
		case o.State == journal.Incomplete && line.Get("status").Str == results.Incomplete: // and not told before
			run.Incomplete++
		case o.State == journal.Created && before.state == journal.Incomplete:
			run.Incomplete = max(0, run.Incomplete-1)
		}
	case journal.Failed:
		run.Failed++
		r.settle(o.ID, &r.Doubts.LaterNone)
	case journal.Unknown:
		run.Unknown++
		r.doubts[o.ID] = struct{}{}
	}
	if o.State != journal.Created {
		now.line = slices.Clone(o.Line)
	}
	r.latest[o.ID] = now
	delete(r.open, o.ID)
}

// settle counts a doubt of an earlier run, or of this one, that has ended.
func (r *reading) settle(id journal.ID, as *int) {
	if _, doubt := r.doubts[id]; doubt {
		*as++
		delete(r.doubts, id)
	}
}

// span takes in a stretch of the run.
func (r *reading) span(s journal.Span) {
	run := r.run()
	at := func(lived time.Duration) time.Time { return run.Began.Add(lived) }
	stretch := Stretch{Run: run.Number, Begin: at(s.Begin), End: at(s.End), Why: s.Why}
	run.Seconds = max(run.Seconds, min(s.Begin, s.End).Seconds())
	switch s.What {
	case journal.Pause:
		r.Pauses = merge(r.Pauses, stretch)
	case journal.Outage:
		r.Outages = merge(r.Outages, stretch)
	case journal.Requests:
		run.Noted = true
		run.Requests += s.Requests
		run.Throttled += s.Throttled
		r.requests = append(r.requests, timed{run.Number - 1, s})
	}
}

// merge adds a stretch, which may go on where the last one is.
func merge(all []Stretch, s Stretch) []Stretch {
	if n := len(all); n > 0 && all[n-1].Run == s.Run && !s.Begin.After(all[n-1].End) {
		if s.End.After(all[n-1].End) {
			all[n-1].End = s.End
		}
		return all
	}
	return append(all, s)
}

// count sums up what is known of the rows. refused are lines of the results, among
// them rows that the journal does not know.
func (r *reading) count(refused []results.Line) {
	reasons := newReasons(r.values)
	rows := map[string]int{}
	for _, line := range refused {
		if !line.OfRun() {
			continue // of the journal
		}
		// What was said of the row before is no longer so.
		if id := identity.Key(line.Key); line.Key != "" && line.Status != results.Duplicate && r.latest[id].state == journal.Failed {
			delete(r.latest, id)
		}
		rows[line.Status]++
		reasons.add(line)
	}
	for _, known := range r.latest {
		status := results.Created
		switch {
		case known.state == journal.Undone:
			status = undone
		case known.line != nil:
			status = reasons.addJSON(known.line)
		}
		rows[status]++
		if known.found {
			r.Doubts.Found++
		}
	}
	r.Doubts.Open = rows[results.Unknown] + len(r.open)
	rows[inDoubt] = len(r.open)
	r.Rows = []Count{}
	for _, status := range []string{results.Created, results.Incomplete, results.Failed, results.Invalid, results.Duplicate, results.Unknown, inDoubt, undone} {
		if rows[status] > 0 || status == results.Created {
			r.Rows = append(r.Rows, Count{status, rows[status]})
		}
		r.Total += rows[status]
	}
	r.Reasons, r.locked = reasons.sorted(), reasons.locked
}

// Beside those of results.
const (
	inDoubt = "in doubt" // sent, and the run that did so did not see an answer
	undone  = "undone"   // its case was moved to the Trash by undo
)

func (r *reading) rows(status string) int {
	if i := slices.IndexFunc(r.Rows, func(c Count) bool { return c.Status == status }); i >= 0 {
		return r.Rows[i].Rows
	}
	return 0
}

// finish puts the history into its final form.
func (r *reading) finish(cfg Config) {
	last := Run{}
	if n := len(r.runs); n > 0 {
		last = r.runs[n-1]
	}
	if r.Verify != nil {
		r.Verify.Stale = r.Verify.At.Before(last.Began)
	}
	r.Left = r.toDo(last, cfg)
	r.Runs = r.runs
	if r.Earlier = max(0, len(r.runs)-maxRuns); r.Earlier > 0 {
		r.Runs = r.runs[r.Earlier:]
	}
	for _, all := range []*[]Stretch{&r.Pauses, &r.Outages} {
		slices.SortFunc(*all, func(a, b Stretch) int { return cmp.Or(a.Begin.Compare(b.Begin), a.End.Compare(b.End)) })
		*all = append([]Stretch{}, (*all)[max(0, len(*all)-maxStretches):]...)
	}
}

// toDo says what is left to do.
func (r *reading) toDo(last Run, cfg Config) (all []string) {
	all = []string{}
	say := func(text ...string) { all = append(all, strings.Join(text, "")) }
	switch {
	case !last.Ended && last.Number > 0:
		say("The last run has not come to its end: it goes on, or was ended by force. Run the same command again.")
	case last.Undo:
		say("The last command was undo: the next run of the import creates the undone cases again.")
	case last.Left > 0:
		say("The last run left ", words.Plural(last.Left, "row"), " of its input: run the same command again.")
	}
	if n := r.rows(results.Failed) + r.rows(results.Invalid) + r.rows(results.Duplicate); n > 0 {
		say(words.Plural(n, "row"), " without a case: fix the failure report ", cfg.Report, " and run it.")
	}
	if n := r.rows(results.Incomplete) - r.locked[results.Incomplete]; n > 0 {
		say(words.Plural(n, "case"), " not updated as asked: run the same command again, which tries just that.")
	}
	if n := r.locked[results.Incomplete] + r.locked[results.Created]; n > 0 {
		whose := " not updated, and nothing is wrong with their rows: they are"
		if n == 1 {
			whose = " not updated, and nothing is wrong with its row: it is"
		}
		say(words.Plural(n, "case"), whose, " resolved or closed in Talkdesk. If a case is reopened there, the next run with --update carries over what has changed.")
	}
	if n := r.Doubts.Open; n > 0 {
		say(words.Plural(n, "row"), " of which it cannot be told whether they have a case: every run looks them up again.")
	}
	switch {
	case r.Verify == nil:
		say("The cases have not been verified: caseimport verify.")
	case r.Verify.Stale:
		say("The cases have not been verified since the last run: caseimport verify.")
	default:
		for _, c := range r.Verify.Results {
			if c.Status != "same" && c.Rows > 0 {
				say("The last verify says \"", c.Status, "\" of ", words.Plural(c.Rows, "row"), ": see ", cfg.Verify, ".")
			}
		}
	}
	return all
}
