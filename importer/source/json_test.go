package source

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"caseimport/mapping"
)

func TestJSONColumnsAndCells(t *testing.T) {
	table := open(t, "x.jsonl", `{"id": 12345678901234567890, "requester": {"name": "Jané", "a.b": 1.50}, "tags": ["x", null, 1e3]}`+"\n"+
		"\r\n"+
		`{"subject": "caf\u00e9 \ud83d\ude00 \ufffd", "id": "2", "requester": null, "x.y": true, "comments": [{"body": "b", "public": false}]}`+"\n", Options{})
	want := []string{"id", "requester", "requester.name", "requester.a.b", "tags", "subject", "x.y", "comments"}
	if !reflect.DeepEqual(table.Columns, want) {
		t.Fatalf("columns %q", table.Columns)
	}
	if table.Format != "json" || table.Header != nil {
		t.Errorf("format %s, header %q", table.Format, table.Header)
	}
	text := func(s string) mapping.Value { return mapping.Value{Kind: mapping.String, Text: s} }
	number := func(s string) mapping.Value { return mapping.Value{Kind: mapping.Number, Text: s} }
	list := func(v ...mapping.Value) mapping.Value { return mapping.Value{Kind: mapping.List, List: v} }
	object := func(names []string, v ...mapping.Value) mapping.Value {
		return mapping.Value{Kind: mapping.Object, Names: names, List: v}
	}
	cells := [][]mapping.Value{
		{number("12345678901234567890"), object([]string{"name", "a.b"}, text("Jané"), number("1.50")), text("Jané"), number("1.50"),
			list(text("x"), mapping.Value{}, number("1e3")), {}, {}, {}},
		{text("2"), {}, {}, {}, {}, text("café 😀 \uFFFD"), {Kind: mapping.Bool, Text: "true"},
			list(object([]string{"body", "public"}, text("b"), mapping.Value{Kind: mapping.Bool, Text: "false"}))},
	}
	for n, r := range rows(t, table) {
		for i, want := range cells[n] {
			if got := r.Cell(i); !reflect.DeepEqual(got, want) {
				t.Errorf("row %d, %s: %v, want %v", n+1, table.Columns[i], got, want)
			}
		}
		if r.Fields() != nil || !strings.HasPrefix(string(r.JSON()), "{") {
			t.Errorf("fields %q, json %s", r.Fields(), r.JSON())
		}
	}
	if got := rows(t, table)[1].Line; got != 3 {
		t.Errorf("line %d", got)
	}
}

func TestALineThatIsNoObjectIsInvalidAlone(t *testing.T) {
	table := open(t, "x.ndjson", strings.Join([]string{
		`{"a": 1}`, `{"a": }`, `[1]`, `"a"`, `{"a": 1} {"a": 2}`, `{"a": 01}`, `{"a": 1, "a": 2}`, `{"b": {"c": 1}, "b.c": 2}`, `{"a": "x`, `{}`, `null`,
		strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_000), `{"a": 2}`,
	}, "\n"), Options{})
	want := []string{
		"",
		"not valid JSON at column 7: invalid character '}' at start of value",
		"not a JSON object, but an array",
		"not a JSON object, but a string",
		"not valid JSON at column 9: more text follows",
		"not valid JSON at column 8: invalid character '1' after object value (expecting ',' or '}')",
		`has the member "a" twice, and one of its values would be lost`,
		`has the member "b.c" twice, and one of its values would be lost`,
		"not valid JSON at column 9: the text ends too early: it may have been cut short",
		"",
		"not a JSON object, but null",
		"not valid JSON at column 50001: exceeded max depth",
		"",
	}
	for i, r := range rows(t, table) {
		if r.Fault != want[i] || r.Line != i+1 {
			t.Errorf("line %d: %q, want %q", r.Line, r.Fault, want[i])
		}
		if r.Fault != "" && r.Cell(0).Kind != mapping.None {
			t.Errorf("line %d has a cell", r.Line)
		}
	}
}

func TestJSONDocuments(t *testing.T) {
	for _, c := range []struct {
		name, content string
		lines         []int
		columns       string
	}{
		{"array", "[\n {\"a\": 1},\n\n {\"b\": {\n  \"c\": 2}}\n]\n", []int{2, 4}, "a b b.c"},
		{"array on one line", `[{"a":"]"},{"a":"\"}"}]`, []int{1, 1}, "a"},
		{"object with an array", "{\"count\": 2, \"tags\": [1],\n \"tickets\": [{\"a\": 1},\n {\"a\": 2}], \"next\": {\"a\": [{}]}}", []int{2, 3}, "a"},
		{"empty array", "[ ]", nil, ""},
		{"object with an empty array", `{"tickets": [ ], "next": null}`, nil, ""},
		{"lines under the name of a document", "{\"a\":1}\n\n{\"b\":2}\n", []int{1, 3}, "a b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			table := open(t, "x.json", c.content, Options{})
			var lines []int
			for _, r := range rows(t, table) {
				lines = append(lines, r.Line)
			}
			if !reflect.DeepEqual(lines, c.lines) || strings.Join(table.Columns, " ") != c.columns {
				t.Errorf("lines %v, columns %q", lines, table.Columns)
			}
		})
	}
}

func TestAnElementThatIsNoObjectIsInvalidAlone(t *testing.T) {
	got := rows(t, open(t, "x.json", `[{"a":1}, 2, {"a":3}]`, Options{}))
	if len(got) != 3 || got[1].Fault != "not a JSON object, but a number" || got[2].Fault != "" {
		t.Errorf("%d rows", len(got))
	}
}

func TestBrokenJSONIsRefused(t *testing.T) {
	for _, c := range []struct{ file, content, want string }{
		{"x.jsonl", "\n[{\"a\":1}]\n", "line 2: this is a JSON array, not JSON lines: read it with --format json, or name it .json"},
		{"x.json", "{\n\"a\": 1\n}\n{\n\"a\": 2\n}\n]", "line 7: not valid JSON: between the objects stands something else"},
		{"x.json", "{\n\"a\": 1\n}\n{\n\"a\": 2\n}\n7", "line 7: not valid JSON: between the objects stands something else"},
		{"x.json", "{\n\"a\": 1\n}\n{\n\"a\": 2\n", "line 6: not valid JSON: the text ends too early: it may have been cut short"},
		{"x.json", `{"T-1": {"a": 1}, "T-2": {"a": 2}}`, "the object holds the records by their names, not in an array: make an array of them, for instance by jq '[to_entries[] | {key: .key} + .value]'"},
		{"x.json", "[\n{\"a\":1},\n{\"a\" 2}]", "line 3: not valid JSON: invalid character '2' after object name (expecting ':')"},
		{"x.json", "[\n{\"a\":1}\n{\"a\":2}]", "line 3: not valid JSON: invalid character '{' after array element (expecting ',' or ']')"},
		{"x.json", "[{\"a\":1},\n]", "line 2: not valid JSON: invalid character ',' at start of value"},
		{"x.json", "[{\"a\":1}]\n]", "line 2: not valid JSON: invalid character ']' at start of value"},
		{"x.json", "[{\"a\":1}]\n{}", "line 2: not valid JSON: more text follows the end of the document"},
		{"x.json", "[{\"a\":1},\n{\"a\":", "line 2: not valid JSON: the text ends too early: it may have been cut short"},
		{"x.json", "{\"a\":\n", "line 2: not valid JSON: the text ends too early: it may have been cut short"},
		{"x.json", "[{\"a\":1}\n", "line 2: not valid JSON: the text ends too early: it may have been cut short"},
		{"x.json", "\n\n", "the file holds nothing but blanks"},
		{"x.json", "id,title\n", "line 1: not valid JSON: a document must begin with [ or {"},
		{"x.json", "{\"a\": tru, \"t\": [{}]}", "line 1: not valid JSON: invalid character ',' in literal true (expecting 'e')"},
		{"x.json", "{\"a\" [{}]}", "line 1: not valid JSON: invalid character '[' after object name (expecting ':')"},
		{"x.json", "{a: [{}]}", "line 1: not valid JSON: invalid character 'a' at start of value"},
		{"x.json", "{1: [{}]}", "line 1: not valid JSON: object member name must be a string"},
		{"x.json", "{\"a\": 1}", "the object holds no array of objects: export the tickets as an array; if the object is itself a ticket, read it with --format jsonl"},
		{"x.json", "{\"a\": [{}],\n\"b\": [{}]}", `line 2: "b" is an array of objects, and so is "a" on line 1: put the one to import in a file of its own`},
	} {
		if got := refused(t, c.file, c.content, Options{}); got != c.file+": "+c.want {
			t.Errorf("%q:\ngot  %s\nwant %s", c.content, got, c.want)
		}
	}
}

// Wherever a document is cut, none of it is taken for the whole.
func TestACutDocumentIsRefused(t *testing.T) {
	for _, whole := range []string{
		"[\n {\"a\": [1, \"x\\n\", {}]},\n {\"b\": -1.5e3}\n]",
		"{\"count\": 12, \"tags\": [1, [null, \"y\"]],\n \"tickets\": [{\"a\": true},\n {}], \"next\": {\"c\": [{}]}}",
	} {
		open(t, "x.json", whole, Options{})
		for n := 1; n < len(whole); n++ {
			got := refused(t, "x.json", whole[:n], Options{})
			line := strings.Count(whole[:n], "\n") + 1
			if want := fmt.Sprintf("x.json: line %d: not valid JSON: the text ends too early: it may have been cut short", line); got != want {
				t.Errorf("%q: %s", whole[:n], got)
			}
		}
	}
}

func TestARecordOfADocumentIsBounded(t *testing.T) {
	got := refused(t, "x.json", "[\n{\"a\":\""+strings.Repeat("x", maxRecord+1<<20), Options{})
	if want := "x.json: line 2: a record is larger than 16 MiB: is this the file's true format?"; got != want {
		t.Error(got)
	}
}

func TestDataUsedAsNamesIsRefused(t *testing.T) {
	var b strings.Builder
	for i := range maxColumns + 1 {
		fmt.Fprintf(&b, "{\"ticket %d\": 1}\n", i)
	}
	got := refused(t, "x.jsonl", b.String(), Options{})
	if want := "x.jsonl: line 10001: the objects have more than 10000 different members: they seem to use data as names, which cannot be mapped"; got != want {
		t.Errorf("got %s", got)
	}
}

// Half of a character is no text: decoded, different halves would be the same.
func TestHalfACharacterSpoilsItsRowAlone(t *testing.T) {
	for text, want := range map[string]string{
		`"\ud800"`: `\ud800`, `"\uDFFF"`: `\uDFFF`, `"a\ud83dz"`: `\ud83d`, `"\ud83d\ud83d\ude00"`: `\ud83d`,
		`"\ud83d\n\ude00"`: `\ud83d`, `"\\\ud800"`: `\ud800`, `{"n":["\udc00"]}`: `\udc00`, `"x","\ud801":1,"b":"y"`: `\ud801`,
		`"\ud83d\ude00"`: "", `"\\ud800"`: "", `"\\\\ud800"`: "", `"\u00e9\ufffd"`: "", `"�"`: "", `"\\"`: "",
	} {
		for form, content := range map[string]string{"x.jsonl": `{"a":"fine"}` + "\n" + `{"a":` + text + "}\n", "x.json": `[{"a":"fine"},{"a":` + text + "}]"} {
			all := rows(t, open(t, form, content, Options{}))
			if all[0].Fault != "" || (all[1].Fault != "") != (want != "") || !strings.Contains(all[1].Fault, want) {
				t.Errorf("%s, %s: %q and %q, want %q", form, text, all[0].Fault, all[1].Fault, want)
			}
		}
	}
}
