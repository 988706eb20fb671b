package draft

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"caseimport/mapping/fields"
	"caseimport/mapping/words"
)

// maxOptions is how many different values a column may hold to be offered as a
// dropdown.
const maxOptions = 25

// custom drafts a custom field for every column that is left and says something.
// Where the account has a field for it, it has that field's key; all others are
// commented out, ready to be given one.
func (d *drafter) custom() page {
	var p page
	if d.account == nil {
		p.say(0, "Custom fields, commented out: only the account knows the keys of its fields, such as text1. To fill a field, "+
			"remove the # before its line and put its number in place of the N. The beginning of a key is the type.")
		p.say(0, "%s", offeredTwice)
	} else {
		p.say(0, "Custom fields, by the account's keys. An option is given by its label or its code.")
	}
	p.add("custom_fields:", "")
	left := d.left()
	d.batch(&p)
	found := map[*column]match{}
	if d.account != nil {
		found = d.matches(slices.DeleteFunc(slices.Clone(left), func(c *column) bool { return personal(c) != "" }))
	}
	before := len(p.lines)
	d.dateQuestion(&p)
	d.personalQuestion(&p, left)
	for _, c := range left {
		if m, ok := found[c]; ok {
			d.matched(&p, c, m)
		}
	}
	without := slices.DeleteFunc(left, func(c *column) bool { _, ok := found[c]; return ok })
	if len(without) > 0 && d.account != nil {
		p.say(2, "No field of the account has a name like these columns. To fill one all the same, remove the # before "+
			"its line and write the field's key. %s", offeredTwice)
	}
	for _, c := range without {
		d.field(&p, c)
	}
	if len(left) == 0 {
		p.lines = p.lines[:before]
	} else if d.account == nil {
		d.remind("custom fields: they are commented out. Give each that you want the key of a field of the account, or remove it.")
	} else if len(without) > 0 {
		d.remind("custom fields: columns without a field in the account: %s", some(without))
	}
	return p
}

// left are the columns that serve no field and say something. A column of times of day
// goes with that of its days.
func (d *drafter) left() (left []*column) {
	for _, c := range d.columns {
		switch reason := d.useless(c); {
		case d.used[c]:
		case reason != "":
			d.skip(c, "%s", reason)
		default:
			left = append(left, c)
		}
	}
	for _, c := range left {
		if t := d.clockBeside(c); t != nil && d.clocks[t] == nil {
			d.clocks[c] = t
			left = slices.DeleteFunc(slices.Clone(left), func(c *column) bool { return c == t })
			d.skip(t, "together with %s", show(c.name))
		}
	}
	return left
}

const offeredTwice = "A drop-down takes options of the account only, so a column of few values is offered twice: as text, " +
	"and as a drop-down with a line for each value, to be filled with the option that it stands for."

// personalQuestion asks about what belongs to a person alone: nobody's passport
// goes to another system unasked.
func (d *drafter) personalQuestion(p *page, left []*column) {
	for _, c := range left {
		if why := personal(c); why != "" {
			d.ask(p, 2, "personal data: should %s go to Talkdesk at all? %s. It is not mapped until you say.", show(c.name), sentence(why))
		}
	}
}

// numbers that belong to a person: of bank accounts, cards and taxpayers.
var personalNumbers = []struct {
	what string
	form *regexp.Regexp
}{
	{"numbers of bank accounts", regexp.MustCompile(`^[A-Z]{2}\d{2} ?([A-Z0-9]{4} ?){2,7}[A-Z0-9]{0,4}$`)},
	{"numbers of payment cards", regexp.MustCompile(`^\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{4}$`)},
	{"social security numbers", regexp.MustCompile(`^\d{3}-\d{2}-\d{4}$`)},
	{"taxpayers' numbers", regexp.MustCompile(`^\d{3}\.\d{3}\.\d{3}-\d{2}$`)},
}

// personal says why a column is personal, "" if it is not.
func personal(c *column) string {
	for _, w := range c.words() {
		if lexicon().Personal[w] {
			return fmt.Sprintf("its header speaks of %s", w)
		}
	}
	for _, pair := range [][2]string{{"social", "security"}, {"tax", "id"}, {"card", "number"}, {"national", "id"}, {"bank", "account"}} {
		if at := slices.Index(c.words(), pair[0]); at >= 0 && slices.Contains(c.words()[at:], pair[1]) {
			return fmt.Sprintf("its header speaks of a %s %s", pair[0], pair[1])
		}
	}
	for _, n := range personalNumbers {
		if c.real() > 0 && len(c.values.items) > 0 && c.values.every(func(s string) bool { return isPlaceholder(s) || n.form.MatchString(s) }) {
			return "it holds what looks like " + n.what
		}
	}
	return ""
}

// batch marks all cases of the import.
func (d *drafter) batch(p *page) {
	mark := rule{}.with("const", scalar(d.product.name+" import"))
	if d.account != nil {
		for _, f := range d.account.free() {
			if f.Kind == fields.Text && hasAny(nameWords(f.Name), lexicon().Batch) {
				d.account.used[f.Key] = true
				p.rule(f.Key, mark.note("%s: to find all cases of this import again", f.Name))
				return
			}
		}
	}
	p.rule("# textN", mark.note("to find all cases of this import again"))
}

// useless says why a column is not worth a field; "" if it is.
func (d *drafter) useless(c *column) string {
	switch {
	case d.rows == 0:
		return "there are no rows to tell what it holds"
	case c.objects > 0 && c.filled == 0 && c.lists == 0:
		return "an object: its members are columns of their own"
	case c.filled == 0:
		return "always empty"
	case c.texts > 0 && c.real() == 0:
		return fmt.Sprintf("never anything but %s", show(c.values.items[0].value))
	case d.product.isInternal(c):
		return "internal to the product"
	case c.plain == "attachment" || c.plain == "attachments":
		return fmt.Sprintf("attachments are not imported (in %s)", rows(c.filled))
	case c.objects > 0:
		return fmt.Sprintf("an object in %s, something else in others", rows(c.objects))
	case c.nested > 0 && (!c.objectLists() || len(c.fields) == 0 && c.named() == nil):
		return fmt.Sprintf("lists of objects in %s: an expression can pick what you need", rows(c.nested))
	case d.rows >= 5 && c.filled == d.rows && !c.values.more && len(c.values.items) == 1 && c.several == 0:
		return fmt.Sprintf("always %s", show(c.values.items[0].value))
	}
	return ""
}

// named is the member that names the objects in a list, nil if there is none.
func (c *column) named() *column {
	for _, m := range c.members {
		if slices.Contains(nameMembers, m.name) && m.real() > 0 && m.cells() && m.lists == 0 {
			return m
		}
	}
	return nil
}

// unkeyed is a rule that waits for the key of its field.
func unkeyed(prefix string) string { return "# " + prefix + "N" }

// found adds the field for one id of a list of {id, value} objects.
func (d *drafter) found(p *page, c, f *column) {
	prefix, r := d.kind(f)
	r = r.of(expression("find(%s, .id == %s).value", cell(c), quote(f.name)))
	p.rule(unkeyed(prefix), r.note("%s in %s", f.name, rows(f.filled)))
}

// field adds the field for a column, commented out.
func (d *drafter) field(p *page, c *column) {
	if c.nested > 0 {
		for _, f := range c.fields {
			if f.filled > 0 && f.cells() {
				d.found(p, c, f)
			}
		}
		if len(c.fields) == 0 {
			p.rule(unkeyed("text"), joinedNames(c))
		}
		return
	}
	prefix, r := d.kind(c)
	if c.filled < d.rows {
		r = r.note("in %s", rows(c.filled))
	}
	if n := c.empty.total(); n > 0 && !r.has("values") {
		r = r.note("%s in %s is kept as text", show(c.empty.sorted()[0].value), rows(n))
	}
	if why := personal(c); why != "" { // without a value for the world to read
		r.notes = []string{"personal data: " + why}
		p.rule(unkeyed(prefix), r)
		return
	}
	p.rule(unkeyed(prefix), r)
	if prefix != "text" {
		return
	}
	if c.lists > 0 || lexicon().Tags[c.plain] {
		d.multiSelect(p, c)
	} else if isCategory(c) {
		d.table(p, c, "drop_down")
	}
}

// multiSelect offers the column as a field of several options.
func (d *drafter) multiSelect(p *page, c *column) {
	tags, many := lexicon().Tags[c.plain], c.values.more
	if !tags && (many || c.parts < 2*len(c.values.items)) {
		return
	}
	r := from(c)
	if c.lists == 0 {
		if s := separator(c); s != "" {
			r = r.with("split", quote(s))
		}
	}
	if many || len(c.values.items) > maxOptions || r.has("split") {
		p.rule(unkeyed("multi_select"), r.with("values", "{file: options.csv}").note("or as options: options.csv maps words to options"))
		return
	}
	d.table(p, c, "multi_select")
}

// table offers a field with a look-up table of what the column holds.
func (d *drafter) table(p *page, c *column, prefix string) {
	p.add("  "+unkeyed(prefix)+":", "")
	p.add("  #   column: "+scalar(c.name), "")
	p.add("  #   values:", "")
	var options []pair
	for _, i := range c.values.sorted() {
		options = append(options, pair{i.value, rows(i.n)})
	}
	for _, o := range lookup(options) {
		p.add("  #     "+o.key+`: ""`, o.value)
	}
}

// isCategory holds for a few short values that come again, other than ids.
func isCategory(c *column) bool {
	n := len(c.values.items)
	return !c.values.more && n > 1 && n <= maxOptions && c.texts >= 2*n && c.longest <= 80 && c.breaks == 0 && c.lists == 0 &&
		slices.ContainsFunc(c.values.items, func(i item) bool { return !isPlaceholder(i.value) && !looksLikeID(i.value) })
}

// looksLikeID holds for letters with a number, such as CHG0000047 and LP-12.
func looksLikeID(s string) bool {
	letters := strings.TrimLeft(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	number := strings.TrimLeft(strings.TrimPrefix(letters, "-"), "0123456789")
	return letters != s && number == "" && len(s) > 4
}

// separator is what stands between several values in a cell, "" if nothing
// does.
func separator(c *column) string {
	occurs := func(s string) int {
		n := 0
		for _, i := range c.values.items {
			n += strings.Count(i.value, s)
		}
		return n
	}
	best, most := "", 0
	for _, s := range []string{",", ";", "|"} {
		if n := occurs(s); n > most {
			best, most = s, n
		}
	}
	if best == "" && occurs(" ") > 0 {
		return " "
	}
	return best
}

// kind decides which kind of field a column fills, and by which rule.
func (d *drafter) kind(c *column) (prefix string, r rule) {
	r = from(c)
	if c.lists > 0 {
		return several(c, r)
	}
	r = r.blanking(c) // needed by all but text
	if r, ok := checkbox(c, r); ok {
		return "checkbox", r.note("%s", tally(c.values.sorted(), 4, nil))
	}
	if r, ok := d.date(c, r); ok {
		if t := d.clocks[c]; t != nil {
			return "date", d.withClock(c, t, r)
		}
		return "date", r
	}
	n := c.numbers
	switch real := c.real(); {
	case isName(c):
	case n[isInt] == real && d.product.Codes[c.plain] != nil:
		return "text", inWords(c, d.product.Codes[c.plain]).note("codes, translated into words")
	case n[isInt] == real:
		return "numeric", r.note("whole numbers")
	case n[isInt]+n[isPoint] == real:
		return "decimal", r.note("numbers")
	case n[isInt]+n[isComma] == real:
		return "decimal", r.with("decimal_comma", "true").note("numbers with a decimal comma")
	}
	return text(c)
}

// text is the rule of a column that is of no other kind.
func text(c *column) (prefix string, r rule) {
	if c.wrapped() {
		return "text", unwrapped(c).note(`written as ="…" by a spreadsheet`)
	}
	r = from(c)
	if c.isHTML() {
		r = r.with("html", "true").note("HTML, converted to plain text")
	} else {
		r = r.note("%s", describe(c))
	}
	if c.isLong() {
		return "multi_line_text", r
	}
	return "text", r
}

// several joins what stands under a repeated header or in a list.
func several(c *column, r rule) (prefix string, _ rule) {
	if c.several > 0 {
		r = r.note("several values in %s", rows(c.several))
	} else {
		r = r.note("lists")
	}
	switch {
	case c.isLong():
		return "multi_line_text", r.with("join", `"\n"`)
	case separator(c) == ",":
		return "text", r.with("join", `"; "`)
	}
	return "text", r.with("join", `", "`)
}

// isLong holds for texts that a field of one line is too short for.
func (c *column) isLong() bool { return c.breaks > 0 || c.longest > 500 }

// describe says what is in a column of text.
func describe(c *column) string {
	switch {
	case c.dates.order() == mixed && c.dates.count == c.real():
		return "dates, some with the month first, some with the day first: ambiguous"
	case c.dates.count > 0 && c.dates.misses > 0 && c.dates.count >= 9*c.dates.misses:
		return fmt.Sprintf("dates, except for values like %s", show(c.dates.odd))
	case c.numbers[isPower] > 0:
		return "numbers that a spreadsheet turned into something like 1.2E+11"
	case c.numbers[isZero] > 0 && c.numbers[isZero]+c.numbers[isInt] == c.real():
		return "digits with leading zeros"
	case c.breaks > 0:
		return fmt.Sprintf("text with line breaks, up to %s characters", words.Count(c.longest))
	case !c.values.more && len(c.values.items) == 1:
		return fmt.Sprintf("always %s", show(c.values.items[0].value))
	case isCategory(c):
		return fmt.Sprintf("%d different values", len(c.values.items))
	}
	return "text such as " + show(c.sample())
}

// isName holds for numbers that name something: no one adds them up.
func isName(c *column) bool {
	if c.numbers[isZero] > 0 {
		return true
	}
	ws := c.words()
	return hasWord(c, lexicon().NameByNumber) || len(ws) > 0 && lexicon().ID[ws[len(ws)-1]]
}

// inWords puts words for the product's codes.
func inWords(c *column, codes map[string]string) rule {
	var pairs []pair
	for _, i := range c.values.items {
		if w, ok := codes[i.value]; ok {
			pairs = append(pairs, pair{i.value, scalar(w)})
		}
	}
	if len(pairs) == 0 {
		return from(c)
	}
	return from(c).with("values", flow(lookup(pairs))).with("pass", "true")
}

// plainBools are the words that a checkbox takes unasked.
var plainBools = set[string]{"true": true, "yes": true, "1": true, "false": true, "no": true, "0": true}

// checkbox recognises a column that says true or false.
func checkbox(c *column, r rule) (rule, bool) {
	if c.values.more || c.real() == 0 {
		return r, false
	}
	var yes, no []string
	digits, known := true, true
	for _, i := range c.values.items {
		low := strings.ToLower(i.value)
		switch {
		case lexicon().True[low]:
			yes = append(yes, low)
		case lexicon().False[low]:
			no = append(no, low)
		case lexicon().Nothing[low]:
			continue
		default:
			return r, false
		}
		digits = digits && (low == "0" || low == "1")
		known = known && plainBools[low]
	}
	if digits && !asksYesOrNo(c) || len(yes) == 0 {
		return r, false
	}
	if known {
		return r, true
	}
	slices.Sort(yes)
	slices.Sort(no)
	r = r.with("true", list(slices.Compact(yes)))
	if len(no) > 0 {
		r = r.with("false", list(slices.Compact(no)))
	}
	return r, true
}

// asksYesOrNo holds for headers such as IsClosed and "Escalated?".
func asksYesOrNo(c *column) bool {
	ws := c.words()
	return strings.HasSuffix(strings.TrimSpace(c.name), "?") || strings.HasSuffix(c.name, "[flag]") || len(ws) > 0 && (ws[0] == "is" || ws[0] == "has")
}
