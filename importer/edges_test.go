package importer

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"caseimport/importer/exit"
	"caseimport/importer/results"
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
	var stop *exit.Stop
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

// Both were restored from the same backup, so that the results prove the journal. The
// rows of the nights since come again, before those of tonight or behind them.
func TestJournalAndResultsOfABackup(t *testing.T) {
	for name, tonight := range map[string][]string{
		"the newest last":  linesOf(1, 40),
		"the newest first": append(linesOf(31, 40), linesOf(1, 30)...),
		"nothing new":      linesOf(1, 30),
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(w *world) {
				w.input("in.csv", linesOf(1, 10)...)
				w.must(0, "in.csv")
				at, backup := modified(w.path("out.csv")), map[string]string{}
				for _, file := range []string{"out.csv", "out.journal"} {
					backup[file] = strings.TrimSuffix(w.read(file), "\n")
				}
				w.input("in.csv", linesOf(1, 30)...)
				w.must(0, "in.csv")
				time.Sleep(time.Hour)
				for file, text := range backup {
					w.write(file, text)
					os.Chtimes(w.path(file), at, at)
				}
				w.input("in.csv", tonight...)
				if sum := w.must(0, "in.csv"); sum.Created != len(tonight)-30 || sum.Already != 30 {
					t.Errorf("%+v", sum)
				}
				if log := w.logged(); !strings.Contains(log, "restored from a backup") || strings.Contains(log, "once rebuilt") {
					t.Errorf("it is to be said, once: %s", log)
				}
				w.once(keys(1, len(tonight))...)
				w.input("in.csv", linesOf(41, 42)...)
				w.must(0, "in.csv")
				if !strings.Contains(w.logged(), "once rebuilt") {
					t.Error("the next run trusts the journal")
				}
			})
		})
	}
}

// Rows that had failed before the backup, and have their cases since, may come before
// those that tell that it is one.
func TestBackupOfRowsThatHadFailed(t *testing.T) {
	in(t, func(w *world) {
		w.api.alike = func(title string) bool { return title == "Subject 2" }
		w.input("in.csv", linesOf(1, 3)...)
		w.must(3, "in.csv")
		at, backup := modified(w.path("out.csv")), map[string]string{}
		for _, file := range []string{"out.csv", "out.journal"} {
			backup[file] = strings.TrimSuffix(w.read(file), "\n")
		}
		w.api.alike = nil
		rows := linesOf(1, 6)
		rows[1] = strings.Replace(rows[1], "Body", "Corrected body", 1)
		w.input("in.csv", rows...)
		w.must(0, "in.csv")
		time.Sleep(time.Hour)
		for file, text := range backup {
			w.write(file, text)
			os.Chtimes(w.path(file), at, at)
		}
		if sum := w.must(0, "in.csv"); sum.Created != 0 || sum.Already != 6 {
			t.Errorf("%+v", sum)
		}
		w.once(keys(1, 6)...)
	})
}

// Of new rows a few are looked up, and none that cannot be sent, nor those that the last run
// has left; a case of that key with another title is somebody else's.
func TestNewRowsAreLookedUpSparingly(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 10)...)
		w.must(0, "in.csv")
		w.input("in.csv", append(linesOf(1, 40), "T-50,,no title")...)
		if sum := w.must(3, "in.csv"); sum.Created != 30 || sum.Lookups != 3 {
			t.Errorf("%+v", sum)
		}
		if sum := w.must(3, "in.csv"); sum.Requests != 0 {
			t.Errorf("nothing new: %+v", sum)
		}
		w.api.mu.Lock()
		w.api.cases[39].title = "Another"
		w.api.mu.Unlock()
		other := func(c *Config) { c.Results = w.path("other.csv") }
		w.input("in.csv", linesOf(60, 61)...)
		w.must(0, "in.csv", other)
		w.input("in.csv", line(40))
		if sum := w.must(0, "in.csv", other); sum.Created != 1 || sum.Lookups != 1 {
			t.Errorf("another's case: %+v", sum)
		}
		w.input("in.csv", linesOf(70, 80)...)
		w.must(4, "in.csv", other, func(c *Config) { c.Limit = 5 })
		if sum := w.must(0, "in.csv", other); sum.Created != 6 || sum.Lookups != 0 {
			t.Errorf("what a run has left is not new: %+v", sum)
		}
	})
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
		return talkdesk.Page{Cases: all, Total: 1}, talkdesk.Answer{Verdict: talkdesk.OK, Status: 200}
	}
	return l.page(l, q, all), talkdesk.Answer{Verdict: talkdesk.OK, Status: 200}
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
		before := w.read("out.csv")
		w.refuses("in.csv", []string{"20 cases", "does not list", "another account"}, adopt, func(c *Config) { c.OutagePatience = time.Minute })
		if w.read("out.csv") != before || w.has("out.journal") {
			t.Error("files were touched")
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

// 5. No wait is shortened by a time of day: journals whose times are of another
// day make no difference, and the longest wait is the same.
func TestTimesOfDayShortenNothing(t *testing.T) {
	took := map[string]time.Duration{}
	for _, year := range []string{"2000", "1970", "2100"} {
		in(t, func(w *world) {
			w.api.lag = 4 * time.Second
			quick := func(c *Config) { c.Settle = time.Second; c.Concurrency = 1 }
			w.input("in.csv", linesOf(1, 6)...)
			w.api.fate = func(n int) fate {
				if n == 4 {
					return lateBy(900 * time.Millisecond)
				}
				return taken
			}
			ctx, cancel := context.WithTimeout(context.Background(), 110*time.Millisecond)
			defer cancel()
			w.runCtx(ctx, "in.csv", quick)
			w.rejournal(func(l string) string { return strings.ReplaceAll(l, `:"2000-`, `:"`+year+"-") })
			began := time.Now()
			w.must(0, "in.csv", quick)
			took[year] = time.Since(began).Round(100 * time.Millisecond)
			w.once(keys(1, 6)...)
		})
	}
	if took["1970"] != took["2000"] || took["2100"] != took["2000"] {
		t.Errorf("%v", took)
	}
}

// rejournal changes the lines of the journal, and gives them their checksums.
func (w *world) rejournal(change func(line string) string) {
	w.t.Helper()
	var b strings.Builder
	for l := range strings.Lines(w.read("out.journal")) {
		l = change(strings.TrimSuffix(l, "\n"))
		if len(l) < 9 {
			continue
		}
		fmt.Fprintf(&b, "%08x%s\n", crc32.Checksum([]byte(l[9:]), crc32.MakeTable(crc32.Castagnoli)), l[8:])
	}
	if err := os.WriteFile(w.path("out.journal"), []byte(b.String()), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// 6. Keys that the server changes.
func TestKeysThatTheServerChanges(t *testing.T) {
	key := func(prefix string, n int) string { return fmt.Sprintf("%s%02d", prefix, n) }
	for _, c := range []struct {
		name   string
		prefix string
		alter  func(string) string
		// plain keys are not changed by this server, and found as ever.
		plain string
	}{
		{"Unicode normalisation", "Bu\u0308ro-", func(s string) string { return strings.ReplaceAll(s, "u\u0308", "ü") }, "P-"},
		{"escaped", "R&D-", func(s string) string { return strings.ReplaceAll(s, "&", "&amp;") }, "P-"},
		{"normalised, with markup", "Bu\u0308ro & Co-", func(s string) string { return strings.ReplaceAll(s, "u\u0308", "ü") }, "P-"},
		{"cut", "a-rather-long-key-", func(s string) string { return s[:min(len(s), 19)] }, "P-"},
		{"cut inside a prefix that all have", "a-rather-long-key-", func(s string) string { return s[:min(len(s), 5)] }, "P-"},
		{"lower case", "KEY-", strings.ToLower, ""},
		{"white space", "a  b  ", func(s string) string { return strings.Join(strings.Fields(s), " ") }, ""},
		{"nothing kept", "T-", func(s string) string { return "" }, ""},
	} {
		for _, lost := range []int{3, 17} {
			t.Run(fmt.Sprintf("%s, %d", c.name, lost), func(t *testing.T) {
				in(t, func(w *world) {
					w.api.alter = c.alter
					var lines []string
					for n := 1; n <= 20; n++ {
						prefix := c.prefix
						if n%2 == 0 && c.plain != "" {
							prefix = c.plain
						}
						lines = append(lines, fmt.Sprintf("%s,Subject %d,Body,open,low", key(prefix, n), n))
					}
					w.input("in.csv", lines...)
					w.api.fate = func(n int) fate { // a row of each kind
						if n == lost || n == lost+1 {
							return cutAfter
						}
						return taken
					}
					one := func(c *Config) { c.Concurrency = 1; c.OutagePatience = time.Minute }
					w.run("in.csv", one)
					for range 2 {
						w.run("in.csv", one)
					}
					w.onceByTitle(1, 20)
					if n := strings.Count(w.logged(), "Talkdesk stored the key"); n != 1 {
						t.Errorf("said %d times: %s", n, w.logged())
					}
					unknown := 0
					for _, l := range w.results() {
						if l.Status == results.Unknown {
							unknown++
						}
					}
					if want := map[bool]int{true: 1, false: 2}[c.plain != ""]; unknown != want {
						t.Errorf("%d rows unknown, want %d: %s", unknown, want, w.logged())
					}
				})
			})
		}
	}
}

// 8. Ids that were sorted apart from their rows.
func TestSwappedIDs(t *testing.T) {
	for _, c := range []struct{ name, in, report string }{
		{"CSV", "in.csv", "out.failed.csv"},
		{"JSON lines", "in.jsonl", "out.failed.jsonl"},
		{"JSON over several lines", "in.json", "out.failed.jsonl"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in(t, func(w *world) {
				w.mapping = keyless
				object := func(n int, sep string) string {
					return fmt.Sprintf(`{"Id":"T-%d",%s"Subject":"Subject %d",%s"Body":"b"}`, n, sep, n, sep)
				}
				switch c.in {
				case "in.csv":
					w.input(c.in, linesOf(1, 3)...)
				case "in.jsonl":
					w.write(c.in, object(1, ""), object(2, ""), object(3, ""))
				default:
					w.write(c.in, "["+object(1, "\n ")+","+object(2, "\n ")+","+object(3, "\n ")+"]")
				}
				w.api.fate = func(int) fate { return broken } // each has its case, and none is known
				w.must(3, c.in)
				w.api.fate = nil
				report := w.read(c.report)
				ids := regexp.MustCompile(`r[0-9a-f]{32}`).FindAllString(report, -1)
				w.edit(c.report, ids[0], "A", ids[1], ids[0], "A", ids[1])
				w.refuses(c.report, []string{"sorted apart"}, resend)
				if err := os.WriteFile(w.path(c.report), []byte(report), 0o600); err != nil {
					t.Fatal(err)
				}
				w.edit(c.report, "Subject 2", "Subject two")
				w.must(0, c.report, resend)
				if n := w.api.titles(); n["Subject two"] != 1 || n["Subject 1"] != 2 {
					t.Errorf("%v", n)
				}
			})
		})
	}
}

// 9. Fifty refused first.
func TestRefusedRowsComeLast(t *testing.T) {
	for _, mapping := range []string{keyed, keyless} {
		in(t, func(w *world) {
			w.mapping = mapping
			w.api.fate = func(int) fate { return refusedBy }
			w.input("in.csv", linesOf(1, 100)...)
			one := func(c *Config) { c.Concurrency = 1 }
			if sum := w.must(4, "in.csv", one); sum.Failed != 50 {
				t.Errorf("%+v", sum)
			}
			w.api.fate = func(n int) fate { // the first of the input are refused, always
				if n < 60 || n >= 100 {
					return refusedBy
				}
				return taken
			}
			w.must(3, "in.csv", one)
			w.api.fate = nil
			w.must(0, "in.csv", one)
			for range 2 { // they have their case, by the identity that they had
				if sum := w.must(0, "in.csv", one); sum.Already != 100 || sum.Requests != 0 {
					t.Errorf("%+v", sum)
				}
			}
			w.onceByTitle(1, 100)
		})
	}
}

func TestLimitMeansTheNextRows(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 30)...)
		w.api.fate = func(n int) fate {
			if n < 10 {
				return refusedBy
			}
			return taken
		}
		ten := func(c *Config) { c.Limit = 10; c.Concurrency = 1 }
		w.must(4, "in.csv", ten)
		w.must(4, "in.csv", ten)
		w.must(4, "in.csv", ten)
		w.once(keys(11, 30)...)
		w.must(0, "in.csv", ten)
		w.once(keys(1, 30)...)
	})
}

// 10. Two results files never share a journal.
func TestTwoImportsTwoJournals(t *testing.T) {
	in(t, func(w *world) {
		for n, name := range []string{"out.zendesk", "out.freshdesk", "out.csv", "out", "out.v1.csv"} {
			file := fmt.Sprintf("in%d.csv", n)
			w.input(file, line(1))
			w.mapping = strings.Replace(keyed, "column: Id", fmt.Sprintf("expr: '%q + row[\"Id\"]'", name), 1)
			to := func(c *Config) { c.Results = w.path(name) }
			if name == "out" { // whose journal would be that of out.csv
				w.refuses(file, []string{"out.csv"}, to)
				continue
			}
			if sum := w.must(0, file, to); sum.Created != 1 {
				t.Errorf("%s: %+v", name, sum)
			}
		}
	})
}

// A journal that an earlier version named is told, not passed over.
func TestJournalOfTheOldName(t *testing.T) {
	in(t, func(w *world) {
		to := func(c *Config) { c.Results = w.path("out.zendesk") }
		w.input("in.csv", linesOf(1, 5)...)
		w.must(0, "in.csv", to)
		os.Rename(w.path("out.zendesk.journal"), w.path("out.journal"))
		w.refuses("in.csv", []string{"out.journal", "rename"}, to)
		os.Rename(w.path("out.journal"), w.path("out.zendesk.journal"))
		w.must(0, "in.csv", to)
		w.once(keys(1, 5)...)
	})
}

// 11. A throttled run gives no row up.
func TestThrottledRunGivesNoRowUp(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 200)...)
		began := time.Now()
		w.api.fate = func(int) fate {
			if time.Since(began) < 30*time.Second {
				f := throttle
				f.answer.Pause = time.Second
				return f
			}
			return taken
		}
		if sum := w.must(0, "in.csv"); sum.Created != 200 {
			t.Errorf("%+v", sum)
		}
		w.once(keys(1, 200)...)
	})
}

func TestThrottledForEver(t *testing.T) {
	for _, c := range []struct {
		name  string
		pause time.Duration
		most  time.Duration
	}{{"a second each", time.Second, 11 * time.Minute}, {"an hour", time.Hour, time.Second}, {"unsaid", 0, 12 * time.Minute}} {
		for _, what := range []string{"creates", "reads", "probes"} {
			t.Run(c.name+", "+what, func(t *testing.T) {
				in(t, func(w *world) {
					w.input("first.csv", line(0))
					w.must(0, "first.csv")
					throttled := throttle
					throttled.answer.Pause = c.pause
					w.api.fate = func(int) fate { return throttled }
					if what != "creates" {
						w.api.fate = func(int) fate { return broken }
						if what == "probes" {
							w.api.fate = func(int) fate { return unreached }
						}
						w.api.read = func() (talkdesk.Answer, bool) { return throttled.answer, true }
					}
					w.input("in.csv", linesOf(1, 8)...)
					most := c.most
					if what != "creates" {
						most *= 2 // the look before the first row waits, too
					}
					began := time.Now()
					sum, err := w.run("in.csv")
					if took := time.Since(began); took > most {
						t.Errorf("took %v", took)
					}
					if sum.Failed > 0 || c.pause > time.Minute && (sum.Exit != 4 || !strings.Contains(err.Error(), "until ")) {
						t.Errorf("%+v: %v", sum, err)
					}
					w.api.fate, w.api.read = nil, nil
					time.Sleep(time.Hour)
					w.must(0, "in.csv")
					w.once(keys(0, 8)...)
				})
			})
		}
	}
}

// An older copy of the journal, and nothing beside it that shows that.
func TestOlderJournalWithoutResults(t *testing.T) {
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 40)...)
		w.must(4, "in.csv", func(c *Config) { c.Limit = 10 })
		old := w.read("out.journal")
		w.must(4, "in.csv", func(c *Config) { c.Limit = 20 })
		os.Remove(w.path("out.csv"))
		if err := os.WriteFile(w.path("out.journal"), []byte(old), 0o600); err != nil {
			t.Fatal(err)
		}
		w.must(0, "in.csv")
		w.once(keys(1, 40)...)
	})
}

// 19. One case id for every row.
func TestOneIDForSeveralRows(t *testing.T) {
	for _, mapping := range []string{keyed, keyless} {
		for _, named := range []struct {
			name string
			id   func(n int) string
			// unknown rows of 20 after a run: one that is looked up is not.
			first, keyless int
		}{
			{"for all", func(int) string { return "7" }, -1, 20},
			{"for two", func(n int) string { return fmt.Sprint(max(n, 8)) }, -1, 8},
			{"repeated once", func(n int) string {
				if n == 12 {
					return "11"
				}
				return fmt.Sprint(n)
			}, 1, 2},
		} {
			t.Run(named.name+map[string]string{keyed: "", keyless: ", keyless"}[mapping], func(t *testing.T) {
				in(t, func(w *world) {
					w.mapping, w.api.named = mapping, named.id
					w.input("in.csv", linesOf(1, 20)...)
					one := func(c *Config) { c.OutagePatience = time.Minute }
					sum := w.must(3, "in.csv", one)
					if want := map[string]int{keyed: named.first, keyless: named.keyless}[mapping]; want >= 0 && sum.Unknown != want || sum.Failed > 0 {
						t.Errorf("%+v", sum)
					}
					if n := strings.Count(w.logged(), "which is another row's"); n != 1 {
						t.Errorf("said %d times", n)
					}
					if _, rows := w.report("out.failed.csv"); len(rows) != sum.Unknown {
						t.Errorf("%d rows unknown, %d in the report", sum.Unknown, len(rows))
					}
					for range 2 {
						w.run("in.csv", one)
					}
					w.onceByTitle(1, 20)
				})
			})
		}
	}
}

// 12. Corrections are never overwritten, whatever run comes between.
func TestCorrectionsAreKept(t *testing.T) {
	ways := map[string]func(w *world){
		"refused credentials": func(w *world) {
			w.api.fate = func(int) fate {
				return fate{answer: talkdesk.Answer{Verdict: talkdesk.Halt, Status: 401, Message: "no"}}
			}
			w.run("in.csv")
		},
		"two signals": func(w *world) {
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
			defer cancel()
			w.runCtx(ctx, "in.csv", func(c *Config) { c.Drain = after(10 * time.Millisecond) })
		},
		"a signal": func(w *world) {
			w.run("in.csv", func(c *Config) { c.Drain = after(10 * time.Millisecond) })
		},
		"killed": func(w *world) {
			w.losing = true
			defer func() { w.losing = false }()
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
			defer cancel()
			w.runCtx(ctx, "in.csv")
		},
		"a limit":      func(w *world) { w.run("in.csv", func(c *Config) { c.Limit = 1 }) },
		"a whole run":  func(w *world) { w.run("in.csv") },
		"other rows":   func(w *world) { w.run("other.csv") },
		"all is well":  func(w *world) { w.run("well.csv") },
		"another form": func(w *world) { w.run("in.jsonl") },
	}
	for name, way := range ways {
		for _, second := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, again %v", name, second), func(t *testing.T) {
				in(t, func(w *world) {
					w.forgetful(false)
					w.input("in.csv", line(1), line(2), "T-3,,no subject,open,low", "T-4,,no subject,open,low")
					w.input("other.csv", line(5), line(6), "T-7,,no subject,open,low")
					w.input("well.csv", line(8))
					w.write("in.jsonl", `{"Id":"T-9","Subject":"","Body":"b","Status":"open","Priority":"low"}`)
					w.api.fate = func(int) fate { return refusedBy }
					w.must(3, "in.csv")
					w.api.fate = nil
					w.edit("out.failed.csv", "T-3,,", "T-3,Corrected with care,")
					way(w)
					w.api.fate = nil
					if second {
						way(w)
					}
					w.run("in.csv")
					w.run("in.csv")
					w.corrected("Corrected with care")
				})
			})
		}
	}
}

// corrected demands that a correction stands in some report, or has its case.
func (w *world) corrected(text string) {
	w.t.Helper()
	found := w.api.titles()[text] > 0
	files, _ := os.ReadDir(w.dir)
	for _, f := range files {
		found = found || strings.Contains(f.Name(), ".failed") && strings.Contains(w.read(f.Name()), text)
	}
	if !found {
		w.t.Errorf("the correction %q is lost: %v", text, files)
	}
}

// A report that is saved again while it is being run.
func TestReportSavedWhileItRuns(t *testing.T) {
	for _, at := range []time.Duration{time.Millisecond, 10 * time.Millisecond, 30 * time.Millisecond, 70 * time.Millisecond} {
		for _, refuse := range []bool{false, true} {
			in(t, func(w *world) {
				w.input("in.csv", linesOf(1, 8)...)
				w.api.fate = func(int) fate { return refusedBy }
				w.must(3, "in.csv")
				if !refuse {
					w.api.fate = nil
				}
				w.edit("out.failed.csv", "Body of 3", "First edit")
				time.AfterFunc(at, func() {
					w.write("saved", strings.TrimSuffix(strings.ReplaceAll(w.read("out.failed.csv"), "Body of 4", "Second edit"), "\n"))
					os.Rename(w.path("saved"), w.path("out.failed.csv"))
				})
				w.run("out.failed.csv", func(c *Config) { c.Concurrency = 2 })
				time.Sleep(time.Second)
				found := false
				files, _ := os.ReadDir(w.dir)
				for _, f := range files {
					found = found || strings.Contains(f.Name(), ".failed") && strings.Contains(w.read(f.Name()), "Second edit")
				}
				for _, c := range w.api.cases {
					found = found || strings.Contains(c.body, "Second edit")
				}
				if !found {
					t.Errorf("saved after %v, refused %v: the second edit is lost: %v", at, refuse, files)
				}
			})
		}
	}
}

// 20. A results file behind a link, whether its target is there or not.
func TestResultsBehindALink(t *testing.T) {
	in(t, func(w *world) {
		if err := os.Mkdir(w.path("real"), 0o700); err != nil {
			t.Fatal(err)
		}
		w.mapping = keyless
		os.Symlink("real/there.csv", w.path("link.csv"))
		os.Symlink("link.csv", w.path("link2.csv"))
		w.input("in.csv", linesOf(1, 5)...)
		for _, name := range []string{"link.csv", "link2.csv", "real/there.csv"} {
			to := func(c *Config) { c.Results = w.path(name) }
			w.must(0, "in.csv", to)
			if !w.has("real/there.journal") || !w.has("real/there.csv") || w.has("link.journal") {
				t.Errorf("%s: the files do not stand where the link points to", name)
			}
		}
		os.Remove(w.path("real/there.csv"))
		w.must(0, "in.csv", func(c *Config) { c.Results = w.path("link.csv") })
		w.onceByTitle(1, 5)
	})
}
