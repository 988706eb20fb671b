package htmltext

import "testing"

func BenchmarkHTML(b *testing.B) {
	const page = `<div class="x"><p>Hello <b>Ann</b>,</p><p>see <a href="https://example.com/a">this page</a>.<br/>Best</p><ul><li>one</li><li>two</li></ul></div>`
	b.ReportAllocs()
	for b.Loop() {
		Plain(page)
	}
}
