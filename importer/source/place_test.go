package source

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"
	"pgregory.net/rapid"
)

// again reads every row of a table by its place, the last first.
func again(t interface{ Fatal(...any) }, table *Table) (first, second []*Row) {
	var places []Place
	if err := table.EachPlace(context.Background(), func(r *Row, p Place) error {
		if r.Fault == "" {
			first, places = append(first, r), append(places, p)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	second = slices.Clone(first)
	for i := len(places) - 1; i >= 0; i-- {
		rows, err := table.RowsAt(places[i : i+1])
		if err != nil {
			t.Fatal(err)
		}
		second[i] = rows[0]
	}
	return first, second
}

func gzipped(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(text))
	_ = z.Close()
	return b.String()
}

func TestRowsByPlace(t *testing.T) {
	latin, err := charmap.Windows1252.NewEncoder().String("id,text\n1,Caf\u00e9 für alle, hétérogène\n")
	if err != nil {
		t.Fatal(err)
	}
	const lines = "{\"id\":1,\"who\":{\"name\":\"A\"}}\n\n  {\"id\":2, \"tags\":[\"x\"]}  \r\n{\"id\":3}"
	for _, c := range []struct {
		name, file, text string
		lazy, copied     bool
		rows             int
	}{
		{"CSV", "c.csv", "id,text\n1,a\n\n2,\"b\n\"\"c\"\"\"\n3,d", false, false, 3},
		{"a byte order mark, CRLF", "c.csv", "\ufeffid;text\r\n1;ä\r\n2;\"b\r\nc\"\r\n", false, false, 2},
		{"a sep= line", "c.csv", "sep=;\nid;text\n1;a\n2;b\n", false, false, 2},
		{"old Mac", "c.csv", "id,text\r1,a\r2,b\r", false, false, 2},
		{"stray quotes", "c.csv", "id,a,b\n1,\"3.5\" disk,x\n2,\"b\",y\n3,\"c\n,z\n4,d,e\n", true, false, 3},
		{"repeated headers", "c.csv", "id,note,note\n1,a,b\n2,,c\n", false, false, 2},
		{"JSON lines", "c.jsonl", lines, false, false, 3},
		{"a JSON document", "c.json", "[{\"id\":1,\n\"b\":\"x\"},{\"id\":2}]", false, true, 2},
		{"gzip", "c.csv.gz", gzipped("id,text\n1,a\n2,\"b\nc\"\n"), false, true, 2},
		{"gzipped JSON lines", "c.jsonl.gz", gzipped(lines), false, true, 3},
		{"a workbook", "c.xlsx", sheets(t, "Comments", line(1, "id", "text")+line(2, "1", "a")+line(4, "2", "b c")), false, true, 2},
		{"a ZIP archive", "c.zip", zipped(t, "c.csv", "id,text\n1,a\n2,b\n"), false, true, 2},
		{"a sign for a delimiter", "c.csv", "id¤text¤x\n1¤a¤\n2¤b¤y\n", false, true, 2},
		{"objects one behind the other", "c.json", "{\n\"id\": 1\n}\n{\n\"id\": 2\n}\n", false, true, 2},
		{"surplus cells, and marks within", "c.csv", "id,text\n1,a,,\n\ufeff2,b\n", false, false, 2},
		{"another encoding", "c.csv", strings.ReplaceAll(latin, ", h", " h"), false, true, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			table := open(t, c.file, c.text, Options{Lazy: c.lazy})
			var size int64
			for n := range 2 {
				first, second := again(t, table)
				for i, row := range first {
					if row.fields != nil { // a copy keeps them alone
						row.record, second[i].record = "", ""
					}
				}
				if len(first) != c.rows || !reflect.DeepEqual(first, second) {
					t.Errorf("first %+v\nagain %+v", first, second)
				}
				info, err := table.places.file.Stat()
				if err != nil || n > 0 && info.Size() != size {
					t.Errorf("a second index makes %d bytes of %d, %v", info.Size(), size, err)
				}
				size = info.Size()
			}
			if table.places.copy != c.copied {
				t.Errorf("copied: %v", table.places.copy)
			}
			if info, err := table.places.file.Stat(); err != nil || c.copied && runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
				t.Errorf("the copy: %v, %v", info, err)
			}
			table.Close()
			if err := table.places.file.Close(); !errors.Is(err, os.ErrClosed) {
				t.Errorf("the file is left open: %v", err)
			}
		})
	}
}

// Whatever the text, a row read by its place is the row that was read in order.
func TestRowsByPlaceAreTheRows(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		text := "id,b,c\n" + rapid.StringOfN(rapid.SampledFrom([]rune("ab1 \n\n\r\",,,é\ufeff")), 0, 80, -1).Draw(t, "text")
		path := dir + "/c.csv"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		table, err := Open(context.Background(), path, Options{Delimiter: ",", Lazy: rapid.Bool().Draw(t, "lazy")})
		if err != nil {
			return // refused as a whole
		}
		defer table.Close()
		if first, second := again(t, table); !reflect.DeepEqual(first, second) {
			t.Fatalf("first %+v\nagain %+v", first, second)
		}
	})
}

// A file that has changed is not read on, whatever of it has.
func TestPlacesOfAChangedFile(t *testing.T) {
	const text = "id,text\n1,abc\n2,def\n"
	for name, change := range map[string]string{"longer": text + "3,x\n", "shorter": "id,text\n1,abc\n", "another row": "id,text\n1,xbc\n2,def\n", "other cells": "id,text\n1a,bc\n2,def\n"} {
		for _, file := range []string{"c.csv", "c.csv.gz"} {
			content := func(text string) []byte {
				if file == "c.csv.gz" {
					return []byte(gzipped(text))
				}
				return []byte(text)
			}
			table := open(t, file, string(content(text)), Options{})
			var places []Place
			if err := table.EachPlace(context.Background(), func(r *Row, p Place) error {
				places = append(places, p)
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			was, err := os.Stat(table.Name)
			if err != nil {
				t.Fatal(err)
			}
			at := was.ModTime()
			if file == "c.csv.gz" { // its copy would not show it
				at = at.Add(time.Second)
			}
			if err := os.WriteFile(table.Name, content(change), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(table.Name, at, at); err != nil {
				t.Fatal(err)
			}
			if _, err := table.RowsAt(places[:1]); err == nil || !strings.Contains(err.Error(), "has changed") {
				t.Errorf("%s, %s: %v", file, name, err)
			}
		}
	}
}
