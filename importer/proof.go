package importer

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"os"
	"strings"
	"time"

	"caseimport/importer/content"
	"caseimport/importer/exit"
	"caseimport/importer/identity"
	"caseimport/importer/journal"
	"caseimport/importer/results"
	"caseimport/importer/source"
	"caseimport/mapping/words"
)

// proveJournal holds the results file against the journal. A journal that has
// never heard of outcomes which the results hold is an older copy, or another
// import's, and would have their rows made again. The id of a case that a loss of
// power took from the journal, and that the results hold, is given back to it.
func (p *pipeline) proveJournal() error {
	last := p.journal.Last()
	info, err := os.Stat(p.files.Results)
	p.whole = err == nil && last.Ended && info.Size() == last.Size && info.ModTime().Equal(last.Time)
	if err != nil || !p.hadResults || p.cfg.Adopt || p.whole {
		return nil
	}
	p.touched = last.Ended && last.Size > 0
	proof := proof{pipeline: p, unheard: map[uint64]int{}}
	for line, err := range results.ReadOwn(p.files.Results) {
		if err != nil {
			break // torn by a crash, or edited: what was read counts
		}
		proof.take(line)
	}
	if err := proof.hear(); err != nil {
		return filesStop(err)
	}
	doubts := 0
	if !p.cfg.Program.HasKey() { // a line cannot be tied to its row, but may be of one whose outcome was lost
		doubts = p.journal.Open()
	}
	n := 0
	for _, lines := range proof.unheard {
		n += lines
	}
	if n > doubts {
		return exit.Refuse(fmt.Errorf("%s holds what became of %s, and its journal %s has never heard of it: the journal is an older copy, or another import's", p.files.Results, words.Plural(n, "row"), p.files.Journal),
			p.howToProve())
	}
	for _, o := range proof.lost {
		if err := p.journal.Record(o); err != nil {
			return filesStop(err)
		}
	}
	return nil
}

func (p *pipeline) howToProve() string {
	if p.cfg.Program.KeyField() == "" {
		return "put the newer journal back; if it is lost, import only what the results do not hold, with another results file (-o)"
	}
	return "put the newer journal back, or add --adopt: every row that the journal does not know is then looked up before it is created"
}

// proof is what the results say and the journal does not.
type proof struct {
	*pipeline
	unheard map[uint64]int    // outcomes that the journal must know, how many of each mark
	lost    []journal.Outcome // of rows that the journal holds for being in doubt
}

func (p *proof) take(line results.Line) {
	switch {
	case line.Status == results.Created && line.CaseID == "", line.OfRun(), p.journal.InTrash(line.CaseID):
		return
	case !p.cfg.Program.HasKey():
		p.unheard[markOf(line)]++
		return
	}
	id := identity.Key(line.Key)
	state := p.journal.State(id)
	switch {
	case state.HasCase():
	case !state.InDoubt():
		p.unheard[markOf(line)]++
	case line.CaseID != "":
		text, _ := json.Marshal(line) // our own plain struct
		state = journal.Created
		if line.Status == results.Incomplete {
			state = journal.Incomplete
		}
		p.lost = append(p.lost, journal.Outcome{ID: id, State: state, Row: line.Row, Line: text})
	}
}

// hear leaves those of the outcomes that the journal has never held.
func (p *proof) hear() error {
	if len(p.unheard) == 0 {
		return nil
	}
	return p.journal.History(func(o journal.Outcome) error {
		line, err := parseLine(o.Line)
		if mark := markOf(line); err == nil && p.unheard[mark] > 0 {
			p.unheard[mark]--
		}
		return err
	})
}

var marks = maphash.MakeSeed()

// markOf is what an outcome is known by in both files: a case by its id, any
// other by its row and time. (Spreadsheets take the zeros off the front of keys.)
func markOf(l results.Line) uint64 {
	text := "case " + l.CaseID
	if l.CaseID == "" {
		text = strings.Join([]string{l.Status, strings.TrimLeft(l.Key, "0"), l.FinishedAt.UTC().Format(time.DateTime)}, "\n")
	}
	return maphash.String(marks, text)
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
		kind, id, ok := identity.Parse(p.columns.ID(row.Cell))
		if ok && kind == identity.ByCells && !p.cfg.Program.HasKey() && swapped.take(row, id) {
			return swapped.refuse(row.Number)
		}
		switch p.columns.Status(row.Cell) {
		case results.Invalid, results.Duplicate, statusLeft:
			return nil // never sent
		}
		switch {
		case !ok || p.journal.State(id) != journal.None:
			return nil
		case p.columns.Status(row.Cell) == "":
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
