package mapping

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"caseimport/mapping/fields"
	"caseimport/mapping/words"
)

func TestSources(t *testing.T) {
	const several = "is a second value, but the field holds one"
	for _, c := range []struct {
		name, field, rule string
		cols              []any
		want              want
	}{
		{"a column without regard to case and blanks", "text_a", "' sUBJECT '", []any{"Subject", "x"}, want{value: "x"}},
		{"const keeps its spelling", "text_a", "{const: 001}", nil, want{value: "001"}},
		{"const of yes", "text_a", "{const: yes}", nil, want{value: "yes"}},
		{"const number", "numeric_a", "{const: +5}", nil, want{value: json.Number("5")}},
		{"const list", "multi_select_a", "{const: [a, 1, yes]}", nil, want{value: []string{"a", "1", "yes"}}},
		{"const list of one", "multi_select_a", "{const: a}", nil, want{value: []string{"a"}}},

		{"the first column that is not empty", "text_a", "{columns: [A, B, C]}", []any{"A", " ", "B", "b", "C", "c"}, want{value: "b"}},
		{"a typed fallback", "numeric_a", "{columns: [A, B]}", []any{"A", "", "B", "2"}, want{value: json.Number("2")}},
		{"a bad first column is no reason to fall back", "numeric_a", "{columns: [A, B]}", []any{"A", "x", "B", "2"}, want{reason: "is not a whole number"}},
		{"joined columns", "text_a", `{columns: [A, B, C], join: ", "}`, []any{"A", "a", "B", "", "C", "c"}, want{value: "a, c"}},
		{"all columns of a list", "dependent_field_a", "{columns: [A, B, C]}", []any{"A", "a", "B", "", "C", "c"}, want{value: []string{"a", "c"}}},
		{"all columns empty", "dependent_field_a", "{columns: [A, B]}", []any{"A", "", "B", ""}, want{}},

		{"a repeated header into a list", "multi_select_a", "A", []any{"A", listVal(s("x"), s("y"), s("x"))}, want{value: []string{"x", "y", "x"}}},
		{"a repeated header, joined", "text_a", `{column: A, join: "; "}`, []any{"A", listVal(s("x"), s("y"))}, want{value: "x; y"}},
		{"a repeated header with one value", "text_a", "A", []any{"A", listVal(s("x"))}, want{value: "x"}},
		{"a repeated header with a second value", "text_a", "A", []any{"A", listVal(s("x"), s("y"))}, want{reason: several}},
		{"no value of a repeated header", "text_a", "A", []any{"A", listVal()}, want{}},
		{"joined with nothing between", "text_a", `{column: A, join: ""}`, []any{"A", listVal(s("x"), s("y"))}, want{value: "xy"}},
		{"a second value behind a fallback is not dropped", "text_a", "{columns: [A, B]}", []any{"A", "", "B", listVal(s("x"), s("y"))}, want{reason: several}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, faults := fieldOf(t, c.field, c.rule, c.cols...)
			check(t, got, faults, c.want)
		})
	}
}

func TestModifiers(t *testing.T) {
	for _, c := range []struct {
		name, field, rule string
		cell              any
		want              want
	}{
		{"values", "dropdown_a", `{column: A, values: {EMEA: "001", APAC: 002}}`, " apac ", want{value: "002"}},
		{"values of words that YAML has other ideas of", "text_a", `{column: A, values: {yes: ja, no: nein, 1: eins, true: wahr, null: nichts, 1.50: x}}`, "YES", want{value: "ja"}},
		{"no", "text_a", `{column: A, values: {yes: ja, no: nein}}`, "no", want{value: "nein"}},
		{"1", "text_a", `{column: A, values: {1: eins}}`, "1", want{value: "eins"}},
		{"1 of JSON", "text_a", `{column: A, values: {1: eins}}`, num("1"), want{value: "eins"}},
		{"true of JSON", "text_a", `{column: A, values: {true: wahr}}`, boolean("true"), want{value: "wahr"}},
		{"null as a word", "text_a", `{column: A, values: {null: nichts}}`, "NULL", want{value: "nichts"}},
		{"a key beyond ASCII", "text_a", `{column: A, values: {Größe: g}}`, "GRÖSSE", want{reason: "is not in values"}},
		{"another", "text_a", `{column: A, values: {Ümlaut: u}}`, "ümLAUT", want{value: "u"}},
		{"a long key", "text_a", `{column: A, values: {` + strings.Repeat("Ab", 50) + `: u}}`, strings.Repeat("aB", 50), want{value: "u"}},
		{"not listed", "text_a", `{column: A, values: {a: b}}`, "x", want{reason: "is not in values"}},
		{"not listed, default", "text_a", `{column: A, values: {a: b}, default: d}`, "x", want{value: "d"}},
		{"not listed, pass", "text_a", `{column: A, values: {a: b}, pass: true}`, " x ", want{value: " x "}},
		{"not listed, pass before default", "text_a", `{column: A, values: {a: b}, pass: true, default: d}`, "x", want{value: "x"}},
		{"empty, default", "text_a", `{column: A, values: {a: b}, pass: true, default: d}`, " ", want{value: "d"}},
		{"empty without default", "text_a", `{column: A, values: {a: b}}`, " ", want{}},
		{"a value that stands for empty", "text_a", `{column: A, values: {"?": ""}, pass: true}`, "?", want{}},
		{"and takes the default", "text_a", `{column: A, values: {"?": ""}, pass: true, default: d}`, "?", want{value: "d"}},
		{"typed values", "checkbox_a", `{column: A, values: {gold: yes, tin: no}}`, "Tin", want{value: false}},
		{"passed values are converted", "numeric_a", `{column: A, values: {none: 0}, pass: true}`, "x", want{reason: "is not a whole number"}},
		{"values in a list", "multi_select_a", `{column: A, split: ",", values: {a: "1", b: ""}}`, "A,b,a", want{value: []string{"1", "1"}}},
		{"default in a list", "multi_select_a", `{column: A, split: ",", values: {a: "1"}, default: [x, y]}`, "A,b", want{value: []string{"1", "x", "y"}}},
		{"values from a file", "dropdown_a", `{column: A, values: {file: agents.csv}}`, "BOB", want{value: "502"}},
		{"with columns", "dropdown_a", `{column: A, values: {file: agents.csv, from: ID, to: name}}`, "501", want{value: "Ann Example"}},
		{"empty in the file", "dropdown_a", `{column: A, values: {file: agents.csv}}`, "eve", want{}},

		{"default", "numeric_a", "{column: A, default: 7}", "", want{value: json.Number("7")}},
		{"default of a date", "date_a", "{column: A, default: 2024-01-01T00:00:00+01:00}", "", want{value: "2023-12-31T23:00:00Z"}},
		{"default of a list", "multi_select_a", "{column: A, default: [a, b]}", "", want{value: []string{"a", "b"}}},
		{"default of a decimal has a point", "decimal_a", "{column: A, decimal_comma: true, default: 1.5}", "", want{value: json.Number("1.5")}},
		{"required", "text_a", "{column: A, required: true}", "\t", want{reason: "is empty, but required"}},
		{"required list", "multi_select_a", "{column: A, required: true}", listVal(s("")), want{reason: "is empty, but required"}},
		{"required with a default", "text_a", "{column: A, required: true, default: d}", "", want{value: "d"}},
		{"truncate counts characters", "text_a", "{column: A, truncate: 3}", "äöüß", want{value: "äöü"}},
		{"truncate leaves shorter ones", "text_a", "{column: A, truncate: 3}", "äöü", want{value: "äöü"}},
		{"truncate after join", "text_a", `{column: A, join: "-", truncate: 3}`, listVal(s("ab"), s("c")), want{value: "ab-"}},
		{"html", "text_a", "{column: A, html: true}", "<p>Hi</p><p>there</p>", want{value: "Hi\n\nthere"}},
		{"html that shows nothing", "text_a", "{column: A, html: true, default: d}", "<p> &nbsp;</p>", want{value: "d"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, faults := fieldOf(t, c.field, c.rule, "A", c.cell)
			check(t, got, faults, c.want)
		})
	}
}

const plainCase = `version: 1
case: {title: T, description: D, priority: P, requester_name: N, requester_email: E, requester_type: R, owner_id: O, parent_id: I}
`

func TestStandardFields(t *testing.T) {
	full := []any{"T", "t", "D", "d", "P", "HIGH", "N", "n", "E", "e@x.org", "R", "Contact", "O", num("17"), "I", "18"}
	got, faults := mapped(t, plainCase, full...)
	want := Case{Title: "t", Description: "d", Priority: "HIGH", RequesterName: "n", RequesterEmail: "e@x.org", RequesterType: "Contact", OwnerID: "17", ParentID: "18"}
	if len(faults) > 0 || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v %v", got, faults)
	}
	for _, c := range []struct {
		name   string
		change []any // cells that differ
		faults []string
	}{
		{"150 characters", []any{"T", strings.Repeat("ä", 150)}, nil},
		{"151 characters", []any{"T", strings.Repeat("ä", 151)}, []string{"title is longer than 150 characters"}},
		{"2,000 characters", []any{"D", strings.Repeat("ä", 2000)}, nil},
		{"2,001 characters", []any{"D", strings.Repeat("ä", 2001)}, []string{"description is longer than 2000 characters"}},
		{"no title, no description", []any{"T", " ", "D", ""}, []string{"title is empty, but a case needs a title", "description is empty, but a case needs a description"}},
		{"priority in lower case", []any{"P", "high"}, []string{"priority is not one of LOW, NORMAL, HIGH, URGENT"}},
		{"no priority", []any{"P", ""}, nil},
		{"no name", []any{"N", ""}, nil},
		{"no e-mail", []any{"E", ""}, nil},
		{"no requester", []any{"N", "", "E", " "}, []string{"requester_name is empty, but a case needs a requester's name or e-mail address"}},
		{"a bad e-mail alone is one fault", []any{"N", "", "E", "x"}, []string{"requester_email is not an e-mail address"}},
		{"blanks around an e-mail", []any{"E", " e@x.org"}, []string{"requester_email has spaces around the e-mail address"}},
		{"all at once", []any{"T", "", "P", "x", "E", "a@b@c"}, []string{"title is empty, but a case needs a title", "priority is not one of LOW, NORMAL, HIGH, URGENT", "requester_email is not a single e-mail address"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cols := append([]any{}, full...)
			for i := 0; i < len(c.change); i += 2 {
				for j := range cols {
					if cols[j] == c.change[i] {
						cols[j+1] = c.change[i+1]
					}
				}
			}
			_, faults := mapped(t, plainCase, cols...)
			var got []string
			for _, f := range faults {
				got = append(got, f.Field+" "+f.Reason)
			}
			if !reflect.DeepEqual(got, c.faults) {
				t.Errorf("got %q, want %q", got, c.faults)
			}
		})
	}
}

// The line that a fault offers must be one with which the row maps.
func TestFixes(t *testing.T) {
	for _, c := range []struct {
		field, rule, cell, fix string
	}{
		{"title", "A", strings.Repeat("x", 151), "title: {column: A, truncate: 150}"},
		{"title", "A", "", "title: {column: A, default: \"(no subject)\"}"},
		{"description", "{column: A, html: true}", strings.Repeat("x", 2001), "description: {column: A, html: true, overflow: notes}"},
		{"priority", "A", "critical", "priority: {column: A, values: {low: LOW, normal: NORMAL, medium: NORMAL, high: HIGH, urgent: URGENT, critical: URGENT}}"},
		{"priority", "{column: A, values: {low: LOW}}", "3 - Moderate", "priority: {values: {\"3 - Moderate\": NORMAL}}  # add to those already there"},
		{"priority", "A", "High", "priority: {column: A, values: {low: LOW, normal: NORMAL, medium: NORMAL, high: HIGH, urgent: URGENT, critical: URGENT}}"},
		{"priority", "A", "w", "priority: {column: A, values: {low: LOW, normal: NORMAL, medium: NORMAL, high: HIGH, urgent: URGENT, critical: URGENT, w: \"?\"}}"},
		{"priority", "{column: A, values: {low: LOW}}", "4", "priority: {values: {\"4\": \"?\"}}  # add to those already there"},
		{"dropdown_a", "{column: A, values: {x: y}}", `a: "b", c`, "dropdown_a: {values: {'a: \"b\", c': \"?\"}}  # add to those already there"},
		{"requester_email", "A", " e@x.org ", `requester_email: {expr: 'trim(row["A"])'}`},
		{"checkbox_a", "A", "gold", "checkbox_a: {column: A, true: [\"1\", \"true\", \"yes\", gold]}  # or under false, whichever each means"},
		{"decimal_a", "A", "3,5", "decimal_a: {column: A, decimal_comma: true}"},
		{"decimal_a", "A", "x", ""},
		{"requester_email", "A", "Bob <e@x.org>", "requester_email: {expr: 'match(row[\"A\"], `[\\w.+-]+@[\\w.-]+\\.\\w+`)[0]'}  # the first address in the cell, if there is one"},
		{"requester_email", "A", "nobody", ""},
		{"numeric_a", "A", "99999999999999999999", ""},
		{"date_a", "{column: A, layout: \"2006-01-02 15:04\", timezone: Europe/Lisbon}", "2025-03-30 01:30", ""},
		{"numeric_a", "A", "3.0", `numeric_a: {expr: 'int(float(row["A"]))'}`},
		{"numeric_a", "A", "1.000", ""},
		{"date_a", "A", "2024-05-06 10:11", "date_a: {column: A, layout: \"2006-01-02 15:04\", timezone: UTC}  # the time zone of the export"},
		{"date_a", "A", "2024-05-06 10:11 +0200", `date_a: {column: A, layout: "2006-01-02 15:04 -0700"}`},
		{"date_a", "A", "2016-04-28T11:19:34 -10:00", "date_a: {column: A, layout: \"2006-01-02T15:04:05 -07:00\"}"},
		{"date_a", "{column: A, layout: \"2006-01-02\", timezone: Europe/Lisbon}", "14/Jul/25 3:42 PM", "date_a: {column: A, layout: [\"2006-01-02\", \"2/Jan/06 3:04 PM\"], timezone: Europe/Lisbon}"},
		{"date_a", "A", "14/3/2024", "date_a: {column: A, layout: \"2/1/2006\", timezone: UTC}  # the time zone of the export"},
		{"date_a", "A", "4/3/2024", "date_a: {column: A, layout: \"1/2/2006\", timezone: UTC}  # or \"2/1/2006\": one value cannot tell the day from the month"},
		{"date_a", "A", "45306", "date_a: {column: A, layout: excel, timezone: UTC}  # the time zone of the export"},
		{"date_a", "A", "1380698150", "date_a: {column: A, layout: unix}"},
	} {
		t.Run(c.field+" "+words.Shown(c.cell), func(t *testing.T) {
			fault := fixOf(t, c.field, c.rule, c.cell)
			if fault == nil {
				t.Fatal("no fault")
			}
			var entries []string
			if fault.Entry != "" {
				entries = append(entries, fault.Entry)
			}
			fix := MergeFix(fault.Fix, entries)
			if fix != c.fix {
				t.Errorf("got  %s\nwant %s", fix, c.fix)
			}
			if c.fix == "" || strings.Contains(c.fix, "add to those already there") || strings.Contains(c.fix, "?") {
				return
			}
			_, rule, _ := strings.Cut(fix, ": ")
			if again := fixOf(t, c.field, rule, c.cell); again != nil {
				t.Errorf("with the fix: %v", again)
			}
		})
	}
}

// Many values at fault are mended by one line.
func TestMergeFix(t *testing.T) {
	for _, c := range []struct {
		field, rule string
		cells       []string
		want        string
	}{
		{"priority", "A", []string{"high", "P1", "huge"}, "priority: {column: A, values: {low: LOW, normal: NORMAL, medium: NORMAL, high: HIGH, urgent: URGENT, critical: URGENT, P1: URGENT, huge: \"?\"}}"},
		{"dropdown_a", "{column: A, values: {x: y}}", []string{"a", "b"}, "dropdown_a: {values: {a: \"?\", b: \"?\"}}  # add to those already there"},
		{"checkbox_a", "{column: A, true: x}", []string{"gold", "silver"}, "checkbox_a: {column: A, true: [x, gold, silver]}  # or under false, whichever each means"},
		{"date_a", "{column: A, layout: unix}", []string{"2016-04-28T11:19:34 -10:00"}, "date_a: {column: A, layout: [unix, \"2006-01-02T15:04:05 -07:00\"]}"},
		{"date_a", "A", []string{"1380698150", "2016-04-28T11:19:34 -10:00"}, "date_a: {column: A, layout: [unix, \"2006-01-02T15:04:05 -07:00\"]}"},
	} {
		fixes := map[string]bool{}
		var entries []string
		var fix string
		for _, cell := range c.cells {
			fault := fixOf(t, c.field, c.rule, cell)
			if fault == nil {
				t.Fatalf("%s: no fault", cell)
			}
			fix = fault.Fix
			fixes[fix] = true
			if fault.Entry != "" {
				entries = append(entries, fault.Entry)
			}
		}
		if got := MergeFix(fix, entries); got != c.want || len(fixes) != 1 {
			t.Errorf("got  %s\nwant %s (%d fixes)", got, c.want, len(fixes))
		}
	}
}

// fixOf maps one cell with one rule and returns the first fault.
func fixOf(t *testing.T, field, rule, cell string) *Fault {
	t.Helper()
	src := head + "custom_fields:\n  " + field + ": " + rule + "\n"
	if _, ok := map[string]bool{"title": true, "description": true, "priority": true, "requester_email": true}[field]; ok {
		src = "version: 1\ncase:\n  " + field + ": " + rule + "\n"
		for name, filler := range map[string]string{"title": "t", "description": "d", "requester_name": "n"} {
			if name != field {
				src += "  " + name + ": {const: " + filler + "}\n"
			}
		}
	}
	_, faults := mapped(t, src, "A", cell)
	if len(faults) == 0 {
		return nil
	}
	return &faults[0]
}

func TestFaultString(t *testing.T) {
	for _, c := range []struct {
		fault      Fault
		want, kind string
	}{
		{Fault{Column: "Priority", Field: "priority", Value: "x\n", Reason: "is not in values"},
			`priority: "x\n" in column "Priority" is not in values`, `priority: a cell of column "Priority" is not in values`},
		{Fault{Column: "Id", Field: "key", Reason: "is empty"}, `key: column "Id" is empty`, `key: column "Id" is empty`},
		{Fault{Field: "title", Reason: "is empty"}, `title: is empty`, `title: is empty`},
		{Fault{Reason: "has 3 fields"}, `has 3 fields`, `has 3 fields`},
	} {
		if got := c.fault.String(); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
		if got := c.fault.Kind(); got != c.kind {
			t.Errorf("got %s, want %s", got, c.kind)
		}
	}
}

func TestFaultValueIsCut(t *testing.T) {
	_, faults := fieldOf(t, "numeric_a", "A", "A", strings.Repeat("ä", 1000))
	if len(faults) != 1 || faults[0].Value != strings.Repeat("ä", 80)+"…" {
		t.Error(faults)
	}
}

// TestKindsAreThoseOfFields: what a prefix means stands here, what an account's field
// holds in package fields.
func TestKindsAreThoseOfFields(t *testing.T) {
	known := map[fields.Kind]bool{}
	for _, name := range prefixNames() {
		known[fields.KindOf(name)] = true
	}
	for _, k := range fields.Kinds {
		if !known[k] {
			t.Errorf("no prefix of mappings is of the kind %s", k)
		}
	}
	if len(known) != len(fields.Kinds) {
		t.Errorf("%v are not %v", known, fields.Kinds)
	}
}
