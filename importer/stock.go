package importer

import (
	"fmt"
	"slices"
	"time"

	"caseimport/importer/exit"
	"caseimport/importer/journal"
	"caseimport/importer/lifecycle"
	"caseimport/importer/results"
	"caseimport/mapping/words"
)

// takeStock learns what earlier runs have left, refuses files that do not belong
// together, and makes the machine.
func (p *pipeline) takeStock() error {
	if p.columns.IsReport() {
		if err := p.knowsReport(); err != nil {
			return err
		}
	}
	if err := p.proveJournal(); err != nil {
		return err
	}
	// Before the results, which show it, are brought to what the journal knows.
	if p.unproved() && !p.cfg.Adopt && !p.journal.Rebuilt() {
		if err := p.journal.NoteRebuilt(); err != nil {
			return filesStop(err)
		}
	}
	// The results file of a fresh journal is not touched before it has been
	// found out whether this run may begin at all, and that of a run that adopts
	// not before what it holds is taken over (preflight).
	if !p.journal.Fresh() && !p.cfg.Adopt {
		if err := p.begin(); err != nil {
			return filesStop(err)
		}
	}
	p.remarkLast()
	p.cfg.Limiter.Learn(p.journal.Rate())
	doubts, err := p.journal.Doubts()
	if err != nil {
		return filesStop(err)
	}
	cfg, err := p.machineConfig(doubts)
	if err != nil {
		return filesStop(err)
	}
	p.machine = lifecycle.New(cfg)
	p.clock = time.AfterFunc(time.Hour, func() { p.event((*lifecycle.Machine).Tick) })
	if err := p.tellSandbox(); err != nil {
		return err
	}
	for _, d := range doubts {
		p.machine.Inherit(lifecycle.Past{Claim: d.Claim, Since: -d.Age, Lost: !d.Findable})
	}
	if n := len(doubts); n > 0 {
		p.cfg.Log.Info(rows(n) + " of an earlier run got no answer: checking for their cases")
	}
	return nil
}

// machineConfig is what the machine is told: what people have asked for, and what the
// journal knows of the search.
func (p *pipeline) machineConfig(doubts []journal.Doubt) (lifecycle.Config, error) {
	cfg := lifecycle.Config{
		Workers: p.cfg.Concurrency, MaxAttempts: p.cfg.MaxAttempts, Settle: p.cfg.Settle, Patience: p.cfg.OutagePatience,
		MaxRefused: p.cfg.MaxFailures.Rows, MaxRefusedShare: p.cfg.MaxFailures.Percent / 100, Limit: p.cfg.Limit,
		Searchable: p.cfg.Program.KeyField() != "", Resend: p.cfg.ResendUnknown, Backoff: backoff, Lag: p.journal.Lag(), Altered: p.journal.Altered(),
		Updates: p.cfg.Update || p.cfg.Program.SetsAfterCreate(),
	}
	err := p.knownCase(&cfg)
	cfg.Alone = cfg.Alone || p.looksEach() || slices.ContainsFunc(doubts, func(d journal.Doubt) bool { return d.Run > p.journal.NewestRun() })
	return cfg, err
}

// remarkLast says what people should know of the last run.
func (p *pipeline) remarkLast() {
	last := p.journal.Last()
	if n := p.journal.MayBeGone(); n > 0 {
		p.cfg.Log.Warn(fmt.Sprintf("an undo did not finish, and %s may be in the Trash: run undo again first", words.Plural(n, "case")))
	}
	if last.Mapping != "" && p.cfg.Mapping != "" && last.Mapping != p.cfg.Mapping && p.journal.HasCases() {
		effect, hint := "rows that have their case keep it as it is", ""
		if p.cfg.Update {
			effect = "cases of which it now makes something else are updated"
		}
		if p.cfg.BaseURL == sandboxURL {
			hint = "; to rehearse the import from the beginning, delete " + p.files.Results + " and " + p.files.Journal
		}
		p.cfg.Log.Warn("the mapping file has changed since the last run: " + effect + hint)
	}
	if last.Input == "" || last.Input == absolute(p.cfg.Input) {
		return
	}
	switch {
	case !last.Ended:
		p.cfg.Log.Warn("the last run did not finish: run its input again too: " + last.Input)
	case last.Left > 0:
		p.cfg.Log.Warn(fmt.Sprintf("the last run stopped with %s left: run its input again too: %s", rows(last.Left), last.Input))
	}
}

// tellSandbox gives a sandbox without a memory the cases that the journal knows.
func (p *pipeline) tellSandbox() error {
	if p.cfg.EachCase == nil {
		return nil
	}
	for line, err := range p.latest() {
		if err != nil {
			return filesStop(err)
		}
		if line.Status == results.Created {
			p.cfg.EachCase(line.CaseID, line.Key, "")
		}
	}
	return nil
}

// filesStop is an error of our own files before anything was sent.
func filesStop(err error) *exit.Stop {
	if exit.DiskFull(err) {
		return &exit.Stop{Exit: exit.Stopped, Err: err, Hint: "make room on the disk and run the same command again"}
	}
	return exit.Refuse(err, "fix it and run the same command again")
}

// knownCase fills in the newest case that the journal knows and the search can
// find, or, where that is lost and rows are adopted, the results file.
func (p *pipeline) knownCase(cfg *lifecycle.Config) error {
	if text, lived, seen := p.journal.Newest(); text != nil {
		line, err := parseLine(text)
		if err != nil || !lifecycle.Alters(cfg.Altered, line.Key) {
			cfg.Known = lifecycle.Case{Key: line.Key, ID: line.CaseID}
			cfg.Spare, cfg.Seen = lived+p.beat(), seen
			return err
		}
		cfg.Alone = true // an older case tells nothing of later doubts
		for line, err := range p.latest() {
			if err != nil {
				return err
			}
			if line.Status == results.Created && !lifecycle.Alters(cfg.Altered, line.Key) {
				cfg.Known = lifecycle.Case{Key: line.Key, ID: line.CaseID}
			}
		}
		return nil
	}
	if p.cfg.Adopt && p.hadResults {
		for line, err := range results.ReadOwn(p.files.Results) {
			if err == nil && line.Status == results.Created && !p.journal.InTrash(line.CaseID) {
				cfg.Known = lifecycle.Case{Key: line.Key, ID: line.CaseID}
			}
		}
	}
	return nil
}
