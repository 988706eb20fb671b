package xlsx

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// Sheet is a sheet of cells; charts and dialogs are none.
type Sheet struct {
	Name   string
	Hidden bool
	part   string
}

// Book is an open workbook. It is not safe for concurrent use.
type Book struct {
	Sheets []Sheet // in the order of their tabs
	// From1904 says that dates are counted from then, not from 1900.
	From1904 bool

	parts  map[string]*zip.File // by their names in small letters
	texts  texts
	styles []format // by the number that a cell gives
}

// IsBook tells whether a ZIP archive is a workbook of this kind.
func IsBook(z *zip.Reader) bool {
	for _, f := range z.File {
		if name := partName(f.Name); name == "xl/workbook.xml" || name == "xl/worksheets/sheet1.xml" {
			return true
		}
	}
	return false
}

// Open reads all of a workbook but its sheets. The caller closes the Book.
func Open(z *zip.Reader) (*Book, error) {
	b := &Book{parts: map[string]*zip.File{}}
	for _, f := range z.File {
		b.parts[partName(f.Name)] = f
	}
	if err := b.read(); err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

// Close removes what Open had to store.
func (b *Book) Close() error { return b.texts.close() }

// partName is the name of a part as others refer to it.
func partName(name string) string {
	return strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(name, `\`, "/"), "/"))
}

func (b *Book) read() error {
	main := "xl/workbook.xml"
	_, toMain, err := b.relations("")
	if err != nil {
		return err
	}
	if part, ok := toMain["officedocument"]; ok {
		main = part
	}
	var w struct {
		Properties struct {
			From1904 bool `xml:"date1904,attr"`
		} `xml:"workbookPr"`
		Sheets []struct {
			Name  string `xml:"name,attr"`
			State string `xml:"state,attr"`
			ID    string `xml:"id,attr"`
		} `xml:"sheets>sheet"`
	}
	if err := b.decode(main, &w); err != nil {
		return err
	}
	b.From1904 = w.Properties.From1904
	byID, byKind, err := b.relations(main)
	if err != nil {
		return err
	}
	for _, s := range w.Sheets {
		if to := byID[s.ID]; to.kind == "worksheet" {
			b.Sheets = append(b.Sheets, Sheet{Name: s.Name, Hidden: s.State != "" && s.State != "visible", part: to.part})
		}
	}
	if part, ok := byKind["styles"]; ok {
		if err := b.readStyles(part); err != nil {
			return err
		}
	}
	if part, ok := byKind["sharedstrings"]; ok && b.parts[part] != nil {
		return b.readTexts(part)
	}
	return nil
}

type relation struct{ kind, part string }

// relations are the parts that a part refers to, by their ids, and one of each
// kind; "" is the workbook as a whole.
func (b *Book) relations(of string) (byID map[string]relation, byKind map[string]string, err error) {
	folder, name := path.Split(of)
	from := folder + "_rels/" + name + ".rels"
	byID, byKind = map[string]relation{}, map[string]string{}
	if b.parts[from] == nil {
		return byID, byKind, nil
	}
	var all struct {
		Relations []struct {
			ID     string `xml:"Id,attr"`
			Type   string `xml:"Type,attr"`
			Target string `xml:"Target,attr"`
		} `xml:"Relationship"`
	}
	if err := b.decode(from, &all); err != nil {
		return nil, nil, err
	}
	for _, r := range all.Relations {
		to := relation{strings.ToLower(path.Base(r.Type)), r.Target}
		if !strings.HasPrefix(to.part, "/") {
			to.part = path.Join(folder, to.part)
		}
		to.part = partName(to.part)
		byID[r.ID], byKind[to.kind] = to, to.part
	}
	return byID, byKind, nil
}

func (b *Book) readStyles(part string) error {
	var s struct {
		Formats []struct {
			ID   int    `xml:"numFmtId,attr"`
			Code string `xml:"formatCode,attr"`
		} `xml:"numFmts>numFmt"`
		Cells []struct {
			Format int `xml:"numFmtId,attr"`
		} `xml:"cellXfs>xf"`
	}
	if err := b.decode(part, &s); err != nil {
		return err
	}
	own := map[int]format{}
	for _, f := range s.Formats {
		own[f.ID] = formatOf(f.Code)
	}
	for _, c := range s.Cells {
		f, ok := own[c.Format]
		if !ok {
			f = builtIn(c.Format)
		}
		b.styles = append(b.styles, f)
	}
	return nil
}

// errDamaged says that the file is not as a workbook should be.
var errDamaged = errors.New("the workbook is damaged: open it in a spreadsheet program, save it again, and use that copy")

// maxPart bounds the parts that are read into memory, in bytes.
const maxPart = 64 << 20

// decode reads a small part.
func (b *Book) decode(part string, to any) error {
	r, err := b.open(part)
	if err != nil {
		return err
	}
	defer r.Close()
	if err := xml.NewDecoder(io.LimitReader(r, maxPart)).Decode(to); err != nil {
		return damaged(part, err)
	}
	return nil
}

func (b *Book) open(part string) (io.ReadCloser, error) {
	f := b.parts[part]
	if f == nil {
		return nil, damaged(part, errors.New("missing"))
	}
	r, err := f.Open()
	if err != nil {
		return nil, damaged(part, err)
	}
	return r, nil
}

func damaged(part string, err error) error {
	return fmt.Errorf("%w (%s: %v)", errDamaged, part, err)
}
