package draft

import (
	"cmp"
	"slices"
	"strings"

	"caseimport/mapping/fields"
	"caseimport/mapping/words"
)

// account is the account's fields, as far as a draft may use them.
type account struct {
	*fields.File
	path string // of the file, as the mapping file is to name it
	used map[string]bool
}

// free are the active fields that nothing fills yet.
func (a *account) free() (free []fields.Field) {
	for _, f := range a.Fields {
		if f.Active && f.Kind != "" && !a.used[f.Key] {
			free = append(free, f)
		}
	}
	return free
}

// keyField finds the text field that is meant to carry the tickets' old ids: the
// only one whose name suits best. others are those that a person may choose from.
func (d *drafter) keyField(key *column) (found *fields.Field, others []fields.Field) {
	if d.account == nil {
		return nil, nil
	}
	best := 0
	for _, f := range d.account.free() {
		if f.Kind != fields.Text {
			continue
		}
		others = append(others, f)
		ws := nameWords(f.Name)
		suits := 0
		if hasAny(ws, lexicon().ID) || hasAny(ws, lexicon().Ticket) {
			suits = 1
		}
		if hasAny(ws, lexicon().Origin) || slices.Contains(ws, d.product.name) {
			suits++
		}
		if nameScore(key.name, f.Name) == sameName {
			suits = max(suits, 2)
		}
		switch {
		case suits > max(best, 1):
			best, found = suits, &f
		case suits == best && suits > 1:
			found = nil
		}
	}
	return found, others
}

func hasAny(ws []string, list set[string]) bool {
	return slices.ContainsFunc(ws, func(w string) bool { return list[w] })
}

// How alike two names are.
const (
	otherName = iota
	likeName  // perhaps the same
	sameName
)

// nameScore compares the name of a column and of a field by their words.
func nameScore(column, field string) int {
	a, b := nameWords(column), nameWords(field)
	if len(a) == 0 || len(b) == 0 {
		return otherName
	}
	within := func(a, b []string) bool {
		return !slices.ContainsFunc(a, func(w string) bool { return !slices.Contains(b, w) })
	}
	switch in, contains := within(a, b), within(b, a); {
	case in && contains:
		return sameName
	case in || contains:
		return likeName
	}
	x, y := strings.Join(a, ""), strings.Join(b, "")
	n := min(len(x), len(y))
	a, b = firstAlike(a), firstAlike(b)
	if within(a, b) || within(b, a) || n >= 5 && words.Distance(x, y) <= (n+1)/4 {
		return likeName
	}
	return otherName
}

// firstAlike puts one word for all that products use for the same.
func firstAlike(ws []string) []string {
	out := slices.Clone(ws)
	for i, w := range out {
		for _, group := range lexicon().Alike {
			if slices.Contains(group, w) {
				out[i] = group[0]
			}
		}
	}
	return out
}

// match is a column that fills a field of the account, and how.
type match struct {
	field fields.Field
	rule  rule
	sure  bool
	lost  []item // values that are no option of the field
}

// matches finds the fields for the columns: same names first, then the levels of
// dependent fields, then names that are alike and columns whose values are a
// field's options.
func (d *drafter) matches(columns []*column) map[*column]match {
	found := map[*column]match{}
	d.pairUp(columns, found, sameName)
	d.dependents(columns, found)
	d.pairUp(columns, found, likeName)
	return found
}

// pairUp takes the pairs of a column and a field that are at least so much alike,
// each only once.
func (d *drafter) pairUp(columns []*column, found map[*column]match, least int) {
	for _, c := range columns {
		best, which := otherName, match{}
		for _, f := range d.account.free() {
			if _, taken := found[c]; taken || f.Kind == fields.Dependent {
				continue
			}
			score := nameScore(c.name, f.Name)
			m, ok := d.fill(c, f)
			if score == otherName && ok && d.areOptions(c, f) {
				score = likeName
			}
			if ok && score >= least && score > best {
				best, which = score, m
				which.sure = score == sameName
			}
		}
		if best > otherName {
			found[c] = which
			d.account.used[which.field.Key] = true
		}
	}
}

// fill is how a column fills a field; ok is false where it cannot.
func (d *drafter) fill(c *column, f fields.Field) (m match, ok bool) {
	m.field = f
	if c.nested > 0 {
		return d.fillNested(c, f)
	}
	prefix, r := d.kind(c)
	same := prefix == string(f.Kind)
	whole := c.lists == 0 && c.numbers[isInt] == c.real() && c.real() > 0
	switch f.Kind {
	case fields.Text, fields.MultiLine:
		if prefix != "text" && prefix != "multi_line_text" {
			_, r = text(c)
		}
		m.rule, ok = r, true
	case fields.DropDown:
		return d.options(c, f, "")
	case fields.MultiSelect:
		sep := ""
		if c.lists == 0 {
			sep = separatorFor(c, f)
		}
		return d.options(c, f, sep)
	case fields.Numeric, fields.Decimal:
		if !same {
			what := "numbers"
			if f.Kind == fields.Numeric {
				what = "whole numbers"
			}
			r = from(c).blanking(c).note("%s", what)
		}
		m.rule, ok = r, same || whole
	case fields.Checkbox:
		if whole && !c.values.more && c.values.every(func(s string) bool { return plainBools[s] }) {
			r, same = from(c).note("%s", tally(c.values.sorted(), 4, nil)), true
		}
		m.rule, ok = r, same
	default: // date
		m.rule, ok = r, same
	}
	return m, ok
}

// fillNested is fill for a list of objects that have names, such as labels.
func (d *drafter) fillNested(c *column, f fields.Field) (m match, ok bool) {
	m.field = f
	named := c.named()
	if named == nil || len(c.fields) > 0 {
		return m, false
	}
	switch f.Kind {
	case fields.Text, fields.MultiLine:
		m.rule = joinedNames(c)
		return m, true
	case fields.MultiSelect:
		if m, ok = d.options(named, f, ""); ok {
			m.rule = m.rule.of(expression("map(%s, .%s)", cell(c), named.name))
		}
	}
	return m, ok
}

// joinedNames makes one text of the names of the objects in a list.
func joinedNames(c *column) rule {
	return expression(`join(map(%s, .%s), ", ")`, cell(c), c.named().name).note("lists in %s", rows(c.filled))
}

// options is how the values of a column are turned into options of a field. What
// is no option is left out, to be asked about.
func (d *drafter) options(c *column, f fields.Field, split string) (m match, ok bool) {
	m.field = f
	if c.values.more || !c.cells() || f.Kind == fields.DropDown && (c.several > 0 || c.lists > 0) {
		return m, false
	}
	var table []pair
	hits := 0
	codes := d.product.Codes[c.plain]
	for _, i := range parts(c, split) {
		word, coded := codes[i.value]
		word = cmp.Or(word, i.value)
		switch known := isOption(f, word); {
		case known && coded:
			table = append(table, pair{i.value, scalar(word)})
			hits++
		case known:
			hits++
		default:
			table = append(table, pair{i.value, `""`})
			if !isPlaceholder(i.value) {
				m.lost = append(m.lost, i)
			}
		}
	}
	r := from(c)
	if split != "" {
		r = r.with("split", quote(split))
	}
	if len(table) > 0 {
		r = r.with("values", flow(lookup(table))).with("pass", "true")
	}
	m.rule = r.note("%s", words.Plural(hits, "option"))
	return m, hits > 0
}

// areOptions reports whether nearly all of what a column holds are options of a
// field, so that no name is needed to know it.
func (d *drafter) areOptions(c *column, f fields.Field) bool {
	if len(f.Options) == 0 || !f.Kind.HasOptions() {
		return false
	}
	all := parts(c, separatorFor(c, f))
	hits := 0
	for _, i := range all {
		if isOption(f, cmp.Or(d.product.Codes[c.plain][i.value], i.value)) && !isNumber(i.value) {
			hits++
		}
	}
	return hits >= 2 && hits*5 >= len(all)*4
}

func isOption(f fields.Field, s string) bool {
	_, fault := f.Codes([]string{s})
	return fault == nil
}

func isNumber(s string) bool { return strings.Trim(s, "0123456789") == "" }

// parts are the values of a column, those of a cell each for itself.
func parts(c *column, split string) []item {
	if split == "" {
		return c.values.sorted()
	}
	var all counter
	for _, i := range c.values.sorted() {
		for part := range strings.SplitSeq(i.value, split) {
			if part = strings.TrimSpace(part); part == "" {
				continue
			}
			if all.add(part); all.more {
				return nil
			}
			all.items[all.index[part]].n += i.n - 1
		}
	}
	return all.sorted()
}

// separatorFor is what takes the cells of a column apart into options; "" where
// they are options as they stand, or hold one each.
func separatorFor(c *column, f fields.Field) string {
	if f.Kind != fields.MultiSelect || c.lists > 0 {
		return ""
	}
	sep := separator(c)
	if sep == " " && !slices.ContainsFunc(parts(c, sep), func(i item) bool { return isOption(f, i.value) }) {
		return ""
	}
	return sep
}

// dependents finds the columns of the levels of dependent fields. Whether each
// path exists check says: here only the values of each column are known.
func (d *drafter) dependents(columns []*column, found map[*column]match) {
	for _, f := range d.account.free() {
		if f.Kind != fields.Dependent || len(f.Options) == 0 {
			continue
		}
		var levels []*column
		level := f.Options
		for range 3 {
			c := d.levelColumn(columns, found, levels, f, level)
			if c == nil {
				break
			}
			levels = append(levels, c)
			var below []fields.Option
			for _, o := range level {
				below = append(below, o.Options...)
			}
			level = below
		}
		if len(levels) == 0 {
			continue
		}
		r := from(levels...)
		if len(levels) == 1 {
			r = rule{}.with("columns", "["+scalar(levels[0].name)+"]")
		}
		r = r.note("a column for each level; check says which combinations the account does not have")
		d.account.used[f.Key] = true
		for i, c := range levels {
			m := match{field: f, sure: nameScore(c.name, f.Name) == sameName}
			if i == 0 {
				m.rule = r
			}
			found[c] = m
		}
	}
}

// levelColumn finds the column whose values are all options of one level. The
// first level goes by its name too.
func (d *drafter) levelColumn(columns []*column, found map[*column]match, taken []*column, f fields.Field, level []fields.Option) *column {
	for _, c := range columns {
		if _, used := found[c]; used || slices.Contains(taken, c) || c.values.more || !c.single() || c.real() == 0 {
			continue
		}
		options := c.values.every(func(s string) bool {
			return slices.ContainsFunc(level, func(o fields.Option) bool {
				return strings.EqualFold(strings.TrimSpace(o.Label), s) || o.Code == s
			})
		})
		if options && (len(taken) > 0 || nameScore(c.name, f.Name) > otherName || len(c.values.items) > 1) {
			return c
		}
	}
	return nil
}

// matched writes the rule of a column that has its field, and asks what is not
// sure about it.
func (d *drafter) matched(p *page, c *column, m match) {
	if len(m.rule.pairs) == 0 { // a further level of a dependent field
		return
	}
	if !m.sure {
		d.ask(p, 2, "does %s belong in %s? Its name or its values are only alike.", show(c.name), m.field)
	} else {
		d.sure("%s: %s", m.field, c.name)
	}
	if len(m.lost) > 0 {
		d.ask(p, 2, "which options of %s are these values of %s: %s? They are left out until you say. Options: %s.",
			m.field, show(c.name), tally(m.lost, 8, d.product.Codes[c.plain]), someOf(m.field.Options, 12))
	}
	m.rule.notes = append([]string{cmp.Or(m.field.Name, m.field.Key)}, m.rule.notes...)
	p.rule(m.field.Key, m.rule)
}

// unfilled lists the account's fields that no column fills.
func (d *drafter) unfilled() page {
	var p page
	if d.account == nil {
		return p
	}
	for i, f := range d.account.free() {
		if i == 0 {
			p.say(0, "Fields of the account that no column fills:")
		}
		note := show(f.Name)
		if f.Required {
			note += ", required before a case can be resolved"
			d.remind("custom field: no column fills %s, which the account requires before a case can be resolved", f)
		}
		p.add("#   "+f.Key, note)
	}
	return p
}
