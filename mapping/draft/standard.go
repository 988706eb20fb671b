package draft

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"caseimport/mapping"
	"caseimport/mapping/words"
)

// standard drafts the standard fields of the case.
func (d *drafter) standard() page {
	var p page
	p.add("case:", "")
	title, sureOfTitle := d.pick.title()
	body, sureOfBody := d.pick.body(title)
	switch {
	case sureOfTitle || title == nil:
	case body == nil && title.average() > 60:
		title, body = nil, title // one column of long texts is the better description
	case body != nil && !sureOfBody && body.average() < title.average():
		title, body = body, title // of two guesses, the longer one
	}
	d.title(&p, title, body, sureOfTitle)
	d.description(&p, body, title, sureOfBody)
	d.requester(&p)
	d.priority(&p)
	d.owner(&p)
	return p
}

func (d *drafter) title(p *page, c, body *column, sure bool) {
	if c == nil {
		d.ask(p, 2, "no column looks like a subject. What should the title of a case be? An expression can build one, "+
			`such as {expr: '"Ticket " + %s'}.`, d.anyCell())
		p.add(`  title: {const: "(no subject)"}`, "every case needs a title")
		return
	}
	d.use(c)
	if !sure {
		d.ask(p, 2, "is %s the subject? Its header does not say so.", show(c.name))
	}
	r := from(c).joined(`", "`, c)
	if c.several > 0 {
		r = r.note("several values in %s", rows(c.several))
	}
	r = d.unsaid(r, c, "(no subject)")
	if c.over150 > 0 || c.several > 0 && c.longest > 30 {
		long := fmt.Sprintf("%s over 150 characters (longest %s)", rows(c.over150), words.Count(c.longest))
		if body == nil { // the description repeats it in full
			r = r.with("truncate", "150").note("%s: cut, the description has the full text", long)
		} else {
			r = r.with("overflow", "notes").note("%s: the rest goes into a note", long)
		}
	}
	d.surely(p, "title", r, c)
}

const noDescription = "(no description)"

// noBody drafts the description where no column holds one: the title says it.
func (d *drafter) noBody(p *page, title *column) {
	if title == nil {
		d.ask(p, 2, "no column looks like a description. What should it be?")
		p.add("  description: {const: "+scalar(noDescription)+"}", "every case needs one")
		return
	}
	d.ask(p, 2, "no column looks like a description, and every case needs one: %s is used instead. Is there a fuller export?", show(title.name))
	r := d.unsaid(from(title).joined(`", "`, title), title, noDescription)
	if title.over2000 > 0 || title.several > 0 {
		r = r.with("overflow", "notes")
	}
	p.rule("description", r)
}

func (d *drafter) description(p *page, c, title *column, sure bool) {
	if c == nil {
		d.noBody(p, title)
		return
	}
	d.use(c)
	if !sure {
		d.ask(p, 2, "is %s the description? Its header does not say so, but it has the longest texts.", show(c.name))
	}
	d.skipTwin(c)
	sources := []*column{c}
	if title != nil && d.unspoken(c) > 0 {
		sources = append(sources, title)
	}
	r := d.bodyText(sources).joined(`"\n"`, sources...)
	switch {
	case c.isHTML():
		r = r.with("html", "true").note("HTML in %s: converted to plain text", rows(c.html))
		if !r.has("default") { // there may be no text in it
			r = r.with("default", scalar(noDescription))
		}
	case c.html > 0:
		r = r.note("HTML tags in %s (html: true would convert them to plain text)", rows(c.html))
	}
	if slices.ContainsFunc(sources, func(c *column) bool { return c.over2000 > 0 || c.several > 0 }) {
		r = r.with("overflow", "notes").note("%s over 2,000 characters (longest %s): the rest goes into notes", rows(c.over2000), words.Count(c.longest))
	}
	if c.cut2000 > 2 && c.over2000 == 0 {
		r = r.note("%s of exactly 2,000 characters: the export may have truncated them", rows(c.cut2000))
	}
	if c.escaped > 0 {
		r = r.note(`line breaks written as \n in %s`, rows(c.escaped))
		if c.escaped*2 >= c.real() && len(sources) == 1 && c.several == 0 {
			r.pairs[0] = unescaped(c).pairs[0]
		}
	}
	d.surely(p, "description", r, c)
}

// skipTwin leaves out the description in HTML where there is one in plain text.
func (d *drafter) skipTwin(text *column) {
	if text.plain != "descriptiontext" {
		return
	}
	for _, html := range d.columns {
		if html.plain == "description" {
			d.use(html)
			d.skip(html, "the same as %s, but in HTML", show(text.name))
		}
	}
}

// bodyText takes the first of the columns, and where it is empty the second, if
// there is one.
func (d *drafter) bodyText(columns []*column) rule {
	r := from(columns...)
	if len(columns) == 1 {
		return d.unsaid(r, columns[0], noDescription)
	}
	r = d.without(r, columns[0])
	r.notes[len(r.notes)-1] += ": falls back to the title's column"
	if d.unspoken(columns[1]) > 0 {
		r = r.with("default", scalar(noDescription))
	}
	return r
}

// unsaid sees to rows in which a mandatory field would have nothing to say.
func (d *drafter) unsaid(r rule, c *column, otherwise string) rule {
	r = d.without(r, c)
	if d.unspoken(c) > 0 {
		r = r.with("default", scalar(otherwise))
	}
	return r
}

// without makes nothing of the column's placeholders, and notes how often there
// is nothing.
func (d *drafter) without(r rule, c *column) rule {
	if c.empty.total() > 0 {
		r = r.blanking(c).note("%s", placeholderNote(c))
	}
	if n := d.absent(c); n > 0 {
		r = r.note("empty in %s", rows(n))
	}
	return r
}

// unspoken is the number of rows in which the column is empty or says nothing.
func (d *drafter) unspoken(c *column) int { return d.absent(c) + c.empty.total() }

func placeholderNote(c *column) string {
	var values []string
	for _, i := range c.empty.sorted() {
		values = append(values, show(i.value))
	}
	return fmt.Sprintf("%s in %s counts as empty", strings.Join(values, ", "), rows(c.empty.total()))
}

// anyCell is a cell for an example: the key's, if there is one.
func (d *drafter) anyCell() string {
	if len(d.columns) == 0 {
		return `row["COLUMN"]`
	}
	key := slices.IndexFunc(d.columns, func(c *column) bool { return d.used[c] })
	return cell(d.columns[max(0, key)])
}

const noRequester = "Unknown requester"

func (d *drafter) requester(p *page) {
	emails, name := d.pick.emails(), d.pick.person()
	clean, full := true, false // every address is one; some column has one in every row
	for _, c := range emails {
		clean = clean && c.several == 0 && c.addresses == c.texts
		full = full || c.lists == 0 && c.addresses == d.rows
	}
	d.use(emails...)
	needed := !full || !clean // a name has to stand in
	switch {
	case name != nil:
		d.requesterName(p, name, needed)
	case len(emails) == 0:
		d.ask(p, 2, "no column looks like the requester's name or e-mail address, and every case needs one. Who is it?")
		p.add("  requester_name: {const: "+noRequester+"}", "")
		d.people(p)
		return
	case needed && d.rows > 0:
		p.rule("requester_name", from(emails...).joined(`", "`, emails...).with("default", noRequester).
			note("no column has names: the address is used instead, or %s where there is none", noRequester))
		d.people(p)
	}
	switch {
	case len(emails) == 0:
		p.add("  # requester_email: no column has e-mail addresses", "")
		d.remind("requesters have names only: Talkdesk may not tell people with the same name apart")
	case clean:
		d.email(p, emails)
	default:
		d.firstAddress(p, emails)
	}
}

func (d *drafter) requesterName(p *page, c *column, needed bool) {
	d.use(c)
	r := from(c).joined(`", "`, c)
	if needed {
		r = d.unsaid(r, c, noRequester)
	} else if n := d.absent(c); n > 0 {
		r = r.note("empty in %s, but those have an address", rows(n))
	}
	d.surely(p, "requester_name", r, c)
	if r.has("default") {
		d.people(p)
	}
}

// people offers to translate the ids of requesters.
func (d *drafter) people(p *page) {
	for _, c := range d.columns {
		if lexicon().PersonID[c.plain] && !d.used[c] && c.cells() && c.real() > 0 && c.several == 0 {
			p.rule("# requester_name", from(c).with("values", "{file: people.csv}").with("default", noRequester).
				note("or by id: people.csv maps ids to names"))
			return
		}
	}
}

func (d *drafter) email(p *page, emails []*column) {
	r := from(emails...)
	if n := d.absent(emails[0]); n > 0 && len(emails) == 1 {
		r = r.note("empty in %s", rows(n))
	}
	d.surely(p, "requester_email", r, emails...)
}

// firstAddress takes the first address from cells that hold other things, too.
func (d *drafter) firstAddress(p *page, emails []*column) {
	bad := 0
	find := "match(%s, `" + tameAddress + "`)[0]"
	var cells []string
	for _, c := range emails {
		if c.wild {
			find = "match(%s, `" + address + "`)[1]"
		}
		bad += c.texts - c.addresses + c.several
		source := cell(c)
		if c.lists > 0 {
			source = "join(" + source + `, " ")`
		}
		cells = append(cells, source)
	}
	source := cells[0]
	note := fmt.Sprintf("%s with something other than one plain address: the first address in it is used, if there is one", rows(bad))
	if len(cells) > 1 {
		source = "coalesce(" + strings.Join(cells, ", ") + ")"
	} else if n := d.absent(emails[0]); n > 0 {
		note = fmt.Sprintf("empty in %s; %s", rows(n), note)
	}
	p.say(2, "%s", note)
	p.rule("requester_email", expression(find, source))
	d.remind("requester_email: %s of %s with something other than one plain address", rows(bad), columnNames(emails))
}

func (d *drafter) priority(p *page) {
	c := d.pick.priority()
	if c == nil || d.used[c] {
		p.add("  # priority: no column looks like one", "")
		return
	}
	d.use(c)
	codes := d.product.Codes[c.plain]
	values := d.priorities(p, c)
	r := from(c).with("values", flow(values))
	seen := tally(c.values.sorted(), 6, codes)
	if seen != "" {
		r = r.note("%s", seen)
	}
	n := d.absent(c)
	if n > 0 {
		r = r.note("empty in %s", rows(n))
	}
	if n > 0 || d.rows == 0 || d.Total > d.rows {
		r = r.with("default", "NORMAL")
	}
	d.sure("priority: %s, %s", c.name, seen)
	if len(r.String()) <= 110 {
		p.rule("priority", r)
		return
	}
	p.add("  priority:", "")
	p.add("    column: "+scalar(c.name), join(r.notes))
	p.add("    values:", "")
	for _, q := range values {
		p.add("      "+q.key+": "+q.value, "")
	}
	if r.has("default") {
		p.add("    default: NORMAL", "")
	}
}

// priorities translates what the column holds, and asks where that is a guess.
func (d *drafter) priorities(p *page, c *column) []pair {
	codes := d.product.Codes[c.plain]
	zero := slices.ContainsFunc(c.values.items, func(i item) bool { return strings.Trim(i.value, "Pp") == "0" })
	var pairs []pair
	var unknown []item
	guessed := false
	for _, i := range c.values.sorted() {
		word := cmp.Or(codes[i.value], i.value)
		priority, sure := priorityOf(word)
		if zero && !sure {
			priority = fromZero[strings.Trim(word, "Pp")]
		}
		if priority == "" {
			priority = "NORMAL"
			unknown = append(unknown, i)
		} else {
			guessed = guessed || !sure
		}
		pairs = append(pairs, pair{i.value, priority})
	}
	if guessed {
		d.ask(p, 2, "is the lowest number in %s the highest priority? That is assumed.", show(c.name))
	}
	if len(unknown) > 0 {
		d.ask(p, 2, "what priority is %s in %s? NORMAL is assumed.", tally(unknown, 8, codes), show(c.name))
	}
	if d.rows == 0 {
		for _, word := range []string{"low", "medium", "normal", "high", "urgent"} {
			pairs = append(pairs, pair{word, mapping.PriorityWord(word)})
		}
	}
	return lookup(pairs)
}

// owner offers to assign the cases.
func (d *drafter) owner(p *page) {
	c := d.pick.named("owner", func(c *column) bool { return c.cells() })
	if c == nil || d.used[c] || c.real() == 0 {
		return
	}
	p.rule("# owner_id", from(c).with("values", "{file: agents.csv}").
		note("to assign the cases: agents.csv maps names to Talkdesk user ids"))
}

func columnNames(columns []*column) string {
	var all []string
	for _, c := range columns {
		all = append(all, c.name)
	}
	return strings.Join(all, ", ")
}

// surely adds a rule that the data leave no doubt about.
func (d *drafter) surely(p *page, name string, r rule, columns ...*column) {
	p.rule(name, r)
	notes := ""
	if len(r.notes) > 0 {
		notes = " (" + join(r.notes) + ")"
	}
	d.sure("%s: %s%s", name, columnNames(columns), notes)
}

// join makes one comment of several remarks.
func join(notes []string) string { return strings.Join(notes, "; ") }
