package lifecycle

import (
	"fmt"
	"slices"

	"caseimport/importer/exit"
	"caseimport/importer/journal"
	"caseimport/importer/talkdesk"
)

// State is where a row is in its life. See the diagram in the package comment.
type State uint8

// The states. Those from Done on are ends.
const (
	Mapped     State = iota // read and mapped: waits to be claimed
	Claiming                // its claim is on its way to the disk
	Claimed                 // its claim is durable: waits for its turn to be sent
	Sent                    // its create request is in flight
	Exhausted               // its attempts are used up: a probe tells whether that is its own failure or the server's
	Doubtful                // a case may exist: waits until a look-up would prove something
	Sought                  // its look-up is in flight
	Created                 // it has its case, which is still to be updated: waits for its turn
	Updating                // its update is in flight
	Comparing               // its case is being read, to see what is still to be updated
	Done                    // it has its case, as it is to be
	Failed                  // it surely has no case
	Unknown                 // it may have a case, and this run cannot tell
	Incomplete              // it has its case, and its update failed or was not made
	Left                    // this run does not bring it to an end
)

var stateNames = [...]string{"mapped", "claiming", "claimed", "sent", "exhausted", "doubtful", "sought", "created", "updating", "comparing", "done", "failed", "unknown", "incomplete", "left"}

func (s State) String() string { return stateNames[s] }

// arrows are all the steps that there are in a row's life.
var arrows = [...][]State{
	Mapped:    {Claiming, Left},
	Claiming:  {Claimed, Left},
	Claimed:   {Sent, Left},
	Sent:      {Created, Done, Failed, Unknown, Doubtful, Claimed, Exhausted, Left},
	Exhausted: {Claimed, Created, Failed, Unknown, Incomplete, Left},
	Doubtful:  {Sought, Done, Unknown, Mapped, Left},
	Sought:    {Created, Done, Failed, Unknown, Incomplete, Mapped, Claimed, Doubtful},
	Created:   {Updating, Comparing, Done, Unknown, Incomplete},
	Updating:  {Done, Created, Exhausted, Unknown, Incomplete},
	Comparing: {Done, Created, Unknown, Incomplete},
	// The server gave its case to another row too.
	Done: {Unknown},
	// Ends of rows that an earlier run left in doubt, reached before this
	// run's input showed the row.
	Failed:     {Mapped, Failed},
	Unknown:    {Mapped, Unknown},
	Incomplete: {Created, Done, Incomplete, Unknown},
}

// Row is one row on its way. The Machine alone changes its state; whoever holds
// a Row reads it, and only between an action that names it and the next event.
type Row struct {
	journal.Claim
	// Body is the create request, nil if the row cannot be sent; Fault then
	// says why.
	Body  []byte
	Fault string
	// Ref is the caller's own: the row as it stands in the input. It is nil
	// while the input has not shown the row.
	Ref any

	// CaseID is the row's case, "" until it is known.
	CaseID string
	// Update is sent once the row has its case: what a create cannot carry, or
	// what has changed since. nil if there is nothing.
	Update *talkdesk.Update

	// Retried: the API refused the row in an earlier run, with the same body.
	Retried bool
	// Told: an earlier run was refused this very update since the case takes no changes,
	// and has said so. It is not sent again while the case is resolved or closed.
	Told bool

	// Attempts counts the create requests of this run, for the results.
	Attempts int

	state State
	// doubt: an earlier request, or an earlier import, may have made a case.
	// It ends only by knowledge (rule 6): the case is found or its absence
	// proved.
	doubt bool
	since Instant // the last moment at which such a request could have arrived
	// open: the journal's last word is that the row may have a case. Where
	// that is no longer so at a stop, the claim is released.
	open bool
	// lost: the case, if there is one, carries no field by which this run could
	// find it.
	lost  bool
	alone bool // see Config; so is every row that this run has left in doubt
	// past is the claim of the earlier run that left the row in doubt.
	past *journal.Claim

	spent    int     // attempts of its create, then of its update, used up; answers 429 and 401 cost none
	renewals int     // answers 401 in a row
	made     *Record // what is to be said of it once its update is done; never written
	// compare: the case is read before its next update, which may have been
	// applied already, or overwrite what people have changed since.
	compare  bool
	repeated bool             // an update was sent, and may have been applied
	noting   bool             // it adds notes, and may arrive until since is settled
	refusal  *talkdesk.Answer // of an update that may be refused since it was applied before
	parent   *talkdesk.Answer // the refusal of an update that the row's parent is left out of since
	locked   bool             // its case was resolved or closed when it was read
	second   bool             // it was refused with others alike, and is sent again
	disputed bool             // its case was given to another row while its update, or a read of it, was in flight
	due      Instant
	look     retry
	last     talkdesk.Answer
}

// State returns where the row is.
func (r *Row) State() State { return r.state }

// move takes a row to another state. An arrow that the diagram lacks is a
// mistake of this package and stops the run, whatever else did.
func (m *Machine) move(r *Row, to State) {
	if !slices.Contains(arrows[r.state], to) {
		m.stopped = &Stop{Exit: exit.Stopped, Reason: fmt.Sprintf("internal error: row %d cannot go from %s to %s", r.Number, r.state, to),
			Hint: "please report this; nothing is lost: run the same command again to go on"}
	}
	if moved := m.cfg.hooks.moved; moved != nil {
		moved(r.state, to)
	}
	if r.state < Done && to >= Done {
		m.active--
	}
	if r.state >= Done && to < Done {
		m.active++
	}
	r.state = to
}
