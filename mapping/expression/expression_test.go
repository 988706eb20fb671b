package expression

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
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

// The README is where people look functions up.
func TestEveryFunctionIsDocumented(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "### Expressions")
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
