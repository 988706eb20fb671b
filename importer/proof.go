package importer

import (
	"encoding/json"
	"fmt"
	"hash/maphash"
	"os"
	"strings"
	"time"

	"caseimport/importer/exit"
	"caseimport/importer/identity"
	"caseimport/importer/journal"
	"caseimport/importer/results"
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
