package importer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"caseimport/importer/talkdesk"
)

// The promise at its edges: what a run finds when it begins (journals, results,
// reports, lists) may be old, edited, or a lie.

// fieldless is the keyed mapping without the field by which cases are found.
var fieldless = strings.Replace(keyed, ", custom_field: text_source_id", "", 1)

// renamed is the same with another field.
var renamed = strings.Replace(keyed, "text_source_id", "text_other", 1)

// refuses demands exit 1, and that the message or hint holds each of texts.
func (w *world) refuses(name string, texts []string, change ...func(*Config)) {
	w.t.Helper()
	requests := w.api.requests()
	sum, err := w.run(name, change...)
	var stop *Stop
	if !errors.As(err, &stop) || sum.Exit != 1 {
		w.t.Fatalf("not refused: %+v, %v", sum, err)
	}
	for _, text := range texts {
		if said := stop.Error() + "\n" + stop.Hint; !strings.Contains(said, text) {
			w.t.Errorf("%q is not in: %s", text, said)
		}
	}
	if n := w.api.requests() - requests; n > 0 {
		w.t.Errorf("refused after %d creates", n)
	}
}

// requests returns how many create requests have come.
func (s *server) requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.creates
}

// loses is the fate of creates whose answers are lost now and then.
func loses(every int, f fate) func(int) fate {
	return func(n int) fate {
		if n%every == every-1 {
			return f
		}
		return taken
	}
}

func by(mapping string) func(w *world) { return func(w *world) { w.mapping = mapping } }

func hash(text string) func(*Config) { return func(c *Config) { c.Mapping = text } }

func adopt(c *Config) { c.Adopt = true }

func resend(c *Config) { c.ResendUnknown = true }

// 1. The field that carries the key was added, renamed, or removed between runs.
func TestFieldChangedBetweenRuns(t *testing.T) {
	for _, c := range []struct {
		name          string
		before, after string
	}{
		{"added", fieldless, keyed},
		{"renamed", keyed, renamed},
		{"removed", keyed, fieldless},
	} {
		t.Run(c.name, func(t *testing.T) {
			in(t, func(w *world) {
				w.input("in.csv", linesOf(1, 20)...)
				w.mapping, w.api.fate = c.before, loses(4, cutAfter)
				if c.before == fieldless {
					w.must(3, "in.csv", hash("1"))
				} else { // killed while five rows are in doubt
					ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
					defer cancel()
					w.runCtx(ctx, "in.csv", hash("1"))
				}
				w.mapping, w.api.fate = c.after, nil
				for range 2 {
					sum := w.must(3, "in.csv", hash("2"))
					if sum.Unknown != 5 || sum.Already+sum.Created != 15 {
						t.Errorf("%+v", sum)
					}
				}
				w.onceByTitle(1, 20)
				if c.after != fieldless && !strings.Contains(w.read("out.failed.csv"), "--resend-unknown") {
					t.Errorf("the report does not say what can be done:\n%s", w.read("out.failed.csv"))
				}
				if c.before == fieldless {
					return
				}
				w.mapping = c.before // and changed back: they can be looked up again
				if sum := w.must(0, "in.csv", hash("1")); sum.Already != 20 {
					t.Errorf("%+v", sum)
				}
				w.onceByTitle(1, 20)
			})
		})
	}
}

// A row sent twice, each time with another field, can be looked up by neither.
func TestFieldChangedWhileInDoubt(t *testing.T) {
	in(t, func(w *world) {
		w.mapping = fieldless
		w.input("in.csv", linesOf(1, 4)...)
		w.api.fate = loses(4, cutAfter)
		w.must(3, "in.csv")
		w.mapping = keyed
		w.api.fate = func(int) fate { return cutBefore }
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		w.runCtx(ctx, "in.csv", resend) // sent with the field, and killed before it is looked up
		w.api.fate = nil
		for range 2 {
			w.must(3, "in.csv")
		}
		w.onceByTitle(1, 4)
	})
}

// 2. A journal that is older than the results beside it.
func TestOlderJournal(t *testing.T) {
	for _, keys := range []string{keyed, keyless} {
		for _, last := range []struct {
			name string
			fate fate
		}{
			{"that have their case", taken},
			{"in doubt", broken},
			{"that were refused", refusedBy},
		} {
			t.Run(map[string]string{keyed: "keyed ", keyless: "keyless "}[keys]+last.name, func(t *testing.T) {
				in(t, func(w *world) {
					w.mapping = keys
					w.input("in.csv", linesOf(1, 40)...)
					w.must(4, "in.csv", func(c *Config) { c.Limit = 10 })
					old := w.read("out.journal")
					w.api.read = func() (talkdesk.Answer, bool) { // nothing can be looked up
						return talkdesk.Answer{Verdict: talkdesk.Halt, Status: 403, Denied: true, Message: "no"}, true
					}
					w.api.fate = func(int) fate { return last.fate }
					w.run("in.csv")
					w.api.fate, w.api.read = nil, nil
					results := w.read("out.csv")
					if err := os.WriteFile(w.path("out.journal"), []byte(old), 0o600); err != nil {
						t.Fatal(err)
					}
					w.refuses("in.csv", []string{"30 ", "older copy", "newer journal"})
					if w.read("out.csv") != results {
						t.Error("the results were rewritten")
					}
					if keys == keyless {
						return
					}
					time.Sleep(time.Minute)
					w.must(0, "in.csv", adopt)
					w.onceByTitle(1, 40)
				})
			})
		}
	}
}

// The outcome was not synced, a loss of power took it, and the results hold it.
func TestResultsSettleWhatThePowerTook(t *testing.T) {
	for _, found := range []bool{false, true} {
		t.Run(map[bool]string{false: "created", true: "looked up"}[found], func(t *testing.T) {
			in(t, func(w *world) {
				w.input("in.csv", linesOf(1, 4)...)
				if found {
					w.api.lag = time.Hour
					w.api.fate = loses(4, cutAfter)
					w.must(3, "in.csv", func(c *Config) { c.OutagePatience = time.Minute })
					time.Sleep(2 * time.Hour)
				}
				w.must(0, "in.csv")
				lines := strings.SplitAfter(w.read("out.journal"), "\n")
				at := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, `"T-4","status":"created"`) })
				w.write("out.journal", strings.TrimSuffix(strings.Join(lines[:at], ""), "\n"))
				sum := w.must(0, "in.csv")
				if sum.Already != 4 || sum.Requests != 0 {
					t.Errorf("%+v", sum)
				}
				w.once(keys(1, 4)...)
			})
		})
	}
}

// 3. Lists that lie.

// liar is an account whose list and search do not tell the truth.
type liar struct {
	*server
	page   func(l *liar, q talkdesk.Query, all []talkdesk.Found) talkdesk.Page
	served int
}

func (l *liar) Read(ctx context.Context, q talkdesk.Query) (talkdesk.Page, talkdesk.Answer) {
	sleep(ctx, l.latency)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.served++
	var all []talkdesk.Found
	for _, c := range l.cases {
		if !time.Now().Before(c.shown) {
			all = append(all, talkdesk.Found{ID: c.id, Title: c.title, Key: c.fields[q.Field], Shown: true})
		}
	}
	if q.ID != "" { // the case itself is shown as it is
		all = slices.DeleteFunc(all, func(f talkdesk.Found) bool { return f.ID != q.ID })
		return talkdesk.Page{Cases: all, Total: 1}, talkdesk.Answer{Verdict: talkdesk.Created, Status: 200}
	}
	return l.page(l, q, all), talkdesk.Answer{Verdict: talkdesk.Created, Status: 200}
}

// filtered is a search that tells the truth.
func filtered(q talkdesk.Query, all []talkdesk.Found) talkdesk.Page {
	all = slices.DeleteFunc(slices.Clone(all), func(f talkdesk.Found) bool { return f.Key != q.Key })
	return talkdesk.Page{Cases: all, Total: len(all)}
}

func cut(all []talkdesk.Found, q talkdesk.Query, size int) []talkdesk.Found {
	from := min(len(all), (q.Page-1)*size)
	return all[from:min(len(all), from+size)]
}

// lies about the whole list; look-ups are answered truly.
var listLies = map[string]func(l *liar, q talkdesk.Query, all []talkdesk.Found) talkdesk.Page{
	"a capped total": func(_ *liar, q talkdesk.Query, all []talkdesk.Found) talkdesk.Page {
		return talkdesk.Page{Cases: cut(all[:min(50, len(all))], q, 50), Total: 50}
	},
	"total 0": func(_ *liar, q talkdesk.Query, all []talkdesk.Found) talkdesk.Page {
		return talkdesk.Page{Cases: cut(all, q, 50)}
	},
	"a page's own total": func(_ *liar, q talkdesk.Query, all []talkdesk.Found) talkdesk.Page {
		page := cut(all, q, 50)
		return talkdesk.Page{Cases: page, Total: len(page)}
	},
	"page 1 again": func(_ *liar, q talkdesk.Query, all []talkdesk.Found) talkdesk.Page {
		return talkdesk.Page{Cases: all[:min(50, len(all))], Total: len(all)}
	},
	"an early empty page": func(_ *liar, q talkdesk.Query, all []talkdesk.Found) talkdesk.Page {
		if q.Page == 2 {
			return talkdesk.Page{Total: len(all)}
		}
		return talkdesk.Page{Cases: cut(all, q, 50), Total: len(all)}
	},
	"another order on each page": func(l *liar, q talkdesk.Query, all []talkdesk.Found) talkdesk.Page {
		all = slices.Clone(all)
		if l.served%2 == 0 {
			slices.Reverse(all)
		}
		return talkdesk.Page{Cases: cut(all, q, 50), Total: len(all)}
	},
	"no custom fields": func(_ *liar, q talkdesk.Query, all []talkdesk.Found) talkdesk.Page {
		page := slices.Clone(cut(all, q, 50))
		for i := range page {
			page[i].Key, page[i].Shown = "", false
		}
		return talkdesk.Page{Cases: page, Total: len(all)}
	},
	"custom fields in the first half only": func(_ *liar, q talkdesk.Query, all []talkdesk.Found) talkdesk.Page {
		page := slices.Clone(cut(all, q, 50))
		for i := range page {
			if i > len(page)/2 {
				page[i].Key, page[i].Shown = "", false
			}
		}
		return talkdesk.Page{Cases: page, Total: len(all)}
	},
	"endless pages": func(_ *liar, q talkdesk.Query, all []talkdesk.Found) talkdesk.Page {
		page := make([]talkdesk.Found, 50)
		for i := range page {
			page[i] = talkdesk.Found{ID: fmt.Sprintf("x%d-%d", q.Page, i), Title: "x", Key: "x", Shown: true}
		}
		return talkdesk.Page{Cases: page, Total: 1e9}
	},
	"endless pages of an honest total": func(_ *liar, q talkdesk.Query, all []talkdesk.Found) talkdesk.Page {
		page := make([]talkdesk.Found, 50)
		for i := range page {
			page[i] = talkdesk.Found{ID: fmt.Sprintf("x%d-%d", q.Page, i), Title: "x", Key: "x", Shown: true}
		}
		return talkdesk.Page{Cases: page, Total: -1}
	},
}

func TestAdoptFromALyingList(t *testing.T) {
	for name, lie := range listLies {
		for _, results := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, results %v", name, results), func(t *testing.T) {
				in(t, func(w *world) {
					w.input("in.csv", linesOf(1, 120)...)
					w.must(4, "in.csv", func(c *Config) { c.Limit = 100 })
					os.Remove(w.path("out.journal"))
					if !results {
						os.Remove(w.path("out.csv"))
					}
					time.Sleep(time.Minute)
					l := &liar{server: w.api, page: func(l *liar, q talkdesk.Query, all []talkdesk.Found) talkdesk.Page {
						if q.Key != "" {
							return filtered(q, all)
						}
						return lie(l, q, all)
					}}
					sum := w.must(0, "in.csv", adopt, func(c *Config) { c.API = l })
					if sum.Already != 100 || sum.Created != 20 {
						t.Errorf("%+v", sum)
					}
					w.once(keys(1, 120)...)
					if sum.Lookups > 245 {
						t.Errorf("%d look-ups of 120 rows", sum.Lookups)
					}
				})
			})
		}
	}
}

// A search that ignores its filter is none, whatever stands on its first page.
func TestSearchThatIgnoresItsFilter(t *testing.T) {
	for name, page := range listLies {
		for _, newestFirst := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, newest first %v", name, newestFirst), func(t *testing.T) {
				in(t, func(w *world) {
					l := &liar{server: w.api, page: func(l *liar, q talkdesk.Query, all []talkdesk.Found) talkdesk.Page {
						if newestFirst {
							slices.Reverse(all)
						}
						p := page(l, q, all)
						p.Unfiltered = q.Key != "" && slices.ContainsFunc(p.Cases, func(f talkdesk.Found) bool { return f.Shown && !strings.Contains(f.Key, q.Key) })
						return p
					}}
					w.api.fate = loses(10, cutAfter)
					w.input("in.csv", linesOf(1, 400)...)
					for range 3 {
						sum, err := w.run("in.csv", func(c *Config) { c.API = l })
						if sum.Exit == 0 && w.api.doubles() > 0 {
							t.Errorf("%+v %v", sum, err)
						}
						w.api.fate = nil
					}
					w.once(keys(1, 400)...)
				})
			})
		}
	}
}

// The ids that the results hold are used, if the search knows the newest of them.
func TestAdoptUsesTheIDsOfTheResults(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 30)...)
		w.must(4, "in.csv", func(c *Config) { c.Limit = 20 })
		os.Remove(w.path("out.journal"))
		time.Sleep(time.Minute)
		l := &liar{server: w.api, page: func(l *liar, q talkdesk.Query, all []talkdesk.Found) talkdesk.Page {
			if q.Key == "" {
				return talkdesk.Page{Total: 1e9}
			}
			return filtered(q, all)
		}}
		sum := w.must(0, "in.csv", adopt, func(c *Config) { c.API = l })
		if sum.Already != 20 || sum.Created != 10 || sum.Lookups > 20 {
			t.Errorf("%+v", sum)
		}
		w.once(keys(1, 30)...)
	})
	in(t, func(w *world) { // results of another account
		w.input("in.csv", linesOf(1, 30)...)
		w.must(4, "in.csv", func(c *Config) { c.Limit = 20 })
		os.Remove(w.path("out.journal"))
		w.api.cases = nil
		w.run("in.csv", adopt, func(c *Config) { c.OutagePatience = time.Minute })
		for _, line := range w.results() {
			if line.Status == statusCreated {
				t.Errorf("row %d is believed to have case %s", line.Row, line.CaseID)
			}
		}
	})
}

// A lost journal is rebuilt from one of several inputs.
func TestAdoptKnowsTheOtherInputs(t *testing.T) {
	for _, results := range []bool{true, false} {
		t.Run(fmt.Sprintf("results %v", results), func(t *testing.T) {
			in(t, func(w *world) {
				w.input("monday.csv", linesOf(1, 10)...)
				w.input("tuesday.csv", linesOf(11, 20)...)
				w.must(0, "monday.csv")
				w.must(4, "tuesday.csv", func(c *Config) { c.Limit = 5 })
				os.Remove(w.path("out.journal"))
				if !results {
					os.Remove(w.path("out.csv"))
				}
				time.Sleep(time.Minute)
				w.must(0, "tuesday.csv", adopt)
				if n := len(w.results()); results && n != 10 { // rows of both, by their number
					t.Errorf("%d results", n)
				}
				w.must(0, "monday.csv")
				w.once(keys(1, 20)...)
			})
		})
	}
}
