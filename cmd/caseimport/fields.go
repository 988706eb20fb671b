package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"caseimport/importer/exit"
	"caseimport/importer/talkdesk"
	"caseimport/mapping/fields"
	"caseimport/mapping/words"
)

type fieldsOptions struct {
	asking
	out  string
	json bool
}

func newFields() *cobra.Command {
	var o fieldsOptions
	cmd := &cobra.Command{
		Use:   "fields",
		Short: "Show the account's case fields and their options",
		Long: `Read the account's case fields: their keys, which a mapping file needs, their names,
kinds and options. Nothing is changed in the account. The client needs the scope
case-fields-public:read.

With -o they are written to a file, too. A file that holds the fields of the same
account is replaced.

Exit codes, if and only if:
  0  done
  1  the fields could not be read, or the file not be written`,
		Example: `  caseimport fields
  caseimport fields -o fields.json
  caseimport fields --sandbox            what the built-in sandbox has`,
		Args: noArguments,
	}
	f := cmd.Flags()
	f.StringVarP(&o.out, "output", "o", "", "write them to this `FILE`, - for standard output")
	o.asking.flags(f, 10*time.Minute)
	jsonFlag(f, &o.json)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		file, err := readAccount(cmd, o)
		if err == nil && o.out != "" && o.out != "-" {
			err = writeFields(o.out, file)
		}
		switch {
		case o.json && err != nil:
			printJSON(cmd.OutOrStdout(), refusedFields(err))
		case o.json:
			printJSON(cmd.OutOrStdout(), fieldsRead{File: file})
		case err == nil && o.out == "-":
			_, err = cmd.OutOrStdout().Write(file.JSON())
			printFields(cmd.ErrOrStderr(), file, o)
		case err == nil:
			printFields(cmd.OutOrStdout(), file, o)
		}
		return status(explain(cmd.ErrOrStderr(), err))
	}
	return cmd
}

// fieldsRead is what fields --json prints.
type fieldsRead struct {
	fields.File
	Exit  int    `json:"exit"`
	Error string `json:"error,omitempty"`
}

func refusedFields(err error) fieldsRead {
	return fieldsRead{File: fields.File{Fields: []fields.Field{}}, Exit: exit.Refused, Error: err.Error()}
}

func readAccount(cmd *cobra.Command, o fieldsOptions) (file fields.File, err error) {
	if o.json && o.out == "-" {
		return file, usage(cmd, "remove one of them", "--json and -o - both claim standard output")
	}
	account, err := o.dial(cmd, nil)
	if err != nil {
		return file, err
	}
	defer account.close()
	if err := mayReplace(o.out, account.name); err != nil {
		return file, err
	}
	ctx, stop := interruptible(cmd.Context())
	defer stop()
	all, _, a := account.reader.Fields(ctx, account.api)
	if a.Verdict != talkdesk.OK {
		return file, refused(ctx, a)
	}
	if all == nil {
		all = []fields.Field{}
	}
	return fields.File{Account: account.name, BaseURL: account.baseURL, ReadAt: time.Now().UTC().Truncate(time.Second), Fields: all}, nil
}

// mayReplace refuses to replace what is no file of this account's fields.
func mayReplace(path, account string) error {
	if path == "" || path == "-" {
		return nil
	}
	text, err := readSmall(path, maxLookup)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	old, err := fields.Parse(text)
	switch {
	case err != nil:
		return exit.Refuse(fmt.Errorf("%s already exists, and is no file of an account's fields", path), "choose another name with -o")
	case old.Account != "" && old.Account != account:
		return exit.Refuse(fmt.Errorf("%s holds the fields of the account %s, not of %s", path, old.Account, account), "choose another name with -o")
	}
	return nil
}

func writeFields(path string, file fields.File) error {
	if err := writeNew(path, file.JSON(), true); err != nil {
		return exit.Refuse(err, "")
	}
	return nil
}

// printedOptions is how many options of one level are worth a person's eye; the
// file holds all.
const printedOptions = 60

func printFields(w io.Writer, file fields.File, o fieldsOptions) {
	var b strings.Builder
	active := 0
	file.Fields = slices.Clone(file.Fields)
	key, name, kind := len("KEY"), len("NAME"), len("KIND")
	for i := range file.Fields {
		f := &file.Fields[i]
		f.Name = oneLine(f.Name)
		key, name, kind = max(key, utf8.RuneCountInString(f.Key)), max(name, utf8.RuneCountInString(f.Name)), max(kind, len(f.Kind))
		if f.Active {
			active++
		}
	}
	fmt.Fprintf(&b, "Account %s: %s, %s active\n", file.Account, words.Plural(len(file.Fields), "case field"), words.Count(active))
	row := func(cells ...string) {
		line := fmt.Sprintf("  %-*s  %-*s  %-*s  %s", key, cells[0], name, cells[1], kind, cells[2], cells[3])
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	if len(file.Fields) > 0 {
		b.WriteString("\n")
		row("KEY", "NAME", "KIND", "")
	}
	for _, f := range file.Fields {
		var remarks []string
		if !f.Active {
			remarks = append(remarks, "inactive: cannot be used")
		}
		if f.Required {
			remarks = append(remarks, "required before a case can be resolved")
		}
		if f.Kind == "" {
			remarks = append(remarks, "a kind that this version does not know")
		}
		row(f.Key, f.Name, string(f.Kind), strings.Join(remarks, ", "))
		indent := strings.Repeat(" ", 2+key+2)
		if f.Description != "" {
			fmt.Fprintf(&b, "%s%s\n", indent, oneLine(f.Description))
		}
		printOptions(&b, indent, f.Options)
	}
	if o.out != "" && o.out != "-" {
		fmt.Fprintf(&b, "\nWritten to %s\n", o.out)
	}
	_, _ = io.WriteString(w, printable(b.String()))
}

// printOptions prints a tree: code and label, those of the next level further in.
func printOptions(b *strings.Builder, indent string, options []fields.Option) {
	width := 0
	for _, o := range options {
		width = max(width, utf8.RuneCountInString(o.Code))
	}
	for i, o := range options {
		if i == printedOptions {
			fmt.Fprintf(b, "%s… and %s\n", indent, words.Plural(len(options)-i, "more option"))
			break
		}
		label := oneLine(o.Label)
		if label == "" {
			label = "(no label)"
		}
		fmt.Fprintf(b, "%s%-*s  %s\n", indent, width, o.Code, label)
		printOptions(b, indent+"  ", o.Options)
	}
}
