package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	osexec "os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/text/encoding/charmap"
)

// The scripts run the real main, as processes of their own, inside the test
// binary.
func TestMain(m *testing.M) {
	testscript.Main(manyAtOnce{m}, map[string]func(){"caseimport": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		// Every script finds good.csv, mixed.csv and mapping.yaml.
		Setup: func(env *testscript.Env) error { return os.CopyFS(env.WorkDir, os.DirFS("testdata/common")) },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"binary": func(ts *testscript.TestScript, _ bool, args []string) {
				write(ts, args[0], "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x01\x00")
			},
			"ansi":     ansi,
			"exits":    exits,
			"gzip":     compress,
			"lines":    lineCount,
			"repeat":   repeat,
			"replace":  replace,
			"sandbox":  startSandbox,
			"truncate": truncate,
		},
	})
}

// ansi writes a file anew in Windows-1252:
//
//	ansi comments.csv
func ansi(ts *testscript.TestScript, _ bool, args []string) {
	text, err := charmap.Windows1252.NewEncoder().String(ts.ReadFile(args[0]))
	ts.Check(err)
	write(ts, args[0], text)
}

// exits runs a command that must end with the exit code given first:
//
//	exits 3 caseimport check tickets.csv -m mapping.yaml
//
// Whatever the code, nothing may look like a crash.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARGUMENTS]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *osexec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
	if out := ts.ReadFile("stdout") + ts.ReadFile("stderr"); strings.Contains(out, "goroutine ") || strings.Contains(out, "panic:") {
		ts.Fatalf("this looks like a crash")
	}
}

// lineCount checks how many lines a file (or stdout, stderr) has:
//
//	lines 1 stdout
func lineCount(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: lines NUMBER FILE")
	}
	if got := strings.Count(ts.ReadFile(args[1]), "\n"); strconv.Itoa(got) != args[0] {
		ts.Fatalf("%s has %d lines, want %s", args[1], got, args[0])
	}
}

// replace changes a text in a file, as a person with an editor would:
//
//	replace FILE OLD NEW
func replace(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, args[1]) {
		ts.Fatalf("%s does not hold %q", args[0], args[1])
	}
	write(ts, args[0], strings.ReplaceAll(text, args[1], args[2]))
}

// repeat appends a text to a file many times, with the number for %d and a line
// break for \n:
//
//	repeat FILE TIMES TEXT
func repeat(ts *testscript.TestScript, _ bool, args []string) {
	times, err := strconv.Atoi(args[1])
	ts.Check(err)
	text := strings.TrimSuffix(ts.ReadFile(args[0]), "\n")
	if strings.HasSuffix(args[2], `\n`) {
		text += "\n"
	}
	var b strings.Builder
	b.WriteString(text)
	for i := range times {
		b.WriteString(strings.NewReplacer("%d", strconv.Itoa(i), `\n`, "\n").Replace(args[2]))
	}
	write(ts, args[0], b.String())
}

// compress makes a gzip file of another:
//
//	gzip FROM TO
func compress(ts *testscript.TestScript, _ bool, args []string) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	ts.Check(w.Close())
	write(ts, args[1], b.String())
}

// truncate copies the first bytes of a file:
//
//	truncate FROM TO BYTES
func truncate(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[2])
	ts.Check(err)
	write(ts, args[1], ts.ReadFile(args[0])[:n])
}

func write(ts *testscript.TestScript, name, text string) {
	ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o600))
}

// startSandbox serves `caseimport sandbox` with its own flags until the script
// ends, for caseimport to use:
//
//	sandbox [--list-shape text …]
func startSandbox(ts *testscript.TestScript, _ bool, args []string) {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	out, in := io.Pipe()
	var failure bytes.Buffer
	for i := range args {
		if _, err := os.Stat(ts.MkAbs(args[i])); err == nil {
			args[i] = ts.MkAbs(args[i]) // it runs in this process, in another folder
		}
	}
	go func() {
		exec(ctx, append([]string{"sandbox"}, args...), nil, in, &failure)
		in.Close()
		close(ended)
	}()
	lines := bufio.NewReader(out)
	url, err := lines.ReadString('\n')
	if err != nil {
		ts.Fatalf("the sandbox did not start: %s", failure.String())
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	ts.Defer(func() { stop(); <-ended })
	url = strings.TrimSpace(url)
	ts.Setenv("TALKDESK_BASE_URL", url)
	ts.Setenv("TALKDESK_TOKEN_URL", url+"/oauth/token")
	ts.Setenv("TALKDESK_ACCOUNT", "acme")
}
