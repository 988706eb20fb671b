package talkdesk

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

const workers = 64

// BenchmarkCreate has 64 workers create cases on a light server in the same
// process; BenchmarkFloor makes the same requests with net/http alone. The
// difference is what this package costs.
func BenchmarkCreate(b *testing.B) {
	c, err := New(Config{Account: "acme", BaseURL: lightServer(b), Concurrency: workers, Credentials: Credentials{Token: "T-0123456789"}})
	if err != nil {
		b.Fatal(err)
	}
	parallel(b, func() error {
		if a := c.Create(context.Background(), benchBody, ""); a.Verdict != OK {
			return fmt.Errorf("%v: %s", a.Verdict, a.Message)
		}
		return nil
	})
}

func BenchmarkFloor(b *testing.B) {
	url := lightServer(b) + casesPath
	transport := &http.Transport{MaxIdleConnsPerHost: workers, DisableCompression: true}
	parallel(b, func() error {
		req, err := http.NewRequest("POST", url, bytes.NewReader(benchBody))
		if err != nil {
			return err
		}
		res, err := transport.RoundTrip(req)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, res.Body)
		res.Body.Close()
		return err
	})
}

// parallel runs do b.N times on all workers.
func parallel(b *testing.B, do func() error) {
	b.ReportAllocs()
	b.ResetTimer()
	var left atomic.Int64
	left.Store(int64(b.N))
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			for left.Add(-1) >= 0 {
				if err := do(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wait.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "cases/s")
}

var benchBody = []byte(`{"title":"Printer on fire","description":"` + strings.Repeat("It burns. ", 60) +
	`","priority":"HIGH","requester_email":"kim@example.com","custom_fields":{"text_source_id":"ZD-1"}}`)

// lightServer answers every create request with a case of usual size.
func lightServer(b *testing.B) string {
	answer := append([]byte(`{"id":"4711","status":"NEW","type":"QUESTION",`), benchBody[1:]...)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		w.Write(answer)
	}))
	b.Cleanup(s.Close)
	return s.URL
}

func BenchmarkJudgeCreated(b *testing.B) {
	x := &exchange{status: 201, gotConn: true, body: append([]byte(`{"id":"4711",`), benchBody[1:]...)}
	b.ReportAllocs()
	for b.Loop() {
		if judge(x).Verdict != OK {
			b.Fatal("not created")
		}
	}
}
