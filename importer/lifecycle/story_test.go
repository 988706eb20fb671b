package lifecycle

import (
	"fmt"
	"strings"
)

// story tells what happened on a path, and what came of it.
func story(s *scenario, path []event) string {
	lines := []string{}
	w := newWorld(s)
	w.lines = &lines
	w.tell("run 1 begins")
	for _, e := range path {
		w.do(e)
	}
	w.examine()
	w.events()
	var b strings.Builder
	fmt.Fprintf(&b, "The world: %s.\n", s)
	for i, l := range lines {
		fmt.Fprintf(&b, "%3d. %s\n", i+1, l)
	}
	if w.wrong != "" {
		fmt.Fprintf(&b, "INVARIANT %q: %s.\n", w.invariant, w.wrong)
	}
	return b.String()
}

// String describes a world in one line.
func (s *scenario) String() string {
	parts := []string{fmt.Sprintf("%d rows, %d workers, settle delay %v", s.rows, s.workers, settle)}
	say := func(yes bool, format string, args ...any) {
		if yes {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	say(s.lag > 0, "the search lags %v", s.lag)
	say(s.known && !s.old, "case K1 of an earlier import is known, made just now")
	say(s.known && s.old, "case K1 of an earlier import is known, made long ago")
	say(s.unsearchable, "cases cannot be looked up")
	say(s.lookFirst, "every row is looked up before it is sent")
	say(s.listed, "the whole list of cases is read first")
	say(s.foreign, "row A has a case already")
	say(s.parents != 0, "updates name a parent, which the server refuses in the first %d runs", s.noParents)
	say(s.limit > 0, "--limit %d", s.limit)
	say(s.patience > 0, "patience %v", s.patience)
	return strings.Join(parts, "; ")
}
