package draft

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"caseimport/mapping"
	"caseimport/mapping/convert"
	"caseimport/mapping/fields"
	"caseimport/mapping/words"
)

// Draft is a first mapping file.
type Draft struct {
	Product string   // for people: "a Jira export"
	YAML    []byte   // always loads
	Sure    []string // what the data say plainly, a line each
	Ask     []string // what a person has to decide, a line each
}

// Draft writes the mapping file. known are the account's fields, nil where they are
// not known, and path is how the mapping file is to name their file. from is one of
// Products, or "" to go by the headers.
func (p *Profile) Draft(known *fields.File, path, from string) (Draft, error) {
	product, told, err := recognise(p.columns, from)
	if err != nil {
		return Draft{}, err
	}
	d := &drafter{picker: picker{p, product, map[*column]bool{}}, clocks: map[*column]*column{}}
	if known != nil {
		d.account = &account{File: known, path: path, used: map[string]bool{}}
	}
	d.order, d.orderFrom = d.commonOrder()

	// The parts are made in the order in which they take columns, and written
	// in the order of the file.
	head := d.head(told)
	key := d.key()
	standard := d.standard()
	where := d.where()
	notes := d.notes()
	custom := d.custom()
	var all page
	for _, part := range []page{head, key, where, standard, custom, notes, d.rest(), d.unfilled()} {
		if len(part.lines) == 0 {
			continue
		}
		if len(all.lines) > 0 {
			all.add("", "")
		}
		all.lines = append(all.lines, part.lines...)
	}
	return Draft{Product: product.Label, YAML: all.bytes(), Sure: d.sureLines, Ask: d.askLines}, nil
}

type drafter struct {
	picker
	skipped []line              // columns that are not mapped, and why
	account *account            // nil: not known
	keyed   *column             // the key
	likely  *column             // what may be the key, if that is not sure
	clocks  map[*column]*column // of a column of days, the one with its times of day

	order     order   // of day and month, where a column leaves it open
	orderFrom *column // the column that decides it

	sureLines, askLines []string
}

func (d *drafter) sure(format string, args ...any) {
	d.sureLines = append(d.sureLines, tidy(fmt.Sprintf(format, args...)))
}

// Question begins what a draft asks in a comment. Whoever has answered removes it.
const Question = "QUESTION: "

// OpenQuestions counts what a mapping file still asks.
func OpenQuestions(yaml []byte) (n int) {
	for line := range bytes.Lines(yaml) {
		if bytes.HasPrefix(bytes.TrimSpace(line), []byte("# "+Question)) {
			n++
		}
	}
	return n
}

// ask puts a question to the person: into the file, and onto the terminal.
func (d *drafter) ask(to *page, indent int, format string, args ...any) {
	to.say(indent, Question+"%s", fmt.Sprintf(format, args...))
	d.remind(format, args...)
}

// unsure asks about a field, with all columns that come into question.
func (d *drafter) unsure(to *page, indent int, ch choice, format string, args ...any) {
	all := ch.others
	if ch.column != nil {
		all = append([]*column{ch.column}, ch.others...)
	}
	d.ask(to, indent, "%s%s", fmt.Sprintf(format, args...), candidates(all))
}

// confirm asks whether the column of a choice is what the field wants, unless that is
// sure.
func (d *drafter) confirm(to *page, field, what string, ch choice) {
	if !ch.sure {
		d.unsure(to, 2, ch, "%s: is %s the %s? %s.", field, show(ch.column.name), what, sentence(ch.why))
	}
}

// candidates shows columns with two of their values.
func candidates(all []*column) string {
	const most = 5
	var shown []string
	for _, c := range all[:min(len(all), most)] {
		s := show(c.name)
		var values []string
		for _, head := range c.heads {
			values = append(values, show(head))
		}
		if len(values) > 0 {
			s += " (" + strings.Join(values, ", ") + ")"
		}
		shown = append(shown, s)
	}
	if len(shown) == 0 {
		return ""
	}
	more := ""
	if n := len(all) - most; n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return " Candidates: " + strings.Join(shown, "; ") + more + "."
}

// remind tells the person on the terminal alone.
func (d *drafter) remind(format string, args ...any) {
	d.askLines = append(d.askLines, tidy(fmt.Sprintf(format, args...)))
}

func (d *drafter) use(columns ...*column) {
	for _, c := range columns {
		d.used[c] = true
	}
}

func (d *drafter) skip(c *column, format string, args ...any) {
	d.skipped = append(d.skipped, line{c.name, fmt.Sprintf(format, args...)})
}

// absent is the number of rows in which nothing stands in the column.
func (d *drafter) absent(c *column) int { return d.rows - c.filled }

func (d *drafter) head(told []string) page {
	var p page
	what := rows(d.rows)
	if d.Total > d.rows {
		what = fmt.Sprintf("the first %s of %s rows", words.Count(d.rows), words.Count(d.Total))
	}
	p.say(0, "Mapping file for caseimport, drafted from %s and %s.", what, words.Plural(len(d.columns), "column"))
	switch {
	case len(told) > 0:
		p.say(0, "Detected %s by its headers: %s.", d.product.Label, strings.Join(told, ", "))
		d.sure("source: %s, detected by its headers %s", d.product.Label, strings.Join(told, ", "))
	case d.product != plainTable():
		p.say(0, "Treated as %s, as you said; its headers do not confirm that.", d.product.Label)
	default:
		p.say(0, "No known product has these headers: treated as %s.", d.product.Label)
		d.remind("source: no known product has these headers. Name it with --from, if it is one of %s.", strings.Join(Products(), ", "))
	}
	if name := d.headless(); name != "" {
		d.ask(&p, 0, "header: does the file begin with a line of column names? Its first line looks like data: %s stands above values of its own kind, and that record "+
			"would be lost. If so, put a line of names on top and draft again.", show(name))
	}
	if d.account == nil {
		p.say(0, "The keys of custom fields are the account's own. Get them first, and draft this file again with them:")
		p.add("#   caseimport fields -o fields.json", "")
		p.add("#   caseimport init INPUT --fields fields.json --force", "")
		d.remind("custom fields: their keys are the account's own: caseimport fields -o fields.json gets them, and init --fields fields.json drafts with them")
	}
	if d.product.Advice != "" {
		p.say(0, "%s", d.product.Advice)
		d.remind("source: %s", d.product.Advice)
	}
	p.add("#", "")
	p.say(0, "Lines that begin with # are comments. A name on its own is a column of the export.")
	p.say(0, "Answer what is marked QUESTION, then run: caseimport check INPUT -m FILE")
	p.add("version: 1", "")
	if d.account != nil {
		p.add("fields: "+scalar(d.account.path), fmt.Sprintf("the fields of account %s", show(d.account.Account)))
	}
	return p
}

func (d *drafter) key() page {
	var p page
	ch, best := d.picker.key()
	key := ch.column
	d.likely = key
	if d.headless() != "" {
		ch.sure, ch.why = false, "the file may begin without a line of column names"
	}
	if key == nil || !ch.sure {
		d.noKey(&p, ch, best)
		return p
	}
	d.keyed = key
	d.use(key)
	p.say(0, "The column that identifies a ticket, so that no case is created twice. Cases carry it in a text field of the account.")
	note := fmt.Sprintf("unique and never empty in %s", rows(d.rows))
	switch {
	case d.rows == 0:
		note = "chosen by its name: there are no rows"
	case d.rows < 10:
		note += ": too few to be sure"
	}
	if best != nil && best != key {
		p.say(0, "It is used instead of %s: %s.", show(best.name), best.notUnique())
	}
	d.sure("key: %s (%s)", key.name, note)
	d.carry(&p, key, id(key), note)
	return p
}

// noKey says why there is no key, and asks for one.
func (d *drafter) noKey(p *page, ch choice, best *column) {
	why := "no column has a different value in every row"
	switch {
	case best != nil && best.notUnique() != "":
		why = fmt.Sprintf("%s looks like one, but %s", show(best.name), best.notUnique())
	case ch.column != nil:
		why = "it is not sure which column identifies a ticket"
	}
	p.say(0, "No key: %s. Without one, a row whose answer was lost cannot be looked up, and the results "+
		"are good for this exact file only, not for another or a newer export.", why)
	c := "COLUMN"
	switch {
	case ch.column != nil:
		c = scalar(ch.column.name)
		d.unsure(p, 0, ch, "key: is %s the ticket's own id? %s. Until you say, no column is the key.", show(ch.column.name), sentence(ch.why))
	case best != nil:
		c = scalar(best.name)
		fallthrough
	default:
		d.ask(p, 0, "key: is there a column that identifies each ticket? %s.", sentence(why))
	}
	to := "textN"
	if field, _ := d.keyField(&column{}); field != nil {
		d.account.used[field.Key] = true
		to = field.Key
	}
	p.add("# key: {column: "+c+", custom_field: "+to+"}", "")
}

// sentence begins with a capital letter, unless that is a quoted name.
func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// headless says what of the first line looks like data: a header that is of the
// same kind as what stands below it, be it numbers, dates or addresses. "" if
// nothing does.
func (d *drafter) headless() string {
	for _, c := range d.columns {
		n := c.numbers
		name := strings.TrimSpace(c.name)
		numbers := n[isInt]*10 >= c.real()*9 && classify(name) == isInt
		if c.real() > 0 && d.rows > 1 && (numbers || c.dates.count == c.real() && c.dates.recognise(name) != nil || c.addresses == c.real() && convert.IsEmail(name)) {
			return name
		}
	}
	return ""
}

// carry adds the key's rule r with the field in which cases carry it, or asks for
// the field.
func (d *drafter) carry(p *page, key *column, r rule, note string) {
	field, others := d.keyField(key)
	if field != nil {
		d.account.used[field.Key] = true
		d.sure("cases carry the key in %s", field)
		p.add("key: "+r.with("custom_field", field.Key).String(), fmt.Sprintf("%s; in %s", note, show(field.Name)))
		return
	}
	to, which := "textN", "?"
	switch {
	case len(others) > 0:
		to, which = others[0].Key, ": "+someOf(others, 8)+"?"
	case d.account != nil:
		which = "? It has none yet: add one in Talkdesk, named Source ID for example."
	}
	d.ask(p, 0, "key field: which text field of the account carries the ticket's id%s Without one, a row whose answer was lost cannot be looked up.", which)
	p.say(0, "With its key, this line takes the place of the next:")
	p.add("# key: "+r.with("custom_field", to).String(), "")
	p.add("key: "+r.String(), note)
}

// someOf lists fields or options, the first of many.
func someOf[T fmt.Stringer](all []T, most int) string {
	var names []string
	for _, one := range all {
		names = append(names, one.String())
	}
	return listed(names, most)
}

// listed joins texts, the first of many.
func listed(all []string, most int) string {
	if more := len(all) - most; more > 0 {
		all = append(slices.Clip(all[:most]), fmt.Sprintf("and %d more", more))
	}
	return strings.Join(all, ", ")
}

// notUnique says why the column cannot be the key.
func (c *column) notUnique() string {
	switch {
	case c.numbers[isPower] > 0:
		return fmt.Sprintf("a spreadsheet turned %s of its numbers into something like 1.2E+11", words.Count(c.numbers[isPower]))
	case !c.values.more && c.filled > 0 && len(c.values.items) < c.filled:
		return fmt.Sprintf("it has only %s in %s", words.Plural(len(c.values.items), "different value"), rows(c.filled))
	}
	return c.key.lost
}

// where offers to leave rows behind, by the status.
func (d *drafter) where() page {
	var p page
	c := d.named("status", func(c *column) bool { return !c.values.more && c.cells() })
	if c == nil || c.real() == 0 || c.several > 0 || len(c.values.items) < 2 || len(c.values.items) > 20 {
		return p
	}
	items := c.values.sorted()
	codes := d.product.Codes[c.plain]
	leave := ""
	for _, i := range items {
		if leave == "" && d.statusOf(c, i.value) == mapping.Resolved {
			leave = i.value
		}
	}
	for _, word := range []string{"done", "resolved", "solved", "closed", "merged", "deleted", "spam"} { // the last that occurs is the best example
		i := slices.IndexFunc(items, func(i item) bool {
			return strings.EqualFold(i.value, word) || strings.EqualFold(codes[i.value], word)
		})
		if i >= 0 {
			leave = items[i].value
		}
	}
	if leave == "" { // nobody leaves open tickets behind
		return p
	}
	d.ask(&p, 0, "where: should some rows be left out? %s has %s.", show(c.name), tally(items, 12, codes))
	p.add("# where: "+scalar(cell(c)+" != "+quote(leave)), "")
	return p
}

// tally lists values with their counts, and what they mean where they are codes.
func tally(items []item, most int, codes map[string]string) string {
	var parts []string
	for _, i := range items {
		part := show(i.value)
		if word, ok := codes[i.value]; ok {
			part += " (" + word + ")"
		}
		parts = append(parts, part+" "+words.Count(i.n))
	}
	return listed(parts, most)
}

// rest lists the columns that are not mapped.
func (d *drafter) rest() page {
	var p page
	if len(d.skipped) == 0 {
		return p
	}
	p.say(0, "Columns that are not mapped, and why:")
	for _, l := range d.skipped {
		p.add("#   "+show(l.text), l.note)
	}
	return p
}
