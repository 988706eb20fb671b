package lifecycle

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"caseimport/importer/journal"
	"caseimport/importer/talkdesk"
)

// The world around the machine, as small as can be: a few rows, a disk, a
// server with a search, a clock, and a person. It is pure. Whatever may happen
// next in it is an event (events), and what comes of one is the same each time
// (do), so that explore can try every order of events, and tell the story of
// one that ends badly.
//
// What is bounded is only how often something may go wrong on one path: faults,
// signals, kills, slowness. What is checked is never bounded.
//
// Read on in disk_test.go (the journal, and what a crash leaves of it),
// events_test.go (what may happen), invariants_test.go (what must hold),
// copy_test.go (copies and keys of states), explore_test.go (every order),
// story_test.go (how a counterexample is told), worlds_test.go and forms_test.go
// (which worlds, and how far), and rules_test.go (what comes of a rule that is
// turned off).

const (
	maxRows = 7
	maxRuns = 9
	known   = maxRows - 1 // the row of the case that an earlier import has made
	tick    = 10 * time.Millisecond
	settle  = 4 * tick
	rounds  = 2 // attempts of a row
	maxIdle = 6 // how often time passes in a run while its input is waited for
)

var names = [maxRows]string{"A", "B", "C", "D", "E", "F", "K"}

// scenario is what is so in one world, and what may happen in it.
type scenario struct {
	name    string
	rows    int
	workers int
	// lag is how long the search takes to show a case. It must not be longer
	// than the machine's guess, lagGuess times the settle delay.
	lag      Instant
	patience Instant // 0: far longer than all waits
	known    bool    // an earlier import has made a case
	old      bool    // long ago; else just now
	eager    bool    // the input never keeps the run waiting
	// unsearchable: the mapping names no field by which cases could be found.
	unsearchable bool
	lookFirst    bool // every row is looked up before it is sent (--adopt)
	listed       bool // the same, by the whole list of cases
	foreign      bool // row A has a case of which the journal has never heard
	otherTitle   bool // and it has another title
	invalid      bool // row A cannot be sent as it stands from the second run on
	// mappings says, run by run, which custom field the mapping names: a letter,
	// or - for none; later runs are as the last. "": the same field always.
	mappings string
	alters   rowSet // the server stores the keys of these rows as others
	// search is how the server answers look-ups: 0 truly; see searches.
	search     search
	limit      int
	maxRefused int
	question   bool // the caller wants a read for itself
	// updates are rows that are to be updated once they have their case; those in
	// notes add a note, which must not be added twice.
	updates, notes rowSet
	// child is read again when all others are done, and is sent if row A, its
	// parent, has its case.
	child bool
	locks bool // an updated case refuses every further update
	// parents are rows whose update names a parent, which the server refuses for
	// that in as many runs as noParents.
	parents   rowSet
	noParents int
	// edits are rows that change after the first run, and are updated since a
	// person says --update.
	edits rowSet

	runs   int  // how often the command is run
	resend bool // a person may say --resend-unknown from the second run on
	kills  int  // how often the process dies
	stops  int  // how often a person asks it to stop
	breaks int  // how often the disk fails
	faults int  // how many answers are not as hoped for
	slow   int  // how often time passes although there is something to do
	// creates and reads are the answers that count as faults, one of each.
	creates, reads, changes []answer

	// Switches that turn off what is to be shown to be needed.
	durableEarly bool    // claims are called durable before they are synced
	noSettle     bool    // the machine does not wait for requests to arrive
	ageless      bool    // rows of earlier runs are taken for rows whose request has long arrived
	nobodyLooks  bool    // look-ups of rows are answered "absent" without a look
	unexplained  bool    // a refusal is never said to be for the parent
	tardy        Instant // how much longer than the settle delay a request takes at most
	hooks        hooks
	// only is the one invariant that counts, "" if all do.
	only invariant
}

// world is one state of a scenario.
type world struct {
	*scenario
	now Instant // of this run

	// The process.
	m        *Machine
	rows     [maxRows]*Row // as the machine knows them
	queue    []Action      // waits for the claim at its head to be durable
	flights  []flight      // requests that await their answer
	question *Question
	replies  int8
	nextRow  int
	idle     int // how often time has passed while the input was waited for
	resends  bool

	disk disk

	// The server.
	cases    []storedCase
	late     []lateCreate
	sent     [maxRows]int8 // create requests that have left
	asks     [maxRows]int8 // updates that have left
	lostAsks [maxRows]int8 // of these, those of whose answer nothing is known
	orphaned [maxRows]int8 // updates of this run that named a parent and were refused
	had      [maxRows]word // what the journal knew of a case when its row was read
	waits    bool          // the child has been read, and waits for the others
	orphan   bool          // its parent has no case

	// What is true of the rows, to be compared with what is said of them.
	doubt [maxRows]bool // a request was given up, and nothing was proved since
	// excused rows were believed to have no case before anybody could know that
	// the server alters their keys: that is not promised.
	excused rowSet
	told    [maxRows]int8 // how often this run has said what became of it

	run                                int
	kills, stops, breaks, faults, slow int

	wrong     string // the invariant that does not hold
	invariant invariant
	lines     *[]string // the story so far, nil if it is not told
}

// flight is a request under way.
type flight struct {
	q     Request
	seq   int8 // which create of its row it is
	asked bool // it is sent because a person said --resend-unknown
	seen  int  // the cases that the search showed when it left
}

// storedCase is a case at the server.
type storedCase struct {
	row, seq int8
	asked    bool
	field    int8 // the custom field that carries its key
	at       Instant
	updated  int8 // how often
	version  int8 // of its row that it holds
	parent   bool
}

// lateCreate is a request that was given up and may be stored before until.
type lateCreate struct {
	row, seq int8
	asked    bool
	field    int8
	until    Instant
	update   *talkdesk.Update // of that case, instead; never changed
	version  int8             // of the row that it carries
}

func caseID(row, seq int8) string { return fmt.Sprintf("%s%d", names[row], seq) }

// search is a way in which look-ups are answered.
type search int8

const (
	truly search = iota
	unfiltered
	hiding
)

// key is the key of a row. What the server alters is not ASCII.
func (w *world) key(i int) string {
	if w.alters.has(i) {
		return "é" + names[i]
	}
	return names[i]
}

// field is which custom field the mapping names in a run: 0 if always the same, -1
// if none.
func (w *world) field(run int) int8 {
	switch {
	case w.mappings == "":
		return 0
	case w.mappings[min(run, len(w.mappings))-1] == '-':
		return -1
	}
	return int8(w.mappings[min(run, len(w.mappings))-1])
}

func parseID(id string) (row, seq int8) {
	n, _ := strconv.Atoi(id[1:])
	return int8(slices.Index(names[:], id[:1])), int8(n)
}

func newWorld(s *scenario) *world {
	w := &world{scenario: s, kills: s.kills, stops: s.stops, breaks: s.breaks, faults: s.faults, slow: s.slow}
	if s.known {
		w.sent[known] = 1
		w.disk.rows[known] = word{state: journal.Created, seq: 1}
		w.disk.newest = newest{known, 1, w.field(1)}
		k := storedCase{row: known, seq: 1, field: w.field(1)}
		if s.old {
			k.at = -time.Hour
		}
		w.cases = append(w.cases, k)
	}
	if s.foreign {
		w.sent[0] = 1
		w.cases = append(w.cases, storedCase{row: 0, seq: 1, field: w.field(1), at: -time.Hour})
	}
	w.start(false)
	return w
}

// tell adds a line to the story.
func (w *world) tell(format string, args ...any) {
	if w.lines != nil {
		*w.lines = append(*w.lines, fmt.Sprintf(format, args...))
	}
}

// start begins the next run with what the disk holds.
func (w *world) start(resend bool) {
	w.rebase()
	w.run++
	cfg := Config{Workers: w.workers, MaxAttempts: rounds, Settle: settle, Patience: w.patience, Limit: w.limit,
		MaxRefused: w.maxRefused, Updates: w.updates|w.edits != 0, Searchable: !w.unsearchable && w.field(w.run) >= 0, Resend: resend, Lag: w.disk.lag,
		Backoff: func(n int) time.Duration { return Instant(n) * tick }, hooks: w.hooks}
	if w.noSettle {
		cfg.Settle = 0
	}
	if w.patience == 0 {
		cfg.Patience = time.Hour
	}
	if n := w.disk.newest; n.seq != 0 && n.field == w.field(w.run) {
		cfg.Known = Case{Key: w.key(int(n.row)), ID: caseID(n.row, n.seq)}
		cfg.Alone = w.lookFirst
		if run := w.disk.madeBy(); run >= 0 {
			cfg.Spare, cfg.Seen = -w.disk.sent, w.disk.seen
			for k := run; k < w.run; k++ {
				cfg.Spare += w.disk.lived[k]
			}
			cfg.Spare = max(0, cfg.Spare)
		}
		for i := range w.scenario.rows {
			cfg.Alone = cfg.Alone || w.disk.rows[i].state.InDoubt() && int(w.disk.rows[i].run) > w.disk.madeBy()
		}
	}
	if w.disk.altered {
		cfg.Altered = []journal.Altered{{Key: "éA", Made: "eA"}}
	}
	w.m, w.resends = New(cfg), resend
	w.rows, w.queue, w.flights, w.nextRow, w.idle = [maxRows]*Row{}, nil, nil, 0, 0
	w.question, w.replies = nil, 0
	w.told = [maxRows]int8{}
	w.waits, w.orphan = false, false
	w.orphaned = [maxRows]int8{}
	w.had = [maxRows]word{}
	flag := ""
	if resend {
		flag = " with --resend-unknown"
	}
	w.tell("run %d begins%s", w.run, flag)
	for i := range w.scenario.rows {
		state := w.disk.rows[i].state
		if !state.InDoubt() && !state.HasCase() && w.mayHaveCase(i) && !w.lookFirst && !w.foreign && !w.excused.has(i) {
			w.fail(nothingLost, "row %s may have a case, and the journal does not know it", names[i])
		}
		w.doubt[i] = state.InDoubt()
		if state.InDoubt() {
			age := w.disk.age(i, w.run)
			if w.ageless {
				age = settle
			}
			w.tell("row %s is in doubt since an earlier run", names[i])
			w.m.Inherit(Past{Claim: w.claim(i, w.disk.rows[i].version), Since: -age, Lost: !w.disk.rows[i].findable(w.field(w.run))})
			w.rows[i] = w.m.past[rowID(i)]
		}
	}
	if w.scenario.question {
		w.question = &Question{Key: "?"}
		w.m.Ask(0, w.question)
	}
	w.follow()
}

// rebase makes now the moment 0.
func (w *world) rebase() {
	for i := range w.cases {
		w.cases[i].at -= w.now
	}
	for i := range w.late {
		w.late[i].until -= w.now
	}
	w.now = 0
}

func rowID(i int) journal.ID { return journal.ID{0: byte(i)} }

func (w *world) claim(i int, version int8) journal.Claim {
	return journal.Claim{ID: rowID(i), Number: i + 1, Key: w.key(i), Title: "title " + names[i], Sum: [8]byte{byte(version)}}
}

// version is that of a row in this run.
func (w *world) version(i int) int8 {
	if w.edits.has(i) && w.run > 1 {
		return 2
	}
	return 1
}

// over reports whether the run has come to its end.
func (w *world) over() bool { return w.m.Over() && len(w.queue) == 0 }

// follow does what the caller does after every event: it carries out actions in
// their order, and calls Tick when it is due.
func (w *world) follow() {
	w.carryOutAll()
	w.m.Ready(w.now)
	for n := 0; w.m.Wake(w.now) <= w.now && !w.m.Over(); n++ {
		if n == 3 {
			w.fail(runEnds, "the caller spins: whatever it does, Wake is not later than now")
			break
		}
		w.m.Tick(w.now)
		w.carryOutAll()
		w.m.Ready(w.now)
	}
}

// carryOutAll carries actions out. Only a claim takes time.
func (w *world) carryOutAll() {
	for {
		for _, a := range w.m.Actions() {
			w.heard(a)
			w.queue = append(w.queue, a)
		}
		if len(w.queue) == 0 {
			break
		}
		a := w.queue[0]
		if _, ok := a.(Claim); ok && !w.disk.broken && !w.durableEarly {
			break
		}
		w.queue = slices.Delete(w.queue, 0, 1)
		w.carryOut(a)
	}
	if len(w.queue) == 0 {
		w.queue = nil
	}
}

func (w *world) carryOut(a Action) {
	switch a := a.(type) {
	case Claim:
		if w.disk.broken {
			w.breakClaim(a)
			return
		}
		w.disk.add(w.claimLine(a)) // durableEarly: the sync comes later, or never
		w.m.Durable(w.now, a.Rows)
	case Record:
		state := map[State]journal.State{Created: journal.Incomplete, Done: journal.Created, Incomplete: journal.Incomplete, Failed: journal.Failed, Unknown: journal.Unknown}[a.State]
		l := line{kind: 'O', rows: 1 << a.Row.ID[0], word: word{state: state}}
		if state.HasCase() {
			_, l.word.seq = parseID(a.CaseID)
			l.word.sent = a.Sent
			l.word.field = w.field(w.run)
			l.word.version, l.word.holds = w.remember(a)
			l.altered = w.alters.has(int(a.Row.ID[0]))
		}
		w.disk.add(l)
	case Release:
		l := line{kind: 'R', word: word{state: journal.Released}}
		for _, id := range a.IDs {
			l.rows |= 1 << id[0]
		}
		w.disk.add(l)
	case NoteLag:
		w.disk.add(line{kind: 'L', lag: a.Lag})
	case NoteSeen:
		w.disk.add(line{kind: 'S', lag: a.Lived})
	case NoteAltered:
		w.disk.add(line{kind: 'K'})
		w.disk.sync()
	}
}

// remember is what the journal notes of a row that has its case: the row's version,
// and that which its case holds, each 0 if that is not known.
func (w *world) remember(a Record) (version, holds int8) {
	i := int(a.Row.ID[0])
	switch version = int8(a.Held[0]); {
	case a.State != Done && w.had[i].version > 0:
		return w.had[i].version, w.had[i].holds
	case a.Ref == nil || version != w.version(i):
		return version, 0 // the row as it was is not there to be described
	}
	return version, version
}

// breakClaim says that a claim may be on the disk or not.
func (w *world) breakClaim(c Claim) {
	for _, r := range c.Rows {
		w.doubt[r.ID[0]] = true
	}
	w.m.Broken(w.now, c.Rows, diskFails)
}

var diskFails = Stop{Exit: 4, Reason: "disk full"}

func (w *world) claimLine(c Claim) line {
	l := line{kind: 'C', word: word{state: journal.Claimed, run: int8(w.run), field: w.field(w.run)}}
	for _, r := range c.Rows {
		l.rows |= 1 << r.ID[0]
		l.versions[r.ID[0]] = w.version(int(r.ID[0]))
	}
	return l
}

func (w *world) claimed(c Claim) string {
	var rows []string
	for _, r := range c.Rows {
		rows = append(rows, names[r.ID[0]])
	}
	return strings.Join(rows, ", ")
}

// shown returns the cases that the search shows now, one bit each.
func (w *world) shown() (set int) {
	for i, c := range w.cases {
		if c.at+w.lag <= w.now {
			set |= 1 << i
		}
	}
	return set
}

// found is what the search says of a key, showing the cases of set.
func (w *world) found(key string, set int) (found []talkdesk.Found) {
	for i, c := range w.cases {
		if set&(1<<i) != 0 && w.key(int(c.row)) == key && !w.alters.has(int(c.row)) && c.field == w.field(w.run) {
			title := "title " + names[c.row]
			if w.otherTitle && c.seq == 1 {
				title = "another title"
			}
			found = append(found, talkdesk.Found{ID: caseID(c.row, c.seq), Title: title, Key: key})
		}
	}
	return found
}

func (w *world) store(row, seq int8, asked bool, field, version int8) {
	w.cases = append(w.cases, storedCase{row, seq, asked, field, w.now, 0, version, false})
}

// mayHaveCase reports whether a row has a case, or a request that can still make
// one.
func (w *world) mayHaveCase(i int) bool {
	return slices.ContainsFunc(w.cases, func(c storedCase) bool { return int(c.row) == i }) ||
		slices.ContainsFunc(w.late, func(l lateCreate) bool { return int(l.row) == i && l.update == nil }) ||
		slices.ContainsFunc(w.flights, func(f flight) bool { return f.q.Kind == Create && int(f.q.Row.ID[0]) == i })
}

// clone returns a copy of the world that shares nothing which changes.
func (w *world) clone() *world {
	n := *w
	c := copier{}
	n.m = c.machine(w.m)
	for i, r := range w.rows {
		n.rows[i] = c.row(r)
	}
	if len(w.queue) > 0 {
		n.queue = make([]Action, len(w.queue))
		for i, a := range w.queue {
			n.queue[i] = c.action(a)
		}
	}
	n.flights = slices.Clone(w.flights)
	for i := range n.flights {
		n.flights[i].q = c.request(n.flights[i].q)
	}
	n.question = c.question(w.question)
	n.disk.tail = slices.Clone(w.disk.tail)
	n.cases = slices.Clone(w.cases)
	n.late = slices.Clone(w.late)
	return &n
}
