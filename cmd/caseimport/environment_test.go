package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/encoding/unicode"

	"caseimport/importer/exit"
	"caseimport/importer/sandbox"
)

// Files of secrets are written on Windows, with blanks, and are read by what is no
// shell. What can be trimmed is; what only looks right is refused by its name.
func TestEnvironmentAsPeopleWriteIt(t *testing.T) {
	box, err := sandbox.Start("127.0.0.1:0", sandbox.Options{ClientID: "id", ClientSecret: "hush-hush"})
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	right := map[string]string{"TALKDESK_ACCOUNT": "acme", "TALKDESK_REGION": "eu", "TALKDESK_BASE_URL": box.URL,
		"TALKDESK_TOKEN_URL": box.TokenURL, "TALKDESK_CLIENT_ID": "id", "TALKDESK_CLIENT_SECRET": "hush-hush"}
	fields := func() (int, string) { return said("fields", "-o", filepath.Join(t.TempDir(), "fields.json")) }

	for name, value := range right {
		t.Setenv(name, " \t"+value+" \r")
	}
	if code, text := fields(); code != exit.Done {
		t.Errorf("blanks and carriage returns: exit %d: %s", code, text)
	}
	for _, tt := range []struct{ name, value, want string }{
		{"TALKDESK_CLIENT_SECRET", `"hush-hush"`, "the value of TALKDESK_CLIENT_SECRET stands in quotation marks"},
		{"TALKDESK_ACCOUNT", "'acme'\r", "the value of TALKDESK_ACCOUNT stands in quotation marks"},
		{"TALKDESK_CLIENT_ID", "id\u200b", "the value of TALKDESK_CLIENT_ID holds a character that cannot be seen"},
	} {
		t.Run(tt.value, func(t *testing.T) {
			t.Setenv(tt.name, tt.value)
			if code, text := fields(); code != exit.Refused || !strings.Contains(text, tt.want) || strings.Contains(text, "hush") {
				t.Errorf("exit %d: %s", code, text)
			}
		})
	}
}

// What PowerShell's > writes is UTF-16 with carriage returns.
func TestFilesOfPowerShell(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"good.csv", "mapping.yaml"} {
		text, err := os.ReadFile(filepath.Join("testdata/common", name))
		if err != nil {
			t.Fatal(err)
		}
		wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().Bytes(bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), wide, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if code, text := said("run", filepath.Join(dir, "good.csv"), "-m", filepath.Join(dir, "mapping.yaml"), "--sandbox", "--rate", "0"); code != exit.Done {
		t.Errorf("exit %d:\n%s", code, text)
	}
}
