package draft

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"caseimport/mapping"
	"caseimport/mapping/convert"
	"caseimport/mapping/words"
)

// column is what has been seen of one column, or of one member of the objects
// in a list.
type column struct {
	name  string   // as in the file
	forms []header // the same, squeezed; then without each envelope that it stands in
	plain header   // the shortest of them
	leaf  string   // the name within the object that it is a member of
	above string   // the name of that object, "" for a member of the record
	depth int      // how many objects of the record it stands in, envelopes aside
	at    int      // its place among the columns

	filled  int // rows in which something stands, placeholders included
	texts   int // values, those of lists each for itself
	several int // rows with more than one value: a repeated header, a list
	lists   int // rows with a list
	objects int // rows with an object
	nested  int // rows with a list that holds objects or lists

	values counter  // the different values
	heads  []string // the first two, cut, for people to see
	empty  counter  // the placeholders among them

	bytes    int // of all values together
	longest  int // characters
	over150  int
	over2000 int
	cut2000  int // exactly 2,000 characters: cut by the exporter?
	breaks   int // values with a line break
	escaped  int // values with a line break written as \n
	html     int
	formulas int // values that a spreadsheet wrote as ="00123"
	spaced   int // values of several words
	webs     int // values that are web addresses

	first     int  // the number in the first row
	counts    bool // the numbers count the rows, from the first on
	clocks    int  // values that are a time of day
	numbers   numbers
	dates     dates
	addresses int   // values that are one bare e-mail address
	mailLists int   // values with several, with a name or with blanks around
	wild      bool  // the short pattern would not do for its addresses
	lead      dates // what stands before the first semicolon
	leads     int   // values with two semicolons or more

	key     unique
	inner   bool      // this is such a member itself
	members []*column // of the objects in a list
	fields  []*column // of the {id, value} objects in a list, one an id
	items   int       // objects in lists
	parts   int       // other values in lists
	deep    int       // lists in lists
}

func newColumn(name string, at int) *column {
	plain := squeeze(name)
	forms := []header{plain}
	if once(name) != name { // GLPI's "Requester - Requester" tells GLPI, too
		forms = []header{header(keep(name, "")), plain}
	}
	return &column{
		name: name, forms: forms, plain: plain, leaf: name, at: at,
		dates: newDates(name),
		lead:  dates{hinted: true},
	}
}

// is reports whether the header is this one, in an envelope or not.
func (c *column) is(h header) bool { return slices.Contains(c.forms, h) }

// add counts the cell of one row.
func (c *column) add(v mapping.Value, row int) {
	switch v.Kind {
	case mapping.List:
		c.lists++
		c.key.lose("it holds lists")
		c.list(v.List, row)
	case mapping.Object:
		c.objects++
		c.key.lose("it holds objects")
	default:
		s := strings.TrimSpace(v.Text)
		c.key.add(s, row)
		c.count(s, row)
		if s != "" {
			c.filled++
			c.text(v.Text, s)
		}
	}
}

// count follows whether the column only counts the rows.
func (c *column) count(s string, row int) {
	if row > 1 && !c.counts {
		return
	}
	n, err := strconv.Atoi(s)
	if row == 1 {
		c.first = n
	}
	c.counts = err == nil && n == c.first+row-1
}

// list counts the elements of a list as one row.
func (c *column) list(elements []mapping.Value, row int) {
	n := 0
	nested := false
	for _, e := range elements {
		switch e.Kind {
		case mapping.Object:
			nested = true
			c.object(e, row)
		case mapping.List:
			nested = true
			c.deep++
		case mapping.None:
		default:
			c.parts++
			if s := strings.TrimSpace(e.Text); s != "" {
				n++
				c.text(e.Text, s)
			}
		}
	}
	if n > 0 || nested {
		c.filled++
	}
	if n > 1 {
		c.several++
	}
	if nested {
		c.nested++
	}
}

// Of the objects in lists no more than this is looked at.
const maxMembers = 100

// object counts an element of a list by its members, but does not go into the
// lists within them.
func (c *column) object(v mapping.Value, row int) {
	c.items++
	if c.inner {
		return
	}
	id, value := "", -1
	for i, name := range v.Names {
		if m := find(&c.members, name); m != nil {
			m.add(v.List[i], row)
		}
		switch squeeze(name) {
		case "id":
			if v.List[i].Kind == mapping.Number || v.List[i].Kind == mapping.String {
				id = v.List[i].Text
			}
		case "value":
			value = i
		}
	}
	if id != "" && value >= 0 && len(v.Names) <= 4 {
		if f := find(&c.fields, id); f != nil {
			f.add(v.List[value], row)
		}
	}
}

func find(all *[]*column, name string) *column {
	for _, c := range *all {
		if c.name == name {
			return c
		}
	}
	if len(*all) >= maxMembers {
		return nil
	}
	c := newColumn(name, len(*all))
	c.inner = true
	c.key.lose("it is not a column")
	*all = append(*all, c)
	return c
}

// text counts a value: raw as it stands, s without the blanks around it.
func (c *column) text(raw, s string) {
	c.texts++
	c.values.add(s)
	if len(c.heads) < 2 && !isPlaceholder(s) {
		if head := words.Cut(s, 60); !slices.Contains(c.heads, head) {
			c.heads = append(c.heads, strings.Clone(head))
		}
	}
	c.bytes += len(s)
	if strings.IndexByte(s, ' ') > 0 {
		c.spaced++
	} else if strings.HasPrefix(s, "http") && strings.Contains(s, "://") {
		c.webs++
	}
	if len(raw) > c.longest {
		n := utf8.RuneCountInString(raw)
		c.longest = max(c.longest, n)
	}
	if len(raw) > 150 {
		c.long(raw)
	}
	if strings.IndexByte(s, '\n') >= 0 {
		c.breaks++
	}
	if strings.IndexByte(s, '\\') >= 0 && strings.Contains(s, `\n`) {
		c.escaped++
	}
	if strings.HasPrefix(s, `="`) {
		c.formulas++
	}
	if strings.IndexByte(s, '<') >= 0 && hasHTML(s) {
		c.html++
	}
	if strings.IndexByte(s, '@') >= 0 {
		c.address(raw)
	}
	if strings.IndexByte(s, ';') > 0 {
		c.comment(s)
	}
	if len(s) <= 11 && strings.IndexByte(s, ':') > 0 && clock.MatchString(s) {
		c.clocks++
	}
	if isPlaceholder(s) {
		c.empty.add(s)
		return
	}
	c.numbers.add(s)
	c.dates.add(s)
}

func (c *column) long(raw string) {
	n := utf8.RuneCountInString(raw)
	if n > 150 {
		c.over150++
	}
	if n > 2000 {
		c.over2000++
	}
	if n == 2000 {
		c.cut2000++
	}
}

func (c *column) address(raw string) {
	switch {
	case convert.IsEmail(raw):
		c.addresses++
		c.wild = c.wild || strings.ContainsAny(raw, "!#$%&'*/=?^`{|}~")
		return
	case len(raw) <= 200 && strings.ContainsAny(raw, " ,;<") && strings.IndexByte(strings.TrimSpace(raw), '\n') < 0 && tamePattern.MatchString(raw):
		c.mailLists++
	}
	c.wild = c.wild || !isTame(raw)
}

var clock = regexp.MustCompile(`^([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?( ?[AaPp][Mm])?$`)

// comment looks whether a comment is written as date;author;text.
func (c *column) comment(s string) {
	last := s[strings.LastIndexByte(s, ';')+1:]
	if strings.HasPrefix(last, "http") || isNumber(last) { // a file, hours of work
		return
	}
	if date, rest, ok := strings.Cut(s, ";"); ok && strings.Contains(rest, ";") {
		c.leads++
		c.lead.add(date)
	}
}

// real is the number of values that say something.
func (c *column) real() int { return c.texts - c.empty.total() }

// sample is a value that says something.
func (c *column) sample() string {
	for _, i := range c.values.items {
		if !isPlaceholder(i.value) {
			return i.value
		}
	}
	return ""
}

// cells reports whether the column holds plain values only, or lists of them.
func (c *column) cells() bool { return c.objects == 0 && c.nested == 0 }

// single reports whether the column holds plain values, one a cell.
func (c *column) single() bool { return c.cells() && c.several == 0 && c.lists == 0 }

// objectLists reports whether the column holds lists of objects and nothing
// else.
func (c *column) objectLists() bool {
	return c.items > 0 && c.nested == c.filled && c.objects == 0 && c.parts == 0 && c.deep == 0
}

// wrapped holds where a spreadsheet wrote everything as ="00123".
func (c *column) wrapped() bool { return c.formulas > 0 && c.formulas == c.filled }

// isHTML holds where HTML is the rule.
func (c *column) isHTML() bool { return c.html > 0 && c.html*2 >= c.real() }

// average is the mean length of a value in bytes.
func (c *column) average() int {
	if c.texts == 0 {
		return 0
	}
	return c.bytes / c.texts
}

// numbers counts how the values of a column are spelled as numbers.
type numbers [6]int

type spelling uint8

const (
	noNumber spelling = iota
	isInt
	isPoint // 3.14
	isComma // 3,14
	isZero  // digits that begin with a needless zero: 00123
	isPower // 1.2E+11, which a spreadsheet makes of a long number
)

func (n *numbers) add(s string) {
	if n[noNumber] <= maxMisses || n[noNumber] <= n.all()/10 {
		n[classify(s)]++
	}
}

// all counts those that one can reckon with.
func (n *numbers) all() int { return n[isInt] + n[isPoint] + n[isComma] }

func classify(s string) spelling {
	digits := strings.TrimPrefix(s, "-")
	whole, rest := leadingDigits(digits)
	switch {
	case whole == "":
		return noNumber
	case len(whole) > 1 && whole[0] == '0':
		if rest == "" {
			return isZero
		}
		return noNumber
	case rest == "":
		if len(whole) > 15 { // beyond what every reader of JSON holds exactly
			return noNumber
		}
		return isInt
	}
	fraction, tail := leadingDigits(rest[1:])
	switch {
	case strings.HasPrefix(tail, "E+"), strings.HasPrefix(tail, "e+"), strings.HasPrefix(rest, "E+"), strings.HasPrefix(rest, "e+"):
		return isPower
	case fraction == "" || tail != "" || len(whole)+len(fraction) > 15:
		return noNumber
	case rest[0] == '.':
		return isPoint
	case rest[0] == ',':
		return isComma
	}
	return noNumber
}

func leadingDigits(s string) (digits, rest string) {
	i := 0
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		i++
	}
	return s[:i], s[i:]
}

// counter counts different values, up to maxValues of them.
type counter struct {
	index map[string]int
	items []item
	more  bool // there are others, which are not counted
}

type item struct {
	value string
	n     int
}

const maxValues = 60

func (c *counter) add(s string) {
	if c.more {
		return
	}
	if i, ok := c.index[s]; ok {
		c.items[i].n++
		return
	}
	if len(c.items) == maxValues || len(s) > 200 {
		c.more, c.index = true, nil
		return
	}
	if c.index == nil {
		c.index = make(map[string]int)
	}
	s = strings.Clone(s)
	c.index[s] = len(c.items)
	c.items = append(c.items, item{s, 1})
}

// every reports whether ok holds for all values that are counted.
func (c *counter) every(ok func(value string) bool) bool {
	return !slices.ContainsFunc(c.items, func(i item) bool { return !ok(i.value) })
}

// sorted gives the values, the commonest first.
func (c *counter) sorted() []item {
	items := slices.Clone(c.items)
	slices.SortStableFunc(items, func(a, b item) int { return b.n - a.n })
	return items
}

func (c *counter) total() int {
	n := 0
	for _, i := range c.items {
		n += i.n
	}
	return n
}
