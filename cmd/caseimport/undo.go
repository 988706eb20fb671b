package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"caseimport/importer"
	"caseimport/importer/exit"
	"caseimport/importer/journal"
	"caseimport/importer/undo"
	"caseimport/mapping/words"
	"caseimport/ratelimit"
)

type undoOptions struct {
	asking
	yes, json bool
	settle    time.Duration
}

func newUndo() *cobra.Command {
	var o undoOptions
	cmd := &cobra.Command{
		Use:   "undo RESULTS [--yes]",
		Short: "Move an import's cases to the Trash",
		Long: `Say what undoing an import would do; with --yes, do it: its cases move to the Trash,
where agents can restore them. RESULTS is the results file of the import; the journal
beside it knows the cases. The next run creates undone rows again.

Kept are cases that were changed since the import (by people, or by the account's
automations), cases that the import found and did not make, cases that do not carry
their row's key, and cases with a subcase that is kept or is not the import's, since
subcases go along. Where subcases cannot be seen, every case without a parent is kept.

With --yes one case goes first, alone: only if the answer names exactly that case, and
it is gone from reading, do the others follow, one a request. Beside the results a file
X.undo.csv says what becomes of every case. Run the same command again to go on.

Exit codes, if and only if:
  0  the plan was made; with --yes: every case is in the Trash, or was deleted before
  1  it could not be done, and nothing was moved
  3  with --yes: some cases were kept, or some rows are in doubt
  4  with --yes: stopped before the end: look at what it says
  5  a run holds this results file`,
		Example: `  caseimport undo tickets.results.csv
  caseimport undo tickets.results.csv --yes --rate 20/s`,
		Args: oneResults,
	}
	f := cmd.Flags()
	f.BoolVar(&o.yes, "yes", false, "do it")
	o.asking.flags(f, 10*time.Minute)
	_ = f.MarkHidden("sandbox")
	f.DurationVar(&o.settle, "settle", 30*time.Second, "wait this `TIME` for the first case to be gone from reading")
	jsonFlag(f, &o.json)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		began := time.Now()
		report, path, err := undoImport(cmd, o, args[0])
		if err != nil {
			explain(cmd.ErrOrStderr(), err)
		}
		if report == nil {
			report = &undo.Report{Seconds: time.Since(began).Seconds()}
		}
		if err != nil {
			report.Exit, report.Error = stopOf(err).Exit, brief(err.Error())
		}
		switch {
		case o.json:
			printJSON(cmd.OutOrStdout(), report)
		case err == nil || report.Undone > 0:
			pace, _ := paceOf(cmd, o.rate, false)
			printUndo(cmd.OutOrStdout(), report, o.yes, commandLine(cmd, "undo", args[0], "yes")+" --yes", path, pace)
		}
		return status(report.Exit)
	}
	return cmd
}

// undoImport undoes an import, or says what that would do, and writes the undo file,
// at path. The report is nil if it never began.
func undoImport(cmd *cobra.Command, o undoOptions, results string) (report *undo.Report, path string, err error) {
	if o.target.sandbox {
		return nil, "", usage(cmd, "to rehearse, start a sandbox of its own for run and undo: "+program()+" sandbox", "--sandbox: the built-in sandbox forgets its cases when a run ends, so there is nothing to undo")
	}
	if err := checkWaits(cmd, "settle"); err != nil {
		return nil, "", err
	}
	account, err := o.dial(cmd, nil)
	if err != nil {
		return nil, "", err
	}
	defer account.close()
	files := importer.FilesOf(results, "csv")
	host, _ := os.Hostname()
	open := journal.PlanUndo
	if o.yes {
		open = journal.OpenUndo
	}
	j, err := open(files.Journal, journal.Header{Account: account.name, BaseURL: account.baseURL}, journal.Begin{
		Results: filepath.Base(files.Results), Host: host, Process: os.Getpid(), At: time.Now(), Version: version()})
	if err != nil {
		return nil, "", cannotUndo(err, files.Journal)
	}
	account.reader.Limiter.Learn(j.Rate())
	defer func() {
		if unclosed := j.Close(); err == nil && unclosed != nil {
			err = unfinished(o, unclosed)
		}
	}()
	say := saying(cmd.ErrOrStderr())
	all, intake, stop := interrupts(cmd.Context(), func() { say("finishing what is under way; once more to stop at once") })
	defer stop()
	if !o.yes {
		all = intake
	}
	report, stopped := undo.Run(all, undo.Config{Journal: j, Results: files.Results, Yes: o.yes, API: account.api, Reader: account.reader,
		Settle: o.settle, Intake: intake, Say: say})
	err = report.Write(files.Undo)
	if stopped != nil {
		stopped.Err = errors.Join(stopped.Err, err)
		err = stopped
	} else if err != nil {
		err = unfinished(o, err)
	}
	return report, files.Undo, err
}

// unfinished is the error of an undo that was done, and whose files are not as they
// should be.
func unfinished(o undoOptions, err error) error {
	if !o.yes {
		return err
	}
	return &exit.Stop{Exit: exit.Stopped, Err: err, Hint: "what was moved is noted in the journal"}
}

// cannotUndo is the error of a journal that cannot be used.
func cannotUndo(err error, path string) error {
	if held, ok := errors.AsType[*journal.HeldError](err); ok {
		return &exit.Stop{Exit: exit.Busy, Err: held, Hint: "wait until it has ended (the lock of a dead run is released by the system)"}
	}
	if pin, ok := errors.AsType[*journal.PinError](err); ok {
		hint := "give the account and the address of that import"
		if pin.Theirs == "sandbox" {
			hint = "these are the files of a rehearsal, whose cases are gone: delete them"
		}
		return exit.Refuse(pin, hint)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return exit.Refuse(fmt.Errorf("there is no journal %s: it says which cases are the import's", path), "give the results file of the import")
	}
	return exit.Refuse(err, "")
}

// printUndo says what was found and done, to somebody who has not read the manual. next
// is the command line that does it.
func printUndo(w io.Writer, r *undo.Report, did bool, next, path string, pace ratelimit.Rate) {
	var b strings.Builder
	switch {
	case !did && r.Planned == 0:
		b.WriteString("Nothing would be moved to the Trash.\n")
	case !did:
		fmt.Fprintf(&b, "%s would be moved to the Trash. Nothing was changed.\n", words.Plural(r.Planned, "case"))
	case r.Exit == exit.Stopped:
		fmt.Fprintf(&b, "Stopped: %s moved to the Trash so far.\n", words.Plural(r.Undone, "case"))
	case r.Undone == 0:
		b.WriteString("Nothing was moved to the Trash.\n")
	default:
		fmt.Fprintf(&b, "%s moved to the Trash.\n", words.Plural(r.Undone, "case"))
	}
	b.WriteString("\n")
	planned := r.Planned
	if did {
		planned = 0
	}
	printCounts(&b, "", []count{
		{"planned", planned, "would be moved to the Trash, where agents can restore them"},
		{"undone", r.Undone, "in the Trash, where agents can restore them"},
		{"changed", r.Changed, "kept: changed since the import"},
		{"kept", r.Kept, "kept for another reason"},
		{"adopted", r.Adopted, "kept: there before the import, which only found them"},
		{"gone", r.Gone, "deleted before, by people"},
		{"left", r.Left, "not come to yet"},
		{"in doubt", r.InDoubt, "rows of which it is not known whether they have a case: run the import again first"},
		{"earlier", r.Earlier, "rows that were undone earlier"},
	})
	if r.Blind != "" {
		fmt.Fprintf(&b, "\nSubcases cannot be seen, so every case without a parent is kept: %s.\nIf the account has none, make a case that is not the import's a subcase by hand, and try again.\n", r.Blind)
	}
	const most = 10
	shown := 0
	for line := range r.Lines() {
		switch line.Result {
		case undo.Changed, undo.Kept, undo.Adopted, undo.InDoubt:
		default:
			continue
		}
		if shown++; shown > most {
			break
		}
		if shown == 1 {
			b.WriteString("\nThe first of those that are kept\n")
		}
		fmt.Fprintf(&b, "  %s: %s\n", whichRow(line.Row, line.Key, line.CaseID), line.Reason)
	}
	fmt.Fprintf(&b, "\n%s in %s\n", words.Plural(r.Requests, "request"), humanSeconds(r.Seconds))
	fmt.Fprintf(&b, "\nFiles\n  %-16s%s\n  %16sone line per case\n", "undo file", path, "")
	switch {
	case !did && r.Planned > 0:
		// Each is read once more before it goes.
		requests := 2 * r.Planned
		took := ""
		if pace.PerSecond > 0 && !pace.Auto {
			took = fmt.Sprintf(", %s at %s", humanSeconds(float64(requests)/pace.PerSecond), perSecond(pace.PerSecond))
		}
		fmt.Fprintf(&b, "\nWhat next\n  To do it, with about %s%s:\n    %s\n", words.Plural(requests, "request"), took, next)
	case did && r.Undone > 0:
		b.WriteString("\nWhat next\n  The next run of the import creates the undone rows again. Rows that were corrected in a failure\n  report stand uncorrected in the export: run the corrected report again too, or correct the rows\n  in the new failure report.\n")
	}
	_, _ = io.WriteString(w, printable(b.String()))
}
