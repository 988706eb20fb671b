// Package atomicfile replaces whole files: a temporary file beside the old one,
// sync, rename, sync of the directory. A crash at any moment leaves the old file
// or the new one.
//
// The temporary file has a fixed name, so that what a dead process left is cleared
// away by the next; two processes must not replace the same file at a time.
package atomicfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// Disk is what replacing files asks of the file system. Tests put one in its place
// that fails on demand.
type Disk interface {
	// Create makes a new file with mode 0600. It must refuse one that exists.
	Create(path string) (Handle, error)
	// Append opens an existing file to write at its end.
	Append(path string) (Handle, error)
	Rename(from, to string) error
	// Remove need not succeed where there is no such file.
	Remove(path string) error
	// SyncDir makes renames and removals within the directory durable.
	SyncDir(dir string) error
}

// Handle is an open file of a [Disk].
type Handle interface {
	io.Writer
	Sync() error
	Close() error
}

// OS is the operating system's Disk.
var OS Disk = osDisk{}

type osDisk struct{}

func (osDisk) Create(path string) (Handle, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

func (osDisk) Append(path string) (Handle, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
}

func (osDisk) Rename(from, to string) error { return os.Rename(from, to) }
func (osDisk) Remove(path string) error     { return os.Remove(path) }

func (osDisk) SyncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // a directory cannot be synced there, renames are journalled
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil // some network file systems have no such thing
	}
	return err
}

// Write replaces the file at path by what write writes. After an error the file is
// as it was before. The file has mode 0600.
func Write(disk Disk, path string, write func(*bufio.Writer) error) error {
	d, err := Create(disk, path)
	if err != nil {
		return err
	}
	if err = write(d.Writer); err == nil {
		err = d.Finish()
	}
	if err == nil {
		err = d.Replace()
	}
	if err != nil {
		d.Discard()
	}
	return err
}

// Draft is the new content of a file until it takes the file's place, for whoever
// has no function to give to [Write]: Create, write, Finish, Replace; after an
// error, or to give it up, Discard.
type Draft struct {
	*bufio.Writer
	disk Disk
	path string // of the file that it will replace
	file Handle
}

// TempName is where the new content of path grows.
func TempName(path string) string {
	dir, base := filepath.Split(path)
	return filepath.Join(dir, "."+base+".caseimport-tmp")
}

// Create opens the temporary file, in place of one that a dead process left.
func Create(disk Disk, path string) (*Draft, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	disk.Remove(TempName(path))
	file, err := disk.Create(TempName(path))
	if err != nil {
		return nil, err
	}
	return &Draft{bufio.NewWriterSize(file, 64<<10), disk, path, file}, nil
}

// Finish makes the temporary file durable and closes it. It must be closed before
// it is renamed: Windows renames no open file.
func (d *Draft) Finish() error {
	err := d.Flush()
	if err == nil {
		err = d.file.Sync()
	}
	if closeErr := d.file.Close(); err == nil {
		err = closeErr
	}
	return err
}

// Replace puts the finished draft in the file's place.
func (d *Draft) Replace() error {
	if err := d.disk.Rename(TempName(d.path), d.path); err != nil {
		return err
	}
	return d.disk.SyncDir(filepath.Dir(d.path))
}

// Discard removes the temporary file.
func (d *Draft) Discard() {
	d.file.Close()
	d.disk.Remove(TempName(d.path))
}

// Error names the file at fault. The system's own message may name the temporary
// file instead, so only its cause is kept.
func Error(what, path string, err error) error {
	switch system := err.(type) {
	case *fs.PathError:
		err = system.Err
	case *os.LinkError:
		err = system.Err
	}
	return fmt.Errorf("%s %s: %w", what, path, err)
}
