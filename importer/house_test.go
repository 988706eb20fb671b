package importer

import (
	"bytes"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestArrowsRunOneWay holds the packages' imports against the house: who may
// know whom, and who must never touch the network, the flags, or the files.
func TestArrowsRunOneWay(t *testing.T) {
	siblings := []string{"caseimport/importer/identity", "caseimport/importer/source", "caseimport/importer/journal", "caseimport/importer/talkdesk", "caseimport/importer/results"}
	leaves := []string{"caseimport/mapping/words"}
	everybodys := []string{"caseimport/importer/exit"} // which is some numbers, and an error
	network := []string{"net/http", "net"}
	house := map[string]struct{ may, never []string }{
		"caseimport/cmd/caseimport":    {may: append(siblings, "caseimport/importer", "caseimport/importer/atomicfile", "caseimport/importer/check", "caseimport/importer/doctor", "caseimport/importer/history", "caseimport/importer/live", "caseimport/importer/metrics", "caseimport/importer/reads", "caseimport/importer/related", "caseimport/importer/sandbox", "caseimport/importer/undo", "caseimport/importer/verify", "caseimport/mapping", "caseimport/mapping/draft", "caseimport/mapping/fields", "caseimport/mapping/words", "caseimport/ratelimit")},
		"caseimport/importer":          {may: append(siblings, "caseimport/importer/content", "caseimport/importer/lifecycle", "caseimport/importer/reads", "caseimport/mapping", "caseimport/mapping/fields", "caseimport/mapping/words", "caseimport/ratelimit"), never: append(network, "flag", "github.com/spf13/cobra")},
		"caseimport/importer/check":    {may: append(siblings, "caseimport/importer/content", "caseimport/mapping", "caseimport/mapping/words"), never: network},
		"caseimport/importer/content":  {may: []string{"caseimport/importer/compare", "caseimport/importer/talkdesk", "caseimport/mapping", "caseimport/mapping/fields"}, never: network},
		"caseimport/importer/identity": {may: []string{"caseimport/importer/journal", "caseimport/importer/source"}, never: network},
		"caseimport/importer/source":   {may: []string{"caseimport/importer/xlsx", "caseimport/mapping"}, never: network},
		"caseimport/importer/xlsx":     {never: network},
		"caseimport/importer/journal":  {may: []string{"caseimport/importer/atomicfile"}, never: network},
		"caseimport/importer/lifecycle": {may: []string{"caseimport/importer/journal", "caseimport/importer/talkdesk"},
			never: append(network, "os", "sync", "log/slog", "context", "math/rand/v2")},
		"caseimport/importer/results":   {may: []string{"caseimport/importer/atomicfile", "caseimport/importer/xlsx", "caseimport/mapping"}, never: network},
		"caseimport/importer/talkdesk":  {may: []string{"caseimport/mapping/fields", "caseimport/ratelimit"}},
		"caseimport/importer/doctor":    {may: []string{"caseimport/importer/reads", "caseimport/importer/talkdesk", "caseimport/mapping/fields", "caseimport/mapping/words"}, never: network},
		"caseimport/importer/live":      {may: []string{"caseimport/importer/identity", "caseimport/importer/journal", "caseimport/importer/reads", "caseimport/importer/talkdesk", "caseimport/mapping/words"}, never: network},
		"caseimport/importer/compare":   {may: []string{"caseimport/importer/talkdesk", "caseimport/mapping", "caseimport/mapping/fields"}, never: network},
		"caseimport/importer/verify":    {may: append(siblings, "caseimport/importer/compare", "caseimport/importer/reads", "caseimport/mapping", "caseimport/mapping/fields", "caseimport/mapping/words"), never: network},
		"caseimport/importer/history":   {may: []string{"caseimport/importer/identity", "caseimport/importer/journal", "caseimport/importer/lifecycle", "caseimport/importer/results", "caseimport/importer/verify", "caseimport/mapping/words"}, never: network},
		"caseimport/importer/undo":      {may: append(siblings, "caseimport/importer/content", "caseimport/importer/reads", "caseimport/mapping/words"), never: network},
		"caseimport/importer/metrics":   {may: []string{"caseimport/importer", "caseimport/importer/atomicfile"}, never: network},
		"caseimport/importer/reads":     {may: []string{"caseimport/importer/talkdesk", "caseimport/mapping/fields", "caseimport/ratelimit"}, never: network},
		"caseimport/importer/related":   {may: []string{"caseimport/importer/source", "caseimport/mapping", "caseimport/mapping/convert", "caseimport/mapping/words"}, never: network},
		"caseimport/importer/sandbox":   {},
		"caseimport/mapping":            {may: append(leaves, "caseimport/mapping/convert", "caseimport/mapping/expression", "caseimport/mapping/fields", "caseimport/mapping/htmltext", "caseimport/mapping/yamlfile"), never: append(network, "os", "io/fs")},
		"caseimport/mapping/convert":    {never: append(network, "os")},
		"caseimport/mapping/expression": {may: append(leaves, "caseimport/mapping/convert"), never: append(network, "os")},
		"caseimport/mapping/htmltext":   {never: append(network, "os")},
		"caseimport/mapping/yamlfile":   {may: leaves, never: append(network, "os")},
		"caseimport/mapping/words":      {never: append(network, "os")},
		"caseimport/mapping/fields":     {may: leaves, never: append(network, "os")},
		"caseimport/mapping/draft":      {may: append(leaves, "caseimport/mapping", "caseimport/mapping/convert", "caseimport/mapping/fields", "caseimport/mapping/yamlfile"), never: append(network, "os")},
		"caseimport/ratelimit":          {never: append(network, "os")},
		"caseimport/examples":           {},

		"caseimport/importer/atomicfile": {never: network},
		"caseimport/importer/exit":       {never: network},
	}
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "caseimport/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(out) {
		words := strings.Fields(string(line))
		rule, known := house[words[0]]
		if !known {
			t.Errorf("%s has no place in the house", words[0])
		}
		for _, imported := range words[1:] {
			ours := strings.HasPrefix(imported, "caseimport/")
			if ours && !slices.Contains(rule.may, imported) && !slices.Contains(everybodys, imported) || slices.Contains(rule.never, imported) {
				t.Errorf("%s must not import %s", words[0], imported)
			}
		}
		delete(house, words[0])
	}
	for name := range house {
		t.Errorf("%s is gone", name)
	}
}
