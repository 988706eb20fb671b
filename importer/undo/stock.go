package undo

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"caseimport/importer/content"
	"caseimport/importer/journal"
	"caseimport/importer/results"
)

// item is a row that has, or may have, a case by the journal.
type item struct {
	id          journal.ID
	row         int
	key, caseID string
	title       string        // that was sent; only where cases may carry no key
	memo        *content.Memo // nil if it is not known what was written
	begun       bool          // an earlier undo may have moved it

	result Result
	reason string

	seen        bool   // it was read
	vague       bool   // … but not enough was shown to tell
	single      bool   // … by its id
	parent      string // id of the case whose subcase it is, "" for a root
	parentShown bool   // the read says so
}

// stock is what a journal knows.
type stock struct {
	rows   int
	cases  []*item
	others []*item // in doubt, or undone before
	fields []string
}

// takeStock reads the journal.
func takeStock(j *journal.Journal) (s stock, err error) {
	s.rows, s.fields = j.Size(), j.Fields()
	titles, err := titlesOf(j, s.fields)
	if err != nil {
		return s, err
	}
	err = j.Outcomes(func(o journal.Outcome) error {
		if !o.State.HasCase() {
			return nil
		}
		it, err := itemOf(o)
		if err != nil || it.caseID == "" {
			return err
		}
		if memo, ok := content.ParseMemo(o.Memo); ok {
			it.memo = &memo
		}
		it.title, it.begun = titles[o.ID], j.Undoing(o.ID)
		if !j.MadeHere(o.ID) {
			it.result, it.reason = Adopted, "it was there before, and was found"
		}
		s.cases = append(s.cases, it)
		return nil
	})
	if err != nil {
		return s, err
	}
	undone := map[journal.ID]*item{}
	err = j.History(func(o journal.Outcome) error {
		if !o.State.HasCase() || j.State(o.ID) != journal.Undone {
			return nil
		}
		it, err := itemOf(o)
		it.result, it.reason = Undone, "by an earlier undo"
		undone[o.ID] = it
		return err
	})
	if err != nil {
		return s, err
	}
	for _, it := range undone {
		s.others = append(s.others, it)
	}
	doubts, err := j.Doubts()
	for _, d := range doubts {
		s.others = append(s.others, &item{id: d.ID, row: d.Number, key: d.Key, result: InDoubt, reason: "it is not known whether it has a case: run the import again first"})
	}
	slices.SortFunc(s.others, func(a, b *item) int {
		return cmp.Or(cmp.Compare(a.row, b.row), cmp.Compare(a.key, b.key), bytes.Compare(a.id[:], b.id[:]))
	})
	return s, err
}

func itemOf(o journal.Outcome) (*item, error) {
	var line results.Line
	if err := json.Unmarshal(o.Line, &line); err != nil {
		return &item{}, fmt.Errorf("what the journal says of row %d cannot be read: %w", o.Row, err)
	}
	return &item{id: o.ID, row: o.Row, key: line.Key, caseID: line.CaseID}, nil
}

// titlesOf are the titles that were sent, where some cases carry no key.
func titlesOf(j *journal.Journal, fields []string) (titles map[journal.ID]string, err error) {
	if !slices.Contains(fields, "") {
		return nil, nil
	}
	titles = map[journal.ID]string{}
	err = j.Claims(func(c journal.Claim) error {
		titles[c.ID] = c.Title
		return nil
	})
	return titles, err
}
