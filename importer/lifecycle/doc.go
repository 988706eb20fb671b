// Package lifecycle decides what happens to the rows of a run: which may be sent
// when, what an answer means for its row and for the run, when a lost answer may
// be looked up and when an absence is believed, and when to give up. It is the
// promise never to make a case twice, as a machine: an event and the moment at
// which it happened go in, what is to be done comes out. It holds no goroutine,
// lock, clock, file or connection, so that a test can try every order of events.
//
// # A row's life
//
//	read ─► mapped ─► claiming ─► claimed ─► sent ─► (created) · failed · unknown
//	          ▲        (fsync)      ▲  ▲     │ │ │
//	          │                     │  │     │ │ └─► exhausted ─► claimed · failed · unknown
//	          │                     │  └─────┘ │
//	          │                     │ 429, 401,│ no usable answer
//	          │                     │ no conn. ▼
//	          │                     │     doubtful ◄── inherited from an earlier run
//	          │  absent (sent by    │        ▲ │
//	          │  this run)          │        │ ▼
//	          │                     └───── sought ─► (created) · failed · unknown
//	          │  absent (inherited)           │
//	          └───────────────────────────────┘
//
// A row that has its case is done, unless the case is still to be updated:
//
//	                       429, 401, lost
//	                  ┌──────────────────────────┐
//	                  ▼                          │
//	(created) ─► created ──────────────────► updating ─► done · incomplete · exhausted
//	              │  ▲  still to be updated
//	              ▼  │
//	           comparing ─► done · incomplete
//
//	A stop takes every row that no request is under way for to left, or to
//	incomplete if it has its case; cases of this run are still updated for a moment.
//
// Exhausted rows have used up their attempts and wait for a probe, which tells whether
// it is they or the server that fails. An update that may be refused for the parent is
// sent once more without it, and leaves the row incomplete. One that was refused since the
// case takes no changes is not sent while that is so, once people know (Row.Told). Left
// rows are given up by a stop; of those that were never sent, or whose absence is proved, the claim is
// released. A row is created no more, but unknown, when the server gives its case to
// another.
//
// # The rules
//
//  1. A claim is durable before its row is sent.
//  2. A row whose answer was lost is doubtful: it is looked up, and not sent again.
//  3. An absence counts only after the settle delay, when any request on its way has
//     arrived or never will.
//  4. It is believed only from a search that has been seen to find: a canary, a case
//     that surely exists, is looked up in the same way. (trustFrom is rules 3 and 4.)
//  5. What only sets values may be repeated: an update is sent again without a look.
//     Where it may have been applied already and be refused for that, adds notes, or is
//     an earlier run's, the case is read first (comparing).
//  6. Only knowledge ends a doubt. Beside its state a row carries whether an older
//     request may have made a case, so a row that is sent again because a person said
//     so becomes unknown where another would become failed.
//
// # The files
//
// row.go (states and arrows), action.go (requests, actions, notices), machine.go
// (events and what follows from them), next.go (which request may leave),
// create.go (answers to creates), update.go (updates of cases that are there), ids.go
// (ids that are given twice), lookup.go (rows in doubt), altered.go (keys that cannot
// be looked up), canary.go (whether the search can be believed), breaker.go
// (outages), hold.go (answers that are not about the rows), explain.go (why it waits).
//
// # How it is used
//
// The caller calls event methods with a moment of the monotonic clock that never
// goes back, carries out Actions in their order, makes the requests that Next
// gives, and calls Tick at Wake. It must report every request's answer.
package lifecycle
