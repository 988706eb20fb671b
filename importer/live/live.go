package live

import (
	"context"
	"fmt"
	"slices"
	"time"

	"caseimport/importer/identity"
	"caseimport/importer/journal"
	"caseimport/importer/reads"
	"caseimport/importer/talkdesk"
	"caseimport/mapping/words"
)

// Row is a row that could be sent.
type Row struct {
	Number     int
	Key, Title string
	Owner      string // the address that it names as its owner's, "" if none
}

// Config is what to look for, and where.
type Config struct {
	Rows   []Row  // each with a key of its own
	Field  string // the custom field that carries the key
	API    reads.API
	Agents reads.Users
	// OwnerDefault: a row whose owner is no active agent takes another, or none; else it
	// is invalid.
	OwnerDefault bool
	Reader       *reads.Reader
	// State is what the journal of earlier runs knows of a row; nil where there is
	// none.
	State func(journal.ID) journal.State
	// Gone says of a case that an undo has moved it to the Trash: it is no row's. nil
	// where there is no journal.
	Gone func(caseID string) bool
	Rate float64 // requests a second, for forecasts; 0: not known
	// Say is told beforehand what is going to be asked.
	Say func(string)
}

// Report is what was found. Keys is the sum of the five counts below it. Its JSON
// form is a part of what check --json prints.
type Report struct {
	Keys       int `json:"keys"`
	Create     int `json:"create"`      // have no case
	Already    int `json:"already"`     // have their case
	OtherTitle int `json:"other_title"` // a case has the key, but another title
	InDoubt    int `json:"in_doubt"`    // it cannot be told
	// Invalid rows have no case and would get none: their owner cannot be told.
	Invalid int `json:"invalid,omitempty"`

	Remembered int      `json:"remembered"` // of Already: by the journal, without a request
	Requests   int      `json:"requests"`
	Remarks    []string `json:"remarks"`
	Examples   []string `json:"examples"` // of what a person should look at
	// Owners are the addresses that are not those of exactly one active agent, the
	// most frequent first.
	Owners []Owner `json:"owners,omitempty"`
}

const maxExamples = 10

// search is one of these under way.
type search struct {
	Config
	report Report
	blind  string         // why an absence proves nothing, "" if it does
	owned  map[string]int // of the rows to be created, by their owners
}

// Run looks for the rows' cases. The verdict is OK if that was done, whatever
// it says.
func Run(ctx context.Context, cfg Config) (Report, talkdesk.Answer) {
	if cfg.Gone == nil {
		cfg.Gone = func(string) bool { return false }
	}
	s := &search{Config: cfg, owned: map[string]int{}, report: Report{Keys: len(cfg.Rows), Remarks: []string{}, Examples: []string{}}}
	a := s.run(ctx)
	if a.Verdict == talkdesk.OK {
		a = s.owners(ctx)
	}
	s.report.Requests = cfg.Reader.Requests
	return s.report, a
}

func (s *search) run(ctx context.Context) talkdesk.Answer {
	var wanted []Row
	for _, row := range s.Rows {
		if s.state(row).HasCase() {
			s.report.Already++
			s.report.Remembered++
		} else {
			wanted = append(wanted, row)
		}
	}
	if len(wanted) == 0 {
		return reads.Done
	}
	first, a := s.Reader.Page(ctx, s.API, talkdesk.Query{Field: s.Field, Page: 1})
	if a.Verdict != talkdesk.OK {
		return a
	}
	// Its first page is there, and one more shows that nothing follows.
	pages := (max(first.Total, len(first.Cases)) + talkdesk.PerPage - 1) / talkdesk.PerPage
	if pages <= len(wanted) && first.Total >= 0 && (len(first.Cases) == 0 || slices.ContainsFunc(first.Cases, func(f talkdesk.Found) bool { return f.Shown })) {
		if len(first.Cases) > 0 {
			s.say("reading the list of all %s in the account: %s", words.Plural(max(first.Total, len(first.Cases)), "case"), s.cost(pages))
		}
		if wanted, a = s.byList(ctx, first, wanted); a.Verdict != talkdesk.OK || len(wanted) == 0 {
			return a
		}
	}
	s.say("looking up %s one by one: %s", words.Plural(len(wanted), "key"), s.cost(len(wanted)))
	return s.oneByOne(ctx, first, wanted)
}

func (s *search) say(format string, args ...any) {
	if s.Say != nil {
		s.Say(fmt.Sprintf(format, args...))
	}
}

// cost says how many requests something takes, and how long.
func (s *search) cost(requests int) string {
	text := "about " + words.Plural(requests, "request")
	took := time.Duration(float64(requests) / max(s.Rate, 1e-6) * float64(time.Second))
	switch {
	case s.Rate <= 0:
	case took < time.Second:
		text += ", less than a second"
	default:
		text += fmt.Sprintf(", %v or more", took.Round(time.Second))
	}
	return text
}

func (s *search) state(row Row) journal.State {
	if s.State == nil {
		return journal.None
	}
	return s.State(identity.Key(row.Key))
}

// byList reads the whole list. It returns the rows of which this tells nothing.
func (s *search) byList(ctx context.Context, first talkdesk.Page, wanted []Row) ([]Row, talkdesk.Answer) {
	found := map[string][]talkdesk.Found{}
	for _, row := range wanted {
		found[row.Key] = nil
	}
	// The total may be wrong, so it is seen to that it costs no more than look-ups.
	l, a := s.Reader.List(ctx, s.API, talkdesk.Query{Field: s.Field}, first, len(wanted), func(f talkdesk.Found) {
		if cases, asked := found[f.Key]; asked && !s.Gone(f.ID) {
			found[f.Key] = append(cases, f)
		}
	})
	if a.Verdict != talkdesk.OK {
		return nil, a
	}
	var left []Row
	for _, row := range wanted {
		switch {
		case len(found[row.Key]) > 0:
			s.found(row, found[row.Key])
		case l.Whole:
			s.absent(row)
		default:
			left = append(left, row)
		}
	}
	if len(left) > 0 {
		s.remark("the list of all cases repeats or lacks some, so what it does not show is looked up one by one")
	}
	return left, reads.Done
}

// oneByOne looks rows up. Before an absence is believed, a case that the list shows
// must be found in the same way.
func (s *search) oneByOne(ctx context.Context, first talkdesk.Page, rows []Row) talkdesk.Answer {
	for _, f := range first.Cases {
		if f.Key == "" || s.Gone(f.ID) {
			continue
		}
		if _, a := s.Reader.Search(ctx, s.API, s.Field, f.Key, nil); a.Verdict == talkdesk.Absent {
			s.blind = fmt.Sprintf("the search does not find case %s, which has the key %q", f.ID, words.Shown(f.Key))
			s.remark(s.blind + ": it cannot be told of any row that it has no case")
		}
		break
	}
	spoke := time.Now()
	for i, row := range rows {
		if time.Since(spoke) >= time.Minute {
			spoke = time.Now()
			s.say("looked up %s of %s", words.Count(i), words.Count(len(rows)))
		}
		found, a := s.Reader.Search(ctx, s.API, s.Field, row.Key, s.Gone)
		switch {
		case a.Verdict == talkdesk.OK:
			s.found(row, found)
		case a.Verdict == talkdesk.Absent && s.blind == "":
			s.absent(row)
		case a.Verdict == talkdesk.Absent:
			s.report.InDoubt++
		case a.Unfiltered || a.Hidden:
			s.report.InDoubt += len(rows) - i
			s.remark(a.Message)
			return reads.Done
		case a.Verdict == talkdesk.Unknown:
			s.report.InDoubt++
			s.example("row %d, key %q: %s", row.Number, words.Shown(row.Key), a.Message)
		default:
			return a
		}
	}
	return reads.Done
}

// found notes that there are cases with the row's key.
func (s *search) found(row Row, cases []talkdesk.Found) {
	for _, f := range cases {
		if f.Titled(row.Title) {
			s.report.Already++
			if len(cases) > 1 {
				s.example("row %d, key %q: %d cases have it", row.Number, words.Shown(row.Key), len(cases))
			}
			return
		}
	}
	s.report.OtherTitle++
	s.example("row %d, key %q: case %s has it; title there %q, here %q", row.Number, words.Shown(row.Key), cases[0].ID, words.Shown(cases[0].Title), words.Shown(row.Title))
}

// absent notes that no case has the row's key, as far as can be seen: what was
// sent and got no answer may still arrive.
func (s *search) absent(row Row) {
	if s.state(row).InDoubt() {
		s.report.InDoubt++
		s.example("row %d, key %q: it was sent and got no answer, and no case is to be seen yet: run decides", row.Number, words.Shown(row.Key))
		return
	}
	s.report.Create++
	s.owned[row.Owner]++
}

func (s *search) remark(text string) { s.report.Remarks = append(s.report.Remarks, text) }

func (s *search) example(format string, args ...any) {
	if len(s.report.Examples) < maxExamples {
		s.report.Examples = append(s.report.Examples, fmt.Sprintf(format, args...))
	}
}
