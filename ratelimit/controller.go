package ratelimit

import "time"

// A controller finds the rate that a server allows. It is the whole of --rate auto:
// an event and its moment go in, and when the next request may go comes out. It holds
// no clock, so that a test can try hours against any kind of limit; a moment is the
// time since the limiter was made.
//
// # How it finds the rate
//
// It is additive increase and multiplicative decrease, as TCP and the adaptive
// retries of the AWS SDKs have it, with what CUBIC and BBR added to it: a memory of
// where the limit was, and a measure of what was delivered. Plain AIMD was no choice:
// to use 95 % it would have to be refused far more often than one time in a hundred.
//
//  1. At the beginning the rate doubles every beat (a second, or longer where
//     answers take long), until the server refuses, slows down, or says what is left.
//  2. A 429 means that the server has nothing left just now. So between two such
//     moments it accepted as much as it could: what was accepted, divided by the time,
//     is what it allows, whatever it had saved up before. That rate is proved. Where
//     too little was accepted to tell, the rate is cut to seven tenths, and climbs by
//     steps from 8 % on.
//  3. A proved rate is held: for eight seconds, and a hundred answers for each refusal
//     that the last climb has cost. Where the server saves nothing up in a pause, it is held
//     for as long as makes a pause worth what a climb may find. That keeps refusals rare.
//  4. Then it climbs, by 1 % at the first beat, 2 % at the next, 4 % …: gently where
//     the limit was, quickly where there is none any more. It ends with a 429. The rate
//     of the beat before was not refused, and is hoped to be kept up; if it cannot be,
//     the proved rate holds, and less is hoped for the next time.
//  5. A rate of less than an eighth of what was proved once is held for a minute at most,
//     and then climbs by half at each beat: what has squeezed it may be gone.
//
// A refusal of more than a second is the rest of a window, not an empty bucket. What
// counts then is what was accepted between the ends of two such refusals. From then on
// a beat lasts twice as long as the refusal did, since less time shows nothing, and of
// a refusal one request at a time finds the end.
//
// A server that takes more than twice its usual time is near its limit: the rate does
// not climb, and yields to what was delivered. Nor does it climb while less is sent
// than it allows.
//
// Where headers say what is left of a quota, it is used evenly, whatever rate would be
// found beyond it: see quota.go.
//
// Concurrency needs no rule of its own: by Little's law, as many requests are in flight
// as the rate and the latency make, and the caller's workers are the bound. Others who
// use the same account are part of what is measured: if they take half, then half is
// accepted, and is the rate; when they leave, a climb finds the room.
type controller struct {
	rate, most float64 // requests a second: what is let go, and the bound on it

	met      bool          // the server has set a limit, or an earlier run has learned of one
	proved   float64       // what it was measured to accept, 0 if that is not known
	best     float64       // the most that was ever proved
	ceiling  float64       // a rate above that which was hoped for, and was too much
	kept     float64       // the rate as it was set last; it has climbed if it is more now
	previous float64       // the rate of the beat before
	step     float64       // by which the next beat climbs
	held     time.Duration // when the rate was set
	answers  int           // since held

	// The beat: between its ends the rate does not climb.
	began      time.Duration
	turns, got int // let go in it, and accepted

	total   measure // since the server had nothing left, or since the beginning
	windows measure // since a window began

	// The refusal that goes on, or the latest one.
	refusing bool          // nothing has been accepted since it began
	first    time.Duration // when it began
	fresh    time.Duration // what is let go before this moment says nothing new
	burst    int           // 429s
	strikes  int           // of them, those that said anything new
	probed   bool          // it came of a climb
	gap      float64       // between the rate that was refused and the one that was set, as a share
	saves    bool          // pauses cost nothing: the server saves up what is not used in them
	stated   bool          // the server said how long it lasts
	before   float64       // what was measured when it began
	lost     time.Duration // how long it lasted
	window   time.Duration // how long one lasted that was the rest of a window

	latency, usual float64 // seconds: of late, and the least of late
	rest           quotas
}

const (
	startRate = 5.0 // requests a second, of a server of which nothing is known
	leastRate = 0.1 // one in ten seconds: below that, pauses do it
	topRate   = 1e5

	beatLength = time.Second
	searchTime = 2 * time.Second
	holdTime   = 8 * time.Second
	holdFor    = 110 // answers
	enough     = 10  // accepted requests that make a measure

	firstStep = 0.01 // from what was proved
	guessStep = 0.08 // from anything else
	lastStep  = 0.5

	// What a refusal makes of the rate: found by trying, over the servers of TestGoals.
	guessed       = 0.7   // where it is not known what is allowed, as in CUBIC
	under         = 0.98  // at the most: it was too much
	underInWindow = 0.97  // the same, where the measure is too high until the window ends
	same          = 1.001 // rates that differ by less were meant to be equal
	noticed       = 0.03  // of the time refused tells whether a pause costs anything
	late          = 1.06  // a window shows an excess of less only at its end

	firstOwnPause = 50 * time.Millisecond
	// secondsCount: servers say in whole seconds how long to wait, so a pause of one
	// may be the rest of anything.
	secondsCount = 1100 * time.Millisecond
	// longestRest is the most that the rest of a window can last, which is a minute, and
	// a pause that had begun before it ended. What lasts longer is an outage.
	longestRest = 90 * time.Second
)

// newController begins with a server of which nothing is known. most is the bound, 0
// if there is none.
func newController(most float64) *controller {
	if most <= 0 {
		most = topRate
	}
	rate := min(startRate, most)
	return &controller{rate: rate, kept: rate, previous: rate, most: most, step: firstStep, ceiling: topRate, saves: true}
}

// learn begins with what an earlier one has learned.
func (c *controller) learn(rate float64) {
	c.proved = rate
	c.set(0, rate)
}

// learned is the rate that the server was seen to allow, 0 if it has set no limit.
func (c *controller) learned() float64 {
	said := c.rest.rate()
	if !c.met && said == topRate {
		return 0
	}
	return min(max(c.rate, c.proved), said)
}

// due is when the next request may go, as far as can be told now; it may be past. last
// is when the one before was due.
func (c *controller) due(now, last time.Duration) time.Duration {
	gap := seconds(1/min(c.rate, c.rest.rate())) + 1
	if c.refusing && (c.strikes > 1 || c.window > 0) { // one at a time shows as well that it is over
		gap = max(gap, seconds(c.latency/2))
	}
	return max(last+gap, c.fresh, c.rest.usedUp(now))
}

// sent notes that a request is let go.
func (c *controller) sent(now time.Duration) {
	c.beat(now)
	c.turns++
	c.rest.sent(now)
}

// answered notes an answer to a request that was let go at sent. It returns until when
// a 429 asks that nothing is sent.
func (c *controller) answered(now, sent time.Duration, a Answer) (until time.Duration) {
	c.rest.take(now, sent, a.Quotas, a.Throttled)
	switch {
	case a.Throttled:
		return c.refused(now, sent, a.Pause)
	case a.Failed:
		return 0
	}
	c.beat(now)
	c.time((now - sent).Seconds())
	c.got++
	c.answers++
	c.total.accepted++
	c.windows.accepted++
	if c.refusing && sent >= c.fresh {
		c.accept(now, sent)
	}
	return 0
}

// refused takes in a 429.
func (c *controller) refused(now, sent, pause time.Duration) (until time.Duration) {
	if sent < c.fresh {
		c.burst++
		return now + pause // of a burst, which is one event
	}
	if !c.refusing {
		c.refusing, c.first, c.strikes, c.burst = true, now, 0, 0
		c.cut(now)
	}
	c.strikes++
	c.burst++
	if c.stated = pause > 0; !c.stated {
		// Long enough for a request, and longer each time: it may be the rest of
		// a window.
		pause = min(max(seconds(1.2/c.rate), firstOwnPause, (now-c.first)/4), longestPause)
	}
	c.fresh = now + pause
	return c.fresh
}

// cut sets the rate when a refusal begins.
func (c *controller) cut(now time.Duration) {
	climbed := c.rate > c.kept
	dashed := !climbed && c.proved > 0 && c.kept > same*c.proved
	c.before = c.total.rate(now)
	if c.window > 0 {
		c.before = c.windows.rate(now)
	}
	switch c.probed = climbed && c.proved > 0; {
	case dashed:
		c.ceiling, c.saves = c.kept, true
	case c.probed:
		if share := c.total.refused.Seconds() / (now - c.total.since).Seconds(); share > noticed {
			c.saves = c.before > (1-share/2)*c.kept
		}
	}
	peak := c.total.rate(now - c.total.refused)
	known := c.total.accepted >= enough && now-c.total.since >= max(beatLength/2, 3*c.total.refused)
	if known {
		c.total = measure{since: now}
	}
	rate := guessed * c.rate
	switch {
	case !known && dashed:
		rate = c.proved
	case !known: // a guess
	case !c.met: // what the server had saved up counts for nothing
		rate = max(c.before, c.previous)
	case c.rate <= same*c.proved: // it accepts no more what it did
		c.proved, c.ceiling = c.before, topRate
		rate = c.proved
	default:
		c.proved = max(c.proved, c.before)
		rate = c.proved
		if climbed && (c.window == 0 || c.previous > late*c.proved) {
			rate = c.hope(peak)
		}
	}
	most := under * c.rate
	if c.window > 0 && !climbed {
		most = underInWindow * c.rate
	}
	was := c.rate
	c.set(now, min(max(rate, c.rate/2), most))
	c.gap = was/c.rate - 1
}

// hope is a rate above the proved one that may be kept up: the last one that was not
// refused, but at most half of the way to where that was too much. Peak is what was
// accepted while anything was.
func (c *controller) hope(peak float64) float64 {
	hope := min(0.995*c.previous, 1.25*peak, (c.proved+c.ceiling)/2)
	c.ceiling *= 1.005
	if hope < 1.01*c.proved {
		return c.proved
	}
	return hope
}

// accept ends a refusal: something was accepted again.
func (c *controller) accept(now, sent time.Duration) {
	c.refusing = false
	c.lost = c.fresh - c.first
	lasted := max(c.lost, sent-c.first)
	c.total.refused += lasted
	c.held, c.answers = now, 0
	c.window = c.window * 98 / 100
	counted, first := c.windows.rate(now), c.windows.since == 0
	if lasted >= secondsCount+seconds(1.5*c.latency+3/c.rate) && lasted <= longestRest && (c.strikes > 1 || c.stated) {
		// It was the rest of a window. What was accepted between the ends of two of
		// them is what counts.
		c.window = max(c.window, min(lasted, time.Minute))
		if !c.probed {
			if first { // it had begun before it was known
				counted = min(counted, c.rate, c.before)
			}
			c.proved, c.ceiling = counted, topRate
			c.set(now, counted)
			c.step = guessStep
		}
	}
	if c.window > 0 {
		c.windows = measure{since: now}
	}
}

// A measure counts what was accepted since a moment.
type measure struct {
	since    time.Duration
	accepted int
	refused  time.Duration // how much of the time since then everything was refused
}

func (m measure) rate(now time.Duration) float64 {
	return float64(m.accepted) / max(now-m.since, 1).Seconds()
}

func (c *controller) set(now time.Duration, rate float64) {
	c.rate = min(max(rate, leastRate), c.most)
	c.met, c.kept, c.previous, c.step = true, c.rate, c.rate, firstStep
	c.best = max(c.best, c.proved)
	switch {
	case c.squeezed():
		c.step = lastStep
	case c.searching():
		c.step = guessStep
	}
	c.held, c.answers = now, 0
	c.began, c.turns, c.got = now, 0, 0
}

// squeezed reports whether the rate was set far below what was proved once, as others or
// an outage may force it to be for a while.
func (c *controller) squeezed() bool { return c.kept < c.best/8 }

// searching reports whether the rate is a guess, or below what was proved.
func (c *controller) searching() bool { return c.proved == 0 || c.rate < 0.97*min(c.proved, c.most) }

// beat ends the beat if it is over, and climbs if it gave no reason not to.
func (c *controller) beat(now time.Duration) {
	length := max(beatLength, seconds(2*c.latency), seconds(4/c.rate))
	switch {
	case c.squeezed(): // what looks like the rest of a window is others who use it up
	case c.searching():
		length = max(length, c.window)
	default:
		length = max(length, 2*c.window)
	}
	took := now - c.began
	if took < length {
		return
	}
	used, delivered := float64(c.turns)/took.Seconds(), float64(c.got)/took.Seconds()
	c.began, c.turns, c.got = now, 0, 0
	switch {
	case c.refusing:
	case c.latency > 2*c.usual+0.02: // near its limit, or past it
		if delivered < 0.9*used || now-c.held >= holdTime+seconds(10*c.latency) {
			c.set(now, 0.95*delivered)
		}
	case used < 0.75*c.rate: // nobody has asked for more
	case !c.met:
		c.previous = c.rate
		c.rate = min(2*c.rate, c.most)
	case c.searching():
		if now-c.held < searchTime || c.answers < enough {
			return
		}
		if c.climb(); !c.searching() {
			c.set(now, c.proved)
		}
	case !c.holds(now):
		c.climb()
	}
}

func (c *controller) climb() {
	c.previous = c.rate
	c.rate = min(c.rate*(1+c.step), c.most)
	c.step = min(2*c.step, lastStep)
}

// holds reports whether the rate is still to be held. A climb costs the refusals and the
// pause that it ends with, so it must be worth them.
func (c *controller) holds(now time.Duration) bool {
	hold, answers := holdTime, holdFor
	switch {
	case c.rest.rate() < topRate: // headers keep a climb from being refused
		answers = 0
	case c.probed:
		answers *= c.burst
		if !c.saves {
			hold = min(max(hold, seconds(1.5*c.lost.Seconds()/c.gap)), time.Minute)
		}
	}
	past := now - c.held
	return past < hold+seconds(10*c.latency) || c.answers < answers && !(c.squeezed() && past >= time.Minute)
}

// time follows how long answers take: quickly, and the least of it, which rises slowly,
// so that what a server is like now becomes its usual.
func (c *controller) time(took float64) {
	if c.usual == 0 {
		c.usual, c.latency = took, took
		return
	}
	c.latency += (took - c.latency) / 8
	c.usual = min(c.usual*1.0005, c.latency)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
