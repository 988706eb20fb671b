package mapping

import (
	"encoding/json"
	"reflect"
	"testing"
)

// evalRow is what the expressions of these tests see.
var evalRow = []any{
	"text", " Mixed Case ", "empty", "", "missing", Value{}, "umlaut", "äöü",
	"csv", "10", "price", num("1.50"), "id", num("101004143000"), "big", num("123456789012345678901"), "two", num("2"), "half", num("0.5"),
	"yes", boolean("true"), "no", boolean("false"), "word", "TRUE",
	"tags", listVal(s("a"), s("B"), s("a")), "one", "single",
	"comments", listVal(obj("body", s("x"), "public", boolean("true")), obj("body", s("y"), "public", boolean("false"))),
	"who", obj("name", s("Ann"), "Mail", s("a@b.org")),
	"when", "14/Jul/25 3:42 PM", "iso", "2025-07-14T15:42:00Z",
	"jira", "15/Feb/26;ann;text; more",
}

func TestExpressions(t *testing.T) {
	list := func(s ...string) []string { return s }
	for _, c := range []struct {
		expr string
		want any // a string, a list, or nil where the field is left out
	}{
		{`row["text"]`, " Mixed Case "}, {`row.TEXT`, " Mixed Case "}, {`row[" Text "]`, " Mixed Case "}, {`row["te" + "xt"]`, " Mixed Case "},
		{`lower(trim(row["text"]))`, "mixed case"}, {`row.text | trim() | upper()`, "MIXED CASE"}, {`trim("--a-", "-")`, "a"},
		{`trimPrefix("RE: x", "RE: ")`, "x"}, {`trimSuffix("a.csv", ".csv")`, "a"}, {`replace("a-b-c", "-", "+")`, "a+b+c"},
		{`"ZD-" + row["id"]`, "ZD-101004143000"}, {`"" + row.price`, "1.50"}, {`row.price`, "1.50"}, {`row.big`, "123456789012345678901"},
		{`"x" + row.missing + row.empty`, "x"}, {`"x" + true`, "xtrue"}, {`row.two + 1`, "3"}, {`row.two + row.half`, "2.5"}, {`row.csv + 1`, "101"},
		{`int(row.csv) + 1`, "11"}, {`float("1.5") * 2`, "3"}, {`row.two * 3 - 1`, "5"}, {`10 / 4`, "2.5"}, {`7 % 4`, "3"}, {`2 ** 3`, "8"},
		{`int(" 5 ")`, "5"}, {`int(2.9)`, "2"}, {`int("")`, nil}, {`float(nil)`, nil}, {`round(2.6)`, "3"}, {`round(row.csv)`, "10"}, {`abs(-2)`, "2"},
		{`1000000 * 1000000`, "1000000000000"}, {`1e21 / 1`, "1000000000000000000000"}, {`string(1.50)`, "1.5"},

		{`row.csv == 10`, "true"}, {`row.csv == "10"`, "true"}, {`row.csv == 10.0`, "true"}, {`row.two == "2"`, "true"}, {`row.price == 1.5`, "true"},
		{`row.price == "1.50"`, "true"}, {`row.text == 10`, "false"}, {`row.csv > 9`, "true"}, {`row.csv > "9"`, "false"}, {`row.two >= 2 and row.two < 2.5`, "true"},
		{`row.price > 1`, "true"}, {`row.missing == ""`, "true"}, {`row.empty == nil`, "true"}, {`row.missing != nil`, "false"}, {`row.two == nil`, "false"},
		{`row.yes == true`, "true"}, {`row.word == true`, "true"}, {`row.no == "FALSE"`, "true"}, {`row.yes and not row.no`, "true"}, {`row.yes ? "y" : "n"`, "y"},
		{`row.csv in [10, 20]`, "true"}, {`row.two in ["2"]`, "true"}, {`row.csv not in ["1"]`, "true"}, {`"a" in row.tags`, "true"}, {`"single" in row.one`, "true"},
		{`"a" in row.missing`, "false"}, {`"name" in row.who`, "true"},
		{`"text" in row`, "true"}, {`"TEXT" in row`, "true"}, {`"empty" in row`, "true"}, {`"missing" in row`, "false"}, {`"nowhere" in row`, "false"}, {`"gone" not in row`, "true"}, {`("te" + "xt") in row`, "true"},
		{`row.text contains "Case"`, "true"}, {`row.id startsWith "1010"`, "true"}, {`row.missing startsWith "x"`, "false"}, {`row.id matches "^[0-9]+$"`, "true"}, {`row.text endsWith row.empty`, "true"},
		{`row.missing ?? row.empty ?? row.csv`, "10"}, {`coalesce(row.empty, " ", row.missing, 0)`, "0"}, {`coalesce("", nil)`, nil},

		{`len(row.umlaut)`, "3"}, {`len(row.tags)`, "3"}, {`len(row.missing)`, "0"}, {`row.umlaut[1:]`, "öü"}, {`row.umlaut[:-1]`, "äö"}, {`row.umlaut[0]`, "ä"}, {`row.umlaut[-1]`, "ü"}, {`row.umlaut[9]`, nil},
		{`"abc"[2:1]`, nil}, {`row.text[1:6]`, "Mixed"}, {`row.missing[:3]`, nil}, {`indexOf("äbc", "c")`, "2"}, {`lastIndexOf("abab", "b")`, "3"}, {`indexOf("a", "x")`, "-1"},

		{`row.tags`, list("a", "B", "a")}, {`map(row.tags, lower(#))`, list("a", "b", "a")}, {`uniq(row.tags)`, list("a", "B")}, {`filter(row.tags, # != "a")`, list("B")},
		{`join(row.tags, "+")`, "a+B+a"}, {`join(row.one, "+")`, "single"}, {`join(["a", "", 1])`, "a1"}, {`join(row.missing, ",")`, nil}, {`row.tags[0]`, "a"}, {`row.tags[-1]`, "a"}, {`row.tags[7]`, nil}, {`row.tags[1:]`, list("B", "a")},
		{`split(row.jira, ";", 3)[2]`, "text; more"}, {`split(row.jira, ";")[9]`, nil}, {`split("a,b", ",")`, list("a", "b")},
		{`first(row.tags)`, "a"}, {`last(row.missing)`, nil}, {`take(row.tags, 2)`, list("a", "B")}, {`reverse(row.tags)`, list("a", "B", "a")}, {`sort(["b", "a"])`, list("a", "b")},
		{`concat(row.tags, row.one, row.missing)`, list("a", "B", "a", "single")}, {`flatten([["a"], "b"])`, list("a", "b")}, {`count(row.tags, # == "a")`, "2"}, {`any(row.missing, true)`, "false"},
		{`map(filter(row.comments, .public), .body)`, list("x")}, {`find(row.comments, not .public).body`, "y"}, {`find(row.comments, false)?.body`, nil}, {`find(row.comments, false).body`, nil},
		{`row.comments[1].body`, "y"}, {`row.who.name`, "Ann"}, {`row.who.mail`, "a@b.org"}, {`row.who.phone`, nil}, {`row.missing.name`, nil}, {`sum([1, 2.5])`, "3.5"}, {`sum(row.comments, len(.body))`, "2"}, {`max(1, row.two)`, "2"}, {`min([3, 1])`, "1"},
		{`reduce(1..4, #acc + #, 0)`, "10"}, {`sortBy(row.comments, .body, "desc")[0].body`, "y"}, {`map(1..3, #)`, list("1", "2", "3")}, {`1..2`, list("1", "2")},

		{`match(row.jira, "^([^;]*);([^;]*)")[2]`, "ann"}, {`match(row.jira, "zz")`, nil}, {`match("ab", row.missing)[0]`, nil}, {`replaceRegex("a1b22", "[0-9]+", "#")`, "a#b#"}, {`replaceRegex("Doe, Ann", "(\\w+), (\\w+)", "${2} ${1}")`, "Ann Doe"},
		{`date(row.iso)`, "2025-07-14T15:42:00Z"}, {`date(row.when, "2/Jan/06 3:04 PM", "Europe/Lisbon")`, "2025-07-14T14:42:00Z"}, {`date(row.empty)`, nil},
		{`format(date(row.iso), "2006")`, "2025"}, {`format(date(row.iso), "15:04", "Asia/Tokyo")`, "00:42"}, {`format(date(row.empty), "2006")`, nil},
		{`date(row.iso) > date("2025-01-01T00:00:00Z")`, "true"}, {`date("45306", "excel", "UTC")`, "2024-01-15T00:00:00Z"},
		{`let x = trim(row.text); x + "/" + x`, "Mixed Case/Mixed Case"}, {`if row.two > 1 { "many" } else { "one" }`, "many"}, {`nil`, nil}, {`""`, nil},
	} {
		_, isList := c.want.([]string)
		field := "text_a"
		if isList {
			field = "multi_select_a"
		}
		rule, err := json.Marshal(map[string]string{"expr": c.expr})
		if err != nil {
			t.Fatal(err)
		}
		got, faults := fieldOf(t, field, string(rule), evalRow...)
		if len(faults) > 0 || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s gives %#v, %v; want %#v", c.expr, got, faults, c.want)
		}
	}
}

// An expression's result is converted as a cell would be.
func TestExpressionResults(t *testing.T) {
	for _, c := range []struct {
		field, rule string
		want        want
	}{
		{"checkbox_a", `{expr: 'row.two > 1'}`, want{value: true}},
		{"checkbox_a", `{expr: 'row.text'}`, want{reason: "is neither true nor false"}},
		{"numeric_a", `{expr: 'int(row.csv) * 2'}`, want{value: json.Number("20")}},
		{"numeric_a", `{expr: '5 / 2'}`, want{reason: "is not a whole number"}},
		{"decimal_a", `{expr: '5 / 2', decimal_comma: true}`, want{value: json.Number("2.5")}},
		{"decimal_a", `{expr: 'row.price'}`, want{value: json.Number("1.50")}},
		{"date_a", `{expr: 'date(row.iso)', layout: "2006-01-02", timezone: UTC}`, want{value: "2025-07-14T15:42:00Z"}},
		{"date_a", `{expr: 'row.iso[:10]', layout: "2006-01-02", timezone: UTC}`, want{value: "2025-07-14T00:00:00Z"}},
		{"text_a", `{expr: 'row.tags', join: "+"}`, want{value: "a+B+a"}},
		{"text_a", `{expr: 'row.tags'}`, want{reason: "is a second value, but the field holds one"}},
		{"text_a", `{expr: 'row.empty', default: d}`, want{value: "d"}},
		{"multi_select_a", `{expr: 'row.jira', split: ";"}`, want{value: []string{"15/Feb/26", "ann", "text", "more"}}},
		{"dropdown_a", `{expr: 'lower(row.tags[1])', values: {b: "002"}}`, want{value: "002"}},
	} {
		got, faults := fieldOf(t, c.field, c.rule, evalRow...)
		t.Run(c.rule, func(t *testing.T) { check(t, got, faults, c.want) })
	}
}

// A fault at run time names the column that was read last, and never speaks of
// the machine's types.
func TestExpressionFaults(t *testing.T) {
	const failed = "makes the expression fail: "
	for _, c := range []struct {
		expr, column, reason string
	}{
		{`row.text * 2`, "text", failed + "cannot calculate with text; use int() or float() to convert text"},
		{`-row.text`, "text", failed + "cannot calculate with text; use int() or float() to convert text"},
		{`int(row.text)`, "text", failed + "int() needs a whole number; use float() for decimals"},
		{`float(row.text)`, "text", failed + "expected a number, got text"},
		{`round(row.text)`, "text", failed + "expected a number, got text"},
		{`row.text ? 1 : 2`, "text", failed + "expected true or false, got text"},
		{`row.missing and row.yes`, "missing", failed + "expected true or false, got nothing"},
		{`filter(row.tags, #)`, "tags", failed + "expected true or false, got text"},
		{`row.text > 3`, "text", failed + "cannot order text and a number"},
		{`row.missing > 3`, "missing", failed + "cannot order nothing and a number"},
		{`lower(row.tags)`, "tags", failed + "expected text, got a list"},
		{`"x" + row.who`, "who", failed + "expected text, got an object"},
		{`row.tags == row.tags`, "tags", failed + "cannot compare a list: name an element, or use in"},
		{`row.text.name`, "text", failed + "text has no members"},
		{`row.who`, "who", failed + "the result is an object: name one of its members"},
		{`[row.tags]`, "tags", failed + "the result is a list of lists: use flatten()"},
		{`row[row.text]`, "text", failed + "the input has no such column"},
		{`date(row.text)`, "text", failed + "date(): the value is not an RFC 3339 date such as 2022-04-21T06:30:21Z"},
		{`format(row.iso, "2006")`, "iso", failed + "format() needs a time, got text: use date()"},
		{`1 / (int(row.csv) - 10)`, "csv", failed + "the result is not a finite number"},
		{`row.two % 0`, "two", failed + "% needs two whole numbers, the second not 0"},
		{`match(row.text, row.jira + "(")`, "jira", failed + "invalid regular expression"},
	} {
		rule, err := json.Marshal(map[string]string{"expr": c.expr})
		if err != nil {
			t.Fatal(err)
		}
		got, faults := fieldOf(t, "text_a", string(rule), evalRow...)
		if len(faults) != 1 || faults[0].Column != c.column || faults[0].Reason != c.reason || faults[0].Field != "custom_fields.text_a" {
			t.Errorf("%s gives %v, %+v", c.expr, got, faults)
		}
	}
}
