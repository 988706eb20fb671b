package results_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"caseimport/importer/atomicfile"
)

// faultyDisk is the operating system's disk until its failAt-th operation, which
// fails; a power loss then fails all that follow, and what was not synced is gone.
type faultyDisk struct {
	failAt    int
	powerLoss bool
	count     int
	synced    map[string]int64 // the durable size of each file written
	pending   int              // renames and removals since the folder was synced
}

func (d *faultyDisk) step() error {
	d.count++
	if d.count == d.failAt && d.powerLoss {
		for path, size := range d.synced {
			os.Truncate(path, size)
		}
	}
	if d.count == d.failAt || d.powerLoss && d.count > d.failAt {
		return syscall.ENOSPC
	}
	return nil
}

// hit tells whether the fault has come to pass.
func (d *faultyDisk) hit() bool { return d.count >= d.failAt }

func (d *faultyDisk) open(path string, open func(string) (atomicfile.Handle, error)) (atomicfile.Handle, error) {
	if err := d.step(); err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	h, err := open(path)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(path); err == nil {
		d.synced[path] = info.Size()
	}
	return &faultyHandle{h, d, path}, nil
}

func (d *faultyDisk) Create(path string) (atomicfile.Handle, error) {
	return d.open(path, atomicfile.OS.Create)
}

func (d *faultyDisk) Append(path string) (atomicfile.Handle, error) {
	return d.open(path, atomicfile.OS.Append)
}

func (d *faultyDisk) Rename(from, to string) error {
	if err := d.step(); err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	if size, ok := d.synced[from]; ok {
		d.synced[to] = size
		delete(d.synced, from)
	} else {
		delete(d.synced, to)
	}
	d.pending++
	return atomicfile.OS.Rename(from, to)
}

func (d *faultyDisk) Remove(path string) error {
	if err := d.step(); err != nil {
		return &os.PathError{Op: "remove", Path: path, Err: err}
	}
	delete(d.synced, path)
	err := atomicfile.OS.Remove(path)
	if err == nil {
		d.pending++
	}
	return err
}

func (d *faultyDisk) SyncDir(dir string) error {
	if err := d.step(); err != nil {
		return &os.PathError{Op: "sync", Path: dir, Err: err}
	}
	d.pending = 0
	return atomicfile.OS.SyncDir(dir)
}

type faultyHandle struct {
	atomicfile.Handle
	disk *faultyDisk
	path string
}

func (h *faultyHandle) Write(p []byte) (int, error) {
	if err := h.disk.step(); err != nil {
		n := 0
		if !h.disk.powerLoss {
			n, _ = h.Handle.Write(p[:len(p)/2])
		}
		return n, err
	}
	return h.Handle.Write(p)
}

func (h *faultyHandle) Sync() error {
	if err := h.disk.step(); err != nil {
		return err
	}
	if info, err := os.Stat(h.path); err == nil {
		h.disk.synced[h.path] = info.Size()
	}
	return h.Handle.Sync()
}

func (h *faultyHandle) Close() error {
	err := h.disk.step()
	h.Handle.Close()
	return err
}

// everyFault runs attempt with a fault at its first operation, at its second, and
// so on until none is hit any more, once with a disk that fails once and once with
// a power loss.
func everyFault(t *testing.T, attempt func(t *testing.T, disk *faultyDisk)) {
	for _, powerLoss := range []bool{false, true} {
		faults := 0
		for n := 1; ; n++ {
			disk := &faultyDisk{failAt: n, powerLoss: powerLoss, synced: map[string]int64{}}
			attempt(t, disk)
			if !disk.hit() {
				break
			}
			faults++
		}
		if faults < 6 {
			t.Errorf("only %d faults were tried", faults)
		}
	}
}

// filesIn lists a folder.
func filesIn(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// temporaries lists the files in a folder that are none of those named.
func temporaries(t *testing.T, dir string, names ...string) (others []string) {
	t.Helper()
	for _, name := range filesIn(t, dir) {
		if !strings.Contains(" "+strings.Join(names, " ")+" ", " "+name+" ") {
			others = append(others, filepath.Join(dir, name))
		}
	}
	return others
}
