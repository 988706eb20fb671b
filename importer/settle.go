package importer

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
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

	newest  control  // the newest case known
	known   bool     // newest is set
	control *control // the one that was found last
	seeking bool
	blind   string // why looking up is of no use, "" while it is
	said    time.Time
}

func newSettler(r *run) *settler {
	return &settler{r: r, wake: make(chan struct{}, 1), room: make(chan struct{}),
		past: map[journal.ID]*job{}, claims: map[journal.ID]journal.Claim{}, reasons: map[journal.ID]talkdesk.Answer{}}
}

// add takes a row in doubt, and keeps the caller waiting while there are too
// many already, so that the memory stays bounded.
func (s *settler) add(j *job) {
	s.mu.Lock()
	s.insert(j)
	s.r.cfg.Progress.inDoubt.Add(1)
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

// know notes a case that surely exists.
func (s *settler) know(c control) {
	if c.key == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known && !s.newest.earlier && c.sent.Before(s.newest.sent) {
		return
	}
	s.newest, s.known = c, true
	if len(s.queue) > 0 {
		s.notify()
	}
}

// newestKnown returns the newest case that is known to exist.
func (s *settler) newestKnown() (control, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newest, s.known
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
	var quiet int64 = -1
	for {
		next := s.step(ctx, cancel)
		tick.Reset(min(next, time.Second))
		select {
		case <-s.wake:
		case <-tick.C:
			if n := s.r.cfg.Progress.requests.Load(); n == quiet {
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
	// What holds for the first and the last holds for those between.
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

// seek looks the control up until it is found.
func (s *settler) seek(ctx context.Context, c control) error {
	begin := time.Now()
	patience := begin.Add(s.r.cfg.OutagePatience)
	interval := clamp(s.r.cfg.Settle/100, 10*time.Millisecond, 250*time.Millisecond)
	missed := 0
	for {
		found, a, _, err := s.r.look(ctx, c.key)
		if err != nil {
			return nil // the run ends
		}
		if a.Verdict == talkdesk.Halt || a.Verdict == talkdesk.Unknown {
			s.finishSeek(nil, s.blindness(a))
			return nil
		}
		if slices.ContainsFunc(found, func(f talkdesk.Found) bool { return f.ID == c.id }) {
			break
		}
		missed++
		if time.Now().After(patience) {
			s.finishSeek(nil, fmt.Sprintf("it may have been created: the search did not show case %s, which exists, for %s", c.id, s.r.cfg.OutagePatience))
			return nil
		}
		if sleep(ctx, interval) != nil {
			return nil
		}
		interval = min(2*interval, clamp(s.r.cfg.Settle/10, 50*time.Millisecond, 2*time.Second))
		if missed == 3 {
			s.r.wait(fmt.Sprintf("rows are in doubt, and the search does not show yet that case %s exists: they wait until it does", c.id), "gives_up_at", clock(patience))
		}
	}
	c.found = time.Now()
	c.lag = lagOf(c, missed > 0, s.r.j.Lag(), lagGuess*s.r.cfg.Settle)
	if missed > 0 && !c.earlier {
		if err := s.r.j.NoteLag(c.lag.Round(time.Millisecond)); err != nil {
			return err
		}
	}
	s.finishSeek(&c, "")
	return nil
}

func (s *settler) finishSeek(found *control, blind string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seeking = false
	if found != nil {
		s.control = found
	}
	if blind != "" {
		s.blind = blind
	}
	s.notify()
}

// blindness says why a look-up that was refused or failed is of no use.
func (s *settler) blindness(a talkdesk.Answer) string {
	if a.Status == http.StatusForbidden {
		return "it may have been created, and looking it up was refused: the credentials lack the scope " + readScope
	}
	return "it may have been created, and looking it up failed: " + a.Message
}

// settle looks one row up and decides. The row is attach's to change until
// settled has been called.
func (s *settler) settle(ctx context.Context, j *job, key string) error {
	found, a, began, err := s.r.look(ctx, key)
	if err != nil {
		s.requeue(j)
		return nil
	}
	switch a.Verdict {
	case talkdesk.Created:
		defer s.settled(j)()
		return s.foundCase(j, found)
	case talkdesk.Absent:
		s.mu.Lock()
		// Cases that were created while this waited for its turn may
		// demand a newer control.
		at, ok := s.trusted(j)
		s.mu.Unlock()
		if !ok || began.Before(at) {
			s.requeue(j)
			return nil
		}
		defer s.settled(j)()
		return s.absent(j)
	case talkdesk.Halt:
		if a.Status != http.StatusForbidden {
			s.requeue(j)
			s.r.halt(a, "")
			return nil
		}
		s.mu.Lock()
		s.blind = s.blindness(a)
		s.mu.Unlock()
		s.r.cfg.Log.Warn("rows in doubt cannot be looked up: the credentials lack the scope " + readScope)
		fallthrough
	default:
		defer s.settled(j)()
		if a.Verdict == talkdesk.Unknown {
			a.Message = s.blindness(a)
			return s.unknown(j, a)
		}
		return s.unknown(j, talkdesk.Answer{Status: a.Status, Code: a.Code, Message: s.blindness(a)})
	}
}

// settled ends the look-up of a row: from here on its fields are its own. What
// it returns must be called when the decision has been written down.
func (s *settler) settled(j *job) (decided func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looking--
	s.decide(j)
	s.notify()
	return func() { s.decided(j) }
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

// foundCase records the oldest of the cases that were found as the row's own,
// if their title is.
func (s *settler) foundCase(j *job, found []talkdesk.Found) error {
	past, hasPast := s.claims[j.claim.ID]
	mine := slices.IndexFunc(found, func(f talkdesk.Found) bool {
		return sameTitle(f.Title, j.claim.Title) || hasPast && sameTitle(f.Title, past.Title)
	})
	if mine < 0 {
		title := j.claim.Title
		if hasPast {
			title = past.Title
		}
		return s.unknown(j, talkdesk.Answer{Code: "other title", Message: fmt.Sprintf(
			"case %s has this key, but another title: %q there, %q here", found[0].ID, found[0].Title, title)})
	}
	var others []string
	for i, f := range found {
		if i != mine {
			others = append(others, f.ID)
		}
	}
	note := ""
	if len(others) > 0 {
		note = fmt.Sprintf("%d cases have this key; the others: %s", len(found), strings.Join(others, ", "))
		s.r.cfg.Progress.several.Add(1)
	}
	if hasPast && j.row != nil && past.Sum != j.claim.Sum {
		s.r.cfg.Log.Warn(fmt.Sprintf("row %d: its case %s was there already: what was edited since is not in it", j.row.Number, found[mine].ID))
	}
	return s.r.rec.created(j, found[mine].ID, note)
}

// sameTitle compares two titles, white space aside.
func sameTitle(a, b string) bool {
	return a == b || strings.Join(strings.Fields(a), " ") == strings.Join(strings.Fields(b), " ")
}

// absent goes on with a row of which it is now sure that it has no case.
func (s *settler) absent(j *job) error {
	r := s.r
	switch {
	case j.row == nil:
		return r.rec.failed(j, talkdesk.Answer{Code: "absent", Message: "looked up: it has no case, and this input does not hold it"})
	case j.body == nil:
		return r.rec.invalidAfterAll(j)
	case j.earlier:
		j.earlier, j.since = false, time.Time{}
		return s.hand(r.fresh, j)
	case r.health.spent(j) >= r.cfg.MaxAttempts:
		return r.failed(j, j.last)
	}
	return s.hand(r.again, j)
}

// unknown records that a row's doubt cannot be settled, unless a person has
// said that such rows are to be sent again.
func (s *settler) unknown(j *job, a talkdesk.Answer) error {
	_, past := s.claims[j.claim.ID]
	if s.r.cfg.ResendUnknown && past && j.earlier && j.row != nil && j.body != nil {
		j.earlier, j.since = false, time.Time{}
		return s.hand(s.r.fresh, j)
	}
	if j.row == nil {
		s.mu.Lock()
		s.reasons[j.claim.ID] = a
		s.mu.Unlock()
	}
	if !j.claimed {
		// A row that was never sent, and yet must be remembered.
		if err := s.r.j.Claim([]journal.Claim{j.claim}); err != nil {
			return err
		}
		j.claimed = true
	}
	return s.r.rec.unknown(j, a)
}

// stillUnknown records a row whose doubt could not be settled before the input
// was read as far as it.
func (s *settler) stillUnknown(j *job) error {
	s.mu.Lock()
	a := s.reasons[j.claim.ID]
	s.mu.Unlock()
	s.r.hold()
	return s.r.rec.unknown(j, a)
}

func (s *settler) hand(to chan<- *job, j *job) error {
	select {
	case to <- j:
	case <-s.r.intake.Done():
		s.r.drop(j)
	}
	return nil
}

// explain says what the run waits for, once a moment, if it waits for doubts.
func (s *settler) explain(next time.Duration) {
	s.mu.Lock()
	n, until := len(s.queue), time.Now().Add(next)
	say := n > 0 && s.looking == 0 && !s.seeking && next < time.Hour && until.Sub(s.said) > time.Second
	if say {
		s.said = until
	}
	s.mu.Unlock()
	if say && next > time.Second/2 {
		s.r.wait(rows(n)+" in doubt: a case may exist, and is looked up once any request on its way has surely arrived", "until", clock(until))
	}
}

func rows(n int) string {
	if n == 1 {
		return "1 row is"
	}
	return strconv.Itoa(n) + " rows are"
}

func clamp(d, low, high time.Duration) time.Duration { return max(low, min(d, high)) }
