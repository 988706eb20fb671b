package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"caseimport/importer/sandbox"
)

func newSandbox() *cobra.Command {
	var (
		opt        sandbox.Options
		listen     string
		verbose    bool
		fields     string
		agents     string
		listFaults []string
	)
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "A Case API on loopback, to rehearse against",
		Long: `Serve the Case API on loopback, with faults on demand, until Ctrl-C. It keeps
everything in memory and can be reached from this machine only.

It creates, lists, reads, updates and deletes cases, and shows the account's case
fields and agents. Where public material on the API disagrees, it speaks the form
of the vendor's page; each other form has a flag.

Keys and option codes of custom fields are checked with --fields only, a file that
"caseimport fields -o" wrote; without it any key with a known prefix is taken.

The first line on standard output is the address, alone, for scripts. Percentages
are of create requests unless it says otherwise and go from 0 to 100; the same
--seed gives the same requests the same faults. Requesters whose e-mail address
ends in .invalid are refused even without faults. GET /_sandbox/stats at that address
counts the requests and what became of them, GET /_sandbox/cases shows every case.`,
		Example: `  caseimport sandbox
  caseimport sandbox --cut-after 5 --error-after 3 --lag 2s       lost answers, a slow search
  caseimport sandbox --rate-limit 10 --retry-after seconds        a gateway that throttles
  caseimport sandbox --outage-after 10s --outage-for 1m --outage-mode refuse
  caseimport sandbox --fields fields.json                         the real account's fields
  caseimport sandbox --list-shape text --filter-form object       an account of another dialect
  caseimport sandbox --list-fault total-zero,order-changes        a list that cannot be relied on`,
		Args: noArguments,
	}
	f := cmd.Flags()
	f.StringVar(&listen, "listen", "127.0.0.1:0", "loopback `ADDR`; port 0 takes a free one")
	f.BoolVar(&verbose, "verbose", false, "print a line about each request on standard error")
	f.Uint64Var(&opt.Seed, "seed", 0, "a number `N` that chooses which requests meet a fault")

	f.StringVar(&opt.ClientID, "client-id", "", "the only `ID` taken (default any)")
	f.StringVar(&opt.ClientSecret, "client-secret", "", "the only `SECRET` taken, made up for the rehearsal (default any)")
	f.StringVar(&opt.Token, "token", "", "a bearer `TOKEN` that never expires, made up for the rehearsal (default none)")
	f.DurationVar(&opt.TokenLife, "token-life", 10*time.Minute, "a token is valid for this `TIME`")
	f.BoolVar(&opt.NoReadScope, "no-read-scope", false, "grant no token the scope to list and get cases")
	f.BoolVar(&opt.NoWriteScope, "no-write-scope", false, "grant no token the scope to create cases")
	f.BoolVar(&opt.NoFieldsScope, "no-fields-scope", false, "grant no token the scope to read the case fields")
	f.BoolVar(&opt.NoUsersScope, "no-users-scope", false, "grant no token the scope to read the agents")

	f.StringVar(&fields, "fields", "", "check keys and options of custom fields against this `FILE` (default: show a made-up set, check nothing)")
	f.StringVar(&agents, "agents", "", "take the agents in this `FILE`, a JSON array of {id, email, name, active}, as owners and no others")
	f.BoolVar(&opt.AnyAgent, "any-agent", false, "take every e-mail address for an agent's, every id for an owner; agents cannot be listed then")
	f.StringSliceVar(&opt.Statuses, "statuses", nil, "the `WORDS` that an update may set as status (default NEW,OPEN,PENDING,ON-HOLD,RESOLVED; another spelling is ON_HOLD)")
	f.StringSliceVar(&opt.Types, "types", nil, "the `WORDS` that an update may set as type (default QUESTION,INCIDENT,PROBLEM,TASK)")

	f.DurationVar(&opt.Lag, "lag", 200*time.Millisecond, "a new case stays out of the list for this `TIME`")
	f.BoolVar(&opt.ExactMatch, "exact-match", false, "let text filters compare for equality, not for substrings")
	f.StringVar((*string)(&opt.ListShape), "list-shape", "", "custom fields in the list: `SHAPE` plain, wrapped (default), text, wrapped-text, array-key, array-label, array-name or absent")
	f.StringVar((*string)(&opt.CaseShape), "case-shape", "", "custom fields of a single case: the same `SHAPE`s (default plain)")
	f.StringSliceVar(&opt.ListHides, "list-hides", nil, "`MEMBERS` of a case that the list leaves out, such as notes,parent_id,resolution")
	f.StringVar(&opt.NotesPrefix, "notes-prefix", "", "read notes as `WORD`_title and WORD_body: note (default) or notes")
	f.StringVar(&opt.ResolutionName, "resolution-name", "", "an update calls the resolution `NAME`: resolution (default) or solve_reason; the other is refused")
	f.BoolVar(&opt.UpdateParent, "update-parent", false, "let an update set parent_id")
	f.StringVar(&opt.OwnerName, "owner-name", "", "read the owner as `NAME`: owner_id (default) or agent_id")
	f.StringVar((*string)(&opt.FilterForm), "filter-form", "array", "`FORM` of the custom_fields filter: array or object; the other is answered 400")
	f.BoolVar(&opt.IgnoreOtherFilter, "ignore-other-filter", false, "list everything where the filter has the other form, instead of 400")
	f.StringSliceVar(&listFaults, "list-fault", nil, "what is wrong with every list, one or more `FAULTS`: total-capped (100 at most), total-zero, total-of-page, no-links, first-page (again for every page), empty-page (page 2), order-changes (between pages), filter-ignored (custom_fields), filters-ignored (all)")
	f.StringVar((*string)(&opt.FieldsForm), "fields-form", "array", "the field definitions come as `FORM`: array, embedded, pages or numbered (pages without links)")
	f.StringVar((*string)(&opt.LabelSpelling), "label-spelling", "value", "`MEMBER` that holds the label of a field's option: value, label or lable")
	f.StringVar((*string)(&opt.EmailFilter), "email-filter", "exact", "what GET /users makes of an address: `WORD` exact, ignored or refused")
	f.BoolVar(&opt.DeleteArray, "delete-array", false, "take the ids of a deletion as a JSON array only, not bare")
	f.IntVar(&opt.DeleteStatus, "delete-status", 0, "refuse every deletion with this `STATUS`, such as 403")
	f.BoolVar(&opt.TrashListed, "trash-listed", false, "list the cases in the Trash too")

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
	f.Float64Var(&opt.ReadFaults, "read-faults", 0, "`PERCENT` of lists and other reads answered 5xx")
	f.Float64Var(&opt.UpdateFaults, "update-faults", 0, "`PERCENT` of updates and deletions answered 429 or 5xx or cut off, before or after they are done; or of updates with a useless body")
	f.Float64Var(&opt.UpdateHangs, "update-hangs", 0, "`PERCENT` of updates never answered, half of them done")

	f.DurationVar(&opt.OutageFor, "outage-for", 0, "the one outage lasts this `TIME` (0: none)")
	f.DurationVar(&opt.OutageAfter, "outage-after", 0, "it begins this `TIME` after the start")
	f.IntVar(&opt.OutageAfterCreates, "outage-after-creates", 0, "it begins after `N` stored cases instead")
	f.StringVar((*string)(&opt.OutageMode), "outage-mode", "", "its `MODE`: 503 (default), refuse (connections), 403 or 403-html (with Retry-After), page (HTML with 200), session (400 until a new token)")

	f.Lookup("token-life").DefValue = "10m"
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		for _, fault := range listFaults {
			opt.ListFaults = append(opt.ListFaults, sandbox.ListFault(fault))
		}
		var err error
		if opt.Fields, err = readJSON(fields, sandbox.ParseFields); err != nil {
			return err
		}
		if opt.Agents, err = readJSON(agents, sandbox.ParseAgents); err != nil {
			return err
		}
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

// readJSON reads a file that a flag names, if it does.
func readJSON[T any](name string, parse func([]byte) ([]T, error)) ([]T, error) {
	if name == "" {
		return nil, nil
	}
	data, err := readSmall(name, maxLookup)
	if err != nil {
		return nil, err
	}
	all, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return all, nil
}

// serveSandbox serves until a signal or the context ends it.
func serveSandbox(cmd *cobra.Command, listen string, opt sandbox.Options) error {
	ctx, stop := interruptible(cmd.Context())
	defer stop()
	server, err := sandbox.Start(listen, opt)
	if err != nil {
		return err
	}
	id, secret := cmp.Or(opt.ClientID, "sandbox"), cmp.Or(opt.ClientSecret, "sandbox")
	unchecked := ""
	if opt.Fields == nil {
		unchecked = "\nKeys and options of custom fields are not checked: give --fields for that.\n"
	}
	out := cmd.OutOrStdout()
	fmt.Fprintln(out, server.URL)
	fmt.Fprintf(out, `
A Case API for rehearsals. To import into it, in another terminal:

  export TALKDESK_BASE_URL=%s TALKDESK_TOKEN_URL=%s TALKDESK_ACCOUNT=sandbox TALKDESK_CLIENT_ID=%s TALKDESK_CLIENT_SECRET=%s
  %s run tickets.csv -m mapping.yaml
%s
Ctrl-C ends it and forgets all cases.
`, server.URL, server.TokenURL, shellQuote(id), shellQuote(secret), program(), unchecked)
	context.AfterFunc(ctx, func() { _ = server.Close() })
	return server.Wait()
}
