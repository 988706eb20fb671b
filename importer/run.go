package importer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"caseimport/importer/journal"
	"caseimport/importer/results"
	"caseimport/importer/source"
	"caseimport/importer/talkdesk"
)

// job is one row on its way.
type job struct {
	claim journal.Claim
	row   *source.Row // nil: a row of an earlier input that this one does not hold
	body  []byte      // the create request; nil if the row cannot be sent
	fault string      // why it cannot be sent

	claimed  bool // the journal holds a claim that covers body
	earlier  bool // in doubt since before this run
	attempts int  // create requests of this run
	spent    int  // attempts used up; belongs to health
	goods    int64
	renewals int           // answers 401 in a row
	over     chan struct{} // closed when its doubt has been decided on; nil before
	since    time.Time     // last moment at which a request could have arrived
	last     talkdesk.Answer
}

// run is what the goroutines of one run share.
type run struct {
	cfg    Config
	files  Files
	j      *journal.Journal
	rec    *recorder
	health *health
	doubts *settler
	report bool // the input is a failure report
	// duplicates are the keys whose duplicate rows that report holds.
	duplicates map[journal.ID]bool
	began      time.Time
	probes     chan struct{} // holds one while a probe is under way

	// Set before the first row is read, see lookfirst.go.
	lookEach bool                            // look every row up before it is sent
	listed   map[journal.ID][]talkdesk.Found // what the server's whole list held, nil if it was not read

	ctx    context.Context // ends at the second signal
	intake context.Context // ends when nothing is left to send, or nothing more is to be sent
	cancel context.CancelFunc

	fresh   chan *job      // mapped, to be claimed
	claimed chan *job      // claimed: may be sent
	again   chan *job      // looked up as absent: may be sent again
	open    sync.WaitGroup // rows under way

	mu       sync.Mutex
	stopped  *Stop
	released []journal.ID
	inDoubt  int                 // rows of this input that were given up in doubt
	undone   map[journal.ID]bool // rows of this input that were given up

	goods       atomic.Int64 // requests on rows answered as expected
	created     atomic.Int64 // cases created by this run
	refusedRows atomic.Int64
	sent        atomic.Int64 // rows that the server has decided, or may have
	blocked     atomic.Int64 // answers 403 in a row
	answers     atomic.Int64 // answers of any kind
}

// waiting marks log records that say why the run waits: they are shown even
// where nothing else is.
var waiting = slog.Bool("wait", true)

// Run imports the input. The error is nil if the run came to its end, whatever
// became of the rows, and a *Stop otherwise. The Summary is filled in any case.
func Run(ctx context.Context, cfg Config) (Summary, error) {
	began := time.Now()
	if cfg.Progress == nil {
		cfg.Progress = &Progress{}
	}
	files := FilesOf(cfg.Results, cfg.Table.Format == "json")
	sum, err := execute(ctx, cfg, files)
	sum.Files = files
	sum.Rows = cfg.Table.Rows
	sum.Left = sum.Rows - cfg.Progress.Done()
	sum.Seconds = time.Since(began).Seconds()
	if _, statErr := os.Stat(files.Report); statErr != nil {
		sum.Report = ""
	}
	var stop *Stop
	switch {
	case errors.As(err, &stop):
		sum.Exit, sum.Error = stop.Exit, stop.Error()
	case err != nil:
		stop = &Stop{Exit: 4, Err: err, Hint: "run the same command again to go on"}
		sum.Exit, sum.Error, err = 4, err.Error(), stop
	case sum.Left > 0:
		// A limit that was reached is no error, and yet rows are left.
		sum.Exit = 4
	case sum.Failed+sum.Invalid+sum.Duplicate+sum.Unknown+sum.Several > 0:
		sum.Exit = 3
	}
	return sum, err
}

func execute(ctx context.Context, cfg Config, files Files) (Summary, error) {
	r, err := start(ctx, cfg, files)
	if err != nil {
		return cfg.Progress.Summary(), err
	}
	defer r.cancel()

	// The first error ends the intake, not the requests in flight: what they
	// come to can still be written down.
	var group errgroup.Group
	spawn := func(f func() error) {
		group.Go(func() error {
			err := f()
			if err != nil {
				r.cancel()
			}
			return err
		})
	}
	spawn(r.drainOnRequest)
	spawn(r.watch)
	spawn(r.read)
	spawn(r.claimChunks)
	spawn(r.doubts.run)
	for range cfg.Concurrency {
		spawn(r.work)
	}
	return r.finish(group.Wait())
}

// start opens the files and takes stock of what earlier runs left.
func start(ctx context.Context, cfg Config, files Files) (*run, error) {
	r := &run{
		cfg: cfg, files: files, ctx: ctx, health: newHealth(), began: time.Now(),
		// Twice the workers: a chunk of that size keeps them busy while the
		// next one is synced, and a crash leaves no more than that in doubt.
		fresh:   make(chan *job, 2*cfg.Concurrency),
		claimed: make(chan *job, cfg.Concurrency),
		again:   make(chan *job),
		probes:  make(chan struct{}, 1),
		undone:  map[journal.ID]bool{}, duplicates: map[journal.ID]bool{},
	}
	r.intake, r.cancel = context.WithCancel(ctx)
	r.doubts = newSettler(r)
	if err := r.openFiles(files); err != nil {
		r.cancel()
		return nil, err
	}
	if err := r.takeStock(); err != nil {
		r.cancel()
		var stop *Stop
		switch {
		case ctx.Err() != nil:
			err = &Stop{Exit: 4, Err: errors.New("interrupted"), Hint: "run the same command again"}
		case !errors.As(err, &stop):
			err = &Stop{Exit: 1, Err: err}
		}
		// Cleaning up is a courtesy; what counts is why it did not begin.
		r.rec.abandon()
		r.j.Discard()
		return nil, err
	}
	return r, nil
}

// drainOnRequest ends the intake when the caller asks for it.
func (r *run) drainOnRequest() error {
	select {
	case <-r.cfg.Drain:
		r.stop(&Stop{Exit: 4, Err: errors.New("interrupted"), Hint: "run the same command again to go on"})
	case <-r.intake.Done():
	}
	return nil
}

// stop lets nothing new be sent, for the first reason that is given.
func (r *run) stop(why *Stop) {
	r.mu.Lock()
	if r.stopped == nil {
		r.stopped = why
	}
	r.mu.Unlock()
	r.cancel()
}

// halt stops the run because of an answer that no row can mend. Where nothing
// was sent, that is exit 1: the command was wrong.
func (r *run) halt(a talkdesk.Answer, hint string) {
	r.stop(&Stop{Exit: 1, Err: errors.New(a.Message), Hint: hint}) // finish makes it 4 if something was sent
}

// wait logs why the run waits.
func (r *run) wait(msg string, args ...any) {
	r.cfg.Log.Warn(msg, append(args, waiting)...)
}

func clock(t time.Time) string { return t.Local().Format("15:04:05") }

func round(d time.Duration) time.Duration {
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(time.Second)
}

// hold keeps a row under way until done with it; release ends that.
func (r *run) hold()    { r.open.Add(1) }
func (r *run) release() { r.open.Done() }

// drop gives up a row that this run will not bring to an end. If it was surely
// never sent, its claim is taken back.
func (r *run) drop(j *job) {
	defer r.release()
	r.mu.Lock()
	defer r.mu.Unlock()
	if j.claimed && !j.earlier && j.since.IsZero() {
		r.released = append(r.released, j.claim.ID)
	}
	r.undone[j.claim.ID] = true
	if j.row != nil && (j.earlier || !j.since.IsZero()) {
		r.inDoubt++
	}
	if j.row != nil {
		r.leave(j.row)
	}
}

// leave hands a row of a failure report back: what it was it still is.
func (r *run) leave(row *source.Row) {
	if !r.report {
		return
	}
	ids := results.ReportColumns(r.cfg.Table.Columns)
	r.rec.addToReport(results.ReportRow{Number: row.Number, ID: ids.ID(row.Cell), // its error comes again at Commit
		Status: cmp.Or(ids.Status(row.Cell), statusLeft),
		Error:  cmp.Or(ids.Error(row.Cell), "not sent yet: the run stopped before"),
		Fields: ids.Fields(row.Cell), Record: row.Fields(), JSON: row.JSON()})
}

// pass waits until a request may leave: for the server to be up, and for the
// limiter's turn.
func (r *run) pass(ctx context.Context, create bool) (time.Time, error) {
	for {
		epoch, err := r.health.enter(ctx, create)
		if err != nil {
			return time.Time{}, err
		}
		at, err := r.cfg.Limiter.Wait(ctx)
		if err != nil {
			if create {
				r.health.leave()
			}
			return at, err
		}
		if r.health.still(epoch) {
			r.cfg.Progress.requests.Add(1)
			return at, nil
		}
	}
}

// probe asks whether the server is up.
func (r *run) probe(ctx context.Context) (talkdesk.Answer, error) {
	select {
	case r.probes <- struct{}{}:
		defer func() { <-r.probes }()
	case <-ctx.Done():
		return talkdesk.Answer{}, ctx.Err()
	}
	at, err := r.cfg.Limiter.Wait(ctx)
	if err != nil {
		return talkdesk.Answer{}, err
	}
	r.cfg.Progress.requests.Add(1)
	a := r.cfg.API.Probe(ctx)
	if a.Throttled {
		r.throttled(at, a)
	}
	return a, nil
}

// throttled passes a 429 on to the limiter.
func (r *run) throttled(at time.Time, a talkdesk.Answer) {
	r.cfg.Progress.throttled.Add(1)
	before := r.cfg.Limiter.PausedUntil()
	until, fresh := r.cfg.Limiter.Throttled(at, a.Pause)
	if !fresh && until.Sub(before) < time.Second {
		return
	}
	reason := "the server asks for a pause (429)"
	if a.Pause == 0 {
		reason = "the server is throttling (429) and does not say for how long"
	}
	msg := fmt.Sprintf("%s: nothing is sent until %s", reason, clock(until))
	if time.Until(until) < time.Second {
		r.cfg.Log.Debug(msg)
		return
	}
	r.wait(msg)
}
