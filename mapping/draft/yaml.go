package draft

import (
	"strings"

	"caseimport/mapping/words"
	"caseimport/mapping/yamlfile"
)

// scalar writes a string so that YAML reads back that very string, and
// unquoted where that is surely so.
func scalar(s string) string { return yamlfile.Quote(strings.ToValidUTF8(s, "\uFFFD")) }

// show quotes a value for a comment, cut where it is long.
func show(s string) string {
	const most = 40
	s = strings.Join(strings.Fields(tidy(s)), " ")
	if cut := words.Cut(s, most); cut != s {
		s = strings.TrimSpace(cut) + "…"
	}
	return `"` + s + `"`
}

func rows(n int) string { return words.Plural(n, "row") }
