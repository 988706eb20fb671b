package draft

import (
	"hash/maphash"
	"slices"
	"strings"

	"caseimport/mapping"
	"caseimport/mapping/words"
)

// Family is who is whose parent: Talkdesk's subcases go one level deep, so parents that
// have parents themselves cannot be carried over as they are. It keeps some 24 bytes for
// each row that has a parent.
type Family struct {
	key, parent *column
	kind        *column // which may tell the levels apart, nil without
	children    []child
	kinds       map[string]int
	nowhere     int // rows whose parent is no row
}

type child struct {
	key, parent uint64
	kind        int
}

// Family returns what is to be given every row, in a second reading before Draft, nil
// if the draft ties no rows to their parents. from is as of Draft.
func (p *Profile) Family(from string) *Family {
	product, _, err := recognise(p.columns, from)
	if err != nil {
		return nil
	}
	d := &drafter{picker: picker{p, product, map[*column]bool{}}, clocks: map[*column]*column{}}
	d.key()
	parent := d.parentColumn()
	if parent == nil {
		return nil
	}
	p.family = &Family{key: d.keyed, parent: parent, kind: d.category("type"), kinds: map[string]int{}}
	return p.family
}

// Add takes one row.
func (f *Family) Add(row mapping.Row) {
	text := func(c *column) string { return strings.TrimSpace(row.Cell(c.at).Text) }
	key, parent := text(f.key), text(f.parent)
	switch {
	case parent == "" || parent == key || isPlaceholder(parent):
		return
	case !f.key.key.has(parent):
		f.nowhere++
		return
	}
	c := child{key: maphash.String(seed, key), parent: maphash.String(seed, parent)}
	if f.kind != nil {
		kind := row.Cell(f.kind.at).Text // as it is: the rule compares the cell, spaces and all
		if _, known := f.kinds[kind]; !known {
			f.kinds[strings.Clone(kind)] = len(f.kinds)
		}
		c.kind = f.kinds[kind]
	}
	f.children = append(f.children, c)
}

// levels are the rows whose parent has a parent itself.
type levels struct {
	rows  int
	deep  bool     // some of these are parents of others of them
	kinds []string // they are of these kinds, and no other child is; none if that cannot be said
}

func (f *Family) levels() (l levels) {
	is := map[uint64]bool{}
	for _, c := range f.children {
		is[c.key] = true
	}
	below := map[uint64]bool{}
	low, others := map[int]bool{}, map[int]bool{}
	for _, c := range f.children {
		if is[c.parent] {
			l.rows++
			below[c.key], low[c.kind] = true, true
		} else {
			others[c.kind] = true
		}
	}
	for _, c := range f.children {
		l.deep = l.deep || below[c.key] && below[c.parent]
	}
	if f.kind == nil {
		return l
	}
	for kind, i := range f.kinds {
		switch {
		case !low[i]:
		case others[i] || strings.TrimSpace(kind) == "":
			l.kinds = nil
			return l
		default:
			l.kinds = append(l.kinds, kind)
		}
	}
	slices.Sort(l.kinds)
	return l
}

// parentColumn is the column that holds keys of parents, nil without.
func (d *drafter) parentColumn() *column {
	if d.keyed == nil {
		return nil
	}
	c := d.named("parent", func(c *column) bool {
		return c.single() && c.real() > 0 && c.longest <= mapping.MaxKey && c != d.keyed && sameForm(c, d.keyed)
	})
	if c == nil || d.used[c] {
		return nil
	}
	return c
}

// parent ties a case to its parent, where the column holds keys.
func (d *drafter) parent(p *page) {
	c := d.parentColumn()
	if c == nil {
		return
	}
	d.use(c)
	tied := func(r rule) rule { return r.with("key", "true").with("default", `""`) }
	r := tied(from(c)).note("in %s; a parent that is nowhere is left out", rows(c.filled))
	f := d.family
	if f == nil || f.parent != c || f.key != d.keyed { // nobody has read them
		d.put(p, "parent_id", true, r, c)
		return
	}
	l := f.levels()
	switch {
	case len(f.children) == 0 && f.nowhere > 0:
		d.unsure(p, 2, choice{column: c}, "parent_id: does %s hold keys of other rows? None of them is in this file. Its rule waits in a comment.", show(c.name))
		p.rule("# parent_id", r)
	case l.rows == 0:
		d.put(p, "parent_id", true, r, c)
	case len(l.kinds) == 0:
		d.ask(p, 2, "parent_id: whose parents are to be kept? Subcases go one level deep, and %s a parent in %s that has a parent itself. Its rule waits in a comment: "+
			`have an expression give "" for the rows of one level.`, have(l.rows), show(c.name))
		p.rule("# parent_id", r)
	default:
		without, only := cell(f.kind)+" in ["+quotedList(l.kinds)+"]", ""
		if len(l.kinds) == 1 {
			without = cell(f.kind) + " == " + quote(l.kinds[0])
		}
		if !l.deep {
			only = " Or should they keep theirs, and the rows above them have none? Then take the line in the comment."
		}
		d.ask(p, 2, "parent_id: whose parents are to be kept? Subcases go one level deep, and %s a parent in %s that has a parent itself: all whose %s is %s. They are left without one.%s",
			have(l.rows), show(c.name), show(f.kind.name), shownList(l.kinds), only)
		if only != "" {
			p.rule("# parent_id", tied(expression(`%s ? %s : ""`, without, cell(c))))
		}
		p.rule("parent_id", tied(expression(`%s ? "" : %s`, without, cell(c))))
	}
}

func have(n int) string {
	if n == 1 {
		return "1 row has"
	}
	return words.Plural(n, "row") + " have"
}

func quotedList(all []string) string { return eachOf(all, quote, ", ") }

func shownList(all []string) string { return eachOf(all, show, " or ") }

func eachOf(all []string, form func(string) string, between string) string {
	formed := make([]string, len(all))
	for i, s := range all {
		formed[i] = form(s)
	}
	return strings.Join(formed, between)
}

// sameForm reports whether two columns hold ids of one form: numbers, or words
// that begin alike.
func sameForm(a, b *column) bool {
	x, y := a.sample(), b.sample()
	return isNumber(x) == isNumber(y) && given.MatchString(x) == given.MatchString(y)
}
