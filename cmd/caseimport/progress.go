package main

import (
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

	mu    sync.Mutex
	bar   *progressbar.ProgressBar // nil if none is shown
	width int                      // of the bar, in cells
	words int                      // beside it, at most so far: a bar that changes its length all the time cannot be read
	note  string                   // what is shown in its place, "" if nothing is
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

// behindTime is where the message of a log line begins.
const behindTime = len("15:04:05 ")

// Write prints log lines, broken at words.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bar != nil {
		_ = s.bar.Clear()
		defer s.bar.RenderBlank()
	}
	if note := s.note; note != "" {
		s.unnote()
		defer func() {
			s.note = note
			_, _ = io.WriteString(s.out, note)
		}()
	}
	columns := columnsOf(s.out)
	for line := range strings.Lines(string(p)) {
		if _, err := io.WriteString(s.out, folded(line, behindTime, columns)); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// Beside the bar stand brackets, a percentage and blanks, and it is drawn in cells
// between these numbers; the words matter more than it does.
const (
	besideBar   = 12
	smallestBar = 5
	widestBar   = 40
	usualWords  = 50
)

// draw shows how far the run has come.
func (s *screen) draw(pc pace) {
	s.mu.Lock()
	defer s.mu.Unlock()
	columns := columnsOf(s.out)
	if pc.rows == 0 { // it is not known yet
		s.note = pc.words(columns - 1)
		_, _ = io.WriteString(s.out, clearLine+s.note)
		return
	}
	s.unnote()
	text := pc.words(columns - besideBar - smallestBar)
	s.words = max(s.words, len(text), usualWords)
	if width := min(max(columns-besideBar-s.words, smallestBar), widestBar); s.bar == nil || width != s.width {
		s.width = width
		s.bar = progressbar.NewOptions(pc.rows,
			progressbar.OptionSetWriter(s.out),
			progressbar.OptionUseANSICodes(true),
			progressbar.OptionSetWidth(width),
			progressbar.OptionSetPredictTime(false), // it knows only rates above zero
			progressbar.OptionShowDescriptionAtLineEnd(),
			progressbar.OptionSetDescription(text),
			progressbar.OptionSetRenderBlankState(true),
		)
	}
	_ = s.bar.Set(min(pc.done, pc.rows))
	s.bar.Describe(text) // draws
}

// clearLine goes to the beginning of the line and clears it.
const clearLine = "\r\x1b[2K"

func (s *screen) unnote() {
	if s.note != "" {
		_, _ = io.WriteString(s.out, clearLine)
		s.note = ""
	}
}

// columnsOf is the width of a terminal, 0 of what is none.
func columnsOf(w io.Writer) int {
	if s, ok := w.(*screen); ok {
		w = s.out
	}
	if file, ok := w.(*os.File); ok {
		if columns, _, err := term.GetSize(int(file.Fd())); err == nil && columns > 0 {
			return columns
		}
		if term.IsTerminal(int(file.Fd())) {
			return 80
		}
	}
	return 0
}

// clear takes the bar away.
func (s *screen) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unnote()
	if s.bar != nil {
		_ = s.bar.Clear()
		s.bar = nil
	}
}

// watch shows what the run does and how far it has come until stop is called: as a bar
// where there is a screen, else as a log line every 30 seconds. What it is told of are
// the rows that the input holds, once that is known, and the most that will be sent
// (0: all).
func watch(p *importer.Progress, s *screen, log *slog.Logger, plain bool) (known func(rows, limit int), stop func()) {
	every, tell := logEvery, func(pc pace) { logProgress(log, pc, plain) }
	if s != nil {
		every, tell = redrawEvery, s.draw
	}
	type size struct{ rows, limit int }
	sizes, done, finished := make(chan size, 1), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(finished)
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		var pc pace
		pc.add(time.Now(), p)
		if s != nil {
			tell(pc)
		}
		for {
			select {
			case now := <-ticker.C:
				pc.add(now, p)
				tell(pc)
			case size := <-sizes:
				if size.rows == 0 {
					return
				}
				pc.rows, pc.limit = size.rows, size.limit
			case <-done:
				return
			}
		}
	}()
	known = func(rows, limit int) { sizes <- size{rows, limit} }
	stop = sync.OnceFunc(func() {
		close(done)
		<-finished
		if s != nil {
			s.clear()
		}
	})
	return known, stop
}

// logProgress writes a line for people, or one with attributes for programs.
func logProgress(log *slog.Logger, pc pace, plain bool) {
	if plain {
		log.Info(pc.words(math.MaxInt))
		return
	}
	attrs := []any{"doing", pc.doing, "done", pc.done, "rows", pc.rows, "rate", math.Round(10*pc.rate()) / 10, "failed", pc.failed, "in_doubt", pc.doubt}
	if left, ok := pc.left(); ok {
		attrs = append(attrs, "left", human(left))
	}
	log.Info("progress", attrs...)
}

// pace tells how far a run has come and how fast it goes.
type pace struct {
	rows, limit int

	done, failed, doubt int
	sent                int    // rows that met their fate by way of the API
	doing               string // what the run is about
	last                float64
	paused, settles     time.Duration // how long it will wait for these
	samples             []sample
}

type sample struct {
	at      time.Time
	sent    int
	creates int // requests
	updates int
}

// paceWindow is how far back the rate looks.
const paceWindow = 10 * time.Second

// add takes stock.
func (pc *pace) add(now time.Time, p *importer.Progress) {
	s, requests := p.Summary(), p.Requests()
	pc.done, pc.doubt = p.Done(), p.InDoubt()
	pc.failed = s.Failed + s.Invalid + s.Duplicate + s.Unknown
	pc.sent = s.Created + s.Failed + s.Unknown
	pc.samples = append(pc.samples, sample{now, pc.sent, requests["create"], requests["update"]})
	for len(pc.samples) > 2 && now.Sub(pc.samples[1].at) >= paceWindow {
		pc.samples = pc.samples[1:]
	}
	if rate := pc.rate(); rate > 0 {
		pc.last = rate
	}
	pc.paused, pc.settles = max(0, p.Paused().Sub(now)), max(0, p.Settles().Sub(now))
	pc.doing = pc.whatIsDone(p)
}

// whatIsDone says what the run is about at the moment.
func (pc *pace) whatIsDone(p *importer.Progress) string {
	last := pc.samples[len(pc.samples)-1]
	first := last // of a moment ago
	for i := len(pc.samples) - 1; i >= 0 && last.at.Sub(first.at) < 2*time.Second; i-- {
		first = pc.samples[i]
	}
	switch {
	case p.Doing() == importer.Reading:
		return "reading"
	case p.Doing() == importer.Writing:
		return "writing the results"
	case p.Down():
		return "waiting for the server"
	case pc.paused >= time.Second:
		return "pausing until " + p.Paused().Local().Format(time.TimeOnly)
	case p.Doing() == importer.Asking:
		return "asking whether this was imported before"
	case last.creates > first.creates:
		return "sending"
	case last.updates > first.updates:
		return "updating"
	case pc.doubt > 0:
		return "checking lost answers"
	}
	return "sending"
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

// left estimates how long the run will still take, its waits and what comes back to be
// looked up included; false if that cannot be told.
func (pc *pace) left() (time.Duration, bool) {
	rows := pc.rows - pc.done
	if pc.limit > 0 {
		rows = min(rows, max(pc.limit-pc.sent, 0))
	}
	if rows == 0 || pc.last == 0 && (pc.doubt < rows || pc.settles == 0) {
		return 0, false
	}
	one := 0.0 // seconds for a request
	if pc.last > 0 {
		one = 1 / pc.last
	}
	seconds := max(pc.paused.Seconds()+one*float64(rows), pc.settles.Seconds()+one*float64(min(pc.doubt, rows))/2)
	if seconds > 1e8 {
		return 0, false
	}
	return time.Duration(seconds * float64(time.Second)).Round(time.Second), true
}

// words say it in a line of so many columns at most: if it is too narrow, what matters
// least is left out.
func (pc *pace) words(columns int) string {
	if pc.rows == 0 {
		return pc.doing + " ..."
	}
	doing := pc.doing
	if rate := pc.rate(); rate > 0 && (doing == "sending" || doing == "updating") {
		doing += " " + perSecond(rate)
	}
	parts := []struct {
		text  string
		spare int // the order in which they are left out, 0: never
	}{
		{fmt.Sprintf("%s of %s rows", words.Count(pc.done), words.Count(pc.rows)), 0},
		{counted(pc.failed, "not done"), 2},
		{counted(pc.doubt, "in doubt"), 1},
		{doing, 3},
		{"", 4},
	}
	if left, ok := pc.left(); ok {
		parts[4].text = human(left) + " left"
	}
	for spare := 0; ; spare++ {
		var shown []string
		for _, part := range parts {
			if part.text != "" && (part.spare == 0 || part.spare > spare) {
				shown = append(shown, part.text)
			}
		}
		if text := strings.Join(shown, ", "); len(text) <= columns || spare == 4 {
			return text[:min(len(text), max(columns, 0))] // ASCII, so bytes are columns
		}
	}
}

func counted(n int, what string) string {
	if n == 0 {
		return ""
	}
	return words.Count(n) + " " + what
}
