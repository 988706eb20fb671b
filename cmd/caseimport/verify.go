package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"caseimport/importer"
	"caseimport/importer/exit"
	"caseimport/importer/source"
	"caseimport/importer/talkdesk"
	"caseimport/importer/verify"
	"caseimport/mapping"
	"caseimport/mapping/words"
)

type verifyOptions struct {
	mapped
	asking
	results string
	settle  time.Duration
	sample  int
	json    bool
}

func newVerify() *cobra.Command {
	var o verifyOptions
	cmd := &cobra.Command{
		Use:   "verify INPUT -m MAPPING",
		Short: "Is every case there, and as it should be?",
		Long: `Read every case that the results say was created, and compare it with what its row
maps to today. Nothing is changed in the account, and a run may go on meanwhile.

Beside the results a file X.verify.csv says what was found of every row: same, differs
(the field, what was expected, what was found), missing, twice (other cases have the
same key) or unknown (it cannot be told). A case that people have changed since differs;
update_at says when. What the list of cases does not show is looked at in a sample.

Exit codes, if and only if:
  0  every row has its case, as it should be
  1  it could not be done
  3  something differs, is missing or cannot be told, or rows have no case
  4  interrupted: nothing was written`,
		Example: `  caseimport verify tickets.csv -m mapping.yaml
  caseimport verify tickets.csv -m mapping.yaml --rate 20/s --json`,
	}
	f := cmd.Flags()
	o.mappingFlag(f)
	f.StringVarP(&o.results, "results", "o", "", "the results `FILE` of the import (default: next to INPUT)")
	o.asking.flags(f, 10*time.Minute)
	_ = f.MarkHidden("sandbox")
	f.DurationVar(&o.settle, "settle", 30*time.Second, "wait this `TIME` for a list that lags before a case is taken to be missing")
	f.IntVar(&o.sample, "sample", 20, "read `N` cases one by one where the list does not show everything")
	jsonFlag(f, &o.json)
	return o.reading.command(cmd, func(cmd *cobra.Command, input string) error {
		began := time.Now()
		report, path, err := verifyFile(cmd, o, input)
		if err != nil {
			report = verify.Report{Exit: stopOf(err).Exit, Error: brief(err.Error()), Requests: report.Requests, Seconds: time.Since(began).Seconds()}
			explain(cmd.ErrOrStderr(), err)
		}
		switch {
		case o.json:
			printJSON(cmd.OutOrStdout(), report)
		case err == nil:
			printVerify(cmd.OutOrStdout(), report, path)
		}
		return status(report.Exit)
	})
}

// verifyFile verifies an import and writes the verify file, at path.
func verifyFile(cmd *cobra.Command, o verifyOptions, input string) (report verify.Report, path string, err error) {
	switch {
	case o.target.sandbox:
		return report, "", usage(cmd, "start a sandbox of its own for run and verify: "+program()+" sandbox", "--sandbox: the built-in sandbox forgets its cases when a run ends, so there is nothing to verify")
	case o.sample < 1:
		return report, "", usage(cmd, "", "--sample %d: this must be 1 or more", o.sample)
	}
	if err := checkWaits(cmd, "settle"); err != nil {
		return report, "", err
	}
	if o.results == "" {
		if o.results, err = importer.DefaultResults(input, false); err != nil {
			return report, "", usage(cmd, "for example: -o tickets.results.csv", "%w", err)
		}
	}
	path = importer.FilesOf(o.results, "csv").Verify
	if err := cmp.Or(apart(input, path), apart(o.mapping, path)); err != nil {
		return report, "", err
	}
	m, _, err := loadMapping(cmd, o.mapping, o.fields, input)
	if err != nil {
		return report, "", err
	}
	account, err := o.dial(cmd, m.Account())
	if err != nil {
		return report, "", err
	}
	defer account.close()
	ctx, stop := interruptible(cmd.Context())
	defer stop()
	stopped := func(err error) error {
		if err != nil && ctx.Err() != nil {
			return &exit.Stop{Exit: exit.Stopped, Err: errors.New("interrupted: nothing was written"), Hint: "run the same command again"}
		}
		return err
	}
	table, err := o.reading.open(ctx, cmd, input)
	if err != nil {
		return report, "", stopped(err)
	}
	defer table.Close()
	program, second, err := compile(ctx, m, table, o.mapping)
	defer second.close()
	if err != nil {
		return report, "", stopped(err)
	}
	say := saying(cmd.ErrOrStderr())
	rows, err := rowsWithCase(ctx, table, program, account, o.results, say)
	if err != nil {
		return report, "", stopped(err)
	}
	report, a := verify.Run(ctx, verify.Config{Rows: rows, Field: program.KeyField(), Account: m.Account(),
		API: account.api, Reader: account.reader, Settle: o.settle, Sample: o.sample, Say: say})
	if a.Verdict != talkdesk.OK {
		return report, "", stopped(refused(ctx, a))
	}
	if report.Differs+report.Missing+report.Twice+report.Unknown+report.WithoutCase > 0 {
		report.Exit = exit.Faults
	}
	return report, path, report.Write(path)
}

// rowsWithCase reads the journal beside the results, and the input.
func rowsWithCase(ctx context.Context, table *source.Table, program *mapping.Program, a account, results string, say func(string)) (rows verify.Rows, err error) {
	j, err := a.journal(results, program.KeyRule())
	switch {
	case err != nil:
		return rows, err
	case j == nil:
		return rows, exit.Refuse(fmt.Errorf("there is no journal %s: it says which rows have a case", importer.FilesOf(results, "csv").Journal), "name the results file of this import with -o")
	}
	defer j.Close()
	if !j.Last().Ended {
		say("the last run has not come to its end, or still goes on: its newest cases may not be looked at")
	}
	return verify.ReadRows(ctx, table, program, j)
}

// printVerify says what was found, to somebody who has not read the manual.
func printVerify(w io.Writer, r verify.Report, path string) {
	var b strings.Builder
	switch {
	case r.Exit == exit.Done:
		fmt.Fprintf(&b, "All is as it should be: %s a case.\n", haveOf(r.Checked, r.Rows-r.Filtered))
	case r.Same == r.Checked:
		fmt.Fprintf(&b, "Every case is as it should be, but %s no case.\n", whoHave(r.WithoutCase))
	default:
		b.WriteString("Not all is as it should be.\n")
	}
	b.WriteString("\n")
	printCounts(&b, "same", []count{
		{"same", r.Same, "the case is there, and is what the row maps to"},
		{"differs", r.Differs, "the case is there, but not as the row maps today"},
		{"missing", r.Missing, "the case is not there"},
		{"twice", r.Twice, "other cases have the same key"},
		{"unknown", r.Unknown, "cannot tell"},
		{"without case", r.WithoutCase - r.Undone, "the results know of no case for the row"},
		{"undone", r.Undone, "undo has moved the case to the Trash"},
		{"filtered", r.Filtered, `left out by "where"`},
	})
	for _, remark := range r.Remarks {
		fmt.Fprintf(&b, "\n%s%s.\n", strings.ToUpper(remark[:1]), remark[1:])
	}
	const most = 10
	shown := 0
	for line := range r.Lines() {
		if line.Result == verify.Same || line.Result == verify.Unknown {
			continue
		}
		if shown++; shown > most {
			break
		}
		if shown == 1 {
			b.WriteString("\nThe first of them\n")
		}
		fmt.Fprintf(&b, "  %s\n", describe(line))
	}
	fmt.Fprintf(&b, "\n%s in %s\n", words.Plural(r.Requests, "request"), humanSeconds(r.Seconds))
	fmt.Fprintf(&b, "\nFiles\n  %-16s%s\n  %16sone line or more per row\n", "verify file", path, "")
	_, _ = io.WriteString(w, printable(b.String()))
}

// describe says one line of the verify file in words.
func describe(l verify.Line) string {
	who := whichRow(l.Row, l.Key, l.CaseID)
	switch {
	case l.Result == verify.Missing && l.Found != "":
		return who + " is missing; another case has the key: " + l.Found
	case l.Result == verify.Missing:
		return who + " is missing"
	case l.Result == verify.Twice:
		return who + ": several cases have the key: " + l.Found
	case l.Field == "update_at":
		return who + " was changed at " + l.Found
	}
	return fmt.Sprintf("%s: %s is %q, expected %q", who, l.Field, words.Shown(l.Found), words.Shown(l.Expected))
}
