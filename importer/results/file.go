package results

import (
	"bufio"
	"encoding/csv"
	"errors"
	"iter"
	"strings"

	"caseimport/importer/atomicfile"
)

// File is the results file of a run. It is not safe for concurrent use. A line that
// could not be written makes the error of every later call until the file is
// rebuilt.
type File struct {
	path string
	json bool
	disk atomicfile.Disk

	file  atomicfile.Handle // nil while not open
	lines *lineWriter
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

// Begin rebuilds the file from lines and opens it for appending.
func (f *File) Begin(lines iter.Seq2[Line, error]) error {
	if err := f.Replace(lines); err != nil {
		return err
	}
	return f.Resume()
}

// Resume opens the file as it stands for appending.
func (f *File) Resume() error {
	file, err := f.disk.Append(f.path)
	if err != nil {
		return f.failed("open", err)
	}
	f.file, f.err = file, nil
	f.lines = newLineWriter(bufio.NewWriterSize(file, 64<<10), f.json)
	return nil
}

// Append adds a line, which stays in memory until there are many or Flush is
// called. Losing it in a crash is no harm, since the next run rebuilds the file.
func (f *File) Append(l Line) error {
	if f.err == nil && f.file == nil {
		f.err = f.failed("write", errors.New("it is not open"))
	}
	if f.err != nil {
		return f.err
	}
	if err := f.lines.write(l); err != nil {
		f.err = f.failed("write", err)
	}
	return f.err
}

// Flush writes the lines that are still in memory.
func (f *File) Flush() error {
	if f.err != nil || f.file == nil {
		return f.err
	}
	if err := f.lines.out.Flush(); err != nil {
		f.err = f.failed("write", err)
	}
	return f.err
}

// Close writes the lines that are still in memory and closes the file, if it is
// open.
func (f *File) Close() error {
	err := f.Flush()
	if f.file != nil {
		if closeErr := f.file.Close(); err == nil && closeErr != nil {
			err = f.failed("write", closeErr)
		}
		f.file = nil
	}
	return err
}

// Replace closes the file and rebuilds it from lines, which must hold what was
// appended. After an error the file is as it was before.
func (f *File) Replace(lines iter.Seq2[Line, error]) error {
	f.Close() // if it fails, the new file holds the lines all the same
	f.err = nil
	err := atomicfile.Write(f.disk, f.path, func(out *bufio.Writer) error {
		w := newLineWriter(out, f.json)
		if w.csv != nil {
			if err := w.csv.Write(lineColumns); err != nil {
				return err
			}
		}
		for line, err := range lines {
			if err == nil {
				err = w.write(line)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return f.failed("write", err)
	}
	return nil
}

func (f *File) failed(doing string, err error) error {
	return atomicfile.Error(doing+" the results file", f.path, err)
}

// WriteTable writes a CSV file for people, in place of that of an earlier time: lines,
// each as cells has it.
func WriteTable[L any](path string, columns []string, lines iter.Seq[L], cells func(L) []string) error {
	err := atomicfile.Write(atomicfile.OS, path, func(out *bufio.Writer) error {
		w := csv.NewWriter(out)
		if err := w.Write(columns); err != nil {
			return err
		}
		for line := range lines {
			if err := w.Write(cells(line)); err != nil {
				return err
			}
		}
		w.Flush()
		return w.Error()
	})
	if err != nil {
		return atomicfile.Error("write", path, err)
	}
	return nil
}
