package source

import (
	"reflect"
	"strings"
	"testing"
)

// TestFilesThatSpreadsheetsHaveTouched are read all the same, or, where something
// would be lost, refused with what to do.
func TestFilesThatSpreadsheetsHaveTouched(t *testing.T) {
	wide := func(text string, order int) string {
		b := []byte{}
		for _, r := range text {
			unit := []byte{byte(r), byte(r >> 8), byte(r >> 16), 0}
			if order < 0 {
				unit[0], unit[1], unit[2], unit[3] = unit[3], unit[2], unit[1], unit[0]
			}
			b = append(b, unit...)
		}
		return string(b)
	}
	two := []string{"1", "a", "2", "b"}
	for _, c := range []struct {
		name, file, content string
		opt                 Options
		want                []string
	}{
		{"surplus cells at a row's end", "x.csv", "id,t\n1,a,,,\n2,b, ,\n", Options{}, two},
		{"surplus cells in one row", "x.csv", "id,t\n1,a,,\n2,b\n", Options{}, two},
		{"a header with fewer cells than the rows", "x.csv", "id;t\n1;a;;\n2;b;;\n", Options{}, two},
		{"more commas in texts than semicolons", "x.csv", "id;t\n1;a\n2;b, c, d, e\n3;x, y, z\n", Options{}, []string{"1", "a", "2", "b, c, d, e", "3", "x, y, z"}},
		{"sep", "x.csv", "sep=;\nid;t\n1;a\n2;b\n", Options{}, two},
		{"sep in quotes", "x.csv", "\"sep=;\"\nid;t\n1;a\n2;b\n", Options{}, two},
		{"sep saved as a cell", "x.csv", "sep=;,\nid,t\n1,a\n2,b\n", Options{}, two},
		{"sep in quotes with cells behind it", "x.csv", "\"sep=,\",,\nid,t\n1,a\n2,b\n", Options{}, two},
		{"sep with blanks", "x.csv", " SEP = ; \r\nid;t\r\n1;a\r\n2;b\r\n", Options{}, two},
		{"sep is a tab", "x.csv", "sep=\t\nid\tt\n1\ta\n2\tb\n", Options{}, two},
		{"sep names the tab", "x.csv", "sep=\\t\nid\tt\n1\ta\n2\tb\n", Options{}, two},
		{"sep names none", "x.csv", "sep=\nid;t\n1;a\n2;b\n", Options{}, two},
		{"sep behind a mark", "x.csv", "\ufeffsep=;\nid;t\n1;a\n2;b\n", Options{}, two},
		{"the currency sign", "x.csv", "id¤t\n1¤a\n2¤\"b¤c, d\"\n", Options{}, []string{"1", "a", "2", "b¤c, d"}},
		{"the currency sign, Windows-1252", "x.csv", "id\xa4t\n1\xa4\xe4\n2\xa4b\n", Options{}, []string{"1", "ä", "2", "b"}},
		{"another sign", "x.csv", "id§t\n1§a\n2§b\n", Options{Delimiter: "§"}, two},
		{"UTF-32", "x.csv", wide("\ufeffid;t\n1;a\n2;ö\n", 1), Options{}, []string{"1", "a", "2", "ö"}},
		{"UTF-32, the other way", "x.csv", wide("\ufeffid;t\n1;a\n2;😀\n", -1), Options{}, []string{"1", "a", "2", "😀"}},
		{"UTF-32 without a mark", "x.csv", wide("id;t\n1;a\n2;b\n", 1), Options{}, two},
		{"UTF-32 as asked", "x.csv", wide("id;t\n1;a\n2;b\n", -1), Options{Encoding: "UTF-32BE"}, two},
		{"UTF-32, its order not", "x.csv", wide("id;t\n1;a\n2;b\n", -1), Options{Encoding: "utf-32"}, two},
		{"files put together, a mark each", "x.csv", "\ufeffid,t\n\ufeff1,a\n\ufeff2,b\n", Options{}, two},
	} {
		t.Run(c.name, func(t *testing.T) {
			table := open(t, c.file, c.content, c.opt)
			if got := flat(t, table); !reflect.DeepEqual(got, c.want) || table.Header[0] != "id" {
				t.Errorf("%q, header %q, remarks %q", got, table.Header, table.Remarks)
			}
		})
	}
}

// A stray delimiter moves cells to the right; where the last column may be blank,
// nothing else tells.
func TestABlankCellTooManyMayBeOneThatMoved(t *testing.T) {
	all := rows(t, open(t, "x.csv", "id,t,s\n1,a,\n2,b,x\n3,c,\n4,b,b,\n", Options{}))
	if !strings.Contains(all[3].Fault, "has 4 fields where the header has 3") || all[0].Fault != "" {
		t.Errorf("faults %q, %q", all[0].Fault, all[3].Fault)
	}
}

func TestBlankRecordsAreSaid(t *testing.T) {
	for content, want := range map[string]string{
		"id,t\n1,a\n\n2,b\n":         "1 blank record left out",
		"id,t\n,\n1,a\n\n , \n2,b\n": "3 blank records left out",
		"id,t\n1,a\n2,b\n\n\n":       "",
	} {
		if got := strings.Join(open(t, "x.csv", content, Options{}).Remarks, "|"); got != want {
			t.Errorf("%q: %q, want %q", content, got, want)
		}
	}
}

func TestHeadersOfTheSameLetters(t *testing.T) {
	table := open(t, "x.csv", "Pr\u00e9nom,Pre\u0301nom,Created\u00a0at,Created at,A\u200b\n1,2,3,4,5\n", Options{})
	if len(table.Columns) != 3 {
		t.Errorf("columns %q", table.Columns)
	}
}

func TestQuotesEscapedByABackslashAreNamed(t *testing.T) {
	got := refused(t, "x.csv", "id,t\n1,\"a \\\"b\\\" c\"\n", Options{})
	if !strings.Contains(got, "line 2, column 3") || !strings.Contains(got, "escaped by a backslash") {
		t.Error(got)
	}
}

func TestObjectsOneAfterTheOther(t *testing.T) {
	pretty := "{\n \"a\": 1,\n \"c\": [{\"d\": 1}]\n}\n{\n \"a\": 2\n}\n"
	for _, c := range []struct {
		file, content string
		lines         []int
	}{
		{"x.json", pretty, []int{1, 5}},
		{"x.jsonl", pretty, []int{1, 5}},
		{"x.json", strings.ReplaceAll(pretty, "\n{", " {"), []int{1, 4}},
		{"x.jsonl", "{\n\"a\": 1\n}\n", []int{1}},
		{"x.jsonl", "\ufeff{\"a\":1}\n\ufeff{\"a\":2}\n", []int{1, 2}},
	} {
		var lines []int
		for i, r := range rows(t, open(t, c.file, c.content, Options{})) {
			if r.Fault != "" || r.Cell(0).Text != string(rune('1'+i)) {
				t.Errorf("%q: %v %s", c.content, r.Cell(0), r.Fault)
			}
			lines = append(lines, r.Line)
		}
		if !reflect.DeepEqual(lines, c.lines) {
			t.Errorf("%q: lines %v, want %v", c.content, lines, c.lines)
		}
	}
}
