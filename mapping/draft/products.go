package draft

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

// What is known of a helpdesk product stands in products/NAME.yaml, one item
// for each form of its export. To add a product, add such a file and a small
// export of it under testdata; to add a language, add it under languages.
//
//go:embed products/*.yaml
var productFiles embed.FS

// product is one form of a product's export. Headers are written as in the
// export, in any language; only their letters and digits count, #, and the dots
// of a JSON path.
type product struct {
	name    string // of its file, for --from
	english tongue // without the languages, which are added below
	Label   string // for people: "a Jira export"
	Advice  string // told to everyone with such an export

	tongue `yaml:",inline"` // in English
	// Languages are the same in others, by their codes: what stands there adds to
	// what stands above.
	Languages map[string]tongue
	// Maybe are headers that are worth a question only; the table for no product
	// has them.
	Maybe map[string][]header
	// Codes say in words what the values of a column mean.
	Codes map[header]map[string]string
	// Internal columns mean nothing outside of the product. A * stands for
	// any text.
	Internal []header
}

// tongue is what the product's translators decide.
type tongue struct {
	// Tell are sets of headers: where all of one set are there, it is this
	// product. The largest set wins; of two, the first.
	Tell [][]header
	// Columns are the headers of the columns that serve a field; plain.yaml says
	// which fields there are. Of several columns the first that holds something
	// serves.
	Columns map[string][]header
	// Priorities and Statuses are the product's own scales, in small letters: a
	// word, and what it becomes. A draft has all of the scale whose words it sees,
	// so that tomorrow's file fits it too.
	Priorities, Statuses scale
}

// scale is a product's words for what Talkdesk calls otherwise, by what they
// become: {URGENT: [Highest], LOW: [Low, Lowest]}.
type scale map[string][]string

// word finds what a word of the scale becomes; "" if it is none.
func (s scale) word(w string) string {
	for _, to := range slices.Sorted(maps.Keys(s)) {
		if slices.ContainsFunc(s[to], func(x string) bool { return strings.EqualFold(x, w) }) {
			return to
		}
	}
	return ""
}

// noProduct is the file for tables of no known product. Its columns also serve
// the products that lack one of their own.
const noProduct = "plain"

// Products are the names that Draft takes as the product's.
func Products() []string {
	files, err := productFiles.ReadDir("products")
	if err != nil {
		panic(err)
	}
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = strings.TrimSuffix(f.Name(), ".yaml")
	}
	return names
}

// products are all of them, by name.
var products = sync.OnceValue(func() []*product {
	var all []*product
	for _, name := range Products() {
		of, err := parseProduct(name)
		if err != nil {
			panic(fmt.Sprintf("products/%s.yaml: %v", name, err))
		}
		all = append(all, of...)
	}
	return all
})

func plainTable() *product { return firstOf(noProduct) }

func firstOf(name string) *product {
	i := slices.IndexFunc(products(), func(p *product) bool { return p.name == name })
	return products()[i]
}

func parseProduct(name string) ([]*product, error) {
	text, err := productFiles.ReadFile("products/" + name + ".yaml")
	if err != nil {
		return nil, err
	}
	var all []*product
	if err := decodeStrictly(text, &all); err != nil {
		return nil, err
	}
	for _, p := range all {
		p.name = name
		p.english.Columns = maps.Clone(p.Columns)
		for _, code := range slices.Sorted(maps.Keys(p.Languages)) {
			t := p.Languages[code]
			p.Tell = append(p.Tell, t.Tell...)
			for field, headers := range t.Columns {
				for _, h := range headers {
					if !slices.Contains(p.Columns[field], h) { // languages share words
						p.Columns[field] = append(p.Columns[field], h)
					}
				}
			}
		}
	}
	return all, nil
}

func priorityScale(t tongue) scale { return t.Priorities }

func statusScale(t tongue) scale { return t.Statuses }

// scales are those of all languages, the given one first, then English.
func (p *product) scales(of func(tongue) scale, language string) []scale {
	all := []scale{of(p.Languages[language]), of(p.tongue)}
	for _, code := range slices.Sorted(maps.Keys(p.Languages)) {
		if code != language {
			all = append(all, of(p.Languages[code]))
		}
	}
	return all
}

// language is the one in which most of the headers stand; "" is English.
func (p *product) language(columns []*column) (language string) {
	count := func(t tongue) (n int) {
		for _, headers := range t.Columns {
			for _, h := range headers {
				if slices.ContainsFunc(columns, func(c *column) bool { return c.is(h) }) {
					n++
				}
			}
		}
		return n
	}
	most := 0
	for _, code := range slices.Sorted(maps.Keys(p.Languages)) {
		if n := count(p.Languages[code]); n > most {
			language, most = code, n
		}
	}
	if most < count(p.english) {
		return ""
	}
	return language
}

// decodeStrictly refuses keys that v has no place for.
func decodeStrictly(text []byte, v any) error {
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	return d.Decode(v)
}

// recognise finds the product whose headers these are, and the headers that
// told. With a name, only that product is looked at.
func recognise(columns []*column, from string) (*product, []string, error) {
	if from != "" && !slices.Contains(Products(), from) {
		return nil, nil, fmt.Errorf("unknown product %q: use one of %s", from, strings.Join(Products(), ", "))
	}
	there := make(map[header]string)
	for _, c := range columns {
		for _, h := range c.forms {
			there[h] = c.name
		}
	}
	best, told := firstOf(cmp.Or(from, noProduct)), []string(nil)
	for _, p := range products() {
		if from != "" && p.name != from {
			continue
		}
		for _, headers := range p.Tell {
			if names := all(there, headers); len(names) > len(told) {
				best, told = p, names
			}
		}
	}
	return best, told, nil
}

// all gives the names of all the headers, or nil if one is not there.
func all(there map[header]string, headers []header) []string {
	var names []string
	for _, h := range headers {
		name, ok := there[h]
		if !ok {
			return nil
		}
		names = append(names, name)
	}
	return names
}

// knownKey reports whether some product keeps its ids under this header.
func knownKey(plain header) bool {
	return slices.ContainsFunc(products(), func(p *product) bool { return slices.Contains(p.Columns["key"], plain) })
}

// isInternal reports whether the product calls the column internal.
func (p *product) isInternal(c *column) bool {
	return slices.ContainsFunc(p.Internal, func(pattern header) bool {
		return slices.ContainsFunc(c.forms, func(h header) bool {
			ok, _ := path.Match(string(pattern), string(h))
			return ok
		})
	})
}
