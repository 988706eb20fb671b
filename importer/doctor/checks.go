package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"caseimport/importer/talkdesk"
	"caseimport/mapping/words"
)

// cannotTell is a check for which something before it would have had to work.
func cannotTell(name, message string) Check {
	return Check{Name: name, State: CannotTell, Message: message}
}

// notAsked is the message of such a check.
const notAsked = "not asked, since the API could not be reached or refused us"

func credentials(f *facts) Check {
	c := Check{Name: "credentials", State: OK}
	switch {
	case f.login.Verdict != talkdesk.OK:
		c.State, c.Message = Failed, f.login.Message
		c.Hint = "check the TALKDESK_ variables, the account and the region"
		switch {
		case f.login.Verdict == talkdesk.Halt && f.login.Status == 0:
			c.Hint = "" // no connection, and the message says what would bring one about
		case f.login.Down || f.login.Throttled:
			c.Hint = "no import can begin before the token endpoint answers: try again later, or check the network"
		}
	case f.ping.Status == 401:
		c.State, c.Message = Failed, f.ping.Message
		c.Hint = "get a new token, or credentials of this account"
	case !f.ping.Answered():
		c.State, c.Message = CannotTell, "the API did not answer, so it did not show whether it takes the token"
	case f.Token:
		c.Message = fmt.Sprintf("the API takes the token; it cannot be renewed when it expires, so a long import wants a client id (account %s)", f.Account)
	default:
		c.Message = fmt.Sprintf("the account %s gives tokens, and the API takes them", f.Account)
	}
	return c
}

// costs are what each scope is for, and what it means to lack it.
var costs = []struct {
	scope, cost string
	state       State
}{
	{talkdesk.ScopeWrite, "no case can be created", Failed},
	{talkdesk.ScopeRead, "cases cannot be looked up, so rows without an answer stay unknown", Attend},
	{talkdesk.ScopeFields, "keys and options of custom fields cannot be checked before the import", Attend},
	{talkdesk.ScopeUsers, "agents cannot be found by their address", OK},
}

func scopes(f *facts) Check {
	c := Check{Name: "scopes", State: OK}
	granted := func(scope string) bool { return slices.Contains(f.scopes, scope) }
	if !f.said {
		if !f.ping.Answered() {
			return cannotTell(c.Name, notAsked)
		}
		// Reading shows it, too; whether cases may be created is not tried.
		refused := map[string]bool{talkdesk.ScopeRead: f.ping.Denied, talkdesk.ScopeFields: f.fields.Denied}
		granted = func(scope string) bool { return !refused[scope] }
		c.State = CannotTell
		c.Message = "it was not said which are granted; whether cases may be created shows with run --limit 1"
	} else {
		c.Message = "granted: " + strings.Join(f.scopes, ", ")
	}
	var lacks []string
	for _, s := range costs {
		if granted(s.scope) {
			continue
		}
		c.Message += fmt.Sprintf("; without %s %s", s.scope, s.cost)
		if s.state != OK {
			lacks = append(lacks, s.scope)
		}
		if s.state == Failed || s.state == Attend && c.State != Failed {
			c.State = s.state
		}
	}
	if len(lacks) > 0 {
		c.Hint = "have an administrator grant the client " + strings.Join(lacks, " and ")
	}
	return c
}

// certificateEnds is how long before its end a certificate is worth a word.
const certificateEnds = 14 * 24 * time.Hour

func connection(f *facts) Check {
	c := Check{Name: "connection", State: OK}
	switch {
	case f.login.Verdict == talkdesk.Halt && f.login.Status != 0:
		return cannotTell(c.Name, "not tried, since the credentials were refused")
	case !f.ping.Answered():
		return cannotTell(c.Name, "there is none")
	}
	s := f.sight
	c.Message = "direct"
	if s.Proxy != "" {
		c.Message = "through the proxy " + s.Proxy
	}
	if !s.Secure {
		c.Message += ", not encrypted (this machine only)"
		return c
	}
	c.Message += fmt.Sprintf(", %s; certificate of %s by %s, valid until %s", s.Version, s.Host, s.Issuer, s.NotAfter.UTC().Format(time.DateOnly))
	if left := time.Until(s.NotAfter); left < certificateEnds {
		c.Message += fmt.Sprintf(": it ends in %d days, and nothing works then unless it is renewed", int(left.Hours()/24))
	}
	return c
}

// What our clock may be off by. Assertions live 150 seconds.
const (
	clockFine   = 30 * time.Second
	clockAttend = 2 * time.Minute
)

func clock(f *facts) Check {
	c := Check{Name: "clock", State: OK}
	off := f.sight.Ahead.Abs()
	which := "behind"
	if f.sight.Ahead < 0 {
		which = "ahead of"
	}
	switch {
	case !f.ping.Answered():
		return cannotTell(c.Name, notAsked)
	case !f.sight.Dated:
		return cannotTell(c.Name, "the server's answers have no Date")
	case off < 2*time.Second:
		c.Message = "as the server's"
	default:
		c.Message = fmt.Sprintf("this machine's is %v %s the server's", off.Round(time.Second), which)
	}
	switch {
	case off <= clockFine:
	case off > clockAttend:
		c.State, c.Hint = Attend, "set this machine's clock (NTP)"
		if f.Signed {
			c.Hint += ": tokens got by a private key depend on it"
		}
	case f.Signed:
		c.Message += "; at 2m30s off, no token can be got by a private key"
	}
	return c
}

func list(f *facts) Check {
	c := Check{Name: "list", State: OK}
	a := f.ping
	switch {
	case f.login.Verdict != talkdesk.OK:
		return cannotTell(c.Name, notAsked)
	case answered(a) && f.cases == 0:
		c.Message = "readable; there is no case yet"
	case answered(a) && f.cases > 0:
		c.Message = "readable; " + words.Plural(f.cases, "case")
	case answered(a):
		c.Message = "readable"
	case a.Denied:
		c.State, c.Message = Attend, a.Message+": cases cannot be looked up, so rows without an answer stay unknown"
		c.Hint = "have an administrator grant the client " + talkdesk.ScopeRead
	case a.Verdict == talkdesk.Unknown:
		c.State, c.Message = Attend, "the list is refused, so cases cannot be looked up: "+a.Message
	default:
		c.State, c.Message = Failed, a.Message
		c.Hint = "check the address, the region and the network"
	}
	return c
}

func forms(f *facts) Check {
	c := Check{Name: "forms", State: OK}
	var seen []string
	note := func(what, form string) {
		if form != "" {
			seen = append(seen, what+": "+form)
		}
	}
	note("custom fields of the list", f.shape)
	if f.searched.Verdict == talkdesk.OK || f.searched.Unfiltered {
		filter := f.filterForm
		if filter == "" {
			filter = "neither the array nor the object has an effect"
		}
		note("filter by a custom field", filter)
	}
	if answered(f.fields) {
		note("definitions", f.forms.Wrapping)
		note("labels of options", f.forms.Label)
		for _, spelling := range []string{"dropdown", "drop_down"} {
			for _, field := range f.all {
				if strings.HasPrefix(field.Key, spelling) {
					note("drop-downs", spelling)
					break
				}
			}
		}
	}
	if c.Message = strings.Join(seen, "; "); len(seen) == 0 {
		return cannotTell(c.Name, "nothing was read that shows them")
	}
	return c
}

// unsearchable is what it costs where a search proves nothing.
const unsearchable = "rows without an answer will be left as unknown, and --adopt cannot find what is there"

func search(f *facts) Check {
	c := Check{Name: "search", State: OK}
	a := f.searched
	switch {
	case !answered(f.ping):
		return cannotTell(c.Name, notAsked)
	case f.Mapping != nil && f.Mapping.Fault == nil && f.Mapping.KeyField == "":
		return cannotTell(c.Name, "the mapping names no key.custom_field to search by: "+unsearchable)
	case f.page == 0:
		return cannotTell(c.Name, "there is no case to look for: ask again after a trial (run --limit 5)")
	case f.field == "":
		return cannotTell(c.Name, "no case shows a text in a text field: ask again after a trial (run --limit 5), with -m")
	case f.known == nil && !f.shown && !f.custom:
		c.State = Attend
		c.Message = "neither the list nor single cases show any custom field: unless this changes with cases that have a key, " + unsearchable
		c.Hint = "create one case with the key in " + f.field + " (run --limit 1) and ask again"
	case f.known == nil:
		return cannotTell(c.Name, fmt.Sprintf("no case carries a key in %s: ask again after a trial (run --limit 5)", f.field))
	case a.Verdict == talkdesk.OK && !a.Unfiltered && has(f.found, f.known.ID):
		c.Message = fmt.Sprintf("case %s is found by its %s, %s", f.known.ID, f.field, map[talkdesk.Verdict]string{
			talkdesk.OK: "also by a part of it (substring search)", talkdesk.Absent: "exactly",
		}[f.substring.Verdict])
		c.Message = strings.TrimSuffix(c.Message, ", ")
		if f.singly {
			c.Message += "; the list does not show the field, single cases do, so a look-up takes a few more requests"
		}
	case a.Unfiltered:
		c.State, c.Message = Attend, "the server ignores the filter by a custom field: "+unsearchable
	case a.Hidden:
		c.State, c.Message = Attend, "neither the list nor single cases show the field "+f.field+": "+unsearchable
	case a.Verdict == talkdesk.OK || a.Verdict == talkdesk.Absent:
		c.State = Attend
		c.Message = fmt.Sprintf("case %s carries a key in %s, but is not found by it: "+unsearchable, f.known.ID, f.field)
		c.Hint = "if the case is new, ask again in a minute; else ask Talkdesk about the filter custom_fields of the case list"
	default:
		return cannotTell(c.Name, "the look-up of a case failed: "+a.Message)
	}
	return c
}

func limits(f *facts) Check {
	switch {
	case !f.ping.Answered():
		return cannotTell("limits", notAsked)
	case len(f.sight.Limits) == 0:
		return cannotTell("limits", "the server's answers do not speak of a rate limit: ask Talkdesk for your account's, and give it with --rate")
	}
	return Check{Name: "limits", State: OK, Message: strings.Join(f.sight.Limits, "; ")}
}

func latency(f *facts) Check {
	if len(f.took) == 0 {
		return cannotTell("latency", notAsked)
	}
	took := slices.Sorted(slices.Values(f.took))[len(f.took)/2]
	message := "less than 5ms for a small read"
	if took > 5*time.Millisecond {
		message = fmt.Sprintf("%v for a small read, so 8 requests at a time are not more than about %.0f a second", took.Round(time.Millisecond), 8/took.Seconds())
	}
	return Check{Name: "latency", State: OK, Message: message}
}
