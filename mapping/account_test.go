package mapping

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"caseimport/mapping/fields"
)

// TestOptions sends options by their codes, however the row names them.
func TestOptions(t *testing.T) {
	one := func(code string) want { return want{value: code} }
	list := func(codes ...string) want { return want{value: codes} }
	fault := func(reason string) want { return want{reason: reason} }
	const noRegion, noTag, noTopic = `is not an option of "Region"`, `is not an option of "Tags"`, `is not an option of "Topic"`
	for _, c := range []struct {
		field, rule string
		cell        any
		want        want
	}{
		{"drop_down3", "A", "Europe", one("001")},
		{"drop_down3", "A", " EUROPE ", one("001")},
		{"drop_down3", "A", "002", one("002")},
		{"drop_down3", "A", "", want{}},
		{"drop_down3", "A", "Eurpe", fault(noRegion)},
		{"drop_down3", "A", "Elsewhere", one("004")},
		{"drop_down3", "A", "ELSEWHERE", fault(`stands for several options of "Region"`)},
		{"drop_down3", "{column: A, values: {EMEA: Europe, LATAM: '003'}}", "latam", one("003")},
		{"drop_down3", "{column: A, values: {EMEA: Europe, LATAM: '003'}}", "emea", one("001")},
		{"drop_down3", "{column: A, values: {EMEA: Europe}}", "Europe", fault("is not in values")},
		{"drop_down3", "{column: A, values: {EMEA: Europe}, pass: true}", "north america", one("002")},
		{"drop_down3", "{column: A, values: {EMEA: Europe}, pass: true}", "Asia", fault(noRegion)},
		{"drop_down3", "{column: A, values: {EMEA: Europe}, default: South America}", "Asia", one("003")},
		{"drop_down3", "{column: A, default: South America}", "", one("003")},
		{"drop_down3", "{const: north america}", "", one("002")},
		{"drop_down3", `{expr: 'trimPrefix(row["A"], "in ")'}`, "in Europe", one("001")},
		// What the mapping file writes is a code first; in a cell it could be either.
		{"drop_down7", "A", "1", fault(`stands for several options of "Level"`)},
		{"drop_down7", `{column: A, values: {"1": "1"}}`, "1", one("1")},
		{"drop_down8", "A", "anything", one("anything")}, // no options are known of it
		{"multi_select4", `{column: A, split: ","}`, "VIP, refund,002", list("003", "001", "002")},
		{"multi_select4", `{column: A, split: ","}`, "vip, refnd", fault(noTag)},
		{"multi_select4", `A`, listVal(s("vip"), s("refund")), list("003", "001")},
		{"multi_select4", `{column: A, split: ",", values: {gold: vip}, pass: true}`, "gold,delivery", list("003", "002")},
		{"multi_select4", `{const: [vip, "001"]}`, "", list("003", "001")},
		{"dependent_field5", `{column: A, split: ">"}`, "Hardware > printer > 004", list("001", "002", "004")},
		{"dependent_field5", `{column: A, split: ">"}`, "Software > Other", list("008", "010")},
		{"dependent_field5", `{column: A, split: ">"}`, "Hardware > Other", list("001", "005")},
		{"dependent_field5", `{column: A, split: ">"}`, "Hardware", list("001")},
		{"dependent_field5", `{column: A, split: ">"}`, "Printer", fault(noTopic)},
		{"dependent_field5", `{column: A, split: ">"}`, "Hardware > Installation", fault(noTopic + ` under "Hardware"`)},
		{"dependent_field5", `{column: A, split: ">"}`, "Software > Other > Toner", fault(`is one level too many: there are no options of "Topic" under "Software > Other"`)},
		{"dependent_field5", `{column: A, split: ">", values: {HW: Hardware}, pass: true}`, "HW > Other", list("001", "005")},
		{"dependent_field5", `{column: A, default: [Hardware, Printer]}`, "", list("001", "002")},
		{"text2", "A", "Europe", one("Europe")},
	} {
		got, faults := fieldOf(t, c.field, c.rule+"\nfields: fields.json", "A", c.cell)
		t.Run(c.field+" "+c.rule, func(t *testing.T) { check(t, got, faults, c.want) })
	}
}

// TestOptionFixes names what was probably meant, and writes the line that makes
// it so. The line must load.
func TestOptionFixes(t *testing.T) {
	const options = `  # options: "Europe" (001), "North America" (002), "South America" (003), "Elsewhere" (004), "elsewhere" (005)`
	for _, c := range []struct {
		field, rule string
		cells       []string
		hint, fix   string
	}{
		{"drop_down3", "A", []string{"Eurpe", "Asia"}, `; nearest: "Europe" (001)`,
			`drop_down3: {column: A, values: {Eurpe: Europe, Asia: "?"}, pass: true}` + options},
		{"drop_down3", "A", []string{"Asia"}, `; options: "Europe" (001), "North America" (002), "South America" (003), "Elsewhere" (004), "elsewhere" (005)`,
			`drop_down3: {column: A, values: {Asia: "?"}, pass: true}` + options},
		{"drop_down3", "A", []string{"ELSEWHERE"}, `: "Elsewhere" (004), "elsewhere" (005)`,
			`drop_down3: {column: A, values: {ELSEWHERE: "?"}, pass: true}  # options: "Elsewhere" (004), "elsewhere" (005)`},
		{"drop_down3", "{column: A, values: {EMEA: Europe}}", []string{"Eurpe", "Europe", "Asia"}, "",
			`drop_down3: {values: {Eurpe: Europe, Europe: Europe, Asia: "?"}}  # add to those already there`},
		{"drop_down3", "{column: A, values: {EMEA: Europe}, pass: true}", []string{"Eurpe"}, `; nearest: "Europe" (001)`,
			`drop_down3: {values: {Eurpe: Europe}}  # add to those already there;` + strings.TrimPrefix(options, "  #")},
		{"multi_select4", "A", []string{"vip,refnd"}, `; options: "refund" (001), "delivery" (002), "vip" (003)`,
			`multi_select4: {column: A, split: ","}`},
		{"dependent_field5", `{column: A, split: ">"}`, []string{"Hardware > Installation"}, `; there is one under "Software"`,
			`dependent_field5: {column: A, split: ">", values: {Installation: "?"}, pass: true}  # options: "Printer" (002), "Other" (005)`},
		{"dependent_field5", `{column: A, split: ">"}`, []string{"Hardware > Printer > Tonr"}, `; nearest: "Toner" (004)`,
			`dependent_field5: {column: A, split: ">", values: {Tonr: Toner}, pass: true}  # options: "Paper" (003), "Toner" (004)`},
	} {
		var fix string
		var entries []string
		for i, cell := range c.cells {
			_, faults := fieldOf(t, c.field, c.rule+"\nfields: fields.json", "A", cell)
			if len(faults) != 1 {
				t.Fatalf("%s %q: faults %v", c.field, cell, faults)
			}
			if i == 0 && faults[0].Hint != c.hint {
				t.Errorf("%s %q: hint %s, want %s", c.field, cell, faults[0].Hint, c.hint)
			}
			fix = faults[0].Fix
			if faults[0].Entry != "" {
				entries = append(entries, faults[0].Entry)
			}
		}
		got := MergeFix(fix, entries)
		if got != c.fix {
			t.Errorf("%s %q:\n got %s\nwant %s", c.field, c.cells, got, c.fix)
		}
		if strings.Contains(got, "already there") {
			continue
		}
		_, err := Parse("m.yaml", []byte(head+"fields: fields.json\ncustom_fields:\n  "+strings.ReplaceAll(got, `"?"`, `""`)+"\n"), testdata)
		if err != nil {
			t.Errorf("%s does not load: %v", got, err)
		}
	}
}

// TestFaultNamesTheNearest in one line, as results files have it.
func TestFaultNamesTheNearest(t *testing.T) {
	_, faults := fieldOf(t, "dropdown3", "A\nfields: fields.json", "A", "Eurpe")
	const want = `custom_fields.drop_down3: "Eurpe" in column "A" is not an option of "Region"; nearest: "Europe" (001)`
	if len(faults) != 1 || faults[0].String() != want {
		t.Errorf("%v, want %s", faults, want)
	}
}

// TestFaultBlamesTheLevel names the column of the level that is wrong.
func TestFaultBlamesTheLevel(t *testing.T) {
	_, faults := fieldOf(t, "dependent_field5", "{columns: [A, B]}\nfields: fields.json", "A", "Hardware", "B", "Installation")
	if len(faults) != 1 || faults[0].Column != "B" || faults[0].Value != "Installation" {
		t.Errorf("%+v", faults)
	}
}

// TestAccountKey sends a drop-down under the account's key, however the mapping
// spells it, and as it is spelled where the account is not known.
func TestAccountKey(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"custom_fields: {dropdown3: A}\nfields: fields.json\n", `{"drop_down3":"001"}`},
		{"custom_fields: {drop_down3: A}\nfields: fields.json\n", `{"drop_down3":"001"}`},
		{"custom_fields: {dropdown3: A}\n", `{"dropdown3":"Europe"}`},
		{"custom_fields: {drop_down3: A}\n", `{"drop_down3":"Europe"}`},
	} {
		made, faults := mapped(t, c.src, "A", "Europe")
		got, err := json.Marshal(made.CustomFields)
		if err != nil || string(got) != c.want || faults != nil {
			t.Errorf("%q: %s, %v, %v", c.src, got, faults, err)
		}
	}
}

// TestRequiredFields warns of those that no rule fills, and only then.
func TestRequiredFields(t *testing.T) {
	for _, c := range []struct {
		src  string
		want []string
	}{
		{"", nil},
		{"fields: fields.json\n", []string{`the account requires drop_down3 ("Region") before a case can be resolved, and no rule fills it: agents will have to`}},
		{"fields: fields.json\ncustom_fields: {dropdown3: A}\n", nil},
	} {
		if got := compile(t, c.src, []string{"A"}).Warnings(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: %q, want %q", c.src, got, c.want)
		}
	}
}

// TestParseFor takes the given definitions, not those of the file that the
// mapping names: that one is not even read.
func TestParseFor(t *testing.T) {
	account := &fields.File{Account: "other", Fields: []fields.Field{{Key: "text7", Kind: fields.Text, Active: true}}}
	m, err := ParseFor(account, "m.yaml", []byte(head+"fields: nowhere.json\ncustom_fields: {text7: A}\n"), testdata)
	if err != nil || m.Account() != account {
		t.Errorf("%v, %v", m, err)
	}
	if _, err := ParseFor(account, "m.yaml", []byte(head+"custom_fields: {text1: A}\n"), testdata); err == nil {
		t.Error("a key that the account does not have was taken")
	}
	if m, err := Parse("m.yaml", []byte(head), testdata); err != nil || m.Account() != nil {
		t.Errorf("without definitions: %v, %v", m.Account(), err)
	}
	if _, err := Parse("m.yaml", []byte(head+"fields: fields.json\n"), nil); err == nil {
		t.Error("definitions that cannot be read were taken")
	}
}
