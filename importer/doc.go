// Package importer carries an import out: it reads the input, hands its rows to
// the machine that decides (package lifecycle), makes the requests, and writes
// down what becomes of them.
//
// # A row's way
//
//	              ┌──────────────────────────── events ───────────────────────────┐
//	              ▼                                                               │
//	input ─► reader ─► lifecycle.Machine ─► workers ─► limiter ─► Talkdesk's API ─┤
//	           │              │  ▲                                                │
//	           │ refused here │  └───────────────── clock ───────────────────────┘
//	           ▼              ▼ actions, in order
//	          queue ──────► writer ─► journal (fsync), results, failure report
//
// The goroutines: one reader (with one beside it, which a stop need not wait for:
// patience.go), one writer, the workers, a timer, and one that waits for signals.
// Each takes the lock, tells the machine what has happened, and queues what the
// machine wants done. A worker waits for the limiter first and asks what to send
// afterwards, so that nothing that waits can become wrong. The writer alone
// writes: a claim is on the disk before its row can be sent.
//
// The states of a row and the rules that never make a case twice are the
// machine's: its package comment has the diagram.
//
// # The files, in the order in which a run meets them
//
// config.go (what a run is told, and what it says at its end), files.go (names),
// run.go (the whole), store.go (open the journal and the results), proof.go (do
// they belong together?), stock.go (what earlier runs left), pipeline.go (the
// goroutines around the machine), preflight.go (was this imported before?),
// account.go (are its fields as the mapping has them?), intake.go (rows up to the
// machine), later.go (rows that come after all others: children, updates), agents.go
// (who are the owners?), patience.go (a stop waits for no expression), recorder.go (the
// writer), words.go (what people are told meanwhile), spans.go (what is
// remembered of pauses, outages and the pace), progress.go (counts),
// finish.go (the files at the end).
//
// It must never parse flags, print, or use net/http.
package importer
