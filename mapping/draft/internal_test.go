package draft

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"
)

// TestScalar reads back what it writes, as a string, alone and in a flow.
func TestScalar(t *testing.T) {
	check := func(t rapid.TB, s string) {
		var out []any
		if err := yaml.Unmarshal([]byte("- "+scalar(s)+"\n- {a: "+scalar(s)+"}\n- ["+scalar(s)+"]\n- {"+scalar(s)+": a}"), &out); err != nil {
			t.Fatalf("%q as %s: %v", s, scalar(s), err)
		}
		if out[0] != s || out[1].(map[string]any)["a"] != s || out[2].([]any)[0] != s || out[3].(map[string]any)[s] != "a" {
			t.Fatalf("%q as %s comes back as %q", s, scalar(s), out)
		}
	}
	for _, s := range []string{
		"", "yes", "No", "null", "~", "1", "1e5", "0x1", "2024-01-02", "a: b", "a:", ": a", "a #b", "#a", " a", "a ", "- a", "-", "?", "!a", "&a", "*a", "%a", "@a", "`a`",
		"{a}", "[a]", "a,b", `a"b`, `a\b`, "a'b", "a\nb", "a\tb", "\x00", "\u0085", "\u2028", "\ufeff", "é", "😀", ".inf", "<<", "=", "a - b", "true ", "e\u0301",
	} {
		check(t, s)
	}
	rapid.Check(t, func(t *rapid.T) { check(t, rapid.String().Draw(t, "s")) })
}

// TestUnique agrees with a plain set.
func TestUnique(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.StringN(1, 4, -1), 1, 300).Draw(t, "values")
		var u unique
		seen := map[string]bool{}
		repeated := false
		for i, v := range values {
			u.add(v, i+1)
			repeated = repeated || seen[v]
			seen[v] = true
			if got := u.lost != ""; got != repeated {
				t.Fatalf("after %q: repeated is %v, want %v", values[:i+1], got, repeated)
			}
		}
	})
}

func TestPriorityOf(t *testing.T) {
	for s, want := range map[string]string{
		"Low": "LOW", "5 - Planning": "LOW", "Medium": "NORMAL", "3 - Moderate": "NORMAL", "HIGH": "HIGH", "1 - Critical": "URGENT",
		"P1": "URGENT", "prio 2": "", "2": "HIGH", "Dringend": "URGENT", "not_priority": "", "Not urgent": "", "whenever": "", "": "", "9": "",
	} {
		if got, _ := priorityOf(s); got != want {
			t.Errorf("priorityOf(%q) = %q, want %q", s, got, want)
		}
	}
}

func TestNameScore(t *testing.T) {
	for _, c := range []struct {
		column, field string
		want          int
	}{
		{"Region", "region", sameName},
		{"Custom field (Story Points)", "Story points", sameName},
		{"Plan [list]", "Plan", sameName},
		{"Contract_No__c", "Contract number", sameName},
		{"custom_fields.cf_region", "Region", sameName},
		{"Updated at (America/New_York)", "Updated", sameName},
		{"Größe / Straße", "grosse strasse", sameName},
		{"数量", "数量", sameName},
		{"CreatedDate", "Created", sameName},
		{"Due date", "Due", sameName},
		{"Date", "Date", sameName},
		{"Date", "Due", otherName},
		{"Opened at", "Opened at the source", likeName},
		{"Satisfaction Score", "Satisfaction", likeName},
		{"Organisation", "Organization", likeName},
		{"Reopens", "Reopened", likeName},
		{"Created at", "Opened at the source", likeName},
		{"assignment_group", "Team", likeName},
		{"Status", "Region", otherName},
		{"Tag", "VIP", otherName},
		{"#", "Number", otherName},
		{"of", "the", otherName},
	} {
		if got := nameScore(c.column, c.field); got != c.want {
			t.Errorf("nameScore(%q, %q) = %d, want %d", c.column, c.field, got, c.want)
		}
	}
}

// TestProductFiles holds every product's file to what makes it work.
func TestProductFiles(t *testing.T) {
	labels, sets := map[string]string{}, map[string]string{}
	for _, p := range products() {
		if other := labels[p.Label]; p.Label == "" || other != "" {
			t.Errorf("%s: label %q: every form of an export has one of its own (see %s)", p.name, p.Label, other)
		}
		labels[p.Label] = p.name
		if exports, err := filepath.Glob("testdata/" + p.name + ".*"); err != nil || len(exports) == 0 {
			t.Errorf("%s: no export of it in testdata (%v)", p.name, err)
		}
		if (len(p.Tell) == 0) != (p.name == noProduct) {
			t.Errorf("%s: %d sets of headers tell the product", p.name, len(p.Tell))
		}
		for _, headers := range p.Tell {
			set := fmt.Sprint(slices.Sorted(slices.Values(headers)))
			if other := sets[set]; other != "" {
				t.Errorf("%s: the headers %s tell %s, too", p.name, set, other)
			}
			sets[set] = p.name
			sound(t, p.name+": tell", headers)
		}
		if len(p.Columns["key"]) == 0 || len(p.Columns["title"]) == 0 {
			t.Errorf("%s: no columns for the key or the title", p.name)
		}
		for f, headers := range p.Columns {
			if plainTable().Columns[f] == nil {
				t.Errorf("%s: columns: there is no field %s", p.name, f)
			}
			sound(t, fmt.Sprintf("%s: columns: %s", p.name, f), headers)
		}
		for _, h := range p.Internal {
			if strings.Trim(string(h), "*.") == "" {
				t.Errorf("%s: internal: %q is every column", p.name, h)
			}
		}
	}
}

// sound refuses headers that can never be found, or that stand there twice.
func sound(t *testing.T, where string, headers []header) {
	t.Helper()
	for i, h := range headers {
		if h == "" || squeeze(string(h)) != h {
			t.Errorf("%s: no column has the header %q", where, h)
		}
		if slices.Contains(headers[:i], h) {
			t.Errorf("%s: %s occurs twice", where, h)
		}
	}
}
