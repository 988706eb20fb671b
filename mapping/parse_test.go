package mapping

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestParseTakesABareMapping(t *testing.T) {
	for name, src := range map[string]string{
		"plain":               head,
		"byte order mark":     "\ufeff" + head,
		"CRLF":                strings.ReplaceAll(head, "\n", "\r\n"),
		"empty sections":      head + "custom_fields:\n  # text_a: A\nnotes:\n",
		"a document's marks":  "---\n" + head + "...\n",
		"anchors are ignored": strings.Replace(head, "{const: Ann}", "&x {const: Ann}", 1),
	} {
		if _, err := Parse("m.yaml", []byte(src), nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A byte order mark and CRLF do not move the place of a fault.
func TestFaultPlaces(t *testing.T) {
	for _, c := range []struct {
		src          string
		line, column int
		caret        string
	}{
		{"\ufeffversion: 2" + strings.TrimPrefix(head, "version: 1"), 1, 10, "    1 | version: 2\n      |          ^"},
		{head + "wher: x\r\n", 6, 1, "    6 | wher: x\n      | ^"},
		{head + "custom_fields: {text_ä: {colum: A}}", 6, 26, "    6 | custom_fields: {text_ä: {colum: A}}\n      |                          ^"},
		{head + "where: >\n  row.A ==\n  lowr(row.B)\n", 6, 8, "    6 | where: >\n      |        ^"},
		{head + "where: |\n  row.A ==\n  lowr(row.B)\n", 8, 3, "    8 |   lowr(row.B)\n      |   ^"},
		{head + "where: row.A == lowr(row.B)\n", 6, 17, "    6 | where: row.A == lowr(row.B)\n      |                 ^"},
		{head + "where: 'row.A == ''x'' + lowr(row.B)'\n", 6, 8, "    6 | where: 'row.A == ''x'' + lowr(row.B)'\n      |        ^"},
		{head + "where: \"'ä' == lowr(row.B)\"\n", 6, 16, "    6 | where: \"'ä' == lowr(row.B)\"\n      |                ^"},
	} {
		_, err := Parse("m.yaml", []byte(c.src), nil)
		var faults *FileError
		if !errors.As(err, &faults) || len(faults.Faults) != 1 {
			t.Errorf("%q: %v", c.src, err)
			continue
		}
		if f := faults.Faults[0]; f.Line != c.line || f.Column != c.column || f.Excerpt != c.caret {
			t.Errorf("%q: %d:%d\n%s\nwant %d:%d\n%s", c.src, f.Line, f.Column, f.Excerpt, c.line, c.column, c.caret)
		}
	}
}

func TestLookUpTablesAreOpenedAsWritten(t *testing.T) {
	var opened []string
	open := func(path string) ([]byte, error) {
		opened = append(opened, path)
		return []byte("\ufefffrom;to;more\r\n\"A;\nB\";1;x\r\nC;2\r\n;3\r\n"), nil
	}
	m, err := Parse("m.yaml", []byte(head+`custom_fields: {dropdown_a: {column: A, values: {file: ./tables/x.csv}}}`), open)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(opened, " ") != "./tables/x.csv" {
		t.Error(opened)
	}
	p, err := m.Compile([]string{"A"}, false)
	if err != nil {
		t.Fatal(err)
	}
	for cell, want := range map[string]any{"a;\nb": "1", "c": "2", "": nil} {
		if got, faults := p.Map(cells{s(cell)}); got.CustomFields.Get("dropdown_a") != want {
			t.Errorf("%q: %v %v", cell, got.CustomFields, faults)
		}
	}
}

func TestLookUpTablesAreReadAsSaid(t *testing.T) {
	open := func(string) ([]byte, error) { return []byte("from|to\n\xe4\xe0|1\n"), nil } // Russian for yes
	for said, want := range map[string]string{
		`encoding: windows-1251, delimiter: "|"`:  "",
		`delimiter: "|"`:                          "line 2 is not UTF-8",
		`encoding: windows-1251`:                  "has only one column",
		`encoding: utf-8, delimiter: "|"`:         "line 2 holds bytes that are no characters in utf-8",
		`encoding: martian`:                       `encoding "martian"`,
		`encoding: windows-1251, delimiter: "||"`: `delimiter "||": this must be one character, or tab`,
	} {
		m, err := Parse("m.yaml", []byte(head+`custom_fields: {dropdown_a: {column: A, values: {file: x.csv, `+said+`}}}`), open)
		if want != "" {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", said, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		p, _ := m.Compile([]string{"A"}, false)
		if got, faults := p.Map(cells{s("Да")}); got.CustomFields.Get("dropdown_a") != "1" {
			t.Errorf("%v %v", got.CustomFields, faults)
		}
	}
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range append(files, "testdata/bench.yaml") {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	v := newValidator(f)
	columns := []string{"A", "Subject", "Description"}
	f.Fuzz(func(t *testing.T, src []byte) {
		m, err := Parse("m.yaml", src, func(string) ([]byte, error) { return []byte("a,b\nc,d\n"), nil })
		var faults *FileError
		if err != nil {
			if !errors.As(err, &faults) || len(faults.Faults) == 0 {
				t.Fatal(err)
			}
			return
		}
		var doc yaml.Node
		if err := yaml.Unmarshal(src, &doc); err == nil && !v.accepts(doc.Content[0]) {
			t.Errorf("Parse accepts what the schema does not")
		}
		if _, err := m.Compile(columns, false); err != nil && !errors.As(err, &faults) {
			t.Fatal(err)
		}
		p, err := m.Compile(columns, true)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range []cells{{s("x"), s("1"), s("2024-01-01")}, {Value{}, listVal(s("a"), obj("b", s("c"))), num("1.5")}} {
			p.Identify(row)
			for _, fault := range secondOf(p.Map(row)) {
				if fault.Reason == "" || fault.Field == "" {
					t.Fatalf("%+v", fault)
				}
			}
		}
	})
}

func secondOf(_ Case, faults []Fault) []Fault { return faults }
