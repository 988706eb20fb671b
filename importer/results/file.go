package results

import (
	"bufio"
	"errors"
	"iter"
	"strings"
	"sync"
	"time"

	"caseimport/importer/atomicfile"
)

// maxAge is how long a line may wait in memory before it is written.
const maxAge = time.Second

// File is the results file of a run. Its methods may be called from any goroutine.
// A line that could not be written makes the error of every later call until the
// file is made anew.
type File struct {
	path string
	json bool
	disk atomicfile.Disk

	mu    sync.Mutex
	file  atomicfile.Handle // nil while not open
	lines *lineWriter
	timer *time.Timer
	err   error
}

// NewFile describes the results file at path: JSON lines if the name ends in
// .jsonl, else CSV. It touches nothing. A nil disk is the operating system's.
func NewFile(path string, disk atomicfile.Disk) *File {
	if disk == nil {
		disk = atomicfile.OS
	}
	return &File{path: path, json: isJSON(path), disk: disk}
}

func isJSON(path string) bool { return strings.HasSuffix(strings.ToLower(path), ".jsonl") }

// Begin makes the file anew from lines and opens it for appending.
func (f *File) Begin(lines iter.Seq2[Line, error]) error {
	if err := f.Replace(lines); err != nil {
		return err
	}
	return f.Resume()
}

// Resume opens the file as it stands for appending.
func (f *File) Resume() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	file, err := f.disk.Append(f.path)
	if err != nil {
		return f.failed("open", err)
	}
	f.file, f.err = file, nil
	f.lines = newLineWriter(bufio.NewWriterSize(file, 64<<10), f.json)
	f.timer = time.AfterFunc(maxAge, func() { f.Flush() })
	f.timer.Stop()
	return nil
}

// Append adds a line. It is in the file within a second; losing it in a crash is
// no harm, since the next run makes the file anew.
func (f *File) Append(l Line) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil && f.file == nil {
		f.err = f.failed("write", errors.New("it is not open"))
	}
	if f.err != nil {
		return f.err
	}
	if len(f.lines.batch) == 0 {
		f.timer.Reset(maxAge)
	}
	if err := f.lines.add(l); err != nil {
		f.err = f.failed("write", err)
	}
	return f.err
}

// Flush writes the lines that are still in memory.
func (f *File) Flush() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.flush()
}

func (f *File) flush() error {
	if f.err != nil || f.file == nil {
		return f.err
	}
	f.timer.Stop()
	if err := f.lines.flush(); err != nil {
		f.err = f.failed("write", err)
	}
	return f.err
}

// Close writes the lines that are still in memory and closes the file, if it is
// open.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.close()
}

func (f *File) close() error {
	err := f.flush()
	if f.file != nil {
		if closeErr := f.file.Close(); err == nil && closeErr != nil {
			err = f.failed("write", closeErr)
		}
		f.file = nil
	}
	return err
}

// Replace closes the file and makes it anew from lines, which must hold what was
// appended. After an error the file is as it was before.
func (f *File) Replace(lines iter.Seq2[Line, error]) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.close() // if it fails, the new file holds the lines all the same
	f.err = nil
	draft, err := atomicfile.Create(f.disk, f.path)
	if err != nil {
		return f.failed("write", err)
	}
	if err = f.fill(draft, lines); err == nil {
		err = draft.Replace()
	}
	if err != nil {
		draft.Discard()
		return f.failed("write", err)
	}
	return nil
}

func (f *File) fill(draft *atomicfile.Draft, lines iter.Seq2[Line, error]) error {
	w := newLineWriter(draft.Writer, f.json)
	if err := w.header(); err != nil {
		return err
	}
	for line, err := range lines {
		if err != nil {
			return err
		}
		if err := w.add(line); err != nil {
			return err
		}
	}
	if err := w.flush(); err != nil {
		return err
	}
	return draft.Finish()
}

func (f *File) failed(doing string, err error) error {
	return atomicfile.Error(doing+" the results file", f.path, err)
}
