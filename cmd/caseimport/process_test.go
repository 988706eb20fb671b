package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	osexec "os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"caseimport/importer/exit"
	"caseimport/importer/sandbox"
)

// hundred writes an export of 100 rows and a mapping for it, and returns a run
// of it as a process of its own.
func hundred(t *testing.T, api http.Handler, flags ...string) *osexec.Cmd {
	t.Helper()
	folder := t.TempDir()
	var rows strings.Builder
	rows.WriteString("Id,Subject,Body,Name,Mail\n")
	for i := range 100 {
		fmt.Fprintf(&rows, "%d,Subject %d,Body,Ada,ada@example.com\n", i, i)
	}
	mapping, err := os.ReadFile("testdata/common/mapping.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"in.csv": rows.String(), "mapping.yaml": string(mapping)} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	cmd := osexec.Command("caseimport", append([]string{"run", "in.csv", "-m", "mapping.yaml", "--settle", "100ms"}, flags...)...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "TALKDESK_BASE_URL="+server.URL, "TALKDESK_TOKEN_URL="+server.URL+"/oauth/token",
		"TALKDESK_ACCOUNT=acme", "TALKDESK_CLIENT_ID=id", "TALKDESK_CLIENT_SECRET=secret")
	return cmd
}

// again is the same command once more.
func again(cmd *osexec.Cmd) *osexec.Cmd {
	next := osexec.Command("caseimport", cmd.Args[1:]...)
	next.Dir, next.Env = cmd.Dir, cmd.Env
	return next
}

func isCreate(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/cases")
}

func noSignals(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("an interrupt cannot be sent to another process on Windows")
	}
}

// holdingCreates lets the sandbox answer, but every create waits until release is closed;
// each says that it has arrived.
func holdingCreates(box http.Handler) (handler http.Handler, arrived <-chan struct{}, release chan struct{}) {
	came, release := make(chan struct{}, 100), make(chan struct{})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isCreate(r) {
			came <- struct{}{}
			<-release
		}
		box.ServeHTTP(w, r)
	}), came, release
}

func TestFirstInterruptRecordsWhatIsInFlight(t *testing.T) {
	noSignals(t)
	box := sandbox.New(sandbox.Options{})
	handler, arrived, release := holdingCreates(box)
	cmd := hundred(t, handler, "--rate", "0", "--concurrency", "4")
	var stdout bytes.Buffer
	cmd.Stdout = &stdout
	stderr := start(t, cmd)
	<-arrived
	interrupt(t, cmd)
	stderr.until(t, "finishing")
	close(release)
	stderr.rest()
	if code := wait(t, cmd); code != exit.Stopped {
		t.Errorf("exit code %d, want 4\n%s", code, stdout.String())
	}
	if made := len(box.Cases()); made == 0 || made > 4 || !strings.Contains(stdout.String(), fmt.Sprintf("Stopped: %s a case so far", haveOf(made, 100))) {
		t.Errorf("%d cases were made by 4 workers, and it said\n%s", made, stdout.String())
	}

	out, err := again(cmd).CombinedOutput()
	if err != nil || len(box.Cases()) != 100 {
		t.Errorf("the same command again: %v, %d cases\n%s", err, len(box.Cases()), out)
	}
}

func TestSecondInterruptStopsAtOnce(t *testing.T) {
	noSignals(t)
	handler, arrived, release := holdingCreates(sandbox.New(sandbox.Options{}))
	defer close(release)
	cmd := hundred(t, handler, "--rate", "0", "--timeout", "1h")
	stderr := start(t, cmd)
	<-arrived
	interrupt(t, cmd)
	stderr.until(t, "finishing")
	ended := insist(cmd, os.Interrupt)
	stderr.rest()
	code := wait(t, cmd)
	ended()
	if code != exit.Stopped {
		t.Errorf("exit code %d, want 4", code)
	}
}

func TestTwoAtOnce(t *testing.T) {
	box := sandbox.New(sandbox.Options{})
	handler, arrived, release := holdingCreates(box)
	cmd := hundred(t, handler, "--rate", "0", "--json")
	stderr := start(t, cmd)
	<-arrived
	second := again(cmd)
	var stdout, said bytes.Buffer
	second.Stdout, second.Stderr = &stdout, &said
	_ = second.Run()
	if code := second.ProcessState.ExitCode(); code != exit.Busy || !strings.Contains(said.String(), fmt.Sprintf("process %d", cmd.Process.Pid)) {
		t.Errorf("the second run: exit code %d, said\n%s", code, said.String())
	}
	if got := stdout.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, `"exit":5,"error":"`) {
		t.Errorf("the second run's JSON is %q", got)
	}
	close(release)
	stderr.rest()
	if code := wait(t, cmd); code != exit.Done {
		t.Errorf("the first run: exit code %d, want 0\n%s", code, stderr.seen.String())
	}
}

func TestBrokenPipeDoesNotStopARun(t *testing.T) {
	noSignals(t)
	box := sandbox.New(sandbox.Options{})
	cmd := hundred(t, box, "--rate", "0")
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	reader.Close() // as head does
	cmd.Stdout, cmd.Stderr = writer, writer
	if err := cmd.Run(); err != nil {
		t.Errorf("%v, want exit code 0", err)
	}
	if len(box.Cases()) != 100 {
		t.Errorf("%d cases, want 100", len(box.Cases()))
	}
}

// What net/http thinks of a server is none of people's business, nor JSON.
func TestNoLogOfNetHTTP(t *testing.T) {
	box := sandbox.New(sandbox.Options{})
	cmd := hundred(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isCreate(r) {
			box.ServeHTTP(w, r)
			return
		}
		answer := httptest.NewRecorder()
		box.ServeHTTP(answer, r)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		fmt.Fprintf(conn, "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%sand more", answer.Body.Len(), answer.Body)
	}), "--rate", "0", "--concurrency", "1", "--log-format", "json")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		t.Error(err)
	}
	for line := range strings.Lines(stderr.String()) {
		if !strings.HasPrefix(line, "{") {
			t.Errorf("standard error has %q", line)
		}
	}
}

func TestSandboxCommand(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	reader, writer := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- exec(ctx, []string{"sandbox", "--token", "made-up", "--verbose"}, nil, writer, io.Discard)
		writer.Close()
	}()
	lines := bufio.NewScanner(reader)
	lines.Scan()
	request, err := http.NewRequest(http.MethodGet, lines.Text()+"/cm/core/va/cases", nil)
	if err != nil {
		t.Fatalf("the first line is %q, want an address: %v", lines.Text(), err)
	}
	go io.Copy(io.Discard, reader)
	request.Header.Set("Authorization", "Bearer made-up")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("status %d, want 200", answer.StatusCode)
	}
	cancel()
	if got := <-code; got != exit.Done {
		t.Errorf("exit code %d, want 0", got)
	}
}

// stream reads a process's standard error as it comes.
type stream struct {
	lines *bufio.Scanner
	seen  strings.Builder
}

func start(t *testing.T, cmd *osexec.Cmd) *stream {
	t.Helper()
	pipe, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return &stream{lines: bufio.NewScanner(pipe)}
}

func (s *stream) until(t *testing.T, text string) {
	t.Helper()
	for s.lines.Scan() {
		fmt.Fprintln(&s.seen, s.lines.Text())
		if strings.Contains(s.lines.Text(), text) {
			return
		}
	}
	t.Fatalf("it ended without saying %q:\n%s", text, s.seen.String())
}

func (s *stream) rest() {
	for s.lines.Scan() {
		fmt.Fprintln(&s.seen, s.lines.Text())
	}
}

func interrupt(t *testing.T, cmd *osexec.Cmd) {
	t.Helper()
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
}

// insist sends a signal again and again, until ended is called: one that comes at
// once belongs to the first.
func insist(cmd *osexec.Cmd, s os.Signal) (ended func()) {
	ticker, over := time.NewTicker(oneWish/4), make(chan struct{})
	go func() {
		for {
			select {
			case <-ticker.C:
				_ = cmd.Process.Signal(s)
			case <-over:
				return
			}
		}
	}()
	return func() { close(over) }
}

func wait(t *testing.T, cmd *osexec.Cmd) int {
	t.Helper()
	_ = cmd.Wait()
	return cmd.ProcessState.ExitCode()
}
