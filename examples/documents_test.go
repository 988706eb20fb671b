package examples

import (
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

var (
	fences   = regexp.MustCompile("(?ms)^[ ]*```.*?^[ ]*```$")
	spans    = regexp.MustCompile("`[^`\n]*`")
	links    = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	headings = regexp.MustCompile(`(?m)^#{1,6} +(.+?) *$`)
)

// Every link between the pages, and every picture, leads to something that is there:
// the file, and the heading in it.
func TestLinksOfTheDocumentsResolve(t *testing.T) {
	pages := documents(t)
	for page, text := range pages {
		for _, link := range linksOf(text) {
			if strings.Contains(link, "://") || strings.HasPrefix(link, "mailto:") {
				continue
			}
			name, anchor, hasAnchor := strings.Cut(link, "#")
			name, err := url.PathUnescape(name)
			if err != nil {
				t.Errorf("%s: %s: %v", page, link, err)
			}
			target := page
			if name != "" {
				target = filepath.Join(filepath.Dir(page), name)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s, which is not there", page, link)
			} else if hasAnchor && !anchorsOf(pages[target])[anchor] {
				t.Errorf("%s links to %s, and %s has no such heading", page, link, target)
			}
		}
	}
}

// Nobody finds a page that the README does not lead to.
func TestEveryDocumentIsReached(t *testing.T) {
	pages := documents(t)
	start := filepath.Join("..", "README.md")
	reached, next := map[string]bool{start: true}, []string{start}
	for len(next) > 0 {
		page := next[0]
		next = next[1:]
		for _, link := range linksOf(pages[page]) {
			name, _, _ := strings.Cut(link, "#")
			target := filepath.Join(filepath.Dir(page), name)
			if _, is := pages[target]; is && !reached[target] {
				reached[target], next = true, append(next, target)
			}
		}
	}
	for page := range pages {
		if !reached[page] {
			t.Errorf("no link leads from README.md to %s", page)
		}
	}
}

// documents returns the repository's Markdown pages by their paths.
func documents(t *testing.T) map[string]string {
	t.Helper()
	pages := map[string]string{}
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && entry.Name() != ".." && entry.Name() != ".github",
			entry.IsDir() && entry.Name() == "dist":
			return fs.SkipDir
		case filepath.Ext(path) == ".md":
			text, err := os.ReadFile(path)
			pages[path] = strings.ReplaceAll(string(text), "\r\n", "\n")
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// linksOf leaves out what only looks like a link, in code.
func linksOf(text string) []string {
	text = spans.ReplaceAllString(fences.ReplaceAllString(text, ""), "")
	var found []string
	for _, match := range links.FindAllStringSubmatch(text, -1) {
		found = append(found, match[1])
	}
	return found
}

// anchorsOf makes anchors of headings as GitHub does: lower case, blanks to hyphens,
// no punctuation, and a number after one that occurs again.
func anchorsOf(text string) map[string]bool {
	anchors, times := map[string]bool{}, map[string]int{}
	for _, match := range headings.FindAllStringSubmatch(fences.ReplaceAllString(text, ""), -1) {
		anchor := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-', r == '_', unicode.IsLetter(r), unicode.IsNumber(r):
				return unicode.ToLower(r)
			}
			return -1
		}, match[1])
		if times[anchor]++; times[anchor] > 1 {
			anchor += "-" + strconv.Itoa(times[anchor]-1)
		}
		anchors[anchor] = true
	}
	return anchors
}
