package main

import (
	"context"
	"path/filepath"

	"caseimport/importer/related"
	"caseimport/importer/results"
	"caseimport/importer/source"
	"caseimport/mapping"
)

// second are the second files that a mapping takes notes from.
type second []*related.File

// compile binds a mapping to the columns of an export, and to its second files,
// which it reads through. They stand beside the mapping file. Whatever the error, the
// caller closes them.
func compile(ctx context.Context, m *mapping.Mapping, table *source.Table, path string) (p *mapping.Program, files second, err error) {
	p, err = m.CompileWith(table.Columns, table.Format == "json", func(of mapping.SecondFile) (mapping.Related, error) {
		name := of.Path
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(path), name)
		}
		file, err := related.Open(ctx, name, source.Options{Encoding: of.Encoding, Delimiter: of.Delimiter, Sheet: of.Sheet})
		if err != nil {
			return nil, err
		}
		files = append(files, file)
		return file, nil
	})
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return p, files, err
}

func (s second) close() {
	for _, f := range s {
		_ = f.Close() // it was only read
	}
}

// remarks say how the files were read.
func (s second) remarks() (all []string) {
	for _, f := range s {
		all = append(all, f.Remarks()...)
	}
	return all
}

// unclaimed counts the rows that belong to no row of the export, and says so. A
// failure report holds only some of the rows, and tells nothing about it.
func (s second) unclaimed(table *source.Table) (n int, all []string) {
	if results.ReportColumns(table.Columns).IsReport() {
		return 0, nil
	}
	for _, f := range s {
		rows, sentence := f.Unclaimed()
		if n += rows; rows > 0 {
			all = append(all, sentence)
		}
	}
	return n, all
}
