package history

import (
	"fmt"
	"math"
	"time"

	"caseimport/mapping/words"
)

// Charts are drawn in these units, and scale with the page.
const (
	chartWidth  = 720.0
	chartHeight = 200.0
	chartLeft   = 60.0 // room for the labels of the axis
	chartBelow  = 24.0
	barHeight   = 22.0
	barLeft     = 190.0
	barRoom     = 80.0 // for the number behind a bar
)

// box is a rectangle. Class names what it is, Title says it when it is pointed at.
type box struct {
	X, Y, W, H   float64
	Class, Title string
}

// label is a text. Anchor is start, middle or end.
type label struct {
	X, Y         float64
	Text, Anchor string
}

// chart is a picture of boxes, lines and texts, which page.html draws.
type chart struct {
	ID            string // for the names of its parts
	Title, About  string // for a screen reader
	Width, Height float64
	Grid          []float64 // heights of lines across
	Boxes         []box
	Labels        []label
	Legend        []string // classes of boxes that stand for something
}

// bars is a chart of rows with a number each.
func bars(id, title string, names []string, values []int, classes []string) *chart {
	c := &chart{ID: id, Title: title, Width: chartWidth, Height: barHeight*float64(len(names)) + 8}
	most := 1
	for _, n := range values {
		most = max(most, n)
	}
	for i, name := range names {
		y := barHeight*float64(i) + 4
		w := float64(values[i]) / float64(most) * (chartWidth - barLeft - barRoom)
		if values[i] > 0 {
			w = max(w, 1)
		}
		c.Boxes = append(c.Boxes, box{barLeft, y + 3, round(w), barHeight - 6, classes[i], ""})
		c.Labels = append(c.Labels, label{barLeft - 8, y + 15, cut(name, 25), "end"}, label{round(barLeft + w + 6), y + 15, words.Count(values[i]), "start"})
		c.About += fmt.Sprintf("%s: %s. ", name, words.Count(values[i]))
	}
	return c
}

func cut(s string, n int) string {
	if words.Longer(s, n) {
		return words.Cut(s, n-1) + "…"
	}
	return s
}

func round(f float64) float64 { return math.Round(f*10) / 10 }

// overTime is a chart of a number in each step, with outages and pauses behind it.
func (h *History) overTime(id, title, unit string, value func(Step) float64) *chart {
	t := h.Timeline
	c := &chart{ID: id, Title: title, Width: chartWidth, Height: chartHeight + chartBelow, Legend: []string{"bar"}}
	most := 0.0
	for _, s := range t.Steps {
		most = max(most, value(s))
	}
	top := ceiling(most)
	width := (chartWidth - chartLeft) / float64(len(t.Steps))
	x := func(at time.Time) float64 {
		steps := at.Sub(t.Begin).Seconds() / float64(t.Seconds)
		return chartLeft + min(max(steps, 0), float64(len(t.Steps)))*width
	}
	for _, marked := range []struct {
		class string
		all   []Stretch
	}{{"pause", h.Pauses}, {"outage", h.Outages}} {
		for _, s := range marked.all {
			c.Boxes = append(c.Boxes, box{round(x(s.Begin)), 8, round(max(x(s.End)-x(s.Begin), 1)), chartHeight - 8, marked.class,
				fmt.Sprintf("%s of %s", marked.class, s.End.Sub(s.Begin).Round(time.Second))})
		}
		if len(marked.all) > 0 {
			c.Legend = append(c.Legend, marked.class)
		}
	}
	for i, s := range t.Steps {
		if v := value(s); v > 0 {
			height := max(v/top*(chartHeight-8), 1)
			c.Boxes = append(c.Boxes, box{round(chartLeft + float64(i)*width), round(chartHeight - height), round(max(width-1, 0.5)), round(height), "bar",
				fmt.Sprintf("%s: %s %s", h.step(i), number(v), unit)})
		}
	}
	for i := range 3 {
		y := chartHeight - float64(i)/2*(chartHeight-8)
		c.Grid = append(c.Grid, y)
		c.Labels = append(c.Labels, label{chartLeft - 6, y + 4, number(top * float64(i) / 2), "end"})
	}
	const ticks = 5
	for i := range ticks {
		n := i * (len(t.Steps) - 1) / (ticks - 1)
		if i > 0 && n == (i-1)*(len(t.Steps)-1)/(ticks-1) {
			continue
		}
		anchor, at := "middle", chartLeft+(float64(n)+0.5)*width
		switch {
		case i == 0:
			anchor, at = "start", chartLeft+float64(n)*width
		case n == len(t.Steps)-1:
			anchor, at = "end", chartLeft+float64(n)*width+width
		}
		c.Labels = append(c.Labels, label{round(at), chartHeight + 16, h.step(n), anchor})
	}
	c.About = fmt.Sprintf("In steps of %s from %s. The highest is %s %s. The table that follows has all figures.",
		time.Duration(t.Seconds)*time.Second, h.step(0), number(most), unit)
	return c
}

// step names the nth step of the timeline.
func (h *History) step(n int) string {
	layout := "2006-01-02"
	switch t := h.Timeline; {
	case t.Seconds < 60:
		layout = "15:04:05"
	case t.Seconds < 86400 && len(t.Steps)*t.Seconds <= 86400:
		layout = "15:04"
	case t.Seconds < 86400:
		layout = "01-02 15:04"
	}
	return h.stepTime(n).Format(layout)
}

func (h *History) stepTime(n int) time.Time {
	return h.Timeline.Begin.Add(time.Duration(n*h.Timeline.Seconds) * time.Second).Local()
}

// ceiling is the next number that is easily read: 1, 2 or 5 with noughts, at least 1.
func ceiling(v float64) float64 {
	for unit := 1.0; ; unit *= 10 {
		for _, n := range []float64{1, 2, 5} {
			if n*unit >= v {
				return n * unit
			}
		}
	}
}

func number(v float64) string {
	if v == math.Trunc(v) || v >= 100 {
		return words.Count(int(math.Round(v)))
	}
	return fmt.Sprintf("%.1f", v)
}
