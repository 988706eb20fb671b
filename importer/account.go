package importer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"caseimport/importer/exit"
	"caseimport/importer/lifecycle"
	"caseimport/importer/reads"
	"caseimport/importer/talkdesk"
	"caseimport/mapping/fields"
)

// sameAccount refuses a mapping that was made for the fields of another account:
// its keys mean something else here. A sandbox plays any account.
func sameAccount(cfg Config) error {
	account := cfg.Program.Account()
	if account == nil || cfg.BaseURL == sandboxURL || cfg.Account == "sandbox" {
		return nil
	}
	differs := func(there, here string) bool { return there != "" && !strings.EqualFold(there, here) }
	// Every sandbox on loopback has another address.
	local := strings.HasPrefix(account.BaseURL, "http://") || strings.HasPrefix(cfg.BaseURL, "http://")
	if !differs(account.Account, cfg.Account) && (local || !differs(account.BaseURL, cfg.BaseURL)) {
		return nil
	}
	return exit.Refuse(fmt.Errorf("the mapping's fields are those of account %q at %s, but the cases would go to account %q at %s",
		account.Account, account.BaseURL, cfg.Account, cfg.BaseURL),
		"write the file for this account (caseimport fields -o fields.json), or name the other account (--account, --region)")
}

// fieldsPatience is how long definitions are waited for that a run can do without.
const fieldsPatience = 30 * time.Second

// compareFields holds the fields that the mapping was made for against those that
// the account has now, before the first create. It stops a run that would fill a
// field which is gone, and warns of options that have changed.
func (p *pipeline) compareFields() {
	account := p.cfg.Program.Account()
	if account == nil {
		return
	}
	reader := &reads.Reader{Limiter: p.cfg.Limiter, Patience: fieldsPatience, Say: p.wait}
	now, _, a := reader.Fields(p.going, p.cfg.API)
	p.cfg.Progress.requests.Add(int64(reader.Requests))
	switch {
	case p.going.Err() != nil:
		return
	case a.Verdict == talkdesk.Halt && !a.Denied:
		p.halt(lifecycle.Stop{Exit: exit.Refused, Reason: a.Message})
		return
	case a.Verdict != talkdesk.OK:
		p.cfg.Log.Warn("could not find out whether the account's fields are still as the mapping has them: " + a.Message)
		return
	}
	var gone []string
	for _, field := range account.Fields {
		if !slices.Contains(p.cfg.Program.Fields(), "custom_fields."+field.Key) {
			continue
		}
		switch there, ok := (fields.File{Fields: now}).Field(field.Key); {
		case !ok:
			gone = append(gone, "the account no longer has the custom field "+field.String())
		case !there.Active:
			gone = append(gone, "the custom field "+there.String()+" has become inactive")
		default:
			if changed := changes("", field.Options, there.Options); len(changed) > 0 {
				p.cfg.Log.Warn(fmt.Sprintf("the options of %s have changed since the fields file was written: %s", field, strings.Join(changed, ", ")))
			}
		}
	}
	if len(gone) > 0 {
		p.halt(lifecycle.Stop{Exit: exit.Refused, Reason: strings.Join(gone, "\n"),
			Hint: "write the fields file again (caseimport fields -o fields.json), and check says what to change in the mapping"})
	}
}

// changes says how options differ; above is the path of labels that leads to them.
func changes(above string, before, after []fields.Option) (all []string) {
	find := func(options []fields.Option, code string) *fields.Option {
		if i := slices.IndexFunc(options, func(o fields.Option) bool { return o.Code == code }); i >= 0 {
			return &options[i]
		}
		return nil
	}
	for _, o := range before {
		there := find(after, o.Code)
		switch {
		case there == nil:
			all = append(all, above+o.String()+" is gone")
			continue
		case there.Label != o.Label:
			all = append(all, fmt.Sprintf("%s%s is now %q", above, o, there.Label))
		}
		all = append(all, changes(above+cmp.Or(o.Label, o.Code)+" > ", o.Options, there.Options)...)
	}
	for _, o := range after {
		if find(before, o.Code) == nil {
			all = append(all, above+o.String()+" is new")
		}
	}
	return all
}
