package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	osexec "os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"caseimport/importer/exit"
	"caseimport/importer/sandbox"
)

func TestSignalsInStages(t *testing.T) {
	for _, c := range []struct {
		name        string
		after       []time.Duration // of each signal, since the one before
		intake, all bool            // ended
		over        bool
	}{
		{"none", nil, false, false, false},
		{"one", []time.Duration{0}, true, false, false},
		{"a pair is one wish", []time.Duration{0, time.Microsecond}, true, false, false},
		{"four in less than a second", []time.Duration{0, 300 * time.Millisecond, 300 * time.Millisecond, 300 * time.Millisecond}, true, false, false},
		{"another after a second", []time.Duration{0, time.Second}, true, true, true},
		{"a pair, and another", []time.Duration{0, time.Microsecond, time.Second}, true, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				signals := make(chan os.Signal, 2)
				said := 0
				var over atomic.Bool
				all, intake, end := stages(t.Context(), signals, func() { said++ }, func() { over.Store(true) })
				for _, pause := range c.after {
					time.Sleep(pause)
					signals <- os.Interrupt
					synctest.Wait()
				}
				if over.Load() {
					t.Error("a signal that belongs to the last kills")
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				if got := [...]bool{intake.Err() != nil, all.Err() != nil, over.Load()}; got != [...]bool{c.intake, c.all, c.over} {
					t.Errorf("ended (intake, all, over): %v, want %v %v %v", got, c.intake, c.all, c.over)
				}
				if c.intake != (said == 1) || said > 1 {
					t.Errorf("said %d times", said)
				}
				end()
			})
		})
	}
}

// Every signal that asks for an end lets what is in flight come home, also if it
// comes twice at once.
func TestEverySignalStopsInOrder(t *testing.T) {
	noSignals(t)
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(s.String(), func(t *testing.T) {
			box := sandbox.New(sandbox.Options{})
			handler, arrived, release := holdingCreates(box)
			cmd := hundred(t, handler, "--rate", "0", "--concurrency", "4", "--json")
			var stdout bytes.Buffer
			cmd.Stdout = &stdout
			stderr := start(t, cmd)
			<-arrived
			signalTo(t, cmd, s)
			signalTo(t, cmd, s)
			stderr.until(t, "finishing")
			signalTo(t, cmd, s)
			close(release)
			stderr.rest()
			if code := wait(t, cmd); code != exit.Stopped || strings.Contains(stdout.String(), "in_doubt") {
				t.Errorf("exit code %d, want 4 and nothing in doubt\n%s", code, stdout.String())
			}
		})
	}
}

func TestNohup(t *testing.T) {
	noSignals(t)
	box := sandbox.New(sandbox.Options{})
	handler, arrived, release := holdingCreates(box)
	cmd := hundred(t, handler, "--rate", "0")
	path, err := osexec.LookPath("caseimport")
	if err != nil {
		t.Fatal(err)
	}
	cmd.Path, cmd.Args = "/bin/sh", append([]string{"sh", "-c", `trap "" HUP; exec "$0" "$@"`, path}, cmd.Args[1:]...)
	stderr := start(t, cmd)
	<-arrived
	signalTo(t, cmd, syscall.SIGHUP)
	close(release)
	stderr.rest()
	if code := wait(t, cmd); code != exit.Done || len(box.Cases()) != 100 {
		t.Errorf("exit code %d, %d cases: it did not go on\n%s", code, len(box.Cases()), stderr.seen.String())
	}
}

// What waits for a pipe, or for somebody to write to one, ends at the first
// signal.
func TestInterruptWhileReading(t *testing.T) {
	noSignals(t)
	for _, from := range []string{"-", "fifo", "silent fifo"} {
		for _, command := range [][]string{{"run", "-m", "mapping.yaml", "-o", "x.csv", "--sandbox"}, {"check", "-m", "mapping.yaml"}, {"init", "-o", "m.yaml"}} {
			t.Run(command[0]+" "+from, func(t *testing.T) {
				cmd := hundred(t, http.NotFoundHandler())
				input := "-"
				if from != "-" {
					input = filepath.Join(cmd.Dir, "pipe")
					if err := osexec.Command("mkfifo", input).Run(); err != nil {
						t.Skipf("no named pipes here: %v", err)
					}
				}
				cmd = osexec.Command("caseimport", append(command, input, "--format", "csv")...)
				cmd.Dir = filepath.Dir(hundred(t, http.NotFoundHandler()).Dir + "/x")
				reader, writer, err := os.Pipe()
				if err != nil {
					t.Fatal(err)
				}
				defer writer.Close()
				cmd.Stdin = reader
				var out bytes.Buffer
				cmd.Stdout, cmd.Stderr = &out, &out
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = cmd.Process.Kill() })
				switch from {
				case "-":
					// Once this much has been taken, it is reading: a pipe
					// holds less.
					_, err = writer.WriteString(strings.Repeat("Id,Subject\n", 1<<15))
				case "fifo":
					var to *os.File
					if to, err = os.OpenFile(input, os.O_WRONLY, 0); err == nil { // waits for the reader
						defer to.Close()
					}
				case "silent fifo":
					awaitStart(t, cmd)
				}
				if err != nil {
					t.Fatal(err)
				}
				interrupt(t, cmd)
				code := wait(t, cmd)
				want := exit.Refused
				if command[0] == "run" {
					want = exit.Stopped
				}
				if code != want || !strings.Contains(out.String(), "interrupted") || strings.Contains(out.String(), "no rows") {
					t.Errorf("exit code %d, want %d\n%s", code, want, out.String())
				}
			})
		}
	}
}

// awaitStart waits until a process hangs in opening its input: some thread of it
// is in openat then.
func awaitStart(t *testing.T, cmd *osexec.Cmd) {
	t.Helper()
	openat := map[string]string{"amd64": "257 ", "arm64": "56 "}[runtime.GOARCH]
	if openat == "" || runtime.GOOS != "linux" {
		t.Skip("only Linux tells in which call a process waits")
	}
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/syscall", cmd.Process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		for _, task := range tasks {
			if call, err := os.ReadFile(task); err == nil && strings.HasPrefix(string(call), openat) {
				return
			}
		}
	}
	t.Fatal("it did not start")
}

// A row whose expression takes minutes holds neither the first stop nor check.
func TestInterruptDuringASlowExpression(t *testing.T) {
	noSignals(t)
	for _, command := range []string{"run", "check"} {
		t.Run(command, func(t *testing.T) {
			box := sandbox.New(sandbox.Options{})
			cmd := hundred(t, box)
			folder := cmd.Dir
			write := func(name, text string) {
				if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			write("in.csv", "Id,Subject,Body,Name,Mail\n1,a,b,Ada,a@example.com\n2,a,"+strings.Repeat("a", 1<<20)+",Ada,a@example.com\n")
			mapping, err := os.ReadFile("testdata/common/mapping.yaml")
			if err != nil {
				t.Fatal(err)
			}
			write("mapping.yaml", strings.Replace(string(mapping), "description: Body",
				`description: {expr: 'row["Body"] matches "(a{1,30}){1,30}$" ? "x" : "y"'}`, 1))
			args := []string{command, "in.csv", "-m", "mapping.yaml"}
			if command == "run" {
				args = append(args, "--rate", "0", "--max-attempts", "1")
			}
			next := osexec.Command("caseimport", args...)
			next.Dir, next.Env = cmd.Dir, cmd.Env
			var out bytes.Buffer
			next.Stdout, next.Stderr = &out, &out
			if err := next.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = next.Process.Kill() })
			busy(t, next)
			began := time.Now()
			interrupt(t, next)
			code := wait(t, next)
			if took := time.Since(began); took > 8*time.Second {
				t.Errorf("it took %v to stop", took)
			}
			if want := map[string]int{"run": exit.Stopped, "check": exit.Refused}[command]; code != want {
				t.Errorf("exit code %d, want %d\n%s", code, want, out.String())
			}
		})
	}
}

// busy waits until a process has used a second of processor time.
func busy(t *testing.T, cmd *osexec.Cmd) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", cmd.Process.Pid))
		if err != nil {
			t.Skipf("only Linux tells how busy a process is: %v", err)
		}
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')'):]))
		var ticks int
		if fmt.Sscan(fields[12], &ticks); ticks >= 100 {
			return
		}
	}
	t.Fatal("it is not busy")
}

func signalTo(t *testing.T, cmd *osexec.Cmd, s os.Signal) {
	t.Helper()
	if err := cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}
