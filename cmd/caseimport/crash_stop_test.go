package main

import (
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"caseimport/importer/exit"
)

func TestCrashOfTheHolder(t *testing.T) {
	t.Parallel()
	s := newSite(t, 100)
	first := s.run("--rate", "5") // so that it holds the journal for long enough
	s.must(first, func() bool { return s.creates() > 0 })
	second := s.run().ends(exit.Busy)
	second.says(fmt.Sprintf("process %d ", first.Process.Pid))
	first.kill()
	s.run().ends(exit.Done)
	s.finished("in.results.csv")
}

// TestCrashSignals: the first signal waits for what is in flight, the second
// does not. Some requests are never answered, so only the second can end that
// run.
func TestCrashSignals(t *testing.T) {
	noSignals(t)
	t.Parallel()
	for _, signal := range []os.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			t.Run("once", func(t *testing.T) {
				s := newSite(t, 100, "--latency", "50ms")
				p := s.run("--rate", "5") // so that it has a middle
				s.must(p, func() bool { return len(s.cases()) > 5 })
				p.Process.Signal(signal)
				sum := p.ends(exit.Stopped).summary()
				if made := len(s.cases()); sum.Created != made || sum.Left != 100-made || len(s.results("in.results.csv")) != made {
					t.Errorf("%d cases: %+v", made, sum)
				}
				lists := s.lists()
				s.run().ends(exit.Done)
				if n := s.lists() - lists; n != 0 {
					t.Errorf("the next run made %d look-ups", n)
				}
				s.finished("in.results.csv")
			})
			t.Run("twice", func(t *testing.T) {
				s := newSite(t, 60, "--hang-after", "20", "--lag", "0")
				p := s.run("--timeout", "1h")
				s.must(p, func() bool { return s.stats().Stored > 5 })
				p.Process.Signal(signal)
				s.must(p, func() bool { return strings.Contains(p.err.String(), "finishing") })
				ended := insist(p.Cmd, signal)
				p.ends(exit.Stopped).says("interrupted")
				ended()
				s.run("--timeout", "300ms").ends(exit.Done)
				s.finished("in.results.csv")
			})
		})
	}
}

// TestCrashFullDisk fills a small disk at several places of a run, and makes
// room again.
func TestCrashFullDisk(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("a small disk is made as a tmpfs, which only Linux has")
	}
	t.Parallel()
	mount := func(t *testing.T, args ...string) {
		t.Helper()
		if out, err := osexec.Command("mount", append([]string{"-t", "tmpfs"}, args...)...).CombinedOutput(); err != nil {
			t.Skipf("a small disk cannot be mounted here (it takes root and the right to): %v: %s", err, out)
		}
	}
	for _, kib := range []int{8, 32, 100} {
		t.Run(fmt.Sprintf("%d KiB", kib), func(t *testing.T) {
			t.Parallel()
			s := newSite(t, 600, "--lag", "0")
			disk := filepath.Join(s.folder, "disk")
			if err := os.Mkdir(disk, 0o700); err != nil {
				t.Fatal(err)
			}
			mount(t, "-o", fmt.Sprintf("size=%dk", kib), "none", disk)
			t.Cleanup(func() { _ = osexec.Command("umount", disk).Run() })
			p := s.run("-o", "disk/out.results.csv").ends(exit.Stopped)
			p.says("no space left on device", "disk/out.results.", "make room")
			made := len(s.cases())
			if made == 0 || made == 600 {
				t.Errorf("%d cases were made: nothing is shown by this", made)
			}
			mount(t, "-o", "remount,size=8m", "none", disk)
			s.run("-o", "disk/out.results.csv").ends(exit.Done)
			s.finished("disk/out.results.csv")
			t.Logf("full after %d cases: %s", made, p.summary().Error)
		})
	}
}

// TestCrashFileSizeLimit is a full disk for those who may not mount one.
func TestCrashFileSizeLimit(t *testing.T) {
	noSignals(t)
	t.Parallel()
	s := newSite(t, 600, "--lag", "0")
	shell := osexec.Command("sh", "-c", `ulimit -f 100; exec caseimport run in.csv -m mapping.yaml --json --rate 0`)
	p := s.launch(shell).ends(exit.Stopped)
	p.says("file too large", "in.results.")
	s.run().ends(exit.Done)
	s.finished("in.results.csv")
}

func TestCrashFolderVanishes(t *testing.T) {
	noSignals(t) // nor can an open file be removed there
	t.Parallel()
	s := newSite(t, 100)
	if err := os.Mkdir(filepath.Join(s.folder, "out"), 0o700); err != nil {
		t.Fatal(err)
	}
	p := s.run("-o", "out/in.results.csv", "--rate", "5")
	s.must(p, func() bool { return len(s.cases()) > 5 })
	if err := os.RemoveAll(filepath.Join(s.folder, "out")); err != nil {
		t.Fatal(err)
	}
	p.ends(exit.Stopped).says("out/in.results.", "no longer there")
	// The memory is gone, so somebody who goes on is told to look rows up.
	if err := os.Mkdir(filepath.Join(s.folder, "out"), 0o700); err != nil {
		t.Fatal(err)
	}
	s.run("-o", "out/in.results.csv").ends(exit.Refused).says("imported before", "--adopt")
	s.run("-o", "out/in.results.csv", "--adopt").ends(exit.Done)
	s.finished("out/in.results.csv")
}

func TestCrashBrokenPipe(t *testing.T) {
	noSignals(t)
	t.Parallel()
	for flags, code := range map[string]int{"": exit.Done, "--limit 5": exit.Stopped} {
		s := newSite(t, 20)
		reader, writer, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		reader.Close() // as head does
		cmd := osexec.Command("caseimport", append([]string{"run", "in.csv", "-m", "mapping.yaml", "--rate", "0"}, strings.Fields(flags)...)...)
		cmd.Stdout, cmd.Stderr = writer, writer
		s.launch(cmd).ends(code)
		writer.Close()
		s.run().ends(exit.Done)
		s.finished("in.results.csv")
	}
}

// TestCrashRehearsal kills runs with a sandbox of their own, which dies with
// them: what the journal knows is put into the next one.
func TestCrashRehearsal(t *testing.T) {
	t.Parallel()
	s := newSite(t, 80)
	rehearse := func() *process { return s.run("--sandbox", "--rate", "25/s", "--settle", "300ms") }
	journal := filepath.Join(s.folder, "in.sandbox.results.journal")
	for range 3 {
		before := size0(journal)
		p := rehearse()
		s.must(p, func() bool { return size0(journal) > before+4000 })
		p.kill()
	}
	sum := rehearse().ends(exit.Done).summary()
	if sum.Already == 0 || sum.Created == 0 || sum.Already+sum.Created != 80 || len(s.results("in.sandbox.results.csv")) != 80 {
		t.Errorf("%+v", sum)
	}
}

// size0 is a file's size, 0 if there is none.
func size0(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// TestCrashOfAnAdoption: what is begun with --adopt is gone on with in that way,
// also by a run without it.
func TestCrashOfAnAdoption(t *testing.T) {
	t.Parallel()
	s := newSite(t, 600, "--lag", "0")
	s.run().ends(exit.Done)
	results := ""
	for n := 0; ; n++ {
		results = fmt.Sprintf("other%d.results.csv", n)
		p := s.run("-o", results, "--adopt")
		s.until(p, func() bool {
			return size0(strings.Replace(filepath.Join(s.folder, results), ".csv", ".journal", 1)) > 3000
		})
		p.kill()
		if p.code() != exit.Done {
			break
		}
		if n == 20 {
			t.Fatal("it always ended before it could be killed")
		}
	}
	s.run("-o", results).ends(exit.Done)
	s.finished(results)
}
