// Package reads makes reads one after the other, for the commands that ask the
// account something and are not the pipeline: at the rate limit's pace, again
// when an answer was lost, and with patience for a server that is down.
//
// It must never send anything that changes the account, parse flags or print.
//
// reader.go has one read, and how long it is tried; whole.go what is made of
// several: a look-up, the account's fields, the list of all cases; agents.go who
// has which address.
package reads
