package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"caseimport/importer/doctor"
	"caseimport/importer/exit"
	"caseimport/importer/talkdesk"
	"caseimport/mapping"
	"caseimport/mapping/fields"
)

type doctorOptions struct {
	asking
	mapping string
	json    bool
}

func newDoctor() *cobra.Command {
	var o doctorOptions
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Find out what the account and the credentials can do",
		Long: `Ask the account, with a dozen reads, whether everything is there that an import needs:
credentials and their scopes, the clock, the list of cases and whether the search finds
a case by its key, the case fields and, with -m, whether the mapping file fits them.
Nothing is changed in the account.

Each line says ok, attend (an import can be made, but something weakens it), failed (an
import cannot be made) or cannot tell (it did not show, for instance in an empty
account), and what to do.

Exit codes, if and only if:
  0  nothing stands against an import
  1  an import cannot be made: something has failed
  3  there is something to attend to`,
		Example: `  caseimport doctor
  caseimport doctor -m mapping.yaml
  caseimport doctor -m mapping.yaml --json`,
		Args: noArguments,
	}
	f := cmd.Flags()
	f.StringVarP(&o.mapping, "mapping", "m", "", "the mapping `FILE` to hold against the account")
	o.asking.flags(f, 10*time.Second)
	jsonFlag(f, &o.json)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		report, err := examine(cmd, o)
		if o.json {
			printJSON(cmd.OutOrStdout(), report)
		} else if err == nil {
			printReport(cmd.OutOrStdout(), report)
		}
		explain(cmd.ErrOrStderr(), err)
		return status(report.Exit)
	}
	return cmd
}

// refusedDoctor is the report of an examination that could not begin.
func refusedDoctor(name string, err error) doctor.Report {
	return doctor.Of(doctor.Check{Name: name, State: doctor.Failed, Message: err.Error(), Hint: strings.TrimSpace(stopOf(err).Hint)})
}

func examine(cmd *cobra.Command, o doctorOptions) (doctor.Report, error) {
	m, known, err := examinedMapping(cmd, o.mapping)
	if err != nil {
		return refusedDoctor("mapping", err), err
	}
	account, err := o.dial(cmd, known)
	if err != nil {
		return refusedDoctor("credentials", err), err
	}
	defer account.close()
	ctx, stop := interruptible(cmd.Context())
	defer stop()
	creds, _ := talkdesk.CredentialsFromEnv(os.Getenv)
	report := doctor.Run(ctx, doctor.Config{
		API: account.api, Reader: account.reader, Account: account.name,
		Token: !o.sandbox && creds.Token != "", Signed: !o.sandbox && creds.PrivateKey != "", Mapping: m,
	})
	if ctx.Err() != nil {
		err := interrupted(ctx, context.Canceled)
		return refusedDoctor("interrupted", err), err
	}
	return report, nil
}

// examinedMapping reads the mapping file, if one is given, and the account's fields
// that it names. What is wrong in it is for the report.
func examinedMapping(cmd *cobra.Command, path string) (m *doctor.Mapping, known *fields.File, err error) {
	if path == "" {
		return nil, nil, nil
	}
	read, _, err := loadMapping(cmd, path, "", "tickets.csv")
	m = &doctor.Mapping{Name: path, Against: func(account fields.File) error { return against(cmd, path, account) }}
	if _, faulty := errors.AsType[*mapping.FileError](err); faulty {
		m.Fault = err
		return m, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	m.KeyField, m.Fields = read.KeyField(), read.CustomFields()
	if known = read.Account(); known != nil {
		m.Account = known.Account
	}
	return m, known, nil
}

// against says what is wrong with a mapping file for an account with these fields.
func against(cmd *cobra.Command, path string, account fields.File) error {
	_, err := loadMappingFor(cmd, &account, path, "tickets.csv", io.Discard)
	return err
}

// printReport prints a line a check, and below it what to do.
func printReport(w io.Writer, r doctor.Report) {
	var b strings.Builder
	for _, c := range r.Checks {
		message := strings.Split(strings.TrimRight(c.Message, "\n"), "\n")
		fmt.Fprintf(&b, "  %-11s  %-11s  %s\n", c.State, c.Name, message[0])
		for _, line := range message[1:] {
			fmt.Fprintf(&b, "  %-11s  %-11s  %s\n", "", "", line)
		}
		for line := range strings.Lines(c.Hint) {
			fmt.Fprintf(&b, "  %-11s  %-11s  -> %s\n", "", "", strings.TrimRight(line, "\n"))
		}
	}
	switch r.Exit {
	case exit.Done:
		b.WriteString("\nNothing stands against an import.\n")
	case exit.Faults:
		b.WriteString("\nAn import can be made, but there is something to attend to.\n")
	default:
		b.WriteString("\nAn import cannot be made: something has failed.\n")
	}
	printWide(w, b.String())
}
