// Package yamlfile reads a YAML file that people write, key by key, and tells
// every fault in it at once, each with its line. It knows nothing of what the
// file is about.
//
// A file is read from above: Reader.Root gives the first node, Reader.Map the
// keys of one, and the methods of Map what stands under a key. Each checks as
// it reads, notes a fault and gives a zero value, so that reading goes on.
// Aliases, merge keys and tags are refused: a text means the same everywhere.
//
// Read reader.go (the document), map.go (what stands under keys), fault.go (how
// faults are told), quote.go (texts written as YAML).
package yamlfile
