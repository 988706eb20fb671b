package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	osexec "os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"caseimport/importer"
	"caseimport/importer/exit"
	"caseimport/importer/metrics"
	"caseimport/importer/results"
)

// aftermath are the flags of run that say whom else to tell of it. Nothing that goes
// wrong there changes the exit code of a run that has begun.
type aftermath struct {
	metricsFile, onFailure string
}

func (a *aftermath) flags(f *pflag.FlagSet) {
	f.StringVar(&a.metricsFile, "metrics-file", "", "write metrics for Prometheus to `FILE`, every 15 s and at the end")
	f.StringVar(&a.onFailure, "on-failure", "", "run this shell `COMMAND` if the exit code is not 0, with the summary as JSON on its standard input")
}

// gauges are the metrics of a run under way.
type gauges struct {
	file *metrics.File
	log  *slog.Logger
	stop chan struct{}
	done chan struct{}
}

// begin starts to write metrics, if they are asked for; nil is of use without.
func (a *aftermath) begin(cmd *cobra.Command, o runOptions, input string, log *slog.Logger, p *importer.Progress) (*gauges, error) {
	if a.metricsFile == "" {
		return nil, nil
	}
	for _, other := range o.ownFiles(input) {
		if samePlace(a.metricsFile, other) {
			return nil, usage(cmd, "for example: --metrics-file /var/lib/prometheus/node-exporter/caseimport.prom", "--metrics-file %s: this is a file of the run itself, which would be overwritten", a.metricsFile)
		}
	}
	file, err := metrics.Open(a.metricsFile)
	if err != nil {
		return nil, exit.Refuse(err, "give another file with --metrics-file")
	}
	g := &gauges{file, log, make(chan struct{}), make(chan struct{})}
	go g.keep(p)
	return g, nil
}

// keep writes the metrics now and then, until stop is closed.
func (g *gauges) keep(p *importer.Progress) {
	defer close(g.done)
	ticker := time.NewTicker(metrics.Every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			_ = g.file.Write(p) // at the end it is said
		case <-g.stop:
			return
		}
	}
}

func (g *gauges) end(sum importer.Summary, p *importer.Progress) {
	if g == nil {
		return
	}
	close(g.stop)
	<-g.done
	if err := g.file.End(sum, p); err != nil {
		g.log.Warn(err.Error())
	}
}

// unheard tells of a run whose command line could not be understood. (A metrics file
// takes the place of no other file.)
func (a *aftermath) unheard(cmd *cobra.Command, err error) {
	log, _ := newLogger(cmd.ErrOrStderr(), "text", false)
	sum := importer.Summary{Exit: stopOf(err).Exit, Error: brief(err.Error())}
	if a.metricsFile != "" {
		file, fault := metrics.Open(a.metricsFile)
		if fault == nil {
			fault = file.End(sum, &importer.Progress{})
		}
		if fault != nil {
			log.Warn(fault.Error())
		}
	}
	a.alert(cmd, runOptions{}, "-", log, sum)
}

// ownFiles are those that a run reads and writes, also the ones that are not there yet.
func (o *runOptions) ownFiles(input string) []string {
	files := o.filesOf(input)
	all := []string{input, o.mapping, o.fields}
	if files.Results != "" {
		all = append(all, besideResults(files.Results)...)
	}
	return all
}

// reportForms are those that a failure report may have.
var reportForms = []string{results.CSV, results.Workbook, results.JSONLines}

// besideResults are the files of the import whose results stand at a path: these, and
// all that may stand beside them.
func besideResults(path string) []string {
	files := importer.FilesOf(path, results.CSV)
	all := []string{files.Results, files.Journal, files.Verify, files.Undo}
	for _, form := range reportForms {
		all = append(all, importer.FilesOf(path, form).Report)
	}
	return all
}

// filesOf are the files beside the results, as far as their name is known.
func (o *runOptions) filesOf(input string) importer.Files {
	name := o.results
	if name == "" {
		name, _ = importer.DefaultResults(input, o.sandbox)
	}
	if name == "" {
		return importer.Files{}
	}
	return importer.FilesOf(name, results.CSV)
}

// samePlace also compares files that are not there yet.
func samePlace(a, b string) bool {
	if b == "" || b == "-" {
		return false
	}
	fullA, errA := filepath.Abs(a)
	fullB, errB := filepath.Abs(b)
	return importer.SameFile(a, b) || errA == nil && errB == nil && fullA == fullB
}

// alertTime is how long the command of --on-failure may take.
const alertTime = 30 * time.Second

// alert runs the command of --on-failure after a run that did not end well. What it
// prints goes to standard error.
func (a *aftermath) alert(cmd *cobra.Command, o runOptions, input string, log *slog.Logger, sum importer.Summary) {
	if a.onFailure == "" || sum.Exit == exit.Done {
		return
	}
	files := sum.Files
	if files.Results == "" {
		if files = o.filesOf(input); !exists(files.Report) {
			files.Report = ""
		}
	}
	env := withoutSecrets(os.Environ(),
		"CASEIMPORT_EXIT="+strconv.Itoa(sum.Exit), "CASEIMPORT_RESULTS="+files.Results, "CASEIMPORT_FAILED="+files.Report, "CASEIMPORT_JOURNAL="+files.Journal)
	summary, err := json.Marshal(sum)
	if err == nil {
		err = runCommand(cmd.Context(), a.onFailure, env, append(summary, '\n'), cmd, alertTime)
	}
	if err != nil {
		log.Warn("the command of --on-failure: " + err.Error())
	}
}

// withoutSecrets is the environment of a command that others have written: of our own
// variables only those that say whose cases these are.
func withoutSecrets(env []string, more ...string) (out []string) {
	for _, v := range env {
		name, _, _ := strings.Cut(v, "=")
		ours := strings.HasPrefix(strings.ToUpper(name), "TALKDESK_")
		if !ours || name == "TALKDESK_ACCOUNT" || name == "TALKDESK_REGION" {
			out = append(out, v)
		}
	}
	return append(out, more...)
}

// runCommand runs a shell command, and ends it with all that it has started if it
// takes longer than most, or a signal comes.
func runCommand(ctx context.Context, command string, env []string, stdin []byte, cmd *cobra.Command, most time.Duration) error {
	ctx, stop := signal.NotifyContext(ctx, stopSignals()...)
	defer stop()
	ctx, cancel := context.WithTimeoutCause(ctx, most, fmt.Errorf("it was ended after %v", most))
	defer cancel()
	shell := shellCommand(ctx, command)
	shell.Env, shell.Stdin = env, bytes.NewReader(stdin)
	shell.Stdout, shell.Stderr = cmd.ErrOrStderr(), cmd.ErrOrStderr()
	shell.Cancel = func() error { return endGroup(shell.Process) }
	shell.WaitDelay = time.Second // what it has left behind may hold our pipes
	err := shell.Run()
	switch {
	case err != nil && ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, osexec.ErrWaitDelay):
		return nil
	}
	return err
}
