package results

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"caseimport/importer/atomicfile"
	"caseimport/importer/xlsx"
)

// The forms of a failure report, which are the endings of its name, too.
const (
	CSV       = "csv"
	JSONLines = "jsonl"
	Workbook  = "xlsx"
)

var forms = [...]string{CSV, JSONLines, Workbook}

// own is the form of the rows.
func (r *Report) own() string {
	if r.opt.JSON {
		return JSONLines
	}
	return CSV
}

// path is where the report stands in that form. In the form that was asked for
// it is where the caller says.
func (r *Report) path(form string) string {
	if form == r.opt.Form {
		return r.opt.Path
	}
	return strings.TrimSuffix(r.opt.Path, filepath.Ext(r.opt.Path)) + "." + form
}

func (r *Report) paths() (all []string) {
	for _, form := range forms {
		all = append(all, r.path(form))
	}
	return slices.Compact(all)
}

func formOf(path string) string {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".jsonl":
		return JSONLines
	case ".xlsx":
		return Workbook
	}
	return CSV
}

// errNoForm says why rows cannot take a form.
var errNoForm = errors.New("the rows cannot take this form")

// reshape gives the finished draft the form that was asked for, in a draft of its
// own. Where the rows cannot take it, they stay in the nearest that they can, and
// why says so.
func (r *Report) reshape() (to *atomicfile.Draft, form, why string, err error) {
	for form = r.opt.Form; form != r.own(); {
		to, err = r.written(form)
		switch {
		case err == nil:
			return to, form, why, nil
		case !errors.Is(err, errNoForm) && !errors.Is(err, xlsx.ErrTooLarge):
			return nil, form, "", err
		case form == Workbook && errors.Is(err, xlsx.ErrTooLarge):
			form = CSV
		default:
			form = r.own()
		}
		if why == "" {
			why = err.Error()
		}
	}
	return r.draft, form, why, nil
}

// written is a finished draft in that form.
func (r *Report) written(form string) (*atomicfile.Draft, error) {
	to, err := atomicfile.Create(r.opt.Disk, r.path(form))
	if err != nil {
		return nil, err
	}
	switch {
	case form == JSONLines:
		err = r.writeLines(to)
	case form == Workbook:
		err = r.writeBook(to)
	default:
		err = r.writeCSV(to)
	}
	if err == nil {
		if err = to.Finish(); err == nil {
			return to, nil
		}
	}
	to.Discard()
	return nil, err
}

// eachDrafted yields the rows of the draft as cells, the header first.
func (r *Report) eachDrafted(yield func(cells []string) error) error {
	file, err := os.Open(atomicfile.TempName(r.path(r.own())))
	if err != nil {
		return err
	}
	defer file.Close()
	in := bufio.NewReaderSize(file, 64<<10)
	if r.opt.JSON {
		return r.eachObject(in, yield)
	}
	if r.opt.Mark {
		in.Discard(len(mark))
	}
	records := csv.NewReader(in)
	records.Comma, records.ReuseRecord = r.opt.Delimiter, true
	for {
		cells, err := records.Read()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = yield(cells)
		}
		if err != nil {
			return err
		}
	}
}

func (r *Report) writeBook(to io.Writer) (err error) {
	var b *xlsx.Writer
	err = r.eachDrafted(func(cells []string) error {
		if b == nil {
			if b, err = xlsx.NewWriter(to, "failure report", len(cells)); err != nil {
				return err
			}
		}
		return b.Write(cells)
	})
	if err != nil {
		return err
	}
	return b.Close()
}

func (r *Report) writeCSV(to io.Writer) error {
	w := csv.NewWriter(to)
	w.Comma = r.opt.Delimiter
	if r.opt.Mark {
		io.WriteString(to, mark)
	}
	if err := r.eachDrafted(w.Write); err != nil {
		return err
	}
	w.Flush()
	return w.Error()
}

// writeLines makes an object of each row of cells. A header that is repeated
// becomes a list, as it is one to a mapping.
func (r *Report) writeLines(to io.Writer) error {
	if r.odd {
		// Only in a table can people see under which header a cell should be.
		return fmt.Errorf("%w: some have more or fewer cells than the header", errNoForm)
	}
	var names []string // of the columns
	var places [][]int
	var line []byte
	return r.eachDrafted(func(cells []string) error {
		if names == nil {
			names, places = columnsOf(cells)
			return nil
		}
		line = append(line[:0], '{')
		for i, name := range names {
			if i > 0 {
				line = append(line, ',')
			}
			line = appendString(line, name)
			line = append(line, ':')
			if len(places[i]) == 1 {
				line = appendString(line, cells[places[i][0]])
				continue
			}
			line = append(line, '[')
			for _, at := range places[i] {
				if cells[at] != "" {
					line = append(appendString(line, cells[at]), ',')
				}
			}
			line = append(bytes.TrimSuffix(line, []byte(",")), ']')
		}
		_, err := to.Write(append(line, '}', '\n'))
		return err
	})
}

// columnsOf names each header once, as a mapping would, and says where it stands.
func columnsOf(header []string) (names []string, places [][]int) {
	index := map[string]int{}
	for i, name := range header {
		if name = strings.TrimSpace(name); name == "" {
			name = fmt.Sprintf("column %d", i+1)
		}
		at, known := index[strings.ToLower(name)]
		if !known {
			at = len(names)
			index[strings.ToLower(name)] = at
			names, places = append(names, name), append(places, nil)
		}
		places[at] = append(places[at], i)
	}
	return names, places
}

// eachObject yields the objects of a draft as rows of a table: their paths as
// headers, a list of values under as many headers of the same name.
func (r *Report) eachObject(in *bufio.Reader, yield func([]string) error) error {
	widths, err := r.widths()
	if err != nil {
		return err
	}
	var header []string
	at := map[string]int{}
	for _, name := range r.tableColumns(widths) {
		at[name] = len(header)
		for range max(widths[name], 1) {
			header = append(header, name)
		}
	}
	if err := yield(header); err != nil {
		return err
	}
	return eachTextLine(in, func(_ int, text []byte) error {
		cells := make([]string, len(header))
		err := eachLeaf("", gjson.ParseBytes(text), func(path string, values []gjson.Result) error {
			for i, v := range values {
				cells[at[path]+i] = v.String()
			}
			return nil
		})
		if err != nil {
			return err
		}
		return yield(cells)
	})
}

// widths is how many values each path has at most in the draft.
func (r *Report) widths() (map[string]int, error) {
	file, err := os.Open(atomicfile.TempName(r.path(JSONLines)))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	widths := map[string]int{}
	err = eachTextLine(bufio.NewReader(file), func(_ int, text []byte) error {
		return eachLeaf("", gjson.ParseBytes(text), func(path string, values []gjson.Result) error {
			widths[path] = max(widths[path], len(values))
			return nil
		})
	})
	folded := map[string]bool{}
	for path := range widths {
		name := strings.ToLower(strings.TrimSpace(path))
		if err == nil && (folded[name] || name == "") {
			err = fmt.Errorf("%w: the member %q has no column of its own in a table", errNoForm, path)
		}
		folded[name] = true
	}
	return widths, err
}

// tableColumns are the columns of the input that hold values, then those that only
// the draft knows, the report's own last. An object has none: its members do.
func (r *Report) tableColumns(widths map[string]int) (names []string) {
	isOuter := map[string]bool{}
	for _, name := range r.opt.Columns {
		for i := range name {
			if name[i] == '.' {
				isOuter[name[:i]] = true
			}
		}
	}
	known := map[string]bool{}
	for _, name := range r.opt.Columns {
		if known[name] = true; !isOwn(name) && (!isOuter[name] || widths[name] > 0) {
			names = append(names, name)
		}
	}
	var more []string
	for name := range widths {
		if !known[name] && !isOwn(name) {
			more = append(more, name)
		}
	}
	slices.Sort(more)
	return slices.Concat(names, more, reportColumns[:])
}

// eachLeaf goes through the values of an object that stand in cells.
func eachLeaf(path string, v gjson.Result, yield func(path string, values []gjson.Result) error) (err error) {
	switch {
	case v.IsObject():
		v.ForEach(func(name, value gjson.Result) bool {
			under := name.String()
			if path != "" {
				under = path + "." + under
			}
			err = eachLeaf(under, value, yield)
			return err == nil
		})
		return err
	case v.IsArray():
		values := v.Array()
		for _, e := range values {
			if e.IsObject() || e.IsArray() {
				return fmt.Errorf("%w: %q holds lists of objects, for which a table has no cells", errNoForm, path)
			}
		}
		return yield(path, values)
	case v.Type == gjson.Null:
		return nil
	}
	return yield(path, []gjson.Result{v})
}
