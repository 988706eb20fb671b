package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/text/encoding/unicode"

	"caseimport/importer/exit"
	"caseimport/importer/results"
	"caseimport/importer/source"
	"caseimport/mapping"
	"caseimport/mapping/fields"
)

// reading are the flags of every command that reads an export.
type reading struct {
	format, encoding, delimiter, sheet string
	lazy                               bool
}

// command completes a command whose argument is an export. Its other flags come
// first.
func (r *reading) command(cmd *cobra.Command, run func(cmd *cobra.Command, input string) error) *cobra.Command {
	f := cmd.Flags()
	f.StringVar(&r.format, "format", "", "`FORMAT` of the file: csv, tsv, jsonl, json or xlsx (default: from its name)")
	f.StringVar(&r.sheet, "sheet", "", "the `NAME` of the workbook's sheet to read (default: the first with rows)")
	f.StringVar(&r.encoding, "encoding", "", "`ENCODING` of the file, such as windows-1252 (default: detected)")
	f.StringVar(&r.delimiter, "delimiter", "", "the `CHAR` between cells: , ; tab or | (default: detected)")
	f.BoolVar(&r.lazy, "lazy-quotes", false, "keep stray quotation marks inside cells as they are")
	cmd.Args, cmd.ValidArgsFunction = oneInput, completeExport
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		input := args[0]
		if slices.Contains(stdinNames, filepath.Clean(input)) {
			input = "-"
		}
		return run(cmd, input)
	}
	return cmd
}

// stdinNames are the names of standard input beside "-".
var stdinNames = []string{"/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"}

// mapped are the flags that check, run and verify share.
type mapped struct {
	reading
	mapping, fields string
}

func (m *mapped) mappingFlag(f *pflag.FlagSet) {
	f.StringVarP(&m.mapping, "mapping", "m", "", "the mapping `FILE` (to draft one: caseimport init)")
	fieldsFlag(f, &m.fields, " (default: the one that the mapping names)")
}

// fieldsFlag is --fields of init, check, run and verify.
func fieldsFlag(f *pflag.FlagSet, to *string, otherwise string) {
	f.StringVar(to, "fields", "", "the account's fields, a `FILE` that \"caseimport fields -o\" wrote"+otherwise)
}

// jsonFlag is --json of every command that reports.
func jsonFlag(f *pflag.FlagSet, to *bool) {
	f.BoolVar(to, "json", false, "print one line of JSON, and nothing else, on standard output")
}

// readingFlags are the names of those flags: they fit the export, not the
// failure report that comes of it.
var readingFlags = []string{"format", "encoding", "delimiter", "lazy-quotes", "sheet"}

func (r *reading) open(ctx context.Context, cmd *cobra.Command, input string) (*source.Table, error) {
	return source.Open(ctx, input, source.Options{
		Format:    r.format,
		Sheet:     r.sheet,
		Encoding:  r.encoding,
		Delimiter: r.delimiter,
		Lazy:      r.lazy,
		Stdin:     cmd.InOrStdin(),
	})
}

// interrupted rewords the error of work that a signal ended.
func interrupted(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return errors.New("interrupted")
	}
	return err
}

// loadMapping reads the mapping file; input is for the hint. What it names, such as
// a look-up table, stands relative to it. definitions is a file of the account's
// fields in place of the one that it names, or "". sum is a fingerprint of all that
// was read.
func loadMapping(cmd *cobra.Command, path, definitions, input string) (m *mapping.Mapping, sum string, err error) {
	hash := sha256.New()
	account, err := readFields(definitions, hash)
	if err != nil {
		return nil, "", err
	}
	m, err = loadMappingFor(cmd, account, path, input, hash)
	return m, hex.EncodeToString(hash.Sum(nil)[:16]), err
}

// loadMappingFor is loadMapping with the account's fields at hand, unless they are
// nil. What is read is copied.
func loadMappingFor(cmd *cobra.Command, account *fields.File, path, input string, copied io.Writer) (*mapping.Mapping, error) {
	if path == "" {
		return nil, usage(cmd, draftHint(input, "mapping.yaml"), "no mapping file: give one with -m, for example -m mapping.yaml")
	}
	text, err := readSmall(path, maxMapping)
	if err != nil {
		return nil, noMapping(err, path, input)
	}
	_, _ = copied.Write(text)
	return mapping.ParseFor(account, path, text, func(name string) ([]byte, error) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(path), name)
		}
		table, err := readSmall(name, maxLookup)
		_, _ = copied.Write(table)
		return table, err
	})
}

// readFields reads a file of the account's fields, and copies it; nil without one.
func readFields(path string, copied io.Writer) (*fields.File, error) {
	if path == "" {
		return nil, nil
	}
	text, err := readSmall(path, maxLookup)
	if err != nil {
		return nil, exit.Refuse(fmt.Errorf("cannot read the account's fields: %w", err), "to write the file: "+program()+" fields -o "+shellQuote(path))
	}
	_, _ = copied.Write(text)
	file, err := fields.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &file, nil
}

// How large the files may be that are read into memory as they are. Whatever is
// larger is not what was meant.
const (
	maxMapping = 1 << 20
	maxLookup  = 64 << 20
)

// readSmall reads a regular file, also behind links, as mounted configuration
// is. Others, such as devices and pipes, might never end.
func readSmall(path string, most int64) ([]byte, error) {
	info, err := os.Stat(path) // before it is opened: a pipe would wait for its writer
	if err != nil {
		return nil, err
	}
	fault := func(format string, args ...any) error {
		return &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf(format, args...)}
	}
	switch {
	case info.IsDir():
		return nil, fault("this is a directory")
	case !info.Mode().IsRegular():
		return nil, fault("this is not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(text)) > most {
		return nil, fault("larger than %d MB: this is not the file that was meant", most>>20)
	}
	if err == nil && (bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff"))) {
		text, err = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(text) // PowerShell's > writes it
	}
	return text, err
}

// absent warns of columns that no row has, "" if there are none. A failure report
// holds only some of the rows, so there it means nothing.
func absent(p *mapping.Program, table *source.Table) string {
	if results.ReportColumns(table.Columns).IsReport() {
		return ""
	}
	return p.AbsentWarning()
}

func noMapping(err error, path, input string) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		err = fmt.Errorf("mapping file %s: %w", pathErr.Path, pathErr.Err)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return exit.Refuse(err, draftHint(input, path))
}

func draftHint(input, path string) string {
	return "to draft one from the data: " + program() + " init " + shellQuote(input) + " -o " + shellQuote(path)
}
