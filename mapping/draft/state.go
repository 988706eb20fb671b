package draft

import (
	"fmt"
	"slices"
	"strings"

	"caseimport/mapping"
)

// state drafts what a case was in the old helpdesk: its status, type, owner,
// group and parent. What has been found is mapped; what needs the account's ids
// waits in a comment.
func (d *drafter) state(p *page) {
	d.status(p)
	d.kindOfCase(p)
	d.owner(p)
	d.group(p)
	d.parent(p)
}

// category finds a column of few words under a field's headers.
func (d *drafter) category(field string) *column {
	return d.named(field, func(c *column) bool {
		return c.single() && !c.values.more && c.real() > 0 && len(c.values.items) <= maxOptions
	})
}

func (d *drafter) status(p *page) {
	c := d.category("status")
	if c == nil || d.used[c] {
		return
	}
	of := func(s string) string { return d.statusOf(c, s) }
	pairs, unknown := translate(c, of, "OPEN")
	codes := d.product.Codes[c.plain]
	short := c.values.every(func(s string) bool { return len(s) <= 2 })
	if len(unknown) == len(pairs) || short && len(codes) == 0 { // it may be anything: NY is a state, too
		return
	}
	seen := tally(c.values.sorted(), 6, codes)
	if len(unknown) > 0 {
		d.ask(p, 2, "status: what status is %s in %s? OPEN is assumed.", tally(unknown, 8, codes), show(c.name))
	} else {
		d.sure("status: %s, %s", c.name, seen)
	}
	values := lookup(append(pairs, d.unseen(c, statusScale, of)...))
	d.lookupRule(p, "status", c, from(c).with("values", flow(values)).note("set after the case was created; %s", seen), values)
	if slices.ContainsFunc(values, func(q pair) bool { return q.value == mapping.Resolved }) {
		d.resolution(p)
	}
}

// maxResolution keeps letters and logs out of it: how long it may be is not published.
const maxResolution = 255

// resolution is what Talkdesk wants of every resolved case: what the old helpdesk has
// noted, where it has.
func (d *drafter) resolution(p *page) {
	const otherwise, why = "Solved before the import", "Talkdesk wants one for every resolved case"
	c := d.named("resolution", func(c *column) bool {
		return c.single() && c.real() > 0 && c.longest <= maxResolution
	})
	if c == nil || d.used[c] {
		p.rule("resolution", rule{}.with("const", scalar(otherwise)).note(why))
		return
	}
	known := d.product != plainTable()
	if !known {
		d.ask(p, 2, "resolution: is %s the resolution of resolved cases?", show(c.name))
	}
	d.put(p, "resolution", known, from(c).with("default", scalar(otherwise)).note("%s; in %s", why, rows(c.filled)), c)
}

// translate makes entries of a column's values by what they become, and nothing of its
// placeholders. otherwise is what those that are unknown become.
func translate(c *column, of func(string) string, otherwise string) (pairs []pair, unknown []item) {
	for _, i := range c.values.sorted() {
		to := of(i.value)
		switch {
		case isPlaceholder(i.value):
			to = `""`
		case to == "":
			to = otherwise
			unknown = append(unknown, i)
		}
		pairs = append(pairs, pair{i.value, to})
	}
	return pairs, unknown
}

func (d *drafter) statusOf(c *column, s string) string {
	if word, ok := d.product.Codes[c.plain][s]; ok {
		s = word
	}
	for _, scale := range d.product.scales(statusScale, "") {
		if to := scale.word(s); to != "" {
			return to
		}
	}
	return lexicon().Statuses.word(strings.TrimSpace(strings.TrimLeft(s, "0123456789-.: ")))
}

func (d *drafter) kindOfCase(p *page) {
	c := d.category("type")
	if c == nil || d.used[c] {
		return
	}
	pairs, unknown := translate(c, lexicon().Types.word, `""`)
	values := lookup(pairs)
	r := from(c).with("values", flow(values)).note("%s", tally(c.values.sorted(), 6, nil))
	if len(unknown) > 0 {
		d.ask(p, 2, "type: which of the account's types are the values of %s? Its rule waits in a comment.", show(c.name))
		p.rule("# type", r.note("Talkdesk's types are QUESTION, INCIDENT, PROBLEM, TASK and the account's own"))
		return
	}
	d.sure("type: %s", c.name)
	d.lookupRule(p, "type", c, r, values)
}

// owner assigns the cases, where the column holds addresses.
func (d *drafter) owner(p *page) {
	c := d.named("owner", (*column).single)
	if owners := d.owners(); c == nil && len(owners) > 0 {
		d.mayBeAgent(p, owners)
		return
	}
	if c == nil || d.used[c] || c.real() == 0 {
		return
	}
	if c.addresses == c.texts {
		d.sure("owner_id: %s, by the address of an agent", c.name)
		p.rule("owner_id", from(c).with("agent", "true").with("default", `""`).note("an address without an active agent leaves the case unassigned"))
		return
	}
	what, r := "holds no addresses", from(c).with("values", "{file: agents.csv}")
	if c.addresses > 0 {
		what = fmt.Sprintf("holds other things than addresses in %s", rows(c.texts-c.addresses))
		r = r.with("pass", "true")
	}
	d.ask(p, 2, "owner_id: should the cases be assigned? %s %s, so write agents.csv: what stands there, and the address of the agent.", show(c.name), what)
	p.rule("# owner_id", r.with("agent", "true").with("default", `""`).note("agents.csv maps what stands there to the addresses of agents"))
}

// mayBeAgent asks whether the owner of a ticket is the agent.
func (d *drafter) mayBeAgent(p *page, owners []*column) {
	c := owners[0]
	r := from(c)
	if c.addresses < c.texts {
		r = r.with("values", "{file: agents.csv}").note("agents.csv maps what stands there to the addresses of agents")
		if c.addresses > 0 {
			r = r.with("pass", "true")
		}
	}
	d.unsure(p, 2, choice{others: owners}, "owner_id: is %s the agent whose case it is? If so, and the cases should be assigned, its rule waits in a comment.", show(c.name))
	p.rule("# owner_id", r.with("agent", "true").with("default", `""`))
}

func (d *drafter) group(p *page) {
	c := d.category("group")
	if c == nil || d.used[c] {
		return
	}
	d.ask(p, 2, "group_id: should the groups of %s be kept? If so, write groups.csv: what stands there, and the id of the group in Talkdesk.", show(c.name))
	p.rule("# group_id", from(c).with("values", "{file: groups.csv}").note("groups.csv maps the groups to Talkdesk's ids; %s", tally(c.values.sorted(), 4, nil)))
}
