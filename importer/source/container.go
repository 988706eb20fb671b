package source

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/richardlehane/mscfb"

	"caseimport/importer/xlsx"
)

// container is what a file turned out to hold that is no text itself.
type container struct {
	book   *xlsx.Book
	file   io.Closer // to be closed after book; nil where there is nothing to close
	member string    // the file in a ZIP archive that the input now stands for
}

func (c *container) close() {
	if c.book != nil {
		c.book.Close()
	}
	if c.file != nil {
		c.file.Close()
	}
}

// container looks into workbooks and archives, known by their first bytes. Of a
// text it says nothing. What cannot be read is named as what it is.
func (in *input) container(ctx context.Context) (c container, err error) {
	s, err := in.open()
	if err != nil {
		return c, err
	}
	defer s.Close()
	magic := make([]byte, 4)
	n, _ := io.ReadFull(s, magic) // what is wrong shows again when it is read
	switch magic := string(magic[:n]); {
	case magic != "PK\x03\x04" && magic != "PK\x05\x06" && magic != "\xd0\xcf\x11\xe0":
		return c, nil
	case s.packed: // neither can be read from its beginning to its end
		whole, err := in.open()
		if err == nil {
			err = in.copy(ctx, func() (io.ReadCloser, error) { return whole, nil })
		}
		if err != nil {
			return c, err
		}
	}
	file, own, err := in.file()
	if err != nil {
		return c, err
	}
	if magic[0] == 'P' {
		c, err = in.archive(ctx, file)
	} else {
		err = compound(file)
	}
	if c.file = own; err != nil || c.book == nil {
		c.close()
	}
	return c, err
}

// file is the input at random, its name aside. The caller closes own, which is nil
// where the file is the input's copy.
func (in *input) file() (file *os.File, own io.Closer, err error) {
	if in.spool != nil {
		return in.spool, nil, nil
	}
	if file, err = os.Open(in.path); err != nil {
		return nil, nil, readFault(err)
	}
	return file, file, nil
}

// archive tells what kind of ZIP archive this is.
func (in *input) archive(ctx context.Context, file *os.File) (c container, err error) {
	info, err := file.Stat()
	if err != nil {
		return c, readFault(err)
	}
	z, err := zip.NewReader(file, info.Size())
	if err != nil {
		return c, fmt.Errorf("the ZIP archive or workbook is damaged (%w): get a complete copy", err)
	}
	if xlsx.IsBook(z) {
		c.book, err = xlsx.Open(z)
		return c, err
	}
	for _, f := range z.File {
		for _, k := range packed {
			if k.part == f.Name || strings.HasSuffix(k.part, "/") && strings.HasPrefix(f.Name, k.part) {
				return c, foreignFile(k.what, k.advice)
			}
		}
		if f.Name == "mimetype" && strings.Contains(begin(f), "opendocument.spreadsheet") {
			return c, foreignFile("an OpenDocument spreadsheet (.ods)", saveAsBook)
		}
	}
	var exports []*zip.File
	var names []string
	for _, f := range z.File {
		if isExport(f.Name) {
			exports, names = append(exports, f), append(names, fmt.Sprintf("%q", f.Name))
		}
	}
	switch {
	case len(exports) == 0:
		return c, errors.New("this is a ZIP archive without a CSV or JSON file in it: unpack it, and name the export")
	case len(exports) > 1:
		more := ""
		if n := len(names) - 10; n > 0 {
			names, more = names[:10], fmt.Sprintf(" and %d more", n)
		}
		return c, fmt.Errorf("this is a ZIP archive with several exports: %s%s. Unpack it, and import them one by one", strings.Join(names, ", "), more)
	case exports[0].Flags&1 != 0:
		return c, errors.New("this ZIP archive is protected by a password: unpack it, and name the export in it")
	}
	c.member = exports[0].Name
	return c, in.copy(ctx, func() (io.ReadCloser, error) { return exports[0].Open() })
}

// packed are kinds of ZIP archives that are known by a part of theirs.
var packed = []struct{ part, what, advice string }{
	{"xl/workbook.bin", "a binary Excel workbook (.xlsb)", saveAsBook},
	{"Index/Document.iwa", "a Numbers spreadsheet", exportFromNumbers},
	{"Index/Tables/", "a Numbers spreadsheet", exportFromNumbers},
	{"Index.zip", "a Numbers spreadsheet", exportFromNumbers},
	{"word/document.xml", "a Word document", "export the tickets as CSV, JSON or a workbook"},
	{"ppt/presentation.xml", "a PowerPoint presentation", "export the tickets as CSV, JSON or a workbook"},
}

const (
	saveAsBook        = "open it in a spreadsheet program, and save it as an Excel workbook (.xlsx)"
	exportFromNumbers = "open it in Numbers, and choose File > Export To > Excel"
)

func foreignFile(what, advice string) error { return fmt.Errorf("this is %s: %s", what, advice) }

// isExport tells whether a file in an archive may be meant. Those of the system
// are not.
func isExport(name string) bool {
	base := path.Base(strings.ReplaceAll(name, `\`, "/"))
	if strings.HasPrefix(base, ".") || strings.HasPrefix(name, "__MACOSX/") || strings.HasSuffix(name, "/") {
		return false
	}
	format, err := formatOf(base, "")
	return err == nil && format != "xlsx"
}

// begin is how a file in an archive begins.
func begin(f *zip.File) string {
	r, err := f.Open()
	if err != nil {
		return ""
	}
	defer r.Close()
	text, _ := io.ReadAll(io.LimitReader(r, 100))
	return string(text)
}

// compound names a file of the old Office kind, in which protected workbooks
// stand, too.
func compound(file io.ReaderAt) error {
	doc, err := mscfb.New(file)
	if err != nil {
		return foreignFile("an old Office file, perhaps a workbook (.xls), and it is damaged", saveAsBook)
	}
	var streams []string
	for _, f := range doc.File {
		streams = append(streams, f.Name)
	}
	switch {
	case slices.Contains(streams, "EncryptedPackage"):
		return foreignFile("a workbook that is protected by a password", "open it, remove the password (File > Info > Protect Workbook > Encrypt with Password), and save it")
	case slices.Contains(streams, "Workbook"), slices.Contains(streams, "Book"):
		return foreignFile("an Excel workbook of before 2007 (.xls)", saveAsBook)
	}
	return foreignFile("an old Office file, but no workbook", "export the tickets as CSV, JSON or a workbook")
}
