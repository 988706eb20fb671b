package draft

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"caseimport/mapping/convert"

	"go.yaml.in/yaml/v3"
)

// vocabulary is what words.yaml holds, and says what each list is for.
type vocabulary struct {
	Nothing              set[string]
	True, False          set[string]
	Date                 set[string]
	NoDate               set[string] `yaml:"no_date"`
	ID, Ticket           set[string]
	RowNumber            set[header] `yaml:"row_number"`
	NameByNumber         set[string] `yaml:"name_by_number"`
	Title, Description   set[string]
	Answer, Place        set[string]
	Email, Person, Staff set[string]
	Owner                set[string]
	PersonName           set[string] `yaml:"person_name"`
	PersonID             set[header] `yaml:"person_id"`
	PersonObjects        []header    `yaml:"person_objects"`
	OwnerObjects         set[header] `yaml:"owner_objects"`
	NameMembers          []header    `yaml:"name_members"`
	Envelopes            set[header]
	Comments             set[string]
	CommentAuthors       []header `yaml:"comment_authors"`
	CommentAuthorNames   []header `yaml:"comment_author_names"`
	CommentTimes         []header `yaml:"comment_times"`
	CommentTexts         []header `yaml:"comment_texts"`
	CommentTickets       []header `yaml:"comment_tickets"`
	Clock                set[string]
	Personal             set[string]
	Statuses, Types      scale
	Tags                 set[header]
	Wrappings            []string
	Origin, Batch        set[string]
	Filler               set[string]
	Alike                [][]string

	starts  [256]bool // the bytes with which Nothing begins, for speed
	longest int       // of Nothing, in bytes
}

//go:embed words.yaml
var wordsFile []byte

var lexicon = sync.OnceValue(func() *vocabulary {
	var v vocabulary
	if err := decodeStrictly(wordsFile, &v); err != nil {
		panic(fmt.Sprintf("words.yaml: %v", err))
	}
	for word := range v.Nothing {
		v.starts[word[0]], v.starts[strings.ToUpper(word)[0]] = true, true
		v.longest = max(v.longest, len(word))
	}
	return &v
})

// set is a set of words; in YAML a list.
type set[T ~string] map[T]bool

func (s *set[T]) UnmarshalYAML(n *yaml.Node) error {
	var all []T
	err := n.Decode(&all)
	*s = make(set[T], len(all))
	for _, word := range all {
		(*s)[word] = true
	}
	return err
}

// isPlaceholder looks only at what may be one: every cell passes here.
func isPlaceholder(s string) bool {
	v := lexicon()
	return len(s) <= v.longest && v.starts[s[0]] && v.Nothing[strings.ToLower(s)]
}

// Priorities by number, where 1 (or 0) is the highest, as most products count.
var (
	fromOne  = map[string]string{"1": "URGENT", "2": "HIGH", "3": "NORMAL", "4": "LOW", "5": "LOW"}
	fromZero = map[string]string{"0": "URGENT", "1": "HIGH", "2": "NORMAL", "3": "LOW", "4": "LOW"}
)

// speaksOfDates reports whether a header announces dates.
func speaksOfDates(header string) bool {
	found := strings.HasSuffix(string(squeeze(header)), "date")
	for _, w := range wordsOf(header) {
		if lexicon().NoDate[w] {
			return false
		}
		found = found || lexicon().Date[w]
	}
	return found
}

var htmlTags = []string{"p", "br", "div", "span", "a", "table", "tr", "td", "ul", "ol", "li", "b", "i", "u", "html", "body",
	"img", "strong", "em", "h1", "h2", "h3", "h4", "blockquote", "pre", "font", "hr", "style", "meta"}

// hasHTML looks for a tag of HTML.
func hasHTML(s string) bool {
	for {
		_, rest, ok := strings.Cut(s, "<")
		if !ok {
			return false
		}
		s = rest
		name := strings.TrimPrefix(rest, "/")
		end := strings.IndexAny(name, " />\t\n")
		if end > 0 && end <= 10 && slices.Contains(htmlTags, strings.ToLower(name[:end])) && strings.Contains(name[end:], ">") {
			return true
		}
	}
}

// isTame holds where tameAddress finds what address finds: the first good
// address that stands alone or between separators, or nothing.
func isTame(s string) bool {
	at := tamePattern.FindStringIndex(s)
	if at == nil {
		return true
	}
	before := at[0] == 0 || strings.ContainsRune(" ,;<\t\n", rune(s[at[0]-1]))
	after := at[1] == len(s) || strings.ContainsRune(" ,;>\t\n", rune(s[at[1]]))
	return before && after && convert.IsEmail(s[at[0]:at[1]])
}

// The patterns that find an address: the second always, the first in most
// columns.
const (
	tameAddress = `[\w.+-]+@[\w.-]+\.\w+`
	address     = `(?:^|[\s,;<])([\w!#$%&'*+/=?^{|}~-]+(?:\.[\w!#$%&'*+/=?^{|}~-]+)*@(?:[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*\.)+[A-Za-z0-9]{2,})(?:[\s,;>]|$)`
)

var tamePattern = regexp.MustCompile(tameAddress)

// nameMembers name the objects in a list, such as labels.
var nameMembers = []string{"name", "label", "title", "value"}
