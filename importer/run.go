package importer

import (
	"context"
	"errors"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"caseimport/importer/exit"
	"caseimport/importer/journal"
)

// Run imports the input. The error is nil if the run came to its end, whatever
// became of the rows, and a *exit.Stop otherwise. The Summary is filled in any case.
func Run(ctx context.Context, cfg Config) (Summary, error) {
	began := time.Now()
	if cfg.Progress == nil {
		cfg.Progress = &Progress{}
	}
	if cfg.openJournal == nil {
		cfg.openJournal = journal.Open
	}
	cfg.ReportForm = reportForm(cfg.ReportForm, cfg.Table)
	files := FilesOf(cfg.Results, cfg.ReportForm)
	cfg.Results = files.Results
	sum, err := execute(ctx, cfg, files)
	if sum.Report != "" {
		files.Report = sum.Report // it could not take the form that was asked for
	}
	sum.Files = files
	sum.Rows = cfg.Table.Rows
	sum.Left = sum.Rows - cfg.Progress.Done()
	sum.Seconds = time.Since(began).Seconds()
	if _, statErr := os.Stat(files.Report); statErr != nil {
		sum.Report = ""
	}
	stop, known := errors.AsType[*exit.Stop](err)
	if err != nil && !known {
		stop = &exit.Stop{Exit: exit.Stopped, Err: err, Hint: "run the same command again to go on"}
		err = stop
	}
	switch {
	case stop != nil:
		sum.Exit, sum.Error = stop.Exit, stop.Error()
	case sum.Left > 0:
		// A limit that was reached is no error, and yet rows are left.
		sum.Exit = exit.Stopped
	case sum.Failed+sum.Invalid+sum.Duplicate+sum.Unknown+sum.Incomplete+sum.Several > 0:
		sum.Exit = exit.Faults
	}
	return sum, err
}

// execute opens the files, runs the pipeline, and brings the files into the form
// in which the next run, and people, find them.
func execute(ctx context.Context, cfg Config, files Files) (Summary, error) {
	if err := sameAccount(cfg); err != nil {
		return cfg.Progress.Summary(), err
	}
	s, err := openStore(cfg, files)
	if err != nil {
		return cfg.Progress.Summary(), err
	}
	p := newPipeline(ctx, cfg, s)
	defer p.cancel()
	if err := p.takeStock(); err != nil {
		if ctx.Err() != nil {
			err = &exit.Stop{Exit: exit.Stopped, Err: errors.New("interrupted"), Hint: "run the same command again"}
		}
		s.discard() // a courtesy: what counts is why it did not begin
		return cfg.Progress.Summary(), err
	}
	var group errgroup.Group
	group.Go(p.watchSignals)
	group.Go(p.read)
	group.Go(p.write)
	for range cfg.Concurrency {
		group.Go(p.work)
	}
	err = group.Wait()
	p.clock.Stop()
	return p.finish(err)
}
