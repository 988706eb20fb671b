package draft

import (
	"fmt"
	"slices"
	"strings"

	"caseimport/mapping"
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
		d.ask(p, 2, "no column holds a subject. What should the title of a case be? An expression can put one together, "+
			`such as {expr: '"Ticket " + %s'}.`, d.anyCell())
		p.add(`  title: {const: "(no subject)"}`, "every case needs a title")
		return
	}
	d.use(c)
	if !sure {
		d.ask(p, 2, "is %s the subject? No header says so.", show(c.name))
	}
	r := from(c)
	var notes []string
	if c.several > 0 {
		r = r.with("join", `", "`)
		notes = append(notes, fmt.Sprintf("several values in %s", rows(c.several)))
	}
	r, notes = d.unsaid(r, notes, c, "(no subject)")
	if c.over150 > 0 || c.several > 0 && c.longest > 30 {
		long := fmt.Sprintf("%s over 150 characters (longest %s)", rows(c.over150), count(c.longest))
		if body == nil { // the description repeats it in full
			r = r.with("truncate", "150")
			notes = append(notes, long+": cut, the description has all")
		} else {
			r = r.with("overflow", "notes")
			notes = append(notes, long+": the rest goes into a note")
		}
	}
	p.add("  title: "+r.String(), join(notes))
	d.sure("title: %s%s", c.name, brackets(notes))
}

const noDescription = "(no description)"

// noBody drafts the description where no column holds one: the title says it.
func (d *drafter) noBody(p *page, title *column) {
	if title == nil {
		d.ask(p, 2, "no column holds a description. What should it be?")
		p.add("  description: {const: "+scalar(noDescription)+"}", "every case needs one")
		return
	}
	d.ask(p, 2, "no column holds a description, and every case needs one: %s stands in. Is there a fuller export?", show(title.name))
	r := from(title)
	if title.several > 0 {
		r = r.with("join", `", "`)
	}
	r, notes := d.unsaid(r, nil, title, noDescription)
	if title.over2000 > 0 || title.several > 0 {
		r = r.with("overflow", "notes")
	}
	p.add("  description: "+r.String(), join(notes))
}

func (d *drafter) description(p *page, c, title *column, sure bool) {
	if c == nil {
		d.noBody(p, title)
		return
	}
	d.use(c)
	if !sure {
		d.ask(p, 2, "is %s the description? No header says so; it holds the longest texts.", show(c.name))
	}
	if c.plain == "descriptiontext" {
		for _, html := range d.columns {
			if html.plain == "description" {
				d.use(html)
				d.skip(html, "the same as %s, with HTML", show(c.name))
			}
		}
	}
	empty := d.absent(c) + c.empty.total()
	r := from(c)
	var notes []string
	if empty > 0 && title != nil {
		r = fromFirst(c, title)
		if n := d.absent(c); n > 0 {
			notes = append(notes, fmt.Sprintf("empty in %s", rows(n)))
		}
		if c.empty.total() > 0 {
			r = r.with("values", blanks(c)).with("pass", "true")
			notes = append(notes, placeholderNote(c))
		}
		notes[len(notes)-1] += ": the title's column stands in"
		if d.absent(title)+title.empty.total() > 0 {
			r = r.with("default", scalar(noDescription))
		}
	} else {
		r, notes = d.unsaid(r, notes, c, noDescription)
	}
	if c.several > 0 || title != nil && empty > 0 && title.several > 0 {
		r = r.with("join", `"\n"`)
	}
	switch {
	case c.html*2 >= c.real() && c.html > 0:
		r = r.with("html", "true")
		notes = append(notes, fmt.Sprintf("HTML in %s: made plain text", rows(c.html)))
		if !r.has("default") { // there may be no text in it
			r = r.with("default", scalar(noDescription))
		}
	case c.html > 0:
		notes = append(notes, fmt.Sprintf("HTML tags in %s (html: true would make them plain text)", rows(c.html)))
	}
	if c.over2000 > 0 || c.several > 0 || empty > 0 && title != nil && (title.over2000 > 0 || title.several > 0) {
		r = r.with("overflow", "notes")
		notes = append(notes, fmt.Sprintf("%s over 2,000 characters (longest %s): the rest goes into notes", rows(c.over2000), count(c.longest)))
	}
	if c.cut2000 > 2 && c.over2000 == 0 {
		notes = append(notes, fmt.Sprintf("%s of exactly 2,000 characters: the export may have cut them", rows(c.cut2000)))
	}
	if c.escaped > 0 {
		notes = append(notes, fmt.Sprintf(`line breaks written as \n in %s`, rows(c.escaped)))
		if c.escaped*2 >= c.real() && r[0].key == "column" && c.several == 0 {
			r[0] = unescaped(c)[0]
		}
	}
	p.add("  description: "+r.String(), join(notes))
	d.sure("description: %s%s", c.name, brackets(notes))
}

// unsaid sees to rows in which a mandatory field would have nothing to say:
// empty cells and placeholders.
func (d *drafter) unsaid(r rule, notes []string, c *column, otherwise string) (rule, []string) {
	if c.empty.total() > 0 {
		r = r.with("values", blanks(c)).with("pass", "true")
		notes = append(notes, placeholderNote(c))
	}
	if n := d.absent(c); n > 0 && d.rows > 0 {
		notes = append(notes, fmt.Sprintf("empty in %s", rows(n)))
	}
	if d.absent(c)+c.empty.total() > 0 {
		r = r.with("default", scalar(otherwise))
	}
	return r, notes
}

// blanks is the look-up table that makes nothing of placeholders.
func blanks(c *column) string {
	var pairs []pair
	for _, i := range c.empty.sorted() {
		pairs = append(pairs, pair{i.value, `""`})
	}
	return lookup(pairs)
}

func placeholderNote(c *column) string {
	var values []string
	for _, i := range c.empty.sorted() {
		values = append(values, show(i.value))
	}
	return fmt.Sprintf("%s in %s means nothing", strings.Join(values, ", "), rows(c.empty.total()))
}

// anyCell is a cell for an example: the key's, if there is one.
func (d *drafter) anyCell() string {
	for _, c := range d.columns {
		if d.used[c] {
			return cell(c)
		}
	}
	if len(d.columns) > 0 {
		return cell(d.columns[0])
	}
	return `row["COLUMN"]`
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
	case name == nil && len(emails) == 0:
		d.ask(p, 2, "no column holds the requester's name or address, and every case needs one. Who is it?")
		p.add("  requester_name: {const: "+noRequester+"}", "")
		d.people(p)
		return
	case name != nil:
		d.use(name)
		r := from(name)
		var notes []string
		if name.several > 0 {
			r = r.with("join", `", "`)
		}
		if needed {
			r, notes = d.unsaid(r, notes, name, noRequester)
		} else if n := d.absent(name); n > 0 {
			notes = append(notes, fmt.Sprintf("empty in %s, but the address is there", rows(n)))
		}
		p.add("  requester_name: "+r.String(), join(notes))
		if needed && d.absent(name)+name.empty.total() > 0 {
			d.people(p)
		}
		d.sure("requester_name: %s%s", name.name, brackets(notes))
	case needed && d.rows > 0:
		r := fromFirst(emails...)
		note := "no column holds names: what stands for the address does, where there is none " + noRequester
		for _, c := range emails {
			if c.several > 0 {
				r = r.with("join", `", "`)
				break
			}
		}
		p.add("  requester_name: "+r.with("default", noRequester).String(), note)
		d.people(p)
	}
	if len(emails) == 0 {
		p.add("  # requester_email: no column holds e-mail addresses", "")
		d.remind("requesters have names only: the account may not tell people of the same name apart")
		return
	}
	d.email(p, emails, clean)
}

// people offers to translate the ids of requesters.
func (d *drafter) people(p *page) {
	for _, c := range d.columns {
		if lexicon().PersonID[c.plain] && !d.used[c] && c.cells() && c.real() > 0 && c.several == 0 {
			r := from(c).with("values", "{file: people.csv}").with("default", noRequester)
			p.add("  # requester_name: "+r.String(), "or by its id: people.csv translates ids into names")
			return
		}
	}
}

func (d *drafter) email(p *page, emails []*column, clean bool) {
	var notes []string
	if len(emails) == 1 {
		if n := d.absent(emails[0]); n > 0 && d.rows > 0 {
			notes = append(notes, fmt.Sprintf("empty in %s", rows(n)))
		}
	}
	if clean {
		p.add("  requester_email: "+fromFirst(emails...).String(), join(notes))
		d.sure("requester_email: %s%s", columnNames(emails), brackets(notes))
		return
	}
	bad := 0
	find := "match(%s, `" + tameAddress + "`)[0]"
	var cells []string
	for _, c := range emails {
		if c.wild {
			find = "match(%s, `" + address + "`)[1]"
		}
		bad += c.texts - c.addresses + c.several
		from := cell(c)
		if c.lists > 0 {
			from = "join(" + from + `, " ")`
		}
		cells = append(cells, from)
	}
	source := cells[0]
	if len(cells) > 1 {
		source = "coalesce(" + strings.Join(cells, ", ") + ")"
	}
	notes = append(notes, fmt.Sprintf("%s with something else than one bare address: the first address in it is taken, if there is one", rows(bad)))
	p.say(2, "%s", join(notes))
	p.add("  requester_email: "+expression(find, source).String(), "")
	d.remind("requester_email: %s of %s with something else than one bare address", rows(bad), columnNames(emails))
}

func (d *drafter) priority(p *page) {
	c := d.pick.priority()
	if c == nil || d.used[c] {
		p.add("  # priority: no column holds one", "")
		return
	}
	d.use(c)
	zero := false
	for _, i := range c.values.items {
		zero = zero || strings.Trim(i.value, "Pp") == "0"
	}
	codes := d.product.Codes[c.plain]
	var pairs []pair
	var guessed, unknown []item
	for _, i := range c.values.sorted() {
		word := i.value
		if w, ok := codes[word]; ok {
			word = w
		}
		priority, sure := priorityOf(word)
		if zero && !sure {
			priority = fromZero[strings.Trim(word, "Pp")]
		}
		switch {
		case priority == "":
			priority = "NORMAL"
			unknown = append(unknown, i)
		case !sure:
			guessed = append(guessed, i)
		}
		pairs = append(pairs, pair{i.value, priority})
	}
	if len(guessed) > 0 {
		d.ask(p, 2, "is the lowest number in %s the highest priority? It is taken so.", show(c.name))
	}
	if len(unknown) > 0 {
		d.ask(p, 2, "what priority is %s in %s? NORMAL is taken.", tally(unknown, 8, codes), show(c.name))
	}
	if d.rows == 0 {
		for _, word := range []string{"low", "medium", "normal", "high", "urgent"} {
			pairs = append(pairs, pair{word, mapping.PriorityWord(word)})
		}
	}
	r := from(c).with("values", lookup(pairs))
	note := ""
	if n := d.absent(c); n > 0 || d.rows == 0 || d.Total > d.rows {
		r = r.with("default", "NORMAL")
		if n > 0 {
			note = fmt.Sprintf("empty in %s", rows(n))
		}
	}
	seen := tally(c.values.sorted(), 6, codes)
	if note = join(slices.DeleteFunc([]string{seen, note}, func(s string) bool { return s == "" })); len(r.String()) > 110 {
		d.longPriority(p, c, pairs, r, note)
	} else {
		p.add("  priority: "+r.String(), note)
	}
	d.sure("priority: %s, %s", c.name, seen)
}

// longPriority writes the look-up table a line each.
func (d *drafter) longPriority(p *page, c *column, pairs []pair, r rule, note string) {
	p.add("  priority:", "")
	p.add("    column: "+scalar(c.name), note)
	p.add("    values:", "")
	seen := map[string]bool{}
	for _, q := range pairs {
		if low := strings.ToLower(q.key); !seen[low] {
			seen[low] = true
			p.add("      "+lookupKey(q.key)+": "+q.value, "")
		}
	}
	if last := r[len(r)-1]; last.key == "default" {
		p.add("    default: "+last.value, "")
	}
}

// owner offers to assign the cases.
func (d *drafter) owner(p *page) {
	c := d.pick.named(fieldOwner, func(c *column) bool { return c.cells() })
	if c == nil || d.used[c] || c.real() == 0 {
		return
	}
	p.add("  # owner_id: "+from(c).with("values", "{file: agents.csv}").String(),
		"to assign the cases: agents.csv translates names into Talkdesk's user ids")
}

func columnNames(columns []*column) string {
	var all []string
	for _, c := range columns {
		all = append(all, c.name)
	}
	return strings.Join(all, ", ")
}

// join makes one comment of several remarks.
func join(notes []string) string { return strings.Join(notes, "; ") }

func brackets(notes []string) string {
	if len(notes) == 0 {
		return ""
	}
	return " (" + join(notes) + ")"
}
