package draft

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"caseimport/mapping"
	"caseimport/mapping/words"
)

// standard drafts the standard fields of the case.
func (d *drafter) standard() page {
	var p page
	p.add("case:", "")
	title := d.picker.title()
	body := d.body(title.column)
	switch t, b := title.column, body.column; {
	case title.sure || t == nil:
	case b == nil && t.average() > 60:
		title, body = choice{others: []*column{t}}, title // one column of long texts is the better description
		body.why = "its header does not say so, but it has the longest texts"
	case b != nil && !body.sure && b.average() < t.average():
		title, body = body, title // of two guesses, the longer one
	}
	d.title(&p, title, body.column)
	d.description(&p, body, title.column)
	d.requester(&p)
	d.priority(&p)
	d.state(&p)
	return p
}

func (d *drafter) title(p *page, ch choice, body *column) {
	c := ch.column
	if c == nil && body != nil {
		d.unsure(p, 2, ch, "title: no column looks like a subject: the beginning of %s is used instead. Is there another?", show(body.name))
		r := d.unsaid(from(body).joined(`", "`, body), body, mapping.NoSubject)
		if body.isHTML() {
			if r = r.with("html", "true"); !r.has("default") {
				r = r.with("default", scalar(mapping.NoSubject))
			}
		}
		p.rule("title", r.with("truncate", "150"))
		return
	}
	if c == nil {
		d.unsure(p, 2, ch, "title: no column looks like a subject. What should the title of a case be? An expression can build one, "+
			`such as {expr: '"Ticket " + %s'}.`, d.anyCell())
		p.add("  title: {const: "+scalar(mapping.NoSubject)+"}", "every case needs a title")
		return
	}
	d.use(c)
	d.confirm(p, "title", "subject", ch)
	r := from(c).joined(`", "`, c)
	if c.several > 0 {
		r = r.note("several values in %s", rows(c.several))
	}
	r = d.unsaid(r, c, mapping.NoSubject)
	over := c.over150 > 0 || c.several > 0 && c.longest > 30
	long := fmt.Sprintf("%s over 150 characters (longest %s)", rows(c.over150), words.Count(c.longest))
	switch {
	case !over && !d.mayGrow() && c.longest*2 <= mapping.MaxTitle:
	case body == nil: // the description repeats it in full
		if r = r.with("truncate", "150"); over {
			r = r.note("%s: cut, the description has the full text", long)
		}
	default:
		if r = r.with("overflow", "notes"); over {
			r = r.note("%s: the rest goes into a note", long)
		}
	}
	d.put(p, "title", ch.sure, r, c)
}

// mayGrow reports whether tomorrow's file may hold what is over a limit today's
// keeps: the products allow more than Talkdesk does.
func (d *drafter) mayGrow() bool { return d.product != plainTable() }

// noBody drafts the description where no column holds one: the title says it.
func (d *drafter) noBody(p *page, title *column, ch choice) {
	if title == nil {
		d.unsure(p, 2, ch, "description: no column looks like one. What should it be?")
		p.add("  description: {const: "+scalar(mapping.NoDescription)+"}", "every case needs one")
		return
	}
	d.unsure(p, 2, ch, "description: no column looks like one, and every case needs it: %s is used instead. Is there a fuller export?", show(title.name))
	r := d.unsaid(from(title).joined(`", "`, title), title, mapping.NoDescription)
	if title.over2000 > 0 || title.several > 0 {
		r = r.with("overflow", "notes")
	}
	p.rule("description", r)
}

func (d *drafter) description(p *page, ch choice, title *column) {
	c := ch.column
	if c == nil {
		d.noBody(p, title, ch)
		return
	}
	d.use(c)
	d.confirm(p, "description", "description", ch)
	d.skipTwin(c)
	sources := []*column{c}
	if title != nil && (d.unspoken(c) > 0 || d.mayGrow()) {
		sources = append(sources, title)
	}
	r := d.bodyText(sources).joined(`"\n"`, sources...)
	switch {
	case c.isHTML():
		r = r.with("html", "true").note("HTML in %s: converted to plain text", rows(c.html))
		if !r.has("default") { // there may be no text in it
			r = r.with("default", scalar(mapping.NoDescription))
		}
	case c.html > 0:
		r = r.note("HTML tags in %s (html: true would convert them to plain text)", rows(c.html))
	}
	switch over := slices.ContainsFunc(sources, func(c *column) bool { return c.over2000 > 0 || c.several > 0 }); {
	case over:
		r = r.with("overflow", "notes").note("%s over 2,000 characters (longest %s): the rest goes into notes", rows(c.over2000), words.Count(c.longest))
	case d.mayGrow(), c.longest*2 > mapping.MaxDescription:
		r = r.with("overflow", "notes")
	}
	if c.cut2000 > 2 && c.over2000 == 0 {
		r = r.note("%s of exactly 2,000 characters: the export may have truncated them", rows(c.cut2000))
	}
	if c.escaped > 0 {
		r = r.note(`line breaks written as \n in %s`, rows(c.escaped))
		if c.escaped*2 >= c.real() && len(sources) == 1 && c.several == 0 {
			r = r.of(unescaped(c))
		}
	}
	d.put(p, "description", ch.sure, r, c)
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
		return d.unsaid(r, columns[0], mapping.NoDescription)
	}
	r = d.without(r, columns[0])
	if n := len(r.notes); n > 0 {
		r.notes[n-1] += ": falls back to the title's column"
	}
	if d.unspoken(columns[1]) > 0 || d.mayGrow() {
		r = r.with("default", scalar(mapping.NoDescription))
	}
	return r
}

// unsaid sees to rows in which a mandatory field would have nothing to say.
func (d *drafter) unsaid(r rule, c *column, otherwise string) rule {
	r = d.without(r, c)
	if d.unspoken(c) > 0 || d.mayGrow() {
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

func (d *drafter) requester(p *page) {
	emails, sureOfEmail := d.emails()
	name := d.person()
	if h := d.product.Columns["requester_name"]; name.column != nil && len(emails) > 0 && place(h, emails[0]) < place(h, name.column) {
		name = choice{} // the requester is an address, and this is somebody else
	}
	clean, full := true, false // every address is one; some column has one in every row
	for _, c := range emails {
		clean = clean && c.several == 0 && c.addresses == c.texts
		full = full || c.lists == 0 && c.addresses == d.rows
	}
	d.use(emails...)
	needed := !full || !clean // a name has to stand in
	switch {
	case name.column != nil:
		d.requesterName(p, name, needed)
	case len(emails) == 0:
		if name.others = d.owners(); len(name.others) > 0 {
			d.unsure(p, 2, name, "requester: who is it? Every case needs one, and no column says so. The owner, or is that the agent?")
		} else {
			d.unsure(p, 2, name, "requester: no column looks like a name or an e-mail address, and every case needs one. Who is it?")
		}
		for _, c := range name.others {
			field := "requester_name"
			if c.addresses > 0 {
				field = "requester_email"
			}
			p.add("  # "+field+": "+from(c).String(), "")
		}
		p.add("  requester_name: {const: "+mapping.NoRequester+"}", "")
		d.people(p)
		return
	case needed && d.rows > 0:
		p.rule("requester_name", from(emails...).joined(`", "`, emails...).with("default", mapping.NoRequester).
			note("no column has names: the address is used instead, or %s where there is none", mapping.NoRequester))
		d.people(p)
	}
	if !sureOfEmail && len(emails) > 0 {
		d.unsure(p, 2, choice{others: emails}, "requester_email: is %s the requester's address? Its header does not say so.", show(emails[0].name))
	}
	owners := slices.DeleteFunc(d.owners(), func(c *column) bool { return c.addresses == 0 })
	switch {
	case len(emails) == 0 && len(owners) > 0:
		d.unsure(p, 2, choice{others: owners}, "requester_email: is %s the requester's address, or the agent's? Its rule waits in a comment.", show(owners[0].name))
		p.add("  # requester_email: "+from(owners[0]).String(), "")
	case len(emails) == 0:
		p.add("  # requester_email: no column has e-mail addresses", "")
		d.remind("requester_email: no column has addresses, and Talkdesk may not tell people with the same name apart")
	case clean:
		d.email(p, emails, sureOfEmail)
	default:
		d.firstAddress(p, emails, sureOfEmail)
	}
}

// place is where a column's header stands among others; behind all of them if it
// does not.
func place(headers []header, c *column) int {
	if i := slices.IndexFunc(headers, c.is); i >= 0 {
		return i
	}
	return len(headers)
}

func (d *drafter) requesterName(p *page, ch choice, needed bool) {
	c := ch.column
	d.use(c)
	d.confirm(p, "requester_name", "requester", ch)
	r := from(c).joined(`", "`, c)
	if needed {
		r = d.unsaid(r, c, mapping.NoRequester)
	} else if n := d.absent(c); n > 0 {
		r = r.note("empty in %s, but those have an address", rows(n))
	}
	d.put(p, "requester_name", ch.sure, r, c)
	if r.has("default") {
		d.people(p)
	}
}

// people offers to translate the ids of requesters.
func (d *drafter) people(p *page) {
	for _, c := range d.columns {
		if lexicon().PersonID[c.plain] && !d.used[c] && c.cells() && c.real() > 0 && c.several == 0 {
			p.rule("# requester_name", from(c).with("values", "{file: people.csv}").with("default", mapping.NoRequester).
				note("or by id: people.csv maps ids to names"))
			return
		}
	}
}

func (d *drafter) email(p *page, emails []*column, sure bool) {
	r := from(emails...)
	if n := d.absent(emails[0]); n > 0 && len(emails) == 1 {
		r = r.note("empty in %s", rows(n))
	}
	d.put(p, "requester_email", sure, r, emails...)
}

// firstAddress takes the first address from cells that hold other things, too.
func (d *drafter) firstAddress(p *page, emails []*column, sure bool) {
	bad := 0
	pattern, group := tameAddress, 0
	var cells []string
	for _, c := range emails {
		if c.wild {
			pattern, group = address, 1
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
	p.rule("requester_email", expression("match(%s, `%s`)[%d]", source, pattern, group))
	if sure {
		d.sure("requester_email: %s, %s", columnNames(emails), note)
	}
}

func (d *drafter) priority(p *page) {
	ch := d.picker.priority()
	c := ch.column
	if c == nil || d.used[c] {
		p.add("  # priority: no column looks like one", "")
		return
	}
	d.use(c)
	codes := d.product.Codes[c.plain]
	values, question := d.priorities(c)
	if question != "" {
		d.ask(p, 2, "priority: %s", question)
	} else {
		d.confirm(p, "priority", "priority", ch)
	}
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
	if ch.sure && question == "" {
		d.sure("priority: %s, %s", c.name, seen)
	}
	d.lookupRule(p, "priority", c, r, values)
}

// lookupRule writes a rule with a look-up table in one line, or where that is long in
// several.
func (d *drafter) lookupRule(p *page, name string, c *column, r rule, values []pair) {
	if len(r.String()) <= 110 {
		p.rule(name, r)
		return
	}
	p.add("  "+name+":", "")
	p.add("    column: "+scalar(c.name), join(r.notes))
	p.add("    values:", "")
	for _, q := range values {
		p.add("      "+q.key+": "+q.value, "")
	}
	for _, q := range r.pairs {
		if q.key != "column" && q.key != "values" {
			p.add("    "+q.key+": "+q.value, "")
		}
	}
}

// priorities translates what the column holds, and what else the product's scale
// has, and says what is to be asked where that is a guess.
func (d *drafter) priorities(c *column) (values []pair, question string) {
	codes := d.product.Codes[c.plain]
	zero := slices.ContainsFunc(c.values.items, func(i item) bool { return strings.Trim(i.value, "Pp") == "0" })
	var pairs []pair
	var unknown []item
	guessed := false
	for _, i := range c.values.sorted() {
		priority, sure := d.product.priorityOf(c, i.value)
		if zero && !sure {
			priority = fromZero[strings.Trim(cmp.Or(codes[i.value], i.value), "Pp")]
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
		pairs = append(pairs, otherNumbers(c, zero)...)
		question = fmt.Sprintf("is the lowest number in %s the highest priority? That is assumed.", show(c.name))
	}
	if len(unknown) > 0 {
		question = strings.TrimSpace(question + fmt.Sprintf(" What priority is %s in %s? NORMAL is assumed.", tally(unknown, 8, codes), show(c.name)))
	}
	if d.rows == 0 {
		for _, word := range []string{"low", "medium", "normal", "high", "urgent"} {
			pairs = append(pairs, pair{word, mapping.PriorityWord(word)})
		}
	}
	return lookup(append(pairs, d.unseen(c, priorityScale, func(code string) string { to, _ := d.product.priorityOf(c, code); return to })...)), question
}

// otherNumbers are the rest of a scale of numbers, such as P1 to P5.
func otherNumbers(c *column, zero bool) (pairs []pair) {
	prefix := strings.TrimRight(c.sample(), "0123456789")
	if numbers := fromOne; prefix == "" || strings.EqualFold(prefix, "p") {
		if zero {
			numbers = fromZero
		}
		for _, n := range slices.Sorted(maps.Keys(numbers)) {
			pairs = append(pairs, pair{prefix + n, numbers[n]})
		}
	}
	return pairs
}

// unseen are the other words of the scales that the column's words are of, so
// that a later export fits too: of the scale with most of them, and of those that
// have the rest; or the other codes. to says what a code becomes.
func (d *drafter) unseen(c *column, of func(tongue) scale, to func(string) string) (pairs []pair) {
	open := map[string]bool{}
	codes := d.product.Codes[c.plain]
	coded := false
	for _, i := range c.values.items {
		open[i.value] = true
		coded = coded || codes[i.value] != ""
	}
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		if word := to(code); coded && word != "" {
			pairs = append(pairs, pair{code, word})
		}
	}
	all := d.product.scales(of, d.product.language(d.columns))
	if d.product != plainTable() {
		all = append(all, plainTable().scales(of, "")...)
	}
	for {
		var best scale
		most := 0
		for _, s := range all {
			hits := 0
			for word := range open {
				hits += b2i(s.word(word) != "")
			}
			if hits > most {
				best, most = s, hits
			}
		}
		if most == 0 {
			return pairs
		}
		maps.DeleteFunc(open, func(word string, _ bool) bool { return best.word(word) != "" })
		for _, to := range slices.Sorted(maps.Keys(best)) {
			for _, word := range best[to] {
				pairs = append(pairs, pair{word, to})
			}
		}
	}
}

func columnNames(columns []*column) string {
	var all []string
	for _, c := range columns {
		all = append(all, c.name)
	}
	return strings.Join(all, ", ")
}

// put adds a rule, and says so where the data leave no doubt about it.
func (d *drafter) put(p *page, name string, sure bool, r rule, columns ...*column) {
	p.rule(name, r)
	if !sure {
		return
	}
	notes := ""
	if len(r.notes) > 0 {
		notes = " (" + join(r.notes) + ")"
	}
	d.sure("%s: %s%s", name, columnNames(columns), notes)
}

// join makes one comment of several remarks.
func join(notes []string) string { return strings.Join(notes, "; ") }
