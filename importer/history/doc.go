// Package history tells what became of an import over all its runs: for people, as a
// page, and as JSON. It reads the journal, the refusals in the results file, and the
// file of the last verify; it takes no lock and changes nothing.
//
// Of the rows' contents it tells nothing but the keys, unless it is asked to: what
// stands between quotation marks in a reason is left out, and so are addresses.
//
// history.go (what is told), read.go (how it is gathered), reasons.go (why rows have
// no case), timeline.go (when what happened), verified.go (the last verify); page.go
// with page.html (the page), chart.go (its charts).
//
// The charts are made here. The libraries that were tried write colours into every
// element, which then cannot follow a dark screen or a printer, know no regions along
// a time axis for pauses and outages, and give their charts no name for a screen
// reader. What is needed, rectangles and texts, is a template of a page.
package history
