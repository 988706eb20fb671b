package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Peek reads a journal only to ask what it knows of rows: without its lock, so
// that a run may go on meanwhile, and without changing the file. It is nil if
// there is no journal at path. The errors are those of Open.
func Peek(path string, h Header, results string) (*Journal, error) {
	f, size, err := openToRead(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	h.Format = format
	j := &Journal{file: unchanged{f}, path: path, size: size}
	if err := j.replay(h, Begin{Results: results}, func([]byte) error { return nil }); err != nil {
		if damage, ok := errors.AsType[*DamageError](err); ok {
			damage.Path = path
		}
		return nil, errors.Join(err, f.Close())
	}
	return j, nil
}

// openToRead opens a journal that this process does not hold. (Not every system says
// by itself that a folder cannot be read.)
func openToRead(path string) (f *os.File, size int64, err error) {
	if f, err = os.Open(path); err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errNotRegular(path)
	}
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, info.Size(), nil
}

func errNotRegular(path string) error { return fmt.Errorf("%s is not a regular file", path) }

// unchanged takes no writes: a torn tail, or a run's own lines, are not put right
// by somebody who only looks.
type unchanged struct{ *os.File }

func (unchanged) Write(b []byte) (int, error) { return len(b), nil }
func (unchanged) Truncate(int64) error        { return nil }
func (unchanged) Sync() error                 { return nil }
