package draft

import (
	"slices"
	"strings"

	"caseimport/mapping"
)

// picker finds the columns that serve the fields of a case: by the product's
// table, then by the plain one, then by the words of the headers and, in a
// plain table, by what the columns hold.
type picker struct {
	columns []*column
	product *product
	rows    int
}

// named goes through the columns under the given headers, those of the product
// before those of the plain table.
func (p *picker) named(field string, ok func(*column) bool) *column {
	for _, table := range []*product{p.product, plainTable()} {
		for _, h := range table.Columns[field] {
			for _, c := range p.columns {
				if c.plain == h && p.holds(c) && ok(c) {
					return c
				}
			}
		}
	}
	return nil
}

// holds reports whether something stands in the column. Without any row the
// header has to do.
func (p *picker) holds(c *column) bool { return p.rows == 0 || c.real() > 0 || c.nested > 0 }

// isText refuses what is no text to read: objects, numbers, addresses.
func isText(c *column) bool {
	n := c.numbers
	return c.cells() && c.real()-n[isInt]-n[isPoint]-n[isComma] > 0 && c.dates.count*2 <= c.real() && c.webs*2 <= c.real()
}

// few reports whether a column holds few different values, as a category does.
func few(c *column) bool {
	return !c.values.more && c.texts >= 20 && len(c.values.items)*5 <= c.texts
}

func (p *picker) title() (c *column, sure bool) {
	first := p.named("title", isTitle)
	if first != nil && (p.product != plainTable() || !few(first)) {
		return first, true
	}
	worded := p.worded(lexicon().Title, isTitle)
	switch {
	case first == nil && worded == nil:
		return p.longest(func(c *column) bool { return c.average() <= 150 }), false
	case first == nil || worded != nil && !few(worded):
		return worded, true
	}
	return first, true
}

func isTitle(c *column) bool { return c.cells() && c.dates.count*2 <= c.texts && !isPerson(c) }

// body never gives the title's column.
func (p *picker) body(title *column) (c *column, sure bool) {
	free := func(c *column) bool { return c != title && (isText(c) || p.rows == 0) }
	if c := p.named("description", free); c != nil {
		return c, true
	}
	if c := p.worded(lexicon().Description, func(c *column) bool { return free(c) && !few(c) }); c != nil {
		return c, true
	}
	return p.longest(func(c *column) bool { return c != title && c.average() >= 25 }), false
}

// person never gives a column of addresses, numbers or ids.
func (p *picker) person() *column {
	ok := func(c *column) bool { return p.rows == 0 || isText(c) && (c.addresses+c.mailLists)*2 < c.real() }
	if c := p.named("requester_name", ok); c != nil {
		return c
	}
	return p.worded(nil, func(c *column) bool { return isPerson(c) && ok(c) })
}

// isPerson holds for headers such as "Customer Name" and "requester_full_name".
func isPerson(c *column) bool {
	other := func(w string) bool { return !lexicon().Person[w] && !lexicon().PersonName[w] }
	return hasWord(c, lexicon().Person) && !slices.ContainsFunc(wordsOf(c.name), other)
}

// emails gives up to three columns of addresses, the one to trust most first.
func (p *picker) emails() []*column {
	ok := func(c *column) bool {
		if p.rows == 0 {
			return strings.Contains(string(c.plain), "mail")
		}
		return c.cells() && c.real() > 0 && (c.addresses+c.mailLists)*2 >= c.real()
	}
	var all []*column
	another := func(c *column) bool { return ok(c) && !slices.Contains(all, c) }
	for len(all) < 3 {
		c := p.named("requester_email", another)
		if c == nil {
			break
		}
		all = append(all, c)
	}
	if len(all) > 0 {
		return all
	}
	mail := func(c *column) bool { return ok(c) && !hasWord(c, lexicon().Staff) }
	if c := p.worded(lexicon().Email, mail); c != nil {
		return []*column{c}
	}
	if i := slices.IndexFunc(p.columns, mail); i >= 0 && p.rows > 0 && p.product == plainTable() {
		return p.columns[i : i+1]
	}
	return nil
}

// priority gives a column with few words, of which one at least is known;
// under its own name it serves whatever its words are.
func (p *picker) priority() *column {
	return p.named("priority", func(c *column) bool {
		if !c.cells() || c.several > 0 || c.values.more || len(c.values.items) > 20 {
			return false
		}
		known := func(i item) bool { word, _ := priorityOf(i.value); return word != "" }
		return strings.HasSuffix(string(c.plain), "priority") || p.rows == 0 || slices.ContainsFunc(c.values.items, known)
	})
}

// worded finds the first column with one of the words in its header; one with
// few different values only if there is no other. Without words ok alone
// decides.
func (p *picker) worded(list set[string], ok func(*column) bool) *column {
	var found *column
	for _, c := range p.columns {
		if !p.holds(c) || !ok(c) || list != nil && !hasWord(c, list) {
			continue
		}
		if !few(c) {
			return c
		}
		if found == nil {
			found = c
		}
	}
	return found
}

// longest finds the column of a plain table with the longest texts.
func (p *picker) longest(ok func(*column) bool) *column {
	if p.product != plainTable() {
		return nil
	}
	var found *column
	for _, c := range p.columns {
		if c.real() == 0 || !isText(c) || few(c) || c.spaced*2 < c.real() || isPerson(c) || !ok(c) {
			continue
		}
		if found == nil || c.average() > found.average() {
			found = c
		}
	}
	return found
}

// key finds the column that is really unique, and best, the column that should
// be by its header; either may be nil. Where they differ the key is a guess.
func (p *picker) key() (key, best *column) {
	ok := func(c *column) bool { return c.key.lost == "" && c.numbers[isPower] == 0 }
	best = p.named("key", func(*column) bool { return true })
	if c := p.named("key", ok); c != nil {
		return c, best
	}
	if p.rows == 0 {
		return nil, best
	}
	fits := func(c *column) bool { return ok(c) && couldBeID(c) }
	ticket := func(c *column) bool { return fits(c) && hasWord(c, lexicon().Ticket) }
	if c := p.worded(lexicon().ID, ticket); c != nil && best == nil {
		return c, c
	}
	if c := p.worded(lexicon().ID, fits); c != nil {
		return c, best
	}
	if p.product != plainTable() || best != nil {
		return nil, best
	}
	return p.worded(nil, fits), best
}

// couldBeID refuses what no product takes for a ticket's id: texts of several
// words, addresses, dates, fractions, and the ids of people.
func couldBeID(c *column) bool {
	return c.spaced == 0 && c.addresses == 0 && c.webs == 0 && c.dates.count == 0 && c.numbers[isPoint] == 0 && c.longest <= 64 &&
		!lexicon().PersonID[c.plain] && !isPerson(c) && !hasWord(c, lexicon().Title) && !hasWord(c, lexicon().Description)
}

func hasWord(c *column, list set[string]) bool {
	return slices.ContainsFunc(wordsOf(c.name), func(w string) bool { return list[w] })
}

// priorityOf gives the priority for what stands in a cell, and whether it is
// sure: a bare number is a guess.
func priorityOf(s string) (priority string, sure bool) {
	ws := wordsOf(s)
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
