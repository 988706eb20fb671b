package htmltext

import (
	"html"
	"strconv"
	"strings"

	tokenizer "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Plain makes readable text of HTML: paragraphs, lists, tables and quotes
// become lines, a link keeps its address in <> unless that is its text, an
// image its description and address; scripts, styles and comments go. A text
// without any tag keeps its line breaks, and only its entities are resolved.
//
// What merely looks like a tag, such as <ann@example.com>, is text.
func Plain(s string) string {
	if !strings.ContainsAny(s, "<&") {
		return s
	}
	w := writer{}
	z := tokenizer.NewTokenizer(strings.NewReader(s))
	tags := false
	for {
		kind := z.Next()
		if kind == tokenizer.ErrorToken {
			break
		}
		raw := string(z.Raw())
		token := z.Token()
		switch kind {
		case tokenizer.TextToken:
			w.text(token.Data)
		case tokenizer.StartTagToken, tokenizer.SelfClosingTagToken, tokenizer.EndTagToken:
			if !isTag(token) {
				w.text(html.UnescapeString(raw))
				continue
			}
			tags = true
			if kind == tokenizer.EndTagToken {
				w.end(token.DataAtom)
			} else {
				w.start(token, kind == tokenizer.SelfClosingTagToken)
			}
		default:
			tags = true
		}
	}
	if !tags {
		return html.UnescapeString(s)
	}
	// An unclosed link keeps its address too.
	for len(w.links) > 0 {
		w.end(atom.A)
	}
	return strings.TrimSpace(w.out.String())
}

// isTag tells the tags of HTML, and of word processors (<o:p>), from text in
// angle brackets.
func isTag(t tokenizer.Token) bool {
	if t.DataAtom != 0 {
		return true
	}
	prefix, name, ok := strings.Cut(t.Data, ":")
	return ok && len(prefix) == 1 && !strings.ContainsAny(name, "/@")
}

// writer lays text out as a browser would, without the looks.
type writer struct {
	out     strings.Builder
	pending int  // line breaks that the next text begins with
	space   bool // a blank that it begins with
	quote   int  // depth of quotes
	pre     int  // depth of text that keeps its white space
	hidden  int  // depth of what is not shown
	cells   int  // of the table row so far
	lists   []int
	links   []link
}

// link is a link that is open, and where its text begins.
type link struct {
	address string
	from    int
}

// breakLine asks for at least n line breaks before the next text.
func (w *writer) breakLine(n int) {
	if n > 0 {
		w.pending, w.space = max(w.pending, n), false
	}
}

// depths beyond this look no deeper, so that a text of nothing but nested tags
// does not grow by them.
const deepest = 10

func (w *writer) quoteMark() string { return strings.Repeat("> ", min(w.quote, deepest)) }

// flush writes the white space that stands before text.
func (w *writer) flush() {
	switch {
	case w.out.Len() == 0:
		w.out.WriteString(w.quoteMark())
	case w.pending > 0:
		w.out.WriteString(strings.Repeat("\n", w.pending) + w.quoteMark())
	case w.space:
		w.out.WriteByte(' ')
	}
	w.pending, w.space = 0, false
}

func (w *writer) text(s string) {
	if w.hidden > 0 {
		return
	}
	if w.pre > 0 {
		for i, line := range strings.Split(s, "\n") {
			if i > 0 {
				w.pending++
			}
			if line = strings.TrimSuffix(line, "\r"); line != "" {
				w.flush()
				w.out.WriteString(line)
			}
		}
		return
	}
	for i, word := range strings.FieldsFunc(s, isHTMLSpace) {
		if i > 0 || s != "" && isHTMLSpace(rune(s[0])) {
			w.space = true
		}
		w.flush()
		w.out.WriteString(word)
	}
	if s != "" && isHTMLSpace(rune(s[len(s)-1])) {
		w.space = true
	}
}

// isHTMLSpace leaves a non-breaking space alone.
func isHTMLSpace(r rune) bool {
	return r == ' ' || r == '\n' || r == '\t' || r == '\r' || r == '\f'
}

func (w *writer) start(t tokenizer.Token, closed bool) {
	w.breakLine(breaks(t.DataAtom))
	switch t.DataAtom {
	case atom.Script, atom.Style, atom.Title, atom.Template:
		if !closed {
			w.hidden++
		}
	case atom.Br:
		if w.hidden == 0 {
			w.pending, w.space = w.pending+1, false
		}
	case atom.Hr:
		w.breakLine(1)
		w.text("---")
		w.breakLine(1)
	case atom.Img:
		w.image(t)
	case atom.A:
		if address := attribute(t, "href"); !closed {
			w.links = append(w.links, link{address, w.out.Len()})
		}
	case atom.Li:
		w.item()
	case atom.Ul:
		w.breakList()
		w.lists = append(w.lists, 0)
	case atom.Ol:
		w.breakList()
		w.lists = append(w.lists, 1)
	case atom.Tr:
		w.cells = 0
	case atom.Td, atom.Th:
		if w.cells++; w.cells > 1 {
			w.text(" | ")
		}
	case atom.Blockquote:
		w.quote++
	case atom.Pre:
		w.pre++
	}
}

func (w *writer) end(tag atom.Atom) {
	w.breakLine(breaks(tag))
	switch tag {
	case atom.Script, atom.Style, atom.Title, atom.Template:
		w.hidden = max(0, w.hidden-1)
	case atom.A:
		w.closeLink()
	case atom.Ul, atom.Ol:
		w.lists = w.lists[:max(0, len(w.lists)-1)]
		w.breakList()
	case atom.Blockquote:
		w.quote = max(0, w.quote-1)
	case atom.Pre:
		w.pre = max(0, w.pre-1)
	}
}

// breaks says how many line breaks stand around a block.
func breaks(tag atom.Atom) int {
	switch tag {
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Table, atom.Dl, atom.Blockquote, atom.Pre:
		return 2
	case atom.Div, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Aside, atom.Main, atom.Nav,
		atom.Address, atom.Form, atom.Fieldset, atom.Figure, atom.Figcaption, atom.Center, atom.Body, atom.Html,
		atom.Tbody, atom.Thead, atom.Tfoot, atom.Caption, atom.Dt, atom.Dd, atom.Details, atom.Summary,
		atom.Li, atom.Tr:
		return 1
	}
	return 0
}

// breakList sets a list apart, and one within another a little.
func (w *writer) breakList() { w.breakLine(2 - min(len(w.lists), 1)) }

// item writes the mark of a list's element.
func (w *writer) item() {
	n := len(w.lists)
	indent := strings.Repeat("  ", min(max(0, n-1), deepest))
	mark := "- "
	if n > 0 && w.lists[n-1] > 0 {
		mark = strconv.Itoa(w.lists[n-1]) + ". "
		w.lists[n-1]++
	}
	if w.hidden == 0 {
		w.flush()
		w.out.WriteString(indent + mark)
	}
}

func (w *writer) image(t tokenizer.Token) {
	about, address := strings.TrimSpace(attribute(t, "alt")), attribute(t, "src")
	if !isAddress(address) {
		address = ""
	}
	switch {
	case about != "" && address != "":
		w.text(" [image: " + about + " <" + address + ">] ")
	case about != "" || address != "":
		w.text(" [image: " + about + address + "] ")
	}
}

// closeLink adds the address, unless the text says it already.
func (w *writer) closeLink() {
	n := len(w.links)
	if n == 0 {
		return
	}
	l := w.links[n-1]
	w.links = w.links[:n-1]
	text := strings.TrimSpace(w.out.String()[l.from:])
	if !isAddress(l.address) || w.hidden > 0 {
		return
	}
	bare := strings.TrimPrefix(l.address, "mailto:")
	same := func(s string) string {
		s = strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(s), "https://"), "http://")
		return strings.TrimSuffix(s, "/")
	}
	if text == "" {
		w.text(bare)
	} else if same(text) != same(bare) {
		pending := w.pending
		w.pending, w.space = 0, true
		w.flush()
		w.out.WriteString("<" + bare + ">")
		w.pending = pending
	}
}

// isAddress keeps what leads anywhere from outside the page.
func isAddress(s string) bool {
	scheme, _, ok := strings.Cut(strings.ToLower(s), ":")
	switch scheme {
	case "http", "https", "mailto", "ftp", "tel":
		return ok
	}
	return strings.HasPrefix(s, "//")
}

func attribute(t tokenizer.Token, key string) string {
	for _, a := range t.Attr {
		if a.Key == key {
			return strings.TrimSpace(a.Val)
		}
	}
	return ""
}
