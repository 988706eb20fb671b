package draft

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

// What is known of a helpdesk product stands in products/NAME.yaml, one item
// for each form of its export. To add a product, add such a file and a small
// export of it under testdata.
//
//go:embed products/*.yaml
var productFiles embed.FS

// product is one form of a product's export. Headers are written as in the
// export, in any language; only their letters and digits count, and the dots of
// a JSON path.
type product struct {
	name   string // of its file, for --from
	Label  string // for people: "a Jira export"
	Advice string // told to everyone with such an export

	// Tell are sets of headers: where all of one set are there, it is this
	// product. The largest set wins; of two, the first.
	Tell [][]header
	// Columns are the headers of the columns that serve a field; plain.yaml says
	// which fields there are. Of several columns the first that holds something
	// serves.
	Columns map[string][]header
	// Codes say in words what the values of a column mean.
	Codes map[header]map[string]string
	// Internal columns mean nothing outside of the product. A * stands for
	// any text.
	Internal []header
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
	}
	return all, nil
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
		there[c.plain] = c.name
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
func (p *product) isInternal(plain header) bool {
	return slices.ContainsFunc(p.Internal, func(pattern header) bool {
		ok, _ := path.Match(string(pattern), string(plain))
		return ok
	})
}
