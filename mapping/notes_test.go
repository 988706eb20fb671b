package mapping

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestNotes(t *testing.T) {
	comments := listVal(
		obj("body", s("one"), "public", boolean("true"), "author", obj("name", s("Ann"))),
		obj("body", s(" ")),
		Value{},
		obj("Body", s("two"), "public", boolean("false"), "count", num("1.50")),
	)
	for _, c := range []struct {
		name, notes string
		cols        []any
		want        string
		fault       string
	}{
		{"a note", "{note_title: {const: T}, note_body: A, public: {const: false}}", []any{"A", "x\ny"}, `[{"note_title":"T","note_body":"x\ny","public":false}]`, ""},
		{"no body, no note", "{note_title: {const: T}, note_body: A, public: {const: false}}", []any{"A", " \n"}, `null`, ""},
		{"one for each element", "{each: C, note_title: author.name, note_body: body, public: public}", []any{"C", comments},
			`[{"note_title":"Ann","note_body":"one","public":true},{"note_body":"two","public":false}]`, ""},
		{"a missing member is empty", "{each: C, note_body: body, note_title: author.name.first.x}", []any{"C", listVal(obj("body", s("x")))}, `[{"note_body":"x","public":false}]`, ""},
		{"a number member", "{each: C, note_body: {columns: [text, count]}}", []any{"C", comments}, `[{"note_body":"1.50","public":false}]`, ""},
		{"modifiers on members", `{each: C, note_body: {column: body, html: true, truncate: 2}, public: {column: kind, true: external, false: internal, default: false}}`,
			[]any{"C", listVal(obj("body", s("<b>abc</b>"), "kind", s("External")), obj("body", s("x")))}, `[{"note_body":"ab","public":true},{"note_body":"x","public":false}]`, ""},
		{"item is the element", `{each: C, note_title: {expr: 'item.author?.name ?? "nobody"'}, note_body: {expr: 'upper(item.body)'}}`, []any{"C", comments},
			`[{"note_title":"Ann","note_body":"ONE","public":false},{"note_title":"nobody","note_body":"TWO","public":false}]`, ""},
		{"row beside item", `{each: C, note_body: {expr: 'row["A"] + ": " + item'}}`, []any{"C", listVal(s("x"), s("y")), "A", "a"}, `[{"note_body":"a: x","public":false},{"note_body":"a: y","public":false}]`, ""},
		{"a comment cell of Jira", `{each: Comment, note_title: {expr: 'split(item, ";", 3)[1]'}, note_body: {expr: 'split(item, ";", 3)[2]'}}`,
			[]any{"Comment", listVal(s("15/Feb/26 4:37 PM;ann;Done; I think."), s("16/Feb/26 1:00 PM;bob;Thanks"))},
			`[{"note_title":"ann","note_body":"Done; I think.","public":false},{"note_title":"bob","note_body":"Thanks","public":false}]`, ""},
		{"a header that is there once", "{each: C, note_body: {expr: item}}", []any{"C", "only"}, `[{"note_body":"only","public":false}]`, ""},
		{"no element", "{each: C, note_body: {expr: item}}", []any{"C", ""}, `null`, ""},
		{"an absent list", "{each: C, note_body: {expr: item}}", []any{"C", Value{}}, `null`, ""},
		{"a member of a text", "{each: C, note_body: body}", []any{"C", listVal(s("x"))}, "", "is text and has no members: use an expression with item"},
		{"an object for a list", "{each: C, note_body: body}", []any{"C", obj("body", s("x"))}, "", "is an object: each needs a list"},
		{"a member that is an object", "{each: C, note_body: author}", []any{"C", comments}, "", "is an object: name one of its members"},
		{"a member of a member that is a text", "{each: C, note_body: body.text}", []any{"C", listVal(obj("body", s("x")))}, "", `has no member "body.text": it is not an object`},
		{"public that is empty", "{each: C, note_body: body, public: public}", []any{"C", listVal(obj("body", s("x")))}, `[{"note_body":"x","public":false}]`, ""},
		{"public that is neither", "{note_body: {const: x}, public: A}", []any{"A", "maybe"}, "", "is neither true nor false"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, faults := mapped(t, "notes:\n  - "+c.notes+"\n", c.cols...)
			if c.fault != "" {
				if len(faults) != 1 || faults[0].Reason != c.fault || !strings.HasPrefix(faults[0].Field, "notes[0]") {
					t.Fatalf("%+v", faults)
				}
				return
			}
			text, err := json.Marshal(got.Notes)
			if err != nil || len(faults) > 0 || string(text) != c.want {
				t.Errorf("got  %s %v %v\nwant %s", text, faults, err, c.want)
			}
		})
	}
}

func TestOverflow(t *testing.T) {
	const src = `version: 1
case:
  title: {column: T, overflow: notes}
  description: {column: D, html: true, overflow: notes}
  requester_name: {const: n}
notes:
  - note_body: {const: last}
`
	words := strings.Repeat("word ", 30) // 150 characters
	got, faults := mapped(t, src, "T", words+"more", "D", strings.Repeat("line\n", 900)+"end")
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	var titles []string
	for _, n := range got.Notes {
		titles = append(titles, n.Title)
	}
	if want := "Title (continued)|Description (continued 1 of 2)|Description (continued 2 of 2)|"; strings.Join(titles, "|") != want {
		t.Errorf("titles %q", titles)
	}
	if got.Title != words || got.Notes[0].Body != "more" || got.Notes[0].Public {
		t.Errorf("title %q, note %+v", got.Title, got.Notes[0])
	}
	if got.Description != strings.Repeat("line\n", 400) || got.Notes[1].Body != strings.Repeat("line\n", 400) || got.Notes[2].Body != strings.Repeat("line\n", 100)+"end" {
		t.Error("the description is not split at lines")
	}
	got, _ = mapped(t, src, "T", words, "D", strings.Repeat("x", 2000)+" \n\n ")
	if len(got.Notes) != 1 || got.Title != words || len(got.Description) != 2000 {
		t.Errorf("what fits, but for white space at the end, made notes: %+v", got.Notes)
	}
}

func TestSplitText(t *testing.T) {
	for _, c := range []struct {
		text       string
		n          int
		head, rest string
	}{
		{"short", 5, "short", ""},
		{"one two three", 9, "one two ", "three"},
		{"One. Two. Three.", 12, "One. Two. ", "Three."},
		{"a b\nc d e f", 6, "a b\n", "c d e f"},
		{"para\n\nnext line\nword", 14, "para\n\nnext ", "line\nword"},
		{"first par\n\nsecond", 14, "first par\n\n", "second"},
		{"äöüäöüäöü", 4, "äöüä", "öüäöü"},
		{"x aaaaaaaaaaaaaaaaaaaa", 10, "x aaaaaaaa", "aaaaaaaaaaaa"}, // a blank in the first half is none
		{"abce\u0301f", 4, "abc", "e\u0301f"},
		{"ab👩‍👧c", 3, "ab", "👩‍👧c"},
	} {
		head, rest := splitText(c.text, c.n)
		if head != c.head || rest != c.rest {
			t.Errorf("%q at %d: %q and %q", c.text, c.n, head, rest)
		}
	}
}

// Field and notes together are the text, and each piece fits.
func TestOverflowLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 300).Draw(t, "limit")
		text := rapid.StringOfN(rapid.RuneFrom([]rune("ab. \n\u0301é👩\u200d👧")), 0, 9000, -1).Draw(t, "text")
		head, notes := overflow(text, limit, "Description", nil)
		all := head
		if utf8.RuneCountInString(head) > limit {
			t.Fatalf("%d characters kept of %d", utf8.RuneCountInString(head), limit)
		}
		for _, n := range notes {
			if utf8.RuneCountInString(n.Body) > noteSize || blank(n.Body) || !utf8.ValidString(n.Body) {
				t.Fatalf("note %q", n.Body)
			}
			all += n.Body
		}
		if squeeze(all) != squeeze(text) {
			t.Fatalf("lost: %q, %q", all, text)
		}
		if len(notes) == 0 && strings.TrimRight(all, " \n") != strings.TrimRight(text, " \n") {
			t.Fatalf("changed: %q, %q", all, text)
		}
	})
}

// squeeze leaves out white space, of which a note that holds nothing else may
// be lost.
func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }
