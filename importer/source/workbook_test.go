package source

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
)

// zipped is a ZIP archive of files: name, content, name, content.
func zipped(t testing.TB, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w, err := z.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(files[i+1]))
	}
	z.Close()
	return b.String()
}

// sheets is a workbook of sheets: name, then its rows as XML; a name that begins
// with a dot is that of a hidden one.
func sheets(t testing.TB, all ...string) string {
	t.Helper()
	list, relations := "", ""
	files := []string{}
	for i := 0; i < len(all); i += 2 {
		name, hidden := strings.CutPrefix(all[i], ".")
		state := ""
		if hidden {
			state = ` state="hidden"`
		}
		list += fmt.Sprintf(`<sheet name="%s"%s id="r%d"/>`, name, state, i)
		relations += fmt.Sprintf(`<Relationship Id="r%d" Type="x/worksheet" Target="s%d.xml"/>`, i, i)
		files = append(files, fmt.Sprintf("xl/s%d.xml", i), `<worksheet><sheetData>`+all[i+1]+`</sheetData></worksheet>`)
	}
	return zipped(t, append(files, "xl/workbook.xml", `<workbook><sheets>`+list+`</sheets></workbook>`,
		"xl/_rels/workbook.xml.rels", `<Relationships>`+relations+`</Relationships>`)...)
}

// line is a row of a sheet; an empty cell is left out.
func line(number int, cells ...string) string {
	text := fmt.Sprintf(`<row r="%d">`, number)
	for i, c := range cells {
		if c != "" {
			text += fmt.Sprintf(`<c r="%c%d" t="str"><v>%s</v></c>`, 'A'+i, number, c)
		}
	}
	return text + "</row>"
}

func TestAWorkbookIsReadLikeAnyTable(t *testing.T) {
	content := sheets(t, "Cover", line(2, "All tickets"), ".Old", line(1, "x")+line(2, "y"),
		"Tickets", line(2, "Id", "Title", "", "id")+line(4, "1", " ", "")+line(5, "00123", "a", "b", "c")+line(6, " ", "")+line(9, "2", "", "", "", "beyond"))
	for _, name := range []string{"x.xlsx", "x.csv", "x.xlsx.gz"} {
		if strings.HasSuffix(name, ".gz") {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			z.Write([]byte(content))
			z.Close()
			content = b.String()
		}
		table := open(t, name, content, Options{})
		if table.Format != "xlsx" || !reflect.DeepEqual(table.Columns, []string{"Id", "Title", "column 3"}) {
			t.Errorf("%s: %s, columns %q", name, table.Format, table.Columns)
		}
		remarks := strings.Join(table.Remarks, "\n")
		if !strings.Contains(remarks, `read the sheet "Tickets"; not read: "Cover", "Old"`) || !strings.Contains(remarks, "4 blank rows left out") {
			t.Errorf("%s: remarks %s", name, remarks)
		}
		got := ""
		for range 2 { // it can be read again
			got = ""
			for _, r := range rows(t, table) {
				got += fmt.Sprintf("%d %d %q %s\n", r.Number, r.Line, r.Fields(), r.Fault)
			}
		}
		want := `1 4 ["1" " " "" ""] 
2 5 ["00123" "a" "b" "c"] 
3 9 ["2" "" "" "" "beyond"] has a value in column E, but the header ends with column D
`
		if got != want {
			t.Errorf("%s:\n%s", name, got)
		}
		if cell := rows(t, table)[1].Cell(0); len(cell.List) != 2 {
			t.Errorf("a repeated header: %v", cell)
		}
	}
}

func TestRemarksOnASheet(t *testing.T) {
	for _, c := range []struct {
		name, rows, remarks, faults string
	}{
		{"nothing", line(2, "1", "a"), "", ""},
		{"blank cells beyond the header", line(2, "1", "a", " ", " ") + line(3, "1", "a", "", "  "), "", ""},
		{"a title above the header", line(2, "Id", "Title", "Body") + line(3, "1", "a", "b"), "every row is wider than the header", "column C"},
		{"one row is wider", line(2, "1", "a", "b") + line(3, "2", "b"), "", "column C"},
		{"a hidden row", line(2, "1", "a") + `<row r="3" hidden="1"><c r="A3" t="str"><v>2</v></c></row>`, "1 hidden row read like all others (the first: row 3)", ""},
		{"a long number", `<row r="2"><c r="A2"><v>1234567890123456</v></c></row>`, "the first in cell A2", ""},
	} {
		table := open(t, "x.xlsx", sheets(t, "One", line(1, "Id", "Title")+c.rows), Options{})
		faults := ""
		for _, r := range rows(t, table) {
			faults += r.Fault
		}
		remarks := strings.Join(table.Remarks, "; ")
		if (remarks == "") != (c.remarks == "") || !strings.Contains(remarks, c.remarks) || (faults == "") != (c.faults == "") || !strings.Contains(faults, c.faults) {
			t.Errorf("%s: remarks %q, faults %q", c.name, remarks, faults)
		}
	}
}

func TestSheets(t *testing.T) {
	content := sheets(t, "One", line(1, "a")+line(2, "1"), "Two", line(1, "b")+line(2, "2"), ".Three", line(1, "c"))
	for _, c := range []struct{ asked, column string }{{"", "a"}, {"two", "b"}, {" Three ", "c"}} {
		table := open(t, "x.xlsx", content, Options{Sheet: c.asked})
		if table.Columns[0] != c.column {
			t.Errorf("%q: %q", c.asked, table.Columns)
		}
	}
	if one, two := open(t, "x.xlsx", content, Options{}), open(t, "x.xlsx", content, Options{Sheet: "Two"}); one.Sum == two.Sum {
		t.Error("two sheets are the same input")
	}
	for _, c := range []struct {
		name, content string
		opt           Options
		want          string
	}{
		{"x.xlsx", content, Options{Sheet: "Four"}, `--sheet "Four": the workbook has no such sheet, but "One", "Two", "Three"`},
		{"x.xlsx", content, Options{Format: "csv"}, "this is an Excel workbook, not csv: leave --format out"},
		{"x.xlsx", sheets(t, "One", "", "Two", line(1, " ")), Options{Sheet: "Two"}, `sheet "Two" has no rows`},
		{"x.xlsx", sheets(t, "One", ""), Options{}, "the workbook holds no rows"},
		{"x.xlsx", "a,b\n1,2\n", Options{}, "this is no Excel workbook, whatever its name says"},
		{"x.csv", "a,b\n1,2\n", Options{Sheet: "One"}, `--sheet "One": only workbooks have sheets, and this is none`},
		{"x.xlsx", sheets(t, "One", line(1, "a")+`<row><c><f>1+1</f></c></row>`), Options{}, "the results of 1 formula are not stored in the workbook (the first in cell A2)"},
		{"x.xlsx", content[:len(content)/2], Options{}, "the ZIP archive or workbook is damaged"},
	} {
		if got := refused(t, c.name, c.content, c.opt); !strings.Contains(got, c.want) {
			t.Errorf("got %s\nwant %s", got, c.want)
		}
	}
}

func TestArchives(t *testing.T) {
	var locked bytes.Buffer
	z := zip.NewWriter(&locked)
	if _, err := z.CreateHeader(&zip.FileHeader{Name: "a.csv", Flags: 1}); err != nil {
		t.Fatal(err)
	}
	z.Close()
	for _, c := range []struct{ content, want string }{
		{zipped(t, "a.csv", "x\n1\n", "b.json", "[]"), `this is a ZIP archive with several exports: "a.csv", "b.json". Unpack it`},
		{locked.String(), "this ZIP archive is protected by a password: unpack it"},
		{zipped(t, "read.me", "x"), "this is a ZIP archive without a CSV or JSON file in it"},
		{zipped(t, "mimetype", "application/vnd.oasis.opendocument.spreadsheet"), "this is an OpenDocument spreadsheet (.ods): open it"},
		{zipped(t, "Index/Document.iwa", ""), "this is a Numbers spreadsheet: open it in Numbers"},
		{zipped(t, "xl/workbook.bin", ""), "this is a binary Excel workbook (.xlsb)"},
		{zipped(t, "word/document.xml", ""), "this is a Word document"},
		{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office file, perhaps a workbook (.xls), and it is damaged"},
	} {
		if got := refused(t, "x.zip", c.content, Options{}); !strings.Contains(got, c.want) {
			t.Errorf("got %s\nwant %s", got, c.want)
		}
	}
	content := zipped(t, "__MACOSX/._a.csv", "\x00", "__MACOSX/b.csv", "\x00", "read.me", "x", "dir/a.csv", "id;t\n1;ü\n")
	for _, stdin := range []bool{false, true} {
		path, opt := write(t, "x.zip", content), Options{}
		if stdin {
			path, opt.Stdin = "-", strings.NewReader(content)
		}
		table, err := Open(context.Background(), path, opt)
		if err != nil {
			t.Fatal(err)
		}
		defer table.Close()
		if got := flat(t, table); !reflect.DeepEqual(got, []string{"1", "ü"}) || !strings.Contains(table.Remarks[0], `read "dir/a.csv", the only export`) {
			t.Errorf("%q, remarks %q", got, table.Remarks)
		}
	}
}

func TestAWorkbookLeavesNothingBehind(t *testing.T) {
	dir := temporary(t)
	table := open(t, "x.xlsx", sheets(t, "One", line(1, "a")+line(2, "1")), Options{})
	rows(t, table)
	table.Close()
	if err := table.sheet.file.Close(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("the copy is left open: %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
