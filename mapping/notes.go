package mapping

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"caseimport/mapping/words"
)

// noteSize is how many characters of an overflowing text go into one note. The
// API states no limit for notes, so it is that of the longest text for which
// it states one, the description.
const noteSize = MaxDescription

// element is one element of what `each` goes through.
type element struct {
	value  Value
	column string
	cached any // as expressions see it
	made   bool
}

func (e *element) any() any {
	if !e.made {
		e.cached, e.made = e.value.any(), true
	}
	return e.cached
}

// member finds a member by its path, without regard to case where none has
// exactly that name. One that is missing is empty.
func (e *element) member(path []string) (Value, string) {
	v := e.value
	if v.Kind != Object {
		return Value{}, "is text and has no members: use an expression with item"
	}
	for _, name := range path {
		if v.Kind == None {
			return v, ""
		}
		if v.Kind != Object {
			return Value{}, fmt.Sprintf("has no member %q: it is not an object", strings.Join(path, "."))
		}
		v = v.member(name)
	}
	return v, ""
}

// member returns a member of an object, None if it is missing.
func (v Value) member(name string) Value {
	for i, n := range v.Names {
		if n == name {
			return v.List[i]
		}
	}
	for i, n := range v.Names {
		if strings.EqualFold(n, name) {
			return v.List[i]
		}
	}
	return Value{}
}

// notes appends the notes of one entry of the mapping file.
func (m *mapper) notes(n *noteFields, out []Note) []Note {
	if !n.each.Set() {
		return m.note(n, out)
	}
	v, column := Value{}, n.cell.name
	if n.cell.index >= 0 {
		v = m.row.Cell(n.cell.index)
	}
	if v.Kind == Object {
		m.fault(Fault{Column: column, Field: n.name, Reason: "is an object: each needs a list"})
		return out
	}
	for i := range v.count() {
		e := v.at(i)
		if e.Kind == None || e.Kind == String && blank(e.Text) {
			continue
		}
		m.item = &element{value: *e, column: column}
		out = m.note(n, out)
	}
	m.item = nil
	return out
}

// note appends one note; without a body there is none.
func (m *mapper) note(n *noteFields, out []Note) []Note {
	body, ok := m.scalar(n.body)
	if !ok {
		return out
	}
	note := Note{Body: body.text}
	if n.title != nil {
		title, _ := m.scalar(n.title)
		note.Title = title.text
	}
	if n.public != nil {
		if public, ok := m.scalar(n.public); ok {
			note.Public = public.value.(bool)
		}
	}
	return append(out, note)
}

// overflow keeps of a text what fits into the field and appends the rest to the
// notes, in order: field and notes together hold every character of the text,
// except white space at its very end or filling a whole note. The notes are not public, since the
// API may mail public ones to the requester.
func overflow(text string, limit int, name string, out []Note) (string, []Note) {
	if !words.Longer(text, limit) {
		return text, out
	}
	text = strings.TrimRight(text, " \t\r\n")
	head, rest := splitText(text, limit)
	var pieces []string
	for rest != "" {
		var piece string
		piece, rest = splitText(rest, noteSize)
		if !blank(piece) {
			pieces = append(pieces, piece)
		}
	}
	for i, piece := range pieces {
		title := name + " (continued)"
		if len(pieces) > 1 {
			title = fmt.Sprintf("%s (continued %d of %d)", name, i+1, len(pieces))
		}
		out = append(out, Note{Title: title, Body: piece})
	}
	return head, out
}

// splitText cuts a text in two, of which the first has at most n characters:
// after the last paragraph, line, sentence or word that ends in the second half
// of what fits, in this order, else in mid-word. No character is lost.
func splitText(text string, n int) (head, rest string) {
	head = words.Cut(text, n)
	if len(head) == len(text) {
		return text, ""
	}
	for _, end := range []string{"\n\n", "\n", ". ", " "} {
		if at := strings.LastIndex(head, end); at >= 0 && at+len(end) > len(head)/2 {
			at += len(end)
			if !blank(text[:at]) && !blank(text[at:]) {
				return text[:at], text[at:]
			}
		}
	}
	// A mark that belongs to the letter before stays with it.
	at := len(head)
	for range 8 {
		r, _ := utf8.DecodeRuneInString(text[at:])
		if !joins(r) {
			break
		}
		_, size := utf8.DecodeLastRuneInString(text[:at])
		at -= size
	}
	if at == 0 {
		at = len(head)
	}
	return text[:at], text[at:]
}

// joins says whether a character is drawn onto the one before it: combining
// marks, variation selectors and the joiner of emoji.
func joins(r rune) bool {
	return r >= 0x300 && r <= 0x36f || r >= 0xfe00 && r <= 0xfe0f || r == 0x200d || r >= 0x1f3fb && r <= 0x1f3ff
}
