package importer

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"caseimport/importer/exit"
	"caseimport/importer/journal"
	"caseimport/importer/results"
)

// store is the files of a run: the journal, which is what counts, the results
// and the failure report.
type store struct {
	files   Files
	journal *journal.Journal
	results *results.File
	report  *results.Report

	// hadResults says that the results file was there before this run.
	hadResults bool
	// touched says that it is not as the last run left it.
	touched bool
	// whole says that the results are as the journal's last run has left them, so
	// that the journal is no older copy.
	whole bool
	// older says that the journal was found to be an older copy all the same.
	older bool
	begun bool // the results file has been brought to what the journal knows
	// written is the hash of the failure report that the program wrote last:
	// any other is people's work.
	written string
}

// NameKeyField is what to do where cases cannot be looked up by their key.
const NameKeyField = "add to the mapping: key: {column: …, custom_field: text1}, with the key of a text field of your account"

const tryAdopt = "give the run another results file (-o), or, if it is this import's and its journal is lost, add --adopt: every row is then looked up before it is created"

// sandboxURL stands in journals for the base URL of a sandbox in the process.
const sandboxURL = "sandbox"

// openStore opens the journal, which takes the lock, and prepares the results
// file and the failure report.
func openStore(cfg Config, files Files) (*store, error) {
	hadResults, err := mayOpen(cfg, files)
	if err != nil {
		return nil, err
	}
	host, _ := os.Hostname()
	header := journal.Header{Account: cfg.Account, BaseURL: cfg.BaseURL, KeyRule: cfg.Program.KeyRule()}
	if !cfg.Program.HasKey() && !results.ReportColumns(cfg.Table.Columns).IsReport() {
		header.Input = hex.EncodeToString(cfg.Table.Sum[:])
	}
	j, err := cfg.openJournal(files.Journal, header, journal.Begin{Input: absolute(cfg.Input), Results: filepath.Base(files.Results), Mapping: cfg.Mapping, Field: cfg.Program.KeyField(), Host: host, Process: os.Getpid(), At: time.Now(), Adopt: cfg.Adopt, Version: cfg.Version})
	if err != nil {
		return nil, journalStop(err)
	}
	return &store{files: files, journal: j, hadResults: hadResults, written: j.Last().Report,
		results: results.NewFile(files.Results, nil),
		report: results.NewReport(results.ReportOptions{
			Path: files.Report, JSON: cfg.Table.Format == "json", Form: cfg.ReportForm,
			Header: cfg.Table.Header, Columns: slices.Concat(cfg.Table.Columns, cfg.Program.Absent()), Delimiter: cfg.Table.Delimiter, Mark: cfg.Table.Foreign()}),
	}, nil
}

// mayOpen refuses files that do not go together, before any of them is touched.
// hadResults: the results file is there.
func mayOpen(cfg Config, files Files) (hadResults bool, err error) {
	for _, path := range []string{files.Results, files.Journal} {
		if SameFile(path, cfg.Input) {
			return false, exit.Refuse(fmt.Errorf("%s is the input: the results must not overwrite it", path), "name another results file with -o")
		}
	}
	hadResults, err = checkResults(files.Results)
	if err != nil {
		stop := exit.Refuse(err, "name another results file with -o")
		if errors.Is(err, errNotOurs) {
			stop.Hint = tryAdopt
		}
		return false, stop
	}
	if cfg.Adopt && cfg.Program.KeyField() == "" {
		return false, exit.Refuse(errors.New("--adopt looks cases up by their key, and the mapping names no key.custom_field"), NameKeyField)
	}
	info, err := os.Stat(files.Journal)
	hasJournal := err == nil && info.Size() > 0
	switch {
	case hadResults && !hasJournal && !cfg.Adopt && files.oldJournal() != "":
		return false, exit.Refuse(fmt.Errorf("found %s but not its journal %s: an earlier version named it %s", files.Results, files.Journal, files.oldJournal()), "if it is this import's, rename it to "+files.Journal)
	case hadResults && !hasJournal && !cfg.Adopt:
		return false, exit.Refuse(fmt.Errorf("found %s but not its journal %s: cannot tell which rows already have a case", files.Results, files.Journal), tryAdopt)
	case results.ReportColumns(cfg.Table.Columns).IsReport() && !hasJournal && !cfg.Adopt:
		// Also one of rows that were never sent: what a journal of its own knows, the
		// import's does not, which would make their cases again.
		return false, exit.Refuse(fmt.Errorf("%s is a failure report, but there is no journal %s that knows its rows", cfg.Input, files.Journal), "use -o RESULTS of the first run")
	}
	if cfg.Input == "-" && !cfg.Program.HasKey() {
		return false, exit.Refuse(errors.New("without a key in the mapping, rows are known by their place in a file: standard input cannot be read"), "add a key to the mapping, or write the input to a file first")
	}
	return hadResults, nil
}

func journalStop(err error) error {
	var (
		held   *journal.HeldError
		pin    *journal.PinError
		damage *journal.DamageError
	)
	switch {
	case errors.As(err, &held):
		return &exit.Stop{Exit: exit.Busy, Err: err, Hint: "wait until it has ended (the lock of a dead run is released by the system)"}
	case errors.As(err, &pin) && pin.Theirs == sandboxURL:
		return exit.Refuse(err, "these files are a rehearsal's: add --sandbox to go on with it, or give the import a results file of its own (-o)")
	case errors.As(err, &pin) && strings.HasPrefix(pin.Theirs, "http://"):
		return exit.Refuse(err, "if that was a sandbox, start it at the same address again (caseimport sandbox --listen); else give each import a results file of its own (-o)")
	case errors.As(err, &pin):
		return exit.Refuse(err, "give each import a results file of its own (-o)")
	case errors.As(err, &damage):
		return exit.Refuse(err, "move it away together with the results file and run with --adopt: every row is then looked up before it is created")
	case exit.DiskFull(err):
		return filesStop(err)
	}
	return exit.Refuse(fmt.Errorf("cannot use the journal: %w", err), "the folder of the results file must exist and be writable; -o names another")
}

// checkResults reports whether there is a results file, and refuses one that
// is not ours.
func checkResults(path string) (there bool, err error) {
	ours, err := results.IsOurs(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return true, err
	case !ours:
		return true, fmt.Errorf("%s %w: it is not overwritten", path, errNotOurs)
	}
	return true, nil
}

var errNotOurs = errors.New("is no results file of caseimport")

// SameFile reports whether two names are those of one file that is there.
func SameFile(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

func absolute(path string) string {
	if full, err := filepath.Abs(path); err == nil && path != "-" {
		return full
	}
	return path
}

// begin brings the results file to what the journal knows, if that has not been
// done, and opens it.
func (s *store) begin() error {
	if s.begun {
		return nil
	}
	s.begun = true
	last := s.journal.Last()
	info, err := os.Stat(s.files.Results)
	if err == nil && last.Ended && last.Extra == 0 && info.Size() == last.Size && info.ModTime().Equal(last.Time) {
		// Unchanged since the last run's end. Its time shows from now on that there
		// was another run, even if that adds nothing to it.
		if now := time.Now(); os.Chtimes(s.files.Results, now, now) == nil {
			return s.results.Resume()
		}
	}
	return s.results.Begin(s.latest())
}

// latest yields the results lines that the journal knows, each row's latest.
func (s *store) latest() iter.Seq2[results.Line, error] {
	return func(yield func(results.Line, error) bool) {
		err := s.journal.Outcomes(func(o journal.Outcome) error {
			line, err := parseLine(o.Line)
			line.Row = o.Row
			if !yield(line, err) {
				return errEnough
			}
			return nil
		})
		if err != nil && err != errEnough {
			yield(results.Line{}, err)
		}
	}
}

func parseLine(text []byte) (line results.Line, err error) {
	if err := json.Unmarshal(bytes.TrimSpace(text), &line); err != nil {
		return line, fmt.Errorf("the journal holds an outcome that cannot be read: %w", err)
	}
	return line, nil
}

// tidyResults rebuilds the results file if appending has not left it as it should be;
// a person in a hurry gets that at the beginning of the next run.
func (s *store) tidyResults(hurry bool) error {
	err := s.results.Close()
	if !s.journal.Changed() || hurry || err != nil {
		return err
	}
	return s.results.Replace(s.all())
}

// all yields what the journal knows and then this run's own rows, which stand
// in the file that is to be replaced.
func (s *store) all() iter.Seq2[results.Line, error] {
	return func(yield func(results.Line, error) bool) {
		for line, err := range s.latest() {
			if !yield(line, err) {
				return
			}
		}
		for line, err := range results.ReadOwn(s.files.Results) {
			if err == nil && !line.OfRun() {
				continue
			}
			if !yield(line, err) {
				return
			}
		}
	}
}

// abandon removes a results file that this run made and has nothing in it.
func (s *store) abandon() error {
	err := s.results.Close()
	s.report.Abort()
	if s.begun && s.journal.Made() && !s.hadResults {
		if gone := os.Remove(s.files.Results); !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return err
}

// discard leaves the folder as it was before a run that did not begin.
func (s *store) discard() error {
	return errors.Join(s.abandon(), s.journal.Discard())
}
