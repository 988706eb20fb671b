package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"caseimport/importer/exit"
	"caseimport/importer/reads"
	"caseimport/importer/sandbox"
	"caseimport/importer/talkdesk"
	"caseimport/mapping/fields"
)

// target are the flags that say where the cases go. TALKDESK_* variables
// replace flags that are not given.
type target struct {
	sandbox                                    bool
	account, region, baseURL, tokenURL, caCert string

	rate    string
	timeout time.Duration // of a request
}

func (t *target) flags(f *pflag.FlagSet) {
	f.BoolVar(&t.sandbox, "sandbox", false, "rehearse against a built-in Case API; nothing leaves this machine")
	f.StringVar(&t.account, "account", "", "the `NAME` of the account, as in NAME.mytalkdesk.com (or TALKDESK_ACCOUNT)")
	f.StringVar(&t.region, "region", "", "the `REGION` of the account: us, eu or ca (or TALKDESK_REGION; default us)")
	f.StringVar(&t.baseURL, "base-url", "", "the `URL` of the API in place of the region's (or TALKDESK_BASE_URL)")
	f.StringVar(&t.tokenURL, "token-url", "", "the `URL` of the token endpoint in place of the account's (or TALKDESK_TOKEN_URL)")
	f.StringVar(&t.caCert, "ca-cert", "", "also trust the certificates in this `FILE`, such as that of a company's proxy (or TALKDESK_CA_CERT)")
}

// rateFlag is --rate; what it is for differs between commands.
func (t *target) rateFlag(f *pflag.FlagSet, usage string) { f.StringVar(&t.rate, "rate", "", usage) }

func (t *target) timeoutFlag(f *pflag.FlagSet) {
	f.DurationVar(&t.timeout, "timeout", 60*time.Second, "give up on a request after this `TIME`")
	f.Lookup("timeout").DefValue = "60s"
}

func patienceFlag(f *pflag.FlagSet, to *time.Duration, usual time.Duration) {
	f.DurationVar(to, "outage-patience", usual, "wait this `TIME` for a server that is down")
	f.Lookup("outage-patience").DefValue = human(usual)
}

// fill takes from the environment what no flag gave.
func (t *target) fill(cmd *cobra.Command) error {
	if t.sandbox {
		for _, name := range []string{"base-url", "token-url"} {
			if cmd.Flags().Changed(name) {
				return usage(cmd, "remove one of them", "--sandbox and --%s cannot be combined: the sandbox is built in", name)
			}
		}
		return nil
	}
	for name, flag := range map[string]*string{"TALKDESK_ACCOUNT": &t.account, "TALKDESK_REGION": &t.region,
		"TALKDESK_BASE_URL": &t.baseURL, "TALKDESK_TOKEN_URL": &t.tokenURL, "TALKDESK_CA_CERT": &t.caCert} {
		*flag = cmp.Or(*flag, strings.TrimSpace(os.Getenv(name)))
	}
	return plainEnvironment()
}

// plainEnvironment refuses variables with marks that nobody meant: quotation marks of a
// file that no shell has read (docker --env-file), and what cannot be seen, copied
// from a web page.
func plainEnvironment() error {
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		if value = strings.TrimSpace(value); !strings.HasPrefix(name, "TALKDESK_") || value == "" {
			continue
		}
		quoted := len(value) > 1 && value[0] == value[len(value)-1] && strings.ContainsAny(value[:1], "\"'`")
		hidden := strings.ContainsFunc(value, func(r rune) bool { return !unicode.IsGraphic(r) && r != '\n' && r != '\r' && r != '\t' })
		switch {
		case quoted:
			return exit.Refuse(fmt.Errorf("the value of %s stands in quotation marks, which would be part of it", name), "remove them: where this file is read, only the bare value is wanted")
		case hidden:
			return exit.Refuse(fmt.Errorf("the value of %s holds a character that cannot be seen", name), "type it anew, or copy it without what stands around it")
		}
	}
	return nil
}

// account is whom a command speaks with.
type account struct {
	api     *talkdesk.Client
	name    string
	baseURL string           // normalised, or the word sandbox
	box     *sandbox.Running // nil unless it is the built-in one
	reader  *reads.Reader    // of commands that ask (see asking)
}

func (a account) close() {
	if a.box != nil {
		_ = a.box.Close()
	}
}

// recall gives the built-in sandbox a case of an earlier rehearsal, with its key in that
// field.
func (a account) recall(field string) func(id, key, title string) {
	return func(id, key, title string) {
		known := sandbox.Stored{ID: id, Title: title}
		if field != "" {
			known.CustomFields = map[string]any{field: key}
		}
		_ = a.box.Server.Put(known) // an id that it cannot hold is not worth a word
	}
}

// connect makes the client, and sends nothing yet. A built-in sandbox has the account's
// fields, if they are known. The caller closes the account.
func (t *target) connect(known *fields.File, concurrency int) (a account, err error) {
	client := talkdesk.Config{
		Region: t.region, Account: t.account, BaseURL: t.baseURL, TokenURL: t.tokenURL,
		Timeout: t.timeout, Concurrency: concurrency, UserAgent: "caseimport/" + strings.Trim(version(), "()"),
	}
	if t.caCert != "" {
		if client.Trusted, err = talkdesk.TrustToo(t.caCert); err != nil {
			return a, exit.Refuse(fmt.Errorf("--ca-cert: %w", err), "")
		}
	}
	if t.sandbox {
		opt, err := likeAccount(known)
		if err != nil {
			return a, err
		}
		if a.box, err = sandbox.Start("127.0.0.1:0", opt); err != nil {
			return a, err
		}
		client.Account, client.BaseURL, client.TokenURL = "sandbox", a.box.URL, a.box.TokenURL
		client.Credentials = talkdesk.Credentials{ClientID: "sandbox", ClientSecret: "sandbox"}
	} else if client.Credentials, err = talkdesk.CredentialsFromEnv(os.Getenv); err != nil {
		return a, exit.Refuse(err, "in a file that a shell reads (. secrets.env), each line begins with export\nto try it without an account, add --sandbox")
	}
	if a.api, err = talkdesk.New(client); err != nil {
		a.close()
		return a, err
	}
	a.name, a.baseURL = client.Account, a.api.BaseURL()
	if t.sandbox {
		a.baseURL = "sandbox"
	}
	return a, nil
}

// likeAccount is a sandbox with the account's fields. Where they are not known, it
// takes any key with a known prefix; and anybody for an agent.
func likeAccount(account *fields.File) (opt sandbox.Options, err error) {
	opt.AnyAgent = true
	switch {
	case account == nil:
	case len(account.Fields) == 0:
		opt.Fields = []sandbox.Field{}
	default:
		opt.Fields, err = sandbox.ParseFields(account.JSON())
	}
	return opt, err
}

// program is how this program was called, for command lines that are to be
// typed. `go run` leaves a temporary path that is gone afterwards.
func program() string {
	name := os.Args[0]
	if strings.Contains(name, "go-build") {
		return "go run ./cmd/caseimport"
	}
	if filepath.Base(name) == name {
		return name
	}
	return shellQuote(name)
}
