package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func newMan() *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write the man pages",
		Long: `Write a man page for every command into the folder DIR, which is made if it is missing.
The packages and archives of a release hold them already.`,
		Example: `  caseimport man ~/.local/share/man/man1 && man caseimport-run`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage(cmd, "for example: "+cmd.CommandPath()+" man1", "which folder? give one")
			}
			return nil
		},
		ValidArgsFunction: cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := args[0]
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return err
			}
			root := cmd.Root()
			for _, page := range append(root.Commands(), root) {
				if page.Hidden || page.Name() == "help" {
					continue
				}
				if err := os.WriteFile(filepath.Join(dir, pageName(page)+".1"), []byte(manPage(page)), 0o644); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func pageName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// manPage is the page of one command, from the texts of its help. (cobra/doc sets
// options in running text and makes paragraphs of tables.)
func manPage(cmd *cobra.Command) string {
	var b strings.Builder
	made, _, _ := strings.Cut(cmp.Or(build("vcs.time"), time.Now().UTC().Format(time.DateOnly)), "T")
	fmt.Fprintf(&b, ".TH %q 1 %q %q %q\n", strings.ToUpper(pageName(cmd)), made, "caseimport "+version(), "caseimport manual")
	b.WriteString(".nh\n.ad l\n") // names and flags are not to be torn apart
	section := func(name string) { b.WriteString(".SH " + name + "\n") }

	section("NAME")
	b.WriteString(roff(pageName(cmd)) + ` \- ` + roff(cmd.Short) + "\n")
	section("SYNOPSIS")
	if cmd.HasAvailableSubCommands() {
		b.WriteString(".B " + roff(cmd.CommandPath()) + "\n.I command\n[flags]\n")
	} else {
		_, args, _ := strings.Cut(cmd.Use, " ")
		b.WriteString(".B " + roff(cmd.CommandPath()) + "\n" + roff(strings.TrimSpace(args+" [flags]")) + "\n")
	}
	section("DESCRIPTION")
	text, codes, _ := strings.Cut(cmd.Long, exitHeading)
	manText(&b, text)
	if !cmd.HasParent() {
		codes = exitCodes
		section("ENVIRONMENT")
		manText(&b, environment)
	}
	section("OPTIONS")
	cmd.InitDefaultHelpFlag()
	cmd.Flags().VisitAll(func(f *pflag.Flag) { manFlag(&b, f) })
	if codes != "" {
		section("EXIT STATUS")
		b.WriteString("The exit status is, if and only if:\n")
		manText(&b, codes)
	}
	if cmd.HasExample() {
		section("EXAMPLES")
		manText(&b, cmd.Example)
	}
	section("SEE ALSO")
	var others []string
	for _, other := range append(cmd.Root().Commands(), cmd.Root()) {
		if other != cmd && !other.Hidden && other.Name() != "help" {
			others = append(others, ".BR "+roff(pageName(other))+" (1)")
		}
	}
	b.WriteString(strings.Join(others, ",\n") + "\n")
	return b.String()
}

func manFlag(b *strings.Builder, f *pflag.Flag) {
	if f.Hidden {
		return
	}
	kind, text := pflag.UnquoteUsage(f)
	name := "--" + f.Name
	if f.Shorthand != "" {
		name = "-" + f.Shorthand + ", " + name
	}
	if f.Value.Type() != "bool" && f.DefValue != "" && f.DefValue != "0" && f.DefValue != "0s" && f.DefValue != "[]" {
		text += " (default " + f.DefValue + ")"
	}
	fmt.Fprintf(b, ".TP\n\\fB%s\\fR \\fI%s\\fR\n%s\n", roff(name), roff(kind), roff(text))
}

// manText sets paragraphs, and leaves indented lines as they are.
func manText(b *strings.Builder, text string) {
	as := ""
	for line := range strings.Lines(strings.TrimRight(text, "\n") + "\n") {
		line = strings.TrimSuffix(line, "\n")
		verbatim := strings.HasPrefix(line, "  ")
		switch {
		case verbatim && as != ".EX":
			as = ".EX"
			b.WriteString(".PP\n.EX\n")
		case !verbatim && as == ".EX":
			as = ""
			b.WriteString(".EE\n")
		}
		if line == "" {
			b.WriteString(".PP\n")
		} else {
			b.WriteString(roff(line) + "\n")
		}
	}
	if as == ".EX" {
		b.WriteString(".EE\n")
	}
}

// roff is a text without a meaning of its own. A minus that is typed must not become a
// hyphen.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	return text
}

// environment is a section of the first page.
const environment = `Credentials come from the environment only.

  TALKDESK_ACCOUNT, TALKDESK_REGION, TALKDESK_BASE_URL, TALKDESK_TOKEN_URL,
  TALKDESK_CA_CERT
      stand in for --account, --region, --base-url, --token-url and --ca-cert
  TALKDESK_CLIENT_ID with TALKDESK_CLIENT_SECRET
      OAuth client credentials
  TALKDESK_CLIENT_ID, TALKDESK_KEY_ID, and TALKDESK_PRIVATE_KEY or
  TALKDESK_PRIVATE_KEY_FILE
      the same with a key pair in place of a secret
  TALKDESK_TOKEN
      a bearer token, which cannot be renewed when it expires
  HTTPS_PROXY, HTTP_PROXY, NO_PROXY
      the proxy, and what is reached without it`
