package xlsx

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// book makes a workbook of one sheet out of the inside of its XML, with styles
// for the number formats given: style 1 is the first of them.
func book(t testing.TB, workbook, texts, sheet string, formats ...string) *Book {
	t.Helper()
	styles := `<styleSheet><numFmts>`
	cells := `<xf numFmtId="0"/>`
	for i, f := range formats {
		if strings.Trim(f, "0123456789") == "" && f[0] != '0' {
			cells += `<xf numFmtId="` + f + `"/>`
			continue
		}
		n := 164 + i
		styles += `<numFmt numFmtId="` + strconv.Itoa(n) + `" formatCode="` + escape(f) + `"/>`
		cells += `<xf numFmtId="` + strconv.Itoa(n) + `"/>`
	}
	styles += `</numFmts><cellXfs>` + cells + `</cellXfs></styleSheet>`
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range map[string]string{
		"_rels/.rels":                `<Relationships><Relationship Id="r" Type="http://x/officeDocument" Target="/xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml":            `<workbook xmlns:r="x">` + workbook + `<sheets><sheet name="One" r:id="a"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="a" Type="http://x/worksheet" Target="worksheets/one.xml"/><Relationship Id="b" Type="http://x/styles" Target="styles.xml"/><Relationship Id="c" Type="http://x/sharedStrings" Target="texts.xml"/></Relationships>`,
		"xl/styles.xml":              styles,
		"xl/texts.xml":               `<sst>` + texts + `</sst>`,
		"xl/worksheets/one.xml":      `<worksheet>` + sheet + `</worksheet>`,
	} {
		w, _ := z.Create(name)
		w.Write([]byte(text))
	}
	z.Close()
	return reopened(t, b.Bytes())
}

func reopened(t testing.TB, content []byte) *Book {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	b, err := Open(z)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// all reads the first sheet: its rows, with their numbers in front.
func all(t testing.TB, b *Book) (rows [][]string, notes Notes) {
	t.Helper()
	notes, err := b.Rows(context.Background(), b.Sheets[0], func(n int, cells []string) error {
		rows = append(rows, append([]string{strconv.Itoa(n)}, cells...))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows, notes
}

func TestCellsAreReadAsWhatTheyMean(t *testing.T) {
	for _, c := range []struct{ cell, format, want string }{
		{`<c><v>123456789012345678</v></c>`, "", "123456789012345678"},
		{`<c><v>1.2345678901234501E+19</v></c>`, "", "12345678901234500000"},
		{`<c><v>0.30000000000000004</v></c>`, "", "0.3"},
		{`<c><v>1E-7</v></c>`, "", "0.0000001"},
		{`<c><v>-12.50</v></c>`, "", "-12.5"},
		{`<c s="1"><v>1234.5</v></c>`, `#,##0.00 "€"`, "1234.5"},
		{`<c s="1"><v>12</v></c>`, `0" days"`, "12"},
		{`<c s="1"><v>12</v></c>`, `[Red]0.0E+00`, "12"},
		{`<c s="1"><v>12</v></c>`, `@`, "12"},
		{`<c s="1"><v>1234</v></c>`, `00000`, "01234"},
		{`<c s="1"><v>45000</v></c>`, "14", "2023-03-15"},
		{`<c s="1"><v>45000.520833333336</v></c>`, "14", "2023-03-15T12:30:00"},
		{`<c s="1"><v>45000</v></c>`, "22", "2023-03-15T00:00:00"},
		{`<c s="1"><v>45000.99999999999</v></c>`, "22", "2023-03-16T00:00:00"},
		{`<c s="1"><v>45000.99999999999</v></c>`, "14", "2023-03-16"},
		{`<c s="1"><v>45000.5000057870</v></c>`, "22", "2023-03-15T12:00:00.5"},
		{`<c s="1"><v>45000.5</v></c>`, `dd\.mm\.yyyy\ hh:mm`, "2023-03-15T12:00:00"},
		{`<c s="1"><v>45000</v></c>`, `[$-409]d\-mmm\-yy;@`, "2023-03-15"},
		{`<c s="1"><v>45000</v></c>`, `yyyy"年"m"月"d"日"`, "2023-03-15"},
		{`<c s="1"><v>45000</v></c>`, `mmm`, "2023-03-15"},
		{`<c s="1"><v>45000</v></c>`, "31", "2023-03-15"},
		{`<c s="1"><v>0.5</v></c>`, `h:mm AM/PM`, "12:00:00"},
		{`<c s="1"><v>0.5</v></c>`, "20", "12:00:00"},
		{`<c s="1"><v>1.5</v></c>`, `[h]:mm`, "36:00:00"},
		{`<c s="1"><v>1</v></c>`, "14", "1900-01-01"},
		{`<c s="1"><v>59</v></c>`, "14", "1900-02-28"},
		{`<c s="1"><v>60</v></c>`, "14", "1900-02-29"},
		{`<c s="1"><v>61</v></c>`, "14", "1900-03-01"},
		{`<c s="1"><v>-1</v></c>`, "14", "-1"},
		{`<c s="1"><v>2958466</v></c>`, "14", "2958466"},
		{`<c t="d"><v>2024-05-06T10:11:12</v></c>`, "", "2024-05-06T10:11:12"},
		{`<c t="b"><v>1</v></c>`, "", "true"},
		{`<c t="b"><v>0</v></c>`, "", "false"},
		{`<c t="e"><v>#N/A</v></c>`, "", "#N/A"},
		{`<c t="s"><v>0</v></c>`, "", "00123"},
		{`<c t="s"><v>1</v></c>`, "", "rich text"},
		{`<c t="inlineStr"><is><t xml:space="preserve"> in &amp; out </t></is></c>`, "", " in & out "},
		{`<c t="inlineStr"><is><t>a_x000D_
b_x0009_c_x005F_x0041__x1_</t></is></c>`, "", "a\nb\tc_x0041__x1_"},
		{`<c t="str"><f>A1&amp;B1</f><v>joined</v></c>`, "", "joined"},
		{`<c><f>1+1</f><v>2</v></c>`, "", "2"},
		{`<c t="n"><v>abc</v></c>`, "", "abc"},
	} {
		var formats []string
		if c.format != "" {
			formats = []string{c.format}
		}
		b := book(t, "", `<si><t>00123</t></si><si><r><t>rich </t></r><r><rPr/><t>text</t></r><rPh sb="0"><t>spoken</t></rPh></si>`,
			`<sheetData><row>`+c.cell+`</row></sheetData>`, formats...)
		rows, notes := all(t, b)
		if len(rows) != 1 || len(rows[0]) != 2 || rows[0][1] != c.want || notes.Unstored.Count > 0 {
			t.Errorf("%s as %s: %q, want %q", c.cell, c.format, rows, c.want)
		}
	}
}

func TestDatesOf1904(t *testing.T) {
	b := book(t, `<workbookPr date1904="1"/>`, "", `<sheetData><row><c s="1"><v>43538</v></c></row></sheetData>`, "14")
	if rows, _ := all(t, b); rows[0][1] != "2023-03-15" || !b.From1904 {
		t.Errorf("%q", rows)
	}
}

func TestPlacesAndWhatAPersonDoesNotSee(t *testing.T) {
	b := book(t, "", "", `<cols><col min="2" max="3" hidden="1"/></cols><sheetData>
		<row r="2"><c r="B2"><v>1</v></c><c><v>2</v></c><c r="AA2"><v>3</v></c><c r="AB2" s="0"/></row>
		<row r="5" hidden="true"><c r="A5"><v>1234567890123456</v></c></row><row r="6"/><row><c t="str"><f>B1</f><v></v></c><c><f>B2</f></c><c><f>B3</f><v/></c></row>
		</sheetData><mergeCells><mergeCell ref="A1:A3"/></mergeCells>`)
	rows, notes := all(t, b)
	want := [][]string{append(append([]string{"2", "", "1", "2"}, make([]string, 23)...), "3"), {"5", "1234567890123456"}}
	if !reflect.DeepEqual(rows, want) {
		t.Errorf("rows %q", rows)
	}
	if want := (Notes{HiddenRows: Seen{1, "5"}, HiddenColumns: Seen{2, "B"}, Merged: Seen{1, "A1:A3"}, Unstored: Seen{2, "B7"}, Long: Seen{1, "A5"}}); notes != want {
		t.Errorf("notes %+v", notes)
	}
}

func TestDamagedWorkbooksAreNamed(t *testing.T) {
	for _, sheet := range []string{
		`<sheetData><row><c t="s"><v>7</v></c></row></sheetData>`,
		`<sheetData><row r="0"/></sheetData>`,
		`<sheetData><row><c><v>1</v></c></row>`,
		`<sheetData><row r="9999999"/></sheetData>`,
		`<sheetData><row><c r="ZZZZ1"><v>1`,
		`<sheetData><row><c r="XFE1"><v>1</v></c></row></sheetData>`,
	} {
		b := book(t, "", "", sheet)
		if _, err := b.Rows(context.Background(), b.Sheets[0], func(int, []string) error { return nil }); !errors.Is(err, errDamaged) {
			t.Errorf("%s: %v", sheet, err)
		}
	}
}

func TestTheCallersErrorComesBackAsItIs(t *testing.T) {
	stop := errors.New("enough")
	b := book(t, "", "", `<sheetData><row><c><v>1</v></c></row></sheetData>`)
	if _, err := b.Rows(context.Background(), b.Sheets[0], func(int, []string) error { return stop }); err != stop {
		t.Error(err)
	}
}

func TestSharedTextsBeyondMemory(t *testing.T) {
	var x texts
	defer x.close()
	long := strings.Repeat("x", inMemory/8)
	for i := range 20 {
		if err := x.add(long + strconv.Itoa(i)); err != nil {
			t.Fatal(err)
		}
	}
	x.w.Flush()
	for _, i := range []int{0, 19, 7, 8, 8, 12, 3} {
		if text, ok, err := x.get(i); !ok || err != nil || text != long+strconv.Itoa(i) {
			t.Fatalf("text %d: %v %v", i, ok, err)
		}
	}
	if _, ok, _ := x.get(20); ok {
		t.Error("there is no text 20")
	}
}

// TestWhatIsWrittenIsReadBack writes any text, and reads the same.
func TestWhatIsWrittenIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.StringN(0, 20, -1), rapid.StringOfN(rapid.RuneFrom([]rune("_x0041 \t\n<&>\"\x00\x07=é😀\ufffe")), 0, 20, -1))
		rows := rapid.SliceOfN(rapid.SliceOfN(text, 1, 4), 1, 4).Draw(t, "rows")
		var b bytes.Buffer
		w, err := NewWriter(&b, "a <b>", 4)
		if err != nil {
			t.Fatal(err)
		}
		var want [][]string
		for i, row := range rows {
			for j := range row {
				row[j] = strings.ToValidUTF8(strings.ReplaceAll(row[j], "\r", ""), "?")
			}
			if err := w.Write(row); err != nil {
				t.Fatal(err)
			}
			for len(row) > 0 && row[len(row)-1] == "" {
				row = row[:len(row)-1]
			}
			if len(row) > 0 {
				want = append(want, append([]string{strconv.Itoa(i + 1)}, row...))
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
		if err != nil {
			t.Fatal(err)
		}
		read, err := Open(z)
		if err != nil {
			t.Fatal(err)
		}
		var got [][]string
		_, err = read.Rows(context.Background(), read.Sheets[0], func(n int, cells []string) error {
			got = append(got, append([]string{strconv.Itoa(n)}, cells...))
			return nil
		})
		if err != nil || !reflect.DeepEqual(got, want) || read.Sheets[0].Name != "a <b>" {
			t.Fatalf("%v\ngot  %q\nwant %q", err, got, want)
		}
	})
}

func TestWhatAWorkbookCannotHold(t *testing.T) {
	w, err := NewWriter(&bytes.Buffer{}, "x", 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write([]string{strings.Repeat("é", MaxText)}); err != nil {
		t.Error(err)
	}
	if err := w.Write([]string{strings.Repeat("😀", MaxText/2+1)}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a long cell: %v", err)
	}
	w.rows = MaxRows
	if err := w.Write([]string{"x"}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too many rows: %v", err)
	}
	if _, err := NewWriter(&bytes.Buffer{}, "x", MaxColumns+1); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too many columns: %v", err)
	}
}

func FuzzSheet(f *testing.F) {
	f.Add(`<sheetData><row r="2"><c r="B2" t="s"><v>0</v></c></row></sheetData>`)
	f.Add(`<row><c t="inlineStr"><is><r><t>x</t></r></is></c><c><f>1</f></c>`)
	f.Fuzz(func(t *testing.T, sheet string) {
		b := book(t, "", "<si><t>a</t></si>", sheet, "14")
		b.Rows(context.Background(), b.Sheets[0], func(n int, cells []string) error {
			if n < 1 || len(cells) == 0 || cells[len(cells)-1] == "" {
				t.Errorf("row %d: %q", n, cells)
			}
			return nil
		})
	})
}
