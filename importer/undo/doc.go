// Package undo moves the cases of an import to the Trash, where agents can restore
// them, and keeps whatever is not surely the import's alone: what its journal did not
// send, what was changed since, what does not carry its row's key, and a case with a
// subcase that stays.
//
// How the API does it is known second-hand only. So the first case goes alone: the
// answer must name exactly its id, and it must be gone from reading, before another
// one is touched. Before every request the journal holds on the disk that the case may
// go, and it is read once more.
//
// stock.go (which cases there are, by the journal), judge.go (which of them may go),
// survey.go (what the account shows of them, and of their subcases), undo.go (what is
// done, in order), move.go (one case), report.go (what is said of it, and the undo
// file), finish.go (what the next run finds).
package undo
