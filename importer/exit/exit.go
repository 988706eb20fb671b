// Package exit is how commands end: their exit codes (the README's table says what each
// means to people), and in stop.go why one came to no end.
package exit

// 2 is what a crashed Go program leaves, so it is never one of ours.
const (
	Done    = 0 // every row has its case
	Refused = 1 // nothing was sent: usage, mapping, input or credentials are wrong
	Faults  = 3 // finished, but some rows have no case, or not the one that they ask for
	Stopped = 4 // stopped before the end: run the same command again
	Busy    = 5 // another run holds the results file
)
