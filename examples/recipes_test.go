package examples

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"caseimport/importer/sandbox"
)

// kitchen is a folder with the program and a sandbox, in which recipes are run as they
// stand in recipes.md.
type kitchen struct {
	t    *testing.T
	dir  string
	env  []string
	box  *sandbox.Running
	text string
}

// program is the folder of the program, built once.
var program = sync.OnceValues(func() (dir string, err error) {
	if dir, err = os.MkdirTemp("", "caseimport"); err == nil {
		err = exec.Command("go", "build", "-o", dir, "caseimport/cmd/caseimport").Run()
	}
	return dir, err
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := program(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

func newKitchen(t *testing.T, tools ...string) *kitchen {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("recipes for a shell of Unix")
	}
	for _, tool := range append(tools, "bash") {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	k := &kitchen{t: t, dir: t.TempDir()}
	text, err := os.ReadFile("recipes.md")
	if err != nil {
		t.Fatal(err)
	}
	k.text = string(text)
	bin, err := program()
	if err != nil {
		t.Fatal(err)
	}
	if k.box, err = sandbox.Start("127.0.0.1:0", sandbox.Options{AnyAgent: true, Lag: -1}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.box.Close() })
	k.env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "TALKDESK_BASE_URL="+k.box.URL,
		"TALKDESK_TOKEN_URL="+k.box.TokenURL, "TALKDESK_ACCOUNT=acme", "TALKDESK_CLIENT_ID=id", "TALKDESK_CLIENT_SECRET=secret")
	return k
}

// block is the nth block of code under a heading.
func (k *kitchen) block(heading string, n int) string {
	k.t.Helper()
	_, after, found := strings.Cut(k.text, "\n## "+heading+"\n")
	after, _, _ = strings.Cut(after, "\n## ")
	blocks := regexp.MustCompile("(?ms)^```sh\n(.*?)^```$").FindAllStringSubmatch(after, -1)
	if !found || len(blocks) <= n {
		k.t.Fatalf("recipes.md has no such block under %q", heading)
	}
	return blocks[n][1]
}

func (k *kitchen) write(name, text string) {
	k.t.Helper()
	if err := os.WriteFile(filepath.Join(k.dir, name), []byte(text), 0o700); err != nil {
		k.t.Fatal(err)
	}
}

// cook runs a script and returns what it printed.
func (k *kitchen) cook(script string) (string, error) {
	ctx, stop := context.WithTimeout(k.t.Context(), time.Minute)
	defer stop()
	cmd := exec.CommandContext(ctx, "bash", "-c", "set -o pipefail\n"+script)
	cmd.Dir, cmd.Env, cmd.WaitDelay = k.dir, k.env, time.Second
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		k.t.Fatalf("it does not end:\n%s", out)
	}
	return string(out), err
}

// simple is a mapping for inputs with these columns.
const simple = `version: 1
key: {column: Id, custom_field: text1}
case: {title: Subject, description: Body, requester_name: Name, requester_email: Mail}
`

func TestRecipeOfZendesksAPI(t *testing.T) {
	k := newKitchen(t, "curl", "jq")
	var busy atomic.Bool
	var fail atomic.Bool
	var zendesk *httptest.Server
	zendesk = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ticket := func(id int, subject, status string) string {
			return fmt.Sprintf(`{"url":"u","id":%d,"subject":%q,"description":"It clicks","status":%q,"requester_id":7,"priority":null,"assignee_id":null,"external_id":null,"due_at":null,"via":{"channel":"web"},"tags":[],"custom_fields":[],"created_at":"2025-03-11T08:12:40Z"}`, id, subject, status)
		}
		user, password, _ := r.BasicAuth()
		switch at := r.URL.Path + "?" + r.URL.RawQuery; {
		case user != "ann@example.com/token" || password != `a"b\c`:
			w.WriteHeader(http.StatusUnauthorized)
		case busy.CompareAndSwap(false, true):
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		case fail.Load() && strings.Contains(at, "tickets/3/comments"):
			w.WriteHeader(http.StatusNotFound)
		case strings.HasSuffix(at, "cursor.json?start_time=0&include=users"):
			fmt.Fprintf(w, `{"users":[{"id":7,"name":"Astrid","email":"astrid@example.com"}],"tickets":[%s,%s],"end_of_stream":false,"after_url":%q}`,
				ticket(1, "old subject", "open"), ticket(2, "gone", "deleted"), zendesk.URL+"/api/v2/incremental/tickets/cursor.json?cursor=x&include=users")
		case strings.Contains(at, "cursor=x"):
			fmt.Fprintf(w, `{"users":[{"id":7,"name":"Astrid","email":"astrid@example.com"}],"tickets":[%s,%s],"end_of_stream":true,"after_url":"y"}`,
				ticket(1, "new subject\\n", "open"), ticket(3, "nobody wrote", "new"))
		case strings.HasSuffix(at, "/tickets/1/comments.json?page%5Bsize%5D=100"):
			fmt.Fprintf(w, `{"comments":[{"author_id":7,"body":"It clicks","public":true,"created_at":"2025-03-11T08:12:40Z"}],"meta":{"has_more":true},"links":{"next":%q}}`,
				zendesk.URL+"/api/v2/tickets/1/comments.json?page%5Bafter%5D=z")
		case strings.Contains(at, "after%5D=z"):
			fmt.Fprint(w, `{"comments":[{"author_id":8,"body":"Bring it in","public":false,"created_at":"2025-03-12T08:12:40Z"}],"meta":{"has_more":false},"links":{"next":null}}`)
		case strings.Contains(at, "/tickets/3/comments"):
			fmt.Fprint(w, `{"comments":[],"meta":{"has_more":false},"links":{}}`)
		default:
			t.Errorf("asked for %s", at)
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer zendesk.Close()
	script := k.block("Zendesk's tickets with their comments, by its API", 0)
	if lines := strings.Count(script, "\n"); lines > 28 {
		t.Errorf("the script has %d lines", lines)
	}
	k.write("zendesk-export.sh", script)
	k.env = append(k.env, "ZENDESK="+zendesk.URL, `ZENDESK_USER=ann@example.com/token:a\"b\\c`)
	if out, err := k.cook("./zendesk-export.sh tickets.jsonl && test ! -e tickets.jsonl.new && " + k.block("Zendesk's tickets with their comments, by its API", 1)); err != nil || !strings.Contains(out, "Astrid") {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range []string{"mapping.yaml", "fields.json"} {
		text, err := os.ReadFile(filepath.Join("zendesk-json", name))
		if err != nil {
			t.Fatal(err)
		}
		k.write(name, string(text))
	}
	k.write("agents.csv", "zendesk_id,talkdesk_user_id\n1,1\n")
	out, err := k.cook("caseimport check tickets.jsonl -m mapping.yaml --show 9 && caseimport run tickets.jsonl -m mapping.yaml --sandbox --json")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"new subject", "Bring it in", "astrid@example.com", `"created":2`} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Contains(out, "old subject") {
		t.Errorf("an older state of a ticket:\n%s", out)
	}

	// A ticket whose comments cannot be had must not go without them.
	fail.Store(true)
	if out, err := k.cook("rm tickets.jsonl; ./zendesk-export.sh tickets.jsonl"); err == nil {
		t.Errorf("a comment's 404 is no failure:\n%s", out)
	}
	if _, err := os.Stat(filepath.Join(k.dir, "tickets.jsonl")); err == nil {
		t.Error("half an export passes for a whole one")
	}
}

func TestRecipeOfSeveralExports(t *testing.T) {
	k := newKitchen(t)
	k.write("mapping.yaml", simple)
	for month, rows := range map[string]string{
		"2026-09": "1,a,b,c,c@example.com\n2,a,b,c,nobody@example.invalid\n",
		"2026-10": "1,a,b,c,c@example.com\n3,a,b,c,c@example.com\n5,a,b,c,nobody@example.invalid\n",
		"2026-11": "4,a,b,c,c@example.com\n",
	} {
		k.write("tickets-"+month+".csv", "Id,Subject,Body,Name,Mail\n"+rows)
	}
	out, err := k.cook(k.block("Several exports into one results file", 0))
	if n := len(k.box.Server.Cases()); err != nil || n != 3 {
		t.Fatalf("%v, %d cases\n%s", err, n, out)
	}
	for report, row := range map[string]string{"all.results.failed.2.csv": "2,a", "all.results.failed.csv": "5,a"} {
		if text, err := os.ReadFile(filepath.Join(k.dir, report)); err != nil || !strings.Contains(string(text), "\n"+row) {
			t.Errorf("%s: %v\n%s", report, err, text)
		}
	}
}

func TestRecipeOfADatabase(t *testing.T) {
	k := newKitchen(t, "sqlite3")
	k.write("mapping.yaml", simple)
	if out, err := k.cook(`sqlite3 helpdesk.db "CREATE TABLE tickets (id, subject, body, name, mail); INSERT INTO tickets VALUES (1, 'It''s \"on\" fire', 'a
b', 'Zoë', 'z@example.com'), (2, 'b', 'c', 'd', NULL)"`); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	recipe := k.block("Out of a database", 0)
	for range 2 {
		if out, err := k.cook(recipe); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	cases := k.box.Server.Cases()
	if len(cases) != 2 || !strings.Contains(string(cases[0].Body), `It's \"on\" fire`) {
		t.Errorf("%d cases", len(cases))
	}
}
