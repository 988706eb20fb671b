package importer

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	firstBackoff = 250 * time.Millisecond
	maxBackoff   = 30 * time.Second
)

// backoff returns how long to wait after the n-th failure, from 1: exponential
// with full jitter, so that many rows do not come back at once.
func backoff(n int) time.Duration {
	ceiling := maxBackoff
	if n < 8 {
		ceiling = min(maxBackoff, firstBackoff<<(n-1))
	}
	return rand.N(ceiling) + 1
}

// sleep waits for d, or returns ctx's error.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
