// Package fields knows the custom fields of one account, as the fields command
// writes them into a file: their keys, names and kinds, and the options that
// they offer. It is pure: it reads no file and asks nobody.
//
// Read the files in this order: file.go (the file, and how it is read and
// written), kind.go (what a key says of its field), find.go (fields and options
// as people name them).
package fields
