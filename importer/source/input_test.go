package source

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

const small = "id,title\n1,x\n2,y\n"

func pack(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, text)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestFormatGoesByTheName(t *testing.T) {
	for _, c := range []struct {
		path, asked, want, err string
	}{
		{"x.csv", "", "csv", ""},
		{"X.CSV", "", "csv", ""},
		{"dir.json/x.tsv.gz", "", "tsv", ""},
		{"x.ndjson", "", "jsonl", ""},
		{"x.json", "jsonl", "jsonl", ""},
		{"x.txt", "CSV", "csv", ""},
		{"x.txt", "", "", "the name x.txt does not tell the file's format: add --format csv, tsv, jsonl, json or xlsx"},
		{"-", "", "", "standard input has no name to tell its format by: add --format csv, tsv, jsonl, json or xlsx"},
		{"x.csv", "xml", "", "no such format: \"xml\"; use --format csv, tsv, jsonl, json or xlsx"},
	} {
		got, err := formatOf(c.path, c.asked)
		if got != c.want || err != nil && err.Error() != c.err || err == nil && c.err != "" {
			t.Errorf("%s as %q: %q, %v", c.path, c.asked, got, err)
		}
	}
}

func TestWhatIsNoTextIsRefused(t *testing.T) {
	for _, c := range []struct{ name, content, want string }{
		{"x.csv", "", "x.csv: the file is empty (0 bytes): export it again"},
		{"x.csv.gz", pack(t, ""), "x.csv.gz: the file is empty (0 bytes): export it again"},
		{"x.csv", "\n \n", "x.csv: there is no header line: the file holds nothing but blanks"},
		{"x.csv", "PK\x03\x04\x14\x00", "x.csv: the ZIP archive or workbook is damaged (zip: not a valid zip file): get a complete copy"},
		{"x.csv", "<!DOCTYPE HTML><p>", "x.csv: this is a web page, not CSV or JSON text: the download may have failed; export the tickets again"},
		{"x.csv", "id,title\n1,x\n2,\x00\n", "x.csv: line 3: this is binary data, not CSV or JSON text: export the tickets as CSV or JSON"},
		{"x.csv", "id,title\n" + strings.Repeat("1,x\n", 100_000) + "2,\x00\n", "x.csv: line 100002: this is binary data, not CSV or JSON text: export the tickets as CSV or JSON"},
		{"x.jsonl", strings.Repeat("\x01\x02\x7fabc", 10), "x.jsonl: line 1: this is binary data, not CSV or JSON text: export the tickets as CSV or JSON"},
		{"x.csv", "\xff\xfei\x00d\x00\n\x00\x00\x00", "x.csv: line 2: this is binary data, not CSV or JSON text: export the tickets as CSV or JSON"},
		{"x.csv", "\xff\xfei\x00d\x00\n\x001", "x.csv: line 2: the file ends in the middle of a UTF-16 character: it may have been cut short; get a complete copy"},
		{"x.csv", "id,title\n" + "1," + strings.Repeat("x", maxRecord), "x.csv: line 2: a record is larger than 16 MiB: is this the file's true format?"},
		{"x.jsonl", `{"a":"` + strings.Repeat("x", maxRecord), "x.jsonl: line 1: a record is larger than 16 MiB: is this the file's true format?"},
	} {
		if got := refused(t, c.name, c.content, Options{}); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

func TestAFileThatCannotBeOpened(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "x.csv")
	for path, want := range map[string]string{
		dir:     dir + ": this is a directory: name the export file in it",
		missing: missing + ": cannot be read: ",
	} {
		if _, err := Open(context.Background(), path, Options{}); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestDelimiterMustBeACharacter(t *testing.T) {
	for _, d := range []string{"::", "¦¦", "\n", `"`} {
		if got := refused(t, "x.csv", small, Options{Delimiter: d}); !strings.Contains(got, "the delimiter must be one character") {
			t.Error(got)
		}
	}
}

func TestGzip(t *testing.T) {
	packed := pack(t, small)
	for _, name := range []string{"x.csv.gz", "x.csv"} {
		table := open(t, name, packed, Options{})
		if table.Rows != 2 || table.Sum != sha256.Sum256([]byte(small)) {
			t.Errorf("%s: %d rows", name, table.Rows)
		}
		rows(t, table)
	}
	if table := open(t, "x.csv.gz", packed+packed[:0]+pack(t, "3,z\n"), Options{}); table.Rows != 3 {
		t.Errorf("two members: %d rows", table.Rows)
	}
	big := pack(t, "id,title\n"+strings.Repeat("1,x\n2,yy\n", 1000))
	for _, n := range []int{5, 20, len(big) - 9, len(big) - 1} {
		if got := refused(t, "x.csv.gz", big[:n], Options{}); !strings.Contains(got, "the gzip file is cut short: get a complete copy") {
			t.Errorf("cut to %d: %s", n, got)
		}
	}
	if got := refused(t, "x.csv.gz", big[:len(big)-8]+"damaged!", Options{}); !strings.Contains(got, "line 1: the gzip file is damaged") {
		t.Error(got)
	}
}

// temporary returns a folder of the test's own, in which temporary files are made.
func temporary(t *testing.T) string {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir) // on Windows
	return dir
}

func TestStandardInput(t *testing.T) {
	dir := temporary(t)
	for name, text := range map[string]string{"plain": small, "packed": pack(t, small)} {
		table, err := Open(context.Background(), "-", Options{Format: "csv", Stdin: iotest.OneByteReader(strings.NewReader(text))})
		if err != nil {
			t.Fatal(err)
		}
		if table.Name != "standard input" || len(rows(t, table)) != 2 || len(rows(t, table)) != 2 {
			t.Errorf("%s: %d rows of %s", name, table.Rows, table.Name)
		}
		if err := table.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := Open(context.Background(), "-", Options{Format: "csv", Stdin: iotest.ErrReader(errors.New("broken pipe"))}); err == nil || err.Error() != "standard input: cannot be read: broken pipe" {
		t.Error(err)
	}
	if _, err := Open(context.Background(), "-", Options{Format: "csv", Stdin: strings.NewReader("a,\x00")}); err == nil {
		t.Error("binary data was not refused")
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestEachNoticesThatTheFileHasChanged(t *testing.T) {
	for name, change := range map[string]string{
		"longer":         small + "3,z\n",
		"of equal size":  strings.Replace(small, "x", "z", 1),
		"of other shape": strings.Replace(small, "x", "\"", 1),
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, "x.csv", small)
			table, err := Open(context.Background(), path, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer table.Close()
			before, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(change), 0o600); err != nil {
				t.Fatal(err)
			}
			// The content has to tell, not the clock.
			if err := os.Chtimes(path, before.ModTime(), before.ModTime()); err != nil {
				t.Fatal(err)
			}
			err = table.Each(context.Background(), func(*Row) error { return nil })
			if err == nil || !strings.Contains(err.Error(), "has changed since it was first read") {
				t.Error(err)
			}
		})
	}
}

func TestEachStopsWhenAsked(t *testing.T) {
	table := open(t, "x.csv", small, Options{})
	enough := errors.New("enough")
	n := 0
	if err := table.Each(context.Background(), func(*Row) error { n++; return enough }); err != enough || n != 1 {
		t.Errorf("%d rows, %v", n, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	n = 0
	if err := table.Each(ctx, func(*Row) error { n++; cancel(); return nil }); err != context.Canceled || n != 1 {
		t.Errorf("%d rows, %v", n, err)
	}
	if _, err := Open(ctx, write(t, "x.csv", small), Options{}); err != context.Canceled {
		t.Error(err)
	}
}

func TestARowMayBeKept(t *testing.T) {
	for _, c := range []struct{ name, content string }{
		{"x.csv", "a,b\n" + strings.Repeat("first,1\nsecond,2\n", 50_000)},
		{"x.jsonl", strings.Repeat("{\"a\":\"first\"}\n{\"a\":\"second\"}\n", 50_000)},
	} {
		all := rows(t, open(t, c.name, c.content, Options{}))
		for i, want := range []string{"first", "second"} {
			if got := all[i].Cell(0).Text; got != want {
				t.Errorf("%s: row %d holds %q", c.name, i+1, got)
			}
		}
	}
}

// What follows the packed data is no part of it that is missing.
func TestGzipFollowedByOtherBytes(t *testing.T) {
	packed := pack(t, "Id,T\n1,a\n")
	for _, tail := range []string{"\n", "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", "2,b\n", "more bytes than a header of gzip has", "\x1f"} {
		if got := refused(t, "x.csv.gz", packed+tail, Options{}); !strings.Contains(got, "other bytes follow the end of the gzip data") {
			t.Errorf("%q: %s", tail, got)
		}
	}
	two := packed + pack(t, "2,b\n")
	if got := len(rows(t, open(t, "x.csv.gz", two, Options{}))); got != 2 {
		t.Errorf("two parts hold %d rows, want 2", got)
	}
	for _, cut := range []int{1, 5, len(two) - len(packed) - 2} {
		if got := refused(t, "x.csv.gz", two[:len(two)-cut], Options{}); !strings.Contains(got, "cut short") {
			t.Errorf("%d bytes short: %s", cut, got)
		}
	}
}
