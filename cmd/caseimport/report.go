package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"caseimport/importer"
	"caseimport/importer/atomicfile"
	"caseimport/importer/exit"
	"caseimport/importer/history"
	"caseimport/importer/results"
	"caseimport/mapping/words"
)

type reportOptions struct {
	html         string
	json, values bool
}

func newReport() *cobra.Command {
	var o reportOptions
	cmd := &cobra.Command{
		Use:   "report RESULTS",
		Short: "What happened, over all runs",
		Long: `Tell what became of an import over all its runs: rows by status, why rows have no case,
answers that were lost, outages and pauses, the pace, the last verify, and what is left
to do. It reads the journal and the files beside RESULTS, asks the account nothing, and
a run may go on meanwhile.

Of the rows' contents it tells nothing but the keys: what stands between quotation marks
in a reason is left out, unless --with-values is given.`,
		Example: `  caseimport report tickets.results.csv
  caseimport report tickets.results.csv --html report.html`,
		Args: oneResults,
	}
	f := cmd.Flags()
	f.StringVar(&o.html, "html", "", "write a page to `FILE`, for reading and for print")
	jsonFlag(f, &o.json)
	f.BoolVar(&o.values, "with-values", false, "show the rows' values in reasons, too")
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return report(cmd, o, args[0]) }
	return cmd
}

// oneResults is the argument check of commands that read what runs have left.
var oneResults = oneArgument("tickets.results.csv", "which import? give its results file as an argument", "results file")

func report(cmd *cobra.Command, o reportOptions, path string) error {
	h, err := readHistory(cmd, o, path)
	switch {
	case err != nil && o.json:
		printJSON(cmd.OutOrStdout(), refusedReport(err))
	case err != nil:
	case o.json:
		printJSON(cmd.OutOrStdout(), h)
	default:
		printHistory(cmd.OutOrStdout(), h, o.html)
	}
	return status(explain(cmd.ErrOrStderr(), err))
}

func refusedReport(err error) any {
	return struct {
		Exit  int    `json:"exit"`
		Error string `json:"error"`
	}{stopOf(err).Exit, brief(err.Error())}
}

func readHistory(cmd *cobra.Command, o reportOptions, path string) (*history.History, error) {
	if err := importer.CheckResultsName(path); err != nil {
		return nil, usage(cmd, "for example: "+cmd.CommandPath()+" tickets.results.csv", "%w", err)
	}
	files := importer.FilesOf(path, results.CSV)
	report := files.Report
	for _, form := range reportForms {
		if name := importer.FilesOf(path, form).Report; exists(name) && !exists(report) {
			report = name
		}
	}
	for _, own := range besideResults(path) {
		if o.html != "" && samePlace(o.html, own) {
			return nil, usage(cmd, "for example: --html report.html", "--html %s: this is a file of the import, which would be overwritten", o.html)
		}
	}
	h, err := history.Read(history.Config{Results: files.Results, Journal: files.Journal, Report: report, Verify: files.Verify, Values: o.values})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, exit.Refuse(fmt.Errorf("there is no journal %s: it says what happened", files.Journal), "name the results file of an import, beside which its journal stands")
	}
	if err != nil || o.html == "" {
		return h, err
	}
	err = atomicfile.Write(atomicfile.OS, o.html, func(w *bufio.Writer) error { return h.Page(w) })
	if err != nil {
		return nil, atomicfile.Error("write", o.html, err)
	}
	return h, nil
}

// printHistory says in some lines what the page says.
func printHistory(w io.Writer, h *history.History, html string) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s in %s\n\n", h.Results, words.Plural(h.Total, "row"), words.Plural(len(h.Runs)+h.Earlier, "run"))
	for _, c := range h.Rows {
		fmt.Fprintf(&b, "  %-13s %9s   %s\n", c.Status, words.Count(c.Rows), c.Meaning())
	}
	const most = 8
	for i, r := range h.Reasons[:min(len(h.Reasons), most)] {
		if i == 0 {
			b.WriteString("\nWhy\n")
		}
		text, example := r.Text, ""
		if len(r.Examples) > 0 {
			first := r.Examples[0]
			text = cmp.Or(first.Text, text)
			example = fmt.Sprintf(" (such as %s)", cmp.Or(first.Key, fmt.Sprintf("row %d", first.Row)))
		}
		fmt.Fprintf(&b, "  %9s  %s: %s%s\n", words.Count(r.Rows), r.Status, words.Shown(text), example)
	}
	if d := h.Doubts; d.Found+d.LaterFound+d.LaterNone+d.Open > 0 {
		b.WriteString("\nAnswers that were lost\n")
		for _, n := range []struct {
			n    int
			what string
		}{{d.Found, "looked up in the same run: the case was there"}, {d.LaterFound, "a later run found the case, or made it"},
			{d.LaterNone, "a later run found that there was none"}, {d.Open, "still not known"}} {
			if n.n > 0 {
				fmt.Fprintf(&b, "  %9s  %s\n", words.Count(n.n), n.what)
			}
		}
	}
	requests := 0
	for _, r := range h.Runs {
		requests += r.Requests
	}
	if requests > 0 { // earlier versions noted nothing of it
		fmt.Fprintf(&b, "\n%s, %s, %s\n", words.Plural(requests, "request"), words.Plural(len(h.Outages), "outage"), words.Plural(len(h.Pauses), "pause"))
	}
	if n := len(h.Runs); n > 0 {
		last := h.Runs[n-1]
		fmt.Fprintf(&b, "The last run began %s and took %s.\n", last.Began.Local().Format(time.DateTime), humanSeconds(last.Seconds))
	}
	if len(h.Left) > 0 {
		b.WriteString("\nWhat is left to do\n")
		for _, line := range h.Left {
			fmt.Fprintf(&b, "  %s\n", line)
		}
	}
	if html != "" {
		fmt.Fprintf(&b, "\nFiles\n  %-16s%s\n", "page", html)
	}
	_, _ = io.WriteString(w, printable(b.String()))
}
