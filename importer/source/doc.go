// Package source reads rows out of helpdesk exports: CSV in any of the usual
// delimiters and encodings, JSON lines, JSON documents, and workbooks, packed or
// not.
//
// An export is read from the start several times: once for its bytes (what
// encoding they are in, whether they are text at all), once for its records
// (how many there are, whether the file as a whole can be trusted), and then
// once for each call of [Table.Each]. Only a window of the file is in memory
// at any time. A workbook is slower to read: its rows are copied to a temporary
// file, once.
//
// A fault of one row stays with that row. A fault that puts other rows in
// doubt, such as a quote that swallows the lines after it, refuses the whole
// file before anything has been done with it.
//
// This package must never use the network, and never repair a file in silence:
// what it detects it says in [Table.Remarks].
//
// To read it: source.go (Open and Each) and row.go; input.go (the file as bytes,
// unpacked), container.go (what is no text: workbooks, archives), survey.go (what
// the bytes tell), encoding.go and guess.go (how they become text); window.go (the
// part of the text in memory), parser.go (one CSV record), csv.go, quotes.go and
// delimiter.go (a CSV file); json.go, document.go and tree.go (JSON); workbook.go;
// place.go (rows read again, one by one).
package source
