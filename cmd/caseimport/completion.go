package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"caseimport/importer/sandbox"
	"caseimport/mapping/draft"
)

// What a shell may complete: the endings of files, or words.
var (
	exports = []string{"csv", "tsv", "jsonl", "ndjson", "json", "xlsx", "gz", "zip"}

	completedFiles = map[string][]string{
		"agents":  {"json"},
		"ca-cert": {"pem", "crt", "cer", "der"},
		"fields":  {"json"},
		"mapping": {"yaml", "yml"},
		"results": {"csv", "jsonl"},
	}

	completedWords = map[string][]string{
		"delimiter":     {",", ";", "tab", "|"},
		"encoding":      {"utf-8", "utf-16le", "utf-16be", "windows-1252", "iso-8859-1", "windows-1250", "windows-1251", "shift_jis", "gb18030"},
		"format":        {"csv", "tsv", "jsonl", "json", "xlsx"},
		"from":          draft.Products(),
		"log-format":    {"text", "json"},
		"region":        {"us", "eu", "ca"},
		"report-format": reportForms,
	}
)

// complete says for every flag of every command what a shell completes: what the
// tables hold, the words of the sandbox's dialects, files where its usage says FILE or
// COMMAND, and nothing else.
func complete(root *cobra.Command) {
	for _, cmd := range root.Commands() {
		switch _, args, _ := strings.Cut(cmd.Use, " "); {
		case args == "":
			cmd.ValidArgsFunction = cobra.NoFileCompletions
		case strings.HasPrefix(args, "RESULTS"):
			cmd.ValidArgsFunction = cobra.FixedCompletions(completedFiles["results"], cobra.ShellCompDirectiveFilterFileExt)
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Value.Type() != "bool" {
				_ = cmd.RegisterFlagCompletionFunc(f.Name, completionOf(cmd, f)) // fails for what has one
			}
		})
	}
}

func completionOf(cmd *cobra.Command, f *pflag.Flag) cobra.CompletionFunc {
	words := completedWords[f.Name]
	if cmd.Name() == "sandbox" {
		words = sandbox.Words(f.Name)
	}
	kind, _ := pflag.UnquoteUsage(f)
	switch endings := completedFiles[f.Name]; {
	case words != nil && f.Value.Type() == "stringSlice":
		return listOf(words)
	case words != nil:
		return cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)
	case endings != nil:
		return cobra.FixedCompletions(endings, cobra.ShellCompDirectiveFilterFileExt)
	case kind == "FILE" || kind == "COMMAND":
		return nil
	}
	return cobra.NoFileCompletions
}

// listOf completes the last word of a list with commas.
func listOf(words []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		before := typed[:strings.LastIndex(typed, ",")+1]
		given := strings.Split(before, ",")
		var left []cobra.Completion
		for _, word := range words {
			if !slices.Contains(given, word) {
				left = append(left, before+word)
			}
		}
		return left, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}

// completeExport completes the export that a command reads, and nothing after it.
func completeExport(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return exports, cobra.ShellCompDirectiveFilterFileExt
}
