package verify

import (
	"strings"
	"time"

	"caseimport/importer/compare"
	"caseimport/importer/talkdesk"
)

// Result is what is said of a row.
type Result string

// The results. Where several are true, the first one is.
const (
	Missing Result = "missing" // its case is not there
	Twice   Result = "twice"   // other cases have its key, too
	Differs Result = "differs" // its case is not what the row maps to
	Unknown Result = "unknown" // it cannot be told
	Same    Result = "same"
)

// finding is what was seen of a row.
type finding struct {
	*Row
	seen    bool // its case was read
	single  bool // … by its id, which shows more than a list
	missing bool
	differs []compare.Difference
	changed time.Time // when the case was changed last, if that was after it was created
	others  []string  // ids of other cases with its key
}

// take compares the row with its case.
func (f *finding) take(c *talkdesk.Case, v *verification) {
	f.seen, f.missing, f.changed, f.differs = true, false, time.Time{}, nil
	if f.Fault == "" {
		f.differs = compare.Case(&f.Case, c, v.Account)
	}
	for i := range f.differs { // which else keeps a whole answer in memory
		f.differs[i].Found = strings.Clone(f.differs[i].Found)
	}
	if c.UpdatedAt.Sub(c.CreatedAt) > time.Second && !c.CreatedAt.IsZero() {
		f.changed = c.UpdatedAt
	}
}

// hidden are the fields that a kind of read never shows.
type hidden map[string]bool

// hiddenIn finds the fields that none of the cases shows which were read singly, or in
// lists. Where some cases show a field, it is empty in those that do not.
func (v *verification) hiddenIn(single bool) hidden {
	all, unshown := map[string]int{}, map[string]int{}
	for i := range v.findings {
		f := &v.findings[i]
		for _, d := range f.differs {
			if f.single == single && !d.Shown {
				unshown[d.Field] = 0 // to be counted
			}
		}
	}
	if len(unshown) == 0 {
		return nil
	}
	for i := range v.findings {
		f := &v.findings[i]
		if !f.seen || f.single != single {
			continue
		}
		for _, name := range compare.Fields(&f.Case) {
			if _, asked := unshown[name]; asked {
				all[name]++
			}
		}
		counted := ""
		for _, d := range f.differs {
			if !d.Shown && d.Field != counted { // several notes are one field
				unshown[d.Field]++
				counted = d.Field
			}
		}
	}
	out := hidden{}
	for name, n := range unshown {
		if n >= all[name] {
			out[name] = true
		}
	}
	return out
}

// Line is one line of the verify file.
type Line struct {
	Row                    int
	Key, CaseID            string
	Result                 Result
	Field, Expected, Found string
}

// lines says what was found of a row: at least one line, the first with its result.
func (f *finding) lines(unshown hidden) (all []Line) {
	add := func(r Result, field, expected, found string) {
		all = append(all, Line{f.Number, f.Key, f.CaseID, r, field, expected, found})
	}
	if f.missing {
		add(Missing, "", "", strings.Join(f.others, ", "))
		return all
	}
	if len(f.others) > 0 {
		add(Twice, "", f.CaseID, strings.Join(append([]string{f.CaseID}, f.others...), ", "))
	}
	var cannotTell []string
	for _, d := range f.differs {
		if d.Shown || !unshown[d.Field] {
			add(Differs, d.Field, d.Expected, d.Found)
		} else if n := len(cannotTell); n == 0 || cannotTell[n-1] != d.Field {
			cannotTell = append(cannotTell, d.Field)
		}
	}
	if len(all) > 0 && all[len(all)-1].Result == Differs && !f.changed.IsZero() {
		add(Differs, "update_at", "", f.changed.UTC().Format(time.RFC3339))
	}
	switch {
	case f.Fault != "":
		add(Unknown, "", "", f.Fault)
	case !f.seen:
		add(Unknown, "", "", "the case could not be read")
	}
	for _, field := range cannotTell {
		add(Unknown, field, "", "not shown")
	}
	for _, field := range f.Open {
		add(Unknown, field, "", "the id that it should be is not known")
	}
	if len(all) == 0 {
		add(Same, "", "", "")
	}
	return all
}
