// Package draft writes a first mapping file from what an export holds: it
// recognises the product by its headers, finds the column for each field of a
// case, and says in comments what it found and what only a person can decide.
//
// A draft always loads. Its rules never lose text in silence, and where the
// data leave a choice open it asks rather than pretends to know. Keys of custom
// fields are the account's: without them their rules are comments. The package
// must never read files, use the network, or know another package of this
// program than mapping and its leaves.
//
// What is sure has proof: the header of a known product, or one that alone says
// what it is. All else is asked, with the columns that come into question, and
// mapped meanwhile to the likeliest; only a key is never guessed. No item is sure
// and asked about at the same time.
//
// To add a helpdesk product, write products/NAME.yaml (products.go says what
// stands in it) and put a small export of it into testdata, with made-up
// people. Add the export to TestDraft, run go test -update, and read the draft
// that it wrote beside it. To add a language to a product, add it under languages
// in that file, with the words of the product's own translation, and a line to
// TestLanguages. Words that no product owns go into words.yaml, those for
// priorities into mapping/priorities.yaml, names of months into convert/months.txt.
//
// The files, in reading order:
//
//	draft.go     the parts of the mapping file, from its head to its key
//	profile.go   what is seen of an input, row by row:
//	column.go    of one column,
//	dates.go     of its dates,
//	unique.go    and whether it could be the key
//	products.go  what is known of the helpdesk products (products/*.yaml)
//	words.go     what is known of headers and cells in general (words.yaml)
//	choose.go    which column serves which field
//	standard.go  the rules of the standard fields,
//	state.go     of status, type, owner and group,
//	family.go    and of parents, by who is whose,
//	custom.go    of the custom fields,
//	account.go   with the account's fields, where they are known,
//	zone.go      of those that are dates,
//	notes.go     and of the notes,
//	second.go    also from a second file
//	names.go     how headers are compared
//	rule.go      one rule as text
//	page.go      lines with their comments
//	yaml.go      strings in YAML, values in comments
package draft
