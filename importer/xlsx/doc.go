// Package xlsx reads the rows of Excel workbooks (.xlsx, .xlsm), and writes
// workbooks whose cells are all text.
//
// A cell is read as what it means, not as how it looks: a date as 2024-05-06 or
// 2024-05-06T10:11:12, a time of day as 10:11:12, a duration as 36:00:00, a
// number without exponent and without thousands separators, a boolean as true
// or false, an error as its name (#N/A), a formula as its stored result. Leading
// zeros that only a number format of zeros shows are kept: they are part of an id.
//
// Both ways are streams: no sheet is in memory, and of the shared texts only a
// bounded part. Libraries were measured first: excelize streams a sheet without
// its styles, so that a date cannot be told from a number, at a third of the speed.
//
// This package must never use the network or write outside of what it is given
// and the temporary folder.
//
// To read it: book.go (the parts of a workbook), sheet.go (rows of a sheet),
// texts.go (shared texts), value.go and format.go (what a cell means), write.go.
package xlsx
