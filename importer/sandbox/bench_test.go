package sandbox

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// benchBody is a create request of usual size, about 900 bytes.
func benchBody(n int64) string {
	return fmt.Sprintf(`{"title":"Printer on fire","description":"%s","priority":"HIGH","requester_name":"Ann Other","requester_email":"ann@example.com","custom_fields":{"text_source_id":"ZD-%d","dropdown_region":"001","checkbox_vip":true,"numeric_reopens":3,"decimal_csat":4.5,"date_opened":"2022-04-21T06:30:21Z","multi_select_tags":["a","b"]},"notes":[{"note_title":"Imported","note_body":"%s","public":false}]}`,
		strings.Repeat("It burns. ", 30), n, strings.Repeat("Water. ", 20))
}

// BenchmarkCreate sends creates over 64 kept connections; client and server
// share the processors.
func BenchmarkCreate(b *testing.B) {
	b.Run("plain", func(b *testing.B) { benchCreate(b, Options{Token: "t"}) })
	// Faults that never come to pass: what choosing them costs.
	b.Run("faults drawn", func(b *testing.B) { benchCreate(b, Options{Token: "t", CutAfter: 1e-9}) })
}

func benchCreate(b *testing.B, opt Options) {
	r, err := Start("127.0.0.1:0", opt)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	const workers = 64
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers}}
	defer client.CloseIdleConnections()
	var n atomic.Int64
	var group sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	for range workers {
		group.Go(func() {
			for {
				i := n.Add(1)
				if i > int64(b.N) {
					return
				}
				req, _ := http.NewRequest("POST", r.URL+casesPath, strings.NewReader(benchBody(i)))
				req.Header.Set("Content-Type", "application/json")
				req.Header.Set("Authorization", "Bearer t")
				resp, err := client.Do(req)
				if err != nil {
					b.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				if resp.StatusCode != http.StatusCreated {
					b.Error(resp.Status)
					return
				}
			}
		})
	}
	group.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "cases/s")
}

// BenchmarkParseBody is the share of JSON in a create.
func BenchmarkParseBody(b *testing.B) {
	body := benchBody(1)
	rules := newRules(&Options{})
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, faults := rules.parseBody(body, false); faults != nil {
			b.Fatal(faults)
		}
	}
}

// BenchmarkLookUp finds one case among many by the text field that carries its
// key.
func BenchmarkLookUp(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := New(Options{})
			for i := range n {
				rec, _ := s.rules.parseBody(benchBody(int64(i)+1e6), false)
				s.store.create(rec)
			}
			q, _, faults := s.rules.parseQuery(`custom_fields=[{"label":"text_source_id","value":"ZD-1000777"}]`)
			if faults != nil {
				b.Fatal(faults)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, total := q.run(s.store, time.Now()); total != 1 {
					b.Fatal(total)
				}
			}
		})
	}
}
