package draft

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"caseimport/mapping"
)

// picker finds the columns that serve the fields of a case. A column comes into
// question by its header or by what it holds, and is sure only with proof: the
// header of a known product, or a header that says so where no other does.
type picker struct {
	*Profile
	product *product
	used    map[*column]bool // by another field
}

// choice is the column for a field. Where it is not sure, a person is asked.
type choice struct {
	column *column // nil: none comes into question
	sure   bool
	why    string    // it is not sure, or there is none
	others []*column // what else it could be, the likeliest first
}

// grade is how much speaks for a column.
type grade uint8

const (
	guessed grade = iota // what it holds
	maybe                // a header that may mean it
	said                 // a header that says so
	known                // the header of the known product
)

type graded struct {
	*column
	grade
}

func among(all []graded, c *column) bool {
	return slices.ContainsFunc(all, func(g graded) bool { return g.column == c })
}

// ranked lists the columns under the headers of a field: those of the product,
// then those of the plain table, each in the table's order.
func (p *picker) ranked(field string, ok func(*column) bool) []graded {
	var all []graded
	take := func(headers []header, g grade) {
		for _, h := range headers {
			for _, c := range p.columns {
				if c.is(h) && (g == known || !p.product.isInternal(c)) && p.holds(c) && ok(c) && !among(all, c) {
					all = append(all, graded{c, g})
				}
			}
		}
	}
	if p.product != plainTable() {
		take(p.product.Columns[field], known)
	}
	take(plainTable().Columns[field], said)
	take(plainTable().Maybe[field], maybe)
	return all
}

// named is the first column that the tables name for a field, nil without.
func (p *picker) named(field string, ok func(*column) bool) *column {
	if all := p.ranked(field, ok); len(all) > 0 && all[0].grade >= said {
		return all[0].column
	}
	return nil
}

// worded adds the record's own columns with one of the words in their header. A
// header that speaks of nothing else but a ticket says so: case_title.
func (p *picker) worded(all []graded, list set[string], ok func(*column) bool) []graded {
	for _, c := range p.columns {
		if c.depth > 0 || !hasWord(c, list) || !p.holds(c) || !ok(c) || among(all, c) {
			continue
		}
		g := maybe
		if onlyWords(c, list, lexicon().Ticket, lexicon().Filler) {
			g = said
		}
		all = append(all, graded{c, g})
	}
	return all
}

// best is the first of the highest grade, a full column before one that is
// mostly empty. It is sure if the product names it, or if it alone says so.
func (p *picker) best(all []graded) choice {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b graded) int {
		if a.grade == known && b.grade == known {
			return 0 // the product's own order
		}
		return cmp.Or(cmp.Compare(b.grade, a.grade), b2i(p.sparse(a.column))-b2i(p.sparse(b.column)))
	})
	var ch choice
	for i, g := range all {
		switch {
		case i == 0:
			ch = choice{column: g.column, sure: g.grade >= said, why: "its header may mean something else"}
		case g.grade == said && all[0].grade == said:
			ch.sure, ch.why = false, fmt.Sprintf("the header %s says so, too", show(g.name))
			fallthrough
		default:
			ch.others = append(ch.others, g.column)
		}
	}
	if ch.sure {
		ch.why = ""
	}
	return ch
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (p *picker) sparse(c *column) bool { return c.real()*2 < p.rows }

// holds reports whether something stands in the column. Without any row the
// header has to do.
func (p *picker) holds(c *column) bool { return p.rows == 0 || c.real() > 0 || c.nested > 0 }

// isText refuses what is no text to read: objects, numbers, dates, addresses.
func isText(c *column) bool {
	n := c.numbers
	return c.cells() && !c.isBool() && c.real() > n.all() && c.dates.count*2 <= c.real() && c.webs*2 <= c.real() && c.clocks*2 <= c.real()
}

// isBool holds for nothing but words for true and false.
func (c *column) isBool() bool {
	return c.real() > 0 && !c.values.more && c.values.every(func(s string) bool {
		low := strings.ToLower(s)
		return lexicon().True[low] || lexicon().False[low] || isPlaceholder(low)
	})
}

// few reports whether a column holds few different values, as a category does.
func few(c *column) bool {
	return !c.values.more && c.texts >= 20 && len(c.values.items)*5 <= c.texts
}

func (p *picker) title() choice {
	all := p.worded(p.ranked("title", isTitle), lexicon().Title, isTitle)
	people := slices.ContainsFunc(p.columns, func(c *column) bool { return c.real() > 0 && c.addresses*2 >= c.real() })
	all = slices.DeleteFunc(all, func(g graded) bool {
		return g.grade == maybe && (dull(g.column) != "" || people && isOfPeople(g.column))
	})
	long := func(g graded) bool { return g.grade < known && (g.average() > 200 || g.isHTML()) }
	if slices.ContainsFunc(all, func(g graded) bool { return g.grade >= said && !long(g) }) {
		all = slices.DeleteFunc(all, long) // a summary beside a title
	}
	ch := p.best(all)
	if ch.column == nil {
		ch = p.longest(func(c *column) bool { return c.average() <= 150 && !isAnswer(c) && !hasWord(c, lexicon().Description) })
		ch.why = "its header does not say so"
		return ch
	}
	if few(ch.column) && p.product == plainTable() {
		if i := slices.IndexFunc(ch.others, func(c *column) bool { return !few(c) }); i >= 0 {
			ch.column, ch.others[i] = ch.others[i], ch.column
			ch.sure, ch.why = false, fmt.Sprintf("%s has few different values", show(ch.others[i].name))
		}
	}
	if why := dull(ch.column); why != "" {
		ch.sure, ch.why = false, why
		ch.others = slices.DeleteFunc(append(ch.others, p.texts(ch.column)...), func(c *column) bool { return c == ch.column })
	}
	return ch
}

func isTitle(c *column) bool {
	n := c.numbers
	return c.cells() && !c.isBool() && c.dates.count*2 <= c.texts && n.all()*2 <= c.texts && !isPerson(c) && c.addresses*2 <= c.texts
}

// isOfPeople holds for a "Name" that holds the names of people.
func isOfPeople(c *column) bool {
	return onlyWords(c, lexicon().PersonName) && len(c.values.items) > 0 &&
		c.values.every(func(s string) bool { return isPlaceholder(s) || personsName.MatchString(s) })
}

var personsName = regexp.MustCompile(`^\p{Lu}[\pL'.-]*(,? \p{Lu}[\pL'.-]*){1,3}$`)

// dull says why a column makes a poor title: nearly always the same, or one word.
func dull(c *column) string {
	if c.texts < 5 {
		return ""
	}
	if items := c.values.sorted(); len(items) > 0 && items[0].n*10 >= c.texts*8 {
		return fmt.Sprintf("it is %s in %s", show(items[0].value), rows(items[0].n))
	}
	if c.spaced*10 < c.real() && c.longest <= 40 && !slices.ContainsFunc(c.values.items, func(i item) bool { return hasIdeographs(i.value) }) {
		return "it holds hardly more than one word"
	}
	return ""
}

// hasIdeographs holds for languages that put no blanks between words.
func hasIdeographs(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r >= 0x2e80 && r <= 0xd7ff || r >= 0x0e00 && r <= 0x0eff })
}

// isAnswer refuses what was answered for what was asked.
func isAnswer(c *column) bool { return hasWord(c, lexicon().Answer) }

// body never gives the title's column.
func (p *picker) body(title *column) choice {
	free := func(c *column) bool { return c != title && (isText(c) || p.rows == 0) }
	asked := func(c *column) bool { return free(c) && !isAnswer(c) }
	all := slices.DeleteFunc(p.ranked("description", free), func(g graded) bool { return g.grade < known && isAnswer(g.column) })
	all = p.worded(all, lexicon().Description, func(c *column) bool { return asked(c) && !few(c) })
	if ch := p.best(all); ch.column != nil {
		return ch
	}
	ch := p.longest(func(c *column) bool {
		return c != title && c.average() >= 40 && !isAnswer(c) && !hasWord(c, lexicon().Title) && (title == nil || c.average() > title.average())
	})
	if ch.column == nil {
		ch.others = p.texts(title)
	}
	ch.why = "its header does not say so, but it has the longest texts"
	return ch
}

// texts are the columns with texts of several words, the longest first.
func (p *picker) texts(but *column) []*column {
	var all []*column
	for _, c := range p.columns {
		if c != but && c.depth == 0 && c.real() > 0 && isText(c) && c.spaced*2 >= c.real() && c.average() >= 20 && !few(c) && !isPerson(c) {
			all = append(all, c)
		}
	}
	slices.SortStableFunc(all, func(a, b *column) int { return b.average() - a.average() })
	return all
}

// longest finds the column of a plain table with the longest texts.
func (p *picker) longest(ok func(*column) bool) (ch choice) {
	if p.product != plainTable() {
		return ch
	}
	for _, c := range p.columns {
		if c.depth > 0 || c.real() == 0 || p.sparse(c) || !isText(c) || few(c) || c.spaced*2 < c.real() || isPerson(c) || isPlace(c) || !ok(c) {
			continue
		}
		ch.others = append(ch.others, c)
	}
	slices.SortStableFunc(ch.others, func(a, b *column) int { return b.average() - a.average() })
	if len(ch.others) > 0 {
		ch.column, ch.others = ch.others[0], ch.others[1:]
	}
	return ch
}

// isPlace holds for addresses of streets and the like.
func isPlace(c *column) bool { return hasWord(c, lexicon().Place) }

// person never gives a column of addresses, numbers, ids or long texts.
func (p *picker) person() choice {
	ok := func(c *column) bool {
		return !p.used[c] && (p.rows == 0 || isText(c) && (c.addresses+c.mailLists)*2 < c.real() && c.breaks == 0 && c.average() <= 80)
	}
	all := p.ranked("requester_name", ok)
	add := func(c *column, g grade) {
		if p.holds(c) && ok(c) && !among(all, c) {
			all = append(all, graded{c, g})
		}
	}
	for _, c := range p.columns {
		if c.depth == 0 && isPerson(c) {
			add(c, maybe)
		}
	}
	if !slices.ContainsFunc(all, func(g graded) bool { return g.grade >= said }) {
		isName := func(c *column) bool { return slices.Contains(lexicon().NameMembers, squeeze(c.leaf)) && ok(c) }
		if c := p.ofPerson(isName); c != nil {
			add(c, said)
		}
	}
	if ch := p.best(all); ch.column != nil {
		return ch
	}
	return p.owner(ok)
}

// owners are the columns of a ticket's owner in a table of no known product, those of
// addresses first. In most helpdesks that is the agent, in some the requester, so it is
// only ever asked about.
func (p *picker) owners() (all []*column) {
	if p.product != plainTable() {
		return nil
	}
	l := lexicon()
	for _, c := range p.columns {
		flat := c.depth == 0 && hasWord(c, l.Owner) && onlyWords(c, l.Owner, l.PersonName, l.Email, l.Filler, set[string]{"e": true})
		member := c.depth == 1 && l.OwnerObjects[squeeze(lastOf(c.above))] && (slices.Contains(l.NameMembers, squeeze(c.leaf)) || l.Email[strings.ToLower(c.leaf)])
		if (flat || member) && !p.used[c] && c.single() && c.real() > 0 && isText(c) {
			all = append(all, c)
		}
	}
	slices.SortStableFunc(all, func(a, b *column) int { return b2i(b.addresses > 0) - b2i(a.addresses > 0) })
	return all
}

// owner is the choice of an owner for the requester, where no other column comes into
// question: it is the likeliest if the agents stand in a column of their own.
func (p *picker) owner(ok func(*column) bool) choice {
	all := slices.DeleteFunc(p.owners(), func(c *column) bool { return !ok(c) })
	if len(all) == 0 || p.named("owner", (*column).single) == nil {
		return choice{others: all}
	}
	return choice{column: all[0], others: all[1:], why: "its header may mean the agent"}
}

// ofPerson finds a member of an object that stands for a person: author.name,
// user_data.login. Of several the first in the order of person_objects.
func (p *picker) ofPerson(ok func(*column) bool) *column {
	rank := func(c *column) int { return slices.Index(lexicon().NameMembers, squeeze(c.leaf)) }
	var found *column
	for _, who := range lexicon().PersonObjects {
		for _, c := range p.columns {
			if c.depth == 1 && squeeze(lastOf(c.above)) == who && p.holds(c) && ok(c) && (found == nil || rank(c) < rank(found)) {
				found = c
			}
		}
		if found != nil {
			break
		}
	}
	return found
}

// lastOf is the last name of a path.
func lastOf(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

// isPerson holds for headers such as "Customer Name" and "requester_full_name".
func isPerson(c *column) bool {
	return hasWord(c, lexicon().Person) && onlyWords(c, lexicon().Person, lexicon().PersonName)
}

// emails gives up to three columns of addresses, the one to trust most first. A
// text with an address in it is none.
func (p *picker) emails() (all []*column, sure bool) {
	ok := func(c *column) bool {
		if p.rows == 0 {
			return strings.Contains(string(c.plain), "mail")
		}
		return c.cells() && c.real() > 0 && c.breaks == 0 && (c.addresses+c.mailLists)*2 >= c.real() && c.average() <= 100
	}
	found := p.ranked("requester_email", ok)
	for _, g := range found {
		if len(all) < 3 && g.grade == found[0].grade {
			all = append(all, g.column)
		}
	}
	if len(all) > 0 {
		return all, found[0].grade >= said
	}
	mail := func(c *column) bool {
		return c.depth == 0 && ok(c) && !p.product.isInternal(c) && !hasWord(c, lexicon().Staff) && (c.addresses*2 >= c.real() || hasWord(c, lexicon().Email))
	}
	if c := p.ofPerson(func(c *column) bool { return ok(c) && lexicon().Email[strings.ToLower(c.leaf)] }); c != nil {
		return []*column{c}, true
	}
	for _, c := range p.columns {
		if mail(c) && (hasWord(c, lexicon().Email) || p.rows > 0 && p.product == plainTable()) {
			return []*column{c}, hasWord(c, lexicon().Person) && onlyWords(c, lexicon().Email, lexicon().Person, lexicon().Filler, set[string]{"e": true})
		}
	}
	if ch := p.owner(ok); ch.column != nil {
		return []*column{ch.column}, false
	}
	return nil, false
}

// priority gives a column with few words, of which one at least is known;
// under its own name it serves whatever its words are.
func (p *picker) priority() choice {
	return p.best(p.ranked("priority", func(c *column) bool {
		if !c.cells() || c.several > 0 || c.values.more || len(c.values.items) > 20 {
			return false
		}
		known := func(i item) bool { word, _ := p.product.priorityOf(c, i.value); return word != "" }
		return strings.HasSuffix(string(c.plain), "priority") || p.rows == 0 || slices.ContainsFunc(c.values.items, known)
	}))
}

// key finds the column that identifies a ticket. best is the column that should
// by its header, nil if there is none.
func (p *picker) key() (ch choice, best *column) {
	const unknownName = "its name is not a known one"
	unique := func(c *column) bool { return c.key.lost == "" && c.numbers[isPower] == 0 }
	best = p.named("key", func(*column) bool { return true })
	all := p.ranked("key", unique)
	if best != nil && best.key.lost != "" { // a number of something else that stands in the record is no second choice
		all = slices.DeleteFunc(all, func(g graded) bool { return g.grade == known && g.above != best.above })
	}
	if len(all) > 0 && (all[0].grade == known || p.rows == 0) {
		return choice{column: all[0].column, sure: all[0].grade >= said, why: unknownName}, best
	}
	if p.rows == 0 {
		return ch, best
	}
	for i, g := range all {
		all[i].grade = min(g.grade, said)
	}
	for _, c := range p.columns {
		if c.depth > 0 || !unique(c) || !couldBeID(c) || among(all, c) {
			continue
		}
		switch {
		case hasWord(c, lexicon().ID) && hasWord(c, lexicon().Ticket):
			all = append(all, graded{c, said})
		case hasWord(c, lexicon().ID), hasWord(c, lexicon().Ticket):
			all = append(all, graded{c, maybe})
		case p.product == plainTable():
			all = append(all, graded{c, guessed})
		}
	}
	for i, g := range all {
		switch {
		case isGiven(g.column), hasWord(g.column, lexicon().ID) && hasWord(g.column, lexicon().Ticket):
			all[i].grade = known // a product gives such names, and people use them
		case p.counts(g.column):
			all[i].grade = guessed
		}
	}
	slices.SortStableFunc(all, func(a, b graded) int {
		return cmp.Or(cmp.Compare(b.grade, a.grade), b2i(p.counts(a.column))-b2i(p.counts(b.column)), b2i(isMachineID(a.column))-b2i(isMachineID(b.column)))
	})
	for i, g := range all {
		if i == 0 {
			ch = choice{column: g.column, sure: g.grade >= said, why: unknownName}
			continue
		}
		ch.others = append(ch.others, g.column)
		if ch.sure && g.grade == all[0].grade && isMachineID(g.column) == isMachineID(ch.column) {
			ch.sure, ch.why = false, fmt.Sprintf("%s could be, too", show(g.name))
		}
	}
	if ch.column != nil && p.counts(ch.column) && !ch.sure {
		ch.why = fmt.Sprintf("%s only counts the rows: the next export numbers them anew", show(ch.column.name))
	}
	return ch, best
}

// counts reports whether a column may merely number the rows of this file.
func (p *picker) counts(c *column) bool {
	return c.counts && p.rows > 1 && !hasWord(c, lexicon().Ticket) &&
		(c.first == 0 || p.rows >= 20 || lexicon().RowNumber[header(strings.ReplaceAll(string(c.plain), ".", ""))] || strings.HasPrefix(string(c.plain), "column"))
}

// given are the names that products give to tickets: ABC-123, INC0012345.
var given = regexp.MustCompile(`^([A-Z][A-Z0-9_]{1,19}-\d+|(INC|REQ|RITM|SCTASK|TASK|CHG|PRB|CS|SR|TKT|CASE)\d{4,})$`)

func isGiven(c *column) bool { return c.texts > 0 && c.values.every(given.MatchString) }

// machine are ids that nobody reads out on the telephone.
var machine = regexp.MustCompile(`^[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12,}$`)

func isMachineID(c *column) bool { return c.texts > 0 && c.values.every(machine.MatchString) }

// couldBeID refuses what no product takes for a ticket's id: texts of several
// words, addresses, dates, fractions, and the ids of people.
func couldBeID(c *column) bool {
	return c.spaced == 0 && c.addresses == 0 && c.webs == 0 && c.dates.count == 0 && c.dates.seconds == 0 && c.numbers[isPoint] == 0 && c.clocks == 0 && c.longest <= 64 &&
		!lexicon().PersonID[c.plain] && !isPerson(c) && !isOfText(c) && !isAmount(c) && personal(c) == ""
}

// isOfText holds for the headers of texts, other than "Message ID".
func isOfText(c *column) bool {
	ws := c.words()
	return (hasWord(c, lexicon().Title) || hasWord(c, lexicon().Description)) && !lexicon().ID[ws[len(ws)-1]]
}

// isAmount holds for headers of durations and counts.
func isAmount(c *column) bool {
	return slices.ContainsFunc(c.words(), func(w string) bool { return lexicon().NoDate[w] && !lexicon().ID[w] && w != "by" })
}

func hasWord(c *column, list set[string]) bool { return hasAny(c.words(), list) }

// onlyWords reports whether every word of a header stands in one of the lists.
func onlyWords(c *column, lists ...set[string]) bool {
	return !slices.ContainsFunc(c.words(), func(w string) bool {
		return !slices.ContainsFunc(lists, func(list set[string]) bool { return list[w] })
	})
}

// priorityOf gives the priority for what stands in a cell, and whether it is
// sure: a bare number is a guess. The product's own scale goes first.
func (p *product) priorityOf(c *column, s string) (priority string, sure bool) {
	s = cmp.Or(p.Codes[c.plain][s], s)
	for _, scale := range p.scales(priorityScale, "") {
		if to := scale.word(s); to != "" {
			return to, true
		}
	}
	return priorityOf(s)
}

// priorityOf is the same for no product in particular.
func priorityOf(s string) (priority string, sure bool) {
	ws := wordsOf(s)
	phrase := strings.TrimSpace(strings.TrimLeft(strings.Join(ws, " "), "0123456789 "))
	if p := mapping.PriorityWord(phrase); p != "" {
		return p, true
	}
	if len(ws) > 1 && (ws[0] == "not" || ws[0] == "no" || ws[0] == "non") {
		return "", false
	}
	for _, w := range ws {
		if p := mapping.PriorityWord(w); p != "" {
			return p, true
		}
	}
	if len(ws) != 1 {
		return "", false
	}
	w := strings.TrimPrefix(strings.TrimPrefix(ws[0], "prio"), "p")
	return fromOne[w], false
}
