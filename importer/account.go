package importer

import (
	"fmt"
	"strings"
)

// sameAccount refuses a mapping that was made for the fields of another account:
// its keys mean something else here. A sandbox plays any account.
func sameAccount(cfg Config) error {
	account := cfg.Program.Account()
	if account == nil || cfg.BaseURL == "sandbox" || cfg.Account == "sandbox" {
		return nil
	}
	differs := func(there, here string) bool {
		there, here = strings.TrimRight(there, "/"), strings.TrimRight(here, "/")
		return there != "" && !strings.EqualFold(there, here)
	}
	if !differs(account.Account, cfg.Account) && !differs(account.BaseURL, cfg.BaseURL) {
		return nil
	}
	return &Stop{Exit: 1,
		Err: fmt.Errorf("the mapping's fields are those of account %q at %s, but the cases would go to account %q at %s",
			account.Account, account.BaseURL, cfg.Account, cfg.BaseURL),
		Hint: "write the file for this account (caseimport fields -o fields.json), or name the other account (--account, --region)"}
}
