package htmltext

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestPlainText(t *testing.T) {
	for _, c := range []struct{ name, html, want string }{
		{"paragraphs", "<p class=a>One</p>\n<p>Two</p>", "One\n\nTwo"},
		{"blocks", "<div>a</div><div>b<div>c</div></div>", "a\nb\nc"},
		{"line breaks", "a<br>b<br/>c<br />d<BR><br>e", "a\nb\nc\nd\n\ne"},
		{"white space", "  a \n\t b  <b> c </b>, d", "a b c , d"},
		{"no space lost or made around marks", "Two <b>bold</b> <i>words</i>. <b>Un</b>broken", "Two bold words. Unbroken"},
		{"entities", "caf&eacute; &lt;tag&gt; &amp;amp; &#8364;", "café <tag> &amp; €"},
		{"no tag at all keeps its lines", "a\n  b &amp; c", "a\n  b & c"},
		{"a comparison is no tag", "a < b and c > d\n1<2", "a < b and c > d\n1<2"},
		{"an address in brackets is no tag", "Ann <ann@example.com>\nsays", "Ann <ann@example.com>\nsays"},
		{"nor is a link in brackets", "<p>see <https://example.com/a></p>", "see <https://example.com/a>"},
		{"links", `<a href="https://example.com/a?b=1&amp;c">here</a> and <a href=http://x.org>there</a>.`, "here <https://example.com/a?b=1&c> and there <http://x.org>."},
		{"a link that says its address", `<a href="https://example.com/">https://example.com</a> <a href="mailto:a@b.org">a@b.org</a>`, "https://example.com a@b.org"},
		{"a link without text", `<a href="https://example.com/a"></a>`, "https://example.com/a"},
		{"a mail link", `<a href="mailto:a@b.org">write</a>`, "write <a@b.org>"},
		{"links to nowhere", `<a href="javascript:x()">a</a> <a href="#top">b</a> <a name=x>c</a> d`, "a b c d"},
		{"an unclosed link", `<a href="http://x.org">text`, "text <http://x.org>"},
		{"a link around an image", `<a href="http://x.org"><img alt="Logo" src="cid:1"></a>`, "[image: Logo] <http://x.org>"},
		{"images", `<img src="https://x.org/y.png" alt="Pic"> <img src="https://x.org/z.png"> <img src="data:image/png;base64,xx">`, "[image: Pic <https://x.org/y.png>] [image: https://x.org/z.png]"},
		{"lists", "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul><ol><li>d<li>e</ol>f", "- a\n  - b\n- c\n\n1. d\n2. e\n\nf"},
		{"a table", "<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table>", "A | B\n1 | 2"},
		{"quotes", "Hi<blockquote>old<br>mail<blockquote>older</blockquote></blockquote>bye", "Hi\n\n> old\n> mail\n\n> > older\n\nbye"},
		{"kept white space", "x<pre>a\n  b\n\nc</pre>y", "x\n\na\n  b\n\nc\n\ny"},
		{"what is not shown", "<title>t</title><style>p{}</style><script>if (a<b) {}</script><!-- c > d -->e", "e"},
		{"a head left open", "<head><meta charset=utf-8><p>a", "a"},
		{"word processor tags", "<p class=MsoNormal>a<o:p></o:p></p>", "a"},
		{"headings and rules", "<h1>a</h1>b<hr>c", "a\n\nb\n---\nc"},
		{"nothing", "<p><br></p>", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Plain(c.html); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func FuzzPlainText(f *testing.F) {
	f.Add("<p>a<blockquote><ul><li><a href=http://x>b</a><pre>\n\n<td>")
	f.Add(strings.Repeat("<blockquote><ul><br>", 300) + "x")
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return
		}
		got := Plain(s)
		if !utf8.ValidString(got) {
			t.Fatalf("%q became %q", s, got)
		}
		if len(got) > 100+50*len(s) {
			t.Fatalf("%d bytes became %d", len(s), len(got))
		}
	})
}
