package importer

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"caseimport/importer/identity"
	"caseimport/importer/journal"
	"caseimport/importer/source"
	"caseimport/importer/talkdesk"
)

const perPage = 500 // the most that the list gives ("Get Case List")

// lookFirst finds out whether the cases of this input were created before,
// where the journal cannot know: because it is new, or damaged, or a person
// has said so.
func (r *run) lookFirst() error {
	canLook := r.cfg.Program.KeyField() != ""
	switch {
	case r.j.Suspect() && !canLook:
		r.cfg.Log.Warn("the journal's last lines are damaged, and the mapping names no key.custom_field by which rows could be looked up: rows that were sent just before the damage may be sent again")
	case r.cfg.Adopt || r.j.Suspect() || r.j.Adopting() != "":
		return r.adopt()
	case r.j.Fresh() && !canLook && r.cfg.Table.Rows > 0:
		r.cfg.Log.Warn("the mapping names no key.custom_field: cases cannot be looked up, so rows in doubt will be left as unknown")
	case r.j.Fresh() && r.cfg.Table.Rows > 0:
		return r.wasHere()
	}
	return nil
}

// adopt looks every row up before it is sent: by the whole list if that needs
// fewer requests, else one by one. Nothing is believed to be absent before
// what an earlier run sent has surely arrived.
func (r *run) adopt() error {
	if r.j.Suspect() {
		r.cfg.Log.Warn("the journal's last lines are damaged: every row that it does not know is looked up before it is sent")
	} else if !r.cfg.Adopt {
		r.cfg.Log.Warn("a run with --adopt did not come to its end: every row that the journal does not know is looked up before it is sent", "input", r.j.Adopting())
	}
	wanted, err := r.wanted()
	if err != nil || len(wanted) == 0 {
		return err
	}
	_, total, a, err := r.page(1)
	if err != nil {
		return nil
	}
	if a.Verdict == talkdesk.Halt {
		if a.Status == forbidden {
			r.halt(a, "looking cases up needs the scope "+readScope)
		} else {
			r.halt(a, "")
		}
		return nil
	}
	pages := (total + perPage - 1) / perPage
	known := r.doubts.caseKnown()
	if a.Verdict != talkdesk.Created || known || total < 0 || pages > r.cfg.Table.Rows {
		r.lookEach = true
		return nil
	}
	if wait := time.Until(r.began.Add(r.cfg.Settle)); wait > 0 {
		r.wait("looking for cases of an earlier run, once anything that it sent has surely arrived", "at", clock(time.Now().Add(wait)))
		if sleep(r.intake, wait) != nil {
			return nil
		}
	}
	listed, first, seen := map[journal.ID][]talkdesk.Found{}, "", 0
	for n := 1; ; n++ {
		cases, total, a, err := r.page(n)
		if err != nil {
			return nil
		}
		if a.Verdict != talkdesk.Created {
			r.lookEach = true
			return nil
		}
		// A server may give fewer a page than it was asked for, no total, or
		// the same page again.
		if len(cases) == 0 || cases[0].ID == first {
			break
		}
		for _, f := range cases {
			if id := identity.Key(f.Key); f.Key != "" && wanted[id] {
				listed[id] = append(listed[id], f)
			}
		}
		first = cases[0].ID
		if seen += len(cases); total >= 0 && seen >= total {
			break
		}
	}
	r.listed = listed
	return nil
}

// wanted returns the identities of the rows that may be sent.
func (r *run) wanted() (map[journal.ID]bool, error) {
	ids := map[journal.ID]bool{}
	err := r.cfg.Table.Each(r.intake, func(row *source.Row) error {
		if row.Fault != "" {
			return nil
		}
		who := r.cfg.Program.Identify(row)
		if id := identity.Key(who.Key); !who.Filtered && who.Key != "" && r.j.State(id) != journal.Created {
			ids[id] = true
		}
		return nil
	})
	if r.intake.Err() != nil {
		return nil, nil
	}
	return ids, err
}

// page reads one page of the list, again and again until it has an answer.
func (r *run) page(n int) (cases []talkdesk.Found, total int, a talkdesk.Answer, err error) {
	for failures, renewals := 0, 0; ; {
		at, err := r.pass(r.intake, false)
		if err != nil {
			return nil, 0, a, err
		}
		r.cfg.Progress.lookups.Add(1)
		cases, total, a = r.cfg.API.Page(r.ctx, r.cfg.Program.KeyField(), n)
		if !r.readAnswer(a, at) {
			return cases, total, a, nil
		}
		if a.Renewed {
			if renewals++; renewals == maxRenewals {
				a.Verdict = talkdesk.Halt
				return nil, 0, a, nil
			}
			continue
		}
		if a.Throttled {
			continue
		}
		if failures++; failures >= r.cfg.MaxAttempts {
			return nil, 0, talkdesk.Answer{Message: a.Message}, nil
		}
		if err := sleep(r.intake, backoff(failures)); err != nil {
			return nil, 0, a, err
		}
	}
}

// wasHere looks a few keys up, to catch the classic mistake: the same import
// with another results file, or without its journal.
func (r *run) wasHere() error {
	sample, err := r.sampleRows()
	if err != nil {
		return err
	}
	var there []string
	for _, row := range sample {
		who := r.cfg.Program.Identify(row)
		found, a, _, err := r.look(r.intake, who.Key)
		if err != nil {
			return nil
		}
		switch a.Verdict {
		case talkdesk.Created:
			c, _ := r.cfg.Program.Map(row)
			there = append(there, fmt.Sprintf("  row %d, key %q: case %s has it; title there %q, here %q",
				row.Number, who.Key, found[0].ID, found[0].Title, c.Title))
		case talkdesk.Halt:
			if a.Status != forbidden {
				r.halt(a, "")
				return nil
			}
			r.cfg.Log.Warn("cases cannot be looked up, so rows in doubt will be left as unknown: the credentials lack the scope " + readScope)
			return nil
		case talkdesk.Unknown:
			r.cfg.Log.Warn("could not find out whether these rows have cases already", "key", who.Key, "reason", a.Message)
			if a.Down || a.Throttled {
				return nil // it was waited for long enough
			}
		}
	}
	if len(there) > 0 {
		r.stop(&Stop{Exit: 1,
			Err:  errors.New("this input seems to have been imported before; nothing was sent:\n" + strings.Join(there, "\n")),
			Hint: "run it with the results file of that import (-o), or with --adopt: every row is then looked up first and only what is missing is created"})
	}
	return nil
}

// sampleRows picks the first five, the last five and ten rows between of those
// with a valid key.
func (r *run) sampleRows() ([]*source.Row, error) {
	const ends, between = 5, 10
	var first, last, middle []*source.Row
	seen := 0
	err := r.cfg.Table.Each(r.intake, func(row *source.Row) error {
		if row.Fault != "" {
			return nil
		}
		if who := r.cfg.Program.Identify(row); who.Filtered || who.Key == "" {
			return nil
		}
		if len(first) < ends {
			first = append(first, row)
			return nil
		}
		last = append(last, row)
		if len(last) <= ends {
			return nil
		}
		row, last = last[0], last[1:]
		if seen++; len(middle) < between {
			middle = append(middle, row)
		} else if i := rand.IntN(seen); i < between {
			middle[i] = row
		}
		return nil
	})
	if r.intake.Err() != nil {
		return nil, nil
	}
	return append(append(first, middle...), last...), err
}
