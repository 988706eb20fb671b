package talkdesk

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// endpoint stands in for the token endpoint: it takes a second for each token.
type endpoint struct {
	life    time.Duration
	answers []Answer // in place of tokens, by turns; the zero Answer is a token
	asked   int
}

func (e *endpoint) fetch(ctx context.Context) (*token, Answer) {
	asked := time.Now()
	time.Sleep(time.Second)
	e.asked++
	if n := e.asked - 1; n < len(e.answers) && e.answers[n].Code != "" {
		return nil, e.answers[n]
	}
	t := newToken(fmt.Sprintf("token %d", e.asked), "")
	t.lasts(asked, e.life)
	return t, Answer{}
}

var accepted = Answer{Verdict: OK, Status: 201}

func TestAllWorkersShareOneRequestForAToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &endpoint{life: time.Hour}
		tokens := &tokens{fetch: e.fetch}
		var wait sync.WaitGroup
		for range 64 {
			wait.Go(func() {
				if got, a := tokens.get(t.Context()); got == nil {
					t.Error(a)
				}
			})
		}
		wait.Wait()
		if e.asked != 1 {
			t.Errorf("%d requests for a token", e.asked)
		}
	})
}

func TestAWorkerThatGivesUpDoesNotHarmTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &endpoint{life: time.Hour}
		tokens := &tokens{fetch: e.fetch}
		impatient, cancel := context.WithCancel(t.Context())
		var wait sync.WaitGroup
		wait.Go(func() {
			got, a := tokens.get(impatient) // the one that starts the request
			if got != nil || a.Verdict != NotTaken || a.Code != "interrupted" || a.Down {
				t.Errorf("got %v, %+v", got, a)
			}
		})
		synctest.Wait()
		wait.Go(func() {
			if got, a := tokens.get(t.Context()); got == nil {
				t.Error(a)
			}
		})
		synctest.Wait()
		cancel()
		wait.Wait()
		if e.asked != 1 {
			t.Errorf("%d requests for a token", e.asked)
		}
	})
}

func TestTokensAreRenewedEarly(t *testing.T) {
	tests := []struct{ life, good time.Duration }{
		{time.Hour, time.Hour - 30*time.Second},
		{100 * time.Second, 90 * time.Second},
		{2 * time.Second, 1800 * time.Millisecond},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			e := &endpoint{life: tt.life}
			tokens := &tokens{fetch: e.fetch}
			start := time.Now() // the life counts from the request, not from its answer
			first, _ := tokens.get(t.Context())
			time.Sleep(time.Until(start.Add(tt.good - time.Nanosecond)))
			if got, _ := tokens.get(t.Context()); got != first {
				t.Errorf("life %v: renewed too early", tt.life)
			}
			time.Sleep(time.Nanosecond)
			if got, _ := tokens.get(t.Context()); got == first {
				t.Errorf("life %v: not renewed in time", tt.life)
			}
		})
	}
}

func TestARefusedTokenIsRenewedOnceForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &endpoint{life: time.Hour}
		tokens := &tokens{fetch: e.fetch}
		old, _ := tokens.get(t.Context())
		old.answered(accepted)

		var wait sync.WaitGroup
		for i := range 64 {
			wait.Go(func() {
				time.Sleep(time.Duration(i) * 100 * time.Millisecond) // some 401s come when the new token is there
				if !tokens.refused(old) {
					t.Error("the refusal of a token that had worked must not stop the run")
				}
				if got, _ := tokens.get(t.Context()); got == old {
					t.Error("a refused token is used again")
				}
			})
		}
		wait.Wait()
		if e.asked != 2 {
			t.Errorf("%d requests for a token, want the first and one renewal", e.asked)
		}
	})
}

func TestWhichRefusalsMakeSenseToRepeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &endpoint{life: time.Minute}
		tokens := &tokens{fetch: e.fetch}
		first, _ := tokens.get(t.Context())
		if !tokens.refused(first) {
			t.Error("the first token may be stale: one more try")
		}
		second, _ := tokens.get(t.Context())
		if tokens.refused(second) {
			t.Error("a second token refused on first use: the tokens are not at fault")
		}
		third, _ := tokens.get(t.Context())
		third.answered(Answer{Status: 503, APIForm: true})
		third.answered(Answer{Status: 429, APIForm: true, Throttled: true})
		third.answered(Answer{Status: 403})
		if tokens.refused(third) {
			t.Error("a gateway's answers do not show that the token is good")
		}
		fourth, _ := tokens.get(t.Context())
		fourth.answered(Answer{Status: 400, APIForm: true})
		if !tokens.refused(fourth) {
			t.Error("a 400 of the API shows that the token was good")
		}
		another, _ := tokens.get(t.Context())
		another.answered(accepted)
		if !tokens.refused(another) {
			t.Error("a case that was created shows that the token was good")
		}
		fifth, _ := tokens.get(t.Context())
		time.Sleep(2 * time.Minute)
		if !tokens.refused(fifth) {
			t.Error("a token that expired before it was used is not a refused one")
		}
		if static := newToken("from the environment", ""); tokens.refused(static) {
			t.Error("a token that cannot be renewed")
		}
	})
}

func TestAFailedRenewalIsToldToAllAndTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := Answer{Verdict: NotTaken, Code: "http 503", Down: true}
		e := &endpoint{life: time.Hour, answers: []Answer{down}}
		tokens := &tokens{fetch: e.fetch}
		var wait sync.WaitGroup
		for range 8 {
			wait.Go(func() {
				if got, a := tokens.get(t.Context()); got != nil || a.Code != down.Code {
					t.Errorf("got %v, %+v", got, a)
				}
			})
		}
		wait.Wait()
		if got, a := tokens.get(t.Context()); got == nil || !got.first {
			t.Errorf("the next try: %v, %+v", got, a)
		}
	})
}
