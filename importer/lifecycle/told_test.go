package lifecycle

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"caseimport/importer/journal"
	"caseimport/importer/talkdesk"
)

var rewrite = flag.Bool("rewrite", false, "write testdata/told.txt anew: read the difference before it is committed")

// A told run is one whose every request, answer, record and notice is compared with
// testdata/told, so that it can be read what a person is told, when, and why a run stops.
// The explorer looks for what must never happen; this is what is to happen.
type told struct {
	name   string
	config func(c *Config)
	rows   int
	row    func(i int, r *Row)
	// answer is what comes of the nth request of its kind, from 1.
	answer func(n int, q Request, now Instant) (talkdesk.Answer, []talkdesk.Found)
	took   Instant   // from a request to its answer
	past   []Past    // rows that an earlier run has left in doubt
	known  bool      // a case K1 of an earlier run is known
	ask    *Question // by the caller, at the beginning
	look   bool      // all rows are looked up first
	stopAt Instant   // a person stops the run then, if above 0
	last   Instant   // nothing is told after it; 0: an hour
	brief  bool      // requests, and rows that end, are not told
	readAt Instant   // from when on rows are read
	readOn bool      // they are read though the run stops
	listed func(r *Row) []talkdesk.Found
	slow   func(q Request) Instant // what a request takes longer
	had    func(i int) Had         // of rows that have their case
	broken int                     // the nth claim cannot be written down, from 1
	note   string                  // of a case that is read before its update
	watch  bool                    // what the caller may ask is told where it has changed
}

// tell lets the run happen.
func (s *told) tell() string {
	cfg := Config{Workers: 1, MaxAttempts: 3, Settle: 4 * time.Second, Patience: time.Minute, Searchable: true,
		Backoff: func(n int) time.Duration { return time.Duration(n) * 2 * time.Second }}
	if s.known {
		cfg.Known = Case{"K", "K1"}
	}
	if s.config != nil {
		s.config(&cfg)
	}
	type flight struct {
		q   Request
		end Instant
	}
	var (
		m       = New(cfg)
		now     Instant
		lines   [][2]string // moments, what
		flights []flight
		count   = map[Kind]int{}
		read    int
		claims  int
		watched string
	)
	say := func(format string, args ...any) {
		what := fmt.Sprintf(format, args...)
		if n := len(lines); n > 0 && lines[n-1][1] == what {
			lines[n-1][0] += fmt.Sprint(", ", now)
			return
		}
		lines = append(lines, [2]string{now.String(), what})
	}
	kinds := map[Kind]string{Create: "create", Update: "update", LookUp: "look-up", Compare: "compare", Canary: "canary", Probe: "probe", Asked: "question"}
	label := func(q Request) string {
		if q.Row != nil {
			return fmt.Sprintf("%s of row %d", kinds[q.Kind], q.Row.Number)
		}
		return kinds[q.Kind]
	}
	act := func() {
		for acts := m.Actions(); len(acts) > 0; acts = m.Actions() {
			for _, a := range acts {
				switch a := a.(type) {
				case Claim:
					if claims++; claims == s.broken {
						m.Broken(now, a.Rows, Stop{Exit: 4, Reason: "the disk is full"})
						continue
					}
					m.Durable(now, a.Rows)
					if a.Unsent {
						say("row %d is remembered", a.Rows[0].Number)
					}
				case Record:
					if !s.brief {
						line := fmt.Sprintf("row %d is %s %s", a.Claim.Number, a.State, strings.Join(slices.DeleteFunc([]string{a.CaseID, a.Answer.Code, a.Answer.Message, a.Note}, func(s string) bool { return s == "" }), ", "))
						for _, p := range []struct {
							name string
							v    any
							show bool
						}{{"attempts", a.Attempts, a.Attempts > 1}, {"others", a.Others, a.Others != 0}, {"found", a.Found, a.Found}, {"updated", a.Updated, a.Updated}, {"invalid", a.Invalid, a.Invalid},
							{"holds", a.Held[0], a.Held[0] != 0 && a.Held[0] != byte(a.Claim.Number)}, {"retracts", a.Retracts, a.Retracts != 0}, {"holds what is not known", "", a.State == Done && a.Held[0] == 0}} {
							if p.show {
								line += fmt.Sprintf("; %s %v", p.name, p.v)
							}
						}
						say("%s", strings.TrimSpace(line))
					}
				case Release:
					rows := []int{}
					for _, id := range a.IDs {
						rows = append(rows, int(id[0])+int(id[1])<<8+1)
					}
					say("released: rows %v", rows)
				case Leave:
					if !s.brief {
						say("row %d is left, in doubt: %v", a.Row.Number, a.InDoubt)
					}
				case Say:
					n := a.Notice
					line := fmt.Sprintf("SAYS %s", whats[n.What])
					for _, p := range []struct {
						name string
						v    any
						show bool
					}{{"rows", n.Rows, n.Rows != 0}, {"row", n.Row, n.Row != 0}, {"text", n.Text, n.Text != ""}, {"at", n.At, n.At != 0}, {"until", n.Until, n.Until != 0}, {"lasted", n.Lasted, n.Lasted != 0}} {
						if p.show {
							line += fmt.Sprintf(", %s %v", p.name, p.v)
						}
					}
					say("%s", line)
				case Reply:
					say("the question is answered: %s %s, %d found", a.Answer.Verdict, a.Answer.Code, len(a.Found))
				default:
					say("%s %v", strings.TrimPrefix(fmt.Sprintf("%T", a), "lifecycle."), a)
				}
			}
		}
	}
	for _, p := range s.past {
		m.Inherit(p)
	}
	if s.ask != nil {
		m.Ask(now, s.ask)
	}
	stopped := false
	for steps := 0; now <= cmp.Or(s.last, time.Hour); steps++ {
		if steps > 20_000 {
			say("NO END")
			break
		}
		act()
		if s.watch {
			if is := fmt.Sprintf("  (quiet %v, may read %v, room %v, %d in doubt until %v, %d in flight)", m.Quiet(), m.MayRead(), m.Room(), m.InDoubt(), m.Settles(), m.InFlight()); is != watched {
				watched = is
				say("%s", is)
			}
		}
		if why := m.Stopped(); why != nil && !stopped {
			stopped = true
			say("STOPS with %d: %s; at %v: %s", why.Exit, why.Reason, why.At, why.Hint)
		}
		if m.Over() && !(s.readOn && read < s.rows) {
			say("over")
			break
		}
		switch {
		case s.stopAt > 0 && now >= s.stopAt && !stopped:
			m.Halt(now, Stop{Exit: 4, Reason: "interrupted"})
			continue
		case now < s.readAt:
		case read < s.rows && m.Full():
			say("row %d is left: the limit is reached", read+1)
			read++
			continue
		case read < s.rows && m.Room():
			r := &Row{Claim: journal.Claim{ID: journal.ID{byte(read), byte(read >> 8)}, Number: read + 1, Key: fmt.Sprint("K", read+1), Title: "t", Sum: [8]byte{byte(read + 1)}}, Body: []byte("x"), Ref: read}
			if s.row != nil {
				s.row(read, r)
			}
			read++
			switch {
			case r.CaseID != "" && s.had != nil:
				m.Resume(now, r, s.had(read-1))
			case r.CaseID != "":
				m.Resume(now, r, Had{Known: true})
			case s.listed != nil && m.Stopped() == nil:
				m.Listed(now, r, s.listed(r))
			default:
				if m.Read(now, r, s.look) {
					say("row %d has its case", r.Number)
				}
			}
			continue
		case read == s.rows && !m.allRead:
			m.AllRead(now)
			continue
		}
		if m.Ready(now) > 0 {
			q, ok := m.Next(now)
			if !ok {
				say("NOTHING LEAVES")
				break
			}
			end := now + s.took
			if s.slow != nil {
				end += s.slow(q)
			}
			flights = append(flights, flight{q, end})
			continue
		}
		if q, ok := m.Next(now); ok {
			say("A %s LEAVES THAT MAY NOT", label(q))
			break
		}
		if i := slices.IndexFunc(flights, func(f flight) bool { return f.end <= now }); i >= 0 {
			q := flights[i].q
			flights = slices.Delete(flights, i, i+1)
			count[q.Kind]++
			a, found := s.answer(count[q.Kind], q, now)
			if !s.brief {
				say("%s: %s", label(q), cmp.Or(a.Code, a.Verdict.String()))
			}
			if q.Kind == Create && a.Verdict == talkdesk.OK && a.CaseID == "" {
				a.CaseID = fmt.Sprint("C", q.Row.Number)
			}
			if q.Kind == Compare {
				m.Compared(now, q, a, Comparison{Rest: q.Row.Update, Note: s.note})
			} else {
				m.Answered(now, q, a, found, 0)
			}
			continue
		}
		next := m.Wake(now)
		for _, f := range flights {
			next = min(next, f.end)
		}
		for _, at := range []Instant{s.stopAt, s.readAt} {
			if at > now {
				next = min(next, at)
			}
		}
		if next == never {
			say("STUCK")
			break
		}
		now = max(next, now)
		m.Tick(now)
	}
	var text strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&text, "%9v  %s\n", l[0], l[1])
	}
	return text.String()
}

var whats = map[What]string{
	Suspected: "suspected", ServerDown: "server down", StillDown: "still down", ServerUp: "server up", OnlyRowsFail: "only rows fail",
	WaitForDoubts: "wait for doubts", WaitToAdopt: "wait to adopt", WaitForCanary: "wait for canary", LookUpsFail: "look-ups fail",
	Blind: "blind", SameID: "same id", PagesInstead: "pages instead", SameRefusal: "same refusal", EditedSince: "edited since",
}

// with is an answer with a text.
func with(a answer, message string) talkdesk.Answer {
	out := answers[a]
	out.Message = message
	return out
}

func always(a answer) func(int, Request, Instant) (talkdesk.Answer, []talkdesk.Found) {
	return func(_ int, q Request, _ Instant) (talkdesk.Answer, []talkdesk.Found) { return of(q, a) }
}

// of is an answer to a request: look-ups that are answered find the known case only.
func of(q Request, a answer) (talkdesk.Answer, []talkdesk.Found) {
	switch {
	case a > truthNow:
		return with(a, "it says "+answers[a].Code), nil
	case q.Kind == Canary:
		return answers[truthNow], []talkdesk.Found{{ID: "other"}, {ID: "K1"}, {ID: "C" + q.Key[1:]}}
	case q.Kind == LookUp:
		return talkdesk.Answer{Verdict: talkdesk.Absent, Status: 200}, nil
	}
	return answers[a], nil
}

// first gives the first requests of a kind these answers, and others what is hoped for.
func first(kind Kind, list ...answer) func(int, Request, Instant) (talkdesk.Answer, []talkdesk.Found) {
	return func(n int, q Request, _ Instant) (talkdesk.Answer, []talkdesk.Found) {
		if q.Kind == kind && n <= len(list) {
			return of(q, list[n-1])
		}
		return of(q, asHoped)
	}
}

// both is one for each of two kinds.
func both(kind Kind, list []answer, other Kind, more []answer) func(int, Request, Instant) (talkdesk.Answer, []talkdesk.Found) {
	return func(n int, q Request, now Instant) (talkdesk.Answer, []talkdesk.Found) {
		if q.Kind == other {
			return first(other, more...)(n, q, now)
		}
		return first(kind, list...)(n, q, now)
	}
}

// until answers so up to a moment, and then as is hoped for; of all requests, or of
// some kinds.
func until(end Instant, a answer, kinds ...Kind) func(int, Request, Instant) (talkdesk.Answer, []talkdesk.Found) {
	return func(_ int, q Request, now Instant) (talkdesk.Answer, []talkdesk.Found) {
		if now < end && (len(kinds) == 0 || slices.Contains(kinds, q.Kind)) {
			return of(q, a)
		}
		return of(q, asHoped)
	}
}

func times(a answer, n int) []answer { return slices.Repeat([]answer{a}, n) }

// missing is a search that does not show the canary the first n times.
func missing(n int) func(int, Request, Instant) (talkdesk.Answer, []talkdesk.Found) {
	return func(i int, q Request, now Instant) (talkdesk.Answer, []talkdesk.Found) {
		switch {
		case q.Kind == Canary && i <= n:
			return talkdesk.Answer{Verdict: talkdesk.Absent, Status: 200}, nil
		case q.Kind == Create && i == 1:
			return of(q, lost)
		}
		return of(q, asHoped)
	}
}

func updated(_ int, r *Row) { r.Update = &talkdesk.Update{Status: "OPEN"} }

func resumed(i int, r *Row) { r.CaseID = fmt.Sprint("C", i+1); updated(i, r) }

func doubtful(n int) (all []Past) {
	for i := range n {
		all = append(all, Past{Claim: journal.Claim{ID: journal.ID{byte(i)}, Number: i + 1, Key: fmt.Sprint("K", i+1), Title: "t", Sum: [8]byte{byte(i + 101)}}, Since: -Instant(i) * time.Second})
	}
	return all
}

const (
	sec  = time.Second
	hour = time.Hour
)

var allTold = []told{
	// Outages.
	{name: "an outage", rows: 3, took: 700 * time.Millisecond, answer: until(70*sec, noConnection, Create, Probe), config: func(c *Config) { c.Patience = hour }},
	{name: "no connection for longer than is waited", rows: 2, answer: always(noConnection)},
	{name: "two failures are no outage", rows: 3, answer: first(Create, noConnection, noConnection)},
	{name: "two failures, twice", rows: 2, answer: first(Create, noConnection, noConnection, asHoped, noConnection, noConnection)},
	{name: "only rows fail", rows: 2, took: 300 * time.Millisecond, answer: until(200*sec, noConnection, Create), config: func(c *Config) { c.Patience = hour; c.MaxAttempts = 200 }},
	{name: "only some rows fail", rows: 3, answer: func(n int, q Request, now Instant) (talkdesk.Answer, []talkdesk.Found) {
		if q.Kind == Create && q.Row.Number == 2 {
			return of(q, noConnection)
		}
		return of(q, asHoped)
	}},
	{name: "an outage, two workers", rows: 4, took: sec, answer: until(8*sec, noConnection), config: func(c *Config) { c.Workers = 2 }},
	{name: "an outage of updates", rows: 2, row: updated, took: sec, answer: until(20*sec, noConnection, Update, Probe), config: func(c *Config) { c.Updates = true }},
	{name: "an outage, and a person stops", rows: 2, took: sec, answer: until(30*sec, noConnection), stopAt: 12 * sec},
	{name: "nothing is answered at a wrong host", rows: 2, answer: func(n int, q Request, now Instant) (talkdesk.Answer, []talkdesk.Found) {
		a := with(noConnection, "no such host")
		a.NoHost = true
		return a, nil
	}},
	{name: "the host vanishes", rows: 2, answer: func(n int, q Request, now Instant) (talkdesk.Answer, []talkdesk.Found) {
		if q.Kind == Create && n == 2 {
			a := with(noConnection, "no such host")
			a.NoHost = true
			return a, nil
		}
		return of(q, asHoped)
	}},

	// 429.
	{name: "throttled for longer than is waited", rows: 2, took: 10 * sec, answer: always(throttled), brief: true},
	{name: "throttled, answered, throttled", rows: 2, took: 25 * sec, answer: first(Create, throttled, throttled, asHoped, throttled, throttled)},
	{name: "a long pause", rows: 1, took: sec, answer: func(_ int, q Request, _ Instant) (talkdesk.Answer, []talkdesk.Found) {
		a := answers[throttled]
		a.Pause = 61 * sec
		return a, nil
	}},

	// Refusals.
	{name: "the first fifty are refused", rows: 60, answer: always(rejected), brief: true},
	{name: "one of the first fifty is created", rows: 60, brief: true, answer: func(n int, q Request, now Instant) (talkdesk.Answer, []talkdesk.Found) {
		if q.Kind == Create && n != 7 {
			a := with(rejected, fmt.Sprint("bad ", n))
			a.Fields = []talkdesk.FieldError{{Name: "title"}}
			return a, nil
		}
		return of(q, asHoped)
	}},
	{name: "rows that were refused before do not count", rows: 59, answer: always(rejected), brief: true, row: func(i int, r *Row) { r.Retried = i < 10 }},
	{name: "the first fifty updates are refused", rows: 60, row: resumed, answer: until(hour, rejected, Update), brief: true, config: func(c *Config) { c.Updates = true }},
	{name: "one of the first fifty updates is taken", rows: 60, row: resumed, answer: first(Update, append(append(times(rejected, 6), asHoped), times(rejected, 53)...)...), brief: true, config: func(c *Config) { c.Updates = true }},
	{name: "two refusals are too many", rows: 4, answer: always(rejected), config: func(c *Config) { c.MaxRefused = 2 }},
	{name: "an update that is refused is one of them", rows: 4, row: updated, answer: first(Update, asHoped, rejected, rejected), config: func(c *Config) { c.MaxRefused, c.Updates = 2, true }},
	{name: "a share of refusals", rows: 230, brief: true, config: func(c *Config) { c.MaxRefusedShare = 0.05 }, answer: func(n int, q Request, now Instant) (talkdesk.Answer, []talkdesk.Found) {
		if q.Kind == Create && (n%25 == 0 || n > 204) {
			a := with(rejected, fmt.Sprint("bad ", n))
			a.Fields = []talkdesk.FieldError{{Name: "title"}}
			return a, nil
		}
		return of(q, asHoped)
	}},
	{name: "a share at the two hundredth row", rows: 230, brief: true, config: func(c *Config) { c.MaxRefusedShare = 0.05 }, answer: func(n int, q Request, now Instant) (talkdesk.Answer, []talkdesk.Found) {
		if q.Kind == Create && n%20 == 0 {
			a := with(rejected, fmt.Sprint("bad ", n))
			a.Fields = []talkdesk.FieldError{{Name: "title"}}
			return a, nil
		}
		return of(q, asHoped)
	}},
	{name: "a firewall refuses the first row", rows: 3, answer: always(blocked)},
	{name: "a firewall refuses four in a row", rows: 8, answer: first(Create, asHoped, blocked, blocked, blocked, blocked, asHoped, blocked)},
	{name: "a firewall refuses five in a row", rows: 8, answer: first(Create, asHoped, blocked, blocked, blocked, blocked, blocked)},
	{name: "a firewall refuses updates", rows: 7, row: updated, answer: first(Update, times(blocked, 7)...), config: func(c *Config) { c.Updates = true }},
	{name: "the same refusal, and a new token helps", rows: 28, took: sec / 10, answer: first(Create, append(times(asHoped, 2), times(rejected, 20)...)...)},
	{name: "the same refusal, with a new token too", rows: 30, brief: true, took: sec / 10, answer: first(Create, append(times(asHoped, 2), times(rejected, 28)...)...)},
	{name: "the same refusal once more after a new token helped", rows: 50, brief: true, took: sec / 10, answer: first(Create, append(append(append(times(asHoped, 2), times(rejected, 20)...), times(asHoped, 22)...), times(rejected, 9)...)...)},
	{name: "nineteen alike", rows: 22, answer: first(Create, append(times(asHoped, 2), times(rejected, 19)...)...)},
	{name: "refusals in other words", rows: 30, brief: true, answer: func(n int, q Request, now Instant) (talkdesk.Answer, []talkdesk.Found) {
		if q.Kind == Create && n > 2 {
			return with(rejected, fmt.Sprint("bad ", n/15)), nil
		}
		return of(q, asHoped)
	}},
	{name: "alike, and too many", rows: 8, config: func(c *Config) { c.MaxRefused = 3 }, answer: first(Create, append(times(asHoped, 2), times(rejected, 6)...)...)},
	{name: "alike, two workers", rows: 30, brief: true, took: sec / 10, config: func(c *Config) { c.Workers = 2 }, answer: first(Create, append(times(asHoped, 2), times(rejected, 21)...)...)},

	// Pages of something in between.
	{name: "pages for a while", rows: 12, answer: until(100*sec, page, Create), config: func(c *Config) { c.Patience = hour }},
	{name: "two pages", rows: 4, answer: first(Create, page, page, asHoped, page), config: func(c *Config) { c.Searchable = false }},
	{name: "pages for longer than is waited", rows: 12, answer: always(page), config: func(c *Config) { c.Searchable = false }},
	{name: "pages in place of answers to updates", rows: 2, row: updated, answer: until(9*sec, page, Update), config: func(c *Config) { c.Updates = true }},
	{name: "pages, and a person stops", rows: 8, answer: until(50*sec, page), stopAt: 10 * sec, config: func(c *Config) { c.Searchable = false }},

	// Doubts.
	{name: "a lost answer", rows: 2, answer: first(Create, lost)},
	{name: "a lost answer, and the attempts are used up", rows: 2, answer: first(Create, lost, lost, lost)},
	{name: "a lost answer, and a case of an earlier run is known", rows: 2, known: true, answer: first(Create, lost)},
	{name: "a case that the search does not show yet", rows: 2, known: true, answer: missing(8)},
	{name: "a case that the search never shows", rows: 2, known: true, answer: missing(1000), config: func(c *Config) { c.Patience = 5 * sec }},
	{name: "a case of this run that the search does not show yet", rows: 3, took: 100 * time.Millisecond, answer: func(n int, q Request, now Instant) (talkdesk.Answer, []talkdesk.Found) {
		switch {
		case q.Kind == Canary && n < 9:
			return talkdesk.Answer{Verdict: talkdesk.Absent, Status: 200}, nil
		case q.Kind == Create && (n == 2 || n == 3):
			return of(q, lost)
		}
		return of(q, asHoped)
	}},
	{name: "a case of this run that the search shows late", rows: 2, config: func(c *Config) { c.Settle = sec }, answer: func(n int, q Request, now Instant) (talkdesk.Answer, []talkdesk.Found) {
		switch {
		case q.Kind == Canary && now < 8*sec:
			return talkdesk.Answer{Verdict: talkdesk.Absent, Status: 200}, nil
		case q.Kind == Create && n == 2:
			return of(q, lost)
		}
		return of(q, asHoped)
	}},
	{name: "a case of an earlier run that the search shows late", past: doubtful(1), known: true, config: func(c *Config) { c.Settle = sec }, answer: func(n int, q Request, now Instant) (talkdesk.Answer, []talkdesk.Found) {
		if q.Kind == Canary && now < 8*sec {
			return talkdesk.Answer{Verdict: talkdesk.Absent, Status: 200}, nil
		}
		return of(q, asHoped)
	}},
	{name: "a case that the search loses for a while", rows: 3, took: 100 * time.Millisecond, answer: func(n int, q Request, now Instant) (talkdesk.Answer, []talkdesk.Found) {
		switch {
		case q.Kind == Canary && n > 1 && now < 7*sec:
			return talkdesk.Answer{Verdict: talkdesk.Absent, Status: 200}, nil
		case q.Kind == Create && (n == 2 || n == 3):
			return of(q, lost)
		}
		return of(q, asHoped)
	}},
	{name: "a settle delay that is long", rows: 2, known: true, answer: missing(20), config: func(c *Config) { c.Settle, c.Patience = 30*sec, hour }},
	{name: "doubts of an earlier run", past: doubtful(3), known: true, answer: always(asHoped)},
	{name: "doubts of an earlier run, and a lag was noted", past: doubtful(2), known: true, config: func(c *Config) { c.Lag, c.Spare = 3*sec, 2*sec }, answer: always(asHoped)},
	{name: "doubts of an earlier run that are alone", past: doubtful(2), known: true, config: func(c *Config) { c.Alone = true }, answer: always(asHoped)},
	{name: "doubts of an earlier run, and its case was seen before", past: doubtful(2), known: true, config: func(c *Config) { c.Seen, c.Spare = sec, 10*sec }, answer: always(asHoped)},
	{name: "doubts of an earlier run, and its case is seen sooner", past: doubtful(2), known: true, config: func(c *Config) { c.Seen, c.Spare = 10*sec, sec }, answer: always(asHoped)},
	{name: "doubts of an earlier run whose rows come", past: doubtful(3), rows: 3, answer: always(asHoped)},
	{name: "rows that are looked up first", rows: 3, look: true, known: true, answer: always(asHoped)},
	{name: "look-ups are throttled", rows: 2, took: 3 * sec, known: true, answer: both(Create, []answer{lost}, LookUp, times(throttled, 40)), brief: true},
	{name: "look-ups fail for longer than is waited", rows: 2, known: true, answer: both(Create, []answer{lost}, LookUp, times(noConnection, 400)), config: func(c *Config) { c.Backoff = func(n int) time.Duration { return time.Duration(min(n, 8)) * sec } }, brief: true},
	{name: "look-ups are unreadable", rows: 2, known: true, answer: both(Create, []answer{lost}, LookUp, times(interrupted, 90))},
	{name: "look-ups renew their token", rows: 1, known: true, answer: both(Create, []answer{lost}, LookUp, times(renewed, 4))},
	{name: "look-ups renew their token in vain", rows: 1, known: true, answer: both(Create, []answer{lost}, LookUp, times(renewed, 6))},
	{name: "look-ups are not allowed", rows: 2, known: true, answer: both(Create, []answer{lost, lost}, Canary, []answer{denied})},
	{name: "a wrong address for look-ups", rows: 2, known: true, answer: both(Create, []answer{lost}, Canary, []answer{wrongAddress})},
	{name: "a search that ignores its filter", rows: 2, known: true, answer: func(n int, q Request, now Instant) (talkdesk.Answer, []talkdesk.Found) {
		switch {
		case q.Kind == Canary:
			return talkdesk.Answer{Status: 200, Verdict: talkdesk.OK, Unfiltered: true}, []talkdesk.Found{{ID: "K1"}}
		case q.Kind == Create && n == 1:
			return of(q, lost)
		}
		return of(q, asHoped)
	}},
	{name: "a look-up finds cases", rows: 2, known: true, answer: func(n int, q Request, now Instant) (talkdesk.Answer, []talkdesk.Found) {
		switch {
		case q.Kind == LookUp && q.Row.Number == 1:
			return answers[truthNow], []talkdesk.Found{{ID: "7", Title: "other"}, {ID: "8", Title: " t "}, {ID: "9", Title: "t"}}
		case q.Kind == LookUp:
			return answers[truthNow], []talkdesk.Found{{ID: "6", Title: "other"}}
		case q.Kind == Create && n <= 2:
			return of(q, lost)
		}
		return of(q, asHoped)
	}},
	{name: "an id that is given twice", rows: 3, answer: func(n int, q Request, now Instant) (talkdesk.Answer, []talkdesk.Found) {
		a, found := of(q, asHoped)
		if q.Kind == Create && n <= 3 {
			a.CaseID = "C1"
		}
		return a, found
	}},
	{name: "an id that is given twice while it is updated", rows: 2, row: updated, took: sec, config: func(c *Config) { c.Workers, c.Updates = 2, true }, answer: func(n int, q Request, now Instant) (talkdesk.Answer, []talkdesk.Found) {
		a, found := of(q, asHoped)
		if q.Kind == Create {
			a.CaseID = "C1"
		}
		return a, found
	}},
	{name: "the id of an earlier run's case is given", rows: 2, known: true, answer: func(n int, q Request, now Instant) (talkdesk.Answer, []talkdesk.Found) {
		a, found := of(q, asHoped)
		if q.Kind == Create && n == 1 {
			a.CaseID = "K1"
		}
		return a, found
	}},
	{name: "a key that the server alters", rows: 3, row: func(i int, r *Row) { r.Key = "é" + r.Key }, answer: func(n int, q Request, now Instant) (talkdesk.Answer, []talkdesk.Found) {
		a, found := of(q, asHoped)
		if q.Kind == Create && n == 1 {
			return of(q, lost)
		}
		if q.Kind == Create && n == 2 {
			a.Key, a.KeyShown = "eK2", true
		}
		return a, found
	}},

	{name: "one that was found among the first", rows: 1, known: true, answer: func(n int, q Request, now Instant) (talkdesk.Answer, []talkdesk.Found) {
		switch {
		case q.Kind == LookUp:
			return answers[truthNow], []talkdesk.Found{{ID: "8", Title: "t"}}
		case q.Kind == Create:
			return of(q, lost)
		}
		return of(q, asHoped)
	}},
	{name: "a search that is asked and does not answer", rows: 1, known: true, answer: both(Create, []answer{lost}, Canary, []answer{interrupted, interrupted})},
	{name: "a settle delay of nearly nothing", rows: 1, known: true, answer: missing(5), config: func(c *Config) { c.Settle = 100 * time.Millisecond }},
	{name: "a wait that is too short to be told", rows: 1, answer: first(Create, lost), config: func(c *Config) { c.Settle = 300 * time.Millisecond }},
	{name: "a wait that is just too short to be told", rows: 1, answer: first(Create, lost), config: func(c *Config) { c.Settle = 500 * time.Millisecond }},
	{name: "look-ups renew their token and then fail", rows: 1, known: true, answer: both(Create, []answer{lost}, LookUp, append(times(renewed, 1), times(interrupted, 90)...))},
	{name: "look-ups fail far apart", rows: 1, known: true, answer: both(Create, []answer{lost}, LookUp, times(interrupted, 9)), config: func(c *Config) { c.Backoff = func(n int) time.Duration { return time.Duration(n) * 40 * sec } }},
	{name: "look-ups while a person stops", rows: 2, known: true, took: 2 * sec, answer: both(Create, []answer{lost}, LookUp, []answer{interrupted}), stopAt: 40 * sec, slow: func(q Request) Instant {
		if q.Kind == LookUp {
			return 60 * sec
		}
		return 0
	}},
	{name: "a look-up ends an outage", rows: 4, answer: func(n int, q Request, now Instant) (talkdesk.Answer, []talkdesk.Found) {
		if q.Kind == Create && n == 1 {
			return of(q, lost)
		}
		return until(9*sec, noConnection, Create, Probe)(n, q, now)
	}, watch: true, config: func(c *Config) { c.Patience = hour }},
	{name: "a read of a case ends an outage", rows: 3, row: resumed, took: sec, config: func(c *Config) { c.Updates = true }, answer: until(9*sec, noConnection)},
	{name: "a key turns out to be altered while it is looked up", rows: 3, took: sec, config: func(c *Config) { c.Workers = 2 }, row: func(i int, r *Row) {
		if i != 1 {
			r.Key = "é" + r.Key
		}
	}, slow: func(q Request) Instant {
		switch {
		case q.Kind == LookUp:
			return 9 * sec
		case q.Kind == Create && q.Row.Number == 3:
			return 8 * sec
		}
		return 0
	}, answer: func(n int, q Request, now Instant) (talkdesk.Answer, []talkdesk.Found) {
		a, found := of(q, asHoped)
		switch {
		case q.Kind == Create && q.Row.Number == 1:
			return of(q, lost)
		case q.Kind == Create && q.Row.Number == 3:
			a.Key, a.KeyShown = "eK3", true
		}
		return a, found
	}},
	{name: "refused beside an id that is given twice", rows: 3, config: func(c *Config) { c.MaxRefused = 1 }, answer: func(n int, q Request, now Instant) (talkdesk.Answer, []talkdesk.Found) {
		a, found := of(q, asHoped)
		if q.Kind == Create {
			a.CaseID = "C1"
		}
		if q.Kind == Create && n == 3 {
			return of(q, rejected)
		}
		return a, found
	}},
	{name: "rows that are in the list", rows: 4, known: true, past: doubtful(1), answer: always(asHoped), config: func(c *Config) { c.Updates, c.Limit = true, 3 }, row: func(i int, r *Row) {
		if i == 2 {
			updated(i, r)
		}
	}, listed: func(r *Row) []talkdesk.Found {
		return []talkdesk.Found{{ID: fmt.Sprint("L", r.Number), Title: map[bool]string{true: "other", false: "t"}[r.Number == 2]}}
	}},
	{name: "rows that come when their doubts are settled", past: doubtful(3), rows: 4, readAt: 10 * sec, watch: true, config: func(c *Config) { c.Limit = 2 }, answer: always(asHoped), row: func(i int, r *Row) {
		if i == 0 {
			r.Body, r.Fault = nil, "not valid any more"
		}
	}},
	{name: "rows that come while their doubts wait", past: doubtful(3), rows: 5, readAt: 3*sec + 1, watch: true, config: func(c *Config) { c.Limit = 4 }, answer: always(asHoped)},
	{name: "edited rows that are sent again, and lost again", past: doubtful(1), rows: 1, known: true, config: func(c *Config) { c.Resend = true }, answer: func(n int, q Request, now Instant) (talkdesk.Answer, []talkdesk.Found) {
		switch {
		case q.Kind == LookUp && n == 1:
			return of(q, refusedRead)
		case q.Kind == LookUp:
			return answers[truthNow], []talkdesk.Found{{ID: "8", Title: "t"}}
		case q.Kind == Create:
			return of(q, lost)
		}
		return of(q, asHoped)
	}},
	{name: "rows that come when their cases were found", past: doubtful(3), rows: 4, readAt: 10 * sec, watch: true, config: func(c *Config) { c.Updates, c.Limit = true, 3 }, row: func(i int, r *Row) {
		if i != 1 {
			updated(i, r)
		}
		if i == 2 {
			r.Body, r.Fault = nil, "not valid any more"
		}
	}, answer: func(n int, q Request, now Instant) (talkdesk.Answer, []talkdesk.Found) {
		if q.Kind == LookUp {
			return answers[truthNow], []talkdesk.Found{{ID: fmt.Sprint("L", q.Row.Number), Title: "t"}}
		}
		return of(q, asHoped)
	}},
	{name: "rows that come before their cases are found", past: doubtful(2), rows: 2, watch: true, answer: func(n int, q Request, now Instant) (talkdesk.Answer, []talkdesk.Found) {
		if q.Kind == LookUp {
			return answers[truthNow], []talkdesk.Found{{ID: fmt.Sprint("L", q.Row.Number), Title: "t"}}
		}
		return of(q, asHoped)
	}},
	{name: "rows that come when the run has stopped", past: doubtful(3), rows: 4, readAt: 10 * sec, stopAt: 3 * sec, readOn: true, watch: true, answer: always(asHoped)},
	{name: "rows that come when they are settled and the run has stopped", past: doubtful(2), rows: 3, readAt: 9 * sec, stopAt: 9 * sec, readOn: true, watch: true, answer: always(asHoped)},
	{name: "rows that come when their look-ups were refused, and a person who resends", past: doubtful(2), rows: 2, readAt: 9 * sec, watch: true, config: func(c *Config) { c.Resend, c.Limit = true, 1 }, answer: until(8*sec, refusedRead)},
	{name: "rows whose cases are found, and that do not come", past: doubtful(2), rows: 1, readAt: 9 * sec, watch: true, row: func(i int, r *Row) { r.ID[0] = 9 }, answer: func(n int, q Request, now Instant) (talkdesk.Answer, []talkdesk.Found) {
		if q.Kind == LookUp {
			return answers[truthNow], []talkdesk.Found{{ID: fmt.Sprint("L", q.Row.Number), Title: "t"}}
		}
		return of(q, asHoped)
	}},
	{name: "rows that cannot be looked up, and a person who resends", past: doubtful(3), rows: 4, watch: true, config: func(c *Config) { c.Searchable, c.Resend, c.Limit = false, true, 3 }, row: func(i int, r *Row) {
		if i == 1 {
			r.Body, r.Fault = nil, "not valid any more"
		}
	}, answer: always(asHoped)},
	{name: "rows that cannot be looked up, of which one does not come", past: doubtful(3), rows: 2, watch: true, config: func(c *Config) { c.Searchable = false }, answer: always(asHoped)},
	{name: "rows that cannot be looked up, and a person stops", past: doubtful(3), rows: 3, readAt: 9 * sec, stopAt: 3 * sec, readOn: true, watch: true, config: func(c *Config) { c.Searchable = false }, answer: always(asHoped)},

	// The disk.
	{name: "the first claim cannot be written", rows: 5, broken: 1, answer: always(asHoped), watch: true},
	{name: "the second claim cannot be written", rows: 5, took: sec, broken: 2, answer: always(asHoped), watch: true},
	{name: "a claim cannot be written while updates wait", rows: 5, row: updated, took: sec, broken: 3, answer: always(asHoped), config: func(c *Config) { c.Updates = true }},

	// More refusals.
	{name: "a refusal after two hundred rows", rows: 205, brief: true, answer: func(n int, q Request, now Instant) (talkdesk.Answer, []talkdesk.Found) {
		if q.Kind == Create && n > 202 {
			return of(q, rejected)
		}
		return of(q, asHoped)
	}},
	{name: "alike, and too large a share", rows: 230, brief: true, config: func(c *Config) { c.MaxRefusedShare = 0.05 }, answer: func(n int, q Request, now Instant) (talkdesk.Answer, []talkdesk.Found) {
		if q.Kind == Create && n > 200 {
			return of(q, rejected)
		}
		return of(q, asHoped)
	}},
	{name: "the same refusal of the last rows, and one of them again", rows: 22, brief: true, took: sec / 10, answer: first(Create, append(times(asHoped, 2), times(rejected, 21)...)...)},
	{name: "the same refusal of the last rows, and it is gone", rows: 22, brief: true, took: sec / 10, answer: first(Create, append(times(asHoped, 2), times(rejected, 20)...)...)},
	{name: "alike, and one that left before them is created", rows: 26, brief: true, took: sec / 10, config: func(c *Config) { c.Workers = 2 }, slow: func(q Request) Instant {
		if q.Kind == Create && q.Row.Number == 3 {
			return sec
		}
		return 0
	}, answer: func(n int, q Request, now Instant) (talkdesk.Answer, []talkdesk.Found) {
		if q.Kind == Create && q.Row.Number > 3 && now < 3*sec {
			return of(q, rejected)
		}
		return of(q, asHoped)
	}},
	{name: "pages for longer than is waited, on the way", rows: 16, took: 2 * sec, answer: func(n int, q Request, now Instant) (talkdesk.Answer, []talkdesk.Found) {
		if q.Kind == Create && n > 3 {
			return of(q, page)
		}
		return of(q, asHoped)
	}, brief: true},

	// Questions, updates and the end.
	{name: "a question", ask: &Question{Key: "K"}, took: sec, answer: first(Asked, throttled, noConnection, renewed)},
	{name: "a question, and a person stops", ask: &Question{Key: "K"}, answer: always(noConnection), stopAt: 9 * sec},
	{name: "a lost update", rows: 2, row: updated, took: sec, answer: first(Update, lost, lostDown), config: func(c *Config) { c.Updates = true }},
	{name: "an update that is lost each time", rows: 2, row: updated, took: sec, answer: first(Update, times(lost, 3)...), config: func(c *Config) { c.Updates = true }},
	{name: "a lost update, then refused", rows: 1, row: updated, answer: first(Update, lost, rejected, rejected), config: func(c *Config) { c.Updates = true }},
	{name: "a note whose update is lost", rows: 1, took: sec, row: func(i int, r *Row) { updated(i, r); r.Update.Notes = make([]talkdesk.SetNote, 1) }, answer: first(Update, lost), config: func(c *Config) { c.Updates = true }},
	{name: "cases that an earlier run has made", rows: 3, note: "people have changed it", row: resumed, took: sec, answer: first(Compare, throttled, asHoped, denied), config: func(c *Config) { c.Updates = true }},
	{name: "a person stops while updates wait", rows: 6, row: updated, took: 3 * sec, answer: always(asHoped), stopAt: 8 * sec, config: func(c *Config) { c.Updates, c.Workers = true, 2 }},
	{name: "updates are given up some time after a stop", rows: 4, row: resumed, took: 6 * sec, stopAt: 50 * sec, answer: always(asHoped), config: func(c *Config) { c.Updates = true }, slow: func(q Request) Instant {
		if q.Kind == Update {
			return 2 * sec
		}
		return 0
	}},
	{name: "notes of an earlier run that may yet arrive", rows: 4, took: sec, config: func(c *Config) { c.Updates = true }, had: func(i int) Had {
		return []Had{{Torn: true}, {Known: true}, {Known: true, Torn: true, Since: -3 * sec}, {Torn: true}}[i]
	}, row: func(i int, r *Row) {
		resumed(i, r)
		if i < 3 {
			r.Update.Notes = make([]talkdesk.SetNote, 1)
		}
	}, answer: always(asHoped)},
	{name: "a limit of updates", rows: 4, row: resumed, config: func(c *Config) { c.Updates, c.Limit = true, 3 }, answer: always(asHoped)},
	{name: "a read of a case, and a person stops", rows: 2, row: resumed, took: 5 * sec, stopAt: 2 * sec, answer: first(Compare, interrupted), config: func(c *Config) { c.Updates = true }},
	{name: "a refused update of a case that cannot be read", rows: 1, row: updated, answer: both(Update, []answer{lost, rejected}, Compare, []answer{refusedRead}), config: func(c *Config) { c.Updates = true }},
	{name: "a limit", rows: 4, config: func(c *Config) { c.Limit = 2 }, answer: always(asHoped)},
	{name: "a wrong address", rows: 2, answer: always(wrongAddress)},
	{name: "a wrong address, on the way", rows: 3, answer: first(Create, asHoped, wrongAddress)},
	{name: "a token that is refused again and again", rows: 2, answer: first(Create, times(renewed, 6)...)},
}

func TestToldRuns(t *testing.T) {
	path := filepath.Join("testdata", "told.txt")
	if *rewrite {
		var all strings.Builder
		for _, s := range allTold {
			fmt.Fprintf(&all, "# %s\n%s\n", s.name, s.tell())
		}
		if err := os.WriteFile(path, []byte(all.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, part := range strings.Split(string(text), "# ")[1:] {
		name, body, _ := strings.Cut(part, "\n")
		want[name] = strings.TrimSuffix(body, "\n")
	}
	if len(want) != len(allTold) {
		t.Errorf("%d runs, %d of them in %s", len(allTold), len(want), path)
	}
	for _, s := range allTold {
		if got := s.tell(); got != want[s.name] {
			t.Errorf("%s: told otherwise than in %s:\n%s", s.name, path, got)
		}
	}
}
