package lifecycle

import (
	"time"

	"caseimport/importer/journal"
	"caseimport/importer/talkdesk"
)

// Instant is a moment of this run: the time since it took the journal's lock, by
// a monotonic clock. Moments of earlier runs are negative. The package knows no
// time of day, so that no wait can be shortened by a clock that was set.
type Instant = time.Duration

// never is later than every moment.
const never = Instant(1<<63 - 1)

// Request is one request that may leave now. The caller makes it, once, and
// hands the answer to Answered.
type Request struct {
	Kind Kind
	Row  *Row   // of a Create, LookUp, Update or Compare
	Key  string // of a LookUp or Canary
	Ask  *Question

	sent  Instant
	epoch int
	trial bool // see hold
}

// Kind says what a request is for.
type Kind uint8

// The kinds of requests. All but Create and Update are reads.
const (
	Create  Kind = iota // make the row's case
	Update              // set what the create could not carry
	LookUp              // is there a case with the row's key?
	Compare             // what of the row's update is still to be set? Answered by Compared
	Canary              // does the search find a case that surely exists?
	Probe               // is the server up?
	Asked               // a Question
)

// writes reports whether a request changes something at the server.
func (k Kind) writes() bool { return k == Create || k == Update }

// Question is a read that the caller wants made for itself, under the rules that
// hold for all reads. It must not be used again before it is answered.
type Question struct {
	Key  string // to look up, or
	Page int    // to read of the whole list

	look retry
	due  Instant
}

// Action is something that the caller must carry out. Actions are to be carried
// out one after the other, in their order.
type Action interface{ action() }

type (
	// Claim asks to write the rows down and sync, and then to say so by
	// Durable, or by Broken. Unsent: they were not sent and will not be, and are to
	// be remembered all the same.
	Claim struct {
		Rows   []*Row
		Unsent bool
	}

	// Record asks to write down what became of a row. It is complete in itself:
	// the row may have gone on since.
	Record struct {
		Row      *Row
		Claim    journal.Claim
		Ref      any
		Attempts int

		State   State // Done, Failed, Unknown or Incomplete; or Created: its update follows
		Invalid bool  // Failed, and it cannot be sent as it stands now: see Row.Fault
		Answer  talkdesk.Answer
		CaseID  string  // of a Created, Done or Incomplete row
		Sent    Instant // when its request left, 0 if the case was looked up
		Found   bool    // the case was looked up: it is older than this run, or the answer to its request was lost
		Note    string  // for people
		Others  int     // further cases that have the row's key
		Updated bool    // an update was applied
		// Parentless: the case is as the row asks for, but for its parent.
		Parentless bool
		// Held is the Sum of the row that the case holds, or held before its
		// update; zero if that is not known.
		Held [8]byte
		// Retracts is the end that was recorded of the row in this run and does
		// not hold, Mapped if there is none.
		Retracts State
	}

	// Leave says that this run does not bring the row to an end. InDoubt: it
	// was sent, and what came of it is not known.
	Leave struct {
		Row     *Row
		ID      journal.ID
		Ref     any
		InDoubt bool
	}

	// Release asks to take back the claims of rows that have no case.
	Release struct{ IDs []journal.ID }

	// NoteLag asks to note how long the search was seen to lag.
	NoteLag struct{ Lag time.Duration }

	// NoteSeen asks to note what the runs have lived between the newest case
	// that an earlier run has made and the look-up that found it.
	NoteSeen struct{ Lived time.Duration }

	// NoteAltered asks to note, and to say, that the server alters keys.
	NoteAltered struct{ journal.Altered }

	// Reply is the answer to a Question. The verdict is NotTaken only if the
	// run stops.
	Reply struct {
		Ask    *Question
		Answer talkdesk.Answer
		Found  []talkdesk.Found
		Total  int
	}

	// RenewToken asks to get a new token, if there can be one.
	RenewToken struct{}

	// Say asks to tell people something.
	Say struct{ Notice Notice }
)

func (Claim) action()       {}
func (Record) action()      {}
func (Leave) action()       {}
func (Release) action()     {}
func (NoteLag) action()     {}
func (NoteSeen) action()    {}
func (NoteAltered) action() {}
func (Reply) action()       {}
func (RenewToken) action()  {}
func (Say) action()         {}

// Stop is why a run ends before its end.
type Stop struct {
	// Exit is 1 if the command was wrong and nothing was sent, else 4.
	Exit   int
	Reason string
	Hint   string // what to do, "" if running it again is all
	At     Instant
}

// Notice is something that people are told. Its words are the caller's.
type Notice struct {
	What   What
	Rows   int           // how many
	Row    int           // which one
	Text   string        // a reason, or a case id
	At     Instant       // when it goes on
	Until  Instant       // when it gives up
	Lasted time.Duration // how long it took
}

// What is the subject of a Notice.
type What uint8

// The subjects.
const (
	Suspected     What = iota // the server failed several times in a row; Until
	ServerDown                // Text, At the next probe, Until
	StillDown                 // the same, again
	ServerUp                  // Lasted
	OnlyRowsFail              // the server answers probes, and fails on rows
	WaitForDoubts             // Rows will be looked up, At
	WaitToAdopt               // the same of Rows that were never sent by us
	WaitForCanary             // the search does not show case Text; Rows wait, Until
	LookUpsFail               // Text, Until
	Blind                     // rows in doubt cannot be looked up: Text
	SameID                    // Row was given case Text, which is another row's
	PagesInstead              // Text, Until
	SameRefusal               // of Rows, Text, At the next try
	EditedSince               // Row: its case Text was there, without what was edited since
)
