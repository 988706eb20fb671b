package importer

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"caseimport/importer/journal"
	"caseimport/importer/talkdesk"
)

// readScope is the scope that looking cases up needs ("Get Case List").
const readScope = "cases-public:read"

// settler brings rows in doubt to an end: each is looked up when its absence
// would prove something, while controls show that the search finds at all.
type settler struct {
	r    *run
	wake chan struct{} // something has changed
	jobs sync.WaitGroup

	mu      sync.Mutex
	queue   []*job              // waiting, by since
	past    map[journal.ID]*job // of earlier runs, until settled
	claims  map[journal.ID]journal.Claim
	reasons map[journal.ID]talkdesk.Answer // why rows not met yet stay unknown
	looking int
	room    chan struct{} // closed and made anew when the queue shrinks

	newest   control  // the newest case known
	known    bool     // newest is set
	control  *control // the one that was found last
	seeking  bool
	missed   string    // the control that the search does not show yet
	patience time.Time // until when it is looked for
	blind    string    // why looking up is of no use, "" while it is
	said     time.Time
}

func newSettler(r *run) *settler {
	return &settler{r: r, wake: make(chan struct{}, 1), room: make(chan struct{}),
		past: map[journal.ID]*job{}, claims: map[journal.ID]journal.Claim{}, reasons: map[journal.ID]talkdesk.Answer{}}
}

// add takes a row in doubt. It never waits: what it waited for might be the
// caller itself.
func (s *settler) add(j *job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.insert(j)
	s.r.cfg.Progress.inDoubt.Add(1)
}

// waitForRoom keeps the reader waiting while too many rows are in doubt, so
// that the memory stays bounded.
func (s *settler) waitForRoom() {
	s.mu.Lock()
	for len(s.queue) > maxDoubts && s.r.intake.Err() == nil {
		room := s.room
		s.mu.Unlock()
		select {
		case <-room:
		case <-s.r.intake.Done():
		}
		s.mu.Lock()
	}
	s.mu.Unlock()
}

// addPast takes a row that an earlier run left in doubt.
func (s *settler) addPast(c journal.Claim) {
	j := &job{claim: c, claimed: true, earlier: true, since: s.r.began}
	s.past[c.ID] = j
	s.claims[c.ID] = c
	s.queue = append(s.queue, j)
	s.r.cfg.Progress.inDoubt.Add(1)
	s.r.hold()
}

// attach gives a row of an earlier run that is still in doubt its form in this
// input. It returns false if the doubt is at its end; then the journal says at
// which.
func (s *settler) attach(now *job) bool {
	s.mu.Lock()
	j := s.past[now.claim.ID]
	if j != nil && j.over == nil {
		defer s.mu.Unlock()
		j.row, j.body, j.fault, j.claim = now.row, now.body, now.fault, now.claim
		return true
	}
	s.mu.Unlock()
	if j != nil {
		<-j.over // it is being written down
	}
	return false
}

func (s *settler) notify() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run starts look-ups as they fall due, until no row is under way.
func (s *settler) run() error {
	ctx, cancel := context.WithCancelCause(s.r.intake)
	defer cancel(nil)
	defer s.jobs.Wait()
	tick := time.NewTimer(0)
	defer tick.Stop()
	quiet := s.r.cfg.Progress.Done()
	for {
		next := s.step(ctx, cancel)
		tick.Reset(min(next, time.Second/2))
		select {
		case <-s.wake:
		case <-tick.C:
			if n := s.r.cfg.Progress.Done(); n == quiet {
				s.explain(next)
			} else {
				quiet = n
			}
		case <-ctx.Done():
			s.jobs.Wait()
			s.giveUp()
			if s.r.intake.Err() != nil {
				return nil
			}
			return context.Cause(ctx)
		}
	}
}

// step starts what is due and returns how long nothing else will be.
func (s *settler) step(ctx context.Context, fail context.CancelCauseFunc) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	start := func(f func() error) {
		s.jobs.Go(func() {
			if err := f(); err != nil {
				fail(err)
			}
		})
	}
	if why := s.cannotLook(); why != "" {
		for _, j := range s.takeAll() {
			s.decide(j)
			start(func() error {
				defer s.decided(j)
				return s.unknown(j, talkdesk.Answer{Code: "in doubt", Message: why})
			})
		}
		return time.Hour
	}
	if len(s.queue) == 0 {
		return time.Hour
	}
	// One that they do not speak for is seen to when it is the first.
	_, first := s.trusted(s.queue[0])
	_, last := s.trusted(s.queue[len(s.queue)-1])
	if !s.seeking && !(first && last) {
		s.seeking = true
		c := s.newest
		start(func() error { return s.seek(ctx, c) })
	}
	now := time.Now()
	for len(s.queue) > 0 && s.looking < s.r.cfg.Concurrency {
		at, ok := s.trusted(s.queue[0])
		if !ok {
			return time.Hour
		}
		if at.After(now) {
			return at.Sub(now)
		}
		j := s.queue[0]
		s.queue = s.queue[1:]
		s.looking++
		s.makeRoom()
		key := j.claim.Key
		start(func() error { return s.settle(ctx, j, key) })
	}
	return time.Hour
}

// trusted says from when on the absence of the row proves something; the
// caller holds the lock.
func (s *settler) trusted(j *job) (time.Time, bool) {
	newest := s.newest.sent
	if s.newest.earlier {
		newest = time.Time{}
	}
	return trust(j.since, s.r.cfg.Settle, s.control, newest, s.known)
}

func (s *settler) cannotLook() string {
	if s.r.cfg.Program.KeyField() == "" {
		return "it may have been created: the mapping names no key.custom_field by which it could be looked up"
	}
	return s.blind
}

func (s *settler) takeAll() []*job {
	all := s.queue
	s.queue = nil
	s.makeRoom()
	return all
}

func (s *settler) makeRoom() {
	close(s.room)
	s.room = make(chan struct{})
}

// settled ends the look-up of a row: from here on its fields are its own. What
// it returns must be called when the decision has been written down.
func (s *settler) settled(j *job) (decided func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.decide(j)
	return func() {
		s.decided(j)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.looking--
		s.notify()
	}
}

// decide keeps attach from changing the row; the caller holds the lock.
func (s *settler) decide(j *job) {
	j.over = make(chan struct{})
	s.r.cfg.Progress.inDoubt.Add(-1)
}

func (s *settler) decided(j *job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.past[j.claim.ID] == j {
		delete(s.past, j.claim.ID)
	}
	close(j.over)
}

func (s *settler) requeue(j *job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looking--
	s.insert(j)
}

// insert keeps the queue in the order of since; the caller holds the lock.
func (s *settler) insert(j *job) {
	at := len(s.queue)
	for at > 0 && s.queue[at-1].since.After(j.since) {
		at--
	}
	s.queue = slices.Insert(s.queue, at, j)
	s.notify()
}

// giveUp leaves every row in doubt to the next run.
func (s *settler) giveUp() {
	s.mu.Lock()
	all := s.takeAll()
	for _, j := range all {
		s.decide(j)
	}
	s.mu.Unlock()
	for _, j := range all {
		s.r.drop(j)
		s.decided(j)
	}
}

// explain says what the run waits for, if it waits for rows in doubt.
func (s *settler) explain(next time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	until := time.Now().Add(next)
	switch {
	case len(s.queue) == 0 || s.looking > 0:
	case s.missed != "" && s.said != s.patience:
		s.said = s.patience
		s.r.wait(fmt.Sprintf("%s in doubt and must wait: the search does not show yet that case %s exists", rowsAre(len(s.queue)), s.missed), "gives_up_at", clock(s.patience))
	case !s.seeking && next < time.Hour && next > time.Second/2 && until.Sub(s.said).Abs() > time.Second:
		s.said = until
		s.r.wait(rowsAre(len(s.queue))+" in doubt: a case may exist, and is looked up once any request on its way has surely arrived", "until", clock(until))
	}
}

func rowsAre(n int) string {
	if n == 1 {
		return "1 row is"
	}
	return strconv.Itoa(n) + " rows are"
}

func clamp(d, low, high time.Duration) time.Duration { return max(low, min(d, high)) }
