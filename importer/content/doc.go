// Package content says what a row's case is to hold, what of that a create cannot
// carry, and what has changed since: which update is to be sent, and which fields
// people have changed meanwhile, so that they are left alone.
//
// content.go (the sum of what a row maps to), memo.go (what the journal
// remembers of it, field by field), update.go (what is to be sent after a create
// and after a change), rest.go (what of that is left, by the case as it is now).
//
// It only computes: it never reads, sends or writes.
package content
