package mapping

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestBodyIsAsEncodingJSONWritesIt: older versions formed requests by it, and the sums
// in their journals are of those.
func TestBodyIsAsEncodingJSONWritesIt(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 0))
	pieces := []string{"", "a", "Zo\u00eb", "\n", "\r\n", "\t", "\"", "\\", "<b>&", "\u2028", "\u2029", "\x00", "\x1f", "\x7f", "\b\f", "\xff", "\xe2\x80", "\U0001f600", "\ufffd"}
	text := func() string {
		var b strings.Builder
		for range random.IntN(4) {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		return b.String()
	}
	for range 20_000 {
		c := Case{Title: text(), Description: text(), Priority: text(), RequesterName: text(), RequesterEmail: text(), RequesterType: text(),
			OwnerID: text(), ParentID: text(), Owner: "x", Parent: "x", Status: "x", Type: "x", GroupID: "x", Resolution: "x"}
		for range random.IntN(3) {
			c.CustomFields = append(c.CustomFields, CustomField{text(), []any{text(), true, false, json.Number("1.50"), []string{text(), text()}, json.Number("1e")}[random.IntN(6)]})
		}
		for range random.IntN(3) {
			c.Notes = append(c.Notes, Note{text(), text(), random.IntN(2) == 0})
		}
		var want bytes.Buffer
		e := json.NewEncoder(&want)
		e.SetEscapeHTML(false)
		wrong := e.Encode(c)
		got, err := c.AppendBody([]byte("before"))
		if (err == nil) != (wrong == nil) || err == nil && "before"+strings.TrimSuffix(want.String(), "\n") != string(got) {
			t.Fatalf("%s\n%s, %v, %v", got, want.String(), err, wrong)
		}
	}
}
