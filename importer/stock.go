package importer

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"caseimport/importer/content"
	"caseimport/importer/exit"
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
	if p.ids.Report() {
		if err := p.knowsReport(); err != nil {
			return err
		}
	}
	if err := p.proveJournal(); err != nil {
		return err
	}
	// Before the results, which show it, are brought to what the journal knows.
	if p.unproved() && !p.cfg.Adopt { // also once more: see RebuiltAge
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
	cfg := lifecycle.Config{
		Workers: p.cfg.Concurrency, MaxAttempts: p.cfg.MaxAttempts, Settle: p.cfg.Settle, Patience: p.cfg.OutagePatience,
		MaxRefused: p.cfg.MaxFailures.Rows, MaxRefusedShare: p.cfg.MaxFailures.Percent / 100, Limit: p.cfg.Limit,
		Searchable: p.cfg.Program.KeyField() != "", Resend: p.cfg.ResendUnknown, Backoff: backoff, Lag: p.journal.Lag(), Altered: p.journal.Altered(),
		Updates: p.cfg.Update || p.cfg.Program.SetsAfterCreate(),
	}
	p.cfg.Limiter.Learn(p.journal.Rate())
	doubts, err := p.journal.Doubts()
	if err != nil {
		return filesStop(err)
	}
	if err := p.knownCase(&cfg); err != nil {
		return filesStop(err)
	}
	cfg.Alone = cfg.Alone || p.looksEach() || slices.ContainsFunc(doubts, func(d journal.Doubt) bool { return d.Run > p.journal.NewestRun() })
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
	if p.cfg.Known == nil {
		return nil
	}
	for line, err := range p.latest() {
		if err != nil {
			return filesStop(err)
		}
		if line.Status == results.Created {
			p.cfg.Known(line.CaseID, line.Key, "")
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

// knowsReport refuses a failure report whose rows the journal has never heard
// of: sent again without their past, they might get a second case. And one whose
// columns were sorted apart.
func (p *pipeline) knowsReport() error {
	swapped := swapped{pipeline: p, requests: map[[8]byte][]*requestOf{}}
	err := p.cfg.Table.Each(p.ctx, func(row *source.Row) error {
		if row.Fault != "" {
			return nil
		}
		kind, id, ok := identity.Parse(p.ids.ID(row.Cell))
		if ok && kind == identity.ByCells && !p.cfg.Program.HasKey() && swapped.take(row, id) {
			return swapped.refuse(row.Number)
		}
		switch p.ids.Status(row.Cell) {
		case results.Invalid, results.Duplicate, statusLeft:
			return nil // never sent
		}
		switch {
		case !ok || p.journal.State(id) != journal.None:
			return nil
		case p.ids.Status(row.Cell) == "":
			return exit.Refuse(fmt.Errorf("%s, row %d: it has no %s, and the journal does not know the row: cannot tell whether it was never sent, or belongs to another results file", p.cfg.Input, row.Number, results.StatusColumn),
				"restore that column as it stood in the failure report, or run the input that the report came from again")
		}
		return exit.Refuse(fmt.Errorf("%s, row %d: this failure report belongs to another results file: the journal does not know its rows", p.cfg.Input, row.Number),
			"use -o RESULTS of the first run")
	})
	if err == nil {
		err = swapped.compare()
	}
	if _, known := errors.AsType[*exit.Stop](err); err != nil && !known {
		return exit.Refuse(err, "")
	}
	return err
}

// swapped finds out whether in a report without keys the content of one row stands
// beside the id of another: then its columns were sorted apart, and every row
// might be sent as another.
type swapped struct {
	*pipeline
	// requests are rows of a JSON report by the sums of their requests: the
	// report holds their content in another form than the input did.
	requests map[[8]byte][]*requestOf
}

type requestOf struct {
	row         int
	id          journal.ID
	its, others bool // the request was made for that id, or for another
}

// take reports whether a row has the unchanged content of another row.
func (s *swapped) take(row *source.Row, id journal.ID) bool {
	content := identity.ContentOf(results.Original(s.cfg.Table.Header, row.Fields(), row.JSON()))
	for n := 0; ; n++ {
		switch other := identity.Cells(content, n); {
		case other == id:
			return false // unchanged
		case s.journal.State(other) != journal.None:
		case n > 0:
			return true
		default: // corrected
			if row.JSON() != nil {
				s.note(row, id)
			}
			return false
		}
	}
}

func (s *swapped) note(row *source.Row, id journal.ID) {
	if c, faults := s.cfg.Program.Map(row); len(faults) == 0 {
		if sum, err := content.Sum(&c, new([]byte)); err == nil {
			s.requests[sum] = append(s.requests[sum], &requestOf{row: row.Number, id: id})
		}
	}
}

// compare refuses a report in which a row makes the request of another.
func (s *swapped) compare() error {
	if len(s.requests) == 0 {
		return nil
	}
	err := s.journal.Claims(func(c journal.Claim) error {
		for _, r := range s.requests[c.Sum] {
			r.its, r.others = r.its || c.ID == r.id, r.others || c.ID != r.id
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, same := range s.requests {
		for _, r := range same {
			if r.others && !r.its {
				return s.refuse(r.row)
			}
		}
	}
	return nil
}

func (s *swapped) refuse(row int) *exit.Stop {
	return exit.Refuse(fmt.Errorf("%s, row %d holds the cells of another row: its columns were sorted apart from the %s column", s.cfg.Input, row, results.IDColumn),
		"sort whole rows only; restore the report, or run the import's own input again, which writes it anew")
}
