package source

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// input is a file as bytes: unpacked, not yet decoded. It can be read from the
// start any number of times.
type input struct {
	name string // for messages
	path string
	info fs.FileInfo // as Open found it
	sum  uint32      // of all of it, once the survey is done
	wide string      // UTF-32LE or UTF-32BE: what spool was made of
	was  []byte      // SHA-256 of that

	spool *os.File // the copy of a stream; nil for a file that can be read again
}

func newInput(path string) (*input, error) {
	if path == "-" {
		return &input{name: "standard input"}, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, named(path, readFault(err))
	}
	if info.IsDir() {
		return nil, named(path, errors.New("this is a directory: name the export file in it"))
	}
	return &input{name: path, path: path, info: info}, nil
}

// named is an error of this package as people see it.
func named(name string, err error) error {
	return fmt.Errorf("%s: %w", name, err)
}

// prepare copies what can be read only once, such as a pipe, to a temporary
// file.
func (in *input) prepare(ctx context.Context, stdin io.Reader) error {
	switch {
	case in.path == "" && stdin == nil:
		return errors.New("not available: name a file")
	case in.path == "":
		return in.copy(ctx, func() (io.ReadCloser, error) { return io.NopCloser(stdin), nil })
	case in.info.Mode().IsRegular():
		return nil
	}
	return in.copy(ctx, func() (io.ReadCloser, error) { return os.Open(in.path) })
}

// copy stores what open gives. Neither opening nor reading a pipe can be broken
// off, so at the end of ctx they are left to themselves.
func (in *input) copy(ctx context.Context, open func() (io.ReadCloser, error)) error {
	f, err := tempFile()
	if err != nil {
		return err
	}
	earlier := in.spool
	in.spool = f
	defer removeTemp(earlier)
	done := make(chan error, 1)
	go func() { done <- store(f, open) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// tempFile makes a file that only the user can read. Where the system allows it
// the name goes at once, so that not even a crash leaves the data behind.
func tempFile() (*os.File, error) {
	f, err := os.CreateTemp("", "caseimport-*") // mode 0600
	if err != nil {
		return nil, storeFault(err)
	}
	os.Remove(f.Name())
	return f, nil
}

// removeTemp closes a temporary file, if there is one, and removes its name.
func removeTemp(f *os.File) error {
	if f == nil {
		return nil
	}
	err := f.Close()
	if gone := os.Remove(f.Name()); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
		err = gone
	}
	return err
}

func store(f *os.File, open func() (io.ReadCloser, error)) error {
	r, err := open()
	if err != nil {
		return readFault(err)
	}
	defer r.Close()
	_, err = io.Copy(f, r)
	return storeFault(err)
}

// storeFault puts into words what went wrong with the copy, or with what is copied.
func storeFault(err error) error {
	path, ok := errors.AsType[*fs.PathError](err)
	switch {
	case err == nil:
		return nil
	case ok && path.Op != "read":
		return fmt.Errorf("cannot be stored in the folder %s: %w; TMPDIR names another", os.TempDir(), path.Err)
	case ok:
		return readFault(err)
	}
	return fmt.Errorf("%w: %w", errRead, err)
}

func (in *input) close() error { return removeTemp(in.spool) }

// errChanged says that the file is no longer what was read first.
var errChanged = errors.New("the file has changed since it was first read: leave it alone while it is being imported, and run the command again")

// open begins to read from the start.
func (in *input) open() (*stream, error) {
	s := &stream{}
	if in.spool != nil {
		s.Reader = io.NewSectionReader(in.spool, 0, 1<<62)
	} else {
		f, err := os.Open(in.path)
		if err != nil {
			return nil, readFault(err)
		}
		s.Reader, s.file = f, f
		info, err := f.Stat()
		if err == nil {
			err = in.same(info)
		}
		if err != nil {
			f.Close()
			return nil, readFault(err)
		}
	}
	b := bufio.NewReaderSize(s.Reader, 64<<10)
	s.Reader = b
	if magic, _ := b.Peek(2); string(magic) == "\x1f\x8b" {
		z, err := gzip.NewReader(b)
		if err != nil {
			s.Close()
			return nil, readFault(err)
		}
		s.Reader, s.packed = &members{z, b}, true
	}
	return s, nil
}

// same tells whether a file's size and time are those that Open found.
func (in *input) same(now fs.FileInfo) error {
	if now.Size() != in.info.Size() || !now.ModTime().Equal(in.info.ModTime()) {
		return errChanged
	}
	return nil
}

// members reads a gzip file, which may have several parts. Left to itself
// gzip.Reader takes whatever follows a part for one that is cut or damaged.
type members struct {
	z *gzip.Reader
	b *bufio.Reader
}

func (m *members) Read(p []byte) (int, error) {
	m.z.Multistream(false)
	n, err := m.z.Read(p)
	if err != io.EOF {
		return n, err
	}
	magic, err := m.b.Peek(2)
	switch {
	case string(magic) == "\x1f\x8b":
		return n, m.z.Reset(m.b)
	case len(magic) > 0:
		return n, errTrailing
	}
	return n, err
}

// errTrailing says that a gzip file goes on as something else.
var errTrailing = errors.New("other bytes follow the end of the gzip data: unpack the file, look at its end, and import what is right")

// stream is one reading of an input.
type stream struct {
	io.Reader
	file   *os.File
	packed bool   // the file is a gzip file
	sum    uint32 // of what has been read: tells whether the file is still the same
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli) // computed by the processor

func (s *stream) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	s.sum = crc32.Update(s.sum, castagnoli, p[:n])
	if err != nil && err != io.EOF {
		err = readFault(err)
	}
	return n, err
}

func (s *stream) Close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// errRead says that the system, not the content, is in the way.
var errRead = errors.New("cannot be read")

// readFault puts what went wrong below a reading into plain words.
func readFault(err error) error {
	var corrupt flate.CorruptInputError
	var path *fs.PathError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the gzip file is cut short: get a complete copy")
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), errors.As(err, &corrupt):
		return fmt.Errorf("the gzip file is damaged (%w): get a sound copy", err)
	case errors.As(err, &path):
		return fmt.Errorf("%w: %w", errRead, path.Err) // without the path, which the caller names
	}
	return err
}

// formatOf settles the format: as asked for, or as the name ends.
func formatOf(path, asked string) (string, error) {
	format := strings.ToLower(asked)
	if format == "" {
		name := strings.TrimSuffix(strings.ToLower(path), ".gz")
		format = strings.TrimPrefix(filepath.Ext(name), ".")
	}
	switch format {
	case "csv", "tsv", "jsonl", "json":
		return format, nil
	case "xlsx", "xlsm":
		return "xlsx", nil
	case "ndjson":
		return "jsonl", nil
	}
	const known = "--format csv, tsv, jsonl, json or xlsx"
	switch {
	case asked != "":
		return "", fmt.Errorf("no such format: %q; use %s", asked, known)
	case path == "-":
		return "", fmt.Errorf("standard input has no name to tell its format by: add %s", known)
	}
	return "", fmt.Errorf("the name %s does not tell the file's format: add %s", path, known)
}
