package importer

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"caseimport/importer/identity"
	"caseimport/importer/journal"
	"caseimport/importer/lifecycle"
	"caseimport/importer/results"
	"caseimport/importer/source"
	"caseimport/mapping/words"
)

// takeStock learns what earlier runs have left, refuses files that do not belong
// together, and makes the machine.
func (p *pipeline) takeStock() error {
	if p.isReport() {
		if err := p.knowsReport(); err != nil {
			return err
		}
	}
	if err := p.proveJournal(); err != nil {
		return err
	}
	// The results file of a fresh journal is not touched before it has been
	// found out whether this run may begin at all (preflight).
	if !p.journal.Fresh() {
		if err := p.begin(); err != nil {
			return filesStop(err)
		}
	}
	p.remarkLast()
	cfg := lifecycle.Config{
		Workers: p.cfg.Concurrency, MaxAttempts: p.cfg.MaxAttempts, Settle: p.cfg.Settle, Patience: p.cfg.OutagePatience,
		MaxRefused: p.cfg.MaxFailures.Rows, MaxRefusedShare: p.cfg.MaxFailures.Percent / 100, Limit: p.cfg.Limit,
		Searchable: p.cfg.Program.KeyField() != "", Resend: p.cfg.ResendUnknown, Backoff: backoff, Lag: p.journal.Lag(), Altered: p.journal.Altered(),
	}
	doubts, err := p.journal.Doubts()
	if err != nil {
		return filesStop(err)
	}
	if err := p.knownCase(&cfg); err != nil {
		return filesStop(err)
	}
	cfg.Alone = p.looksEach() || slices.ContainsFunc(doubts, func(d journal.Doubt) bool { return d.Run > p.journal.NewestRun() })
	p.machine = lifecycle.New(cfg)
	p.clock = time.AfterFunc(time.Hour, func() { p.event((*lifecycle.Machine).Tick) })
	if err := p.tellSandbox(); err != nil {
		return err
	}
	for _, d := range doubts {
		p.machine.Inherit(lifecycle.Past{Claim: d.Claim, Since: -d.Age, Lost: d.Field == "" || d.Field != p.cfg.Program.KeyField()})
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
	if last.Mapping != "" && p.cfg.Mapping != "" && last.Mapping != p.cfg.Mapping && p.journal.HasCases() {
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
	exit := 1
	if isDiskFull(err) {
		exit = 4
	}
	return &Stop{Exit: exit, Err: err, Hint: "fix it and run the same command again"}
}

// knownCase fills in the newest case that the journal knows, or, where that is
// lost and rows are adopted, the results file.
func (p *pipeline) knownCase(cfg *lifecycle.Config) error {
	if text, lived, seen := p.journal.Newest(); text != nil {
		line, err := parseLine(text)
		cfg.Known = lifecycle.Case{Key: line.Key, ID: line.CaseID}
		cfg.Spare, cfg.Seen = lived+p.beat(), seen
		return err
	}
	if p.cfg.Adopt && p.hadResults {
		for line, err := range results.ReadOwn(p.files.Results) {
			if err == nil && line.Status == statusCreated {
				cfg.Known = lifecycle.Case{Key: line.Key, ID: line.CaseID}
			}
		}
	}
	return nil
}

// proveJournal holds the results file against the journal. A journal that has
// never heard of cases which the results hold is an older copy, or another
// import's, and would have their rows made again. An outcome that a crash took
// from the journal, and that the results hold, is given back to it.
func (p *pipeline) proveJournal() error {
	last := p.journal.Last()
	info, err := os.Stat(p.files.Results)
	if err != nil || !p.hadResults || p.cfg.Adopt || last.Ended && info.Size() == last.Size && info.ModTime().Equal(last.Time) {
		return nil
	}
	strangers := map[string]bool{} // ids of cases
	for line, err := range results.ReadOwn(p.files.Results) {
		if err != nil {
			break // torn by a crash, or edited: what was read counts
		}
		if line.Status != statusCreated || line.CaseID == "" {
			continue
		}
		id := identity.Key(line.Key)
		state := p.journal.State(id)
		switch {
		case p.cfg.Program.HasKey() && state == journal.Claimed:
			text, err := json.Marshal(line)
			if err == nil {
				err = p.journal.Record(journal.Outcome{ID: id, State: journal.Created, Row: line.Row, Line: text})
			}
			if err != nil {
				return filesStop(err)
			}
		case !p.cfg.Program.HasKey() || state != journal.Created:
			strangers[line.CaseID] = true
		}
	}
	if len(strangers) > 0 {
		for line, err := range p.latest() {
			if err != nil {
				return filesStop(err)
			}
			delete(strangers, line.CaseID)
		}
	}
	doubts := 0
	if !p.cfg.Program.HasKey() { // a line cannot be tied to its row, but may be of one whose outcome was lost
		doubts = p.journal.Open()
	}
	if len(strangers) <= doubts {
		return nil
	}
	return &Stop{Exit: 1, Err: fmt.Errorf("%s holds %s that its journal %s has never heard of: the journal is an older copy, or another import's", p.files.Results, words.Plural(len(strangers), "case"), p.files.Journal),
		Hint: "put the newer journal back, or add --adopt: every row that the journal does not know is then looked up before it is created; if people have merely edited the results file, move it away: it is rebuilt"}
}

// knowsReport refuses a failure report whose rows the journal has never heard
// of: sent again without their past, they might get a second case.
func (p *pipeline) knowsReport() error {
	ids := results.ReportColumns(p.cfg.Table.Columns)
	err := p.cfg.Table.Each(p.ctx, func(row *source.Row) error {
		if row.Fault != "" {
			return nil
		}
		if err := p.refuseSwapped(ids, row); err != nil {
			return err
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

// refuseSwapped refuses a report without keys in which the content of one row
// stands beside the id of another: its columns were sorted apart, and every row
// might be sent as another.
func (p *pipeline) refuseSwapped(ids results.Columns, row *source.Row) error {
	kind, id, ok := identity.Parse(ids.ID(row.Cell))
	if !ok || kind != identity.ByCells || p.cfg.Program.HasKey() {
		return nil
	}
	content := identity.ContentOf(results.Original(p.cfg.Table.Header, row.Fields(), row.JSON()))
	for n := 0; ; n++ {
		other := identity.Cells(content, n)
		switch {
		case other == id:
			return nil // unchanged
		case p.journal.State(other) == journal.None:
			if n == 0 {
				return nil // corrected
			}
			return &Stop{Exit: 1, Err: fmt.Errorf("%s, row %d holds the cells of another row: its columns were sorted apart from the %s column", p.cfg.Input, row.Number, results.IDColumn),
				Hint: "sort whole rows only; restore the report, or run the import's own input again, which writes it anew"}
		}
	}
}
