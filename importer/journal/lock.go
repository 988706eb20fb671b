package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/gofrs/flock"
)

// HeldError says that another process has the journal.
type HeldError struct {
	Path   string
	Holder Begin // as far as it is known
}

func (e *HeldError) Error() string {
	who := "another run"
	if e.Holder.Undo {
		who = fmt.Sprintf("an undo (process %d on %s, since %s)", e.Holder.Process, e.Holder.Host, e.Holder.At.Local().Format(time.DateTime))
	} else if e.Holder.Process != 0 {
		who = fmt.Sprintf("another run (process %d on %s, since %s, reading %s)", e.Holder.Process,
			e.Holder.Host, e.Holder.At.Local().Format(time.DateTime), e.Holder.Input)
	}
	return who + " holds " + e.Path
}

// acquire takes the operating system's lock, which ends with the process that
// has it, however it ends.
func acquire(path string) (io.Closer, error) {
	for {
		lock := flock.New(lockPath(path), flock.SetPermissions(fs.FileMode(0o600)))
		ok, err := lock.TryLock()
		if err != nil {
			return nil, fmt.Errorf("lock the journal: %w", err)
		}
		if !ok {
			return nil, &HeldError{Path: path, Holder: holder(path)}
		}
		// The file may have been removed (Discard) between its opening and
		// its locking: then what is locked has no name any more.
		locked, err := lock.Stat()
		if err != nil {
			return nil, errors.Join(fmt.Errorf("lock the journal: %w", err), lock.Close())
		}
		if named, err := os.Stat(lockPath(path)); err == nil && os.SameFile(locked, named) {
			return lock, nil
		}
		if err := lock.Close(); err != nil {
			return nil, fmt.Errorf("lock the journal: %w", err)
		}
	}
}

// lockPath is the journal itself, but on Windows, where a lock also keeps the
// process that has it from reading the file through another handle.
func lockPath(path string) string {
	if runtime.GOOS == "windows" {
		return path + ".lock"
	}
	return path
}

// holder finds the last run that began; without it the zero value.
func holder(path string) (b Begin) {
	f, err := os.Open(path)
	if err != nil {
		return b
	}
	defer f.Close()
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return b
	}
	// Backwards in blocks that overlap by more than such a line is long.
	const block, overlap = 1 << 20, 1 << 13
	for {
		start := max(0, end-block)
		buf := make([]byte, end-start)
		if _, err := f.ReadAt(buf, start); err != nil && err != io.EOF {
			return b
		}
		for _, text := range slices.Backward(bytes.Split(buf, []byte{'\n'})) {
			if l, ok := open(text); ok && l.kind == kindBegin {
				if json.Unmarshal(l.payload, &b) == nil {
					return b
				}
			}
		}
		if start == 0 {
			return b
		}
		end = start + overlap
	}
}
