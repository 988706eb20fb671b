package yamlfile

import (
	"strings"
	"testing"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

func TestQuote(t *testing.T) {
	for text, want := range map[string]string{
		"Ticket ID": "Ticket ID", "3 - Moderate": `"3 - Moderate"`, "2/1/2006": `"2/1/2006"`, "it's": "it's", "ä": "ä",
		"": `""`, "yes": `"yes"`, "null": `"null"`, "1.50": `"1.50"`, "2006-01-02": `"2006-01-02"`, "12:30:45": `"12:30:45"`,
		"?": `"?"`, "a, b": `"a, b"`, "a: b": `"a: b"`, " x": `" x"`, "#x": `"#x"`, `it's "x": y`: `'it''s "x": y'`, `"x"`: `'"x"'`,
		"a\nb": `"a\nb"`, "a\u2028b": `"a\u2028b"`, "\u00a0": `"\u00a0"`,
	} {
		if got := Quote(text); got != want {
			t.Errorf("%q became %s, want %s", text, got, want)
		}
	}
}

// FuzzQuote: what Quote writes is read back as that very text, in one line.
func FuzzQuote(f *testing.F) {
	for _, s := range []string{"Ticket ID", "?", "yes", "2006-01-02", "a, b: c", "it's \"x\"", "a\u2028b\u0085c\n\t", "- x", "\ufeff", "\u00a0", "<<"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) || len(Quote(s)) > 1000 { // YAML has no longer keys in one line
			return
		}
		var back []map[string]string
		text := "[{" + Quote(s) + ": " + Quote(s) + "}]"
		if err := yaml.Unmarshal([]byte(text), &back); err != nil || back[0][s] != s || strings.Contains(text, "\n") {
			t.Fatalf("%q became %s: %v, %v", s, text, back, err)
		}
	})
}
