package source

import (
	"context"
	"io"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"caseimport/mapping"
)

func TestCSVRecords(t *testing.T) {
	type rec struct {
		line   int
		fields []string
	}
	two := []rec{{2, []string{"1", "x"}}, {3, []string{"2", "y"}}}
	for _, c := range []struct {
		name, content string
		want          []rec
	}{
		{"LF", "a,b\n1,x\n2,y\n", two},
		{"CRLF", "a,b\r\n1,x\r\n2,y\r\n", two},
		{"CR", "a,b\r1,x\r2,y\r", two},
		{"no line end at the end", "a,b\n1,x\n2,y", two},
		{"mixed line ends", "a,b\r\n1,x\n2,y\r3,z", append(two[:2:2], rec{4, []string{"3", "z"}})},
		{"blank lines", "\n\na,b\n\n1,x\n   \n\n2,y\n\n", []rec{{5, []string{"1", "x"}}, {8, []string{"2", "y"}}}},
		{"empty rows", "a,b\n,\n1,x\n\"\",\" \"\n2,y\n", []rec{{3, []string{"1", "x"}}, {5, []string{"2", "y"}}}},
		{"line breaks in cells", "a,b\n1,\"x\ny\r\nz\rw\"\n2,y\n", []rec{{2, []string{"1", "x\ny\nz\nw"}}, {6, []string{"2", "y"}}}},
		{"line breaks in the header", "a,\"b\nc\"\n1,x\n2,y\n", []rec{{3, []string{"1", "x"}}, {4, []string{"2", "y"}}}},
		{"quoted delimiters", "a,b\n\"1,5\",\"x, y\"\n", []rec{{2, []string{"1,5", "x, y"}}}},
		{"doubled quotes", "a,b\n1,\"say \"\"hi\"\"\"\n2,\"\"\"\"\n", []rec{{2, []string{"1", `say "hi"`}}, {3, []string{"2", `"`}}}},
		{"blanks after a closing quote", "a,b\n\"1\" ,\"x\"  \n\"2\"  ,y\n", two},
		{"quotes within cells", "a,b\n=\"001\",3.5\" disk\n", []rec{{2, []string{`="001"`, `3.5" disk`}}}},
		{"trailing delimiters", "a,b,\n1,x,\n", []rec{{2, []string{"1", "x", ""}}}},
		{"blanks are kept", "a,b\n 1 ,\"\tx \"\n", []rec{{2, []string{" 1 ", "\tx "}}}},
		{"a line that names the delimiter", "sep=;\r\na;b\r\n1;x\r\n", []rec{{3, []string{"1", "x"}}}},
		{"header only", "a,b\n", nil},
		{"as a spreadsheet saves it", "\ufeffa;b\r\n1;\"x;\"\"y\"\"\"\r\n2;y\r\n", []rec{{2, []string{"1", `x;"y"`}}, {3, []string{"2", "y"}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			table := open(t, "x.csv", c.content, Options{})
			var got []rec
			for _, r := range rows(t, table) {
				if r.Fault != "" {
					t.Errorf("line %d: %s", r.Line, r.Fault)
				}
				got = append(got, rec{r.Line, r.Fields()})
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestARaggedRowIsInvalidAlone(t *testing.T) {
	table := open(t, "x.csv", "a,b,c\n1,2,3\n1,2\n1,2,3,4\n1,2,3\n", Options{})
	var faults []string
	for _, r := range rows(t, table) {
		faults = append(faults, r.Fault)
		r.Cell(2) // whatever there is
	}
	want := []string{"", "has 2 fields where the header has 3", "has 4 fields where the header has 3", ""}
	if !reflect.DeepEqual(faults, want) {
		t.Errorf("got %q", faults)
	}
}

// A title above the header makes every row ragged: that is said once.
func TestNoRowIsAsWideAsTheHeader(t *testing.T) {
	if table := open(t, "x.csv", "Tickets of June\na,b\n1,2\n", Options{}); len(table.Remarks) != 1 || !strings.Contains(table.Remarks[0], "no row is as wide as the header (1 field)") {
		t.Errorf("%q", table.Remarks)
	}
	if table := open(t, "x.csv", "a,b\n1,2\n1\n", Options{}); len(table.Remarks) != 0 {
		t.Errorf("%q", table.Remarks)
	}
}

func TestMayHold(t *testing.T) {
	for name, content := range map[string]string{"x.csv": "a,b\n1,#x\n", "x.jsonl": `{"a":1,"b":"#x"}`} {
		for _, r := range rows(t, open(t, name, content, Options{})) {
			if !r.MayHold("?", "#") || r.MayHold("?", "E+") {
				t.Errorf("%s: %q %s", name, r.Fields(), r.JSON())
			}
		}
	}
}

func TestColumns(t *testing.T) {
	table := open(t, "x.csv", "Id, Labels ,,labels,column 3,LABELS,\n1,a,,b, ,,\n", Options{})
	want := []string{"Id", "Labels", "column 3*", "column 3", "column 7"}
	if !reflect.DeepEqual(table.Columns, want) {
		t.Errorf("columns %q", table.Columns)
	}
	if table.Header[1] != " Labels " || len(table.Header) != 7 {
		t.Errorf("header %q", table.Header)
	}
	text := func(s string) mapping.Value { return mapping.Value{Kind: mapping.String, Text: s} }
	cells := []mapping.Value{
		text("1"),
		{Kind: mapping.List, List: []mapping.Value{text("a"), text("b")}},
		text(""), text(" "), text(""),
	}
	r := rows(t, table)[0]
	for i, want := range cells {
		if got := r.Cell(i); !reflect.DeepEqual(got, want) {
			t.Errorf("cell %d: %v, want %v", i, got, want)
		}
	}
}

func TestDelimiter(t *testing.T) {
	for _, c := range []struct {
		name, file, content string
		opt                 Options
		want                rune
		remarks             int
	}{
		{"comma", "x.csv", "a,b\n1,2\n", Options{}, ',', 0},
		{"semicolon", "x.csv", "a;b\n1;2\n", Options{}, ';', 1},
		{"tab", "x.csv", "a\tb\n1\t2\n", Options{}, '\t', 1},
		{"pipe", "x.csv", "a|b\n1|2\n", Options{}, '|', 1},
		{"tsv", "x.tsv", "a\tb\n1\t2\n", Options{}, '\t', 0},
		{"tsv whose text is full of commas", "x.tsv", "a, b, c\td\n1, 2, 3\t4\n", Options{}, '\t', 0},
		{"tsv that is none", "x.tsv", "a,b\n1,2\n", Options{}, ',', 1},
		{"decimal commas", "x.csv", "a;price, net;c\n1;1,5;x\n2;2,5;y\n", Options{}, ';', 1},
		{"semicolons in the text", "x.csv", "a,b\n1,x;y;z\n2,u;v;w\n", Options{}, ',', 0},
		{"quoted records of several lines", "x.csv", "a;b\n1;\"x,\ny,z\n\"\n2;\"u,v\n\"\n", Options{}, ';', 1},
		{"one column", "x.csv", "a\n1\n", Options{}, ',', 0},
		{"as asked", "x.csv", "a,b;c\n1,2;3\n", Options{Delimiter: ";"}, ';', 0},
		{"tab as asked", "x.csv", "a,b\tc\n", Options{Delimiter: `\t`}, '\t', 0},
		{"named by the first line", "x.csv", "sep=|\na,b|c\n", Options{}, '|', 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			table := open(t, c.file, c.content, c.opt)
			if table.Delimiter != c.want || len(table.Remarks) != c.remarks {
				t.Errorf("got %q, remarks %q", table.Delimiter, table.Remarks)
			}
			for _, r := range rows(t, table) {
				if r.Fault != "" {
					t.Errorf("line %d: %s", r.Line, r.Fault)
				}
			}
		})
	}
}

// quoteTail ends every message about a quote.
const quoteTail = " Double the quotes inside cells, or, if quotes are ordinary characters in this file, read it with --lazy-quotes"

func TestBrokenQuotesAreRefused(t *testing.T) {
	for _, c := range []struct{ name, content, want string }{
		{"text after a closing quote", "id;title;who\n1;x;y\n2;\"Lisää\" napista;z\n3;x;y\n",
			"x.csv: line 3, column 3: the quote that opens a cell here is closed in the wrong place (line 3, column 9)."},
		{"never closed", "id,title\n1,x\n2,\"y\n3,z\n\n4,w\n",
			"x.csv: line 3, column 3: the quote that opens a cell here is never closed, so that the cell would go on for 2 more lines."},
		{"closed by another cell's quote", "id,title\n1,\"a\nb\",\"x\n2,y\n3,\"z\"\n",
			"x.csv: line 3, column 4: the quote that opens a cell here is closed in the wrong place (line 5, column 3), so that the cell would go on for 2 more lines."},
		{"two stray quotes that pair", "id,title,state\n1,x,open\n2,\"Screen,open\n3,y,open\n4,Screen 5\",closed\n5,x,open\n",
			"x.csv: line 3, column 3: the quote that opens a cell here is closed in the wrong place (line 5, column 11), so that the cell would go on for 2 more lines."},
		{"in the header", "id,\"title\n1,x\n",
			"x.csv: line 1, column 4: the quote that opens a cell here is never closed, so that the cell would go on for 1 more line."},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := refused(t, "x.csv", c.content, Options{}); got != c.want+quoteTail {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestAFileCutInItsLastRecordKeepsTheOthers(t *testing.T) {
	for _, end := range []string{"", "\n", "\r\n\r\n"} {
		table := open(t, "x.csv", "id,title\n1,x\n2,\"y"+end, Options{})
		got := rows(t, table)
		if len(got) != 2 || got[0].Fault != "" || !strings.Contains(got[1].Fault, "never closed") || got[1].Line != 3 {
			t.Errorf("end %q: %d rows, last %+v", end, len(got), got[len(got)-1])
		}
	}
}

func TestLazyQuotes(t *testing.T) {
	for _, c := range []struct {
		name, content string
		want          []string
	}{
		{"text after a closing quote", "id;title;who\n1;\"Lisää\" napista;y\n2;\"a;b\";z\n",
			[]string{"1", `"Lisää" napista`, "y", "2", "a;b", "z"}},
		{"never closed", "id,title\n1,\"y\n2,z\n", []string{"1", `"y`, "2", "z"}},
		{"two stray quotes that pair", "id,title,state\n2,\"Screen,open\n3,y,open\n4,Screen 5\",closed\n",
			[]string{"2", `"Screen`, "open", "3", "y", "open", "4", `Screen 5"`, "closed"}},
		{"a sound record of several lines", "id,title\n1,\"a\nb, c\"\n2,\"x\"\"y\"\n", []string{"1", "a\nb, c", "2", `x"y`}},
		{"several lines that fit no record", "id,title\n1,\"a\nb,c\n2,d\",\"e\",f\n", []string{"1", `"a`, "b", "c", "2", `d"`, "e", "f"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := flat(t, open(t, "x.csv", c.content, Options{Lazy: true})); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestRecordsQuotedAsAWholeAreRefused(t *testing.T) {
	for _, c := range []struct {
		name, content string
		line          string
	}{
		{"some", "id,title,state\n1,x,open\n\"2,\"\"y, z\"\",open\"\n", "line 3"},
		{"all", "\"id,title,state\"\n\"1,\"\"x, y\"\",open\"\n", "line 2"},
		{"with empty cells after them", "\"id,title\";;\n\"1,\"\"x\"\"\";;\n", "line 1"},
		{"empty cells behind some", "id,title,body\n1,x,y\n\"2,\"\"a, b\"\",z\";;;\n", "line 3"},
		{"empty cells of the same delimiter behind one", "id,title,state\n1,x,open\n\"2,\"\"y, z\"\",open\",,\n", "line 3"},
		{"a record of several lines", "id,title,body\n\"1,x,\"\"y\nz\"\"\";;\n", "line 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := refused(t, "x.csv", c.content, Options{})
			if !strings.Contains(got, c.line+": all of the record stands in one pair of quotes") || !strings.Contains(got, "comma") {
				t.Error(got)
			}
		})
	}
	if got := refused(t, "x.csv", "id,title,body;;;\n1,x,y;;;\n\"2,\"\"a, b\"\",z\";;;\n", Options{}); !strings.Contains(got, `line 1: ";;;" stands behind the header`) {
		t.Error(got)
	}
	if got := refused(t, "x.csv", "id,title\n1,x;;;\n2,y;;;\n", Options{}); !strings.Contains(got, "at the end of every record") {
		t.Error(got)
	}
	for content, want := range map[string]int{
		"name,b,c\n\"Doe, Ann\",,\n\"Roe, Bob\",x,y\n": 6,
		"name,b\n\"Doe, Ann\",\n\"Roe, Bob\",x\n":      4,
		"id;Title, short;b\n\"a, b\";;\n1;x;y\n":       6,
	} {
		if got := flat(t, open(t, "x.csv", content, Options{})); len(got) != want {
			t.Errorf("%q: %q", content, got)
		}
	}
	// A single column whose text holds commas is no such thing.
	open(t, "x.csv", "title\n\"a, b\"\n\"c, d\"\n", Options{})
	open(t, "x.csv", "title,text\n\"a, b\",\n\"c, d\",\n", Options{})
}

// The window must stay as it is however much goes through it.
func TestMemoryDoesNotGrowWithTheInput(t *testing.T) {
	line := `1,"some text, with
a line break",x` + "\n"
	t.Run("csv", func(t *testing.T) {
		c := &csvRecords{w: newWindow(context.Background(), endless(line, 1<<17)), p: newParser(','), table: &Table{}}
		n := 0
		for c.next() == nil {
			n++
		}
		if n != 1<<17 || cap(c.w.buf) > 256<<10 {
			t.Errorf("%d records in a window of %d bytes", n, cap(c.w.buf))
		}
	})
	for name, doc := range map[string]io.Reader{
		"json lines": endless(`{"a":[1,2,{"b":"x"}]}`+"\n", 1<<17),
		"json":       io.MultiReader(strings.NewReader(`{"t":[{}`), endless(`,{"a":[1,2,{"b":"x"}]}`+"\n", 1<<17-1), strings.NewReader(`]}`)),
	} {
		t.Run(name, func(t *testing.T) {
			table := &Table{json: jsonShape{lines: name == "json lines"}}
			j := table.jsonRecords(context.Background(), doc, true)
			before := heap()
			n, most := 0, uint64(0)
			var err error
			for ; err == nil; err = j.next() {
				if n++; n%(1<<14) == 0 {
					most = max(most, heap())
				}
			}
			if n != 1<<17+1 || err != io.EOF || most > before+512<<10 {
				t.Errorf("%d records in %d bytes more: %v", n, most-before, err)
			}
		})
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// endless repeats a text n times without holding it all.
func endless(text string, n int) io.Reader {
	rest := ""
	return readerFunc(func(p []byte) (int, error) {
		if rest == "" {
			if n == 0 {
				return 0, io.EOF
			}
			rest = text
			n--
		}
		k := copy(p, rest)
		rest = rest[k:]
		return k, nil
	})
}

func TestAQuoteThatClosesFarTooLateIsRefused(t *testing.T) {
	w := newWindow(context.Background(), io.MultiReader(strings.NewReader("a,b\n1,\""), endless("x\n", 20<<20)))
	c := &csvRecords{w: w, p: newParser(','), table: &Table{}}
	err := c.next()
	for err == nil {
		err = c.next()
	}
	if got := err.Error(); !strings.HasPrefix(got, "line 2, column 3: the quote that opens a cell here is not closed within 16 MiB, so that the cell would go on for 8388") {
		t.Error(got)
	}
}
