package draft_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"caseimport/mapping"
	"caseimport/mapping/draft"
	"caseimport/mapping/fields"
)

// table is an input as the importer would hand it to a profile.
type table struct {
	columns []string
	rows    []row
}

type row []mapping.Value

func (r row) Cell(i int) mapping.Value {
	if i >= len(r) {
		return mapping.Value{}
	}
	return r[i]
}

func text(s string) mapping.Value { return mapping.Value{Kind: mapping.String, Text: s} }

func (t *table) profile() *draft.Profile {
	p := draft.NewProfile(t.columns)
	for _, r := range t.rows {
		p.Add(r)
	}
	return p
}

// draft is the draft for the table; account may be nil.
func (t *table) draft(tb rapid.TB, account *fields.File, from string) draft.Draft {
	tb.Helper()
	p := t.profile()
	if family := p.Family(from); family != nil {
		for _, r := range t.rows {
			family.Add(r)
		}
	}
	return draftOf(tb, p, account, from)
}

func draftOf(tb rapid.TB, p *draft.Profile, account *fields.File, from string) draft.Draft {
	tb.Helper()
	d, err := p.Draft(account, "fields.json", from)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// program is what a draft for the table does: it must load.
func (t *table) program(tb rapid.TB, account *fields.File, yaml []byte) *mapping.Program {
	tb.Helper()
	m, err := mapping.ParseFor(account, "draft.yaml", yaml, nil)
	if err != nil {
		tb.Fatalf("the draft does not load: %v\n%s", err, yaml)
	}
	p, err := m.Compile(t.columns, false)
	if err != nil {
		tb.Fatalf("the draft does not fit its input: %v\n%s", err, yaml)
	}
	return p
}

// isGolden compares a draft, and what it says on the terminal, with a file in
// testdata.
func isGolden(t *testing.T, name string, d draft.Draft) {
	t.Helper()
	golden := filepath.Join("testdata", name)
	said := slices.Concat(d.YAML, []byte("\n# On the terminal:\n"), lines("# + ", d.Sure), lines("# ? ", d.Ask))
	if *update {
		if err := os.WriteFile(golden, said, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(said, want) {
		t.Errorf("the draft is not that of %s (-update writes it):\n%s", golden, said)
	}
}

func lines(mark string, all []string) []byte {
	var b bytes.Buffer
	for _, l := range all {
		b.WriteString(mark + l + "\n")
	}
	return b.Bytes()
}

// valid counts the rows that a mapping file makes cases of, and gives a fault
// of each of the others.
func (t *table) valid(tb testing.TB, yaml []byte) (valid int, faults []string) {
	tb.Helper()
	p := t.program(tb, nil, yaml)
	for i, r := range t.rows {
		if _, f := p.Map(r); len(f) > 0 {
			faults = append(faults, fmt.Sprintf("row %d: %s", i+1, f[0]))
			continue
		}
		valid++
	}
	return valid, faults
}

// unkeyed is a rule in one line that waits for the key of its field.
var unkeyed = regexp.MustCompile(`(?m)^  # ([a-z_]+)N: .*$`)

// keyed gives every such rule a key, as a person would, but for those that need
// another file.
func keyed(yaml []byte) []byte {
	n := 0
	return unkeyed.ReplaceAllFunc(yaml, func(line []byte) []byte {
		if bytes.Contains(line, []byte("{file: ")) {
			return line
		}
		n++
		return fmt.Appendf(nil, "  %s", bytes.Replace(line[len("  # "):], []byte("N: "), fmt.Appendf(nil, "%d: ", n), 1))
	})
}

// item is what a line for the terminal is about: "title" of "title: Subject".
func item(line string) string {
	name, _, _ := strings.Cut(line, ":")
	return name
}

// both are the items that are sure and asked about at the same time: none should be.
func both(d draft.Draft) (all []string) {
	for _, s := range d.Sure {
		for _, a := range d.Ask {
			if item(s) == item(a) && !strings.HasPrefix(a, "source: Zendesk's CSV") {
				all = append(all, item(s))
			}
		}
	}
	return all
}

func readTable(tb testing.TB, path string) *table {
	tb.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	if strings.HasSuffix(path, ".json") {
		return readJSON(tb, content)
	}
	return readCSV(tb, content)
}

func readCSV(tb testing.TB, content []byte) *table {
	tb.Helper()
	r := csv.NewReader(bytes.NewReader(content))
	if bytes.Contains(content[:bytes.IndexByte(content, '\n')], []byte(";")) {
		r.Comma = ';'
	}
	records, err := r.ReadAll()
	if err != nil {
		tb.Fatal(err)
	}
	t := &table{}
	at, times := map[string]int{}, map[string]int{}
	for _, h := range records[0] {
		if times[h]++; times[h] == 1 {
			at[h] = len(t.columns)
			t.columns = append(t.columns, h)
		}
	}
	for _, record := range records[1:] {
		cells := make(row, len(t.columns))
		for i, s := range record {
			cell := &cells[at[records[0][i]]]
			switch {
			case times[records[0][i]] == 1:
				*cell = text(s)
			case s != "":
				cell.List = append(cell.List, text(s))
				fallthrough
			default:
				cell.Kind = mapping.List
			}
		}
		t.rows = append(t.rows, cells)
	}
	return t
}

// readJSON reads an array of objects; every path is a column.
func readJSON(tb testing.TB, content []byte) *table {
	tb.Helper()
	d := json.NewDecoder(bytes.NewReader(content))
	d.UseNumber()
	v, err := jsonValue(d)
	if err != nil {
		tb.Fatal(err)
	}
	t := &table{}
	at := map[string]int{}
	for _, record := range v.List {
		cells := map[int]mapping.Value{}
		var walk func(prefix string, v mapping.Value)
		walk = func(prefix string, v mapping.Value) {
			for i, name := range v.Names {
				path := prefix + name
				if _, ok := at[path]; !ok {
					at[path] = len(t.columns)
					t.columns = append(t.columns, path)
				}
				cells[at[path]] = v.List[i]
				if v.List[i].Kind == mapping.Object {
					walk(path+".", v.List[i])
				}
			}
		}
		walk("", record)
		r := make(row, len(t.columns))
		for i, v := range cells {
			r[i] = v
		}
		t.rows = append(t.rows, r)
	}
	return t
}

func jsonValue(d *json.Decoder) (mapping.Value, error) {
	token, err := d.Token()
	if err != nil {
		return mapping.Value{}, err
	}
	switch token := token.(type) {
	case string:
		return text(token), nil
	case json.Number:
		return mapping.Value{Kind: mapping.Number, Text: token.String()}, nil
	case bool:
		return mapping.Value{Kind: mapping.Bool, Text: fmt.Sprint(token)}, nil
	case json.Delim:
		v := mapping.Value{Kind: mapping.List}
		if token == '{' {
			v.Kind = mapping.Object
		}
		for d.More() {
			if token == '{' {
				name, err := d.Token()
				if err != nil {
					return v, err
				}
				v.Names = append(v.Names, name.(string))
			}
			e, err := jsonValue(d)
			if err != nil {
				return v, err
			}
			v.List = append(v.List, e)
		}
		_, err := d.Token()
		return v, err
	}
	return mapping.Value{}, nil
}
