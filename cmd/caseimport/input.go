package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"caseimport/importer/source"
	"caseimport/mapping"
)

// reading are the flags that say how to read an export.
type reading struct {
	format, encoding, delimiter string
	lazy                        bool
}

func (r *reading) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&r.format, "format", "", "the file's `FORMAT`: csv, tsv, jsonl or json (default: by the file's name)")
	f.StringVar(&r.encoding, "encoding", "", "the file's `ENCODING`, such as windows-1252 (default: detected)")
	f.StringVar(&r.delimiter, "delimiter", "", "the `CHAR` between the cells: , ; tab or | (default: detected)")
	f.BoolVar(&r.lazy, "lazy-quotes", false, "take stray quotation marks inside cells as they are")
}

// readingFlags are the names of those flags: they fit the export, not the
// failure report that comes of it.
var readingFlags = []string{"format", "encoding", "delimiter", "lazy-quotes"}

func (r *reading) open(ctx context.Context, cmd *cobra.Command, input string) (*source.Table, error) {
	return source.Open(ctx, input, source.Options{
		Format:    r.format,
		Encoding:  r.encoding,
		Delimiter: r.delimiter,
		Lazy:      r.lazy,
		Stdin:     cmd.InOrStdin(),
	})
}

// interrupted puts a signal into words where it is what ended the work.
func interrupted(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return errors.New("interrupted")
	}
	return err
}

// loadMapping reads the mapping file; input is for the hint. A look-up table is
// named relative to the mapping file. sum is a fingerprint of all that was read.
func loadMapping(path, input string) (m *mapping.Mapping, sum string, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, "", noMapping(err, path, input)
	}
	hash := sha256.New()
	hash.Write(text)
	m, err = mapping.Parse(path, text, func(name string) ([]byte, error) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(path), name)
		}
		table, err := os.ReadFile(name)
		hash.Write(table)
		return table, err
	})
	return m, hex.EncodeToString(hash.Sum(nil)[:16]), err
}

// compile binds a mapping to the columns of an export.
func compile(m *mapping.Mapping, table *source.Table) (*mapping.Program, error) {
	return m.Compile(table.Columns, isJSONReport(table))
}

// isJSONReport tells whether a table is a failure report in JSON lines. It
// holds only some of the rows, so keys that they do not have may be missing.
func isJSONReport(table *source.Table) bool {
	return table.Format == "json" && slices.Contains(table.Columns, "caseimport_id")
}

// needMapping checks that a mapping file was named.
func needMapping(cmd *cobra.Command, path, input string) error {
	if path != "" {
		return nil
	}
	return usage(cmd, draftHint(input, "mapping.yaml"), "no mapping file: give one with -m, for example -m mapping.yaml")
}

func noMapping(err error, path, input string) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		err = fmt.Errorf("mapping file %s: %w", pathErr.Path, pathErr.Err)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return refuse(err, draftHint(input, path))
}

func draftHint(input, path string) string {
	return "to draft one from the data: " + program() + " init " + shellQuote(input) + " -o " + shellQuote(path)
}
