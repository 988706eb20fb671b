package verify

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"caseimport/importer/compare"
	"caseimport/importer/reads"
	"caseimport/importer/talkdesk"
	"caseimport/mapping/fields"
	"caseimport/mapping/words"
)

const (
	// maxIDs is how long the ids in one address may be, in bytes as sent: servers take
	// about 8 KB.
	maxIDs = 7000
	// maxStrangers bounds what is kept of cases that are not the import's.
	maxStrangers = 10_000
)

// API is what is asked of the Case API: each is one attempt.
type API interface {
	reads.API
	reads.Users
	ReadCase(ctx context.Context, id string) (*talkdesk.Case, talkdesk.Answer)
}

// Config is what to verify, and how.
type Config struct {
	Rows    Rows
	Field   string       // the custom field that carries the key, "" if none does
	Account *fields.File // the account's fields, nil if they are not known
	API     API
	Reader  *reads.Reader
	Settle  time.Duration // how long the list may lag
	Sample  int           // cases that are read by id where the list does not show all
	Say     func(string)  // told what takes its time
}

// Report is what was found. Checked is the sum of the five counts below it, and Rows
// that of Checked, Filtered and WithoutCase. Its JSON form is what verify --json
// prints.
type Report struct {
	Rows    int `json:"rows"`
	Checked int `json:"checked"`
	Same    int `json:"same"`
	Differs int `json:"differs"`
	Missing int `json:"missing"`
	Twice   int `json:"twice"`
	Unknown int `json:"unknown"`

	Filtered    int `json:"filtered"`
	WithoutCase int `json:"without_case"`
	Undone      int `json:"undone,omitempty"` // of WithoutCase

	Requests int      `json:"requests"`
	Seconds  float64  `json:"seconds"`
	Remarks  []string `json:"remarks,omitempty"`
	Exit     int      `json:"exit"`
	Error    string   `json:"error,omitempty"`

	findings        []finding
	listed, singles hidden
}

// Lines are what was found of every row, in their order.
func (r *Report) Lines() iter.Seq[Line] {
	return func(yield func(Line) bool) {
		for i := range r.findings {
			for _, line := range r.of(&r.findings[i]) {
				if !yield(line) {
					return
				}
			}
		}
	}
}

func (r *Report) of(f *finding) []Line {
	if f.single {
		return f.lines(r.singles)
	}
	return f.lines(r.listed)
}

// verification is one under way.
type verification struct {
	Config
	began    time.Time
	findings []finding
	byID     map[string]*finding
	byKey    map[string]*finding

	noIDs     bool             // the list cannot be narrowed down to ids
	strangers []talkdesk.Found // other cases, of which the list does not show the key
	remarks   []string
	singles   int // cases read by their ids
}

// Run verifies. The verdict is OK if that was done, whatever was found.
func Run(ctx context.Context, cfg Config) (Report, talkdesk.Answer) {
	v := &verification{Config: cfg, began: time.Now(), findings: make([]finding, len(cfg.Rows.All)),
		byID: map[string]*finding{}, byKey: map[string]*finding{}}
	for i := range cfg.Rows.All {
		row := &cfg.Rows.All[i]
		f := &v.findings[i]
		f.Row = row
		v.byID[row.CaseID] = f
		if row.Key != "" {
			v.byKey[row.Key] = f
		}
	}
	a := v.run(ctx)
	return v.report(), a
}

func (v *verification) run(ctx context.Context) talkdesk.Answer {
	if len(v.findings) == 0 {
		return reads.Done
	}
	for _, step := range []func(context.Context) talkdesk.Answer{v.owners, v.list, v.lagging, v.unlisted, v.sample, v.unmask} {
		if a := step(ctx); a.Verdict != talkdesk.OK {
			return a
		}
	}
	return reads.Done
}

func (v *verification) report() Report {
	r := Report{Rows: v.Rows.Total, Filtered: v.Rows.Filtered, WithoutCase: v.Rows.Without, Undone: v.Rows.Undone, Checked: len(v.findings),
		Requests: v.Reader.Requests, Seconds: time.Since(v.began).Seconds(), Remarks: v.remarks,
		findings: v.findings, listed: v.hiddenIn(false), singles: v.hiddenIn(true)}
	count := map[Result]*int{Same: &r.Same, Differs: &r.Differs, Missing: &r.Missing, Twice: &r.Twice, Unknown: &r.Unknown}
	for i := range v.findings {
		*count[r.of(&v.findings[i])[0].Result]++
	}
	return r
}

func (v *verification) say(format string, args ...any) {
	if v.Say != nil {
		v.Say(fmt.Sprintf(format, args...))
	}
}

func (v *verification) remark(format string, args ...any) {
	v.remarks = append(v.remarks, fmt.Sprintf(format, args...))
}

// owners finds the agents to whom the mapping gives cases by their addresses.
func (v *verification) owners(ctx context.Context) talkdesk.Answer {
	var addresses []string
	for _, f := range v.findings {
		if f.Case.Owner != "" {
			addresses = append(addresses, f.Case.Owner)
		}
	}
	if len(addresses) == 0 {
		return reads.Done
	}
	agents, a := v.Reader.Agents(ctx, v.API, addresses)
	switch {
	case a.Verdict == talkdesk.OK:
	case a.Denied || a.Verdict == talkdesk.Unknown:
		v.remark("the agents cannot be read (%s), so owners were not compared", a.Message)
		agents = nil
	default:
		return a
	}
	for i := range v.findings {
		r := v.findings[i].Row
		if has := agents[r.Case.Owner]; len(has) == 1 {
			r.resolve(&r.Case.Owner, &r.Case.OwnerID, "owner_id", has[0].ID)
		} else if agents != nil && len(has) == 0 && r.Case.Owner != "" && v.Rows.ownerElseSet {
			r.Case.Owner, r.Case.OwnerID = "", v.Rows.ownerElse
		} else if r.Case.Owner != "" {
			r.resolve(&r.Case.Owner, &r.Case.OwnerID, "owner_id", "")
		}
	}
	return reads.Done
}

// list reads the cases that were created since the import began, unless reading them
// by their ids takes fewer requests: then that is left to the next step.
func (v *verification) list(ctx context.Context) talkdesk.Answer {
	q, first, a := v.Reader.Since(ctx, v.API, talkdesk.Query{Field: v.Field, Whole: true}, v.first(), false)
	switch a.Verdict {
	case talkdesk.OK:
	case talkdesk.Unknown: // refused
		v.remark("the list cannot be narrowed down to a time (%s), so only the import's own cases were read: a second case with the same key would not be seen", a.Message)
		return reads.Done
	default:
		return a
	}
	most := len(v.chunks(v.unseen()))*6/5 + 2
	if pages := (first.Total + talkdesk.PerPage - 1) / talkdesk.PerPage; pages > most {
		v.remark("the account has %s of that time, so only the import's own were read: a second case with the same key would not be seen", words.Plural(first.Total, "case"))
		for _, found := range first.Cases {
			v.take(found)
		}
		return reads.Done
	}
	v.say("reading %s in the list", words.Plural(max(first.Total, len(first.Cases)), "case"))
	l, a := v.Reader.List(ctx, v.API, q, first, most, v.take)
	if a.Verdict == talkdesk.OK && !l.Whole {
		v.remark("the list repeats or lacks some cases: a second case with the same key may not be seen")
	}
	return a
}

// first is when the import's first case was created, or a little later.
func (v *verification) first() time.Time {
	from := v.began
	for _, f := range v.findings {
		if !f.Found && f.At.Before(from) {
			from = f.At
		}
	}
	return from
}

// take looks at a case that the list shows.
func (v *verification) take(found talkdesk.Found) {
	if f := v.byID[found.ID]; f != nil {
		if !f.seen {
			f.take(found.Whole, v)
		}
		return
	}
	if v.Rows.inTrash != nil && v.Rows.inTrash(found.ID) {
		return
	}
	if other := v.byKey[found.Key]; other != nil && found.Key != "" {
		v.second(other, found.ID)
	} else if !found.Shown && v.Field != "" && len(v.strangers) < maxStrangers {
		v.strangers = append(v.strangers, talkdesk.Found{ID: strings.Clone(found.ID), Title: strings.Clone(found.Title)})
	}
}

// second notes another case with the row's key.
func (v *verification) second(f *finding, id string) {
	if !slices.Contains(f.others, id) {
		f.others = append(f.others, strings.Clone(id))
	}
}

func (v *verification) unseen() (all []*finding) {
	for i := range v.findings {
		if f := &v.findings[i]; !f.seen && !f.missing {
			all = append(all, f)
		}
	}
	return all
}

// chunks divides findings into as few lists of ids as fit into a page and an address.
func (v *verification) chunks(all []*finding) (chunks [][]*finding) {
	size := 0
	for _, f := range all {
		n := len(f.CaseID) + len("%22%22%2C")
		if last := len(chunks) - 1; last >= 0 && size+n <= maxIDs && len(chunks[last]) < talkdesk.PerPage {
			chunks[last] = append(chunks[last], f)
			size += n
			continue
		}
		chunks = append(chunks, []*finding{f})
		size = n
	}
	return chunks
}

// lagging asks the list for the cases that it has not shown, for as long as it may lag.
func (v *verification) lagging(ctx context.Context) talkdesk.Answer {
	for wait := time.Second; ; wait = min(2*wait, 8*time.Second) {
		for _, chunk := range v.chunks(v.unseen()) {
			if a := v.byIDs(ctx, chunk); a.Verdict != talkdesk.OK || v.noIDs {
				return a
			}
		}
		unseen := v.unseen()
		if len(unseen) <= v.Sample || !slices.ContainsFunc(unseen, v.recent) || v.left() <= 0 {
			return reads.Done
		}
		v.say("the list does not show %s yet", words.Plural(len(unseen), "case"))
		if a := v.sleep(ctx, min(wait, v.left())); a.Verdict != talkdesk.OK {
			return a
		}
	}
}

// left is how long the list may still lag.
func (v *verification) left() time.Duration { return v.Settle - time.Since(v.began) }

// recent: the case is so new that a server that lags may not show it yet.
func (v *verification) recent(f *finding) bool { return v.began.Sub(f.At) < v.Settle }

func (v *verification) sleep(ctx context.Context, d time.Duration) talkdesk.Answer {
	if reads.Sleep(ctx, d); ctx.Err() != nil {
		return talkdesk.Answer{Verdict: talkdesk.NotTaken, Code: "interrupted", Message: "interrupted"}
	}
	return reads.Done
}

// byIDs reads cases by their ids, in a list.
func (v *verification) byIDs(ctx context.Context, chunk []*finding) talkdesk.Answer {
	q := talkdesk.Query{Field: v.Field, Whole: true}
	asked := map[string]bool{}
	for _, f := range chunk {
		q.IDs = append(q.IDs, f.CaseID)
		asked[f.CaseID] = true
	}
	for got := 0; len(asked) > 0; {
		q.Page++
		page, a := v.Reader.Page(ctx, v.API, q)
		if a.Verdict == talkdesk.Unknown { // refused
			v.noIDs = true
			return reads.Done
		}
		if a.Verdict != talkdesk.OK {
			return a
		}
		before := len(asked)
		for _, found := range page.Cases {
			v.take(found)
			delete(asked, found.ID)
		}
		got += len(page.Cases)
		if len(page.Cases) > before-len(asked) { // others than those, or again
			v.noIDs = true
			return reads.Done
		}
		if len(page.Cases) == 0 || page.Total >= 0 && page.Total <= got {
			break
		}
	}
	return reads.Done
}

// unlisted reads the cases one by one that no list shows.
func (v *verification) unlisted(ctx context.Context) talkdesk.Answer {
	unseen := v.unseen()
	if len(unseen) > v.Sample {
		v.say("the list does not show %s: reading them one by one", words.Plural(len(unseen), "case"))
	}
	var gone []*finding
	for _, f := range unseen {
		a := v.single(ctx, f)
		if a.Verdict != talkdesk.OK {
			return a
		}
		if f.missing {
			gone = append(gone, f)
		}
	}
	gone = slices.DeleteFunc(gone, func(f *finding) bool { return !v.recent(f) })
	if len(gone) == 0 || v.left() <= 0 {
		return reads.Done
	}
	v.say("%s not there yet: looking again in %v", words.Plural(len(gone), "case"), v.left().Round(time.Second))
	if a := v.sleep(ctx, v.left()); a.Verdict != talkdesk.OK {
		return a
	}
	for _, f := range gone {
		if a := v.single(ctx, f); a.Verdict != talkdesk.OK {
			return a
		}
	}
	return reads.Done
}

// single reads a row's case by its id.
func (v *verification) single(ctx context.Context, f *finding) talkdesk.Answer {
	c, a := reads.Once(ctx, v.Reader, func(ctx context.Context) (*talkdesk.Case, talkdesk.Answer) { return v.API.ReadCase(ctx, f.CaseID) })
	v.singles++
	switch a.Verdict {
	case talkdesk.OK:
		f.single = true
		f.take(c, v)
	case talkdesk.Absent:
		f.seen, f.missing, f.differs = false, true, nil
	case talkdesk.Unknown: // refused: it stays unseen
	default:
		return a
	}
	return reads.Done
}

// sample reads some of those cases by their ids of which the list does not show all
// that is set.
func (v *verification) sample(ctx context.Context) talkdesk.Answer {
	unshown := v.hiddenIn(false)
	var all []*finding
	for i := range v.findings {
		f := &v.findings[i]
		if !f.single && slices.ContainsFunc(f.differs, func(d compare.Difference) bool { return !d.Shown && unshown[d.Field] }) {
			all = append(all, f)
		}
	}
	if len(all) == 0 {
		return reads.Done
	}
	n := min(v.Sample, len(all))
	for i := range n {
		if a := v.single(ctx, all[i*len(all)/n]); a.Verdict != talkdesk.OK {
			return a
		}
	}
	names := strings.Join(slices.Sorted(maps.Keys(unshown)), ", ")
	v.remark("the list does not show %s: %s read one by one as a sample; of the other %s it cannot be told whether that is right",
		names, words.Plural(n, "case"), words.Count(len(all)-n))
	return reads.Done
}

// unmask reads other cases by their ids that have the title of a row and of which the
// list does not show the key.
func (v *verification) unmask(ctx context.Context) talkdesk.Answer {
	titles := map[string]bool{}
	for _, s := range v.strangers {
		titles[s.Title] = true
	}
	suspect := map[string]bool{}
	for _, f := range v.findings {
		if titles[f.Case.Title] {
			suspect[f.Case.Title] = true
		}
	}
	read, left := 0, 0
	for _, s := range v.strangers {
		switch {
		case !suspect[s.Title]:
			continue
		case read == v.Sample:
			left++
			continue
		}
		read++
		page, a := v.Reader.Page(ctx, v.API, talkdesk.Query{Field: v.Field, ID: s.ID})
		switch a.Verdict {
		case talkdesk.OK:
			if f := v.byKey[page.Cases[0].Key]; f != nil && page.Cases[0].Key != "" {
				v.second(f, s.ID)
			}
		case talkdesk.Unknown: // gone meanwhile
		default:
			return a
		}
	}
	if left > 0 {
		v.remark("%s with the title of a row, and the list does not show their key: some may be second cases", words.Plural(left, "other case"))
	}
	return reads.Done
}
