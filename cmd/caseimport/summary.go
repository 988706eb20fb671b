package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"caseimport/importer"
	"caseimport/importer/exit"
	"caseimport/importer/undo"
	"caseimport/importer/verify"
	"caseimport/mapping/words"
)

// printJSON prints one line. Once a run is over, it does not matter if nobody
// reads it.
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
		printJSON(cmd.OutOrStdout(), importer.Summary{Exit: exit.Refused, Error: err.Error()})
	case "check":
		printJSON(cmd.OutOrStdout(), refusedCheck(err))
	case "verify":
		printJSON(cmd.OutOrStdout(), verify.Report{Exit: exit.Refused, Error: err.Error()})
	case "report":
		printJSON(cmd.OutOrStdout(), refusedReport(err))
	case "fields":
		printJSON(cmd.OutOrStdout(), refusedFields(err))
	case "doctor":
		printJSON(cmd.OutOrStdout(), refusedDoctor("command line", err))
	case "undo":
		printJSON(cmd.OutOrStdout(), undo.Report{Exit: exit.Refused, Error: err.Error()})
	}
}

// printSummary says what a run came to, to somebody who has not read the manual.
func printSummary(w io.Writer, sum importer.Summary, next []string) {
	if sum.Rows == 0 {
		_, _ = io.WriteString(w, "The input has no rows: nothing to import.\n")
		return
	}
	var b strings.Builder
	have := sum.Created + sum.Already + sum.Incomplete
	cases := haveOf(have, sum.Rows)
	switch {
	case sum.Exit == exit.Done && have == sum.Rows:
		fmt.Fprintf(&b, "Done: %s a case.\n", cases)
	case sum.Exit == exit.Done:
		fmt.Fprintf(&b, "Done: %s a case, the others were left out by \"where\".\n", cases)
	case sum.Exit == exit.Stopped:
		fmt.Fprintf(&b, "Stopped: %s a case so far.\n", cases)
	default:
		fmt.Fprintf(&b, "Finished: %s a case.\n", cases)
	}
	b.WriteString("\n")

	printCounts(&b, "", []count{
		{"created", sum.Created, "new cases"},
		{"already there", sum.Already - sum.Updated, "had a case before: nothing was sent for them"},
		{"updated", sum.Updated, "had a case before, which was updated"},
		{"incomplete", sum.Incomplete, "have a case, which was not updated: see the failure report"},
		{"failed", sum.Failed, "have no case: see the failure report for why"},
		{"invalid", sum.Invalid, "not sent, the row is invalid: see the failure report"},
		{"duplicate", sum.Duplicate, "not sent: an earlier row has the same key"},
		{"unknown", sum.Unknown, "cannot tell whether a case exists"},
		{"filtered", sum.Filtered, `left out by "where"`},
		{"in doubt", sum.InDoubt, "sent, but got no answer: the next run looks them up"},
		{"left", sum.Left - sum.InDoubt, "not sent yet"},
	})
	if len(sum.Reasons) > 0 {
		b.WriteString("\nMost frequent reasons\n")
		for _, r := range sum.Reasons {
			fmt.Fprintf(&b, "  %9s  %s\n", words.Count(r.Rows), words.Brief(r.Text))
		}
		if sum.MoreReasons > 0 {
			fmt.Fprintf(&b, "  %9s  and %s more: see the failure report\n", "", words.Count(sum.MoreReasons))
		}
	}
	if sum.Changed > 0 {
		fmt.Fprintf(&b, "\n%s changed since the case was sent: run with --update to carry that over.\n", whoHave(sum.Changed))
	}
	if sum.Unmatched > 0 {
		fmt.Fprintf(&b, "\nWhat the case holds is not known of %s (made by an older version, or found): not compared, not updated.\n", words.Plural(sum.Unmatched, "row"))
	}
	if n := sum.StillLocked; n > 0 {
		are := "their cases are"
		if n == 1 {
			are = "its case is"
		}
		fmt.Fprintf(&b, "\nNot updated, as said before: %s changed, and %s still resolved or closed in Talkdesk. Every run looks again.\n", whoHave(n), are)
	}
	if sum.Assumed > 0 {
		fmt.Fprintf(&b, "\nWhat the case holds is not known of %s (made by an older version, or found): not compared. It is taken to be as the row is now, so that --update carries over what changes from now on; verify shows what differs.\n", words.Plural(sum.Assumed, "row"))
	}
	if sum.Unowned > 0 {
		fmt.Fprintf(&b, "\nThe owner is no active agent: %s took the default of owner_id. check --live lists the addresses.\n", words.Plural(sum.Unowned, "case"))
	}
	if sum.Several > 0 {
		fmt.Fprintf(&b, "\nMore than one case with the same key: %s, see error_message in the results.\n", words.Plural(sum.Several, "row"))
	}
	if sum.Requests > 0 {
		fmt.Fprintf(&b, "\n%s in %s", words.Plural(sum.Requests, "request"), humanSeconds(sum.Seconds))
		for _, of := range []struct {
			what string
			n    int
		}{{"retries", sum.Retries}, {"look-ups", sum.Lookups}, {"throttled", sum.Throttled}} {
			if of.n > 0 {
				fmt.Fprintf(&b, ", %s: %s", of.what, words.Count(of.n))
			}
		}
		b.WriteString("\n")
	}
	if len(sum.Trial) > 0 {
		more := ""
		if n := sum.Created - len(sum.Trial); n > 0 {
			more = fmt.Sprintf(" and %s more", words.Count(n))
		}
		fmt.Fprintf(&b, "\nThe new cases: %s%s\n", strings.Join(sum.Trial, ", "), more)
	}
	printFiles(&b, sum)
	if len(next) > 0 {
		b.WriteString("\nWhat next\n")
		for _, line := range next {
			fmt.Fprintf(&b, "  %s\n", line)
		}
	}
	printWide(w, b.String())
}

// whoHave begins the sentence on rows that have done something.
func whoHave(n int) string {
	if n == 1 {
		return "1 row has"
	}
	return words.Plural(n, "row") + " have"
}

// haveOf begins the sentence on how many rows have a case.
func haveOf(have, rows int) string {
	switch {
	case have == rows && rows == 1:
		return "the row now has"
	case have == rows:
		return "all " + words.Plural(rows, "row") + " now have"
	case have == 1 || rows == 1:
		return words.Count(have) + " of " + words.Plural(rows, "row") + " has"
	}
	return words.Count(have) + " of " + words.Plural(rows, "row") + " have"
}

func printFiles(b *strings.Builder, sum importer.Summary) {
	report := sum.Report
	if report == sum.Kept {
		report = "" // there is no new one
	}
	kept := "kept under this name: its rows were not in this input"
	if sum.KeptEdited {
		kept = "kept under this name: it was edited, and this run did not read that"
	}
	files := []struct{ name, path, what string }{
		{"results", sum.Results, "one line per row"},
		{"failure report", report, "the rows that need a look, and why"},
		{"earlier report", sum.Kept, kept},
		{"journal", sum.Journal, "what was sent: keep it with the results"},
	}
	heading := "\nFiles\n"
	for _, f := range files {
		if f.path != "" && exists(f.path) {
			b.WriteString(heading)
			heading = ""
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
	notDone := sum.Failed + sum.Invalid + sum.Duplicate + sum.Unknown + sum.Incomplete
	switch {
	case sum.Exit == exit.Faults && sum.Locked > 0 && sum.Locked == notDone:
		next = append(next, "Nothing is wrong with these rows: their cases are resolved or closed in Talkdesk. If a case is reopened",
			"there, the next run with --update carries over what has changed. Until then, runs no longer end with 3 for it.")
	case sum.Exit == exit.Faults && sum.Unknown > 0 && sum.Unknown == notDone:
		next = append(next, "Nothing is to be fixed in these rows. Run the same command again, which looks them up again:",
			"  "+commandLine(cmd, "run", input, "resend-unknown"),
			"Only if you are sure that they have no case, add --resend-unknown.")
	case sum.Exit == exit.Faults && sum.Report != "":
		next = append(next, "Open the failure report, fix its rows, save it, and run just these:",
			"  "+commandLine(cmd, "run", sum.Report, append(readingFlags, "limit", "resend-unknown", "adopt", "quiet")...),
			"If it was the mapping that was wrong, fix that instead, and run the same command again:",
			"  "+commandLine(cmd, "run", input))
		if sum.Unknown > 0 {
			next = append(next, "Every run looks unknown rows up again. Only if you are sure that they have no case, add",
				"--resend-unknown.")
		}
	case sum.Exit == exit.Stopped && err == nil: // by --limit
		next = append(next, "Look at the new cases in Talkdesk. If they are right, import the rest:",
			"  "+commandLine(cmd, "run", input, "limit"))
	case sum.Exit == exit.Stopped:
		hint := cmp.Or(stopOf(err).Hint, "run the same command again to go on")
		next = append(next, strings.ToUpper(hint[:1])+hint[1:]+":", "  "+commandLine(cmd, "run", input))
	case sum.Exit == exit.Done && o.sandbox && exists(input):
		next = append(next, "This was a rehearsal: nothing left this machine. Before the real import, set TALKDESK_ACCOUNT and",
			"the credentials (see: "+program()+" run --help), then try the first five rows:",
			"  "+commandLine(cmd, "run", input, "sandbox", "rate", "results", "limit", "adopt", "resend-unknown")+" --limit 5")
	}
	// A failure report holds only what is known to be wrong.
	export := exists(input) && !slices.Contains(besideResults(sum.Results), input)
	if !o.sandbox && err == nil && (sum.Exit == exit.Done || sum.Exit == exit.Faults) && sum.Created+sum.Updated > 0 && export {
		next = append(next, "To compare every case with its row, and to show others what happened:",
			"  "+commandLine(cmd, "verify", input, notOf(cmd, "verify")...),
			"  "+program()+" report "+shellQuote(sum.Results)+" --html report.html")
	}
	if o.sandbox && sum.Exit != exit.Done {
		next = append(next, "(This was a rehearsal in the sandbox: nothing left this machine.)")
	}
	return next
}

// notOf are the flags of cmd that another command does not have.
func notOf(cmd *cobra.Command, other string) (names []string) {
	sibling, _, err := cmd.Root().Find([]string{other})
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if err != nil || sibling.Flags().Lookup(f.Name) == nil {
			names = append(names, f.Name)
		}
	})
	return names
}

// commandLine is a command to type: name with the flags that cmd was given, for
// this input and without some of the flags.
func commandLine(cmd *cobra.Command, name, input string, without ...string) string {
	line := []string{program(), name, shellQuote(input)}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		switch {
		case slices.Contains(without, f.Name):
		case f.Value.Type() == "bool" && f.Value.String() == "true":
			line = append(line, "--"+f.Name)
		case f.Value.Type() == "bool":
			line = append(line, "--"+f.Name+"=false")
		case f.Shorthand != "":
			line = append(line, "-"+f.Shorthand, shellQuote(f.Value.String()))
		default:
			line = append(line, "--"+f.Name, shellQuote(f.Value.String()))
		}
	})
	return strings.Join(line, " ")
}
