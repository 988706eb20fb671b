package lifecycle

import (
	"time"

	"caseimport/importer/journal"
)

// worlds are the scenarios that are explored. Each asks its own question; what
// is in one is left out of others, so that each stays small.
func worlds() []*scenario {
	return []*scenario{
		{name: "lost answers, kills, and a search that lags", rows: 1, workers: 1, runs: 3, kills: 2, faults: 1, known: true, lag: 3 * tick,
			creates: []answer{lost, rejected}},
		{name: "a search that lags longer than the settle delay", rows: 2, workers: 1, runs: 2, kills: 1, faults: 1, known: true, lag: 6 * tick,
			creates: []answer{lost}},
		{name: "two workers", rows: 2, workers: 2, runs: 1, stops: 1, faults: 2, known: true, lag: 2 * tick,
			creates: []answer{lost, throttled}},
		{name: "a slow world", rows: 1, workers: 1, runs: 1, faults: 2, known: true, lag: 2 * tick, slow: 4,
			creates: []answer{lost, throttled}},
		{name: "every answer to a create", rows: 2, workers: 1, runs: 1, stops: 1, faults: 2, lag: tick,
			creates: []answer{lost, lostDown, rejected, throttled, noConnection, renewed, denied, blocked}},
		{name: "every answer to a read", rows: 1, workers: 1, runs: 2, stops: 1, faults: 2, known: true, lag: tick, question: true,
			creates: []answer{lost}, reads: []answer{noConnection, throttled, renewed, denied, refusedRead, wrongAddress}},
		{name: "an outage", rows: 2, workers: 1, runs: 1, stops: 1, faults: 4, patience: 300 * tick,
			creates: []answer{noConnection, lostDown}, reads: []answer{noConnection}},
		{name: "an outage with two workers", rows: 3, workers: 2, runs: 1, faults: 4, patience: 300 * tick,
			creates: []answer{noConnection, rejected}, reads: []answer{noConnection}},
		{name: "no search", rows: 2, workers: 1, runs: 2, kills: 1, faults: 1, unsearchable: true, resend: true,
			creates: []answer{lost, rejected}},
		{name: "no search and a person who resends", rows: 1, workers: 1, runs: 3, stops: 1, faults: 2, unsearchable: true, resend: true,
			creates: []answer{lost, rejected, throttled, noConnection}},
		{name: "no search and a person who resends without luck", rows: 1, workers: 1, runs: 2, kills: 1, stops: 1, faults: 2, unsearchable: true, resend: true,
			creates: []answer{noConnection}},
		{name: "a search and a person who resends", rows: 1, workers: 1, runs: 2, kills: 1, stops: 1, faults: 3, resend: true, lag: tick,
			creates: []answer{lost, rejected}, reads: []answer{denied}},
		{name: "the disk fails", rows: 2, workers: 1, runs: 3, breaks: 1, faults: 1,
			creates: []answer{lost}},
		{name: "adopt", rows: 2, workers: 1, runs: 2, kills: 1, stops: 1, faults: 1, lookFirst: true, foreign: true, lag: tick,
			creates: []answer{lost}, reads: []answer{denied}},
		{name: "adopt a case with another title", rows: 2, workers: 1, runs: 2, kills: 1, stops: 1, lookFirst: true, foreign: true, otherTitle: true, resend: true},
		{name: "adopt by the whole list", rows: 2, workers: 1, runs: 3, kills: 1, stops: 1, faults: 1, listed: true, foreign: true,
			creates: []answer{lost}},
		{name: "adopt by the whole list a case with another title", rows: 1, workers: 1, runs: 2, kills: 1, stops: 1, faults: 1, listed: true, foreign: true, otherTitle: true, resend: true,
			creates: []answer{lost}},
		{name: "a row that became invalid", rows: 1, workers: 1, runs: 3, kills: 2, stops: 1, faults: 1, invalid: true,
			creates: []answer{lost}},
		{name: "a limit", rows: 3, workers: 1, runs: 2, kills: 1, faults: 1, limit: 1,
			creates: []answer{lost}},
		{name: "a search that never shows the case", rows: 1, workers: 1, runs: 2, stops: 1, faults: 1, known: true, lag: time.Hour, patience: 8 * tick,
			creates: []answer{lost}},
		{name: "a field that is added", rows: 1, workers: 1, runs: 2, kills: 1, faults: 2, mappings: "-a", resend: true,
			creates: []answer{lost, rejected}},
		{name: "a field that is renamed, and renamed back", rows: 1, workers: 1, runs: 4, kills: 1, faults: 1, mappings: "abba", known: true,
			creates: []answer{lost}},
		{name: "a field that is taken away", rows: 1, workers: 1, runs: 3, kills: 1, stops: 1, faults: 1, mappings: "a-a",
			creates: []answer{lost}},
		{name: "keys that the server alters", rows: 2, workers: 2, runs: 2, kills: 1, faults: 1, alters: 3,
			creates: []answer{lost}},
		{name: "a key among others that the server alters", rows: 3, workers: 2, runs: 1, stops: 1, faults: 2, alters: 3, known: true,
			creates: []answer{lost}},
		{name: "a search that ignores its filter", rows: 2, workers: 2, runs: 2, kills: 1, faults: 2, search: unfiltered, known: true,
			creates: []answer{lost}},
		{name: "a search that hides the field", rows: 2, workers: 1, runs: 2, kills: 1, stops: 1, faults: 1, search: hiding, resend: true,
			creates: []answer{lost, rejected}},
		{name: "an id that is given twice", rows: 2, workers: 2, runs: 1, stops: 1, faults: 2,
			creates: []answer{sameID, lost}},
		{name: "an id that is given twice, and no search", rows: 2, workers: 1, runs: 2, kills: 1, faults: 2, unsearchable: true, resend: true,
			creates: []answer{sameID, rejected}},
		{name: "rows that were refused before", rows: 1, workers: 1, runs: 3, kills: 1, faults: 3,
			creates: []answer{rejected, lost}},
		{name: "too many refusals", rows: 3, workers: 2, runs: 1, faults: 3, maxRefused: 2,
			creates: []answer{rejected, lost}},
		{name: "the same refusal for row after row", rows: 3, workers: 1, runs: 1, stops: 1, faults: 3, hooks: hooks{sameInARow: 1},
			creates: []answer{rejected, throttled}},
		{name: "the same refusal, with two workers and updates", rows: 3, workers: 2, runs: 1, faults: 3, hooks: hooks{sameInARow: 1}, updates: 3,
			creates: []answer{rejected}, changes: []answer{rejected}},
		{name: "pages in place of answers", rows: 1, workers: 1, runs: 2, kills: 1, faults: 4, patience: 300 * tick, updates: 1,
			creates: []answer{page}, changes: []answer{page}},
		{name: "every answer to an update", rows: 2, workers: 1, runs: 2, stops: 1, faults: 2, updates: 1,
			changes: []answer{lost, lostDown, rejected, throttled, noConnection, renewed, denied, blocked}},
		{name: "updates and kills", rows: 2, workers: 1, runs: 2, kills: 1, faults: 1, updates: 3,
			creates: []answer{lost}, changes: []answer{lost}},
		{name: "a case that is locked by its update", rows: 1, workers: 1, runs: 2, kills: 1, stops: 1, faults: 2, updates: 1, locks: true, lag: tick,
			creates: []answer{lost}, changes: []answer{lost, lostDown}, reads: []answer{noConnection, denied, refusedRead, wrongAddress}},
		{name: "an outage while updates wait", rows: 2, workers: 1, runs: 1, stops: 1, faults: 4, patience: 300 * tick, updates: 3,
			creates: []answer{noConnection}, changes: []answer{noConnection, lostDown}, reads: []answer{noConnection}},
		{name: "notes", rows: 1, workers: 1, runs: 3, kills: 2, faults: 2, updates: 1, notes: 1,
			changes: []answer{lost, rejected}, reads: []answer{throttled}},
		{name: "updates of found cases, and a person who stops", rows: 2, workers: 1, runs: 3, kills: 1, stops: 1, updates: 1,
			creates: []answer{lost}},
		{name: "an id that is given twice, and updates", rows: 2, workers: 2, runs: 2, stops: 1, faults: 2, updates: 3, locks: true,
			creates: []answer{sameID}, changes: []answer{lost, rejected}},
		{name: "adopt, and updates", rows: 2, workers: 1, runs: 2, kills: 1, stops: 1, faults: 1, lookFirst: true, foreign: true, updates: 3, lag: tick,
			creates: []answer{lost}},
		{name: "a row to be updated that became invalid", rows: 1, workers: 1, runs: 3, kills: 1, stops: 1, faults: 1, invalid: true, updates: 1,
			creates: []answer{lost}, changes: []answer{lost, rejected}},
		{name: "rows that change, and people who stop", rows: 1, workers: 1, runs: 4, kills: 1, stops: 1, faults: 1, edits: 1, notes: 1,
			changes: []answer{lost, rejected}},
		{name: "a child that waits for its parent", rows: 2, workers: 1, runs: 2, kills: 1, stops: 1, faults: 2, child: true,
			creates: []answer{lost, rejected}},
		{name: "a child, a parent without a search, and updates", rows: 2, workers: 1, runs: 2, kills: 1, faults: 2, child: true, unsearchable: true, updates: 2,
			creates: []answer{lost, rejected}, changes: []answer{rejected}},
		{name: "a parent that no update can set", rows: 1, workers: 1, runs: 2, kills: 1, stops: 1, faults: 2, updates: 1, parents: 1, noParents: maxRuns,
			changes: []answer{lost, rejected, noConnection}},
		{name: "every answer to an update that names a parent", rows: 1, workers: 1, runs: 1, stops: 1, faults: 2, updates: 1, parents: 1, noParents: maxRuns,
			changes: []answer{lost, lostDown, rejected, throttled, noConnection, renewed, denied, blocked, page}, reads: []answer{noConnection, denied}},
		{name: "a parent that updates set from the second run on", rows: 1, workers: 1, runs: 3, kills: 1, stops: 1, faults: 1, updates: 1, parents: 1, noParents: 1, notes: 1,
			creates: []answer{lost}, changes: []answer{lost, rejected}},
		{name: "a parent that comes too late, since the case is locked", rows: 1, workers: 1, runs: 2, kills: 1, stops: 1, faults: 1, updates: 1, parents: 1, noParents: 1, locks: true,
			creates: []answer{lost}, changes: []answer{lost, rejected}, reads: []answer{denied}},
		{name: "a parent that is refused, beside other rows", rows: 2, workers: 2, runs: 1, stops: 1, faults: 1, updates: 3, parents: 1, noParents: 1, maxRefused: 1,
			creates: []answer{lost}, changes: []answer{lost, rejected}},
		{name: "answers that end a run or cost nothing", rows: 1, workers: 1, runs: 2, kills: 1, faults: 2, updates: 1,
			creates: []answer{noHost, longPause, otherForm}, changes: []answer{longPause, otherForm}},
		{name: "tokens that are all refused", rows: 1, workers: 1, runs: 1, stops: 1, faults: maxRenewals + 1, updates: 1,
			creates: []answer{renewed, lost}, changes: []answer{renewed}, reads: []answer{renewed}},
		{name: "nothing but pauses", rows: 1, workers: 1, runs: 1, faults: 4, slow: 3, patience: 2 * tick, updates: 1,
			creates: []answer{throttled, lost}, changes: []answer{throttled}, reads: []answer{throttled}},
		{name: "the same refusals, and too many, and one that left before", rows: 3, workers: 2, runs: 1, faults: 2, slow: 1, maxRefused: 2, hooks: hooks{sameInARow: 3},
			creates: []answer{rejected}},
		{name: "a refusal that a new token cures once, and not again", rows: 4, workers: 1, runs: 1, faults: 4, hooks: hooks{sameInARow: 2},
			creates: []answer{rejected}},
		{name: "pages for longer than anyone waits", rows: 1, workers: 1, runs: 2, faults: 3, patience: 50 * tick, updates: 1,
			changes: []answer{page}},
		{name: "the id of an earlier run's case", rows: 2, workers: 1, runs: 2, kills: 1, faults: 1, known: true,
			creates: []answer{sameID}},
	}
}

// grow makes a world larger, for the long form.
func (s *scenario) grow() {
	s.faults++
	s.slow++
	s.stops = max(s.stops, 1)
	if s.runs > 1 {
		s.kills = max(s.kills, 1)
	}
}

// settled reports whether a row is as it should be when all is well again.
func (w *world) settled(i int) bool {
	invalid := w.invalid && i == 0
	switch w.disk.state(i) {
	case journal.Created:
		return invalid || w.parents.has(i) && w.parentAsItIsToBe(i) || !w.parents.has(i) && (w.disk.rows[i].version == 0 || w.disk.rows[i].version == w.version(i))
	case journal.Incomplete:
		// What can be set is set: all but a parent that is refused, or comes too late.
		c := w.stored(int8(i), w.disk.rows[i].seq)
		return invalid || w.parents.has(i) && w.asItIsButForParent(c) && !c.parent && (w.run <= w.noParents || w.locks)
	case journal.None, journal.Failed, journal.Released:
		return invalid || w.child && i == 1 && !w.disk.state(0).HasCase()
	case journal.Unknown, journal.Claimed:
		return w.alters.has(i) || w.scenario.search != truly || w.mappings != "" && !w.disk.rows[i].findable(w.field(w.run)) || w.unsearchable && (!w.resend || invalid) || w.otherTitle || w.patience != 0 && w.lag > w.patience
	}
	return false
}

// parentAsItIsToBe reports whether the case of a row has its parent.
func (w *world) parentAsItIsToBe(i int) bool {
	c := w.stored(int8(i), w.disk.rows[i].seq)
	return c != nil && c.parent
}
