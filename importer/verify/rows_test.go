package verify

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"caseimport/importer/identity"
	"caseimport/importer/journal"
	"caseimport/importer/results"
	"caseimport/importer/source"
	"caseimport/mapping"
)

// read reads the rows of an input, of which the journal knows some.
func read(t *testing.T, rules, input string, known map[journal.ID]string) Rows {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in.csv")
	if err := os.WriteFile(path, []byte(input), 0o600); err != nil {
		t.Fatal(err)
	}
	table, err := source.Open(t.Context(), path, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer table.Close()
	m, err := mapping.Parse("m.yaml", []byte(rules), nil)
	if err != nil {
		t.Fatal(err)
	}
	program, err := m.Compile(table.Columns, false)
	if err != nil {
		t.Fatal(err)
	}
	j, err := journal.Open(filepath.Join(t.TempDir(), "x.journal"), journal.Header{}, journal.Begin{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	for id, caseID := range known {
		o := journal.Outcome{ID: id, State: journal.Created, Row: 1}
		line := results.Line{Row: 1, Status: results.Created, CaseID: caseID}
		if caseID == "" {
			o.State, line.Status = journal.Failed, results.Failed
		}
		if o.Line, err = json.Marshal(line); err != nil {
			t.Fatal(err)
		}
		if err := j.Record(o); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := ReadRows(t.Context(), table, program, j)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func text(rows Rows) string {
	var b strings.Builder
	for _, r := range rows.All {
		fmt.Fprintf(&b, "%d %s %s %s%v %q; ", r.Number, r.Key, r.CaseID, r.Case.ParentID, r.Open, r.Fault)
	}
	fmt.Fprintf(&b, "%d total, %d filtered, %d without", rows.Total, rows.Filtered, rows.Without)
	return b.String()
}

func TestRowsWithACase(t *testing.T) {
	const rules = `
version: 1
key: {column: Id, custom_field: text1}
where: 'row["Status"] != "spam"'
case: {title: Subject, description: Subject, requester_name: {const: Ann}, parent_id: {column: Parent, key: true}}
`
	rows := read(t, rules, "Id,Subject,Status,Parent\n1,A,,\n2,B,spam,\n3,C,,1\n1,A again,,\n4,,,\n5,E,,\n6,F,,5\n7,too,many,cells,here\n",
		map[journal.ID]string{identity.Key("1"): "11", identity.Key("3"): "13", identity.Key("4"): "14", identity.Key("5"): "", identity.Key("6"): "16"})
	want := `1 1 11 [] ""; 3 3 13 11[] ""; 5 4 14 [] "the row cannot be mapped today: title: column \"Subject\" is empty, but a case needs a title"; 7 6 16 [parent_id] ""; 8 total, 1 filtered, 3 without`
	if got := text(rows); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

func TestParentsWithoutACase(t *testing.T) {
	const rules = `
version: 1
key: {column: Id, custom_field: text1}
case: {title: Subject, description: Subject, requester_name: {const: Ann}, parent_id: {column: Parent, key: true, default: p9}}
`
	rows := read(t, rules, "Id,Subject,Parent\n1,A,\n2,B,1\n3,C,5\n",
		map[journal.ID]string{identity.Key("1"): "11", identity.Key("2"): "12", identity.Key("3"): "13"})
	if got, want := text(rows), `1 1 11 p9[] ""; 2 2 12 11[] ""; 3 3 13 p9[] ""; 3 total, 0 filtered, 0 without`; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

func TestRowsWithoutAKeyAreKnownByTheirContent(t *testing.T) {
	const rules = "version: 1\ncase: {title: Subject, description: Subject, requester_name: {const: Ann}}\n"
	content := identity.ContentOf([]string{"1", "A"}, nil)
	known := map[journal.ID]string{identity.Cells(content, 0): "11", identity.Cells(content, 1): "12"}
	rows := read(t, rules, "Id,Subject\n1,A\n2,B\n1,A\n1,A\n", known)
	if got, want := text(rows), `1  11 [] ""; 3  12 [] ""; 4 total, 0 filtered, 2 without`; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	report := "Id,Subject,caseimport_row,caseimport_id,caseimport_status,caseimport_error,caseimport_fields\n"
	rows = read(t, rules, report+"1,Corrected,1,"+identity.Text(identity.ByCells, identity.Cells(content, 1))+",failed,,\n", known)
	if got, want := text(rows), `1  12 [] ""; 1 total, 0 filtered, 0 without`; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}
