// Package related finds the rows of a second file, such as comments, by the key of
// the row of the input that they belong to. The file may be larger than memory: of
// each row an index of 40 bytes is kept, and rows are read by their place.
//
// related.go (a file and its index), order.go (in which order rows stand).
//
// A row that cannot be read refuses the file: nothing could tell which row of the
// input would lack it.
package related

import (
	"cmp"
	"context"
	"fmt"
	"hash/maphash"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync/atomic"

	"caseimport/importer/source"
	"caseimport/mapping"
	"caseimport/mapping/words"
)

// File is a second file. It implements mapping.Related.
type File struct {
	ctx     context.Context // of the command: it ends the reading
	table   *source.Table
	name    string // for people
	indexes []*index
}

// Open reads the whole file once and reports what it is. The caller closes the File.
func Open(ctx context.Context, path string, opt source.Options) (*File, error) {
	table, err := OpenTable(ctx, path, opt)
	if err != nil {
		return nil, err
	}
	return &File{ctx: ctx, table: table, name: filepath.Base(path)}, nil
}

// OpenTable is source.Open for a second file: what it says names no flags of the command
// line, since it is the mapping that says how a second file is read.
func OpenTable(ctx context.Context, path string, opt source.Options) (*source.Table, error) {
	table, err := source.Open(ctx, path, opt)
	if err != nil {
		return nil, &openError{err}
	}
	for i, remark := range table.Remarks {
		table.Remarks[i] = besideFile.Replace(remark)
	}
	return table, nil
}

var besideFile = strings.NewReplacer("--encoding", `"encoding" beside "file"`, "--delimiter", `"delimiter" beside "file"`,
	"--sheet NAME", `"sheet" beside "file"`, "--sheet", `"sheet" beside "file"`)

type openError struct{ error }

func (e *openError) Error() string { return besideFile.Replace(e.error.Error()) }

func (e *openError) Unwrap() error { return e.error }

// Close removes what had to be stored.
func (f *File) Close() error { return f.table.Close() }

// Columns implements mapping.Related.
func (f *File) Columns() (names []string, open bool) {
	return f.table.Columns, f.table.Format == "json"
}

// Remarks say what the reader detected, and the order of the rows.
func (f *File) Remarks() (all []string) {
	for _, remark := range f.table.Remarks {
		all = append(all, f.name+": "+remark)
	}
	for _, x := range f.indexes {
		if x.by.Sort >= 0 {
			all = append(all, fmt.Sprintf("%s: %s, by %q as %s", f.name, words.Plural(f.table.Rows, "row"), f.table.Columns[x.by.Sort], x.order))
		}
	}
	return all
}

// Unclaimed counts the rows that no row of the input has claimed so far; of a file
// with several indexes, by the first. The sentence is for people, "" for none.
func (f *File) Unclaimed() (n int, sentence string) {
	if len(f.indexes) == 0 {
		return 0, ""
	}
	x := f.indexes[0]
	var first source.Place
	for i := range x.entries {
		if e := &x.entries[i]; e.claimed == 0 {
			if n++; n == 1 || e.place.Compare(first) < 0 {
				first = e.place
			}
		}
	}
	if n == 0 {
		return 0, ""
	}
	whose := "it has no key"
	if rows, err := f.table.RowsAt([]source.Place{first}); err == nil {
		if key, _ := x.by.Key(rows[0]); key != "" {
			whose = fmt.Sprintf("key %q", words.Shown(key))
		}
	}
	return n, fmt.Sprintf("%s: no row of the export has the key of %s of its %s, the first on line %d (%s)", f.name, words.Count(n), words.Plural(len(x.entries), "row"), first.Line(), whose)
}

// index finds rows by a key. It implements mapping.ByKey.
type index struct {
	file    *File
	by      mapping.By
	order   order
	seed    maphash.Seed
	entries []entry // by hash, then in the order of the file
}

// entry is a row of the file: 40 bytes.
type entry struct {
	hash    uint64 // of the key
	place   source.Place
	claimed uint32 // 1 once a row of the input has its key
}

// Index implements mapping.Related.
func (f *File) Index(by mapping.By) (mapping.ByKey, error) {
	x := &index{file: f, by: by, seed: maphash.MakeSeed(), entries: make([]entry, 0, f.table.Rows)}
	orders := newOrders(by.Layouts)
	bad, first := 0, ""
	refuse := func(row *source.Row, reason string) {
		if bad++; bad == 1 {
			first = fmt.Sprintf("line %d: %s", row.Line, reason)
		}
	}
	err := f.table.EachPlace(f.ctx, func(row *source.Row, place source.Place) error {
		if row.Fault != "" {
			refuse(row, row.Fault)
			return nil
		}
		key, err := by.Key(row)
		if err != nil {
			refuse(row, err.Error())
			return nil
		}
		if by.Sort >= 0 {
			orders.see(text(row.Cell(by.Sort)), row.Line)
		}
		x.entries = append(x.entries, entry{hash: x.hash(key), place: place})
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case bad > 0:
		more := ""
		if bad > 1 {
			more = fmt.Sprintf(" (and %s)", words.Plural(bad-1, "more such row"))
		}
		return nil, fmt.Errorf("%s: %s%s: correct the file, since notes would be lost", f.table.Name, first, more)
	}
	if by.Sort >= 0 {
		if x.order, err = orders.decide(); err != nil {
			return nil, fmt.Errorf("%s: column %q %w", f.table.Name, f.table.Columns[by.Sort], err)
		}
	}
	// The sort is not stable, but places rise.
	slices.SortFunc(x.entries, func(a, b entry) int { return cmp.Or(cmp.Compare(a.hash, b.hash), a.place.Compare(b.place)) })
	f.indexes = append(f.indexes, x)
	return x, nil
}

// hash is that of a key; rows without one belong to no other.
func (x *index) hash(key string) uint64 { return maphash.String(x.seed, key) }

// with are the entries with the hash of a key.
func (x *index) with(key string) []entry {
	hash := x.hash(key)
	from := sort.Search(len(x.entries), func(i int) bool { return x.entries[i].hash >= hash })
	to := from
	for to < len(x.entries) && x.entries[to].hash == hash {
		to++
	}
	return x.entries[from:to]
}

// Claim implements mapping.ByKey.
func (x *index) Claim(key string) {
	if key == "" {
		return
	}
	found := x.with(key)
	for i := range found {
		atomic.StoreUint32(&found[i].claimed, 1)
	}
}

// Rows implements mapping.ByKey.
func (x *index) Rows(key string) ([]mapping.RelatedRow, error) {
	x.Claim(key)
	found := x.with(key)
	if key == "" || len(found) == 0 {
		return nil, nil
	}
	places := make([]source.Place, len(found))
	for i := range found {
		places[i] = found[i].place
	}
	rows, err := x.file.table.RowsAt(places)
	if err != nil {
		return nil, err
	}
	// Another key may have the same hash.
	rows = slices.DeleteFunc(rows, func(row *source.Row) bool {
		its, err := x.by.Key(row)
		return err != nil || its != key
	})
	if x.by.Sort >= 0 {
		rows = x.order.sorted(rows, x.by.Sort)
	}
	out := make([]mapping.RelatedRow, len(rows))
	for i, row := range rows {
		out[i] = related{row, x.file}
	}
	return out, nil
}

// related is a row of the file.
type related struct {
	*source.Row
	file *File
}

// Where implements mapping.RelatedRow.
func (r related) Where() string { return fmt.Sprintf("%s, line %d", r.file.name, r.Line) }

// text is what a cell says to be sorted by.
func text(v mapping.Value) string { return strings.TrimSpace(v.Text) }
