// Package doctor finds out what an account and the credentials can do: it reads,
// and says for each thing that an import depends on whether it is as it should be.
//
// It must never send anything that changes the account, parse flags or print.
//
// Read the files in this order: doctor.go (the report, and what its states mean),
// facts.go (what is asked), checks.go (what it means: one plain function a check),
// account.go (those that compare with the account's fields).
package doctor
