// Package results writes what a run leaves for people: the results file, one line
// for each row with an outcome, and the failure report, the rows that are not done (no
// case, or one that was not updated) in the form in which they came, to be corrected
// and run again.
//
// Whole files are replaced by package atomicfile: a crash at any moment leaves the
// old file or the new one. Both files hold personal data and are created with mode
// 0600. A run must hold the journal's lock while it writes here, and one goroutine
// of it does all the writing.
//
// Cells are written exactly as they are. One that begins with =, +, - or @ may be
// taken for a formula by a spreadsheet; altering it would be worse, since the
// failure report is sent to the API once corrected.
//
// The package must never use the network, know how a row came by its outcome, or
// know another part of the importer.
//
// To read it: line.go (a line of the results file), file.go (writing them), read.go
// (reading them back); report.go (the failure report), rows.go (its rows),
// columns.go (its own columns), forms.go (other forms than the rows' own), earlier.go
// (what becomes of the report before it).
package results
