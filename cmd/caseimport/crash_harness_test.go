package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"caseimport/importer"
	"caseimport/importer/check"
	"caseimport/importer/exit"
	"caseimport/importer/sandbox"
)

// manyAtOnce lets more tests run side by side than there are processors: most of
// the time they wait for processes that wait themselves.
type manyAtOnce struct{ *testing.M }

func (m manyAtOnce) Run() int {
	flag.Parse()
	_ = flag.Set("test.parallel", "16")
	return m.M.Run()
}

// site is an import under test: an export and its mapping in a folder of their
// own, and a sandbox to import into. Runs and sandbox are processes.
type site struct {
	*testing.T
	folder string
	env    []string
	url    string            // of the sandbox
	bodies map[string]string // by key: what the mapping makes of the row
	// slowest is the longest that the sandbox took to say what happened: on a machine
	// too busy to answer within the settle delay, a case may well be made twice.
	slowest time.Duration
}

const crashMapping = `version: 1
key: {column: Id, custom_field: text_source_id}
case:
  title: Subject
  description: Body
  priority: {column: Priority, values: {low: LOW, high: HIGH}}
  requester_name: Name
  requester_email: {expr: 'lower(row["Mail"])'}
custom_fields:
  checkbox_vip: VIP
  numeric_reopens: Reopens
  decimal_score: Score
  date_opened: {column: Opened, layout: "2006-01-02 15:04", timezone: Europe/Lisbon}
  multi_select_tags: {column: Tags, split: ","}
notes:
  - {note_title: {const: Imported}, note_body: Body, public: {const: false}}
`

// newSite makes a site of that many rows, and starts its sandbox with flags.
func newSite(t *testing.T, rows int, flags ...string) *site {
	t.Helper()
	s := &site{T: t, folder: t.TempDir(), bodies: map[string]string{}}
	var export bytes.Buffer
	w := csv.NewWriter(&export)
	w.Write([]string{"Id", "Subject", "Body", "Priority", "Name", "Mail", "VIP", "Reopens", "Score", "Opened", "Tags"})
	for i := range rows {
		n := strconv.Itoa(i + 1) // T-1 is a part of T-10: the search finds both
		w.Write([]string{"T-" + n, "Café \"" + n + "\" <b>", "Line 1\nLine 2, " + strings.Repeat("x", i%40), []string{"low", "high", ""}[i%3],
			"Zoë", "Zoe@Example.com", []string{"yes", "no", ""}[i%3], strconv.Itoa(i % 9), n + ".50", "2024-03-10 12:30", "a, b,c" + n})
	}
	w.Flush()
	s.write("in.csv", export.String())
	s.write("mapping.yaml", crashMapping)

	checked := s.tool("check", "in.csv", "-m", "mapping.yaml", "--json", "--show", strconv.Itoa(rows)).end()
	var report check.Report
	if err := json.Unmarshal(checked.out.Bytes(), &report); err != nil || len(report.Requests) != rows {
		t.Fatalf("check: %v, %d requests for %d rows: %s", err, len(report.Requests), rows, checked.err.String())
	}
	for _, body := range report.Requests {
		s.bodies[keyOf(t, body)] = string(body)
	}
	s.serve(flags...)
	return s
}

func (s *site) write(name, text string) {
	s.Helper()
	if err := os.WriteFile(filepath.Join(s.folder, name), []byte(text), 0o600); err != nil {
		s.Fatal(err)
	}
}

// serve starts a sandbox, and points the runs at it.
func (s *site) serve(flags ...string) {
	s.Helper()
	cmd := osexec.Command("caseimport", append([]string{"sandbox"}, flags...)...)
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	lines := bufio.NewScanner(stdout)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "Ctrl-C") { // its last line
		if s.url == "" {
			s.url = lines.Text()
		}
	}
	s.env = []string{"TALKDESK_BASE_URL=" + s.url, "TALKDESK_TOKEN_URL=" + s.url + "/oauth/token",
		"TALKDESK_ACCOUNT=acme", "TALKDESK_CLIENT_ID=id", "TALKDESK_CLIENT_SECRET=secret"}
}

// process is one of the tool.
type process struct {
	*osexec.Cmd
	t    *testing.T
	out  bytes.Buffer
	err  lockedBuffer
	done chan struct{}
}

// lockedBuffer can be read while it is written to.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// hung is how long a process may take before it is taken for hung.
func hung() time.Duration {
	if long {
		return 20 * time.Minute
	}
	return 2 * time.Minute
}

// tool starts the tool with arguments. One that hangs is made to say where.
func (s *site) tool(args ...string) *process {
	s.Helper()
	return s.launch(osexec.Command("caseimport", args...))
}

func (s *site) launch(cmd *osexec.Cmd) *process {
	s.Helper()
	p := &process{Cmd: cmd, t: s.T, done: make(chan struct{})}
	p.Dir, p.Env = s.folder, append(os.Environ(), s.env...)
	if p.Stdout == nil {
		p.Stdout, p.Stderr = &p.out, &p.err
	}
	if err := p.Start(); err != nil {
		s.Fatal(err)
	}
	hangs := time.AfterFunc(hung(), func() {
		s.Errorf("%s hangs", p)
		if p.Process.Signal(syscall.SIGQUIT) != nil {
			p.kill()
		}
	})
	go func() {
		_ = p.Wait()
		hangs.Stop()
		close(p.done)
	}()
	s.Cleanup(p.kill)
	return p
}

// run starts an import. A flag given later wins.
func (s *site) run(flags ...string) *process {
	s.Helper()
	return s.tool(append([]string{"run", "in.csv", "-m", "mapping.yaml", "--json", "--rate", "0", "--settle", "1s", "--timeout", "2s"}, flags...)...)
}

func (p *process) kill() {
	_ = p.Process.Kill()
	<-p.done
}

func (p *process) running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// end waits for the process to end by itself.
func (p *process) end() *process {
	p.t.Helper()
	<-p.done
	if said := p.err.String(); strings.Contains(said, "goroutine ") || strings.Contains(said, "DATA RACE") {
		p.t.Fatalf("%s crashed:\n%s", p, said)
	}
	return p
}

// ends is end, with the exit code that is due.
func (p *process) ends(code int) *process {
	p.t.Helper()
	if got := p.end().code(); got != code {
		p.t.Fatalf("%s: exit code %d, want %d\n%s%s", p, got, code, p.out.String(), p.err.String())
	}
	return p
}

func (p *process) code() int { return p.ProcessState.ExitCode() }

func (p *process) summary() (sum importer.Summary) {
	p.t.Helper()
	if err := json.Unmarshal(p.out.Bytes(), &sum); err != nil {
		p.t.Fatalf("%s: %v in %q\n%s", p, err, p.out.String(), p.err.String())
	}
	return sum
}

// says fails the test if the process did not say all of these.
func (p *process) says(texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		if !strings.Contains(p.err.String(), text) {
			p.t.Errorf("%s does not say %q:\n%s", p, text, p.err.String())
		}
	}
}

// until waits for something to come about while p runs; false: p ended first.
func (s *site) until(p *process, what func() bool) bool {
	s.Helper()
	for deadline := time.Now().Add(hung()); p.running(); time.Sleep(3 * time.Millisecond) {
		if what() {
			return true
		}
		if time.Now().After(deadline) {
			s.Fatalf("%s: what was waited for does not happen:\n%s", p, p.err.String())
		}
	}
	return false
}

// must is until, where the process may not end first.
func (s *site) must(p *process, what func() bool) {
	s.Helper()
	if !s.until(p, what) {
		s.Fatalf("%s ended too soon: exit code %d\n%s", p, p.code(), p.err.String())
	}
}

// stats asks the sandbox what happened; nothing while it refuses connections.
func (s *site) stats() (stats sandbox.Stats) {
	asked := time.Now()
	defer func() { s.slowest = max(s.slowest, time.Since(asked)) }()
	if answer, err := http.Get(s.url + "/_sandbox/stats"); err == nil {
		_ = json.NewDecoder(answer.Body).Decode(&stats)
		answer.Body.Close()
	}
	return stats
}

func (s *site) creates() int { return s.stats().Requests["create"] }
func (s *site) lists() int   { return s.stats().Requests["list"] }

// stored is a case as it stands in the sandbox.
type stored struct {
	ID      string          `json:"id"`
	Body    json.RawMessage `json:"body"`
	Now     nowStored       `json:"now"`
	Updates int             `json:"updates"`
	InDoubt int             `json:"updates_in_doubt"`
}

// cases returns what the sandbox holds, by key.
func (s *site) cases() map[string][]stored {
	s.Helper()
	answer, err := http.Get(s.url + "/_sandbox/cases")
	if err != nil {
		s.Fatal(err)
	}
	defer answer.Body.Close()
	all := map[string][]stored{}
	for d := json.NewDecoder(answer.Body); d.More(); {
		var c stored
		if err := d.Decode(&c); err != nil {
			s.Fatal(err)
		}
		key := keyOf(s.T, c.Body)
		all[key] = append(all[key], c)
	}
	return all
}

func keyOf(t *testing.T, body []byte) string {
	t.Helper()
	var c struct {
		CustomFields map[string]any `json:"custom_fields"`
	}
	if err := json.Unmarshal(body, &c); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(c.CustomFields["text_source_id"])
}

// balance is what an import came to, by the server's word.
type balance struct{ duplicates, lost, altered, misreported int }

// balance compares the sandbox with the export, and the results file with the
// sandbox.
func (s *site) balance(results string) (b balance) {
	s.Helper()
	cases, lines := s.cases(), s.results(results)
	for key, body := range s.bodies {
		switch all := cases[key]; {
		case len(all) == 0:
			b.lost++
		case string(all[0].Body) != body:
			b.altered++
		case lines[key] != all[0].ID:
			b.misreported++
		}
	}
	for _, all := range cases {
		b.duplicates += len(all) - 1
	}
	b.misreported += len(lines) - len(s.bodies)
	return b
}

// table are the lines of a CSV file, but for its header.
func (s *site) table(name string) [][]string {
	s.Helper()
	f, err := os.Open(filepath.Join(s.folder, name))
	if err != nil {
		s.Fatal(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		s.Fatal(err)
	}
	return lines[1:]
}

// results reads a results file in which all rows are created: case ids by key.
func (s *site) results(name string) map[string]string {
	s.Helper()
	ids := map[string]string{}
	for _, line := range s.table(name) {
		row, key, status, id := line[0], line[1], line[2], line[3]
		if _, again := ids[key]; again || status != "created" || key != "T-"+row {
			s.Errorf("results: %q", line)
		}
		ids[key] = id
	}
	return ids
}

// finished checks that all is done and well: every row once at the server, as
// the results say, and nothing left to ask.
func (s *site) finished(results string) balance {
	s.Helper()
	b := s.balance(results)
	if b != (balance{}) {
		s.Errorf("%+v; the sandbox took up to %s to answer", b, s.slowest)
	}
	sum := s.run("-o", results).ends(exit.Done).summary()
	if sum.Requests != 0 || sum.Already != len(s.bodies) {
		s.Errorf("one more run is not idle: %+v", sum)
	}
	return b
}
