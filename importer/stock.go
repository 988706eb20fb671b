package importer

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"caseimport/importer/identity"
	"caseimport/importer/journal"
	"caseimport/importer/results"
	"caseimport/importer/source"
)

const tryAdopt = "give the run another results file (-o), or, if it is this import's and its journal is lost, add --adopt: every row is then looked up before it is created"

// openJournal is journal.Open, but in tests that lose what was not synced.
var openJournal = journal.Open

// openFiles opens the journal, which takes the lock, and prepares the results
// file and the failure report.
func (r *run) openFiles(files Files) error {
	cfg := r.cfg
	for _, path := range []string{files.Results, files.Journal} {
		if sameFile(path, cfg.Input) {
			return &Stop{Exit: 1, Err: fmt.Errorf("%s is the input: the results must not overwrite it", path), Hint: "name another results file with -o"}
		}
	}
	r.report = results.ReportColumns(cfg.Table.Columns).Report()
	hasResults, err := checkResults(files.Results)
	if err != nil {
		stop := &Stop{Exit: 1, Err: err, Hint: "name another results file with -o"}
		if errors.Is(err, errNotOurs) {
			stop.Hint = tryAdopt
		}
		return stop
	}
	if cfg.Adopt && cfg.Program.KeyField() == "" {
		return &Stop{Exit: 1, Err: errors.New("--adopt looks cases up by their key, and the mapping names no key.custom_field"), Hint: "add to the mapping: key: {column: …, custom_field: text_…}"}
	}
	info, err := os.Stat(files.Journal)
	hasJournal := err == nil && info.Size() > 0
	switch {
	case hasResults && !hasJournal && !cfg.Adopt:
		return &Stop{Exit: 1, Err: fmt.Errorf("%s is there, but its journal %s is not, so nobody knows which rows have their case", files.Results, files.Journal), Hint: tryAdopt}
	case r.report && !hasJournal && !cfg.Program.HasKey():
		return &Stop{Exit: 1, Err: fmt.Errorf("%s is a failure report, but there is no journal %s that knows its rows", cfg.Input, files.Journal), Hint: "use -o RESULTS of the first run"}
	}
	host, _ := os.Hostname()
	header := journal.Header{Account: cfg.Account, BaseURL: cfg.BaseURL, KeyRule: cfg.Program.KeyRule()}
	if !cfg.Program.HasKey() {
		if cfg.Input == "-" {
			return &Stop{Exit: 1, Err: errors.New("without a key in the mapping, rows are known by their place in a file: standard input cannot be read"), Hint: "add a key to the mapping, or write the input to a file first"}
		}
		if !r.report {
			header.Input = hex.EncodeToString(cfg.Table.Sum[:])
		}
	}
	j, err := openJournal(files.Journal, header, journal.Begin{Input: absolute(cfg.Input), Mapping: cfg.Mapping, Host: host, Process: os.Getpid(), At: r.began, Adopt: cfg.Adopt})
	if err != nil {
		return journalStop(err)
	}
	r.j, r.began = j, time.Now() // the lock's moment, for whatever earlier runs left
	r.rec = &recorder{run: r, reasons: map[string]int{}, hadFile: hasResults, file: results.NewFile(files.Results, nil), report: results.NewReport(results.ReportOptions{
		Path: files.Report, JSON: cfg.Table.Format == "json", Header: cfg.Table.Header, Delimiter: cfg.Table.Delimiter,
		Mark: cfg.Table.Foreign()})}
	return nil
}

func journalStop(err error) error {
	var (
		held   *journal.HeldError
		pin    *journal.PinError
		damage *journal.DamageError
	)
	switch {
	case errors.As(err, &held):
		return &Stop{Exit: 5, Err: err, Hint: "wait until it has ended; if it is dead, the lock is gone with it"}
	case errors.As(err, &pin):
		return &Stop{Exit: 1, Err: err, Hint: "give each import a results file of its own (-o)"}
	case errors.As(err, &damage):
		return &Stop{Exit: 1, Err: err, Hint: "restore the journal from a backup, or move it away together with the results file and run with --adopt: every row is then looked up before it is created"}
	}
	return &Stop{Exit: 1, Err: fmt.Errorf("cannot use the journal: %w", err), Hint: "the folder of the results file must exist and be writable; -o names another"}
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

func sameFile(a, b string) bool {
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

// takeStock brings the results file to what the journal knows, and takes over
// what earlier runs left in doubt.
func (r *run) takeStock() error {
	if r.report {
		if err := r.knowsReport(); err != nil {
			return err
		}
	}
	cfg, last := r.cfg, r.j.Last()
	if r.j.Fresh() {
		// The results file is not touched before it has been found out
		// whether this run may begin at all (lookFirst).
		if err := r.knowsResults(); err != nil {
			return err
		}
	} else if err := r.rec.begin(); err != nil {
		return r.filesStop(err)
	}
	if last.Mapping != "" && cfg.Mapping != "" && last.Mapping != cfg.Mapping && r.j.Newest() != nil {
		hint := ""
		if cfg.BaseURL == "sandbox" {
			hint = "; to rehearse the import from the beginning, delete " + r.files.Results + " and " + r.files.Journal
		}
		cfg.Log.Warn("the mapping file has changed since the last run: rows that have their case keep it as it is" + hint)
	}
	if last.Input != "" && last.Input != absolute(r.cfg.Input) {
		switch {
		case !last.Ended:
			r.cfg.Log.Warn("the last run did not come to its end: run its input again too", "input", last.Input)
		case last.Left > 0:
			r.cfg.Log.Warn(fmt.Sprintf("the last run stopped with %d rows left: run its input again too", last.Left), "input", last.Input)
		}
	}
	if text := r.j.Newest(); text != nil {
		line, err := parseLine(text)
		if err != nil {
			return r.filesStop(err)
		}
		c := control{key: line.Key, id: line.CaseID, sent: r.began, earlier: true}
		if line.HTTPStatus == createdAnswer { // else it was found, and may be of any age
			c.age = r.began.Sub(line.FinishedAt)
		}
		r.doubts.know(c)
	}
	if r.cfg.Known != nil {
		for line, err := range r.rec.latest() {
			if err != nil {
				return r.filesStop(err)
			}
			if line.Status == statusCreated {
				r.cfg.Known(line.CaseID, line.Key, "")
			}
		}
	}
	claims, err := r.j.Doubts()
	if err != nil {
		return r.filesStop(err)
	}
	for _, c := range claims {
		r.doubts.addPast(c)
	}
	if len(claims) > 0 {
		r.cfg.Log.Info(rowsAre(len(claims)) + " in doubt since an earlier run, and will be looked up")
	}
	return nil
}

// filesStop is an error of our own files before anything was sent.
func (r *run) filesStop(err error) *Stop {
	exit := 1
	if isDiskFull(err) {
		exit = 4
	}
	return &Stop{Exit: exit, Err: err, Hint: "mend it and run the same command again"}
}

// knowsResults refuses a results file with cases of which the journal has never
// heard: it is not its journal.
func (r *run) knowsResults() error {
	if !r.rec.hadFile || r.cfg.Adopt {
		return nil
	}
	for line, err := range results.ReadOwn(r.cfg.Results) {
		if err != nil {
			return r.filesStop(err)
		}
		if line.Status == statusCreated || line.Status == statusUnknown {
			return &Stop{Exit: 1, Err: fmt.Errorf("%s holds rows that were sent, and its journal %s knows none of them", r.files.Results, r.files.Journal), Hint: tryAdopt}
		}
	}
	return nil
}

// knowsReport refuses a failure report whose rows the journal has never heard
// of: sent again without their past, they might get a second case.
func (r *run) knowsReport() error {
	ids := results.ReportColumns(r.cfg.Table.Columns)
	return r.cfg.Table.Each(r.ctx, func(row *source.Row) error {
		if row.Fault != "" {
			return nil
		}
		switch ids.Status(row.Cell) {
		case statusInvalid, statusDuplicate, statusLeft:
			return nil // never sent
		}
		if _, id, ok := identity.Parse(ids.ID(row.Cell)); ok && r.j.State(id) == journal.None {
			return &Stop{Exit: 1, Err: fmt.Errorf("%s, row %d: this failure report belongs to another results file: the journal does not know its rows", r.cfg.Input, row.Number),
				Hint: "use -o RESULTS of the first run"}
		}
		return nil
	})
}
