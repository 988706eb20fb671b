package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"caseimport/importer/exit"
)

func TestExitCodes(t *testing.T) {
	stop := func(code int) error {
		return &exit.Stop{Exit: code, Err: errors.New("why"), Hint: "do this\nthen that"}
	}
	for _, c := range []struct {
		err  error
		exit int
		said string
	}{
		{nil, 0, ""},
		{status(3), 3, ""},
		{status(0), 0, ""},
		{errors.New("no file"), 1, "caseimport: no file\n"},
		{stop(4), 4, "caseimport: why\n  do this\n  then that\n"},
		{fmt.Errorf("wrapped: %w", stop(5)), 5, "caseimport: wrapped: why\n  do this\n  then that\n"},
		{errors.New("\x1b[2Jcleared"), 1, "caseimport: \uFFFD[2Jcleared\n"},
	} {
		var out bytes.Buffer
		if got := explain(&out, c.err); got != c.exit || out.String() != c.said {
			t.Errorf("explain(%v) = %d and %q, want %d and %q", c.err, got, out.String(), c.exit, c.said)
		}
	}
}

func TestUsageErrors(t *testing.T) {
	run := func(more ...string) []string { return append([]string{"run", "in.csv", "-m", "m.yaml"}, more...) }
	for _, c := range []struct {
		args []string
		said string // on standard error
	}{
		{run("--ratee", "5"), "unknown flag --ratee\n  did you mean --rate?"},
		{run("--concurency", "5"), "did you mean --concurrency?"},
		{run("-x"), "unknown flag -x"},
		{run("--zzzzzzzz"), "unknown flag --zzzzzzzz\n  see: caseimport run --help"},
		{[]string{"rnu", "in.csv", "-m", "m.yaml"}, "unknown command \"rnu\"\n  did you mean: caseimport run?"},
		{[]string{"frobnicate"}, "unknown command \"frobnicate\"\n  see: caseimport --help"},
		{[]string{"run", "-m", "m.yaml"}, "which file?"},
		{[]string{"run", "my", "tickets.csv", "-m", "m.yaml"}, "one file at a time: \"tickets.csv\" is one too many"},
		{[]string{"run", "in.csv"}, "no mapping file: give one with -m"},
		{run("--rate"), "--rate"},
		{run("--rate", "fast"), "--rate: rate \"fast\": \"fast\" is not a number"},
		{run("--rate", "-5"), "a rate cannot be negative"},
		{run("--rate", "5/d"), "the unit must be s, m or h"},
		{run("--concurrency", "-2"), "--concurrency -2: this must be 1 to 1024"},
		{run("--concurrency", "0"), "--concurrency 0: this must be 1 to 1024"},
		{run("--concurrency", "many"), "--concurrency \"many\": this must be a whole number"},
		{run("--max-attempts", "0"), "--max-attempts 0: this must be 1 or more"},
		{run("--timeout", "60"), "--timeout \"60\": this must be a duration such as 30s"},
		{run("--timeout", "0s"), "--timeout 0s: this must be above zero"},
		{run("--settle", "-1s"), "--settle -1s: this must be above zero"},
		{run("--outage-patience", "0s"), "--outage-patience 0s: this must be above zero"},
		{run("--max-failures", "5%%"), "--max-failures \"5%%\": this must be a number of rows such as 50, or a share such as 5%"},
		{run("--max-failures", "0"), "--max-failures \"0\""},
		{run("--max-failures", "101%"), "--max-failures \"101%\""},
		{run("--max-failures", "NaN%"), "--max-failures \"NaN%\""},
		{run("--limit", "0"), "--limit 0: this must be 1 or more"},
		{run("--limit", "-3"), "--limit -3: this must be 1 or more"},
		{run("--log-format", "xml"), "--log-format \"xml\": this must be text or json"},
		{run("--sandbox", "--base-url", "http://127.0.0.1:1"), "--sandbox and --base-url cannot be combined"},
		{run("--json=perhaps"), "--json \"perhaps\": this must be true or false"},
		{[]string{"run", "-", "-m", "m.yaml"}, "-o"},
		{[]string{"check", "in.csv", "-m", "m.yaml", "--show", "-1"}, "--show -1: this must be 1 or more"},
		{[]string{"schema", "please"}, "caseimport schema takes no argument"},
		{[]string{"sandbox", "--cut-after", "lots"}, "--cut-after \"lots\": this must be a number"},
		{[]string{"sandbox", "--listen", "0.0.0.0:0"}, "not on loopback"},
		{[]string{"--bogus"}, "unknown flag --bogus"},
	} {
		var stdout, stderr bytes.Buffer
		code := exec(context.Background(), c.args, strings.NewReader(""), &stdout, &stderr)
		if code != exit.Refused || !strings.Contains(stderr.String(), c.said) || stdout.Len() > 0 {
			t.Errorf("caseimport %s: exit code %d, said\n%s%s\nwant 1 and\n%s", strings.Join(c.args, " "), code, stderr.String(), stdout.String(), c.said)
		}
		if !strings.HasPrefix(stderr.String(), "caseimport: ") {
			t.Errorf("caseimport %s: said\n%s", strings.Join(c.args, " "), stderr.String())
		}
	}
}

func TestHelpNamesTheExitCodes(t *testing.T) {
	for _, c := range []struct {
		args []string
		want []string
	}{
		{nil, []string{"caseimport init", "Available Commands"}},
		{[]string{"--version"}, []string{"caseimport version "}},
		{[]string{"run", "--help"}, []string{"Exit codes, if and only if:\n  0 ", "\n  1 ", "\n  3 ", "\n  4 ", "\n  5 ", "TALKDESK_CLIENT_ID"}},
		{[]string{"check", "--help"}, []string{"Exit codes, if and only if:\n  0 ", "\n  1 ", "\n  3 "}},
	} {
		var stdout, stderr bytes.Buffer
		exit := exec(context.Background(), c.args, strings.NewReader(""), &stdout, &stderr)
		if exit != 0 || stderr.Len() > 0 {
			t.Errorf("caseimport %v: exit code %d, %q on standard error", c.args, exit, stderr.String())
		}
		for _, want := range c.want {
			if !strings.Contains(stdout.String(), want) {
				t.Errorf("caseimport %v does not say %q:\n%s", c.args, want, stdout.String())
			}
		}
	}
}
