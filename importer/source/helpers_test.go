package source

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write makes a file of that name and content.
func write(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// open opens a file of that name and content, which must be readable.
func open(t testing.TB, name, content string, opt Options) *Table {
	t.Helper()
	table, err := Open(context.Background(), write(t, name, content), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { table.Close() })
	return table
}

// refused opens a file that must be refused, and returns the message without
// the file's name.
func refused(t testing.TB, name, content string, opt Options) string {
	t.Helper()
	path := write(t, name, content)
	table, err := Open(context.Background(), path, opt)
	if err == nil {
		table.Close()
		t.Fatalf("not refused: %d rows", table.Rows)
	}
	return strings.ReplaceAll(err.Error(), path, name)
}

// rows reads all rows, which must be as many as Open counted.
func rows(t testing.TB, table *Table) []*Row {
	t.Helper()
	var all []*Row
	if err := table.Each(context.Background(), func(r *Row) error {
		all = append(all, r)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(all) != table.Rows {
		t.Fatalf("%d rows, but Open counted %d", len(all), table.Rows)
	}
	return all
}

// flat is all fields of all rows, one after the other.
func flat(t testing.TB, table *Table) []string {
	t.Helper()
	var fields []string
	for _, r := range rows(t, table) {
		fields = append(fields, r.Fields()...)
	}
	return fields
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
