package expression

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// cells is a row by the names of its columns.
type cells map[string]any

func (c cells) names() []string { return slices.Sorted(maps.Keys(c)) }

func (c cells) column(name string) (int, error) {
	i, ok := slices.BinarySearch(c.names(), strings.ToLower(strings.TrimSpace(name)))
	if !ok {
		return 0, errors.New("unknown column")
	}
	return i, nil
}

func (c cells) Cell(i int) any                 { return c[c.names()[i]] }
func (c cells) Named(name string) (any, error) { return c[name], nil }
func (c cells) Item() any                      { return nil }
func (c cells) Parent() Row                    { return nil }

// Whatever an expression says, it takes little memory.
func TestExpressionsCannotRunAway(t *testing.T) {
	doubled := func(first, next string) string { // x0 = first; x1 = next(x0)…
		var b strings.Builder
		b.WriteString("let x0 = " + first + "; ")
		for i := range 60 {
			b.WriteString("let x" + string(rune('a'+i/26)) + string(rune('a'+i%26)) + " = " + strings.ReplaceAll(next, "@", prev(i)) + "; ")
		}
		return b.String() + prev(60)
	}
	long := strings.Repeat("long text ", 1000)
	for name, source := range map[string]string{
		"text that doubles":      "len(" + "(" + doubled(`row.long`, "@ + @") + "))",
		"replacements that grow": "len(" + "(" + doubled(`row.long`, `replace(@, "t", "tttttttttt")`) + "))",
		"patterns that grow":     "len(" + "(" + doubled(`row.long`, `replaceRegex(@, ".", "$0$0$0$0")`) + "))",
		"joins that grow":        "len(" + "(" + doubled(`row.long`, `join([@, @, @], @)`) + "))",
		"lists that double":      doubled("[1, 2]", "concat(@, @)"),
		"lists within lists":     doubled("[1, 2]", "[@, @]") + " | flatten()",
		"nested lists compared":  doubled("[1, 2]", "[@, @]") + " | max()",
		"reduce that doubles":    `reduce(1..1000, #acc + #acc, row.long)`,
		"a huge range":           `len(1..100000000000)`,
		"distinct values":        `let r = split(row.long + row.long, ""); len(uniq(map(r, join(map(r, #)))))`,
	} {
		t.Run(name, func(t *testing.T) {
			x, faults := Compile(source, Options{})
			if len(faults) > 0 {
				t.Fatal(faults)
			}
			if _, err := x.Eval(cells{"long": long}); err == nil || err.Error() != errTooMuch.Error() {
				t.Errorf("%.200v", err)
			}
		})
	}
	for name, source := range map[string]string{
		"deep brackets": strings.Repeat("(", 1_000_000),
		"many nodes":    strings.Repeat("1+", 4_999) + "1",
		"deep negation": strings.Repeat("-", 9_000) + "1",
		"deep lists":    strings.Repeat("[", 9_000),
		"a huge regexp": `row.a matches "((a{100}){100}){100}"`,
	} {
		if _, faults := Compile(source, Options{}); len(faults) == 0 {
			t.Errorf("%s passes", name)
		}
	}
}

func prev(i int) string {
	if i == 0 {
		return "x0"
	}
	return "x" + string(rune('a'+(i-1)/26)) + string(rune('a'+(i-1)%26))
}

// A bare word is neither a column nor a text, wherever it stands.
func TestBareWords(t *testing.T) {
	const fault = `unknown name Status: write row["Status"] for the column, "Status" for the text`
	for _, source := range []string{
		`Status != "spam"`, `Status`, `"spam" == Status`, `lower(Status) != "spam"`, `Status in ["spam"]`, `not (Status startsWith "s")`,
		`let x = Status; x`, `map(row.tags, # + Status)`, `Status.name`, `Status ?? "x"`, `lower(lower(Status))`, `map(row.tags, lower(Status) == #)`,
	} {
		_, faults := Compile(source, Options{Condition: true})
		if len(faults) != 1 || faults[0].Message != fault || source[faults[0].Offset:][:6] != "Status" {
			t.Errorf("%s: %v", source, faults)
		}
	}
	for _, source := range []string{`let x = 1; let y = x + 1; y > x`, `any(1..3, {let x = #; x > 2})`} {
		if _, faults := Compile(source, Options{}); len(faults) > 0 {
			t.Errorf("%s: %v", source, faults)
		}
	}
}

// What is wrong within a call is seen before the first row, however deep.
func TestFaultsWithinCalls(t *testing.T) {
	for source, fault := range map[string]string{
		`upper(lower())`:                       "not enough arguments to call lower",
		`lower(trim(row.a, "x", "y")) == "b"`:  "too many arguments to call trim",
		`lower(row.a) and true`:                "expected true or false",
		`trim(lower(row.a) ? "b" : "c")`:       "expected true or false",
		`upper(join(filter(row.a, lower(#))))`: "expected true or false",
	} {
		_, faults := Compile(source, Options{})
		if len(faults) != 1 || faults[0].Message != "invalid expression: "+fault {
			t.Errorf("%s: %v", source, faults)
		}
	}
}

// A number of JSON plus a number is their sum or an error, whatever its
// spelling: never another thing from row to row.
func TestJSONNumbers(t *testing.T) {
	const tooLarge = "numbers too large to calculate with"
	for _, c := range []struct {
		expr, number string
		want         any // or the error
	}{
		{`row.n + 1`, "2", 3}, {`row.n + 1`, "2.0", 3.0}, {`row.n + 1`, "1.50", 2.5}, {`1 + row.n`, "1e3", 1001.0}, {`row.n + row.n`, "2.00", 4.0},
		{`row.n + 1`, "9223372036854775807", tooLarge}, {`row.n - 1`, "-9223372036854775808", tooLarge}, {`row.n * 2`, "9223372036854775807", tooLarge}, {`-row.n`, "-9223372036854775808", tooLarge},
		{`row.n + 1`, "18446744073709551616", tooLarge}, {`row.n * 1.5`, "18446744073709551616", tooLarge}, {`row.n + 1`, "1e999", tooLarge},
		{`row.n + 1`, "4611686018427387904", 4611686018427387905}, {`row.n * 2`, "-4000000000000000000", -8000000000000000000},
		{`sum([row.n, 1])`, "2.0", 3.0}, {`sum([row.n, 1])`, "9223372036854775807", tooLarge}, {`max(row.n, 1)`, "1.50", 1.5}, {`reduce([1, 2], #acc + #, row.n)`, "2.0", 5.0},
		{`abs(row.n)`, "-2.50", 2.5}, {`round(row.n)`, "2.50", 3.0}, {`int(row.n)`, "2.0", 2}, {`row.n % 2`, "3", 1}, {`[10, 20, 30][int(row.n)]`, "1.0", 20},
		{`row.n`, "2.0", json.Number("2.0")}, {`"" + row.n`, "1.50", "1.50"}, {`row.n + "1"`, "2.0", "2.01"}, {`len(row.n)`, "1.50", 4},
		{`row.n == 2`, "2.0", true}, {`row.n == "2"`, "2.0", true}, {`row.n > 1.5`, "1.50", false}, {`row.n in [2]`, "2.00", true},
		{`row.n == 18446744073709551`, "18446744073709551616", false}, {`row.n == "18446744073709551617"`, "18446744073709551616", false}, {`row.n == "18446744073709551616"`, "18446744073709551616", true},
		{`sort([row.n, 10, 9])[0]`, "1e1", 9}, {`sortBy([{"a": row.n}, {"a": 9}], .a)[0].a`, "1e1", 9},
		{`sortBy([{"a": "10"}, {"a": row.n}], .a)[0].a`, "9", 9}, {`sortBy([{"a": 1}, {"a": row.n}], .a, "desc")[0].a`, "9", 9},
		{`[1, 2, 3][row.n]`, "-3", 1}, {`[1, 2, 3][row.n]`, "-4", nil}, {`"äöü"[row.n]`, "-1", "ü"}, {`"äöü"[row.n:]`, "-2", "öü"},
		{`len(1..row.n / 2)`, "7", 3}, {`abs(row.n)`, "-9007199254740993", 9007199254740993},
	} {
		x, faults := Compile(c.expr, Options{Column: cells{"n": nil}.column})
		if len(faults) > 0 {
			t.Errorf("%s: %v", c.expr, faults)
			continue
		}
		got, err := x.Eval(cells{"n": Number(c.number)})
		if err != nil {
			got = err.Error()
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s of %s gives %#v, want %#v", c.expr, c.number, got, c.want)
		}
	}
}

// The reference of the mapping file is where people look functions up.
func TestEveryFunctionIsDocumented(t *testing.T) {
	var all []byte
	for _, name := range []string{"../README.md", "../../README.md"} {
		text, err := os.ReadFile(name)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		all = append(all, text...)
	}
	_, section, _ := strings.Cut(string(all), "# Expressions\n")
	section, _, _ = strings.Cut(section, "\n## ")
	for _, name := range Functions() {
		if !regexp.MustCompile("`" + name + "[`(]").MatchString(section) {
			t.Errorf("%s is not documented", name)
		}
	}
}

func FuzzExpr(f *testing.F) {
	for _, seed := range []string{`lower(trim(row["text"]))`, `map(filter(row.comments, .public), .body)`, `let x = 1; x + row.two`, `row.umlaut[1:][0] ?? "x"`, `reduce(1..4, #acc + #, 0)`,
		`date(row.iso) > date("2025-01-01T00:00:00Z")`, `match(row.jira, "a(.)")[1] in row.tags`, `{"a": row.csv}["a"]`, `if row.yes {1} else {2}`} {
		f.Add(seed)
	}
	row := cells{
		"text": " Mixed Case ", "empty": "", "umlaut": "äöü", "csv": "10", "two": 2, "half": 0.5, "price": json.Number("1.50"), "yes": true,
		"tags": []any{"a", "B", "a"}, "comments": []any{map[string]any{"body": "x", "public": true}}, "iso": "2025-07-14T15:42:00Z", "jira": "15/Feb/26;ann",
	}
	f.Fuzz(func(t *testing.T, source string) {
		x, faults := Compile(source, Options{Column: row.column})
		if (x == nil) != (len(faults) > 0) {
			t.Fatalf("%v, %v", x, faults)
		}
		if x == nil {
			return
		}
		if _, err := x.Eval(row); err != nil && (strings.Contains(err.Error(), "interface") || strings.Contains(err.Error(), "reflect")) {
			t.Fatalf("%s: %v", source, err)
		}
	})
}
