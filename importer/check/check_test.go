package check

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"caseimport/importer/source"
	"caseimport/mapping"
)

// checkOf checks an export of that name and content.
func checkOf(t *testing.T, name, content, mappingFile string) Report {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	table, err := source.Open(context.Background(), path, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { table.Close() })
	m, err := mapping.Parse("m.yaml", []byte(mappingFile), func(string) ([]byte, error) { return []byte(accountFields), nil })
	if err != nil {
		t.Fatal(err)
	}
	program, err := m.Compile(table.Columns, false)
	if err != nil {
		t.Fatal(err)
	}
	report, err := Run(context.Background(), Config{Table: table, Program: program, Show: 1})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestCheckGroupsFaults(t *testing.T) {
	r := checkOf(t, "t.csv", "Id,Subject,Priority,Extra\n1,a,P1,\n2,b,huge,\n3,c,low,\n4,d,P1,\n4,e,low,\n5,,huge,\n6,g,low\n", `version: 1
key: {column: Id, custom_field: text1}
case: {title: Subject, description: {const: d}, requester_name: {const: n}, priority: {column: Priority, values: {low: LOW}}}
custom_fields: {text2: Extra}
`)
	if got, want := []int{r.Rows, r.Valid, r.Invalid, r.Duplicate}, []int{7, 1, 5, 1}; !reflect.DeepEqual(got, want) {
		t.Errorf("rows, valid, invalid, duplicate: %v, want %v", got, want)
	}
	want := []Group{
		{Column: "Priority", Field: "priority", Reason: "is not in values", Rows: 4, FirstRows: []int{1, 2, 4, 6},
			Values: []ValueCount{{"P1", 2}, {"huge", 2}}, Different: 2, Fixes: []string{`priority: {values: {P1: URGENT, huge: "?"}}  # add to those already there`}},
		{Field: "key", Reason: "an earlier row has the same key", Rows: 1, FirstRows: []int{5}, Values: []ValueCount{{"4", 1}}, Different: 1},
		{Column: "Subject", Field: "title", Reason: "is empty, but a case needs a title", Rows: 1, FirstRows: []int{6}, Values: []ValueCount{},
			Fixes: []string{`title: {column: Subject, default: "(no subject)"}`}},
		{Reason: "has 3 fields where the header has 4", Rows: 1, FirstRows: []int{7}, Values: []ValueCount{}},
	}
	wantGroups(t, r.Groups, want)
	// A field that no row fills is in it too.
	coverage := []Coverage{{"title", 1}, {"description", 1}, {"priority", 1}, {"requester_name", 1}, {"custom_fields.text2", 0}, {"custom_fields.text1", 1}}
	if !reflect.DeepEqual(r.Coverage, coverage) {
		t.Errorf("coverage %+v, want %+v", r.Coverage, coverage)
	}
	if len(r.Requests) != 1 || !strings.Contains(string(r.Requests[0]), `"title":"c"`) {
		t.Errorf("requests %s", r.Requests)
	}
}

// wantGroups compares groups, whose places must be those of their rows.
func wantGroups(t *testing.T, got, want []Group) {
	t.Helper()
	for i, g := range got {
		for j, at := range g.First {
			if at.Row != g.FirstRows[j] || at.Line != at.Row+1 {
				t.Errorf("places %+v of rows %v", g.First, g.FirstRows)
			}
		}
		got[i].First = nil
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("groups\ngot  %+v\nwant %+v", got, want)
	}
}

const accountFields = `{"account": "acme", "fields": [
	{"key": "text1", "name": "Source ID"},
	{"key": "drop_down3", "name": "Region", "options": [{"code": "001", "label": "Europe"}, {"code": "002", "label": "Asia"}]},
	{"key": "drop_down4", "name": "Level", "required": true, "options": [{"code": "1", "label": "Gold"}]}]}`

// TestCheckGroupsOptions puts all values of a column that are no option into one
// group, with one line that deals with them, and says of each row what is near.
func TestCheckGroupsOptions(t *testing.T) {
	r := checkOf(t, "t.csv", "Id,Region\n1,Europe\n2,Eurpe\n3,EMEA\n4,Eurpe\n5,002\n", `version: 1
fields: fields.json
key: {column: Id, custom_field: text1}
case: {title: {const: t}, description: {const: d}, requester_name: {const: n}}
custom_fields: {dropdown3: Region}
`)
	want := []Group{{Column: "Region", Field: "custom_fields.drop_down3", Reason: `is not an option of "Region"`, Rows: 3, FirstRows: []int{2, 3, 4},
		Values: []ValueCount{{"Eurpe", 2}, {"EMEA", 1}}, Different: 2,
		Fixes: []string{`drop_down3: {column: Region, values: {Eurpe: Europe, EMEA: "?"}, pass: true}  # options: "Europe" (001), "Asia" (002)`}}}
	wantGroups(t, r.Groups, want)
	if want := `is not an option of "Region"; nearest: "Europe" (001)`; len(r.Problems) != 3 || r.Problems[0].Reason != want {
		t.Errorf("problems %+v", r.Problems)
	}
	if want := []Coverage{{"title", 2}, {"description", 2}, {"requester_name", 2}, {"custom_fields.drop_down3", 2}, {"custom_fields.text1", 2}}; !reflect.DeepEqual(r.Coverage, want) {
		t.Errorf("coverage %+v, want %+v", r.Coverage, want)
	}
	if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], `requires drop_down4 ("Level")`) {
		t.Errorf("warnings %q", r.Warnings)
	}
}

func TestCheckWarnsOfDamage(t *testing.T) {
	const rule = `version: 1
key: {column: Id, custom_field: text1}
case: {title: {const: t}, description: {const: d}, requester_name: {const: n}}
`
	for _, c := range []struct {
		name, file, content, want string // want: what the warnings begin with
	}{
		{"sound", "t.csv", "Id,A\n0,x\n1,E+\n10,#1\n", ""},
		{"errors", "t.csv", "Id,A\n1,#REF!\n2,x\n3,#N/A\n", `column "A" holds spreadsheet errors such as #REF! (2 rows, first: row 1)`},
		{"errors under a repeated header", "t.csv", "Id,A,A\n1,x,#REF!\n", `column "A" holds spreadsheet errors such as #REF! (row 1)`},
		{"errors in JSON", "t.jsonl", `{"Id":1,"A":{"B":"#VALUE!"}}` + "\n" + `{"Id":2,"A":1.2E+11}`, `column "A.B" holds spreadsheet errors such as #VALUE! (row 1)`},
		{"rounded", "t.csv", "Id,A\n1.2E+11,x\n2,x\n", `column "Id" was rounded by a spreadsheet, as in 1.2E+11 (row 1)`},
		{"lost zeros", "t.csv", "Id,A\n0001,x\n0002,x\n3,x\n", "keys begin with 0, but some are shorter than the others (rows: 1)"},
		{"ids of all lengths", "t.csv", "Id,A\n8,x\n9,x\n10,x\n11,x\n12,x\n", ""},
		{"errors of newer versions", "t.csv", "Id,A\n1,#GETTING_DATA\n2,#FIELD!\n", `column "A" holds spreadsheet errors such as #GETTING_DATA (2 rows, first: row 1)`},
		{"two exports in one", "t.csv", "Id,A\n1,x\nId,A\n2,y\n", "the header is repeated among the rows (row 2)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := strings.Join(checkOf(t, c.file, c.content, rule).Warnings, "\n")
			if !strings.HasPrefix(got, c.want) || c.want == "" && got != "" || strings.Contains(got, "\n") {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

const families = `version: 1
key: {column: Id, custom_field: text1}
where: row["Id"] != "F"
case: {title: Subject, description: {const: d}, requester_name: {const: n}, parent_id: {column: Parent, key: true}}
`

func TestCheckFindsParents(t *testing.T) {
	for _, c := range []struct {
		name, rows, mapping string
		problems            string // row: reason
		warning             string
	}{
		{"before and behind", "A,a,B\nB,b,\nC,c,B\n", families, "", ""},
		{"of its own", "A,a,A\n", families, "1: is the key of the row itself", ""},
		{"a chain", "C,c,B\nB,b,A\nA,a,\n", families, "1: names row 2, which has a parent itself: subcases go one level deep", ""},
		{"a circle", "A,a,B\nB,b,C\nC,c,A\nD,d,A\n", families, "1: names row 2, of which this row is itself a parent or an ancestor" +
			"; 2: names row 3, of which this row is itself a parent or an ancestor; 3: names row 1, of which this row is itself a parent or an ancestor" +
			"; 4: names row 1, which has a parent itself: subcases go one level deep", ""},
		{"invalid", "A,a,B\nB,,\n", families, "1: names row 2, which is invalid and will have no case; 2: is empty, but a case needs a title", ""},
		{"both invalid", "A,,B\nB,,\n", families, "1: is empty, but a case needs a title; 1: names row 2, which is invalid and will have no case; 2: is empty, but a case needs a title", ""},
		{"left out", "A,a,F\nF,f,\n", families, `1: names row 2, which "where" leaves out: it will have no case`, ""},
		{"left out and not", "F,f,\nA,a,F\n", strings.Replace(families, `row["Id"] != "F"`, `row["Subject"] != "f"`, 1), `2: names row 1, which "where" leaves out: it will have no case`, ""},
		{"left out once only", "A,a,F\nF,f,\nF,g,\n", strings.Replace(families, `row["Id"] != "F"`, `row["Subject"] != "f"`, 1), "", ""},
		{"a duplicate", "B,b,\nB,b,A\nC,c,B\n", families, "2: row 1 has the same key", ""},
		{"nowhere", "A,a,X\nB,b,\nC,c,Y\n", families, "", `row 1 ("X"), row 3 ("Y"). Unless earlier runs made those cases`},
		{"spared", "A,a,X\nB,b,C\nC,,\nD,d,F\nF,f,\n", strings.Replace(families, "key: true", `key: true, default: ""`, 1), "2: names row 3, which is invalid and will have no case; 3: is empty, but a case needs a title",
			`row 1 ("X"), row 4 ("F"). Unless earlier runs made those cases, the rows take its default`},
		{"a chain is not spared", "C,c,B\nB,b,A\nA,a,\n", strings.Replace(families, "key: true", `key: true, default: ""`, 1), "1: names row 2, which has a parent itself: subcases go one level deep", ""},
		{"a chain that ends nowhere is spared", "C,c,B\nB,b,X\n", strings.Replace(families, "key: true", `key: true, default: ""`, 1), "", `row 2 ("X")`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := checkOf(t, "t.csv", "Id,Subject,Parent\n"+c.rows, c.mapping)
			var got []string
			bad := map[int]bool{}
			for _, p := range r.Problems {
				got = append(got, fmt.Sprintf("%d: %s", p.Row, p.Reason))
				bad[p.Row] = true
			}
			for _, g := range r.Groups {
				if len(g.Fixes) > 0 && strings.HasPrefix(g.Reason, "names an invalid row") {
					t.Errorf("%q would not help: the child waits for its parent", g.Fixes)
				}
			}
			if text := strings.Join(got, "; "); text != c.problems || r.Invalid+r.Duplicate != len(bad) || r.Valid+r.Invalid+r.Duplicate+r.Filtered != r.Rows {
				t.Errorf("%+v\ngot  %s\nwant %s", r, text, c.problems)
			}
			if text := strings.Join(r.Warnings, "; "); (text == "") != (c.warning == "") || !strings.Contains(text, c.warning) {
				t.Errorf("warnings %q", text)
			}
		})
	}
}

// TestRuleForChainsOfParents: it helps where the levels are told by what it says, and
// leaves what is to be done about parents that are nowhere as it was.
func TestRuleForChainsOfParents(t *testing.T) {
	for _, otherwise := range []string{"", `, default: ""`, `, default: "77"`} {
		before := `parent_id: {column: "Ann's \"Parent\"", key: true` + otherwise + "}"
		mapping := strings.Replace(families, "parent_id: {column: Parent, key: true}", before, 1)
		const rows = `Id,Subject,Type,"Ann's ""Parent"""` + "\nC,c,Sub-task,B\nB,b,Task,A\nA,a,Epic,\nD,d,Task,X\n"
		r := checkOf(t, "t.csv", rows, mapping)
		if len(r.Groups) != 1 || len(r.Groups[0].Fixes) != 1 {
			t.Fatalf("%+v", r)
		}
		rule, why, _ := strings.Cut(r.Groups[0].Fixes[0], "  # ")
		if want := `parent_id: {expr: 'row["Type"] == "Sub-task" ? "" : row["Ann''s \"Parent\""]', key: true` + otherwise + "}"; rule != want || why == "" {
			t.Errorf("%s\nwant %s", rule, want)
		}
		after := checkOf(t, "t.csv", rows, strings.Replace(mapping, before, rule, 1))
		if len(after.Problems) > 0 || !reflect.DeepEqual(after.Warnings, r.Warnings) {
			t.Errorf("%q: %+v\nbefore %+v", otherwise, after, r)
		}
	}
}

// TestCoverageOfEachField: none is counted as another.
func TestCoverageOfEachField(t *testing.T) {
	const rule = `version: 1
key: {column: Id, custom_field: text1}
case: {title: {const: t}, description: {const: d}, requester_name: A, requester_email: B, requester_type: C, priority: D, owner_id: E, parent_id: F, status: G, type: H, group_id: I}
`
	var b strings.Builder
	b.WriteString("Id,A,B,C,D,E,F,G,H,I\n")
	cells := []string{"n", "a@example.com", "Contact", "LOW", "5f0000000000000000000001", "7", "OPEN", "TASK", "g"}
	for n := range len(cells) {
		fmt.Fprintf(&b, "%d", n+1)
		for i, cell := range cells {
			if i > 0 && i < len(cells)-n {
				cell = ""
			}
			b.WriteString("," + cell)
		}
		b.WriteString("\n")
	}
	r := checkOf(t, "t.csv", b.String(), rule)
	const want = "[{title 9} {description 9} {priority 3} {requester_name 9} {requester_email 1} {requester_type 2} {owner_id 4} {parent_id 5} {status 6} {type 7} {group_id 8} {custom_fields.text1 9}]"
	if got := fmt.Sprint(r.Coverage); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestCheckShowsWhatFollowsTheCreation(t *testing.T) {
	const rule = `version: 1
key: {column: Id, custom_field: text1}
case: {title: {const: t}, description: {const: d}, requester_name: {const: n}, owner_id: {column: Owner, agent: true}, parent_id: {column: Parent, key: true}, status: Status, type: Type, resolution: Resolution}
`
	r := checkOf(t, "t.csv", "Id,Owner,Parent,Status,Type,Resolution\n1,Ann@example.com,2,Resolved,,<Fixed>\n2,,,new,,\n3,ann@example.com,,open,,\n4,,,new,task,\n5,,,resolved,,\n6,,,Closed,,\n7,,,Solved,Bug,\n8,,,Solved,,x\n", rule)
	if r.Valid != 8 || r.After != 6 || len(r.Requests) != 1 {
		t.Errorf("%+v", r)
	}
	create := `{"title":"t","description":"d","requester_name":"n","owner_id":"<id of the agent ann@example.com>","parent_id":"<id of the case of 2>","custom_fields":{"text1":"1"}}`
	if update := `{"status":"RESOLVED","resolution":"<Fixed>"}`; string(r.Requests[0]) != create || string(r.Updates[0]) != update {
		t.Errorf("%s\n%s", r.Requests, r.Updates)
	}
	coverage := []Coverage{{"title", 8}, {"description", 8}, {"requester_name", 8}, {"owner_id", 2}, {"parent_id", 1}, {"status", 8}, {"type", 2}, {"resolution", 1}, {"custom_fields.text1", 8}}
	if !reflect.DeepEqual(r.Coverage, coverage) {
		t.Errorf("%+v", r.Coverage)
	}
	want := []string{
		"1 row is resolved without a resolution (row 5)",
		"status is CLOSED (row 6)",
		`status is "Solved" (2 rows, first: row 7), which is none of NEW, OPEN`,
		`type is "Bug" (row 7), which is none of QUESTION`,
	}
	for i, w := range want {
		if len(r.Warnings) != len(want) || !strings.HasPrefix(r.Warnings[i], w) {
			t.Fatalf("warnings %q", r.Warnings)
		}
	}
	if r := checkOf(t, "t.csv", "Id,Owner,Parent,Status,Type,Resolution\n1,,,,,\n", rule); r.After != 0 || r.Updates != nil || len(r.Requests) != 1 {
		t.Errorf("%+v", r)
	}
}

func TestCheckSaysThatRowsAreEqual(t *testing.T) {
	const rule = "version: 1\ncase: {title: A, description: A, requester_name: A}\n"
	for content, want := range map[string]string{
		"A,B\nx,1\nx,2\n":           "",
		"A,B\nx,1\ny,1\nx,1\n":      "3 rows, one of them equal to an earlier one in every cell (row 3 to row 1)",
		"A,B\nx,1\nx,1\nx,1\nx,2\n": "4 rows, 2 of them equal to an earlier one in every cell (row 2 to row 1)",
	} {
		warnings := checkOf(t, "t.csv", content, rule).Warnings
		if got := warnings[len(warnings)-1]; strings.Contains(got, "equal") != (want != "") || !strings.Contains(got, want) {
			t.Errorf("%q: %q", content, warnings)
		}
	}
}
