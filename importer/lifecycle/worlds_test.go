package lifecycle

// worlds are the scenarios that are explored.
func worlds() []*scenario {
	return []*scenario{
		{name: "one row, lost answers, kills", rows: 1, workers: 1, runs: 3, kills: 2, stops: 1, faults: 2, slow: 1, lag: 3 * tick, known: true,
			creates: []answer{lost, lostDown, rejected}},
		{name: "two rows", rows: 2, workers: 1, runs: 2, kills: 1, stops: 1, faults: 1, lag: 6 * tick, known: true,
			creates: []answer{lost, rejected}},
	}
}

// settled reports whether a row is as it should be when all is well again.
func (w *world) settled(i int) bool {
	switch w.disk.state(i) {
	case 'C':
		return true
	case 'U', 'c':
		return w.unsearchable && !w.resend || w.otherTitle
	}
	return w.invalid && i == 0
}
