// Package journal remembers which rows may have been sent and what came of
// them. It is what makes a second run of the same command safe: a row that the
// journal holds as sent is never sent again without a look at the server.
//
// # Ordering rules
//
//  1. A row must be in a claim that is on the disk (Claim has returned, so
//     fsync has) before its first request leaves.
//  2. A chunk of claims must be written only after the chunk before it has
//     been synced. So at most one chunk can be torn by a crash, it is the last
//     one, and none of its rows was sent.
//  3. An outcome should be written within moments and need not be synced: one
//     that is lost leaves a claim without an outcome, which costs a look-up.
//  4. Rows claimed and never sent may be released on an orderly stop; a release
//     that is lost costs a look-up too.
//  5. After a failed write or fsync nothing more must be written, and nothing
//     more be sent: what the disk holds is then unknown. The error is sticky.
//  6. A new journal's header must be synced, and its folder too, before the
//     first claim.
//
// # What is assumed of the disk
//
// When fsync returns without an error, what was written before it survives a
// crash and a loss of power. What was not synced may be there, be missing, or
// be garbage, in any mixture. What was synced does not change by itself; where
// it does (a bad sector, an editor), a checksum on every line shows it. File
// systems that answer fsync before the data are safe, and network folders
// whose locks do not reach other machines, break these rules.
//
// # The file
//
// One line each: the CRC-32C of the rest in eight hex digits, a blank, the
// number of the line, a blank, a letter, a blank, the payload. (In format 1 lines
// had no numbers, in format 2 no row was incomplete, in format 3 none was undone; such
// files are read and gone on with.)
//
//	H  header: format, account, base URL, key rule, fingerprint of the input
//	B  a run begins: its input, mapping, key field, results file and process
//	C  a chunk of claims: number, count, then id, row, key, title, sum of each
//	M  the same of rows that were not sent, and may have a case all the same
//	O  an outcome: id, state, row, when its request left, sum and memo of what its
//	   case holds, and the results line as JSON
//	A  the same of a row that was never claimed: its case was there before
//	R  ids released
//	L  the search lag that was measured, as a duration
//	F  the rate that the server was found to allow, requests a second
//	K  a key that the server stored as another
//	S  that the newest case was found, and what the runs had lived since it
//	N  it is not known whether the journal is whole
//	T  how long the run has lived so far, as a duration
//	P  a stretch of the run, for its history: a pause, an outage, requests made
//	X  an undo: that a row's case may go to the Trash, that it is there, or was kept
//	E  a run ended in order: rows left, size and time of the results file
//
// A bad or missing line is read past, with these exceptions. If a chunk's number
// is missing although a later chunk is there, a synced chunk was damaged, and the
// journal is refused with the line's number. If what is lost may have been the
// last chunk of a run, then Suspect reports it and every row not known otherwise
// is in doubt. So it is where a line is lost and rows were found to have their
// case that were never claimed. Lines that were moved or repeated, and an outcome without its
// claim, are no accident of a disk: the journal is refused. That a row has its
// case is final, unless that was taken back: it is unknown then; or undone.
//
// An undo is a run of its own: it holds the lock, and notes and syncs that a case may
// go before it is asked for. What the last import was about stays known beside it.
//
// The files, in reading order: journal.go (what is remembered and how it is
// written), line.go (the form of a line), replay.go (reading it back), query.go
// (what is known), undo.go (cases in the Trash), peek.go (to ask without a lock), walk.go
// (its history, line by line), lock.go.
//
// The package must never interpret a row, map it, or talk to a server.
package journal
