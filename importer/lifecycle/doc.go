// Package lifecycle decides what happens to the rows of a run: which may be sent
// when, what an answer means for its row and for the run, when a lost answer may
// be looked up and when an absence is believed, and when to give up. It is the
// promise never to make a case twice, as a machine: an event and the moment at
// which it happened go in, what is to be done comes out. It holds no goroutine,
// lock, clock, file or connection, so that a test can try every order of events.
//
// # A row's life
//
//	read ─► mapped ─► claiming ─► claimed ─► sent ─► done · failed · unknown
//	          ▲        (fsync)      ▲  ▲     │ │ │
//	          │                     │  │     │ │ └─► exhausted ─► claimed · failed · unknown
//	          │                     │  └─────┘ │
//	          │                     │ 429, 401,│ no usable answer
//	          │                     │ no conn. ▼
//	          │                     │     doubtful ◄── inherited from an earlier run
//	          │  absent (sent by    │        ▲ │
//	          │  this run)          │        │ ▼
//	          │                     └───── sought ─► done · failed · unknown
//	          │  absent (inherited)           │
//	          └───────────────────────────────┘
//
//	A stop takes every row that no request is under way for to left.
//
// Where its case is still to be updated, a row goes from sent or sought to created,
// and so does one whose case an earlier run has made:
//
//	created ─► updating ─► done · incomplete
//	  │  ▲ ▲       │ lost, 429, 401
//	  │  │ └───────┘
//	  ▼  │ still to be set
//	comparing ─► done · incomplete
//
// An update sets values, so it may be sent again without a look (rule 5). The case is
// read first where an earlier run may have updated it, or people have changed it, and
// where a note may have been added.
//
// A claim is durable before its row is sent (rule 1). A row whose answer was
// lost is doubtful (rule 2) and is looked up when its absence would prove
// something (rules 3 and 4: trustFrom). Exhausted rows have used up their
// attempts and wait for a probe, which tells whether it is they or the server
// that fails. Left rows are given up by a stop; of those that were never sent,
// or whose absence is proved, the claim is released.
//
// Beside its state a row carries its doubt: whether an older request may have
// made a case. Only knowledge ends it (rule 6), so a row that is sent again
// because a person said so becomes unknown where another would become failed. A
// row is created no more, but unknown, when the server gives its case to another.
//
// # The files
//
// row.go (states and arrows), action.go (requests, actions, notices), machine.go
// (events and what follows from them), next.go (which request may leave),
// create.go (answers to creates), update.go (cases that are still to be updated),
// ids.go (ids that are given twice), lookup.go (rows in doubt), altered.go (keys that
// cannot be looked up), canary.go (whether the search can be believed), breaker.go
// (outages), explain.go (why it waits).
//
// # How it is used
//
// The caller calls event methods with a moment of the monotonic clock that never
// goes back, carries out Actions in their order, makes the requests that Next
// gives, and calls Tick at Wake. It must report every request's answer.
package lifecycle
