package mapping

import (
	"strings"
	"testing"
)

// TestAnAbsentMemberIsAnEmptyCell: what a JSON export holds changes from night to
// night.
func TestAnAbsentMemberIsAnEmptyCell(t *testing.T) {
	const file = `version: 1
where: '(row["spam"] ?? "") != "yes" and not ("gone" in row)'
key: {column: id, custom_field: text1}
case: {title: title, description: title, requester_name: {column: who.nam, default: nobody}}
custom_fields: {text2: {expr: 'row["gone"] ?? "none"'}, multi_select1: tags}
notes: [{each: comments, note_body: body}]
`
	m := parse(t, file)
	if _, err := m.Compile([]string{"id", "title", "who.name"}, false); err == nil || strings.Count(err.Error(), "unknown column") != 5 {
		t.Errorf("in CSV: %v", err)
	}
	p, err := m.Compile([]string{"id", "title", "who.name"}, true)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := p.AbsentWarning(), `no row has "spam", "who.nam" (did you mean "who.name"?), "gone", "tags", "comments": read as an empty cell`; got != want {
		t.Errorf("warned %s", got)
	}
}

func TestABareWordInWhere(t *testing.T) {
	for where, want := range map[string]string{
		`Status != "spam"`:                      `write row["Status"] for the column`,
		`date != "x"`:                           `unknown name date: write row["date"] for the column`,
		`lower(type) == "x"`:                    `unknown name type: write row["type"]`,
		`Ticket Status != "x"`:                  `a column is written row["Ticket Status"]`,
		`Status <> "x"`:                         "use != to compare",
		`"Status" != "x"`:                       "where reads no column",
		`true`:                                  "",
		`any(split(row["id"], ","), # == "a")`:  "",
		`len(row["id"]) == 2 or "title" in row`: "",
		`date(row["id"]) > date("2024-01-01T00:00:00Z")`: "",
	} {
		m, err := Parse("m.yaml", []byte("version: 1\nwhere: |-\n  "+where+"\ncase: {title: id, description: id, requester_name: id}\n"), nil)
		if err == nil {
			_, err = m.Compile([]string{"id"}, false)
		}
		if err == nil && want != "" || err != nil && (want == "" || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", where, err)
		}
	}
}
