package convert

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestEmail(t *testing.T) {
	local := strings.Repeat("a", 254-len("@example.com"))
	for email, good := range map[string]bool{
		"ann@example.com":               true,
		"ann.o'b+tag@mail.example.co":   true,
		"a@b.c":                         true,
		"a@1.2":                         true,
		"a@x-y.example":                 true,
		local + "@example.com":          true,
		local + "a@example.com":         false,
		"Ann <ann@example.com>":         false,
		"<ann@example.com>":             false,
		"ann@localhost":                 false,
		"ann@example.com.":              false,
		"ann@.example.com":              false,
		"ann@-x.com":                    false,
		"ann@x-.com":                    false,
		"ann@exa_mple.com":              false,
		".ann@example.com":              false,
		"ann.@example.com":              false,
		"an..n@example.com":             false,
		`"ann"@example.com`:             false,
		"ann@example.com,b@example.com": false,
		"ann@@example.com":              false,
		"ännchen@example.com":           false,
		"ann@exämple.com":               false,
		"ann@[127.0.0.1]":               false,
		"@example.com":                  false,
		"ann":                           false,
		" ann@example.com":              false,
		"ann @example.com":              false,
		"ann@example.com\n":             false,
	} {
		if IsEmail(email) != good {
			t.Errorf("IsEmail(%q) = %v", email, !good)
		}
	}
}

func FuzzDecimal(f *testing.F) {
	for _, s := range []string{"1", "-.5", "+007.50e-3", "1,5", "1e", ""} {
		f.Add(s, false)
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, s string, comma bool) {
		for _, read := range []func() (json.Number, error){
			func() (json.Number, error) { return Decimal(s, comma) },
			func() (json.Number, error) { return Integer(s) },
		} {
			n, err := read()
			if (err == nil) != (n != "") {
				t.Fatalf("%q: %v, %v", s, n, err)
			}
			if err == nil && !json.Valid([]byte(n)) {
				t.Fatalf("%q became %q, which is no JSON", s, n)
			}
		}
	})
}

func FuzzEmail(f *testing.F) {
	f.Add("ann@example.com")
	f.Fuzz(func(t *testing.T, s string) {
		if IsEmail(s) && (strings.Count(s, "@") != 1 || strings.ContainsAny(s, " <>\"(),:;\n") || len(s) > 254) {
			t.Fatalf("%q passed", s)
		}
	})
}
