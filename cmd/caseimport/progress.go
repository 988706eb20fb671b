package main

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"caseimport/importer"
)

const (
	redrawEvery = 150 * time.Millisecond
	logEvery    = 30 * time.Second
)

// A screen is the terminal on which a bar and log lines share the last line.
// Log lines written to it push the bar down instead of tearing it.
type screen struct {
	w       io.Writer
	columns func() int // the terminal's width at the moment, 0 if unknown

	mu   sync.Mutex
	line string // the bar as it stands there, "" if none does
}

// newScreen returns the screen behind w, nil if w is no terminal.
func newScreen(w io.Writer) *screen {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return nil
	}
	return &screen{w: file, columns: func() int {
		columns, _, err := term.GetSize(int(file.Fd()))
		if err != nil {
			return 0
		}
		return columns
	}}
}

// Write prints log lines.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	line := s.line
	s.show("")
	n, err := s.w.Write(p)
	s.show(line)
	return n, err
}

// Draw shows line as the bar; an empty one clears it.
func (s *screen) Draw(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.show(line)
}

// show overwrites with blanks what the new line leaves of the old: that needs no
// escape sequences, which not every Windows console understands. It stays off
// the last column, where some terminals wrap.
func (s *screen) show(line string) {
	old, now := []rune(s.line), []rune(line)
	if columns := s.columns(); columns > 0 {
		old = old[:min(len(old), columns-1)]
		now = now[:min(len(now), columns-1)]
	}
	if len(old)+len(now) > 0 {
		text := "\r" + string(now) + strings.Repeat(" ", max(len(old)-len(now), 0))
		if len(now) == 0 {
			text += "\r"
		}
		_, _ = io.WriteString(s.w, text)
	}
	s.line = string(now)
}

// watch shows how far the run has come until the returned function is called:
// as a bar where there is a screen, else as a log line every 30 seconds. rows is
// what the input holds, limit the most that will be sent (0: all).
func watch(p *importer.Progress, rows, limit int, s *screen, log *slog.Logger) (stop func()) {
	if rows == 0 {
		return func() {}
	}
	every, tell := logEvery, func(pc pace) { logProgress(log, pc) }
	if s != nil {
		every, tell = redrawEvery, newBar(s, rows)
	}
	done, finished := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(finished)
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		pc := pace{rows: rows, limit: limit}
		pc.add(time.Now(), p)
		for {
			select {
			case now := <-ticker.C:
				pc.add(now, p)
				tell(pc)
			case <-done:
				return
			}
		}
	}()
	return func() {
		close(done)
		<-finished
		if s != nil {
			s.Draw("")
		}
	}
}

// newBar returns the function that draws the bar.
func newBar(s *screen, rows int) func(pace) {
	columns := cmp.Or(s.columns(), 80)
	// The words need about 70 columns; they matter more than the bar.
	bar := progressbar.NewOptions(rows,
		progressbar.OptionSetWriter(io.Discard), // the screen writes
		progressbar.OptionSetWidth(min(max(columns-72, 5), 40)),
		progressbar.OptionSetPredictTime(false), // it knows only rates above zero
		progressbar.OptionShowDescriptionAtLineEnd(),
	)
	return func(pc pace) {
		_ = bar.Set(min(pc.done, rows))
		bar.Describe(pc.words()) // renders
		s.Draw(strings.TrimRight(strings.TrimPrefix(bar.String(), "\r"), " "))
	}
}

func logProgress(log *slog.Logger, pc pace) {
	attrs := []any{"done", pc.done, "rows", pc.rows, "rate", math.Round(10*pc.rate()) / 10, "failed", pc.failed, "in_doubt", pc.doubt}
	if left, ok := pc.left(); ok {
		attrs = append(attrs, "left", human(left))
	}
	log.Info("progress", attrs...)
}

// pace tells how far a run has come and how fast it goes.
type pace struct {
	rows, limit int

	done, failed, doubt int
	sent                int // rows that met their fate by way of the API
	samples             []sample
}

type sample struct {
	at   time.Time
	sent int
}

// paceWindow is how far back the rate looks.
const paceWindow = 10 * time.Second

// add takes stock.
func (pc *pace) add(now time.Time, p *importer.Progress) {
	s := p.Summary()
	pc.done, pc.doubt = p.Done(), p.InDoubt()
	pc.failed = s.Failed + s.Invalid + s.Duplicate + s.Unknown
	pc.sent = s.Created + s.Failed + s.Unknown
	pc.samples = append(pc.samples, sample{now, pc.sent})
	for len(pc.samples) > 2 && now.Sub(pc.samples[1].at) >= paceWindow {
		pc.samples = pc.samples[1:]
	}
}

// rate returns rows a second. Rows that need no request fly past and would make
// the rest look quick, so they do not count.
func (pc *pace) rate() float64 {
	if len(pc.samples) < 2 {
		return 0
	}
	first, last := pc.samples[0], pc.samples[len(pc.samples)-1]
	seconds := last.at.Sub(first.at).Seconds()
	if seconds <= 0 {
		return 0
	}
	return float64(last.sent-first.sent) / seconds
}

// left estimates how long the run will still take; false while nobody can know.
func (pc *pace) left() (time.Duration, bool) {
	rate, rows := pc.rate(), pc.rows-pc.done
	if pc.limit > 0 {
		rows = min(rows, max(pc.limit-pc.sent, 0))
	}
	if seconds := float64(rows) / rate; rate > 0 && seconds < 1e8 {
		return time.Duration(seconds * float64(time.Second)).Round(time.Second), true
	}
	return 0, false
}

// words stand after the bar, the most important first: a narrow terminal cuts
// the end.
func (pc *pace) words() string {
	words := fmt.Sprintf("%s of %s rows", number(pc.done), number(pc.rows))
	if pc.failed > 0 {
		words += fmt.Sprintf(", %s failed", number(pc.failed))
	}
	if pc.doubt > 0 {
		words += fmt.Sprintf(", %s in doubt", number(pc.doubt))
	}
	if rate := pc.rate(); rate > 0 {
		words += ", " + perSecond(rate)
	}
	if left, ok := pc.left(); ok {
		words += ", " + human(left) + " left"
	}
	return words
}
