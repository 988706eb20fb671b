package journal

import (
	"errors"
	"io/fs"
	"os"
)

// Peek reads a journal only to ask what it knows of rows: without its lock, so
// that a run may go on meanwhile, and without changing the file. It is nil if
// there is no journal at path. The errors are those of Open.
func Peek(path string, h Header, results string) (*Journal, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	h.Format = format
	j := &Journal{file: unchanged{f}, path: path, size: info.Size()}
	if err := j.replay(h, Begin{Results: results}, func([]byte) error { return nil }); err != nil {
		if damage, ok := errors.AsType[*DamageError](err); ok {
			damage.Path = path
		}
		return nil, errors.Join(err, f.Close())
	}
	return j, nil
}

// unchanged takes no writes: a torn tail, or a run's own lines, are not put right
// by somebody who only looks.
type unchanged struct{ *os.File }

func (unchanged) Write(b []byte) (int, error) { return len(b), nil }
func (unchanged) Truncate(int64) error        { return nil }
func (unchanged) Sync() error                 { return nil }
