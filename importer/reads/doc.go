// Package reads makes reads one after the other, for the commands that ask the
// account something and are not the pipeline: at the rate limit's pace, again
// when an answer was lost, and with patience for a server that is down.
//
// Nothing here changes the account. (Once may carry what does, where it may be sent
// again whenever it surely was not taken.) It must never parse flags or print.
//
// reader.go has one read, and how long it is tried; whole.go what is made of
// several: a look-up, the account's fields, the list of all cases; agents.go who
// has which address.
package reads
