// Package convert turns texts, as they stand in the cells of an export, into
// the values that the Case API takes. Conversions are strict: what cannot be
// converted without a guess is an error. Errors read on from the value, which
// they do not hold ("is not a whole number"), so that they are equal for all
// values at fault in the same way.
//
// Read date.go, layout.go (the layouts that a text may be written in), months.go
// and months.txt (dates of other languages), number.go and email.go.
package convert
