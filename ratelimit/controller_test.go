package ratelimit

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// A server decides about a request that arrives at a moment, in seconds. latency is
// how long it then takes.
type server interface {
	arrive(now float64) bool
	// headers says what is left at a moment and in how many seconds it is full.
	headers(now float64) (remaining int, reset float64)
}

// rates is a limit that changes: from each moment on so many a second.
type rates [][2]float64

func (r rates) at(now float64) (rate float64) {
	for _, p := range r {
		if now >= p[0] {
			rate = p[1]
		}
	}
	return rate
}

// between is how much it allows between two moments.
func (r rates) between(from, to float64) (sum float64) {
	for i, p := range r {
		end := math.Inf(1)
		if i+1 < len(r) {
			end = r[i+1][0]
		}
		sum += p[1] * max(0, min(end, to)-max(p[0], from))
	}
	return sum
}

// bucket is a token bucket whose burst is so many seconds of its rate, one request at
// least.
type bucket struct {
	rates
	seconds, level, last float64
	began                bool
}

func (b *bucket) arrive(now float64) bool {
	size := max(1, b.at(now)*b.seconds)
	if !b.began {
		b.began, b.level = true, size
	}
	b.level = min(size, b.level+b.between(b.last, now))
	b.last = now
	if b.level < 1-1e-9 {
		return false
	}
	b.level--
	return true
}

func (b *bucket) headers(now float64) (int, float64) {
	size := max(1, b.at(now)*b.seconds)
	return int(b.level), (size - b.level) / b.at(now)
}

// fixed takes so many in each window, which begins anew at a multiple of its length.
type fixed struct {
	rates
	length float64
	phase  float64 // of the window at the beginning
	window float64
	n      int
}

func (f *fixed) arrive(now float64) bool {
	if w := math.Floor((now + f.phase*f.length) / f.length); w != f.window {
		f.window, f.n = w, 0
	}
	if f.n >= int(math.Round(f.at(now)*f.length)) {
		return false
	}
	f.n++
	return true
}

func (f *fixed) headers(now float64) (int, float64) {
	return max(0, int(math.Round(f.at(now)*f.length))-f.n), (f.window+1)*f.length - (now + f.phase*f.length)
}

// sliding takes so many in every window of that length.
type sliding struct {
	rates
	length float64
	passed []float64
}

func (s *sliding) arrive(now float64) bool {
	for len(s.passed) > 0 && s.passed[0] <= now-s.length {
		s.passed = s.passed[1:]
	}
	if len(s.passed) >= int(math.Round(s.at(now)*s.length)) {
		return false
	}
	s.passed = append(s.passed, now)
	return true
}

func (s *sliding) headers(now float64) (int, float64) {
	reset := 0.0
	if len(s.passed) > 0 {
		reset = s.passed[0] + s.length - now
	}
	return max(0, int(math.Round(s.at(now)*s.length))-len(s.passed)), reset
}

// parallel takes so many at a time, each for its latency.
type parallel struct {
	most    int
	latency float64
	ends    []float64
}

func (p *parallel) arrive(now float64) bool {
	for len(p.ends) > 0 && p.ends[0] <= now {
		p.ends = p.ends[1:]
	}
	if len(p.ends) >= p.most {
		return false
	}
	p.ends = append(p.ends, now+p.latency)
	return true
}

func (p *parallel) headers(float64) (int, float64) { return 0, 0 }
func (p *parallel) between(from, to float64) float64 {
	return (to - from) * float64(p.most) / p.latency
}

// world is a server, its latency, what it says, and who else uses it.
type world struct {
	server    server
	latency   float64 // seconds; each takes up to a fifth longer, or shorter
	queue     float64 // requests a second that it works off one after the other, 0: at once
	says      string  // "": nothing, "retry": Retry-After, "quota": what is left
	neighbour rates   // requests a second of somebody else
	workers   int
	most      float64
	learned   float64
	seconds   float64
}

// outcome is what was sent and accepted, second by second.
type outcome struct {
	accepted, refused, others []float64
	parallel                  int // requests in flight at most
}

func sum(all []float64, from, to float64) (n float64) {
	for i := int(from); i < int(to) && i < len(all); i++ {
		n += all[i]
	}
	return n
}

type occurrence struct {
	at, sent float64
	what     byte // 's'end, 'a'rrive, 'r'eply, 'n'eighbour
	ok       bool
	quotas   []Quota
	pause    time.Duration
}

type agenda []occurrence

func (a agenda) Len() int           { return len(a) }
func (a agenda) Less(i, j int) bool { return a[i].at < a[j].at }
func (a agenda) Swap(i, j int)      { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)        { *a = append(*a, x.(occurrence)) }
func (a *agenda) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}

func moment(seconds float64) time.Duration { return time.Duration(seconds * 1e9) }

// run lets a controller meet the world.
func (w world) run() (o outcome) {
	random := rand.New(rand.NewPCG(1, 2))
	c := newController(w.most)
	if w.learned > 0 {
		c.learn(w.learned)
	}
	o.accepted, o.refused, o.others = make([]float64, int(w.seconds)+2), make([]float64, int(w.seconds)+2), make([]float64, int(w.seconds)+2)
	workers := w.workers
	if workers == 0 {
		workers = 1024
	}
	var todo agenda
	push := func(e occurrence) { heap.Push(&todo, e) }
	push(occurrence{what: 's'})
	if w.neighbour != nil {
		push(occurrence{what: 'n'})
	}
	var last, until time.Duration = -time.Hour, 0
	inFlight, waiting, busy := 0, false, 0.0
	for todo.Len() > 0 {
		e := heap.Pop(&todo).(occurrence)
		if e.at > w.seconds {
			return o
		}
		now := moment(e.at)
		switch e.what {
		case 's':
			if inFlight >= workers {
				waiting = true
				continue
			}
			due := max(c.due(now, last), until)
			if due < now-catchUp {
				due = now
			}
			if due > now {
				push(occurrence{at: due.Seconds() + 1e-9, what: 's'})
				continue
			}
			last = due
			c.sent(now)
			inFlight++
			o.parallel = max(o.parallel, inFlight)
			push(occurrence{at: e.at + w.latency*0.3, sent: e.at, what: 'a'})
			push(occurrence{at: e.at + 1e-7, what: 's'})
		case 'a':
			took := w.latency * (0.5 + 0.4*random.Float64())
			if w.queue > 0 {
				busy = max(busy, e.at) + 1/w.queue
				took += busy - e.at
			}
			e.ok = w.server.arrive(e.at)
			remaining, reset := w.server.headers(e.at)
			switch {
			case w.says == "retry" && !e.ok:
				if b, ok := w.server.(*bucket); ok {
					reset = (1 - b.level) / b.at(e.at)
				}
				e.pause = moment(math.Ceil(max(reset, 0.001)))
			case w.says == "quota":
				e.quotas = []Quota{{Remaining: remaining, Reset: moment(math.Ceil(reset - 1e-6))}}
				if !e.ok {
					e.pause = moment(math.Ceil(max(reset, 0.001)))
				}
			}
			e.at, e.what = e.at+took, 'r'
			push(e)
		case 'r':
			inFlight--
			if e.ok {
				o.accepted[int(e.at)]++
			} else {
				o.refused[int(e.at)]++
			}
			until = max(until, c.answered(now, moment(e.sent), Answer{Throttled: !e.ok, Pause: e.pause, Quotas: e.quotas}))
			if waiting {
				waiting = false
				push(occurrence{at: e.at, what: 's'})
			}
		case 'n':
			if r := w.neighbour.at(e.at); r > 0 {
				if w.server.arrive(e.at) {
					o.others[int(e.at)]++
				}
				push(occurrence{at: e.at + 1/r, what: 'n'})
			} else {
				push(occurrence{at: e.at + 0.1, what: 'n'})
			}
		}
	}
	return o
}

type limit interface {
	server
	between(from, to float64) float64
}

// found is how many seconds after from it takes until nine tenths of what is allowed
// then are used, for five seconds on end.
func found(o outcome, allowed func(from, to float64) float64, from float64) float64 {
	for at := from; at+5 < float64(len(o.accepted)); at++ {
		if sum(o.accepted, at, at+5) >= 0.9*allowed(at, at+5) {
			return at - from
		}
	}
	return math.Inf(1)
}

// The goals of the design, each with a server that it must be reached with.
func TestGoals(t *testing.T) {
	steady := func(rate float64) rates { return rates{{0, rate}} }
	for _, tt := range []struct {
		name           string
		world          world
		used, throttle float64 // from 30 s on: at least, at most
	}{
		{"bucket, silent", world{server: &bucket{rates: steady(20), seconds: 1}, latency: 0.1, seconds: 150}, 0.95, 0.01},
		{"bucket without burst, silent", world{server: &bucket{rates: steady(20)}, latency: 0.1, seconds: 300}, 0.95, 0.01},
		{"window, silent", world{server: &fixed{rates: steady(6), length: 10, phase: 0.37}, latency: 0.1, seconds: 500}, 0.95, 0.01},
		{"bucket with quota headers", world{server: &bucket{rates: steady(20), seconds: 1}, latency: 0.1, says: "quota", seconds: 150}, 0.95, 0},
		{"window with quota headers", world{server: &fixed{rates: steady(6), length: 10, phase: 0.37}, latency: 0.1, says: "quota", seconds: 500}, 0.95, 0},
		{"sliding window with Retry-After", world{server: &sliding{rates: steady(20), length: 1}, latency: 0.05, says: "retry", seconds: 300}, 0.94, 0.01},
		{"at most four at a time", world{server: &parallel{most: 4, latency: 0.2}, latency: 0.2, seconds: 300}, 0.95, 0.01},
		{"500 a second", world{server: &bucket{rates: steady(500), seconds: 1}, latency: 0.1, seconds: 60}, 0.95, 0.01},
		{"an earlier run has learned", world{server: &bucket{rates: steady(200)}, latency: 0.1, learned: 195, seconds: 60}, 0.95, 0.01},
		{"no more than a person allows", world{server: &bucket{rates: steady(50), seconds: 1}, latency: 0.1, most: 20, seconds: 60}, 0.39, 0},
	} {
		o := tt.world.run()
		l := tt.world.server.(limit)
		accepted, refused := sum(o.accepted, 30, tt.world.seconds), sum(o.refused, 30, tt.world.seconds)
		used, share := accepted/l.between(30, tt.world.seconds), refused/(refused+accepted)
		t.Logf("%s: %.1f %% used, %.2f %% refused, %v in the first 30 s", tt.name, 100*used, 100*share, sum(o.refused, 0, 30))
		if used < tt.used || share > tt.throttle {
			t.Errorf("%s: %.1f %% used, %.2f %% refused", tt.name, 100*used, 100*share)
		}
	}
}

func TestServerThatSlowsDownIsNotFlooded(t *testing.T) {
	w := world{server: &parallel{most: 1e9, latency: 1}, queue: 20, latency: 0.05, seconds: 200}
	o := w.run()
	t.Logf("%.1f a second, %d in flight at most", sum(o.accepted, 30, 200)/170, o.parallel)
	if got := sum(o.accepted, 30, 200) / 170; got < 15 || o.parallel > 100 {
		t.Errorf("%.1f a second of 20, %d in flight at most", got, o.parallel)
	}
}

func TestWhatWasLearnedIsToldAndKept(t *testing.T) {
	c := newController(0)
	if c.learned() != 0 {
		t.Error("something was learned before the first request")
	}
	c.learn(80)
	if got := c.due(0, -time.Hour); c.learned() != 80 || got > 0 {
		t.Errorf("learned %v, first request at %v", c.learned(), got)
	}
	if c = newController(20); c.most != 20 {
		t.Error("no bound")
	}
	if c.learn(80); c.rate != 20 || c.learned() != 80 {
		t.Errorf("rate %v of 20, learned %v", c.rate, c.learned())
	}
}

func TestChangesAreFound(t *testing.T) {
	for _, tt := range []struct {
		name  string
		limit rates
		taken rates // by a neighbour
	}{
		{"50, 10, 40", rates{{0, 50}, {60, 10}, {120, 40}}, nil},
		{"20, 100, 5", rates{{0, 20}, {60, 100}, {120, 5}}, nil},
		{"a neighbour takes half and leaves", rates{{0, 20}}, rates{{0, 0}, {60, 10}, {120, 0}}},
	} {
		for _, says := range []string{"", "retry", "quota"} {
			for _, latency := range []float64{0.02, 0.1, 0.4} {
				w := world{server: &bucket{rates: tt.limit, seconds: 1}, latency: latency, says: says, neighbour: tt.taken, seconds: 200}
				o := w.run()
				for _, at := range []float64{0, 60, 120} {
					took := found(o, func(from, to float64) float64 { return tt.limit.between(from, to) - sum(o.others, from, to) }, at)
					t.Logf("%s, %q, %v: found after %v s", tt.name, says, latency, took)
					if took > 20 {
						t.Errorf("%s, %q: found after %v s", tt.name, says, took)
					}
				}
			}
		}
	}
}

// What has squeezed the rate to nearly nothing for a quarter of an hour is gone.
func TestRateComesBack(t *testing.T) {
	for _, tt := range []struct {
		name   string
		limit  rates
		burst  float64 // seconds
		taken  rates   // by a neighbour
		within float64
	}{
		{"an outage", rates{{0, 20}, {60, 0}, {960, 20}}, 1, nil, 60},
		{"a limit of 0.5/s", rates{{0, 20}, {60, 0.5}, {960, 20}}, 1, nil, 100},
		{"a limit of 0.1/s", rates{{0, 20}, {60, 0.1}, {960, 20}}, 1, nil, 120},
		{"a neighbour who takes it all", rates{{0, 20}}, 1, rates{{0, 0}, {60, 100}, {960, 0}}, 200},
		{"a neighbour beside whom some is refused at any rate", rates{{0, 20}}, 0, rates{{0, 0}, {60, 10}, {960, 0}}, 200},
	} {
		for _, latency := range []float64{0.02, 0.1, 0.4} {
			o := world{server: &bucket{rates: tt.limit, seconds: tt.burst}, latency: latency, neighbour: tt.taken, seconds: 1400}.run()
			took := 0.0
			for took < 400 && sum(o.accepted, 960+took, 965+took) < 5*20*0.7 {
				took++
			}
			t.Logf("%s, %v: seven tenths after %v s", tt.name, latency, took)
			if took > tt.within {
				t.Errorf("%s, latency %v s: seven tenths of the rate are used after %v s", tt.name, latency, took)
			}
		}
	}
}

func TestQuotaThatIsOnlyToldWhenItIsUsedUpSetsNoPace(t *testing.T) {
	c := newController(0)
	c.answered(moment(1), moment(0.9), Answer{Throttled: true, Pause: time.Second, Quotas: []Quota{{Remaining: 0, Reset: time.Second}}})
	if got := c.rest.rate(); got < topRate {
		t.Errorf("%v a second by headers that say no more than a 429 does", got)
	}
}

// Where nobody asks for long after a refusal, it does not look like the rest of a window.
func TestIdleTimeIsNoWindow(t *testing.T) {
	found := map[time.Duration]float64{}
	for _, idle := range []time.Duration{time.Second, 30 * time.Second} {
		c, now := newController(200), time.Duration(0)
		work := func(seconds int) {
			for end := now + time.Duration(seconds)*time.Second; now < end; {
				now = max(now, c.due(now, now))
				c.sent(now)
				c.answered(now+time.Millisecond, now, Answer{})
			}
		}
		c.learn(20)
		work(20)
		c.answered(now, now, Answer{Throttled: true})
		now += idle
		work(40)
		found[idle] = c.learned()
	}
	if a, b := found[time.Second], found[30*time.Second]; math.Abs(a-b) > 0.05*a {
		t.Errorf("after a second of idleness %v a second are found, after thirty %v", a, b)
	}
}
