package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"caseimport/importer/sandbox"
)

func newSandbox() *cobra.Command {
	var (
		opt     sandbox.Options
		listen  string
		verbose bool
	)
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "A Case API on loopback, to rehearse against",
		Long: `Serve the Case API on loopback, with faults on demand, until Ctrl-C. It keeps
everything in memory and can be reached from this machine only.

The first line on standard output is the address, alone, for scripts. Percentages
are of create requests and go from 0 to 100; the same --seed gives the same
requests the same faults. Requesters whose e-mail address ends in .invalid are
refused even without faults.`,
		Example: `  caseimport sandbox
  caseimport sandbox --cut-after 5 --error-after 3 --lag 2s       lost answers, a slow search
  caseimport sandbox --rate-limit 10 --retry-after seconds        a gateway that throttles
  caseimport sandbox --outage-after 10s --outage-for 1m --outage-mode refuse`,
		Args: noArguments,
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&listen, "listen", "127.0.0.1:0", "loopback `ADDR`; port 0 takes a free one")
	f.BoolVar(&verbose, "verbose", false, "print a line about each request on standard error")
	f.Uint64Var(&opt.Seed, "seed", 0, "a number `N` that chooses which requests meet a fault")

	f.StringVar(&opt.ClientID, "client-id", "", "the only `ID` taken (default any)")
	f.StringVar(&opt.ClientSecret, "client-secret", "", "the only `SECRET` taken, made up for the rehearsal (default any)")
	f.StringVar(&opt.Token, "token", "", "a bearer `TOKEN` that never expires, made up for the rehearsal (default none)")
	f.DurationVar(&opt.TokenLife, "token-life", 10*time.Minute, "a token is valid for this `TIME`")
	f.BoolVar(&opt.NoReadScope, "no-read-scope", false, "grant no token the scope to list and get cases")
	f.BoolVar(&opt.NoWriteScope, "no-write-scope", false, "grant no token the scope to create cases")

	f.DurationVar(&opt.Lag, "lag", 200*time.Millisecond, "a new case stays out of the list for this `TIME`")
	f.BoolVar(&opt.PlainFields, "plain-fields", false, "list custom fields as plain values, not wrapped")
	f.BoolVar(&opt.ExactMatch, "exact-match", false, "let text filters compare for equality, not for substrings")

	f.Float64Var(&opt.RateLimit, "rate-limit", 0, "`N` requests a second above which the answer is 429 (0: no limit)")
	f.StringVar((*string)(&opt.RetryAfter), "retry-after", "", "in which `FORM` a 429 says when to come back: seconds, date, reset, unix or iso (default not at all)")
	f.DurationVar(&opt.Latency, "latency", 0, "a request takes this `TIME` before it has any effect")
	f.DurationVar(&opt.Jitter, "jitter", 0, "lengthen each latency by up to this `TIME`")

	f.Float64Var(&opt.Throttle, "throttle", 0, "`PERCENT` answered 429 whatever the rate")
	f.Float64Var(&opt.CutBefore, "cut-before", 0, "`PERCENT` cut off before the case is stored")
	f.Float64Var(&opt.CutAfter, "cut-after", 0, "`PERCENT` cut off after the case is stored")
	f.Float64Var(&opt.ErrBefore, "error-before", 0, "`PERCENT` answered 5xx before the case is stored")
	f.Float64Var(&opt.ErrAfter, "error-after", 0, "`PERCENT` answered 5xx after the case is stored")
	f.Float64Var(&opt.BrokenAnswer, "broken-answer", 0, "`PERCENT` stored and answered 201 with a useless body")
	f.Float64Var(&opt.HangBefore, "hang-before", 0, "`PERCENT` neither stored nor answered")
	f.Float64Var(&opt.HangAfter, "hang-after", 0, "`PERCENT` stored and never answered")
	f.Float64Var(&opt.LateStore, "late-store", 0, "`PERCENT` never answered and stored only after the client has given up")
	f.DurationVar(&opt.LateDelay, "late-delay", 0, "such a case is stored this `TIME` after that")
	f.Float64Var(&opt.ReadFaults, "read-faults", 0, "`PERCENT` of lists and single cases answered 5xx")

	f.DurationVar(&opt.OutageFor, "outage-for", 0, "the one outage lasts this `TIME` (0: none)")
	f.DurationVar(&opt.OutageAfter, "outage-after", 0, "it begins this `TIME` after the start")
	f.IntVar(&opt.OutageAfterCreates, "outage-after-creates", 0, "it begins after `N` stored cases instead")
	f.StringVar((*string)(&opt.OutageMode), "outage-mode", "", "its `MODE`: refuse for refused connections (default: answers 503)")

	f.Lookup("token-life").DefValue = "10m"
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if opt.Lag == 0 {
			opt.Lag = -1 // the field's 0 is its default
		}
		if verbose {
			opt.Log = cmd.ErrOrStderr()
		}
		return serveSandbox(cmd, listen, opt)
	}
	return cmd
}

// serveSandbox serves until a signal or the context ends it.
func serveSandbox(cmd *cobra.Command, listen string, opt sandbox.Options) error {
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	server, err := sandbox.Start(listen, opt)
	if err != nil {
		return err
	}
	id, secret := "sandbox", "sandbox"
	if opt.ClientID != "" {
		id = opt.ClientID
	}
	if opt.ClientSecret != "" {
		secret = opt.ClientSecret
	}
	out := cmd.OutOrStdout()
	fmt.Fprintln(out, server.URL)
	fmt.Fprintf(out, `
A Case API for rehearsals. To import into it, in another terminal:

  export TALKDESK_BASE_URL=%s TALKDESK_TOKEN_URL=%s TALKDESK_ACCOUNT=sandbox TALKDESK_CLIENT_ID=%s TALKDESK_CLIENT_SECRET=%s
  %s run tickets.csv -m mapping.yaml

Ctrl-C ends it and forgets all cases.
`, server.URL, server.TokenURL, shellQuote(id), shellQuote(secret), program())
	context.AfterFunc(ctx, func() { _ = server.Close() })
	return server.Wait()
}
