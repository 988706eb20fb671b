package history

import (
	"math"
	"time"
)

// maxSteps is how many steps a timeline has at most.
const maxSteps = 48

// steps are the lengths that are easily read, in seconds.
var steps = []int{1, 5, 10, 30, 60, 5 * 60, 15 * 60, 30 * 60, 3600, 3 * 3600, 6 * 3600, 86400, 7 * 86400, 30 * 86400}

// timeline puts cases and requests into steps.
func (r *reading) timeline() {
	from, to := int64(math.MaxInt64), int64(math.MinInt64)
	see := func(second int64) { from, to = min(from, second), max(to, second) }
	for second := range r.cases {
		see(second)
	}
	begin := func(t timed) time.Time { return r.runs[t.run].Began.Add(t.Begin) }
	for _, t := range r.requests {
		see(begin(t).Unix())
		see(begin(t).Add(t.End - t.Begin).Unix())
	}
	r.Timeline = Timeline{Steps: []Step{}}
	if from > to {
		return
	}
	step := int64(steps[len(steps)-1])
	for _, s := range steps {
		if (to-from)/int64(s) < maxSteps-1 {
			step = int64(s)
			break
		}
	}
	for (to-from)/step >= maxSteps-1 { // decades
		step *= 2
	}
	from -= from % step
	r.Timeline.Begin, r.Timeline.Seconds = time.Unix(from, 0).UTC(), int(step)
	r.Timeline.Steps = make([]Step, (to-from)/step+1)
	at := func(second int64) *Step { return &r.Timeline.Steps[(second-from)/step] }
	for second, n := range r.cases {
		at(second).Cases += n
	}
	for _, t := range r.requests {
		r.spread(t, begin(t), at)
	}
}

// spread divides requests evenly over the steps of their stretch.
func (r *reading) spread(t timed, begin time.Time, at func(second int64) *Step) {
	first, last := begin.Unix(), begin.Add(t.End-t.Begin).Unix()
	step := int64(r.Timeline.Seconds)
	seconds := last - first + 1
	given, givenThrottled := 0, 0
	for second := first; second <= last; {
		next := min(second-second%step+step, last+1)
		share := func(n int) int { return int(int64(n) * (next - first) / seconds) }
		at(second).Requests += share(t.Requests) - given
		at(second).Throttled += share(t.Throttled) - givenThrottled
		given, givenThrottled, second = share(t.Requests), share(t.Throttled), next
	}
}
