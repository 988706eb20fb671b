package importer

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"caseimport/importer/exit"
	"caseimport/importer/identity"
	"caseimport/importer/journal"
	"caseimport/importer/lifecycle"
	"caseimport/importer/reads"
	"caseimport/importer/results"
	"caseimport/importer/source"
	"caseimport/importer/talkdesk"
	"caseimport/mapping/words"
)

// earlierCases is what was found out before the first row of cases of which the
// journal cannot know.
type earlierCases struct {
	lookEach bool                            // look every row up before it is sent
	listed   map[journal.ID][]talkdesk.Found // cases that the server's list showed
	doubtful bool                            // nobody has asked whether the journal is an older copy
}

// preflight finds out whether the cases of this input were created before, where
// the journal cannot know: because it is new, or damaged, or a person has said
// so.
func (p *pipeline) preflight() (earlierCases, error) {
	canLook := p.cfg.Program.KeyField() != ""
	switch {
	case p.journal.Suspect() && !canLook:
		p.cfg.Log.Warn("the journal's last lines are damaged, and the mapping names no key.custom_field by which rows could be looked up: rows that were sent just before the damage may be sent again")
	case p.looksEach():
		return p.adopt()
	case p.journal.Fresh() && !canLook && p.cfg.Table.Rows > 0:
		p.cfg.Log.Warn("the mapping names no key.custom_field: cases cannot be looked up, so rows without an answer will be left as unknown")
	case p.journal.Fresh() && p.cfg.Table.Rows > 0:
		return earlierCases{}, p.refuseSecondImport()
	case canLook && !p.journal.Fresh():
		return earlierCases{doubtful: true}, nil
	}
	return earlierCases{}, nil
}

// looksEach reports whether every row is looked up before it is sent.
func (p *pipeline) looksEach() bool {
	canLook := p.cfg.Program.KeyField() != ""
	return p.cfg.Adopt || p.journal.Suspect() || p.journal.Adopting() != "" || canLook && (p.journal.Rebuilt() || p.unproved())
}

// unproved reports whether the results do not show that the journal is no older
// copy: the file is gone, which is there before the first claim, or another than
// the journal's last run has left. What it holds has been heard of (proveJournal),
// but rows that were left in doubt since then stand in neither.
func (p *pipeline) unproved() bool { return !p.journal.Fresh() && (!p.hadResults || p.touched) }

// adopt has every row looked up before it is sent. Where the whole list needs
// fewer requests, it is read first, and saves the look-ups of the rows that it
// shows. It proves presence only: whatever it lacks is looked up all the same,
// so that no capped total, repeated page or early end can make a case twice.
func (p *pipeline) adopt() (earlierCases, error) {
	cases := earlierCases{lookEach: true}
	switch {
	case p.older: // which was said
	case p.journal.Suspect():
		p.cfg.Log.Warn("the journal's last lines are damaged: every row that it does not know is looked up before it is sent")
	case p.cfg.Adopt: // a person wants it
	case p.unproved():
		p.cfg.Log.Warn("the results file is gone or was changed, so it does not prove that its journal is whole: every row that the journal does not know is looked up before it is sent")
	case p.journal.Adopting() == "":
		p.cfg.Log.Warn("the journal was once rebuilt, or was not proved to be whole: every row that it does not know is looked up before it is sent")
	default:
		p.cfg.Log.Warn("a run with --adopt did not finish: every row that the journal does not know is looked up before it is sent: " + p.journal.Adopting())
	}
	if p.cfg.Adopt {
		p.takeOver()
		if p.going.Err() != nil {
			return cases, nil
		}
	}
	wanted, err := p.wanted()
	if err != nil || len(wanted) == 0 {
		return cases, err
	}
	first, ok := p.ask(lifecycle.Question{Page: 1})
	switch {
	case !ok:
		return cases, nil
	case first.Answer.Verdict == talkdesk.Halt:
		p.halt(lifecycle.Stop{Exit: exit.Refused, Reason: first.Answer.Message})
		return cases, nil
	case first.Answer.Verdict != talkdesk.OK:
		return cases, nil
	}
	field := p.cfg.Program.KeyField()
	if len(first.Found) > 0 && !slices.ContainsFunc(first.Found, func(f talkdesk.Found) bool { return f.Shown }) {
		p.cfg.Log.Warn(fmt.Sprintf("the list does not show the field %s in any case: rows are looked up one by one", field))
		return cases, nil
	}
	if first.Total > talkdesk.PerPage*len(wanted) {
		return cases, nil
	}
	cases.listed = p.list(first, wanted)
	return cases, nil
}

// takeOver notes the cases that the results hold and the journal does not know, of
// whatever input, once the search has found one of the newest: the results may be
// of another account. Else the run ends before they would be overwritten.
func (p *pipeline) takeOver() {
	var noted []journal.Outcome
	var newest []results.Line // the newest first
	for line, err := range results.ReadOwn(p.files.Results) {
		if err != nil {
			break // torn by a crash, or edited: what was read counts
		}
		if id := identity.Key(line.Key); line.Status == results.Created && line.CaseID != "" && line.Key != "" && !p.journal.State(id).HasCase() && !p.journal.InTrash(line.CaseID) {
			text, _ := json.Marshal(line) // our own plain struct
			noted = append(noted, journal.Outcome{ID: id, State: journal.Created, Row: line.Row, Line: text})
			newest = slices.Insert(newest[:min(len(newest), 2)], 0, line)
		}
	}
	switch why := p.findsOne(newest); {
	case len(noted) == 0:
	case p.going.Err() != nil:
		return
	case why != "":
		p.halt(lifecycle.Stop{Exit: exit.Refused, Reason: fmt.Sprintf("%s holds %s that the journal does not know, and the search does not find the newest of them: %s", p.files.Results, words.Plural(len(noted), "case"), why),
			Hint: "try again later; if the file is of another account, or these cases were deleted there, move it away and run with --adopt again"})
		return
	default:
		_ = p.byWriter(func() error { // a disk that fails stops the run
			for _, o := range noted {
				if err := p.journal.Record(o); err != nil {
					return p.broken(err, nil)
				}
			}
			return nil
		})
	}
}

// findsOne waits until the search finds one of the cases, and says why it does not.
func (p *pipeline) findsOne(cases []results.Line) (why string) {
	for until := p.now() + p.cfg.OutagePatience; len(cases) > 0; {
		for _, line := range cases {
			reply, ok := p.ask(lifecycle.Question{Key: line.Key})
			switch a := reply.Answer; {
			case !ok:
				return "the run was stopped"
			case slices.ContainsFunc(reply.Found, func(f talkdesk.Found) bool { return f.ID == line.CaseID }):
				return ""
			case a.Verdict == talkdesk.OK:
				why = fmt.Sprintf("case %s has the key of case %s", reply.Found[0].ID, line.CaseID)
			case a.Verdict == talkdesk.Absent:
				why = fmt.Sprintf("it does not list case %s", line.CaseID)
			default:
				return a.Message
			}
		}
		if p.now() >= until {
			return why
		}
		reads.Sleep(p.going, 2*time.Second)
	}
	return ""
}

// list reads the list, from its first page, for cases with wanted keys, as far as
// it brings anything new, and never more pages than look-ups would cost.
func (p *pipeline) list(page lifecycle.Reply, wanted map[journal.ID]bool) map[journal.ID][]talkdesk.Found {
	listed, seen := map[journal.ID][]talkdesk.Found{}, map[string]bool{}
	for n := 1; ; n++ {
		known := len(seen)
		for _, f := range page.Found {
			if id := identity.Key(f.Key); !seen[f.ID] && f.Key != "" && wanted[id] {
				listed[id] = append(listed[id], f)
			}
			seen[f.ID] = true
		}
		if len(seen) == known || len(seen) == page.Total || n == len(wanted) {
			break
		}
		var ok bool
		if page, ok = p.ask(lifecycle.Question{Page: n + 1}); !ok || page.Answer.Verdict != talkdesk.OK {
			break
		}
	}
	for _, found := range listed {
		p.event(func(m *lifecycle.Machine, _ lifecycle.Instant) {
			m.Knows(lifecycle.Case{Key: found[0].Key, ID: found[0].ID})
		})
		break
	}
	return listed
}

// wanted returns the identities of the rows that may be sent.
func (p *pipeline) wanted() (map[journal.ID]bool, error) {
	ids := map[journal.ID]bool{}
	err := p.eachKeyed(func(_ *source.Row, key string) {
		if id := identity.Key(key); !p.journal.State(id).HasCase() {
			ids[id] = true
		}
	})
	return ids, err
}

// eachKeyed calls yield with every row that has a valid key.
func (p *pipeline) eachKeyed(yield func(row *source.Row, key string)) error {
	err := p.cfg.Table.Each(p.going, func(row *source.Row) error {
		if row.Fault == "" {
			if who := p.identity(row); !who.Filtered && who.Key != "" {
				yield(row, who.Key)
			}
		}
		return nil
	})
	if p.going.Err() != nil {
		return nil
	}
	return err
}

// OtherCases is what to do where cases with other titles have the keys of an input.
const OtherCases = `if these cases are another source's, tell its numbers from those of this one: key: {expr: '"ZD-" + row["Id"]', …}; if they are this one's, give the results file of that import (-o)`

// refuseSecondImport looks a few keys up, to catch the classic mistake: the same
// import with another results file, or without its journal.
func (p *pipeline) refuseSecondImport() error {
	sample, err := p.sampleRows(5, 10, func(*source.Row, string) bool { return true })
	if err != nil {
		return err
	}
	var there []string
	same := 0
	for _, row := range sample {
		who := p.identity(row)
		reply, ok := p.ask(lifecycle.Question{Key: who.Key})
		if !ok {
			return nil
		}
		a := reply.Answer
		switch {
		case a.Verdict == talkdesk.OK:
			c, _ := p.mapRow(row, who)
			// Of a row whose title is at fault nothing can be said.
			if c.Title == "" || slices.ContainsFunc(reply.Found, func(f talkdesk.Found) bool { return f.Titled(c.Title) }) {
				same++
			}
			there = append(there, fmt.Sprintf("  row %d, key %q: case %s has it; title there %q, here %q",
				row.Number, who.Key, reply.Found[0].ID, words.Shown(reply.Found[0].Title), words.Shown(c.Title)))
		case a.Denied:
			p.cfg.Log.Warn("cases cannot be looked up, so rows without an answer will be left as unknown: " + a.Message)
			return nil
		case a.Verdict == talkdesk.Halt:
			p.halt(lifecycle.Stop{Exit: exit.Refused, Reason: a.Message})
			return nil
		case a.Verdict == talkdesk.Unknown:
			p.cfg.Log.Warn(fmt.Sprintf("could not find out whether the row with key %q has a case already: %s", who.Key, a.Message))
			if a.Down || a.Throttled || a.Hidden || a.Unfiltered {
				return nil // it was waited for long enough, or waiting does not help
			}
		}
	}
	switch {
	case len(there) == 0:
	case same == 0:
		p.halt(lifecycle.Stop{Exit: exit.Refused, Reason: "cases with other titles have keys of this input; nothing was sent:\n" + strings.Join(there, "\n"), Hint: OtherCases})
	default:
		p.halt(lifecycle.Stop{Exit: exit.Refused,
			Reason: "this input seems to have been imported before; nothing was sent:\n" + strings.Join(there, "\n"),
			Hint:   "run it with the results file of that import (-o), or with --adopt: every row is then looked up first and only what is missing is created"})
	}
	return nil
}

// doubtJournal looks a few rows up that the journal does not know. A journal and its
// results that were restored together, with the machine or from a backup, prove each
// other, and yet do not know the cases made since. If such a case is found, every row
// is looked up, as with a journal that is not proved.
func (p *pipeline) doubtJournal() (earlierCases, error) {
	sample, err := p.sampleRows(1, 1, func(row *source.Row, key string) bool {
		if p.journal.State(identity.Key(key)) != journal.None {
			return false
		}
		_, faults := p.mapRow(row, p.identity(row))
		return len(faults) == 0
	})
	if err != nil {
		return earlierCases{}, err
	}
	for _, row := range sample {
		who := p.identity(row)
		reply, ok := p.ask(lifecycle.Question{Key: who.Key})
		switch {
		case ok && reply.Answer.Verdict == talkdesk.Absent:
			continue
		case !ok || reply.Answer.Verdict != talkdesk.OK: // the run finds out why
			return earlierCases{}, nil
		}
		c, _ := p.mapRow(row, who)
		if !slices.ContainsFunc(reply.Found, func(f talkdesk.Found) bool { return f.Titled(c.Title) }) {
			continue // another source's, or a person's
		}
		p.cfg.Log.Warn(fmt.Sprintf("row %d, key %q has case %s, of which the journal does not know: perhaps it was restored from a backup. Every row that it does not know is looked up before it is sent",
			row.Number, words.Shown(who.Key), reply.Found[0].ID))
		p.older = true
		if p.byWriter(func() error { return p.broken(p.journal.NoteRebuilt(), nil) }) != nil {
			return earlierCases{}, nil // a disk that fails stops the run
		}
		return p.adopt()
	}
	return earlierCases{}, nil
}

// sampleRows picks the first rows with a valid key that are wanted, as many of the
// last (ends), and some between.
func (p *pipeline) sampleRows(ends, between int, wanted func(row *source.Row, key string) bool) ([]*source.Row, error) {
	var first, last, middle []*source.Row
	seen := 0
	err := p.eachKeyed(func(row *source.Row, key string) {
		if !wanted(row, key) {
			return
		}
		if len(first) < ends {
			first = append(first, row)
			return
		}
		if last = append(last, row); len(last) <= ends {
			return
		}
		row, last = last[0], last[1:]
		if seen++; len(middle) < between {
			middle = append(middle, row)
		} else if i := rand.IntN(seen); i < between {
			middle[i] = row
		}
	})
	return append(append(first, middle...), last...), err
}
