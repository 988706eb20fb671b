package xlsx

import (
	"archive/zip"
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// ErrTooLarge says that a workbook cannot hold what was to be written.
var ErrTooLarge = errors.New("a workbook cannot hold it")

// Writer writes a workbook of one sheet in which everything is text: its
// columns have the format of text, so that a spreadsheet program changes
// neither what stands there nor what is typed. The first row stays in sight.
// Memory does not grow with the rows.
type Writer struct {
	zip  *zip.Writer
	w    *bufio.Writer // the sheet
	rows int
}

// NewWriter begins a workbook with that sheet and so many columns.
func NewWriter(to io.Writer, sheet string, columns int) (*Writer, error) {
	if columns > MaxColumns {
		return nil, fmt.Errorf("%w: more than %d columns", ErrTooLarge, MaxColumns)
	}
	z := zip.NewWriter(to)
	for _, part := range parts {
		w, err := z.Create(part.name)
		if err != nil {
			return nil, err
		}
		if _, err := io.WriteString(w, xml.Header+strings.ReplaceAll(part.text, "SHEET", escape(sheet))); err != nil {
			return nil, err
		}
	}
	w, err := z.Create("xl/worksheets/sheet1.xml")
	if err != nil {
		return nil, err
	}
	b := &Writer{zip: z, w: bufio.NewWriterSize(w, 64<<10)}
	_, err = fmt.Fprintf(b.w, xml.Header+`<worksheet xmlns="%s"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols><col min="1" max="%d" width="18" style="1" customWidth="1"/></cols><sheetData>`, mainSpace, max(columns, 1))
	return b, err
}

// Write adds a row.
func (b *Writer) Write(cells []string) error {
	if b.rows++; b.rows > MaxRows {
		return fmt.Errorf("%w: more than %d rows", ErrTooLarge, MaxRows)
	}
	fmt.Fprintf(b.w, `<row r="%d">`, b.rows)
	for i, text := range cells {
		if text == "" {
			continue
		}
		if len(text) > MaxText && len(utf16.Encode([]rune(text))) > MaxText {
			return fmt.Errorf("%w: a cell of more than 32,767 characters", ErrTooLarge)
		}
		fmt.Fprintf(b.w, `<c r="%s%d" s="1" t="inlineStr"><is><t xml:space="preserve">`, ColumnName(i), b.rows)
		b.w.WriteString(escape(text))
		b.w.WriteString(`</t></is></c>`)
	}
	_, err := b.w.WriteString("</row>") // bufio keeps what failed before
	return err
}

// Close ends the workbook.
func (b *Writer) Close() error {
	b.w.WriteString("</sheetData></worksheet>")
	if err := b.w.Flush(); err != nil {
		return err
	}
	return b.zip.Close()
}

var (
	escaped  = regexp.MustCompile(`_x[0-9a-fA-F]{4}_`)
	controls = regexp.MustCompile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
)

// escape writes text for XML. What XML cannot hold, and what would be taken for
// that, is written as _x0007_.
func escape(text string) string {
	if strings.Contains(text, "_x") {
		text = escaped.ReplaceAllStringFunc(text, func(s string) string { return "_x005F" + s })
	}
	text = controls.ReplaceAllStringFunc(text, func(s string) string {
		r, _ := utf8.DecodeRuneInString(s)
		return fmt.Sprintf("_x%04X_", r)
	})
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // into memory
	return b.String()
}

const mainSpace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"

// parts are all of a workbook but its sheet. Style 1 is the format of text.
var parts = []struct{ name, text string }{
	{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>`},
	{"_rels/.rels", `<Relationships xmlns="` + relationsSpace + `"><Relationship Id="rId1" Type="` + kindSpace + `officeDocument" Target="xl/workbook.xml"/></Relationships>`},
	{"xl/workbook.xml", `<workbook xmlns="` + mainSpace + `" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="SHEET" sheetId="1" r:id="rId1"/></sheets></workbook>`},
	{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="` + relationsSpace + `"><Relationship Id="rId1" Type="` + kindSpace + `worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="` + kindSpace + `styles" Target="styles.xml"/></Relationships>`},
	{"xl/styles.xml", `<styleSheet xmlns="` + mainSpace + `"><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`},
}

const (
	relationsSpace = "http://schemas.openxmlformats.org/package/2006/relationships"
	kindSpace      = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
)
