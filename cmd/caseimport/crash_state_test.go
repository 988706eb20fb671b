package main

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"caseimport/importer/exit"
)

const stateMapping = `version: 1
key: {column: Id, custom_field: text_source_id}
case:
  title: Subject
  description: Body
  requester_name: {const: Zoë}
  owner_id: {column: Assignee, agent: true}
  parent_id: {column: Parent, key: true}
  status: {column: State, values: {new: NEW, open: OPEN, hold: ON-HOLD, solved: RESOLVED}}
  resolution: {const: Solved before}
  type: Kind
  group_id: Group
notes:
  - {note_title: {const: Imported}, note_body: Body}
  - {note_body: Comment}
`

// agents are some of the sandbox's own, by their addresses.
var agents = map[string]string{"": "", "Ann.Agent@example.com": "65f0c0de0000000000000001", "bob.agent@example.com": "65f0c0de0000000000000002"}

// ticket is a row with a state.
type ticket struct {
	id, subject, body, state, kind, group, assignee, parent, comment string
}

// someTickets are rows with everything. About a fifth have a parent, which comes
// before or after them.
func someTickets(n int, random *rand.Rand) []ticket {
	pick := func(words ...string) string { return words[random.IntN(len(words))] }
	all := make([]ticket, n)
	for i := range all {
		id := strconv.Itoa(i + 1)
		all[i] = ticket{id: "T-" + id, subject: "Ticket " + id, body: "Line 1\nof " + id, state: pick("new", "new", "open", "hold", "solved", "solved"),
			kind: pick("", "QUESTION", "TASK"), group: pick("", "", "g1", "g2"), assignee: pick("", "", "Ann.Agent@example.com", "bob.agent@example.com"), comment: pick("", "first of "+id)}
		if i%5 == 4 {
			parent := random.IntN(n)
			if parent%5 == 4 {
				parent--
			}
			all[i].parent = "T-" + strconv.Itoa(parent+1)
		}
	}
	return all
}

// nextNight changes one open ticket in so many: its subject, its state, its assignee, or
// what was said of it. A solved one is not touched: it cannot be updated.
func nextNight(all []ticket, oneIn int, random *rand.Rand) (changed map[string]bool) {
	changed = map[string]bool{}
	for i := range all {
		t := &all[i]
		if t.state == "solved" || random.IntN(oneIn) > 0 {
			continue
		}
		switch random.IntN(4) {
		case 0:
			t.subject += ", changed"
		case 1:
			t.state = map[string]string{"new": "solved", "open": "hold", "hold": "open"}[t.state]
		case 2:
			t.group = "g3"
		case 3:
			t.comment = "second of " + t.id
		}
		changed[t.id] = true
	}
	return changed
}

func (s *site) exports(all []ticket) {
	s.Helper()
	var export bytes.Buffer
	w := csv.NewWriter(&export)
	w.Write([]string{"Id", "Subject", "Body", "State", "Kind", "Group", "Assignee", "Parent", "Comment"})
	for _, t := range all {
		w.Write([]string{t.id, t.subject, t.body, t.state, t.kind, t.group, t.assignee, t.parent, t.comment})
		s.bodies[t.id] = ""
	}
	w.Flush()
	s.write("in.csv", export.String())
}

// nowStored is a case as it is now.
type nowStored struct {
	Title       string `json:"title"`
	Description string `json:"description"`
	Status      string `json:"status"`
	Type        string `json:"type"`
	Group       string `json:"group_id"`
	Owner       string `json:"owner_id"`
	Parent      string `json:"parent_id"`
	Resolution  string `json:"resolution"`
	Notes       []struct {
		Body   string `json:"note_body"`
		Public bool   `json:"public"`
	} `json:"notes"`
}

func (c nowStored) text() string {
	var notes []string
	for _, n := range c.Notes {
		notes = append(notes, fmt.Sprint(n.Body, n.Public))
	}
	c.Notes = nil
	slices.Sort(notes)
	return fmt.Sprintf("%+v %q", c, notes)
}

// wants is the state that a ticket asks for. said are all comments that it ever had.
func (s *site) wants(t ticket, said []string, cases map[string][]stored) string {
	c := nowStored{Title: t.subject, Description: t.body, Status: map[string]string{"new": "NEW", "open": "OPEN", "hold": "ON-HOLD", "solved": "RESOLVED"}[t.state],
		Type: cmp.Or(t.kind, "QUESTION"), Group: t.group, Owner: agents[t.assignee]}
	if t.state == "solved" {
		c.Resolution = "Solved before"
	}
	if t.parent != "" {
		c.Parent = cases[t.parent][0].ID
	}
	notes := []string{t.body + "false"}
	for _, text := range said {
		if text != "" {
			notes = append(notes, text+"false")
		}
	}
	slices.Sort(notes)
	return fmt.Sprintf("%+v %q", c, notes)
}

// TestCrashStates imports rows with everything that a case can have, through every
// fault of creates, reads and updates, killed again and again. In the end each case
// has the state that its row asks for, and was updated at most once, and once more
// for each answer that was lost. Then some rows change, and these alone are
// updated, each new comment once.
func TestCrashStates(t *testing.T) {
	t.Parallel()
	rows, kills, later, oneIn, seed := 120, 5, 2, 4, uint64(1)
	if long {
		rows, kills, later, oneIn, seed = 10_000, 100, 20, 12, rand.Uint64() // 5 % of them
	}
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	s := &site{T: t, folder: t.TempDir(), bodies: map[string]string{}}
	s.serve(append(strings.Fields(everyFault+"--lag 200ms --update-faults 15 --update-hangs 1 --read-faults 4"), "--seed", strconv.FormatUint(seed, 10))...)
	s.write("mapping.yaml", stateMapping)
	all := someTickets(rows, random)
	all[0].parent = ""
	s.exports(all)
	flags := []string{"--concurrency", "32"}
	s.run(append(flags, "--limit", "1", "--settle", "2s")...).ends(exit.Stopped)

	began := time.Now()
	k := s.insist(flags, kills, random, s.momentOf(rows/40, "create", "list", "update", "update", "get"))
	said := map[string][]string{}
	for _, row := range all {
		said[row.id] = []string{row.comment}
	}
	first := s.arrived(all, said, nil)
	stats := s.stats()
	t.Logf("%d rows, %s, %.0f s; %d updates applied, %d of them in doubt, at most %d to a case; requests %v, faults %v",
		rows, k, time.Since(began).Seconds(), first.updates, first.inDoubt, first.most, stats.Requests, stats.Faults)

	changed := nextNight(all, oneIn, random)
	s.exports(all)
	for _, row := range all {
		if changed[row.id] && !slices.Contains(said[row.id], row.comment) {
			said[row.id] = append(said[row.id], row.comment)
		}
	}
	if quiet := s.run(flags...).ends(exit.Done).summary(); quiet.Requests != 0 || quiet.Changed != len(changed) {
		t.Errorf("without --update: %+v, want %d changed", quiet, len(changed))
	}
	began = time.Now()
	k = s.insist(append(flags, "--update"), later, random, s.momentOf(len(changed)/10, "update", "get"))
	second := s.arrived(all, said, changed)
	if made := s.stats().Requests["create"]; made != stats.Requests["create"] {
		t.Errorf("%d creates in the second night", made-stats.Requests["create"])
	}
	t.Logf("the second night: %d of %d rows changed, %s, %.0f s; %d updates applied, %d of them in doubt, at most %d to a case",
		len(changed), rows, k, time.Since(began).Seconds(), second.updates-first.updates, second.inDoubt-first.inDoubt, second.most)
	if idle := s.run(append(flags, "--update")...).ends(exit.Done).summary(); idle.Requests != 0 || idle.Already != rows {
		t.Errorf("one more run is not idle: %+v", idle)
	}
}

// updates counts those that were applied.
type updates struct{ updates, inDoubt, most int }

// arrived checks that each ticket has one case, with the state that it asks for, and
// that no case was updated more often than it had to be. changed are tickets that
// were to be updated twice.
func (s *site) arrived(all []ticket, said map[string][]string, changed map[string]bool) (u updates) {
	s.Helper()
	cases, ids := s.cases(), s.results("in.results.csv")
	if len(cases) != len(all) || len(ids) != len(all) {
		s.Errorf("%d keys have a case, and %d have one by the results; there are %d", len(cases), len(ids), len(all))
	}
	wrong := 0
	for _, row := range all {
		same := cases[row.id]
		if len(same) != 1 || ids[row.id] != same[0].ID {
			s.Errorf("%s has %d cases; by the results %s", row.id, len(same), ids[row.id])
			continue
		}
		c := same[0]
		if want, got := s.wants(row, said[row.id], cases), c.Now.text(); got != want {
			if wrong++; wrong < 10 {
				s.Errorf("%s is\n%s, want\n%s", row.id, got, want)
			}
		}
		most := 1 + c.InDoubt
		if row.state == "new" && row.assignee == "" && row.kind == "" && row.group == "" && !changed[row.id] {
			most = 0
		}
		if changed[row.id] {
			most++
		}
		if c.Updates > most {
			s.Errorf("%s was updated %d times, %d of them in doubt", row.id, c.Updates, c.InDoubt)
		}
		u.updates += c.Updates
		u.inDoubt += c.InDoubt
		u.most = max(u.most, c.Updates)
	}
	if wrong > 0 {
		s.Errorf("%d cases are not as they are to be", wrong)
	}
	return u
}

// momentOf waits for a moment at which a run has made some more requests of one of
// the kinds, at most so many.
func (s *site) momentOf(most int, kinds ...string) func(p *process, random *rand.Rand) (looking int, alive bool) {
	return func(p *process, random *rand.Rand) (looking int, alive bool) {
		kind := kinds[random.IntN(len(kinds))]
		due := s.stats().Requests[kind] + 1 + random.IntN(1+random.IntN(1+most))
		return 0, s.until(p, func() bool { return s.stats().Requests[kind] >= due })
	}
}
