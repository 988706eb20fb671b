package identity

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"caseimport/importer/journal"
	"caseimport/importer/source"
)

// TestIdentitiesStay: journals and failure reports of earlier versions hold
// these ids. If they changed, every row would be taken for a new one.
func TestIdentitiesStay(t *testing.T) {
	row := func(name, text string) *source.Row {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		table, err := source.Open(t.Context(), path, source.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer table.Close()
		var first *source.Row
		if err := table.Each(t.Context(), func(r *source.Row) error { first = r; return nil }); err != nil {
			t.Fatal(err)
		}
		return first
	}
	for _, test := range []struct{ got, want string }{
		{Text(ByKey, Key("T-1")), "kec02572fb2cd65620311789de8d91d27"},
		{Text(ByCells, Cells(Content(row("x.csv", "a,b\n1,22\n")), 0)), "r584ffdd3eab41b79a5724d72623c1268"},
		{Text(ByCells, Cells(Content(row("x.csv", "a,b\n12,2\n")), 0)), "rc766527d528d38d538b2de9b5a7c038e"},
		{Text(ByCells, Cells(Content(row("x.csv", "a,b\n1,22\n")), 1)), "r7560c4af8f1d995dfb841ace037ef47b"},
		{Text(ByCells, Cells(Content(row("x.jsonl", `{"a": 1.50}`)), 0)), "r933cbd66e3b95ee3fe38cea4d12efbfa"},
	} {
		if test.got != test.want {
			t.Errorf("got %s, want %s", test.got, test.want)
		}
	}
}

func TestParse(t *testing.T) {
	id := Key("T-1")
	for _, kind := range []byte{ByKey, ByCells, OfDuplicate} {
		if k, got, ok := Parse(Text(kind, id)); k != kind || got != id || !ok {
			t.Errorf("%s: %c %x %v", Text(kind, id), k, got, ok)
		}
	}
	for _, bad := range []string{"", "k", Text('x', id), Text(ByKey, id) + "0", Text(ByKey, id)[:10], "k" + strings.Repeat("g", 2*len(journal.ID{}))} {
		if _, _, ok := Parse(bad); ok {
			t.Errorf("%q is taken for an id", bad)
		}
	}
}
