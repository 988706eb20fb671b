package examples

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"caseimport/importer"
	"caseimport/importer/check"
	"caseimport/importer/related"
	"caseimport/importer/sandbox"
	"caseimport/importer/source"
	"caseimport/importer/talkdesk"
	"caseimport/mapping"
	"caseimport/ratelimit"
)

// example is one folder, and how many of its rows meet which fate. Valid rows
// are those that are sent; the sandbox refuses failed of them.
type example struct {
	folder, input                               string
	valid, invalid, duplicate, filtered, failed int
}

var all = []example{
	{folder: "quickstart", input: "tickets.csv", valid: 285, invalid: 7, duplicate: 1, filtered: 7, failed: 3},
	{folder: "zendesk", input: "tickets.csv", valid: 12, filtered: 2},
	{folder: "zendesk-json", input: "tickets.jsonl", valid: 7, filtered: 1},
	{folder: "freshdesk", input: "tickets.csv", valid: 10, filtered: 1},
	{folder: "freshdesk-json", input: "tickets.json", valid: 8, filtered: 1},
	{folder: "freshservice", input: "tickets.csv", valid: 8, filtered: 1},
	{folder: "jira", input: "issues.csv", valid: 7, filtered: 1},
	{folder: "servicenow", input: "incident.csv", valid: 8, filtered: 1},
	{folder: "salesforce", input: "Case.csv", valid: 7, filtered: 1},
	{folder: "hubspot", input: "tickets.csv", valid: 7, invalid: 1, filtered: 1},
	{folder: "intercom", input: "conversations.csv", valid: 7, filtered: 1},
	{folder: "zoho", input: "tickets.csv", valid: 8, filtered: 1},
	{folder: "bugzilla", input: "bugs.csv", valid: 8, filtered: 2},
	{folder: "migration", input: "tickets.csv", valid: 9, filtered: 1},
	{folder: "github", input: "issues.json", valid: 7, filtered: 1},
}

func (e example) rows() int { return e.valid + e.invalid + e.duplicate + e.filtered }

func (e example) path(name string) string { return filepath.Join(e.folder, name) }

// open reads the export and binds the mapping file to it.
func (e example) open(t *testing.T) (*source.Table, *mapping.Program) {
	t.Helper()
	table, err := source.Open(t.Context(), e.path(e.input), source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { table.Close() })
	text, err := os.ReadFile(e.path("mapping.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := mapping.Parse(e.path("mapping.yaml"), text, func(name string) ([]byte, error) {
		return os.ReadFile(e.path(name))
	})
	if err != nil {
		t.Fatal(err)
	}
	program, err := m.CompileWith(table.Columns, false, func(of mapping.SecondFile) (mapping.Related, error) {
		file, err := related.Open(t.Context(), e.path(of.Path), source.Options{})
		if err == nil {
			t.Cleanup(func() { file.Close() })
		}
		return file, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return table, program
}

// check returns what check says, with every request.
func (e example) check(t *testing.T) (check.Report, *mapping.Program) {
	t.Helper()
	table, program := e.open(t)
	report, err := check.Run(t.Context(), check.Config{Table: table, Program: program, Show: e.rows()})
	if err != nil {
		t.Fatal(err)
	}
	return report, program
}

// sandbox plays the example's account: it is strict about its keys and options.
func (e example) sandbox(t *testing.T) *sandbox.Running {
	t.Helper()
	text, err := os.ReadFile(e.path("fields.json"))
	if err != nil {
		t.Fatal(err)
	}
	fields, err := sandbox.ParseFields(text)
	if err != nil {
		t.Fatal(err)
	}
	box, err := sandbox.Start("127.0.0.1:0", sandbox.Options{Fields: fields, AnyAgent: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { box.Close() })
	return box
}

// run imports the example into the sandbox.
func (e example) run(t *testing.T, box *sandbox.Running, results string) importer.Summary {
	t.Helper()
	table, program := e.open(t)
	api, err := talkdesk.New(talkdesk.Config{
		Account: "sandbox", BaseURL: box.URL, TokenURL: box.TokenURL,
		Credentials: talkdesk.Credentials{ClientID: "sandbox", ClientSecret: "sandbox"},
		Timeout:     time.Minute, Concurrency: 8,
	})
	if err != nil {
		t.Fatal(err)
	}
	sum, err := importer.Run(t.Context(), importer.Config{
		Table: table, Program: program, API: api,
		Limiter: ratelimit.New(0), Log: slog.New(slog.DiscardHandler), Progress: &importer.Progress{},
		Input: e.path(e.input), Results: results, Account: "sandbox", BaseURL: "sandbox",
		Concurrency: 8, MaxAttempts: 3, Settle: time.Second, OutagePatience: time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func each(t *testing.T, f func(t *testing.T, e example)) {
	for _, e := range all {
		t.Run(e.folder, func(t *testing.T) { f(t, e) })
	}
}

func TestCheckFindsWhatIsWrong(t *testing.T) {
	each(t, func(t *testing.T, e example) {
		report, _ := e.check(t)
		got := example{folder: e.folder, input: e.input, failed: e.failed,
			valid: report.Valid, invalid: report.Invalid, duplicate: report.Duplicate, filtered: report.Filtered}
		if got != e {
			t.Errorf("got %+v, want %+v; problems: %+v", got, e, report.Problems)
		}
		if len(report.Warnings) > 0 {
			t.Errorf("warnings: %q", report.Warnings)
		}
	})
}

func TestEveryRuleOfAMappingIsUsed(t *testing.T) {
	each(t, func(t *testing.T, e example) {
		report, program := e.check(t)
		filled := map[string]bool{}
		for _, c := range report.Coverage {
			filled[strings.TrimPrefix(c.Field, "custom_fields.")] = c.Rows > 0
		}
		for _, field := range program.Fields() {
			if !filled[strings.TrimPrefix(field, "custom_fields.")] {
				t.Errorf("no row fills %s", field)
			}
		}
	})
}

func TestRunCreatesEveryValidRowOnce(t *testing.T) {
	each(t, func(t *testing.T, e example) {
		box := e.sandbox(t)
		results := filepath.Join(t.TempDir(), "r.results.csv")

		sum := e.run(t, box, results)
		created := e.valid - e.failed
		want := importer.Summary{Rows: e.rows(), Created: created, Failed: e.failed,
			Invalid: e.invalid, Duplicate: e.duplicate, Filtered: e.filtered}
		if got := counts(sum); !reflect.DeepEqual(got, want) {
			t.Errorf("first run:\n got %+v\nwant %+v", got, want)
		}

		sum = e.run(t, box, results)
		want.Created, want.Already = 0, created
		if got := counts(sum); !reflect.DeepEqual(got, want) {
			t.Errorf("second run:\n got %+v\nwant %+v", got, want)
		}
		requests := e.failed
		if e.failed > 0 {
			requests++ // for the account's fields, before anything is sent
		}
		if sum.Requests != requests {
			t.Errorf("the second run made %d requests, want one for each row without a case and one before: %d", sum.Requests, requests)
		}

		report, _ := e.check(t)
		meant := map[string]json.RawMessage{} // the update, by the create
		for i, body := range report.Requests {
			meant[withoutIDs(body)] = nil
			if report.Updates != nil {
				meant[withoutIDs(body)] = report.Updates[i]
			}
		}
		for _, c := range box.Server.Cases() {
			update, known := meant[withoutIDs(c.Body)]
			if !known {
				t.Errorf("case %s is not among what check shows, or is there twice: %s", c.ID, c.Body)
			}
			delete(meant, withoutIDs(c.Body))
			for name, value := range gjson.ParseBytes(update).Map() {
				if got := gjson.GetBytes(c.Now, name); got.Raw != value.Raw {
					t.Errorf("case %s: %s is %s, want %s", c.ID, name, got.Raw, value.Raw)
				}
			}
		}
		if len(meant) != e.failed {
			t.Errorf("%d of the requests that check shows made no case, want %d", len(meant), e.failed)
		}
	})
}

var ids = regexp.MustCompile(`"(owner_id|parent_id)":"[^"]*"`)

// withoutIDs is a request without ids that check cannot know.
func withoutIDs(body []byte) string { return ids.ReplaceAllString(string(body), `"$1":"?"`) }

// counts leaves what rows came to.
func counts(s importer.Summary) importer.Summary {
	return importer.Summary{Rows: s.Rows, Created: s.Created, Already: s.Already, Failed: s.Failed, Invalid: s.Invalid,
		Duplicate: s.Duplicate, Unknown: s.Unknown, Filtered: s.Filtered, Left: s.Left}
}

// What README.md tells a newcomer to look at.
func TestQuickstartFailsWhereItTeaches(t *testing.T) {
	box := all[0].sandbox(t)
	results := filepath.Join(t.TempDir(), "r.results.csv")
	all[0].run(t, box, results)

	got := map[string]string{}
	for _, line := range readCSV(t, results) {
		if line["status"] != "created" {
			got[line["row"]] = line["status"] + " " + line["http_status"] + " " + line["error_message"] + " " + line["error_fields"]
		}
	}
	for row, parts := range map[string][]string{
		"24":  {"invalid", "requester_email"},
		"53":  {"invalid", "title"},
		"72":  {"invalid", "priority", "asap"},
		"93":  {"invalid", "checkbox1", "platinum"},
		"121": {"invalid", "date1", "2025-02-30"},
		"149": {"invalid", "21", "20"},
		"185": {"invalid", "priority", "requester_email", "numeric1"},
		"199": {"duplicate", "198"},
		"145": {"failed 400", "requester_email"},
		"219": {"failed 400", "parent_id"},
		"262": {"failed 400", "requester_email", "parent_id"},
	} {
		for _, part := range parts {
			if !strings.Contains(got[row], part) {
				t.Errorf("row %s: %q does not hold %q", row, got[row], part)
			}
		}
		delete(got, row)
	}
	if len(got) > 0 {
		t.Errorf("other rows without a case: %v", got)
	}
}

func TestQuickstartHasEveryKindOfCustomField(t *testing.T) {
	_, program := all[0].open(t)
	for _, prefix := range []string{"checkbox", "drop_down", "text", "multi_line_text", "dependent_field", "date", "numeric", "decimal", "multi_select"} {
		if !slices.ContainsFunc(program.Fields(), func(f string) bool { return f == "custom_fields."+prefix+"1" }) {
			t.Errorf("no %s", prefix)
		}
	}
}

func TestReadmeListsEveryFolder(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		i := slices.IndexFunc(all, func(e example) bool { return e.folder == entry.Name() })
		if i < 0 {
			t.Errorf("%s is not tested", entry.Name())
			continue
		}
		command := fmt.Sprintf("run examples/%s/%s -m examples/%[1]s/mapping.yaml --sandbox`", all[i].folder, all[i].input)
		if !strings.Contains(string(readme), command) {
			t.Errorf("README.md does not say %s", command)
		}
	}
}

// The mapping files in the documents are what people copy.
func TestMappingsInTheDocumentsLoad(t *testing.T) {
	for _, path := range []string{"../README.md", "../mapping/README.md"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for i, block := range strings.Split(string(text), "```yaml\n")[1:] {
			block, _, _ = strings.Cut(block, "```")
			if !strings.HasPrefix(block, "version:") {
				block = "version: 1\ncase: {title: A, description: B, requester_name: C}\n" + block
			}
			if _, err := mapping.Parse(fmt.Sprintf("%s, block %d", path, i+1), []byte(block), standIn); err != nil {
				t.Error(err)
			}
			found++
		}
		if found == 0 {
			t.Errorf("%s holds no mapping", path)
		}
	}
}

// standIn stands for every file that the documents name.
func standIn(name string) ([]byte, error) {
	if strings.HasSuffix(name, ".csv") {
		return []byte("id,name\n1,Ann\n"), nil
	}
	return os.ReadFile("quickstart/fields.json")
}

// readCSV returns the lines by their headers.
func readCSV(t *testing.T, path string) []map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var lines []map[string]string
	for _, record := range records[1:] {
		line := map[string]string{}
		for i, cell := range record {
			line[records[0][i]] = cell
		}
		lines = append(lines, line)
	}
	return lines
}
