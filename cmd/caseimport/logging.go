package main

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/lmittmann/tint"

	"caseimport/importer"
	"caseimport/mapping/words"
)

// levelNow is for what answers a person at the keyboard, also in a quiet run.
const levelNow = importer.LevelWait + 1

// newLogger returns the run's logger. Records go to w in the given format ("text"
// is for people), coloured if w is a terminal. With quiet, warnings and what is
// said of waiting are held back; held is nil without it.
func newLogger(w io.Writer, format string, quiet bool) (*slog.Logger, *held) {
	var out slog.Handler
	if format == "json" {
		out = slog.NewJSONHandler(w, &slog.HandlerOptions{ReplaceAttr: plainLevel})
	} else {
		s, terminal := w.(*screen)
		out = tint.NewTextHandler(w, &tint.Options{TimeFormat: time.TimeOnly, NoColor: !terminal || s.plain, ReplaceAttr: forPeople})
	}
	if !quiet {
		return slog.New(out), nil
	}
	h := &held{out: out}
	return slog.New(&hush{out, h}), h
}

// plainLevel writes the level of records about waiting as one that programs
// know.
func plainLevel(groups []string, a slog.Attr) slog.Attr {
	if level, ok := a.Value.Any().(slog.Level); len(groups) == 0 && a.Key == slog.LevelKey && ok && level > slog.LevelWarn && level < slog.LevelError {
		a.Value = slog.AnyValue(slog.LevelWarn)
	}
	return a
}

// forPeople marks warnings and errors with a word, since colours do not reach a
// log file, and keeps texts of somebody else's on their line.
func forPeople(groups []string, a slog.Attr) slog.Attr {
	value := a.Value.Resolve()
	switch value.Kind() {
	case slog.KindDuration:
		return slog.String(a.Key, human(value.Duration()))
	case slog.KindTime:
		if len(groups) > 0 || a.Key != slog.TimeKey {
			return slog.String(a.Key, value.Time().Local().Format(time.TimeOnly))
		}
	case slog.KindString:
		return slog.String(a.Key, oneLine(value.String()))
	case slog.KindAny:
		level, ok := value.Any().(slog.Level)
		switch {
		case !ok:
			return slog.String(a.Key, oneLine(value.String()))
		case level >= slog.LevelError:
			return tint.Attr(9, slog.String(a.Key, "error:"))
		case level == slog.LevelWarn:
			return tint.Attr(11, slog.String(a.Key, "warning:"))
		}
		return slog.Attr{}
	}
	return a
}

// oneLine keeps a text of somebody else's on its line and off the terminal's
// controls. tint gives up at U+FFFD.
func oneLine(s string) string {
	return strings.NewReplacer("\n", " ", "\t", " ", "\uFFFD", "?").Replace(printable(s))
}

// hush is the handler of a quiet run.
type hush struct {
	slog.Handler
	held *held
}

func (h *hush) Handle(ctx context.Context, r slog.Record) error {
	switch {
	case r.Level >= levelNow:
		return h.Handler.Handle(ctx, r)
	case r.Level >= slog.LevelWarn:
		h.held.add(r.Level == importer.LevelWait, func() { _ = h.Handler.Handle(ctx, r) })
	}
	return nil
}

func (h *hush) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &hush{h.Handler.WithAttrs(attrs), h.held}
}

func (h *hush) WithGroup(name string) slog.Handler {
	return &hush{h.Handler.WithGroup(name), h.held}
}

// maxHeld bounds what a quiet run remembers: a warning a row must not fill the
// memory.
const maxHeld = 1000

// held keeps the warnings of a quiet run, and why it waits.
type held struct {
	out slog.Handler

	mu      sync.Mutex
	records []func()
	dropped int
	wait    func() // says why the run waited last; nil: it has not
	over    bool   // flushed
}

func (h *held) add(wait bool, record func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.over:
		record()
	case wait: // what it waited for before has come
		h.wait = record
	case len(h.records) < maxHeld:
		h.records = append(h.records, record)
	default:
		h.dropped++
	}
}

// flush is for a run that does not go well: it ends the quiet. stuck: the run waits, or
// that is why it has stopped. Else what it waited for has come, doubts were settled,
// and nothing need be said of it.
func (h *held) flush(stuck bool) {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, record := range h.records {
		record()
	}
	if h.dropped > 0 {
		slog.New(h.out).Warn(words.Plural(h.dropped, "more warning") + " not shown")
	}
	if stuck && h.wait != nil {
		h.wait()
	}
	h.records, h.dropped, h.wait, h.over = nil, 0, nil, true
}

// longWait is how long a quiet run may wait in all before it says so.
const longWait = 5 * time.Minute

// watch ends the quiet if the run waits for long, until the returned function is
// called.
func (h *held) watch(p *importer.Progress) (stop func()) {
	if h == nil {
		return func() {}
	}
	over := make(chan struct{})
	go func() {
		const every = time.Second
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		done, waited := p.Done(), time.Duration(0)
		for {
			select {
			case <-ticker.C:
				if n := p.Done(); n != done {
					done = n
				} else if h.hasWaits() {
					waited += every
				}
				if waited > longWait {
					h.flush(true)
					return
				}
			case <-over:
				return
			}
		}
	}()
	return func() { close(over) }
}

func (h *held) hasWaits() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.wait != nil
}
