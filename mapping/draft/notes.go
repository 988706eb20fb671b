package draft

import (
	"fmt"
	"slices"
	"strings"

	"caseimport/mapping/words"
)

// notes drafts the notes: comments first, then the cells that are remarks.
func (d *drafter) notes() page {
	var p page
	p.add("notes:", "")
	for _, c := range d.commentColumns() {
		d.use(c)
		d.comments(&p, c)
	}
	for _, h := range d.product.Columns["private_notes"] {
		for _, c := range d.columns {
			if !c.is(h) || d.used[c] || c.real() == 0 || !c.cells() {
				continue
			}
			d.use(c)
			r := from(c).joined(`"\n"`, c)
			if c.isHTML() {
				r = r.with("html", "true")
			}
			p.add(fmt.Sprintf("  - {note_title: {const: %s}, note_body: %s, public: {const: false}}", scalar(c.name), r), "in "+rows(c.filled))
		}
	}
	if d.second != nil {
		d.secondFile(&p)
	}
	if len(p.lines) == 1 {
		return page{}
	}
	return p
}

// commentColumns are the column that the tables name, whatever is written as
// date;author;text, and the record's lists of objects under such names.
func (d *drafter) commentColumns() (all []*column) {
	free := func(c *column) bool { return !d.used[c] && c.objects == 0 && c.filled > 0 }
	named := d.named("comments", func(c *column) bool {
		return free(c) && (c.objectLists() || c.nested == 0 && c.spaced*2 >= c.texts)
	})
	for _, c := range d.columns {
		words := c.depth == 0 && c.objectLists() && hasWord(c, lexicon().Comments) && memberOf(c.members, filledMember, lexicon().CommentTexts...) != nil
		if free(c) && (c == named || words || c.written()) {
			all = append(all, c)
		}
	}
	return all
}

// written reports whether the column's comments are texts, written as date;author;text.
func (c *column) written() bool {
	return c.nested == 0 && c.leads*2 > c.texts && c.lead.count*2 > c.leads
}

func (d *drafter) comments(p *page, c *column) {
	if c.items > 0 {
		d.objectComments(p, c)
		return
	}
	d.sure("notes: one for each comment in %s", c.name)
	found := words.Plural(c.texts, "comment") + " in " + rows(c.filled)
	if c.written() {
		p.say(2, "%s, written as date;author;text.", found)
		p.add("  - each: "+scalar(c.name), "")
		p.add("    note_title: "+expression(`join(split(item, ";", 3)[:2], ", ")`).String(), "")
		p.add("    note_body: "+expression(`coalesce(split(item, ";", 3)[2], item)`).String(), "")
	} else {
		p.say(2, "%s.", found)
		p.add("  - each: "+scalar(c.name), "")
		p.add("    note_body: "+expression("item").String(), "")
	}
	notPublic(p)
}

// objectComments drafts notes of a list of objects by what their members are
// called.
func (d *drafter) objectComments(p *page, c *column) {
	body := memberOf(c.members, filledMember, lexicon().CommentTexts...)
	p.say(2, "%s in %s.", words.Plural(c.items, "comment"), rows(c.filled))
	if body == nil {
		d.ask(p, 2, "notes: which member of %s holds the text of a comment?", show(c.name))
		p.add("  # - {each: "+scalar(c.name)+", note_body: MEMBER}", "")
		return
	}
	d.sure("notes: one for each comment in %s", c.name)
	p.add("  - each: "+scalar(c.name), "")
	d.commentRules(p, c.members, body, itemMember)
}

// commentRules drafts the title, the text and who may see a comment, by what its
// members or columns are called. cell is the expression for one of them.
func (d *drafter) commentRules(p *page, all []*column, body *column, cell func(*column) string) {
	var title []string
	if a := memberOf(all, onlyObjects, lexicon().CommentAuthors...); a != nil {
		title = append(title, fmt.Sprintf("coalesce(%[1]s.name, %[1]s.displayName, %[1]s.display_name, %[1]s.login, %[1]s.username, %[1]s.email)", cell(a)))
	} else if a := memberOf(all, filledMember, lexicon().CommentAuthorNames...); a != nil {
		title = append(title, cell(a))
	}
	if when := memberOf(all, filledMember, lexicon().CommentTimes...); when != nil {
		title = append(title, cell(when))
	}
	if len(title) > 0 {
		p.add("    note_title: "+expression(`join([%s], ", ")`, strings.Join(title, ", ")).String(), "")
	}
	r := from(body)
	if body.isHTML() {
		r = r.with("html", "true")
	}
	p.add("    note_body: "+r.String(), "")
	if public := visible(all, cell); public != "" {
		p.add("    public: "+expression("%s", public).String(), "")
		return
	}
	notPublic(p)
}

// memberOf finds the first of these among the members of the objects in a list, or
// among columns.
func memberOf(all []*column, ok func(*column) bool, names ...header) *column {
	for _, name := range names {
		i := slices.IndexFunc(all, func(m *column) bool { return m.plain == name && ok(m) })
		if i >= 0 {
			return all[i]
		}
	}
	return nil
}

func filledMember(m *column) bool { return m.real() > 0 && m.objects == 0 && m.lists == 0 }

func onlyObjects(m *column) bool { return m.objects > 0 && m.filled == 0 && m.lists == 0 }

// visible is the expression for whether the requester may see a comment, by a member
// that is true or false or that says public or a word for the contrary; "" without any.
func visible(all []*column, cell func(*column) string) string {
	flag := func(s string) bool { return s == "true" || s == "false" }
	word := func(s string) bool {
		return slices.Contains([]string{"public", "private", "internal"}, strings.ToLower(s))
	}
	if m := memberOf(all, filledMember, "public", "ispublic"); m != nil && m.values.every(flag) {
		return cell(m) + " == true"
	}
	if m := memberOf(all, filledMember, "private", "isprivate", "internal", "isinternal"); m != nil && m.values.every(flag) {
		return cell(m) + " != true"
	}
	if m := memberOf(all, filledMember, "visibility"); m != nil && m.values.every(word) {
		return "lower(trim(" + cell(m) + `)) == "public"`
	}
	return ""
}

func notPublic(p *page) {
	p.add("    public: {const: false}", "nothing says which comments the requester may see")
}

func itemMember(m *column) string { return "item[" + quote(m.name) + "]" }
