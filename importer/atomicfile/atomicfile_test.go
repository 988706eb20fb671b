package atomicfile_test

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"caseimport/importer/atomicfile"
)

func content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestWriteReplacesTheWholeFileOrNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.csv")
	if err := os.WriteFile(atomicfile.TempName(path), []byte("left by a dead process"), 0o444); err != nil {
		t.Fatal(err)
	}
	write := func(text string, err error) error {
		return atomicfile.Write(atomicfile.OS, path, func(w *bufio.Writer) error {
			w.WriteString(text)
			return err
		})
	}
	if err := write("first", nil); err != nil || content(t, path) != "first" {
		t.Fatal(err, content(t, path))
	}
	broken := errors.New("broken")
	if err := write("half of the sec", broken); err != broken || content(t, path) != "first" {
		t.Error(err, content(t, path))
	}
	if err := write("second", nil); err != nil || content(t, path) != "second" {
		t.Error(err, content(t, path))
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	if err := atomicfile.Write(atomicfile.OS, dir, func(*bufio.Writer) error { return nil }); err == nil {
		t.Error("a directory was replaced")
	}
}

func TestErrorNamesTheFileNotTheTemporaryOne(t *testing.T) {
	cause := errors.New("no space")
	for _, err := range []error{cause, &os.PathError{Op: "write", Path: ".x.tmp", Err: cause}, &os.LinkError{Op: "rename", Old: ".x.tmp", New: "x", Err: cause}} {
		if got := atomicfile.Error("write", "x", err); got.Error() != "write x: no space" || !errors.Is(got, cause) {
			t.Error(got)
		}
	}
}
