package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"caseimport/importer/atomicfile"
	"caseimport/importer/exit"
	"caseimport/importer/related"
	"caseimport/importer/source"
	"caseimport/mapping"
	"caseimport/mapping/draft"
	"caseimport/mapping/words"
)

type initOptions struct {
	reading
	out, from, fields, notes string
	force                    bool
}

func newInit() *cobra.Command {
	var o initOptions
	cmd := &cobra.Command{
		Use:   "init INPUT",
		Short: "Draft a mapping file from the data",
		Long: `Read an export, detect which product it comes from, and write a mapping file for it,
with comments that show the evidence and ask what only you can decide. The draft
always loads; check tells what is still wrong. An existing file is never overwritten
without --force.

Custom fields have keys that only the account knows. With --fields, columns are
matched with the account's fields and their values with its options; without, the
rules of custom fields are commented out, ready to be given a key.`,
		Example: `  caseimport fields -o fields.json && caseimport init tickets.csv --fields fields.json
  caseimport init tickets.csv
  caseimport init tickets.csv -o acme.yaml --from jira
  caseimport init tickets.csv --notes comments.csv       comments in a file of their own
  caseimport init tickets.jsonl.gz -o -                  print it`,
	}
	f := cmd.Flags()
	f.StringVarP(&o.out, "output", "o", "mapping.yaml", "the mapping `FILE` to write, - for standard output")
	f.StringVar(&o.from, "from", "", "`NAME` of the product that it comes from: "+strings.Join(draft.Products(), ", ")+" (default: detected)")
	fieldsFlag(f, &o.fields, "")
	f.StringVar(&o.notes, "notes", "", "a second `FILE` that holds the comments, one a row: they become notes")
	f.BoolVar(&o.force, "force", false, "overwrite the mapping file")
	return o.reading.command(cmd, func(cmd *cobra.Command, input string) error { return draftMapping(cmd, o, input) })
}

// draftMapping writes the mapping file and says how sure it is of it. If the file
// itself goes to standard output, that goes to standard error.
func draftMapping(cmd *cobra.Command, o initOptions, input string) error {
	toStdout := o.out == "-"
	if !toStdout && !o.force && exists(o.out) {
		return alreadyThere(o.out)
	}
	ctx, stop := interruptible(cmd.Context())
	defer stop()
	account, err := readFields(o.fields, io.Discard)
	if err != nil {
		return err
	}
	table, err := o.reading.open(ctx, cmd, input)
	if err != nil {
		return interrupted(ctx, err)
	}
	defer table.Close()
	p, err := profile(ctx, table)
	if err == nil {
		err = parents(ctx, table, p, o.from)
	}
	remarks := table.Remarks
	if err == nil && o.notes != "" {
		var of []string
		of, err = comments(ctx, p, o)
		for _, remark := range of {
			remarks = append(remarks, o.notes+": "+remark)
		}
	}
	if err != nil {
		return interrupted(ctx, err)
	}
	d, err := p.Draft(account, beside(o.out, o.fields), o.from)
	if err != nil {
		return err
	}
	said := cmd.OutOrStdout()
	if toStdout {
		if _, err := said.Write(d.YAML); err != nil {
			return err
		}
		said = cmd.ErrOrStderr()
	} else if err := writeNew(o.out, d.YAML, o.force); err != nil {
		return err
	}
	printDraft(said, d, cmd, o, input, table, remarks)
	return nil
}

// sampleRows is how much of a truly huge file is looked at. Any other is read
// whole, so that a key is known to be unique.
const sampleRows = 5_000_000

func profile(ctx context.Context, table *source.Table) (*draft.Profile, error) {
	p := draft.NewProfile(table.Columns)
	all, err := someRows(ctx, table, p.Add)
	if !all {
		p.Total = table.Rows
	}
	return p, err
}

// parents adds who is whose parent.
func parents(ctx context.Context, table *source.Table, p *draft.Profile, from string) error {
	family := p.Family(from)
	if family == nil {
		return nil
	}
	_, err := someRows(ctx, table, family.Add)
	return err
}

// someRows hands on the rows that are looked at, and reports whether that was all.
func someRows(ctx context.Context, table *source.Table, add func(mapping.Row)) (all bool, err error) {
	seen, enough := 0, errors.New("enough rows")
	err = table.Each(ctx, func(row *source.Row) error {
		if seen++; seen > sampleRows {
			return enough
		}
		if row.Fault == "" {
			add(row)
		}
		return nil
	})
	if errors.Is(err, enough) {
		return false, nil
	}
	return true, err
}

// comments adds what the second file holds, and returns how it was read. It is read as a
// run will read it.
func comments(ctx context.Context, p *draft.Profile, o initOptions) (remarks []string, err error) {
	table, err := related.OpenTable(ctx, o.notes, source.Options{})
	if err != nil {
		return nil, err
	}
	defer table.Close()
	second, err := profile(ctx, table)
	if err != nil {
		return nil, err
	}
	p.Comments(beside(o.out, o.notes), guessed(table), second)
	return table.Remarks, nil
}

// guessed is the encoding that a file's bytes were guessed to be in. UTF-8 and the other
// forms of Unicode are recognised, not guessed.
func guessed(table *source.Table) string {
	if strings.HasPrefix(table.Encoding, "UTF") {
		return ""
	}
	return table.Encoding
}

// beside is the path of a file as a mapping file at another path is to name it.
func beside(mapping, path string) string {
	if mapping == "-" || filepath.IsAbs(path) {
		return path
	}
	if from, err := filepath.Rel(filepath.Dir(mapping), path); err == nil {
		return filepath.ToSlash(from)
	}
	return path
}

// writeNew writes the whole file or nothing, and over an existing one only with
// force. It is meant to be shared, so others may read it.
func writeNew(path string, text []byte, force bool) error {
	if !force && exists(path) { // made while the export was read
		return alreadyThere(path)
	}
	err := atomicfile.Write(atomicfile.OS, path, func(w *bufio.Writer) error {
		_, err := w.Write(text)
		return err
	})
	if err == nil {
		err = os.Chmod(path, 0o644)
	}
	if err != nil {
		return atomicfile.Error("cannot write", path, err)
	}
	return nil
}

func alreadyThere(path string) error {
	return exit.Refuse(fmt.Errorf("%s already exists", path), "choose another name with -o, or overwrite it with --force")
}

// screenWidth is what fits the narrowest of screens; commands are not broken.
const screenWidth = 80

func printDraft(w io.Writer, d draft.Draft, cmd *cobra.Command, o initOptions, input string, table *source.Table, remarks []string) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s, read as %s\n", table.Name, words.Plural(table.Rows, "row"), d.Product)
	for _, remark := range remarks {
		b.WriteString("  " + strings.Join(words.Wrap(remark, screenWidth-2), "\n  ") + "\n")
	}
	for _, part := range []struct {
		heading string
		items   []string
	}{{"Sure", d.Sure}, {"For you to decide", d.Ask}} {
		for i, item := range part.items {
			if i == 0 {
				fmt.Fprintf(&b, "\n%s\n", part.heading)
			}
			b.WriteString("  - " + strings.Join(words.Wrap(words.Brief(item), screenWidth-4), "\n    ") + "\n")
		}
	}
	if o.out != "-" {
		next := func(command string) string {
			return commandLine(cmd, command, input, "output", "from", "force", "fields", "notes") + " -m " + shellQuote(o.out)
		}
		fmt.Fprintf(&b, "\nWritten to %s\n", o.out)
		fmt.Fprintf(&b, "\nWhat next\n  Read the file and answer its questions. Then check and rehearse:\n")
		fmt.Fprintf(&b, "    %s\n    %s --sandbox\n", next("check"), next("run"))
	}
	_, _ = io.WriteString(w, printable(b.String()))
}
