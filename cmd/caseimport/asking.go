package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"caseimport/importer"
	"caseimport/importer/exit"
	"caseimport/importer/journal"
	"caseimport/importer/reads"
	"caseimport/importer/talkdesk"
	"caseimport/mapping/fields"
)

// asking are the flags of commands that ask the account something; undo alone
// changes something in it, too.
type asking struct {
	target
	patience time.Duration
}

// flags are those of commands that read no export, and of verify. check has another
// --rate.
func (a *asking) flags(f *pflag.FlagSet, patience time.Duration) {
	a.target.flags(f)
	a.rateFlag(f, "at most `RATE` requests: 10/s, 600/m or a number per second, 0 for no limit, auto to find the server's (default 5/s)")
	a.waits(f, patience)
}

func (a *asking) waits(f *pflag.FlagSet, patience time.Duration) {
	a.timeoutFlag(f)
	patienceFlag(f, &a.patience, patience)
}

// dial is connect for one request after the other. It looks at the flags first.
func (a *asking) dial(cmd *cobra.Command, known *fields.File) (to account, err error) {
	if err := checkWaits(cmd, "timeout", "outage-patience"); err != nil {
		return to, err
	}
	pace, err := paceOf(cmd, a.rate, a.sandbox)
	if err != nil {
		return to, err
	}
	if err := a.target.fill(cmd); err != nil {
		return to, err
	}
	to, err = a.target.connect(known, 1)
	to.reader = &reads.Reader{Limiter: pace.Limiter(), Patience: a.patience, Say: sayWaiting(cmd.ErrOrStderr())}
	return to, err
}

// journal opens the journal beside the results of earlier runs, to be read: nil if there
// is none. The account is asked at the pace that it has learned.
func (a account) journal(results, keyRule string) (*journal.Journal, error) {
	files := importer.FilesOf(results, "csv")
	header := journal.Header{Account: a.name, BaseURL: a.baseURL, KeyRule: keyRule}
	j, err := journal.Peek(files.Journal, header, filepath.Base(files.Results))
	if err != nil {
		return nil, exit.Refuse(err, "name the results file of this import with -o")
	}
	if j != nil {
		a.reader.Limiter.Learn(j.Rate())
	}
	return j, nil
}

// saying tells people, a line each, what takes its time.
func saying(w io.Writer) func(string) {
	return func(message string) { fmt.Fprintln(w, printable(message)) }
}

// sayWaiting tells people why a command waits.
func sayWaiting(w io.Writer) func(string) {
	log, _ := newLogger(w, "text", false)
	return func(message string) { log.Log(context.Background(), importer.LevelWait, message) }
}

// refused is the error of a command whose reads were not answered.
func refused(ctx context.Context, a talkdesk.Answer) error {
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	hint := "to find out what is wrong: " + program() + " doctor"
	return exit.Refuse(errors.New(a.Message), hint)
}
