package main

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"caseimport/importer"
	"caseimport/importer/reads"
	"caseimport/importer/talkdesk"
	"caseimport/mapping/fields"
)

// asking are the flags of commands that ask the account something; undo alone
// changes something in it, too.
type asking struct {
	target
	timeout, patience time.Duration
}

// askingRate is the flag --rate of those that read no export, and of verify.
func askingRate(f *pflag.FlagSet, rate *string) {
	f.StringVar(rate, "rate", "", "at most `RATE` requests: 10/s, 600/m or a number per second, 0 for no limit, auto to find the server's (default 5/s)")
}

// waits are its flags but for the target's.
func (a *asking) waits(f *pflag.FlagSet, patience time.Duration, written string) {
	f.DurationVar(&a.timeout, "timeout", 60*time.Second, "give up on a request after this `TIME`")
	f.DurationVar(&a.patience, "outage-patience", patience, "wait this `TIME` for a server that is down")
	f.Lookup("timeout").DefValue, f.Lookup("outage-patience").DefValue = "60s", written
}

// account is whom a command asks.
type account struct {
	api     *talkdesk.Client
	name    string
	baseURL string // normalised, or the word sandbox
	reader  *reads.Reader
	close   func()
}

// dial connects to the account, and sends nothing yet. A built-in sandbox has the
// fields that are given, if any are.
func (a *asking) dial(cmd *cobra.Command, rate string, fields *fields.File) (account, error) {
	for _, flag := range []struct {
		name  string
		value time.Duration
	}{{"timeout", a.timeout}, {"outage-patience", a.patience}} {
		if !isWait(flag.value) {
			return account{}, usage(cmd, "", "--%s %v: this must be %s", flag.name, flag.value, waits)
		}
	}
	pace, err := paceOf(cmd, rate, a.sandbox)
	if err != nil {
		return account{}, err
	}
	if err := a.target.fill(cmd); err != nil {
		return account{}, err
	}
	cfg := importer.Config{Concurrency: 1}
	end, err := a.target.connect(&cfg, fields, a.timeout)
	if err != nil {
		return account{}, err
	}
	return account{
		api:     cfg.API.(*talkdesk.Client),
		name:    cfg.Account,
		baseURL: cfg.BaseURL,
		reader:  &reads.Reader{Limiter: pace.Limiter(), Patience: a.patience, Say: sayWaiting(cmd.ErrOrStderr())},
		close:   end,
	}, nil
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
	return refuse(errors.New(a.Message), hint)
}
