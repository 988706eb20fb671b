package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"

	"github.com/spf13/cobra"

	"caseimport/importer"
	"caseimport/importer/check"
	"caseimport/importer/exit"
	"caseimport/importer/live"
	"caseimport/importer/source"
	"caseimport/mapping"
	"caseimport/mapping/draft"
	"caseimport/mapping/words"
)

type checkOptions struct {
	mapped
	asking
	results string
	show    int
	live    bool
	json    bool
}

func newCheck() *cobra.Command {
	var o checkOptions
	cmd := &cobra.Command{
		Use:   "check INPUT -m MAPPING",
		Short: "Find what would be refused, without sending anything",
		Long: `Find everything that run would refuse, without a single request: mistakes in the
mapping file and the export, invalid rows and why, duplicate keys, and how long the
run will take. Problems are grouped, each with the line of the mapping file that
would fix it. Nothing is written.

With --live the account is asked, by reads only, which rows have a case already: by
their keys one by one or by the list of all cases, whichever takes fewer requests.

Exit codes, if and only if:
  0  every row can be sent, or is left out by "where"; with --live: done
  1  the mapping file or the export cannot be read, or the account not be asked
  3  some rows are invalid or duplicate`,
		Example: `  caseimport check tickets.csv -m mapping.yaml
  caseimport check tickets.csv -m mapping.yaml --show 3     show the first three requests
  caseimport check tickets.csv -m mapping.yaml --rate 2/s   how long at this rate?
  caseimport check tickets.csv -m mapping.yaml --live       what has a case already?`,
	}
	f := cmd.Flags()
	o.mappingFlag(f)
	f.IntVar(&o.show, "show", 0, "print the first `N` requests as they would be sent")
	o.rateFlag(f, "`RATE` for the estimate and for --live: 10/s, 600/m or a number per second (default 5/s)")
	jsonFlag(f, &o.json)
	f.BoolVar(&o.live, "live", false, "ask the account which rows have a case already")
	f.StringVarP(&o.results, "results", "o", "", "with --live, the results `FILE` of earlier runs, for their journal (default: next to INPUT)")
	o.target.flags(f)
	o.waits(f, 10*time.Minute)
	return o.reading.command(cmd, func(cmd *cobra.Command, input string) error {
		report, err := checkFile(cmd, o, input)
		if err != nil {
			report = refusedCheck(err)
			explain(cmd.ErrOrStderr(), err)
		}
		switch {
		case o.json:
			printJSON(cmd.OutOrStdout(), report)
		case err == nil:
			printCheck(cmd.OutOrStdout(), report, cmd, o, input)
		}
		return status(report.Exit)
	})
}

// checked is what check --json prints.
type checked struct {
	check.Report
	Remarks []string `json:"remarks,omitempty"` // how the export was read
	// Unclaimed counts the rows of second files that belong to no row of the export.
	Unclaimed int `json:"unclaimed,omitempty"`
	// Estimate is how long sending will take at Rate, both 0 without a limit.
	Rate     float64 `json:"rate"`             // requests a second
	Estimate float64 `json:"estimate_seconds"` // seconds
	// OpenQuestions are those that the mapping file still asks.
	OpenQuestions int `json:"open_questions"`
	// Live is what the account was found to have, with --live.
	Live  *live.Report `json:"live,omitempty"`
	Exit  int          `json:"exit"`
	Error string       `json:"error,omitempty"`

	table    *source.Table
	auto     bool   // the rate is to be found
	ownerFix string // see printLive
}

func refusedCheck(err error) checked {
	return checked{Report: check.Empty(), Exit: exit.Refused, Error: brief(err.Error())}
}

func checkFile(cmd *cobra.Command, o checkOptions, input string) (c checked, err error) {
	if o.show < 0 {
		return c, usage(cmd, "", "--show %d: this must be 1 or more", o.show)
	}
	pace, err := paceOf(cmd, o.rate, o.live && o.sandbox)
	if err != nil {
		return c, err
	}
	c.Rate, c.auto = pace.PerSecond, pace.Auto
	mapping, _, err := loadMapping(cmd, o.mapping, o.fields, input)
	if err != nil {
		return c, err
	}
	ctx, stop := interruptible(cmd.Context())
	defer stop()
	if c.table, err = o.reading.open(ctx, cmd, input); err != nil {
		return c, interrupted(ctx, err)
	}
	defer c.table.Close()
	program, second, err := compile(ctx, mapping, c.table, o.mapping)
	defer second.close()
	if err != nil {
		return c, interrupted(ctx, err)
	}
	c.Remarks = append(c.table.Remarks, second.remarks()...)
	if text, err := readSmall(o.mapping, maxMapping); err == nil {
		c.OpenQuestions = draft.OpenQuestions(text)
	}
	cfg := check.Config{Table: c.table, Program: program, Show: o.show}
	var asked *lookAround
	if o.live {
		if asked, err = newLookAround(cmd, o, program, input, c.Rate); err != nil {
			return c, err
		}
		defer asked.close()
		cfg.Valid = asked.row
	}
	if c.Report, err = checkRows(ctx, cfg); err != nil {
		return c, interrupted(ctx, err)
	}
	if warning := absent(program, c.table); warning != "" {
		c.Warnings = append(c.Warnings, warning)
	}
	var orphans []string
	c.Unclaimed, orphans = second.unclaimed(c.table)
	c.Warnings = append(c.Warnings, orphans...)
	if o.live {
		if c.Live, err = asked.run(ctx); err != nil {
			return c, err
		}
		if program.OwnersByAddress() {
			c.ownerFix = program.OwnerFault("", "").Fix
		}
	}
	if c.Rate > 0 {
		c.Estimate = float64(c.sending()+c.updating()) / c.Rate
	}
	if c.Invalid+c.Duplicate > 0 && !o.live {
		c.Exit = exit.Faults
	}
	return c, nil
}

// checkRows does not wait for a row whose expression takes its time when a signal
// ends the command.
func checkRows(ctx context.Context, cfg check.Config) (report check.Report, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		report, err = check.Run(ctx, cfg)
	}()
	select {
	case <-done:
		return report, err
	case <-ctx.Done():
		return check.Empty(), ctx.Err()
	}
}

func printCheck(w io.Writer, c checked, cmd *cobra.Command, o checkOptions, input string) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", c.table.Name, words.Plural(c.Rows, "row"))
	for _, remark := range c.Remarks {
		fmt.Fprintf(&b, "  %s\n", remark)
	}
	b.WriteString("\n")
	printCounts(&b, "valid", []count{
		{"valid", c.Valid, "can be sent"},
		{"invalid", c.Invalid, "would not be sent: see below"},
		{"duplicate", c.Duplicate, "would not be sent: an earlier row has the same key"},
		{"filtered", c.Filtered, `left out by "where"`},
	})
	printGroups(&b, c.Groups)
	for i, warning := range c.Warnings {
		if i == 0 {
			b.WriteString("\nWarnings\n")
		}
		fmt.Fprintf(&b, "  %s\n", words.Brief(warning))
	}
	printCoverage(&b, c)
	printWide(w, b.String())
	b.Reset()
	printRequests(&b, c.Requests, c.Updates)
	_, _ = io.WriteString(w, b.String()) // its lines stay whole
	b.Reset()
	if c.Live != nil {
		printLive(&b, c.Live, c.ownerFix)
	}
	b.WriteString("\n" + estimate(c) + "\n")
	if n := c.OpenQuestions; n > 0 {
		fmt.Fprintf(&b, "\n%s still open in %s: answer what is marked QUESTION there, and remove the mark.\n", words.Plural(n, "question"), o.mapping)
	}
	b.WriteString(whatNext(c, cmd, o, input))
	printWide(w, b.String())
}

// whatNext says what to do after a check, if anything is.
func whatNext(c checked, cmd *cobra.Command, o checkOptions, input string) string {
	var b strings.Builder
	if c.Invalid+c.Duplicate > 0 || c.Live != nil && c.Live.Invalid > 0 {
		fmt.Fprintf(&b, "  Fix the mapping file %s or the rows, and check again.\n", o.mapping)
		if c.Valid > 0 {
			b.WriteString("  Or continue without those rows: run lists them in a failure report.\n")
		}
	}
	line := commandLine(cmd, "run", input, "show", "rate", "json", "live", "sandbox")
	switch l := c.Live; {
	case c.Valid == 0, l != nil && l.Create == 0 && l.OtherTitle == 0:
	case l != nil && !o.sandbox: // the account was asked: it was rehearsed before, or can be
		if l.OtherTitle > 0 {
			b.WriteString("  " + importer.OtherCases + ".\n")
		}
		switch {
		case l.Create == 0:
		case l.Already > l.Remembered:
			fmt.Fprintf(&b, "  Import the rest. Of some cases no journal knows: give the results file of the run that made them (-o), or\n  have every row looked up first:\n    %s --adopt\n", line)
		case l.Already > 0:
			fmt.Fprintf(&b, "  Import the rest:\n    %s\n", line)
		default:
			fmt.Fprintf(&b, "  Try the first five rows, and look at them in Talkdesk:\n    %s --limit 5\n", line)
		}
	default:
		fmt.Fprintf(&b, "  Rehearse (nothing leaves this machine):\n    %s --sandbox\n", line)
	}
	if b.Len() == 0 {
		return ""
	}
	return "\nWhat next\n" + b.String()
}

// printedValues is how many values of a group are worth a person's eye; --json
// holds more.
const printedValues = 8

// printedGroups is how many kinds of problems are: whoever has more begins with
// these.
const printedGroups = 100

func printGroups(b *strings.Builder, groups []check.Group) {
	for i, g := range groups {
		switch i {
		case 0:
			b.WriteString("\nProblems\n")
		case printedGroups:
			fmt.Fprintf(b, "  and %s of other kinds: see --json\n", words.Plural(len(groups)-i, "problem"))
			return
		}
		fault := mapping.Fault{Column: g.Column, Field: cmp.Or(g.Field, "the whole row"), Reason: g.Reason}
		if len(g.Values) > 0 {
			fault.Value = g.Values[0].Value
		}
		fmt.Fprintf(b, "  %s\n", words.Brief(fault.Kind()))
		fmt.Fprintf(b, "    %s\n", rowsOf(g))
		if len(g.Values) > 0 {
			shown := g.Values[:min(len(g.Values), printedValues)]
			values := make([]string, len(shown))
			for i, v := range shown {
				values[i] = fmt.Sprintf("%q", v.Value)
				if v.Rows > 1 {
					values[i] += fmt.Sprintf(" (%s)", words.Count(v.Rows))
				}
			}
			if more := g.Different - len(shown); more > 0 {
				values = append(values, fmt.Sprintf("and %s more", words.Count(more)))
			}
			fmt.Fprintf(b, "    values: %s\n", strings.Join(values, ", "))
		}
		for _, fix := range g.Fixes {
			fmt.Fprintf(b, "    %s%s\n", fixMark, words.Brief(fix))
		}
	}
}

func rowsOf(g check.Group) string {
	rows := make([]string, len(g.First))
	for i, at := range g.First {
		rows[i] = fmt.Sprintf("%s (line %s", words.Count(at.Row), words.Count(at.Line))
		if at.Key != "" {
			rows[i] += ", key " + words.Brief(at.Key)
		}
		rows[i] += ")"
	}
	list := strings.Join(rows, ", ")
	switch {
	case g.Rows == 1:
		return "row " + list
	case g.Rows > len(rows):
		return words.Count(g.Rows) + " rows, first " + list
	}
	return "rows " + list
}

func printCoverage(b *strings.Builder, c checked) {
	if c.Valid == 0 {
		return
	}
	widest := 0
	for _, field := range c.Coverage {
		widest = max(widest, len(field.Field))
	}
	for i, field := range c.Coverage {
		if i == 0 {
			fmt.Fprintf(b, "\nCoverage: how many of the %s fill each field\n", words.Plural(c.Valid, "valid row"))
		}
		fmt.Fprintf(b, "  %-*s %9s  %4s\n", widest, field.Field, words.Count(field.Rows), percent(field.Rows, c.Valid))
	}
	for _, s := range c.StandIns {
		fmt.Fprintf(b, "  of these, %s would have the %s %q, for want of another\n", words.Plural(s.Rows, "case"), s.Field, s.Value)
	}
}

// percent never says 100% for less than all, nor 0% for more than none.
func percent(part, whole int) string {
	switch p := 100 * float64(part) / float64(max(whole, 1)); {
	case part > 0 && p < 1:
		return "<1%"
	case part < whole && p > 99:
		return ">99%"
	default:
		return fmt.Sprintf("%.0f%%", p)
	}
}

func printRequests(b *strings.Builder, creates, updates []json.RawMessage) {
	for i, create := range creates {
		fmt.Fprintf(b, "\nRequest %d\n%s\n", i+1, indented(create))
		if i < len(updates) && string(updates[i]) != "null" {
			fmt.Fprintf(b, "Request %d, once its case is created\n%s\n", i+1, indented(updates[i]))
		}
	}
}

// indented writes a request so that it can be copied: what no terminal shows as it is
// stands as JSON's own escapes.
func indented(request []byte) string {
	var pretty bytes.Buffer
	_ = json.Indent(&pretty, request, "", "  ") // it was made by us
	var b strings.Builder
	for _, r := range pretty.String() {
		if r == '\n' || unicode.IsGraphic(r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

// estimate says how long sending will take.
func estimate(c checked) string {
	rows := words.Plural(c.sending(), "row")
	updates := ""
	if n := c.updating(); n > 0 {
		updates = fmt.Sprintf(" With each of the %s after a creation, the account's automations run again.", words.Plural(n, "update"))
	}
	if c.sending() == 0 {
		return "There is nothing to send."
	}
	if c.Rate == 0 && c.auto {
		return fmt.Sprintf("Sending %s takes as long as the server's limit makes it: --rate auto finds it.", rows)
	}
	if c.Rate == 0 {
		return fmt.Sprintf("Sending %s takes as long as the server needs: no rate limit is set.%s", rows, updates)
	}
	took := "less than a second"
	if c.Estimate >= 1 {
		took = "about " + humanSeconds(c.Estimate)
	}
	return fmt.Sprintf("Sending %s takes %s at %s (--rate).%s", rows, took, perSecond(c.Rate), updates)
}

// sending is how many rows a run would send.
func (c checked) sending() int {
	if c.Live != nil {
		return c.Live.Create
	}
	return c.Valid
}

// updating is how many of these need an update, about as many of them as of all.
func (c checked) updating() int { return c.After * c.sending() / max(c.Valid, 1) }
