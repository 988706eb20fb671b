package related

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"caseimport/importer/source"
	"caseimport/mapping"
	"caseimport/mapping/convert"
)

// file opens a second file of that name and content.
func file(t testing.TB, name, content string) *File {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(context.Background(), path, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// by finds rows by the first column and sorts them by another.
func by(sort int, layouts ...string) mapping.By {
	b := mapping.By{Sort: sort, Key: func(r mapping.Row) (string, error) { return strings.TrimSpace(r.Cell(0).Text), nil }}
	for _, l := range layouts {
		layout, err := convert.NewLayout(l)
		if err != nil {
			panic(err)
		}
		b.Layouts = append(b.Layouts, layout)
	}
	return b
}

// cellsOf are the cells of column i of the rows with a key.
func cellsOf(t testing.TB, x mapping.ByKey, key string, i int) string {
	t.Helper()
	rows, err := x.Rows(key)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, row := range rows {
		all = append(all, row.Cell(i).Text)
	}
	return strings.Join(all, " ")
}

func TestOrders(t *testing.T) {
	for _, c := range []struct {
		name  string
		cells string // separated by |, each with the row's number behind it
		as    string // or the error
		want  string
	}{
		{"numbers", "10|9|2.5|-1", "numbers", "4 3 2 1"},
		{"numbers that floating point takes for equal", "9007199254740993|9007199254740992", "numbers", "2 1"},
		{"texts", "b|a|10|9", "texts", "3 4 2 1"},
		{"dates", "2024-03-01T10:00:00+02:00|2024-03-01T09:00:00Z|2024-03-01T08:30:00Z", "dates", "1 3 2"},
		{"dates in several ways", "2 Mar 2024|2024-03-01 10:00|2024-03-01", "dates", "3 2 1"},
		{"the day first, as one of them tells", "01/04/2024 10:00|13/03/2024 9:00", "dates", "2 1"},
		{"the month first, as one of them tells", "04/01/2024|03/13/2024", "dates", "2 1"},
		{"the day first, as the first tells", "13/03/2024|02/03/2024|01/04/2024", "dates", "2 1 3"},
		{"the month first, as the first tells", "03/13/2024|03/02/2024|04/01/2024", "dates", "2 1 3"},
		{"nobody can tell the day from the month", "01/04/2024|02/03/2024", "does not tell the day from the month", ""},
		{"both", "13/03/2024|03/13/2024", "has dates with the day first and others with the month first", ""},
		{"dates but for one", "2024-03-01|2024-03-02|n/a", `holds dates, but not "n/a" on line 4`, ""},
		{"numbers but for one", "1|n/a|2", `holds numbers, but not "n/a" on line 3`, ""},
		{"a zone that is none", "2024-03-01 10:00 QQQ|2024-02-01 10:00 QQQ", "texts", "2 1"},
		{"empty ones come last", "|2|1| ", "numbers", "3 2 1 4"},
		{"ties in the order of the file", "2|1|2|1|1", "numbers", "2 4 5 1 3"},
		{"all empty", "||", "numbers", "1 2 3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := "ticket,sort,n\n"
			for i, cell := range strings.Split(c.cells, "|") {
				text += fmt.Sprintf("k,%q,%d\n", cell, i+1)
			}
			f := file(t, "c.csv", text)
			x, err := f.Index(by(1))
			if c.want == "" {
				if err == nil || !strings.Contains(err.Error(), c.as) {
					t.Fatalf("%v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := cellsOf(t, x, "k", 2); got != c.want || x.(*index).order.what != c.as {
				t.Errorf("%s by %s, want %s by %s", got, x.(*index).order.what, c.want, c.as)
			}
		})
	}
}

func TestALayoutThatIsTold(t *testing.T) {
	f := file(t, "c.csv", "ticket,at,n\nk,02/01/2024,1\nk,01/02/2024,2\nk,,3\n")
	x, err := f.Index(by(1, "02/01/2006"))
	if err != nil || cellsOf(t, x, "k", 2) != "1 2 3" {
		t.Errorf("%v", err)
	}
	if x, err = f.Index(by(1, "01/02/2006")); err != nil || cellsOf(t, x, "k", 2) != "2 1 3" {
		t.Errorf("%v", err)
	}
	if _, err := f.Index(by(1, "2006-01-02")); err == nil || !strings.Contains(err.Error(), `column "at" has "02/01/2024" on line 2, which does not match the layout`) {
		t.Errorf("%v", err)
	}
}

func TestRowsThatCannotBeReadRefuseTheFile(t *testing.T) {
	f := file(t, "c.csv", "ticket,body\n1,a\n2,b,c\n3,c,d\n")
	_, err := f.Index(by(-1))
	if err == nil || !strings.HasSuffix(err.Error(), "c.csv: line 3: has 3 fields where the header has 2 (and 1 more such row): correct the file, since notes would be lost") {
		t.Errorf("%v", err)
	}
}

func TestRowsThatNobodyClaims(t *testing.T) {
	f := file(t, "c.csv", "ticket,body\n1,a\n,b\n3,c\n1,d\n4,e\n")
	x, err := f.Index(by(-1))
	if err != nil {
		t.Fatal(err)
	}
	if got := cellsOf(t, x, "1", 1); got != "a d" {
		t.Errorf("got %s", got)
	}
	if got := cellsOf(t, x, "", 1); got != "" {
		t.Errorf("without a key: %s", got)
	}
	x.Claim("4")
	n, sentence := f.Unclaimed()
	if n != 2 || sentence != `c.csv: no row of the export has the key of 2 of its 5 rows, the first on line 3 (it has no key)` {
		t.Errorf("%d: %s", n, sentence)
	}
	x.Claim("")
	x.Claim("3")
	if n, sentence = f.Unclaimed(); n != 1 {
		t.Errorf("%d: %s", n, sentence)
	}
}

func TestTheFirstRowThatNobodyClaims(t *testing.T) {
	text := "ticket,body\n"
	for i := range 300 {
		text += fmt.Sprintf("%d,a\n", i)
	}
	f := file(t, "c.csv", text)
	x, err := f.Index(by(-1))
	if err != nil {
		t.Fatal(err)
	}
	x.Claim("0")
	if n, sentence := f.Unclaimed(); n != 299 || !strings.HasSuffix(sentence, `the first on line 3 (key "1")`) {
		t.Errorf("%d: %s", n, sentence)
	}
}

// Two keys may have the same hash; rows of the one are not those of the other.
func TestKeysWithTheSameHash(t *testing.T) {
	f := file(t, "c.csv", "ticket,body\n2,a\n1,b\n2,c\n1,d\n")
	byKey, err := f.Index(by(-1))
	if err != nil {
		t.Fatal(err)
	}
	x := byKey.(*index)
	for i := range x.entries {
		x.entries[i].hash = x.hash("1")
	}
	slices.SortFunc(x.entries, func(a, b entry) int { return a.place.Compare(b.place) })
	if got := cellsOf(t, x, "1", 1); got != "b d" {
		t.Errorf("got %s", got)
	}
}

// TestJoin holds the index against a join in memory, in every kind of file.
func TestJoin(t *testing.T) {
	type comment struct {
		Ticket string `json:"ticket"`
		At     int    `json:"at"`
		Body   string `json:"body"`
	}
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		comments := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) comment {
			return comment{
				rapid.SampledFrom([]string{"1", "2", " 2", "x y", "Ä", ""}).Draw(t, "ticket"),
				rapid.IntRange(0, 3).Draw(t, "at"),
				rapid.StringOf(rapid.SampledFrom([]rune("ab \n\",;é"))).Draw(t, "body"),
			}
		}), 1, 30).Draw(t, "comments")
		sorted := rapid.Bool().Draw(t, "sorted")

		var text bytes.Buffer
		name := rapid.SampledFrom([]string{"c.csv", "c.csv.gz", "c.jsonl", "c.json"}).Draw(t, "file")
		switch name {
		case "c.json":
			_ = json.NewEncoder(&text).Encode(comments)
		case "c.jsonl":
			for _, c := range comments {
				_ = json.NewEncoder(&text).Encode(c)
			}
		default:
			w := csv.NewWriter(&text)
			_ = w.Write([]string{"ticket", "at", "body"})
			for _, c := range comments {
				_ = w.Write([]string{c.Ticket, fmt.Sprint(c.At), c.Body})
			}
			w.Flush()
		}
		if strings.HasSuffix(name, ".gz") {
			plain := bytes.Clone(text.Bytes())
			text.Reset()
			z := gzip.NewWriter(&text)
			_, _ = z.Write(plain)
			_ = z.Close()
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := Open(context.Background(), path, source.Options{})
		if err != nil {
			t.Skip(err) // text that no reader would take for such a file
		}
		defer f.Close()
		sort := -1
		if sorted {
			sort = 1
		}
		x, err := f.Index(by(sort))
		if err != nil {
			t.Fatal(err)
		}

		left := len(comments)
		for _, key := range []string{"1", "2", "x y", "Ä", "nobody's"} {
			var want []string
			its := slices.Clone(comments)
			its = slices.DeleteFunc(its, func(c comment) bool { return strings.TrimSpace(c.Ticket) != key })
			if sorted {
				slices.SortStableFunc(its, func(a, b comment) int { return cmp.Compare(a.At, b.At) })
			}
			for _, c := range its {
				want = append(want, c.Body)
			}
			rows, err := x.Rows(key)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, row := range rows {
				got = append(got, row.Cell(2).Text)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("key %q: got %q, want %q", key, got, want)
			}
			left -= len(want)
		}
		if n, _ := f.Unclaimed(); n != left {
			t.Fatalf("%d are unclaimed, want %d", n, left)
		}
	})
}

func TestAFileThatChangesEndsTheReading(t *testing.T) {
	f := file(t, "c.csv", "ticket,body\n1,a\n2,b\n")
	x, err := f.Index(by(-1))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f.table.Name, []byte("ticket,body\n1,a\n2,b\n1,c\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := x.Rows("1"); err == nil || !strings.Contains(err.Error(), "has changed since it was first read") {
		t.Errorf("%v", err)
	}
	if rows, err := x.Rows("none of its own"); len(rows) > 0 || err != nil {
		t.Errorf("%v", err)
	}
}
