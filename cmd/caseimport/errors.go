package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"caseimport/importer/exit"
	"caseimport/mapping/words"
)

// exitHeading stands in the help of every command above its exit codes; man pages make
// a section of what follows.
const exitHeading = "Exit codes, if and only if:\n"

// exitCodes are those of run.
const exitCodes = `  0  every row has its case, or was left out by "where"
  1  nothing was sent: usage, mapping, input or credentials are wrong
  3  finished, but some rows are failed, invalid, duplicate, unknown or incomplete:
     see the failure report
  4  stopped before the end: run the same command again to go on
  5  another run holds this results file`

// status is the exit code of a command that has already said all there is to
// say.
type status int

func (s status) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// explain prints how a command ended, for people, and returns its exit code.
// An error is "caseimport: what happened"; hints are on lines of their own.
func explain(w io.Writer, err error) int {
	if said, ok := errors.AsType[status](err); ok || err == nil {
		return int(said)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "caseimport: %s\n", strings.TrimRight(brief(err.Error()), "\n"))
	for line := range strings.Lines(stopOf(err).Hint) {
		fmt.Fprintf(&b, "  %s\n", strings.TrimRight(line, "\n"))
	}
	printWide(w, b.String())
	return stopOf(err).Exit
}

// stopOf is an error with its exit code and hint.
func stopOf(err error) *exit.Stop {
	if stop, ok := errors.AsType[*exit.Stop](err); ok {
		return stop
	}
	return exit.Refuse(err, "")
}

// brief cuts the lines of a message, which may name things of any length.
func brief(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		text := strings.TrimRight(line, "\n")
		b.WriteString(words.Brief(text) + line[len(text):])
	}
	return b.String()
}

// printable replaces what could move the cursor or colour the terminal. Line
// breaks and tabs stay.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || unicode.IsGraphic(r) {
			return r
		}
		return '\uFFFD'
	}, s)
}

// usageError is a command line that cannot be understood.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usage(cmd *cobra.Command, hint, format string, args ...any) error {
	if hint != "" {
		hint += "\n"
	}
	hint += "see: " + cmd.CommandPath() + " --help"
	return exit.Refuse(usageError{fmt.Errorf(format, args...)}, hint)
}

// flagError rewords pflag's errors.
func flagError(cmd *cobra.Command, err error) error {
	// `caseimport chekc -m x`: the root command stumbles over a flag that it
	// does not have, but the command is what was misspelt.
	if names := cmd.Flags().Args(); !cmd.HasParent() && len(names) > 0 {
		return noSuchCommand(cmd, names)
	}
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		dashes := "--"
		if unknown.GetSpecifiedShortnames() != "" {
			dashes = "-"
		}
		return usage(cmd, didYouMean(cmd, unknown.GetSpecifiedName()), "unknown flag %s%s", dashes, unknown.GetSpecifiedName())
	}
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		flag := invalid.GetFlag()
		wanted := map[string]string{
			"int":      "a whole number",
			"float64":  "a number",
			"bool":     "true or false",
			"duration": "a duration such as 30s, 10m or 1h",
		}[flag.Value.Type()]
		if errors.Is(err, strconv.ErrRange) {
			wanted = "a smaller number"
		}
		if wanted == "" {
			return usage(cmd, "", "--%s %q: %w", flag.Name, invalid.GetValue(), errors.Unwrap(invalid))
		}
		return usage(cmd, "", "--%s %q: this must be %s", flag.Name, invalid.GetValue(), wanted)
	}
	return usage(cmd, "", "%w", err)
}

// didYouMean returns a hint that names the flag nearest to name, if one is near.
func didYouMean(cmd *cobra.Command, name string) string {
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	if near := words.Nearest(name, known); near != "" {
		return "did you mean --" + near + "?"
	}
	return ""
}

// noSuchCommand is the root's argument check: whatever is given there is no
// command, or cobra would have found it.
func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	cmd.SuggestionsMinimumDistance = 2
	hint := ""
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "did you mean: caseimport " + near[0] + "?"
	}
	return usage(cmd, hint, "unknown command %q", args[0])
}

// oneInput is the argument check of every command that reads an export.
var oneInput = oneArgument("tickets.csv", "which file? give the export as an argument, or - for standard input", "file")

// oneArgument is the argument check of commands that take a file; what says which.
func oneArgument(example, missing, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return usage(cmd, "for example: "+cmd.CommandPath()+" "+example, "%s", missing)
		case len(args) > 1:
			return usage(cmd, "put quotes around a name with spaces", "one %s at a time: %q is one too many", what, args[1])
		}
		return nil
	}
}

// noArguments is the argument check of commands that take none.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage(cmd, "", "%s takes no arguments, but got %q", cmd.CommandPath(), args[0])
	}
	return nil
}

// logError is explain for programs.
func logError(log *slog.Logger, err error) {
	if hint := stopOf(err).Hint; hint != "" {
		log = log.With("hint", hint)
	}
	log.Error(brief(err.Error()))
}

// outputFlags reads what a command line that could not be parsed says of how to
// answer it.
func outputFlags(args []string) (asked struct {
	json      bool
	logFormat string
	aftermath
}) {
	f := pflag.NewFlagSet("", pflag.ContinueOnError)
	f.ParseErrorsWhitelist.UnknownFlags = true
	f.Usage = func() {}
	f.BoolVar(&asked.json, "json", false, "")
	f.StringVar(&asked.logFormat, "log-format", "", "")
	asked.aftermath.flags(f)
	_ = f.Parse(args)
	return asked
}
