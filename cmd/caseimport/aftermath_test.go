package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

// A command that does not end takes nobody with it, and leaves nothing behind: its
// child would hold the pipe, and so the command would be waited for.
func TestCommandIsEndedWithItsChildren(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a shell of Unix")
	}
	var out bytes.Buffer
	cmd := &cobra.Command{}
	cmd.SetErr(&out)
	pid := filepath.Join(t.TempDir(), "pid")
	ctx, stop := context.WithCancel(t.Context())
	go func() { // once the child is there
		for {
			if text, _ := os.ReadFile(pid); strings.HasSuffix(string(text), "\n") {
				stop()
				return
			}
		}
	}()
	err := runCommand(ctx, "sleep 1000 & echo $! >"+pid+"; wait", nil, nil, cmd, time.Hour)
	if err == nil || !strings.Contains(err.Error(), "canceled") {
		t.Errorf("%v", err)
	}
	text, _ := os.ReadFile(pid)
	for range 1000 { // the system needs a moment
		stat, err := os.ReadFile("/proc/" + strings.TrimSpace(string(text)) + "/stat")
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		runtime.Gosched()
	}
	if runtime.GOOS == "linux" {
		t.Error("its child is still there")
	}
}

func TestSecretsDoNotReachTheCommand(t *testing.T) {
	got := withoutSecrets([]string{"PATH=/bin", "TALKDESK_TOKEN=a", "TALKDESK_CLIENT_SECRET=b", "TALKDESK_PRIVATE_KEY=c", "TALKDESK_ACCOUNT=acme", "TALKDESK_REGION=eu", "TALKDESK_NEW=d", "Talkdesk_Secret=e"}, "CASEIMPORT_EXIT=3")
	if want := []string{"PATH=/bin", "TALKDESK_ACCOUNT=acme", "TALKDESK_REGION=eu", "CASEIMPORT_EXIT=3"}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}
