// Command caseimport creates Talkdesk cases from a helpdesk's export: one case
// a row, never a case twice, whatever happens in between.
//
// This package turns flags into the importer's Config and outcomes into words
// and exit codes. It must never decide what becomes of a row.
//
// The files in reading order: main.go; a file for each command (init.go,
// check.go, run.go, verify.go, report.go, undo.go, fields.go, doctor.go, sandbox.go,
// schema.go, man.go); what they share:
// input.go (the export and its mapping), environment.go (where the cases go),
// asking.go (commands that only read), live.go (check --live), signals.go; what shells
// complete: completion.go; what others are
// told of a run: aftermath.go, shell.go; what people
// see: progress.go and terminal.go (the bar), logging.go, summary.go, errors.go
// (messages and exit codes), words.go.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	// A reader that goes away (caseimport run … | head) must not end a run in
	// the middle: without this, writing to a broken pipe kills the process.
	signal.Ignore(syscall.SIGPIPE)
	leaveGarbage()
	os.Exit(exec(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// exec runs one command line and returns its exit code.
func exec(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	if _, ok := errors.AsType[usageError](err); ok {
		asked := outputFlags(args)
		if asked.json {
			printUsageJSON(cmd, err)
		}
		if cmd.Name() == "run" {
			defer asked.aftermath.unheard(cmd, err)
		}
		if asked.logFormat == "json" {
			log, _ := newLogger(stderr, "json", false)
			logError(log, err)
			return stopOf(err).Exit
		}
	}
	return explain(stderr, err)
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "caseimport",
		Short: "Create Talkdesk cases from a helpdesk's export",
		Long: `caseimport creates Talkdesk cases from a helpdesk's export, one case a row.
Run the same command again: it does only what is left, and never makes a case twice.

The usual way, from an export to cases:

  caseimport fields -o fields.json                        the account's custom fields
  caseimport init  tickets.csv --fields fields.json       draft mapping.yaml from data and fields
  caseimport check tickets.csv -m mapping.yaml            what would be refused, without sending
  caseimport run   tickets.csv -m mapping.yaml --sandbox  rehearse: nothing leaves this machine
  caseimport run   tickets.csv -m mapping.yaml --limit 5  the first five; look at them in Talkdesk
  caseimport run   tickets.csv -m mapping.yaml            the rest
  caseimport verify tickets.csv -m mapping.yaml           is every case there, and right?
  caseimport undo  tickets.results.csv                    what would go, to take it all back`,
		Version:       versionText(),
		Args:          noSuchCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(newInit(), newCheck(), newRun(), newFields(), newDoctor(), newVerify(), newReport(), newUndo(), newSandbox(), newSchema(), newMan())
	for _, cmd := range root.Commands() {
		cmd.Flags().SortFlags = false
	}
	complete(root)
	return root
}

// versionText is what --version says after the program's name.
func versionText() string {
	return fmt.Sprintf("%s\ncommit %s, %s\n%s %s/%s", version(), cmp.Or(build("vcs.revision"), "(unknown)"), cmp.Or(build("vcs.time"), "(no date)"),
		runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(unknown)"
}

// build is what Go noted of the build, such as vcs.revision and vcs.time; "" where it
// was not built in a clone.
func build(name string) string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == name {
				return s.Value
			}
		}
	}
	return ""
}
