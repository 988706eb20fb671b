package exit

import (
	"errors"
	"syscall"
)

// Stop is the error of a command that did not reach its end, or never began.
type Stop struct {
	Exit int // Refused (nothing was sent), Stopped or Busy
	Err  error
	Hint string // what to do next; may be empty
}

// Refuse is the end of a command that did nothing.
func Refuse(err error, hint string) *Stop { return &Stop{Exit: Refused, Err: err, Hint: hint} }

func (s *Stop) Error() string { return s.Err.Error() }

func (s *Stop) Unwrap() error { return s.Err }

// DiskFull reports whether that is what an error of the disk is.
func DiskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// DiskHint is what to do after an error of the disk that stopped a command on its way.
func DiskHint(err error) string {
	if DiskFull(err) {
		return "make room on the disk and run the same command again: it goes on where it stopped"
	}
	return "fix it and run the same command again: it goes on where it stopped"
}
