package lifecycle

import (
	"strings"
	"testing"

	"caseimport/importer/journal"
)

// A server that was seen to alter a key alters those that are like it, and is believed of
// all others.
func TestKeysThatAreLikeAlteredOnes(t *testing.T) {
	for _, tt := range []struct {
		name          string
		seen          []journal.Altered
		alters, keeps string
	}{
		{"nothing was seen", nil, "", "a é & 12345678"},
		{"an accent", []journal.Altered{{Key: "Zoë", Made: "Zoe"}}, "é a\u0080 ß", "a & a\u007f"},
		{"markup", []journal.Altered{{Key: "a&b", Made: "a&amp;b"}}, `& < > " '`, "a é"},
		{"an accent or markup", []journal.Altered{{Key: "ë&", Made: "e&amp;"}}, "é & <", "a"},
		{"a cut", []journal.Altered{{Key: "12345678", Made: "12345"}}, "123456 1234567 éééééé", "12345 a é & ééééé"},
		{"two cuts, the longer first", []journal.Altered{{Key: "12345678", Made: "12345"}, {Key: "1234", Made: "123"}}, "1234 12345", "123"},
		{"two cuts, the shorter first", []journal.Altered{{Key: "1234", Made: "123"}, {Key: "12345678", Made: "12345"}}, "1234 12345", "123"},
		{"a cut, then one that says less", []journal.Altered{{Key: "12345", Made: "123"}, {Key: "123456", Made: "1234"}}, "1234 12345", "123"},
		{"a cut of characters", []journal.Altered{{Key: "éééé", Made: "éé"}}, "ééé abc", "éé ab"},
		{"one that was longer", []journal.Altered{{Key: "a", Made: "ab"}}, "a bc é", ""},
		{"one of the same length", []journal.Altered{{Key: "ab", Made: "AB"}}, "a bc é", ""},
	} {
		for _, key := range strings.Fields(tt.alters) {
			if !Alters(tt.seen, key) {
				t.Errorf("%s: %q is thought to be kept", tt.name, key)
			}
		}
		for _, key := range strings.Fields(tt.keeps) {
			if Alters(tt.seen, key) {
				t.Errorf("%s: %q is thought to be altered", tt.name, key)
			}
		}
	}
}
