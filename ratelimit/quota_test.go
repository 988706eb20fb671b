package ratelimit

import (
	"fmt"
	"math"
	"testing"
	"time"
)

// TestQuotas tells of answers, one after the other, and asks after each for the pace and
// until when nothing is left. Times are in seconds.
func TestQuotas(t *testing.T) {
	type answer struct {
		sent, now float64
		said      []Quota
		refused   bool
		share     float64 // of a request a second is the rate, before what is kept back; 0: there is no limit
		until     float64 // at the moment of the answer, 0: something is left
	}
	says := func(name string, left int, reset float64) []Quota {
		return []Quota{{Name: name, Remaining: left, Reset: moment(reset)}}
	}
	minute := func(left int, reset float64) []Quota { return says("minute", left, reset) }
	hour := func(left int, reset float64) []Quota { return says("hour", left, reset) }
	for _, tt := range []struct {
		name    string
		sent    []float64 // requests besides those whose answers are told of
		answers []answer
	}{
		{"nothing is said", nil, []answer{{1, 1, nil, false, 0, 0}}},
		{"all of it, in its time", nil, []answer{{1, 1, minute(59, 60), false, 1, 0}}},
		{"a refusal says nothing of the size", nil, []answer{{1, 1, minute(0, 60), true, 0, 0}, {2, 2, minute(119, 59), false, 2, 0}}},
		{"five minutes are spread evenly", nil, []answer{{1, 1, minute(299, 300), false, 1, 0}}},
		{"and not waited for", nil, []answer{{1, 1, minute(0, 300), false, 1. / 300, 0}}},
		{"more are not", nil, []answer{{1, 1, minute(299, 301), false, 0, 0}}},
		{"others use some", nil, []answer{{1, 1, minute(59, 60), false, 1, 0}, {2, 2, minute(52, 59), false, 54. / 60, 0}}},
		{"others use all but two", nil, []answer{{1, 1, minute(59, 60), false, 1, 0}, {2, 2, minute(0, 59), false, 2. / 60, 61}}},
		{"others use all", nil, []answer{{2, 2, minute(29, 60), false, 0.5, 0}, {2, 3, minute(59, 60), false, 59. / 60, 0}, {2, 4, minute(0, 60), false, 1. / 60, 62.75}}},
		{"requests on their way may not be counted yet", []float64{1.5, 1.6, 2.5, 2.6}, []answer{{1, 1, minute(59, 60), false, 1, 0}, {2, 3, minute(56, 59), false, 1, 0}}},
		{"what others used of the last one is kept for them until this one has lasted as long", nil, []answer{
			{1, 1, minute(59, 60), false, 1, 0}, {30, 30, minute(20, 31), false, 22. / 60, 0},
			{62, 62, minute(59, 59), false, 22. / 60, 0}, {89.9, 89.9, minute(58, 32), false, 22. / 60, 0}, {90, 90, minute(57, 32), false, 1, 0}}},
		{"it is filled again where half of it is back, not where less is", nil, []answer{
			{1, 1, minute(59, 60), false, 1, 0}, {10, 10, minute(20, 51), false, 22. / 60, 0},
			{20, 20, minute(49, 41), false, 52. / 60, 0}, {30, 30, minute(20, 31), false, 24. / 60, 0}, {60, 60, minute(50, 60), false, 24. / 60, 0}}},
		{"requests before the period do not count", nil, []answer{
			{1, 1, minute(59, 60), false, 1, 0}, {61, 61, minute(59, 60), false, 1, 0}, {100, 100, minute(57, 30), false, 59. / 60, 0}}},
		{"an older answer says nothing new", nil, []answer{{2, 2, minute(59, 60), false, 1, 0}, {1, 3, minute(9, 600), false, 1, 0}}},
		{"two tell of the same moment", nil, []answer{{2, 2, minute(29, 60), false, 0.5, 0}, {2, 3, minute(59, 60), false, 59. / 60, 0}}},
		{"an odd, long time", nil, []answer{{1, 1, minute(59, 60), false, 1, 0}, {2, 2, minute(58, 121), false, 1, 0}, {3, 3, minute(57, 58), false, 1, 0}}},
		{"a time that two tell of", nil, []answer{{1, 1, minute(59, 60), false, 1, 0}, {2, 2, minute(58, 240), false, 1, 0}, {3, 3, minute(57, 239), false, 60. / 240, 0}}},
		{"a longer time", nil, []answer{{1, 1, minute(59, 60), false, 1, 0}, {2, 2, minute(58, 120), false, 0.5, 0}}},
		{"now of one, now of the other", nil, []answer{
			{1, 1, minute(59, 60), false, 1, 0}, {2, 2, says("second", 4, 10), false, 0.5, 0}, {3, 3, minute(57, 58), false, 0.5, 0},
			{4, 4, append(minute(56, 57), says("second", 3, 8)...), false, 0.5, 0}}},
		{"one that is not told of any more", nil, []answer{
			{1, 1, append(minute(59, 60), says("second", 4, 10)...), false, 0.5, 0}, {601, 601, minute(59, 60), false, 0.5, 0}, {601.5, 601.5, minute(58, 60), false, 1, 0}}},
		{"an hour is used up: until it is over", nil, []answer{{1, 1.4, hour(1, 3600), false, 0, 0}, {2, 2.4, hour(0, 3599), false, 0, 3601.3}}},
		{"as it was told at first, if nothing is back", nil, []answer{{1, 1, hour(0, 3600), false, 0, 3601}, {2, 2, hour(0, 3700), false, 0, 3601}, {3, 3, hour(0, 3500), false, 0, 3503}}},
		{"as it is told now, if something was", nil, []answer{{1, 1, hour(0, 3600), false, 0, 3601}, {2, 2, hour(1, 3700), false, 0, 0}, {3, 3, hour(0, 3700), false, 0, 3702}}},
		{"as it is told now, if that is over", nil, []answer{{1, 1, hour(0, 3600), false, 0, 3601}, {3601, 3601, hour(0, 3600), false, 0, 7201}}},
		{"an hour may be used up by what is on its way", []float64{1.1, 1.2}, []answer{{1, 2, hour(2, 3600), false, 0, 3601.75}}},
		{"or not quite", []float64{1.1, 1.2}, []answer{{1, 2, hour(3, 3600), false, 0, 0}}},
		{"the longest of two", nil, []answer{{1, 1, append(hour(0, 3600), says("day", 0, 7200)...), false, 0, 7201}}},
		{"the longest of two, the other way round", nil, []answer{{1, 1, append(says("day", 0, 7200), hour(0, 3600)...), false, 0, 7201}}},
		{"a short one that we use up ourselves is replaced as fast", nil, []answer{{1, 1, says("short", 0, 10), false, 0.1, 0}}},
		{"a short one that others use up", nil, []answer{{1, 1, says("short", 9, 10), false, 1, 0}, {2, 2, says("short", 0, 9), false, 0.2, 11}}},
		{"a tenth of it is as good as nothing", []float64{1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7}, []answer{{1, 1, says("short", 9, 10), false, 1, 0}, {2, 2, says("short", 0, 9), false, 0.9, 0}}},
		{"two seconds are too short to tell", nil, []answer{{1, 1, says("short", 9, 2), false, 5, 0}, {2, 2, says("short", 0, 2), false, 1, 0}}},
	} {
		var q quotas
		i := 0
		for n, a := range tt.answers {
			for ; i < len(tt.sent) && tt.sent[i] < a.sent; i++ {
				q.sent(moment(tt.sent[i]))
			}
			q.sent(moment(a.sent))
			for ; i < len(tt.sent) && tt.sent[i] < a.now; i++ {
				q.sent(moment(tt.sent[i]))
			}
			q.take(moment(a.now), moment(a.sent), a.said, a.refused)
			want := evenly * a.share
			if a.share == 0 {
				want = topRate
			}
			if got := q.rate(); math.Abs(got-want) > 1e-9 {
				t.Errorf("%s, answer %d: the rate is %v, want %v", tt.name, n+1, got, want)
			}
			if got := q.usedUp(moment(a.now)); got != moment(a.until) {
				t.Errorf("%s, answer %d: used up until %v, want %v", tt.name, n+1, got, moment(a.until))
			}
		}
	}
}

func TestUsedUpByWhatIsSent(t *testing.T) {
	var q quotas
	q.sent(moment(1))
	q.take(moment(1), moment(1), []Quota{{Remaining: 3, Reset: time.Hour}}, false)
	for n, want := range []time.Duration{0, 0, moment(3601), moment(3601)} {
		q.sent(moment(2))
		if got := q.usedUp(moment(2)); got != want {
			t.Errorf("%d sent of 3: used up until %v, want %v", n+1, got, want)
		}
	}
	if got := q.usedUp(moment(3601)); got != 0 {
		t.Errorf("after that it is used up until %v", got)
	}
}

// What is remembered of what was sent is bounded, and is the latest.
func TestTurnsAreBounded(t *testing.T) {
	var q quotas
	const n = 3*mostTurns/2 + 10
	for i := range n {
		q.sent(time.Duration(i))
		if len(q.turns) > mostTurns {
			t.Fatalf("%d turns are remembered", len(q.turns))
		}
	}
	for _, last := range []int{0, 1, 1000, mostTurns / 2} {
		if got := q.after(time.Duration(n - 1 - last)); got != last {
			t.Errorf("%d of the last %d", got, last)
		}
	}
}

// A server that gives every quota a new name is not remembered for ever.
func TestNamesAreBounded(t *testing.T) {
	var q quotas
	for i := range 3 * maxQuotas {
		q.take(moment(float64(i)), moment(float64(i)), []Quota{{Name: fmt.Sprint("quota ", i), Remaining: 10, Reset: time.Minute}}, false)
		if len(q.known) > maxQuotas {
			t.Fatalf("%d quotas are known", len(q.known))
		}
	}
}
