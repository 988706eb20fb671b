package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"caseimport/importer"
)

// printJSON prints one line. A standard output that is gone is nobody's concern
// once the run is over.
func printJSON(w io.Writer, v any) {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(v)
}

// printUsageJSON is the line of JSON for a command line that could not even be
// parsed.
func printUsageJSON(cmd *cobra.Command, err error) {
	switch cmd.Name() {
	case "run":
		printJSON(cmd.OutOrStdout(), importer.Summary{Exit: exitRefused, Error: err.Error()})
	case "check":
		printJSON(cmd.OutOrStdout(), refusedCheck(err))
	}
}

// printSummary says what a run came to, to somebody who has not read the manual.
func printSummary(w io.Writer, sum importer.Summary, next []string) {
	if sum.Rows == 0 {
		_, _ = io.WriteString(w, "There were no rows, so there was nothing to import.\n")
		return
	}
	var b strings.Builder
	have := sum.Created + sum.Already
	switch {
	case sum.Exit == exitDone && have == sum.Rows:
		fmt.Fprintf(&b, "Done: %s now have a case.\n", allRows(sum.Rows))
	case sum.Exit == exitDone:
		fmt.Fprintf(&b, "Done: %s of %s have a case, the others were left out by \"where\".\n", number(have), plural(sum.Rows, "row"))
	case sum.Exit == exitStopped:
		fmt.Fprintf(&b, "Stopped: %s of %s are known to have a case so far.\n", number(have), plural(sum.Rows, "row"))
	default:
		fmt.Fprintf(&b, "Finished: %s of %s have a case.\n", number(have), plural(sum.Rows, "row"))
	}
	b.WriteString("\n")

	counts := []struct {
		name string
		n    int
		what string
	}{
		{"created", sum.Created, "new cases"},
		{"already there", sum.Already, "had their case before: nothing was sent for them"},
		{"failed", sum.Failed, "refused by Talkdesk: see the failure report"},
		{"invalid", sum.Invalid, "refused here, before sending: see the failure report"},
		{"duplicate", sum.Duplicate, "not sent: an earlier row has the same key"},
		{"unknown", sum.Unknown, "nobody can tell whether they have a case"},
		{"filtered", sum.Filtered, `left out by "where"`},
		{"in doubt", sum.InDoubt, "sent, and the answer was lost: the next run looks them up"},
		{"left", sum.Left - sum.InDoubt, "not yet looked at or not yet sent"},
	}
	for _, c := range counts {
		if c.n > 0 {
			fmt.Fprintf(&b, "  %-13s %9s   %s\n", c.name, number(c.n), c.what)
		}
	}
	if len(sum.Reasons) > 0 {
		b.WriteString("\nMost frequent reasons\n")
		for _, r := range sum.Reasons {
			fmt.Fprintf(&b, "  %13s %9s   %s\n", "", number(r.Rows), shorten(r.Text))
		}
	}
	if sum.Several > 0 {
		fmt.Fprintf(&b, "\n%s found to have several cases with the same key: see error_message in the results.\n", were(sum.Several))
	}
	if sum.Requests > 0 {
		fmt.Fprintf(&b, "\n%s in %s", plural(sum.Requests, "request"), human(time.Duration(sum.Seconds*float64(time.Second))))
		for _, extra := range []struct {
			n    int
			what string
		}{{sum.Retries, "retried"}, {sum.Lookups, "to look cases up"}, {sum.Throttled, "told to slow down"}} {
			if extra.n > 0 {
				fmt.Fprintf(&b, ", %s of them %s", number(extra.n), extra.what)
			}
		}
		b.WriteString("\n")
	}
	printFiles(&b, sum)
	if len(next) > 0 {
		b.WriteString("\nWhat next\n")
		for _, line := range next {
			fmt.Fprintf(&b, "  %s\n", line)
		}
	}
	_, _ = io.WriteString(w, printable(b.String()))
}

// shorten keeps a reason on one line of a usual terminal.
func shorten(s string) string {
	const most = 72
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

func allRows(n int) string {
	if n == 1 {
		return "the one row"
	}
	return "all " + plural(n, "row")
}

func were(n int) string {
	if n == 1 {
		return "1 row was"
	}
	return number(n) + " rows were"
}

func printFiles(b *strings.Builder, sum importer.Summary) {
	files := []struct{ name, path, what string }{
		{"results", sum.Results, "one line a row"},
		{"failure report", sum.Report, "the rows without a case, and why"},
		{"earlier report", sum.Kept, "its rows were not in this input, so it was kept under this name"},
		{"journal", sum.Journal, "the memory of what was sent: keep it"},
	}
	b.WriteString("\nFiles\n")
	for _, f := range files {
		if f.path != "" && exists(f.path) {
			fmt.Fprintf(b, "  %-16s%s\n  %16s%s\n", f.name, f.path, "", f.what)
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// advice says what to do after a run that err ended, if not its end, with the
// command lines to type.
func advice(cmd *cobra.Command, o runOptions, input string, sum importer.Summary, err error) (next []string) {
	switch {
	case sum.Exit == exitFaults && sum.Report != "":
		next = append(next, "Open the failure report, correct the rows in it, save it, and run just these:",
			"  "+commandLine(cmd, "run", sum.Report, append(readingFlags, "limit", "resend-unknown", "adopt", "quiet")...))
		if sum.Unknown > 0 {
			next = append(next, "Rows that are unknown are looked up again by every run. Only if you are sure that they have",
				"no case, add --resend-unknown.")
		}
	case sum.Exit == exitStopped && err == nil: // by --limit
		next = append(next, "Look at the new cases. If they are as they should be, go on with the rest:",
			"  "+commandLine(cmd, "run", input, "limit"))
	case sum.Exit == exitStopped:
		hint := cmp.Or(hintOf(err), "run the same command again to go on")
		next = append(next, strings.ToUpper(hint[:1])+hint[1:]+":", "  "+commandLine(cmd, "run", input))
	case sum.Exit == exitDone && o.sandbox && exists(input):
		next = append(next, "This was a rehearsal: nothing left this machine. Before the real import, set TALKDESK_ACCOUNT and",
			"the credentials (see: "+program()+" run --help), then try the first five rows:",
			"  "+commandLine(cmd, "run", input, "sandbox", "rate", "results", "limit", "adopt", "resend-unknown")+" --limit 5")
	}
	if o.sandbox && sum.Exit != exitDone {
		next = append(next, "(This was a rehearsal in the sandbox: nothing left this machine.)")
	}
	return next
}

// commandLine is a command to type: name with the flags that cmd was given, for
// this input and without some of the flags.
func commandLine(cmd *cobra.Command, name, input string, without ...string) string {
	words := []string{program(), name, shellQuote(input)}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		switch {
		case slices.Contains(without, f.Name):
		case f.Value.Type() == "bool" && f.Value.String() == "true":
			words = append(words, "--"+f.Name)
		case f.Value.Type() == "bool":
			words = append(words, "--"+f.Name+"=false")
		case f.Shorthand != "":
			words = append(words, "-"+f.Shorthand, shellQuote(f.Value.String()))
		default:
			words = append(words, "--"+f.Name, shellQuote(f.Value.String()))
		}
	})
	return strings.Join(words, " ")
}
