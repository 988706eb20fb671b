package draft_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"caseimport/mapping"
	"caseimport/mapping/draft"
	"caseimport/mapping/fields"

	"pgregory.net/rapid"
)

// accountOf reads the made-up account.
func accountOf(tb testing.TB) *fields.File {
	tb.Helper()
	text, err := os.ReadFile("testdata/account.fields")
	if err != nil {
		tb.Fatal(err)
	}
	file, err := fields.Parse(text)
	if err != nil {
		tb.Fatal(err)
	}
	return &file
}

// TestDraftForAnAccount compares the drafts for an account with those in testdata.
// Each is clean: every row is valid, as check would find.
func TestDraftForAnAccount(t *testing.T) {
	for _, name := range []string{"zendesk.csv", "jira.csv", "servicenow.csv", "github.json", "plain.csv"} {
		t.Run(name, func(t *testing.T) {
			input, account := readTable(t, filepath.Join("testdata", name)), accountOf(t)
			d := input.draft(t, account, "")
			p := input.program(t, account, d.YAML)
			for i, r := range input.rows {
				if _, faults := p.Map(r); len(faults) > 0 {
					t.Errorf("row %d: %v", i+1, faults)
				}
			}
			isGolden(t, name+".account.yaml", d)
		})
	}
}

// field makes an active field; options are codes and labels in turn.
func field(key, name string, options ...string) fields.Field {
	f := fields.Field{Key: key, Name: name, Kind: fields.KindOf(key), Active: true}
	for pair := range slices.Chunk(options, 2) {
		f.Options = append(f.Options, fields.Option{Code: pair[0], Label: pair[1]})
	}
	return f
}

// TestPartners drafts a column for an account with one field beside the key's.
func TestPartners(t *testing.T) {
	topic := field("dependent_field1", "Topic", "1", "Hardware", "2", "Software")
	topic.Options[0].Options = []fields.Option{{Code: "3", Label: "Printer"}}
	inactive := field("text2", "Region")
	inactive.Active = false
	for _, c := range []struct {
		column string
		cells  []string
		field  fields.Field
		want   []string
	}{
		{"Region", []string{"a", "b"}, field("text2", "Region"), []string{"\n  text2: Region "}},
		{"Region", []string{"a", "b"}, field("text2", "The region"), []string{"\n  text2: Region "}},
		{"Region", []string{"a", "b"}, field("text2", "Sales region"), []string{`QUESTION: does "Region" belong in text2 ("Sales region")?`, "\n  text2: Region "}},
		{"Region", []string{"a", "b"}, field("text2", "Weather"), []string{"\n  # textN: Region ", "Fields of the account that no column fills:\n#   text2 ", `# "Weather"`}},
		{"Region", []string{"a", "b"}, inactive, []string{"\n  # textN: Region "}},
		{"Region", []string{"Europe", "asia"}, field("drop_down3", "Region", "1", "Europe", "2", "Asia"), []string{"\n  drop_down3: Region "}},
		{"Region", []string{"Europe", "2"}, field("drop_down3", "Region", "1", "Europe", "2", "Asia"), []string{"\n  drop_down3: Region "}},
		{"Region", []string{"Europe", "EMEA"}, field("drop_down3", "Region", "1", "Europe", "2", "Asia"), []string{
			`these values of "Region": "EMEA" 1? They are left out until you say. Options: "Europe" (1), "Asia" (2).`,
			"\n  drop_down3: {column: Region, values: {EMEA: \"\"}, pass: true} "}},
		{"Region", []string{"Europe", "n/a"}, field("drop_down3", "Region", "1", "Europe", "2", "Asia"), []string{"\n  drop_down3: {column: Region, values: {n/a: \"\"}, pass: true} "}},
		{"Region", []string{"EMEA", "APAC"}, field("drop_down3", "Region", "1", "Europe"), []string{"\n  # textN: Region ", "\n#   drop_down3 "}},
		{"Region", []string{"Europe", "?"}, field("drop_down3", "Region", "1", "Europe", "2", "europe "), []string{"\n  drop_down3: "}},
		{"Where", []string{"Europe", "Asia"}, field("drop_down3", "Region", "1", "Europe", "2", "Asia"), []string{`QUESTION: does "Where" belong in drop_down3 ("Region")?`, "\n  drop_down3: Where "}},
		{"Where", []string{"Europe", "Europe"}, field("drop_down3", "Region", "1", "Europe", "2", "Asia"), []string{"\n  # textN: Where "}},
		{"Where", []string{"1", "2"}, field("drop_down3", "Region", "1", "Europe", "2", "Asia"), []string{"\n  # numericN: Where "}},
		{"Tags", []string{"vip, new", "old"}, field("multi_select4", "Tags", "1", "vip", "2", "new"), []string{`"old" 1? They are left out`, "\n  multi_select4: {column: Tags, split: \",\", values: {old: \"\"}, pass: true}"}},
		{"VIP", []string{"yes", "no"}, field("checkbox5", "VIP"), []string{"\n  checkbox5: VIP "}},
		{"VIP", []string{"0", "1"}, field("checkbox5", "VIP"), []string{"\n  checkbox5: VIP "}},
		{"VIP", []string{"gold", "no"}, field("checkbox5", "VIP"), []string{"\n  # textN: VIP "}},
		{"Seen", []string{"2024-01-02", "2024-01-03"}, field("date6", "Seen"), []string{"\n  date6: {column: Seen, layout: \"2006-01-02\", timezone: UTC}"}},
		{"Seen", []string{"2024-01-02", "soon"}, field("date6", "Seen"), []string{"\n  # textN: Seen "}},
		{"Seen", []string{"2024-01-02", "2024-01-03"}, field("text6", "Seen"), []string{"\n  text6: Seen "}},
		{"Count", []string{"1", "2"}, field("decimal7", "Count"), []string{"\n  decimal7: Count "}},
		{"Count", []string{"1", "2.5"}, field("numeric7", "Count"), []string{"\n  # decimalN: Count "}},
		{"Customer id", []string{"1", "2"}, field("numeric7", "Customer id"), []string{"\n  numeric7: Customer id "}},
		{"Topic", []string{"Hardware", "Software"}, topic, []string{"\n  dependent_field1: {columns: [Topic]}"}},
		{"Topic", []string{"Hardware", "Peopleware"}, topic, []string{"\n  # textN: Topic "}},
	} {
		t.Run(c.column+" "+c.field.String(), func(t *testing.T) {
			account := &fields.File{Account: "acme", Fields: []fields.Field{field("text1", "Source ID"), c.field}}
			input := &table{columns: []string{"Ticket ID", "Subject", "Description", "Email", c.column}}
			for i, cell := range c.cells {
				input.rows = append(input.rows, row{text(fmt.Sprint(i)), text("a subject"), text("a text"), text("ada@example.com"), text(cell)})
			}
			d := input.draft(t, account, "plain")
			plain := string(d.YAML) + strings.ReplaceAll(strings.ReplaceAll(string(d.YAML), "\n  # ", " "), "\n# ", " ")
			for _, want := range append(c.want, "\nkey: {column: Ticket ID, custom_field: text1}", "\nfields: fields.json ") {
				if !strings.Contains(plain, want) {
					t.Errorf("no %s in\n%s", want, d.YAML)
				}
			}
			if _, err := mapping.ParseFor(account, "draft.yaml", d.YAML, nil); err != nil {
				t.Errorf("the draft does not load: %v\n%s", err, d.YAML)
			}
		})
	}
}

// TestLevels finds the columns of a dependent field.
func TestLevels(t *testing.T) {
	topic := field("dependent_field1", "Topic", "1", "Hardware", "2", "Software")
	topic.Options[0].Options = []fields.Option{{Code: "3", Label: "Printer", Options: []fields.Option{{Code: "4", Label: "Toner"}}}}
	topic.Options[1].Options = []fields.Option{{Code: "5", Label: "App"}}
	account := &fields.File{Account: "acme", Fields: []fields.Field{topic, field("text1", "Source ID")}}
	input := readCSV(t, []byte("Id,Subject,Description,Email,Item,Kind,Part\n1,a,b,a@example.com,Printer,Hardware,Toner\n2,a,b,a@example.com,App,Software,\n"))
	d := input.draft(t, account, "")
	if want := "\n  dependent_field1: {columns: [Kind, Item, Part]}"; !strings.Contains(string(d.YAML), want) {
		t.Errorf("no %s in\n%s", want, d.YAML)
	}
}

// TestFieldForTheKey chooses the text field whose name suits, or asks which.
func TestFieldForTheKey(t *testing.T) {
	for _, c := range []struct {
		names []string // of text1, text2, …
		want  string
	}{
		{[]string{"Nickname", "Source ID"}, "\nkey: {column: Id, custom_field: text2} "},
		{[]string{"External reference"}, "\nkey: {column: Id, custom_field: text1} "},
		{[]string{"Old ticket number", "Number"}, "\nkey: {column: Id, custom_field: text1} "},
		{[]string{"Plain ID"}, "\nkey: {column: Id, custom_field: text1} "}, // the product's name
		{[]string{"Nickname", "Colour"}, `carries the ticket's id: text1 ("Nickname"), text2 ("Colour")? `},
		{[]string{"Source ID", "Legacy ID"}, `carries the ticket's id: text1 ("Source ID"), text2 ("Legacy ID")? `},
		{[]string{"Nickname"}, "\n# key: {column: Id, custom_field: text1}\nkey: Id "},
		{nil, `carries the ticket's id? It has none yet: add one in Talkdesk`},
	} {
		account := &fields.File{Account: "acme"}
		for i, name := range c.names {
			account.Fields = append(account.Fields, field(fmt.Sprintf("text%d", i+1), name))
		}
		input := &table{columns: []string{"Id", "Subject"}, rows: []row{{text("1"), text("a")}, {text("2"), text("b")}}}
		d := input.draft(t, account, "")
		if plain := string(d.YAML) + strings.ReplaceAll(string(d.YAML), "\n# ", " "); !strings.Contains(plain, c.want) {
			t.Errorf("%q: no %s in\n%s", c.names, c.want, d.YAML)
		}
	}
}

// TestNoKey keeps the field for the key free of other columns.
func TestNoKey(t *testing.T) {
	account := &fields.File{Account: "acme", Fields: []fields.Field{field("text1", "Source ID")}}
	input := &table{columns: []string{"Id", "Source", "Subject"}, rows: []row{{text("1"), text("a"), text("a b")}, {text("1"), text("b"), text("b c")}, {text("1"), text("b"), text("b c")}}}
	d := input.draft(t, account, "")
	for _, want := range []string{"\n# key: {column: Id, custom_field: text1}\n", "\n  # textN: Source "} {
		if !strings.Contains(string(d.YAML), want) {
			t.Errorf("no %s in\n%s", want, d.YAML)
		}
	}
}

// TestAnyTableForAnAccount drafts any table for an account whose fields have the
// names of its columns, and options among its cells: the draft loads, and every row
// is valid with it, but for paths that only check can see.
func TestAnyTableForAnAccount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		input := anyTable(t, func(t *rapid.T, pool []string) mapping.Value { return anyValue(t, pool, 2) })
		account := &fields.File{Account: "acme"}
		for i := range rapid.IntRange(0, 8).Draw(t, "fields") {
			kind := rapid.SampledFrom(slices.DeleteFunc(slices.Clone(fields.Kinds), func(k fields.Kind) bool { return k == fields.Dependent })).Draw(t, "kind")
			f := field(fmt.Sprintf("%s%d", kind, i), rapid.OneOf(rapid.SampledFrom(input.columns), rapid.SampledFrom(headers)).Draw(t, "name"))
			if kind.HasOptions() {
				for j, label := range rapid.SliceOfN(anyText(), 0, 6).Draw(t, "labels") {
					f.Options = append(f.Options, fields.Option{Code: fmt.Sprint(j), Label: label})
				}
			}
			account.Fields = append(account.Fields, f)
		}
		d := input.draft(t, account, rapid.SampledFrom(append([]string{""}, draft.Products()...)).Draw(t, "from"))
		loads(t, input, d.YAML, account)
	})
}
