package draft_test

import (
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"caseimport/mapping"
	"caseimport/mapping/draft"
)

var update = flag.Bool("update", false, "write the drafts to testdata")

// TestDraft compares the drafts of small exports with those in testdata. Every
// row of every one of them is valid with the unedited draft, and with one whose
// custom fields were given keys.
func TestDraft(t *testing.T) {
	products := map[string]string{
		"zendesk.csv":      "a Zendesk CSV export",
		"zendesk.json":     "a Zendesk JSON export",
		"freshdesk.csv":    "a Freshdesk CSV export",
		"freshdesk.json":   "a Freshdesk JSON export",
		"freshservice.csv": "a Freshservice export",
		"jira.csv":         "a Jira export",
		"servicenow.csv":   "a ServiceNow export",
		"salesforce.csv":   "a Salesforce export of cases",
		"hubspot.csv":      "a HubSpot export of tickets",
		"intercom.csv":     "an Intercom export of conversations",
		"zoho.csv":         "a Zoho Desk export",
		"bugzilla.csv":     "a Bugzilla list of bugs",
		"github.json":      "a list of GitHub issues",
		"glpi.csv":         "a GLPI export",
		"otrs.csv":         "an OTRS or Znuny export",
		"redmine.csv":      "a Redmine export",
		"gitlab.csv":       "a GitLab export of issues",
		"trello.json":      "a Trello export of cards",
		"azure.csv":        "an Azure DevOps export of work items",
		"launchpad.json":   "a Launchpad list of bugs",
		"plain.csv":        "a plain table",
		"headers-only.csv": "a plain table",
		"nothing.csv":      "a plain table",
	}
	exports, err := filepath.Glob("testdata/*[nv]") // .json, .csv
	if err != nil || len(exports) != len(products) {
		t.Errorf("%d exports in testdata, %d of them listed here: %v", len(exports), len(products), err)
	}
	for name, product := range products {
		t.Run(name, func(t *testing.T) {
			input := readTable(t, filepath.Join("testdata", name))
			d := input.draft(t, nil, "")
			if d.Product != product {
				t.Errorf("recognised as %s, want %s", d.Product, product)
			}
			for _, draft := range [][]byte{d.YAML, keyed(d.YAML)} {
				if _, faults := input.valid(t, draft); len(faults) > 0 {
					t.Errorf("invalid: %s\n%s", strings.Join(faults, "\n"), draft)
				}
			}
			if twice := both(d); len(twice) > 0 {
				t.Errorf("sure and asked about: %v", twice)
			}
			if asked := draft.OpenQuestions(d.YAML); asked > len(d.Ask) {
				t.Errorf("%d questions in the file, %d on the terminal", asked, len(d.Ask))
			}
			isGolden(t, name+".yaml", d)
		})
	}
}

// TestDropdowns takes every dropdown that a draft offers in place of its text
// field: it must load as it stands there.
func TestDropdowns(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.csv")
	if err != nil || len(paths) == 0 {
		t.Fatal("no exports to draft", err)
	}
	offered := 0
	for _, path := range paths {
		input := readTable(t, path)
		d := input.draft(t, nil, "")
		var out []string
		inside := false
		for l := range strings.Lines(string(d.YAML)) {
			begins := strings.HasPrefix(l, "  # drop_downN:")
			inside = begins || inside && strings.HasPrefix(l, "  #   ")
			if begins {
				offered++
			}
			if inside {
				l = strings.Replace(strings.Replace(l, "# ", "", 1), "drop_downN", fmt.Sprintf("drop_down%d", offered), 1)
			}
			out = append(out, l)
		}
		input.valid(t, []byte(strings.Join(out, "")))
	}
	if offered == 0 {
		t.Error("no dropdown was offered")
	}
}

func TestFromNamesTheProduct(t *testing.T) {
	input := &table{columns: []string{"number", "short_description", "x"}, rows: []row{{text("1"), text("a b"), text("c")}}}
	for _, name := range draft.Products() {
		d := input.draft(t, nil, name)
		input.valid(t, d.YAML)
	}
	if _, err := input.profile().Draft(nil, "", "zendesck"); err == nil || !strings.Contains(err.Error(), "bugzilla, freshdesk, freshservice") {
		t.Errorf("an unknown product: %v", err)
	}
}

func TestSampleIsSaid(t *testing.T) {
	p := draft.NewProfile([]string{"Id", "Subject"})
	p.Add(row{text("1"), text("one")})
	p.Total = 1_000_000
	d := draftOf(t, p, nil, "")
	if want := "the first 1 of 1,000,000 rows"; !strings.Contains(string(d.YAML), want) {
		t.Errorf("the draft does not say %q:\n%s", want, d.YAML)
	}
}

// TestKey looks for the column that is the key, and for the reason where a
// likelier one is not.
func TestKey(t *testing.T) {
	for _, test := range []struct {
		columns []string
		rows    []row
		want    string
	}{
		{[]string{"Subject", "Ticket ID"}, []row{{text("a"), text("1")}, {text("b"), text("2")}}, "\nkey: Ticket ID "},
		{[]string{"Ticket ID", "Subject"}, []row{{text("1"), text("a")}, {text("1"), text("b")}}, `No key: "Ticket ID" looks like one, but it has only 1 different value in 2 rows.`},
		{[]string{"Ticket ID", "Subject"}, []row{{text("1"), text("a")}, {text(""), text("b")}}, `No key: "Ticket ID" looks like one, but it is empty in row 2.`},
		{[]string{"Ticket ID", "Subject"}, []row{{text("1.2E+11"), text("a")}, {text("2"), text("b")}}, `No key: "Ticket ID" looks like one, but a spreadsheet turned 1 of its numbers`},
		{[]string{"Ticket ID", "Subject"}, []row{{text(strings.Repeat("1", 201)), text("a")}, {text("2"), text("b")}}, `it is longer than 200 characters in row 1.`},
		{[]string{"Ticket ID", "Order number"}, []row{{text("1"), text("7")}, {text("1"), text("8")}}, `No key: "Ticket ID" looks like one, but it has only 1 different value in 2 rows.`},
		{[]string{"Ticket ID", "Order number"}, []row{{text("1"), text("7")}, {text("1"), text("8")}}, `QUESTION: key: is "Order number" the ticket's own id? Its name is not a known one. Until you say, no column is the key. Candidates: "Order number" ("7", "8").`},
		{[]string{"Contact ID", "Subject"}, []row{{text("1"), text("a b")}, {text("2"), text("c d")}}, `No key: no column has`},
		{[]string{"Subject", "Code"}, []row{{text("a b"), text("X1")}, {text("c d"), text("X2")}}, `is "Code" the ticket's own id? Its name is not a known one.`},
		{[]string{"Ticket ID", "Subject"}, []row{{text(`="001"`), text("a")}, {text(`="002"`), text("b")}}, `key: {expr: 'trim(row["Ticket ID"], "=\"")', custom_field: textN}`},
		{[]string{"No", "Idx", "Subject"}, []row{{text("1"), text("1"), text("a b")}, {text("2"), text("2"), text("c d")}}, `is "No" the ticket's own id? "No" only counts the rows`},
		{[]string{"UUID", "Subject"}, nil, `is "UUID" the ticket's own id? Its name is not a known one. Until you say`},
		{[]string{"Ticket ID", "Subject", "2024"}, []row{{text("1"), text("a b"), text("2025")}, {text("2"), text("c d"), text("2026")}},
			`is "Ticket ID" the ticket's own id? The file may begin without a line of column names. Until you say`},
		{[]string{"CaseNumber", "Id", "OwnerId"}, []row{{text("1"), text("A"), text("x")}, {text("1"), text("B"), text("x")}}, "\nkey: Id "},
	} {
		input := &table{columns: test.columns, rows: test.rows}
		d := input.draft(t, nil, "")
		input.valid(t, d.YAML)
		if plain := strings.ReplaceAll(string(d.YAML), "\n# ", " "); !strings.Contains(plain, test.want) && !strings.Contains(string(d.YAML), test.want) {
			t.Errorf("no %s in\n%s", test.want, d.YAML)
		}
	}
}

// ruleFor drafts a table with one more column, and gives that column's rule.
func ruleFor(t *testing.T, header string, cells ...string) string {
	t.Helper()
	input := &table{columns: []string{"Ticket ID", "Subject", "Description", "Email", header}}
	for i, c := range cells {
		input.rows = append(input.rows, row{text(string(rune('A' + i))), text("a subject"), text("a text"), text("ada@example.com"), text(c)})
	}
	d := input.draft(t, nil, "plain")
	if _, faults := input.valid(t, keyed(d.YAML)); len(faults) > 0 {
		t.Errorf("%s: %v\n%s", header, faults, d.YAML)
	}
	for _, l := range unkeyed.FindAllString(string(d.YAML), -1) {
		rule, _, _ := strings.Cut(strings.TrimPrefix(l, "  # "), "  #")
		if !strings.Contains(rule, "{const: ") {
			return strings.TrimSpace(rule)
		}
	}
	return ""
}

func TestKinds(t *testing.T) {
	for _, test := range []struct {
		header string
		cells  []string
		want   string
	}{
		{"Reopens", []string{"0", "12", ""}, `numericN: Reopens`},
		{"Balance", []string{"-1", "0.5"}, `decimalN: Balance`},
		{"Balance", []string{"1,5", "2"}, `decimalN: {column: Balance, decimal_comma: true}`},
		{"Amount", []string{"1,234.50", "2"}, `textN: Amount`},
		{"Contract no", []string{"00123", "4"}, `textN: Contract no`},
		{"Customer id", []string{"17", "4"}, `textN: Customer id`},
		{"Serial", []string{"1.2E+11", "4"}, `textN: Serial`},
		{"Contract", []string{`="00123"`, `="00124"`}, `textN: {expr: 'trim(row["Contract"], "=\"")'}`},
		{"Long", []string{"12345678901234567890", "4"}, `textN: Long`},
		{"VIP", []string{"TRUE", "no"}, `checkboxN: VIP`},
		{"VIP", []string{"Ja", "nein"}, `checkboxN: {column: VIP, true: ja, false: nein}`},
		{"VIP", []string{"y", "N", "x"}, `checkboxN: {column: VIP, true: [x, "y"], false: "n"}`},
		{"VIP", []string{"yes", "?"}, `checkboxN: {column: VIP, values: {"?": ""}, pass: true}`},
		{"Is closed", []string{"1", ""}, `checkboxN: Is closed`},
		{"Rating", []string{"1", "0"}, `numericN: Rating`},
		{"Notes 1", []string{"one", "two\nlines"}, `multi_line_textN: Notes 1`},
		{"Body 2", []string{"<p>a</p>", "<div>b</div>"}, `textN: {column: Body 2, html: true}`},
		{"Größe: #1", []string{"L", "M"}, `textN: "Größe: #1"`},
		{"数量", []string{"many", "few"}, `textN: 数量`},
		{"yes", []string{"many", "few"}, `textN: "yes"`},
		{"42", []string{"many", "few"}, `textN: "42"`},
		{`say "x"`, []string{"many", "few"}, `textN: 'say "x"'`},
		{"Text", []string{"a", "b"}, `textN: Text`},
		{"Date of birth", []string{"2024-01-02"}, `dateN: {column: Date of birth, layout: "2006-01-02", timezone: UTC}`},
	} {
		if got := ruleFor(t, test.header, test.cells...); got != test.want {
			t.Errorf("%s %q:\n got %s\nwant %s", test.header, test.cells, got, test.want)
		}
	}
}

func TestDates(t *testing.T) {
	for _, test := range []struct {
		header string
		cells  []string
		want   string
	}{
		{"Created", []string{"2024-01-02T03:04:05Z", "2024-01-02T03:04:05.123+02:00"}, `dateN: Created`},
		{"Created", []string{"6/13/2025 16:14", "1/2/2025 9:05"}, `dateN: {column: Created, layout: "1/2/2006 15:04", timezone: UTC}`},
		{"Created", []string{"13/6/2025", "1/2/2025"}, `dateN: {column: Created, layout: "2/1/2006", timezone: UTC}`},
		{"Created", []string{"1/2/2025", "3/4/2025"}, `dateN: {column: Created, layout: "1/2/2006", timezone: UTC}`},
		{"Created", []string{"1.2.2025", "3.4.2025"}, `dateN: {column: Created, layout: "2.1.2006", timezone: UTC}`},
		{"Created", []string{"13/6/2025", "6/13/2025"}, `textN: Created`},
		{"Created", []string{"29-02-2016 01:16", "?"}, `dateN: {column: Created, values: {"?": ""}, pass: true, layout: "2-1-2006 15:04", timezone: UTC}`},
		{"Created", []string{"14/Jul/25 3:42 PM"}, `dateN: {column: Created, layout: "2/Jan/06 3:04 PM", timezone: UTC}`},
		{"Created", []string{"2025-06-21 16:14:03 UTC"}, `dateN: {column: Created, layout: "2006-01-02 15:04:05 UTC", timezone: UTC}`},
		{"Created", []string{"2016-04-28T11:19:34 -10:00"}, `dateN: {column: Created, layout: "2006-01-02T15:04:05 -07:00"}`},
		{"Created", []string{"2024-07-11T21:22:07.000+0000", "2024-07-11T21:22:07Z"}, `dateN: {column: Created, layout: "2006-01-02T15:04:05Z0700"}`},
		{"Created", []string{"Wed, 2 Oct 2013 10:15:50 +0300"}, `dateN: {column: Created, layout: "Mon, 2 Jan 2006 15:04:05 -0700"}`},
		{"Created", []string{"45306", "45306.5"}, `dateN: {column: Created, layout: excel, timezone: UTC}`},
		{"Created", []string{"1380698150"}, `dateN: {column: Created, layout: unix}`},
		{"Created", []string{"1380698150123"}, `dateN: {column: Created, layout: unix}`},
		{"Number seen", []string{"1380698150", "45306"}, `numericN: Number seen`},
		{"Created", []string{"2024-01-02", "2024-01-03", "3.1.2024", "45306"}, `dateN: {column: Created, layout: ["2006-01-02", "2.1.2006", excel], timezone: UTC}`},
		{"Created", []string{"2024-01-02", "soon"}, `textN: Created`},
		{"Created", []string{"2024-02-30"}, `textN: Created`},
		{"Seen (America/New_York)", []string{"2024-01-02 10:00"}, `dateN: {column: Seen (America/New_York), layout: "2006-01-02 15:04", timezone: America/New_York}`},
		// Clocks were set forward over this hour there.
		{"Seen (America/New_York)", []string{"2024-03-10 02:30"}, `textN: Seen (America/New_York)`},
		{"Seen (Atlantis)", []string{"2024-01-02 10:00"}, `dateN: {column: Seen (Atlantis), layout: "2006-01-02 15:04", timezone: UTC}`},
		{"Version", []string{"1.2.10", "3.4.11"}, `textN: Version`},
	} {
		if got := ruleFor(t, test.header, test.cells...); got != test.want {
			t.Errorf("%s %q:\n got %s\nwant %s", test.header, test.cells, got, test.want)
		}
	}
}

// TestOrderFromAnotherColumn settles an open order of day and month by a column
// that shows it.
func TestOrderFromAnotherColumn(t *testing.T) {
	input := &table{columns: []string{"Subject", "Opened", "Closed"}, rows: []row{{text("a"), text("25/12/2024"), text("1/2/2025")}}}
	d := input.draft(t, nil, "")
	if want := `dateN: {column: Closed, layout: "2/1/2006", timezone: UTC}`; !strings.Contains(string(d.YAML), want) {
		t.Errorf("no %s in\n%s", want, d.YAML)
	}
}

// TestAddresses sends every requester that the draft makes of awkward cells.
func TestAddresses(t *testing.T) {
	for cell, want := range map[string]mapping.Case{
		"ada@example.com":              {RequesterName: "ada@example.com", RequesterEmail: "ada@example.com"},
		" ada@example.com ":            {RequesterName: " ada@example.com ", RequesterEmail: "ada@example.com"},
		"Ada <ada@example.com>":        {RequesterName: "Ada <ada@example.com>", RequesterEmail: "ada@example.com"},
		"a@example.com; b@example.com": {RequesterName: "a@example.com; b@example.com", RequesterEmail: "a@example.com"},
		"ada(at)example.com":           {RequesterName: "ada(at)example.com"},
		"x..y@example.com":             {RequesterName: "x..y@example.com"},
		"":                             {RequesterName: "Unknown requester"},
	} {
		input := &table{columns: []string{"Subject", "Email"}, rows: []row{{text("a"), text(cell)}, {text("a"), text("bob@example.com")}, {text("a"), text("")}}}
		d := input.draft(t, nil, "")
		p := input.program(t, nil, d.YAML)
		got, faults := p.Map(input.rows[0])
		if len(faults) > 0 || got.RequesterName != want.RequesterName || got.RequesterEmail != want.RequesterEmail {
			t.Errorf("%q: got %q, %q, %v\n%s", cell, got.RequesterName, got.RequesterEmail, faults, d.YAML)
		}
	}
}

// TestDescription looks at what a description's column holds.
func TestDescription(t *testing.T) {
	for _, c := range []struct{ name, csv, want string }{
		{"line breaks written out", "Id,Subject,Description,Name\n1,a,one\\ntwo,B\n2,b,x\\ny,B\n",
			`description: {expr: 'replace(row["Description"], "\\n", "\n")'}`},
		{"a path among texts", "Id,Subject,Description,Name\n1,a,C:\\new,B\n2,b,x,B\n3,c,y,B\n", "description: Description"},
		{"of two guesses the longer", "No,P,Q,Who\n1,it does not open,when I open the door it does not open at all,B\n2,it is too loud,when I listen to it I find it is too loud,B\n", "description: Q"},
	} {
		t.Run(c.name, func(t *testing.T) {
			input := readCSV(t, []byte(c.csv))
			d := input.draft(t, nil, "")
			if !strings.Contains(string(d.YAML), c.want) {
				t.Errorf("want %s in\n%s", c.want, d.YAML)
			}
			if _, faults := input.valid(t, d.YAML); len(faults) > 0 {
				t.Errorf("invalid: %s", strings.Join(faults, "\n"))
			}
		})
	}
}

// TestCommentsInNestedLists: what is written like a comment is none of an item that is
// a list itself.
func TestCommentsInNestedLists(t *testing.T) {
	input := readJSON(t, []byte(`[{"Subject": "Printer", "Log": ["02/Feb/26 10:00 AM;ann;Seen", ["a", "b"]]}]`))
	d := input.draft(t, nil, "")
	if _, faults := input.valid(t, d.YAML); len(faults) > 0 {
		t.Errorf("%q of the draft\n%s", faults, d.YAML)
	}
}
