package importer

import (
	"errors"
	"fmt"
	"time"

	"caseimport/importer/identity"
	"caseimport/importer/journal"
	"caseimport/importer/lifecycle"
	"caseimport/importer/results"
	"caseimport/importer/source"
)

// takeStock learns what earlier runs have left, refuses files that do not belong
// together, and makes the machine.
func (p *pipeline) takeStock() error {
	if p.isReport() {
		if err := p.knowsReport(); err != nil {
			return err
		}
	}
	if p.journal.Fresh() {
		// The results file is not touched before it has been found out
		// whether this run may begin at all (preflight).
		if err := p.knowsResults(); err != nil {
			return err
		}
	} else if err := p.begin(); err != nil {
		return filesStop(err)
	}
	p.remarkLast()
	cfg := lifecycle.Config{
		Workers: p.cfg.Concurrency, MaxAttempts: p.cfg.MaxAttempts, Settle: p.cfg.Settle, Patience: p.cfg.OutagePatience,
		MaxRefused: p.cfg.MaxFailures.Rows, MaxRefusedShare: p.cfg.MaxFailures.Percent / 100, Limit: p.cfg.Limit,
		Searchable: p.cfg.Program.KeyField() != "", Resend: p.cfg.ResendUnknown, Backoff: backoff, Lag: p.journal.Lag(), Altered: p.journal.Altered(),
	}
	if text := p.journal.Newest(); text != nil {
		line, err := parseLine(text)
		if err != nil {
			return filesStop(err)
		}
		cfg.Known = lifecycle.Case{Key: line.Key, ID: line.CaseID}
	}
	p.machine = lifecycle.New(cfg)
	p.clock = time.AfterFunc(time.Hour, func() { p.event((*lifecycle.Machine).Tick) })
	if err := p.tellSandbox(); err != nil {
		return err
	}
	doubts, err := p.journal.Doubts()
	if err != nil {
		return filesStop(err)
	}
	for _, d := range doubts {
		p.machine.Inherit(d.Claim, -d.Age, d.Field != "" && d.Field == p.cfg.Program.KeyField())
	}
	if n := len(doubts); n > 0 {
		p.cfg.Log.Info(rows(n) + " of an earlier run got no answer: checking for their cases")
	}
	return nil
}

// isReport reports whether the input is a failure report.
func (p *pipeline) isReport() bool { return results.ReportColumns(p.cfg.Table.Columns).Report() }

// remarkLast says what people should know of the last run.
func (p *pipeline) remarkLast() {
	last := p.journal.Last()
	if last.Mapping != "" && p.cfg.Mapping != "" && last.Mapping != p.cfg.Mapping && p.journal.Newest() != nil {
		hint := ""
		if p.cfg.BaseURL == "sandbox" {
			hint = "; to rehearse the import from the beginning, delete " + p.files.Results + " and " + p.files.Journal
		}
		p.cfg.Log.Warn("the mapping file has changed since the last run: rows that have their case keep it as it is" + hint)
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
	if p.cfg.Known == nil {
		return nil
	}
	for line, err := range p.latest() {
		if err != nil {
			return filesStop(err)
		}
		if line.Status == statusCreated {
			p.cfg.Known(line.CaseID, line.Key, "")
		}
	}
	return nil
}

// filesStop is an error of our own files before anything was sent.
func filesStop(err error) *Stop {
	if isDiskFull(err) {
		return &Stop{Exit: 4, Err: err, Hint: "make room on the disk and run the same command again"}
	}
	return &Stop{Exit: 1, Err: err, Hint: "fix it and run the same command again"}
}

// knowsResults refuses a results file with cases of which the journal has never
// heard: it is not its journal.
func (p *pipeline) knowsResults() error {
	if !p.hadResults || p.cfg.Adopt {
		return nil
	}
	for line, err := range results.ReadOwn(p.files.Results) {
		if err != nil {
			return filesStop(err)
		}
		if line.Status == statusCreated || line.Status == statusUnknown {
			return &Stop{Exit: 1, Err: fmt.Errorf("%s holds rows that were sent, and its journal %s knows none of them", p.files.Results, p.files.Journal), Hint: tryAdopt}
		}
	}
	return nil
}

// knowsReport refuses a failure report whose rows the journal has never heard
// of: sent again without their past, they might get a second case.
func (p *pipeline) knowsReport() error {
	ids := results.ReportColumns(p.cfg.Table.Columns)
	err := p.cfg.Table.Each(p.ctx, func(row *source.Row) error {
		if row.Fault != "" {
			return nil
		}
		switch ids.Status(row.Cell) {
		case statusInvalid, statusDuplicate, statusLeft:
			return nil // never sent
		}
		_, id, ok := identity.Parse(ids.ID(row.Cell))
		switch {
		case !ok || p.journal.State(id) != journal.None:
			return nil
		case ids.Status(row.Cell) == "":
			return &Stop{Exit: 1, Err: fmt.Errorf("%s, row %d: it has no %s, and the journal does not know the row: cannot tell whether it was never sent, or belongs to another results file", p.cfg.Input, row.Number, results.StatusColumn),
				Hint: "restore that column as it stood in the failure report, or run the input that the report came from again"}
		}
		return &Stop{Exit: 1, Err: fmt.Errorf("%s, row %d: this failure report belongs to another results file: the journal does not know its rows", p.cfg.Input, row.Number),
			Hint: "use -o RESULTS of the first run"}
	})
	var stop *Stop
	if err != nil && !errors.As(err, &stop) {
		return &Stop{Exit: 1, Err: err}
	}
	return err
}
