package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"caseimport/importer/exit"
)

// TestSandboxSpeaksOtherForms starts the command with a flag of each kind and
// looks whether they arrive.
func TestSandboxSpeaksOtherForms(t *testing.T) {
	file := filepath.Join(t.TempDir(), "fields.json")
	if err := os.WriteFile(file, []byte(`{"fields":[{"key":"text7","name":"Source id","options":[]}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	reader, writer := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- exec(ctx, []string{"sandbox", "--token", "made-up", "--lag", "0", "--fields", file, "--list-shape", "array-key",
			"--list-fault", "total-zero,no-links", "--list-hides", "notes,description", "--fields-form", "embedded"}, nil, writer, io.Discard)
		writer.Close()
	}()
	var url string
	buf := make([]byte, 4096)
	n, _ := reader.Read(buf)
	url, _, _ = strings.Cut(string(buf[:n]), "\n")
	var rest bytes.Buffer
	copied := make(chan struct{})
	go func() { _, _ = io.Copy(&rest, reader); close(copied) }()
	ask := func(method, path, body string) string {
		request, err := http.NewRequest(method, url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer made-up")
		request.Header.Set("Content-Type", "application/json")
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, _ := io.ReadAll(answer.Body)
		return string(text)
	}
	const cases = "/cm/core/va/cases"
	refused := ask("POST", cases, `{"title":"T","description":"D","requester_name":"N","custom_fields":{"text1":"x"}}`)
	ask("POST", cases, `{"title":"T","description":"D","requester_name":"N","custom_fields":{"text7":"x"}}`)
	list := ask("GET", cases, "")
	fields := ask("GET", "/cm/meta/va/fields", "")
	cancel()
	if got := <-code; got != exit.Done {
		t.Errorf("exit code %d, want 0", got)
	}
	<-copied
	if !strings.Contains(refused, "is not a field of this account") {
		t.Errorf("an unknown key: %s", refused)
	}
	if !strings.Contains(list, `"custom_fields":[{"key":"text7","value":"x"}]`) || !strings.Contains(list, `{"total":0,"count":1`) ||
		strings.Contains(list, "notes") || strings.Contains(list, "description") || strings.Contains(list, "_links") {
		t.Errorf("the list: %s", list)
	}
	if !strings.HasPrefix(fields, `{"_embedded":`) {
		t.Errorf("the definitions: %s", fields)
	}
	if strings.Contains(rest.String(), "not checked") {
		t.Errorf("it says that keys are not checked:\n%s", &rest)
	}
}

func TestSandboxRefusesFlagsThatMakeNoSense(t *testing.T) {
	for _, test := range []struct {
		flags []string
		want  string
	}{
		{[]string{"--fields", "no-such.json"}, "no-such.json"},
		{[]string{"--agents", "sandbox_test.go"}, "sandbox_test.go: not a list of agents"},
		{[]string{"--list-shape", "round"}, "list shape \"round\" is unknown: give plain, wrapped"},
		{[]string{"--list-fault", "total-zero,slow"}, "list fault \"slow\" is unknown"},
		{[]string{"--list-hides", "note"}, "list hides \"note\" is unknown"},
	} {
		var stderr bytes.Buffer
		if code := exec(t.Context(), append([]string{"sandbox"}, test.flags...), nil, io.Discard, &stderr); code != 1 || !strings.Contains(stderr.String(), test.want) {
			t.Errorf("%v: exit code %d, %s", test.flags, code, &stderr)
		}
	}
}
