package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"caseimport/importer"
	"caseimport/importer/exit"
	"caseimport/importer/journal"
	"caseimport/importer/live"
	"caseimport/importer/talkdesk"
	"caseimport/mapping"
	"caseimport/mapping/fields"
	"caseimport/mapping/words"
)

// lookAround is check --live: it takes the rows that can be sent, and asks the
// account for their cases.
type lookAround struct {
	account
	against func(fields.File) error // what is wrong with the mapping for these fields
	journal *journal.Journal        // of earlier runs; nil without
	cfg     live.Config
}

func newLookAround(cmd *cobra.Command, o checkOptions, program *mapping.Program, input string, rate float64) (l *lookAround, err error) {
	field := program.KeyField()
	if field == "" {
		return nil, exit.Refuse(errors.New("--live looks cases up by their key, and the mapping names no key.custom_field"),
			importer.NameKeyField)
	}
	l = &lookAround{against: func(account fields.File) error { return against(cmd, o.mapping, account) }}
	if l.account, err = o.dial(cmd, program.Account()); err != nil {
		return nil, err
	}
	results := o.results
	if results == "" && input != "-" {
		if results, err = importer.DefaultResults(input, o.sandbox); err != nil {
			l.account.close()
			return nil, err
		}
	}
	if results != "" {
		if l.journal, err = l.account.journal(results, program.KeyRule()); err != nil {
			l.account.close()
			return nil, err
		}
	}
	_, otherwise := program.OwnerDefault()
	l.cfg = live.Config{Field: field, API: l.api, Agents: l.api, OwnerDefault: otherwise, Reader: l.reader, Rate: rate, Say: saying(cmd.ErrOrStderr())}
	if l.journal != nil {
		l.cfg.State, l.cfg.Gone = l.journal.State, l.journal.InTrash
	}
	return l, nil
}

func (l *lookAround) close() {
	if l.journal != nil {
		_ = l.journal.Close() // it was only read
	}
	l.account.close()
}

// row takes a row that can be sent.
func (l *lookAround) row(number int, key string, c *mapping.Case) {
	l.cfg.Rows = append(l.cfg.Rows, live.Row{Number: number, Key: strings.Clone(key), Title: strings.Clone(c.Title), Owner: strings.Clone(c.Owner)})
}

func (l *lookAround) run(ctx context.Context) (*live.Report, error) {
	misfits := l.misfits(ctx)
	report, a := live.Run(ctx, l.cfg)
	if a.Verdict != talkdesk.OK {
		return nil, refused(ctx, a)
	}
	report.Remarks = append(misfits, report.Remarks...)
	return &report, nil
}

// misfits says where the mapping does not fit the account's fields as they are now.
func (l *lookAround) misfits(ctx context.Context) []string {
	all, _, a := l.reader.Fields(ctx, l.api)
	if a.Verdict != talkdesk.OK {
		return []string{"the account's case fields could not be read, so the mapping was not held against them: " + a.Message}
	}
	if err := l.against(fields.File{Account: l.name, BaseURL: l.baseURL, Fields: all}); err != nil {
		return strings.Split(strings.TrimSpace(err.Error()), "\n")
	}
	return []string{}
}

// printedOwners is how many addresses are worth a person's eye.
const printedOwners = 20

// printLive shows what the account holds; ownerFix is a line of the mapping file for rows
// whose owner cannot be told, "" where the mapping has a default.
func printLive(b *strings.Builder, r *live.Report, ownerFix string) {
	b.WriteString("\nIn the account\n")
	already := "have their case"
	if r.Remembered > 0 {
		already = fmt.Sprintf("have their case (%s by the journal of earlier runs)", words.Count(r.Remembered))
	}
	printCounts(b, "to create", []count{
		{"to create", r.Create, "no case has their key"},
		{"already there", r.Already, already},
		{"other title", r.OtherTitle, "a case has their key, but another title"},
		{"invalid", r.Invalid, "would not be sent: their owner cannot be told, see below"},
		{"in doubt", r.InDoubt, "it cannot be told"},
	})
	for _, text := range append(r.Remarks, r.Examples...) {
		fmt.Fprintf(b, "  %s\n", text)
	}
	for i, owner := range r.Owners {
		if i == printedOwners {
			fmt.Fprintf(b, "  and %s more: see --json\n", words.Count(len(r.Owners)-i))
			break
		}
		what := "no active agent has this address"
		switch {
		case owner.Agents > 1:
			what = fmt.Sprintf("%d active agents have this address: give the agent's id", owner.Agents)
		case ownerFix == "":
			what += ", so the default of owner_id is taken"
		}
		fmt.Fprintf(b, "  owner %s: %s (%s)\n", owner.Address, what, words.Plural(owner.Rows, "row"))
	}
	nobody := func(o live.Owner) bool { return o.Agents == 0 }
	if r.Invalid > 0 && ownerFix != "" && slices.ContainsFunc(r.Owners, nobody) {
		fmt.Fprintf(b, "    %s%s\n", fixMark, words.Brief(ownerFix))
	}
}
