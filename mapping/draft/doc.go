// Package draft writes a first mapping file from what an export holds: it
// recognises the product by its headers, sees which column serves which field
// of a case, and says in comments what it saw and what only a person can
// decide.
//
// A draft always loads. Its rules never lose text in silence, and where the
// data leave a choice open it asks rather than pretends to know. It must never
// read files, use the network, or know another package of this program than
// mapping.
package draft
