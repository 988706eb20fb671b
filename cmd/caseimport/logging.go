package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// newLogger returns the run's logger and its flush. Records go to w in the
// given format ("text" is for people). With quiet, only records that say that
// the run must wait pass at once; warnings are held back until flush, which is
// for a run that did not go well and ends the quiet.
func newLogger(w io.Writer, format string, quiet bool) (log *slog.Logger, flush func()) {
	g := &gate{quiet: quiet, held: &held{}}
	if format == "json" {
		g.out = slog.NewJSONHandler(w, nil)
	} else {
		g.out = &textHandler{w: w, mu: &sync.Mutex{}}
	}
	return slog.New(g), func() { g.held.flush(g.out) }
}

// waitKey marks a record that says that the run must wait. It is for the gate
// and stands in no output.
const waitKey = "wait"

// gate decides which records may pass now.
type gate struct {
	out   slog.Handler
	quiet bool
	held  *held
}

func (g *gate) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

func (g *gate) Handle(ctx context.Context, r slog.Record) error {
	waits := false
	clean := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == waitKey {
			waits = a.Value.Kind() == slog.KindBool && a.Value.Bool()
		} else {
			clean.AddAttrs(a)
		}
		return true
	})
	switch {
	case !g.quiet || waits:
		return g.out.Handle(ctx, clean)
	case r.Level >= slog.LevelWarn:
		g.held.add(func() { _ = g.out.Handle(ctx, clean) })
	}
	return nil
}

func (g *gate) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &gate{out: g.out.WithAttrs(attrs), quiet: g.quiet, held: g.held}
}

func (g *gate) WithGroup(name string) slog.Handler {
	return &gate{out: g.out.WithGroup(name), quiet: g.quiet, held: g.held}
}

// maxHeld bounds what a quiet run remembers: a warning a row must not fill the
// memory.
const maxHeld = 1000

// held keeps the warnings of a quiet run.
type held struct {
	mu      sync.Mutex
	records []func()
	dropped int
	over    bool // flushed
}

func (h *held) add(record func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.over {
		record()
	} else if len(h.records) < maxHeld {
		h.records = append(h.records, record)
	} else {
		h.dropped++
	}
}

func (h *held) flush(out slog.Handler) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, record := range h.records {
		record()
	}
	if h.dropped > 0 {
		more := slog.NewRecord(time.Now(), slog.LevelWarn, plural(h.dropped, "more warning")+" not shown", 0)
		_ = out.Handle(context.Background(), more)
	}
	h.records, h.dropped, h.over = nil, 0, true
}

// textHandler writes records for people: 15:04:05 message key=value. Warnings
// and errors are marked with a word, since colours do not reach a log file.
type textHandler struct {
	w     io.Writer
	mu    *sync.Mutex
	attrs string // of WithAttrs, rendered
	group string // prefix of keys
}

func (h *textHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h *textHandler) Handle(_ context.Context, r slog.Record) error {
	var b bytes.Buffer
	b.WriteString(r.Time.Format(time.TimeOnly))
	switch {
	case r.Level >= slog.LevelError:
		b.WriteString(" error:")
	case r.Level >= slog.LevelWarn:
		b.WriteString(" warning:")
	}
	b.WriteByte(' ')
	b.WriteString(oneLine(r.Message))
	b.WriteString(h.attrs)
	r.Attrs(func(a slog.Attr) bool {
		b.WriteString(textAttr(h.group, a))
		return true
	})
	b.WriteByte('\n')
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := h.w.Write(b.Bytes())
	return err
}

func (h *textHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	more := *h
	for _, a := range attrs {
		more.attrs += textAttr(h.group, a)
	}
	return &more
}

func (h *textHandler) WithGroup(name string) slog.Handler {
	more := *h
	more.group += name + "."
	return &more
}

// textAttr renders " key=value", the value in quotation marks where it would
// not read as one word.
func textAttr(group string, a slog.Attr) string {
	if a.Equal(slog.Attr{}) {
		return ""
	}
	value := a.Value.Resolve()
	var text string
	switch value.Kind() {
	case slog.KindDuration:
		text = human(value.Duration())
	case slog.KindTime:
		text = value.Time().Local().Format(time.TimeOnly)
	default:
		text = value.String()
	}
	if text == "" || strings.ContainsAny(text, " \"=\n\t\r") {
		text = fmt.Sprintf("%q", text)
	}
	return " " + group + a.Key + "=" + oneLine(text)
}

// oneLine keeps a text of somebody else's on its line and off the terminal's
// controls.
func oneLine(s string) string {
	return printable(strings.NewReplacer("\n", " ", "\t", " ").Replace(s))
}
