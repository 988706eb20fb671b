// Package metrics writes what a run has come to as a file that Prometheus reads
// through node_exporter's textfile collector.
//
// The file is replaced as a whole, so that no reader sees half of it. What it says of
// earlier runs (their end, the last success) is read from the file of before.
package metrics

import (
	"bufio"
	"errors"
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"caseimport/importer"
	"caseimport/importer/atomicfile"
	"caseimport/importer/exit"
)

// Every is how often the file of a run that goes on is written.
const Every = 15 * time.Second

// File is a metrics file.
type File struct {
	path     string
	began    time.Time
	exit     float64 // of the last run that has ended, -1: none has
	last     float64 // when that was, as Unix time, 0: never
	success  float64 // when the last one ended with exit code 0
	requests int     // at the moment of the last writing …
	written  time.Time
}

// Open begins the metrics of a run that begins now. It sees that the file can be
// written.
func Open(path string) (*File, error) {
	f := &File{path: path, began: time.Now(), exit: -1}
	if err := f.remember(); err != nil {
		return nil, err
	}
	f.written = f.began
	return f, f.Write(&importer.Progress{})
}

// Write says how far the run has come.
func (f *File) Write(p *importer.Progress) error {
	sum, now := p.Summary(), time.Now()
	s := state{File: f, rows: sum, kinds: p.Requests(), doubts: p.InDoubt(), running: 1, seconds: now.Sub(f.began).Seconds()}
	s.rate = float64(sum.Requests-f.requests) / max(now.Sub(f.written).Seconds(), 1)
	f.requests, f.written = sum.Requests, now
	return f.replace(s)
}

// End says what became of the run, for good.
func (f *File) End(sum importer.Summary, p *importer.Progress) error {
	now := time.Now()
	f.exit, f.last = float64(sum.Exit), unix(now)
	if sum.Exit == exit.Done {
		f.success = f.last
	}
	s := state{File: f, rows: sum, kinds: p.Requests(), doubts: sum.InDoubt, seconds: now.Sub(f.began).Seconds()}
	s.rate = float64(sum.Requests) / max(s.seconds, 1)
	return f.replace(s)
}

func unix(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// state is what a file says.
type state struct {
	*File
	rows                   importer.Summary
	kinds                  map[string]int // requests
	doubts                 int
	running, seconds, rate float64
}

const (
	exitCode    = "caseimport_exit_code"
	lastRun     = "caseimport_last_run_timestamp_seconds"
	lastSuccess = "caseimport_last_success_timestamp_seconds"
)

// Describe leaves it to Collect which metrics there are.
func (state) Describe(chan<- *prometheus.Desc) {}

// Collect gives the metrics.
func (s state) Collect(to chan<- prometheus.Metric) {
	add := func(kind prometheus.ValueType, name, help string, value float64) {
		to <- prometheus.MustNewConstMetric(prometheus.NewDesc(name, help, nil, nil), kind, value)
	}
	each := func(kind prometheus.ValueType, name, help, label string, values map[string]int) {
		desc := prometheus.NewDesc(name, help, []string{label}, nil)
		for _, key := range slices.Sorted(maps.Keys(values)) {
			to <- prometheus.MustNewConstMetric(desc, kind, float64(values[key]), key)
		}
	}
	rows := map[string]int{
		"created": s.rows.Created, "already": s.rows.Already, "failed": s.rows.Failed, "invalid": s.rows.Invalid, "duplicate": s.rows.Duplicate,
		"unknown": s.rows.Unknown, "incomplete": s.rows.Incomplete, "filtered": s.rows.Filtered,
	}
	if s.running == 0 { // it is known at the end only
		rows["left"] = s.rows.Left
	}
	each(prometheus.GaugeValue, "caseimport_rows", "Rows of the input by what became of them in this run.", "status", rows)
	each(prometheus.CounterValue, "caseimport_requests_total", "Requests to the API made by this run.", "kind", s.kinds)
	add(prometheus.CounterValue, "caseimport_throttled_total", "Answers 429 that this run got.", float64(s.rows.Throttled))
	add(prometheus.CounterValue, "caseimport_retries_total", "Create requests of this run for rows that had been sent before.", float64(s.rows.Retries))
	add(prometheus.CounterValue, "caseimport_updated_total", "Cases of earlier runs that this run updated.", float64(s.rows.Updated))
	add(prometheus.GaugeValue, "caseimport_doubts", "Rows that were sent and got no answer, to be looked up.", float64(s.doubts))
	add(prometheus.GaugeValue, "caseimport_requests_per_second", "Requests a second, lately, or over the whole run once it has ended.", s.rate)
	add(prometheus.GaugeValue, "caseimport_run_duration_seconds", "How long this run has taken.", s.seconds)
	add(prometheus.GaugeValue, "caseimport_running", "Whether the run goes on.", s.running)
	if s.exit >= 0 {
		add(prometheus.GaugeValue, exitCode, "Exit code of the last run that has ended.", s.exit)
		add(prometheus.GaugeValue, lastRun, "When the last run ended.", s.last)
	}
	if s.success > 0 {
		add(prometheus.GaugeValue, lastSuccess, "When a run last ended with exit code 0.", s.success)
	}
}

func (f *File) replace(s state) error {
	registry := prometheus.NewRegistry()
	if err := registry.Register(s); err != nil {
		return err
	}
	families, err := registry.Gather()
	if err != nil {
		return err
	}
	err = atomicfile.Write(forAll{atomicfile.OS}, f.path, func(out *bufio.Writer) error {
		for _, family := range families {
			if _, err := expfmt.MetricFamilyToText(out, family); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return atomicfile.Error("write the metrics file", f.path, err)
	}
	return nil
}

// forAll lets others read the file: node_exporter runs as a user of its own, and
// there is nothing personal in it.
type forAll struct{ atomicfile.Disk }

func (d forAll) Create(path string) (atomicfile.Handle, error) {
	file, err := d.Disk.Create(path)
	if err == nil {
		err = os.Chmod(path, 0o644)
	}
	return file, err
}

// remember reads what the file of before says of earlier runs. A file that is not one
// of ours is not replaced.
func (f *File) remember() error {
	in, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return atomicfile.Error("read the metrics file", f.path, err)
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil || info.Size() == 0 {
		return err
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bufio.NewReader(in))
	if err != nil || families["caseimport_rows"] == nil {
		return atomicfile.Error("write the metrics file", f.path, errors.New("something else is there, and would be overwritten"))
	}
	for name, to := range map[string]*float64{exitCode: &f.exit, lastRun: &f.last, lastSuccess: &f.success} {
		if family := families[name]; family != nil && len(family.GetMetric()) > 0 {
			*to = family.GetMetric()[0].GetGauge().GetValue()
		}
	}
	return nil
}
