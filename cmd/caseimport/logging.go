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

// newLogger returns the run's logger and its flush. Records go to w in the given
// format ("text" is for people), coloured if w is a terminal. With quiet, only
// records that say that the run must wait pass at once; warnings are held back
// until flush, which is for a run that did not go well and ends the quiet.
func newLogger(w io.Writer, format string, quiet bool) (log *slog.Logger, flush func()) {
	var out slog.Handler
	if format == "json" {
		out = slog.NewJSONHandler(w, &slog.HandlerOptions{ReplaceAttr: plainLevel})
	} else {
		s, terminal := w.(*screen)
		out = tint.NewTextHandler(w, &tint.Options{TimeFormat: time.TimeOnly, NoColor: !terminal || s.plain, ReplaceAttr: forPeople})
	}
	if !quiet {
		return slog.New(out), func() {}
	}
	h := &held{out: out}
	return slog.New(&hush{out, h}), h.flush
}

// plainLevel writes the level of records about waiting as one that programs
// know.
func plainLevel(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.LevelKey && a.Value.Any() == importer.LevelWait {
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
	case r.Level == importer.LevelWait:
		return h.Handler.Handle(ctx, r)
	case r.Level >= slog.LevelWarn:
		h.held.add(func() { _ = h.Handler.Handle(ctx, r) })
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

// held keeps the warnings of a quiet run.
type held struct {
	out slog.Handler

	mu      sync.Mutex
	records []func()
	dropped int
	over    bool // flushed
}

func (h *held) add(record func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.over:
		record()
	case len(h.records) < maxHeld:
		h.records = append(h.records, record)
	default:
		h.dropped++
	}
}

func (h *held) flush() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, record := range h.records {
		record()
	}
	if h.dropped > 0 {
		slog.New(h.out).Warn(words.Plural(h.dropped, "more warning") + " not shown")
	}
	h.records, h.dropped, h.over = nil, 0, true
}
