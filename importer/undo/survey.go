package undo

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"caseimport/importer/reads"
	"caseimport/importer/talkdesk"
	"caseimport/mapping/words"
)

const (
	// surveyTries is how often a list is read that shifts meanwhile.
	surveyTries = 3
	// surveyLasts is how long it is relied on that no case got a new subcase.
	surveyLasts = 10 * time.Minute
	// fewStrangers may be read one by one in any case, to see whose subcases they are;
	// more of them only where the import has as many cases.
	fewStrangers = 1000
)

// survey is what the account shows of subcases.
type survey struct {
	at    time.Time
	blind string // why subcases cannot be seen, "" if they can
	// below are subcases that are not the import's, by their parents.
	below map[string][]string
}

// sight is one reading of the list.
type sight struct {
	below  map[string][]string
	shown  bool            // some case shows whether it has a parent
	others map[string]bool // until then: cases that are not the import's
	whole  bool
}

// look reads all cases that were created or changed since the import began. It takes
// both, since an older case may have been made a subcase meanwhile.
func (u *undoing) look() (s *sight, refused string, a talkdesk.Answer) {
	for range surveyTries {
		s = &sight{below: map[string][]string{}, others: map[string]bool{}, whole: true}
		for _, changed := range []bool{false, true} {
			q, first, a := u.Reader.Since(u.intake, u.API, talkdesk.Query{Whole: true}, u.Journal.Began(), changed)
			switch a.Verdict {
			case talkdesk.OK:
			case talkdesk.Unknown: // refused
				return s, "the list cannot be narrowed down to a time: " + a.Message, reads.Done
			default:
				return s, "", a
			}
			l, a := u.Reader.List(u.intake, u.API, q, first, 1<<30, func(f talkdesk.Found) { u.take(s, f) })
			if a.Verdict != talkdesk.OK {
				return s, "", a
			}
			s.whole = s.whole && l.Whole
		}
		if s.whole {
			return s, "", reads.Done
		}
	}
	return s, "the list of cases repeats or lacks some", reads.Done
}

// take looks at a case that the list shows.
func (u *undoing) take(s *sight, f talkdesk.Found) {
	parent, shown := parentOf(f.Whole)
	s.shown = s.shown || shown
	switch it := u.byID[f.ID]; {
	case it != nil && it.result != Adopted:
		if !u.moving { // else each is read by its id
			u.show(it, f.Whole, false)
		}
		return
	case u.Journal.InTrash(f.ID), s.shown && parent == "":
		return
	}
	s.note(strings.Clone(f.ID), parent)
}

// note takes in whose subcase a case is that is not the import's.
func (s *sight) note(id, parent string) {
	if parent == "" {
		s.others[id] = true
		return
	}
	delete(s.others, id)
	if !slices.Contains(s.below[parent], id) {
		s.below[parent] = append(s.below[parent], id)
	}
}

// show takes in what a read shows of a case of the import.
func (u *undoing) show(it *item, got *talkdesk.Case, single bool) {
	it.seen, it.single = true, single
	it.result, it.reason, it.vague = it.judge(got, u.stock.fields)
	if parent, shown := parentOf(got); shown {
		it.parent, it.parentShown = parent, true
	}
}

// survey finds out what there is of the import, and what subcases its cases have.
func (u *undoing) survey() talkdesk.Answer {
	u.say("reading the cases that were created or changed since the import began")
	s, refused, a := u.look()
	if a.Verdict != talkdesk.OK {
		return a
	}
	var single []*item
	for _, it := range u.stock.cases {
		if it.result != Adopted && (!it.seen || it.vague || !it.parentShown && !s.shown) {
			single = append(single, it)
		}
	}
	if len(single) > 0 {
		u.say("reading %s one by one, of which the list does not show enough", words.Plural(len(single), "case"))
	}
	for _, it := range single {
		if a := u.readSingle(it); a.Verdict != talkdesk.OK {
			return a
		}
	}
	singly := slices.ContainsFunc(single, func(it *item) bool { return it.parentShown })
	return u.conclude(s, refused, singly)
}

// again is survey for what may have changed while cases are moved.
func (u *undoing) again() talkdesk.Answer {
	s, refused, a := u.look()
	if a.Verdict != talkdesk.OK {
		return a
	}
	return u.conclude(s, refused, true)
}

// conclude says whose subcases are seen. Where the list does not show them and single
// cases do (singly), the others are read one by one.
func (u *undoing) conclude(s *sight, refused string, singly bool) talkdesk.Answer {
	most := max(fewStrangers, len(u.stock.cases))
	u.now = survey{at: time.Now(), below: s.below, blind: refused}
	switch {
	case refused != "", s.shown:
		return reads.Done
	case !singly:
		u.now.blind = "the API does not show whose subcase a case is"
		return reads.Done
	case len(s.others) > most:
		u.now.blind = fmt.Sprintf("the list does not show whose subcase a case is, and there are %s other cases that would have to be read one by one", words.Count(len(s.others)))
		return reads.Done
	}
	for _, id := range slices.Sorted(maps.Keys(s.others)) {
		got, a := reads.Once(u.intake, u.Reader, u.readCase(id))
		switch a.Verdict {
		case talkdesk.OK:
			parent, _ := parentOf(got)
			s.note(id, parent)
		case talkdesk.Absent: // in the Trash
		case talkdesk.Unknown:
			u.now.blind = fmt.Sprintf("case %s cannot be read: %s", id, a.Message)
			return reads.Done
		default:
			return a
		}
	}
	return reads.Done
}

// readSingle reads a case of the import by its id.
func (u *undoing) readSingle(it *item) talkdesk.Answer {
	got, a := reads.Once(u.intake, u.Reader, u.readCase(it.caseID))
	switch a.Verdict {
	case talkdesk.OK:
		u.show(it, got, true)
	case talkdesk.Absent:
		it.seen, it.single, it.vague = false, true, false
		it.result, it.reason = Gone, "it is not there: people have deleted it"
		if it.begun {
			it.result, it.reason = Planned, "it is in the Trash already, by an undo that did not finish"
		}
	case talkdesk.Unknown: // refused
		it.seen = false
		it.result, it.reason = Kept, "it cannot be read: "+a.Message
	default:
		return a
	}
	return reads.Done
}

// mayGo says why a case that may go by itself is kept all the same: since a subcase
// would go along; "" if it may go. ended says that those of the import which are to
// go are gone by now.
func (u *undoing) mayGo(it *item, ended bool) (why string) {
	if it.parent != "" {
		return ""
	}
	if u.now.blind != "" {
		u.blinded = u.blinded || it.seen
		return "it may have subcases, which would go along: " + u.now.blind
	}
	if others := u.now.below[it.caseID]; len(others) > 0 {
		return fmt.Sprintf("its subcase %s is not the import's, and would go along", others[0])
	}
	for _, child := range u.below[it.caseID] {
		if child.result != Undone && child.result != Gone && (ended || child.result != Planned) {
			return fmt.Sprintf("its subcase %s is kept, and would go along", child.caseID)
		}
	}
	return ""
}
