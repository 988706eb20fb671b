package draft_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"caseimport/mapping"
	"caseimport/mapping/draft"
	"caseimport/mapping/fields"

	"pgregory.net/rapid"
)

// headers of real products, so that their rules are drafted for cells that do
// not suit them.
var headers = []string{
	"Subject", "Title", "Description", "Priority", "Status", "Requester", "Requester email", "Email", "Customer Name", "Ticket ID", "Id",
	"Issue key", "Issue id", "Summary", "Comment", "Labels", "Reporter", "Created", "Created at", "Updated (Europe/Lisbon)", "Tags",
	"number", "short_description", "caller_id", "work_notes", "sys_id", "CaseNumber", "SuppliedEmail", "ContactEmail", "IsClosed", "ContactId",
	"comments", "custom_fields", "requester.name", "requester.email", "status", "source", "responder_id", "requester_id", "file", "yes", "null", "42",
}

var cells = []string{
	"", " ", "?", "None", "N/A", "#REF!", "yes", "no", "TRUE", "0", "1", "-3", "007", "3.14", "2,5", "1,234.5", "1.2E+11", "12345678901234567890",
	"2024-01-02", "1/2/2024", "13/2/2024", "2/13/2024 3:04 PM", "31/02/2024", "2024-07-11T21:22:07.000+0000", "2025-03-30 01:30", "45306", "1380698150",
	"0001-01-01T00:00:00Z", "14/Jul/25 3:42 PM", "2025-06-21 16:14:03 UTC",
	"ada@example.com", " ada@example.com", "Ada <ada@example.com>", "a@b", "x..y@example.com", "a@example.com;b@example.com", "o'neill@example.com", "@",
	"low", "High", "urgent", "P1", "3 - Moderate", "not_priority", "file", "File",
	"<p>text</p>", "<p></p>", "<br>", "a < b", "line\nbreak", "line\\nbreak", "a;b;c", "02/Feb/26 10:00 AM;712020:bb;Seen; will look", ";;", "a,b",
	`"quoted"`, `back\slash`, "tab\tin", "ünï😀", "'", "# no comment", "key: value", "- item", "{a: b}", "\u0085", "\ufeff", "\u2028",
	strings.Repeat("long ", 50), strings.Repeat("x", 151), strings.Repeat("very long ", 500), strings.Repeat("é", 2000),
}

func anyText() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom(cells), rapid.SampledFrom(cells), rapid.String())
}

func anyHeader() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom(headers), rapid.SampledFrom(headers), rapid.String()).Filter(func(s string) bool {
		return strings.TrimSpace(s) == s && s != "" && utf8.RuneCountInString(s) < 60
	})
}

// anyTable is any table of strings. Few different cells come again and again,
// so that dates, numbers and priorities are seen as such.
func anyTable(t *rapid.T, value func(t *rapid.T, pool []string) mapping.Value) *table {
	columns := rapid.SliceOfNDistinct(anyHeader(), 1, 8, strings.ToLower).Draw(t, "columns")
	n := rapid.IntRange(0, 30).Draw(t, "rows")
	input := &table{columns: columns, rows: make([]row, n)}
	for range columns {
		pool := rapid.SliceOfN(anyText(), 1, 4).Draw(t, "pool")
		counted := rapid.Bool().Draw(t, "counted")
		for i := range input.rows {
			v := value(t, pool)
			if counted {
				v = text(fmt.Sprintf("K-%d", i))
			}
			input.rows[i] = append(input.rows[i], v)
		}
	}
	return input
}

// TestAnyTable drafts any table of strings: the draft loads, and every row is
// valid with it.
func TestAnyTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		input := anyTable(t, func(t *rapid.T, pool []string) mapping.Value { return text(rapid.SampledFrom(pool).Draw(t, "cell")) })
		holds(t, input)
	})
}

// TestAnyJSON drafts tables whose cells are of any kind.
func TestAnyJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		holds(t, anyTable(t, func(t *rapid.T, pool []string) mapping.Value { return anyValue(t, pool, 2) }))
	})
}

var members = []string{"id", "value", "body", "public", "private", "author", "created_at", "name", "login", "text"}

func anyValue(t *rapid.T, pool []string, depth int) mapping.Value {
	v := mapping.Value{Kind: rapid.SampledFrom([]mapping.Kind{mapping.None, mapping.String, mapping.String, mapping.Number, mapping.Bool, mapping.List, mapping.Object}).Draw(t, "kind")}
	switch v.Kind {
	case mapping.String:
		v.Text = rapid.SampledFrom(pool).Draw(t, "text")
	case mapping.Number:
		v.Text = rapid.SampledFrom([]string{"0", "1", "3.50", "1e5", "-7", "123456789012345678"}).Draw(t, "number")
	case mapping.Bool:
		v.Text = fmt.Sprint(rapid.Bool().Draw(t, "bool"))
	case mapping.List, mapping.Object:
		if depth == 0 {
			return mapping.Value{}
		}
		if v.Kind == mapping.Object {
			v.Names = rapid.SliceOfNDistinct(rapid.SampledFrom(members), 0, 4, rapid.ID).Draw(t, "members")
		}
		n := len(v.Names)
		if v.Kind == mapping.List {
			n = rapid.IntRange(0, 3).Draw(t, "elements")
		}
		for range n {
			v.List = append(v.List, anyValue(t, pool, depth-1))
		}
	}
	return v
}

func holds(t *rapid.T, input *table) {
	from := rapid.SampledFrom(append([]string{""}, draft.Products()...)).Draw(t, "from")
	d := input.draft(t, nil, from)
	loads(t, input, d.YAML, nil)
	loads(t, input, keyed(d.YAML), nil)
	if twice := both(d); len(twice) > 0 {
		t.Fatalf("sure and asked about: %v", twice)
	}
	for _, l := range slices.Concat(d.Sure, d.Ask) {
		if strings.ContainsFunc(l, func(r rune) bool { return r < ' ' }) {
			t.Fatalf("a line for the terminal holds control characters: %q", l)
		}
	}
}

// loads maps every row with a draft, and sees that each has a key of its own.
func loads(t *rapid.T, input *table, yaml []byte, account *fields.File) {
	p := input.program(t, account, yaml)
	keys := map[string]bool{}
	for i, r := range input.rows {
		if _, faults := p.Map(r); len(faults) > 0 {
			t.Fatalf("row %d: %s\n%s", i+1, faults[0], yaml)
		}
		if key := p.Identify(r).Key; p.HasKey() && keys[key] {
			t.Fatalf("row %d: the key %q came before\n%s", i+1, key, yaml)
		} else {
			keys[key] = true
		}
	}
}
