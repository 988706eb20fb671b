// Package verify holds an import against the account: is every case there, and is it
// what its row maps to today? It asks by reads only, and takes no lock: a run may go
// on meanwhile.
//
// The list of the cases created since the import's first is read, or the cases by
// their ids, whichever takes fewer requests. What the list lacks is read by id,
// since a list may lag and its filters may fail: only a case that is not there
// itself is missing. What the list does not show of any case is looked at in a sample.
//
// rows.go (which rows have a case, by the journal), verify.go (what is asked, in
// order), finding.go (what is said of a row), file.go (the verify file).
package verify
