// Package importer is the way of a row: it is read, mapped, claimed in the
// journal, let go at the pace, sent, settled if in doubt, and recorded. It is
// the only place that retries, waits, or decides what an answer means for a
// row or for the run.
//
// The files in the order in which a row meets them: run.go (the whole),
// intake.go (read and map), lookfirst.go (was somebody here before?), claim.go,
// send.go, settle.go with control.go, trust.go and decide.go (rows in doubt),
// health.go (outages), record.go (results, report, journal), finish.go.
//
// It must never parse flags, print, or use net/http.
package importer
