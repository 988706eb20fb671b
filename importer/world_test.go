package importer

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"caseimport/importer/check"
	"caseimport/importer/journal"
	"caseimport/importer/related"
	"caseimport/importer/results"
	"caseimport/importer/source"
	"caseimport/importer/talkdesk"
	"caseimport/mapping"
	"caseimport/ratelimit"
)

// server is a Case API in memory, in the time of the test's bubble.
type server struct {
	latency time.Duration
	lag     time.Duration // until the search shows a case
	// fate decides on a create request, by its number from 0.
	fate func(n int) fate
	// read decides on a look-up or probe; nil: all are answered.
	read func() (talkdesk.Answer, bool)
	// alter is what the server makes of a key that it stores.
	alter func(key string) string
	// named is the id that it gives a case, by its number from 1; nil: that number.
	named func(n int) string
	// fields decides on a read of the case fields; nil: there are none.
	fields func(n int) (talkdesk.FieldsPage, talkdesk.Answer)
	asked  int // for the case fields

	// fateOfUpdate decides on an update, by its number from 0.
	fateOfUpdate func(n int) fate
	alike        func(title string) bool // these are refused in the same words
	locks        bool                    // a resolved case takes no update
	noParents    bool                    // an update takes no parent
	noAgents     bool                    // the scope to read the agents is missing

	mu       sync.Mutex
	cases    []stored
	creates  int
	updates  int
	renewals int
	inFlight int
	peak     int
}

type stored struct {
	id, key, title, body string
	fields               map[string]string
	shown                time.Time
	answered             bool // the client was told
	// What updates have set, how many there were, and when the last one was.
	set     map[string]string
	notes   []talkdesk.SetNote
	updates int
	updated time.Time
}

// fate is what happens to one create request.
type fate struct {
	answer talkdesk.Answer // used if the verdict is not Created
	stored bool
	late   time.Duration // stored this long after the client gave up
}

var (
	taken     = fate{answer: talkdesk.Answer{Verdict: talkdesk.OK, Status: 201}, stored: true}
	cutBefore = fate{answer: talkdesk.Answer{Code: "connection lost", Message: "connection lost", Down: true}}
	cutAfter  = fate{answer: talkdesk.Answer{Code: "connection lost", Message: "connection lost", Down: true}, stored: true}
	broken    = fate{answer: talkdesk.Answer{Status: 201, Code: "no id", Message: "201 without an id"}, stored: true}
	refusedBy = fate{answer: talkdesk.Answer{Verdict: talkdesk.Rejected, Status: 400, Code: "bad", Message: "no", APIForm: true}}
	throttle  = fate{answer: talkdesk.Answer{Verdict: talkdesk.NotTaken, Status: 429, Throttled: true}}
	unreached = fate{answer: talkdesk.Answer{Verdict: talkdesk.NotTaken, Code: "no connection", Message: "connection refused", Down: true}}
)

func lateBy(d time.Duration) fate {
	return fate{answer: talkdesk.Answer{Code: "timeout", Message: "no answer", Down: true}, late: d}
}

func (s *server) begin() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight++
	s.peak = max(s.peak, s.inFlight)
	return
}

func (s *server) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight--
}

func (s *server) Create(ctx context.Context, body []byte, field string) talkdesk.Answer {
	s.begin()
	defer s.end()
	s.mu.Lock()
	n := s.creates
	s.creates++
	s.mu.Unlock()
	f := taken
	if s.fate != nil {
		f = s.fate(n)
	}
	if s.alike != nil {
		var c struct{ Title string }
		if json.Unmarshal(body, &c) == nil && s.alike(c.Title) {
			f = fate{answer: talkdesk.Answer{Verdict: talkdesk.Rejected, Status: 400, Code: "bad", Message: "not acceptable"}}
		}
	}
	if sleep(ctx, s.latency) != nil {
		if f.stored {
			s.store(body)
		}
		return talkdesk.Answer{Code: "interrupted", Message: "interrupted"}
	}
	if f.late > 0 {
		time.AfterFunc(f.late, func() { s.store(body) })
	}
	a := f.answer
	if f.stored {
		at := s.store(body)
		if a.Verdict == talkdesk.OK {
			s.mu.Lock()
			a.CaseID, a.CaseStatus = s.cases[at].id, "NEW"
			if strings.Contains(s.cases[at].body, `"owner_id"`) {
				a.CaseStatus = "OPEN"
			}
			a.Key, a.KeyShown = s.cases[at].fields[field]
			s.cases[at].answered = true
			s.mu.Unlock()
		}
	}
	return a
}

// store makes a case and returns its place.
func (s *server) store(body []byte) int {
	var c struct {
		Title  string            `json:"title"`
		Fields map[string]string `json:"custom_fields"`
	}
	if err := json.Unmarshal(body, &c); err != nil {
		panic(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id, key := strconv.Itoa(len(s.cases)+1), ""
	if s.named != nil {
		id = s.named(len(s.cases) + 1)
	}
	for name, text := range c.Fields {
		if strings.HasPrefix(name, "text") { // the only one
			key = text
		}
		if s.alter != nil {
			c.Fields[name] = s.alter(text)
		}
	}
	s.cases = append(s.cases, stored{id: id, key: key, title: c.Title, body: string(body), fields: c.Fields, shown: time.Now().Add(s.lag)})
	return len(s.cases) - 1
}

// Read gives a page of the list, or of the cases with a key.
func (s *server) Read(ctx context.Context, q talkdesk.Query) (talkdesk.Page, talkdesk.Answer) {
	s.begin()
	defer s.end()
	if s.read != nil {
		if a, bad := s.read(); bad {
			sleep(ctx, s.latency)
			return talkdesk.Page{Total: -1}, a
		}
	}
	s.mu.Lock()
	var all []talkdesk.Found
	for _, c := range s.cases {
		if key := c.fields[q.Field]; (q.Key == "" || key == q.Key) && !time.Now().Before(c.shown) {
			all = append(all, talkdesk.Found{ID: c.id, Title: c.title, Key: key, Shown: true})
		}
	}
	s.mu.Unlock()
	sleep(ctx, s.latency)
	from := min(len(all), (q.Page-1)*talkdesk.PerPage)
	return talkdesk.Page{Cases: all[from:min(len(all), from+talkdesk.PerPage)], Total: len(all)}, talkdesk.Answer{Verdict: talkdesk.OK, Status: 200}
}

func (s *server) Probe(ctx context.Context) talkdesk.Answer {
	s.begin()
	defer s.end()
	sleep(ctx, s.latency)
	if s.read != nil {
		if a, bad := s.read(); bad {
			return a
		}
	}
	return talkdesk.Answer{Verdict: talkdesk.OK, Status: 200}
}

func (s *server) ReadFields(ctx context.Context, _ talkdesk.FieldsQuery) (talkdesk.FieldsPage, talkdesk.Answer) {
	s.begin()
	defer s.end()
	sleep(ctx, s.latency)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.fields == nil {
		return talkdesk.FieldsPage{}, talkdesk.Answer{Verdict: talkdesk.OK, Status: 200}
	}
	return s.fields(s.asked)
}

// agents are those of the account, by address.
var testAgents = map[string]string{"ann@example.com": "agent-ann", "bob@example.com": "agent-bob"}

func (s *server) Renew() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.renewals++
}

func (s *server) renewed() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.renewals
}

func (s *server) updatesAsked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.updates
}

func (s *server) ReadUsers(ctx context.Context, q talkdesk.UsersQuery) (page talkdesk.UsersPage, a talkdesk.Answer) {
	s.begin()
	defer s.end()
	sleep(ctx, s.latency)
	if s.noAgents {
		return page, talkdesk.Answer{Verdict: talkdesk.Halt, Status: 403, Denied: true, Message: "the credentials lack the scope users:read"}
	}
	for email, id := range testAgents {
		if q.Email == "" || q.Email == email {
			page.Agents = append(page.Agents, talkdesk.Agent{ID: id, Email: email, Active: true})
		}
	}
	page.Total = len(page.Agents)
	return page, talkdesk.Answer{Verdict: talkdesk.OK, Status: 200}
}

func (s *server) ReadCase(ctx context.Context, id string) (*talkdesk.Case, talkdesk.Answer) {
	s.begin()
	defer s.end()
	if s.read != nil {
		if a, bad := s.read(); bad {
			sleep(ctx, s.latency)
			return nil, a
		}
	}
	sleep(ctx, s.latency)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.cases {
		if c.id == id {
			got := &talkdesk.Case{ID: id, Members: map[string]string{"title": c.title, "status": "NEW"}, Fields: map[string]talkdesk.Value{}, NotesShown: true, UpdatedAt: c.updated}
			maps.Copy(got.Members, c.set)
			for key, text := range c.fields {
				got.Fields[key] = talkdesk.Value{Texts: []string{text}}
			}
			for _, n := range c.notes {
				got.Notes = append(got.Notes, talkdesk.Note{Title: n.Title, Body: n.Body, Public: strconv.FormatBool(n.Public)})
			}
			return got, talkdesk.Answer{Verdict: talkdesk.OK, Status: 200}
		}
	}
	return nil, talkdesk.Answer{Verdict: talkdesk.Absent, Status: 404, Message: "there is no case " + id}
}

func (s *server) Update(ctx context.Context, id string, u *talkdesk.Update) talkdesk.Answer {
	s.begin()
	defer s.end()
	s.mu.Lock()
	n := s.updates
	s.updates++
	s.mu.Unlock()
	f := fate{answer: talkdesk.Answer{Verdict: talkdesk.OK, Status: 200}, stored: true}
	if s.fateOfUpdate != nil {
		f = s.fateOfUpdate(n)
	}
	sleep(ctx, s.latency)
	if s.noParents && u.ParentID != "" {
		return talkdesk.Answer{Verdict: talkdesk.Rejected, Status: 400, Code: "bad", Message: "not valid", AboutParent: true, APIForm: true,
			Fields: []talkdesk.FieldError{{Name: "parent_id", Description: "unknown field"}}}
	}
	if f.late > 0 {
		time.AfterFunc(f.late, func() { s.update(id, u) })
	}
	if f.stored && !s.update(id, u) {
		return talkdesk.Answer{Verdict: talkdesk.Rejected, Status: 400, Code: "bad", Message: "the case is resolved", AboutLock: true, AboutParent: true}
	}
	if f.answer.Verdict == talkdesk.OK {
		f.answer.Updated = time.Now().Truncate(time.Second)
	}
	return f.answer
}

// update sets what an update says, and reports whether the case is not locked.
func (s *server) update(id string, u *talkdesk.Update) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.cases {
		c := &s.cases[i]
		if c.id != id {
			continue
		}
		if s.locks && c.set["status"] == "RESOLVED" && u.Status != "OPEN" {
			return false
		}
		if c.set == nil {
			c.set = map[string]string{}
		}
		for name, value := range map[string]string{"title": u.Title, "description": u.Description, "priority": u.Priority, "owner_id": u.OwnerID,
			"parent_id": u.ParentID, "type": u.Type, "group_id": u.GroupID, "status": u.Status, "resolution": u.Resolution} {
			if value != "" {
				c.set[name] = value
			}
		}
		for _, f := range u.CustomFields {
			c.fields[f.Key], _ = f.Value.(string)
		}
		c.notes = append(c.notes, u.Notes...)
		c.updated, c.updates = time.Now(), c.updates+1
		return true
	}
	return true
}

// counts returns how many cases each key has.
func (s *server) counts() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := map[string]int{}
	for _, c := range s.cases {
		n[c.key]++
	}
	return n
}

// titles returns how many cases each title has.
func (s *server) titles() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := map[string]int{}
	for _, c := range s.cases {
		n[c.title]++
	}
	return n
}

// doubles returns how many cases there are too many.
func (s *server) doubles() (n int) {
	for _, c := range s.counts() {
		n += c - 1
	}
	return n
}

// noDoubles sees that no row has two cases.
func (w *world) noDoubles() {
	w.t.Helper()
	if d := w.api.doubles(); d > 0 {
		w.t.Errorf("%d cases too many", d)
	}
}

// mix decides by chance: shares in percent, the rest is taken.
func mix(seed uint64, shares map[*fate]int) func(int) fate {
	var mu sync.Mutex
	rnd := rand.New(rand.NewPCG(seed, 0))
	keys := make([]*fate, 0, len(shares))
	for f := range shares {
		keys = append(keys, f)
	}
	slices.SortFunc(keys, func(a, b *fate) int { return strings.Compare(fmt.Sprint(*a), fmt.Sprint(*b)) })
	return func(int) fate {
		mu.Lock()
		defer mu.Unlock()
		at := rnd.IntN(100)
		for _, f := range keys {
			if at -= shares[f]; at < 0 {
				return *f
			}
		}
		return taken
	}
}

const keyed = `version: 1
key: {column: Id, custom_field: text_source_id}
where: 'row["Status"] != "spam"'
case:
  title: Subject
  description: Body
  requester_name: {const: Someone}
  priority: {column: Priority, values: {low: LOW, high: HIGH}}
`

const keyless = `version: 1
case:
  title: Subject
  description: Body
  requester_name: {const: Someone}
`

const header = "Id,Subject,Body,Status,Priority"

// line is a row of the input whose every cell follows from its number.
func line(n int) string { return fmt.Sprintf("T-%d,Subject %d,Body of %d,open,low", n, n, n) }

func linesOf(from, to int) (all []string) {
	for n := from; n <= to; n++ {
		all = append(all, line(n))
	}
	return all
}

// world is one account and one folder.
type world struct {
	t       *testing.T
	dir     string
	mapping string
	api     *server
	forgets bool // the results are lost between the runs, line by line
	// wrap, if set, puts something between the journal and its file.
	wrap   func(f *os.File, size int64) journal.File
	losing bool // the run loses what was not synced, if forgetful
	log    strings.Builder
	logMu  sync.Mutex
}

func newWorld(t *testing.T) *world {
	return &world{t: t, dir: t.TempDir(), mapping: keyed, api: &server{latency: 20 * time.Millisecond, lag: 100 * time.Millisecond}}
}

func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

func (w *world) write(name string, lines ...string) {
	w.t.Helper()
	if err := os.WriteFile(w.path(name), []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) read(name string) string {
	w.t.Helper()
	b, err := os.ReadFile(w.path(name))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(b)
}

func (w *world) has(name string) bool {
	_, err := os.Stat(w.path(name))
	return err == nil
}

// input writes an export of these rows.
func (w *world) input(name string, lines ...string) {
	w.t.Helper()
	w.write(name, append([]string{header}, lines...)...)
}

func (w *world) Write(p []byte) (int, error) {
	w.logMu.Lock()
	defer w.logMu.Unlock()
	return w.log.Write(p)
}

func (w *world) logged() string {
	w.logMu.Lock()
	defer w.logMu.Unlock()
	return w.log.String()
}

// run imports a file with the results in out.csv.
func (w *world) run(name string, change ...func(*Config)) (Summary, error) {
	w.t.Helper()
	return w.runCtx(context.Background(), name, change...)
}

// open reads a file and binds the mapping to it.
func (w *world) open(name string) (*source.Table, *mapping.Program) {
	w.t.Helper()
	table, err := source.Open(context.Background(), w.path(name), source.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	m, err := mapping.Parse("mapping.yaml", []byte(w.mapping), func(name string) ([]byte, error) { return os.ReadFile(w.path(name)) })
	if err != nil {
		w.t.Fatal(err)
	}
	program, err := m.CompileWith(table.Columns, results.ReportColumns(table.Columns).IsReport(), func(of mapping.SecondFile) (mapping.Related, error) {
		file, err := related.Open(context.Background(), w.path(of.Path), source.Options{Encoding: of.Encoding, Delimiter: of.Delimiter, Sheet: of.Sheet})
		if err == nil {
			w.t.Cleanup(func() { file.Close() })
		}
		return file, err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return table, program
}

// check judges a file without a request.
func (w *world) check(name string) check.Report {
	w.t.Helper()
	table, program := w.open(name)
	defer table.Close()
	report, err := check.Run(context.Background(), check.Config{Table: table, Program: program})
	if err != nil {
		w.t.Fatal(err)
	}
	return report
}

func (w *world) runCtx(ctx context.Context, name string, change ...func(*Config)) (Summary, error) {
	w.t.Helper()
	table, program := w.open(name)
	defer table.Close()
	cfg := Config{
		Table: table, Program: program, API: w.api, Limiter: ratelimit.New(0),
		Log: slog.New(slog.NewTextHandler(io.Writer(w), nil)), Progress: &Progress{},
		Input: w.path(name), Results: w.path("out.csv"), Account: "acme", BaseURL: "https://api.example",
		Concurrency: 4, MaxAttempts: 8, Settle: 30 * time.Second, OutagePatience: 10 * time.Minute,
		Drain: make(chan struct{}),
	}
	if w.wrap != nil {
		cfg.openJournal = w.openWrapped
	}
	for _, f := range change {
		f(&cfg)
	}
	sum, err := Run(ctx, cfg)
	total := sum.Created + sum.Already + sum.Failed + sum.Invalid + sum.Duplicate + sum.Unknown + sum.Incomplete + sum.Filtered + sum.Left
	if total != sum.Rows || sum.Left < 0 {
		w.t.Errorf("the summary does not add up: %+v", sum)
	}
	return sum, err
}

// after is a first signal that comes in d, or has come.
func after(d time.Duration) chan struct{} {
	drain := make(chan struct{})
	if d == 0 {
		close(drain)
	} else {
		time.AfterFunc(d, func() { close(drain) })
	}
	return drain
}

// must runs and demands the exit code.
func (w *world) must(exit int, name string, change ...func(*Config)) Summary {
	w.t.Helper()
	sum, err := w.run(name, change...)
	if sum.Exit != exit {
		w.t.Fatalf("exit %d, want %d: %v\n%+v\n%s", sum.Exit, exit, err, sum, w.logged())
	}
	return sum
}

// once demands that exactly these keys have exactly one case each.
func (w *world) once(keys ...string) {
	w.t.Helper()
	counts := w.api.counts()
	for _, k := range keys {
		if counts[k] != 1 {
			w.t.Errorf("%s has %d cases", k, counts[k])
		}
		delete(counts, k)
	}
	for k, n := range counts {
		w.t.Errorf("%s has %d cases and should have none", k, n)
	}
}

// onceByTitle demands the same of the rows from to to, by their titles: for cases
// that carry no key.
func (w *world) onceByTitle(from, to int) {
	w.t.Helper()
	titles := w.api.titles()
	for n := from; n <= to; n++ {
		if c := titles[fmt.Sprintf("Subject %d", n)]; c != 1 {
			w.t.Errorf("row T-%d has %d cases", n, c)
		}
	}
}

func keys(from, to int) (all []string) {
	for n := from; n <= to; n++ {
		all = append(all, fmt.Sprintf("T-%d", n))
	}
	return all
}

// results reads the results file back, by row.
func (w *world) results() map[int]results.Line {
	w.t.Helper()
	all, seen := map[int]results.Line{}, map[string]bool{}
	for line, err := range results.ReadOwn(w.path("out.csv")) {
		if err != nil {
			w.t.Fatal(err)
		}
		if line.Status != results.Duplicate {
			if seen[line.Key] {
				w.t.Errorf("%s stands twice in the results", line.Key)
			}
			seen[line.Key] = line.Key != ""
		}
		all[line.Row] = line
	}
	return all
}

// sleep waits for d, or returns ctx's error.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// forgetful has journals lose what was not synced, while w.losing; with deaf they
// sync nothing.
func (w *world) forgetful(deaf bool) {
	w.wrap = func(f *os.File, size int64) journal.File {
		return &lossy{File: f, world: w, synced: size, deaf: deaf}
	}
}

// openWrapped is journal.Open of a wrapped file.
func (w *world) openWrapped(path string, h journal.Header, b journal.Begin) (*journal.Journal, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	j, err := journal.OpenFile(w.wrap(f, size), size, h, b)
	if err != nil {
		f.Close()
	}
	return j, err
}

type lossy struct {
	*os.File
	world  *world
	synced int64
	deaf   bool
}

func (l *lossy) Sync() error {
	if l.deaf && l.synced > 0 {
		return nil
	}
	at, err := l.File.Seek(0, io.SeekEnd)
	l.synced = at
	return err
}

func (l *lossy) Close() error {
	if l.world.losing {
		if err := l.File.Truncate(l.synced); err != nil {
			return err
		}
	}
	return l.File.Close()
}
