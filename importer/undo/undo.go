package undo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"caseimport/importer/exit"
	"caseimport/importer/journal"
	"caseimport/importer/reads"
	"caseimport/importer/talkdesk"
	"caseimport/mapping/words"
)

// API is what is asked of the Case API: each is one attempt.
type API interface {
	reads.API
	ReadCase(ctx context.Context, id string) (*talkdesk.Case, talkdesk.Answer)
	Trash(ctx context.Context, id string) (moved []string, a talkdesk.Answer)
}

// Config is what to undo, and how.
type Config struct {
	Journal *journal.Journal // of journal.OpenUndo, or without Yes of PlanUndo
	Results string           // path of the results file
	Yes     bool             // do it; else it is only said what would be done
	API     API
	Reader  *reads.Reader
	Settle  time.Duration // how long a case may still be read after it was moved
	Say     func(string)  // told what takes its time
	// Intake, once it has ended, lets nothing new be sent: the answer to what is under
	// way is waited for. When Run's own context ends, it is not.
	Intake context.Context
}

// undoing is an undo under way.
type undoing struct {
	Config
	ctx, intake context.Context
	began       time.Time
	stock       stock
	byID        map[string]*item
	below       map[string][]*item // the import's own subcases, by their parents
	now         survey
	planned     int
	undone      int
	moving      bool // the plan is made
	proved      bool // a case was seen to go as it should
	blinded     bool // a case is kept since its subcases cannot be seen
	noted       time.Time
}

// Run says what would be undone, or undoes it. The report is filled in any case.
func Run(ctx context.Context, cfg Config) (*Report, *exit.Stop) {
	u := &undoing{Config: cfg, ctx: ctx, intake: cfg.Intake, began: time.Now(), byID: map[string]*item{}}
	stop := u.run()
	if u.Yes {
		if err := u.finish(); stop == nil {
			stop = u.broken(err)
		}
	}
	if stop != nil && !u.Yes {
		stop.Exit = exit.Refused
	}
	return u.report(stop), stop
}

func (u *undoing) run() (stop *exit.Stop) {
	var err error
	if u.stock, err = takeStock(u.Journal); err != nil {
		return exit.Refuse(err, "")
	}
	for _, it := range u.stock.cases {
		u.byID[it.caseID] = it
	}
	if !slices.ContainsFunc(u.stock.cases, func(it *item) bool { return it.result != Adopted }) {
		return nil
	}
	if a := u.survey(); a.Verdict != talkdesk.OK {
		return u.unanswered(a)
	}
	order := u.plan()
	if !u.Yes {
		return nil
	}
	return u.moveAll(order)
}

// plan decides what is to go, and returns it in order: subcases before roots.
func (u *undoing) plan() (order []*item) {
	u.below = map[string][]*item{}
	for _, it := range u.stock.cases {
		if it.parent != "" {
			u.below[it.parent] = append(u.below[it.parent], it)
		}
	}
	for _, subcases := range []bool{true, false} {
		for _, it := range u.stock.cases {
			if it.result != Planned || (it.parent != "") != subcases {
				continue
			}
			if why := u.mayGo(it, false); why != "" && it.seen { // else it is gone already
				it.result, it.reason = Kept, why
				continue
			}
			order = append(order, it)
		}
	}
	u.planned = len(order)
	return order
}

func (u *undoing) moveAll(order []*item) (stop *exit.Stop) {
	u.moving = true
	for _, it := range order { // until it is come to
		it.result = Left
	}
	for _, it := range u.stock.cases {
		if it.begun && it.seen && it.result != Left {
			if err := u.Journal.KeepAfterAll(it.id, it.caseID); err != nil {
				return u.broken(err)
			}
		}
	}
	spoke := time.Now()
	for i, it := range order {
		if time.Since(spoke) >= time.Minute {
			spoke = time.Now()
			u.say("moved %s of %s", words.Count(u.undone), words.Count(len(order)))
		}
		if i == 1 {
			u.say("moving the other %s", words.Count(len(order)-1))
		}
		if stop := u.move(it); stop != nil {
			return stop
		}
		if err := u.live(); err != nil {
			return u.broken(err)
		}
	}
	return nil
}

// live notes how long the undo has lived: requests of earlier runs have had that time
// to arrive.
func (u *undoing) live() error {
	if time.Since(u.noted) < time.Second {
		return nil
	}
	u.noted = time.Now()
	return u.Journal.NoteLived(time.Since(u.began))
}

func (u *undoing) say(format string, args ...any) {
	if u.Say != nil {
		u.Say(fmt.Sprintf(format, args...))
	}
}
