package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"caseimport/importer"
	"caseimport/importer/exit"
	"caseimport/importer/results"
	"caseimport/mapping/words"
	"caseimport/ratelimit"
)

type runOptions struct {
	mapped
	target
	aftermath
	results, report, maxFailures, logFormat   string
	concurrency, maxAttempts, limit           int
	settle, outagePatience                    time.Duration
	resendUnknown, adopt, update, quiet, json bool
}

func newRun() *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run INPUT -m MAPPING",
		Short: "Import rows; run again to resume",
		Long: `Create a case for every row of INPUT that has none yet. Run the same command again
after a crash, an interruption or with corrected rows: it does only what is left,
and never makes a case twice.

INPUT is a .csv, .tsv, .jsonl, .ndjson, .json or .xlsx file, also with .gz or alone
in a .zip, or - for standard input. The run writes three files next to it: the
results (one line per row), the failure report (the rows that are not done, and why)
and the journal (what was sent). Keep the journal.

Credentials come from the environment: TALKDESK_TOKEN, or TALKDESK_CLIENT_ID with
TALKDESK_CLIENT_SECRET, or TALKDESK_CLIENT_ID with TALKDESK_KEY_ID and
TALKDESK_PRIVATE_KEY or TALKDESK_PRIVATE_KEY_FILE.

Ctrl-C sends nothing new, waits for the requests in flight and records them.
A second Ctrl-C stops at once; nothing is lost by it.

With --json, standard output is one line of JSON whatever the exit code, also with
--quiet; "error" says why for 1, 4 and 5.

` + exitHeading + exitCodes,
		Example: `  caseimport run tickets.csv -m mapping.yaml --sandbox            rehearse
  caseimport run tickets.csv -m mapping.yaml --limit 5            a trial of five rows
  caseimport run tickets.csv -m mapping.yaml --rate 2/s           the import
  caseimport run tickets.results.failed.csv -m mapping.yaml       the corrected rows
  caseimport run new.jsonl.gz -m mapping.yaml -o all.results.csv --quiet   every night`,
	}
	f := cmd.Flags()
	o.mappingFlag(f)
	f.StringVarP(&o.results, "results", "o", "", "the results `FILE` (default: next to INPUT; a name ending in .jsonl makes it JSON lines)")
	f.StringVar(&o.report, "report-format", "", "`FORMAT` of the failure report: csv, xlsx or jsonl (default: as INPUT)")
	o.target.flags(f)
	o.rateFlag(f, "at most `RATE` requests: 10/s, 600/m or a number per second, 0 for no limit, auto to find the server's, auto:20/s with a bound (default 5/s, with --sandbox 50/s)")
	f.IntVar(&o.concurrency, "concurrency", 8, "send `N` requests in parallel")
	f.IntVar(&o.maxAttempts, "max-attempts", 8, "send a row at most `N` times, answers 429 not counted")
	o.timeoutFlag(f)
	f.DurationVar(&o.settle, "settle", 30*time.Second, "wait this `TIME` for a lost request to arrive before its case is taken to be missing")
	f.StringVar(&o.maxFailures, "max-failures", "", "stop when Talkdesk has refused `N` rows: 50, or 5% of the rows sent")
	patienceFlag(f, &o.outagePatience, 10*time.Minute)
	f.IntVar(&o.limit, "limit", 0, "send only the next `N` rows, as a trial")
	f.BoolVar(&o.resendUnknown, "resend-unknown", false, "resend rows of which it is unknown whether they have a case; may create duplicates")
	f.BoolVar(&o.update, "update", false, "also update cases whose row has changed since; what people have changed in Talkdesk is left as it is")
	f.BoolVar(&o.adopt, "adopt", false, "look every row up before creating it; also rebuilds a lost journal")
	f.BoolVar(&o.quiet, "quiet", false, "print nothing unless the exit code is not 0, or the run waits for more than five minutes")
	jsonFlag(f, &o.json)
	f.StringVar(&o.logFormat, "log-format", "text", "`FORMAT` of logs and progress on standard error: text or json")
	o.aftermath.flags(f)
	return o.reading.command(cmd, func(cmd *cobra.Command, input string) error { return runImport(cmd, o, input) })
}

// runImport imports one file and says how it went.
func runImport(cmd *cobra.Command, o runOptions, input string) error {
	screen := newScreen(cmd.ErrOrStderr())
	if o.quiet || o.logFormat == "json" {
		screen = nil
	}
	errOut := cmd.ErrOrStderr()
	if screen != nil {
		errOut = screen
	}
	log, held := newLogger(errOut, o.logFormat, o.quiet)
	say := func(err error) {
		if err == nil || o.logFormat != "json" {
			explain(errOut, err)
		} else {
			logError(log, err)
		}
	}

	progress := &importer.Progress{}
	unwatch := held.watch(progress)
	metrics, err := o.aftermath.begin(cmd, o, input, log, progress)
	var sum importer.Summary
	if err == nil {
		sum, err = importFile(cmd, o, input, log, progress, screen)
	}
	unwatch()
	if err == nil && sum.Exit == exit.Stopped && o.limit > 0 {
		sum.Error = fmt.Sprintf("stopped after the %s that --limit allows: %s left", words.Plural(o.limit, "row"), words.Plural(sum.Left, "row"))
	}
	if err != nil {
		sum.Exit, sum.Error = stopOf(err).Exit, brief(err.Error())
	}
	if sum.Exit != exit.Done {
		held.flush(sum.Exit == exit.Stopped)
	}
	switch {
	case o.json:
		printJSON(cmd.OutOrStdout(), sum)
		say(err)
	case sum.Exit == exit.Refused || sum.Exit == exit.Busy || sum.Results == "": // nothing was sent
		say(err)
	case o.quiet && sum.Exit == exit.Done:
	default:
		// What to do next is at the end of the summary, hint included.
		if err != nil {
			say(&exit.Stop{Exit: sum.Exit, Err: err})
		}
		printSummary(cmd.OutOrStdout(), sum, advice(cmd, o, input, sum, err))
	}
	metrics.end(sum, progress)
	o.aftermath.alert(cmd, o, input, log, sum)
	return status(sum.Exit)
}

// importFile sets a run up and carries it out. What is quickly checked comes
// first; nothing is written before all of it is right.
func importFile(cmd *cobra.Command, o runOptions, input string, log *slog.Logger, progress *importer.Progress, s *screen) (importer.Summary, error) {
	cfg, err := o.config(cmd, input)
	if err != nil {
		return importer.Summary{}, err
	}
	cfg.Log, cfg.Progress = log, progress

	all, intake, stop := interrupts(cmd.Context(), func() { sayDraining(log, cfg.Progress, o.timeout) })
	defer stop()
	cfg.Drain = intake.Done()

	mapping, sum, err := loadMapping(cmd, o.mapping, o.fields, input)
	if err != nil {
		return importer.Summary{}, err
	}
	cfg.Mapping = sum
	account, err := o.target.connect(mapping.Account(), o.concurrency)
	if err != nil {
		return importer.Summary{}, err
	}
	defer account.close()
	cfg.API, cfg.Account, cfg.BaseURL = account.api, account.name, account.baseURL
	known, unwatch := watch(cfg.Progress, s, log, o.logFormat == "text")
	defer unwatch()
	cfg.Table, err = o.reading.open(intake, cmd, input)
	if err != nil {
		return importer.Summary{}, untimely(intake, err)
	}
	defer cfg.Table.Close()
	for _, remark := range cfg.Table.Remarks {
		log.Info(remark)
	}
	var second second
	cfg.Program, second, err = compile(intake, mapping, cfg.Table, o.mapping)
	defer second.close()
	if err != nil {
		return importer.Summary{}, untimely(intake, err)
	}
	for _, remark := range second.remarks() {
		log.Info(remark)
	}
	if warning := absent(cfg.Program, cfg.Table); warning != "" {
		log.Warn(warning)
	}
	if o.sandbox && mapping.Account() == nil && cfg.Table.Rows > 0 {
		log.Info("the keys and options of custom fields are not checked: the mapping has no \"fields: fields.json\", a file that caseimport fields -o writes")
	}
	if o.sandbox && cfg.Program.OwnersByAddress() && cfg.Table.Rows > 0 {
		log.Info("owners are not checked: the sandbox takes every e-mail address for an agent's; check --live asks the account")
	}
	if account.box != nil {
		cfg.EachCase = account.recall(cfg.Program.KeyField())
	}
	known(cfg.Table.Rows, o.limit)
	return importer.Run(all, cfg)
}

// untimely rewords the error of a reading that a signal has ended.
func untimely(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return &exit.Stop{Exit: exit.Stopped, Err: errors.New("interrupted while the file was being read: nothing was sent"), Hint: "run the same command again"}
}

// sayDraining answers the first Ctrl-C, if there is something to wait for.
func sayDraining(log *slog.Logger, p *importer.Progress, timeout time.Duration) {
	if p.Summary().Requests == 0 {
		return
	}
	message := "stopping"
	if n := p.InFlight(); n > 0 {
		message = "finishing " + words.Plural(n, "request") + " in flight (" + human(timeout) + " at most); press Ctrl-C again to stop at once"
	}
	log.Log(context.Background(), levelNow, message)
}

// config checks the flags and fills in what they alone decide.
func (o *runOptions) config(cmd *cobra.Command, input string) (importer.Config, error) {
	cfg := importer.Config{
		Input: input, Results: o.results, ReportForm: o.report, Version: strings.Trim(version(), "()"),
		Concurrency: o.concurrency, MaxAttempts: o.maxAttempts, Limit: o.limit,
		Settle: o.settle, OutagePatience: o.outagePatience,
		ResendUnknown: o.resendUnknown, Adopt: o.adopt, Update: o.update,
	}
	for _, flag := range []struct {
		name  string
		right bool
		value any
		want  string
	}{
		{"log-format", o.logFormat == "text" || o.logFormat == "json", strconv.Quote(o.logFormat), "text or json"},
		{"report-format", o.report == "" || slices.Contains(reportForms, o.report), strconv.Quote(o.report), "csv, xlsx or jsonl"},
		{"concurrency", o.concurrency >= 1 && o.concurrency <= maxConcurrency, o.concurrency, fmt.Sprintf("1 to %d", maxConcurrency)},
		{"max-attempts", o.maxAttempts >= 1, o.maxAttempts, "1 or more"},
		{"limit", o.limit >= 1 || !cmd.Flags().Changed("limit"), o.limit, "1 or more; leave it out to send all rows"},
	} {
		if !flag.right {
			return cfg, usage(cmd, "", "--%s %v: this must be %s", flag.name, flag.value, flag.want)
		}
	}
	if err := checkWaits(cmd, "timeout", "settle", "outage-patience"); err != nil {
		return cfg, err
	}
	rate, err := paceOf(cmd, o.rate, o.sandbox)
	if err != nil {
		return cfg, err
	}
	cfg.Limiter = rate.Limiter()
	if cfg.MaxFailures, err = parseMaxFailures(o.maxFailures); err != nil {
		return cfg, usage(cmd, "", "%w", err)
	}
	if err := o.target.fill(cmd); err != nil {
		return cfg, err
	}
	if cfg.Results == "" && cmd.Flags().Changed("results") {
		return cfg, usage(cmd, "for example: -o tickets.results.csv", "-o names no file")
	}
	if cfg.Results == "" {
		if cfg.Results, err = importer.DefaultResults(input, o.sandbox); err != nil {
			return cfg, usage(cmd, "for example: -o tickets.results.csv", "%w", err)
		}
	}
	if err := importer.CheckResultsName(cfg.Results); err != nil {
		return cfg, usage(cmd, "for example: -o tickets.results.csv", "%w", err)
	}
	files := importer.FilesOf(cfg.Results, results.CSV)
	return cfg, apart(input, files.Results, files.Journal)
}

// checkWaits refuses durations for which nobody would wait. Much longer ones, added to a
// moment, would be in the past.
func checkWaits(cmd *cobra.Command, flags ...string) error {
	for _, name := range flags {
		if d, _ := cmd.Flags().GetDuration(name); d <= 0 || d > 30*24*time.Hour {
			return usage(cmd, "", "--%s %v: this must be above zero, and 720h at most", name, d)
		}
	}
	return nil
}

// maxConcurrency keeps a slip of the pen from opening thousands of connections.
const maxConcurrency = 1024

// The rates as long as the server's limit is not known. The sandbox has none, but a
// rehearsal should be seen.
const (
	defaultRate        = "5/s"
	defaultSandboxRate = "50/s"
	maxRate            = 1_000_000
)

func paceOf(cmd *cobra.Command, rate string, sandbox bool) (ratelimit.Rate, error) {
	switch {
	case cmd.Flags().Changed("rate"):
	case sandbox:
		rate = defaultSandboxRate
	default:
		rate = defaultRate
	}
	pace, err := ratelimit.ParseRate(rate)
	if err != nil {
		return pace, usage(cmd, "", "--rate: %w", err)
	}
	if pace.PerSecond > maxRate {
		return pace, usage(cmd, "", "--rate %s: this must be %s/s at most, or 0 for no limit", rate, words.Count(maxRate))
	}
	return pace, nil
}

// parseMaxFailures reads "50" or "5%".
func parseMaxFailures(s string) (m importer.MaxFailures, err error) {
	if s == "" {
		return m, nil
	}
	percent, isPercent := strings.CutSuffix(s, "%")
	if isPercent {
		m.Percent, err = strconv.ParseFloat(strings.TrimSpace(percent), 64)
		if err == nil && m.Percent > 0 && m.Percent <= 100 {
			return m, nil
		}
	} else if m.Rows, err = strconv.Atoi(s); err == nil && m.Rows > 0 {
		return m, nil
	}
	return importer.MaxFailures{}, fmt.Errorf("--max-failures %q: this must be a number of rows such as 50, or a share such as 5%%", s)
}

// apart refuses outputs that would overwrite the input.
func apart(input string, outputs ...string) error {
	for _, out := range outputs {
		if input != "-" && importer.SameFile(input, out) {
			return exit.Refuse(fmt.Errorf("the output %s is the input: it would be overwritten", out), "choose another name with -o")
		}
	}
	return nil
}
