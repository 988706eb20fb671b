package history

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"caseimport/importer/lifecycle"
	"caseimport/importer/results"
	"caseimport/mapping/words"
)

const (
	maxReasons   = 20   // that are told
	maxDifferent = 5000 // that are counted
	maxExamples  = 5
)

// reasons counts why rows have no case.
type reasons struct {
	values bool
	all    map[reasonKey]*Reason
	locked map[string]int // rows whose case takes no changes, by their status
}

type reasonKey struct {
	status, code, text string
	http               int
}

func newReasons(values bool) *reasons {
	return &reasons{values: values, all: map[reasonKey]*Reason{}, locked: map[string]int{}}
}

// addJSON adds a line as the journal has it, and returns its status.
func (r *reasons) addJSON(text []byte) (status string) {
	var line results.Line
	if err := json.Unmarshal(text, &line); err != nil {
		line = results.Line{Status: results.Unknown, ErrorMessage: "what the journal says of it cannot be read"}
	}
	r.add(line)
	return line.Status
}

func (r *reasons) add(line results.Line) {
	if line.ErrorCode == lifecycle.CodeLocked {
		r.locked[line.Status]++
	}
	text := line.ErrorMessage
	if line.Status == results.Invalid && len(line.ErrorFields) > 0 {
		text = "" // it says the same, with the row's values
	}
	if fields := line.ErrorFields.String(); fields != "" && !strings.Contains(text, fields) {
		text = strings.TrimPrefix(text+": "+fields, ": ")
	}
	key := reasonKey{line.Status, line.ErrorCode, words.Brief(withoutValues(text)), int(line.HTTPStatus)}
	reason := r.all[key]
	if reason == nil {
		if len(r.all) >= maxDifferent {
			key = reasonKey{status: line.Status, text: "other reasons"}
		}
		if reason = r.all[key]; reason == nil {
			reason = &Reason{Status: key.status, HTTP: key.http, Code: key.code, Text: key.text, Examples: []Example{}}
			r.all[key] = reason
		}
	}
	if reason.Rows++; line.Row == 0 {
		return // it is not known which it is
	}
	example := Example{Row: line.Row, Key: words.Shown(line.Key)}
	if r.values {
		example.Text = words.Brief(cmp.Or(line.ErrorMessage, text))
	}
	// The first rows, whatever order they come in.
	at, _ := slices.BinarySearchFunc(reason.Examples, example, func(a, b Example) int { return cmp.Compare(a.Row, b.Row) })
	if at < maxExamples {
		reason.Examples = slices.Insert(reason.Examples, at, example)
		reason.Examples = reason.Examples[:min(len(reason.Examples), maxExamples)]
	}
}

func (r *reasons) sorted() []Reason {
	out := []Reason{}
	for _, reason := range r.all {
		out = append(out, *reason)
	}
	slices.SortFunc(out, func(a, b Reason) int {
		return cmp.Or(b.Rows-a.Rows, cmp.Compare(a.Status, b.Status), cmp.Compare(a.Text, b.Text), cmp.Compare(a.Code, b.Code), a.HTTP-b.HTTP)
	})
	return out[:min(len(out), maxReasons)]
}

// ofRows matches what may be a row's own in a reason: what is quoted, an address, a
// long number, and which row or case it is.
var ofRows = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|“[^”]*”|\S+@\S+|\b\d{5,}\b|\b(?:row|case) \d+`)

// withoutValues takes a row's values out of a reason, which also makes the reasons of
// many rows one.
func withoutValues(text string) string {
	return ofRows.ReplaceAllStringFunc(text, func(part string) string {
		if kind, _, ok := strings.Cut(part, " "); ok && (kind == "row" || kind == "case") {
			return kind + " …"
		}
		return "…"
	})
}
