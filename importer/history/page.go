package history

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"caseimport/importer/results"
	"caseimport/mapping/words"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"count":  words.Count,
	"plural": words.Plural,
	"at":     func(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") },
	"iso":    func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"lasted": func(s Stretch) string { return s.End.Sub(s.Begin).Round(time.Second).String() },
	"took":   func(s float64) string { return time.Duration(s * float64(time.Second)).Round(time.Second).String() },
	"base":   filepath.Base,
	"num":    func(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) },
	"pair":   func(a, b any) []any { return []any{a, b} },
}).Parse(pageText))

// view is what the page shows.
type view struct {
	*History
	Zone                             string
	Statuses, Why, Cases, Requesting *chart
	Steps                            []stepView
	StepSeconds                      float64
}

type stepView struct {
	Step
	At   time.Time
	Rate string
}

// Page writes the history as one HTML file, which needs nothing else.
func (h *History) Page(w io.Writer) error {
	v := view{History: h, Zone: h.Made.Local().Format("MST (-07:00)"), StepSeconds: float64(h.Timeline.Seconds)}
	if h.Total > 0 {
		v.Statuses = h.statuses()
	}
	if len(h.Reasons) > 0 {
		v.Why = h.why()
	}
	if len(h.Timeline.Steps) > 0 {
		v.Cases = h.overTime("cases", "Cases over time", "cases", func(s Step) float64 { return float64(s.Cases) })
		if slices.ContainsFunc(h.Timeline.Steps, func(s Step) bool { return s.Requests > 0 }) {
			v.Requesting = h.overTime("requests", "Requests a second over time", "requests a second", h.rate)
		}
	}
	for i, s := range h.Timeline.Steps {
		if s != (Step{}) {
			v.Steps = append(v.Steps, stepView{s, h.stepTime(i), fmt.Sprintf("%.1f", h.rate(s))})
		}
	}
	return page.Execute(w, v)
}

func (h *History) rate(s Step) float64 {
	return float64(s.Requests) / float64(max(h.Timeline.Seconds, 1))
}

func (h *History) statuses() *chart {
	var names, classes []string
	var values []int
	for _, c := range h.Rows {
		names, values = append(names, c.Status), append(values, c.Rows)
		class := "bad"
		switch c.Status {
		case "created":
			class = "good"
		case results.Incomplete, "unknown", inDoubt, undone:
			class = "doubt"
		}
		classes = append(classes, class)
	}
	return bars("statuses", "Rows by status", names, values, classes)
}

func (h *History) why() *chart {
	const most = 8
	var names, classes []string
	var values []int
	for _, r := range h.Reasons[:min(len(h.Reasons), most)] {
		names, values, classes = append(names, r.Text), append(values, r.Rows), append(classes, "bad")
	}
	return bars("reasons", "The most frequent reasons", names, values, classes)
}

// Meaning says what a status means.
func (c Count) Meaning() string {
	return map[string]string{
		"created":          "has its case",
		results.Incomplete: "its case is there, but could not be updated as asked",
		"failed":           "surely has no case, for a reason given below",
		"invalid":          "was never sent: the mapping or the limits do not allow it",
		"duplicate":        "was never sent: an earlier row has its key",
		"unknown":          "it cannot be told whether it has a case",
		inDoubt:            "was sent, and no answer is recorded",
		undone:             "its case was moved to the Trash by undo",
		"same":             "the case is what the row maps to",
		"differs":          "the case is not what the row maps to",
		"missing":          "the case is not there",
		"twice":            "other cases have the same key",
	}[c.Status]
}
