package main

import (
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"caseimport/importer"
	"caseimport/mapping/words"
)

const (
	redrawEvery = 150 * time.Millisecond
	logEvery    = 30 * time.Second
)

// screen is a terminal whose last line is the bar. Log lines written to it push
// the bar down instead of tearing it.
type screen struct {
	out   *os.File
	plain bool // without colours

	mu  sync.Mutex
	bar *progressbar.ProgressBar // nil if none is shown
}

// newScreen returns the screen behind w, nil if w is no terminal, or one that
// cannot clear a line.
func newScreen(w io.Writer) *screen {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) || !understandsEscapes(file) {
		return nil
	}
	return &screen{out: file, plain: os.Getenv("NO_COLOR") != ""}
}

// Write prints log lines.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bar != nil {
		_ = s.bar.Clear()
		defer s.bar.RenderBlank()
	}
	return s.out.Write(p)
}

// besideWords is the width of the rest of the line: a percentage, the bar at its
// smallest, blanks.
const besideWords = 17

// draw shows how far the run has come.
func (s *screen) draw(pc pace) {
	s.mu.Lock()
	defer s.mu.Unlock()
	columns, _, err := term.GetSize(int(s.out.Fd()))
	if err != nil || columns == 0 {
		columns = 80
	}
	text := pc.words()
	text = text[:min(len(text), max(columns-besideWords, 0))] // ASCII, so bytes are columns
	if s.bar == nil {
		s.bar = progressbar.NewOptions(pc.rows,
			progressbar.OptionSetWriter(s.out),
			progressbar.OptionUseANSICodes(true),
			progressbar.OptionSetWidth(min(max(columns-72, 5), 40)), // the words matter more than the bar
			progressbar.OptionSetPredictTime(false),                 // it knows only rates above zero
			progressbar.OptionShowDescriptionAtLineEnd(),
			progressbar.OptionSetDescription(text),
			progressbar.OptionSetRenderBlankState(true),
		)
	}
	_ = s.bar.Set(min(pc.done, pc.rows))
	s.bar.Describe(text) // draws
}

// clear takes the bar away.
func (s *screen) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bar != nil {
		_ = s.bar.Clear()
		s.bar = nil
	}
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
		every, tell = redrawEvery, s.draw
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
			s.clear()
		}
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

// left estimates how long the run will still take; false if that cannot be told.
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

// words follow the bar, the most important first: a narrow terminal cuts the
// end.
func (pc *pace) words() string {
	text := fmt.Sprintf("%s of %s rows", words.Count(pc.done), words.Count(pc.rows))
	if pc.failed > 0 {
		text += fmt.Sprintf(", %s failed", words.Count(pc.failed))
	}
	if pc.doubt > 0 {
		text += fmt.Sprintf(", %s in doubt", words.Count(pc.doubt))
	}
	if rate := pc.rate(); rate > 0 {
		text += ", " + perSecond(rate)
	}
	if left, ok := pc.left(); ok {
		text += ", " + human(left) + " left"
	}
	return text
}
